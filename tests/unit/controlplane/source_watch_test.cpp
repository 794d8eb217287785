#include "controlplane/source_watch.hpp"

#include <gtest/gtest.h>

namespace weir::control::test {
namespace {

using namespace std::chrono_literals;

MacAddress mac(std::uint8_t i) { return {{2, 0, 0, 0, 0, i}}; }

TEST(SourceWatch, RatesAreOfTheLastInterval) {
  SourceWatch watch;
  EXPECT_TRUE(watch.due(10s));
  watch.sample(10s, {{3, mac(1), 7, 1000}, {3, mac(2), 8, 50}});
  EXPECT_FALSE(watch.due(10'999ms));
  EXPECT_TRUE(watch.due(11s));
  watch.sample(12s, {{3, mac(1), 7, 1400}, {3, mac(2), 8, 50}, {4, mac(3), 9, 10}});
  ASSERT_EQ(watch.top(3).size(), 1u);
  EXPECT_EQ(watch.top(3)[0].mac, mac(1));
  EXPECT_EQ(watch.top(3)[0].ip, 7u);
  EXPECT_DOUBLE_EQ(watch.top(3)[0].rate, 200);
  EXPECT_DOUBLE_EQ(watch.top(4)[0].rate, 5);
  watch.sample(13s, {{3, mac(1), 7, 20}});
  EXPECT_DOUBLE_EQ(watch.top(3)[0].rate, 20) << "forgotten, and back";
}

TEST(SourceWatch, WorkersCountTogether) {
  SourceWatch watch;
  watch.sample(10s, {{3, mac(1), 7, 100}, {3, mac(1), 7, 200}});
  watch.sample(11s, {{3, mac(1), 7, 150}, {3, mac(1), 7, 260}});
  EXPECT_DOUBLE_EQ(watch.top(3)[0].rate, 110);
}

TEST(SourceWatch, MostFirstAndSixteen) {
  SourceWatch watch;
  std::vector<SourceCount> counts;
  for (std::uint8_t i = 1; i <= 40; ++i) counts.push_back({3, mac(i), i, i * 10u});
  watch.sample(1s, counts);
  const auto top = watch.top(3);
  ASSERT_EQ(top.size(), SourceWatch::kTop);
  for (std::size_t i = 0; i < top.size(); ++i)
    EXPECT_EQ(top[i].mac, mac(static_cast<std::uint8_t>(40 - i)));
}

TEST(SourceWatch, TellsOfAQuarantineOnce) {
  SourceWatch watch;
  EXPECT_TRUE(watch.sample(1s, {{3, mac(1), 7, 10}}).empty());
  const auto began = watch.sample(2s, {{3, mac(1), 7, 20, 60s}, {4, mac(2), 7, 0, 60s}});
  EXPECT_EQ(began.size(), 2u);
  EXPECT_TRUE(watch.sample(3s, {{3, mac(1), 7, 20, 59s}}).empty());
  EXPECT_EQ(watch.quarantined(3), 1u);
  EXPECT_EQ(watch.quarantined(4), 0u);
  EXPECT_EQ(watch.top(3).size(), 1u) << "silent, but shown";
  EXPECT_TRUE(watch.sample(63s, {{3, mac(1), 7, 20}}).empty());
  EXPECT_EQ(watch.quarantined(3), 0u);
  EXPECT_EQ(watch.sample(64s, {{3, mac(1), 7, 30, 120s}}).size(), 1u) << "again";
}

}  // namespace
}  // namespace weir::control::test
