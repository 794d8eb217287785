// What the router answers to packets that are addressed to itself.
#include "controlplane/local_delivery.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>

#include "ipv4_packets.hpp"

namespace weir::control::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint8_t kUdp = wire::ip_protocol::kUdp, kTcp = wire::ip_protocol::kTcp;

Packet udp_segment(const Packet& data, int length_error = 0) {
  Packet segment(sizeof(wire::Udp) + data.size());
  wire::Udp udp{};
  udp.source_port.set(5353);
  udp.destination_port.set(33434);
  udp.length.set(static_cast<std::uint16_t>(static_cast<int>(segment.size()) + length_error));
  std::memcpy(segment.data(), &udp, sizeof udp);
  std::copy(data.begin(), data.end(), segment.begin() + sizeof udp);
  return segment;
}
Packet udp_packet(Ipv4Packet ip = {}) {
  ip.protocol = kUdp;
  ip.payload = udp_segment(bytes_up_to(31));
  return with_transport_checksum(ip, 6);
}

struct Segment {
  std::uint8_t flags = wire::Tcp::kSyn;
  std::uint32_t sequence = 1000, acknowledgement = 0;
  std::size_t data = 0;
  std::uint8_t words = 5;
};
Packet tcp_packet(const Segment& s, Ipv4Packet ip = {}) {
  wire::Tcp tcp{};
  tcp.source_port.set(40000);
  tcp.destination_port.set(22);
  tcp.sequence.set(s.sequence);
  tcp.acknowledgement.set(s.acknowledgement);
  tcp.data_offset = static_cast<std::uint8_t>(s.words << 4);
  tcp.flags = s.flags;
  tcp.window.set(1024);
  ip.protocol = kTcp;
  ip.payload = Packet(sizeof tcp + (s.words > 5 ? (s.words - 5u) * 4 : 0u) + s.data, 1);
  std::memcpy(ip.payload.data(), &tcp, sizeof tcp);
  return with_transport_checksum(ip, 16);
}
Packet changed(Packet packet, std::size_t from_end) {
  packet[packet.size() - from_end] ^= 0x10;
  return packet;
}
Packet padded(Packet packet) {
  packet.resize(packet.size() + 7, 0xbb);
  return packet;
}

/// What an answer is, in words; also checks what holds for all of them.
std::string describe(const Packet& packet) {
  const auto header = ipv4_of(packet);
  const Packet body = payload_of(packet);
  EXPECT_EQ(header.source_address(), ip("10.0.0.1"));
  EXPECT_EQ(header.destination_address(), ip("10.0.0.5"));
  EXPECT_EQ(header.ttl, 64);
  if (header.protocol == wire::ip_protocol::kIcmp) {
    EXPECT_TRUE(checksum::verify(body));
    return "icmp " + std::to_string(body[0]) + '/' + std::to_string(body[1]);
  }
  EXPECT_EQ(header.protocol, kTcp);
  const auto tcp = read<wire::Tcp>(body);
  EXPECT_EQ(body.size(), sizeof tcp);
  EXPECT_EQ(checksum::fold(checksum::sum(body) + checksum::pseudo_header(header, 20)), 0xffff);
  EXPECT_EQ(tcp.source_port.get(), 22);
  EXPECT_EQ(tcp.destination_port.get(), 40000);
  EXPECT_EQ(tcp.data_offset, 0x50);
  std::string text = "reset " + std::to_string(tcp.sequence.get());
  if ((tcp.flags & wire::Tcp::kAck) != 0)
    text += " ack " + std::to_string(tcp.acknowledgement.get());
  EXPECT_EQ(tcp.flags & ~wire::Tcp::kAck, wire::Tcp::kReset);
  return text;
}

struct World {
  World() {
    local.set_addresses(0, {*Ipv4InterfaceAddress::parse("10.0.0.1/24")});
    local.set_addresses(1, {*Ipv4InterfaceAddress::parse("10.1.0.1/31")});
  }
  LocalDelivery::Result deliver(const Packet& packet, InterfaceId interface = 0,
                                bool link_broadcast = false) {
    PuntMeta meta;
    meta.interface = interface;
    meta.link_broadcast = link_broadcast;
    return local.deliver(packet, meta);
  }

  ManualClock clock;
  std::vector<Packet> pings;
  IcmpErrors errors{clock, 1};
  Pinger pinger{clock, [this](Packet p) { pings.push_back(std::move(p)); }, 1};
  LocalDelivery local{clock, errors, pinger};
};

