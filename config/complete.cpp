#include "config/complete.hpp"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

#include "config/edit_tree.hpp"
#include "config/finding.hpp"
#include "config/parse_parts.hpp"
#include "config/text.hpp"
#include "config/yaml_reader.hpp"
#include "config/yaml_tree.hpp"
#include "config/yaml_write.hpp"

namespace weir::config {
namespace {

using Kind = YamlNode::Kind;

constexpr std::size_t kMostSiblings = 64, kMostValueBytes = 200, kMostSteps = 32;

struct Step {
  bool is_entry = false;
  std::string text;                  // of a key
  const YamlNode* inside = nullptr;  // the map that it is in, if that is there
};

/// Where a path has led to.
struct Place {
  std::string path;
  std::vector<Step> steps;
  const YamlNode* node = nullptr;  // null: not there yet
  std::string list;                // the last key: whose entries identity_keys tells apart

  bool is(Kind kind) const { return node != nullptr && node->kind == kind; }
};

Place key_of(const Place& place, std::string path, std::string_view key, const YamlNode* node) {
  Place below{std::move(path), place.steps, node, std::string{key}};
  below.steps.push_back({false, std::string{key}, place.is(Kind::map) ? place.node : nullptr});
  return below;
}

Place entry_of(const Place& place, std::string path, const YamlNode* node) {
  Place below{std::move(path), place.steps, node, place.list};
  below.steps.push_back({true, {}, nullptr});
  return below;
}

/// A file with one value, `leaf`, and what some keys need beside them to be read at all.
const YamlNode& tree_around(const YamlNode& leaf, const std::vector<Step>& steps,
                            std::deque<YamlNode>& nodes) {
  const YamlNode* at = &leaf;
  for (std::size_t i = steps.size(); i-- > 0;) {
    const Step& step = steps[i];
    YamlNode& around = nodes.emplace_back();
    around.kind = step.is_entry ? Kind::list : Kind::map;
    if (!step.is_entry) {
      YamlNode& key = nodes.emplace_back();
      key.kind = Kind::scalar;
      key.text = step.text;
      around.children.push_back(&key);
    }
    around.children.push_back(at);
    at = &around;
    const bool has_siblings =
        i > 0 && step.inside != nullptr && entry_count(*step.inside) <= kMostSiblings;
    if (!has_siblings) continue;
    for (std::size_t n = 0; n < entry_count(*step.inside); ++n) {
      const YamlNode* key = step.inside->children[2 * n];
      if (key->text == step.text) continue;
      around.children.push_back(key);
      around.children.push_back(&entry_value(*step.inside, n));
    }
  }
  return *at;
}

/// What the parser asks of a value there, whatever it is.
Asked asked_of(const Place& place) {
  Asked asked;
  for (const Kind kind : {Kind::map, Kind::list, Kind::scalar}) {
    std::deque<YamlNode> nodes;
    YamlNode& leaf = nodes.emplace_back();
    leaf.kind = kind;
    if (kind == Kind::scalar) leaf.text.assign(1, '?');
    asked.node = &leaf;
    watch_config(tree_around(leaf, place.steps, nodes), asked);
  }
  asked.node = nullptr;
  return asked;
}

/// `[10.0.0.0/8]`, `["2"]`, or by index where nothing else tells the entry from others.
std::string entry_text(const YamlNode& entry, std::string_view list, std::size_t index) {
  const std::string_view id = identity_of(entry, list);
  const bool is_plain = !id.empty() && id != "+" && std::none_of(id.begin(), id.end(), [](char c) {
    return c == ']' || c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
  });
  if (!is_plain) return cat('[', index, ']');
  if (id.find_first_not_of("0123456789") == std::string_view::npos) return cat("[\"", id, "\"]");
  return cat('[', id, ']');
}

bool is_bare_key(std::string_view key) {
  return !key.empty() && std::none_of(key.begin(), key.end(), [](char c) {
    return c == '[' || c == ']' || c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
  });
}

class Completer {
 public:
  Completer(std::string_view text, std::string_view typed, CompleteFor purpose)
      : typed_(typed), purpose_(purpose) {
    Findings findings;
    tree_ = parse_yaml(text, {}, findings);
    if (tree_ && tree_->root != nullptr && findings.ok()) start_.node = tree_->root;
  }

  std::vector<std::string> paths() {
    std::optional<Place> at = start_;
    while (at && at->steps.size() < kMostSteps) {
      const Asked asked = asked_of(*at);
      for (const Child& child : children(*at, asked)) offer(child);
      at = next(*at, asked, false);
    }
    return std::move(offered_);
  }

