// What the counts of a prober mean: a verdict for each target, one for all, and a sentence. Pure.
//
//   kept         answered before, and lost nothing
//   lost         answered before, and lost packets when the change began or later
//   lossy        lost them before the change, too, and about as often: nothing that it did
//   new          did not answer before, and does now
//   silent       did not answer before, nor does it now
//   unreachable  silent, a gateway of changed routes, and its MAC address is not known
//   gone         answered before; what led there was taken away, as planned
#pragma once

#include <vector>

#include "controlplane/probe_targets.hpp"
#include "controlplane/prober.hpp"
#include "controlplane/prove_api.hpp"

namespace weir::control {

/// `result` is of these targets; of each, `resolved` says whether it can be sent to in the end: the
/// MAC address of its next hop is known.
ProveReport judge(const ProbeTargets& targets, const ProbeResult& result,
                  const std::vector<bool>& resolved);

/// There was nobody to probe.
ProveReport nothing_proved();

}  // namespace weir::control
