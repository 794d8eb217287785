// The budgets of `neighbors` in the workers' units.
#pragma once

#include <chrono>

#include "config/neighbor_policy.hpp"
#include "dataplane/worker/snapshot.hpp"

namespace weir::control {

/// Claims to an address that was claimed so lately have the budget of binding changes; others come
/// before them. The worker's clock makes it 2.2 to 5 s.
inline constexpr std::chrono::seconds kClaimAgain{5};

/// Of one interface; `ticks`: TSC cycles in a second.
ArpPolicy arp_policy(const config::NeighborPolicy& policy, const config::Neighbors& all,
                     double ticks);

}  // namespace weir::control
