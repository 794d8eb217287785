#include "controlplane/probe_targets.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "config/connected.hpp"
#include "config/plan.hpp"
#include "controlplane/prober.hpp"

namespace weir::control {
namespace {

using What = ProbeTarget::What;

/// Of an interface: its addresses, and whether the rest of it is the same in both.
struct Named {
  std::vector<Ipv4InterfaceAddress> before, after;
  bool same = false;
};

/// What decides where its frames go.
config::Ethernet essence(config::Ethernet ethernet) {
  ethernet.addresses.clear();
  ethernet.neighbors = {};
  ethernet.zone = {};
  return ethernet;
}
config::Vlan essence(config::Vlan vlan) {
  vlan.addresses.clear();
  vlan.neighbors = {};
  vlan.zone = {};
  return vlan;
}
config::Bridge essence(config::Bridge bridge) {
  bridge.addresses.clear();
  bridge.neighbors = {};
  bridge.zone = {};
  return bridge;
}

template <class Interface>
void collect(const std::vector<Interface>& running, const std::vector<Interface>& next,
             std::vector<Named>& to) {
  std::map<std::string, std::pair<const Interface*, const Interface*>> all;
  for (const Interface& each : running) all[each.name].first = &each;
  for (const Interface& each : next) all[each.name].second = &each;
  for (const auto& [name, pair] : all) {
    const auto [before, after] = pair;
    Named named;
    if (before != nullptr) named.before = before->addresses;
    if (after != nullptr) named.after = after->addresses;
    named.same = before != nullptr && after != nullptr && essence(*before) == essence(*after);
    to.push_back(std::move(named));
  }
}

/// The subnets that the change touches.
std::vector<Ipv4Prefix> touched_subnets(const config::Config& running, const config::Config& next) {
  std::vector<Named> interfaces;
  collect(running.ethernets, next.ethernets, interfaces);
  collect(running.vlans, next.vlans, interfaces);
  collect(running.bridges, next.bridges, interfaces);
  std::vector<Ipv4Prefix> touched;
  const auto add = [&](const auto& these, const auto& others, bool same) {
    for (const Ipv4InterfaceAddress& address : these)
      if (!same || std::find(others.begin(), others.end(), address) == others.end())
        touched.push_back(address.subnet());
  };
  for (const Named& each : interfaces) {
    add(each.before, each.after, each.same);
    add(each.after, each.before, each.same);
  }
  return touched;
}

/// Static neighbours that come, go, or have another MAC address.
std::set<Ipv4Address> touched_statics(const config::Config& running, const config::Config& next) {
  std::set<Ipv4Address> touched;
  const auto add = [&](const auto& these, const auto& others) {
    for (const config::StaticNeighbor& each : these)
      if (std::find(others.begin(), others.end(), each) == others.end()) touched.insert(each.ip);
  };
  add(running.neighbors.statics, next.neighbors.statics);
  add(next.neighbors.statics, running.neighbors.statics);
  return touched;
}

/// The longest of its routes for it; null: there is none.
const config::Route* route_to(const config::Config& config, Ipv4Address address) {
  const config::Route* best = nullptr;
  for (const config::Route& route : config.routes)
    if (route.to.contains(address) && (best == nullptr || route.to.length() > best->to.length()))
      best = &route;
  return best;
}

class Choice {
 public:
  Choice(const config::Config& running, const config::Config& next)
      : running_(running), next_(next), subnets_before_(running), subnets_after_(next) {}

  void add(Ipv4Address address, What what, bool gateway_after = false) {
    if (!address.is_host() || subnets_before_.find_own(address) != nullptr ||
        subnets_after_.find_own(address) != nullptr || !known_.insert(address).second)
      return;
    chosen_.targets.push_back({.address = address,
                               .what = what,
                               .gateway_after = gateway_after,
                               .leaves = leaves(address)});
  }
  /// One that was named leads changed routes on, too.
  void mark_gateway(Ipv4Address address) {
    for (ProbeTarget& target : chosen_.targets)
      if (target.address == address) target.gateway_after = true;
  }
  bool has(Ipv4Address address) const { return known_.contains(address); }
  std::size_t size() const { return chosen_.targets.size(); }
  void leave_out(std::size_t count) { chosen_.left_out += count; }
  ProbeTargets take() { return std::move(chosen_); }

