// Where a configuration sends a destination: the longest of its connected subnets, routes and route
// files' routes. For questions about a file; the running router has a FIB.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/model.hpp"

namespace weir::config {

struct FoundRoute {
  Ipv4Prefix to;
  RouteType type = RouteType::unicast;
  std::string interface;         // a connected subnet's; else empty
  std::vector<Ipv4Address> via;  // a route's gateways
  std::string file;              // where it stands
  SourceRef source;
};

/// nullopt: there is no route. A connected subnet goes before a route of the same prefix. Reads the
/// route files, and leaves out those that cannot be read. Thread-safe.
std::optional<FoundRoute> find_route(const Config& config, Ipv4Address destination);

}  // namespace weir::config
