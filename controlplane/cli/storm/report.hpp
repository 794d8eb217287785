// Results as one HTML page that needs nothing else: style and plots are inside, and no script.
// Results of one experiment stand side by side.
#pragma once

#include <string>
#include <vector>

#include "controlplane/cli/context.hpp"

namespace weir::cli::storm {

/// `results` are as read_result gives them. Well-formed as XML, too.
std::string make_report(const std::vector<Json>& results);

}  // namespace weir::cli::storm
