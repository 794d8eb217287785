#include "controlplane/storm_watch.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace weir::control::test {
namespace {

using namespace std::chrono_literals;

/// Two interfaces, one of them attacked.
class Watch {
 public:
  explicit Watch(Duration calm = 30s) : watch(2, calm, 0s) {}

  /// `packets` more are policed within `by`, of any class.
  std::vector<StormChange> pass(Duration by, std::uint64_t packets, bool besides = false) {
    now.monotonic += by;
    now.realtime += by.count();
    if (besides)
      counts[1].policed_besides += packets;
    else
      counts[1].policed[packets % kStormClasses] += packets;
    return watch.sample(now, counts);
  }
  bool on() const { return watch.state(1).on; }

  StormWatch watch;
  Instant now{0s, 1'700'000'000'000'000'000};
  std::array<StormCounts, 2> counts{};
};

TEST(StormWatch, BeginsWithTenPolicedPacketsInAnInterval) {
  for (const bool besides : {false, true}) {
    Watch w;
    EXPECT_FALSE(w.watch.due(99ms));
    EXPECT_TRUE(w.watch.due(100ms));
    for (unsigned i = 0; i < 20; ++i) EXPECT_TRUE(w.pass(100ms, 9, besides).empty());
    EXPECT_FALSE(w.on());
    const auto changes = w.pass(100ms, 10, besides);
    ASSERT_EQ(changes.size(), 1u);
    EXPECT_EQ(changes[0].interface, 1);
    EXPECT_TRUE(changes[0].on);
    EXPECT_EQ(changes[0].policed, 10u);
    EXPECT_TRUE(w.on());
    EXPECT_FALSE(w.watch.state(0).on);
    EXPECT_EQ(w.watch.state(1).since.realtime, w.now.realtime);
    EXPECT_EQ(w.watch.storms(), 1u);
  }
}

TEST(StormWatch, ALongerIntervalMustHaveShownMore) {
  Watch w;
  EXPECT_TRUE(w.pass(500ms, 49).empty());
  EXPECT_EQ(w.pass(500ms, 50).size(), 1u);
}

TEST(StormWatch, EndsWithoutAPolicedPacketForAWhile) {
  Watch w(5s);
  w.pass(100ms, 1000);
  for (unsigned i = 0; i < 49; ++i) EXPECT_TRUE(w.pass(100ms, 0).empty());
  EXPECT_TRUE(w.pass(100ms, 1).empty());  // a single one, and calm begins anew
  for (unsigned i = 0; i < 49; ++i) EXPECT_TRUE(w.pass(100ms, 0).empty());
  EXPECT_TRUE(w.on());
  const auto changes = w.pass(100ms, 0);
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_FALSE(changes[0].on);
  EXPECT_EQ(changes[0].lasted, 10s);
  EXPECT_FALSE(w.on());
  EXPECT_EQ(w.watch.state(1).storms, 1u);
  EXPECT_EQ(w.watch.storms(), 0u);
  w.pass(100ms, 10);
  EXPECT_EQ(w.watch.state(1).storms, 2u);
}

/// Against all samples there ever were.
TEST(StormWatch, RatesAreOfTheLastSecond) {
  std::mt19937 random(4);
  Watch w;
  EXPECT_EQ(w.watch.rates(1).passed[0], 0);
  std::deque<std::pair<TimePoint, StormCounts>> all{{0s, {}}};
  for (unsigned i = 0; i < 2000; ++i) {
    const Duration by{random() % 20 == 0 ? 700ms : 100ms + std::chrono::milliseconds{random() % 5}};
    for (std::size_t c = 0; c < kStormClasses; ++c) {
      w.counts[1].passed[c] += random() % 1000;
      w.counts[1].policed[c] += random() % 100;
    }
    w.pass(by, 0);
    all.push_back({w.now.monotonic, w.counts[1]});
    std::size_t then = all.size() - 1;
    while (then > 0 && w.now.monotonic - all[then].first < 1s) --then;
    const double seconds = std::chrono::duration<double>(w.now.monotonic - all[then].first).count();
    const StormRates rates = w.watch.rates(1);
    for (std::size_t c = 0; c < kStormClasses; ++c) {
      const auto rate = [&](auto field) {
        return static_cast<double>((w.counts[1].*field)[c] - (all[then].second.*field)[c]) /
               seconds;
      };
      ASSERT_DOUBLE_EQ(rates.passed[c], rate(&StormCounts::passed)) << i;
      ASSERT_DOUBLE_EQ(rates.policed[c], rate(&StormCounts::policed)) << i;
    }
  }
  EXPECT_EQ(w.watch.rates(0).passed[0], 0);
}

}  // namespace
}  // namespace weir::control::test
