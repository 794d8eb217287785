#include "config/edit_tree.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "config/refusal.hpp"
#include "config/text.hpp"
#include "config/yaml_write.hpp"

namespace weir::config {
namespace {

using Kind = YamlNode::Kind;
using PartKind = PathPart::Kind;

std::string name_of(const Path& path, std::size_t parts) {
  return parts == 0 ? std::string{"the file"} : std::string{path.name(parts)};
}

[[noreturn]] void refuse(const YamlNode& node, std::string message, std::string hint = {}) {
  throw Refusal{node.source, std::move(message), std::move(hint)};
}

/// Maps from names that the user gives: there brackets hold a key.
bool is_map_of_names(std::string_view key) {
  constexpr std::array<std::string_view, 4> kMaps{"ethernets", "vlans", "bridges", "hosts"};
  return std::find(kMaps.begin(), kMaps.end(), key) != kMaps.end();
}

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::vector<std::string_view> keys_of(const YamlNode& map) {
  std::vector<std::string_view> keys;
  for (std::size_t i = 0; i + 1 < map.children.size(); i += 2)
    keys.push_back(map.children[i]->text);
  return keys;
}

/// Takes the longest run of parts that is a key of the last node.
bool follow_key(const Path& path, FoundPath& found) {
  const YamlNode& map = found.last();
  const auto keys = keys_of(map);
  const auto joins = [&](std::size_t i) {
    return i < path.parts.size() && path.parts[i].kind == PartKind::key && path.parts[i].bare;
  };
  std::string text = path.parts[found.used].text;
  std::vector<std::string> runs{text};
  if (joins(found.used)) {
    for (std::size_t i = found.used + 1; joins(i); ++i) {
      text += cat('.', path.parts[i].text);
      runs.push_back(text);
    }
  }
  for (std::size_t length = runs.size(); length > 0; --length) {
    const auto at = std::find(keys.begin(), keys.end(), runs[length - 1]);
    if (at == keys.end()) continue;
    const auto index = static_cast<std::size_t>(at - keys.begin());
    found.indexes.push_back(index);
    found.nodes.push_back(&entry_value(map, index));
    found.used += length;
    found.list = runs[length - 1];
    return true;
  }
  return false;
}

bool follow_entry(const Path& path, FoundPath& found) {
  const YamlNode& list = found.last();
  const PathPart& part = path.parts[found.used];
  const std::size_t count = list.children.size();
  std::size_t index = count;
  if (part.is_index()) {
    const auto number = parse_number(part.text);
    if (!number || *number >= count) {
      refuse(list,
             cat(name_of(path, found.used), " has ", count, " entries, and no [", part.text, ']'),
             cat(count == 0 ? std::string{} : cat("0 to ", count - 1, "; "),
                 "[+] is a new one, [\"", part.text, "\"] one of this name"));
    }
    index = static_cast<std::size_t>(*number);
  } else {
    for (std::size_t i = 0; i < count; ++i) {
      if (identity_of(*list.children[i], found.list) != part.text) continue;
      if (index < count) {
        refuse(*list.children[i],
               cat(name_of(path, found.used), " has ", shown(part.text), " more than once"),
               cat("by index: ", name_of(path, found.used), '[', index, "] or [", i, ']'));
      }
      index = i;
    }
    if (index == count) return false;
  }
  found.indexes.push_back(index);
  found.nodes.push_back(list.children[index]);
  ++found.used;
  return true;
}

/// One step; false when nothing is there.
bool follow(const Path& path, FoundPath& found) {
  const YamlNode& node = found.last();
  const PathPart& part = path.parts[found.used];
  if (node.kind == Kind::map) {
    if (part.kind != PartKind::append) return follow_key(path, found);
    refuse(node, cat(name_of(path, found.used), " is a map, which has keys and no [+]"),
           "KEY: VALUE");
  }
  if (node.kind != Kind::list || part.kind == PartKind::append) return false;
  if (part.kind == PartKind::entry) return follow_entry(path, found);
  refuse(node, cat(name_of(path, found.used), " is a list, which has no key ", shown(part.text)),
         "an entry of it: [0] by index, [NAME] by name, [+] for a new one");
}

std::string hint_for(const FoundPath& found, std::string_view wanted) {
  constexpr std::size_t kMost = 12;
  std::vector<std::string_view> names;
  if (found.last().kind == Kind::map) names = keys_of(found.last());
  if (found.last().kind == Kind::list) {
    for (const YamlNode* entry : found.last().children) {
      const std::string_view name = identity_of(*entry, found.list);
      if (!name.empty()) names.push_back(name);
    }
  }
  if (names.empty()) return {};
  const std::string_view meant = nearest(wanted, names);
  if (!meant.empty()) return cat("did you mean ", meant, '?');
  if (names.size() > kMost) return {};
  return cat("it has ", join(names));
}

}  // namespace

std::size_t entry_count(const YamlNode& node) {
  return node.kind == Kind::map ? node.children.size() / 2 : node.children.size();
}

const YamlNode& entry_value(const YamlNode& node, std::size_t index) {
  return *node.children[node.kind == Kind::map ? 2 * index + 1 : index];
}

const YamlNode* value_of(const YamlNode& map, std::string_view key) {
  for (std::size_t i = 0; i + 1 < map.children.size(); i += 2) {
    if (map.children[i]->text == key) return map.children[i + 1];
  }
  return nullptr;
}

std::string_view identity_of(const YamlNode& entry, std::string_view list) {
  if (entry.kind == Kind::scalar) return entry.text;
  if (entry.kind != Kind::map) return {};
  for (const std::string_view key : identity_keys(list)) {
    const YamlNode* value = value_of(entry, key);
    if (value != nullptr && value->kind == Kind::scalar) return value->text;
  }
  return {};
}

bool same_meaning(const YamlNode& a, const YamlNode& b, const YamlNode* free_order) {
  if (&a == &b) return true;
  if (a.kind != b.kind || a.children.size() != b.children.size()) return false;
  if (a.kind == Kind::scalar) {
    return a.text == b.text && (a.quoted == b.quoted || !is_typed_word(a.text));
  }
  const bool is_free = &a == free_order;
  if (a.kind != Kind::map || !is_free) {
    for (std::size_t i = 0; i < a.children.size(); ++i) {
      const YamlNode& child = *a.children[i];
      const bool is_key = a.kind == Kind::map && i % 2 == 0;
      if (is_key ? child.text != b.children[i]->text
                 : !same_meaning(child, *b.children[i], is_free ? &child : free_order)) {
        return false;
      }
    }
    return true;
  }
  for (std::size_t i = 0; i + 1 < a.children.size(); i += 2) {
    const YamlNode* other = value_of(b, a.children[i]->text);
    const YamlNode& child = *a.children[i + 1];
    if (other == nullptr || !same_meaning(child, *other, &child)) return false;
  }
  return true;
}

FoundPath find_path(const YamlNode& root, const Path& path) {
  FoundPath found;
  found.nodes.push_back(&root);
  while (found.used < path.parts.size() && follow(path, found)) {
  }
  return found;
}

void refuse_missing(const FoundPath& found, const Path& path) {
  const PathPart& part = path.parts[found.used];
  const YamlNode& node = found.last();
  const std::string name = name_of(path, found.used);
  if (part.kind == PartKind::append) {
    refuse(node, cat(name, "[+] is an entry that is to come"), "[+] is only for set");
  }
  if (node.kind == Kind::scalar) {
    refuse(node, cat(name, " is ", shown(node.text), ", which has nothing in it"));
  }
  refuse(node, cat(name, " has no ", shown(part.text)), hint_for(found, part.text));
}

const YamlNode* TreeMaker::list(std::vector<const YamlNode*> children) {
  YamlNode& node = nodes_.emplace_back();
  node.kind = Kind::list;
  node.children = std::move(children);
  return &node;
}

const YamlNode* TreeMaker::map(std::vector<const YamlNode*> pairs) {
  YamlNode& node = nodes_.emplace_back();
  node.kind = Kind::map;
  node.children = std::move(pairs);
  return &node;
}

const YamlNode* TreeMaker::word(std::string_view text) {
  YamlNode& node = nodes_.emplace_back();
  node.kind = Kind::scalar;
  node.text = text;
  return &node;
}

const YamlNode* TreeMaker::replaced(const YamlNode& root, const std::vector<std::size_t>& indexes,
                                    const YamlNode* by) {
  std::vector<const YamlNode*> nodes{&root};
  for (const std::size_t index : indexes) nodes.push_back(&entry_value(*nodes.back(), index));
  for (std::size_t level = indexes.size(); level > 0; --level) {
    YamlNode& copy = nodes_.emplace_back(*nodes[level - 1]);
    const std::size_t index = indexes[level - 1];
    copy.children[copy.kind == Kind::map ? 2 * index + 1 : index] = by;
    by = &copy;
  }
  return by;
}

const YamlNode* TreeMaker::without(const YamlNode& node, std::size_t index) {
  YamlNode& copy = nodes_.emplace_back(node);
  const std::ptrdiff_t width = node.kind == Kind::map ? 2 : 1;
  const auto first = copy.children.begin() + static_cast<std::ptrdiff_t>(index) * width;
  copy.children.erase(first, first + width);
  return &copy;
}

const YamlNode* TreeMaker::with(const YamlNode& node, const YamlNode& one) {
  YamlNode& copy = nodes_.emplace_back(node);
  copy.kind = one.kind;
  copy.children.insert(copy.children.end(), one.children.begin(), one.children.end());
  return &copy;
}

/// What is missing, step by step. Digits stay with the key before them, as in lan0.30.
std::vector<TreeMaker::Step> TreeMaker::steps_of(const FoundPath& found, const Path& path) {
  std::vector<Step> steps;
  for (std::size_t i = found.used; i < path.parts.size(); ++i) {
    const PathPart& part = path.parts[i];
    const bool joins = part.kind == PartKind::key && part.bare && is_digits(part.text) &&
                       i > found.used && path.parts[i - 1].kind == PartKind::key &&
                       path.parts[i - 1].bare;
    if (joins) {
      steps.back().text += cat('.', part.text);
      steps.back().used = i + 1;
    } else {
      steps.push_back({part.kind, part.text, part.is_index(), i + 1});
    }
  }
  return steps;
}

/// A new entry of `list`: `rest`, and its identity if that does not say it.
const YamlNode* TreeMaker::element(const Step& step, const std::string& list, const Path& path,
                                   const YamlNode* rest) {
  if (identity_of(*rest, list) == step.text) return rest;
  const auto keys = identity_keys(list);
  const std::string_view key =
      list == "static" && is_mac_text(step.text) ? keys.back() : keys.front();
  if (rest->kind == Kind::map && value_of(*rest, key) == nullptr) {
    std::vector<const YamlNode*> pairs{word(key), word(step.text)};
    pairs.insert(pairs.end(), rest->children.begin(), rest->children.end());
    return map(std::move(pairs));
  }
  throw Refusal{{},
                cat("there is no ", path.name(step.used), ", and the value is not such an entry"),
                "[+] instead of the name makes a new one"};
}

TreeMaker::Missing TreeMaker::missing(const FoundPath& found, const Path& path,
                                      const YamlNode* value) {
  const std::vector<Step> steps = steps_of(found, path);
  const YamlNode* node = value;
  for (std::size_t i = steps.size(); i-- > 0;) {
    const Step& step = steps[i];
    const std::string& list = i == 0 ? found.list : steps[i - 1].text;
    const bool in_map = i == 0 && found.last().kind == Kind::map;
    const bool in_list = i == 0 && found.last().kind == Kind::list;
    const bool is_key = step.kind == PartKind::key || in_map ||
                        (step.kind == PartKind::entry && !in_list && is_map_of_names(list));
    if (is_key) {
      node = map({word(step.text), node});
    } else if (step.kind == PartKind::append) {
      node = this->list({node});
    } else if (step.is_index) {
      throw Refusal{{}, cat("there is no ", path.name(step.used)), "[+] makes a new entry"};
    } else {
      node = this->list({element(step, list, path, node)});
    }
  }
  return {node, steps.size()};
}

}  // namespace weir::config
