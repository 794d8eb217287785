#include "dataplane/stage/ethernet_input.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/unit/dataplane/packets.hpp"

namespace weir::test {
namespace {

constexpr NamedLane<EthernetInput> kLanes[] = {{"ipv4", &EthernetInput::ipv4},
                                               {"ipv4_group", &EthernetInput::ipv4_group},
                                               {"arp", &EthernetInput::arp},
                                               {"too_short", &EthernetInput::too_short},
                                               {"too_long", &EthernetInput::too_long},
                                               {"not_ours", &EthernetInput::not_ours},
                                               {"not_subscribed", &EthernetInput::not_subscribed},
                                               {"unknown_vlan", &EthernetInput::unknown_vlan},
                                               {"unknown_type", &EthernetInput::unknown_type},
                                               {"chained", &EthernetInput::chained}};

struct Row {
  const char* name;
  Bytes frame;
  const char* lane;
};

Bytes ipv4_to(MacAddress destination) { return Ipv4Packet{.to_mac = destination}.frame(); }
Bytes typed(std::uint16_t type, MacAddress destination = kOwnMac) {
  return ethernet_frame(type, pattern(46), destination);
}

Bytes with(Bytes frame, MacAddress destination) {
  destination.store(frame.data());
  return frame;
}

std::vector<Row> rows() {
  const Bytes ip = Ipv4Packet{}.frame();
  const Bytes arp = ArpPacket{}.frame();
  const Bytes longest = Ipv4Packet{.payload = pattern(1480)}.frame();
  const Bytes longer = Ipv4Packet{.payload = pattern(1481)}.frame();
  return {
      {"IPv4 to our MAC", ip, "ipv4"},
      {"IPv4, exactly the two headers", truncated(ip, 34), "ipv4"},
      {"IPv4, one byte short of them", truncated(ip, 33), "too_short"},
      {"an Ethernet header alone", truncated(ip, 14), "too_short"},
      {"13 bytes", truncated(ip, 13), "too_short"},
      {"one byte", truncated(ip, 1), "too_short"},
      {"no byte at all", {}, "too_short"},
      {"IPv4, 1514 bytes", longest, "ipv4"},
      {"IPv4, a byte more than the MTU", longer, "too_long"},
      {"IPv4 to broadcast, a byte more", with(longer, MacAddress::broadcast()), "too_long"},
      {"IPv4 to another MAC, a byte more", with(longer, kHostMac), "not_ours"},
      {"ARP, 1514 bytes", padded(arp, 1514), "arp"},
      {"ARP, a byte more", padded(arp, 1515), "too_long"},
      {"ARP to our MAC, a byte more", with(padded(arp, 1515), kOwnMac), "too_long"},
      {"802.1Q tag, the frame within it as long as may be",
       tagged(longest, 7, wire::ether_type::kVlan), "unknown_vlan"},
      {"IPv4 to broadcast", ipv4_to(MacAddress::broadcast()), "ipv4_group"},
      {"IPv4 to all hosts, 224.0.0.1", ipv4_to({{1, 0, 0x5e, 0, 0, 1}}), "ipv4_group"},
      {"IPv4 to all routers, 224.0.0.2", ipv4_to({{1, 0, 0x5e, 0, 0, 2}}), "ipv4_group"},
      {"IPv4 to 224.0.0.5, OSPF's", ipv4_to({{1, 0, 0x5e, 0, 0, 5}}), "not_subscribed"},
      {"IPv4 to a group that begins like ours", ipv4_to({{3, 0, 0, 0, 0, 1}}), "not_subscribed"},
      {"almost broadcast", ipv4_to({{255, 255, 255, 255, 255, 254}}), "not_subscribed"},
      {"other in the first byte", ipv4_to({{0, 0, 0, 0, 0, 1}}), "not_ours"},
      {"other in the fourth byte", ipv4_to({{2, 0, 0, 1, 0, 1}}), "not_ours"},
      {"other in the fifth byte", ipv4_to({{2, 0, 0, 0, 1, 1}}), "not_ours"},
      {"other in the last byte", ipv4_to({{2, 0, 0, 0, 0, 2}}), "not_ours"},
      {"MAC of zeros", ipv4_to({}), "not_ours"},
      {"ARP to broadcast", arp, "arp"},
      {"ARP to our MAC", ArpPacket{.to_mac = kOwnMac}.frame(), "arp"},
      {"ARP to another MAC", ArpPacket{.to_mac = kHostMac}.frame(), "not_ours"},
      {"ARP to a group", ArpPacket{.to_mac = {{1, 0, 0x5e, 0, 0, 5}}}.frame(), "not_subscribed"},
      {"ARP without padding", truncated(arp, 42), "arp"},
      {"ARP, one byte short", truncated(arp, 41), "too_short"},
      {"ARP, as short as IPv4 may be", truncated(arp, 34), "too_short"},
      {"IPv6", typed(wire::ether_type::kIpv6), "unknown_type"},
      {"IPv6 to broadcast", typed(wire::ether_type::kIpv6, MacAddress::broadcast()),
       "unknown_type"},
      {"LLDP to its group", typed(0x88cc, {{1, 0x80, 0xc2, 0, 0, 14}}), "not_subscribed"},
      {"IPv4's type with the bytes swapped", typed(0x0008), "unknown_type"},
      {"a length, IEEE 802.3", typed(46), "unknown_type"},
      {"802.1Q tag, IPv4 inside", tagged(ip, 7, wire::ether_type::kVlan), "unknown_vlan"},
      {"802.1ad tag, IPv4 inside", tagged(ip, 7, wire::ether_type::kQinQ), "unknown_vlan"},
      {"802.1Q tag, priority only", tagged(ip, 0xe000, wire::ether_type::kVlan), "unknown_vlan"},
      {"802.1Q tag, to another MAC",
       tagged(ipv4_to({{2, 0, 0, 0, 0, 7}}), 7, wire::ether_type::kVlan), "not_ours"},
      {"802.1Q tag, to broadcast",
       tagged(ipv4_to(MacAddress::broadcast()), 7, wire::ether_type::kVlan), "unknown_vlan"},
      {"802.1Q tag, to a group of others",
       tagged(ipv4_to({{1, 0, 0x5e, 0, 0, 5}}), 7, wire::ether_type::kVlan), "not_subscribed"},
      {"802.1Q tag, cut short", truncated(tagged(ip, 7, wire::ether_type::kVlan), 33), "too_short"},
  };
}

Interface own_interface() { return {.mac = kOwnMac}; }

TEST(EthernetInput, PutsEachFrameIntoItsLane) {
  for (const Row& row : rows()) {
    Packets packets{row.frame};
    Burst burst;
    packets.receive(burst);
    const EthernetInput out = ethernet_input(burst, own_interface());
    EXPECT_EQ(lane_of(out, kLanes, 0), row.lane) << row.name;
    EXPECT_TRUE(add_up(out, kLanes, burst.all())) << row.name;
    EXPECT_EQ(burst.frame_length[0], row.frame.size()) << row.name;
    EXPECT_EQ(packets.bytes(0), row.frame) << row.name << ": changed";
  }
}

TEST(EthernetInput, EveryBurstSizeWithMixedLanes) {
  const std::vector<Row> table = rows();
  std::mt19937 random(5);
  for (unsigned size = 1; size <= Burst::kSize; ++size) {
    for (int round = 0; round < 8; ++round) {
      Packets packets;
      std::vector<const Row*> chosen;
      for (unsigned i = 0; i < size; ++i) {
        // From all alike to all different.
        const bool common = random() % 8 < static_cast<unsigned>(round);
        chosen.push_back(common ? &table[0] : &table[random() % table.size()]);
        packets.add(chosen.back()->frame);
      }
      Burst burst;
      packets.receive(burst);
      const EthernetInput out = ethernet_input(burst, own_interface());
      ASSERT_TRUE(add_up(out, kLanes, burst.all())) << "size " << size;
      for (unsigned i = 0; i < size; ++i) {
        ASSERT_EQ(lane_of(out, kLanes, i), chosen[i]->lane) << chosen[i]->name << " at " << i;
        ASSERT_EQ(burst.frame_length[i], chosen[i]->frame.size());
        ASSERT_EQ(burst.frame[i], rte_pktmbuf_mtod(burst.packet[i], std::uint8_t*));
      }
    }
  }
}

TEST(EthernetInput, OnlyTheOwnMacOfItsInterfaceIsOurs) {
  const MacAddress other{{0x00, 0x1b, 0x21, 0xab, 0xcd, 0xef}};
  Packets packets{ipv4_to(kOwnMac), ipv4_to(other)};
  Burst burst;
  packets.receive(burst);
  const EthernetInput out = ethernet_input(burst, {.mac = other});
  EXPECT_EQ(lane_of(out, kLanes, 0), "not_ours");
  EXPECT_EQ(lane_of(out, kLanes, 1), "ipv4");
}

TEST(EthernetInput, NothingLongerThanTheInterfacesMtu) {
  for (const std::uint16_t mtu : {std::uint16_t{68}, std::uint16_t{576}, std::uint16_t{9000}}) {
    for (const auto& [more, lane] : {std::pair{0u, "ipv4"}, std::pair{1u, "too_long"}}) {
      Packets packets{padded(Ipv4Packet{}.frame(), kEthernet + mtu + more)};
      Burst burst;
      packets.receive(burst);
      const EthernetInput out = ethernet_input(burst, {.mtu = mtu, .mac = kOwnMac});
      EXPECT_EQ(lane_of(out, kLanes, 0), lane) << mtu << " + " << more;
    }
  }
}

// A driver hands a frame that does not fit one buffer as a chain, of which a stage sees the first
// part alone: whatever that says, the frame waits until it is whole.
TEST(EthernetInput, ChainsAreNotLookedAt) {
  const Bytes ip = Ipv4Packet{}.frame();
  Packets first{ip, truncated(ip, 20), ArpPacket{}.frame(), ip, ip};
  Packets rest{pattern(100), pattern(100), pattern(100), {}, pattern(1)};
  for (const unsigned i : {0u, 1u, 2u, 4u}) {
    first.mbuf(i).next = &rest.mbuf(i);
    first.mbuf(i).nb_segs = 2;
    first.mbuf(i).pkt_len += rest.mbuf(i).data_len;
  }
  Burst burst;
  first.receive(burst);
  const EthernetInput out = ethernet_input(burst, own_interface());
  EXPECT_EQ(out.chained.mask(), 0b10111u);
  EXPECT_EQ(out.ipv4, Lane::one(3));
  EXPECT_TRUE(add_up(out, kLanes, burst.all()));
}

}  // namespace
}  // namespace weir::test
