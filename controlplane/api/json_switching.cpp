#include "controlplane/api/json_switching.hpp"

#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include "config/text.hpp"

namespace weir::api {
namespace {

template <typename Number>
Json number_or_null(const std::optional<Number>& number) {
  return number ? Json(*number) : Json(nullptr);
}

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json addresses_to_json(const std::vector<Ipv4InterfaceAddress>& addresses) {
  Json array = Json::array();
  for (const Ipv4InterfaceAddress& address : addresses) array.push_back(address.to_string());
  return array;
}

const char* name_of(config::BridgeMember::Edge edge) {
  switch (edge) {
    case config::BridgeMember::Edge::automatic:
      return "auto";
    case config::BridgeMember::Edge::yes:
      return "true";
    case config::BridgeMember::Edge::no:
      return "false";
  }
  std::abort();  // no other enumerator
}

const char* name_of(config::IgmpSnooping::Querier querier) {
  switch (querier) {
    case config::IgmpSnooping::Querier::automatic:
      return "auto";
    case config::IgmpSnooping::Querier::on:
      return "on";
    case config::IgmpSnooping::Querier::off:
      return "off";
  }
  std::abort();  // no other enumerator
}

const char* name_of(config::Mirror::Direction direction) {
  switch (direction) {
    case config::Mirror::Direction::in:
      return "in";
    case config::Mirror::Direction::out:
      return "out";
    case config::Mirror::Direction::both:
      return "both";
  }
  std::abort();  // no other enumerator
}

/// Rates as the file has them: `1%`, `500pps`, `none`.
Json storm_to_json(const config::StormControl& storm) {
  return {{"broadcast", config::format_rate(storm.broadcast)},
          {"multicast", config::format_rate(storm.multicast)},
          {"unknown_unicast", config::format_rate(storm.unknown_unicast)}};
}

Json member_to_json(const config::BridgeMember& member) {
  return {{"name", member.interface},
          {"isolated", member.isolated},
          {"split_horizon", member.split_horizon},
          {"learning", member.learning},
          {"max_stations", number_or_null(member.max_stations)},
          {"storm_control",
           member.storm_control ? storm_to_json(*member.storm_control) : Json(nullptr)},
          {"path_cost", number_or_null(member.path_cost)},
          {"port_priority", member.port_priority},
          {"edge", name_of(member.edge)},
          {"bpdu_guard", member.bpdu_guard},
          {"fast_leave", member.fast_leave}};
}

Json bridge_to_json(const config::Bridge& bridge) {
  Json members = Json::array();
  for (const config::BridgeMember& member : bridge.members)
    members.push_back(member_to_json(member));
  Json statics = Json::array();
  for (const config::StaticStation& station : bridge.statics)
    statics.push_back({{"mac", station.mac.to_string()}, {"interface", station.interface}});
  const config::SpanningTree& tree = bridge.spanning_tree;
  const config::IgmpSnooping& igmp = bridge.igmp_snooping;
  return {{"name", bridge.name},
          {"interfaces", std::move(members)},
          {"mac", bridge.mac ? Json(bridge.mac->to_string()) : Json(nullptr)},
          {"mtu", number_or_null(bridge.mtu)},
          {"addresses", addresses_to_json(bridge.addresses)},
          {"mac_table",
           {{"max", bridge.mac_table.max},
            {"max_per_interface", bridge.mac_table.max_per_interface},
            {"ageing_seconds", bridge.mac_table.ageing.count()}}},
          {"storm_control", storm_to_json(bridge.storm_control)},
          {"static", std::move(statics)},
          {"spanning_tree",
           {{"mode", tree.enabled ? "rstp" : "none"},
            {"priority", tree.priority},
            {"hello_time_seconds", tree.hello_time.count()},
            {"forward_delay_seconds", tree.forward_delay.count()},
            {"max_age_seconds", tree.max_age.count()}}},
          {"igmp_snooping",
           {{"enabled", igmp.enabled},
            {"querier", name_of(igmp.querier)},
            {"query_interval_seconds", igmp.query_interval.count()}}}};
}

}  // namespace

Json vlans_to_json(const config::Config& config) {
  Json array = Json::array();
  for (const config::Vlan& vlan : config.vlans)
    array.push_back(
        {{"name", vlan.name},
         {"id", vlan.id},
         {"link", vlan.link},
         {"protocol", vlan.protocol == config::VlanProtocol::dot1q ? "802.1q" : "802.1ad"},
         {"mtu", number_or_null(vlan.mtu)},
         {"other_vlans", vlan.other_vlans ? "pass" : "drop"},
         {"addresses", addresses_to_json(vlan.addresses)}});
  return array;
}

Json bridges_to_json(const config::Config& config) {
  Json array = Json::array();
  for (const config::Bridge& bridge : config.bridges) array.push_back(bridge_to_json(bridge));
  return array;
}

Json mirrors_to_json(const config::Config& config) {
  Json array = Json::array();
  for (const config::Mirror& mirror : config.mirrors)
    array.push_back({{"from", mirror.from},
                     {"direction", name_of(mirror.direction)},
                     {"to", text_or_null(mirror.to)},
                     {"file", text_or_null(mirror.file)},
                     {"max_bytes", mirror.file.empty() ? Json(nullptr) : Json(mirror.max_bytes)}});
  return array;
}

}  // namespace weir::api
