// `weir subnet`: everything that follows from an address and its prefix length; needs no router.
#pragma once

#include <string>
#include <vector>

#include "controlplane/cli/context.hpp"

namespace weir::cli {

/// `words`: ADDRESS/LENGTH, ADDRESS/NETMASK, or ADDRESS NETMASK; of IPv6 with a length. Throws
/// CliError.
void show_subnet(const Context& context, const std::vector<std::string>& words);

}  // namespace weir::cli
