// IGMP on the wire (RFC 1112, 2236, 3376, 4286).
#include "controlplane/igmp.hpp"

#include <gtest/gtest.h>

#include <random>

#include "igmp_fixture.hpp"

namespace weir::control::test {
namespace {

using namespace std::chrono_literals;
using Kind = IgmpMessage::Kind;

struct Good {
  const char* name;
  Packet packet;
  Kind kind;
  int version;
  Ipv4Address group;
  Duration max_response = 0s;
  int records = 0;
};
Packet query_body(std::uint8_t code, Ipv4Address group, const Packet& rest = {}) {
  return igmp_body(0x11, code, group, rest);
}
Packet with_padding(Packet packet) {
  packet.resize(46);
  return packet;
}
const Good kGood[] = {
    {"query_v1", igmp_packet(query_body(0, {}), kAllSystems).bytes(), Kind::query, 1, {}, 10s},
    {"query_v1_whatever_its_group",
     igmp_packet(query_body(0, ip("1.2.3.4")), kAllSystems).bytes(),
     Kind::query,
     1,
     {},
     10s},
    {"query_v2", igmp_packet(query_body(100, {}), kAllSystems).bytes(), Kind::query, 2, {}, 10s},
    {"query_v2_of_a_group", igmp_packet(query_body(10, kGroup), kGroup).bytes(), Kind::query, 2,
     kGroup, 1s},
    {"query_of_a_group_to_all_systems", igmp_packet(query_body(10, kGroup), kAllSystems).bytes(),
     Kind::query, 2, kGroup, 1s},
    {"query_v3",
     igmp_packet(query_body(100, {}, {2, 125, 0, 0}), kAllSystems).bytes(),
     Kind::query,
     3,
     {},
     10s},
    {"query_v3_with_sources",
     igmp_packet(query_body(10, kGroup, {2, 125, 0, 1, 10, 0, 0, 1}), kGroup).bytes(), Kind::query,
     3, kGroup, 1s},
    {"query_v3_and_more_than_it_says",
     igmp_packet(query_body(10, {}, {2, 125, 0, 0, 9, 9}), kAllSystems).bytes(),
     Kind::query,
     3,
     {},
     1s},
    {"query_from_nobody",
     igmp_packet(query_body(100, {}), kAllSystems, {}).bytes(),
     Kind::query,
     2,
     {},
     10s},
    {"report_v1", report_v1(kGroup), Kind::report, 1, kGroup},
    {"report_v2", report_v2(kGroup), Kind::report, 2, kGroup},
    {"report_v2_padded", with_padding(report_v2(kGroup)), Kind::report, 2, kGroup},
    {"report_v2_longer_than_needed",
     igmp_packet(igmp_body(0x16, 0, kGroup, {1, 2, 3}), kGroup).bytes(), Kind::report, 2, kGroup},
    {"report_from_nobody", igmp_packet(igmp_body(0x16, 0, kGroup), kGroup, {}).bytes(),
     Kind::report, 2, kGroup},
    {"leave", leave_v2(kGroup), Kind::leave, 2, kGroup},
    {"report_v3_of_nothing", report_v3({}), Kind::report, 3, {}},
    {"report_v3", report_v3({{4, kGroup}, {1, ip("232.1.1.1"), 3, 2}}), Kind::report, 3, {}, 0s, 2},
    {"report_v3_and_more_than_it_says",
     igmp_packet(report_v3_body({{4, kGroup}, {4, kGroup}}, 1), kIgmpV3Routers).bytes(),
     Kind::report,
     3,
     {},
     0s,
     1},
    {"router_advertisement",
     igmp_packet(igmp_body(0x30, 20, Ipv4Address{0x007d0002}), ip("224.0.0.106")).bytes(),
     Kind::router_advertisement,
     0,
     {}},
    {"dvmrp", igmp_packet({0x13, 1, 0, 0}, ip("224.0.0.4")).bytes(), Kind::other, 0, {}},
    {"to_one_station", igmp_packet({0x11, 0}, ip("10.0.0.9")).bytes(), Kind::other, 0, {}},
};
class IgmpGood : public testing::TestWithParam<Good> {};
TEST_P(IgmpGood, Reads) {
  const auto read = read_igmp(GetParam().packet);
  ASSERT_TRUE(std::holds_alternative<IgmpMessage>(read))
      << static_cast<int>(std::get<IgmpFault>(read));
  const auto& message = std::get<IgmpMessage>(read);
  EXPECT_EQ(message.kind, GetParam().kind);
  EXPECT_EQ(message.version, GetParam().version);
  EXPECT_EQ(message.group, GetParam().group);
  EXPECT_EQ(message.max_response, GetParam().max_response);
  EXPECT_EQ(message.record_count, GetParam().records);
}
INSTANTIATE_TEST_SUITE_P(Rows, IgmpGood, testing::ValuesIn(kGood),
                         [](const auto& row) { return row.param.name; });

struct Bad {
  const char* name;
  Packet packet;
  IgmpFault fault;
};
Packet with(Packet packet, std::size_t at, std::uint8_t flip) {
  packet[at] ^= flip;
  return packet;
}
Packet shortened(Packet packet, std::size_t by) {
  packet.resize(packet.size() - by);
  return packet;
}
Ipv4Packet fragment_of(std::uint16_t field) {
  Ipv4Packet packet = igmp_packet(igmp_body(0x16, 0, kGroup), kGroup);
  packet.fragment = field;
  return packet;
}
Ipv4Packet udp() {
  Ipv4Packet packet = igmp_packet(igmp_body(0x16, 0, kGroup), kGroup);
  packet.protocol = wire::ip_protocol::kUdp;
  return packet;
}
const Bad kBad[] = {
    {"nothing", {}, IgmpFault::header},
    {"udp", udp().bytes(), IgmpFault::header},
    {"header_checksum", with(report_v2(kGroup), 10, 1), IgmpFault::header},
    {"shorter_than_its_total_length", shortened(report_v2(kGroup), 1), IgmpFault::header},
    {"igmp_checksum", with(report_v2(kGroup), 27, 1), IgmpFault::checksum},
    {"igmp_checksum_of_what_follows",
     with(igmp_packet(igmp_body(0x16, 0, kGroup, {1, 2, 3, 4}), kGroup).bytes(), 33, 1),
     IgmpFault::checksum},
    {"no_body", igmp_packet({}, kGroup).bytes(), IgmpFault::length},
    {"seven_bytes", igmp_packet({0x16, 0, 0, 0, 0, 0, 0}, kGroup).bytes(), IgmpFault::length},
    {"query_of_nine", igmp_packet(query_body(10, {}, {0}), kAllSystems).bytes(), IgmpFault::length},
    {"query_of_eleven", igmp_packet(query_body(10, {}, {2, 125, 0}), kAllSystems).bytes(),
     IgmpFault::length},
    {"query_without_its_sources",
     igmp_packet(query_body(10, kGroup, {2, 125, 0, 2, 10, 0, 0, 1}), kGroup).bytes(),
     IgmpFault::length},
    {"query_with_65535_sources",
     igmp_packet(query_body(10, kGroup, {2, 125, 255, 255}), kGroup).bytes(), IgmpFault::length},
    {"report_without_its_record",
     igmp_packet(report_v3_body({{4, kGroup}}, 2), kIgmpV3Routers).bytes(), IgmpFault::length},
    {"report_with_65535_records",
     igmp_packet(report_v3_body({{4, kGroup}}, 65535), kIgmpV3Routers).bytes(), IgmpFault::length},
    {"record_without_its_sources",
     igmp_packet(igmp_body(0x22, 0, Ipv4Address{1}, {4, 0, 0, 1, 239, 1, 2, 3}), kIgmpV3Routers)
         .bytes(),
     IgmpFault::length},
    {"record_without_its_auxiliary_data",
     igmp_packet(igmp_body(0x22, 0, Ipv4Address{1}, {4, 1, 0, 0, 239, 1, 2, 3}), kIgmpV3Routers)
         .bytes(),
     IgmpFault::length},
    {"first_fragment", fragment_of(0x2000).bytes(), IgmpFault::length},
    {"later_fragment", fragment_of(1).bytes(), IgmpFault::length},
    {"report_of_a_station", igmp_packet(igmp_body(0x16, 0, ip("10.0.0.9")), kGroup).bytes(),
     IgmpFault::group},
    {"report_of_zero", igmp_packet(igmp_body(0x12, 0, {}), kGroup).bytes(), IgmpFault::group},
    {"leave_of_a_station", igmp_packet(igmp_body(0x17, 0, ip("10.0.0.9")), kAllRouters).bytes(),
     IgmpFault::group},
    {"query_of_a_station", igmp_packet(query_body(10, ip("10.0.0.9")), kAllSystems).bytes(),
     IgmpFault::group},
    {"second_record_of_a_station", report_v3({{4, kGroup}, {4, ip("10.0.0.9")}}), IgmpFault::group},
    {"multicast_source", igmp_packet(igmp_body(0x16, 0, kGroup), kGroup, kGroup).bytes(),
     IgmpFault::source},
    {"loopback_source", igmp_packet(query_body(10, {}), kAllSystems, ip("127.0.0.1")).bytes(),
     IgmpFault::source},
    {"general_query_to_a_group", igmp_packet(query_body(10, {}), kGroup).bytes(),
     IgmpFault::destination},
    {"query_of_a_group_to_another", igmp_packet(query_body(10, kGroup), ip("239.1.2.4")).bytes(),
     IgmpFault::destination},
};
class IgmpBad : public testing::TestWithParam<Bad> {};
TEST_P(IgmpBad, IsRefused) {
  const auto read = read_igmp(GetParam().packet);
  ASSERT_TRUE(std::holds_alternative<IgmpFault>(read));
  EXPECT_EQ(std::get<IgmpFault>(read), GetParam().fault);
}
INSTANTIATE_TEST_SUITE_P(Rows, IgmpBad, testing::ValuesIn(kBad),
                         [](const auto& row) { return row.param.name; });

TEST(Igmp, QuerySaysWhatTheQuerierGoesBy) {
  // S set, robustness 5, interval code 0x8a (RFC 3376 section 4.1.7: 26 << 3), no sources.
  const Packet packet = igmp_packet(query_body(0xff, {}, {0x0d, 0x8a, 0, 0}), kAllSystems).bytes();
  const auto message = std::get<IgmpMessage>(read_igmp(packet));
  EXPECT_TRUE(message.suppress);
  EXPECT_EQ(message.robustness, 5);
  EXPECT_EQ(message.query_interval, 208s);
  EXPECT_EQ(message.max_response, 3174400ms);
  EXPECT_EQ(message.source, ip("10.0.0.5"));
}

TEST(Igmp, RecordsComeInOrder) {
  const Packet packet = report_v3({{4, kGroup, 0, 3}, {6, ip("232.0.0.1"), 2}});
  const auto message = std::get<IgmpMessage>(read_igmp(packet));
  PacketView rest = message.records;
  const auto first = take_igmp_record(rest), second = take_igmp_record(rest);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->type, IgmpRecord::kToExclude);
  EXPECT_EQ(first->group, kGroup);
  EXPECT_EQ(second->type, IgmpRecord::kBlock);
  EXPECT_EQ(second->group, ip("232.0.0.1"));
  EXPECT_EQ(second->sources, 2);
  EXPECT_TRUE(rest.empty());
  EXPECT_FALSE(take_igmp_record(rest));
}

TEST(Igmp, CodesAreTheLargestNotAbove) {
  EXPECT_EQ(igmp_value(0x80), 128u);
  EXPECT_EQ(igmp_value(0xff), 31744u);
  for (unsigned code = 0; code < 256; ++code) {
    const std::uint32_t value = igmp_value(static_cast<std::uint8_t>(code));
    EXPECT_EQ(igmp_code(value), code);
    if (code == 255) break;
    const std::uint32_t next = igmp_value(static_cast<std::uint8_t>(code + 1));
    ASSERT_GT(next, value);
    EXPECT_EQ(igmp_code(next - 1), code);
  }
  EXPECT_EQ(igmp_code(0xffffffff), 0xff);
}

TEST(Igmp, OurQueriesByteForByte) {
  const Packet v3 = make_igmp_query({3, ip("10.0.0.1"), {}, 10s, 2, 125s});
  const Packet expected{0x46, 0xc0, 0,    36, 0, 0, 0x40, 0,   1, 2, 0, 0, 10, 0, 0, 1,   224, 0,
                        0,    1,    0x94, 4,  0, 0, 0x11, 100, 0, 0, 0, 0, 0,  0, 2, 125, 0,   0};
  ASSERT_EQ(v3.size(), expected.size());
  for (std::size_t i = 0; i < v3.size(); ++i)
    if (i != 10 && i != 11 && i != 26 && i != 27) {
      EXPECT_EQ(v3[i], expected[i]) << i;
    }
  EXPECT_TRUE(checksum::verify(std::span{v3}.first(24)));
  EXPECT_TRUE(checksum::verify(std::span{v3}.subspan(24)));
  // A version is told by length and code (RFC 3376 section 7.1).
  const Packet v2 = make_igmp_query({2, ip("10.0.0.1"), kGroup, 1s, 2, 125s});
  EXPECT_EQ(v2.size(), 32u);
  EXPECT_EQ(v2[25], 10);
  EXPECT_EQ(ipv4_of(v2).destination_address(), kGroup);
  const Packet v1 = make_igmp_query({1, {}, {}, 10s, 2, 125s});
  EXPECT_EQ(v1.size(), 32u);
  EXPECT_EQ(v1[25], 0);
  EXPECT_EQ(make_igmp_query({2, {}, {}, 100s, 2, 125s})[25], 255);
  EXPECT_EQ(make_igmp_query({2, {}, {}, 0s, 2, 125s})[25], 1) << "0 would be version 1";
  EXPECT_EQ(make_igmp_query({3, {}, {}, 10s, 9, 0s})[32], 0) << "robustness is not said";
  EXPECT_EQ(make_igmp_query({3, {}, {}, 10s, 9, 0s})[33], 0) << "the interval is not said";
}

TEST(Igmp, NoByteChangesUnseenAndNoneIsReadBehindTheEnd) {
  std::mt19937_64 random{1};
  const Packet whole = report_v3({{4, kGroup, 2, 1}, {1, ip("232.0.0.1"), 1}});
  for (std::size_t at = 0; at < whole.size(); ++at) {
    const auto flip = static_cast<std::uint8_t>(1 + random() % 255);
    // Of another type nothing is checked.
    if (at != 24) {
      EXPECT_TRUE(std::holds_alternative<IgmpFault>(read_igmp(with(whole, at, flip)))) << at;
    }
    const Packet part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(at));
    EXPECT_TRUE(std::holds_alternative<IgmpFault>(read_igmp(part))) << at;
  }
}

}  // namespace
}  // namespace weir::control::test
