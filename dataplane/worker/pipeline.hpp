// The pipeline of one worker. START HERE: `Pipeline::run` is the way of a packet on one screen.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstdint>

#include "dataplane/packet/burst.hpp"
#include "dataplane/packet/counters.hpp"
#include "dataplane/stage/arp_guard.hpp"
#include "dataplane/worker/punter.hpp"
#include "dataplane/worker/snapshot.hpp"
#include "dataplane/worker/transmit.hpp"

namespace weir {

class Pipeline {
 public:
  /// `fragments`: pool that fragments are copied into.
  Pipeline(Counters& counters, Transmit& transmit, Punter& punter, rte_mempool* fragments,
           std::uint64_t ticks_per_second);

  /// Takes a burst (`packet`, `size`, `interface` are set) from reception to its end: every packet
  /// is sent, dropped, punted or consumed when it returns. `now` in TSC cycles.
  void run(Burst& burst, const Snapshot& snapshot, std::uint64_t now);

 private:
  struct Arrival;  // what is the same for a whole burst

  void count_received(const Burst& burst);
  void mark_used(const Arrival& arrival, Lane ready);
  void forward(Burst& burst, Lane ready);
  void arp(const Arrival& arrival, Lane lane);
  void verdicts(const Arrival& arrival, Lane other, Lane group);
  void verdict(const Arrival& arrival, unsigned i, bool group);
  Lane options(const Arrival& arrival, Lane lane);
  void oversized(const Arrival& arrival, unsigned i);
  void glean(const Arrival& arrival, Lane lane);
  /// Hands packet `i` to the control plane, or drops it with what stood in the way: which is
  /// returned (Punter::kPunted: nothing).
  DropReason punt(const Arrival& arrival, unsigned i, PuntMeta meta);
  /// Notes what ends here, and why; `discard` counts and frees it all at once.
  void drop(Lane lane, DropReason reason) {
    dropped_[static_cast<std::size_t>(reason)] |= lane;
    reasons_ |= std::uint64_t{!lane.empty()} << static_cast<unsigned>(reason);
  }
  void drop(unsigned i, DropReason reason) { drop(Lane::one(i), reason); }
  void discard(const Arrival& arrival);

  Counters& counters_;
  Transmit& transmit_;
  Punter& punter_;
  rte_mempool* fragments_;
  std::array<ArpBudget, kMaxInterfaces> arp_budgets_;
  // Of the burst in hand, empty between bursts:
  std::array<Lane, kDropReasons> dropped_;
  std::uint64_t reasons_ = 0;      // for which `dropped_` has packets
  Lane spent_;                     // to be freed, counted elsewhere
  std::uint64_t burst_bytes_ = 0;  // of the burst in hand, padding to sixteen being zero
  unsigned sample_ = 0;
};

}  // namespace weir
