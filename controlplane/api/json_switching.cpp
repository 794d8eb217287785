// The switched half as JSON: bridges, stations, multicast groups, mirrors.
#include <utility>

#include "controlplane/api/json.hpp"
#include "controlplane/api/json_text.hpp"

namespace weir::api {

Json to_json(const control::BridgeMemberStatus& member) {
  return {{"interface", member.interface},
          {"state", member.state},
          {"role", text_or_null(member.role)},
          {"path_cost", member.path_cost},
          {"port_priority", member.port_priority},
          {"edge", member.edge},
          {"isolated", member.isolated},
          {"split_horizon", member.split_horizon == 0 ? Json(nullptr) : Json(member.split_horizon)},
          {"learning", member.learning},
          {"multicast_router", member.multicast_router},
          {"stations", member.stations},
          {"max_stations", member.max_stations},
          {"rx_unicast", member.rx_unicast},
          {"rx_multicast", member.rx_multicast},
          {"rx_broadcast", member.rx_broadcast},
          {"flooded", member.flooded},
          {"storm_broadcast", member.storm_broadcast},
          {"storm_multicast", member.storm_multicast},
          {"storm_unknown_unicast", member.storm_unknown_unicast}};
}

Json to_json(const control::SpanningTreeStatus& tree) {
  return {{"bridge_id", tree.bridge_id},
          {"root_id", tree.root_id},
          {"root_interface", text_or_null(tree.root_interface)},
          {"root_path_cost", tree.root_path_cost},
          {"topology_changes", tree.topology_changes},
          {"since_topology_change_seconds", seconds_or_null(tree.since_topology_change_seconds)}};
}

Json to_json(const control::BridgeStatus& bridge) {
  return {
      {"name", bridge.name},
      {"mac", bridge.mac.to_string()},
      {"mtu", bridge.mtu},
      {"addresses", texts(bridge.addresses)},
      {"stations", bridge.stations},
      {"statics", bridge.statics},
      {"pinned", bridge.pinned},
      {"frozen", bridge.frozen},
      {"max_stations", bridge.max_stations},
      {"ageing_seconds", bridge.ageing_seconds == 0 ? Json(nullptr) : Json(bridge.ageing_seconds)},
      {"learnt", bridge.learnt},
      {"moves", bridge.moves},
      {"aged", bridge.aged},
      {"evictions", bridge.evictions},
      {"refused", bridge.refused},
      {"freezes", bridge.freezes},
      {"loops", bridge.loops},
      {"spanning_tree", bridge.spanning_tree ? to_json(*bridge.spanning_tree) : Json(nullptr)},
      {"igmp_snooping", bridge.igmp_snooping},
      {"igmp_querier", text_or_null(bridge.igmp_querier)},
      {"members", to_json_array(bridge.members)}};
}

Json to_json(const control::StationStatus& station) {
  return {{"mac", station.mac.to_string()},
          {"bridge", station.bridge},
          {"interface", station.interface},
          {"vlan_ids", station.vlan_ids},
          {"type", station.type},
          {"pinned", station.pinned},
          {"frozen", station.frozen},
          {"two_way", station.two_way},
          {"also_on", text_or_null(station.also_on)},
          {"frozen_seconds", station.frozen ? Json(station.frozen_seconds) : Json(nullptr)},
          {"moves", station.moves},
          {"age_seconds", station.age_seconds},
          {"expires_seconds", seconds_or_null(station.expires_seconds)}};
}

Json to_json(const control::MulticastMember& member) {
  return {{"interface", member.interface},
          {"expires_seconds", member.expires_seconds},
          {"version", member.version}};
}

Json to_json(const control::MulticastGroupStatus& group) {
  return {{"bridge", group.bridge},
          {"group", group.group.to_string()},
          {"members", to_json_array(group.members)}};
}

Json to_json(const control::MirrorStatus& mirror) {
  return {{"from", mirror.from},
          {"direction", mirror.direction},
          {"to", mirror.to},
          {"packets", mirror.packets},
          {"bytes", mirror.bytes},
          {"dropped", mirror.dropped},
          {"error", text_or_null(mirror.error)}};
}

}  // namespace weir::api
