#include "config/yaml_places.hpp"

#include <algorithm>
#include <array>

#include "config/refusal.hpp"
#include "config/text.hpp"

namespace weir::config {
namespace {

using Style = YamlPlace::Style;
using Kind = YamlNode::Kind;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_flow_sign(char c) { return c == ',' || c == '[' || c == ']' || c == '{' || c == '}'; }

class Walker {
 public:
  explicit Walker(std::string_view text) : text_(text) {}

  YamlPlace document(const YamlTree& tree);

 private:
  /// What surrounds a value.
  struct Around {
    bool flow = false;
    std::size_t column = kNowhere;  // of the block that it is in; none of the root
  };

  char at(std::size_t i) const { return i < text_.size() ? text_[i] : '\0'; }
  bool is_anchor(std::size_t i) const { return at(i) == '&'; }
  bool ends_word(std::size_t i) const { return i >= text_.size() || is_space(text_[i]); }
  std::size_t skip(std::size_t from) const { return skip_space(text_, from); }

  [[noreturn]] void refuse(std::size_t where, std::string_view what, std::string_view hint) const {
    throw Refusal{source_at(text_, where), std::string{what}, std::string{hint}};
  }
  [[noreturn]] void lost(std::size_t where) const {
    refuse(where, "this form of YAML cannot be edited in place",
           "write it in a plainer form, or edit the file by hand");
  }
  void check_carriage_returns() const;

  std::size_t word_end(std::size_t i) const {
    while (i < text_.size() && !is_space(text_[i]) && !is_flow_sign(text_[i])) ++i;
    return i;
  }
  bool stands_inside(std::size_t from, std::size_t i, const Around& around) const;
  std::size_t quoted_end(std::size_t i) const;
  std::size_t text_end(std::string_view content, std::size_t i) const;
  std::size_t scalar_end(const YamlNode& node, std::size_t i) const;
  std::size_t key_end(const YamlNode& key, std::size_t i) const;

  YamlPlace value(const YamlNode& node, std::size_t from, const Around& around) const;
  YamlPlace null_value(const YamlNode& node, std::size_t from, const Around& around) const;
  void block_list(YamlPlace& place) const;
  void block_map(YamlPlace& place) const;
  void flow(YamlPlace& place) const;
  YamlEntry flow_entry(const YamlNode& parent, std::size_t index, std::size_t from) const;

