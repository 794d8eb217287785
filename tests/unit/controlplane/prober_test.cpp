// Probes while something changes: what is sent when, what counts as lost, and how long a gap was.
#include "controlplane/prober.hpp"

#include <gtest/gtest.h>

#include <set>
#include <utility>
#include <vector>

#include "ipv4_packets.hpp"

namespace weir::control::test {
namespace {

using namespace std::chrono_literals;

const Ipv4Address kRouter = ip("10.0.0.1");

/// A network that answers, or does not, after a while; time passes in steps of a millisecond.
struct ProberTest : testing::Test {
  void start(std::vector<ProbedTarget> targets, std::uint32_t rate = 200) {
    ASSERT_TRUE(prober.start(targets, {.before = 500ms, .after = 1s, .wait = 1s, .rate = rate}));
  }
  bool send(const Probe& probe) {
    sent.push_back(probe);
    if (!routed) return false;
    if (!deaf.contains(probe.destination))
      for (int i = 0; i < copies; ++i) on_the_way.push_back({clock.now() + delay, probe});
    return true;
  }
  void pass(Duration time) {
    for (const TimePoint end = clock.now() + time; clock.now() < end;) {
      clock.advance(1ms);
      deliver();
      prober.tick();
    }
  }
  void deliver() {
    std::vector<std::pair<TimePoint, Probe>> later;
    for (const auto& [when, probe] : std::exchange(on_the_way, {})) {
      if (when > clock.now())
        later.push_back({when, probe});
      else
        EXPECT_TRUE(prober.receive(reply(probe)));
    }
    on_the_way = std::move(later);
  }
  static Packet reply(const Probe& probe) {
    Packet packet =
        make_echo_request(kRouter, probe.destination, probe.identifier, probe.sequence, 56, 1);
    EXPECT_TRUE(make_echo_reply(packet, 2));
    return packet;
  }
  /// To the end, from where the change is done.
  ProbeResult finish() {
    for (int i = 0; i < 5000 && !prober.done(); ++i) pass(1ms);
    EXPECT_TRUE(prober.done());
    return prober.take();
  }
  /// The whole of it; `change` takes so long.
  ProbeResult run(Duration change) {
    pass(500ms);
    EXPECT_TRUE(prober.ready());
    prober.change_begins();
    pass(change);
    prober.change_done();
    return finish();
  }

