// Ports as JSON.
#include <utility>

#include "controlplane/api/json.hpp"
#include "controlplane/api/json_text.hpp"

namespace weir::api {

Json to_json(const control::PortStatus& port) {
  Json queues = Json::array(), capabilities = Json::array(), extended = Json::array();
  for (const control::PortQueueStatus& each : port.rx_queues)
    queues.push_back({{"queue", each.queue},
                      {"core", each.core},
                      {"arp", each.arp},
                      {"descriptors", each.descriptors}});
  for (const control::PortCapabilityStatus& each : port.capabilities)
    capabilities.push_back({{"name", each.name}, {"by", each.by}, {"detail", each.detail}});
  for (const auto& [name, value] : port.extended)
    extended.push_back({{"name", name}, {"value", value}});
  const char* const duplex = port.full_duplex ? "full" : "half";
  return {{"name", port.name},
          {"driver", port.driver},
          {"device", port.device},
          {"device_missing", text_or_null(port.device_missing)},
          {"firmware", text_or_null(port.firmware)},
          {"numa_node", port.numa_node ? Json(*port.numa_node) : Json(nullptr)},
          {"link_up", port.link_up},
          {"speed_mbps", port.speed_mbps == 0 ? Json(nullptr) : Json(port.speed_mbps)},
          {"duplex", port.link_up ? Json(duplex) : Json(nullptr)},
          {"negotiated", port.link_up ? Json(port.negotiated) : Json(nullptr)},
          {"mac", port.mac.to_string()},
          {"mtu", port.mtu},
          {"largest_mtu", port.largest_mtu},
          {"most_rx_queues", port.most_rx_queues},
          {"most_tx_queues", port.most_tx_queues},
          {"rx_queues", std::move(queues)},
          {"tx_queues", port.tx_queues},
          {"tx_descriptors", port.tx_descriptors},
          {"buffer_bytes", port.buffer_bytes},
          {"capabilities", std::move(capabilities)},
          {"rx_missed", port.rx_missed},
          {"rx_errors", port.rx_errors},
          {"tx_errors", port.tx_errors},
          {"extended", std::move(extended)}};
}

}  // namespace weir::api
