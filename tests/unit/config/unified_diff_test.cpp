#include "config/unified_diff.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace weir::config {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    const std::size_t next = end == std::string::npos ? text.size() : end + 1;
    lines.push_back(text.substr(at, next - at));
    at = next;
  }
  return lines;
}

/// What patch(1) does, with every line of context and every count checked.
std::string patched(const std::string& before, const std::string& diff) {
  const auto old_lines = lines_of(before), script = lines_of(diff);
  std::string after;
  std::size_t at = 0;
  for (std::size_t i = 2; i < script.size();) {
    std::size_t from = 0, removed = 0, to = 0, added = 0;
    if (std::sscanf(script[i].c_str(), "@@ -%zu,%zu +%zu,%zu @@", &from, &removed, &to, &added) !=
        4)
      return "no hunk: " + script[i];
    const std::size_t start = removed == 0 ? from : from - 1;
    while (at < start) after += old_lines.at(at++);
    EXPECT_EQ(lines_of(after).size(), added == 0 ? to : to - 1) << script[i];
    for (++i; i < script.size() && !script[i].starts_with("@@"); ++i) {
      std::string line = script[i].substr(1);
      if (i + 1 < script.size() && script[i + 1].starts_with('\\')) line.pop_back();
      if (script[i][0] == '\\') continue;
      if (script[i][0] != '+') {
        EXPECT_EQ(old_lines.at(at), line);
        ++at;
        --removed;
      }
      if (script[i][0] != '-') {
        after += line;
        --added;
      }
    }
    EXPECT_EQ(removed, 0u);
    EXPECT_EQ(added, 0u);
  }
  while (at < old_lines.size()) after += old_lines[at++];
  return after;
}

TEST(UnifiedDiff, OneLine) {
  EXPECT_EQ(unified_diff("a\nb\nc\nd\ne\nf\ng\nh\ni\n", "a\nb\nc\nd\nE\nf\ng\nh\ni\n", "x.yaml"),
            "--- x.yaml\n+++ x.yaml\n@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n");
}

TEST(UnifiedDiff, Ends) {
  EXPECT_EQ(unified_diff("a\n", "a\n", "x"), "");
  EXPECT_EQ(unified_diff("", "a\n", "x"), "--- x\n+++ x\n@@ -0,0 +1,1 @@\n+a\n");
  EXPECT_EQ(unified_diff("a\n", "", "x"), "--- x\n+++ x\n@@ -1,1 +0,0 @@\n-a\n");
  EXPECT_EQ(unified_diff("a\nb", "a\nc", "x"),
            "--- x\n+++ x\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+c\n"
            "\\ No newline at end of file\n");
}

TEST(UnifiedDiff, RandomEditsComeOutAgain) {
  std::mt19937 random{1};
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::string> lines;
    for (auto n = random() % 40; n > 0; --n)
      lines.push_back(std::string(1, static_cast<char>('a' + random() % 6)) + '\n');
    const auto text = [&] {
      std::string all;
      for (const auto& line : lines) all += line;
      if (random() % 4 == 0 && !all.empty()) all.pop_back();
      return all;
    };
    const std::string before = text();
    for (auto n = random() % 4; n > 0; --n) {
      const auto at = static_cast<std::ptrdiff_t>(lines.empty() ? 0 : random() % lines.size());
      if (lines.empty() || random() % 3 == 0) {
        lines.insert(lines.begin() + at, "new\n");
      } else if (random() % 2 == 0) {
        lines.erase(lines.begin() + at);
      } else {
        lines[static_cast<std::size_t>(at)] = "other\n";
      }
    }
    const std::string after = text();
    const std::string diff = unified_diff(before, after, "x");
    ASSERT_EQ(patched(before, diff), after) << diff;
    ASSERT_EQ(diff.empty(), before == after);
  }
}

TEST(UnifiedDiff, FarApart) {
  std::string before, after;
  for (int i = 0; i < 1000; ++i) {
    before += std::to_string(i) + '\n';
    if (i < 300 || i > 600) after += (i == 100 ? "x" : std::to_string(i)) + '\n';
  }
  EXPECT_EQ(patched(before, unified_diff(before, after, "x")), after);
}

}  // namespace
}  // namespace weir::config
