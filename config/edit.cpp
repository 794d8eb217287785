#include "config/edit.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config/edit_path.hpp"
#include "config/edit_text.hpp"
#include "config/edit_tree.hpp"
#include "config/finding.hpp"
#include "config/refusal.hpp"
#include "config/text.hpp"
#include "config/yaml_places.hpp"
#include "config/yaml_tree.hpp"
#include "config/yaml_write.hpp"

namespace weir::config {
namespace {

using Style = YamlPlace::Style;
using Kind = YamlNode::Kind;
using Indexes = std::vector<std::size_t>;

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
/// Single changes that one `set` of a list or map is made of at most; each parses the text again.
constexpr int kMostChanges = 64;
constexpr int kMostChangesOfLargeText = 8;
constexpr std::size_t kLargeText = 256 << 10;

YamlTree parse_or_refuse(std::string_view text) {
  Findings findings;
  auto tree = parse_yaml(text, {}, findings);
  if (tree && findings.ok()) return std::move(*tree);
  const Finding& first = findings.list().front();
  throw Refusal{{first.line, first.column}, first.message, first.hint};
}

/// A text without byte order mark, what it means and where that stands.
class Document {
 public:
  explicit Document(std::string text)
      : text_(std::move(text)), tree_(parse_or_refuse(text_)), places_(find_places(text_, tree_)) {
    if (tree_.root == nullptr) tree_.root = &tree_.nodes.emplace_back();
    find_aliases(places_);
  }
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  const std::string& text() const { return text_; }
  const YamlNode& root() const { return *tree_.root; }
  const YamlNode& node(const Indexes& indexes) const {
    const YamlNode* node = tree_.root;
    for (const std::size_t index : indexes) node = &entry_value(*node, index);
    return *node;
  }
  /// The place of a value. Refuses ways through aliases and anchored values that others use.
  YamlSite site(const Indexes& indexes) const;
  /// Refuses if what is added to or taken from `place` shows elsewhere too.
  void check_own(const YamlPlace& place) const;
  /// Refuses if anything that stands at `place` is used elsewhere.
  void check_unshared(const YamlPlace& place) const { check_inside(place, place); }
  TextEditor editor() const { return {text_, places_}; }

 private:
  void find_aliases(const YamlPlace& place);
  void check_inside(const YamlPlace& place, const YamlPlace& all) const;
  [[noreturn]] void refuse_shared(const YamlPlace& place, std::size_t alias) const;

