#include "controlplane/pinger.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "ipv4_packets.hpp"

namespace weir::control::test {
namespace {

using namespace std::chrono_literals;

const Ipv4Address kUs = ip("10.0.0.1"), kThem = ip("10.0.0.5"), kHop = ip("10.0.0.9");

struct PingerTest : testing::Test {
  Pinger::SessionId start(std::uint16_t count, std::uint32_t interval = 1000,
                          std::uint32_t timeout = 1000) {
    PingRequest request;
    request.destination = kThem;
    request.count = count;
    request.interval_ms = interval;
    request.timeout_ms = timeout;
    const auto session = pinger.start(request, kUs);
    EXPECT_TRUE(session);
    return session.value_or(0);
  }
  /// Lets time pass, serving every deadline.
  void advance(Duration by) {
    const TimePoint until = clock.now() + by;
    while (const auto next = pinger.next_deadline()) {
      if (*next > until) break;
      ASSERT_GE(*next, clock.now());
      clock.advance(*next - clock.now());
      pinger.tick();
      ASSERT_TRUE(!pinger.next_deadline() || *pinger.next_deadline() > clock.now());
    }
    clock.advance(until - clock.now());
  }
  Packet reply_to(std::size_t n) {
    Packet reply = sent.at(n);
    EXPECT_TRUE(make_echo_reply(reply, 9));
    return reply;
  }

