#include "controlplane/route_loading.hpp"

#include <fmt/format.h>
#include <oneapi/tbb/info.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <vector>

#include "config/limits.hpp"
#include "config/route_file.hpp"
#include "config/validate.hpp"

namespace weir::control {
namespace {

using config::RouteChunk;

std::vector<RouteChunk> parse_chunks(const std::string& text, const std::string& path,
                                     unsigned threads) {
  // TBB counts the cores that the caller may use, and complains about wishes beyond.
  const auto cores = static_cast<unsigned>(oneapi::tbb::info::default_concurrency());
  threads = std::clamp(threads, 1u, std::max(cores, 1u));
  const auto parts = config::split_lines(text, threads * 4u);
  std::vector<RouteChunk> chunks(parts.size());
  // TBB orders all this by itself; ThreadSanitizer, which does not see into it, is told so.
  std::atomic<std::size_t> order{0};
  order.fetch_add(1, std::memory_order_release);
  oneapi::tbb::task_arena arena(static_cast<int>(threads));
  arena.execute([&] {
    oneapi::tbb::parallel_for(std::size_t{0}, parts.size(), [&](std::size_t i) {
      order.fetch_add(1, std::memory_order_acquire);
      chunks[i] = config::parse_routes(parts[i].text, parts[i].first_line, path);
      order.fetch_add(1, std::memory_order_release);
    });
  });
  order.fetch_add(1, std::memory_order_acquire);
  return chunks;
}

void refuse_errors(const config::Findings& findings) {
  if (!findings.ok()) throw std::runtime_error(findings.to_string());
}

}  // namespace

RouteType rib_type(config::RouteType type) {
  switch (type) {
    case config::RouteType::blackhole:
      return RouteType::blackhole;
    case config::RouteType::unreachable:
      return RouteType::unreachable;
    case config::RouteType::prohibit:
      return RouteType::prohibit;
    case config::RouteType::unicast:
      break;
  }
  return RouteType::unicast;
}

void load_route_file(Rib& rib, const config::Config& config, const config::RouteFile& file,
                     unsigned threads) {
  const std::string path = config::route_file_path(config, file);
  const config::FileText text = config::read_file(path, config::limits::kRouteFileBytes);
  if (!text)
    throw std::runtime_error(fmt::format(
        "{}:{}:{}: error[{}]: route file {}: {}", config.file, file.source.line, file.source.column,
        config::id_of(config::Code::file_unreadable), path, text.error));
  std::vector<config::ParsedRouteFile> parsed(1);
  parsed[0] = {path, parse_chunks(text.text, path, threads)};
  for (const RouteChunk& chunk : parsed[0].chunks) refuse_errors(chunk.findings);
  refuse_errors(config::validate_routes(config, parsed));

  std::vector<Rib::Entry> entries;
  for (const RouteChunk& chunk : parsed[0].chunks) {
    std::vector<std::optional<TargetId>> targets;
    for (const config::RouteGroup& group : chunk.groups)
      targets.push_back(rib.target(rib_type(group.type), group.via));
    for (const config::FileRoute& route : chunk.routes) {
      if (!targets[route.group])
        throw std::runtime_error(
            fmt::format("{}:{}: error[{}]: more than {} sets of gateways", path, route.line,
                        config::id_of(config::Code::too_many), Rib::kMaxTargets));
      entries.push_back({route.to, *targets[route.group]});
    }
  }
  rib.add_bulk(RouteProtocol::file, entries);
}

}  // namespace weir::control
