// Internal to validate.cpp: the part of the lint that looks at the file's own routes, and at what
// is routed where.
#pragma once

#include "config/connected.hpp"
#include "config/finding.hpp"
#include "config/interfaces.hpp"
#include "config/model.hpp"

namespace weir::config {

/// Adds to `findings`, in no particular order. O(n log n) in the number of routes.
void check_forwarding(const Config& config, const InterfaceList& interfaces,
                      const ConnectedSubnets& connected, Findings& findings);

}  // namespace weir::config
