// What counts of probes mean.
#include "controlplane/prove_report.hpp"

#include <gtest/gtest.h>

#include "ipv4_packets.hpp"

namespace weir::control::test {
namespace {

using namespace std::chrono_literals;
using What = ProbeTarget::What;

ProbeCount kept() {
  return {.sent = 300,
          .answered = 300,
          .sent_before = 80,
          .slowest = 2ms,
          .answered_before = true,
          .answered_after = true};
}
ProbeCount lossy(std::uint32_t lost, std::uint32_t before = 0) {
  ProbeCount count = kept();
  count.lost = lost;
  count.lost_before = before;
  count.answered -= lost;
  count.longest_run = lost;
  count.worst_gap = (lost + 1) * 5ms;
  return count;
}

ProveReport judge_one(const ProbeTarget& target, const ProbeCount& count, bool resolved = true) {
  return judge({.targets = {target}}, {.targets = {count}, .interval = 5ms}, {resolved});
}
const ProbeTarget kHost{.address = ip("10.0.1.2"), .what = What::neighbor};
const ProbeTarget kGateway{
    .address = ip("10.0.2.2"), .what = What::gateway_after, .gateway_after = true};

TEST(ProveReport, NothingLostIsProved) {
  const ProveReport report = judge_one(kHost, kept());
  EXPECT_TRUE(report.passed);
  EXPECT_EQ(report.targets[0].verdict, "kept");
  EXPECT_EQ(report.targets[0].worst_gap_ms, std::nullopt);
  EXPECT_EQ(report.targets[0].slowest_ms, 2);
  EXPECT_EQ(report.summary, "300 probes to 1 target, none lost.");
}

TEST(ProveReport, ALossIsSaidWithItsGap) {
  const ProveReport report = judge_one(kHost, lossy(40));
  EXPECT_FALSE(report.passed);
  EXPECT_EQ(report.targets[0].verdict, "lost");
  EXPECT_EQ(report.targets[0].worst_gap_ms, 205);
  EXPECT_EQ(report.summary, "300 probes to 1 target, 40 LOST: nothing from 10.0.1.2 for 205 ms.");
}

TEST(ProveReport, OneThatDoesNotComeBackIsSaidSo) {
  ProbeCount count = lossy(200);
  count.answered_after = false;
  count.lost_to_the_end = true;
  EXPECT_EQ(judge_one(kHost, count).summary,
            "300 probes to 1 target, 200 LOST: nothing from 10.0.1.2 for 1005 ms, and still "
            "nothing when the probing ended.");
}

TEST(ProveReport, WhatWasLossyBeforeIsNotPutDownToTheChange) {
  EXPECT_EQ(judge_one(kHost, lossy(20, 6)).targets[0].verdict, "lossy");
  EXPECT_TRUE(judge_one(kHost, lossy(20, 6)).passed);
  EXPECT_EQ(judge_one(kHost, lossy(6, 6)).targets[0].verdict, "lossy");
  EXPECT_EQ(judge_one(kHost, lossy(200, 1)).targets[0].verdict, "lost") << "but much more is";
}

TEST(ProveReport, WhoNeverAnsweredIsNoLoss) {
  const ProbeCount silent{.sent = 16};
  const ProveReport report = judge_one(kHost, silent);
  EXPECT_TRUE(report.passed);
  EXPECT_EQ(report.targets[0].verdict, "silent");
  EXPECT_NE(report.summary.find("No answer before, nor after: 10.0.1.2."), std::string::npos);
  EXPECT_EQ(judge_one(kGateway, silent).targets[0].verdict, "silent") << "it may answer no echo";
}

TEST(ProveReport, AGatewayWithoutAMacAddressIsUnreachable) {
  const ProveReport report = judge_one(kGateway, {.sent = 16}, false);
  EXPECT_FALSE(report.passed);
  EXPECT_EQ(report.targets[0].verdict, "unreachable");
  EXPECT_NE(report.summary.find("UNREACHABLE: 10.0.2.2"), std::string::npos);
  EXPECT_EQ(judge_one(kHost, {.sent = 16}, false).targets[0].verdict, "silent");
}

TEST(ProveReport, WhoAnswersOnlyNowIsNew) {
  ProbeCount count = kept();
  count.answered_before = false;
  EXPECT_EQ(judge_one(kGateway, count).targets[0].verdict, "new");
  EXPECT_TRUE(judge_one(kGateway, count).passed);
}

TEST(ProveReport, WhoWasTakenAwayIsGoneAsPlanned) {
  ProbeCount count = kept();
  count.answered_after = false;
  ProbeTarget target = kHost;
  target.leaves = true;
  const ProveReport report = judge_one(target, count);
  EXPECT_TRUE(report.passed);
  EXPECT_EQ(report.targets[0].verdict, "gone");
  EXPECT_NE(report.summary.find("Gone, as planned: 10.0.1.2."), std::string::npos);
}

TEST(ProveReport, OfManyTheWorstIsNamedAndAllAreAddedUp) {
  ProbeTarget other = kHost;
  other.address = ip("10.0.1.3");
  const ProveReport report =
      judge({.targets = {kHost, other}, .left_out = 9},
            {.targets = {lossy(3), lossy(5)}, .cut_short = true}, {true, true});
  EXPECT_EQ(report.sent(), 600u);
  EXPECT_EQ(report.lost(), 8u);
  EXPECT_EQ(report.answered(), 592u);
  EXPECT_EQ(report.summary,
            "600 probes to 2 targets, 8 LOST: nothing from 10.0.1.3 for 30 ms. Left out: 9 more. "
            "The most probes that may be were sent before the end.");
}

TEST(ProveReport, NobodyToProbe) {
  EXPECT_TRUE(nothing_proved().passed);
  EXPECT_FALSE(nothing_proved().hint.empty());
}

}  // namespace
}  // namespace weir::control::test
