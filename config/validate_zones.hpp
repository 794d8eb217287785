// Internal to validate.cpp and validate_routes.cpp: the part of the lint that looks for private
// addresses (RFC 1918) that leave by an interface marked `zone: public`.
#pragma once

#include <span>
#include <string>

#include "config/connected.hpp"
#include "config/finding.hpp"
#include "config/interfaces.hpp"
#include "config/model.hpp"
#include "config/route_file.hpp"

namespace weir::config {

/// Addresses and the file's own routes. What a default route lets out is told only when there are
/// no route files, which may hold it back.
void check_zones(const Config& config, const InterfaceList& interfaces,
                 const ConnectedSubnets& connected, Findings& findings);

/// A route file, by its name in messages.
struct RoutesOfFile {
  const std::string& path;
  std::span<const RouteChunk> chunks;
};

/// The routes of all route files, and what default routes let out in spite of them.
void check_zones_of_files(const Config& config, const InterfaceList& interfaces,
                          const ConnectedSubnets& connected, std::span<const RoutesOfFile> files,
                          Findings& findings);

}  // namespace weir::config