struct Row {
  const char* name;
  Packet packet;
  std::string answer;  // what comes back; "-": dropped, why
  bool link_broadcast = false;
};
std::string dropped(DropReason reason) { return "- " + std::string{name(reason)}; }
const std::string kNothing;

Ipv4Packet between(const char* source, const char* destination) {
  return {.source = ip(source), .destination = ip(destination)};
}
Ipv4Packet with(std::uint8_t protocol, Packet payload = {}) {
  return {.protocol = protocol, .payload = std::move(payload)};
}

const Row kRows[] = {
    {"echo", icmp_packet(8, 0, bytes_up_to(56)), "icmp 0/0"},
    {"echo_padded", padded(icmp_packet(8)), "icmp 0/0"},
    {"echo_ttl_0", Ipv4Packet{.protocol = 1, .payload = icmp_message(8, 0, 1, 1), .ttl = 0}.bytes(),
     "icmp 0/0"},
    {"echo_bad_checksum", changed(icmp_packet(8), 1), dropped(DropReason::bad_checksum)},
    {"echo_odd_code", icmp_packet(8, 5), dropped(DropReason::local_unsupported)},
    {"echo_in_link_broadcast", icmp_packet(8), dropped(DropReason::link_broadcast), true},
    {"icmp_short", with(1, {8, 0, 0xf7, 0xff}).bytes(), dropped(DropReason::bad_length)},
    {"timestamp", icmp_packet(13), dropped(DropReason::local_unsupported)},
    {"redirect", icmp_packet(5), dropped(DropReason::local_unsupported)},
    {"stray_reply", icmp_packet(0), kNothing},
    {"stray_error", icmp_packet(3, 3), kNothing},

    {"udp", udp_packet(), "icmp 3/3"},
    {"udp_without_checksum", with(kUdp, udp_segment(bytes_up_to(9))).bytes(), "icmp 3/3"},
    {"udp_bad_checksum", changed(udp_packet(), 2), dropped(DropReason::bad_checksum)},
    {"udp_header_cut", with(kUdp, bytes_up_to(7)).bytes(), dropped(DropReason::bad_length)},
    {"udp_longer_than_packet", with(kUdp, udp_segment(bytes_up_to(9), 1)).bytes(),
     dropped(DropReason::bad_length)},
    {"udp_shorter_than_header", with(kUdp, udp_segment({}, -1)).bytes(),
     dropped(DropReason::bad_length)},
    {"udp_with_bytes_behind", with(kUdp, udp_segment(bytes_up_to(9), -3)).bytes(), "icmp 3/3"},

    // RFC 9293 section 3.10.7.1.
    {"syn", tcp_packet({}), "reset 0 ack 1001"},
    {"syn_with_data", tcp_packet({.data = 10}), "reset 0 ack 1011"},
    {"syn_with_options", tcp_packet({.words = 10}), "reset 0 ack 1001"},
    {"syn_fin", tcp_packet({.flags = 3, .data = 10}), "reset 0 ack 1012"},
    {"no_flags", tcp_packet({.flags = 0, .data = 10}), "reset 0 ack 1010"},
    {"sequence_wraps", tcp_packet({.sequence = 0xffffffff, .data = 10}), "reset 0 ack 10"},
    {"ack", tcp_packet({.flags = wire::Tcp::kAck, .acknowledgement = 77, .data = 5}), "reset 77"},
    {"syn_ack", tcp_packet({.flags = 0x12, .acknowledgement = 77}), "reset 77"},
    {"fin_ack", tcp_packet({.flags = 0x11, .acknowledgement = 0}), "reset 0"},
    {"rst", tcp_packet({.flags = wire::Tcp::kReset}), kNothing},
    {"rst_ack", tcp_packet({.flags = 0x14, .acknowledgement = 5}), kNothing},
    {"tcp_bad_checksum", changed(tcp_packet({}), 1), dropped(DropReason::bad_checksum)},
    {"tcp_cut", with(kTcp, bytes_up_to(19)).bytes(), dropped(DropReason::bad_length)},
    {"tcp_short_offset", tcp_packet({.words = 4}), dropped(DropReason::bad_length)},
    {"tcp_padded", padded(tcp_packet({})), "reset 0 ack 1001"},

    {"unknown_protocol", with(89, bytes_up_to(44)).bytes(), "icmp 3/2"},
    {"unknown_protocol_empty", with(255).bytes(), "icmp 3/2"},

    {"not_ours", udp_packet(between("10.0.0.5", "10.0.0.2")),
     dropped(DropReason::local_unsupported)},
    {"limited_broadcast", udp_packet(between("10.0.0.5", "255.255.255.255")),
     dropped(DropReason::local_unsupported)},
    {"from_nowhere", udp_packet(between("0.0.0.0", "10.0.0.1")),
     dropped(DropReason::martian_source)},
    {"from_multicast", tcp_packet({}, between("224.0.0.5", "10.0.0.1")),
     dropped(DropReason::martian_source)},
    {"from_subnet_broadcast", tcp_packet({}, between("10.0.0.255", "10.0.0.1")),
     dropped(DropReason::martian_source)},
    {"from_loopback", tcp_packet({}, between("127.0.0.1", "10.0.0.1")),
     dropped(DropReason::martian_source)},
    {"from_ourselves", tcp_packet({}, between("10.0.0.1", "10.0.0.1")),
     dropped(DropReason::martian_source)},
    {"from_another_of_ours", udp_packet(between("10.1.0.1", "10.0.0.1")),
     dropped(DropReason::martian_source)},
    {"bad_header", changed(udp_packet(), udp_packet().size() - 8), dropped(DropReason::bad_header)},
    {"nothing", {}, dropped(DropReason::bad_header)},
};
class Local : public testing::TestWithParam<Row> {};

