// The router's part that says who it is and where things lead: at start, and while it runs.
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "controlplane/neighbor_settings.hpp"
#include "controlplane/port_requests.hpp"
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
  for (const InterfaceId id : interfaces_.ids()) {
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
  for (const InterfaceId id : interfaces_.ids())
    for (const Ipv4InterfaceAddress& address : interfaces_[id].addresses)
      subnets_.push_back(address.subnet());
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
    const auto id = interfaces_.find(each.interface);
    // Its subnet or interface may have been another one meanwhile.
    if (id && has(old, each) && neighbors_.lookup(*id, each.ip) == each.mac) continue;
    if (!id || !neighbors_.add_static(*id, each.ip, each.mac))
      throw std::runtime_error(
          fmt::format("{}:{}:{}: error: static neighbour {} cannot be added on {}", config_.file,
                      each.source.line, each.source.column, each.ip.to_string(), each.interface));
  }
}

namespace {

/// Nothing: the port may have that MTU while the router runs.
std::optional<config::Obstacle> mtu_obstacle(const PortPlace& place, std::uint16_t mtu,
                                             unsigned most_of_buffers) {
  const PortRequest& port = place.request();
  const bool is_linux = port.frame_room != 0;
  if (!is_linux && mtu > place.largest_mtu())
    return config::Obstacle{fmt::format("ethernets.{}.mtu", port.name),
                            fmt::format("{} ({}) takes an mtu of {} at most", port.name,
                                        port.device, place.largest_mtu()),
                            "lower `mtu`"};
  const unsigned most = is_linux ? place.largest_mtu() : most_of_buffers;
  if (mtu <= most) return std::nullopt;
  return config::Obstacle{
      fmt::format("ethernets.{}.mtu", port.name),
      fmt::format("{} can have an mtu of {} at most until the router restarts: its buffers were "
                  "made for that",
                  port.name, most),
      {}};
}

}  // namespace

std::vector<config::Obstacle> Router::obstacles(const config::Config& next) {
  std::vector<config::Obstacle> result;
  for (const config::Ethernet& port : next.ethernets) {
    const auto id = interfaces_.find(port.name);
    if (!id || *id >= interfaces_.ports() || port.mtu <= interfaces_[*id].mtu) continue;
    if (auto found = mtu_obstacle(*dataplane_.ports()[*id], port.mtu, dataplane_.most_mtu()))
      result.push_back(*std::move(found));
  }
  const std::size_t wanted = stations(next), room = dataplane_.fdb()->capacity();
  if (!next.bridges.empty() && wanted > room)
    result.push_back(
        {"bridges",
         fmt::format("bridges may have {} stations, addresses and groups together, and "
                     "the table that was made when the router started has room for {}",
                     wanted, room),
         {}});
  const bool to_file =
      std::any_of(next.mirrors.begin(), next.mirrors.end(),
                  [](const config::Mirror& mirror) { return !mirror.file.empty(); });
  if (to_file && !dataplane_.mirrors_to_files())
    result.push_back({"mirrors",
                      "memory for mirrors to files is taken when the router starts with one, and "
                      "this one did not",
                      {}});
  return result;
}

namespace {

/// Which addresses are the router's own, no check of the file alone can tell: ports have theirs.
void check_stations(const Interfaces& interfaces, const config::Config& config) {
  for (const config::Bridge& bridge : config.bridges) {
    const InterfaceId own = *interfaces.find(bridge.name);
    const auto& members = interfaces.members(interfaces[own].bridge);
    for (const config::StaticStation& station : bridge.statics) {
      const bool is_ours = station.mac == interfaces[own].mac ||
                           std::any_of(members.begin(), members.end(), [&](InterfaceId id) {
                             return interfaces[id].mac == station.mac;
                           });
      if (is_ours)
        throw std::runtime_error(fmt::format(
            "{}:{}:{}: error: station {} cannot be one of {}: it is the router's own", config.file,
            station.source.line, station.source.column, station.mac.to_string(), bridge.name));
    }
  }
}

}  // namespace

