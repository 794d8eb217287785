// `weir show ...` of the switched half: bridges, stations, VLANs, spanning tree, multicast,
// mirrors; and `weir station flush`. As a table or, with --json, as the API says it, only what was
// asked for. All throw CliError (client.hpp).
#pragma once

#include <optional>
#include <string>

#include "controlplane/cli/context.hpp"

namespace weir::cli {

/// What must match; empty: all.
struct StationOptions {
  std::string bridge, interface, mac;
  std::optional<unsigned> vlan;
  std::size_t limit = 0;  // of `show mac`; 0: all
};

// `bridge`, here and below: only this one; empty: all.

/// One line a bridge; of a single one, and with `detail`, all of it.
void show_bridges(const Context& context, const std::string& bridge, bool detail);
/// By bridge and MAC address, with vendor; asks for pages and prints each. Of one MAC address an
/// explanation instead of a table.
void show_stations(const Context& context, const StationOptions& options);
void show_vlans(const Context& context);
void show_spanning_tree(const Context& context, const std::string& bridge);
/// Groups with members, and where queriers and routers are.
void show_multicast(const Context& context, const std::string& bridge);
void show_mirrors(const Context& context);

/// Forgets learnt stations that match.
void flush_stations(const Context& context, const StationOptions& options);

/// `up 10G`, `down`, `off`: of an interface.
std::string state_of(const Json& interface);

}  // namespace weir::cli
