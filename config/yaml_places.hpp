// Where every value of a YamlTree stands in its text, byte by byte: what an edit of the text needs
// and libyaml does not tell. The tree leads, the text follows: what a value is comes from
// libyaml, only where it ends is found here.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "config/yaml_tree.hpp"

namespace weir::config {

inline constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);

struct YamlEntry;

/// One value at one place. Offsets are bytes from the text's begin.
struct YamlPlace {
  enum class Style {
    none,     // nothing is written: begin = end, behind the colon or dash
    scalar,   // plain, quoted or an explicit null
    literal,  // a block scalar, | or >
    flow,     // [] or {}
    block,    // lines
    alias,    // *name; has no entries, what it means stands elsewhere
  };

  const YamlNode* node = nullptr;  // may be missing in an empty document
  Style style = Style::none;
  std::size_t begin = 0;           // with its anchor
  std::size_t content = 0;         // behind its anchor
  std::size_t end = 0;             // behind its last character; comments do not count
  std::vector<YamlEntry> entries;  // one a list's child, or a map's pair
};

struct YamlEntry {
  std::size_t begin = 0;         // of the key, the dash or the value in []
  std::size_t key_end = 0;       // of a map's key
  std::size_t sign = kNowhere;   // the dash or the colon
  std::size_t comma = kNowhere;  // behind the value
  YamlPlace value;
};

/// Blanks, line ends and comments from `at` on are skipped.
std::size_t skip_space(std::string_view text, std::size_t at);

/// Bytes between the begin of the line and `at`.
std::size_t column_of(std::string_view text, std::size_t at);

/// The place of `at`, for messages.
SourceRef source_at(std::string_view text, std::size_t at);

/// `text` is what `tree` was parsed from, without a byte order mark. Throws Refusal for what cannot
/// be followed: keys behind a question mark, [a: b], lone carriage returns.
YamlPlace find_places(std::string_view text, const YamlTree& tree);

}  // namespace weir::config
