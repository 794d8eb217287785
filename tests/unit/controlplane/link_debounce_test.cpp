#include "controlplane/link_debounce.hpp"

#include <gtest/gtest.h>

#include <string>

namespace weir::control::test {
namespace {

TEST(LinkDebounce, DownAtOnceUpAfterTwoLooks) {
  // What each look says, and what comes of it: U up, d down.
  const struct {
    std::string looks, states;
  } rows[] = {
      {"U", "U"},              // as it was at the start
      {"UUdUU", "UUddU"},      // a cable pulled and put back
      {"dUU", "ddU"},          // plugged in later
      {"dUdUdUU", "ddddddU"},  // and not quite
      {"UdUdUd", "Uddddd"},
  };
  for (const auto& row : rows) {
    LinkDebounce link;
    std::string states;
    for (const char look : row.looks) states += link.look({.up = look == 'U'}).up ? 'U' : 'd';
    EXPECT_EQ(states, row.states) << row.looks;
  }
}

TEST(LinkDebounce, TellsTheSpeedOfALinkThatIsUp) {
  LinkDebounce link;
  EXPECT_EQ(link.look({.up = true, .speed_mbps = 1000}).speed_mbps, 1000u);
  EXPECT_EQ(link.look({.up = true, .speed_mbps = 10000}).speed_mbps, 10000u);
  EXPECT_EQ(link.look({.up = false, .speed_mbps = 10000}).speed_mbps, 0u);
  EXPECT_EQ(link.look({.up = true, .speed_mbps = 10000}).speed_mbps, 0u);
}

}  // namespace
}  // namespace weir::control::test
