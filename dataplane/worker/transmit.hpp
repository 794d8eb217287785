// Transmit: from a worker to the ports. Packets of one burst for one interface go out in one call;
// mixed ones are staged by interface and flushed when the burst is done. What the port does not
// take is dropped and counted: a worker never waits.
#pragma once

#include <rte_mbuf.h>
#include <rte_ring.h>

#include <array>
#include <cstdint>
#include <utility>

#include "dataplane/packet/burst.hpp"
#include "dataplane/packet/counters.hpp"
#include "dataplane/port/port_gate.hpp"

namespace weir {

inline const PortGate kNoPort;

/// In a hand-off ring the port stands in the pointer's low bits: the packet may be others' as well,
/// so nothing can be written into it. Packets are aligned to cache lines.
inline void* mark_port(rte_mbuf* packet, InterfaceId port) {
  return reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(packet) | port);
}
inline std::pair<rte_mbuf*, InterfaceId> marked_port(void* marked) {
  const auto bits = reinterpret_cast<std::uintptr_t>(marked);
  return {reinterpret_cast<rte_mbuf*>(bits & ~std::uintptr_t{63}),
          static_cast<InterfaceId>(bits & 63)};
}
static_assert(kMaxPorts <= 64 && alignof(rte_mbuf) >= 64);

/// How one worker reaches one port: a transmit queue of its own, or the ring of the worker that has
/// one.
struct TransmitPath {
  const PortGate* port = &kNoPort;  // shut: it has no link, or is not there
  std::uint16_t queue = 0;
  rte_ring* handoff = nullptr;  // when set: no queue of our own
};

class Transmit {
 public:
  explicit Transmit(Counters& counters) : counters_(counters) {}

  /// `interface`: a port's, below kMaxPorts, here and below.
  void set_path(InterfaceId interface, TransmitPath path) { paths_[interface] = path; }

  /// Sends `count` packets of `bytes` together at once; takes them all.
  void send(InterfaceId interface, rte_mbuf** packets, unsigned count, std::uint64_t bytes);
  /// Sends one packet with the next flush.
  void stage(InterfaceId interface, rte_mbuf* packet);
  void flush();

 private:
  struct Staged {
    rte_mbuf* packets[Burst::kSize];
    unsigned count = 0;
    std::uint64_t bytes = 0;
  };
  void flush(InterfaceId interface);

  Counters& counters_;
  std::array<TransmitPath, kMaxPorts> paths_{};
  std::array<Staged, kMaxPorts> staged_{};
  std::uint64_t pending_ = 0;  // bit i: interface i has staged packets
};

/// Ends `count` packets for `reason`.
void drop_packets(InterfaceCounters& counters, DropReason reason, rte_mbuf** packets,
                  unsigned count);

}  // namespace weir