TEST_P(Local, Rows) {
  World world;
  const auto result = world.deliver(GetParam().packet, 0, GetParam().link_broadcast);
  std::string what = result.dropped ? dropped(*result.dropped) : kNothing;
  if (result.dropped) {
    EXPECT_TRUE(result.packets.empty());
  }
  for (const Packet& packet : result.packets) what += describe(packet);
  EXPECT_EQ(what, GetParam().answer);
}
INSTANTIATE_TEST_SUITE_P(Rows, Local, testing::ValuesIn(kRows),
                         [](const auto& p) { return p.param.name; });

TEST(LocalDelivery, AnAddressIsOursOnEveryInterface) {
  World world;
  EXPECT_EQ(world.deliver(icmp_packet(8), 1).packets.size(), 1u);
  EXPECT_EQ(world.deliver(icmp_packet(8), kMaxInterfaces).dropped, DropReason::bad_header);
  world.local.set_addresses(0, {});
  EXPECT_EQ(world.deliver(icmp_packet(8), 1).dropped, DropReason::local_unsupported);
}

// RFC 3021: a /31 has no broadcast, its other host may talk to us.
TEST(LocalDelivery, TheOtherHostOfA31IsAnswered) {
  World world;
  Ipv4Packet echo = between("10.1.0.0", "10.1.0.1");
  echo.protocol = 1;
  echo.payload = icmp_message(8, 0, 1, 1);
  EXPECT_FALSE(world.deliver(echo.bytes(), 1).dropped);
}

TEST(LocalDelivery, FragmentedEchoIsAnsweredWhole) {
  World world;
  const Ipv4Packet echo{.protocol = 1, .payload = icmp_message(8, 0, 5, 6, bytes_up_to(4000))};
  auto parts = fragment(echo.bytes(), 1500);
  ASSERT_EQ(parts.size(), 3u);
  std::reverse(parts.begin(), parts.end());
  for (std::size_t i = 0; i < 2; ++i) {
    const auto result = world.deliver(parts[i]);
    EXPECT_FALSE(result.dropped);
    EXPECT_TRUE(result.packets.empty());
  }
  const auto result = world.deliver(parts[2]);
  ASSERT_EQ(result.packets.size(), 1u);
  const Packet message = payload_of(result.packets[0]);
  EXPECT_EQ(message.size(), 4008u);
  EXPECT_TRUE(checksum::verify(message));
  EXPECT_EQ(world.local.counters().fragments, 3u);
  EXPECT_EQ(world.local.counters().reassembled, 1u);
  EXPECT_EQ(world.local.counters().echo_replies, 1u);
}

TEST(LocalDelivery, OverlappingFragmentsAreDropped) {
  World world;
  const Ipv4Packet echo{.protocol = 1, .payload = icmp_message(8, 0, 5, 6, bytes_up_to(4000))};
  const auto parts = fragment(echo.bytes(), 1500), others = fragment(echo.bytes(), 1000);
  EXPECT_FALSE(world.deliver(parts[0]).dropped);
  EXPECT_EQ(world.deliver(others[1]).dropped, DropReason::bad_length);
  EXPECT_EQ(world.deliver(parts[1]).dropped, DropReason::bad_length);
  EXPECT_EQ(world.deliver(parts[2]).dropped, DropReason::bad_length);
  EXPECT_EQ(world.local.counters().fragments_rejected, 3u);
}

