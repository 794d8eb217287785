// Stations: learnt, moved, frozen, aged, evicted; loops.
#include "controlplane/stations.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "station_fixture.hpp"

namespace weir::control::test {
namespace {

using namespace std::chrono_literals;
using Kind = StationEvent::Kind;

// --- learning

TEST(Stations, AreLearntWhereTheyAreHeard) {
  StationFixture f;
  f.learn(1, 1);
  f.learn(2, 2);
  EXPECT_EQ(f.where(1), 1);
  EXPECT_EQ(f.where(2), 2);
  EXPECT_EQ(f.fdb.where(*f.fdb.find(station_key(kLan, station(1)))), FdbWhere::station(1));
  EXPECT_EQ(f.counters().learnt, 2u);
  EXPECT_EQ(f.engine.stations_of(1), 1u);
  EXPECT_EQ(f.world.places.size(), 2u);
}

TEST(Stations, WhatIsNeverLearnt) {
  struct Row {
    const char* name;
    BridgeId bridge;
    MacAddress mac;
    InterfaceId interface;
  };
  const Row rows[] = {
      {"broadcast", kLan, MacAddress::broadcast(), 1},
      {"a group", kLan, {{1, 0, 0x5e, 0, 0, 1}}, 1},
      {"zero", kLan, {}, 1},
      {"no such bridge", 7, station(1), 1},
      {"bridge 0", 0, station(1), 1},
      {"beyond the bridges", 60'000, station(1), 1},
      {"not a member", kLan, station(1), 9},
      {"beyond the interfaces", kLan, station(1), 600},
      {"does not learn", kLan, station(1), 4},
      {"ours", kLan, station(100), 1},
      {"static", kLan, station(101), 1},
  };
  for (const Row& row : rows) {
    StationFixture f;
    ASSERT_TRUE(f.engine.set_member(kLan, 4, {.learning = false}));
    ASSERT_TRUE(f.engine.add_own(kLan, station(100), 500));
    ASSERT_TRUE(f.engine.add_static(kLan, station(101), 2));
    for (int i = 0; i < 20; ++i) f.engine.learn(row.bridge, row.mac, row.interface);
    EXPECT_EQ(f.fdb.size(), 2u) << row.name;
    EXPECT_EQ(f.where(100), 500) << row.name;
    EXPECT_EQ(f.where(101), 2) << row.name;
    EXPECT_EQ(f.counters().learnt + f.counters().moves + f.counters().frozen, 0u) << row.name;
  }
}

TEST(Stations, StaticAndOwnOnes) {
  StationFixture f;
  f.learn(1, 3);
  EXPECT_TRUE(f.engine.add_static(kLan, station(1), 2));  // over a learnt one
  EXPECT_EQ(f.where(1), 2);
  EXPECT_EQ(f.engine.stations_of(3), 0u);
  EXPECT_TRUE(f.engine.add_static(kLan, station(1), 1));  // moved by the configuration
  EXPECT_EQ(f.fdb.where(*f.fdb.find(station_key(kLan, station(1)))), FdbWhere::fixed(1));
  EXPECT_TRUE(f.engine.add_own(kLan, station(1), 500));
  EXPECT_FALSE(f.engine.add_static(kLan, station(1), 1)) << "one of our own";
  EXPECT_FALSE(f.engine.add_static(kLan, MacAddress::broadcast(), 1));
  EXPECT_FALSE(f.engine.add_static(kLan, {}, 1));
  EXPECT_FALSE(f.engine.add_static(kLan, station(2), 9));
  EXPECT_FALSE(f.engine.add_own(9, station(2), 500));
  EXPECT_EQ(f.counters().statics, 1u);
  f.advance(1h);
  EXPECT_EQ(f.where(1), 500);
  EXPECT_EQ(f.engine.flush({}), 0u);
  EXPECT_TRUE(f.engine.remove_fixed(kLan, station(1)));
  EXPECT_FALSE(f.engine.remove_fixed(kLan, station(1)));
  f.learn(1, 3);
  EXPECT_FALSE(f.engine.remove_fixed(kLan, station(1)));
  EXPECT_EQ(f.where(1), 3);
}

// --- ageing

TEST(Stations, AgeWhenTheyAreSilentForLonger) {
  StationFixture f;
  f.clock.advance(10'500ms);
  f.learn(1, 1);
  f.learn(2, 1);
  f.advance(200s);
  f.hear(2);
  f.advance(100s);
  EXPECT_TRUE(f.where(1)) << "not before 300 s";
  f.advance(2s);
  EXPECT_FALSE(f.where(1));
  EXPECT_TRUE(f.where(2));
  EXPECT_EQ(f.engine.find(kLan, station(2))->age_seconds, 102u);
  EXPECT_EQ(f.engine.find(kLan, station(2))->expires_seconds, 198u);
  f.advance(200s);
  EXPECT_FALSE(f.where(2));
  EXPECT_EQ(f.counters().aged, 2u);
  EXPECT_TRUE(f.world.places.empty());
  EXPECT_EQ(f.fdb.size(), 0u);
}

TEST(Stations, ZeroAgeingIsNever) {
  StationFixture f{64, {.ageing = 0s}};
  f.learn(1, 1);
  f.advance(24h);
  EXPECT_EQ(f.where(1), 1);
  EXPECT_FALSE(f.engine.find(kLan, station(1))->expires_seconds);
}

TEST(Stations, LargeTablesAreSweptOnceASecondInSteps) {
  StationFixture f{1u << 17, {.max = 1u << 17, .max_per_interface = 1u << 17}};  // 8 steps
  for (std::uint32_t n = 0; n < 100'000; ++n) f.learn(n, 1);
  EXPECT_EQ(f.engine.next_deadline(), 125ms);
  f.clock.advance(301s);
  EXPECT_LT(f.engine.tick(), 100'000u / 8 * 2) << "bounded work";
  f.advance(1s);
  EXPECT_EQ(f.counters().aged, 100'000u);
  EXPECT_EQ(f.fdb.seconds(), 302u);
}

TEST(Stations, WithoutABridgeThereIsNothingToDo) {
  StationFixture f;
  f.learn(1, 1);
  ASSERT_TRUE(f.engine.add_own(kLan, station(9), 500));
  f.engine.remove_bridge(kLan);
  EXPECT_EQ(f.engine.next_deadline(), std::nullopt);
  EXPECT_EQ(f.fdb.size(), 0u);
  EXPECT_TRUE(f.world.places.empty());
  f.learn(1, 1);
  EXPECT_EQ(f.fdb.size(), 0u);
}

// --- pins

TEST(Stations, PinnedOnesStay) {
  StationFixture f{64, {.max = 2}};
  f.engine.pin(kLan, station(1));  // before it is learnt
  f.engine.pin(kLan, station(1));
  f.learn(1, 1);
  f.learn(2, 1);
  f.engine.pin(kLan, station(2));
  EXPECT_EQ(f.counters().pinned, 2u);
  f.learn(3, 1);
  EXPECT_EQ(f.counters().refused, 1u);
  f.advance(1000s);
  EXPECT_EQ(f.where(1), 1);
  EXPECT_EQ(f.where(2), 1);
  f.engine.unpin(kLan, station(1));
  f.engine.unpin(kLan, station(2));
  EXPECT_EQ(f.counters().pinned, 1u);
  f.advance(2s);
  EXPECT_EQ(f.where(1), 1) << "pinned twice";
  EXPECT_FALSE(f.where(2));
  f.engine.unpin(kLan, station(1));
  f.engine.unpin(kLan, station(1));  // once too often
  f.advance(2s);
  EXPECT_FALSE(f.where(1));
  EXPECT_EQ(f.engine.totals().pins, 0u);
}

TEST(Stations, PinsAreBounded) {
  StationFixture f;
  for (std::uint32_t n = 0; n < Stations::kMaxPins + 5; ++n) f.engine.pin(kLan, station(n));
  f.engine.pin(kLan, station(0));
  EXPECT_EQ(f.engine.totals().pins, Stations::kMaxPins);
  EXPECT_EQ(f.engine.totals().pins_refused, 5u);
}

// --- limits

TEST(Stations, AtItsOwnLimitAnInterfaceEvictsItsOwn) {
  StationFixture f;
  ASSERT_TRUE(f.engine.set_member(kLan, 2, {.max_stations = 3}));
  for (std::uint32_t n = 0; n < 50; ++n) f.learn(n, 1);
  for (std::uint32_t n = 50; n < 53; ++n) {
    f.learn(n, 2);
    f.advance(1s);
  }
  f.hear(50);
  f.learn(53, 2);
  EXPECT_EQ(f.engine.stations_of(2), 3u);
  EXPECT_FALSE(f.where(51)) << "silent for longest";
  EXPECT_TRUE(f.where(50) && f.where(52) && f.where(53));
  for (const std::uint32_t n : {50u, 52u, 53u}) f.answer(n);
  f.learn(54, 2);
  EXPECT_FALSE(f.where(54)) << "all of them are in use";
  EXPECT_EQ(f.counters().evictions, 1u);
  EXPECT_EQ(f.counters().refused, 1u);
  EXPECT_EQ(f.world.count(Kind::table_full), 1u);
  EXPECT_EQ(f.engine.stations_of(1), 50u);
}

struct EvictionRow {
  const char* name;
  std::array<std::uint32_t, 3> stations;  // of interfaces 1 to 3, the bridge is full
  std::array<bool, 3> two_way;
  InterfaceId newcomer;
  InterfaceId loses;  // 0: it is refused
};
constexpr EvictionRow kEvictions[] = {
    {"the one with most", {5, 3, 2}, {}, 3, 1},
    {"itself", {5, 3, 2}, {}, 1, 1},
    {"from nowhere", {5, 5, 0}, {false, true, false}, 3, 1},
    {"the next one, when nobody may go", {5, 3, 2}, {true, false, false}, 3, 2},
    {"itself, when it is the next one", {5, 3, 2}, {true, false, false}, 2, 2},
    {"never of one with fewer", {5, 3, 2}, {true, true, false}, 2, 0},
    {"never of one with fewer, the most", {6, 2, 2}, {true, false, false}, 1, 0},
    {"nobody may go", {4, 4, 2}, {true, true, true}, 3, 0},
};

TEST(Stations, AtTheBridgesLimitTheLargestGivesWay) {
  for (const EvictionRow& row : kEvictions) {
    StationFixture f{1024, {.max = 10}};
    std::array<std::uint32_t, 5> expected{};
    std::uint32_t n = 0;
    for (InterfaceId i = 1; i <= 3; ++i) {
      for (std::uint32_t k = 0; k < row.stations[i - 1u]; ++k, ++n) {
        f.learn(n, i);
        if (row.two_way[i - 1u]) f.answer(n);
      }
      expected[i] = row.stations[i - 1u];
    }
    f.learn(n, row.newcomer);
    EXPECT_EQ(f.where(n).has_value(), row.loses != 0) << row.name;
    if (row.loses != 0) {
      --expected[row.loses];
      ++expected[row.newcomer];
    }
    for (InterfaceId i = 1; i <= 4; ++i)
      EXPECT_EQ(f.engine.stations_of(i), expected[i]) << row.name << ", " << i;
    EXPECT_EQ(f.counters().refused, row.loses == 0 ? 1u : 0u) << row.name;
  }
}

TEST(Stations, AnEvictionLooksAtNoMoreThanItMay) {
  StationFixture f{4096, {.max = 4096, .max_per_interface = 2000}};
  for (std::uint32_t n = 0; n < 2000; ++n) {
    f.learn(n, 1);
    if (n < 1999) f.answer(n);
  }
  f.learn(5000, 1);
  EXPECT_FALSE(f.where(5000)) << "1,024 of 2,000 are looked at";
  f.learn(5001, 1);
  EXPECT_TRUE(f.where(5001)) << "the search goes on where it stopped";
  EXPECT_FALSE(f.where(1999));
}

TEST(Stations, ALoweredLimitIsReachedByAndBy) {
  StationFixture f;
  for (std::uint32_t n = 0; n < 20; ++n) f.learn(n, 1);
  ASSERT_TRUE(f.engine.set_bridge(kLan, {.max = 10}));
  for (std::uint32_t n = 100; n < 110; ++n) f.learn(n, 2);
  EXPECT_EQ(f.counters().stations, 10u);
  EXPECT_EQ(f.counters().evictions, 20u);
  EXPECT_EQ(f.counters().refused, 0u);
}

TEST(Stations, AFullFdbEvictsInItsBridge) {
  StationFixture f{64};
  ASSERT_TRUE(f.engine.set_bridge(2, {}));
  ASSERT_TRUE(f.engine.set_member(2, 8, {}));
  for (std::uint32_t n = 0; n < 60; ++n) f.learn(n, 1);
  for (std::uint32_t n = 0; n < 4; ++n) f.engine.learn(2, station(n), 8);
  f.engine.learn(2, station(70), 8);
  EXPECT_EQ(f.engine.stations_of(1), 60u);
  EXPECT_EQ(f.engine.stations_of(8), 4u);
  EXPECT_EQ(f.engine.counters(2).evictions, 1u);
  EXPECT_TRUE(f.engine.add_static(2, station(71), 8));
  EXPECT_EQ(f.engine.stations_of(8), 3u);
}

// --- moves

TEST(Stations, TheFifthMoveFreezesItWhereItWas) {
  StationFixture f;
  f.learn(1, 1);
  const InterfaceId path[] = {2, 3, 2, 3};
  for (const InterfaceId to : path) {
    f.advance(30s);
    f.learn(1, to);
    EXPECT_EQ(f.where(1), to);
  }
  f.advance(30s);
  f.learn(1, 2);
  const Place place = *f.engine.find(kLan, station(1));
  EXPECT_EQ(place.interface, 1);
  EXPECT_TRUE(place.frozen);
  EXPECT_EQ(place.also_on, 2);
  EXPECT_EQ(place.moves, 5u);
  EXPECT_EQ(place.frozen_left, 300s);
  EXPECT_EQ(f.fdb.where(*f.fdb.find(station_key(kLan, station(1)))), FdbWhere::fixed(1));
  EXPECT_EQ(f.counters().moves, 5u);
  EXPECT_EQ(f.counters().freezes, 1u);
  EXPECT_EQ(f.counters().frozen, 1u);
  ASSERT_EQ(f.world.events.size(), 1u);
  EXPECT_EQ(f.world.events[0].kind, Kind::frozen);
  EXPECT_EQ(f.world.events[0].interface, 1);
  EXPECT_EQ(f.world.events[0].other, 2);
  f.learn(1, 4);  // was under way
  EXPECT_EQ(f.where(1), 1);
  EXPECT_EQ(f.engine.find(kLan, station(1))->also_on, 4);
  f.advance(300s - 1ms);
  EXPECT_EQ(f.counters().frozen, 1u) << "and has not aged";
  f.hear(1);
  f.advance(1ms);
  EXPECT_EQ(f.counters().frozen, 0u);
  EXPECT_EQ(f.world.count(Kind::thawed), 1u);
  f.learn(1, 2);
  EXPECT_EQ(f.where(1), 2) << "it moves again";
  EXPECT_EQ(f.engine.find(kLan, station(1))->moves, 1u);
}

TEST(Stations, FiveMovesInALongerTimeAreJustMoves) {
  StationFixture f;
  f.learn(1, 1);
  for (int i = 0; i < 20; ++i) {
    f.advance(45s);  // the fifth is 180 s after the first
    f.learn(1, static_cast<InterfaceId>(i % 2 ? 1 : 2));
  }
  EXPECT_EQ(f.counters().moves, 20u);
  EXPECT_EQ(f.counters().freezes, 0u);
}

TEST(Stations, VirtualRoutersMoveAsOftenAsTheyLike) {
  for (const std::uint8_t family : std::initializer_list<std::uint8_t>{1, 2}) {
    StationFixture f;
    const MacAddress router{{0, 0, 0x5e, 0, family, 7}}, other{{0, 0, 0x5e, 0, family, 8}};
    for (int i = 0; i < 40; ++i) {
      f.engine.learn(kLan, router, static_cast<InterfaceId>(i % 2 ? 1 : 2));
      f.engine.learn(kLan, other, static_cast<InterfaceId>(i % 2 ? 1 : 2));
    }
    EXPECT_EQ(f.engine.find(kLan, router)->interface, 1);
    EXPECT_EQ(f.counters().moves, 78u);
    EXPECT_EQ(f.counters().freezes + f.counters().loops, 0u);
  }
}

TEST(Stations, AMoveToAFullInterfaceMakesRoomOrIsRefused) {
  StationFixture f;
  ASSERT_TRUE(f.engine.set_member(kLan, 2, {.max_stations = 1}));
  f.learn(1, 1);
  f.learn(2, 2);
  f.learn(1, 2);
  EXPECT_EQ(f.where(1), 2);
  EXPECT_FALSE(f.where(2));
  f.answer(1);
  f.learn(3, 1);
  f.learn(3, 2);
  EXPECT_EQ(f.where(3), 1);
  EXPECT_EQ(f.counters().moves, 2u);
  EXPECT_EQ(f.counters().refused, 1u);
}

TEST(Stations, AMoveKeepsTheTwoWayMark) {
  StationFixture f;
  f.learn(1, 1);
  f.answer(1);
  f.learn(1, 2);
  EXPECT_TRUE(f.engine.find(kLan, station(1))->two_way);
}

TEST(Stations, WhatIsRememberedOfMovesIsBounded) {
  StationFixture f{8192, {.max = 8192, .max_per_interface = 8192, .ageing = 0s}};
  for (std::uint32_t n = 0; n < kMaxMoving + 100; ++n) {
    f.learn(n, 1);
    f.learn(n, 2);
    f.advance(200ms);  // no loop
  }
  EXPECT_EQ(f.engine.totals().moving, kMaxMoving);
  EXPECT_EQ(f.engine.totals().moves_forgotten, 100u);
}

TEST(Stations, FrozenOnesAreBounded) {
  StationFixture f{8192, {.max = 8192, .max_per_interface = 8192, .ageing = 0s}};
  // Slowly enough to be no loop; nothing thaws, as nobody calls `tick`.
  for (std::uint32_t n = 0; n < Stations::kMaxFrozen + 3; ++n) {
    f.walk(n, {1, 2, 1, 2, 1, 2});
    f.clock.advance(1100ms);
  }
  EXPECT_EQ(f.engine.totals().frozen, Stations::kMaxFrozen);
  EXPECT_EQ(f.engine.totals().thawed_early, 3u);
  EXPECT_FALSE(f.engine.find(kLan, station(0))->frozen);
  EXPECT_EQ(f.counters().loops, 0u);
  EXPECT_GT(f.engine.totals().events_suppressed + f.world.count(Kind::frozen),
            Stations::kMaxFrozen);
}

TEST(Stations, EventsAreLimited) {
  StationFixture f{64, {.max = 1}};
  f.learn(0, 1);
  f.answer(0);
  for (std::uint32_t n = 1; n <= 1000; ++n) f.learn(n, 1);
  EXPECT_EQ(f.world.count(Kind::table_full), Stations::kEventBurst);
  EXPECT_EQ(f.engine.totals().events_suppressed, 1000u - Stations::kEventBurst);
  f.clock.advance(1s);
  for (std::uint32_t n = 1; n <= 1000; ++n) f.learn(n, 1);
  EXPECT_EQ(f.world.count(Kind::table_full), Stations::kEventBurst + Stations::kEventRate);
}

// --- loops

/// Frames of stations 1 to `stations` on interface 3 come back by 1 and 2 in turn.
void loop(StationFixture& f, std::uint32_t stations, unsigned moves, Duration apart) {
  for (unsigned i = 0; i < moves; ++i) {
    f.clock.advance(apart);
    f.learn(1 + i % stations, static_cast<InterfaceId>(i / stations % 2 == 0 ? 2 : 1));
  }
}

TEST(StationLoops, ManyStationsBetweenOnePairStopTheNewer) {
  StationFixture f;
  for (std::uint32_t n = 1; n <= 4; ++n) f.learn(n, 1);
  loop(f, 4, 7, 10ms);
  EXPECT_TRUE(f.world.stopped.empty());
  f.clock.advance(10ms);
  f.learn(4, 1);
  EXPECT_EQ(f.world.stopped, (std::set<std::pair<BridgeId, InterfaceId>>{{kLan, 2}}));
  EXPECT_FALSE(f.engine.floods(2));
  for (std::uint32_t n = 1; n <= 4; ++n) EXPECT_EQ(f.where(n), 1) << "back where it was";
  EXPECT_EQ(f.counters().loops, 1u);
  EXPECT_EQ(f.counters().freezes, 0u);
  EXPECT_EQ(f.engine.totals().moving, 0u);
  ASSERT_EQ(f.world.count(Kind::loop), 1u);
  EXPECT_EQ(f.world.events.back().interface, 2);
  EXPECT_EQ(f.world.events.back().other, 1);
  // Nobody moves there; new ones are learnt.
  f.advance(5s);
  f.learn(1, 2);
  EXPECT_EQ(f.where(1), 1);
  f.learn(77, 2);
  EXPECT_EQ(f.where(77), 2);
  for (int i = 0; i < 10; ++i) f.learn(77, 1);
  EXPECT_EQ(f.where(77), 1) << "away from there, at once";
  f.advance(5s);
  EXPECT_TRUE(f.world.stopped.empty());
  EXPECT_EQ(f.world.count(Kind::loop_over), 1u);
  f.learn(1, 2);
  EXPECT_EQ(f.where(1), 2);
}

TEST(StationLoops, StationsOfAThirdInterfaceGoBackThere) {
  StationFixture f;
  for (std::uint32_t n = 1; n <= 3; ++n) f.learn(n, 3);
  loop(f, 3, 30, 5ms);
  EXPECT_EQ(f.counters().loops, 1u);
  for (std::uint32_t n = 1; n <= 3; ++n) EXPECT_EQ(f.where(n), 3);
  EXPECT_EQ(f.counters().freezes, 0u);
}

TEST(StationLoops, WhatIsNoLoop) {
  struct Row {
    const char* name;
    std::uint32_t stations;
    unsigned moves;
    Duration apart;
  };
  constexpr Row kRows[] = {
      {"two hosts fight over one address", 1, 100, 1ms},
      {"too few", 7, 7, 1ms},
      {"too slow", 50, 50, 150ms},
  };
  for (const Row& row : kRows) {
    StationFixture f;
    for (std::uint32_t n = 1; n <= row.stations; ++n) f.learn(n, 1);
    loop(f, row.stations, row.moves, row.apart);
    EXPECT_EQ(f.counters().loops, 0u) << row.name;
    EXPECT_TRUE(f.world.stopped.empty()) << row.name;
  }
}

TEST(StationLoops, MovesBetweenDifferentPairsAreNoLoop) {
  StationFixture f;
  for (std::uint32_t n = 0; n < 20; ++n) f.learn(n, 1);
  for (std::uint32_t n = 0; n < 20; ++n) f.learn(n, static_cast<InterfaceId>(2 + n % 3));
  EXPECT_EQ(f.counters().loops, 0u);  // 7, 7 and 6
  EXPECT_EQ(f.counters().moves, 20u);
}

TEST(StationLoops, ThoseThatFrozeInItThaw) {
  StationFixture f;
  f.learn(1, 1);
  f.learn(2, 1);
  f.walk(1, {2, 1, 2, 1, 2});
  EXPECT_EQ(f.counters().frozen, 1u);
  f.walk(2, {2, 1, 2});
  EXPECT_EQ(f.counters().loops, 1u);
  EXPECT_EQ(f.counters().frozen, 0u);
  EXPECT_EQ(f.where(1), 1);
  EXPECT_EQ(f.where(2), 1);
}

TEST(StationLoops, OurOwnAddressAsASourceIsOne) {
  StationFixture f;
  f.learn(1, 1);
  f.learn(2, 1);
  f.learn(1, 2);  // by the loop
  f.engine.own_source(kLan, 2);
  f.engine.own_source(kLan, 2);
  f.engine.own_source(kLan, 1);  // the other end of it, still under way
  f.engine.own_source(kLan, 9);  // no member
  EXPECT_EQ(f.world.stopped, (std::set<std::pair<BridgeId, InterfaceId>>{{kLan, 2}}));
  EXPECT_EQ(f.where(1), 1);
  EXPECT_EQ(f.counters().loops, 1u);
  f.clock.advance(1s);
  f.engine.own_source(kLan, 1);  // another one
  EXPECT_EQ(f.world.stopped.size(), 2u);
}

TEST(StationLoops, LastTwiceAsLongWhenTheyRecur) {
  StationFixture f;
  for (const Duration expected : {10s, 20s, 40s, 80s, 160s, 300s, 300s}) {
    f.engine.own_source(kLan, 2);
    f.advance(expected - 1ms);
    ASSERT_EQ(f.world.stopped.size(), 1u);
    f.advance(1ms);
    ASSERT_TRUE(f.world.stopped.empty());
    f.advance(59s);
  }
  f.advance(1s);
  f.engine.own_source(kLan, 2);
  f.advance(10s);
  EXPECT_TRUE(f.world.stopped.empty()) << "60 s without";
}

TEST(LoopWatch, PairsAreBounded) {
  LoopWatch watch;
  for (InterfaceId i = 0; i < 400; ++i)
    EXPECT_FALSE(watch.note(station_key(kLan, station(i)), i, 500, 1ms));
  EXPECT_EQ(watch.pairs(), LoopWatch::kMaxPairs);
  watch.forget(kLan);
  EXPECT_EQ(watch.pairs(), 0u);
}

// --- flushing, listing

TEST(Stations, AreFlushedByWhatMatches) {
  struct Row {
    const char* name;
    StationQuery query;
    std::size_t gone;
  };
  const Row rows[] = {
      {"all", {}, 22},
      {"a bridge", {.bridge = kLan}, 20},
      {"an interface", {.interface = 2}, 10},
      {"an interface of another bridge", {.bridge = 2, .interface = 2}, 0},
      {"an address", {.mac = station(3)}, 2},
      {"an address of a bridge", {.bridge = 2, .mac = station(3)}, 1},
      {"an address elsewhere", {.interface = 1, .mac = station(3)}, 0},
      {"a static one", {.mac = station(99)}, 0},
      {"nothing", {.bridge = 9}, 0},
  };
  for (const Row& row : rows) {
    StationFixture f;
    ASSERT_TRUE(f.engine.set_bridge(2, {}));
    ASSERT_TRUE(f.engine.set_member(2, 8, {}));
    ASSERT_TRUE(f.engine.add_static(kLan, station(99), 2));
    f.engine.pin(kLan, station(3));
    for (std::uint32_t n = 0; n < 20; ++n) f.learn(n, static_cast<InterfaceId>(1 + n % 2));
    for (const std::uint32_t n : {3u, 4u}) f.engine.learn(2, station(n), 8);
    EXPECT_EQ(f.engine.flush(row.query), row.gone) << row.name;
    EXPECT_EQ(f.fdb.size(), 23 - row.gone) << row.name;
    EXPECT_EQ(f.world.places.size(), 23 - row.gone) << row.name;
    f.learn(3, 1);
    EXPECT_TRUE(f.engine.find(kLan, station(3))->pinned) << row.name;
  }
}

TEST(Stations, ATopologyChangeTakesAMembersStations) {
  StationFixture f;
  f.learn(1, 1);
  f.learn(2, 2);
  f.walk(3, {1, 2, 1, 2, 1, 2});  // freezes on 1
  EXPECT_EQ(f.counters().frozen, 1u);
  EXPECT_EQ(f.engine.fast_age(kLan, 1), 2u);
  EXPECT_EQ(f.counters().frozen, 0u);
  EXPECT_EQ(f.engine.totals().frozen, 0u);
  EXPECT_EQ(f.engine.fast_age(kLan, std::nullopt), 1u);
  f.advance(400s);
  EXPECT_EQ(f.world.count(Kind::thawed), 0u);
}

TEST(Stations, AMemberThatLeavesTakesItsStationsAlong) {
  StationFixture f;
  ASSERT_TRUE(f.engine.set_bridge(2, {}));
  f.learn(1, 1);
  ASSERT_TRUE(f.engine.add_static(kLan, station(2), 1));
  f.engine.own_source(kLan, 1);
  ASSERT_TRUE(f.engine.set_member(2, 1, {}));
  EXPECT_EQ(f.fdb.size(), 0u);
  EXPECT_TRUE(f.engine.floods(1));
  f.advance(60s);
  f.learn(1, 1);
  EXPECT_EQ(f.fdb.size(), 0u);
  f.engine.learn(2, station(1), 1);
  EXPECT_EQ(f.engine.find(2, station(1))->interface, 1);
  EXPECT_FALSE(f.engine.set_member(9, 1, {}));
  EXPECT_FALSE(f.engine.set_member(2, 512, {}));
  EXPECT_FALSE(f.engine.set_bridge(0, {}));
  EXPECT_FALSE(f.engine.set_bridge(256, {}));
}

TEST(Stations, ABridgesMembersAreBounded) {
  StationFixture f;
  for (InterfaceId i = 5; i <= kMaxBridgeMembers; ++i)
    ASSERT_TRUE(f.engine.set_member(kLan, i, {}));
  EXPECT_FALSE(f.engine.set_member(kLan, 100, {}));
}

TEST(Stations, AreListedInOrderPageByPage) {
  StationFixture f{4096};
  ASSERT_TRUE(f.engine.set_bridge(2, {}));
  ASSERT_TRUE(f.engine.set_member(2, 8, {}));
  ASSERT_TRUE(f.engine.add_own(kLan, station(5000), 500));
  // Not a station: a group of the bridge.
  ASSERT_TRUE(f.fdb.insert(station_key(kLan, {{1, 0, 0x5e, 1, 2, 3}}), FdbWhere::group(3), 0));
  std::mt19937 random{1};
  for (int i = 0; i < 1000; ++i) {
    const MacAddress mac{{static_cast<std::uint8_t>(random() & 0xfe),
                          static_cast<std::uint8_t>(random()), 2, 3, 4,
                          static_cast<std::uint8_t>(random())}};
    const bool second = random() % 3 == 0;
    f.engine.learn(second ? 2 : kLan, mac, second ? 8 : static_cast<InterfaceId>(random() % 4 + 1));
  }
  for (const StationQuery& query :
       {StationQuery{}, StationQuery{.bridge = kLan}, StationQuery{.interface = 3}}) {
    std::vector<std::pair<BridgeId, MacAddress>> expected, listed;
    for (const auto& [key, interface] : f.world.places)
      if ((!query.bridge || *query.bridge == key.first) &&
          (!query.interface || *query.interface == interface))
        expected.push_back(key);
    std::optional<std::pair<BridgeId, MacAddress>> after;
    for (;;) {
      const StationList page = f.engine.list(query, after, 37);
      EXPECT_EQ(page.total, expected.size());
      if (page.places.empty()) break;
      for (const Place& place : page.places) listed.emplace_back(place.bridge, place.mac);
      after = listed.back();
    }
    EXPECT_EQ(listed, expected);
    EXPECT_GT(expected.size(), 100u);
  }
  const StationList own = f.engine.list({.mac = station(5000)}, std::nullopt, 10);
  ASSERT_EQ(own.places.size(), 1u);
  EXPECT_EQ(own.places[0].kind, StationKind::own);
  EXPECT_EQ(f.engine.list({}, std::nullopt, 0).places.size(), 0u);
}

// --- E7 of the specification, in small

TEST(Stations, AFloodOfAddressesLeavesOthersAlone) {
  StationFixture f{16'384, {.max = 8192, .max_per_interface = 4096}};
  for (std::uint32_t n = 0; n < 3000; ++n) {
    const auto interface = static_cast<InterfaceId>(2 + n % 3);
    f.learn(n, interface);
    if (n % 2 == 0) f.answer(n);
  }
  // Legitimate ones of the flooding interface that somebody answers.
  for (std::uint32_t n = 3000; n < 3100; ++n) {
    f.learn(n, 1);
    f.answer(n);
  }
  for (std::uint32_t n = 1'000'000; n < 2'000'000; ++n) {
    f.learn(n, 1);
    ASSERT_LE(f.engine.stations_of(1), 4096u);
  }
  for (std::uint32_t n = 0; n < 3100; ++n)
    ASSERT_EQ(f.where(n), n < 3000 ? 2 + n % 3 : 1u) << "evicted by the flood";
  EXPECT_EQ(f.counters().refused, 0u);
  f.learn(5000, 2);
  EXPECT_EQ(f.where(5000), 2) << "a new one elsewhere";
}

TEST(Stations, MemoryOfAMillion) {
  ManualClock clock;
  NoReaders readers;
  Fdb fdb{1'000'000, 1, readers};
  StationWorld world;
  const Stations engine{clock, fdb, world};
  EXPECT_LE(engine.memory_bytes(), 1'000'000 * 64u);
}

// --- what the journal is told

using What = StationChange::What;
using Cause = StationChange::Cause;

/// "learnt by frame on 1: none to 1" for each.
std::vector<std::string> take_log(StationWorld& world) {
  static constexpr const char* kWhat[] = {"learnt", "added",   "moved",   "frozen", "thawed",
                                          "aged",   "evicted", "flushed", "removed"};
  static constexpr const char* kCause[] = {"frame", "limit",    "loop",
                                           "timer", "topology", "command"};
  std::vector<std::string> lines;
  for (const StationChange& change : world.log) {
    const auto place = [](std::optional<InterfaceId> at) {
      return at ? std::to_string(*at) : std::string{"none"};
    };
    std::string line = std::to_string(change.mac.bytes[5]) + ' ' +
                       kWhat[static_cast<std::size_t>(change.what)] + " by " +
                       kCause[static_cast<std::size_t>(change.cause)];
    if (change.cause <= Cause::loop) line += " on " + std::to_string(change.arrival);
    lines.push_back(line + ": " + place(change.before) + " to " + place(change.now));
  }
  world.log.clear();
  return lines;
}

TEST(Stations, EveryChangeSaysWhatAndWhy) {
  using Lines = std::vector<std::string>;
  StationFixture f(1024, {.ageing = 60s});
  f.world.keep_log = true;
  f.learn(1, 1);
  f.learn(1, 1);  // heard again: no change
  f.walk(1, {2, 1, 2, 1});
  EXPECT_EQ(take_log(f.world),
            (Lines{"1 learnt by frame on 1: none to 1", "1 moved by frame on 2: 1 to 2",
                   "1 moved by frame on 1: 2 to 1", "1 moved by frame on 2: 1 to 2",
                   "1 moved by frame on 1: 2 to 1"}));
  f.learn(1, 2);  // it is on 1, where it was before the moves
  EXPECT_EQ(take_log(f.world), Lines{"1 frozen by frame on 2: 1 to 1"});
  f.advance(Stations::kFreeze - 1s);
  f.hear(1);
  f.advance(2s);
  EXPECT_EQ(take_log(f.world), Lines{"1 thawed by timer: 1 to 1"});
  f.advance(63s);
  EXPECT_EQ(take_log(f.world), Lines{"1 aged by timer: 1 to none"});

  f.learn(2, 3);
  ASSERT_TRUE(f.engine.add_static(kLan, station(2), 1));
  ASSERT_TRUE(f.engine.add_static(kLan, station(2), 2));
  ASSERT_TRUE(f.engine.remove_fixed(kLan, station(2)));
  EXPECT_EQ(take_log(f.world),
            (Lines{"2 learnt by frame on 3: none to 3", "2 removed by command: 3 to none",
                   "2 added by command: none to 1", "2 moved by command: 1 to 2",
                   "2 removed by command: 2 to none"}));

  ASSERT_TRUE(f.engine.set_member(kLan, 3, {.max_stations = 1}));
  f.learn(3, 3);
  f.learn(4, 3);
  EXPECT_EQ(take_log(f.world),
            (Lines{"3 learnt by frame on 3: none to 3", "3 evicted by limit on 3: 3 to none",
                   "4 learnt by frame on 3: none to 3"}));
  f.learn(5, 1);
  f.learn(6, 2);
  f.world.log.clear();
  f.engine.flush({.mac = station(4)});
  f.engine.fast_age(kLan, InterfaceId{1});
  f.engine.remove_member(kLan, 2);
  EXPECT_EQ(take_log(f.world),
            (Lines{"4 flushed by command: 3 to none", "5 flushed by topology: 1 to none",
                   "6 removed by command: 2 to none"}));
}

TEST(StationLoops, WhatGoesBackDoesSoBecauseOfTheLoop) {
  StationFixture f;
  f.learn(1, 1);
  f.learn(2, 1);
  f.world.keep_log = true;
  for (unsigned i = 0; i < 4; ++i) {
    const auto to = static_cast<InterfaceId>(i % 2 == 0 ? 2 : 1);
    f.learn(1, to);
    f.learn(2, to);
  }
  const auto& log = f.world.log;
  ASSERT_EQ(f.world.count(Kind::loop), 1u);
  // The eighth move makes the loop, and is not made itself.
  ASSERT_EQ(log.size(), 8u);
  for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(log[i].cause, Cause::frame) << i;
  EXPECT_EQ(log[7].mac, station(2));
  EXPECT_EQ(log[7].what, What::moved);
  EXPECT_EQ(log[7].cause, Cause::loop);
  EXPECT_EQ(log[7].arrival, 2);
  EXPECT_EQ(log[7].now, 1);
}

}  // namespace
}  // namespace weir::control::test
