// YAML nodes as text of one line, quoted where YAML's readers disagree.
//
// Weir reads every word without quotes as it stands; other readers take `yes` for true, `0x10` and
// `1e3` for numbers, `12:30:45` for a sexagesimal one and `2024-01-01` for a date. Such text is
// written in double quotes, and MAC addresses always. Whole numbers, fractions, true, false and
// null stay as they are unless they were in quotes.
#pragma once

#include <string>
#include <string_view>

#include "config/yaml_tree.hpp"

namespace weir::config {

enum class QuoteStyle { as_needed, single, twice };

/// A scalar that is text: plain where all YAML readers take it for the same text, in any context.
std::string text_scalar(std::string_view text);

/// A scalar's node. `style` is how text (not numbers, true, false) is quoted that need not be.
std::string scalar_text(const YamlNode& node, QuoteStyle style = QuoteStyle::as_needed);

/// A value in one line: `[a, b]`, `{key: value}`. Aliases are written out.
std::string flow_text(const YamlNode& node);

/// Whether it makes a difference to Weir if this text is in quotes: numbers, true, false.
bool is_typed_word(std::string_view text);

/// Six pairs of hexadecimal digits. Some are sexagesimal numbers in YAML 1.1, so all are quoted.
bool is_mac_text(std::string_view text);

}  // namespace weir::config
