// What the tests of the editor share: an edit's effect as lines.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "config/text.hpp"

namespace weir::config {

/// With their line ends, so that the lines make up the text.
inline std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return lines;
}

/// `-old` and `+new` lines of what differs, without the equal lines before and behind.
inline std::string changed_lines(std::string_view before, std::string_view after) {
  std::vector<std::string> old = lines_of(before);
  std::vector<std::string> now = lines_of(after);
  while (!old.empty() && !now.empty() && old.back() == now.back()) {
    old.pop_back();
    now.pop_back();
  }
  std::size_t same = 0;
  while (same < old.size() && same < now.size() && old[same] == now[same]) ++same;
  std::string text;
  for (std::size_t i = same; i < old.size(); ++i) text += cat('-', old[i]);
  for (std::size_t i = same; i < now.size(); ++i) text += cat('+', now[i]);
  return text;
}

}  // namespace weir::config
