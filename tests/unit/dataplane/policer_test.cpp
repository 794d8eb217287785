#include "dataplane/table/policer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>

namespace weir {
namespace {

constexpr double kTicksPerSecond = 2'000'000'000;

/// A bucket that is filled as time goes by and emptied a packet's worth at a time.
class Bucket {
 public:
  Bucket(std::uint64_t packet, std::uint64_t packets)
      : packet_(packet), size_(packet * packets), level_(size_) {}

  bool take(std::uint64_t now) {
    level_ = std::min(size_, level_ + (now - last_));
    last_ = now;
    if (level_ < packet_) return false;
    level_ -= packet_;
    return true;
  }

 private:
  std::uint64_t packet_, size_, level_;
  std::uint64_t last_ = 0;
};

TEST(Policer, IsATokenBucket) {
  std::mt19937_64 random(1);
  for (const std::uint64_t rate : {10u, 1'000u, 20'000u, 1'000'000u}) {
    for (const std::uint64_t burst : {1u, 2u, 10u, 512u}) {
      Policer policer(static_cast<double>(rate), static_cast<double>(burst), kTicksPerSecond);
      const auto interval = static_cast<std::uint64_t>(kTicksPerSecond) / rate;
      Bucket bucket(interval, burst);
      std::uint64_t now = random() % 1'000'000'000;
      unsigned accepted = 0, refused = 0;
      for (int i = 0; i < 50'000; ++i) {
        // Bursts, pauses, and the exact moments at which the next packet conforms.
        const auto choice = random() % 2000;
        if (choice == 0) {
          now += random() % (4 * interval * burst);
        } else if (choice < 200) {
          now += interval - choice % 2;
        } else if (choice < 1000) {
          now += random() % (2 * interval);
        }
        const bool conforms = policer.take(now);
        ASSERT_EQ(conforms, bucket.take(now)) << "rate " << rate << ", burst " << burst;
        ++(conforms ? accepted : refused);
      }
      EXPECT_GT(accepted, 1000u);
      EXPECT_GT(refused, 1000u);
    }
  }
}

TEST(Policer, LetsABurstThroughAndThenItsRate) {
  Policer policer(1'000, 128, kTicksPerSecond);
  unsigned taken = 0;
  for (int i = 0; i < 1'000; ++i) taken += policer.take(1'000'000'000);
  EXPECT_EQ(taken, 128u);
  // Ten seconds at ten times the rate.
  taken = 0;
  for (std::uint64_t i = 1; i <= 100'000; ++i) taken += policer.take(1'000'000'000 + i * 200'000);
  EXPECT_EQ(taken, 10'000u);
}

TEST(Policer, RefusedPacketsCostNothing) {
  Policer policer(1, 1, 1'000);
  EXPECT_TRUE(policer.take(0));
  for (std::uint64_t now = 1; now < 1'000; ++now) EXPECT_FALSE(policer.take(now));
  EXPECT_TRUE(policer.take(1'000));
}

TEST(Policer, ALongPauseSavesNoMoreThanABurst) {
  Policer policer(1'000, 4, kTicksPerSecond);
  unsigned taken = 0;
  for (int i = 0; i < 100; ++i) taken += policer.take(std::uint64_t{1} << 60);
  EXPECT_EQ(taken, 4u);
}

// One at a time against the bucket above.
TEST(PolicerState, TakesAsManyOfSeveralAsOneByOne) {
  std::mt19937_64 random(2);
  for (const std::uint64_t rate : {10u, 1'000u, 1'000'000u}) {
    for (const std::uint64_t burst : {1u, 2u, 64u, 500u}) {
      const PolicerRate limit(static_cast<double>(rate), static_cast<double>(burst),
                              kTicksPerSecond);
      const auto interval = static_cast<std::uint64_t>(kTicksPerSecond) / rate;
      PolicerState state;
      Bucket bucket(interval, burst);
      std::uint64_t now = 1'000'000'000;
      unsigned partly = 0;
      for (int i = 0; i < 5'000; ++i) {
        now += random() % (4 * interval) * (random() % 8);
        const auto wanted = static_cast<unsigned>(random() % 65);
        unsigned expected = 0;
        while (expected < wanted && bucket.take(now)) ++expected;
        const unsigned taken = state.take(limit, now, wanted);
        ASSERT_EQ(taken, expected) << "rate " << rate << ", burst " << burst;
        partly += taken > 0 && taken < wanted;
      }
      EXPECT_GT(partly, 100u);
    }
  }
}

TEST(PolicerState, WithoutALimitAllAndOfNothingNothing) {
  PolicerState state;
  EXPECT_EQ(state.take({}, 5, 1'000'000), 1'000'000u);
  EXPECT_EQ(state.take(PolicerRate(1, 1, 1'000), 5, 0), 0u);
  EXPECT_EQ(state.take(PolicerRate(1, 1, 1'000), 5, 3), 1u) << "asking for nothing cost something";
}

TEST(PolicerState, RefillsToTheBurstAndNoFurther) {
  const PolicerRate rate(1'000, 4, kTicksPerSecond);
  PolicerState state;
  EXPECT_EQ(state.take(rate, 1'000'000'000, 64), 4u);
  EXPECT_EQ(state.take(rate, 1'000'000'000, 64), 0u);
  EXPECT_EQ(state.take(rate, 1'004'000'000, 64), 2u);  // two intervals later
  EXPECT_EQ(state.take(rate, std::uint64_t{1} << 60, 64), 4u);
}

// Faster than the clock: still a limit, not none.
TEST(PolicerState, ARateBeyondTheClockIsOneATick) {
  const PolicerRate rate(1e9, 1, 1'000);
  PolicerState state;
  EXPECT_EQ(state.take(rate, 100, 64), 1u);
  EXPECT_EQ(state.take(rate, 101, 64), 1u);
}

TEST(Policer, WithoutARateThereIsNoLimit) {
  Policer policer;
  for (int i = 0; i < 1'000; ++i) EXPECT_TRUE(policer.take(5));
}

}  // namespace
}  // namespace weir