  std::string text_;
  YamlTree tree_;
  YamlPlace places_;
  std::unordered_map<const YamlNode*, std::vector<std::size_t>> aliases_;  // of a node: where
};

void Document::find_aliases(const YamlPlace& place) {
  if (place.style == Style::alias) aliases_[place.node].push_back(place.begin);
  for (const YamlEntry& entry : place.entries) find_aliases(entry.value);
}

void Document::refuse_shared(const YamlPlace& place, std::size_t alias) const {
  throw Refusal{source_at(text_, place.begin),
                cat("the alias in line ", source_at(text_, alias).line,
                    " repeats what is here: both would change"),
                "write the value out there first"};
}

void Document::check_inside(const YamlPlace& place, const YamlPlace& all) const {
  if (place.style != Style::alias) {
    if (const auto at = aliases_.find(place.node); at != aliases_.end()) {
      for (const std::size_t alias : at->second) {
        if (alias < all.begin || alias >= all.end) refuse_shared(place, alias);
      }
    }
  }
  for (const YamlEntry& entry : place.entries) check_inside(entry.value, all);
}

void Document::check_own(const YamlPlace& place) const {
  if (place.style == Style::alias) {
    throw Refusal{source_at(text_, place.begin),
                  cat("here is only the alias ", text_.substr(place.begin, place.end - place.begin),
                      " of what stands in line ", place.node->source.line, ": both would change"),
                  "write the value out here first"};
  }
  if (const auto at = aliases_.find(place.node); at != aliases_.end()) {
    refuse_shared(place, at->second.front());
  }
}

YamlSite Document::site(const Indexes& indexes) const {
  YamlSite site{&places_, nullptr, nullptr, nullptr};
  for (const std::size_t index : indexes) {
    const YamlPlace& place = *site.place;
    check_own(place);
    site = {&place.entries[index].value, &place.entries[index], &place,
            site.flow == nullptr && place.style == Style::flow ? &place : site.flow};
  }
  return site;
}

/// The edited text, if it means `expected`.
std::string checked(const Document& document, std::vector<TextEdit> edits, const YamlNode& expected,
                    const YamlNode* free_order = nullptr) {
  std::string text = apply_edits(document.text(), std::move(edits));
  Refusal problem{{}, "this cannot be changed without changing more", "edit the file by hand"};
  try {
    const YamlTree tree = parse_or_refuse(text);
    const YamlNode nothing;
    const YamlNode& root = tree.root == nullptr ? nothing : *tree.root;
    if (same_meaning(expected, root, free_order)) return text;
  } catch (const Refusal& refusal) {
    problem.message += cat(": ", refusal.message);
  }
  throw problem;
}

std::string replace(const Document& document, const Indexes& indexes, const YamlNode& value) {
  const YamlSite site = document.site(indexes);
  document.check_unshared(*site.place);
  TreeMaker maker;
  const YamlNode* expected = maker.replaced(document.root(), indexes, &value);
  return checked(document, document.editor().replace(site, value), *expected, &value);
}

std::string remove(const Document& document, const Indexes& parent, std::size_t index) {
  const YamlSite site = document.site(parent);
  document.check_own(*site.place);
  document.check_unshared(site.place->entries[index].value);
  TreeMaker maker;
  const YamlNode* rest = maker.without(document.node(parent), index);
  const YamlNode* expected = maker.replaced(document.root(), parent, rest);
  return checked(document, document.editor().remove(site, index), *expected);
}

std::string add(const Document& document, const Indexes& parent, const YamlNode& one,
                std::size_t created) {
  const YamlSite site = document.site(parent);
  TreeMaker maker;
  document.check_own(*site.place);
  const YamlNode* more = maker.with(document.node(parent), one);
  const YamlNode* expected = maker.replaced(document.root(), parent, more);
  return checked(document, document.editor().add(site, one, created), *expected);
}

/// Turns lists and maps into others by single changes, so that what stays keeps its comments.
class Changer {
 public:
  explicit Changer(std::size_t text_size)
      : left_(text_size > kLargeText ? kMostChangesOfLargeText : kMostChanges) {}

  /// `list`: the key above, by which entries have their identity.
  std::string change(std::string text, const Indexes& indexes, const YamlNode& value,
                     std::string_view list);

 private:
  struct Change {
    enum class Kind { none, replace, remove, add };
    Kind kind = Kind::none;
    std::size_t index = 0;  // in the old, of what is to be added in the new
    const YamlNode* value = nullptr;
    std::string_view list;
  };
  static bool worth_steps(const Document& document, const Indexes& indexes, const YamlNode& value);
  static Change next_of_list(const YamlNode& old, const YamlNode& wanted, std::string_view list);
  static Change next_of_map(const YamlNode& old, const YamlNode& wanted);

