#include "config/edit_text.hpp"

#include <algorithm>

#include "config/text.hpp"
#include "config/yaml_write.hpp"

namespace weir::config {
namespace {

using Style = YamlPlace::Style;
using Kind = YamlNode::Kind;
using Edits = std::vector<TextEdit>;

constexpr std::size_t kStep = 2;  // where the file shows none

/// In characters, so that comments stay aligned.
std::ptrdiff_t width(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; });
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}
bool is_one_line(std::string_view text) { return text.find('\n') == std::string_view::npos; }

std::string inside_brackets(const YamlNode& one) {
  const std::string text = flow_text(one);
  return text.substr(1, text.size() - 2);
}

/// How the scalar at `place` is quoted now.
QuoteStyle quotes_of(std::string_view text, const YamlPlace& place) {
  if (place.style != Style::scalar || place.content >= text.size()) return QuoteStyle::as_needed;
  if (text[place.content] == '\'') return QuoteStyle::single;
  return text[place.content] == '"' ? QuoteStyle::twice : QuoteStyle::as_needed;
}

}  // namespace

std::string apply_edits(std::string_view text, std::vector<TextEdit> edits) {
  std::stable_sort(edits.begin(), edits.end(),
                   [](const TextEdit& a, const TextEdit& b) { return a.begin < b.begin; });
  std::string out;
  std::size_t at = 0;
  for (const TextEdit& edit : edits) {
    if (edit.begin > at) out += text.substr(at, edit.begin - at);
    out += edit.text;
    at = std::max(at, edit.end);
  }
  return out += text.substr(std::min(at, text.size()));
}

TextEditor::TextEditor(std::string_view text, const YamlPlace& root) : text_(text) {
  const std::size_t first = text.find('\n');
  if (first != std::string_view::npos && first > 0 && text[first - 1] == '\r') break_ = "\r\n";
  find_steps(root);
  if (step_ == 0) step_ = kStep;
  if (!dash_known_) dash_step_ = step_;
}

/// As the first map, and the first list, of lines inside a map of lines are indented.
void TextEditor::find_steps(const YamlPlace& place) {
  if (place.style != Style::block) return;
  const std::size_t column = column_of(text_, place.content);
  for (const YamlEntry& entry : place.entries) {
    if (step_ > 0 && dash_known_) return;
    const YamlPlace& value = entry.value;
    if (place.node->kind == Kind::map && value.style == Style::block) {
      const std::size_t inner = column_of(text_, value.content);
      if (value.node->kind == Kind::map && step_ == 0) step_ = inner - column;
      if (value.node->kind == Kind::list && !dash_known_) {
        dash_step_ = inner - column;
        dash_known_ = true;
      }
    }
    find_steps(value);
  }
}

std::size_t TextEditor::line_end(std::size_t at) const {
  const std::size_t end = text_.find('\n', at);
  if (end == std::string_view::npos) return text_.size();
  return end > at && text_[end - 1] == '\r' ? end - 1 : end;
}

std::size_t TextEditor::next_line(std::size_t at) const {
  const std::size_t end = text_.find('\n', at);
  return end == std::string_view::npos ? text_.size() : end + 1;
}

bool TextEditor::begins_line(std::size_t at) const {
  return is_blank(text_.substr(line_begin(at), at - line_begin(at)));
}

bool TextEditor::same_line(std::size_t a, std::size_t b) const {
  return line_begin(a) == line_begin(b);
}

std::size_t TextEditor::comment_column(std::size_t line) const {
  return text_.find_first_not_of(" \t", line) - line;
}

std::size_t TextEditor::skip_blanks(std::size_t at) const {
  return std::min(text_.find_first_not_of(" \t", at), text_.size() - 1);
}

bool TextEditor::is_comment_line(std::size_t line) const {
  const std::size_t at = text_.find_first_not_of(" \t", line);
  return at != std::string_view::npos && text_[at] == '#';
}

/// The first of the comment lines at `column` directly above `line`. Those at the file's begin are
/// the file's.
std::size_t TextEditor::comments_above(std::size_t line, std::size_t column) const {
  std::size_t first = line;
  while (first > 0) {
    const std::size_t above = line_begin(first - 1);
    if (!is_comment_line(above) || comment_column(above) != column) return first;
    first = above;
  }
  return line;
}

/// The last byte, of the line of `at` or of the comment lines directly below it that are indented
/// deeper than `column`, but not at `but`.
std::size_t TextEditor::comments_below(std::size_t at, std::size_t column, std::size_t but) const {
  std::size_t last = line_end(at);
  for (std::size_t line = next_line(at); line < text_.size(); line = next_line(line)) {
    if (!is_comment_line(line)) break;
    const std::size_t indent = comment_column(line);
    if (indent <= column || indent == but) break;
    last = line_end(line);
  }
  return last;
}

