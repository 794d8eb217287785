// What a storm sends and how it is judged: pure functions, no rig.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "controlplane/cli/storm/experiments.hpp"
#include "controlplane/cli/storm/frame_spec.hpp"
#include "controlplane/cli/storm/histogram.hpp"
#include "controlplane/cli/storm/outcome.hpp"
#include "controlplane/cli/storm/pacing.hpp"
#include "controlplane/cli/storm/result.hpp"

namespace weir::cli::storm {
namespace {

std::vector<std::vector<std::uint8_t>> frames_of(const std::vector<FrameSpec>& specs,
                                                 std::uint64_t seed, std::size_t count) {
  Generator generator({specs, plan::router_mac(Port::attacker)}, seed);
  std::vector<std::vector<std::uint8_t>> frames;
  Frame frame;
  for (std::size_t i = 0; i < count; ++i) {
    generator.next(frame);
    frames.emplace_back(frame.view().begin(), frame.view().end());
  }
  return frames;
}

std::vector<FrameSpec> mix_of(const char* name, Port port = Port::attacker,
                              std::uint32_t remembered = 0) {
  return find_experiment(name)->mix({port, 100, remembered});
}

std::uint32_t ones_sum(const std::uint8_t* header) {
  std::uint32_t sum = 0;
  for (int i = 0; i < 20; i += 2) sum += load16(header + i);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

TEST(StormFrames, TheSameSeedGivesTheSameFrames) {
  for (const Experiment& e : experiments()) {
    const auto mix = e.mix({e.port, 100, 0});
    if (mix.empty()) continue;
    EXPECT_EQ(frames_of(mix, 7, 500), frames_of(mix, 7, 500)) << e.name;
  }
  EXPECT_NE(frames_of(mix_of("e1"), 7, 50), frames_of(mix_of("e1"), 8, 50));
}

TEST(StormFrames, EveryFrameIsOneThatAWireCarries) {
  for (const Experiment& e : experiments())
    for (const auto& frame : frames_of(e.mix({e.port, 100, 0}), 3, 300)) {
      if (e.rate == 0) break;
      ASSERT_GE(frame.size(), kMinFrame) << e.name;
      ASSERT_LE(frame.size(), kMaxFrame) << e.name;
      const MacAddress source = MacAddress::load(frame.data() + 6);
      EXPECT_TRUE(source.is_station()) << e.name << ' ' << source.to_string();
      if (load16(frame.data() + 12) == 0x0800) {
        EXPECT_EQ(ones_sum(frame.data() + 14), 0xffffu) << e.name;
      }
    }
}

TEST(StormFrames, AttacksAreWhatTheyAreCalled) {
  Arp arp;
  for (const auto& frame : frames_of(mix_of("e1"), 1, 200)) {
    ASSERT_TRUE(read_arp(frame, arp));
    EXPECT_EQ(arp.operation, 1);
    EXPECT_NE(arp.target_ip, plan::router_ip(Port::attacker));
    EXPECT_EQ(arp.target_ip >> 16, plan::subnet(Port::attacker) >> 16);
  }
  std::set<std::uint32_t> senders;
  for (const auto& frame : frames_of(mix_of("e2"), 1, 2000)) {
    ASSERT_TRUE(read_arp(frame, arp));
    EXPECT_EQ(arp.target_ip, plan::router_ip(Port::attacker));
    EXPECT_EQ(arp.source, arp.sender_mac);
    EXPECT_EQ(arp.sender_ip >> 16, plan::subnet(Port::attacker) >> 16);
    senders.insert(arp.sender_ip);
  }
  EXPECT_GT(senders.size(), 1900u);
  for (const auto& frame : frames_of(mix_of("e3", Port::sink), 1, 200)) {
    ASSERT_TRUE(read_arp(frame, arp));
    EXPECT_EQ(arp.operation, 2);
    EXPECT_LT(arp.sender_ip - plan::host_ip(Port::sink, 0), 100u);
    EXPECT_NE(arp.sender_mac, plan::host_mac(arp.sender_ip)) << "claims what is true";
  }
  for (const auto& frame : frames_of(mix_of("e10"), 1, 20)) {
    ASSERT_TRUE(read_arp(frame, arp));
    EXPECT_EQ(arp.sender_ip, plan::router_ip(Port::attacker));
    EXPECT_NE(arp.sender_mac, plan::router_mac(Port::attacker));
  }
}

TEST(StormFrames, ForLinuxTheSendersAreFew) {
  std::set<std::uint32_t> senders;
  Arp arp;
  for (const auto& frame : frames_of(mix_of("e2", Port::attacker, 20), 1, 3000)) {
    ASSERT_TRUE(read_arp(frame, arp));
    senders.insert(arp.sender_ip);
  }
  EXPECT_EQ(senders.size(), 20u);
}

TEST(StormFrames, HalfExpireAndHalfAreFragments) {
  std::size_t expiring = 0, fragments = 0;
  for (const auto& frame : frames_of(mix_of("e11"), 1, 1000)) {
    expiring += frame[22] == 1 ? 1u : 0u;
    fragments += load16(frame.data() + 20) != 0 ? 1u : 0u;
  }
  EXPECT_EQ(expiring, 500u);
  EXPECT_EQ(fragments, 500u);
}

TEST(StormFrames, SharesOfAMix) {
  FrameSpec three, one;
  three.share = 3;
  one.kind = FrameKind::ethernet;
  std::size_t arps = 0;
  Arp arp;
  const auto frames = frames_of({three, one}, 1, 400);
  for (const auto& frame : frames) arps += read_arp(frame, arp) ? 1u : 0u;
  EXPECT_EQ(arps, 300u);
  Frame nothing;
  Generator empty({}, 1);
  empty.next(nothing);
  EXPECT_EQ(nothing.size, 0u);
}

TEST(StormFrames, RangesGoThroughEveryAddress) {
  std::mt19937_64 rng(1);
  const IpRange in_turn{100, 7, false}, random{100, 7, true};
  std::set<std::uint32_t> seen, drawn;
  for (std::uint64_t i = 0; i < 7; ++i) seen.insert(in_turn.pick(i, rng));
  for (std::uint64_t i = 0; i < 500; ++i) drawn.insert(random.pick(i, rng));
  EXPECT_EQ(seen, drawn);
  EXPECT_EQ(*seen.begin(), 100u);
  EXPECT_EQ(*seen.rbegin(), 106u);
  std::set<MacAddress> macs;
  for (std::uint64_t i = 0; i < 300; ++i) macs.insert(MacRange{{}, 256, false}.pick(i, rng));
  EXPECT_EQ(macs.size(), 256u);
}

TEST(StormPlan, NobodyHasAnothersAddress) {
  std::set<MacAddress> macs;
  std::size_t count = 0;
  for (const Port port : kPorts) {
    for (std::uint32_t i = 0; i < plan::kMaxHosts; i += 7, ++count)
      macs.insert(plan::host_mac(plan::host_ip(port, i)));
    macs.insert(plan::router_mac(port));
    macs.insert(plan::kernel_mac(port));
    count += 2;
  }
  EXPECT_EQ(macs.size(), count);
  EXPECT_EQ(plan::host_ip(Port::sink, plan::kMaxHosts - 1) & 0xffff, 0xfffeu);
}

TEST(StormPacing, RateOnAverageAndNeverMoreThanTheBurst) {
  for (const double rate : {7.0, 1000.0, 123'456.0}) {
    TokenBucket bucket(rate, 64, 5'000);
    std::uint64_t now = 5'000, sent = 0;
    EXPECT_EQ(bucket.take(now, 1000), 0u);
    for (int step = 0; step < 20'000; ++step) {
      now += 100'000;
      sent += bucket.take(now, 1000);
    }
    EXPECT_NEAR(static_cast<double>(sent), rate * 2, rate * 2 * 0.01 + 1) << rate;
    EXPECT_LE(bucket.take(now + 3'600'000'000'000, 1'000'000), 64u) << "caught up after an hour";
  }
}

TEST(StormPacing, TakesNoMoreThanAskedAndKeepsTheRest) {
  TokenBucket bucket(1000, 100, 0);
  EXPECT_EQ(bucket.take(50'000'000, 20), 20u);
  EXPECT_EQ(bucket.take(50'000'000, 100), 30u);
  EXPECT_EQ(bucket.take(40'000'000, 100), 0u);  // a clock that goes back gives nothing
}

TEST(StormHistogram, PercentilesAgainstSortedValues) {
  std::mt19937_64 rng(5);
  Histogram histogram;
  std::vector<double> values;
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t value = rng() >> (rng() % 60);
    histogram.add(value);
    values.push_back(static_cast<double>(value));
  }
  std::sort(values.begin(), values.end());
  for (const double share : {0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const double exact = percentile(values, share);
    const auto found = static_cast<double>(histogram.percentile(share));
    EXPECT_GE(found, exact * 0.999) << share;
    EXPECT_LE(found, exact * 1.04 + 1) << share;
  }
  EXPECT_EQ(Histogram().percentile(0.5), 0u);
  const auto points = histogram.cumulative();
  EXPECT_DOUBLE_EQ(points.back().share, 1.0);
}

TEST(StormPercentile, NearestRank) {
  const std::vector<double> values{1, 2, 3, 4};
  EXPECT_EQ(percentile(values, 0.5), 2);
  EXPECT_EQ(percentile(values, 0.51), 3);
  EXPECT_EQ(percentile(values, 0.99), 4);
  EXPECT_EQ(percentile(values, 0), 1);
  EXPECT_EQ(percentile({}, 0.5), 0);
}

Outcome calm() {
  Outcome o;
  for (Phase& phase : o.phases) phase = {.seconds = 5, .sent = 1000, .received = 1000};
  o.phases[1].new_hosts = o.phases[1].resolved = 50;
  o.phases[1].resolution_p99_ms = 0.5;
  return o;
}

TEST(StormVerdict, Loss) {
  using Kind = Verdict::Kind;
  Outcome o = calm();
  EXPECT_EQ(judge_loss(o).kind, Kind::met);
  o.phases[1].received = 999;
  EXPECT_EQ(judge_loss(o).kind, Kind::missed);
  EXPECT_NE(judge_loss(o).measured.find("1 of 1000 lost"), std::string::npos);
  Outcome noisy = o;
  noisy.phases[0].received = 998;
  EXPECT_EQ(judge_loss(noisy).kind, Kind::not_shown);
  Outcome starved = o;
  starved.phases[1].worker_waited = 0.4;
  EXPECT_EQ(judge_loss(starved).kind, Kind::not_shown);
  starved.router = RouterKind::linux;
  EXPECT_EQ(judge_loss(starved).kind, Kind::missed);
  Outcome saturated = o;
  saturated.same_port = true;
  saturated.phases[1].attack_sent_pps = 100;
  saturated.phases[1].attack_delivered_pps = 50;
  EXPECT_EQ(judge_loss(saturated).kind, Kind::not_shown);
  saturated.phases[1].attack_delivered_pps = 100;
  EXPECT_EQ(judge_loss(saturated).kind, Kind::missed);
  Outcome silent = o;
  silent.phases[1].sent = silent.phases[1].received = 0;
  EXPECT_EQ(judge_loss(silent).kind, Kind::not_shown);
}

TEST(StormVerdict, Resolution) {
  using Kind = Verdict::Kind;
  Outcome o = calm();
  EXPECT_EQ(judge_resolution(o, 1).kind, Kind::met);
  o.phases[1].resolution_p99_ms = 2;
  EXPECT_EQ(judge_resolution(o, 1).kind, Kind::missed);
  o.phases[0].resolution_p99_ms = 1.9;
  EXPECT_EQ(judge_resolution(o, 1).kind, Kind::not_shown);
  Outcome waited = calm();
  waited.phases[1].worker_waited = 0.5;
  waited.phases[1].resolution_p99_ms = 80;
  EXPECT_EQ(judge_resolution(waited, 50).kind, Kind::not_shown);
  waited.phases[1].control_waited = 0.7;
  EXPECT_NE(judge_resolution(waited, 50).why.find("control thread waited 70 %"), std::string::npos);
  waited.phases[1].resolution_p99_ms = 1001;
  EXPECT_EQ(judge_resolution(waited, 50).kind, Kind::missed) << "asked for again";
  waited.phases[1].resolution_p99_ms = 80;
  waited.phases[1].resolution_p50_ms = 60;
  EXPECT_EQ(judge_resolution(waited, 50).kind, Kind::missed) << "most are slow";
  o.phases[1].resolved = 49;
  EXPECT_EQ(judge_resolution(o, 1).kind, Kind::missed) << "one that never resolves is no noise";
  o.phases[1].new_hosts = 0;
  EXPECT_EQ(judge_resolution(o, 1).kind, Kind::not_shown);
}

TEST(StormVerdict, MostAndControlCpu) {
  using Kind = Verdict::Kind;
  EXPECT_EQ(judge_most("t", 10, 10, "").kind, Kind::met);
  EXPECT_EQ(judge_most("t", 10.1, 10, "").kind, Kind::missed);
  const Verdict none = judge_most("t", -1, 10, "", "because");
  EXPECT_EQ(none.kind, Kind::not_shown);
  EXPECT_EQ(none.why, "because");
  Outcome o = calm();
  o.phases[0].control_cpu = 0.05;
  o.phases[1].control_cpu = 0.06;
  EXPECT_EQ(judge_control_cpu(o).kind, Kind::met);
  o.phases[1].control_cpu = 0.2;
  EXPECT_EQ(judge_control_cpu(o).kind, Kind::missed);
}

TEST(StormExperiments, FourteenAndFoundByEitherName) {
  EXPECT_EQ(experiments().size(), 14u);
  for (std::size_t i = 0; i < experiments().size(); ++i) {
    const Experiment& e = experiments()[i];
    EXPECT_EQ(find_experiment(e.name), &e);
    EXPECT_EQ(find_experiment(fmt::format("e{}", i + 1)), &e);
    EXPECT_FALSE(e.judge(calm()).empty()) << e.name;
    EXPECT_LE(e.rate, kMaxRate);
  }
  EXPECT_EQ(find_experiment("e"), nullptr);
  EXPECT_EQ(find_experiment("e15"), nullptr);
}

}  // namespace
}  // namespace weir::cli::storm
