// From a YAML file to a Config: strict, and every complaint with its place.
//
// Parsing looks at one value at a time: its type, its form, its range (config/limits.hpp). What
// only shows when values are put side by side is `validate`'s (config/validate.hpp), which also has
// `load_file`, the two together.
//
// Unknown keys, keys of later versions, duplicate keys, wrong types, YAML tags and a second
// document are errors. Anchors and aliases are allowed, as far as what they expand to stays within
// limits::kValues.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/finding.hpp"
#include "config/model.hpp"

namespace weir::config {

struct ParseResult {
  std::optional<Config> config;  // present exactly when no finding is an error
  Findings findings;             // in the order of the file

  explicit operator bool() const { return config.has_value(); }
};

/// Parses `text`; `file` is only its name in messages. Never throws on any input. Thread-safe.
ParseResult parse_text(std::string_view text, const std::string& file);

/// Reads and parses the file (or pipe) `path`, at most limits::kFileBytes.
ParseResult parse_file(const std::string& path);

}  // namespace weir::config
