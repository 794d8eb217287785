// Internal to validate.cpp: the part of the lint that looks at `neighbors`, those of interfaces
// too, and at what of the rest of the file works against them.
#pragma once

#include "config/connected.hpp"
#include "config/finding.hpp"
#include "config/interfaces.hpp"
#include "config/model.hpp"

namespace weir::config {

/// Adds to `findings`, in no particular order. `interfaces` and `connected` are those of `config`.
void check_neighbors(const Config& config, const InterfaceList& interfaces,
                     const ConnectedSubnets& connected, Findings& findings);

}  // namespace weir::config
