// `weir complete`, for the shell's completion: what the last of some words may be. Nobody types it.
#pragma once

#include <string>
#include <vector>

#include "controlplane/cli/context.hpp"

namespace weir::cli {

/// `words`: `set PATH`, `set PATH VALUE` or `delete PATH`, the last as far as it is typed. Prints
/// what it may be, one a line. Without a router keys and words, no names; never an error.
void complete(const Context& context, const std::vector<std::string>& words);

/// `text` without the lines of its top-level `key`, whose value stands below it.
std::string without_section(const std::string& text, const std::string& key);

}  // namespace weir::cli
