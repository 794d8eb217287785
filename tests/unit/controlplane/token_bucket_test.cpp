#include "controlplane/token_bucket.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace weir::control {
namespace {

using namespace std::chrono_literals;

TEST(TokenBucket, BurstAtOnceThenItsRate) {
  TokenBucket bucket{10, 3};
  const TimePoint start = 5s;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(bucket.take(start));
  EXPECT_FALSE(bucket.take(start));
  EXPECT_FALSE(bucket.take(start + 99ms));
  EXPECT_TRUE(bucket.take(start + 100ms));
  EXPECT_FALSE(bucket.take(start + 199ms));
  EXPECT_TRUE(bucket.take(start + 200ms));
}

TEST(TokenBucket, RestFillsItAndNoMore) {
  TokenBucket bucket{10, 3};
  EXPECT_TRUE(bucket.take(TimePoint{0}, 3));
  EXPECT_FALSE(bucket.is_full(299ms));
  EXPECT_TRUE(bucket.is_full(300ms));
  EXPECT_TRUE(bucket.take(24h, 3));
  EXPECT_FALSE(bucket.take(24h));
}

TEST(TokenBucket, KeepsSomeForWhoComesLater) {
  TokenBucket bucket{10, 4};
  EXPECT_TRUE(bucket.take(1s, 1, 3));
  EXPECT_FALSE(bucket.take(1s, 1, 3));
  EXPECT_TRUE(bucket.take(1s, 1, 2));
  EXPECT_FALSE(bucket.take(1s, 5));
  EXPECT_TRUE(bucket.take(1s, 2));
}

TEST(TokenBucket, ChangeKeepsWhatItHolds) {
  TokenBucket bucket{10, 4};
  EXPECT_TRUE(bucket.take(1s, 3));
  bucket.change(1s, 1000, 100);  // one is left
  EXPECT_TRUE(bucket.has(1s));
  EXPECT_FALSE(bucket.has(1s, 2));
  EXPECT_TRUE(bucket.take(1s));
  EXPECT_FALSE(bucket.has(1s));
  EXPECT_TRUE(bucket.take(1s + 50ms, 50));
  EXPECT_TRUE(bucket.has(2s, 100));
  bucket.change(2s, 1, 3);  // as many as fit
  EXPECT_TRUE(bucket.take(2s, 3));
  for (TimePoint t = 2s; t < 3s; t += 1ms) bucket.change(t, 1, 3);  // no change at all
  EXPECT_FALSE(bucket.has(2s + 999ms));
  EXPECT_TRUE(bucket.has(3s));
  TokenBucket untouched;
  untouched.change(5s, 10, 7);
  EXPECT_TRUE(untouched.take(5s, 7));
  EXPECT_FALSE(untouched.take(5s));
}

TEST(TokenBucket, RefusalTakesNothing) {
  TokenBucket bucket{1, 1};
  EXPECT_TRUE(bucket.take(0s));
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(bucket.take(999ms));
  EXPECT_TRUE(bucket.take(1s));
}

/// A bucket that is filled step by step, in whole fractions of a token.
class NaiveBucket {
 public:
  NaiveBucket(std::int64_t cost, std::int64_t burst) : cost_(cost), level_(cost * burst) {
    most_ = level_;
  }
  bool take(std::int64_t now, std::int64_t tokens, std::int64_t keep) {
    level_ = std::min(most_, level_ + now - last_);
    last_ = now;
    if (level_ < cost_ * (tokens + keep)) return false;
    level_ -= cost_ * tokens;
    return true;
  }

 private:
  std::int64_t cost_, most_ = 0, level_, last_ = 0;
};

TEST(TokenBucket, AsOneFilledStepByStep) {
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    std::mt19937 random{seed};
    const auto pick = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
    const std::uint32_t rate = seed % 4 == 0 ? 1 + pick(3) : 1 + pick(100000), burst = 1 + pick(50);
    TokenBucket bucket{rate, burst};
    NaiveBucket naive{1000000000 / rate, burst};
    const std::int64_t cost = 1000000000 / rate;
    std::int64_t now = 0, taken = 0;
    for (int i = 0; i < 20000; ++i) {
      now += pick(3) != 0 ? 0 : pick(200) == 0 ? cost * pick(100) : cost * pick(400) / 100;
      const std::uint32_t tokens = 1 + pick(2), keep = pick(4) == 0 ? pick(burst) : 0;
      const bool got = bucket.take(TimePoint{now}, tokens, keep);
      ASSERT_EQ(got, naive.take(now, tokens, keep)) << seed << ' ' << i;
      if (got) taken += tokens;
      ASSERT_LE(taken * cost, now + cost * burst) << "more than the rate";
    }
  }
}

}  // namespace
}  // namespace weir::control
