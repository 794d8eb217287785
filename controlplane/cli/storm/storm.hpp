// `weir storm`: attacks on a router in a rig of its own, and what it makes of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "controlplane/cli/context.hpp"

namespace weir::cli::storm {

struct StormOptions {
  std::vector<std::string> names;  // of experiments; `all`
  std::string file;                // a storm of the user's own, instead
  std::string router = "weir";     // weir | linux | both
  double seconds = 0;              // of the attack; 0: as the storm says
  double margin = 0;               // of baseline and recovery; 0: as the storm says
  std::uint32_t rate = 0, load = 10'000, hosts = 0;
  std::uint64_t seed = 0;  // 0: 1, or what the file says
  bool same_port = false;
  std::string directory;  // "": ./storm-DATE

  std::string interface, router_mac;  // beyond the rig
  bool owned = false;                 // --i-own-this-network
};

/// All throw CliError.
void list_storms(const Context& context);
/// kFailure when a target was missed.
int run_storms(const Context& context, const StormOptions& options);
void report_storms(const Context& context, const std::vector<std::string>& files,
                   const std::string& out);

}  // namespace weir::cli::storm
