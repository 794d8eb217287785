// `weir subnet same`: whether two addresses are in one subnet, by whom a packet goes otherwise, and
// whether both sides see it the same way. Needs no router, but for --running.
#pragma once

#include <string>
#include <vector>

#include "controlplane/cli/context.hpp"

namespace weir::cli {

struct SameSubnetOptions {
  std::vector<std::string> words;  // HOST MASK PEER, or HOST/LENGTH PEER
  std::string peer_mask;
  std::string gateway;   // the host's
  std::string config;    // the router's file
  bool running = false;  // the running router's configuration
};

/// Returns kFailure when something is wrong with masks or gateway. Throws CliError.
int show_same_subnet(const Context& context, const SameSubnetOptions& options);

}  // namespace weir::cli
