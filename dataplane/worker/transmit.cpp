#include "dataplane/worker/transmit.hpp"

#include <rte_ethdev.h>

#include <bit>

#include "dataplane/packet/vlan_tag.hpp"

namespace weir {

static_assert(kMaxPorts <= 64, "Transmit keeps one bit a port");

void drop_packets(InterfaceCounters& counters, DropReason reason, rte_mbuf** packets,
                  unsigned count) {
  counters.dropped[static_cast<std::size_t>(reason)].add(count);
  rte_pktmbuf_free_bulk(packets, count);
}

void Transmit::send(InterfaceId interface, rte_mbuf** packets, unsigned count,
                    std::uint64_t bytes) {
  const TransmitPath& path = paths_[interface];
  InterfaceCounters& counters = counters_.interface[interface];
  unsigned sent;
  if (path.handoff != nullptr) {
    // The owner of the queue counts what it sends.
    void* marked[Burst::kSize];
    for (unsigned i = 0; i < count; ++i) marked[i] = mark_port(packets[i], interface);
    sent = rte_ring_mp_enqueue_burst(path.handoff, marked, count, nullptr);
    counters_.handed_off.add(sent);
    if (sent < count)
      drop_packets(counters, DropReason::handoff_full, packets + sent, count - sent);
    return;
  }
  const std::uint16_t port = path.port->number();
  if (port == PortGate::kShut) [[unlikely]]
    return drop_packets(counters, DropReason::tx_port_down, packets, count);
  sent = rte_eth_tx_burst(port, path.queue, packets, static_cast<std::uint16_t>(count));
  if (sent < count) [[unlikely]] {
    for (unsigned i = sent; i < count; ++i) bytes -= sent_length(packets[i]);
    drop_packets(counters, DropReason::tx_queue_full, packets + sent, count - sent);
  }
  counters.tx_packets.add(sent);
  counters.tx_bytes.add(bytes);
}

void Transmit::stage(InterfaceId interface, rte_mbuf* packet) {
  Staged& staged = staged_[interface];
  if (staged.count == Burst::kSize) flush(interface);
  staged.packets[staged.count++] = packet;
  staged.bytes += sent_length(packet);
  pending_ |= std::uint64_t{1} << interface;
}

void Transmit::flush(InterfaceId interface) {
  Staged& staged = staged_[interface];
  send(interface, staged.packets, staged.count, staged.bytes);
  staged.count = 0;
  staged.bytes = 0;
}

void Transmit::flush() {
  for (; pending_ != 0; pending_ &= pending_ - 1)
    flush(static_cast<InterfaceId>(std::countr_zero(pending_)));
}

}  // namespace weir
