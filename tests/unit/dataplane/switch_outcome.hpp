// What became of one frame, or of a burst, that came into the switch.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/dataplane/switch_lab.hpp"

namespace weir::test {

inline std::string text_of(const Sent& sent) {
  constexpr const char* kNames[] = {"a", "b", "c", "d", "e", "m"};
  std::string text = fmt::format("{}, {} bytes:", kNames[sent.interface - kA], sent.frame.size());
  for (std::size_t i = 0; i < std::min<std::size_t>(sent.frame.size(), 24); ++i)
    text += fmt::format("{}{:02x}", i == 6 || i >= 12 ? " " : "", sent.frame[i]);
  return text;
}

/// By cable and bytes: what goes to several has no order.
inline std::vector<Sent> sorted(std::vector<Sent> all) {
  std::sort(all.begin(), all.end(), [](const Sent& a, const Sent& b) {
    return std::pair(a.interface, a.frame) < std::pair(b.interface, b.frame);
  });
  return all;
}

inline void expect_sent(const std::string& name, std::vector<Sent> found,
                        std::vector<Sent> expected) {
  found = sorted(std::move(found));
  expected = sorted(std::move(expected));
  const auto list = [](const std::vector<Sent>& all) {
    std::string text;
    for (const Sent& each : all) text += "\n  " + text_of(each);
    return text;
  };
  const bool same = std::equal(found.begin(), found.end(), expected.begin(), expected.end(),
                               [](const Sent& a, const Sent& b) {
                                 return a.interface == b.interface && a.frame == b.frame;
                               });
  EXPECT_TRUE(same) << name << "; sent:" << list(found) << "\nexpected:" << list(expected);
}

/// "drop same-interface, punt bpdu", each once however many there were.
inline std::string take_endings() {
  std::string text;
  const auto say = [&](const std::string& what) { text += (text.empty() ? "" : ", ") + what; };
  for (const auto& [reason, count] : switch_lab().drops()) say("drop " + reason);
  for (const Punted& each : switch_lab().punted())
    say(fmt::format("punt {}", kPuntClassNames[static_cast<std::size_t>(each.meta.punt_class)]));
  return text;
}

/// One frame in; these frames out, and how it ended besides.
inline void expect_outcome(const std::string& name, const Sent& in, std::vector<Sent> expected,
                           const std::string& ends) {
  switch_lab().arrive(in.interface, in.frame);
  switch_lab().round();
  expect_sent(name, switch_lab().sent(), std::move(expected));
  EXPECT_EQ(take_endings(), ends) << name;
  EXPECT_EQ(switch_lab().imbalance(), "") << name;
}

}  // namespace weir::test