  ManualClock clock;
  std::vector<Packet> sent;
  Pinger pinger{clock, [this](Packet p) { sent.push_back(std::move(p)); }, 42};
};

TEST_F(PingerTest, OneAnIntervalAndEachReplyHasItsTime) {
  const auto session = start(3);
  ASSERT_EQ(sent.size(), 1u);  // the first at once
  clock.advance(1500us);
  EXPECT_TRUE(pinger.receive(reply_to(0)));
  EXPECT_EQ(pinger.take(session), std::nullopt);
  advance(1s - 1500us);
  ASSERT_EQ(sent.size(), 2u);
  clock.advance(2ms);
  EXPECT_TRUE(pinger.receive(reply_to(1)));
  advance(998ms);
  ASSERT_EQ(sent.size(), 3u);
  clock.advance(250us);
  EXPECT_TRUE(pinger.receive(reply_to(2)));
  const auto replies = pinger.take(session);
  ASSERT_TRUE(replies);
  ASSERT_EQ(replies->size(), 3u);
  const double times[] = {1.5, 2, 0.25};
  for (std::size_t i = 0; i < 3; ++i) {
    const PingReply& reply = (*replies)[i];
    EXPECT_EQ(reply.sequence, i + 1);
    ASSERT_TRUE(reply.rtt_ms);
    EXPECT_DOUBLE_EQ(*reply.rtt_ms, times[i]);
    EXPECT_EQ(reply.from, kThem);
    EXPECT_EQ(reply.ttl, 64);
    EXPECT_EQ(reply.bytes, 64);  // 56 and the ICMP header
    EXPECT_EQ(reply.error, "");
  }
  EXPECT_EQ(pinger.take(session), std::nullopt);
  EXPECT_EQ(pinger.next_deadline(), std::nullopt);
}

TEST_F(PingerTest, RequestsAreIntactAndNumbered) {
  start(5, 10);
  advance(1s);
  ASSERT_EQ(sent.size(), 5u);
  std::set<std::uint16_t> identifiers;
  for (std::size_t i = 0; i < 5; ++i) {
    const Packet message = payload_of(sent[i]);
    EXPECT_TRUE(checksum::verify(message));
    EXPECT_EQ(ipv4_of(sent[i]).source_address(), kUs);
    EXPECT_EQ(ipv4_of(sent[i]).destination_address(), kThem);
    const auto icmp = read<wire::Icmp>(message);
    EXPECT_EQ(icmp.type, 8);
    EXPECT_EQ(icmp.rest[1].get(), i + 1);
    identifiers.insert(icmp.rest[0].get());
  }
  EXPECT_EQ(identifiers.size(), 1u);
}

TEST_F(PingerTest, SilenceEndsAfterTheTimeout) {
  const auto session = start(2, 100, 500);
  advance(599ms);
  EXPECT_EQ(pinger.take(session), std::nullopt);
  advance(1ms);
  const auto replies = pinger.take(session);
  ASSERT_TRUE(replies);
  for (const PingReply& reply : *replies) {
    EXPECT_EQ(reply.rtt_ms, std::nullopt);
    EXPECT_EQ(reply.from, std::nullopt);
    EXPECT_EQ(reply.error, "");
  }
}

TEST_F(PingerTest, RepliesMayOvertakeAndComeTwiceOrLate) {
  const auto session = start(3, 100, 1000);
  advance(200ms);
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_TRUE(pinger.receive(reply_to(2)));
  EXPECT_FALSE(pinger.receive(reply_to(2)));
  EXPECT_TRUE(pinger.receive(reply_to(0)));
  advance(900ms);
  EXPECT_FALSE(pinger.receive(reply_to(1)));  // given up at 1.1 s
  const auto replies = pinger.take(session);
  ASSERT_TRUE(replies);
  EXPECT_TRUE((*replies)[0].rtt_ms);
  EXPECT_FALSE((*replies)[1].rtt_ms);
  EXPECT_TRUE((*replies)[2].rtt_ms);
}

TEST_F(PingerTest, OnlyTheRightReplyCounts) {
  const auto session = start(1);
  const Packet good = reply_to(0);
  const auto with = [&](auto change) {
    Ipv4Packet packet{
        .source = kThem, .destination = kUs, .protocol = 1, .payload = payload_of(good)};
    change(packet);
    const auto icmp = read<wire::Icmp>(packet.payload);
    if (packet.payload[2] == good[22] && packet.payload[3] == good[23])
      packet.payload = icmp_message(icmp.type, icmp.code, icmp.rest[0].get(), icmp.rest[1].get());
    return packet.bytes();
  };
  EXPECT_FALSE(pinger.receive(with([](auto& p) { p.source = kHop; })));
  EXPECT_FALSE(pinger.receive(with([](auto& p) { p.destination = ip("10.1.0.1"); })));
  EXPECT_FALSE(pinger.receive(with([](auto& p) { p.payload[5] ^= 1; })));  // identifier
  EXPECT_FALSE(pinger.receive(with([](auto& p) { p.payload[7] = 0; })));   // sequence 0
  EXPECT_FALSE(pinger.receive(with([](auto& p) { p.payload[7] = 2; })));   // not sent yet
  EXPECT_FALSE(pinger.receive(with([](auto& p) { p.payload[0] = 8; })));   // a request
  EXPECT_FALSE(pinger.receive(with([](auto& p) { p.payload[2] ^= 1; })));  // checksum
  EXPECT_FALSE(pinger.receive(with([](auto& p) { p.fragment = 0x2000; })));
  EXPECT_FALSE(pinger.receive(with([](auto& p) { p.protocol = 17; })));
  EXPECT_FALSE(pinger.receive({}));
  EXPECT_TRUE(pinger.receive(good));
  EXPECT_TRUE(pinger.take(session));
}

struct ErrorRow {
  const char* name;
  std::uint8_t type, code;
  std::uint16_t mtu;
  const char* text;
};
const ErrorRow kErrors[] = {
    {"net", 3, 0, 0, "Destination Net Unreachable"},
    {"host", 3, 1, 0, "Destination Host Unreachable"},
    {"protocol", 3, 2, 0, "Destination Protocol Unreachable"},
    {"port", 3, 3, 0, "Destination Port Unreachable"},
    {"too_big", 3, 4, 1400, "Frag needed and DF set (mtu = 1400)"},
    {"source_route", 3, 5, 0, "Source Route Failed"},
    {"filtered", 3, 13, 0, "Packet filtered"},
    {"other", 3, 9, 0, "Destination Unreachable, code 9"},
    {"ttl", 11, 0, 0, "Time to live exceeded"},
    {"reassembly", 11, 1, 0, "Fragment reassembly time exceeded"},
    {"parameter", 12, 0, 0, "Parameter problem"},
};
class PingError : public PingerTest, public testing::WithParamInterface<ErrorRow> {};

TEST_P(PingError, TellsWhoSaidWhat) {
  const auto session = start(1);
  const ErrorRow& row = GetParam();
  const auto error = [&](std::size_t quoted) {
    return Ipv4Packet{
        .source = kHop,
        .destination = kUs,
        .protocol = 1,
        .payload = icmp_message(row.type, row.code, 0, row.mtu,
                                {sent[0].begin(), sent[0].begin() + static_cast<long>(quoted)}),
        .ttl = 61}
        .bytes();
  };
  EXPECT_FALSE(pinger.receive(error(27)));  // too little to know what it is about
  EXPECT_TRUE(pinger.receive(error(28)));   // RFC 792: header and 64 bits
  EXPECT_FALSE(pinger.receive(error(28)));
  const auto replies = pinger.take(session);
  ASSERT_TRUE(replies);
  EXPECT_EQ((*replies)[0].error, row.text);
  EXPECT_EQ((*replies)[0].from, kHop);
  EXPECT_EQ((*replies)[0].ttl, 61);
  EXPECT_EQ((*replies)[0].rtt_ms, std::nullopt);
}
INSTANTIATE_TEST_SUITE_P(Pinger, PingError, testing::ValuesIn(kErrors),
                         [](const auto& p) { return p.param.name; });

TEST_F(PingerTest, ErrorsAboutOthersAreNotOurs) {
  const auto session = start(1);
  const auto error = [&](auto change) {
    Ipv4Packet quoted{
        .source = kUs, .destination = kThem, .protocol = 1, .payload = payload_of(sent[0])};
    change(quoted);
    return Ipv4Packet{.source = kHop,
                      .destination = kUs,
                      .protocol = 1,
                      .payload = icmp_message(3, 1, 0, 0, quoted.bytes())}
        .bytes();
  };
  EXPECT_FALSE(pinger.receive(error([](auto& q) { q.source = kHop; })));
  EXPECT_FALSE(pinger.receive(error([](auto& q) { q.destination = kHop; })));
  EXPECT_FALSE(pinger.receive(error([](auto& q) { q.protocol = 17; })));
  EXPECT_FALSE(pinger.receive(error([](auto& q) { q.fragment = 1; })));
  EXPECT_FALSE(pinger.receive(error([](auto& q) { q.payload[0] = 0; })));
  EXPECT_FALSE(pinger.receive(error([](auto& q) { q.payload[5] ^= 1; })));
  EXPECT_EQ(pinger.take(session), std::nullopt);
  // The first fragment of a large one, with options on its way.
  EXPECT_TRUE(pinger.receive(error([](auto& q) {
    q.fragment = 0x2000;
    q.options = {1, 1, 1, 0};
  })));
  EXPECT_TRUE(pinger.take(session));
}

TEST_F(PingerTest, NumbersAreForcedIntoBounds) {
  PingRequest request;
  request.destination = kThem;
  request.count = 0;
  request.interval_ms = 0;
  request.timeout_ms = 0;
  request.size = 65535;
  const auto session = pinger.start(request, kUs);
  ASSERT_TRUE(session);
  EXPECT_EQ(sent.at(0).size(), 9028u);
  advance(10ms);
  EXPECT_EQ(pinger.take(*session)->size(), 1u);
  request.count = 65535;
  request.timeout_ms = 0xffffffff;
  ASSERT_TRUE(pinger.start(request, kUs));
  sent.clear();
  advance(60s - 1ns);
  EXPECT_EQ(sent.size(), 999u);  // and the one at once
}

TEST_F(PingerTest, SessionsAreBoundedAndKeptApart) {
  std::vector<Pinger::SessionId> sessions;
  for (std::size_t i = 0; i < Pinger::kMaxSessions; ++i) sessions.push_back(start(1));
  PingRequest request;
  request.destination = kThem;
  EXPECT_EQ(pinger.start(request, kUs), std::nullopt);
  EXPECT_TRUE(pinger.receive(reply_to(17)));
  for (std::size_t i = 0; i < sessions.size(); ++i)
    EXPECT_EQ(pinger.take(sessions[i]).has_value(), i == 17);
  EXPECT_TRUE(pinger.start(request, kUs));
  pinger.stop(sessions[3]);
  EXPECT_FALSE(pinger.receive(reply_to(3)));
  EXPECT_EQ(pinger.take(sessions[3]), std::nullopt);
  EXPECT_TRUE(pinger.start(request, kUs));
}

TEST_F(PingerTest, RandomSessionsAllEndAndAnswersAreCountedOnce) {
  for (std::uint32_t seed = 1; seed <= 30; ++seed) {
    std::mt19937 random{seed};
    const auto pick = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
    std::vector<Pinger::SessionId> sessions;
    std::size_t answered = 0, requested = 0;
    sent.clear();
    for (int i = 0; i < 20; ++i) {
      const auto count = static_cast<std::uint16_t>(1 + pick(20));
      requested += count;
      sessions.push_back(start(count, 10 + pick(300), 10 + pick(1000)));
      for (std::uint32_t n = pick(10); n > 0; --n)
        answered += pinger.receive(reply_to(pick(static_cast<std::uint32_t>(sent.size()))));
      advance(std::chrono::milliseconds{pick(200)});
    }
    advance(1h);
    EXPECT_EQ(sent.size(), requested);
    EXPECT_EQ(pinger.next_deadline(), std::nullopt);
    std::size_t with_time = 0;
    for (const auto session : sessions) {
      const auto replies = pinger.take(session);
      ASSERT_TRUE(replies);
      for (const PingReply& reply : *replies) with_time += reply.rtt_ms.has_value();
    }
    EXPECT_EQ(with_time, answered);
  }
}

}  // namespace
}  // namespace weir::control::test
