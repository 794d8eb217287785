// The switched half on virtual devices: frames in, frames out by cable, drops and punts; and after
// every row, that no packet and no buffer is missing.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/unit/dataplane/switch_lab.hpp"
#include "tests/unit/dataplane/switch_outcome.hpp"

namespace weir::test {
namespace {

constexpr MacAddress kStranger{{2, 0, 0, 0, 9, 9}};
constexpr MacAddress kGroupMac{{1, 0, 0x5e, 1, 2, 3}};

Bytes between(MacAddress source, MacAddress destination, std::size_t payload = 30) {
  return Ipv4Packet{.to_mac = destination, .from_mac = source, .payload = pattern(payload)}.frame();
}
/// Of the first access port's station.
Bytes to(MacAddress destination, std::size_t payload = 30) {
  return between(host(0), destination, payload);
}
Bytes with_all(Bytes frame) {
  MacAddress::broadcast().store(frame.data());
  return frame;
}
Bytes igmp(MacAddress source) {
  return Ipv4Packet{.to_mac = kGroupMac,
                    .from_mac = source,
                    .destination = {225, 1, 2, 3},
                    .ttl = 1,
                    .protocol = wire::ip_protocol::kIgmp,
                    .payload = pattern(8)}
      .frame();
}

using Members = std::vector<unsigned>;
const Members kOthersThanA{1, 2, 3, 4, 5};

void block(Snapshot& snapshot, unsigned member, bool learning = false) {
  Bridge& bridge = snapshot.bridges[kBridge];
  bridge.flooding &= ~member_bit(member);
  for (BridgeMember& each : bridge.members) each.reachable &= ~member_bit(member);
  bridge.members[member].forwarding = false;
  bridge.members[member].learning = learning;
}
void split(Snapshot& snapshot, MemberSet apart) {
  for (unsigned m = 0; m < kMemberCount; ++m)
    if ((apart & member_bit(m)) != 0) snapshot.bridges[kBridge].members[m].reachable &= ~apart;
}
void snoop(Snapshot& snapshot) {
  Bridge& bridge = snapshot.bridges[kBridge];
  bridge.igmp_snooping = true;
  bridge.unregistered = member_bit(1) | member_bit(4);
}

class Switching : public testing::Test {
 protected:
  void SetUp() override { switch_lab().reset(); }
};

struct Row {
  const char* name;
  unsigned from;
  Bytes frame;
  Members to;
  const char* ends = "";
  std::function<void(Snapshot&)> change = {};
  std::uint16_t priority = 0;
};

std::vector<Row> rows() {
  // The bridge itself wants no IPv6.
  const Bytes broadcast =
      ethernet_frame(wire::ether_type::kIpv6, pattern(46), MacAddress::broadcast(), host(0));
  const auto group = [](MacAddress mac) { return to(mac); };
  return {
      // Known stations.
      {"access to access", 0, to(host(1)), {1}},
      {"access to trunk: tag on", 0, to(host(2)), {2}},
      {"access to trunk: two tags on", 0, to(host(5)), {5}},
      {"trunk to access: tag off", 2, between(host(2), host(0)), {0}},
      {"trunk to access: two tags off", 5, between(host(5), host(0)), {0}},
      {"trunk to trunk, the same id", 2, between(host(2), host(3)), {3}},
      {"trunk to trunk, another id, priority kept",
       2,
       between(host(2), host(4)),
       {4},
       "",
       {},
       0xb000},
      {"trunk to the same trunk, another id", 3, between(host(3), host(4)), {4}, "", {}, 0x2000},
      {"one tag to two, priority kept", 2, between(host(2), host(5)), {5}, "", {}, 0xe000},
      {"out where it came in", 0, to(host(0)), {}, "drop same-interface"},
      // Floods.
      {"unknown station", 0, to(kStranger), kOthersThanA},
      {"unknown station, from a trunk", 3, between(host(3), kStranger), {0, 1, 2, 4, 5}},
      {"unknown station, from behind two tags, priority kept",
       5,
       between(host(5), kStranger),
       {0, 1, 2, 3, 4},
       "",
       {},
       0x6000},
      {"broadcast", 0, broadcast, kOthersThanA},
      {"group that nobody asked for", 0, group({{1, 0, 0x5e, 9, 9, 9}}), kOthersThanA},
      {"nobody else there",
       0,
       broadcast,
       {},
       "drop no-member",
       [](Snapshot& s) {
         s.bridges[kBridge].flooding = member_bit(0);
         s.bridges[kBridge].routed = false;
       }},
      // Addresses.
      {"own MAC as the source", 0, between(kOwnMac, host(1)), {}, "drop own-source-mac"},
      {"own MAC as the source of a broadcast",
       0,
       between(kOwnMac, MacAddress::broadcast()),
       {},
       "drop own-source-mac"},
      {"from a group", 0, between(kGroupMac, host(1)), {}, "drop bad-source-mac"},
      {"from zeros", 0, between({}, host(1)), {}, "drop bad-source-mac"},
      {"reserved address", 0, group({{1, 0x80, 0xc2, 0, 0, 0x0e}}), {}, "drop reserved-address"},
      {"BPDU without spanning tree",
       0,
       group({{1, 0x80, 0xc2, 0, 0, 0}}),
       {},
       "drop reserved-address"},
      {"too short", 0, Bytes(13, 2), {}, "drop frame-too-short"},
      {"to the bridge, which has no address",
       0,
       to(kOwnMac),
       {},
       "drop local-unsupported",
       [](Snapshot& s) { s.bridges[kBridge].routed = false; }},
      // Spanning tree.
      {"BPDU",
       0,
       group({{1, 0x80, 0xc2, 0, 0, 0}}),
       {},
       "punt bpdu",
       [](Snapshot& s) { s.bridges[kBridge].spanning_tree = true; }},
      {"BPDU on a blocked member",
       0,
       group({{1, 0x80, 0xc2, 0, 0, 0}}),
       {},
       "punt bpdu",
       [](Snapshot& s) {
         s.bridges[kBridge].spanning_tree = true;
         block(s, 0);
       }},
      {"from a blocked member",
       0,
       to(host(1)),
       {},
       "drop port-blocked",
       [](Snapshot& s) { block(s, 0); }},
      {"broadcast from a blocked member",
       0,
       broadcast,
       {},
       "drop port-blocked",
       [](Snapshot& s) { block(s, 0); }},
      {"to the bridge from a blocked member",
       0,
       to(kOwnMac),
       {},
       "drop port-blocked",
       [](Snapshot& s) { block(s, 0); }},
      {"to a blocked member",
       0,
       to(host(1)),
       {},
       "drop port-blocked",
       [](Snapshot& s) { block(s, 1); }},
      {"broadcast past a blocked member",
       0,
       broadcast,
       {2, 3, 4, 5},
       "",
       [](Snapshot& s) { block(s, 1); }},
      // Split horizon.
      {"between two of a group",
       0,
       to(host(3)),
       {},
       "drop split-horizon",
       [](Snapshot& s) { split(s, member_bit(0) | member_bit(3)); }},
      {"from the group to another",
       0,
       to(host(2)),
       {2},
       "",
       [](Snapshot& s) { split(s, member_bit(0) | member_bit(3)); }},
      {"flood from the group",
       0,
       broadcast,
       {1, 2, 4, 5},
       "",
       [](Snapshot& s) { split(s, member_bit(0) | member_bit(3)); }},
      // A loop was found behind the member.
      {"flood from a loop",
       0,
       broadcast,
       {},
       "drop loop-blocked",
       [](Snapshot& s) { s.bridges[kBridge].flooding &= ~member_bit(0); }},
      {"known unicast from a loop",
       0,
       to(host(1)),
       {1},
       "",
       [](Snapshot& s) { s.bridges[kBridge].flooding &= ~member_bit(0); }},
      {"flood past a loop",
       0,
       broadcast,
       {1, 3, 4, 5},
       "",
       [](Snapshot& s) { s.bridges[kBridge].flooding &= ~member_bit(2); }},
      // MTU.
      {"as long as may be", 0, to(host(1), 1480), {1}},
      {"a byte more than may come in", 0, to(host(1), 1481), {}, "drop frame-too-long"},
      {"a byte more, to all", 0, with_all(to({}, 1481)), {}, "drop frame-too-long"},
      {"a byte more than may come in by a VLAN",
       2,
       between(host(2), host(0), 1400),
       {},
       "drop frame-too-long",
       [](Snapshot& s) { s.interfaces[kC10].mtu = 1419; }},
      {"a byte more than may go out",
       0,
       to(host(1), 1480),
       {},
       "drop frame-over-mtu",
       [](Snapshot& s) {
         s.interfaces[kB].mtu = 1499;
         s.bridges[kBridge].smallest_mtu = 1499;
       }},
      {"flood, too long for one",
       0,
       to(kStranger, 1400),
       {1, 2, 4, 5},
       "",
       [](Snapshot& s) {
         s.interfaces[kD10].mtu = 1419;
         s.bridges[kBridge].smallest_mtu = 1419;
       }},
      {"flood, too long for all",
       0,
       to(kStranger, 1480),
       {},
       "drop frame-over-mtu",
       [](Snapshot& s) {
         for (const InterfaceId id : kMembers)
           if (id != kA) s.interfaces[id].mtu = 1499;
         s.bridges[kBridge].smallest_mtu = 1499;
       }},
      // Multicast.
      {"IGMP with snooping", 0, igmp(host(0)), {}, "punt igmp", snoop},
      {"IGMP without", 0, igmp(host(0)), kOthersThanA},
      {"PIM hello: to control besides", 0,
       Ipv4Packet{.to_mac = {{1, 0, 0x5e, 0, 0, 13}},
                  .from_mac = host(0),
                  .destination = {224, 0, 0, 13},
                  .ttl = 1,
                  .protocol = wire::ip_protocol::kPim}
           .frame(),
       kOthersThanA, "punt igmp", snoop},
      {"registered", 0, group(kGroupMac), {2, 5}, "", snoop},
      {"registered, from one of those who asked", 2, between(host(2), kGroupMac), {5}, "", snoop},
      {"unregistered with snooping: to routers",
       0,
       group({{1, 0, 0x5e, 9, 9, 9}}),
       {1, 4},
       "",
       snoop},
      {"link-local group with snooping", 0, group({{1, 0, 0x5e, 0, 0, 5}}), kOthersThanA, "",
       snoop},
      {"IPv6 group with snooping", 0, group({{0x33, 0x33, 0, 0, 0, 1}}), kOthersThanA, "", snoop},
      // Neither a VLAN's nor the bridge's.
      {"trunk's own frames are routed", kMemberCount, to(host(0)), {}, "drop not-our-mac"},
  };
}

TEST_F(Switching, EachFrameGoesWhereItShould) {
  const MemberSet wanted = member_bit(2) | member_bit(5);
  switch_lab().multicast().store(switch_lab().group(), wanted);
  switch_lab().add_station(kGroupMac, FdbWhere::group(switch_lab().group()));
  for (const Row& row : rows()) {
    switch_lab().change(row.change ? row.change : [](Snapshot&) {});
    if (row.name == std::string("IGMP without"))
      switch_lab().multicast().store(switch_lab().group(), kAllMembers);
    const Sent in =
        row.from == kMemberCount ? Sent{kC, row.frame} : on_wire(row.from, row.frame, row.priority);
    std::vector<Sent> expected;
    for (const unsigned member : row.to)
      expected.push_back(on_wire(member, row.frame, row.priority));
    expect_outcome(row.name, in, std::move(expected), row.ends);
    switch_lab().multicast().store(switch_lab().group(), wanted);
  }
}

// Several of a kind in a burst, and then another burst: what was kept back of the first must not
// end in the second.
TEST_F(Switching, BurstsThatEndAltogether) {
  for (const auto& change :
       {+[](Snapshot& s) { split(s, member_bit(0) | member_bit(1)); },
        +[](Snapshot& s) { block(s, 1); }, +[](Snapshot& s) { s.interfaces[kB].mtu = 40; }}) {
    switch_lab().change(change);
    for (const unsigned count : {1u, 2u, 17u, Burst::kSize}) {
      for (unsigned i = 0; i < count; ++i) switch_lab().arrive(kA, to(host(1)));
      switch_lab().round();
      unsigned dropped = 0;
      for (const auto& [reason, times] : switch_lab().drops())
        dropped += static_cast<unsigned>(times);
      EXPECT_EQ(dropped, count);
      EXPECT_TRUE(switch_lab().sent().empty());
      EXPECT_EQ(switch_lab().imbalance(), "");
    }
    expect_outcome("after it", {kA, to(host(2))}, {on_wire(2, to(host(2)))}, "");
  }
}

TEST_F(Switching, StormLimitsByClass) {
  struct Case {
    FloodClass flood_class;
    MacAddress to;
    const char* reason;
  };
  for (const Case& each : {Case{FloodClass::broadcast, MacAddress::broadcast(), "storm-broadcast"},
                           Case{FloodClass::multicast, {{1, 0, 0x5e, 9, 9, 9}}, "storm-multicast"},
                           Case{FloodClass::unknown_unicast, kStranger, "storm-unknown-unicast"}}) {
    switch_lab().change([&](Snapshot& s) {
      const auto ticks = static_cast<double>(switch_lab().dataplane().ticks_per_second());
      s.bridges[kBridge].routed = false;
      s.bridges[kBridge].members[0].storm[static_cast<std::size_t>(each.flood_class)] =
          PolicerRate(10, 5, ticks);
    });
    for (const Case& other : {Case{FloodClass::broadcast, MacAddress::broadcast(), ""},
                              Case{FloodClass::multicast, {{1, 0, 0x5e, 9, 9, 9}}, ""},
                              Case{FloodClass::unknown_unicast, kStranger, ""}}) {
      for (unsigned i = 0; i < 12; ++i) switch_lab().arrive(kA, to(other.to, 30 + i));
      switch_lab().round();
      const bool limited = other.flood_class == each.flood_class;
      // The first five, in order, and to each of five members.
      EXPECT_EQ(switch_lab().sent().size(), limited ? 25u : 60u);
      EXPECT_EQ(switch_lab().drops()[each.reason], limited ? 7u : 0u);
      EXPECT_EQ(switch_lab().imbalance(), "");
    }
  }
}

std::vector<LearnReport> reports() {
  std::vector<LearnReport> all(64);
  all.resize(switch_lab().dataplane().take_reports(all.data(), 64));
  return all;
}

TEST_F(Switching, ReportsStationsThatAreNewOrMoved) {
  struct Case {
    const char* name;
    unsigned from;
    MacAddress source;
    unsigned reports;
    bool own = false;
    std::function<void(Snapshot&)> change = {};
  };
  switch_lab().add_station(port_mac(1), FdbWhere::fixed(kA));
  for (const Case& each : {
           Case{"known", 0, host(0), 0},
           Case{"new", 2, {{2, 0, 0, 0, 7, 1}}, 1},
           Case{"moved", 4, host(0), 1},
           Case{"fixed elsewhere", 1, port_mac(1), 0},
           Case{"our own", 0, kOwnMac, 1, true},
           Case{"new on a blocked member",
                1,
                {{2, 0, 0, 0, 7, 2}},
                0,
                false,
                [](Snapshot& s) { block(s, 1); }},
           Case{"new on a member that learns",
                1,
                {{2, 0, 0, 0, 7, 3}},
                1,
                false,
                [](Snapshot& s) { block(s, 1, true); }},
       }) {
    switch_lab().change(each.change ? each.change : [](Snapshot&) {});
    const Sent in = on_wire(each.from, between(each.source, host(5)));
    for (int twice = 0; twice < 2; ++twice) switch_lab().arrive(in.interface, in.frame);
    switch_lab().round();
    const auto heard = reports();
    ASSERT_EQ(heard.size(), each.reports) << each.name << ": once, however many frames";
    for (const LearnReport& report : heard) {
      EXPECT_EQ(report.key, station_key(kBridge, each.source)) << each.name;
      EXPECT_EQ(report.interface, kMembers[each.from]) << each.name;
      EXPECT_EQ(report.own_source, each.own ? 1 : 0) << each.name;
    }
    switch_lab().sent();
    switch_lab().drops();
    EXPECT_EQ(switch_lab().imbalance(), "");
  }
}

TEST_F(Switching, MarksStationsAsHeardAndSpokenTo) {
  Fdb& fdb = switch_lab().fdb();
  fdb.set_seconds(fdb.seconds() + 5);
  switch_lab().arrive(kA, to(host(1)));
  switch_lab().round();
  const auto of = [&](unsigned member) {
    return fdb.seen(*fdb.find(station_key(kBridge, host(member))));
  };
  EXPECT_EQ(of(0).seconds(), fdb.seconds());
  EXPECT_FALSE(of(0).two_way());
  EXPECT_TRUE(of(1).two_way());
  EXPECT_NE(of(1).seconds(), fdb.seconds());
  EXPECT_EQ(switch_lab().sent().size(), 1u);
}

// A port's bytes are those on its cable, whoever takes tags off and puts them on.
TEST_F(Switching, CountsTheSameBytesWhoeverHandlesTags) {
  const Bytes frame = between(host(2), host(4), 100);
  std::vector<std::array<std::uint64_t, 4>> counted;
  const auto totals = [] {
    const auto& all = switch_lab().counters().interface;
    return std::array{all[kC].rx_bytes.get(), all[kC10].rx_bytes.get(), all[kD30].tx_bytes.get(),
                      all[kD].tx_bytes.get()};
  };
  for (const bool by_port : {false, true}) {
    switch_lab().change([&](Snapshot& s) { s.interfaces[kD30].inserts_vlan = by_port; });
    const auto before = totals();
    rte_mbuf* const packet = switch_lab().make(by_port ? frame : on_wire(2, frame).frame);
    if (by_port) {
      packet->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
      packet->vlan_tci = 10;
    }
    switch_lab().arrive(kC, {&packet, 1});
    switch_lab().round();
    counted.push_back(totals());
    for (std::size_t i = 0; i < before.size(); ++i) counted.back()[i] -= before[i];
    EXPECT_EQ(switch_lab().sent().size(), 1u);
    EXPECT_EQ(switch_lab().imbalance(), "");
  }
  const std::uint64_t size = frame.size();
  EXPECT_EQ(counted[0], (std::array{size + 4, size, size, size + 4}));
  EXPECT_EQ(counted[1], counted[0]);
}

TEST_F(Switching, CountsTheTagOfWhatFindsNoRoom) {
  const InterfaceCounters& counters = switch_lab().counters().interface[kD];
  const std::uint64_t before = counters.tx_bytes.get();
  switch_lab().change([&](Snapshot& s) { s.interfaces[kD30].inserts_vlan = true; });
  const Bytes frame = between(host(2), host(4));
  // A burst of those that wait comes back as the ring is polled, and makes room for as many.
  const unsigned waiting = switch_lab().clog(kD, Bytes(60, 0xab));
  for (unsigned i = 0; i < 3; ++i) switch_lab().arrive(kA, between(host(0), host(4)));
  for (unsigned i = 0; i < Burst::kSize; ++i) switch_lab().arrive(kC, on_wire(2, frame).frame);
  switch_lab().round();
  EXPECT_EQ(switch_lab().drops()["tx-queue-full"], 3u);
  EXPECT_EQ(counters.tx_bytes.get() - before, Burst::kSize * (frame.size() + 4));
  EXPECT_EQ(switch_lab().sent().size(), waiting);
  EXPECT_EQ(switch_lab().imbalance(), "");
}

TEST_F(Switching, JoinsChainsBeforeItLooks) {
  const Bytes frame = between(host(2), host(0), 1400);
  for (const std::size_t cut : {3u, 15u, 700u}) {
    const Bytes wire = on_wire(2, frame).frame;
    rte_mbuf* const packet =
        switch_lab().make({wire.begin(), wire.begin() + static_cast<long>(cut)});
    ASSERT_EQ(rte_pktmbuf_chain(
                  packet, switch_lab().make({wire.begin() + static_cast<long>(cut), wire.end()})),
              0);
    const std::uint64_t bytes = switch_lab().counters().interface[kC].rx_bytes.get();
    const std::uint64_t joined = switch_lab().counters().interface[kC].joined.get();
    switch_lab().arrive(kC, {&packet, 1});
    switch_lab().round();
    expect_sent(fmt::format("cut at {}", cut), switch_lab().sent(), {{kA, frame}});
    EXPECT_EQ(switch_lab().counters().interface[kC].rx_bytes.get() - bytes, wire.size());
    EXPECT_EQ(switch_lab().counters().interface[kC].joined.get() - joined, 1u);
    EXPECT_EQ(take_endings(), "");
    EXPECT_EQ(switch_lab().imbalance(), "");
  }
}

TEST_F(Switching, CountsByInterface) {
  const auto totals = [](InterfaceId id) {
    const InterfaceCounters& each = switch_lab().counters().interface[id];
    return std::array<std::uint64_t, 8>{each.rx_packets.get(),   each.rx_bytes.get(),
                                        each.tx_packets.get(),   each.tx_bytes.get(),
                                        each.rx_unicast.get(),   each.rx_multicast.get(),
                                        each.rx_broadcast.get(), each.flooded.get()};
  };
  std::map<InterfaceId, std::array<std::uint64_t, 8>> before;
  for (InterfaceId id = kA; id <= kOwn; ++id) before[id] = totals(id);
  const Bytes known = between(host(2), host(4)), flooded = between(host(2), kGroupMac);
  for (const Bytes& frame : {known, known, flooded, between(host(2), MacAddress::broadcast())})
    switch_lab().arrive(kC, on_wire(2, frame).frame);
  switch_lab().round();
  switch_lab().sent();
  switch_lab().punted();
  switch_lab().drops();
  using Row8 = std::array<std::uint64_t, 8>;
  const std::uint64_t size = known.size();
  const auto change = [&](InterfaceId id) {
    Row8 now = totals(id);
    for (std::size_t i = 0; i < now.size(); ++i) now[i] -= before[id][i];
    return now;
  };
  EXPECT_EQ(change(kC), (Row8{4, 4 * (size + 4), 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(change(kC10), (Row8{4, 4 * size, 0, 0, 2, 1, 1, 2}));
  EXPECT_EQ(change(kA), (Row8{0, 0, 2, 2 * size, 0, 0, 0, 0}));
  EXPECT_EQ(change(kD30), (Row8{0, 0, 4, 4 * size, 0, 0, 0, 0})) << "as it receives: no tags";
  EXPECT_EQ(change(kD57), (Row8{0, 0, 2, 2 * size, 0, 0, 0, 0}));
  EXPECT_EQ(change(kD), (Row8{0, 0, 8, 6 * (size + 4) + 2 * (size + 8), 0, 0, 0, 0}));
  EXPECT_EQ(switch_lab().imbalance(), "");
}

}  // namespace

namespace {

std::unique_ptr<SwitchLab> the_lab;

class SwitchEnvironment : public testing::Environment {
 public:
  void SetUp() override { the_lab = std::make_unique<SwitchLab>(); }
  void TearDown() override { the_lab.reset(); }
};

}  // namespace

SwitchLab& switch_lab() { return *the_lab; }

}  // namespace weir::test

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  testing::AddGlobalTestEnvironment(new weir::test::SwitchEnvironment);
  return RUN_ALL_TESTS();
}