  std::string_view text_;
};

void Walker::check_carriage_returns() const {
  for (std::size_t i = text_.find('\r'); i != std::string_view::npos; i = text_.find('\r', i + 1)) {
    if (at(i + 1) != '\n') {
      refuse(i, "a carriage return without a line feed", "end lines with LF or CR LF");
    }
  }
}

/// Whether what is at `i` can be the value that began at `from`, which may be missing.
bool Walker::stands_inside(std::size_t from, std::size_t i, const Around& around) const {
  if (i >= text_.size()) return false;
  if (around.flow || text_.substr(from, i - from).find('\n') == std::string_view::npos) return true;
  return around.column == kNowhere || column_of(text_, i) > around.column;
}

std::size_t Walker::quoted_end(std::size_t i) const {
  const char quote = text_[i];
  for (++i; i < text_.size(); ++i) {
    if (quote == '"' && text_[i] == '\\') {
      ++i;
    } else if (text_[i] == quote) {
      if (quote == '"' || at(i + 1) != quote) return i + 1;
      ++i;
    }
  }
  lost(text_.size());
}

/// Behind the last visible character of `content`, which stands at `i`: lines may be folded and
/// indented, so blanks do not count.
std::size_t Walker::text_end(std::string_view content, std::size_t i) const {
  std::size_t end = i;
  for (const char c : content) {
    if (is_space(c)) continue;
    while (i < text_.size() && is_space(text_[i])) ++i;
    if (at(i) != c) lost(i);
    end = ++i;
  }
  return end;
}

std::size_t Walker::scalar_end(const YamlNode& node, std::size_t i) const {
  if (at(i) == '"' || at(i) == '\'') return quoted_end(i);
  if (!node.quoted) return text_end(node.text, i);
  if (at(i) != '|' && at(i) != '>') lost(std::min(i, text_.size()));
  std::size_t header = i + 1;
  while (std::string_view{"+-0123456789"}.find(at(header)) != std::string_view::npos &&
         header < text_.size()) {
    ++header;
  }
  const std::size_t line_end = std::min(text_.find('\n', header), text_.size());
  const std::size_t end = text_end(node.text, line_end);
  return end == line_end ? header : end;
}

std::size_t Walker::key_end(const YamlNode& key, std::size_t i) const {
  if (at(i) == '?' && ends_word(i + 1)) {
    refuse(i, "a key behind a question mark", "write KEY: VALUE");
  }
  while (is_anchor(i)) i = skip(word_end(i));
  return at(i) == '*' ? word_end(i) : scalar_end(key, i);
}

YamlPlace Walker::null_value(const YamlNode& node, std::size_t from, const Around& around) const {
  YamlPlace place{&node, Style::none, from, from, from, {}};
  std::size_t i = skip(from);
  if (!stands_inside(from, i, around)) return place;
  if (is_anchor(i)) {
    place = {&node, Style::scalar, i, word_end(i), word_end(i), {}};
    i = skip(place.end);
    if (!stands_inside(from, i, around)) return place;
  }
  constexpr std::array<std::string_view, 4> kWords{"~", "null", "Null", "NULL"};
  const std::size_t end = word_end(i);
  if (std::find(kWords.begin(), kWords.end(), text_.substr(i, end - i)) != kWords.end()) {
    if (place.style == Style::none) place.begin = i;
    place.style = Style::scalar;
    place.content = i;
    place.end = end;
  }
  return place;
}

YamlPlace Walker::value(const YamlNode& node, std::size_t from, const Around& around) const {
  const std::size_t begin = skip(from);
  if (at(begin) == '*' && stands_inside(from, begin, around)) {
    return {&node, Style::alias, begin, begin, word_end(begin), {}};
  }
  if (node.kind == Kind::null) return null_value(node, from, around);
  YamlPlace place{&node, Style::scalar, begin, begin, begin, {}};
  while (is_anchor(place.content)) {
    place.content = skip(word_end(place.content));
  }
  if (node.kind == Kind::scalar) {
    const char first = at(place.content);
    if (node.quoted && (first == '|' || first == '>')) place.style = Style::literal;
    place.end = scalar_end(node, place.content);
    return place;
  }
  const bool is_list = node.kind == Kind::list;
  if (at(place.content) == (is_list ? '[' : '{')) {
    flow(place);
    return place;
  }
  if (around.flow) refuse(place.content, "a map without braces in a list", "write {KEY: VALUE}");
  // An anchor in the line of the first key is the key's.
  const auto between = text_.substr(begin, place.content - begin);
  if (between.find('\n') == std::string_view::npos) place.content = begin;
  place.style = Style::block;
  is_list ? block_list(place) : block_map(place);
  return place;
}

void Walker::block_list(YamlPlace& place) const {
  const std::size_t column = column_of(text_, place.content);
  std::size_t i = place.content;
  for (const YamlNode* child : place.node->children) {
    i = skip(i);
    if (at(i) != '-' || !ends_word(i + 1) || column_of(text_, i) != column) lost(i);
    YamlEntry entry{i, i, i, kNowhere, value(*child, i + 1, {false, column})};
    i = entry.value.end;
    place.entries.push_back(std::move(entry));
  }
  place.end = i;
}

void Walker::block_map(YamlPlace& place) const {
  const std::size_t column = column_of(text_, place.content);
  const auto& children = place.node->children;
  std::size_t i = place.content;
  for (std::size_t child = 0; child + 1 < children.size(); child += 2) {
    i = skip(i);
    if (column_of(text_, i) != column) lost(i);
    YamlEntry entry{i, key_end(*children[child], i), kNowhere, kNowhere, {}};
    entry.sign = text_.find_first_not_of(" \t", entry.key_end);
    if (entry.sign == std::string_view::npos || at(entry.sign) != ':') lost(entry.key_end);
    entry.value = value(*children[child + 1], entry.sign + 1, {false, column});
    i = entry.value.end;
    place.entries.push_back(std::move(entry));
  }
  place.end = i;
}

YamlEntry Walker::flow_entry(const YamlNode& parent, std::size_t index, std::size_t from) const {
  const Around around{true, kNowhere};
  YamlEntry entry{from, from, kNowhere, kNowhere, {}};
  if (at(from) == '?' && ends_word(from + 1)) {
    refuse(from, "a key behind a question mark", "write KEY: VALUE");
  }
  if (parent.kind == Kind::list) {
    entry.value = value(*parent.children[index], from, around);
    return entry;
  }
  const YamlNode& child = *parent.children[2 * index + 1];
  entry.key_end = key_end(*parent.children[2 * index], from);
  const std::size_t colon = skip(entry.key_end);
  if (at(colon) == ':') {
    entry.sign = colon;
    entry.value = value(child, colon + 1, around);
  } else {
    entry.value = {&child, Style::none, entry.key_end, entry.key_end, entry.key_end, {}};
  }
  return entry;
}

void Walker::flow(YamlPlace& place) const {
  const YamlNode& node = *place.node;
  const bool is_list = node.kind == Kind::list;
  const std::size_t count = is_list ? node.children.size() : node.children.size() / 2;
  place.style = Style::flow;
  std::size_t i = place.content + 1;
  for (std::size_t index = 0; index < count; ++index) {
    YamlEntry entry = flow_entry(node, index, skip(i));
    i = skip(entry.value.end);
    if (at(i) == ',') entry.comma = i++;
    place.entries.push_back(std::move(entry));
  }
  i = skip(i);
  if (at(i) != (is_list ? ']' : '}')) lost(i);
  place.end = i + 1;
}

YamlPlace Walker::document(const YamlTree& tree) {
  check_carriage_returns();
  std::size_t i = skip(0);
  while (at(i) == '%' && column_of(text_, i) == 0) {
    i = skip(std::min(text_.find('\n', i), text_.size()));
  }
  if (text_.substr(i, 3) == "---" && ends_word(i + 3) && column_of(text_, i) == 0) i += 3;
  YamlPlace root;
  if (tree.root == nullptr) {
    root.begin = root.content = root.end = text_.size();
  } else {
    root = value(*tree.root, i, {});
  }
  i = skip(root.end);
  if (text_.substr(i, 3) == "..." && column_of(text_, i) == 0) i = skip(i + 3);
  if (i < text_.size()) lost(i);
  return root;
}

}  // namespace

std::size_t skip_space(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    if (is_space(text[at])) {
      ++at;
    } else if (text[at] == '#' && (at == 0 || is_space(text[at - 1]))) {
      at = std::min(text.find('\n', at), text.size());
    } else {
      break;
    }
  }
  return at;
}

std::size_t column_of(std::string_view text, std::size_t at) {
  const std::size_t before = text.substr(0, at).rfind('\n');
  return before == std::string_view::npos ? at : at - before - 1;
}

SourceRef source_at(std::string_view text, std::size_t at) {
  const std::string_view before = text.substr(0, at);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  return {static_cast<int>(lines) + 1, static_cast<int>(column_of(text, at)) + 1};
}

YamlPlace find_places(std::string_view text, const YamlTree& tree) {
  return Walker{text}.document(tree);
}

}  // namespace weir::config
