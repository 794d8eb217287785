// Ports: what the hardware does, and what the router does for it.
#include <algorithm>
#include <utility>

#include "controlplane/router_views.hpp"
#include "dataplane/port/port_report.hpp"

namespace weir::control {
namespace {

void add_facts(PortStatus& status, const Port& port, const LinkState& link) {
  const PortFacts& facts = port.facts();
  status.driver = port.driver();
  status.firmware = facts.firmware;
  if (facts.numa_node >= 0) status.numa_node = facts.numa_node;
  status.link_up = link.up;
  status.speed_mbps = link.speed_mbps;
  status.full_duplex = link.full_duplex;
  status.negotiated = link.negotiated;
  status.mac = port.mac();
  status.mtu = port.mtu();
  status.largest_mtu = facts.largest_mtu;
  status.most_rx_queues = facts.most_rx_queues;
  status.most_tx_queues = facts.most_tx_queues;
  status.tx_queues = port.tx_queues();
  status.tx_descriptors = facts.tx_descriptors;
  status.buffer_bytes = facts.buffer_bytes;
  for (PortQueueStatus& each : status.rx_queues)
    each.descriptors = each.arp ? facts.arp_descriptors : facts.rx_descriptors;
}

}  // namespace

std::vector<PortStatus> RouterViews::ports(bool extended) {
  const auto& places = router_.dataplane().ports();
  const auto interfaces = router_.interfaces_now();
  std::vector<PortStatus> result;
  // Not on the control thread: a driver may have to ask another one, and wait.
  for (InterfaceId id = 0; id < places.size(); ++id) {
    const PortCounters counters = places[id]->counters();
    result.push_back({.name = (*interfaces)[id].name,
                      .device = places[id]->request().device,
                      .rx_missed = counters.missed,
                      .rx_errors = counters.rx_errors,
                      .tx_errors = counters.tx_errors});
    if (!extended) continue;
    for (ExtendedCounter& each : places[id]->extended_counters())
      result[id].extended.emplace_back(std::move(each.name), each.value);
  }
  router_.commands().call([&] {
    for (InterfaceId id = 0; id < places.size(); ++id) add_port_status(result[id], id);
  });
  return result;
}

void RouterViews::add_port_status(PortStatus& status, InterfaceId id) const {
  const PortPlace& place = *router_.dataplane().ports()[id];
  status.device_missing = router_.missing(id);
  std::uint64_t joined = 0;
  for (const auto& worker : router_.dataplane().workers()) {
    joined += worker->counters().interface[id].joined.get();
    for (const ReceiveQueue& queue : worker->queues())
      if (queue.interface == id)
        status.rx_queues.push_back(
            {.queue = queue.queue, .core = worker->options().core, .arp = queue.arp});
  }
  std::sort(status.rx_queues.begin(), status.rx_queues.end(),
            [](const auto& a, const auto& b) { return a.queue < b.queue; });
  if (place.port() == nullptr) return;
  add_facts(status, *place.port(), router_.link(id));
  for (PortCapability& each : port_capabilities(*place.port(), joined))
    status.capabilities.push_back(
        {std::move(each.name), std::move(each.by), std::move(each.detail)});
}

}  // namespace weir::control
