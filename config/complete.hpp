// What may come next of what somebody types behind `weir set` and `weir delete`: paths
// (config/edit_path.hpp) and values.
//
// Keys, and words that a value may be, are those that the parser asks for when it reads a file with
// that path in it: there is no other list of them. Names, and entries of lists, are those of the
// text that is to be changed. Both functions never throw on any input; thread-safe.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir::config {

enum class CompleteFor { set, remove };

/// Paths that begin with `typed`, as far as its next key or entry; those that end with a dot or an
/// opening bracket go on. To be set is also what is not there yet, to be removed only what is.
/// `text`: the configuration; what is no YAML is as empty.
std::vector<std::string> complete_path(std::string_view text, std::string_view typed,
                                       CompleteFor purpose);

/// What the value at `path` may be: the words it is one of, `interfaces` where it names one, what
/// it is now.
std::vector<std::string> complete_value(std::string_view text, std::string_view path,
                                        std::span<const std::string> interfaces);

}  // namespace weir::config