std::size_t TextEditor::tail_of(std::size_t at) const {
  const std::size_t end = line_end(at);
  std::size_t tail = end;
  for (std::size_t i = at; i < end; ++i) {
    if (text_[i] == '#' && i > 0 && (text_[i - 1] == ' ' || text_[i - 1] == '\t')) {
      tail = i;
      break;
    }
  }
  while (tail > at && (text_[tail - 1] == ' ' || text_[tail - 1] == '\t')) --tail;
  return tail;
}

/// What ends at `at` becomes wider by `growth`: takes it from the blanks before a comment there.
void TextEditor::realign(std::size_t at, std::ptrdiff_t growth, Edits& edits) const {
  if (at < text_.size() && text_[at] == ',') ++at;
  std::size_t comment = at;
  while (comment < text_.size() && text_[comment] == ' ') ++comment;
  if (comment == at || comment == text_.size() || text_[comment] != '#') return;
  const auto blanks = static_cast<std::ptrdiff_t>(comment - at);
  const auto wanted = static_cast<std::size_t>(std::max<std::ptrdiff_t>(1, blanks - growth));
  edits.push_back({at, comment, std::string(wanted, ' ')});
}

/// The same for edits within one line, in a [] or {} or of a whole value.
Edits TextEditor::realigned(const YamlSite& site, Edits edits) const {
  std::ptrdiff_t growth = 0;
  std::size_t at = site.place->end;
  for (const TextEdit& edit : edits) {
    const std::string_view old = text_.substr(edit.begin, edit.end - edit.begin);
    if (!is_one_line(old) || !is_one_line(edit.text) || !same_line(edit.begin, edits[0].begin)) {
      return edits;
    }
    growth += width(edit.text) - width(old);
    at = std::max(at, edit.end);
  }
  if (!same_line(edits[0].begin, at)) return edits;
  if (site.flow != nullptr && same_line(at, site.flow->end)) at = site.flow->end;
  while (at < text_.size() && (text_[at] == ']' || text_[at] == '}')) ++at;
  realign(at, growth, edits);
  return edits;
}

std::string TextEditor::new_line(std::size_t column) const {
  return cat(break_, std::string(column, ' '));
}

/// The one child of `one` as a block's entry at `column`.
std::string TextEditor::block_line(const YamlNode& one, std::size_t created,
                                   std::size_t column) const {
  if (one.kind == Kind::list) return cat("- ", flow_text(*one.children[0]));
  return cat(text_scalar(one.children[0]->text), ':',
             behind_sign(*one.children[1], created - 1, column));
}

/// A value behind the colon of a key at `column`.
std::string TextEditor::behind_sign(const YamlNode& node, std::size_t created,
                                    std::size_t column) const {
  const bool is_list = node.kind == Kind::list;
  if (created == 0 || (is_list && node.children[0]->kind != Kind::map)) {
    return cat(' ', flow_text(node));
  }
  const std::size_t inner = column + (is_list ? dash_step_ : step_);
  return new_line(inner) + block_line(node, created, inner);
}

Edits TextEditor::replace(const YamlSite& site, const YamlNode& node) const {
  const YamlPlace& place = *site.place;
  if (place.style == Style::block) return replace_block(site, node);
  const std::string value =
      node.kind == Kind::scalar ? scalar_text(node, quotes_of(text_, place)) : flow_text(node);
  if (place.style == Style::none) return write_behind_sign(site, value);
  if (is_one_line(text_.substr(place.begin, place.end - place.begin))) {
    return realigned(site, {{place.begin, place.end, value}});
  }
  // A comment behind the | or [ stays, if nothing but a comment comes behind it then.
  const std::size_t first = place.style == Style::flow ? place.content + 1 : place.content;
  const bool keeps = place.style == Style::literal ||
                     (place.style == Style::flow && text_[skip_blanks(first)] == '#' &&
                      tail_of(place.end) == place.end);
  const std::size_t tail = keeps ? tail_of(first) : line_end(first);
  return {{place.begin, place.end, cat(value, text_.substr(tail, line_end(first) - tail))}};
}

/// Where nothing is written yet.
Edits TextEditor::write_behind_sign(const YamlSite& site, const std::string& value) const {
  const YamlPlace& place = *site.place;
  Edits edits;
  if (site.entry->sign != kNowhere) {
    const std::size_t at = site.entry->sign + 1;
    edits.push_back({at, at, ' ' + value});
  } else {
    const bool in_map = site.parent->node->kind == Kind::map;
    edits.push_back({place.end, place.end, in_map ? ": " + value : value});
  }
  return realigned(site, std::move(edits));
}

