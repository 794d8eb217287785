// What the API shows of bridges.
#include <algorithm>
#include <chrono>

#include "controlplane/bridges.hpp"
#include "controlplane/bridges_engine.hpp"

namespace weir::control {
namespace {

double in_seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string type_of(StationKind kind) {
  return kind == StationKind::own ? "own" : kind == StationKind::configured ? "static" : "learnt";
}

}  // namespace

std::vector<BridgeStatus> Bridges::status() const {
  std::vector<BridgeStatus> result;
  for (const BridgeId id : interfaces_.bridges()) result.push_back(status_of(id));
  return result;
}

BridgeStatus Bridges::status_of(BridgeId bridge) const {
  const config::Bridge& config = config_of(bridge);
  const InterfaceRow& own = interfaces_[own_[bridge]];
  const StationCounters counters = stations_.counters(bridge);
  BridgeStatus status{.name = config.name,
                      .mac = own.mac,
                      .mtu = own.mtu,
                      .addresses = own.addresses,
                      .stations = counters.stations,
                      .statics = static_cast<std::uint32_t>(config.statics.size()),
                      .pinned = counters.pinned,
                      .frozen = counters.frozen,
                      .max_stations = config.mac_table.max,
                      .ageing_seconds = static_cast<std::uint64_t>(config.mac_table.ageing.count()),
                      .learnt = counters.learnt,
                      .moves = counters.moves,
                      .aged = counters.aged,
                      .evictions = counters.evictions,
                      .refused = counters.refused,
                      .freezes = counters.freezes,
                      .loops = counters.loops};
  const Engine& engine = *engines_[bridge];
  std::optional<SpanningTreeState> tree;
  if (engine.tree()) {
    tree = engine.tree()->status();
    status.spanning_tree = SpanningTreeStatus{
        .bridge_id = tree->bridge.to_string(),
        .root_id = tree->root.to_string(),
        .root_interface = tree->root_port ? interfaces_[*tree->root_port].name : std::string{},
        .root_path_cost = tree->root_path_cost,
        .topology_changes = tree->topology_changes,
        .since_topology_change_seconds =
            tree->since_topology_change ? in_seconds(*tree->since_topology_change) : -1};
  }
  if (engine.snooping()) {
    const IgmpStatus igmp = engine.snooping()->status();
    status.igmp_snooping = true;
    if (igmp.querier == IgmpStatus::Querier::self) status.igmp_querier = "self";
    if (igmp.querier == IgmpStatus::Querier::other) status.igmp_querier = igmp.address.to_string();
  }
  for (const Member& member : members_[bridge])
    status.members.push_back(member_status(bridge, member, tree));
  return status;
}

BridgeMemberStatus Bridges::member_status(BridgeId bridge, const Member& member,
                                          const std::optional<SpanningTreeState>& tree) const {
  const config::BridgeMember& config = member.config;
  BridgeMemberStatus status{.interface = config.interface,
                            .port_priority = config.port_priority,
                            .isolated = config.isolated,
                            .split_horizon = config.split_horizon,
                            .learning = config.learning,
                            .stations = stations_.stations_of(member.interface),
                            .max_stations = stations_.limit_of(member.interface)};
  status.multicast_router =
      (engines_[bridge]->routers() & member_bit(interfaces_[member.interface].member)) != 0;
  status.state = !member.link.up                       ? "down"
                 : member.guarded                      ? "guarded"
                 : !member.learning                    ? "discarding"
                 : !member.forwarding                  ? "learning"
                 : !stations_.floods(member.interface) ? "loop"
                                                       : "forwarding";
  if (!tree) return status;
  for (const SpanningTreePortStatus& port : tree->ports) {
    if (port.id != member.interface) continue;
    status.role = to_string(port.role);
    status.path_cost = port.path_cost;
    status.edge = port.edge;
  }
  return status;
}

std::optional<StationQuery> Bridges::query_of(const StationFilter& filter) const {
  StationQuery query{.mac = filter.mac};
  if (!filter.interface.empty()) {
    query.interface = interfaces_.find(filter.interface);
    if (!query.interface) return std::nullopt;
  }
  if (!filter.bridge.empty()) {
    const auto own = interfaces_.find(filter.bridge);
    if (!own || interfaces_[*own].kind != InterfaceKind::bridge) return std::nullopt;
    query.bridge = interfaces_[*own].bridge;
  }
  return query;
}

/// The interfaces that a filter by VLAN means: those with the tag, outermost or not.
std::vector<InterfaceId> Bridges::with_vlan(std::uint16_t vlan) const {
  std::vector<InterfaceId> result;
  for (const InterfaceId id : interfaces_.ids()) {
    const auto ids = interfaces_.vlan_ids(id);
    if (std::find(ids.begin(), ids.end(), vlan) != ids.end()) result.push_back(id);
  }
  return result;
}

StationStatus Bridges::station_status(const Place& place) const {
  return {
      .mac = place.mac,
      .bridge = config_of(place.bridge).name,
      .interface = interfaces_[place.interface].name,
      .vlan_ids = interfaces_.vlan_ids(place.interface),
      .type = type_of(place.kind),
      .pinned = place.pinned,
      .frozen = place.frozen,
      .two_way = place.two_way,
      .also_on = place.also_on ? interfaces_[*place.also_on].name : std::string{},
      .frozen_seconds = in_seconds(place.frozen_left),
      .moves = place.moves,
      .age_seconds = static_cast<double>(place.age_seconds),
      .expires_seconds = place.expires_seconds ? static_cast<double>(*place.expires_seconds) : -1};
}

StationPage Bridges::stations(const StationFilter& filter,
                              std::optional<std::pair<std::string, MacAddress>> after,
                              std::size_t limit) const {
  StationPage page;
  const auto query = query_of(filter);
  if (!query) return page;
  std::optional<std::pair<BridgeId, MacAddress>> from;
  if (after) {
    const auto own = interfaces_.find(after->first);
    from.emplace(own ? interfaces_[*own].bridge : BridgeId{0}, after->second);
  }
  if (!filter.vlan) {
    const StationList list = stations_.list(*query, from, limit);
    page.total = list.total;
    for (const Place& place : list.places) page.stations.push_back(station_status(place));
    return page;
  }
  // A VLAN is an interface of each port that has it.
  std::vector<Place> places;
  for (const InterfaceId interface : with_vlan(*filter.vlan)) {
    if (query->interface && *query->interface != interface) continue;
    StationQuery one = *query;
    one.interface = interface;
    const StationList list = stations_.list(one, from, limit);
    page.total += list.total;
    places.insert(places.end(), list.places.begin(), list.places.end());
  }
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return std::pair{a.bridge, a.mac} < std::pair{b.bridge, b.mac};
  });
  if (places.size() > limit) places.resize(limit);
  for (const Place& place : places) page.stations.push_back(station_status(place));
  return page;
}

std::size_t Bridges::flush(const StationFilter& filter) {
  const auto query = query_of(filter);
  if (!query) return 0;
  if (!filter.vlan) return stations_.flush(*query);
  std::size_t flushed = 0;
  for (const InterfaceId interface : with_vlan(*filter.vlan)) {
    if (query->interface && *query->interface != interface) continue;
    StationQuery one = *query;
    one.interface = interface;
    flushed += stations_.flush(one);
  }
  return flushed;
}

std::vector<MulticastGroupStatus> Bridges::groups() const {
  std::vector<MulticastGroupStatus> result;
  const TimePoint now = clock_.now();
  for (const BridgeId id : interfaces_.bridges()) {
    if (!engines_[id]->snooping()) continue;
    for (const IgmpGroupRow& row : engines_[id]->snooping()->groups()) {
      MulticastGroupStatus group{.bridge = config_of(id).name, .group = row.group};
      for (const IgmpMemberRow& member : row.members)
        group.members.push_back({.interface = interfaces_[member.interface].name,
                                 .expires_seconds = in_seconds(member.expires - now),
                                 .version = member.version});
      result.push_back(std::move(group));
    }
  }
  return result;
}

}  // namespace weir::control
