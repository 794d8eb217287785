#include "dataplane/stage/ipv4_validate.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "dataplane/stage/ethernet_input.hpp"
#include "tests/unit/dataplane/packets.hpp"

namespace weir::test {
namespace {

constexpr NamedLane<Ipv4Validate> kLanes[] = {{"plain", &Ipv4Validate::plain},
                                              {"options", &Ipv4Validate::options},
                                              {"bad_header", &Ipv4Validate::bad_header},
                                              {"bad_length", &Ipv4Validate::bad_length},
                                              {"bad_checksum", &Ipv4Validate::bad_checksum},
                                              {"martian", &Ipv4Validate::martian}};

/// Both stages, as the pipeline runs them.
Ipv4Validate validate(Packets& packets, Burst& burst, bool nic_checksums = false) {
  packets.receive(burst);
  const EthernetInput ethernet = ethernet_input(burst, {.mac = kOwnMac});
  EXPECT_EQ(ethernet.ipv4, burst.all());
  return ipv4_validate(burst, burst.all(), nic_checksums);
}

struct Row {
  const char* name;
  Bytes frame;
  const char* lane;
};

Bytes with_version_ihl(Bytes frame, std::uint8_t value) {
  ip_of(frame).version_ihl = value;
  return with_checksum(padded(frame, kEthernet + 60));
}
Bytes with_total_length(Bytes frame, std::uint16_t value) {
  ip_of(frame).total_length.set(value);
  return with_checksum(frame);
}
Bytes options(std::size_t bytes) { return Bytes(bytes, 1); }

// RFC 1812 section 5.2.2, check by check.
std::vector<Row> rows() {
  const Bytes good = Ipv4Packet{}.frame();  // total length 46: fills the frame
  const Bytes bare = Ipv4Packet{.payload = {}}.frame();
  const Bytes with_options = Ipv4Packet{.options = options(8)}.frame();
  return {
      {"all is well", good, "plain"},
      {"no payload", bare, "plain"},
      {"no payload, no padding", Ipv4Packet{.payload = {}}.unpadded_frame(), "plain"},
      {"1500 bytes", Ipv4Packet{.payload = pattern(1480)}.frame(), "plain"},
      // (1) the link layer's length holds a whole IP packet; (5) so does the total length
      {"total length: the frame's", with_total_length(good, 46), "plain"},
      {"total length: one less", with_total_length(good, 45), "plain"},
      {"total length: one more", with_total_length(good, 47), "bad_length"},
      {"total length: 65535", with_total_length(good, 65535), "bad_length"},
      {"total length: the header's", with_total_length(good, 20), "plain"},
      {"total length: less than the header", with_total_length(good, 19), "bad_length"},
      {"total length: zero", with_total_length(good, 0), "bad_length"},
      {"cut in the payload", truncated(good, 59), "bad_length"},
      {"cut behind the header", truncated(good, 34), "bad_length"},
      // (2) the checksum
      {"a bit of the checksum", with_byte(good, 24, static_cast<std::uint8_t>(good[24] ^ 1)),
       "bad_checksum"},
      {"a bit of the addresses", with_byte(good, 33, static_cast<std::uint8_t>(good[33] ^ 128)),
       "bad_checksum"},
      {"a bit of the TTL", with_byte(good, 22, static_cast<std::uint8_t>(good[22] ^ 1)),
       "bad_checksum"},
      {"a bit of the payload", with_byte(good, 34, static_cast<std::uint8_t>(good[34] ^ 1)),
       "plain"},
      {"a bit of the options", with_byte(with_options, 35, 7), "bad_checksum"},
      {"checksum zero, not computed", with_byte(with_byte(good, 24, 0), 25, 0), "bad_checksum"},
      // (3) the version
      {"version 6", with_version_ihl(good, 0x65), "bad_header"},
      {"version 5", with_version_ihl(good, 0x55), "bad_header"},
      {"version 0", with_version_ihl(good, 0x05), "bad_header"},
      {"version 15", with_version_ihl(good, 0xf5), "bad_header"},
      // (4) the header length
      {"header of 0 words", with_version_ihl(good, 0x40), "bad_header"},
      {"header of 4 words", with_version_ihl(good, 0x44), "bad_header"},
      {"header of 6 words", Ipv4Packet{.options = options(4)}.frame(), "options"},
      {"header of 15 words", Ipv4Packet{.options = options(40)}.frame(), "options"},
      {"header of 15 words, no payload",
       Ipv4Packet{.options = options(40), .payload = {}}.unpadded_frame(), "options"},
      {"header longer than the frame",
       truncated(Ipv4Packet{.options = options(40), .payload = {}}.frame(), 73), "bad_header"},
      {"header longer than the total length",
       with_total_length(Ipv4Packet{.options = options(8)}.frame(), 27), "bad_length"},
      {"total length: the header's with options",
       with_total_length(Ipv4Packet{.options = options(8)}.frame(), 28), "options"},
  };
}

TEST(Ipv4Validate, ChecksOfRfc1812Section522) {
  for (const Row& row : rows()) {
    Packets packets{row.frame};
    Burst burst;
    const Ipv4Validate out = validate(packets, burst);
    EXPECT_EQ(lane_of(out, kLanes, 0), row.lane) << row.name;
    EXPECT_TRUE(add_up(out, kLanes, burst.all())) << row.name;
    EXPECT_EQ(packets.bytes(0), row.frame) << row.name << ": changed";
  }
}

TEST(Ipv4Validate, EveryBurstSizeWithMixedLanes) {
  const std::vector<Row> table = rows();
  std::mt19937 random(6);
  for (unsigned size = 1; size <= Burst::kSize; ++size) {
    for (int round = 0; round < 6; ++round) {
      Packets packets;
      std::vector<const Row*> chosen;
      for (unsigned i = 0; i < size; ++i) {
        const bool common = random() % 6 < static_cast<unsigned>(round);
        chosen.push_back(common ? &table[0] : &table[random() % table.size()]);
        packets.add(chosen.back()->frame);
      }
      Burst burst;
      packets.receive(burst);
      ethernet_input(burst, {.mac = kOwnMac});
      const Lane lane = Lane{std::uint64_t{random()} << 32 | random()} & burst.all();
      const Ipv4Validate out = ipv4_validate(burst, lane, false);
      ASSERT_TRUE(add_up(out, kLanes, lane)) << "size " << size;
      lane.for_each([&](unsigned i) {
        ASSERT_EQ(lane_of(out, kLanes, i), chosen[i]->lane) << chosen[i]->name << " at " << i;
      });
    }
  }
}

TEST(Ipv4Validate, KeepsWhatLaterStagesNeed) {
  Packets packets;
  std::vector<Ipv4Packet> sent;
  for (unsigned i = 0; i < 40; ++i) {
    sent.push_back({.source = Ipv4Address{0x0a000000 + i * 77777},
                    .destination = Ipv4Address{0xc6120000 + i * 1234567},
                    .ttl = static_cast<std::uint8_t>(i + 1),
                    .options = options(i % 3 * 4),
                    .payload = pattern(20 + i * 11)});
    packets.add(sent.back().frame());
  }
  Burst burst;
  const Ipv4Validate out = validate(packets, burst);
  EXPECT_EQ((out.plain | out.options), burst.all());
  for (unsigned i = 0; i < 40; ++i) {
    EXPECT_EQ(burst.source[i], sent[i].source.value());
    EXPECT_EQ(burst.destination[i], sent[i].destination.value());
    EXPECT_EQ(burst.ip_length[i], 20 + sent[i].options.size() + sent[i].payload.size());
    std::uint32_t word;
    std::memcpy(&word, &burst.ipv4(i).ttl, sizeof word);
    EXPECT_EQ(burst.hop_word[i], word);
  }
}

// Zero has two forms in one's complement. A header whose words add up to 0xffff has the checksum
// 0x0000; 0xffff in its place is the same number and verifies too (RFC 1071).
TEST(Ipv4Validate, EveryChecksumValueIsAcceptedWhereItIsRight) {
  Burst burst;
  for (unsigned base = 0; base < 0x10000; base += Burst::kSize) {
    Packets packets;
    for (unsigned i = 0; i < Burst::kSize; ++i)
      packets.add(Ipv4Packet{.id = static_cast<std::uint16_t>(base + i)}.frame());
    const Ipv4Validate out = validate(packets, burst);
    ASSERT_EQ(out.plain, burst.all()) << "id " << base;
  }
}

TEST(Ipv4Validate, EveryOtherChecksumIsWrong) {
  const Bytes good = Ipv4Packet{}.frame();
  const unsigned right = good[24] * 256u + good[25];
  for (unsigned base = 0; base < 0x10000; base += Burst::kSize) {
    Packets packets;
    for (unsigned i = 0; i < Burst::kSize; ++i)
      packets.add(with_byte(with_byte(good, 24, static_cast<std::uint8_t>((base + i) >> 8)), 25,
                            static_cast<std::uint8_t>(base + i)));
    Burst burst;
    const Ipv4Validate out = validate(packets, burst);
    const Lane expected =
        right / Burst::kSize * Burst::kSize == base ? Lane::one(right % Burst::kSize) : Lane{};
    ASSERT_EQ(out.plain, expected) << "checksums from " << base;
    ASSERT_EQ(out.bad_checksum, burst.all() - expected);
  }
}

TEST(Ipv4Validate, BothZeroesOfOnesComplement) {
  // Find the id that makes the checksum 0x0000.
  for (unsigned id = 0; id < 0x10000; ++id) {
    const Bytes frame = Ipv4Packet{.id = static_cast<std::uint16_t>(id)}.frame();
    if (frame[24] != 0 || frame[25] != 0) continue;
    Packets packets{frame, with_byte(with_byte(frame, 24, 0xff), 25, 0xff)};
    Burst burst;
    const Ipv4Validate out = validate(packets, burst);
    EXPECT_EQ(out.plain, burst.all());
    return;
  }
  FAIL() << "no header has the checksum zero";
}

struct OffloadRow {
  const char* name;
  bool right;
  std::uint64_t flags;
  bool nic_checksums;
  const char* lane;
};

// The NIC's verdict where it gives one, our own where not.
constexpr OffloadRow kOffloadRows[] = {
    {"good verdict, right checksum", true, RTE_MBUF_F_RX_IP_CKSUM_GOOD, true, "plain"},
    {"good verdict, wrong checksum", false, RTE_MBUF_F_RX_IP_CKSUM_GOOD, true, "plain"},
    {"bad verdict, right checksum", true, RTE_MBUF_F_RX_IP_CKSUM_BAD, true, "bad_checksum"},
    {"bad verdict, wrong checksum", false, RTE_MBUF_F_RX_IP_CKSUM_BAD, true, "bad_checksum"},
    {"unknown, right checksum", true, RTE_MBUF_F_RX_IP_CKSUM_UNKNOWN, true, "plain"},
    {"unknown, wrong checksum", false, RTE_MBUF_F_RX_IP_CKSUM_UNKNOWN, true, "bad_checksum"},
    {"none, right checksum", true, RTE_MBUF_F_RX_IP_CKSUM_NONE, true, "plain"},
    {"none, wrong checksum", false, RTE_MBUF_F_RX_IP_CKSUM_NONE, true, "bad_checksum"},
    {"port without verdicts, flags say good", false, RTE_MBUF_F_RX_IP_CKSUM_GOOD, false,
     "bad_checksum"},
    {"port without verdicts, flags say bad", true, RTE_MBUF_F_RX_IP_CKSUM_BAD, false, "plain"},
    {"layer 4 bad, header unknown", true, RTE_MBUF_F_RX_L4_CKSUM_BAD, true, "plain"},
};

TEST(Ipv4Validate, TakesTheNicsVerdict) {
  const Bytes right = Ipv4Packet{}.frame();
  const Bytes right_options = Ipv4Packet{.options = options(4)}.frame();
  for (const OffloadRow& row : kOffloadRows) {
    Packets packets;
    for (const Bytes& frame : {right, right_options})
      packets.add(row.right ? frame : with_byte(frame, 18, 0x77), row.flags);
    Burst burst;
    const Ipv4Validate out = validate(packets, burst, row.nic_checksums);
    EXPECT_EQ(lane_of(out, kLanes, 0), row.lane) << row.name;
    const std::string second = lane_of(out, kLanes, 1);
    EXPECT_EQ(second == "options" ? "plain" : second, row.lane) << row.name << ", options";
  }
}

TEST(Ipv4Validate, ANicsGoodVerdictHealsNothingElse) {
  Packets packets;
  for (const Bytes& frame :
       {with_version_ihl(Ipv4Packet{}.frame(), 0x65), with_total_length(Ipv4Packet{}.frame(), 47),
        Ipv4Packet{.source = Ipv4Address{127, 0, 0, 1}}.frame()})
    packets.add(frame, RTE_MBUF_F_RX_IP_CKSUM_GOOD);
  Burst burst;
  const Ipv4Validate out = validate(packets, burst, true);
  EXPECT_EQ(lane_of(out, kLanes, 0), "bad_header");
  EXPECT_EQ(lane_of(out, kLanes, 1), "bad_length");
  EXPECT_EQ(lane_of(out, kLanes, 2), "martian");
}

struct SourceRow {
  Ipv4Address first, last;
  bool martian;
};

// RFC 1812 section 5.3.7. Both ends of each range, and so the ends of what lies between.
constexpr SourceRow kSources[] = {
    {{0, 0, 0, 0}, {0, 255, 255, 255}, true},           // this network
    {{1, 0, 0, 0}, {126, 255, 255, 255}, false},        //
    {{127, 0, 0, 0}, {127, 255, 255, 255}, true},       // loopback
    {{128, 0, 0, 0}, {191, 255, 255, 255}, false},      //
    {{192, 0, 0, 0}, {223, 255, 255, 255}, false},      //
    {{224, 0, 0, 0}, {239, 255, 255, 255}, true},       // multicast
    {{240, 0, 0, 0}, {255, 255, 255, 254}, true},       // reserved
    {{255, 255, 255, 255}, {255, 255, 255, 255}, true}  // limited broadcast
};

TEST(Ipv4Validate, MartianSourcesOfRfc1812Section537) {
  for (const SourceRow& row : kSources) {
    const std::uint32_t middle = row.first.value() + (row.last.value() - row.first.value()) / 2;
    for (const Ipv4Address source : {row.first, Ipv4Address{middle}, row.last}) {
      // Plain headers take the vector's way, options the scalar one.
      Packets packets{Ipv4Packet{.source = source}.frame(),
                      Ipv4Packet{.source = source, .options = options(4)}.frame()};
      Burst burst;
      const Ipv4Validate out = validate(packets, burst);
      EXPECT_EQ(lane_of(out, kLanes, 0), row.martian ? "martian" : "plain") << source.to_string();
      EXPECT_EQ(lane_of(out, kLanes, 1), row.martian ? "martian" : "options") << source.to_string();
    }
  }
}

}  // namespace
}  // namespace weir::test