  /// The place that all of the path leads to.
  std::optional<Place> whole() {
    std::optional<Place> at = start_;
    while (at && at->path != typed_ && at->steps.size() < kMostSteps)
      at = next(*at, asked_of(*at), true);
    return at && at->path == typed_ ? at : std::nullopt;
  }

 private:
  struct Child {
    Place place;
    bool is_new_entry = false;
    const Asked* asked = nullptr;  // null: to be found out
  };

  std::vector<Child> children(const Place& place, const Asked& asked);
  std::vector<Child> keys_of(const Place& place, const Asked& asked);
  std::vector<Child> entries_of(const Place& place);
  std::optional<Place> next(const Place& place, const Asked& asked, bool whole);
  std::optional<Place> typed_name(const Place& place, std::string_view rest, bool whole) const;
  std::optional<Place> typed_entry(const Place& place, std::string_view rest) const;
  void offer(const Child& child);
  void offer_path(const Place& place, std::string_view more = {}) {
    offered_.push_back(cat(place.path, more));
  }

  std::string_view typed_;
  CompleteFor purpose_;
  std::optional<YamlTree> tree_;
  Place start_;
  std::deque<Asked> shared_;  // of all entries of a list, of all names of a map
  std::vector<std::string> offered_;
};

std::vector<Completer::Child> Completer::keys_of(const Place& place, const Asked& asked) {
  std::vector<std::string_view> keys;
  if (purpose_ == CompleteFor::set) keys = asked.keys;
  if (place.is(Kind::map))
    for (std::size_t i = 0; i < entry_count(*place.node); ++i) {
      const std::string_view key = place.node->children[2 * i]->text;
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
    }
  const bool in_brackets = asked.names && typed_.substr(0, place.path.size()) == place.path &&
                           typed_.substr(place.path.size()).starts_with('[');
  std::vector<Child> all;
  for (const std::string_view key : keys) {
    if (!is_bare_key(key)) continue;
    const YamlNode* node = place.is(Kind::map) ? value_of(*place.node, key) : nullptr;
    std::string path = in_brackets ? cat(place.path, '[', key, ']')
                                   : cat(place.path, place.path.empty() ? "" : ".", key);
    all.push_back({key_of(place, std::move(path), key, node)});
  }
  return all;
}

std::vector<Completer::Child> Completer::entries_of(const Place& place) {
  std::vector<Child> all;
  if (place.is(Kind::list))
    for (std::size_t i = 0; i < place.node->children.size(); ++i) {
      const YamlNode& entry = *place.node->children[i];
      all.push_back({entry_of(place, cat(place.path, entry_text(entry, place.list, i)), &entry)});
    }
  if (purpose_ == CompleteFor::set)
    all.push_back({entry_of(place, cat(place.path, "[+]"), nullptr), true});
  return all;
}

std::vector<Completer::Child> Completer::children(const Place& place, const Asked& asked) {
  std::vector<Child> all = keys_of(place, asked);
  const bool alike = asked.names && !all.empty();
  if (place.is(Kind::list) || (asked.list && !place.is(Kind::map))) {
    std::vector<Child> entries = entries_of(place);
    if (!entries.empty()) shared_.push_back(asked_of(entries.front().place));
    for (Child& entry : entries) {
      entry.asked = &shared_.back();
      all.push_back(std::move(entry));
    }
  } else if (alike) {
    shared_.push_back(asked_of(all.front().place));
    for (Child& child : all) child.asked = &shared_.back();
  }
  return all;
}

/// A step along what is typed: to the longest name that exists, or to a new one.
std::optional<Place> Completer::next(const Place& place, const Asked& asked, bool whole) {
  const Child* found = nullptr;
  const std::vector<Child> all = children(place, asked);
  for (const Child& child : all) {
    const std::string& path = child.place.path;
    if (!typed_.starts_with(path)) continue;
    const std::string_view rest = typed_.substr(path.size());
    const bool ends_here = rest.empty() ? whole : rest.front() == '.' || rest.front() == '[';
    if (ends_here && (found == nullptr || path.size() > found->place.path.size())) found = &child;
  }
  if (found != nullptr) return found->place;
  // Not a new name while one that is there goes on so: `vlans.lan0.` may become `vlans.lan0.30`.
  const bool goes_on = std::any_of(all.begin(), all.end(), [&](const Child& child) {
    return child.place.path.starts_with(typed_);
  });
  if (goes_on || !typed_.starts_with(place.path)) return std::nullopt;
  const std::string_view rest = typed_.substr(place.path.size());
  if (asked.names) return typed_name(place, rest, whole);
  if (asked.list || place.is(Kind::list)) return typed_entry(place, rest);
  return std::nullopt;
}

/// A name that is not there, or stands in brackets. Digits stay with what is before them.
std::optional<Place> Completer::typed_name(const Place& place, std::string_view rest,
                                           bool whole) const {
  std::size_t end = 0;
  std::string_view name;
  if (rest.starts_with('[')) {
    end = rest.find(']');
    if (end == rest.npos) return std::nullopt;
    name = rest.substr(1, end - 1);
    ++end;
  } else if (rest.starts_with('.')) {
    const auto part_end = [&](std::size_t from) {
      return std::min(rest.find_first_of(".[", from), rest.size());
    };
    end = part_end(1);
    while (end < rest.size() && rest[end] == '.') {
      const std::size_t further = part_end(end + 1);
      const std::string_view part = rest.substr(end + 1, further - end - 1);
      const bool digits =
          !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
      if (!digits) break;
      end = further;
    }
    name = rest.substr(1, end - 1);
  }
  if (name.empty() || (end == rest.size() && !whole)) return std::nullopt;
  const YamlNode* node = place.is(Kind::map) ? value_of(*place.node, name) : nullptr;
  return key_of(place, cat(place.path, rest.substr(0, end)), name, node);
}

/// An entry by its index, a new one, or one that is not there.
std::optional<Place> Completer::typed_entry(const Place& place, std::string_view rest) const {
  if (!rest.starts_with('[')) return std::nullopt;
  const std::size_t end = rest.find(']');
  if (end == rest.npos) return std::nullopt;
  const YamlNode* node = nullptr;
  if (const auto index = parse_number(rest.substr(1, end - 1));
      index && place.is(Kind::list) && *index < place.node->children.size())
    node = place.node->children[*index];
  return entry_of(place, cat(place.path, rest.substr(0, end + 1)), node);
}

void Completer::offer(const Child& child) {
  const Place& place = child.place;
  if (!place.path.starts_with(typed_)) return;
  if (child.is_new_entry) return offer_path(place);
  const Asked asked = child.asked != nullptr ? *child.asked : asked_of(place);
  const bool has_keys = !asked.keys.empty() || asked.names || place.is(Kind::map);
  const bool has_entries = asked.list || place.is(Kind::list);
  if (purpose_ == CompleteFor::remove) {
    if (place.node == nullptr) return;
    offer_path(place);
    if (place.node->children.empty()) return;
    if (place.is(Kind::map)) offer_path(place, ".");
    if (place.is(Kind::list)) offer_path(place, "[");
    return;
  }
  // A list of single values is set as a whole, too; of others that is no thing to type.
  bool is_value = (!has_keys && !has_entries) || !asked.words.empty() || asked.interface;
  if (has_entries && !is_value) {
    const Asked entry = asked_of(entry_of(place, {}, nullptr));
    is_value = entry.keys.empty() || entry.interface;
  }
  if (is_value) offer_path(place);
  if (has_keys) offer_path(place, ".");
  if (has_entries) offer_path(place, "[");
}

}  // namespace

namespace {

/// As somebody would type it, where it means the same with quotes and without.
std::string as_typed(const YamlNode& node) {
  const bool is_simple = std::all_of(node.text.begin(), node.text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '/' || c == '-';
  });
  if (node.kind == Kind::scalar) return is_simple ? node.text : flow_text(node);
  if (node.kind != Kind::list) return flow_text(node);
  std::string list;
  for (const YamlNode* child : node.children)
    list += cat(list.empty() ? "" : ", ", as_typed(*child));
  return cat('[', list, ']');
}

}  // namespace

std::vector<std::string> complete_path(std::string_view text, std::string_view typed,
                                       CompleteFor purpose) {
  return Completer{text, typed, purpose}.paths();
}

std::vector<std::string> complete_value(std::string_view text, std::string_view path,
                                        std::span<const std::string> interfaces) {
  Completer completer{text, path, CompleteFor::set};
  const auto place = completer.whole();
  if (!place) return {};
  const Asked asked = asked_of(*place);
  std::vector<std::string> values(asked.words.begin(), asked.words.end());
  if (asked.interface) values.insert(values.end(), interfaces.begin(), interfaces.end());
  const bool is_there = place->node != nullptr && !place->is(Kind::null) && !place->steps.empty();
  if (!is_there || place->node->children.size() > kMostSiblings) return values;
  std::string now = as_typed(*place->node);
  const bool is_plain = now.size() <= kMostValueBytes &&
                        std::none_of(now.begin(), now.end(),
                                     [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  if (is_plain && std::find(values.begin(), values.end(), place->node->text) == values.end())
    values.push_back(std::move(now));
  return values;
}

}  // namespace weir::config
