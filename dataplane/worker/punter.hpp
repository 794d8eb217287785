// Punter: from a worker to the control plane. The frame is copied into a pool of its own, so that
// nothing the control plane holds ever takes a buffer from forwarding; one ring a class; budgets by
// interface.
#pragma once

#include <rte_mbuf.h>
#include <rte_ring.h>

#include <array>
#include <cstdint>
#include <memory>

#include "dataplane/packet/counters.hpp"
#include "dataplane/packet/punt.hpp"
#include "dataplane/table/policer.hpp"

namespace weir {

struct RingDeleter {
  void operator()(rte_ring* ring) const { rte_ring_free(ring); }
};
using Ring = std::unique_ptr<rte_ring, RingDeleter>;

/// A ring of `size` pointers (a power of two); throws std::runtime_error naming it when memory is
/// short.
Ring make_ring(const std::string& name, unsigned size, unsigned flags);
/// Packets in a ring now, asked from any thread: as rte_ring_count, but with atomic loads.
std::uint32_t packets_in(const Ring& ring);

/// The rings from one worker, by class.
struct PuntRings {
  static constexpr unsigned kSize = 1024;
  std::array<Ring, kPuntClasses> by_class;

  explicit PuntRings(unsigned worker);
};

/// Where the punted frame's facts lie.
inline PuntMeta& punt_meta(rte_mbuf* packet) {
  return *static_cast<PuntMeta*>(rte_mbuf_to_priv(packet));
}

class Punter {
 public:
  /// `pool`: buffers with `sizeof(PuntMeta)` of private area.
  Punter(Counters& counters, PuntRings& rings, rte_mempool* pool, std::uint8_t worker,
         std::uint64_t ticks_per_second);

  /// Hands over a copy of `packet`. On anything but success the reason is returned, and nothing was
  /// handed over; `packet` stays the caller's in both cases.
  DropReason punt(const rte_mbuf* packet, PuntMeta meta, std::uint64_t now);
  static constexpr DropReason kPunted = DropReason::count;

 private:
  Counters& counters_;
  PuntRings& rings_;
  rte_mempool* pool_;
  std::uint8_t worker_;
  struct Budget {
    Policer local, icmp_error, bpdu, igmp;
  };
  std::array<Budget, kMaxInterfaces> budgets_;
};

}  // namespace weir
