// Verbs that make the router do something: routes, neighbours, ping. All throw CliError.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/cli/context.hpp"

namespace weir::cli {

/// `words` are as in a route file: `10.20.0.0/16 via 10.0.10.2 10.0.10.3`, `10.0.0.0/8 blackhole`.
/// `operation` is the API's: add, replace, delete (for which the prefix is enough).
void change_route(const Context& context, const std::string& operation,
                  const std::vector<std::string>& words);

/// Adds or replaces all routes of a route file (config/route_file.hpp), or, if a line is wrong,
/// none.
void load_routes(const Context& context, const std::string& path);

/// Forgets all learnt neighbours, or one.
void flush_neighbors(const Context& context, const std::optional<std::string>& ip);

struct PingOptions {
  std::string destination;
  std::optional<std::string> source;
  std::uint32_t count = 4;  // 0: until interrupted
  double interval_seconds = 1;
  double timeout_seconds = 1;
  std::uint32_t size_bytes = 56;
};

/// Echo requests from the router itself, each shown as it is answered; ends early on SIGINT.
/// Returns kSuccess when at least one was answered, else kFailure.
int ping(const Context& context, const PingOptions& options);

}  // namespace weir::cli
