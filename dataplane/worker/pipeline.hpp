// The pipeline of one worker. START HERE: `Pipeline::run` is the way of a routed packet on one
// screen; `Switching::run` (switching.hpp) is that of bridges and VLANs, which leads here too.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstdint>

#include "dataplane/packet/burst.hpp"
#include "dataplane/packet/counters.hpp"
#include "dataplane/stage/arp_guard.hpp"
#include "dataplane/stage/arp_sort.hpp"
#include "dataplane/stage/ethernet_input.hpp"
#include "dataplane/worker/chains.hpp"
#include "dataplane/worker/endings.hpp"
#include "dataplane/worker/output.hpp"
#include "dataplane/worker/punter.hpp"
#include "dataplane/worker/snapshot.hpp"
#include "dataplane/worker/sources.hpp"

namespace weir {

class Pipeline {
 public:
  /// `fragments`: pool that fragments and chains are copied into.
  Pipeline(Counters& counters, Output& output, Punter& punter, rte_mempool* fragments,
           Sources& sources);

  /// Whether the interface's counters have the burst already.
  enum class Received { now, counted };

  /// Takes a burst (`packet`, `size`, `interface` are set) from reception to its end: every packet
  /// is sent, dropped, punted or consumed when it returns. `now` in TSC cycles; `Output::begin`
  /// came before.
  void run(Burst& burst, const Snapshot& snapshot, std::uint64_t now,
           Received received = Received::now);

 private:
  struct Arrival;  // what is the same for a whole burst
  /// Fewer ARP packets in a burst leave gaps, which costs less than to close them.
  static constexpr unsigned kStorm = 16;

  void count(const Burst& burst, Received received);
  InterfaceId heard_on(const Arrival& arrival) const;
  void mark_used(const Arrival& arrival, Lane ready);
  void forward(Burst& burst, Lane ready);
  /// All but ARP: `all`.
  void sorted(const Arrival& arrival, const EthernetInput& ethernet, Lane all);
  void arp(const Arrival& arrival, Lane lane);
  bool spent(const Arrival& arrival) const;
  void sample(const Arrival& arrival, Lane lane);
  void arp_verdict(const Arrival& arrival, unsigned i, ArpVerdict verdict);
  struct PuntBudget {
    PolicerState& state;
    const PolicerRate& rate;
  };
  static PuntBudget punt_budget(const Arrival& arrival, ArpBudget& budget,
                                const ArpVerdict& verdict);
  static std::uint8_t claim_time(const Arrival& arrival);
  static bool claimed_lately(const Arrival& arrival, AdjacencyIndex neighbor);
  Lane drop_claims(const Arrival& arrival, const ArpSort& sort);
  DropReason police(const Arrival& arrival, unsigned i, ArpVerdict& verdict);
  void rarp(const Arrival& arrival, Lane lane);
  void verdicts(const Arrival& arrival, Lane other, Lane group);
  void verdict(const Arrival& arrival, unsigned i, bool group);
  Lane options(const Arrival& arrival, Lane lane);
  void oversized(const Arrival& arrival, unsigned i);
  void glean(const Arrival& arrival, Lane lane);
  void glean_known(const Arrival& arrival, Lane lane);
  void glean_unknown(const Arrival& arrival, Lane lane);
  /// Hands packet `i` to the control plane, or drops it with what stood in the way: which is
  /// returned (Punter::kPunted: nothing).
  DropReason punt(const Arrival& arrival, unsigned i, PuntMeta meta);
  void drop(Lane lane, DropReason reason) { endings_.drop(lane, reason); }
  void drop(unsigned i, DropReason reason) { endings_.drop(i, reason); }

  Counters& counters_;
  Output& output_;
  Punter& punter_;
  rte_mempool* fragments_;
  std::array<ArpBudget, kMaxInterfaces> arp_budgets_{};  // by port, VLAN or member of a bridge
  Sources& sources_;
  Chains chains_;
  Endings endings_;
  Burst arp_burst_;
  std::uint64_t burst_bytes_ = 0;  // of the burst in hand, padding to sixteen being zero
  unsigned sample_ = 0;
};

}  // namespace weir
