// `weir explain`: what a code of `weir check` or a drop reason means, and what mends it.
#pragma once

#include <string>

#include "controlplane/cli/context.hpp"

namespace weir::cli {

/// One code (`A102`, `error[A102]`) or drop reason (`no-route`); all of both when `word` is empty.
/// Throws CliError with the nearest one when there is no such thing.
void explain(const Context& context, const std::string& word);

/// The table of all codes as docs/checks.md has it.
std::string checks_page();

}  // namespace weir::cli