Edits TextEditor::replace_block(const YamlSite& site, const YamlNode& node) const {
  const YamlPlace& place = *site.place;
  const std::size_t column = column_of(text_, place.content);
  const bool one_line = same_line(place.content, place.end);
  const std::size_t end = one_line ? place.end : line_end(place.end);
  if (node.kind == place.node->kind && !node.children.empty()) {
    std::string lines;
    const std::size_t each = node.kind == Kind::map ? 2 : 1;
    for (std::size_t i = 0; i < node.children.size(); i += each) {
      if (i > 0) lines += new_line(column);
      const std::string value = flow_text(*node.children[i + each - 1]);
      lines += each == 2 ? cat(text_scalar(node.children[i]->text), ": ", value) : "- " + value;
    }
    return {{place.content, end, lines}};
  }
  if (site.entry == nullptr || same_line(site.entry->sign, place.content)) {
    return realigned(site, {{place.begin, end, flow_text(node)}});
  }
  const std::size_t behind = site.entry->sign + 1;
  const std::size_t tail = tail_of(behind);
  const std::string value = cat(' ', flow_text(node));
  Edits edits{{behind, tail, value}};
  realign(tail, width(value) - static_cast<std::ptrdiff_t>(tail - behind), edits);
  edits.push_back({line_end(behind), line_end(place.end), {}});
  return edits;
}

Edits TextEditor::remove(const YamlSite& site, std::size_t index) const {
  if (site.place->style == Style::flow) {
    return realigned(site, remove_in_flow(*site.place, index));
  }
  if (begins_line(site.place->entries[index].begin)) return remove_lines(site, index);
  return remove_first_of_line(site);
}

/// An entry of a block that stands on lines of its own.
Edits TextEditor::remove_lines(const YamlSite& site, std::size_t index) const {
  const YamlPlace& place = *site.place;
  const YamlEntry& entry = place.entries[index];
  const std::size_t column = column_of(text_, entry.begin);
  std::size_t first = comments_above(line_begin(entry.begin), column);
  std::size_t last = next_line(comments_below(entry.value.end, column, kNowhere));
  const bool empties = place.entries.size() == 1;
  if (empties && site.entry == nullptr) {
    const std::string empty = place.node->kind == Kind::map ? "{}" : "[]";
    return {{first, line_end(comments_below(entry.value.end, column, kNowhere)), empty}};
  }
  if (last == text_.size() && first > 0 && text_.back() != '\n') {
    last = text_.size();  // the file goes on ending without a line feed
    first = line_end(line_begin(first - 1));
  }
  Edits edits{{first, last, {}}};
  if (empties) {
    const std::size_t tail = tail_of(site.entry->sign + 1);
    edits.push_back({tail, tail, place.node->kind == Kind::map ? " {}" : " []"});
    realign(tail, 3, edits);
  }
  return edits;
}

/// The first entry of a block that begins behind a dash.
Edits TextEditor::remove_first_of_line(const YamlSite& site) const {
  const YamlPlace& place = *site.place;
  const YamlEntry& entry = place.entries.front();
  const std::size_t column = column_of(text_, entry.begin);
  const std::size_t end = comments_below(entry.value.end, column, kNowhere);
  if (place.entries.size() == 1) {
    const std::string empty = place.node->kind == Kind::map ? "{}" : "[]";
    const bool one_line = same_line(place.begin, end);
    return realigned(site, {{place.begin, one_line ? place.end : end, empty}});
  }
  const std::size_t next = place.entries[1].begin;
  if (is_blank(text_.substr(end, next - end))) return {{entry.begin, next, {}}};
  std::size_t begin = entry.begin;
  while (text_[begin - 1] == ' ') --begin;
  return {{begin, end, {}}};
}

