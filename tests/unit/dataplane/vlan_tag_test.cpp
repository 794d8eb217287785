#include "dataplane/packet/vlan_tag.hpp"

#include <gtest/gtest.h>

#include "tests/unit/dataplane/packets.hpp"

namespace weir::test {
namespace {

constexpr std::uint16_t kQ = wire::ether_type::kVlan, kAd = wire::ether_type::kQinQ;

VlanTags tags(std::initializer_list<VlanTags::Tag> list) {
  VlanTags result;
  for (const auto& each : list) result.tag[result.count++] = each;
  return result;
}

Bytes frame_of(const rte_mbuf& packet) {
  const auto* const data = rte_pktmbuf_mtod(&packet, const std::uint8_t*);
  return {data, data + packet.data_len};
}

TEST(VlanTag, WhatIsATag) {
  EXPECT_TRUE(is_tag(0x8100));
  EXPECT_TRUE(is_tag(0x88a8));
  for (const int type : {0x0081, 0xa888, 0x9100, 0x0800, 0})
    EXPECT_FALSE(is_tag(static_cast<std::uint16_t>(type)));
}

TEST(VlanTag, PopTakesTheOutermostOffAndKeepsItsPriority) {
  const Bytes plain = Ipv4Packet{}.frame();
  Packets packets{tagged(tagged(plain, 0x6007, kQ), 0xb005, kAd)};
  rte_mbuf& packet = packets.mbuf(0);
  EXPECT_EQ(priority_of(&packet), 0) << "of no tag that was taken off";
  pop_tag(&packet);
  EXPECT_EQ(frame_of(packet), tagged(plain, 0x6007, kQ));
  EXPECT_EQ(packet.pkt_len, plain.size() + 4);
  EXPECT_EQ(priority_of(&packet), 0xb000);
  pop_tag(&packet);
  EXPECT_EQ(frame_of(packet), plain);
  EXPECT_EQ(priority_of(&packet), 0x6000);
}

TEST(VlanTag, PushPutsThemOnOutermostFirst) {
  const Bytes plain = Ipv4Packet{}.frame();
  struct Row {
    VlanTags tags;
    std::uint16_t priority;
    Bytes frame;
  };
  for (const Row& row :
       {Row{tags({}), 0, plain}, Row{tags({{kQ, 10}}), 0, tagged(plain, 10, kQ)},
        Row{tags({{kQ, 4094}}), 0xf000, tagged(plain, 0xfffe, kQ)},
        Row{tags({{kAd, 5}, {kQ, 7}}), 0x3000, tagged(tagged(plain, 0x3007, kQ), 0x3005, kAd)}}) {
    Packets packets{plain};
    rte_mbuf& packet = packets.mbuf(0);
    // The id it came with is not the one it leaves with.
    packet.vlan_tci = static_cast<std::uint16_t>(row.priority | 0x0abc);
    packet.ol_flags = RTE_MBUF_F_RX_VLAN;
    EXPECT_TRUE(push_tags(&packet, row.tags));
    EXPECT_EQ(frame_of(packet), row.frame);
    EXPECT_EQ(packet.pkt_len, row.frame.size());
  }
}

TEST(VlanTag, WithoutRoomThePacketStaysAsItWas) {
  const Bytes plain = Ipv4Packet{}.frame();
  Packets packets{plain};
  rte_mbuf& packet = packets.mbuf(0);
  packet.buf_addr = static_cast<std::uint8_t*>(packet.buf_addr) + packet.data_off - 7;
  packet.data_off = 7;
  EXPECT_FALSE(push_tags(&packet, tags({{kAd, 5}, {kQ, 7}})));
  EXPECT_EQ(frame_of(packet), plain);
  EXPECT_TRUE(push_tags(&packet, tags({{kQ, 7}})));
  EXPECT_EQ(frame_of(packet), tagged(plain, 7, kQ));
}

}  // namespace
}  // namespace weir::test
