// YAML text as a tree in which everything has its place. The only code that calls libyaml: its
// events are used, not its documents, because those accept duplicate keys, and hold all twice.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/finding.hpp"
#include "config/limits.hpp"
#include "config/model.hpp"

namespace weir::config {

struct YamlNode {
  enum class Kind { null, scalar, list, map };

  Kind kind = Kind::null;
  bool quoted = false;  // a scalar in quotes, or a block scalar: always text
  SourceRef source;     // of a null in a map: where its key is
  std::string text;     // of a scalar
  /// A list's values, or a map's key, value, key, value ...; keys are scalars and unique.
  std::vector<const YamlNode*> children;
};

/// Owns its nodes. An alias shares its target's node, so this is a graph without cycles.
struct YamlTree {
  std::deque<YamlNode> nodes;
  const YamlNode* root = nullptr;
};

/// Parses exactly one document of UTF-8 within limits::kNesting and `most_values`. On errors they
/// are in `findings`, and the tree is missing (not YAML) or lacks what was wrong. O(n).
std::optional<YamlTree> parse_yaml(std::string_view text, const std::string& file,
                                   Findings& findings, std::size_t most_values = limits::kValues);

}  // namespace weir::config
