// The threats of the specification that the neighbour engine answers, as rows of packets. Stations
// that flood, flap or loop: stations_test; ICMP errors: icmp_test; what workers drop before it
// comes this far: arp_guard_test.
#include <random>

#include "neighbor_play.hpp"

namespace weir::control::test {
namespace {

using namespace std::chrono_literals;

const std::vector<Scenario> kThreats{
    // Requests not for us.
    {"RequestsForOthersTeachNothing",
     {{0, "journal", {}},
      {0, "overhear 10.0.0.5 a", {"= arp-not-for-us"}},
      {1,
       "overhear 10.0.0.1 a",
       {"1 announce 10.0.0.1", "1 event own-address 10.0.0.1", "= arp-own-address"}},
      {2,
       "request 10.0.0.5 a",
       {"2 publish 10.0.0.5 a", "2 ~ 10.0.0.5 learnt: - > STALE a, frame request a", "= consumed"}},
      {30000, "overhear 10.0.0.5 a", {"= arp-known"}},
      // That was no refresh.
      {60002, "", {"60002 ~ 10.0.0.5 expired: STALE a > -, timer", "60002 withdraw 10.0.0.5"}}}},
    // Requests for us, by how the interface learns.
    {"StrictLearnsFromAnswersOnly",
     {{0, "learn strict", {}},
      {0, "request 10.0.0.5 a", {"= arp-unsolicited"}},
      {1, "glean 10.0.0.5 p1", {"1 solicit 10.0.0.5"}},
      {2, "request 10.0.0.5 b", {"= arp-unsolicited"}},
      {3, "reply 10.0.0.5 a", {"3 publish 10.0.0.5 a", "3 forward p1 a", "= consumed"}},
      {4, "request 10.0.0.5 a", {"= arp-known"}},
      // What is known is updated by the same rules as ever.
      {2000, "request 10.0.0.5 b", {"2000 probe 10.0.0.5 a", "= consumed"}},
      {3000,
       "",
       {"3000 event moved 10.0.0.5", "3000 publish 10.0.0.5 b", "3000 solicit 10.0.0.5"}}}},
    {"StrictEndsTheNegativeCacheAllTheSame",
     {{0, "learn strict", {}},
      {0, "glean 10.0.0.5 p1", {"0 solicit 10.0.0.5"}},
      {3500,
       "",
       {"1000 solicit 10.0.0.5", "2000 solicit 10.0.0.5", "3000 unreachable p1",
        "3000 failed 10.0.0.5"}},
      {3600, "request 10.0.0.5 a", {"3600 withdraw 10.0.0.5", "= consumed"}}}},
    // Unsolicited replies.
    {"RepliesCountOnlyFromWhoWasAskedAndInTime",
     {{0, "reply 10.0.0.5 b", {"= arp-unsolicited"}},
      {1, "glean 10.0.0.6 p1", {"1 solicit 10.0.0.6"}},
      {2, "reply 10.0.0.5 b", {"= arp-unsolicited"}},
      {3, "reply-to-other 10.0.0.6 b", {"= arp-not-for-us"}},
      {4, "garp-reply 10.0.0.6 b", {"= arp-unsolicited"}},
      {5, "reply 10.0.0.6 b a", {"= arp-bad-sender"}},
      {6, "reply 10.0.0.6 a", {"6 publish 10.0.0.6 a", "6 forward p1 a", "= consumed"}},
      {7, "reply 10.0.0.6 b", {"= arp-unsolicited"}},
      {8, "reply 10.0.0.6 a", {"= arp-unsolicited"}},
      {5000, "reply 10.0.0.6 b", {"= arp-unsolicited"}}}},
    {"AnswerToAnotherEndsTheNegativeCache",
     {{0, "glean 10.0.0.5 p1", {"0 solicit 10.0.0.5"}},
      {3500,
       "",
       {"1000 solicit 10.0.0.5", "2000 solicit 10.0.0.5", "3000 unreachable p1",
        "3000 failed 10.0.0.5"}},
      {3600, "reply-to-other 10.0.0.5 zero", {"= arp-bad-sender"}},
      {3700, "reply-to-other 10.0.0.5 a", {"3700 withdraw 10.0.0.5", "= consumed"}}}},
    // Announcements and binding changes.
    {"AnnouncementsCreateNothing",
     {{0, "garp 10.0.0.5 b", {"= arp-not-for-us"}},
      {1, "garp-reply 10.0.0.5 b", {"= arp-not-for-us"}},
      {2, "garp 10.0.0.5 vrrp", {"= arp-not-for-us"}}}},
    {"EveryFormOfClaimIsLookedInto",
     {{0, "glean 10.0.0.5 p1", {"0 solicit 10.0.0.5"}},
      {1, "reply 10.0.0.5 a", {"1 publish 10.0.0.5 a", "1 forward p1 a", "= consumed"}},
      {2000, "garp 10.0.0.5 b", {"2000 probe 10.0.0.5 a", "= consumed"}},
      {2001, "reply 10.0.0.5 a", {"2001 event conflict 10.0.0.5", "= consumed"}},
      {4000, "garp-reply 10.0.0.5 b", {"4000 probe 10.0.0.5 a", "= consumed"}},
      {4001, "reply 10.0.0.5 a", {"4001 event conflict 10.0.0.5", "= consumed"}},
      {6000, "request 10.0.0.5 b", {"6000 probe 10.0.0.5 a", "= consumed"}},
      {6001, "reply 10.0.0.5 a", {"6001 event conflict 10.0.0.5", "= consumed"}},
      {8000, "overhear 10.0.0.5 b", {"8000 probe 10.0.0.5 a", "= consumed"}},
      // The station that claims does not answer for the one that is asked.
      {8001, "reply 10.0.0.5 b", {"= arp-policed"}},
      {8999, "reply 10.0.0.5 a", {"8999 event conflict 10.0.0.5", "= consumed"}}}},
    {"VirtualRoutersOfBothProtocolsMoveAtOnce",
     {{0, "request 10.0.0.5 a", {"0 publish 10.0.0.5 a", "= consumed"}},
      {2000,
       "garp 10.0.0.5 vrrp",
       {"2000 event moved 10.0.0.5", "2000 publish 10.0.0.5 vrrp", "2000 probe 10.0.0.5 vrrp",
        "= consumed"}},
      {2500,
       "garp-reply 10.0.0.5 vrrp6 c",
       {"2500 event moved 10.0.0.5", "2500 publish 10.0.0.5 vrrp6", "= consumed"}},
      {3000, "", {"3000 probe 10.0.0.5 vrrp6"}},
      {3001, "reply 10.0.0.5 vrrp6 c", {"= consumed"}}}},
    {"TrustedInterfaceIsBelievedAtOnce",
     {{0, "request 10.0.0.5 a", {"0 publish 10.0.0.5 a", "= consumed"}},
      {0, "journal", {}},
      {1, "garp 10.0.0.6 b", {"= arp-not-for-us"}},
      {10, "trust", {}},
      {11, "garp 10.0.0.6 b", {"= arp-not-for-us"}},  // it creates nothing there either
      {2000,
       "garp 10.0.0.5 b",
       {"2000 event moved 10.0.0.5", "2000 publish 10.0.0.5 b",
        "2000 ~ 10.0.0.5 moved: STALE a > STALE b, frame request b", "2000 probe 10.0.0.5 b",
        "= consumed"}},
      {2001,
       "reply 10.0.0.5 b",
       {"2001 ~ 10.0.0.5 verified: STALE b > REACHABLE b verified, frame reply b", "= consumed"}},
      {5000, "garp 10.0.0.5 b c", {"= arp-bad-sender"}}}},
    {"NobodyIsTrustedWithAStaticEntry",
     {{0, "trust", {}},
      {0, "static 10.0.0.5 a", {"0 publish 10.0.0.5 a"}},
      {1, "garp 10.0.0.5 b", {"1 event conflict 10.0.0.5", "= arp-unsolicited"}},
      {2, "request 10.0.0.5 vrrp", {"2 event conflict 10.0.0.5", "= arp-unsolicited"}},
      {3, "reply 10.0.0.5 vrrp6", {"= arp-unsolicited"}}}},
    // What the journal is told.
    {"JournalOfALife",
     {{0, "journal", {}},
      {0,
       "glean 10.0.0.5 p1",
       {"0 ~ 10.0.0.5 asked: - > INCOMPLETE, packet", "0 solicit 10.0.0.5"}},
      {3000,
       "",
       {"1000 solicit 10.0.0.5", "2000 solicit 10.0.0.5", "3000 unreachable p1",
        "3000 failed 10.0.0.5", "3000 ~ 10.0.0.5 failed: INCOMPLETE > FAILED, timer"}},
      {3100,
       "garp 10.0.0.5 b",
       {"3100 ~ 10.0.0.5 expired: FAILED > -, frame request b", "3100 withdraw 10.0.0.5",
        "= consumed"}},
      {3200,
       "glean 10.0.0.5 p2",
       {"3200 ~ 10.0.0.5 asked: - > INCOMPLETE, packet", "3200 solicit 10.0.0.5"}},
      {3201,
       "request 10.0.0.5 a",
       {"3201 publish 10.0.0.5 a", "3201 forward p2 a",
        "3201 ~ 10.0.0.5 learnt: INCOMPLETE > STALE a, frame request a", "= consumed"}},
      {3202,
       "reply 10.0.0.5 a",
       {"3202 ~ 10.0.0.5 verified: STALE a > REACHABLE a verified, frame reply a", "= consumed"}},
      // Confirmed again: nothing new.
      {5000, "garp 10.0.0.5 b", {"5000 probe 10.0.0.5 a", "= consumed"}},
      {5001, "reply 10.0.0.5 a", {"5001 event conflict 10.0.0.5", "= consumed"}},
      // The frame that claimed the IP is what moved it.
      {7000, "garp 10.0.0.5 b", {"7000 probe 10.0.0.5 a", "= consumed"}},
      {8000,
       "",
       {"8000 event moved 10.0.0.5", "8000 publish 10.0.0.5 b",
        "8000 ~ 10.0.0.5 moved: REACHABLE a verified > STALE b, frame request b",
        "8000 solicit 10.0.0.5"}},
      {8001,
       "static 10.0.0.5 c",
       {"8001 publish 10.0.0.5 c", "8001 ~ 10.0.0.5 added: STALE b > PERMANENT c, command"}},
      {8002, "static 10.0.0.5 c", {"8002 publish 10.0.0.5 c"}},
      {8003,
       "unstatic 10.0.0.5",
       {"8003 ~ 10.0.0.5 removed: PERMANENT c > -, command", "8003 withdraw 10.0.0.5"}},
      {8004,
       "request 10.0.0.5 a",
       {"8004 publish 10.0.0.5 a", "8004 ~ 10.0.0.5 learnt: - > STALE a, frame request a",
        "= consumed"}},
      {8005,
       "flush",
       {"8005 ~ 10.0.0.5 removed: STALE a > -, command", "8005 withdraw 10.0.0.5"}}}},
};

class Threats : public Play {};
TEST_P(Threats, Rows) { play(); }
INSTANTIATE_TEST_SUITE_P(Neighbors, Threats, testing::ValuesIn(kThreats),
                         [](const auto& p) { return p.param.name; });

const Ipv4Address kUs{10, 0, 0, 1};

/// A /8 and many of everything.
struct NeighborFlood : NeighborTest {
  NeighborFlood() {
    lan.addresses = {*Ipv4InterfaceAddress::parse("10.0.0.1/8")};
    EXPECT_TRUE(engine.set_interface(lan));
    world.keep_log = false;
  }
  static Ipv4Address host(std::uint32_t n) { return Ipv4Address{0x0a010000u + n}; }
  /// Resolves the first `count` hosts by our own requests.
  void establish(std::uint32_t count) {
    for (std::uint32_t n = 0; n < count; ++n) {
      engine.glean(0, host(n), world.packet(), {true});
      EXPECT_EQ(reply(host(n), mac(n)), std::nullopt);
      advance(1ms);
    }
  }
  void expect_established(std::uint32_t count) {
    for (std::uint32_t n = 0; n < count; ++n) ASSERT_EQ(engine.lookup(0, host(n)), mac(n)) << n;
  }
};

TEST_F(NeighborFlood, RequestsForOthersCostNothing) {
  establish(100);
  const std::uint64_t changes = world.changes, timers = engine.counters().timers;
  for (std::uint32_t n = 0; n < 100000; ++n)
    EXPECT_EQ(request(host(1000 + n), mac(1000 + n), host(7)), DropReason::arp_not_for_us);
  advance(1s);
  EXPECT_EQ(engine.counters().entries, 100u);
  EXPECT_EQ(world.changes, changes);
  EXPECT_EQ(engine.counters().timers, timers);
}

TEST_F(NeighborFlood, RequestsForUsCreateWithinTheBudgetAndEvictNobody) {
  establish(100);
  EXPECT_FALSE(engine.update_only(0));
  const TimePoint start = clock.now();
  std::uint32_t at_most = 0;
  for (std::uint32_t n = 0; n < 600000; ++n) {  // 60,000 senders a second, for 10 s
    request(host(1000 + n % 60000), mac(1000 + n % 60000), kUs);
    advance(Duration{1s} / 60000);
    if (n % 1000 == 0) at_most = std::max(at_most, engine.counters().entries);
  }
  EXPECT_TRUE(engine.update_only(0));
  const std::uint32_t rate = lan.create_rate;
  EXPECT_LE(engine.counters().learnt, rate + rate * (clock.now() - start) / 1s + 1);
  EXPECT_GE(engine.counters().learnt, rate * 10);
  EXPECT_GT(engine.counters().learn_policed, 500000u);
  EXPECT_EQ(engine.counters().evictions, 0u);
  expect_established(100);
  // A minute later they are gone.
  advance(61s);
  EXPECT_EQ(engine.counters().entries, 100u);
  EXPECT_FALSE(engine.update_only(0));
}

TEST_F(NeighborFlood, Rfc826LearnsUpToTheTableAndNoFurther) {
  lan.learning = NeighborLearning::rfc826;
  engine.set_interface(lan);
  establish(100);
  for (std::uint32_t n = 0; n < 100000; ++n) request(host(1000 + n), mac(1000 + n), kUs);
  EXPECT_FALSE(engine.update_only(0));
  // 75 % of the table for one interface, and those learnt from requests make room for each other.
  EXPECT_EQ(engine.counters().entries, 49152u);
  EXPECT_EQ(engine.counters().learn_policed, 0u);
  EXPECT_EQ(engine.counters().learnt, 100000u);
  EXPECT_EQ(engine.counters().evictions, 100000u + 100 - 49152);
  expect_established(100);
}

TEST_F(NeighborFlood, StrictCountsWhatItDoesNotLearn) {
  lan.learning = NeighborLearning::strict;
  engine.set_interface(lan);
  for (std::uint32_t n = 0; n < 1000; ++n) request(host(n), mac(n), kUs);
  EXPECT_EQ(engine.counters().learn_refused_strict, 1000u);
  EXPECT_EQ(engine.counters().entries, 0u);
  EXPECT_EQ(world.changes, 0u);
  EXPECT_FALSE(engine.update_only(0));
}

// 1,000 active IPs claimed by ever-changing MACs; their owners answer. Each is asked once in 2 s,
// and as many more as the budget allows.
TEST_F(NeighborFlood, AnnouncementsHijackNobodyAndAreLookedIntoWithinTheBudget) {
  establish(1000);
  advance(2s);
  const std::uint64_t before = world.solicits;
  std::mt19937 random{3};
  for (std::uint32_t i = 0; i < 100000; ++i) {  // 10 s
    const Ipv4Address ip = host(static_cast<std::uint32_t>(random() % 1000));
    const MacAddress m = mac(0x80000000u + i % 65536);
    const std::uint64_t asked = world.solicits;
    if (random() % 2 == 0)
      engine.arp({0, wire::Arp::kRequest, m, ip, {}, ip, m});
    else
      reply(ip, m);
    advance(100us);
    if (world.solicits == asked) continue;
    for (std::uint32_t n = 0; n < 1000; ++n)
      if (world.solicited[{0, host(n)}] >= clock.now() - 100us) reply(host(n), mac(n));
  }
  expect_established(1000);
  EXPECT_EQ(engine.counters().moved, 0u);
  EXPECT_LE(world.solicits - before, 1000u * 6 + 11u * lan.challenge_rate);
  EXPECT_GE(engine.counters().conflicts, 1000u * 4 + 9u * lan.challenge_rate);
  EXPECT_GT(engine.counters().moves_policed, 40000u);
}

TEST_F(NeighborFlood, GenuineFailoverTakesASecond) {
  establish(10);
  advance(2s);
  for (std::uint32_t n = 0; n < 10; ++n)
    EXPECT_EQ(
        engine.arp({0, wire::Arp::kRequest, mac(100 + n), host(n), {}, host(n), mac(100 + n)}),
        std::nullopt);
  advance(1s);
  for (std::uint32_t n = 0; n < 10; ++n) EXPECT_EQ(engine.lookup(0, host(n)), mac(100 + n));
}

// 1,000 others are claimed without end; one really moves, and says so ten times a second.
TEST_F(NeighborFlood, WhoClaimsAThousandAddressesHidesNobodyWhoMoves) {
  establish(1001);
  advance(2s);
  std::mt19937 random{3};
  const auto announce = [&](Ipv4Address ip, MacAddress m) {
    engine.arp({0, wire::Arp::kRequest, m, ip, {}, ip, m});
  };
  std::uint64_t asked = world.solicits;
  const auto pass = [&](std::uint32_t steps) {
    for (std::uint32_t i = 0; i < steps; ++i) {
      announce(host(static_cast<std::uint32_t>(random() % 1000)), mac(0x80000000u + i % 65536));
      advance(100us);
      if (world.solicits == asked) continue;
      asked = world.solicits;
      for (std::uint32_t n = 0; n < 1000; ++n)
        if (world.solicited[{0, host(n)}] >= clock.now() - 100us) reply(host(n), mac(n));
    }
  };
  pass(10'000);
  for (unsigned tenth = 0; tenth < 15; ++tenth) {
    announce(host(1000), mac(7000));
    pass(1'000);
  }
  EXPECT_EQ(engine.lookup(0, host(1000)), mac(7000)) << "after 1.5 s";
  EXPECT_EQ(engine.counters().moved, 1u);
}

// The claim that was looked into was not of who has the address now.
TEST_F(NeighborFlood, WhenTheOldStationIsSilentEverybodyIsAsked) {
  establish(1);
  advance(2s);
  engine.arp({0, wire::Arp::kRequest, mac(666), host(0), {}, host(0), mac(666)});
  world.last_to.clear();
  advance(1s);
  ASSERT_TRUE(world.last_to.contains({0, host(0)}));
  EXPECT_EQ((world.last_to.at({0, host(0)})), std::nullopt) << "a broadcast";
  reply(host(0), mac(7000));
  EXPECT_EQ(engine.lookup(0, host(0)), mac(7000));
}

// Claims to an address that was looked into less than 2 s ago have a budget of their own.
TEST_F(NeighborFlood, RepeatedClaimsArePoliced) {
  lan.challenge_rate = 2;
  engine.set_interface(lan);
  establish(5);
  advance(2s);
  const auto claim_all = [&](std::uint32_t by) {
    std::vector<bool> taken;
    for (std::uint32_t n = 0; n < 5; ++n)
      taken.push_back(
          !engine.arp({0, wire::Arp::kRequest, mac(by + n), host(n), {}, host(n), mac(by + n)}));
    return std::count(taken.begin(), taken.end(), true);
  };
  EXPECT_EQ(claim_all(100), 5);
  EXPECT_EQ(claim_all(200), 0) << "still being looked into";
  for (std::uint32_t n = 0; n < 5; ++n) reply(host(n), mac(n));
  EXPECT_EQ(claim_all(300), 2);
  EXPECT_EQ(engine.counters().moves_policed, 8u);
  expect_established(5);
}

// A sweep from one port, and modest sources on another: both towards the same interface.
TEST_F(NeighborFlood, ASweepHidesNoNewHostOfModestSources) {
  engine.set_interface({1, kOurMac, {{Ipv4Address{192, 168, 1, 1}, 24}}});
  engine.set_interface({2, kOurMac, {{Ipv4Address{192, 168, 2, 1}, 24}}});
  std::uint32_t at_once = 0;
  for (std::uint32_t i = 0; i < 10'000; ++i) {  // 5 s
    engine.glean(0, host(i % 60'000), world.packet(), {.from = 1});
    const std::uint64_t before = world.solicits;
    if (i % 200 == 0) {
      engine.glean(0, host(60'001 + i / 200), world.packet(), {.modest = true, .from = 2});
      at_once += world.solicits > before;
    }
    advance(500us);
  }
  EXPECT_EQ(at_once, 50u);
  EXPECT_LE(world.solicits, 5u * lan.solicit_rate + Neighbors::kSolicitBurst);
}

// What calls itself modest has no more than its interface's part.
TEST_F(NeighborFlood, ModestSourcesHaveAPartOfTheBudgetForEachInterface) {
  engine.set_interface({1, kOurMac, {{Ipv4Address{192, 168, 1, 1}, 24}}});
  engine.set_interface({2, kOurMac, {{Ipv4Address{192, 168, 2, 1}, 24}}});
  std::uint32_t at_once = 0;
  for (std::uint32_t i = 0; i < 10'000; ++i) {  // 5 s, without answers
    engine.glean(0, host(i % 60'000), world.packet(), {.modest = true, .from = 1});
    const std::uint64_t before = world.solicits;
    if (i % 200 != 0) {
      advance(500us);
      continue;
    }
    engine.glean(0, host(60'001 + i / 200), world.packet(), {.modest = true, .from = 2});
    at_once += world.solicits > before;
    advance(500us);
  }
  EXPECT_EQ(at_once, 50u);
}

TEST_F(NeighborFlood, TrustedInterfaceFailsOverAThousandAtOnce) {
  lan.trusted = true;
  engine.set_interface(lan);
  establish(1500);
  advance(2s);
  for (std::uint32_t n = 0; n < 1500; ++n)
    engine.arp({0, wire::Arp::kRequest, mac(5000 + n), host(n), {}, host(n), mac(5000 + n)});
  std::uint32_t moved = 0;
  for (std::uint32_t n = 0; n < 1500; ++n) moved += engine.lookup(0, host(n)) == mac(5000 + n);
  EXPECT_EQ(moved, Neighbors::kTrustedMoveBurst);
  EXPECT_EQ(engine.counters().moves_policed, 1500u - Neighbors::kTrustedMoveBurst);
}

TEST_F(NeighborFlood, OurAddressIsDefendedOnceInTenSeconds) {
  world.keep_log = true;
  for (std::uint32_t i = 0; i < 350000; ++i) {  // 35 s
    EXPECT_EQ(request(kUs, mac(i % 500), kUs), DropReason::arp_own_address);
    clock.advance(100us);
  }
  std::uint32_t announced = 0;
  for (const std::string& line : world.lines)
    announced += line.find("announce") != std::string::npos;
  EXPECT_EQ(announced, 4u);
  EXPECT_EQ(engine.counters().defences, 4u);
  EXPECT_EQ(engine.counters().own_address_claims, 350000u);
}

// Half of the pending entries, reserved or shared, is for destinations seen before.
TEST(NeighborScan, LeavesHalfOfThePendingEntriesToDestinationsSeenBefore) {
  for (const std::uint32_t interfaces : {1u, 2u, 16u, 40u}) {
    SCOPED_TRACE(interfaces);
    ManualClock clock;
    World world{clock};
    world.keep_log = false;
    Neighbors engine{clock, world, {}};
    const auto host = [](InterfaceId i, std::uint32_t n) {
      return Ipv4Address{(i + 1u) << 24 | n};
    };
    for (InterfaceId i = 0; i < interfaces; ++i) {
      NeighborInterface each{i, kOurMac, {{host(i, 1), 8}}};
      each.solicit_rate = 1'000'000'000;
      ASSERT_TRUE(engine.set_interface(each));
    }
    const auto scan = [&](InterfaceId i, std::uint32_t first, std::uint32_t count, bool known) {
      for (std::uint32_t n = 0; n < count; ++n) {
        engine.glean(i, host(i, first + n), world.packet(), {known});
        clock.advance(1us);
      }
    };
    // The first interface takes what it can get; the others have their own nevertheless.
    scan(0, 2, 5000, false);
    for (InterfaceId i = 1; i < interfaces; ++i) scan(i, 2, 500, false);
    EXPECT_EQ(engine.counters().pending, 4096u);
    for (InterfaceId i = 0; i < interfaces; ++i) scan(i, 100000, i == 0 ? 9000 : 500, true);
    EXPECT_EQ(engine.counters().pending, 8192u);
    EXPECT_LT(clock.now(), 1s);
    std::map<InterfaceId, std::uint32_t> each;
    for (const NeighborRow& row : engine.snapshot()) ++each[row.interface];
    for (InterfaceId i = 0; i < interfaces; ++i)
      EXPECT_GE(each[i], std::min(Neighbors::kReservedPending, 4096 / interfaces)) << i;
  }
}

// A sweep of never-seen destinations: what is asked, held and remembered stays within its bounds,
// and destinations seen before come first.
TEST_F(NeighborFlood, SweepKeepsItsBounds) {
  world.allowances[0].change(clock.now(), lan.solicit_rate, Neighbors::kSolicitBurst);
  std::uint32_t most_held = 0, most_failed = 0, known_refused = 0;
  for (std::uint32_t n = 0; n < 500000; ++n) {  // 50,000 a second, for 10 s
    engine.glean(0, host(n % 65000), world.packet(), {false});
    if (n % 500 == 0) {  // 100 a second
      const std::uint64_t asked = world.solicits;
      engine.glean(0, host(70000 + n), world.packet(), {true});
      known_refused += world.solicits == asked;
      reply(host(70000 + n), mac(n));
    }
    advance(20us);
    const NeighborCounters c = engine.counters();
    most_held = std::max(most_held, c.holding);
    most_failed = std::max(most_failed, c.failed);
  }
  EXPECT_EQ(known_refused, 0u);
  EXPECT_LE(most_held, 1024u);
  EXPECT_LE(most_failed, 16384u);
  EXPECT_GT(most_failed, 1000u);
  EXPECT_EQ(engine.counters().evictions, 0u);
  EXPECT_EQ(engine.counters().entries, 1000u);
}

// What stations say of themselves against what is true: attackers claim everybody's IP in every
// form while the owners answer, within 0.9 s. No binding is ever wrong.
class NeighborTruth : public testing::TestWithParam<std::uint64_t> {};

TEST_P(NeighborTruth, NoBindingOfAnAnsweringStationIsEverWrong) {
  constexpr std::uint32_t kHosts = 16;
  std::mt19937_64 random{GetParam()};
  const auto pick = [&](std::uint32_t below) {
    return static_cast<std::uint32_t>(random() % below);
  };
  ManualClock clock;
  World world{clock};
  world.keep_log = false;
  world.all_used = true;
  NeighborSettings settings;
  settings.refresh_interval = 20s;
  settings.lifetime = 60s;
  settings.seed = GetParam();
  Neighbors engine{clock, world, settings};
  engine.set_interface({0, kOurMac, {{kUs, 24}}});
  const auto host = [](std::uint32_t n) { return Ipv4Address{0x0a000010u + n}; };
  const auto answer = [&](std::uint32_t n) {
    engine.arp({0, wire::Arp::kReply, mac(n), host(n), kOurMac, kUs, mac(n)});
  };
  for (std::uint32_t n = 0; n < kHosts; ++n) {
    engine.glean(0, host(n), world.packet(), {false});
    answer(n);
  }
  std::map<std::uint32_t, TimePoint> answers;  // on their way
  std::array<TimePoint, kHosts> heard{};       // the solicitation answered last
  for (int i = 0; i < 40000; ++i) {
    const std::uint32_t n = pick(kHosts);
    const MacAddress m = mac(100 + pick(pick(2) == 0 ? 3 : 100000));
    const Ipv4Address targets[] = {kUs, host(n), host(pick(kHosts))};
    engine.arp({0, static_cast<std::uint16_t>(1 + pick(2)), m, host(n), pick(2) ? kOurMac : m,
                targets[pick(3)], m});
    if (pick(500) == 0) engine.set_storm(0, pick(2) == 0);
    const TimePoint until = clock.now() + std::chrono::milliseconds{pick(50)};
    while (clock.now() < until) {
      advance_to(clock, engine, clock.now() + 1ms);
      for (std::uint32_t h = 0; h < kHosts; ++h) {
        const auto asked = world.solicited.find({0, host(h)});
        if (asked == world.solicited.end() || asked->second == heard[h]) continue;
        heard[h] = asked->second;
        ASSERT_EQ(world.last_to.at({0, host(h)}).value_or(mac(h)), mac(h));
        answers[h] = clock.now() + std::chrono::milliseconds{pick(900)};
      }
      for (auto at = answers.begin(); at != answers.end();) {
        if (at->second > clock.now()) {
          ++at;
          continue;
        }
        answer(at->first);
        at = answers.erase(at);
      }
    }
    for (std::uint32_t h = 0; h < kHosts; ++h) ASSERT_EQ(engine.lookup(0, host(h)), mac(h));
  }
  EXPECT_GT(engine.counters().conflicts, 1000u);
  EXPECT_EQ(engine.counters().failures, 0u);
}
INSTANTIATE_TEST_SUITE_P(Neighbors, NeighborTruth, testing::Values(1, 2, 3));

}  // namespace
}  // namespace weir::control::test
