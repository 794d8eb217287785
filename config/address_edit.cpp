#include "config/address_edit.hpp"

#include <algorithm>
#include <vector>

#include "config/parse.hpp"
#include "config/text.hpp"

namespace weir::config {
namespace {

constexpr std::string_view kBlanks = " \t";

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::size_t size = end == std::string_view::npos ? text.size() : end + 1;
    lines.emplace_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

/// Puts `after` where `before` stands; false when it does not stand there.
bool replace(std::string& line, const AddressChange& change) {
  const std::string before = change.before->to_string();
  auto at = static_cast<std::size_t>(std::max(change.source.column - 1, 0));
  if (at < line.size() && (line[at] == '"' || line[at] == '\'')) ++at;
  if (at >= line.size() || line.compare(at, before.size(), before) != 0) return false;
  line.replace(at, before.size(), change.after.to_string());
  return true;
}

bool is_blank_or_comment(const std::string& line) {
  const auto first = line.find_first_not_of(" \t\r\n");
  return first == std::string::npos || line[first] == '#';
}

/// Gives the interface that begins at line `index` its first address: inside its `{`, or as a line
/// of its own in front of its other keys.
bool insert(std::vector<std::string>& lines, std::size_t index, const AddressChange& change) {
  std::string& line = lines[index];
  const std::string addresses = cat("addresses: [", change.after.to_string(), ']');
  const auto colon =
      line.find(':', static_cast<std::size_t>(std::max(change.source.column - 1, 0)));
  if (colon == std::string::npos) return false;
  const auto value = line.find_first_not_of(kBlanks, colon + 1);
  if (value != std::string::npos && line[value] == '{') {
    const auto next = line.find_first_not_of(kBlanks, value + 1);
    const bool is_empty = next != std::string::npos && line[next] == '}';
    line.insert(value + 1, addresses + (is_empty ? "" : ", "));
    return true;
  }
  std::size_t child = index + 1;
  while (child < lines.size() && is_blank_or_comment(lines[child])) ++child;
  if (child == lines.size()) return false;
  const auto indent = lines[child].find_first_not_of(' ');
  if (indent == std::string::npos || indent <= line.find_first_not_of(' ')) return false;
  const std::string_view end = line.ends_with("\r\n") ? "\r\n" : "\n";
  line += cat(std::string(indent, ' '), addresses, end);  // a line behind it, in the same string
  return true;
}

}  // namespace

EditedText edit_addresses(std::string_view text, std::span<const AddressChange> changes,
                          const Config& wanted) {
  std::vector<std::string> lines = lines_of(text);
  // From behind, so that the columns of those in front on the same line stay true.
  std::vector<const AddressChange*> order;
  for (const AddressChange& change : changes) order.push_back(&change);
  std::sort(order.begin(), order.end(), [](const AddressChange* a, const AddressChange* b) {
    return std::pair{a->source.line, a->source.column} >
           std::pair{b->source.line, b->source.column};
  });
  EditedText result;
  const auto fail = [&](SourceRef where, std::string why) {
    result = {{}, std::move(why), where};
    return result;
  };
  for (const AddressChange* change : order) {
    const auto index = static_cast<std::size_t>(change->source.line) - 1;
    const bool is_there = change->source.line > 0 && index < lines.size();
    const bool is_done = is_there && (change->before ? replace(lines[index], *change)
                                                     : insert(lines, index, *change));
    if (!is_done)
      return fail(change->source, cat("the address of ", change->interface,
                                      " cannot be edited here: write it as plain text"));
  }
  for (const std::string& line : lines) result.text += line;
  const ParseResult again = parse_text(result.text, wanted.file);
  if (!again || *again.config != wanted)
    return fail(
        changes.empty() ? SourceRef{} : changes.front().source,
        "editing addresses here would change more than them: write anchors and aliases out");
  return result;
}

}  // namespace weir::config
