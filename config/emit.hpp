// A Config as the YAML text that parses back to an equal Config.
#pragma once

#include <string>

#include "config/model.hpp"

namespace weir::config {

enum class EmitDefaults { yes, no };

/// The whole effective configuration; without defaults only `version` and what differs from them.
/// `config` is one that `parse_text` or `load_file` gave.
std::string emit(const Config& config, EmitDefaults defaults = EmitDefaults::yes);

}  // namespace weir::config
