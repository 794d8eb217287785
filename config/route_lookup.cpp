#include "config/route_lookup.hpp"

#include "config/connected.hpp"
#include "config/limits.hpp"
#include "config/route_file.hpp"

namespace weir::config {

std::optional<FoundRoute> find_route(const Config& config, Ipv4Address destination) {
  std::optional<FoundRoute> best;
  const auto is_better = [&](const Ipv4Prefix& to) {
    return to.contains(destination) && (!best || to.length() > best->to.length());
  };
  const ConnectedSubnets connected{config};
  if (const auto* entry = connected.find(destination)) {
    best = {entry->address.subnet(),
            RouteType::unicast,
            entry->interface,
            {},
            config.file,
            entry->source};
  }
  for (const Route& route : config.routes) {
    if (is_better(route.to))
      best = {route.to, route.type, {}, route.via, config.file, route.source};
  }
  for (const RouteFile& file : config.route_files) {
    const std::string path = route_file_path(config, file);
    const FileText text = read_file(path, limits::kRouteFileBytes);
    if (!text) continue;
    const RouteChunk chunk = parse_routes(text.text, 1, path);
    for (const FileRoute& route : chunk.routes) {
      if (!is_better(route.to)) continue;
      const RouteGroup& group = chunk.groups[route.group];
      best = {route.to, group.type, {}, group.via, path, {static_cast<int>(route.line), 1}};
    }
  }
  return best;
}

}  // namespace weir::config
