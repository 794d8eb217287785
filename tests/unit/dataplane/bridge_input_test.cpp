#include "dataplane/stage/bridge_input.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "dataplane/packet/frames.hpp"
#include "tests/unit/dataplane/packets.hpp"

namespace weir::test {
namespace {

constexpr NamedLane<BridgeInput> kLanes[] = {
    {"unicast", &BridgeInput::unicast},       {"multicast", &BridgeInput::multicast},
    {"broadcast", &BridgeInput::broadcast},   {"reserved", &BridgeInput::reserved},
    {"bad_source", &BridgeInput::bad_source}, {"too_short", &BridgeInput::too_short},
    {"too_long", &BridgeInput::too_long}};

constexpr BridgeId kBridge = 0x0102;
constexpr std::uint32_t kLongest = 1514;

Bytes between(MacAddress source, MacAddress destination) {
  return ethernet_frame(wire::ether_type::kIpv4, pattern(46), destination, source);
}
Bytes to(MacAddress destination) { return between(kHostMac, destination); }
Bytes from(MacAddress source) { return between(source, kOwnMac); }

struct Row {
  const char* name;
  Bytes frame;
  const char* lane;
  bool tagged = false;
};

std::vector<Row> rows() {
  const Bytes plain = to(kOwnMac);
  return {
      {"unicast", plain, "unicast"},
      {"to zeros, which is nobody's group", to({}), "unicast"},
      {"an Ethernet header alone", truncated(plain, 14), "unicast"},
      {"13 bytes", truncated(plain, 13), "too_short"},
      {"nothing", {}, "too_short"},
      {"13 bytes from a group", truncated(from({{1, 0, 0, 0, 0, 1}}), 13), "too_short"},
      {"as long as may be", padded(plain, kLongest), "unicast"},
      {"a byte more", padded(plain, kLongest + 1), "too_long"},
      {"a byte more, to all", padded(to(MacAddress::broadcast()), kLongest + 1), "too_long"},
      {"a byte more, from a group", padded(from({{1, 0, 0, 0, 0, 1}}), kLongest + 1), "too_long"},
      {"broadcast", to(MacAddress::broadcast()), "broadcast"},
      {"almost broadcast: first byte", to({{0xfd, 255, 255, 255, 255, 255}}), "multicast"},
      {"almost broadcast: last byte", to({{255, 255, 255, 255, 255, 0xfe}}), "multicast"},
      {"IPv4 group", to({{1, 0, 0x5e, 1, 2, 3}}), "multicast"},
      {"IPv6 group", to({{0x33, 0x33, 0, 0, 0, 1}}), "multicast"},
      {"spanning tree", to({{1, 0x80, 0xc2, 0, 0, 0}}), "reserved"},
      {"LLDP", to({{1, 0x80, 0xc2, 0, 0, 0x0e}}), "reserved"},
      {"the last reserved one", to({{1, 0x80, 0xc2, 0, 0, 0x0f}}), "reserved"},
      {"the first one after them", to({{1, 0x80, 0xc2, 0, 0, 0x10}}), "multicast"},
      {"other in the fifth byte", to({{1, 0x80, 0xc2, 0, 1, 0}}), "multicast"},
      {"other in the fourth byte", to({{1, 0x80, 0xc2, 1, 0, 0}}), "multicast"},
      {"like it, not a group", to({{0, 0x80, 0xc2, 0, 0, 0}}), "unicast"},
      {"from zeros", from({}), "bad_source"},
      {"from a group", from({{1, 0, 0x5e, 0, 0, 1}}), "bad_source"},
      {"from broadcast to broadcast", between(MacAddress::broadcast(), MacAddress::broadcast()),
       "bad_source"},
      {"from zeros to spanning tree", between({}, {{1, 0x80, 0xc2, 0, 0, 0}}), "bad_source"},
      {"from all zeros but the first byte", from({{2, 0, 0, 0, 0, 0}}), "unicast"},
      {"from all zeros but the last byte", from({{0, 0, 0, 0, 0, 1}}), "unicast"},
      {"802.1Q tag", tagged(plain, 7, wire::ether_type::kVlan), "unicast", true},
      {"802.1ad tag", tagged(plain, 7, wire::ether_type::kQinQ), "unicast", true},
      {"tagged broadcast", tagged(to(MacAddress::broadcast()), 7, wire::ether_type::kVlan),
       "broadcast", true},
      {"tag's type with the bytes swapped", tagged(plain, 7, 0x0081), "unicast"},
  };
}

StationKey key_of(const Bytes& frame, std::size_t at) {
  StationKey key = StationKey{kBridge} << 48;
  for (std::size_t i = 0; i < 6; ++i) key |= StationKey{frame[at + i]} << (8 * i);
  return key;
}

void expect_row(const Row& row, const BridgeInput& out, const BridgeKeys& keys, unsigned i) {
  ASSERT_EQ(lane_of(out, kLanes, i), row.lane) << row.name << " at " << i;
  ASSERT_EQ(out.tagged.has(i), row.tagged) << row.name << " at " << i;
  if (row.frame.size() < kEthernet) return;
  ASSERT_EQ(keys.destination[i], key_of(row.frame, 0)) << row.name << " at " << i;
  ASSERT_EQ(keys.source[i], key_of(row.frame, 6)) << row.name << " at " << i;
}

TEST(BridgeInput, PutsEachFrameIntoItsLane) {
  for (const Row& row : rows()) {
    Packets packets{row.frame};
    Burst burst;
    packets.receive(burst);
    EXPECT_FALSE(locate_frames(burst));
    BridgeKeys keys;
    const BridgeInput out = bridge_input(burst, burst.all(), kBridge, kLongest, keys);
    expect_row(row, out, keys, 0);
    EXPECT_TRUE(add_up(out, kLanes, burst.all())) << row.name;
    EXPECT_EQ(packets.bytes(0), row.frame) << row.name << ": changed";
  }
}

TEST(BridgeInput, EveryBurstSizeWithMixedLanes) {
  const std::vector<Row> table = rows();
  std::mt19937 random(51);
  for (unsigned size = 1; size <= Burst::kSize; ++size) {
    for (unsigned round = 0; round < 4; ++round) {
      Packets packets;
      std::vector<const Row*> chosen;
      for (unsigned i = 0; i < size; ++i) {
        // From all alike to all different.
        chosen.push_back(random() % 4 < round ? &table[0] : &table[random() % table.size()]);
        packets.add(chosen.back()->frame);
      }
      Burst burst;
      packets.receive(burst);
      locate_frames(burst);
      BridgeKeys keys;
      const BridgeInput out = bridge_input(burst, burst.all(), kBridge, kLongest, keys);
      ASSERT_TRUE(add_up(out, kLanes, burst.all())) << "size " << size;
      for (unsigned i = 0; i < size; ++i)
        ASSERT_NO_FATAL_FAILURE(expect_row(*chosen[i], out, keys, i));
    }
  }
}

// What is not in the lane that was asked for is in none of those that are answered.
TEST(BridgeInput, LooksOnlyAtItsLane) {
  const std::vector<Row> table = rows();
  Packets packets;
  for (const Row& row : table) packets.add(row.frame);
  Burst burst;
  packets.receive(burst);
  locate_frames(burst);
  std::mt19937_64 random(52);
  for (int round = 0; round < 100; ++round) {
    const Lane lane = Lane{random()} & burst.all();
    BridgeKeys keys;
    const BridgeInput out = bridge_input(burst, lane, kBridge, kLongest, keys);
    ASSERT_TRUE(add_up(out, kLanes, lane));
    ASSERT_TRUE((out.tagged - lane).empty());
  }
}

}  // namespace
}  // namespace weir::test
