// Endings: which packets of the burst in hand end here, and why. Noted by lane, settled all at
// once: counted by interface and reason, and freed. Stages never free; this alone does.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <bit>
#include <cstdint>
#include <utility>

#include "dataplane/packet/burst.hpp"
#include "dataplane/packet/counters.hpp"
#include "dataplane/packet/gather.hpp"

namespace weir {

class Endings {
 public:
  explicit Endings(Counters& counters) : counters_(counters) {}

  void drop(Lane lane, DropReason reason) {
    dropped_[static_cast<std::size_t>(reason)] |= lane;
    reasons_ |= std::uint64_t{!lane.empty()} << static_cast<unsigned>(reason);
  }
  void drop(unsigned i, DropReason reason) { drop(Lane::one(i), reason); }
  /// To be freed; counted elsewhere.
  void spend(unsigned i) { spent_.add(i); }
  void spend(Lane lane) { spent_ |= lane; }

  /// Counts and frees; empty afterwards.
  void settle(Burst& burst, InterfaceId interface) {
    Lane ended = std::exchange(spent_, Lane{});
    for (; reasons_ != 0; reasons_ &= reasons_ - 1) {
      const auto reason = static_cast<std::size_t>(std::countr_zero(reasons_));
      const Lane lane = std::exchange(dropped_[reason], Lane{});
      counters_.interface[interface].dropped[reason].add(lane.count());
      ended |= lane;
    }
    if (!ended) return;
    if (ended == burst.all()) return rte_pktmbuf_free_bulk(burst.packet, burst.size);
    rte_mbuf* packets[kGathered];
    rte_pktmbuf_free_bulk(packets, gather(burst, ended, packets));
  }

 private:
  Counters& counters_;
  std::array<Lane, kDropReasons> dropped_;
  std::uint64_t reasons_ = 0;  // for which `dropped_` has packets
  Lane spent_;
};

}  // namespace weir
