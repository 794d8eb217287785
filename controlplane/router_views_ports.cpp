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
  // On the control thread, which alone asks drivers.
  return router_.commands().call([&] {
    std::vector<PortStatus> result;
    for (InterfaceId id = 0; id < router_.interfaces().ports(); ++id)
      result.push_back(port_status(id, extended));
    return result;
  });
}

PortStatus RouterViews::port_status(InterfaceId id, bool extended) const {
  const PortPlace& place = *router_.dataplane().ports()[id];
  const PortCounters counters = place.counters();
  PortStatus status{.name = router_.interface_name(id),
                    .device = place.request().device,
                    .device_missing = router_.missing(id),
                    .rx_missed = counters.missed,
                    .rx_errors = counters.rx_errors,
                    .tx_errors = counters.tx_errors};
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
  if (place.port() == nullptr) return status;
  add_facts(status, *place.port(), router_.link(id));
  for (PortCapability& each : port_capabilities(*place.port(), joined))
    status.capabilities.push_back(
        {std::move(each.name), std::move(each.by), std::move(each.detail)});
  if (extended)
    for (ExtendedCounter& each : place.port()->extended_counters())
      status.extended.emplace_back(std::move(each.name), each.value);
  return status;
}

}  // namespace weir::control
