// Mirrors: copies of what an interface receives or sends (SPAN), to another port or to the writer
// of a file. A copy that finds no room is counted and never keeps the packet itself waiting.
#pragma once

#include <rte_mbuf.h>

#include <cstdint>

#include "dataplane/packet/counters.hpp"
#include "dataplane/worker/mirror_copy.hpp"
#include "dataplane/worker/snapshot.hpp"
#include "dataplane/worker/transmit.hpp"

namespace weir {

class Mirrors {
 public:
  /// `packets`: the pool of copies for ports; `files`: of those for files, null when there is none.
  Mirrors(Counters& counters, Transmit& transmit, rte_mempool* packets, rte_mempool* files)
      : counters_(counters), transmit_(transmit), packets_(packets), files_(files) {}

  /// Copies `count` packets of `of` to each of `mirrors` (Interface::mirror_in, mirror_out); they
  /// stay the caller's.
  void copy(const Snapshot& snapshot, const Interface& of, std::uint32_t mirrors,
            rte_mbuf* const* packets, unsigned count, MirrorDirection direction);

 private:
  static_assert(kMaxMirrors <= 32, "one bit each");
  void copy_to(const Snapshot& snapshot, const Interface& of, std::uint16_t mirror,
               rte_mbuf* const* packets, unsigned count, MirrorDirection direction);
  rte_mbuf* whole_copy(const rte_mbuf* packet, MirrorDirection direction);

  Counters& counters_;
  Transmit& transmit_;
  rte_mempool* packets_;
  rte_mempool* files_;
};

}  // namespace weir
