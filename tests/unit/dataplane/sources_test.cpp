#include "dataplane/worker/sources.hpp"

#include <gtest/gtest.h>

#include <map>

namespace weir::test {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

ArpPolicy policy() {
  ArpPolicy result;
  result.source = PolicerRate(15, 30, kSecond);
  result.glean_source = PolicerRate(10, 50, kSecond);
  result.quarantine_first = 60 * kSecond;
  result.quarantine_most = 300 * kSecond;
  return result;
}
MacAddress mac(unsigned i) {
  return {{2, 0, static_cast<std::uint8_t>(i >> 24), static_cast<std::uint8_t>(i >> 16),
           static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)}};
}

TEST(Sources, ASourceHasItsBudget) {
  Sources sources(1);
  unsigned passed = 0;
  for (unsigned i = 0; i < 40 * 10; ++i)  // ten seconds of 40 a second
    passed += sources.request(3, mac(1), 0, policy(), kSecond + i * kSecond / 40) ==
              Sources::Verdict::passed;
  EXPECT_NEAR(passed, 30 + 15 * 10, 2);
  EXPECT_EQ(sources.request(4, mac(1), 0, policy(), kSecond), Sources::Verdict::passed)
      << "another port";
  EXPECT_EQ(sources.request(3, mac(2), 0, policy(), kSecond), Sources::Verdict::passed)
      << "another source";
}

TEST(Sources, WhoAsksTenTimesAsOftenAsItMayIsQuarantined) {
  Sources sources(1);
  unsigned asked = 0;
  while (sources.request(3, mac(1), 0, policy(), kSecond + asked * kSecond / 150) !=
         Sources::Verdict::quarantined)
    ASSERT_LT(++asked, 600u) << "in four seconds";
}

TEST(Sources, WhoFindsNoPlaceIsNotTakenForTheLastOneThatDid) {
  Sources sources(1);
  for (unsigned i = 0; i < 4 * Sources::kSets * Sources::kWays; ++i)  // every set is full of them
    for (unsigned asked = 0; asked < 300 && sources.request(3, mac(i), 0, policy(), kSecond) !=
                                                Sources::Verdict::quarantined;
         ++asked)
      continue;
  const auto packets = [&] {
    std::uint64_t total = 0;
    sources.visit([&](const Sources::Seen& seen) { total += seen.packets; });
    return total;
  };
  sources.request(3, mac(0), 0, policy(), kSecond);
  const std::uint64_t before = packets();
  sources.glean(3, mac(1u << 30), 0, policy(), kSecond);
  sources.more(1000);
  EXPECT_EQ(packets(), before);
}

TEST(Sources, QuarantineIsLongerEachTime) {
  Sources sources(1);
  std::uint64_t now = kSecond;
  for (const unsigned seconds : {60u, 120u, 240u, 300u, 300u}) {
    unsigned tries = 0;
    while (sources.request(3, mac(1), 0, policy(), now) != Sources::Verdict::quarantined)
      ASSERT_LT(++tries, 300u);
    EXPECT_EQ(sources.request(3, mac(1), 0, policy(), now + (seconds - 1) * kSecond),
              Sources::Verdict::quarantined)
        << seconds;
    EXPECT_EQ(sources.glean(3, mac(1), 0, policy(), now), Sources::Verdict::modest)
        << "of ARP only";
    now += (seconds + 1) * kSecond;
    EXPECT_EQ(sources.request(3, mac(1), 0, policy(), now), Sources::Verdict::passed) << seconds;
  }
}

// Within its burst, and modest in the first eighth of it only.
TEST(Sources, WhoGleansMuchIsNotModest) {
  Sources sources(1);
  std::map<Sources::Verdict, unsigned> verdicts;
  for (unsigned i = 0; i < 100; ++i) ++verdicts[sources.glean(3, mac(1), 0, policy(), kSecond)];
  EXPECT_EQ(verdicts[Sources::Verdict::modest] + verdicts[Sources::Verdict::passed], 50u);
  EXPECT_NEAR(verdicts[Sources::Verdict::modest], 7, 1);
  EXPECT_EQ(sources.glean(3, mac(2), 0, policy(), kSecond), Sources::Verdict::modest);
  // As often as it may is too often; a while later it is modest again.
  for (unsigned i = 1; i <= 40; ++i)
    EXPECT_EQ(sources.glean(3, mac(1), 0, policy(), kSecond + i * kSecond / 10),
              Sources::Verdict::passed);
  EXPECT_EQ(sources.glean(3, mac(1), 0, policy(), 10 * kSecond), Sources::Verdict::modest);
}

