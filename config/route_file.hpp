// Route files: one route a line, read fast, in chunks that can be parsed in parallel.
//
//   # comment
//   10.20.0.0/16 via 10.0.10.2 10.0.10.3     # one gateway or more (equal-cost)
//   default via 192.0.2.1                    # default = 0.0.0.0/0
//   198.51.100.0/24 blackhole                # | unreachable | prohibit
//
// Words are separated by blanks or tabs, lines end in LF or CR LF, blank lines are skipped.
//
//   const FileText file = read_file(path, limits::kRouteFileBytes);
//   for (const LineChunk& chunk : split_lines(file.text, n))      // in parallel, if wished
//     results[i] = parse_routes(chunk.text, chunk.first_line, path);
//
// About 0.1 s for a million lines on one core. The file is read, not mapped: a mapped file that
// somebody truncates meanwhile would kill the router.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/finding.hpp"
#include "config/model.hpp"

namespace weir::config {

/// What routes of one chunk share: a verdict, or a set of gateways in the order of the file. Two
/// groups of a chunk may be equal (the same gateways, otherwise spaced).
struct RouteGroup {
  RouteType type = RouteType::unicast;
  std::vector<Ipv4Address> via;
  SourceRef source;  // where it is used first
  SourceList via_sources;
};

struct FileRoute {
  Ipv4Prefix to;
  std::uint32_t group = 0;  // index into RouteChunk::groups
  std::uint32_t line = 0;
};

/// All good routes of a chunk, in the order of the file; wrong lines are in `findings` (the first
/// limits::kRouteFileErrors of them, the others counted).
struct RouteChunk {
  std::vector<FileRoute> routes;
  std::vector<RouteGroup> groups;
  Findings findings;
};

struct LineChunk {
  std::string_view text;  // whole lines
  std::uint32_t first_line = 1;
};

/// `text` in at most `n` parts of about equal size that end at line ends; no part is empty.
std::vector<LineChunk> split_lines(std::string_view text, std::size_t n);

/// Parses whole lines of which the first has number `first_line` in `file`. Thread-safe.
RouteChunk parse_routes(std::string_view text, std::uint32_t first_line, const std::string& file);

/// The path to open: one that is not absolute counts from the directory of the configuration file.
std::string route_file_path(const Config& config, const RouteFile& file);

/// A file's whole content, or why not: its `error` is empty exactly when `text` is good.
struct FileText {
  std::string text;
  std::string error;  // "No such file or directory", "larger than 64M"

  explicit operator bool() const { return error.empty(); }
};

/// Reads a file or pipe of at most `limit` bytes. Thread-safe.
FileText read_file(const std::string& path, std::size_t limit);

}  // namespace weir::config
