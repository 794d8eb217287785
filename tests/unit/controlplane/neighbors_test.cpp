// The engine's behaviour as rows: at a time something comes in, and then exactly this happens.
#include "neighbor_play.hpp"

namespace weir::control::test {
namespace {

using namespace std::chrono_literals;

const std::vector<Scenario> kScenarios{
    {"ResolvesAndReleases",
     {{0, "glean 10.0.0.5 p1", {"0 solicit 10.0.0.5"}},
      {10, "glean 10.0.0.5 p2", {}},
      {20,
       "reply 10.0.0.5 a",
       {"20 publish 10.0.0.5 a", "20 forward p1 a", "20 forward p2 a", "= consumed"}},
      {30, "glean 10.0.0.5 p3", {"30 forward p3 a"}},
      {40, "reply 10.0.0.5 b", {"= arp-unsolicited"}}}},
    {"GivesUpAfterThree",
     {{0, "glean 10.0.0.5 p1", {"0 solicit 10.0.0.5"}},
      {500, "glean 10.0.0.5 p2", {}},
      {2999, "", {"1000 solicit 10.0.0.5", "2000 solicit 10.0.0.5"}},
      {3000,
       "",
       {"3000 unreachable p1", "3000 discard p2 neighbor-failed", "3000 failed 10.0.0.5"}},
      {3100, "glean 10.0.0.5 p3", {"3100 discard p3 neighbor-failed"}},
      {8000, "", {"8000 withdraw 10.0.0.5"}},
      // It fails again: 10 s.
      {8100, "glean 10.0.0.5 p4", {"8100 solicit 10.0.0.5"}},
      {21099,
       "",
       {"9100 solicit 10.0.0.5", "10100 solicit 10.0.0.5", "11100 unreachable p4",
        "11100 failed 10.0.0.5"}},
      {21100, "", {"21100 withdraw 10.0.0.5"}},
      {21200, "glean 10.0.0.5 p5", {"21200 solicit 10.0.0.5"}},
      {44200,
       "",
       {"22200 solicit 10.0.0.5", "23200 solicit 10.0.0.5", "24200 unreachable p5",
        "24200 failed 10.0.0.5", "44200 withdraw 10.0.0.5"}},
      // A minute later it is forgotten.
      {105000, "glean 10.0.0.5 p6", {"105000 solicit 10.0.0.5"}},
      {113000,
       "",
       {"106000 solicit 10.0.0.5", "107000 solicit 10.0.0.5", "108000 unreachable p6",
        "108000 failed 10.0.0.5", "113000 withdraw 10.0.0.5"}}}},
    {"AnyValidArpEndsTheNegativeCache",
     {{0, "glean 10.0.0.5 p1", {"0 solicit 10.0.0.5"}},
      {3000,
       "",
       {"1000 solicit 10.0.0.5", "2000 solicit 10.0.0.5", "3000 unreachable p1",
        "3000 failed 10.0.0.5"}},
      {3001, "garp 10.0.0.5 a b", {"= arp-bad-sender"}},
      {3100, "garp 10.0.0.5 a", {"3100 withdraw 10.0.0.5", "= consumed"}},
      {3200, "glean 10.0.0.5 p2", {"3200 solicit 10.0.0.5"}},
      {6200,
       "",
       {"4200 solicit 10.0.0.5", "5200 solicit 10.0.0.5", "6200 unreachable p2",
        "6200 failed 10.0.0.5"}},
      {6300,
       "request 10.0.0.5 a",
       {"6300 withdraw 10.0.0.5", "6300 publish 10.0.0.5 a", "= consumed"}}}},
    {"LateReplyEndsTheNegativeCacheButTeachesNothing",
     {{0, "glean 10.0.0.5 p1", {"0 solicit 10.0.0.5"}},
      {3000,
       "",
       {"1000 solicit 10.0.0.5", "2000 solicit 10.0.0.5", "3000 unreachable p1",
        "3000 failed 10.0.0.5"}},
      {3500, "reply 10.0.0.5 a", {"3500 withdraw 10.0.0.5", "= consumed"}}}},
    {"UnsolicitedReplyTeachesNothing",
     {{0, "reply 10.0.0.5 a", {"= arp-unsolicited"}},
      {1, "garp 10.0.0.5 a", {"= arp-not-for-us"}},
      {2, "overhear 10.0.0.5 a", {"= arp-not-for-us"}}}},
    {"RequestForUsTeachesForAMinute",
     {{0, "request 10.0.0.5 a", {"0 publish 10.0.0.5 a", "= consumed"}},
      {30000, "request 10.0.0.5 a", {"= arp-known"}},
      {90000, "", {"90000 withdraw 10.0.0.5"}}}},
    {"UnverifiedInUseIsVerified",
     {{0, "request 10.0.0.5 a", {"0 publish 10.0.0.5 a", "= consumed"}},
      {10, "used 10.0.0.5", {}},
      {5000, "", {"5000 probe 10.0.0.5 a"}},
      {5001, "reply 10.0.0.5 a", {"= consumed"}},
      {120000, "", {}}}},
    {"AnswerAfterARequestVerifies",
     {{0, "glean 10.0.0.5 p1", {"0 solicit 10.0.0.5"}},
      {1, "request 10.0.0.5 a", {"1 publish 10.0.0.5 a", "1 forward p1 a", "= consumed"}},
      {2, "reply 10.0.0.5 a", {"= consumed"}},
      {120000, "", {}}}},
    {"AnswerBeatsARequestFromAnotherStation",
     {{0, "glean 10.0.0.5 p1", {"0 solicit 10.0.0.5"}},
      {1, "request 10.0.0.5 b", {"1 publish 10.0.0.5 b", "1 forward p1 b", "= consumed"}},
      {2, "reply 10.0.0.5 a", {"2 event moved 10.0.0.5", "2 publish 10.0.0.5 a", "= consumed"}},
      {3, "reply 10.0.0.5 b", {"= arp-unsolicited"}}}},
    {"AnnouncementDoesNotAnswerASolicitation",
     {{0, "glean 10.0.0.5 p1", {"0 solicit 10.0.0.5"}},
      {1, "garp 10.0.0.5 b", {"= arp-unsolicited"}},
      {2, "reply 10.0.0.5 a", {"2 publish 10.0.0.5 a", "2 forward p1 a", "= consumed"}}}},
    {"OldStationAnswersSoItStays",
     {{0, "glean 10.0.0.5 p1", {"0 solicit 10.0.0.5"}},
      {1, "reply 10.0.0.5 a", {"1 publish 10.0.0.5 a", "1 forward p1 a", "= consumed"}},
      {2000, "garp 10.0.0.5 b", {"2000 probe 10.0.0.5 a", "= consumed"}},
      {2001, "garp 10.0.0.5 b", {"= arp-policed"}},
      {2002, "reply 10.0.0.5 b", {"= arp-policed"}},
      {2003, "reply 10.0.0.5 a", {"2003 event conflict 10.0.0.5", "= consumed"}},
      {9000, "", {}}}},
    {"SilentOldStationIsReplaced",
     {{0, "glean 10.0.0.5 p1", {"0 solicit 10.0.0.5"}},
      {1, "reply 10.0.0.5 a", {"1 publish 10.0.0.5 a", "1 forward p1 a", "= consumed"}},
      {2000, "request 10.0.0.5 b", {"2000 probe 10.0.0.5 a", "= consumed"}},
      {2999, "", {}},
      {3000, "", {"3000 event moved 10.0.0.5", "3000 publish 10.0.0.5 b", "3000 solicit 10.0.0.5"}},
      {3001, "reply 10.0.0.5 b", {"= consumed"}},
      {90000, "", {}}}},
    {"ChallengeWaitsForTheRateLimit",
     {{0, "glean 10.0.0.5 p1", {"0 solicit 10.0.0.5"}},
      {1, "reply 10.0.0.5 a", {"1 publish 10.0.0.5 a", "1 forward p1 a", "= consumed"}},
      {300, "garp 10.0.0.5 b", {"= consumed"}},
      {1999, "", {"1000 probe 10.0.0.5 a"}},
      {2000,
       "",
       {"2000 event moved 10.0.0.5", "2000 publish 10.0.0.5 b", "2000 solicit 10.0.0.5"}}}},
    {"VirtualRouterMovesAtOnce",
     {{0, "glean 10.0.0.5 p1", {"0 solicit 10.0.0.5"}},
      {1, "reply 10.0.0.5 a", {"1 publish 10.0.0.5 a", "1 forward p1 a", "= consumed"}},
      {50,
       "garp 10.0.0.5 vrrp b",
       {"50 event moved 10.0.0.5", "50 publish 10.0.0.5 vrrp", "= consumed"}},
      {1000, "", {"1000 probe 10.0.0.5 vrrp"}},
      {1001, "reply 10.0.0.5 vrrp b", {"= consumed"}},
      {90000, "", {}}}},
    {"StaticIsImmutable",
     {{0, "static 10.0.0.5 a", {"0 publish 10.0.0.5 a"}},
      {1, "garp 10.0.0.5 b", {"1 event conflict 10.0.0.5", "= arp-unsolicited"}},
      {2, "request 10.0.0.5 vrrp", {"2 event conflict 10.0.0.5", "= arp-unsolicited"}},
      {3, "reply 10.0.0.5 b", {"= arp-unsolicited"}},
      {4, "request 10.0.0.5 a", {"= arp-known"}},
      {5, "flush", {}},
      {100000000, "", {}},
      {100000001, "unstatic 10.0.0.5", {"100000001 withdraw 10.0.0.5"}}}},
    {"StaticEndsWaiting",
     {{0, "glean 10.0.0.5 p1", {"0 solicit 10.0.0.5"}},
      {1, "static 10.0.0.5 a", {"1 publish 10.0.0.5 a", "1 forward p1 a"}},
      {9000, "static 10.0.0.5 b", {"9000 publish 10.0.0.5 b"}}}},
    {"BadSendersAreRefused",
     {{0, "glean 10.0.0.5 p1", {"0 solicit 10.0.0.5"}},
      {1, "reply 10.0.0.5 group", {"= arp-bad-sender"}},
      {2, "reply 10.0.0.5 zero", {"= arp-bad-sender"}},
      {3, "reply 10.0.0.5 ours", {"= arp-bad-sender"}},
      {4, "reply 10.0.0.5 a b", {"= arp-bad-sender"}},
      {5, "reply 10.0.0.5 a ours", {"= arp-bad-sender"}},
      {6, "request 10.0.1.5 a", {"= arp-outside-subnet"}},
      {7, "request 10.0.0.255 a", {"= arp-outside-subnet"}},
      {8, "request 10.0.0.0 a", {"= arp-outside-subnet"}},
      {9, "request 224.0.0.5 a", {"= arp-outside-subnet"}},
      {10, "request 0.0.0.0 a", {"= arp-known"}},
      {11, "overhear 0.0.0.0 a", {"= arp-not-for-us"}},
      {12, "reply 10.0.0.5 a", {"12 publish 10.0.0.5 a", "12 forward p1 a", "= consumed"}}}},
    {"OwnAddressIsDefendedOnceInTenSeconds",
     {{0,
       "garp 10.0.0.1 b",
       {"0 announce 10.0.0.1", "0 event own-address 10.0.0.1", "= arp-own-address"}},
      {1, "reply 10.0.0.1 b", {"= arp-own-address"}},
      {9999, "request 10.0.0.1 b", {"= arp-own-address"}},
      {10000,
       "garp 10.0.0.1 b",
       {"10000 announce 10.0.0.1", "10000 event own-address 10.0.0.1", "= arp-own-address"}}}},
    {"LinkUpAnnouncesTwice",
     {{0, "up", {"0 announce 10.0.0.1"}}, {9000, "", {"2000 announce 10.0.0.1"}}}},
    {"NotANeighbor",
     {{0, "glean 10.0.0.255 p1", {"0 discard p1 neighbor-failed"}},
      {0, "glean 10.0.0.1 p2", {"0 discard p2 neighbor-failed"}},
      {0, "glean 10.9.0.1 p3", {"0 discard p3 neighbor-failed"}}}},
    {"FlushMakesThemGleanAgain",
     {{0, "request 10.0.0.5 a", {"0 publish 10.0.0.5 a", "= consumed"}},
      {1, "glean 10.0.0.6 p1", {"1 solicit 10.0.0.6"}},
      {2, "flush", {"2 withdraw 10.0.0.5"}},
      {3, "reply 10.0.0.6 b", {"3 publish 10.0.0.6 b", "3 forward p1 b", "= consumed"}},
      {4, "again 10.0.0.5 p2", {"4 solicit 10.0.0.5"}},
      {5, "reply 10.0.0.5 a", {"5 publish 10.0.0.5 a", "5 forward p2 a", "= consumed"}}}},
};
class Behaviour : public Play {};
TEST_P(Behaviour, Rows) { play(); }
INSTANTIATE_TEST_SUITE_P(Neighbors, Behaviour, testing::ValuesIn(kScenarios),
                         [](const auto& p) { return p.param.name; });

using NeighborsTest = NeighborTest;
const Ipv4Address kHost{10, 0, 0, 5};

TEST_F(NeighborsTest, NinthPacketPushesOutTheOldest) {
  for (std::uintptr_t i = 1; i <= 9; ++i) engine.glean(0, kHost, world.packet(i), {false});
  EXPECT_EQ(world.take_lines(),
            (std::vector<std::string>{"0 solicit 10.0.0.5", "0 discard p1 glean-hold-full"}));
  EXPECT_EQ(row(kHost).held_packets, 8u);
  EXPECT_EQ(row(kHost).state, NeighborState::incomplete);
}

// RFC 1122 section 2.3.2.1: unicast first, then broadcast; forwarding goes on all the while.
TEST_F(NeighborsTest, RefreshFailsOnlyAfterSixSilentProbes) {
  world.names = kStations;
  engine.glean(0, kHost, world.packet(1), {false});
  reply(kHost, mac(1));
  world.take_lines();
  world.used.insert({0, kHost});
  while (world.lines.empty()) advance_to(clock, engine, *engine.next_deadline());
  const TimePoint start = clock.now();
  EXPECT_GE(start, 11min);
  EXPECT_LE(start, 15min + 1s);
  advance(5999ms);
  EXPECT_EQ(world.slot(0, kHost), Slot::forwarding);
  EXPECT_EQ(row(kHost).state, NeighborState::probe);
  std::vector<std::string> kinds;
  for (const std::string& line : world.take_lines())
    kinds.push_back(line.substr(line.find(' ') + 1));
  EXPECT_EQ(kinds,
            (std::vector<std::string>{"probe 10.0.0.5 a", "probe 10.0.0.5 a", "probe 10.0.0.5 a",
                                      "solicit 10.0.0.5", "solicit 10.0.0.5", "solicit 10.0.0.5"}));
  advance(2ms);
  EXPECT_EQ(world.slot(0, kHost), Slot::failed);
  EXPECT_EQ(world.events.back().kind, NeighborEvent::Kind::failed);
  advance(5s);
  EXPECT_TRUE(engine.snapshot().empty());
}

TEST_F(NeighborsTest, StationThatMovedIsFoundByTheBroadcastProbes) {
  engine.glean(0, kHost, world.packet(1), {false});
  reply(kHost, mac(1));
  world.used.insert({0, kHost});
  while (row(kHost).probes < 4) advance_to(clock, engine, *engine.next_deadline());
  EXPECT_EQ(reply(kHost, mac(2)), std::nullopt);
  EXPECT_EQ(engine.lookup(0, kHost), mac(2));
  EXPECT_TRUE(row(kHost).verified);
}

TEST_F(NeighborsTest, UnusedEntryExpiresAfterItsLifetimeInTheTimeOfATest) {
  engine.glean(0, kHost, world.packet(1), {false});
  reply(kHost, mac(1));
  advance(2h);
  EXPECT_EQ(row(kHost).state, NeighborState::stale);
  advance(1h);
  EXPECT_EQ(world.slot(0, kHost), Slot::forwarding);  // 75 % of 4 h is the earliest
  advance(1h + 1s);
  EXPECT_EQ(world.slot(0, kHost), Slot::unresolved);
  EXPECT_TRUE(engine.snapshot().empty());
  EXPECT_EQ(world.solicits, 1u);
  EXPECT_EQ(engine.next_deadline(), std::nullopt);
}

TEST_F(NeighborsTest, FailedOneThatNoPacketAsksForIsAskedForAllTheSame) {
  world.names = kStations;
  world.relieved.insert({0, kHost});
  engine.glean(0, kHost, world.packet(1), {false});
  advance(3s);
  ASSERT_EQ(world.slot(0, kHost), Slot::failed);
  world.take_lines();
  advance(15s);
  EXPECT_EQ(world.take_lines(),
            (std::vector<std::string>{"8000 solicit 10.0.0.5", "13000 solicit 10.0.0.5",
                                      "18000 solicit 10.0.0.5"}));
  EXPECT_EQ(row(kHost).state, NeighborState::failed);
  // The answer to that is one like any other.
  advance(400ms);
  EXPECT_EQ(reply(kHost, mac(1)), std::nullopt);
  EXPECT_EQ(world.take_lines(), (std::vector<std::string>{"18400 publish 10.0.0.5 a"}));
  EXPECT_EQ(row(kHost).state, NeighborState::reachable);
  EXPECT_TRUE(row(kHost).verified);
}

TEST_F(NeighborsTest, FailedOneIsForgottenWhenItIsMissedAgain) {
  world.relieved.insert({0, kHost});
  engine.glean(0, kHost, world.packet(1), {false});
  advance(9s);
  ASSERT_EQ(world.slot(0, kHost), Slot::failed);
  // A reply that comes when nothing is outstanding only ends the negative cache.
  advance(2s);
  EXPECT_EQ(reply(kHost, mac(1)), std::nullopt);
  EXPECT_EQ(world.slot(0, kHost), Slot::unresolved);
  engine.glean(0, kHost, world.packet(2), {false});
  advance(9s);
  ASSERT_EQ(world.slot(0, kHost), Slot::failed);
  world.relieved.clear();
  advance(5s);
  EXPECT_EQ(world.slot(0, kHost), Slot::unresolved);
  EXPECT_TRUE(engine.snapshot().empty());
}

TEST_F(NeighborsTest, InterfaceChangeTakesOutWhatNoLongerBelongs) {
  engine.set_interface(
      {0,
       kOurMac,
       {*Ipv4InterfaceAddress::parse("10.0.0.1/24"), *Ipv4InterfaceAddress::parse("10.1.0.1/31")}});
  EXPECT_TRUE(engine.add_static(0, Ipv4Address{10, 1, 0, 0}, mac(7)));
  EXPECT_FALSE(engine.add_static(0, Ipv4Address{10, 2, 0, 0}, mac(7)));
  EXPECT_FALSE(engine.add_static(0, kHost, MacAddress::broadcast()));
  EXPECT_FALSE(engine.add_static(9, kHost, mac(7)));
  request(kHost, mac(1), Ipv4Address{10, 0, 0, 1});
  engine.glean(0, Ipv4Address{10, 0, 0, 9}, world.packet(1), {false});
  // 10.0.0.5 becomes ours, 10.1.0.0/31 goes.
  engine.set_interface({0, kOurMac, {*Ipv4InterfaceAddress::parse("10.0.0.5/24")}});
  EXPECT_EQ(world.slots.size(), 0u);
  EXPECT_EQ(engine.snapshot().size(), 1u);
  engine.remove_interface(0);
  EXPECT_TRUE(engine.snapshot().empty());
  EXPECT_TRUE(world.held.empty());
  EXPECT_EQ(request(kHost, mac(1), Ipv4Address{10, 0, 0, 1}), DropReason::arp_outside_subnet);
  engine.glean(0, kHost, world.packet(2), {false});
  EXPECT_TRUE(world.held.empty());
}

TEST_F(NeighborsTest, WhenTheLinkComesBackThoseInUseAreAskedAndTheFailedForgotten) {
  world.names = kStations;
  const Ipv4Address unused{10, 0, 0, 6}, failed{10, 0, 0, 7};
  for (const Ipv4Address ip : {kHost, unused, failed}) engine.glean(0, ip, world.packet(), {false});
  reply(kHost, mac(1));
  reply(unused, mac(2));
  advance(4s);
  ASSERT_EQ(world.slot(0, failed), Slot::failed);
  ASSERT_TRUE(engine.add_static(0, Ipv4Address{10, 0, 0, 8}, mac(3)));
  world.used.insert({0, kHost});
  world.take_lines();
  engine.link_up(0);
  advance(10ms);
  EXPECT_EQ(world.take_lines(),
            (std::vector<std::string>{"4000 announce 10.0.0.1", "4000 withdraw 10.0.0.7",
                                      "4000 probe 10.0.0.5 a"}));
  EXPECT_EQ(world.slot(0, kHost), Slot::forwarding) << "meanwhile";
  EXPECT_EQ(row(kHost).state, NeighborState::probe);
  EXPECT_EQ(row(unused).state, NeighborState::stale) << "to be asked when it is used";
  EXPECT_EQ(row(Ipv4Address{10, 0, 0, 8}).state, NeighborState::permanent);
  world.used.insert({0, unused});
  advance(16s);
  EXPECT_EQ(row(unused).state, NeighborState::probe);
}

TEST_F(NeighborsTest, WhoIsInUseStaysWhileTheCablesOtherEndMayNotForwardYet) {
  engine.glean(0, kHost, world.packet(), {false});
  reply(kHost, mac(1));
  advance(4s);
  world.used.insert({0, kHost});
  engine.link_up(0);
  advance(39s);
  EXPECT_EQ(world.slot(0, kHost), Slot::forwarding);
  EXPECT_EQ(world.solicits, 7u) << "six probes and one before";
  advance(2s);
  EXPECT_EQ(row(kHost).state, NeighborState::probe);
  advance(6s);
  EXPECT_EQ(world.slot(0, kHost), Slot::failed);
}

TEST_F(NeighborsTest, RequestsThatNobodyCouldHearDoNotCount) {
  engine.glean(0, kHost, world.packet(1), {false});
  advance(2500ms);
  ASSERT_EQ(world.solicits, 3u);
  engine.link_up(0);
  advance(1s);
  EXPECT_EQ(world.solicits, 4u) << "another three";
  EXPECT_EQ(row(kHost).state, NeighborState::incomplete);
  EXPECT_EQ(reply(kHost, mac(1)), std::nullopt);
  EXPECT_TRUE(world.held.empty());
  EXPECT_EQ(world.slot(0, kHost), Slot::forwarding);
}

TEST_F(NeighborsTest, OfAMemberOfTheBridgeOnlyIsAnnounced) {
  world.names = kStations;
  engine.glean(0, kHost, world.packet(), {false});
  advance(4s);
  ASSERT_EQ(world.slot(0, kHost), Slot::failed);
  world.take_lines();
  engine.member_up(0);
  EXPECT_EQ(world.take_lines(), (std::vector<std::string>{"4000 announce 10.0.0.1"}));
  EXPECT_EQ(world.slot(0, kHost), Slot::failed);
}

TEST_F(NeighborsTest, NewOwnMacIsPublishedAgain) {
  request(kHost, mac(1), Ipv4Address{10, 0, 0, 1});
  world.take_lines();
  engine.set_interface({0, mac(99), {*Ipv4InterfaceAddress::parse("10.0.0.1/24")}});
  EXPECT_EQ(world.take_lines().size(), 1u);
}

TEST_F(NeighborsTest, DestructionGivesBackWhatIsHeld) {
  {
    Neighbors other{clock, world, {}};
    other.set_interface({0, kOurMac, {*Ipv4InterfaceAddress::parse("10.0.0.1/24")}});
    for (int i = 0; i < 5; ++i) other.glean(0, kHost, world.packet(), {false});
    EXPECT_EQ(world.held.size(), 5u);
  }
  EXPECT_TRUE(world.held.empty());
}

TEST_F(NeighborsTest, NewEntriesAreBoundedByTheCreationBudget) {
  engine.set_interface({0, kOurMac, {*Ipv4InterfaceAddress::parse("10.0.0.1/8")}});
  std::uint32_t learnt = 0;
  for (std::uint32_t i = 0; i < 10000; ++i) {
    if (!request(Ipv4Address{0x0a010001u + i}, mac(i), Ipv4Address{10, 0, 0, 1})) ++learnt;
    clock.advance(100us);
  }
  const std::uint32_t rate = NeighborInterface{}.create_rate;  // and as many at once
  EXPECT_LE(learnt, 2 * rate);
  EXPECT_GE(learnt, 2 * rate - 2);
}

TEST_F(NeighborsTest, BudgetsAndTimesAreThoseGiven) {
  NeighborSettings settings;
  settings.unverified_lifetime = 7s;
  settings.failed_first = 2s;
  settings.failed_most = 3s;
  World other_world{clock};
  Neighbors other{clock, other_world, settings};
  lan.solicit_rate = 10;
  lan.create_rate = 3;
  ASSERT_TRUE(other.set_interface(lan));
  const auto ask = [&](std::uint8_t host, std::uint32_t m) {
    return other.arp({0,
                      wire::Arp::kRequest,
                      mac(m),
                      Ipv4Address{10, 0, 0, host},
                      {},
                      Ipv4Address{10, 0, 0, 1},
                      mac(m)});
  };
  for (std::uint8_t host = 20; host < 23; ++host) EXPECT_EQ(ask(host, host), std::nullopt);
  EXPECT_EQ(ask(23, 23), DropReason::arp_policed);
  EXPECT_TRUE(other.update_only(0));
  // Another change at once gains nothing.
  lan.create_rate = 100;
  ASSERT_TRUE(other.set_interface(lan));
  EXPECT_EQ(ask(23, 23), DropReason::arp_policed);
  advance_to(clock, other, clock.now() + 10ms);
  EXPECT_EQ(ask(23, 23), std::nullopt);
  lan.learning = NeighborLearning::rfc826;
  ASSERT_TRUE(other.set_interface(lan));
  EXPECT_EQ(ask(24, 24), std::nullopt);
  EXPECT_FALSE(other.update_only(0));
  // Destinations never seen leave half of what is there at once.
  std::uint64_t before = other_world.solicits;
  for (std::uint8_t host = 100; host < 120; ++host)
    other.glean(0, Ipv4Address{10, 0, 0, host}, other_world.packet(), {false});
  EXPECT_EQ(other_world.solicits - before, 6u);
  advance_to(clock, other, 4s);
  EXPECT_EQ(other.counters().failed, 6u);
  advance_to(clock, other, 6500ms);
  EXPECT_EQ(other.counters().failed, 0u);
  EXPECT_EQ(other.lookup(0, Ipv4Address{10, 0, 0, 24}), mac(24));
  advance_to(clock, other, 7100ms);
  EXPECT_EQ(other.lookup(0, Ipv4Address{10, 0, 0, 24}), std::nullopt);
}

TEST_F(NeighborsTest, RarpAnswersFromStaticEntriesOnly) {
  lan.addresses = {*Ipv4InterfaceAddress::parse("10.0.0.1/24"),
                   *Ipv4InterfaceAddress::parse("10.1.0.1/24")};
  ASSERT_TRUE(engine.set_interface(lan));
  ASSERT_TRUE(engine.set_interface({1, mac(50), {*Ipv4InterfaceAddress::parse("10.2.0.1/24")}}));
  const auto ip = [&](InterfaceId i, std::uint32_t m) -> std::string {
    const auto answer = engine.rarp(i, mac(m));
    if (!answer) return "none";
    return answer->ip.to_string() + " from " + answer->our_ip.to_string() + ' ' +
           (answer->our_mac == kOurMac   ? "0"
            : answer->our_mac == mac(50) ? "1"
                                         : "?");
  };
  EXPECT_EQ(ip(0, 1), "none");
  request(kHost, mac(1), Ipv4Address{10, 0, 0, 1});
  EXPECT_EQ(ip(0, 1), "none");  // learnt, not static
  ASSERT_TRUE(engine.add_static(0, Ipv4Address{10, 1, 0, 9}, mac(1)));
  EXPECT_EQ(ip(0, 1), "10.1.0.9 from 10.1.0.1 0");
  EXPECT_EQ(ip(1, 1), "none");
  EXPECT_EQ(ip(600, 1), "none");
  ASSERT_TRUE(engine.add_static(1, Ipv4Address{10, 2, 0, 9}, mac(1)));
  EXPECT_EQ(ip(1, 1), "10.2.0.9 from 10.2.0.1 1");
  // The lowest of several.
  ASSERT_TRUE(engine.add_static(0, kHost, mac(1)));
  EXPECT_EQ(ip(0, 1), "10.0.0.5 from 10.0.0.1 0");
  ASSERT_TRUE(engine.add_static(0, kHost, mac(2)));
  EXPECT_EQ(ip(0, 1), "10.1.0.9 from 10.1.0.1 0");
  EXPECT_EQ(ip(0, 2), "10.0.0.5 from 10.0.0.1 0");
  ASSERT_TRUE(engine.remove_static(0, kHost));
  EXPECT_EQ(ip(0, 2), "none");
  lan.addresses.pop_back();
  ASSERT_TRUE(engine.set_interface(lan));
  EXPECT_EQ(ip(0, 1), "none");
  engine.remove_interface(1);
  EXPECT_EQ(ip(1, 1), "none");
}

TEST_F(NeighborsTest, EventsAreBounded) {
  engine.add_static(0, kHost, mac(1));
  for (std::uint32_t i = 0; i < 100000; ++i) {
    request(kHost, mac(2), Ipv4Address{10, 0, 0, 1});
    clock.advance(10us);
  }
  EXPECT_LE(world.events.size(), Neighbors::kEventBurst + Neighbors::kEventRate);
  EXPECT_GT(engine.counters().events_suppressed, 90000u);
}

}  // namespace
}  // namespace weir::control::test
