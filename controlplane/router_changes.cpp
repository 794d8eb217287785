// The router's part that says who it is and where things lead: at start, and while it runs.
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "controlplane/neighbor_settings.hpp"
#include "controlplane/route_loading.hpp"
#include "controlplane/router.hpp"

namespace weir::control {

std::shared_ptr<const config::Config> Router::configuration() const {
  const std::lock_guard lock(running_mutex_);
  return running_;
}

void Router::set_configuration(std::shared_ptr<const config::Config> config) {
  const std::lock_guard lock(running_mutex_);
  running_ = std::move(config);
}

void Router::add_interface(InterfaceId id) {
  const InterfaceRow& row = interfaces_[id];
  forwarding_.add_interface(id, row.mac, row.addresses);
  neighbors_.set_interface(neighbor_interface(id, row));
  local_.set_addresses(id, row.addresses);
}

void Router::add_martians() {
  const auto reserve = [&](Ipv4Prefix prefix, std::optional<TargetId> target) {
    rib_.add(prefix, RouteProtocol::local, target.value());
  };
  // RFC 1812 sections 5.3.7 and 4.2.2.11; RFC 1122 section 3.2.1.3.
  reserve({Ipv4Address{0, 0, 0, 0}, 8}, rib_.target(RouteType::martian));
  reserve({Ipv4Address{127, 0, 0, 0}, 8}, rib_.target(RouteType::martian));
  reserve({Ipv4Address{240, 0, 0, 0}, 4}, rib_.target(RouteType::martian));
  reserve({Ipv4Address{255, 255, 255, 255}, 32}, rib_.target(RouteType::local, InterfaceId{0}));
  Target multicast;
  multicast.verdict = Egress::multicast;
  forwarding_.install({Ipv4Address{224, 0, 0, 0}, 4}, multicast);
}

Router::OwnRoutes Router::own_routes() const {
  OwnRoutes routes;
  for (InterfaceId id = 0; id < interfaces_.size(); ++id) {
    for (const Ipv4InterfaceAddress& address : interfaces_[id].addresses) {
      const Ipv4Prefix subnet = address.subnet();
      routes[{{address.address, 32}, RouteProtocol::local}] = {RouteType::local, id};
      if (subnet.length() == 32) continue;
      routes[{subnet, RouteProtocol::connected}] = {RouteType::connected, id};
      if (!subnet.has_broadcast()) continue;
      // All ones, and all zeros, its obsolete form (RFC 1812 section 5.3.5.1).
      for (const Ipv4Address each : {subnet.last(), subnet.network()})
        routes.try_emplace({{each, 32}, RouteProtocol::local}, OwnRoute{RouteType::broadcast, id});
    }
  }
  return routes;
}

void Router::set_own_routes(OwnRoutes wanted) {
  for (const auto& [key, route] : wanted) {
    const auto old = own_routes_.find(key);
    if (old != own_routes_.end() && old->second == route) continue;
    const auto target = rib_.target(route.type, route.interface);
    if (!target) throw std::runtime_error("the routing table has no room for another subnet");
    rib_.add(key.first, key.second, *target);
  }
  for (const auto& [key, route] : own_routes_)
    if (!wanted.contains(key)) rib_.remove(key.first, key.second);
  own_routes_ = std::move(wanted);
  subnets_.clear();
  for (const InterfaceRow& row : interfaces_.rows())
    for (const Ipv4InterfaceAddress& address : row.addresses) subnets_.push_back(address.subnet());
}

void Router::set_statics(const std::vector<config::StaticNeighbor>& wanted) {
  const auto old = std::exchange(config_.neighbors.statics, wanted);
  const auto has = [](const auto& list, const config::StaticNeighbor& entry) {
    return std::find(list.begin(), list.end(), entry) != list.end();
  };
  for (const config::StaticNeighbor& each : old)
    if (!has(wanted, each))
      if (const auto id = interfaces_.find(each.interface)) neighbors_.remove_static(*id, each.ip);
  for (const config::StaticNeighbor& each : wanted) {
    if (has(old, each)) continue;
    const auto id = interfaces_.find(each.interface);
    if (!id || !neighbors_.add_static(*id, each.ip, each.mac))
      throw std::runtime_error(
          fmt::format("{}:{}:{}: error: static neighbour {} cannot be added on {}", config_.file,
                      each.source.line, each.source.column, each.ip.to_string(), each.interface));
  }
}

void Router::reconfigure(const config::Config& next) {
  const auto addresses = interfaces_.addresses_in(next);
  std::vector<InterfaceId> moved;
  for (InterfaceId id = 0; id < interfaces_.size(); ++id)
    if (addresses[id] != interfaces_[id].addresses) moved.push_back(id);
  // What may find no room comes first.
  for (const InterfaceId id : moved)
    forwarding_.add_interface(id, interfaces_[id].mac, addresses[id]);
  const auto before = interfaces_.adopt(next);
  config_.system.hostname = next.system.hostname;
  auto statics = std::move(config_.neighbors.statics);
  config_.neighbors = next.neighbors;
  config_.neighbors.statics = std::move(statics);
  neighbors_.set_times(neighbor_settings(config_, 0));
  storms_.set_calm(config_.neighbors.storm_calm);
  for (InterfaceId id = 0; id < interfaces_.size(); ++id)
    neighbors_.set_interface(neighbor_interface(id, interfaces_[id]));
  for (const InterfaceId id : moved) {
    local_.set_addresses(id, interfaces_[id].addresses);
    neighbors_.publish_again(id);
    const auto& now = interfaces_[id].addresses;
    const bool has_more = std::any_of(now.begin(), now.end(), [&](const auto& address) {
      return std::find(before[id].begin(), before[id].end(), address) == before[id].end();
    });
    if (has_more && link(id).up) neighbors_.member_up(id);  // tells of them
  }
  set_statics(next.neighbors.statics);
  publish_snapshot();
  set_own_routes(own_routes());
  forwarding_.drop_subnets();
}

void Router::change_routes(std::span<const config::RouteEdit> edits, std::size_t& done) {
  for (const config::RouteEdit& edit : edits) {
    if (edit.after == nullptr) {
      rib_.remove(edit.before->to, RouteProtocol::static_);
    } else {
      const auto target = rib_.target(rib_type(edit.after->type), edit.after->via);
      if (!target)
        throw std::runtime_error(fmt::format("route to {}: too many sets of gateways: {} at most",
                                             edit.after->to.to_string(), Rib::kMaxTargets));
      rib_.add(edit.after->to, RouteProtocol::static_, *target);
    }
    ++done;
  }
}

}  // namespace weir::control