Edits TextEditor::remove_in_flow(const YamlPlace& place, std::size_t index) const {
  const YamlEntry& entry = place.entries[index];
  const std::size_t end = entry.comma == kNowhere ? entry.value.end : entry.comma + 1;
  const std::size_t tail = tail_of(end);
  const bool is_last = index + 1 == place.entries.size();
  const std::string_view all = text_.substr(place.content + 1, place.end - place.content - 2);
  if (place.entries.size() == 1 && all.find('#') == std::string_view::npos) {
    return {{place.content + 1, place.end - 1, {}}};
  }
  Edits edits;
  const YamlEntry* before = index > 0 ? &place.entries[index - 1] : nullptr;
  const bool own_lines = begins_line(entry.begin) && tail == end && line_end(end) < place.end - 1;
  if (is_last && before != nullptr && entry.comma == kNowhere) {
    const std::string_view between =
        text_.substr(before->comma + 1, entry.begin - before->comma - 1);
    if (!own_lines && is_one_line(between)) return {{before->comma, end, {}}};
    edits.push_back({before->comma, before->comma + 1, {}});
  }
  if (own_lines) {
    const std::size_t line = line_begin(entry.begin);
    edits.push_back({comments_above(line, entry.begin - line), next_line(end), {}});
    return edits;
  }
  const std::size_t next = is_last ? end : place.entries[index + 1].begin;
  const bool to_next = is_one_line(text_.substr(end, next - end));
  std::size_t begin = entry.begin;
  const bool keeps_blanks = (to_next && !is_last) || before == nullptr || begins_line(begin);
  while (!keeps_blanks && text_[begin - 1] == ' ') --begin;
  edits.push_back({begin, to_next ? next : end, {}});
  return edits;
}

Edits TextEditor::add(const YamlSite& site, const YamlNode& one, std::size_t created) const {
  const YamlPlace& place = *site.place;
  if (place.style == Style::block) return add_to_block(place, one, created);
  if (place.style == Style::flow && !place.entries.empty()) {
    return realigned(site, add_to_flow(place, one));
  }
  if (site.entry == nullptr) return add_to_root(place, one, created);
  return add_to_empty(site, one, created);
}

Edits TextEditor::add_to_block(const YamlPlace& place, const YamlNode& one,
                               std::size_t created) const {
  const std::size_t column = column_of(text_, place.content);
  const std::size_t at = comments_below(place.entries.back().value.end, column, kNowhere);
  return {{at, at, new_line(column) + block_line(one, created, column)}};
}

Edits TextEditor::add_to_flow(const YamlPlace& place, const YamlNode& one) const {
  const YamlEntry& last = place.entries.back();
  const std::string item = inside_brackets(one);
  const bool has_comma = last.comma != kNowhere;
  const std::size_t end = has_comma ? last.comma + 1 : last.value.end;
  const std::string comma = has_comma ? "," : "";
  if (!begins_line(last.begin)) {
    return {{end, end, cat(has_comma ? " " : ", ", item, comma)}};
  }
  const std::string line = cat(new_line(column_of(text_, last.begin)), item, comma);
  if (line_end(end) >= place.end) return {{end, end, cat(has_comma ? "" : ",", line)}};
  Edits edits;
  if (!has_comma) {
    edits.push_back({end, end, ","});
    realign(end, 1, edits);
  }
  edits.push_back({line_end(end), line_end(end), line});
  return edits;
}

/// Nothing, null, {} or [] behind a colon or dash.
Edits TextEditor::add_to_empty(const YamlSite& site, const YamlNode& one,
                               std::size_t created) const {
  const YamlPlace& place = *site.place;
  const std::size_t sign = site.entry->sign;
  const std::string_view inner =
      place.style == Style::flow ? text_.substr(place.content + 1, place.end - place.content - 2)
                                 : std::string_view{};
  const bool is_lines = one.kind == Kind::map || one.children[0]->kind == Kind::map;
  const bool can_be_lines = site.flow == nullptr && site.parent->node->kind == Kind::map &&
                            (place.style == Style::none || place.style == Style::flow) &&
                            same_line(sign, place.end) && is_blank(inner);
  if (!is_lines || !can_be_lines) {
    if (place.style != Style::flow) return replace(site, one);
    const bool keep = !is_blank(inner);  // a comment
    const std::size_t end = keep ? place.content + 1 : place.end - 1;
    return realigned(site, {{place.content + 1, end, inside_brackets(one)}});
  }
  Edits edits;
  const std::size_t column = column_of(text_, site.entry->begin);
  const std::size_t indent = column + (one.kind == Kind::list ? dash_step_ : step_);
  if (place.style == Style::flow) {
    edits.push_back({sign + 1, place.end, {}});
    realign(place.end, -static_cast<std::ptrdiff_t>(place.end - sign - 1), edits);
  }
  const std::size_t at = comments_below(place.end, column, indent);
  edits.push_back({at, at, behind_sign(one, created, column)});
  return edits;
}

/// An empty document, or {} as all of it.
Edits TextEditor::add_to_root(const YamlPlace& place, const YamlNode& one,
                              std::size_t created) const {
  const std::string line = block_line(one, created, 0);
  if (place.style != Style::none) return {{place.begin, place.end, line}};
  const std::size_t at = text_.size();
  const bool ended = text_.empty() || text_.back() == '\n';
  return {{at, at, cat(ended ? "" : break_, line, break_)}};
}

}  // namespace weir::config
