#include "config/unified_diff.hpp"

#include <algorithm>
#include <vector>

#include "config/text.hpp"

namespace weir::config {
namespace {

constexpr std::size_t kContext = 3, kLookAhead = 64;

using Lines = std::vector<std::string_view>;

/// Without their ends; a last line without one counts, too.
Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::size_t size = end == std::string_view::npos ? text.size() : end + 1;
    lines.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

/// Lines [before, before + removed) became [after, after + added).
struct LineChange {
  std::size_t before = 0, removed = 0, after = 0, added = 0;
};

/// The nearest place behind (a, b) from which the texts agree again.
LineChange next_change(const Lines& before, const Lines& after, std::size_t a, std::size_t b) {
  for (std::size_t distance = 1; distance <= 2 * kLookAhead; ++distance) {
    for (std::size_t skip = 0; skip <= distance; ++skip) {
      const std::size_t x = a + skip, y = b + (distance - skip);
      if (x > before.size() || y > after.size()) continue;
      const bool both_end = x == before.size() && y == after.size();
      if (both_end || (x < before.size() && y < after.size() && before[x] == after[y]))
        return {a, skip, b, distance - skip};
    }
  }
  return {a, before.size() - a, b, after.size() - b};
}

std::vector<LineChange> changes_of(const Lines& before, const Lines& after) {
  std::vector<LineChange> changes;
  std::size_t a = 0, b = 0;
  while (a < before.size() || b < after.size()) {
    if (a < before.size() && b < after.size() && before[a] == after[b]) {
      ++a;
      ++b;
      continue;
    }
    changes.push_back(next_change(before, after, a, b));
    a += changes.back().removed;
    b += changes.back().added;
  }
  return changes;
}

void add_line(std::string& text, char sign, std::string_view line) {
  text += sign;
  text += line;
  if (!line.ends_with('\n')) text += "\n\\ No newline at end of file\n";
}

std::string range(std::size_t first, std::size_t count) {
  // An empty range names the line in front of it.
  return cat(count == 0 ? first : first + 1, ',', count);
}

}  // namespace

std::string unified_diff(std::string_view before_text, std::string_view after_text,
                         const std::string& file) {
  const Lines before = lines_of(before_text), after = lines_of(after_text);
  const std::vector<LineChange> changes = changes_of(before, after);
  if (changes.empty()) return {};
  std::string text = cat("--- ", file, "\n+++ ", file, '\n');
  for (std::size_t i = 0; i < changes.size();) {
    std::size_t last = i;
    while (last + 1 < changes.size() &&
           changes[last + 1].before - (changes[last].before + changes[last].removed) <=
               2 * kContext)
      ++last;
    const std::size_t lead = std::min(kContext, changes[i].before);
    const std::size_t from = changes[i].before - lead, to_from = changes[i].after - lead;
    const std::size_t end = changes[last].before + changes[last].removed;
    const std::size_t trail = std::min(kContext, before.size() - end);
    const std::size_t to_end = changes[last].after + changes[last].added;
    text += cat("@@ -", range(from, end + trail - from), " +",
                range(to_from, to_end + trail - to_from), " @@\n");
    std::size_t at = from;
    for (; i <= last; ++i) {
      for (; at < changes[i].before; ++at) add_line(text, ' ', before[at]);
      for (std::size_t n = 0; n < changes[i].removed; ++n) add_line(text, '-', before[at++]);
      for (std::size_t n = 0; n < changes[i].added; ++n)
        add_line(text, '+', after[changes[i].after + n]);
    }
    for (std::size_t n = 0; n < trail; ++n) add_line(text, ' ', before[at++]);
  }
  return text;
}

}  // namespace weir::config
