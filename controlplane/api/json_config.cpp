// The configuration as JSON, every default filled in.
#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

#include "config/interfaces.hpp"
#include "config/neighbor_policy.hpp"
#include "config/text.hpp"
#include "controlplane/api/json.hpp"
#include "controlplane/api/json_text.hpp"

namespace weir::api {
namespace {

const char* name_of(config::RouteType type) {
  switch (type) {
    case config::RouteType::unicast:
      return "unicast";
    case config::RouteType::blackhole:
      return "blackhole";
    case config::RouteType::unreachable:
      return "unreachable";
    case config::RouteType::prohibit:
      return "prohibit";
  }
  std::abort();  // no other enumerator
}

const char* name_of(config::LinuxMatch::Method method) {
  switch (method) {
    case config::LinuxMatch::Method::automatic:
      return "auto";
    case config::LinuxMatch::Method::af_packet:
      return "af_packet";
    case config::LinuxMatch::Method::af_xdp:
      return "af_xdp";
  }
  std::abort();  // no other enumerator
}

Json budget_to_json(std::uint32_t rate) { return rate; }

Json budget_to_json(config::RateAndBurst budget) {
  return {{"rate", budget.rate}, {"burst", budget.burst}};
}

/// `value_of` gives what there is to show of a key, or nothing.
template <typename ValueOf>
Json budgets_to_json(ValueOf value_of) {
  Json json = Json::object();
  const auto add = [&](const auto& key) {
    std::string name{key.name};
    std::replace(name.begin(), name.end(), '-', '_');
    const auto value = value_of(key);
    json[name] = value ? budget_to_json(*value) : Json(nullptr);
  };
  for (const auto& key : config::kBudgetKeys) add(key);
  for (const auto& key : config::kSourceBudgetKeys) add(key);
  return json;
}

Json interface_neighbors_to_json(const config::InterfaceNeighbors& neighbors) {
  return {
      {"learn", neighbors.learn ? Json(config::name(*neighbors.learn)) : Json(nullptr)},
      {"trusted", neighbors.trusted},
      {"proxy_arp", neighbors.proxy_arp},
      {"rarp", neighbors.rarp},
      {"budgets", budgets_to_json([&](const auto& key) { return neighbors.budgets.*key.said; })}};
}

Json match_to_json(const config::PortMatch& match) {
  if (const auto* pci = std::get_if<config::PciMatch>(&match)) return {{"pci", pci->address}};
  if (const auto* linux_match = std::get_if<config::LinuxMatch>(&match))
    return {{"linux", linux_match->interface}, {"method", name_of(linux_match->method)}};
  return {{"vdev", std::get<config::VdevMatch>(match).arguments}};
}

Json ethernet_to_json(const config::Ethernet& ethernet) {
  return {{"name", ethernet.name},
          {"match", match_to_json(ethernet.match)},
          {"queues", ethernet.queues},
          {"mtu", ethernet.mtu},
          {"mac", text_or_null(ethernet.mac)},
          {"promiscuous", ethernet.promiscuous},
          {"other_vlans", ethernet.other_vlans ? "pass" : "drop"},
          {"arp_queue", ethernet.arp_queue},
          {"zone", config::name(ethernet.zone)},
          {"addresses", texts(ethernet.addresses)},
          {"neighbors", interface_neighbors_to_json(ethernet.neighbors)}};
}

Json system_to_json(const config::System& system) {
  return {{"hostname", system.hostname},
          {"control_cores", system.control_cores},
          {"worker_cores", system.worker_cores},
          {"idle", system.idle == config::IdleMode::poll ? "poll" : "adaptive"},
          {"memory",
           {{"hugepage_bytes", system.memory.hugepage_bytes}, {"packets", system.memory.packets}}},
          {"eal", system.eal}};
}

Json neighbors_to_json(const config::Neighbors& neighbors) {
  Json statics = Json::array();
  for (const config::StaticNeighbor& entry : neighbors.statics)
    statics.push_back({{"ip", entry.ip.to_string()},
                       {"mac", entry.mac.to_string()},
                       {"interface", entry.interface}});
  const config::NeighborPolicy policy = config::neighbor_policy(neighbors, {});
  const config::Journal& journal = neighbors.journal;
  return {
      {"lifetime_seconds", neighbors.lifetime.count()},
      {"refresh_interval_seconds", neighbors.refresh_interval.count()},
      {"unverified_lifetime_seconds", neighbors.unverified_lifetime.count()},
      {"learn", config::name(neighbors.learn)},
      {"hold", {{"per_neighbor", neighbors.hold_per_neighbor}, {"total", neighbors.hold_total}}},
      {"table",
       {{"max", neighbors.max_entries},
        {"max_pending", neighbors.max_pending},
        {"max_failed", neighbors.max_failed}}},
      {"negative_cache",
       {{"first_seconds", neighbors.failed_first.count()},
        {"most_seconds", neighbors.failed_most.count()}}},
      {"storm",
       {{"calm_seconds", neighbors.storm_calm.count()},
        {"serve_stale_seconds", neighbors.serve_stale.count()}}},
      {"quarantine",
       {{"first_seconds", neighbors.quarantine_first.count()},
        {"most_seconds", neighbors.quarantine_most.count()}}},
      {"budgets",
       budgets_to_json([&](const auto& key) { return std::optional{policy.*key.value}; })},
      {"journal",
       {{"entries", journal.entries},
        {"file", text_or_null(journal.file)},
        {"max_bytes", journal.max_bytes}}},
      {"static", std::move(statics)}};
}

Json storm_to_json(const config::StormControl& storm) {
  return {{"broadcast", config::format_rate(storm.broadcast)},
          {"multicast", config::format_rate(storm.multicast)},
          {"unknown_unicast", config::format_rate(storm.unknown_unicast)}};
}

Json vlan_to_json(const config::Vlan& vlan) {
  return {{"name", vlan.name},
          {"id", vlan.id},
          {"link", vlan.link},
          {"protocol", vlan.protocol == config::VlanProtocol::dot1ad ? "802.1ad" : "802.1q"},
          {"mtu", number_or_null(vlan.mtu)},
          {"other_vlans", vlan.other_vlans ? "pass" : "drop"},
          {"zone", config::name(vlan.zone)},
          {"addresses", texts(vlan.addresses)},
          {"neighbors", interface_neighbors_to_json(vlan.neighbors)}};
}

Json member_to_json(const config::BridgeMember& member) {
  using Edge = config::BridgeMember::Edge;
  return {{"name", member.interface},
          {"isolated", member.isolated},
          {"split_horizon", member.split_horizon},
          {"learning", member.learning},
          {"max_stations", number_or_null(member.max_stations)},
          {"storm_control",
           member.storm_control ? storm_to_json(*member.storm_control) : Json(nullptr)},
          {"path_cost", number_or_null(member.path_cost)},
          {"port_priority", member.port_priority},
          {"edge", member.edge == Edge::automatic ? "auto"
                   : member.edge == Edge::yes     ? "true"
                                                  : "false"},
          {"bpdu_guard", member.bpdu_guard},
          {"fast_leave", member.fast_leave}};
}

Json station_to_json(const config::StaticStation& station) {
  return {{"mac", station.mac.to_string()}, {"interface", station.interface}};
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

template <typename Value>
Json array_of(const std::vector<Value>& values, Json (*convert)(const Value&)) {
  Json array = Json::array();
  for (const Value& value : values) array.push_back(convert(value));
  return array;
}

Json bridge_to_json(const config::Bridge& bridge) {
  const config::SpanningTree& tree = bridge.spanning_tree;
  const config::IgmpSnooping& igmp = bridge.igmp_snooping;
  return {{"name", bridge.name},
          {"interfaces", array_of(bridge.members, member_to_json)},
          {"mac", text_or_null(bridge.mac)},
          {"mtu", number_or_null(bridge.mtu)},
          {"zone", config::name(bridge.zone)},
          {"addresses", texts(bridge.addresses)},
          {"neighbors", interface_neighbors_to_json(bridge.neighbors)},
          {"mac_table",
           {{"max", bridge.mac_table.max},
            {"max_per_interface", bridge.mac_table.max_per_interface},
            {"ageing_seconds", bridge.mac_table.ageing.count()}}},
          {"storm_control", storm_to_json(bridge.storm_control)},
          {"static", array_of(bridge.statics, station_to_json)},
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

Json mirror_to_json(const config::Mirror& mirror) {
  using Direction = config::Mirror::Direction;
  return {{"from", mirror.from},
          {"direction", mirror.direction == Direction::in    ? "in"
                        : mirror.direction == Direction::out ? "out"
                                                             : "both"},
          {"to", text_or_null(mirror.to)},
          {"file", text_or_null(mirror.file)},
          {"max_bytes", mirror.file.empty() ? Json(nullptr) : Json(mirror.max_bytes)}};
}

Json services_to_json(const config::Services& services) {
  const config::Readers& readers = services.api_readers;
  return {{"api",
           {{"socket", services.api_socket},
            {"readers", readers.all ? Json("all") : Json(readers.groups)}}}};
}

}  // namespace

Json to_json(const config::Config& config) {
  Json ethernets = Json::array();
  for (const config::Ethernet& ethernet : config.ethernets)
    ethernets.push_back(ethernet_to_json(ethernet));
  Json routes = Json::array();
  for (const config::Route& route : config.routes)
    routes.push_back(
        {{"to", route.to.to_string()}, {"type", name_of(route.type)}, {"via", texts(route.via)}});
  Json files = Json::array();
  for (const config::RouteFile& file : config.route_files) files.push_back(file.path);
  return {{"file", config.file},
          {"system", system_to_json(config.system)},
          {"ethernets", std::move(ethernets)},
          {"vlans", array_of(config.vlans, vlan_to_json)},
          {"bridges", array_of(config.bridges, bridge_to_json)},
          {"mirrors", array_of(config.mirrors, mirror_to_json)},
          {"neighbors", neighbors_to_json(config.neighbors)},
          {"routes", std::move(routes)},
          {"route_files", std::move(files)},
          {"services", services_to_json(config.services)}};
}

}  // namespace weir::api
