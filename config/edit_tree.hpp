// Internal to the editor: paths in trees, trees with one change, and their comparison.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "config/edit_path.hpp"
#include "config/yaml_tree.hpp"

namespace weir::config {

/// As far as a path exists in a tree.
struct FoundPath {
  std::vector<const YamlNode*> nodes;  // the root, ..., the last that exists
  std::vector<std::size_t> indexes;  // of each, but the root, in its parent: entries, not children
  std::size_t used = 0;              // parts of the path; all: it exists
  std::string list;                  // the last key: whose entries identity_keys tells apart

  const YamlNode& last() const { return *nodes.back(); }
};

/// Follows `path` from `root`. Throws Refusal when the path cannot be: an index beyond the list, a
/// key of a list, an entry that is there twice.
FoundPath find_path(const YamlNode& root, const Path& path);

/// Complains that what follows `found` is missing, with what is there.
[[noreturn]] void refuse_missing(const FoundPath& found, const Path& path);

/// The children of a list, or the pairs of a map.
std::size_t entry_count(const YamlNode& node);
const YamlNode& entry_value(const YamlNode& node, std::size_t index);
/// The value of `key` in a map; missing if there is none.
const YamlNode* value_of(const YamlNode& map, std::string_view key);

/// What tells this entry of `list` from others; empty if nothing does.
std::string_view identity_of(const YamlNode& entry, std::string_view list);

/// Whether the two mean the same: kinds, texts, quotes where they matter (`is_typed_word`), order
/// of lists. Of maps only within `free_order`, a node of `a`, the order does not count.
bool same_meaning(const YamlNode& a, const YamlNode& b, const YamlNode* free_order = nullptr);

/// Owns the nodes of changed trees, which share all else with the tree they come from.
class TreeMaker {
 public:
  const YamlNode* list(std::vector<const YamlNode*> children);
  const YamlNode* map(std::vector<const YamlNode*> pairs);
  const YamlNode* word(std::string_view text);

  /// The tree with the node at `indexes` replaced.
  const YamlNode* replaced(const YamlNode& root, const std::vector<std::size_t>& indexes,
                           const YamlNode* by);
  /// `node` without its entry `index`.
  const YamlNode* without(const YamlNode& node, std::size_t index);
  /// `node`, which is null or of the same kind, with the entry of `one` behind its own.
  const YamlNode* with(const YamlNode& node, const YamlNode& one);

  struct Missing {
    const YamlNode* one = nullptr;  // a list or map of one entry
    std::size_t levels = 0;         // of it that were made
  };
  /// What is to be added to the last node found so that all of `path` exists and is `value`.
  Missing missing(const FoundPath& found, const Path& path, const YamlNode* value);

 private:
  struct Step {
    PathPart::Kind kind;
    std::string text;
    bool is_index;
    std::size_t used;  // parts of the path, with this one
  };
  static std::vector<Step> steps_of(const FoundPath& found, const Path& path);
  const YamlNode* element(const Step& step, const std::string& list, const Path& path,
                          const YamlNode* rest);

  std::deque<YamlNode> nodes_;
};

}  // namespace weir::config
