// The switch beyond its bridge: routing to and from it, mirrors, a second worker, an empty pool.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/unit/dataplane/reference.hpp"
#include "tests/unit/dataplane/switch_lab.hpp"
#include "tests/unit/dataplane/switch_outcome.hpp"

namespace weir::test {
namespace {

constexpr MacAddress kStranger{{2, 0, 0, 0, 9, 9}};
constexpr MacAddress kBeside{{2, 0, 0, 0, 3, 9}};  // a neighbour on `e`, and one on VLAN 20
constexpr std::uint16_t kQ = wire::ether_type::kVlan;

Ipv4Address ip_of_member(unsigned member) {
  return subnet_host(0, static_cast<std::uint8_t>(20 + member));
}
Bytes ipv4(MacAddress from, MacAddress to, Ipv4Address destination) {
  return Ipv4Packet{
      .to_mac = to, .from_mac = from, .source = {10, 0, 0, 20}, .destination = destination}
      .frame();
}
/// Of no interest to the bridge itself.
Bytes broadcast(unsigned from) {
  return ethernet_frame(wire::ether_type::kIpv6, pattern(46), MacAddress::broadcast(), host(from));
}
std::vector<Sent> flooded(const Bytes& frame, std::vector<unsigned> members,
                          std::uint16_t priority = 0) {
  std::vector<Sent> all;
  for (const unsigned member : members) all.push_back(on_wire(member, frame, priority));
  return all;
}

class SwitchRouting : public testing::Test {
 protected:
  void SetUp() override {
    switch_lab().reset();
    control::Forwarding& forwarding = switch_lab().forwarding();
    for (unsigned m = 0; m < kMemberCount; ++m) forwarding.resolved(kOwn, ip_of_member(m), host(m));
    forwarding.resolved(kOwn, subnet_host(0, 99), kStranger);
    forwarding.resolved(kE, subnet_host(1, 9), kBeside);
    forwarding.resolved(kC20, subnet_host(2, 9), kBeside);
  }
};

TEST_F(SwitchRouting, ArpForTheBridgeIsAnsweredWhereItCameFromAndFlooded) {
  const Bytes request =
      ArpPacket{.from_mac = host(2), .sender_mac = host(2), .sender = ip_of_member(2)}.frame();
  Bytes reply = ArpPacket{.to_mac = host(2),
                          .from_mac = kOwnMac,
                          .operation = wire::Arp::kReply,
                          .sender_mac = kOwnMac,
                          .sender = {10, 0, 0, 1},
                          .target_mac = host(2),
                          .target = ip_of_member(2)}
                    .frame();
  constexpr std::uint16_t kPriority = 0xa000;
  std::vector<Sent> expected = flooded(request, {0, 1, 3, 4, 5}, kPriority);
  expected.push_back(on_wire(2, reply, kPriority));
  const Sent in = on_wire(2, request, kPriority);
  switch_lab().arrive(in.interface, in.frame);
  switch_lab().round();
  expect_sent("request", switch_lab().sent(), expected);
  for (const Punted& each : switch_lab().punted()) {
    EXPECT_EQ(each.meta.interface, kOwn);
    EXPECT_EQ(each.meta.heard_on, kC10);
  }
  EXPECT_EQ(take_endings(), "");
  EXPECT_EQ(switch_lab().imbalance(), "");
  // For another host: the bridge does not care.
  const Bytes other = ArpPacket{
      .from_mac = host(0),
      .sender_mac = host(0),
      .sender = ip_of_member(0),
      .target = {10, 0, 0,
                 77}}.frame();
  expect_outcome("for another", {kA, other}, flooded(other, {1, 2, 3, 4, 5}), "");
}

TEST_F(SwitchRouting, ToAndFromTheBridge) {
  const auto routed = [](const Bytes& frame, MacAddress to, MacAddress from) {
    return reference::rewritten(frame, to, from);
  };
  const Bytes out = ipv4(host(0), kOwnMac, subnet_host(1, 9));
  expect_outcome("bridge to e", {kA, out}, {{kE, routed(out, kBeside, port_mac(kE))}}, "");
  expect_outcome("tagged member to e", on_wire(5, out, 0x2000),
                 {{kE, routed(out, kBeside, port_mac(kE))}}, "");
  const Bytes to_vlan = ipv4(host(0), kOwnMac, subnet_host(2, 9));
  expect_outcome("bridge to VLAN 20", {kA, to_vlan},
                 {{kC, tagged(routed(to_vlan, kBeside, port_mac(kC)), 20, kQ)}}, "");
  for (unsigned m = 0; m < kMemberCount; ++m) {
    const Bytes in = ipv4(kBeside, port_mac(kE), ip_of_member(m));
    expect_outcome(fmt::format("e to member {}", m), {kE, in},
                   {on_wire(m, routed(in, host(m), kOwnMac))}, "");
    const Bytes from_vlan = ipv4(kBeside, port_mac(kC), ip_of_member(m));
    expect_outcome(fmt::format("VLAN 20 to member {}", m), {kC, tagged(from_vlan, 0x6014, kQ)},
                   {on_wire(m, routed(from_vlan, host(m), kOwnMac), 0x6000)}, "");
  }
  // By the bridge's own interface, back into the bridge.
  const Bytes hairpin = ipv4(host(0), kOwnMac, ip_of_member(3));
  expect_outcome("member to member by the router", {kA, hairpin},
                 {on_wire(3, routed(hairpin, host(3), kOwnMac))}, "");
  expect_outcome("to the bridge's address", {kA, ipv4(host(0), kOwnMac, {10, 0, 0, 1})}, {},
                 "punt local");
  expect_outcome("IPv6 to the bridge",
                 {kA, ethernet_frame(wire::ether_type::kIpv6, pattern(46), kOwnMac, host(0))}, {},
                 "drop unknown-ether-type");
}

TEST_F(SwitchRouting, ToAStationThatNobodyKnows) {
  const Bytes in = ipv4(kBeside, port_mac(kE), subnet_host(0, 99));
  const Bytes out = reference::rewritten(in, kStranger, kOwnMac);
  expect_outcome("unknown", {kE, in}, flooded(out, {0, 1, 2, 3, 4, 5}), "");
  switch_lab().change([](Snapshot& s) { s.bridges[kBridge].flooding = 0; });
  expect_outcome("nobody there", {kE, in}, {}, "drop no-member");
  switch_lab().change([](Snapshot& s) {
    s.bridges[kBridge].own_storm =
        PolicerRate(1, 2, static_cast<double>(switch_lab().dataplane().ticks_per_second()));
  });
  for (int i = 0; i < 5; ++i) switch_lab().arrive(kE, in);
  switch_lab().round();
  EXPECT_EQ(switch_lab().sent().size(), 2 * kMemberCount);
  EXPECT_EQ(switch_lab().drops()["storm-unknown-unicast"], 3u);
  EXPECT_EQ(switch_lab().imbalance(), "");
}

// The table knows more than the adjacency: nothing waits in the worker for the next burst.
TEST_F(SwitchRouting, ToAStationThatIsKnownMeanwhile) {
  switch_lab().add_station(kStranger, FdbWhere::station(kD57));
  const Bytes in = ipv4(kBeside, port_mac(kE), subnet_host(0, 99));
  const Bytes out = reference::rewritten(in, kStranger, kOwnMac);
  expect_outcome("known", {kE, in}, {on_wire(5, out)}, "");
  // To an access port.
  switch_lab().fdb().set_where(*switch_lab().fdb().find(station_key(kBridge, kStranger)),
                               FdbWhere::fixed(kB));
  expect_outcome("moved", {kE, in}, {on_wire(1, out)}, "");
  for (unsigned i = 0; i < Burst::kSize; ++i) switch_lab().arrive(kE, in);
  switch_lab().round();
  EXPECT_EQ(switch_lab().sent().size(), Burst::kSize);
  EXPECT_EQ(switch_lab().imbalance(), "");
  switch_lab().change([](Snapshot& s) { s.bridges[kBridge].members[1].forwarding = false; });
  expect_outcome("blocked", {kE, in}, {}, "drop port-blocked");
}

TEST_F(SwitchRouting, TheControlPlanesFrames) {
  const auto inject = [](InterfaceId interface, const Bytes& frame) {
    ASSERT_TRUE(switch_lab().inject(interface, frame));
    switch_lab().round();
  };
  inject(kOwn, broadcast(0));
  expect_sent("broadcast of the bridge", switch_lab().sent(),
              flooded(broadcast(0), {0, 1, 2, 3, 4, 5}));
  inject(kD57, broadcast(0));
  expect_sent("by a member", switch_lab().sent(), {on_wire(5, broadcast(0))});
  const Bytes known = ipv4(kOwnMac, host(4), ip_of_member(4));
  inject(kOwn, known);
  expect_sent("to a station", switch_lab().sent(), {on_wire(4, known)});
  EXPECT_EQ(take_endings(), "");
  EXPECT_EQ(switch_lab().imbalance(), "");
}

void mirror(Snapshot& snapshot, InterfaceId of, bool in, bool out) {
  snapshot.mirrors.resize(2);
  snapshot.mirrors[1].interface = kM;
  snapshot.interfaces[of].switched = true;
  if (in) snapshot.interfaces[of].mirror_in = 1;
  if (out) snapshot.interfaces[of].mirror_out = 1;
}

TEST_F(SwitchRouting, MirrorsCopyFramesWithTheirTags) {
  const Bytes unicast = ethernet_frame(wire::ether_type::kIpv6, pattern(46), host(4), host(2));
  const Sent in = on_wire(2, unicast, 0x4000), out = on_wire(4, unicast, 0x4000);
  const Sent copy_in{kM, in.frame}, copy_out{kM, out.frame};
  struct Case {
    const char* name;
    InterfaceId of;
    bool in, out;
    std::vector<Sent> copies;
  };
  for (const Case& each : {
           Case{"in of the port", kC, true, false, {copy_in}},
           Case{"out of the port that it came by", kC, false, true, {}},
           Case{"out of the port", kD, false, true, {copy_out}},
           Case{"in of the VLAN: as the VLAN sees it", kC10, true, false, {{kM, unicast}}},
           Case{"out of the VLAN", kD30, false, true, {copy_out}},
           Case{"of a bystander", kA, true, true, {}},
       }) {
    switch_lab().change([&](Snapshot& s) { mirror(s, each.of, each.in, each.out); });
    std::vector<Sent> expected = each.copies;
    expected.push_back(out);
    expect_outcome(each.name, in, expected, "");
  }
  // Of a flood, which is shared.
  switch_lab().change([&](Snapshot& s) { mirror(s, kD, false, true); });
  std::vector<Sent> expected = flooded(broadcast(2), {0, 1, 3, 4, 5});
  for (const unsigned m : {3u, 4u, 5u}) expected.push_back({kM, on_wire(m, broadcast(2)).frame});
  expect_outcome("flood", on_wire(2, broadcast(2)), expected, "");
  // Routed, out of a port without anything else.
  switch_lab().change([&](Snapshot& s) { mirror(s, kE, true, true); });
  const Bytes to_e = ipv4(host(0), kOwnMac, subnet_host(1, 9));
  const Bytes left = reference::rewritten(to_e, kBeside, port_mac(kE));
  expect_outcome("routed", {kA, to_e}, {{kE, left}, {kM, left}}, "");
}

// A tag that the port takes off or puts on stands beside the frame.
TEST_F(SwitchRouting, MirrorsCopyTagsThatStandBeside) {
  const Bytes unicast = ethernet_frame(wire::ether_type::kIpv6, pattern(46), host(4), host(2));
  const auto pass = [&] {
    rte_mbuf* const packet = switch_lab().make(unicast);
    packet->vlan_tci = 0x400a;
    packet->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
    switch_lab().arrive(kC, {&packet, 1});
    switch_lab().round();
  };
  switch_lab().change([&](Snapshot& s) { mirror(s, kC, true, false); });
  pass();
  expect_sent("port", switch_lab().sent(),
              {on_wire(4, unicast, 0x4000), {kM, on_wire(2, unicast, 0x4000).frame}});
  switch_lab().change([&](Snapshot& s) { mirror(s, kC10, true, false); });
  pass();
  expect_sent("VLAN", switch_lab().sent(), {on_wire(4, unicast, 0x4000), {kM, unicast}});

  switch_lab().change([&](Snapshot& s) {
    mirror(s, kD, false, true);
    s.interfaces[kD30].inserts_vlan = true;
  });
  pass();
  unsigned on_d = 0;
  switch_lab().collect([&](InterfaceId interface, rte_mbuf* packet) {
    const auto* const data = rte_pktmbuf_mtod(packet, const std::uint8_t*);
    const Bytes frame{data, data + packet->data_len};
    if (interface == kM) {
      EXPECT_EQ(frame, on_wire(4, unicast, 0x4000).frame);
      EXPECT_EQ(packet->ol_flags & RTE_MBUF_F_TX_VLAN, 0u);
    } else {
      EXPECT_EQ(interface, kD);
      EXPECT_EQ(frame, unicast) << "the port puts the tag on";
      EXPECT_NE(packet->ol_flags & RTE_MBUF_F_TX_VLAN, 0u);
      EXPECT_EQ(packet->vlan_tci, 0x401e);
      ++on_d;
    }
  });
  EXPECT_EQ(on_d, 1u);
  EXPECT_EQ(take_endings(), "");
  EXPECT_EQ(switch_lab().imbalance(), "");
}

TEST_F(SwitchRouting, MirrorsSendNoChains) {
  switch_lab().change([&](Snapshot& s) { mirror(s, kA, true, false); });
  for (const std::size_t rest : {300u, 1500u}) {
    const Bytes first = ethernet_frame(0x88b5, pattern(700), host(0), host(0));
    rte_mbuf* const packet = switch_lab().make(first);
    ASSERT_EQ(rte_pktmbuf_chain(packet, switch_lab().make(pattern(rest))), 0);
    switch_lab().arrive(kA, {&packet, 1});
    switch_lab().round();
    const std::vector<Sent> sent = switch_lab().sent();
    if (rest == 300u) {
      ASSERT_EQ(sent.size(), 1u);
      EXPECT_EQ(sent[0].frame.size(), first.size() + rest) << "the copy is whole";
      EXPECT_EQ(take_endings(), "drop same-interface");
    } else {
      EXPECT_TRUE(sent.empty());
      EXPECT_EQ(take_endings(), "drop frame-too-long");
    }
    EXPECT_EQ(switch_lab().imbalance(), "");
  }
}

// A worker without a transmit queue on a port: packets that others hold too go by the ring.
TEST_F(SwitchRouting, FloodsGoByWayOfAnotherWorker) {
  SwitchLab& lab = switch_lab();
  Worker other({.index = 1,
                .packets = lab.packets(),
                .punts = rte_mempool_lookup("control-packets"),
                .ticks_per_second = lab.dataplane().ticks_per_second()},
               nullptr);
  other.set_snapshot(&lab.dataplane().snapshot());
  for (const InterfaceId id : {kB, kD}) {
    TransmitPath path = lab.path(id - kA);
    other.set_path(id, path);
    path.handoff = other.handoff();
    lab.worker().set_path(id, path);
  }
  const std::uint64_t before = lab.counters().interface[kD].tx_packets.get();
  std::vector<Sent> all, expected;
  for (int round = 0; round < 3; ++round) {
    const Bytes frame = broadcast(2);
    for (unsigned i = 0; i < 10; ++i) {
      const Sent in = on_wire(2, frame, 0x8000);
      lab.arrive(in.interface, in.frame);
      for (const Sent& each : flooded(frame, {0, 1, 3, 4, 5}, 0x8000)) expected.push_back(each);
    }
    lab.round();
    // 10 by `a` are out before the others.
    for (Sent& each : lab.sent()) {
      EXPECT_EQ(each.interface, kA);
      all.push_back(std::move(each));
    }
    EXPECT_EQ(other.round(lab.now()), 40u);
    for (Sent& each : lab.sent()) all.push_back(std::move(each));
  }
  expect_sent("handed over", all, expected);
  EXPECT_EQ(lab.counters().handed_off.get(), 120u);
  EXPECT_EQ(other.counters().taken.get(), 120u);
  EXPECT_EQ(other.counters().interface[kD].tx_packets.get(), 90u);
  EXPECT_EQ(other.counters().interface[kB].tx_packets.get(), 30u);
  EXPECT_EQ(lab.counters().interface[kD].tx_packets.get(), before);
  EXPECT_EQ(lab.imbalance(), "") << "buffers are back, and handed over is out";
  for (const InterfaceId id : {kB, kD}) lab.worker().set_path(id, lab.path(id - kA));
}

// Those who need no copy get the packet all the same.
TEST_F(SwitchRouting, CopiesThatCannotBeMade) {
  SwitchLab& lab = switch_lab();
  const Bytes request =
      ArpPacket{.from_mac = host(0), .sender_mac = host(0), .sender = ip_of_member(0)}.frame();
  rte_mbuf* packet = lab.make(request);
  std::vector<rte_mbuf*> all;
  while (rte_mbuf* const each = rte_pktmbuf_alloc(lab.packets())) all.push_back(each);
  lab.arrive(kA, {&packet, 1});
  lab.round();
  for (rte_mbuf* each : all) rte_pktmbuf_free(each);
  expect_sent("without copies", lab.sent(), {on_wire(1, request)});
  // Of four members with tags, and of the bridge itself.
  EXPECT_EQ(lab.drops()["no-buffer"], 5u);
  EXPECT_EQ(lab.imbalance(), "");
}

// A copy always has room; the packet itself, which the last of those with tags get, may have none.
TEST_F(SwitchRouting, NoRoomForTags) {
  SwitchLab& lab = switch_lab();
  const auto pass = [&](unsigned room) {
    const Bytes frame = broadcast(0);
    rte_mbuf* packet = rte_pktmbuf_alloc(lab.packets());
    packet->data_off = static_cast<std::uint16_t>(room);
    std::copy(frame.begin(), frame.end(),
              reinterpret_cast<std::uint8_t*>(
                  rte_pktmbuf_append(packet, static_cast<std::uint16_t>(frame.size()))));
    lab.arrive(kA, {&packet, 1});
    lab.round();
  };
  pass(2);
  expect_sent("an access port gets the packet itself", lab.sent(),
              flooded(broadcast(0), {1, 2, 3, 4, 5}));
  EXPECT_EQ(take_endings(), "");
  lab.change([](Snapshot& s) { s.bridges[kBridge].flooding &= ~member_bit(1); });
  pass(7);
  expect_sent("the last has two tags", lab.sent(), flooded(broadcast(0), {2, 3, 4}));
  EXPECT_EQ(take_endings(), "drop no-buffer");
  EXPECT_EQ(lab.imbalance(), "");
  pass(8);
  expect_sent("just enough", lab.sent(), flooded(broadcast(0), {2, 3, 4, 5}));
  EXPECT_EQ(lab.imbalance(), "");
}

}  // namespace
}  // namespace weir::test
