// Routes of the configuration and of route files, as the RIB takes them.
#pragma once

#include "config/model.hpp"
#include "controlplane/rib.hpp"

namespace weir::control {

/// RIB's type of a configured route's.
RouteType rib_type(config::RouteType type);

/// Reads, parses (in parallel, on the threads the caller's affinity allows, at most `threads`) and
/// adds all routes of a route file. Throws std::runtime_error with the findings, nothing added
/// then.
void load_route_file(Rib& rib, const config::Config& config, const config::RouteFile& file,
                     unsigned threads);

}  // namespace weir::control