// A thousand that sweep take nothing from others, whose buckets they share here and there.
TEST(Sources, WhoSweepsMakesNobodyElseImmodest) {
  Sources sources(7);
  for (unsigned k = 0; k < 60; ++k)
    for (unsigned i = 0; i < 1000; ++i) sources.glean(3, mac(i), 0, policy(), kSecond);
  unsigned modest = 0;
  for (unsigned i = 1000; i < 21'000; ++i)
    modest +=
        sources.glean(3, mac(i), 0, policy(), kSecond + i * kSecond) == Sources::Verdict::modest;
  EXPECT_EQ(modest, 20'000u) << "long after";
  modest = 0;
  for (unsigned i = 0; i < 1000; ++i)
    for (unsigned k = 0; k < 60; ++k) sources.glean(3, mac(i), 0, policy(), 30'000 * kSecond);
  for (unsigned i = 30'000; i < 35'000; ++i)
    modest += sources.glean(4, mac(i), 0, policy(), 30'000 * kSecond) == Sources::Verdict::modest;
  EXPECT_GE(modest, 4'900u) << "at the same moment, 6,000 in all";
}

// Ever-changing ones, 320,000 packets a second of them: few of the rest are taken for one of them.
TEST(Sources, ForgedSourcesMakeFewImmodest) {
  Sources sources(7);
  ArpPolicy forged = policy();
  forged.glean_charges = PolicerRate(1'000, 2'000, static_cast<double>(kSecond));
  std::uint64_t now = 5 * kSecond;
  for (unsigned i = 0; i < 100'000; ++i, now += kSecond / 20'000)  // 5 s
    if (sources.sample_gleans(16)) sources.charge_gleans(3, mac(1'000'000 + i), 0, forged, now);
  unsigned modest = 0;
  for (unsigned i = 0; i < 10'000; ++i)
    modest += sources.glean(4, mac(i), 0, forged, now) == Sources::Verdict::modest;
  EXPECT_GE(modest, 9'700u);
}

TEST(Sources, AQuarantinedOneIsNotForgottenForNewcomers) {
  Sources sources(1);
  for (unsigned i = 0; i < 300; ++i) sources.request(3, mac(1), 0, policy(), kSecond);
  for (unsigned i = 2; i < 200'000; ++i) sources.request(3, mac(i), 0, policy(), kSecond + i);
  EXPECT_EQ(sources.request(3, mac(1), 0, policy(), 2 * kSecond), Sources::Verdict::quarantined);
}

TEST(Sources, AreSeenWithWhatTheySent) {
  Sources sources(1);
  for (unsigned i = 1; i <= 20; ++i)
    for (unsigned k = 0; k < i; ++k) sources.request(3, mac(i), 100 + i, policy(), kSecond);
  sources.glean(3, mac(20), 7, policy(), kSecond);
  sources.more(5);
  std::map<MacAddress, Sources::Seen> seen;
  sources.visit([&](const Sources::Seen& each) { seen[each.mac] = each; });
  ASSERT_EQ(seen.size(), 20u);
  for (unsigned i = 1; i < 20; ++i) {
    EXPECT_EQ(seen[mac(i)].packets, i);
    EXPECT_EQ(seen[mac(i)].ip, 100 + i);
    EXPECT_EQ(seen[mac(i)].port, 3);
    EXPECT_EQ(seen[mac(i)].quarantined_until, 0u);
  }
  EXPECT_EQ(seen[mac(20)].packets, 26u);
  EXPECT_EQ(seen[mac(20)].ip, 7u);
}

// One of some 64 that are dropped unseen is noted, or of more when they come faster; for all.
TEST(Sources, SamplesEstimate) {
  for (const std::uint64_t cycles : {100'000u, 100u}) {
    Sources sources(1);
    unsigned samples = 0;
    for (unsigned i = 0; i < 100'000; ++i) {
      const std::uint64_t now = kSecond + i * cycles;
      if (!sources.sample(16)) continue;
      sources.note_sample(3, mac(1), 0, now);
      ++samples;
    }
    if (cycles == 100u)
      EXPECT_LT(samples, 3u * 100'000 * 100 / Sources::kSampleCycles);
    else
      EXPECT_NEAR(samples, 100'000 * 16 / 64, 5'000);
    sources.visit([&](const Sources::Seen& each) {
      EXPECT_LE(each.packets, 1'600'000u);
      EXPECT_GE(each.packets, 1'600'000u - 2 * Sources::kMostSampled);
    });
  }
}

// Whoever is looked at first in a round has no more samples than its share.
TEST(Sources, SamplesAreFairToPorts) {
  Sources sources(1);
  std::uint64_t now = kSecond;
  for (unsigned round = 0; round < 200'000; ++round, now += 3'000) {
    if (sources.sample(32)) sources.note_sample(3, mac(1), 0, now);
    if (sources.sample(32)) sources.note_sample(4, mac(2), 0, now);
    if (sources.sample(1)) sources.note_sample(4, mac(3), 0, now);
  }
  std::map<MacAddress, std::uint32_t> packets;
  sources.visit([&](const Sources::Seen& each) { packets[each.mac] = each.packets; });
  EXPECT_NEAR(packets[mac(1)], 6'400'000, 640'000);
  EXPECT_NEAR(packets[mac(2)], 6'400'000, 640'000);
  EXPECT_NEAR(packets[mac(3)], 200'000, 100'000);
}

TEST(Sources, TheTableIsBounded) {
  Sources sources(1);
  for (unsigned i = 0; i < 100'000; ++i) sources.request(3, mac(i), 0, policy(), kSecond + i);
  unsigned count = 0;
  sources.visit([&](const Sources::Seen&) { ++count; });
  EXPECT_EQ(count, Sources::kSets * Sources::kWays);
}

}  // namespace
}  // namespace weir::test
