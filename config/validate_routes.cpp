// The part of validate.hpp that looks at route files.
#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "config/connected.hpp"
#include "config/interfaces.hpp"
#include "config/limits.hpp"
#include "config/text.hpp"
#include "config/validate.hpp"
#include "config/validate_zones.hpp"

namespace weir::config {
namespace {

/// A prefix and where it stands, ordered by both.
struct Entry {
  std::uint64_t prefix;  // network << 8 | length
  std::uint32_t file;    // 0: the configuration file, else 1 + the route file's index
  std::uint32_t line;

  friend auto operator<=>(const Entry&, const Entry&) = default;
};

Entry entry_of(const Ipv4Prefix& prefix, std::size_t file, int line) {
  return {std::uint64_t{prefix.network().value()} << 8 | prefix.length(),
          static_cast<std::uint32_t>(file), static_cast<std::uint32_t>(line)};
}

void check_groups(const ConnectedSubnets& connected, const RouteChunk& chunk,
                  const std::string& file, Findings& findings) {
  for (const RouteGroup& group : chunk.groups) {
    for (std::size_t i = 0; i < group.via.size(); ++i) {
      const SourceRef where = group.via_sources.at(i, group.source);
      const auto verdict = connected.judge_neighbor("gateway", group.via[i]);
      if (!verdict.message.empty())
        findings.error(verdict.code, file, where, verdict.message, verdict.hint);
      const auto end = group.via.begin() + static_cast<std::ptrdiff_t>(i);
      if (std::find(group.via.begin(), end, group.via[i]) != end) {
        findings.error(Code::gateway_twice, file, where,
                       cat("gateway ", group.via[i].to_string(), " is given twice"), "each once");
      }
    }
  }
}

void check_duplicates(const Config& config, std::span<const ParsedRouteFile> files,
                      std::vector<Entry> entries, Findings& findings) {
  std::sort(entries.begin(), entries.end());
  for (std::size_t i = 1; i < entries.size(); ++i) {
    const Entry& first = entries[i - 1];
    const Entry& second = entries[i];
    // Among the configuration file's own routes, `validate` has found them.
    if (first.prefix != second.prefix || second.file == 0) continue;
    const Ipv4Prefix prefix{Ipv4Address{static_cast<std::uint32_t>(first.prefix >> 8)},
                            static_cast<unsigned>(first.prefix & 255)};
    const std::string& other = first.file == 0 ? config.file : files[first.file - 1].path;
    findings.error(Code::route_twice, files[second.file - 1].path,
                   {static_cast<int>(second.line), 1},
                   cat("route to ", prefix.to_string(), " is given twice"),
                   cat("also at ", other, ':', first.line));
  }
}

}  // namespace

Findings validate_routes(const Config& config, std::span<const ParsedRouteFile> files) {
  Findings findings;
  const ConnectedSubnets connected{config};
  std::vector<Entry> entries;
  std::size_t total = config.routes.size();
  for (const ParsedRouteFile& file : files) {
    for (const RouteChunk& chunk : file.chunks) total += chunk.routes.size();
  }
  entries.reserve(total);
  for (const Route& route : config.routes) {
    entries.push_back(entry_of(route.to, 0, route.source.line));
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    for (const RouteChunk& chunk : files[i].chunks) {
      check_groups(connected, chunk, files[i].path, findings);
      for (const FileRoute& route : chunk.routes) {
        entries.push_back(entry_of(route.to, i + 1, static_cast<int>(route.line)));
      }
    }
  }
  check_duplicates(config, files, std::move(entries), findings);
  std::vector<RoutesOfFile> of_files;
  for (const ParsedRouteFile& file : files) of_files.push_back({file.path, file.chunks});
  check_zones_of_files(config, InterfaceList{config}, connected, of_files, findings);
  findings.sort();
  return findings;
}

Findings check_route_files(const Config& config) {
  Findings findings;
  std::vector<ParsedRouteFile> parsed;
  for (const RouteFile& file : config.route_files) {
    const std::string path = route_file_path(config, file);
    const FileText text = read_file(path, limits::kRouteFileBytes);
    if (!text) {
      findings.error(Code::file_unreadable, config.file, file.source,
                     cat("route file ", shown(path), ": ", text.error));
      continue;
    }
    parsed.push_back({path, {parse_routes(text.text, 1, path)}});
    findings.append(parsed.back().chunks.front().findings);
  }
  if (!config.route_files.empty()) findings.append(validate_routes(config, parsed));
  findings.sort();
  return findings;
}

}  // namespace weir::config
