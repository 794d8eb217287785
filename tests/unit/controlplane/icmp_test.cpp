// ICMP: what errors look like, when they may be sent (RFC 1812 section 4.3.2) and how often.
#include "controlplane/icmp.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <set>

#include "ipv4_packets.hpp"

namespace weir::control::test {
namespace {

using namespace std::chrono_literals;

const Ipv4Address kUs = ip("192.0.2.1");
const std::vector<Ipv4Prefix> kConnected{{ip("10.0.0.0"), 24}, {ip("10.0.9.4"), 31}};

// --- the message

struct ErrorRow {
  const char* name;
  IcmpErrorSpec spec;
  std::uint8_t type, code;
  std::uint16_t first, second;  // the four bytes behind the checksum
};
const ErrorRow kErrors[] = {
    {"net", {.error = IcmpError::net_unreachable}, 3, 0, 0, 0},
    {"host", {.error = IcmpError::host_unreachable}, 3, 1, 0, 0},
    {"protocol", {.error = IcmpError::protocol_unreachable}, 3, 2, 0, 0},
    {"port", {.error = IcmpError::port_unreachable}, 3, 3, 0, 0},
    {"too_big", {.error = IcmpError::fragmentation_needed, .mtu = 1400}, 3, 4, 0, 1400},
    {"source_route", {.error = IcmpError::source_route_failed}, 3, 5, 0, 0},
    {"prohibited", {.error = IcmpError::admin_prohibited}, 3, 13, 0, 0},
    {"ttl", {.error = IcmpError::time_exceeded}, 11, 0, 0, 0},
    {"reassembly", {.error = IcmpError::reassembly_timeout}, 11, 1, 0, 0},
    {"parameter", {.error = IcmpError::parameter_problem, .pointer = 21}, 12, 0, 21 << 8, 0},
};
class ErrorMessage : public testing::TestWithParam<ErrorRow> {};

TEST_P(ErrorMessage, IsAsTheRfcsHaveIt) {
  const Packet original = Ipv4Packet{
      .payload = bytes_up_to(100),
      .tos = 0x2a,
      .ttl = 1,
      .options = {1, 1, 1, 0}}.bytes();
  const Packet error = make_icmp_error(GetParam().spec, kUs, 0x4321, original);
  const auto header = ipv4_of(error);
  EXPECT_EQ(header.header_length(), 20u);
  EXPECT_EQ(header.source_address(), kUs);
  EXPECT_EQ(header.destination_address(), ip("10.0.0.5"));
  EXPECT_EQ(header.protocol, wire::ip_protocol::kIcmp);
  EXPECT_EQ(header.ttl, 64);
  EXPECT_EQ(header.id.get(), 0x4321);
  EXPECT_EQ(header.fragment.get(), 0);
  const Packet message = payload_of(error);
  EXPECT_TRUE(checksum::verify(message));
  const auto icmp = read<wire::Icmp>(message);
  EXPECT_EQ(icmp.type, GetParam().type);
  EXPECT_EQ(icmp.code, GetParam().code);
  EXPECT_EQ(icmp.rest[0].get(), GetParam().first);
  EXPECT_EQ(icmp.rest[1].get(), GetParam().second);
  // As it was received (section 4.3.2.3), TTL and all.
  EXPECT_EQ(Packet(message.begin() + 8, message.end()), original);
}
INSTANTIATE_TEST_SUITE_P(Icmp, ErrorMessage, testing::ValuesIn(kErrors),
                         [](const auto& p) { return p.param.name; });

TEST(IcmpErrorMessage, QuotesAsMuchAsMakes576Bytes) {
  for (const std::size_t size : {0u, 8u, 520u, 527u, 528u, 529u, 1400u, 9000u}) {
    const Packet original = Ipv4Packet{.payload = bytes_up_to(size)}.bytes();
    const Packet error = make_icmp_error({}, kUs, 1, original);
    EXPECT_EQ(error.size(), std::min<std::size_t>(576, 28 + original.size())) << size;
    EXPECT_TRUE(checksum::verify(payload_of(error))) << size;
  }
}

TEST(IcmpErrorMessage, QuotesNoPadding) {
  Packet original = Ipv4Packet{.payload = bytes_up_to(9)}.bytes();
  original.resize(46, 0xee);
  EXPECT_EQ(make_icmp_error({}, kUs, 1, original).size(), 28u + 29u);
}

TEST(IcmpErrorMessage, QuotesWhatIsThereOfACutPacket) {
  Packet original = Ipv4Packet{.payload = bytes_up_to(1000)}.bytes();
  original.resize(300);
  EXPECT_EQ(make_icmp_error({}, kUs, 1, original).size(), 328u);
}

// RFC 1812 section 4.3.2.5: the original's TOS, with the precedence of internetwork control; ECN
// (RFC 3168) is no part of either.
TEST(IcmpErrorMessage, TosIsTheOriginalsWithPrecedenceSix) {
  const std::pair<int, int> rows[] = {{0x00, 0xc0}, {0x10, 0xd0}, {0x08, 0xc8}, {0xb8, 0xd8},
                                      {0x03, 0xc0}, {0xe0, 0xc0}, {0xff, 0xdc}, {0x04, 0xc4}};
  for (const auto& [in, out] : rows) {
    const Packet original = Ipv4Packet{.tos = static_cast<std::uint8_t>(in)}.bytes();
    EXPECT_EQ(ipv4_of(make_icmp_error({}, kUs, 1, original)).tos, out) << in;
  }
}

TEST(IcmpErrorMessage, NoneAboutWhatIsNoPacket) {
  Packet packet = Ipv4Packet{.payload = bytes_up_to(20)}.bytes();
  EXPECT_TRUE(make_icmp_error({}, kUs, 1, {}).empty());
  EXPECT_TRUE(make_icmp_error({}, kUs, 1, PacketView{packet}.first(19)).empty());
  const auto changed = [&](std::size_t at, std::uint8_t value) {
    Packet bad = packet;
    bad[at] = value;
    return bad;
  };
  EXPECT_TRUE(make_icmp_error({}, kUs, 1, changed(0, 0x65)).empty());  // version
  EXPECT_TRUE(make_icmp_error({}, kUs, 1, changed(0, 0x44)).empty());  // header length
  EXPECT_TRUE(make_icmp_error({}, kUs, 1, changed(0, 0x4f)).empty());  // beyond the packet
  EXPECT_TRUE(make_icmp_error({}, kUs, 1, changed(10, 0)).empty());    // checksum
  EXPECT_FALSE(make_icmp_error({}, kUs, 1, packet).empty());
}

// --- when it may be sent

struct RuleRow {
  const char* name;
  Packet original;
  bool allowed;
  bool link_broadcast = false;
};
Packet from(const char* source) { return Ipv4Packet{.source = ip(source)}.bytes(); }
Packet to(const char* destination) { return Ipv4Packet{.destination = ip(destination)}.bytes(); }
const RuleRow kRules[] = {
    {"udp", Ipv4Packet{}.bytes(), true},
    {"link_broadcast", Ipv4Packet{}.bytes(), false, true},
    {"first_fragment", Ipv4Packet{.payload = bytes_up_to(8), .fragment = 0x2000}.bytes(), true},
    {"later_fragment", Ipv4Packet{.payload = bytes_up_to(8), .fragment = 0x2001}.bytes(), false},
    {"last_fragment", Ipv4Packet{.payload = bytes_up_to(8), .fragment = 0x0001}.bytes(), false},
    {"dont_fragment", Ipv4Packet{.fragment = 0x4000}.bytes(), true},
    {"to_limited_broadcast", to("255.255.255.255"), false},
    {"to_subnet_broadcast", to("10.0.0.255"), false},
    {"to_subnet_network", to("10.0.0.0"), false},
    {"to_broadcast_elsewhere", to("10.0.1.255"), true},
    {"to_upper_host_of_31", to("10.0.9.5"), true},
    {"to_lower_host_of_31", to("10.0.9.4"), true},
    {"to_multicast", to("224.0.0.5"), false},
    {"to_multicast_top", to("239.255.255.255"), false},
    {"from_zero", from("0.0.0.0"), false},
    {"from_this_network", from("0.1.2.3"), false},
    {"from_loopback", from("127.0.0.1"), false},
    {"from_multicast", from("224.1.2.3"), false},
    {"from_class_e", from("240.0.0.1"), false},
    {"from_limited_broadcast", from("255.255.255.255"), false},
    {"from_subnet_broadcast", from("10.0.0.255"), false},
    {"from_subnet_network", from("10.0.0.0"), false},
    {"from_host_of_31", from("10.0.9.5"), true},
    {"echo", icmp_packet(8), true},
    {"echo_reply", icmp_packet(0), true},
    {"timestamp", icmp_packet(13), true},
    {"extended_echo", icmp_packet(42), true},
    {"unreachable", icmp_packet(3), false},
    {"source_quench", icmp_packet(4), false},
    {"redirect", icmp_packet(5), false},
    {"time_exceeded", icmp_packet(11), false},
    {"parameter_problem", icmp_packet(12), false},
    {"unknown_icmp", icmp_packet(200), false},
    {"empty_icmp", Ipv4Packet{.protocol = 1}.bytes(), false},
    {"bad_checksum",
     [] {
       Packet bad = Ipv4Packet{}.bytes();
       ++bad[8];
       return bad;
     }(),
     false},
};
class ErrorRule : public testing::TestWithParam<RuleRow> {};

TEST_P(ErrorRule, DecidesAboutIt) {
  const IcmpContext context{GetParam().link_broadcast, kConnected};
  EXPECT_EQ(may_answer_with_error(GetParam().original, context), GetParam().allowed);
  // The errors that we make are themselves never answered with one.
  const Packet error = make_icmp_error({}, ip("10.0.0.7"), 1, GetParam().original);
  if (!error.empty()) {
    EXPECT_FALSE(may_answer_with_error(error, {false, kConnected}));
  }
}
INSTANTIATE_TEST_SUITE_P(Icmp, ErrorRule, testing::ValuesIn(kRules),
                         [](const auto& p) { return p.param.name; });

// --- echo

TEST(Echo, ReplyIsTheRequestTurnedRound) {
  // Sizes whose checksums come out as every corner of RFC 1624: also where it is all ones or zero.
  for (std::size_t size = 0; size < 2000; size += size < 70 ? 1 : 97) {
    Packet packet = Ipv4Packet{
        .protocol = 1,
        .payload = icmp_message(8, 0, 0xbeef, 3, bytes_up_to(size)),
        .tos = 0x28,
        .ttl = 3,
        .fragment = 0x4000,
        .options = {7, 7, 4, 0, 0, 0, 0,
                    0}}.bytes();
    const Packet data = payload_of(packet);
    packet.resize(packet.size() + 5, 0xaa);
    ASSERT_TRUE(make_echo_reply(packet, 77));
    const auto header = ipv4_of(packet);
    EXPECT_EQ(header.source_address(), ip("10.0.0.1"));
    EXPECT_EQ(header.destination_address(), ip("10.0.0.5"));
    EXPECT_EQ(header.header_length(), 20u);
    EXPECT_EQ(header.tos, 0x28);
    EXPECT_EQ(header.ttl, 64);
    EXPECT_EQ(header.id.get(), 77);
    EXPECT_EQ(header.fragment.get(), 0);
    Packet message = payload_of(packet);
    ASSERT_EQ(message.size(), data.size());
    EXPECT_TRUE(checksum::verify(message));
    EXPECT_EQ(message[0], 0);
    EXPECT_EQ(Packet(message.begin() + 4, message.end()), Packet(data.begin() + 4, data.end()));
  }
}

TEST(Echo, ChecksumOfTheReplyIsRightForEveryChecksumOfTheRequest) {
  for (std::uint32_t n = 0; n < 0x10000; ++n) {
    Packet packet =
        Ipv4Packet{.protocol = 1, .payload = icmp_message(8, 0, static_cast<std::uint16_t>(n), 0)}
            .bytes();
    ASSERT_TRUE(make_echo_reply(packet, 1));
    ASSERT_TRUE(checksum::verify(std::span{packet}.subspan(20))) << n;
  }
}

TEST(Echo, OnlyIntactWholeRequestsAreAnswered) {
  const auto refuse = [](Packet packet, const char* why) {
    const Packet before = packet;
    EXPECT_FALSE(make_echo_reply(packet, 1)) << why;
    EXPECT_EQ(packet, before) << why;
  };
  refuse({}, "nothing");
  refuse(icmp_packet(0), "a reply");
  refuse(icmp_packet(8, 1), "a code");
  refuse(Ipv4Packet{.protocol = 17, .payload = icmp_message(8, 0, 1, 1)}.bytes(), "UDP");
  refuse(Ipv4Packet{.protocol = 1, .payload = icmp_message(8, 0, 1, 1), .fragment = 0x2000}.bytes(),
         "a fragment");
  refuse(Ipv4Packet{.protocol = 1, .payload = {8, 0, 0xf7, 0xff, 0, 0, 0}}.bytes(), "short");
  Packet bad = icmp_packet(8);
  bad.back() ^= 1;
  refuse(bad, "checksum");
  bad = icmp_packet(8);
  bad.pop_back();
  refuse(bad, "cut");
}

TEST(Echo, RequestIsIntact) {
  for (const std::uint16_t size : std::vector<std::uint16_t>{0, 1, 56, 1472, 9000, 65535}) {
    const Packet request = make_echo_request(kUs, ip("10.0.0.5"), 9, 2, size, 5);
    EXPECT_EQ(request.size(), 28u + std::min<std::size_t>(size, 65507));
    const Packet message = payload_of(request);
    EXPECT_TRUE(checksum::verify(message));
    EXPECT_EQ(ipv4_of(request).source_address(), kUs);
    const auto icmp = read<wire::Icmp>(message);
    EXPECT_EQ(icmp.type, 8);
    EXPECT_EQ(icmp.rest[0].get(), 9);
    EXPECT_EQ(icmp.rest[1].get(), 2);
  }
}

// --- how often (section 4.3.2.8)

TEST(IcmpLimits, TenAtOnceAndTenASecondToADestination) {
  IcmpLimiter limiter{1};
  int sent = 0;
  for (TimePoint now{0}; now < 10s; now += 1ms)
    sent += limiter.allow(now, IcmpError::time_exceeded, ip("10.0.0.5"), 0);
  EXPECT_GE(sent, 108);
  EXPECT_LE(sent, 110);
}

TEST(IcmpLimits, PathMtuDiscoverySurvivesAFloodOfOthers) {
  IcmpLimiter limiter{1};
  for (std::uint32_t i = 0; i < 100000; ++i)
    limiter.allow(1s, IcmpError::host_unreachable, Ipv4Address{0x0b000000u + i % 3000}, 0);
  EXPECT_FALSE(limiter.allow(1s, IcmpError::host_unreachable, ip("10.0.0.5"), 0));
  EXPECT_TRUE(limiter.allow(1s, IcmpError::fragmentation_needed, ip("10.0.0.5"), 0));
  EXPECT_TRUE(limiter.allow(1s, IcmpError::host_unreachable, ip("10.0.0.5"), 1));
}

TEST(IcmpLimits, NoInterfaceBeyondTheTables) {
  IcmpLimiter limiter{1};
  EXPECT_FALSE(limiter.allow(1s, IcmpError::host_unreachable, ip("10.0.0.5"), kMaxInterfaces));
}

/// At no time more than `burst` and `rate` a second.
class Meter {
 public:
  Meter(double rate, double burst) : rate_(rate), burst_(burst), level_(burst) {}
  bool spend(TimePoint now) {
    const double seconds = std::chrono::duration<double>(now - last_).count();
    level_ = std::min(burst_, level_ + seconds * rate_);
    last_ = now;
    return (level_ -= 1) > -1e-6;
  }

