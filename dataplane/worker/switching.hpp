// Switching: the way of a packet through VLANs and bridges. `Switching::bridge` is a bridged
// packet's on one screen; what is for the bridge itself goes on to `Pipeline::run`.
//
// Only bursts of interfaces with VLANs, a bridge or a mirror come here (`Interface::switched`).
#pragma once

#include <rte_mbuf.h>

#include <cstdint>

#include "dataplane/packet/burst.hpp"
#include "dataplane/packet/counters.hpp"
#include "dataplane/stage/bridge_input.hpp"
#include "dataplane/stage/bridge_lookup.hpp"
#include "dataplane/worker/chains.hpp"
#include "dataplane/worker/endings.hpp"
#include "dataplane/worker/learner.hpp"
#include "dataplane/worker/mirrors.hpp"
#include "dataplane/worker/output.hpp"
#include "dataplane/worker/pipeline.hpp"
#include "dataplane/worker/punter.hpp"
#include "dataplane/worker/snapshot.hpp"

namespace weir {

/// What switching is made of; all of one worker, all outliving it.
struct SwitchingParts {
  Counters& counters;
  Output& output;
  Mirrors& mirrors;
  Punter& punter;
  Learner& learner;
  Pipeline& routing;
  rte_mempool* packets;  // that copies come from
};

class Switching {
 public:
  explicit Switching(const SwitchingParts& parts)
      : parts_(parts),
        counters_(parts.counters),
        chains_(parts.counters, parts.packets),
        endings_(parts.counters) {}

  /// As Pipeline::run: every packet is sent, dropped, punted or consumed when it returns.
  void run(Burst& burst, const Snapshot& snapshot, std::uint64_t now);

 private:
  struct Arrival;  // what is the same for a whole burst
  enum class Tags { unsorted, sorted };

  void count_received(const Burst& burst);
  void sort_tags(Burst& burst, const Snapshot& snapshot, std::uint64_t now);
  void deliver(Burst& burst, const Snapshot& snapshot, std::uint64_t now);
  void bridge(Burst& burst, const Snapshot& snapshot, std::uint64_t now, Tags tags);
  void count_classes(const Arrival& arrival, const BridgeInput& input);
  void learn(const Arrival& arrival, const BridgeLookup& found);
  void forward(const Arrival& arrival, Lane lane);
  void groups(const Arrival& arrival, const BridgeInput& input, Lane lane,
              const BridgeLookup& found);
  void multicast(const Arrival& arrival, Lane lane, Lane registered);
  Lane take_igmp(const Arrival& arrival, Lane multicast);
  void reserved(const Arrival& arrival, Lane lane);
  void flood(const Arrival& arrival, Lane lane, FloodClass flood_class, MemberSet targets);
  void flood_within_budget(const Arrival& arrival, Lane lane, MemberSet targets);
  void to_own(const Arrival& arrival, Lane lane);
  void groups_to_own(const Arrival& arrival, Lane lane);
  bool wants_group(const Arrival& arrival, unsigned i) const;
  void run_own(const Arrival& arrival);
  void punt(const Arrival& arrival, unsigned i, PuntMeta meta);
  void drop(Lane lane, DropReason reason) { endings_.drop(lane, reason); }

  SwitchingParts parts_;
  Counters& counters_;
  Chains chains_;
  Endings endings_;
  BridgeKeys keys_;
  std::uint64_t burst_bytes_ = 0;
  Burst part_;  // of one VLAN
  Burst own_;   // for a bridge itself
};

}  // namespace weir
