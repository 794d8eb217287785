#include "controlplane/neighbor_timers.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace weir::control {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

TEST(TimerWheel, FiresAtItsTimeAndNotBefore) {
  for (const Duration delay : {0ms, 1ms, 63ms, 64ms, 65ms, 4095ms, 4096ms, 3600000ms, 14400000ms}) {
    TimerWheel wheel{4, 5s};
    wheel.set(2, 5s + delay);
    if (delay > 0ms) {
      EXPECT_EQ(wheel.pop(5s + delay - 1ns), std::nullopt) << delay.count();
    }
    ASSERT_TRUE(wheel.next());
    EXPECT_LE(*wheel.next(), 5s + delay);
    EXPECT_EQ(wheel.pop(5s + delay), 2u) << delay.count();
    EXPECT_EQ(wheel.next(), std::nullopt);
    EXPECT_FALSE(wheel.is_set(2));
  }
}

TEST(TimerWheel, PastDeadlinesFireAtOnce) {
  TimerWheel wheel{4, 0s};
  EXPECT_EQ(wheel.pop(100s), std::nullopt);
  wheel.set(1, 3s);
  EXPECT_EQ(wheel.pop(100s), 1u);
}

TEST(TimerWheel, VeryFarDeadlinesAreClamped) {
  TimerWheel wheel{1, 0s};
  wheel.set(0, Duration::max());
  EXPECT_EQ(wheel.pop(24h * 300), std::nullopt);
  EXPECT_TRUE(wheel.is_set(0));
  EXPECT_EQ(wheel.pop(24h * 365 * 3), 0u);
}

// Against a map from ids to milliseconds.
TEST(TimerWheel, AgreesWithAMap) {
  std::mt19937_64 random{7};
  for (const std::int64_t range : {100, 5000, 300000, 50000000}) {
    TimerWheel wheel{200, 0s};
    std::map<TimerWheel::Id, std::int64_t> model;
    std::int64_t now = 0;
    const auto pick = [&](std::int64_t below) {
      return std::uniform_int_distribution<std::int64_t>{0, below - 1}(random);
    };
    for (int i = 0; i < 20000; ++i) {
      const auto id = static_cast<TimerWheel::Id>(pick(200));
      switch (pick(4)) {
        case 0:
        case 1: {
          const std::int64_t at = now + pick(range);
          wheel.set(id, milliseconds{at});
          model[id] = at;
          break;
        }
        case 2:
          wheel.cancel(id);
          model.erase(id);
          break;
        default: {
          now += pick(range / 20 + 2);
          std::int64_t last = 0;
          while (const auto fired = wheel.pop(milliseconds{now})) {
            ASSERT_TRUE(model.contains(*fired));
            ASSERT_LE(model[*fired], now);
            ASSERT_GE(model[*fired], last);
            last = model[*fired];
            model.erase(*fired);
          }
          for (const auto& [left, at] : model) ASSERT_GT(at, now) << left;
        }
      }
      ASSERT_EQ(wheel.next().has_value(), !model.empty());
      for (const auto& [left, at] : model) ASSERT_LE(*wheel.next(), milliseconds{at});
    }
  }
}

}  // namespace
}  // namespace weir::control
