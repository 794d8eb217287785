// Proves a change of a running router: probes go along its paths (prober.hpp) while it is made.
#pragma once

#include <functional>

#include "config/model.hpp"
#include "controlplane/prove_api.hpp"
#include "controlplane/router.hpp"

namespace weir::control {

/// Makes `change`, which leads from what runs to `next`, with probes before, during and after it.
/// What the change throws is thrown, and nothing is told then. Throws std::runtime_error before it
/// when a named address is one of the router's own. Any thread but the control thread; one at a
/// time.
ProveReport prove_change(Router& router, const config::Config& next, const ProveRequest& request,
                         const std::function<void()>& change);

}  // namespace weir::control
