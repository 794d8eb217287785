#include "dataplane/stage/ip_rewrite.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

#include "dataplane/stage/ethernet_input.hpp"
#include "dataplane/stage/ipv4_validate.hpp"
#include "tests/unit/dataplane/packets.hpp"
#include "tests/unit/dataplane/reference.hpp"

namespace weir::test {
namespace {

constexpr NamedLane<IpRewrite> kLanes[] = {{"ready", &IpRewrite::ready},
                                           {"ttl_expired", &IpRewrite::ttl_expired},
                                           {"too_big", &IpRewrite::too_big}};

constexpr MacAddress kNext{{2, 0, 0, 0, 9, 2}};
constexpr MacAddress kOut{{2, 0, 0, 0, 0, 2}};

/// Interfaces 0 and 1 with an MTU of 1500, 2 with 576.
Snapshot three_interfaces() {
  Snapshot snapshot;
  for (InterfaceId id = 0; id < 3; ++id)
    snapshot.interfaces.push_back({.id = id, .mtu = std::uint16_t(id == 2 ? 576 : 1500)});
  snapshot.smallest_mtu = 576;
  return snapshot;
}

/// Everything before ip_rewrite; all packets leave by `egress`.
void prepare(Packets& packets, Burst& burst, InterfaceId egress) {
  packets.receive(burst);
  ethernet_input(burst, {.mac = kOwnMac});
  ipv4_validate(burst, burst.all(), false);
  for (unsigned i = 0; i < burst.size; ++i) {
    burst.rewrite[i] = Adjacency::forward(egress, kNext, kOut);
    burst.egress[i] = static_cast<std::uint32_t>(egress_to(egress));
  }
}

struct Row {
  const char* name;
  Ipv4Packet packet;
  InterfaceId egress;
  const char* lane;
};

Ipv4Packet with_ttl(std::uint8_t ttl) { return {.ttl = ttl}; }
/// An IP packet of `length` bytes.
Ipv4Packet of_length(std::size_t length) { return {.payload = pattern(length - 20)}; }

const std::vector<Row> kRows = {
    {"TTL 0", with_ttl(0), 1, "ttl_expired"},
    {"TTL 1", with_ttl(1), 1, "ttl_expired"},
    {"TTL 2", with_ttl(2), 1, "ready"},
    {"TTL 64", with_ttl(64), 1, "ready"},
    {"TTL 255", with_ttl(255), 1, "ready"},
    {"the protocol beside the TTL is not touched", {.ttl = 2, .protocol = 0}, 1, "ready"},
    {"the highest protocol", {.ttl = 255, .protocol = 255}, 1, "ready"},
    {"one less than the MTU", of_length(1499), 1, "ready"},
    {"exactly the MTU", of_length(1500), 1, "ready"},
    {"one more than the MTU", of_length(1501), 1, "too_big"},
    {"exactly the smaller MTU", of_length(576), 2, "ready"},
    {"one more than the smaller MTU", of_length(577), 2, "too_big"},
    {"longer than the smallest MTU, but not than its own", of_length(577), 1, "ready"},
    {"too big with DF", {.fragment = 0x4000, .payload = pattern(1481)}, 1, "too_big"},
    {"too big and expired: expired", {.ttl = 1, .payload = pattern(1481)}, 1, "ttl_expired"},
    {"padding does not count", {.payload = {}}, 1, "ready"},
    {"options", {.options = {1, 1, 1, 1}}, 1, "ready"},
};

TEST(IpRewrite, Rows) {
  const Snapshot snapshot = three_interfaces();
  for (const Row& row : kRows) {
    const Bytes before = row.packet.frame();
    Packets packets{before};
    Burst burst;
    prepare(packets, burst, row.egress);
    const IpRewrite out = ip_rewrite(burst, burst.all(), snapshot);
    EXPECT_EQ(lane_of(out, kLanes, 0), row.lane) << row.name;
    const bool ready = std::string(row.lane) == "ready";
    EXPECT_EQ(packets.bytes(0), ready ? reference::rewritten(before, kNext, kOut) : before)
        << row.name;
  }
}

TEST(IpRewrite, EveryBurstSizeWithMixedLanes) {
  const Snapshot snapshot = three_interfaces();
  std::mt19937 random(8);
  for (unsigned size = 1; size <= Burst::kSize; ++size) {
    for (int round = 0; round < 4; ++round) {
      Packets packets;
      std::vector<const Row*> chosen;
      for (unsigned i = 0; i < size; ++i) {
        chosen.push_back(&kRows[round == 0 ? 3 : random() % kRows.size()]);
        packets.add(chosen.back()->packet.frame());
      }
      Burst burst;
      prepare(packets, burst, 1);
      for (unsigned i = 0; i < size; ++i) {
        burst.rewrite[i] = Adjacency::forward(chosen[i]->egress, kNext, kOut);
        burst.egress[i] = static_cast<std::uint32_t>(egress_to(chosen[i]->egress));
      }
      const Lane lane =
          round == 0 ? burst.all() : Lane{std::uint64_t{random()} << 32 | random()} & burst.all();
      const IpRewrite out = ip_rewrite(burst, lane, snapshot);
      ASSERT_TRUE(add_up(out, kLanes, lane));
      for (unsigned i = 0; i < size; ++i) {
        const Bytes before = chosen[i]->packet.frame();
        const bool ready = out.ready.has(i);
        if (lane.has(i)) {
          ASSERT_EQ(lane_of(out, kLanes, i), chosen[i]->lane) << chosen[i]->name;
        }
        ASSERT_EQ(packets.bytes(i), ready ? reference::rewritten(before, kNext, kOut) : before)
            << chosen[i]->name << " at " << i << " of " << size;
      }
    }
  }
}

// All 65,536 identifications give all checksums; the update must equal a full computation.
TEST(IpRewrite, UpdatesEveryChecksumAsAFullComputationWould) {
  const Snapshot snapshot = three_interfaces();
  std::vector<bool> seen(0x10000);
  for (unsigned base = 0; base < 0x10000; base += Burst::kSize) {
    Packets packets;
    std::vector<Bytes> expected;
    for (unsigned i = 0; i < Burst::kSize; ++i) {
      const Bytes frame = Ipv4Packet{.id = static_cast<std::uint16_t>(base + i)}.frame();
      seen[reference::u16(frame, 24)] = true;
      expected.push_back(reference::rewritten(frame, kNext, kOut));
      packets.add(frame);
    }
    Burst burst;
    prepare(packets, burst, 1);
    const IpRewrite out = ip_rewrite(burst, burst.all(), snapshot);
    ASSERT_EQ(out.ready, burst.all());
    for (unsigned i = 0; i < Burst::kSize; ++i) ASSERT_EQ(packets.bytes(i), expected[i]);
  }
  // 0xffff is the one value that a sum over a header never gives.
  EXPECT_EQ(std::count(seen.begin(), seen.end(), false), 1);
  EXPECT_FALSE(seen[0xffff]);
}

TEST(SpendHop, EveryTtlAndChecksum) {
  for (unsigned checksum = 0; checksum < 0x10000; ++checksum) {
    for (const unsigned ttl : {1u, 2u, 64u, 255u}) {
      const std::uint32_t before = static_cast<std::uint32_t>(checksum << 16 | 17 << 8 | ttl);
      const std::uint32_t after = spend_hop(before);
      // RFC 1624 equation 3 over the 16-bit word of TTL and protocol.
      const std::uint16_t expected =
          checksum::update(static_cast<std::uint16_t>(checksum), static_cast<std::uint16_t>(before),
                           static_cast<std::uint16_t>(before - 1));
      ASSERT_EQ(after & 0xffff, (before & 0xffff) - 1);
      // 0xffff and 0x0000 are the same number; which one is sent is settled by full computation.
      ASSERT_EQ(after >> 16 == 0xffff ? 0 : after >> 16, expected == 0xffff ? 0 : expected)
          << "checksum " << checksum << ", TTL " << ttl;
    }
  }
}

// The other zero comes in from hosts that compute so; what leaves must verify all the same.
TEST(IpRewrite, AChecksumOf0xffffStillVerifiesAfterwards) {
  for (unsigned id = 0; id < 0x10000; ++id) {
    const Bytes frame = Ipv4Packet{.id = static_cast<std::uint16_t>(id)}.frame();
    if (reference::u16(frame, 24) != 0) continue;
    Packets packets{with_byte(with_byte(frame, 24, 0xff), 25, 0xff)};
    Burst burst;
    prepare(packets, burst, 1);
    ASSERT_EQ(ip_rewrite(burst, burst.all(), three_interfaces()).ready, burst.all());
    EXPECT_EQ(packets.bytes(0), reference::rewritten(frame, kNext, kOut));
    return;
  }
  FAIL() << "no header has the checksum zero";
}

TEST(RewriteOne, DoesTheSameToOnePacket) {
  for (const unsigned ttl : {2u, 64u, 255u}) {
    Bytes frame = Ipv4Packet{.ttl = static_cast<std::uint8_t>(ttl)}.frame();
    const Bytes expected = reference::rewritten(frame, kNext, kOut);
    std::uint32_t hop_word;
    std::memcpy(&hop_word, &frame[22], sizeof hop_word);
    rewrite_one(frame.data(), Adjacency::forward(1, kNext, kOut), hop_word);
    EXPECT_EQ(frame, expected);
  }
}

}  // namespace
}  // namespace weir::test
