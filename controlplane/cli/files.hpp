// Verbs about a configuration file: check it, run it.
#pragma once

#include <string>

#include "controlplane/cli/context.hpp"

namespace weir::cli {

/// Prints every finding of the file and its route files. Returns kFailure when one is an error.
int check_file(const Context& context, const std::string& path);

/// Checks `path`, then becomes `weir-router PATH`; returns only with kFailure, when
/// the file has errors. Throws CliError when there is no weir-router.
int run_file(const Context& context, const std::string& path);

/// The program weir-router: $WEIR_ROUTER, beside this program, in the build tree, in libexec, in
/// $PATH. Throws CliError when it is nowhere.
std::string find_router();

/// Where this program lies, without its name.
std::string own_directory();

}  // namespace weir::cli
