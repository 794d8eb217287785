// The examples of codes (config/codes.hpp), checked as `weir check` and `weir lab up` check a file.
#pragma once

#include <string>
#include <string_view>

#include "config/codes.hpp"
#include "config/finding.hpp"

namespace weir::cli {

/// What the example of `code` is called: lab.yaml, routes.txt.
std::string example_name(const config::CodeText& code);

/// All that is found in `text`, which is such a file as the example of `code`.
config::Findings findings_in(const config::CodeText& code, std::string_view text);
/// In its example.
config::Findings findings_of_example(const config::CodeText& code);

}  // namespace weir::cli