  ManualClock clock;
  std::vector<Probe> sent;
  std::vector<std::pair<TimePoint, Probe>> on_the_way;
  std::set<Ipv4Address> deaf;
  Duration delay = 2ms;
  int copies = 1;
  bool routed = true;
  Prober prober{clock, [this](const Probe& probe) { return send(probe); }, 7};
};

const ProbedTarget kNear{.address = ip("10.0.0.5")}, kFar{.address = ip("10.0.1.9")};

TEST_F(ProberTest, WithoutLossNothingIsLostAndTheRateIsKept) {
  start({kNear, kFar});
  const ProbeResult result = run(100ms);
  ASSERT_EQ(result.targets.size(), 2u);
  EXPECT_EQ(result.interval, 5ms);
  EXPECT_EQ(result.change_took, 100ms);
  EXPECT_LE(result.longest_pause, 6ms);
  EXPECT_FALSE(result.cut_short);
  for (const ProbeCount& count : result.targets) {
    EXPECT_NEAR(count.sent, 1600 / 5, 3);
    EXPECT_EQ(count.answered, count.sent);
    EXPECT_EQ(count.lost, 0u);
    EXPECT_EQ(count.duplicates, 0u);
    EXPECT_EQ(count.worst_gap, 0ms);
    EXPECT_EQ(count.slowest, 2ms);
    EXPECT_TRUE(count.answered_before && count.answered_after);
    EXPECT_FALSE(count.lost_to_the_end);
  }
  EXPECT_FALSE(prober.is_running());
  EXPECT_FALSE(prober.receive(reply(sent.back()))) << "later it is not ours any more";
}

TEST_F(ProberTest, ALossInTheMiddleHasItsLengthAndItsGap) {
  start({kNear});
  pass(500ms);
  prober.change_begins();
  deaf = {kNear.address};
  pass(200ms);
  deaf = {};
  prober.change_done();
  const ProbeCount count = finish().targets[0];
  EXPECT_EQ(count.lost, 40u);
  EXPECT_EQ(count.longest_run, 40u);
  EXPECT_EQ(count.worst_gap, 205ms);  // from the last that was answered to the next
  EXPECT_EQ(count.lost_before, 0u);
  EXPECT_EQ(count.answered + count.lost, count.sent);
  EXPECT_FALSE(count.lost_to_the_end);
}

TEST_F(ProberTest, OfTwoGapsTheLongerCounts) {
  start({kNear});
  pass(500ms);
  prober.change_begins();
  for (const Duration gap : {50ms, 20ms}) {
    deaf = {kNear.address};
    pass(gap);
    deaf = {};
    pass(50ms);
  }
  prober.change_done();
  const ProbeCount count = finish().targets[0];
  EXPECT_EQ(count.lost, 14u);
  EXPECT_EQ(count.longest_run, 10u);
  EXPECT_EQ(count.worst_gap, 55ms);
}

TEST_F(ProberTest, WhatNeverComesBackIsLostToTheEnd) {
  start({kNear});
  pass(500ms);
  prober.change_begins();
  deaf = {kNear.address};
  prober.change_done();
  const TimePoint before = clock.now();
  const ProbeCount count = finish().targets[0];
  EXPECT_TRUE(count.lost_to_the_end);
  EXPECT_TRUE(count.answered_before);
  EXPECT_FALSE(count.answered_after);
  EXPECT_EQ(count.lost, 200u);
  EXPECT_NEAR(static_cast<double>(count.worst_gap.count()), 1e9, 6e6);
  EXPECT_NEAR(static_cast<double>((clock.now() - before).count()), 2e9, 5e6) << "it was waited for";
}

TEST_F(ProberTest, LateAnswersCountAsLongAsTheyAreWaitedFor) {
  start({kNear});
  delay = 900ms;
  pass(1500ms);
  prober.change_begins();
  prober.change_done();
  const ProbeCount count = finish().targets[0];
  EXPECT_EQ(count.lost, 0u);
  EXPECT_EQ(count.slowest, 900ms);
}

TEST_F(ProberTest, AnswersThatComeLaterStillAreLost) {
  start({kNear});
  pass(500ms);
  prober.change_begins();
  prober.change_done();
  pass(900ms);
  delay = 3s;
  const ProbeCount count = finish().targets[0];
  EXPECT_NEAR(count.lost, 20, 1);
  EXPECT_TRUE(count.lost_to_the_end);
}

TEST_F(ProberTest, AnAnswerThatComesTwiceCountsOnce) {
  start({kNear});
  copies = 2;
  const ProbeCount count = run(0ms).targets[0];
  EXPECT_EQ(count.answered, count.sent);
  EXPECT_EQ(count.duplicates, count.sent);
}

TEST_F(ProberTest, WhoIsSilentIsAskedSeldomAndLosesNothing) {
  deaf = {kNear.address};
  start({kNear, kFar});
  const ProbeResult result = run(100ms);
  const ProbeCount& silent = result.targets[0];
  EXPECT_LE(silent.sent, 17u);
  EXPECT_EQ(silent.answered, 0u);
  EXPECT_EQ(silent.lost, 0u);
  EXPECT_FALSE(silent.answered_before || silent.answered_after);
  EXPECT_EQ(result.targets[1].lost, 0u);
}

TEST_F(ProberTest, WhoAnswersOnlyAfterwardsHasLostNothingBefore) {
  deaf = {kNear.address};
  start({kNear});
  pass(500ms);
  prober.change_begins();
  prober.change_done();
  deaf = {};
  const ProbeCount count = finish().targets[0];
  EXPECT_FALSE(count.answered_before);
  EXPECT_TRUE(count.answered_after);
  EXPECT_EQ(count.lost, 0u);
  EXPECT_GT(count.answered, 170u) << "and is asked at the full rate from then on";
}

/// A probe may wait in the queue of a worker that is kept busy, and go the new way.
TEST_F(ProberTest, AnAnswerThatTheChangeMadePossibleSaysNothingOfBefore) {
  deaf = {kNear.address};
  start({kNear});
  pass(499ms);
  delay = 50ms;
  deaf = {};
  pass(2ms);
  delay = 2ms;
  ASSERT_FALSE(on_the_way.empty());
  prober.change_begins();
  prober.change_done();
  const ProbeCount count = finish().targets[0];
  EXPECT_FALSE(count.answered_before);
  EXPECT_TRUE(count.answered_after);
}

TEST_F(ProberTest, LossesOfBeforeAreToldApart) {
  start({kNear});
  pass(100ms);
  deaf = {kNear.address};
  pass(50ms);
  deaf = {};
  pass(350ms);
  prober.change_begins();
  prober.change_done();
  const ProbeCount count = finish().targets[0];
  EXPECT_EQ(count.lost, 10u);
  EXPECT_EQ(count.lost_before, 10u);
  EXPECT_NEAR(count.sent_before, 80, 1) << "those of the last 100 ms count as of the change";
}

TEST_F(ProberTest, WhatWasOnItsWayCountsAsOfTheChange) {
  start({kNear});
  pass(450ms);
  deaf = {kNear.address};
  pass(50ms);
  deaf = {};
  prober.change_begins();
  prober.change_done();
  const ProbeCount count = finish().targets[0];
  EXPECT_EQ(count.lost, 10u);
  EXPECT_EQ(count.lost_before, 0u);
}

TEST_F(ProberTest, WhoLeavesLosesNothingFromTheChangeOn) {
  start({{.address = kNear.address, .leaves = true}});
  pass(500ms);
  prober.change_begins();
  routed = false;
  prober.change_done();
  const TimePoint before = clock.now();
  const ProbeCount count = finish().targets[0];
  EXPECT_TRUE(count.answered_before);
  EXPECT_FALSE(count.answered_after);
  EXPECT_EQ(count.lost, 0u);
  EXPECT_EQ(count.unrouted, 0u);
  EXPECT_LE(clock.now() - before, 1100ms) << "and nobody waits for it";
}

TEST_F(ProberTest, WithoutARouteItIsLost) {
  start({kNear});
  pass(500ms);
  prober.change_begins();
  routed = false;
  pass(50ms);
  routed = true;
  prober.change_done();
  const ProbeCount count = finish().targets[0];
  EXPECT_EQ(count.lost, 10u);
  EXPECT_EQ(count.unrouted, 10u);
}

TEST_F(ProberTest, APauseOfTheSenderIsToldAndNotMadeUpFor) {
  start({kNear});
  pass(500ms);
  prober.change_begins();
  clock.advance(80ms);  // the control thread has other things to do
  const std::size_t before = sent.size();
  pass(1ms);
  EXPECT_LE(sent.size(), before + 1);
  prober.change_done();
  const ProbeResult result = finish();
  EXPECT_GE(result.longest_pause, 80ms);
  EXPECT_LE(result.longest_pause, 86ms);
  EXPECT_EQ(result.targets[0].lost, 0u);
}

TEST_F(ProberTest, ManyTargetsShareWhatIsSentInAll) {
  std::vector<ProbedTarget> targets;
  for (std::uint8_t i = 1; i <= Prober::kMaxTargets; ++i)
    targets.push_back({.address = Ipv4Address{10, 0, 0, i}});
  start(targets, 1000);
  pass(100ms);
  sent.clear();
  pass(1s);
  EXPECT_NEAR(static_cast<double>(sent.size()), Prober::kMostPerSecond,
              0.02 * Prober::kMostPerSecond);
  prober.take();
  targets.push_back(kFar);
  EXPECT_FALSE(prober.start(targets, {}));
  EXPECT_FALSE(prober.start({}, {}));
}

TEST_F(ProberTest, NoSequenceNumberIsThereTwice) {
  start({kNear}, 1000);
  pass(70s);
  EXPECT_EQ(sent.size(), Prober::kMostOfOne);
  std::set<std::uint16_t> numbers;
  for (const Probe& probe : sent) numbers.insert(probe.sequence);
  EXPECT_EQ(numbers.size(), sent.size());
  prober.change_begins();
  prober.change_done();
  EXPECT_TRUE(finish().cut_short);
}

TEST_F(ProberTest, AnswersOfOthersAreNotOurs) {
  start({kNear});
  pass(100ms);
  const Probe probe = sent.back();
  for (Probe other :
       {Probe{kFar.address, probe.identifier, probe.sequence},
        Probe{probe.destination, static_cast<std::uint16_t>(probe.identifier + 1), probe.sequence},
        Probe{probe.destination, probe.identifier, 0},
        Probe{probe.destination, probe.identifier, 60000}})
    EXPECT_FALSE(prober.receive(reply(other)));
  Packet damaged = reply(probe);
  damaged.back() ^= 1;
  EXPECT_FALSE(prober.receive(damaged));
  EXPECT_FALSE(prober.receive(Packet{}));
}

TEST_F(ProberTest, OneAtATime) {
  start({kNear});
  EXPECT_FALSE(prober.start({kFar}, {}));
  prober.change_done();  // out of turn: nothing
  EXPECT_FALSE(prober.ready());
  prober.take();
  EXPECT_TRUE(prober.start({kFar}, {}));
}

}  // namespace
}  // namespace weir::control::test
