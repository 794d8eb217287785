#include "controlplane/api/json.hpp"

#include <utility>

#include "controlplane/api/json_text.hpp"

namespace weir::api {
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
          {"device_missing", text_or_null(interface.device_missing)},
          {"speed_mbps", interface.speed_mbps == 0 ? Json(nullptr) : Json(interface.speed_mbps)},
          {"promiscuous", interface.promiscuous},
          {"rx_queues", interface.rx_queues},
          {"tx_queues", interface.tx_queues},
          {"checksum_offload", interface.checksum_offload},
          {"kind", interface.kind},
          {"link", text_or_null(interface.link)},
          {"vlan_ids", interface.vlan_ids},
          {"bridge", text_or_null(interface.bridge)},
          {"mac_filter", text_or_null(interface.mac_filter)},
          {"multicast_filter", text_or_null(interface.multicast_filter)},
          {"promiscuous_why", text_or_null(interface.promiscuous_why)},
          {"vlan_tags", text_or_null(interface.vlan_tags)},
          {"arp_queue", interface.arp_queue ? Json(*interface.arp_queue) : Json(nullptr)},
          {"arp_queue_why", text_or_null(interface.arp_queue_why)},
          {"method", text_or_null(interface.method)},
          {"method_why", text_or_null(interface.method_why)},
          {"cable_trouble", text_or_null(interface.cable_trouble)},
          {"cable_remedy", text_or_null(interface.cable_remedy)},
          {"zone", interface.zone},
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
          {"expires_seconds", seconds_or_null(neighbor.expires_seconds)},
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
          {"error", text_or_null(reply.error)},
          {"ttl", reply.ttl},
          {"size_bytes", reply.bytes}};
}

std::string to_text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace weir::api
