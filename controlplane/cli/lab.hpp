// `weir lab up | down | status`: Linux hosts in network namespaces around a router of their own,
// from a file (lab_file.hpp) or as built in. All need root and throw CliError.
#pragma once

#include <string>

#include "controlplane/cli/context.hpp"

namespace weir::cli {

/// Makes the lab of `file` (empty: the one built in), waits until its router answers and its hosts
/// were tried, and says what it is. A lab that is up already is only shown. What failed halfway is
/// removed again.
int lab_up(const Context& context, const std::string& file);

/// Removes all that `up` made, whatever has become of it. `file` may also be the name of a lab.
int lab_down(const Context& context, const std::string& file);

/// Hosts, router, pings between them. kFailure when the lab is not up or not whole.
int lab_status(const Context& context, const std::string& file);

}  // namespace weir::cli