 private:
  double rate_, burst_, level_;
  TimePoint last_{0};
};

TEST(IcmpLimits, NeverMoreThanStatedWhateverComes) {
  for (std::uint32_t seed = 1; seed <= 8; ++seed) {
    std::mt19937 random{seed};
    const auto pick = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
    IcmpLimiter limiter{seed};
    std::map<std::pair<int, Ipv4Address>, Meter> destinations;
    std::map<std::pair<int, int>, Meter> interfaces;
    TimePoint now{0};
    std::uint64_t sent = 0;
    for (int i = 0; i < 100000; ++i) {
      if (pick(50) == 0) now += std::chrono::microseconds{pick(pick(100) ? 3000 : 2000000)};
      const auto error = pick(4) == 0 ? IcmpError::fragmentation_needed : IcmpError::time_exceeded;
      const int kind = error == IcmpError::fragmentation_needed;
      const Ipv4Address to{0x0a000000u + pick(seed % 2 != 0 ? 40 : 400)};
      const auto interface = static_cast<InterfaceId>(pick(3));
      if (!limiter.allow(now, error, to, interface)) continue;
      ++sent;
      EXPECT_TRUE(destinations.try_emplace({kind, to}, 10, 10).first->second.spend(now));
      EXPECT_TRUE(interfaces.try_emplace({kind, static_cast<int>(interface)}, 1000, 50)
                      .first->second.spend(now));
      if (HasFailure()) return;
    }
    EXPECT_GT(sent, 1000u);
  }
}

TEST(IcmpLimits, RandomSourcesGetNoMoreThanTheInterfaceHas) {
  IcmpLimiter limiter{3};
  std::mt19937 random{3};
  int sent = 0, to_one = 0;
  for (TimePoint now{0}; now < 2s; now += 2us) {
    sent += limiter.allow(
        now, IcmpError::time_exceeded,
        Ipv4Address{static_cast<std::uint32_t>(0x0a000000u + random() % 0xffffff)}, 0);
    // One that is asked for all the while keeps its place, and its limit.
    if (now.count() % 100000 == 0)
      to_one += limiter.allow(now, IcmpError::time_exceeded, ip("11.0.0.1"), 0);
  }
  EXPECT_LE(sent + to_one, 2050);
  EXPECT_GE(sent + to_one, 1950);
  EXPECT_LE(to_one, 30);
}

// An observer that knows how many he caused cannot count how many others did (CVE-2020-25705).
TEST(IcmpLimits, BurstOfAnInterfaceVaries) {
  std::set<int> seen;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    IcmpLimiter limiter{seed};
    int sent = 0;
    for (std::uint32_t i = 0; i < 52; ++i)
      sent += limiter.allow(1s, IcmpError::time_exceeded, Ipv4Address{0x0a000000u + i}, 0);
    EXPECT_GE(sent, 42);
    EXPECT_LE(sent, 50);
    seen.insert(sent);
  }
  EXPECT_GE(seen.size(), 4u);
}

TEST(IcmpErrors, CountsWhatItSendsAndRefuses) {
  ManualClock clock;
  IcmpErrors errors{clock, 5};
  const auto about = [&](const Packet& original) {
    return errors.about(original, {.error = IcmpError::time_exceeded}, kUs, 0, {false, kConnected});
  };
  const auto first = about(Ipv4Packet{}.bytes());
  EXPECT_FALSE(first.refused);
  EXPECT_EQ(ipv4_of(first.packet).destination_address(), ip("10.0.0.5"));
  const auto second = about(Ipv4Packet{}.bytes());
  EXPECT_NE(ipv4_of(first.packet).id.get(), ipv4_of(second.packet).id.get());
  EXPECT_EQ(about(icmp_packet(3)).refused, DropReason::icmp_not_allowed);
  EXPECT_TRUE(about(icmp_packet(3)).packet.empty());
  for (int i = 0; i < 8; ++i) EXPECT_FALSE(about(Ipv4Packet{}.bytes()).refused);
  EXPECT_EQ(about(Ipv4Packet{}.bytes()).refused, DropReason::icmp_policed);
  const auto at = static_cast<std::size_t>(IcmpError::time_exceeded);
  EXPECT_EQ(errors.counters().sent[at], 10u);
  EXPECT_EQ(errors.counters().not_allowed[at], 2u);
  EXPECT_EQ(errors.counters().policed[at], 1u);
}

TEST(IcmpErrors, IdentificationsDoNotRepeatSoon) {
  ManualClock clock;
  IcmpErrors errors{clock, 5};
  std::set<std::uint16_t> seen;
  for (int i = 0; i < 65535; ++i) EXPECT_TRUE(seen.insert(errors.next_id()).second);
  EXPECT_FALSE(seen.contains(0));
}

}  // namespace
}  // namespace weir::control::test
