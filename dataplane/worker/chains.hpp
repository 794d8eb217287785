// Frames in more than one buffer, a chain: some NICs receive a long one so (the e1000 family has
// buffers of 8 KB at most). Each is copied into one buffer of the pool, which has room for the
// largest MTU, before any stage sees it.
//
// Bounds: what is longer than its interface's MTU and two tags is dropped (frame-too-long), and so
// is what finds no buffer (no-buffer). A burst without a chain never comes here.
#pragma once

#include <rte_mempool.h>

#include "dataplane/packet/burst.hpp"
#include "dataplane/packet/counters.hpp"
#include "dataplane/worker/snapshot.hpp"

namespace weir {

class Chains {
 public:
  Chains(Counters& counters, rte_mempool* pool) : counters_(counters), pool_(pool) {}

  /// Of a burst that `port` received and nobody counted yet: makes its chains whole, and counts and
  /// drops those that cannot be. `frame` and `frame_length` are set of what is left. False: nothing
  /// is left.
  bool make_whole(Burst& burst, const Interface& port);

 private:
  Counters& counters_;
  rte_mempool* pool_;
};

}  // namespace weir
