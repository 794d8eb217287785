// What differs between two texts, as `diff -u` prints it and patch(1) takes it. Pure, thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace weir::config {

/// Names `file` on both sides; three lines of context. Empty when the texts are equal. For texts of
/// which few lines differ: what lies between the first and the last change of a block is found by
/// looking ahead at most 64 lines, and a longer change is one block.
std::string unified_diff(std::string_view before, std::string_view after, const std::string& file);

}  // namespace weir::config
