// Storms, events and what was: `weir show storm`, `show events`, `watch events`, `show journal`,
// `show neighbors --at`, `diff neighbors`. Times are as time_of.hpp has them. All throw CliError.
#pragma once

#include <cstddef>
#include <string>

#include "controlplane/cli/context.hpp"

namespace weir::cli {

/// How many events or changes are shown when nothing says how many.
inline constexpr std::size_t kLast = 50;

/// A block an interface: mode, budgets by class, the busiest sources. `interface`: only this one;
/// empty: all.
void show_storm(const Context& context, const std::string& interface);

struct EventOptions {
  std::size_t last = 0;  // 0: not given
  std::string since;     // a time; empty: not given
  std::string kind;      // one of control::kEventKinds; empty: all
};

/// Oldest first: the last ones, or all since a time.
void show_events(const Context& context, const EventOptions& options);

/// Prints each event as it comes, until SIGINT; before it the `last` ones. Events that it missed,
/// and a router that is gone or started anew, are told on standard error and followed. Returns
/// kSuccess; a router that is not there at the beginning is an error.
int watch_events(const Context& context, const EventOptions& options);

struct JournalOptions {
  std::string table;    // neighbors, stations; empty: both, in the order of time
  std::string ip, mac;  // empty: all, as below
  std::string interface;
  std::string since, until;  // times
  std::size_t last = 0;      // 0: not given
};

/// Changes, oldest first: the last ones, or all since a time.
void show_journal(const Context& context, const JournalOptions& options);

/// The neighbours as they were at the time `at`.
void show_neighbors_at(const Context& context, const std::string& interface, const std::string& at);

/// What became of the neighbours from one time to another, and why.
void diff_neighbors(const Context& context, const std::string& from, const std::string& to);

}  // namespace weir::cli
