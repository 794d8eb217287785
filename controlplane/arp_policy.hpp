// The budgets of `neighbors` in the workers' units.
#pragma once

#include "config/neighbor_policy.hpp"
#include "dataplane/worker/snapshot.hpp"

namespace weir::control {

/// Of one interface; `ticks`: TSC cycles in a second.
ArpPolicy arp_policy(const config::NeighborPolicy& policy, const config::Neighbors& all,
                     double ticks);

}  // namespace weir::control
