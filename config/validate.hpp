// Lint: what is wrong with a configuration whose values are each well-formed.
//
// Errors: a core with two jobs; two interfaces with one match, one address or overlapping subnets;
// an interface address no host may have (RFC 1122 section 3.2.1.3), or its subnet's network or
// broadcast address (not on /31, RFC 3021, nor /32); a MAC address no station may have; a static
// neighbour or gateway that is not on a connected subnet, or is the router itself; a route or a
// gateway given twice; lists longer than config/limits.hpp says; packet buffers that the hugepages
// cannot hold; a VLAN that leads to no port or through three tags, or has another's id; an
// interface of two bridges, or of one and with addresses; spanning-tree timers that do not fit
// together; a mirror to a port with another job; times and bounds of neighbours that contradict
// each other. Warnings: what is allowed and has no effect, or seldom the wished one.
//
// All functions are pure but for the files they are told to read and the machine's groups, and
// thread-safe.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/finding.hpp"
#include "config/model.hpp"
#include "config/parse.hpp"
#include "config/route_file.hpp"

namespace weir::config {

/// Lints `config`, whose single values are those `parse_text` lets through; by place in the file.
Findings validate(const Config& config);

/// `parse_text`, or `parse_file`, then `validate`; the route files it names are not opened.
ParseResult load_text(std::string_view text, const std::string& file);
ParseResult load_file(const std::string& path);

/// What `parse_routes` made of one route file.
struct ParsedRouteFile {
  std::string path;  // as messages shall name it
  std::vector<RouteChunk> chunks;
};

/// Lints the routes of all route files against the interfaces and the routes of `config`: their
/// gateways (once a group), and prefixes given twice in any of them. O(n log n), about 0.2 s for a
/// million routes.
Findings validate_routes(const Config& config, std::span<const ParsedRouteFile> files);

/// Reads, parses and lints every route file of `config`, one after the other, on this thread.
Findings check_route_files(const Config& config);

}  // namespace weir::config
