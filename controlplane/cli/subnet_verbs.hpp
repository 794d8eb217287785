// `weir subnet` on the command line: ADDRESS, plan, same.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "controlplane/cli/context.hpp"

namespace weir::cli {

/// Adds the verbs to `app`. Whichever is typed is handed to `choose`, to be run after parsing with
/// what `context` then is. Both must outlive the parsing, `context` the running.
void add_subnet_verbs(CLI::App& app, const Context& context,
                      const std::function<void(std::function<int()>)>& choose);

}  // namespace weir::cli
