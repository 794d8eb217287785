// `weir show ...`: what the router is and has, as a table or, with --json, as the API says it.
// All throw CliError (client.hpp).
#pragma once

#include <optional>
#include <string>

#include "controlplane/cli/context.hpp"

namespace weir::cli {

struct ShowRoutesOptions {
  std::optional<std::string> within;  // a prefix
  std::size_t limit = 0;              // 0: all
};

/// By name. `interface`, here and below: only what is about this one; empty: all.
void show_interfaces(const Context& context, const std::string& interface);
/// By name: what each port's hardware does, and what the router does for it. `port`: only this
/// one's; `extended`: with the driver's own counters, those that are not zero.
void show_ports(const Context& context, const std::string& port, bool extended);
/// By prefix; asks for pages and prints each, so that memory stays small for a million routes.
void show_routes(const Context& context, const ShowRoutesOptions& options);
/// By address.
void show_neighbors(const Context& context, const std::string& interface);
/// The equation of conservation, the workers, the named counters (zeros only with `all`).
void show_counters(const Context& context, bool all);
/// By interface, most packets first; zeros only with `all`.
void show_drops(const Context& context, bool all, const std::string& interface);
void show_fib(const Context& context, const std::string& address);
/// As YAML that `weir run` takes; defaults only with `all`.
void show_config(const Context& context, bool all);
/// This program's version, then the router's.
void show_version(const Context& context);

}  // namespace weir::cli
