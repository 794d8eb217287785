// Learner: what stations are reported, and what happens at its bounds.
#include "dataplane/worker/learner.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "dataplane/worker/worker.hpp"

namespace weir::test {
namespace {

constexpr std::uint64_t kTicks = 1'000'000'000, kStart = 5 * kTicks;

LearnReport report(StationKey station, InterfaceId interface) {
  return {.key = station | StationKey{1} << 48, .interface = interface};
}

class LearnerTest : public testing::Test {
 protected:
  unsigned take_all() {
    std::vector<LearnReport> all(2 * Learner::kRing);
    return learner_.take(all.data(), 2 * Learner::kRing);
  }

  std::unique_ptr<Counters> counters_ = std::make_unique<Counters>();
  Learner learner_{*counters_, 77, kTicks};
};

TEST_F(LearnerTest, RepeatsItselfAfterAMillisecond) {
  for (std::uint64_t i = 0; i < 3'000; ++i) learner_.report(report(1, 7), kStart + i * 1'000);
  EXPECT_EQ(take_all(), 3u) << "3 ms of the same";
  learner_.report(report(1, 8), kStart + 2'999'000);
  EXPECT_EQ(take_all(), 1u) << "elsewhere is news at once";
  EXPECT_EQ(counters_->learn_reports.get(), 4u);
}

TEST_F(LearnerTest, EachInterfaceHasItsBudget) {
  for (StationKey i = 1; i <= 10'000; ++i) learner_.report(report(i, 7), kStart);
  learner_.report(report(1, 8), kStart);
  EXPECT_EQ(take_all(), Learner::kBurst + 1);
  EXPECT_EQ(counters_->learn_policed.get(), 10'000 - Learner::kBurst);
  for (StationKey i = 1; i <= 10'000; ++i)
    learner_.report(report(i, 7), kStart + kTicks / 1'000 * 10);
  EXPECT_EQ(take_all(), Learner::kRate / 100) << "of ten milliseconds";
}

// Refused for want of room, it is not taken for reported.
TEST_F(LearnerTest, AFullRingOnlyDelays) {
  constexpr unsigned kRoom = Learner::kRing - 1;
  for (StationKey i = 1; i <= kRoom; ++i)
    learner_.report(report(i, static_cast<InterfaceId>(i / 2'000)), kStart);
  learner_.report(report(1'000'000, 9), kStart);
  EXPECT_EQ(counters_->learn_queue_full.get(), 1u);
  EXPECT_EQ(counters_->learn_policed.get(), 0u);
  EXPECT_EQ(take_all(), kRoom);
  learner_.report(report(1'000'000, 9), kStart);
  LearnReport taken;
  ASSERT_EQ(learner_.take(&taken, 1), 1u);
  EXPECT_EQ(taken.key, report(1'000'000, 9).key);
  EXPECT_EQ(taken.interface, 9);
}

}  // namespace
}  // namespace weir::test