void Router::reconfigure(const config::Config& next) {
  Interfaces now{interfaces_, next};
  check_stations(now, next);
  // What may be refused or find no room comes first.
  ask_ports(next, false);
  for (const InterfaceId id : now.ids())
    forwarding_.add_interface(id, now[id].mac, now[id].addresses);
  mirrors_.change(next.mirrors);
  const Interfaces before = interfaces_;
  adopt_interfaces(std::move(now), next);
  for (std::size_t i = 0; i < next.ethernets.size(); ++i)
    config_.ethernets[i].mtu = next.ethernets[i].mtu;  // for ports that come back
  config_.system.hostname = next.system.hostname;
  auto statics = std::move(config_.neighbors.statics);
  config_.neighbors = next.neighbors;
  config_.neighbors.statics = std::move(statics);
  neighbors_.set_times(neighbor_settings(config_, 0));
  storms_.set_calm(config_.neighbors.storm_calm);
  set_neighbor_interfaces(before);
  set_statics(next.neighbors.statics);
  publish_snapshot();
  start_bridges();
  for (const InterfaceId id : interfaces_.ids()) {
    const auto& has = interfaces_[id].addresses;
    const auto had = before.has(id) ? before[id].addresses : std::vector<Ipv4InterfaceAddress>{};
    const bool has_more = std::any_of(has.begin(), has.end(), [&](const auto& address) {
      return std::find(had.begin(), had.end(), address) == had.end();
    });
    const bool is_other = before.has(id) && before[id].mac != interfaces_[id].mac;
    if ((has_more || is_other) && link(id).up) neighbors_.member_up(id);  // tells of them
  }
  set_own_routes(own_routes());
  for (const InterfaceId id : before.ids())
    if (!interfaces_.has(id)) forwarding_.add_interface(id, before[id].mac, {});
  forwarding_.drop_subnets();
  for (const InterfaceId id : before.ids())
    if (!interfaces_.has(id)) forget_interface(id);
  ask_ports(next, true);
  if (links_known_) follow_links({});
  for (const InterfaceId id : interfaces_.ids())
    neighbors_.set_storm(id, is_in_storm(id));  // of members that came or went, too
  tell_interfaces();
}

/// One snapshot for all that they decide at once.
void Router::start_bridges() {
  changing_ = true;
  bridges_->start();
  changing_ = false;
  publish_snapshot();
}

/// From here on `interfaces_` are those of `config`.
void Router::adopt_interfaces(Interfaces next, const config::Config& config) {
  for (const InterfaceId id : interfaces_.ids())
    if (!next.has(id)) neighbors_.remove_interface(id);
  for (const InterfaceId id : next.ids()) {
    if (interfaces_.has(id)) continue;
    auto counted = std::make_shared<InterfaceCounters>();
    counted->add(counters_.interface[id]);
    for (const auto& worker : dataplane_.workers()) counted->add(worker->counters().interface[id]);
    next.set_before(id, std::move(counted));
    storms_.reset(id, storm_counts(id));
  }
  interfaces_ = std::move(next);
  names_ = InterfaceNames(interfaces_.names());
  if (journal_file_) journal_file_->set_names(interfaces_.names());
  changing_ = true;
  const std::unique_ptr<bool, void (*)(bool*)> changed(&changing_, [](bool* now) { *now = false; });
  bridges_->change(config, [this](InterfaceId id) { return link(id); });
}

void Router::set_neighbor_interfaces(const Interfaces& before) {
  for (const InterfaceId id : interfaces_.ids()) {
    const InterfaceRow& row = interfaces_[id];
    neighbors_.set_interface(neighbor_interface(id, row));
    if (before.has(id) && before[id].addresses == row.addresses) continue;
    local_.set_addresses(id, row.addresses);
    neighbors_.publish_again(id);
  }
}

void Router::forget_interface(InterfaceId id) {
  forwarding_.remove_interface(id);
  local_.set_addresses(id, {});
  storms_.reset(id, storm_counts(id));
}

void Router::tell_interfaces() {
  auto now = std::make_shared<const Interfaces>(interfaces_);
  const std::lock_guard lock(running_mutex_);
  interfaces_now_ = std::move(now);
}

std::shared_ptr<const Interfaces> Router::interfaces_now() const {
  const std::lock_guard lock(running_mutex_);
  return interfaces_now_;
}

void Router::ask_ports(const config::Config& config, bool confine) {
  for (InterfaceId id = 0; id < interfaces_.ports(); ++id) {
    PortPlace& place = *dataplane_.ports()[id];
    const PortRequest& now = place.request();
    PortRequest wanted = now;
    wanted.mtu = config.ethernets[id].mtu;
    ask_for_switching(config, config.ethernets[id], wanted);
    const bool has_mtu = place.port() == nullptr || place.port()->mtu() == wanted.mtu;
    if (has_mtu && wanted.mtu == now.mtu && wanted.vlans == now.vlans &&
        wanted.all_multicast == now.all_multicast &&
        wanted.wants_vlan_strip == now.wants_vlan_strip &&
        wanted.promiscuous_why == now.promiscuous_why)
      continue;
    confine ? place.confine(wanted) : place.admit(wanted);
  }
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
