// What the budgets of the file are to a worker: a second of a storm, by class.
#include "controlplane/arp_policy.hpp"

#include <gtest/gtest.h>

namespace weir::control::test {
namespace {

constexpr double kTicks = 1e9;

/// What passes of a million packets in one second: the burst, then the rate.
unsigned storm(const PolicerRate& rate) {
  PolicerState state;
  unsigned taken = 0;
  for (std::uint64_t i = 0; i < 1'000'000; ++i)
    taken += state.take(rate, 1'000'000'000 + i * 1'000, 1);
  return taken;
}

TEST(ArpPolicy, DefaultsBoundEachClass) {
  const ArpPolicy policy = arp_policy({}, {}, kTicks);
  EXPECT_NEAR(storm(policy.answers), 20'000 + 256, 1);
  EXPECT_NEAR(storm(policy.replies), 20'000 + 256, 1);
  EXPECT_NEAR(storm(policy.known_requests), 20'000 + 256, 1);
  EXPECT_NEAR(storm(policy.unknown_requests), 2'000 + 128, 1);
  EXPECT_NEAR(storm(policy.binding_changes), 10 + 10, 1);
  EXPECT_NEAR(storm(policy.virtual_routers), 100 + 100, 1);
  EXPECT_NEAR(storm(policy.gleans_known), 2'000 + 512, 1);
  EXPECT_NEAR(storm(policy.gleans_unknown), 2'000 + 512, 1);
  EXPECT_NEAR(storm(policy.source), 15 + 30, 1);
  EXPECT_NEAR(storm(policy.glean_source), 10 + 50, 1);
  EXPECT_EQ(policy.quarantine_first, 60'000'000'000u);
  EXPECT_EQ(policy.quarantine_most, 300'000'000'000u);
  EXPECT_TRUE(policy.learns);
  EXPECT_FALSE(policy.proxy);
  EXPECT_FALSE(policy.rarp);
}

TEST(ArpPolicy, TakesWhatTheFileSays) {
  config::NeighborPolicy said;
  said.learn = config::Learning::strict;
  said.trusted = said.proxy_arp = said.rarp = true;
  said.unknown_requests = 50;  // less than the usual burst: no more than a second's at once
  said.per_source = {1, 5};
  const ArpPolicy policy = arp_policy(said, {}, kTicks);
  EXPECT_NEAR(storm(policy.unknown_requests), 100, 1);
  EXPECT_NEAR(storm(policy.binding_changes), 100, 1) << "trusted: as many as may teach";
  EXPECT_NEAR(storm(policy.source), 6, 1);
  EXPECT_FALSE(policy.learns);
  EXPECT_TRUE(policy.proxy);
  EXPECT_TRUE(policy.rarp);
}

}  // namespace
}  // namespace weir::control::test