 private:
  /// A default route that is left is no way that somebody meant for it.
  bool leaves(Ipv4Address address) const {
    if (subnets_after_.find(address) != nullptr) return false;
    const bool connected = subnets_before_.find(address) != nullptr;
    const config::Route* const before = connected ? nullptr : route_to(running_, address);
    if (!connected && (before == nullptr || before->type != config::RouteType::unicast))
      return false;  // by a route that the files do not know, or not at all
    const config::Route* const after = route_to(next_, address);
    if (after == nullptr || after->type != config::RouteType::unicast) return true;
    return after->to.length() == 0 && (connected || before->to.length() > 0);
  }

  const config::Config& running_;
  const config::Config& next_;
  const config::ConnectedSubnets subnets_before_, subnets_after_;
  std::set<Ipv4Address> known_;
  ProbeTargets chosen_;
};

/// Adds `room` of `candidates` at most, evenly.
template <class Candidates, class Add>
void sample(Choice& choice, const Candidates& candidates, std::size_t room, Add&& add) {
  const std::size_t taken = std::min(room, candidates.size());
  for (std::size_t i = 0; i < taken; ++i) add(candidates[i * candidates.size() / taken]);
  choice.leave_out(candidates.size() - taken);
}

struct Gateway {
  Ipv4Address address;
  bool before = false, after = false;
};

std::vector<Gateway> gateways(const config::Config& running, const config::Config& next,
                              Choice& choice) {
  std::map<Ipv4Address, Gateway> all;
  for (const config::RouteEdit& edit : config::route_edits(running, next)) {
    if (edit.before != nullptr)
      for (const Ipv4Address via : edit.before->via) all[via].before = true;
    if (edit.after != nullptr)
      for (const Ipv4Address via : edit.after->via) all[via].after = true;
  }
  std::vector<Gateway> result;
  for (auto& [address, gateway] : all) {
    gateway.address = address;
    if (!choice.has(address))
      result.push_back(gateway);
    else if (gateway.after)
      choice.mark_gateway(address);
  }
  return result;
}

/// Of each interface in turn.
std::vector<Ipv4Address> in_turn(
    const std::map<InterfaceId, std::vector<Ipv4Address>>& by_interface, std::size_t most) {
  std::vector<Ipv4Address> result;
  for (std::size_t round = 0; result.size() < most; ++round) {
    bool any = false;
    for (const auto& [interface, addresses] : by_interface) {
      if (round >= addresses.size() || result.size() == most) continue;
      result.push_back(addresses[round]);
      any = true;
    }
    if (!any) break;
  }
  return result;
}

}  // namespace

std::string_view to_string(ProbeTarget::What what) {
  static constexpr std::array<std::string_view, 6> kNames{
      "named", "gateway", "gateway-before", "gateway-after", "neighbor", "witness"};
  return kNames[static_cast<std::size_t>(what)];
}

ProbeTargets choose_targets(const config::Config& running, const config::Config& next,
                            std::span<const LiveNeighbor> live,
                            std::span<const Ipv4Address> named) {
  Choice choice(running, next);
  for (const Ipv4Address address : named) choice.add(address, What::named);

  const auto by = gateways(running, next, choice);
  const auto subnets = touched_subnets(running, next);
  const auto statics = touched_statics(running, next);
  std::set<Ipv4Address> of_routes;
  for (const Gateway& gateway : by) of_routes.insert(gateway.address);
  std::vector<Ipv4Address> neighbors;
  std::map<InterfaceId, std::vector<Ipv4Address>> others;
  for (const LiveNeighbor& each : live) {
    if (choice.has(each.ip) || of_routes.contains(each.ip)) continue;
    const bool touched = statics.contains(each.ip) ||
                         std::any_of(subnets.begin(), subnets.end(),
                                     [&](auto& subnet) { return subnet.contains(each.ip); });
    if (touched)
      neighbors.push_back(each.ip);
    else
      others[each.interface].push_back(each.ip);
  }
  std::sort(neighbors.begin(), neighbors.end());
  for (auto& [interface, addresses] : others) std::sort(addresses.begin(), addresses.end());
  const auto witnesses = in_turn(others, kWitnesses);

  const auto room = [&](std::size_t kept) {
    const std::size_t taken = choice.size() + kept;
    return Prober::kMaxTargets - std::min(taken, Prober::kMaxTargets);
  };
  sample(choice, by, room(witnesses.size()), [&](const Gateway& gateway) {
    const What what = !gateway.after    ? What::gateway_before
                      : !gateway.before ? What::gateway_after
                                        : What::gateway;
    choice.add(gateway.address, what, gateway.after);
  });
  sample(choice, neighbors, room(witnesses.size()),
         [&](Ipv4Address address) { choice.add(address, What::neighbor); });
  for (const Ipv4Address address : witnesses) choice.add(address, What::witness);
  return choice.take();
}

}  // namespace weir::control