TEST(LocalDelivery, TellsTheSenderWhatNeverBecameWhole) {
  World world;
  const Ipv4Packet echo{.protocol = 1, .payload = icmp_message(8, 0, 5, 6, bytes_up_to(4000))};
  auto parts = fragment(echo.bytes(), 1500);
  world.deliver(parts[0]);
  ASSERT_EQ(world.local.next_deadline(), Reassembler::kTimeout);
  world.clock.advance(Reassembler::kTimeout - 1ns);
  EXPECT_TRUE(world.local.tick().empty());
  world.clock.advance(1ns);
  const auto packets = world.local.tick();
  ASSERT_EQ(packets.size(), 1u);
  EXPECT_EQ(describe(packets[0]), "icmp 11/1");
  EXPECT_EQ(packets[0].size(), 576u);
  // RFC 1122 section 3.3.2: not when its first fragment never came.
  world.deliver(parts[1]);
  world.clock.advance(1h);
  EXPECT_TRUE(world.local.tick().empty());
  EXPECT_EQ(world.local.next_deadline(), std::nullopt);
}

TEST(LocalDelivery, ErrorsQuoteThePacketAndAreLimited) {
  World world;
  const auto first = world.deliver(udp_packet());
  ASSERT_EQ(first.packets.size(), 1u);
  const Packet message = payload_of(first.packets[0]);
  EXPECT_EQ(Packet(message.begin() + 8, message.end()), udp_packet());
  for (int i = 0; i < 9; ++i) EXPECT_FALSE(world.deliver(udp_packet()).dropped);
  EXPECT_EQ(world.deliver(udp_packet()).dropped, DropReason::icmp_policed);
  world.clock.advance(100ms);
  EXPECT_FALSE(world.deliver(udp_packet()).dropped);
}

TEST(LocalDelivery, ResetsAreLimitedByInterface) {
  World world;
  std::uint32_t sent = 0;
  for (int i = 0; i < 10000; ++i) {
    sent += !world.deliver(tcp_packet({})).dropped;
    world.clock.advance(100us);
  }
  EXPECT_LE(sent, LocalDelivery::kResetRate + LocalDelivery::kResetBurst);
  EXPECT_GE(sent, LocalDelivery::kResetRate + LocalDelivery::kResetBurst - 2);
  EXPECT_EQ(world.local.counters().resets, sent);
  EXPECT_EQ(world.local.counters().resets_policed, 10000u - sent);
  EXPECT_FALSE(world.deliver(tcp_packet({}), 1).dropped);
}

TEST(LocalDelivery, RepliesReachThePinger) {
  World world;
  PingRequest request;
  request.destination = ip("10.0.0.5");
  request.count = 1;
  const auto session = world.pinger.start(request, ip("10.0.0.1"));
  ASSERT_TRUE(session);
  ASSERT_EQ(world.pings.size(), 1u);
  Packet reply = world.pings[0];
  ASSERT_TRUE(make_echo_reply(reply, 1));
  EXPECT_FALSE(world.deliver(reply).dropped);
  EXPECT_EQ(world.local.counters().pinger, 1u);
  EXPECT_FALSE(world.deliver(reply).dropped);  // a second one is nobody's
  EXPECT_EQ(world.local.counters().pinger, 1u);
  EXPECT_TRUE(world.pinger.take(*session));
}

TEST(LocalDelivery, AnswersToProbesGoToTheProber) {
  World world;
  std::vector<Probe> sent;
  Prober prober{world.clock, [&](const Probe& probe) { return sent.push_back(probe), true; }, 3};
  world.local.set_prober(prober);
  ASSERT_TRUE(prober.start({{.address = ip("10.0.0.5")}}, {}));
  prober.tick();
  ASSERT_EQ(sent.size(), 1u);
  Packet reply = make_echo_request(ip("10.0.0.1"), ip("10.0.0.5"), sent[0].identifier,
                                   sent[0].sequence, 56, 1);
  ASSERT_TRUE(make_echo_reply(reply, 2));
  EXPECT_FALSE(world.local.deliver(reply, {}).dropped);
  EXPECT_EQ(world.local.counters().pinger, 1u);
  EXPECT_EQ(prober.take().targets[0].answered, 1u);
  EXPECT_FALSE(world.local.deliver(reply, {}).dropped);
  EXPECT_EQ(world.local.counters().pinger, 1u) << "nobody waits for it any more";
}

}  // namespace
}  // namespace weir::control::test