  int left_;
};

/// Whether a list or map replaces one that has lines of its own, or comments inside.
bool Changer::worth_steps(const Document& document, const Indexes& indexes, const YamlNode& value) {
  const YamlNode& old = document.node(indexes);
  if (old.kind != value.kind || old.children.empty() || value.children.empty()) return false;
  const YamlPlace& place = *document.site(indexes).place;
  const std::string_view text = document.text();
  return place.style == Style::block ||
         (place.style == Style::flow &&
          text.substr(place.begin, place.end - place.begin).find('\n') != std::string_view::npos);
}

Changer::Change Changer::next_of_list(const YamlNode& old, const YamlNode& wanted,
                                      std::string_view list) {
  const auto match = [&](const YamlNode& a, const YamlNode& b) {
    if (same_meaning(a, b, &a)) return true;
    return a.kind == Kind::map && b.kind == Kind::map && !identity_of(a, list).empty() &&
           identity_of(a, list) == identity_of(b, list);
  };
  const auto has = [&](const YamlNode& node, std::size_t from, const YamlNode& entry) {
    return std::any_of(node.children.begin() + static_cast<std::ptrdiff_t>(from),
                       node.children.end(), [&](const YamlNode* e) { return match(entry, *e); });
  };
  std::size_t i = 0;
  while (i < old.children.size() && i < wanted.children.size() &&
         same_meaning(*wanted.children[i], *old.children[i], wanted.children[i])) {
    ++i;
  }
  if (i == wanted.children.size()) return {Change::Kind::remove, i, nullptr, {}};
  const YamlNode& next = *wanted.children[i];
  if (i == old.children.size()) return {Change::Kind::add, i, &next, {}};
  if (match(*old.children[i], next)) return {Change::Kind::replace, i, &next, {}};
  if (has(wanted, i + 1, *old.children[i])) return {};
  if (has(old, i + 1, next)) return {Change::Kind::remove, i, nullptr, {}};
  return {Change::Kind::replace, i, &next, {}};
}

Changer::Change Changer::next_of_map(const YamlNode& old, const YamlNode& wanted) {
  for (std::size_t i = 0; i < entry_count(old); ++i) {
    const std::string_view key = old.children[2 * i]->text;
    const YamlNode* value = value_of(wanted, key);
    if (value != nullptr && !same_meaning(*value, entry_value(old, i), value)) {
      return {Change::Kind::replace, i, value, key};
    }
  }
  for (std::size_t i = 0; i < entry_count(wanted); ++i) {
    if (value_of(old, wanted.children[2 * i]->text) == nullptr) {
      return {Change::Kind::add, i, &entry_value(wanted, i), {}};
    }
  }
  for (std::size_t i = 0; i < entry_count(old); ++i) {
    if (value_of(wanted, old.children[2 * i]->text) == nullptr) {
      return {Change::Kind::remove, i, nullptr, {}};
    }
  }
  return {};
}

std::string Changer::change(std::string text, const Indexes& indexes, const YamlNode& value,
                            std::string_view list) {
  while (true) {
    const Document document{std::move(text)};
    const YamlNode& old = document.node(indexes);
    if (same_meaning(value, old, &value)) return document.text();
    Change next;
    if (worth_steps(document, indexes, value) && left_-- > 0) {
      next = value.kind == Kind::list ? next_of_list(old, value, list) : next_of_map(old, value);
    }
    TreeMaker maker;
    switch (next.kind) {
      case Change::Kind::none:
        return replace(document, indexes, value);
      case Change::Kind::remove:
        text = remove(document, indexes, next.index);
        break;
      case Change::Kind::replace: {
        Indexes inner = indexes;
        inner.push_back(next.index);
        text = change(document.text(), inner, *next.value, next.list);
        break;
      }
      case Change::Kind::add: {
        const YamlNode* one = value.kind == Kind::list
                                  ? maker.list({next.value})
                                  : maker.map({value.children[2 * next.index], next.value});
        text = add(document, indexes, *one, 1);
        break;
      }
    }
  }
}

/// `bridges.br0.interfaces[lan1].edge` of a plain lan1: {name: lan1, ...}; missing if it is not so.
const YamlNode* with_name(TreeMaker& maker, const FoundPath& found, const YamlNode& one) {
  const bool is_entry =
      found.nodes.size() > 1 && found.nodes[found.nodes.size() - 2]->kind == Kind::list;
  if (found.last().kind != Kind::scalar || !is_entry || found.list != "interfaces" ||
      one.kind != Kind::map || value_of(one, "name") != nullptr) {
    return nullptr;
  }
  return maker.with(*maker.map({maker.word("name"), &found.last()}), one);
}

std::string set(std::string text, const Path& path, const YamlNode& value) {
  const std::size_t size = text.size();
  const Document document{std::move(text)};
  const FoundPath found = find_path(document.root(), path);
  if (found.used == path.parts.size()) {
    return Changer{size}.change(document.text(), found.indexes, value, found.list);
  }
  TreeMaker maker;
  if (found.last().kind == Kind::scalar) {
    const auto missing = path.parts[found.used].kind == PathPart::Kind::key
                             ? maker.missing(found, path, &value)
                             : TreeMaker::Missing{maker.list({}), 0};
    const YamlNode* entry = with_name(maker, found, *missing.one);
    if (entry == nullptr) refuse_missing(found, path);
    return replace(document, found.indexes, *entry);
  }
  const auto missing = maker.missing(found, path, &value);
  return add(document, found.indexes, *missing.one, missing.levels);
}

/// `2001:db8::` is a key without value to YAML, but not to whom types it.
void take_words_as_text(std::string_view value, YamlTree& tree) {
  const bool is_word = value.find_first_of(" \t\r\n{\"'&!") == std::string_view::npos;
  if (!is_word || tree.root->kind != Kind::map) return;
  YamlNode& node = tree.nodes.emplace_back();
  node.kind = Kind::scalar;
  node.text = value;
  tree.root = &node;
}

YamlTree parse_value(std::string_view value) {
  try {
    YamlTree tree = parse_or_refuse(value);
    const bool blank = value.find_first_not_of(" \t\r\n") == std::string_view::npos;
    if (tree.root != nullptr && !blank) {
      take_words_as_text(value, tree);
      return tree;
    }
  } catch (const Refusal& refusal) {
    throw Refusal{{}, cat("the value: ", refusal.message), refusal.hint};
  }
  throw Refusal{{}, "the value: nothing in it", "'\"\"' is empty text; delete removes a key"};
}

template <typename Edit>
EditResult edited(std::string_view text, const Edit& edit) {
  const bool marked = text.substr(0, kByteOrderMark.size()) == kByteOrderMark;
  if (marked) text.remove_prefix(kByteOrderMark.size());
  try {
    std::string result = edit(std::string{text});
    if (marked) result.insert(0, kByteOrderMark);
    return {std::move(result), {}, {}, {}};
  } catch (const Refusal& refusal) {
    return {std::nullopt, refusal.where, refusal.message, refusal.hint};
  }
}

}  // namespace

std::string EditResult::message(const std::string& file) const {
  const std::string place = where.line == 0 ? file : cat(file, ':', where.line, ':', where.column);
  return cat(place, ": error: ", error, hint.empty() ? "" : cat(" (", hint, ')'));
}

EditResult set_value(std::string_view text, std::string_view path, std::string_view value) {
  return edited(text, [&](std::string old) {
    const Path parsed = parse_path(path);
    const YamlTree tree = parse_value(value);
    return set(std::move(old), parsed, *tree.root);
  });
}

EditResult delete_value(std::string_view text, std::string_view path) {
  return edited(text, [&](std::string old) {
    const Path parsed = parse_path(path);
    const Document document{std::move(old)};
    const FoundPath found = find_path(document.root(), parsed);
    if (found.used < parsed.parts.size()) refuse_missing(found, parsed);
    Indexes parent = found.indexes;
    parent.pop_back();
    return remove(document, parent, found.indexes.back());
  });
}

EditResult get_value(std::string_view text, std::string_view path) {
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) text.remove_prefix(3);
  return edited(text, [&](const std::string& old) {
    const Path parsed = parse_path(path);
    const YamlTree tree = parse_or_refuse(old);
    const YamlNode nothing;
    const FoundPath found = find_path(tree.root == nullptr ? nothing : *tree.root, parsed);
    if (found.used < parsed.parts.size()) refuse_missing(found, parsed);
    return flow_text(found.last());
  });
}

}  // namespace weir::config
