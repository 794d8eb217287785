#include "controlplane/api/json.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "controlplane/api/json_switching.hpp"

namespace weir::api {
namespace {

template <typename Text>
Json text_or_null(const std::optional<Text>& value) {
  return value ? Json(value->to_string()) : Json(nullptr);
}

template <typename Text>
Json texts(const std::vector<Text>& values) {
  Json array = Json::array();
  for (const Text& value : values) array.push_back(value.to_string());
  return array;
}

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
          {"addresses", texts(ethernet.addresses)}};
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
  return {
      {"lifetime_seconds", neighbors.lifetime.count()},
      {"refresh_interval_seconds", neighbors.refresh_interval.count()},
      {"hold", {{"per_neighbor", neighbors.hold_per_neighbor}, {"total", neighbors.hold_total}}},
      {"static", std::move(statics)}};
}

}  // namespace

Json to_json(const control::VersionStatus& version) {
  return {{"version", version.version}, {"cpu", version.cpu},
          {"dpdk", version.dpdk},       {"uptime_seconds", version.uptime_seconds},
          {"pid", version.pid},         {"config_file", version.config_file}};
}

Json to_json(const control::InterfaceStatus& interface) {
  return {{"name", interface.name},
          {"id", interface.id},
          {"driver", interface.driver},
          {"device", interface.device},
          {"mac", interface.mac.to_string()},
          {"mtu", interface.mtu},
          {"admin_up", interface.admin_up},
          {"link_up", interface.link_up},
          {"speed_mbps", interface.speed_mbps == 0 ? Json(nullptr) : Json(interface.speed_mbps)},
          {"promiscuous", interface.promiscuous},
          {"rx_queues", interface.rx_queues},
          {"tx_queues", interface.tx_queues},
          {"checksum_offload", interface.checksum_offload},
          {"addresses", texts(interface.addresses)},
          {"rx_packets", interface.rx_packets},
          {"rx_bytes", interface.rx_bytes},
          {"tx_packets", interface.tx_packets},
          {"tx_bytes", interface.tx_bytes},
          {"drops", interface.drops},
          {"rx_missed", interface.rx_missed},
          {"rx_errors", interface.rx_errors},
          {"tx_errors", interface.tx_errors}};
}

Json to_json(const control::NextHopStatus& next_hop) {
  return {{"gateway", text_or_null(next_hop.gateway)}, {"interface", next_hop.interface}};
}

Json to_json(const control::RouteStatus& route) {
  return {{"prefix", route.prefix.to_string()},
          {"type", route.type},
          {"protocol", route.protocol},
          {"next_hops", to_json_array(route.next_hops)}};
}

Json to_json(const control::NeighborStatus& neighbor) {
  return {{"ip", neighbor.ip.to_string()},
          {"mac", text_or_null(neighbor.mac)},
          {"interface", neighbor.interface},
          {"state", neighbor.state},
          {"source", neighbor.source},
          {"age_seconds", neighbor.age_seconds},
          {"expires_seconds",
           neighbor.expires_seconds < 0 ? Json(nullptr) : Json(neighbor.expires_seconds)},
          {"held_packets", neighbor.held_packets},
          {"probes", neighbor.probes}};
}

Json to_json(const control::DropStatus& drop) {
  return {{"interface", drop.interface},
          {"reason", drop.reason},
          {"meaning", drop.meaning},
          {"packets", drop.packets}};
}

Json to_json(const control::Conservation& packets) {
  return {{"rx", packets.rx},
          {"generated", packets.generated},
          {"tx", packets.tx},
          {"dropped", packets.dropped},
          {"consumed", packets.consumed},
          {"held", packets.held},
          {"balanced", packets.balanced()}};
}

Json to_json(const control::WorkerStatus& worker) {
  Json queues = Json::array();
  for (const auto& [interface, queue] : worker.queues)
    queues.push_back({{"interface", interface}, {"queue", queue}});
  Json packets = to_json(worker.packets);
  packets["taken"] = worker.packets.taken;
  packets["given"] = worker.packets.given;
  return {{"core", worker.core},          {"busy", worker.busy},
          {"bursts", worker.bursts},      {"empty_polls", worker.empty_polls},
          {"sleeps", worker.sleeps},      {"queues", std::move(queues)},
          {"packets", std::move(packets)}};
}

Json to_json(const control::CountersStatus& counters) {
  Json named = Json::array();
  for (const control::NamedCounter& counter : counters.named)
    named.push_back(
        {{"name", counter.name}, {"meaning", counter.meaning}, {"value", counter.value}});
  return {{"total", to_json(counters.total)},
          {"workers", to_json_array(counters.workers)},
          {"counters", std::move(named)}};
}

Json to_json(const control::FibAnswer& answer) {
  return {{"destination", answer.destination.to_string()},
          {"verdict", answer.verdict},
          {"route", answer.route ? to_json(*answer.route) : Json(nullptr)},
          {"next_hop", answer.next_hop ? to_json(*answer.next_hop) : Json(nullptr)},
          {"destination_mac", text_or_null(answer.destination_mac)},
          {"source_mac", text_or_null(answer.source_mac)},
          {"mtu", answer.mtu == 0 ? Json(nullptr) : Json(answer.mtu)}};
}

Json to_json(const control::PingReply& reply) {
  return {{"sequence", reply.sequence},
          {"rtt_ms", reply.rtt_ms ? Json(*reply.rtt_ms) : Json(nullptr)},
          {"from", text_or_null(reply.from)},
          {"error", reply.error.empty() ? Json(nullptr) : Json(reply.error)},
          {"ttl", reply.ttl},
          {"size_bytes", reply.bytes}};
}

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
          {"vlans", vlans_to_json(config)},
          {"bridges", bridges_to_json(config)},
          {"mirrors", mirrors_to_json(config)},
          {"neighbors", neighbors_to_json(config.neighbors)},
          {"routes", std::move(routes)},
          {"route_files", std::move(files)},
          {"services", {{"api", {{"socket", config.services.api_socket}}}}}};
}

std::string to_text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace weir::api
