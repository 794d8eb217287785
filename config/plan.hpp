// What would change between two configurations: in the order in which it is done, in the names that
// the file has, and whether a running router can do it.
//
//   const Plan plan = plan_change(running, next);
//   if (const Change* first = plan.restart()) ... needs a restart
//
// Equal configurations have an empty plan, however their files are laid out. Defaults count as
// written. Lists of things with a name (bridge members), an address (neighbours) or a prefix
// (routes) are compared by that; of lists of plain values what comes and what goes is told, and,
// where nothing does, their order. What a route file says is not looked at, only its name.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "config/model.hpp"

namespace weir::config {

struct Change {
  enum class Kind { add, remove, set } kind = Kind::set;
  /// As `ethernets.lan0.addresses`, `routes[10.0.0.0/8]`, `neighbors.static[192.0.2.9]`.
  std::string path;
  std::string before, after;  // as YAML in one line; empty: there is none
  bool live = false;          // a running router does it; else it takes a restart
  std::string touches;        // which traffic notices, in words; empty: none

  friend bool operator==(const Change&, const Change&) = default;
};

/// A route that comes, goes (`after` null) or leads elsewhere; into the two configurations.
struct RouteEdit {
  const Route* before = nullptr;
  const Route* after = nullptr;
};

/// What a router cannot do without a restart, or at all, though no comparison of configurations
/// tells.
struct Obstacle {
  std::string section;  // of the configuration, as `bridges`
  std::string why;
  std::string remedy;  // empty: the restart
};

struct Plan {
  static constexpr std::size_t kRoutesTold = 1000;

  std::vector<Change> changes;  // in the order in which they are done; of routes the first
  std::size_t routes = 0;       // all that change

  std::size_t routes_told() const { return std::min(routes, kRoutesTold); }
  /// With the routes that are not told.
  std::size_t total() const { return changes.size() - routes_told() + routes; }
  bool empty() const { return changes.empty(); }
  /// The first that takes a restart; null: none does.
  const Change* restart() const;
  /// What of its section comes or is set does.
  void take_restart(const Obstacle& obstacle);
};

/// Both have passed validation. O(n log n) in their routes. Pure.
Plan plan_change(const Config& running, const Config& next);

/// The routes of the file itself that differ, what comes before what goes. `running` and `next`
/// must outlive it.
std::vector<RouteEdit> route_edits(const Config& running, const Config& next);

/// Puts the ports of `next` into the order of those of `running`, new ones last: their order means
/// nothing, but in a running router a port's number is its place.
void keep_port_order(const Config& running, Config& next);

/// A copy without its routes, which may be a million.
Config settings_of(const Config& config);

/// `+ routes[10.0.0.0/8]: {via: 192.0.2.1}`, `- ...`, `~ ethernets.lan0.mtu: 1500 -> 9000`.
std::string to_string(const Change& change);

}  // namespace weir::config
