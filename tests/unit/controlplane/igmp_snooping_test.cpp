// IGMP snooping: scenarios of hosts, routers and queriers.
#include "controlplane/igmp_snooping.hpp"

#include <gtest/gtest.h>

#include "igmp_fixture.hpp"

namespace weir::control::test {
namespace {

using namespace std::chrono_literals;
// --- hosts

TEST_F(IgmpSnoopingTest, ReportsOfEveryVersionRegister) {
  begin_settled();
  EXPECT_EQ(engine->receive(kA, report_v1(kGroup)), IgmpForward::routers);
  EXPECT_EQ(engine->receive(kB, report_v2(kGroup)), IgmpForward::routers);
  EXPECT_EQ(engine->receive(kC, report_v3({{4, kGroup}})), IgmpForward::routers);
  EXPECT_EQ(members(), (Members{kA, kB, kC}));
  const auto rows = engine->groups();
  ASSERT_EQ(rows.size(), 1u);
  ASSERT_EQ(rows[0].members.size(), 3u);
  EXPECT_EQ(rows[0].members[0].interface, kB);
  EXPECT_EQ(rows[0].members[0].version, 2);
  EXPECT_EQ(rows[0].members[1].version, 1);
  EXPECT_EQ(rows[0].members[2].version, 3);
  EXPECT_EQ(rows[0].members[2].expires, clock.now() + 260s);
  EXPECT_EQ(engine->counters().reports, (std::array<std::uint64_t, 3>{1, 1, 1}));
}

TEST_F(IgmpSnoopingTest, MembershipsLast260SecondsFromTheLastReport) {
  begin_settled();
  engine->receive(kA, report_v2(kGroup));
  engine->receive(kB, report_v2(kGroup));
  advance(100s);
  engine->receive(kB, report_v2(kGroup));
  advance(159999ms);
  EXPECT_EQ(members(), (Members{kA, kB}));
  advance(1ms);
  EXPECT_EQ(members(), Members{kB});
  advance(100s);
  EXPECT_EQ(members(), Members{});
  EXPECT_TRUE(engine->groups().empty());
}

TEST_F(IgmpSnoopingTest, ARefreshIsNoChange) {
  begin_settled();
  engine->receive(kA, report_v2(kGroup));
  for (int i = 0; i < 1000; ++i) engine->receive(kA, report_v2(kGroup));
  EXPECT_EQ(bridge.group_calls, 1u);
}

struct RecordRow {
  const char* name;
  std::uint8_t type;
  std::uint16_t sources;
  bool joins;    // where nobody was
  bool asks;     // about one that is there
  bool is_over;  // at once, with fast leave
};
const RecordRow kRecordRows[] = {
    {"is_include_nothing", 1, 0, false, false, false},
    {"is_include", 1, 1, true, false, false},
    {"is_exclude_nothing", 2, 0, true, false, false},
    {"is_exclude", 2, 1, true, false, false},
    {"to_include_nothing", 3, 0, false, true, true},
    {"to_include", 3, 2, true, false, false},
    {"to_exclude_nothing", 4, 0, true, false, false},
    {"to_exclude", 4, 1, true, false, false},
    {"allow_nothing", 5, 0, false, false, false},
    {"allow", 5, 1, true, false, false},
    {"block_nothing", 6, 0, false, false, false},
    {"block", 6, 1, false, true, false},
    {"type_0", 0, 1, false, false, false},
    {"type_7", 7, 1, false, false, false},
};
struct IgmpRecords : IgmpSnoopingTest, testing::WithParamInterface<RecordRow> {};
TEST_P(IgmpRecords, Rows) {
  const RecordRow& row = GetParam();
  const Packet report = report_v3({{row.type, kSsm, row.sources}});
  begin_settled();
  EXPECT_EQ(engine->receive(kA, report), IgmpForward::routers);
  EXPECT_EQ(members(kSsm).contains(kA), row.joins);
  EXPECT_TRUE(bridge.take_queries().empty());

  engine->receive(kB, report_v3({{5, kSsm, 1}}));
  engine->receive(kD, report_v3({{5, kSsm, 1}}));
  engine->receive(kB, report);
  EXPECT_EQ(bridge.take_queries().size(), row.asks ? 1u : 0u);
  engine->receive(kD, report);
  EXPECT_EQ(members(kSsm).contains(kD), !row.is_over);
  EXPECT_EQ(bridge.take_queries().size(), row.asks && !row.is_over ? 1u : 0u);
  advance(2s);
  EXPECT_EQ(members(kSsm).contains(kB), !row.asks);
  EXPECT_EQ(members(kSsm).contains(kD), !row.asks);
}
INSTANTIATE_TEST_SUITE_P(Rows, IgmpRecords, testing::ValuesIn(kRecordRows),
                         [](const auto& row) { return row.param.name; });

TEST_F(IgmpSnoopingTest, TheQuerierAsksTwiceAndSilenceIsALeave) {
  begin_settled();
  engine->receive(kA, report_v2(kGroup));
  engine->receive(kB, report_v2(kGroup));
  EXPECT_EQ(engine->receive(kA, leave_v2(kGroup)), IgmpForward::routers);
  auto queries = bridge.take_queries();
  ASSERT_EQ(queries.size(), 1u);
  EXPECT_EQ(queries[0].to, kA) << "B's membership is not in question";
  EXPECT_EQ(queries[0].message.group, kGroup);
  EXPECT_EQ(queries[0].message.destination, kGroup);
  EXPECT_EQ(queries[0].message.source, kOwn);
  EXPECT_EQ(queries[0].message.max_response, 1s);
  advance(500ms);
  engine->receive(kA, leave_v2(kGroup));
  EXPECT_TRUE(bridge.take_queries().empty()) << "it is being asked about";
  advance(500ms);
  EXPECT_EQ(bridge.take_queries().size(), 1u);
  advance(500ms);
  engine->receive(kA, leave_v2(kGroup));
  EXPECT_TRUE(bridge.take_queries().empty()) << "it is still being asked about";
  advance(499ms);
  EXPECT_EQ(members(), (Members{kA, kB}));
  advance(1ms);
  EXPECT_EQ(members(), Members{kB});
  // The last one: routers must hear of it, and answers.
  engine->receive(kB, leave_v2(kGroup));
  queries = bridge.take_queries();
  ASSERT_EQ(queries.size(), 1u);
  EXPECT_FALSE(queries[0].to);
  advance(2s);
  EXPECT_EQ(members(), Members{});
  EXPECT_EQ(engine->counters().group_specific_sent, 4u);
}

TEST_F(IgmpSnoopingTest, AnAnswerEndsTheAsking) {
  begin_settled();
  engine->receive(kA, report_v3({{4, kGroup}}));
  engine->receive(kA, report_v3({{3, kGroup}}));
  advance(900ms);
  engine->receive(kA, report_v3({{2, kGroup}}));
  bridge.take_queries();
  advance(200s);
  for (const auto& sent : bridge.take_queries()) EXPECT_TRUE(sent.message.is_general_query());
  EXPECT_EQ(members(), Members{kA});
}

TEST_F(IgmpSnoopingTest, LeavesOfWhatNobodyReportedSayNothing) {
  begin_settled();
  engine->receive(kA, leave_v2(kGroup));
  engine->receive(kB, report_v2(kGroup));
  engine->receive(kA, leave_v2(kGroup));
  advance(5s);
  EXPECT_TRUE(bridge.take_queries().empty());
  EXPECT_EQ(members(), Members{kB});
}

TEST_F(IgmpSnoopingTest, FastLeaveIsAtOnceWhoeverQueries) {
  for (const Mode mode : {Mode::on, Mode::off}) {
    begin_settled(mode);
    engine->receive(kD, report_v2(kGroup));
    engine->receive(kA, report_v2(kGroup));
    engine->receive(kD, leave_v2(kGroup));
    EXPECT_EQ(members(), Members{kA});
    EXPECT_TRUE(bridge.take_queries().empty());
  }
}

TEST_F(IgmpSnoopingTest, HostsOfVersion1SendNoLeavesSoNoneIsBelieved) {
  begin_settled();
  engine->receive(kA, report_v1(kGroup));
  engine->receive(kD, report_v1(kGroup));
  advance(100s);
  engine->receive(kA, report_v2(kGroup));
  bridge.take_queries();
  engine->receive(kA, leave_v2(kGroup));
  engine->receive(kA, report_v3({{3, kGroup}}));
  engine->receive(kD, leave_v2(kGroup));
  EXPECT_TRUE(bridge.take_queries().empty());
  EXPECT_EQ(members(), (Members{kA, kD}));
  EXPECT_EQ(engine->groups()[0].members[0].version, 1);
  // The host of version 1 was last heard 260 s ago.
  advance(160s);
  EXPECT_EQ(members(), Members{kA});
  EXPECT_EQ(engine->groups()[0].members[0].version, 2);
  bridge.take_queries();
  engine->receive(kA, report_v3({{6, kGroup, 1}}));
  EXPECT_TRUE(bridge.take_queries().empty()) << "with a host of version 2 BLOCK says nothing";
  engine->receive(kA, leave_v2(kGroup));
  EXPECT_EQ(bridge.take_queries().size(), 1u);
}

TEST_F(IgmpSnoopingTest, LinkLocalGroupsAreNone) {
  begin_settled();
  for (const char* group : {"224.0.0.1", "224.0.0.22", "224.0.0.251", "224.0.0.255"})
    EXPECT_EQ(engine->receive(kA, report_v2(ip(group))), IgmpForward::routers);
  EXPECT_TRUE(engine->groups().empty());
  engine->receive(kA, report_v2(ip("224.0.1.0")));
  EXPECT_EQ(engine->groups().size(), 1u);
}

TEST_F(IgmpSnoopingTest, WhatIsBrokenIsDroppedAndCounted) {
  begin_settled();
  Packet broken = report_v2(kGroup);
  broken.back() ^= 1;
  EXPECT_EQ(engine->receive(kA, broken), IgmpForward::none);
  EXPECT_EQ(engine->receive(kA, {}), IgmpForward::none);
  EXPECT_EQ(engine->receive(kA, report_v2(ip("10.0.0.1"))), IgmpForward::all) << "to a station";
  EXPECT_EQ(engine->receive(kA, igmp_packet(igmp_body(0x16, 0, ip("10.0.0.1")), kGroup).bytes()),
            IgmpForward::none);
  const auto& counters = engine->counters();
  EXPECT_EQ(counters.faults[static_cast<std::size_t>(IgmpFault::checksum)], 1u);
  EXPECT_EQ(counters.faults[static_cast<std::size_t>(IgmpFault::header)], 1u);
  EXPECT_EQ(counters.faults[static_cast<std::size_t>(IgmpFault::group)], 1u);
  EXPECT_EQ(faults(), 3u);
  EXPECT_EQ(counters.other_types, 1u);
  EXPECT_TRUE(engine->groups().empty());
  Ipv4Packet far = igmp_packet(igmp_body(0x16, 0, kGroup), kGroup);
  far.ttl = 64;
  EXPECT_EQ(engine->receive(kA, far.bytes()), IgmpForward::routers);
  EXPECT_EQ(counters.ttl_not_one, 1u);
  EXPECT_EQ(members(), Members{kA});
  EXPECT_EQ(engine->receive(99, report_v2(kGroup)), IgmpForward::none);
  EXPECT_EQ(engine->receive(60000, report_v2(kGroup)), IgmpForward::none);
  EXPECT_EQ(counters.not_member, 2u);
}

// --- members

TEST_F(IgmpSnoopingTest, AMemberThatGoesTakesItsMembershipsAlong) {
  begin_settled();
  for (const InterfaceId member : {kA, kB}) engine->receive(member, report_v2(kGroup));
  engine->receive(kA, report_v2(kSsm));
  engine->pim_hello(kA);
  EXPECT_EQ(bridge.routers, Members{kA});
  engine->set_link(kA, false);
  EXPECT_EQ(members(), Members{kB});
  EXPECT_EQ(members(kSsm), Members{});
  EXPECT_EQ(bridge.routers, Members{});
  EXPECT_EQ(engine->receive(kA, report_v2(kGroup)), IgmpForward::none);
  engine->pim_hello(kA);
  EXPECT_EQ(bridge.routers, Members{});
  engine->remove_member(kB);
  EXPECT_TRUE(bridge.groups.empty());
  EXPECT_EQ(engine->receive(kB, report_v2(kGroup)), IgmpForward::none);
  // Where it was, another one starts with nothing.
  ASSERT_TRUE(engine->add_member(3, false));
  EXPECT_EQ(members(), Members{});
  engine->receive(3, report_v2(kGroup));
  EXPECT_EQ(members(), Members{3});
}

TEST_F(IgmpSnoopingTest, AMemberThatComesUpIsQueried) {
  begin_settled();
  engine->set_link(kA, false);
  engine->set_link(kA, false);
  EXPECT_TRUE(bridge.take_queries().empty());
  engine->set_link(kA, true);
  engine->set_link(kA, true);
  const auto queries = bridge.take_queries();
  ASSERT_EQ(queries.size(), 1u);
  EXPECT_EQ(queries[0].to, kA);
  EXPECT_TRUE(queries[0].message.is_general_query());
}

TEST_F(IgmpSnoopingTest, MembersAreBounded) {
  begin(Mode::on);
  for (InterfaceId i = 100; i < 100 + kMaxBridgeMembers - 4; ++i)
    ASSERT_TRUE(engine->add_member(i, false));
  EXPECT_FALSE(engine->add_member(300, false));
  EXPECT_TRUE(engine->add_member(kA, true)) << "it is one already";
  EXPECT_FALSE(engine->add_member(kMaxInterfaces, false));
  engine->remove_member(kA);
  EXPECT_TRUE(engine->add_member(300, false));
  advance(11s);
  std::set<InterfaceId> all{kB, kC, kD, 300};
  for (InterfaceId i = 100; i < 100 + kMaxBridgeMembers - 4; ++i) all.insert(i);
  for (const InterfaceId member : all) engine->receive(member, report_v2(kGroup));
  EXPECT_EQ(members(), all);
}

TEST_F(IgmpSnoopingTest, AtTheBoundGroupsAreRefusedAndFlooded) {
  begin_settled();
  const auto group = [](std::uint32_t n) { return Ipv4Address{0xef000000u + n}; };
  for (std::uint32_t n = 0; n < IgmpSnooping::kMaxGroups; ++n)
    engine->receive(kA, report_v2(group(n)));
  EXPECT_EQ(bridge.groups.size(), IgmpSnooping::kMaxGroups);
  EXPECT_TRUE(bridge.settled);
  engine->receive(kB, report_v2(kSsm));
  engine->receive(kB, report_v2(group(5)));
  EXPECT_EQ(engine->counters().refused_groups, 1u);
  EXPECT_FALSE(bridge.settled) << "B would starve";
  EXPECT_EQ(members(kSsm), Members{});
  EXPECT_EQ(members(group(5)), (Members{kA, kB}));
  advance(100s);
  engine->receive(kB, report_v2(kSsm));
  EXPECT_EQ(engine->counters().refused_groups, 2u);
  advance(200s);
  EXPECT_EQ(bridge.groups.size(), 0u);
  EXPECT_FALSE(bridge.settled);
  advance(60s);
  EXPECT_TRUE(bridge.settled);
  engine->receive(kB, report_v2(kSsm));
  EXPECT_EQ(members(kSsm), Members{kB});
}

TEST_F(IgmpSnoopingTest, LeavesThatAreAskedAboutAreBounded) {
  begin_settled();
  for (std::uint32_t n = 0; n < 1000; ++n)
    engine->receive(kA, report_v2(Ipv4Address{0xef000000u + n}));
  for (std::uint32_t n = 0; n < 1000; ++n)
    engine->receive(kA, leave_v2(Ipv4Address{0xef000000u + n}));
  EXPECT_EQ(bridge.take_queries().size(), IgmpSnooping::kAskBurst);
  EXPECT_EQ(engine->counters().unasked_leaves, 1000 - IgmpSnooping::kAskBurst);
  advance(2s);
  EXPECT_EQ(bridge.groups.size(), 500u);
  advance(258s);
  EXPECT_EQ(bridge.groups.size(), 0u);
}

// --- routers

TEST_F(IgmpSnoopingTest, RoutersAreWhereQueriesHellosAndAdvertisementsComeFrom) {
  begin_settled();
  engine->receive(kA, query(kHigher));
  EXPECT_EQ(bridge.routers, Members{kA});
  engine->pim_hello(kC);
  const Packet advertisement =
      igmp_packet(igmp_body(0x30, 20, Ipv4Address{0x007d0002}), ip("224.0.0.106")).bytes();
  EXPECT_EQ(engine->receive(kB, advertisement), IgmpForward::all);
  EXPECT_EQ(bridge.routers, (Members{kA, kB, kC}));
  EXPECT_EQ(status().routers[0].interface, kB);
  EXPECT_EQ(status().routers[0].expires, clock.now() + 255s);
  advance(200s);
  engine->pim_hello(kC);
  advance(54999ms);
  EXPECT_EQ(bridge.routers, (Members{kA, kB, kC}));
  advance(1ms);
  EXPECT_EQ(bridge.routers, Members{kC});
  advance(200s);
  EXPECT_EQ(bridge.routers, Members{});
}

TEST_F(IgmpSnoopingTest, AQueryFromNobodyMakesARouterOnlyWhereItMayBeTheOnlyOne) {
  begin_settled(Mode::on, kOwn);
  EXPECT_EQ(engine->receive(kA, query({})), IgmpForward::all);
  EXPECT_EQ(bridge.routers, Members{}) << "we have an address";
  EXPECT_EQ(status().querier, IgmpStatus::Querier::self);

  begin_settled(Mode::on, {});
  EXPECT_EQ(engine->receive(kA, query({})), IgmpForward::all);
  EXPECT_EQ(bridge.routers, Members{kA}) << "two proxies must find each other";
  EXPECT_EQ(status().querier, IgmpStatus::Querier::self) << "0.0.0.0 wins no election";
  engine->receive(kB, query(kHigher));
  EXPECT_EQ(status().querier, IgmpStatus::Querier::other) << "nor does ours";
  engine->receive(kC, query({}));
  EXPECT_EQ(bridge.routers, (Members{kA, kB}));
}

// --- queriers

TEST_F(IgmpSnoopingTest, OnQueriesAtOnceAndOftenAtFirst) {
  begin(Mode::on);
  std::vector<Duration> at;
  const TimePoint start = clock.now();
  for (const auto& sent : bridge.take_queries()) {
    EXPECT_FALSE(sent.to);
    EXPECT_EQ(sent.message.source, kOwn);
    EXPECT_EQ(sent.message.version, 3);
    EXPECT_EQ(sent.message.robustness, 2);
    EXPECT_EQ(sent.message.query_interval, 125s);
    at.push_back(clock.now() - start);
  }
  for (int i = 0; i < 1200; ++i) {
    advance(250ms);
    for (std::size_t n = bridge.take_queries().size(); n > 0; --n)
      at.push_back(clock.now() - start);
  }
  EXPECT_EQ(at, (std::vector<Duration>{0s, 31250ms, 156250ms, 281250ms}));
}

TEST_F(IgmpSnoopingTest, NothingIsPublishedBeforeReportsHadTimeToComeIn) {
  begin(Mode::on);
  engine->receive(kA, report_v2(kGroup));
  advance(10999ms);
  EXPECT_FALSE(bridge.settled);
  EXPECT_TRUE(bridge.groups.empty()) << "B's report may still come, it must not starve";
  EXPECT_EQ(engine->groups().size(), 1u);
  advance(1ms);
  EXPECT_TRUE(bridge.settled);
  EXPECT_EQ(members(), Members{kA});
}

TEST_F(IgmpSnoopingTest, AutomaticListensFirst) {
  begin(Mode::automatic);
  advance(254999ms);
  EXPECT_TRUE(bridge.take_queries().empty());
  EXPECT_EQ(status().querier, IgmpStatus::Querier::none);
  EXPECT_FALSE(bridge.settled);
  advance(1ms);
  EXPECT_EQ(bridge.take_queries().size(), 1u);
  EXPECT_EQ(status().querier, IgmpStatus::Querier::self);
  EXPECT_EQ(status().address, kOwn);
  advance(11s);
  EXPECT_TRUE(bridge.settled);
}

TEST_F(IgmpSnoopingTest, AutomaticLeavesItToWhoeverIsThereAndTakesOver) {
  begin(Mode::automatic);
  advance(100s);
  engine->receive(kA, query(kHigher));
  EXPECT_EQ(status().querier, IgmpStatus::Querier::other);
  EXPECT_EQ(status().address, kHigher);
  advance(11s);
  EXPECT_TRUE(bridge.settled);
  engine->receive(kB, report_v2(kGroup));
  advance(243999ms);
  EXPECT_TRUE(bridge.take_queries().empty());
  advance(1ms);
  EXPECT_EQ(bridge.take_queries().size(), 1u);
  EXPECT_EQ(status().querier, IgmpStatus::Querier::self);
  EXPECT_EQ(members(), Members{kB}) << "nothing is forgotten";
}

TEST_F(IgmpSnoopingTest, TheLowerAddressIsTheQuerier) {
  begin_settled();
  EXPECT_EQ(engine->receive(kA, query(kHigher)), IgmpForward::all);
  EXPECT_EQ(status().querier, IgmpStatus::Querier::self);
  EXPECT_EQ(engine->receive(kA, query(kLower)), IgmpForward::all);
  EXPECT_EQ(status().address, kLower);
  EXPECT_EQ(engine->receive(kB, query(kHigher)), IgmpForward::all);
  EXPECT_EQ(status().address, kLower);
  EXPECT_EQ(engine->receive(kB, query(ip("9.0.0.1"))), IgmpForward::all);
  EXPECT_EQ(status().address, ip("9.0.0.1"));
  advance(254999ms);
  EXPECT_TRUE(bridge.take_queries().empty());
  advance(1ms);
  EXPECT_EQ(status().querier, IgmpStatus::Querier::self);
  EXPECT_EQ(bridge.take_queries().size(), 1u);
  EXPECT_TRUE(bridge.settled);
}

TEST_F(IgmpSnoopingTest, OurOwnQueriesComingBackAreDropped) {
  begin_settled();
  EXPECT_EQ(engine->receive(kA, query(kOwn)), IgmpForward::none);
  EXPECT_EQ(engine->counters().own_queries, 1u);
  EXPECT_EQ(bridge.routers, Members{});
}

TEST_F(IgmpSnoopingTest, OffNeverQueriesAndFloodsWhenNobodyDoes) {
  begin(Mode::off);
  advance(1h);
  EXPECT_FALSE(bridge.settled);
  engine->receive(kA, query(kLower));
  engine->receive(kB, report_v2(kGroup));
  advance(11s);
  EXPECT_TRUE(bridge.settled);
  EXPECT_EQ(members(), Members{kB});
  advance(243999ms);
  EXPECT_TRUE(bridge.settled);
  advance(1ms);
  EXPECT_FALSE(bridge.settled) << "nobody makes hosts report any more";
  EXPECT_TRUE(bridge.groups.empty());
  // The same with one that has no address.
  engine->receive(kA, query({}));
  advance(11s);
  EXPECT_TRUE(bridge.settled);
  EXPECT_EQ(status().querier, IgmpStatus::Querier::other);
  advance(244s);
  EXPECT_FALSE(bridge.settled);
  EXPECT_EQ(status().querier, IgmpStatus::Querier::none);
  EXPECT_TRUE(bridge.take_queries().empty());
}

TEST_F(IgmpSnoopingTest, AnothersGroupSpecificQueryShortensMemberships) {
  begin_settled(Mode::automatic);
  engine->receive(kB, report_v2(kGroup));
  engine->receive(kC, report_v2(kGroup));
  engine->receive(kD, report_v1(kGroup));
  engine->receive(kB, leave_v2(kGroup));
  EXPECT_TRUE(bridge.take_queries().empty()) << "asking is the querier's";
  advance(10s);
  EXPECT_EQ(members(), (Members{kB, kC, kD}));
  EXPECT_EQ(engine->receive(kA, query(kHigher, 2, kGroup, 1s)), IgmpForward::all);
  advance(10s);
  EXPECT_EQ(members(), (Members{kB, kC, kD})) << "it is not in charge";
  EXPECT_EQ(engine->receive(kA, query(kLower, 2, kGroup, 1s)), IgmpForward::all);
  advance(1s);
  engine->receive(kC, report_v2(kGroup));
  advance(999ms);
  EXPECT_EQ(members(), (Members{kB, kC, kD}));
  advance(1ms);
  EXPECT_EQ(members(), (Members{kC, kD})) << "hosts of version 1 answer when they like";
}

TEST_F(IgmpSnoopingTest, QueriesOfSourcesOrWithSuppressionShortenNothing) {
  begin_settled(Mode::automatic);
  engine->receive(kB, report_v3({{5, kSsm, 1}}));
  for (const Packet& rest : {Packet{2, 125, 0, 1, 10, 9, 0, 0}, Packet{0x0a, 125, 0, 0}}) {
    engine->receive(kA, igmp_packet(igmp_body(0x11, 10, kSsm, rest), kSsm, kLower).bytes());
    advance(10s);
    EXPECT_EQ(members(kSsm), Members{kB});
  }
  engine->receive(kA, igmp_packet(igmp_body(0x11, 10, kSsm, {2, 125, 0, 0}), kSsm, kLower).bytes());
  advance(2s);
  EXPECT_EQ(members(kSsm), Members{});
}

TEST_F(IgmpSnoopingTest, WeQueryInTheOldestVersionHeardOfLate) {
  begin_settled();
  engine->receive(kA, query(kHigher, 2));
  EXPECT_EQ(status().version, 2);
  engine->topology_change();
  auto queries = bridge.take_queries();
  ASSERT_EQ(queries.size(), 1u);
  EXPECT_EQ(queries[0].message.version, 2);
  advance(10s);
  engine->receive(kA, query(kHigher, 1));
  engine->receive(kB, report_v2(kGroup));
  engine->receive(kB, leave_v2(kGroup));
  EXPECT_TRUE(bridge.take_queries().empty()) << "version 1 cannot ask about a group";
  advance(100s);
  engine->receive(kA, query(kHigher, 3));
  EXPECT_EQ(status().version, 1);
  advance(155s);
  EXPECT_EQ(status().version, 3);
}

TEST_F(IgmpSnoopingTest, TheQueriersLongerIntervalsAreOurs) {
  begin_settled(Mode::automatic);
  engine->receive(kA, query(kLower, 3, {}, 20s, 3, 400s));
  engine->receive(kB, report_v2(kGroup));
  EXPECT_EQ(engine->groups()[0].members[0].expires, clock.now() + 3 * 400s + 20s);
  EXPECT_EQ(status().routers[0].expires, clock.now() + 3 * 400s + 10s);
  // A forged one must not end what is there.
  engine->receive(kA, query(kLower, 3, {}, 100ms, 1, 1s));
  engine->receive(kB, report_v2(kGroup));
  EXPECT_EQ(engine->groups()[0].members[0].expires, clock.now() + 260s);
  // Nor may it silence us for days.
  engine->receive(kA, query(kLower, 3, {}, 3000s, 7, 31744s));
  EXPECT_LE(status().routers[0].expires, clock.now() + 8h);
}

// --- topology

TEST_F(IgmpSnoopingTest, TopologyChangesAreAnsweredWithAQueryAtMostOnceASecond) {
  begin_settled();
  engine->topology_change();
  EXPECT_EQ(bridge.take_queries().size(), 1u);
  for (int i = 0; i < 100; ++i) {
    engine->topology_change();
    advance(5ms);
  }
  EXPECT_TRUE(bridge.take_queries().empty());
  advance(500ms);
  EXPECT_EQ(bridge.take_queries().size(), 1u) << "the last change was asked about too";
  advance(20s);
  EXPECT_TRUE(bridge.take_queries().empty());
  advance(11250ms);
  EXPECT_EQ(bridge.take_queries().size(), 1u) << "and again, should that have been lost";
}

TEST_F(IgmpSnoopingTest, TopologyChangesAreAskedAboutInTheQueriersPlaceAndWords) {
  begin_settled(Mode::automatic);
  engine->receive(kA, query(kLower, 2, {}, 5s));
  engine->topology_change();
  auto queries = bridge.take_queries();
  ASSERT_EQ(queries.size(), 3u);
  std::set<InterfaceId> to;
  for (const auto& sent : queries) {
    to.insert(*sent.to);
    EXPECT_TRUE(sent.message.source.is_zero());
    EXPECT_EQ(sent.message.version, 2);
    EXPECT_EQ(sent.message.max_response, 5s);
  }
  EXPECT_EQ(to, (Members{kB, kC, kD})) << "not where the router is";
  engine->receive(kA, query(kLower, 3, {}, 5s, 0, 0s));
  advance(1s);
  engine->set_link(kB, false);
  engine->set_link(kB, true);
  queries = bridge.take_queries();
  ASSERT_EQ(queries.size(), 1u);
  EXPECT_EQ(queries[0].to, kB);
  EXPECT_EQ(queries[0].message.version, 3);
  EXPECT_EQ(queries[0].message.robustness, 0);
  EXPECT_EQ(queries[0].message.query_interval, 0s);
}

TEST_F(IgmpSnoopingTest, WithOffATopologyChangeFloodsUntilTheNextQueryWasAnswered) {
  begin_settled(Mode::off);
  engine->receive(kB, report_v2(kGroup));
  engine->topology_change();
  EXPECT_FALSE(bridge.settled);
  EXPECT_TRUE(bridge.groups.empty());
  advance(60s);
  EXPECT_FALSE(bridge.settled);
  engine->receive(kA, query(kLower));
  advance(11s);
  EXPECT_TRUE(bridge.settled);
  EXPECT_EQ(members(), Members{kB});
  EXPECT_TRUE(bridge.take_queries().empty());
}

TEST_F(IgmpSnoopingTest, SettingsMayChange) {
  begin_settled();
  engine->receive(kA, report_v2(kGroup));
  IgmpSettings settings;
  settings.querier = Mode::off;
  engine->configure(settings);
  EXPECT_FALSE(bridge.settled);
  EXPECT_TRUE(bridge.groups.empty());
  advance(50s);
  EXPECT_TRUE(bridge.take_queries().empty());
  settings.querier = Mode::on;
  settings.own = kLower;
  settings.query_interval = 60s;
  engine->configure(settings);
  tick();
  auto queries = bridge.take_queries();
  ASSERT_EQ(queries.size(), 1u);
  EXPECT_EQ(queries[0].message.source, kLower);
  EXPECT_EQ(queries[0].message.query_interval, 60s);
  advance(11s);
  EXPECT_EQ(members(), Members{kA});
  settings.own = kOwn;
  engine->configure(settings);
  tick();
  queries = bridge.take_queries();
  ASSERT_EQ(queries.size(), 1u);
  EXPECT_EQ(queries[0].message.source, kOwn);
  // Out of range: clamped.
  settings.query_interval = 0s;
  settings.max_response = 1h;
  settings.robustness = 99;
  engine->configure(settings);
  tick();
  queries = bridge.take_queries();
  ASSERT_EQ(queries.size(), 1u);
  EXPECT_EQ(queries[0].message.query_interval, 1s);
  EXPECT_EQ(queries[0].message.max_response, 1s);
  EXPECT_EQ(queries[0].message.robustness, 7);
}

}  // namespace
}  // namespace weir::control::test
