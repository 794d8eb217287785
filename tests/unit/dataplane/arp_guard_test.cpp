#include "dataplane/stage/arp_guard.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/dataplane/packets.hpp"
#include "tests/unit/dataplane/tables.hpp"

namespace weir::test {
namespace {

constexpr MacAddress kOther{{2, 0, 0, 0, 0, 0x77}};
constexpr MacAddress kVirtual{{0, 0, 0x5e, 0, 1, 9}};  // VRRP's
constexpr Ipv4Address kOwn{10, 0, 0, 1}, kKnown{10, 0, 0, 9}, kUnknown{10, 0, 0, 50};

constexpr Ipv4Address kAsked{10, 0, 0, 60}, kFailed{10, 0, 0, 10};

/// An interface with 10.0.0.1/24, 192.0.2.1/28 and 198.51.100.7/32; 10.0.0.9 is known as kHostMac,
/// 10.0.0.10 failed, 10.0.0.60 and .9 have been asked.
struct Fixture {
  LocalTables tables;
  Interface interface;

  Fixture() {
    const AdjacencyIndex lan = tables.connect({kOwn, 24});
    const AdjacencyIndex other = tables.connect({Ipv4Address{192, 0, 2, 0}, 28});
    interface.id = 2;
    interface.mac = kOwnMac;
    interface.addresses = {{kOwn.value(), 0xffffff00, lan},
                           {Ipv4Address{192, 0, 2, 1}.value(), 0xfffffff0, other},
                           {Ipv4Address{198, 51, 100, 7}.value(), 0xffffffff, 0}};
    auto& adjacencies = tables.adjacencies();
    adjacencies.store(lan + 9, Adjacency::forward(2, kHostMac, kOwnMac));
    adjacencies.store(lan + 10, Adjacency::verdict(Egress::failed));
    Adjacency stale = Adjacency::forward(2, kHostMac, kOwnMac);
    stale.egress = Egress::unresolved;
    adjacencies.store(lan + 11, stale);
    for (const unsigned host : {9u, 60u}) adjacencies.expect_answers(lan + host);
  }
  ArpVerdict judge(const wire::Arp& arp, const MacAddress& source) {
    return judge_arp(arp, source, interface, tables.adjacencies());
  }
};

struct Row {
  const char* name;
  ArpPacket packet;
  std::string outcome;  // "answer", "p0-reply", "answer p2-request-unknown", or a drop's name
};

std::string text(const ArpVerdict& verdict) {
  std::string result = verdict.answer ? "answer" : "";
  if (verdict.punt) {
    if (verdict.answer) result += ' ';
    result += kPuntClassNames[static_cast<std::size_t>(verdict.punt_class)];
  }
  return result.empty() ? std::string(name(verdict.drop)) : result;
}

ArpPacket reply(Ipv4Address sender, MacAddress mac = kHostMac) {
  return {.to_mac = kOwnMac,
          .from_mac = mac,
          .operation = wire::Arp::kReply,
          .sender_mac = mac,
          .sender = sender,
          .target_mac = kOwnMac,
          .target = kOwn};
}
ArpPacket request(Ipv4Address sender, Ipv4Address target, MacAddress mac = kHostMac) {
  return {.from_mac = mac, .sender_mac = mac, .sender = sender, .target = target};
}
ArpPacket from(ArpPacket packet, MacAddress frame_source) {
  packet.from_mac = frame_source;
  return packet;
}
ArpPacket operation(ArpPacket packet, std::uint16_t value) {
  packet.operation = value;
  return packet;
}

const std::vector<Row> kRows = {
    // Requests (RFC 826).
    {"request for us from a known host", request(kKnown, kOwn), "answer"},
    {"request for us from an unknown host", request(kUnknown, kOwn), "answer p2-request-unknown"},
    {"request for us from a host that had failed", request(kFailed, kOwn),
     "answer p2-request-unknown"},
    {"request for us from a host no longer resolved", request({10, 0, 0, 11}, kOwn),
     "answer p2-request-unknown"},
    {"request for us, known host with another MAC", request(kKnown, kOwn, kOther),
     "answer p3-binding-change"},
    {"request for our second address, from its subnet",
     request({192, 0, 2, 5}, Ipv4Address{192, 0, 2, 1}), "answer p2-request-unknown"},
    {"request for our second address, from the first subnet",
     request(kKnown, Ipv4Address{192, 0, 2, 1}), "answer"},
    {"request for our /32 from a subnet of ours", request(kKnown, Ipv4Address{198, 51, 100, 7}),
     "answer"},
    {"request for another host, known sender", request(kKnown, kUnknown), "arp-not-for-us"},
    {"request for another host, unknown sender", request(kUnknown, kKnown), "arp-not-for-us"},
    {"request for another host, known sender with another MAC", request(kKnown, kUnknown, kOther),
     "p3-binding-change"},
    {"gratuitous request of a known host", request(kKnown, kKnown), "arp-not-for-us"},
    {"gratuitous request, another MAC", request(kKnown, kKnown, kOther), "p3-binding-change"},
    {"gratuitous request of a host that had failed", request(kFailed, kFailed),
     "p2-request-unknown"},
    {"request for another host, from one that had failed", request(kFailed, kKnown),
     "p2-request-unknown"},
    {"gratuitous request of an unknown host", request(kUnknown, kUnknown), "arp-not-for-us"},
    {"sender outside our subnets", request({10, 9, 9, 9}, kOwn), "arp-outside-subnet"},
    // Probes (RFC 5227).
    {"probe for our address", request({}, kOwn), "answer"},
    {"probe for another address", request({}, kUnknown), "arp-not-for-us"},
    {"reply from 0.0.0.0", reply({}), "arp-bad-sender"},
    {"somebody claims our address", request(kOwn, kOwn), "p3-binding-change"},
    {"somebody claims our address in a reply", reply(kOwn), "p3-binding-change"},
    {"somebody claims our second address", request({192, 0, 2, 1}, kUnknown), "p3-binding-change"},
    // Replies.
    {"reply from a known host that was asked", reply(kKnown), "p0-reply"},
    {"reply from an unknown host that was asked", reply(kAsked), "p0-reply"},
    {"reply, another MAC, asked: the control plane judges", reply(kKnown, kOther), "p0-reply"},
    {"reply that nobody asked for", reply(kUnknown), "arp-unsolicited"},
    {"reply that nobody asked for, of a host that had failed", reply(kFailed),
     "p2-request-unknown"},
    {"reply from outside our subnets", reply({172, 16, 0, 1}), "arp-outside-subnet"},
    // Senders no host may be (RFC 1812 section 3.3.2).
    {"sender MAC is a group", request(kUnknown, kOwn, {{1, 0, 0x5e, 0, 0, 1}}), "arp-bad-sender"},
    {"sender MAC is broadcast", request(kUnknown, kOwn, MacAddress::broadcast()), "arp-bad-sender"},
    {"sender MAC is zero", request(kUnknown, kOwn, {}), "arp-bad-sender"},
    {"sender MAC is our own", request(kUnknown, kOwn, kOwnMac), "arp-bad-sender"},
    {"sender MAC is not the frame's source", from(request(kUnknown, kOwn), kOther),
     "arp-bad-sender"},
    {"VRRP: the virtual router's MAC from another frame source",
     from(reply(kAsked, kVirtual), kOther), "p0-reply"},
    // RFC 826: not ours to understand.
    {"operation 0", operation(request(kUnknown, kOwn), 0), "arp-malformed"},
    {"operation 3, reverse request", operation(request(kUnknown, kOwn), 3), "arp-malformed"},
    {"operation with the bytes swapped", operation(request(kUnknown, kOwn), 0x0100),
     "arp-malformed"},
};

TEST(ArpGuard, Rows) {
  for (const Row& row : kRows) {
    Fixture fixture;
    EXPECT_EQ(text(fixture.judge(row.packet.body(), row.packet.from_mac)), row.outcome) << row.name;
  }
}

// However many come in its name: one solicitation brings four answers at most.
TEST(ArpGuard, TakesFourAnswersToOneRequest) {
  Fixture fixture;
  const auto answer = [&](Ipv4Address ip) {
    return text(fixture.judge(reply(ip, kOther).body(), kOther));
  };
  for (int i = 0; i < 4; ++i) EXPECT_EQ(answer(kAsked), "p0-reply") << i;
  EXPECT_EQ(answer(kAsked), "arp-unsolicited");
  EXPECT_EQ(answer(kKnown), "p0-reply") << "each is asked by itself";
}

TEST(ArpGuard, StrictLearningHandsNoRequestOver) {
  Fixture fixture;
  fixture.interface.arp.learns = false;
  EXPECT_EQ(text(fixture.judge(request(kUnknown, kOwn).body(), kHostMac)), "answer");
  EXPECT_EQ(text(fixture.judge(request(kFailed, kOwn).body(), kHostMac)),
            "answer p2-request-unknown");
}

TEST(ArpGuard, ProxyArpHandsRequestsForOthersOver) {
  Fixture fixture;
  fixture.interface.arp.proxy = true;
  const ArpVerdict verdict = fixture.judge(request(kUnknown, {10, 9, 9, 9}).body(), kHostMac);
  EXPECT_EQ(text(verdict), "p2-request-unknown");
  EXPECT_EQ(verdict.reason, PuntReason::proxy_arp);
  EXPECT_EQ(text(fixture.judge(request(kUnknown, kUnknown).body(), kHostMac)), "arp-not-for-us");
  EXPECT_EQ(text(fixture.judge(request({}, {10, 9, 9, 9}).body(), kHostMac)), "arp-not-for-us")
      << "a probe asks whether an address is free";
}

TEST(ArpGuard, OnlyEthernetAndIpv4) {
  Fixture fixture;
  const wire::Arp good = request(kUnknown, kOwn).body();
  for (const auto spoil : {+[](wire::Arp& arp) { arp.hardware_type.set(6); },
                           +[](wire::Arp& arp) { arp.protocol_type.set(0x86dd); },
                           +[](wire::Arp& arp) { arp.hardware_length = 8; },
                           +[](wire::Arp& arp) { arp.protocol_length = 16; }}) {
    wire::Arp arp = good;
    spoil(arp);
    EXPECT_EQ(text(fixture.judge(arp, kHostMac)), "arp-malformed");
  }
}

TEST(ArpGuard, AnInterfaceWithoutAddressesAnswersNobody) {
  Fixture fixture;
  fixture.interface.addresses.clear();
  EXPECT_EQ(text(fixture.judge(request(kKnown, kOwn).body(), kHostMac)), "arp-outside-subnet");
  EXPECT_EQ(text(fixture.judge(request({}, kOwn).body(), kHostMac)), "arp-not-for-us");
}

TEST(AnswerArp, TurnsARequestIntoItsReply) {
  Bytes frame = request(kKnown, kOwn).frame();
  answer_arp(frame.data(), kOwnMac);
  const ArpPacket expected{.to_mac = kHostMac,
                           .from_mac = kOwnMac,
                           .operation = wire::Arp::kReply,
                           .sender_mac = kOwnMac,
                           .sender = kOwn,
                           .target_mac = kHostMac,
                           .target = kKnown};
  EXPECT_EQ(frame, expected.frame());
}

TEST(AnswerArp, AProbeIsAnsweredToItsSender) {
  Bytes frame = request({}, kOwn).frame();
  answer_arp(frame.data(), kOwnMac);
  const auto& arp = *reinterpret_cast<const wire::Arp*>(frame.data() + kEthernet);
  EXPECT_EQ(ethernet_of(frame).destination, kHostMac);
  EXPECT_EQ(arp.target_mac, kHostMac);
  EXPECT_EQ(arp.target_ip.get(), 0u);
  EXPECT_EQ(arp.sender_ip.get(), kOwn.value());
}

}  // namespace
}  // namespace weir::test
