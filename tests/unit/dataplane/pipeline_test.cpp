// The whole pipeline on virtual devices: packets in, packets out, drops and punts; and after every
// row, that no packet and no buffer is missing.
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/unit/dataplane/lab.hpp"
#include "tests/unit/dataplane/reference.hpp"

namespace weir::test {
namespace {

/// What became of one frame: "sent wan", "drop no-route", "punt icmp-error ttl-expired", or
/// several.
struct Outcome {
  std::string text;
  std::vector<Sent> sent;
  std::vector<Punted> punted;
};

const char* text_of(PuntReason reason) {
  constexpr const char* kNames[] = {"arp",      "glean",       "local",    "ttl",   "too-big",
                                    "no-route", "unreachable", "prohibit", "option"};
  return kNames[static_cast<std::size_t>(reason)];
}

Outcome collect() {
  Outcome outcome{{}, lab().sent(), lab().punted()};
  const auto say = [&](const std::string& what) {
    outcome.text += outcome.text.empty() ? "" : ", ";
    outcome.text += what;
  };
  for (const Sent& each : outcome.sent)
    say(fmt::format("sent {}", kInterfaceNames[each.interface]));
  for (const Punted& each : outcome.punted)
    say(fmt::format("punt {} {}", kPuntClassNames[static_cast<std::size_t>(each.meta.punt_class)],
                    text_of(each.meta.reason)));
  for (const auto& [reason, count] : lab().drops()) say(fmt::format("drop {}", reason));
  EXPECT_EQ(lab().imbalance(), "");
  return outcome;
}

Outcome pass(const Bytes& frame, InterfaceId interface = kLan) {
  lab().arrive(interface, frame);
  lab().round();
  return collect();
}

struct Row {
  const char* name;
  Bytes frame;
  const char* outcome;
  InterfaceId interface = kLan;
};

Bytes to(Ipv4Address destination) { return Ipv4Packet{.destination = destination}.frame(); }
Bytes broadcast(Ipv4Packet packet) {
  packet.to_mac = MacAddress::broadcast();
  return packet.frame();
}
Bytes from(Ipv4Address source) { return Ipv4Packet{.source = source}.frame(); }
Bytes long_packet(Ipv4Address destination, std::size_t length, std::uint16_t fragment = 0) {
  return Ipv4Packet{
      .destination = destination, .fragment = fragment, .payload = pattern(length - 20)}
      .frame();
}

const std::vector<Row>& rows() {
  static const std::vector<Row> table = {
      // Forwarding.
      {"by a gateway", to({198, 18, 0, 1}), "sent wan"},
      {"by a gateway of another interface", to({198, 19, 0, 1}), "sent narrow"},
      {"to a host of a connected subnet", to({10, 0, 1, 3}), "sent wan"},
      {"out where it came in", to({10, 0, 0, 9}), "sent lan"},
      {"from another interface",
       Ipv4Packet{.to_mac = own_mac(kWan), .destination = {10, 0, 0, 9}}.frame(), "sent lan", kWan},
      {"one of equal paths, all resolved: goes somewhere",
       udp({.destination = {10, 0, 2, 2}}, 1, 2).frame(), "sent narrow"},
      {"the smallest packet", Ipv4Packet{.payload = {}}.unpadded_frame(), "sent wan"},
      {"the longest packet", long_packet({198, 18, 0, 1}, 1500), "sent wan"},
      // Ethernet.
      {"no frame at all", {}, "drop frame-too-short"},
      {"half an Ethernet header", Bytes(7, 2), "drop frame-too-short"},
      {"to another station", Ipv4Packet{.to_mac = kHostMac}.frame(), "drop not-our-mac"},
      {"to the MAC of another interface of ours", Ipv4Packet{.to_mac = own_mac(kWan)}.frame(),
       "drop not-our-mac"},
      {"IPv6", ethernet_frame(wire::ether_type::kIpv6, pattern(60)), "drop unknown-ether-type"},
      {"multicast nobody joined", Ipv4Packet{.to_mac = {{1, 0, 0x5e, 1, 2, 3}}}.frame(),
       "drop multicast-not-subscribed"},
      {"a VLAN tag", tagged(to({198, 18, 0, 1}), 7, wire::ether_type::kVlan), "drop unknown-vlan"},
      // IPv4 validation.
      {"version 6", with_byte(to({198, 18, 0, 1}), 14, 0x65), "drop bad-header"},
      {"header of 16 bytes", with_byte(to({198, 18, 0, 1}), 14, 0x44), "drop bad-header"},
      {"cut short", truncated(to({198, 18, 0, 1}), 59), "drop bad-length"},
      {"wrong checksum", with_byte(to({198, 18, 0, 1}), 25, 0x99), "drop bad-checksum"},
      // Martians (RFC 1812 section 5.3.7).
      {"from 127.0.0.1", from({127, 0, 0, 1}), "drop martian-source"},
      {"from 0.0.0.0", from({0, 0, 0, 0}), "drop martian-source"},
      {"from multicast", from({224, 0, 0, 1}), "drop martian-source"},
      {"from 255.255.255.255", from({255, 255, 255, 255}), "drop martian-source"},
      {"to 127.0.0.1", to({127, 0, 0, 1}), "drop martian-destination"},
      {"to 0.0.0.0", to({0, 0, 0, 0}), "drop martian-destination"},
      {"to 240.0.0.1", to({240, 0, 0, 1}), "drop martian-destination"},
      // Verdicts.
      {"no route", to({8, 8, 8, 8}), "punt icmp-error no-route"},
      {"blackhole", to({203, 0, 113, 1}), "drop blackhole"},
      {"unreachable", to({203, 0, 114, 1}), "punt icmp-error unreachable"},
      {"prohibit", to({203, 0, 115, 1}), "punt icmp-error prohibit"},
      {"multicast in a unicast frame", to({224, 0, 0, 5}), "drop multicast-not-subscribed"},
      // To us, broadcasts.
      {"to our address", to({10, 0, 0, 1}), "punt local local"},
      {"to our address on another interface", to({10, 0, 1, 1}), "punt local local"},
      {"to our address, TTL 1", Ipv4Packet{.destination = {10, 0, 0, 1}, .ttl = 1}.frame(),
       "punt local local"},
      {"to our address, options",
       Ipv4Packet{.destination = {10, 0, 0, 1}, .options = {7, 3, 4, 0}}.frame(),
       "punt local local"},
      {"limited broadcast", broadcast({.destination = {255, 255, 255, 255}}), "punt local local"},
      {"limited broadcast in a unicast frame", to({255, 255, 255, 255}), "punt local local"},
      {"the subnet's broadcast", broadcast({.destination = {10, 0, 0, 255}}), "punt local local"},
      {"the subnet's broadcast in a unicast frame", to({10, 0, 0, 255}), "punt local local"},
      {"directed broadcast (RFC 2644)", to({10, 0, 1, 255}), "drop directed-broadcast"},
      {"directed broadcast in a broadcast frame", broadcast({.destination = {10, 0, 1, 255}}),
       "drop link-broadcast"},
      {"unicast in a broadcast frame", broadcast({}), "drop link-broadcast"},
      {"unicast in a broadcast frame, no route", broadcast({.destination = {8, 8, 8, 8}}),
       "drop link-broadcast"},
      {"unicast in a broadcast frame, unresolved", broadcast({.destination = {10, 0, 1, 50}}),
       "drop link-broadcast"},
      {"unicast in a broadcast frame, TTL 1", broadcast({.ttl = 1}), "drop link-broadcast"},
      {"unicast in a broadcast frame, too big",
       broadcast({.destination = {198, 19, 0, 1}, .fragment = 0x4000, .payload = pattern(1400)}),
       "drop link-broadcast"},
      {"unicast in a broadcast frame, options", broadcast({.options = {131, 3, 4, 0}}),
       "drop link-broadcast"},
      {"all hosts",
       Ipv4Packet{.to_mac = {{1, 0, 0x5e, 0, 0, 1}}, .destination = {224, 0, 0, 1}}.frame(),
       "punt local local"},
      // TTL (RFC 1812 section 5.3.1).
      {"TTL 2", Ipv4Packet{.ttl = 2}.frame(), "sent wan"},
      {"TTL 1", Ipv4Packet{.ttl = 1}.frame(), "punt icmp-error ttl"},
      {"TTL 0", Ipv4Packet{.ttl = 0}.frame(), "punt icmp-error ttl"},
      {"TTL 1 and no route: unreachable", Ipv4Packet{.destination = {8, 8, 8, 8}, .ttl = 1}.frame(),
       "punt icmp-error no-route"},
      {"TTL 1 to an unresolved host: nobody is asked",
       Ipv4Packet{.destination = {10, 0, 1, 50}, .ttl = 1}.frame(), "punt icmp-error ttl"},
      // Neighbours.
      {"unresolved host", to({10, 0, 1, 50}), "punt p5-glean-unknown glean"},
      {"host resolved before", to({10, 0, 1, 98}), "punt p4-glean-known glean"},
      {"unresolved gateway", to({198, 20, 0, 1}), "punt p5-glean-unknown glean"},
      {"host that failed to answer", to({10, 0, 1, 99}), "drop neighbor-failed"},
      // MTU (RFC 1191, RFC 791).
      {"exactly the MTU", long_packet({198, 19, 0, 1}, 576, 0x4000), "sent narrow"},
      {"one more, DF", long_packet({198, 19, 0, 1}, 577, 0x4000), "punt icmp-error too-big"},
      {"one more", long_packet({198, 19, 0, 1}, 577), "sent narrow, sent narrow"},
      {"1500 bytes", long_packet({198, 19, 0, 1}, 1500), "sent narrow, sent narrow, sent narrow"},
      {"too big and TTL 1",
       Ipv4Packet{.destination = {198, 19, 0, 1}, .ttl = 1, .payload = pattern(600)}.frame(),
       "punt icmp-error ttl"},
      // Options.
      {"no operation", Ipv4Packet{.options = {1, 1, 1, 0}}.frame(), "sent wan"},
      {"source route", Ipv4Packet{.options = {131, 7, 4, 1, 2, 3, 4, 0}}.frame(),
       "drop source-route"},
      {"malformed", Ipv4Packet{.options = {148, 0, 0, 0}}.frame(), "punt icmp-error option"},
      {"malformed, but no route",
       Ipv4Packet{.destination = {8, 8, 8, 8}, .options = {148, 0, 0, 0}}.frame(),
       "punt icmp-error no-route"},
      {"options and TTL 1", Ipv4Packet{.ttl = 1, .options = {1, 1, 1, 0}}.frame(),
       "punt icmp-error ttl"},
      {"options and too big, DF",
       Ipv4Packet{.destination = {198, 19, 0, 1},
                  .fragment = 0x4000,
                  .options = {1, 1, 1, 0},
                  .payload = pattern(600)}
           .frame(),
       "punt icmp-error too-big"},
      // ARP.
      {"ARP request for us", ArpPacket{}.frame(), "sent lan"},
      {"ARP request for us from a stranger", ArpPacket{.sender = {10, 0, 0, 44}}.frame(),
       "sent lan, punt p2-request-unknown arp"},
      {"ARP reply that nobody asked for",
       ArpPacket{.to_mac = kOwnMac, .operation = wire::Arp::kReply}.frame(),
       "drop arp-unsolicited"},
      {"another MAC for a known host",
       ArpPacket{.from_mac = {{2, 9, 9, 9, 9, 9}}, .sender_mac = {{2, 9, 9, 9, 9, 9}}}.frame(),
       "sent lan, punt p3-binding-change arp"},
      {"ARP for another host", ArpPacket{.target = {10, 0, 0, 8}}.frame(), "drop arp-not-for-us"},
      {"ARP cut short", truncated(ArpPacket{}.frame(), 41), "drop frame-too-short"},
  };
  return table;
}

TEST(Pipeline, Rows) {
  for (const Row& row : rows()) {
    const Outcome outcome = pass(row.frame, row.interface);
    EXPECT_EQ(outcome.text, row.outcome) << row.name;
    for (const Punted& punted : outcome.punted) {
      EXPECT_EQ(punted.meta.interface, row.interface) << row.name;
      EXPECT_EQ(punted.frame, row.frame) << row.name << ": punted otherwise than it came";
    }
  }
}

TEST(Pipeline, ForwardedPacketsAreRewrittenAndNothingElse) {
  const Bytes frames[] = {
      to({198, 18, 0, 1}), long_packet({198, 18, 1, 2}, 1500),
      Ipv4Packet{.ttl = 255, .protocol = 255, .options = {148, 4, 0, 0}}.frame()};
  for (const Bytes& frame : frames) {
    const Outcome outcome = pass(frame);
    ASSERT_EQ(outcome.sent.size(), 1u);
    EXPECT_EQ(outcome.sent[0].frame,
              reference::rewritten(frame, gateway_mac(kWan, 2), own_mac(kWan)));
  }
}

TEST(Pipeline, PuntsSayWhatTheControlPlaneNeeds) {
  Outcome outcome = pass(to({10, 0, 1, 50}));
  ASSERT_EQ(outcome.punted.size(), 1u);
  const auto slot = lab().forwarding().neighbor_at(outcome.punted[0].meta.adjacency);
  ASSERT_TRUE(slot);
  EXPECT_EQ(slot->interface, kWan);
  EXPECT_EQ(slot->ip, on_cable(kWan, 50));

  outcome = pass(to({198, 20, 0, 1}));
  ASSERT_EQ(outcome.punted.size(), 1u);
  EXPECT_EQ(lab().forwarding().neighbor_at(outcome.punted[0].meta.adjacency)->ip,
            on_cable(kWan, 77));

  outcome = pass(long_packet({198, 19, 0, 1}, 577, 0x4000));
  ASSERT_EQ(outcome.punted.size(), 1u);
  EXPECT_EQ(outcome.punted[0].meta.mtu, kNarrowMtu);

  EXPECT_FALSE(pass(to({10, 0, 0, 1})).punted.at(0).meta.link_broadcast);
  EXPECT_TRUE(pass(broadcast({.destination = {10, 0, 0, 255}})).punted.at(0).meta.link_broadcast);
}

TEST(Pipeline, ARecordRouteGetsTheAddressItLeavesBy) {
  const Outcome outcome = pass(Ipv4Packet{.options = {7, 7, 4, 0, 0, 0, 0, 0}}.frame());
  ASSERT_EQ(outcome.text, "sent wan");
  EXPECT_EQ(outcome.sent[0].frame,
            reference::rewritten(Ipv4Packet{.options = {7, 7, 8, 10, 0, 1, 1, 0}}.frame(),
                                 gateway_mac(kWan, 2), own_mac(kWan)));
}

TEST(Pipeline, FlowsOfEqualPathsStayTogether) {
  std::map<std::string, unsigned> paths;
  for (std::uint16_t port = 0; port < 300; ++port) {
    const Bytes frame = udp({.destination = {192, 0, 2, 7}}, port, 53).frame();
    const Outcome first = pass(frame), again = pass(frame);
    ASSERT_EQ(first.sent.size(), 1u);
    ASSERT_EQ(again.sent.size(), 1u);
    EXPECT_EQ(first.sent[0].frame, again.sent[0].frame) << "port " << port;
    ++paths[MacAddress::load(first.sent[0].frame.data()).to_string()];
  }
  EXPECT_EQ(paths.size(), 3u);
  for (const auto& [mac, count] : paths) EXPECT_NEAR(count, 100, 40) << mac;
}

using Tally = std::map<std::string, unsigned>;

/// One of the rows that come in on the LAN; what becomes of it is added to `expected`.
void arrive_any_row(std::mt19937& random, Tally& expected) {
  const Row* row = &rows()[random() % rows().size()];
  while (row->interface != kLan) row = &rows()[random() % rows().size()];
  lab().arrive(kLan, row->frame);
  std::string rest = row->outcome;
  for (std::size_t comma; (comma = rest.find(", ")) != rest.npos; rest.erase(0, comma + 2))
    ++expected[rest.substr(0, comma)];
  ++expected[rest];
}

/// What became of all that came in since it was last asked.
Tally met() {
  Tally found;
  for (const Sent& each : lab().sent())
    ++found[fmt::format("sent {}", kInterfaceNames[each.interface])];
  for (const Punted& each : lab().punted())
    ++found[fmt::format("punt {} {}",
                        kPuntClassNames[static_cast<std::size_t>(each.meta.punt_class)],
                        text_of(each.meta.reason))];
  for (const auto& [reason, count] : lab().drops())
    found["drop " + reason] = static_cast<unsigned>(count);
  return found;
}

// Rows in one burst meet what they met alone; those of one kind keep their order.
TEST(Pipeline, MixedBursts) {
  std::mt19937 random(21);
  for (int round = 0; round < 200; ++round) {
    Tally expected;
    const unsigned size = 1 + random() % Burst::kSize;
    for (unsigned i = 0; i < size; ++i) arrive_any_row(random, expected);
    lab().round();
    ASSERT_EQ(met(), expected) << "round " << round;
    ASSERT_EQ(lab().imbalance(), "");
  }
}

// ARP in a storm is set aside; whatever came between meets what it met alone.
TEST(Pipeline, AnArpStormInTheBurst) {
  const Bytes storm = ArpPacket{.sender = {10, 0, 0, 77}, .target = {10, 0, 0, 8}}.frame();
  std::mt19937 random(23);
  for (unsigned round = 0; round < 100; ++round) {
    Tally expected;
    for (unsigned i = 0; i < Burst::kSize; ++i) {
      if (random() % 4 >= round % 5) {
        arrive_any_row(random, expected);
        continue;
      }
      lab().arrive(kLan, storm);
      ++expected["drop arp-not-for-us"];
    }
    lab().round();
    ASSERT_EQ(met(), expected) << "round " << round;
    ASSERT_EQ(lab().imbalance(), "");
  }
}

TEST(Pipeline, PacketsOfAFlowLeaveInTheOrderTheyCame) {
  std::mt19937 random(22);
  for (int round = 0; round < 50; ++round) {
    for (std::uint16_t i = 0; i < Burst::kSize; ++i) {
      Ipv4Packet packet{.id = i};
      // Neighbours that are dropped or punted, options that go the careful way.
      if (random() % 4 == 0) packet.destination = Ipv4Address{203, 0, 113, 1};
      if (random() % 4 == 0) packet.options = {1, 1, 1, 1};
      lab().arrive(kLan, packet.frame());
    }
    lab().round();
    unsigned last = 0;
    for (const Sent& each : lab().sent()) {
      const unsigned id = reference::u16(each.frame, 18) + 1;
      EXPECT_GT(id, last);
      last = id;
    }
    lab().drops();
    ASSERT_EQ(lab().imbalance(), "");
  }
}

TEST(Pipeline, AllInterfacesInOneRound) {
  for (InterfaceId id = kLan; id <= kNarrow; ++id)
    for (unsigned i = 0; i < Burst::kSize; ++i)
      lab().arrive(id, Ipv4Packet{.to_mac = own_mac(id)}.frame());
  EXPECT_EQ(lab().round(), 3 * Burst::kSize);
  EXPECT_EQ(lab().sent().size(), 3 * Burst::kSize);
  EXPECT_EQ(lab().imbalance(), "");
}

TEST(Pipeline, TheControlPlanesPacketsLeaveAsTheyAre) {
  const Bytes frame = ArpPacket{.from_mac = own_mac(kWan)}.frame();
  ASSERT_TRUE(lab().inject(kWan, frame));
  EXPECT_EQ(lab().round(), 1u);
  const std::vector<Sent> sent = lab().sent();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].interface, kWan);
  EXPECT_EQ(sent[0].frame, frame);
  EXPECT_EQ(lab().imbalance(), "");
}

std::uint64_t received() {
  std::uint64_t total = 0;
  for (const InterfaceCounters& each : lab().counters().interface) total += each.rx_packets.get();
  return total;
}

TEST(Pipeline, WhatTheControlPlaneHasRoutedGoesTheWayOfWhatIsReceived) {
  for (const Row& row : rows()) {
    // ARP: once is not as twice.
    if (row.frame.size() < 34 || row.frame[12] != 0x08 || row.frame[13] != 0x00) continue;
    SCOPED_TRACE(row.name);
    const Outcome expected = pass(row.frame, row.interface);
    const std::uint64_t before = received();
    ASSERT_TRUE(lab().inject(row.interface, row.frame, true));
    EXPECT_EQ(lab().round(), 1u);
    const Outcome outcome = collect();
    EXPECT_EQ(outcome.text, expected.text);
    EXPECT_EQ(outcome.sent, expected.sent);
    EXPECT_EQ(received(), before) << "no port received it";
  }
}

TEST(Pipeline, RoutedAndReadyPacketsShareTheRing) {
  const Bytes ready = ArpPacket{.from_mac = own_mac(kWan)}.frame();
  constexpr unsigned kMany = Worker::kRingBudget - 1;
  for (unsigned i = 0; i < kMany; ++i) {
    const InterfaceId from = i % 4 < 2 ? kLan : kNarrow;
    const Bytes routed = Ipv4Packet{.to_mac = own_mac(from), .id = std::uint16_t(i)}.frame();
    ASSERT_TRUE(i % 3 == 0 ? lab().inject(kWan, ready) : lab().inject(from, routed, true));
  }
  ASSERT_TRUE(lab().inject(kLan, to({203, 0, 113, 1}), true));
  EXPECT_EQ(lab().round(), Worker::kRingBudget);
  const Outcome outcome = collect();
  EXPECT_EQ(outcome.sent.size(), kMany);
  EXPECT_NE(outcome.text.find("drop blackhole"), std::string::npos);
  unsigned as_they_were = 0, rewritten = 0;
  for (const Sent& each : outcome.sent) {
    EXPECT_EQ(each.interface, kWan);
    as_they_were += each.frame == ready;
    rewritten += each.frame[12] == 0x08 && each.frame[13] == 0x00 && each.frame[22] == 63;
  }
  EXPECT_EQ(as_they_were, (kMany + 2) / 3);
  EXPECT_EQ(as_they_were + rewritten, kMany);
}

/// A frame in buffers that end before these bytes of it.
rte_mbuf* chain(const Bytes& frame, std::vector<std::size_t> ends) {
  ends.push_back(frame.size());
  rte_mbuf* packet = nullptr;
  std::size_t from = 0;
  for (const std::size_t end : ends) {
    rte_mbuf* const part = lab().make({frame.begin() + static_cast<std::ptrdiff_t>(from),
                                       frame.begin() + static_cast<std::ptrdiff_t>(end)});
    if (packet == nullptr)
      packet = part;
    else
      EXPECT_EQ(rte_pktmbuf_chain(packet, part), 0);
    from = end;
  }
  return packet;
}

TEST(Pipeline, AFrameInSeveralBuffersIsMadeWhole) {
  const Bytes longest = long_packet({198, 18, 0, 1}, 1500), plain = to({198, 18, 0, 1});
  const Bytes longer = long_packet({198, 18, 0, 1}, 1501);
  const Bytes beyond = long_packet({198, 18, 0, 1}, 1509);
  Bytes huge = longest;
  huge.resize(5000);
  struct Chain {
    const char* name;
    Bytes frame;
    std::vector<std::size_t> ends;
    const char* outcome;
    unsigned joined = 1;
  };
  const Chain rows[] = {
      {"two buffers", longest, {1024}, "sent wan"},
      {"three, cut within the headers", longest, {3, 20}, "sent wan"},
      {"a byte in the second", plain, {plain.size() - 1}, "sent wan"},
      {"ARP", ArpPacket{}.frame(), {15, 30}, "sent lan"},
      {"to be split", long_packet({198, 19, 0, 1}, 1000), {500}, "sent narrow, sent narrow"},
      {"a byte more than the MTU", longer, {1024}, "drop frame-too-long"},
      {"more than the MTU and two tags", beyond, {1024}, "drop frame-too-long", 0},
      {"more than a buffer holds", huge, {2000, 4000}, "drop frame-too-long", 0},
  };
  const InterfaceCounters& lan = lab().counters().interface[kLan];
  for (const Chain& row : rows) {
    const std::uint64_t joined = lan.joined.get(), bytes = lan.rx_bytes.get();
    rte_mbuf* const packet = chain(row.frame, row.ends);
    lab().arrive(kLan, {&packet, 1});
    lab().round();
    const Outcome outcome = collect();
    EXPECT_EQ(outcome.text, row.outcome) << row.name;
    EXPECT_EQ(lan.joined.get() - joined, row.joined) << row.name;
    EXPECT_EQ(lan.rx_bytes.get() - bytes, row.frame.size()) << row.name;
    if (row.frame == longest) {
      EXPECT_EQ(outcome.sent, pass(longest).sent) << row.name;
    }
  }
}

// Of a burst those that cannot be made whole are dropped, and nothing else.
TEST(Pipeline, ChainsWithoutABufferAreDropped) {
  const Bytes plain = to({198, 18, 0, 1});
  rte_mbuf* packets[Burst::kSize];
  for (unsigned i = 0; i < Burst::kSize; ++i)
    packets[i] = i % 4 == 0 ? chain(plain, {30}) : lab().make(plain);
  std::vector<rte_mbuf*> taken;
  while (rte_mbuf* const packet = rte_pktmbuf_alloc(lab().packets())) taken.push_back(packet);
  // The first finds none; the buffers that it gives back are two for the next, and so on.
  lab().arrive(kLan, packets);
  lab().round();
  EXPECT_EQ(lab().drops()["no-buffer"], 1u);
  EXPECT_EQ(lab().sent().size(), Burst::kSize - 1);
  rte_pktmbuf_free_bulk(taken.data(), static_cast<unsigned>(taken.size()));
  EXPECT_EQ(lab().imbalance(), "");
}

// What the port does not take is dropped and counted; the worker does not wait.
TEST(Pipeline, AFullTransmitQueueDrops) {
  const InterfaceCounters& wan = lab().counters().interface[kWan];
  const std::uint64_t packets_before = wan.tx_packets.get(), bytes_before = wan.tx_bytes.get();
  const unsigned waiting = lab().clog(kWan, Bytes(60, 0xab));
  for (unsigned i = 0; i < Burst::kSize; ++i)
    for (const InterfaceId id : {kLan, kNarrow})
      if (id == kNarrow || i < 40) lab().arrive(id, Ipv4Packet{.to_mac = own_mac(id)}.frame());
  // A burst of those that wait comes back as the ring is polled, and makes room for one burst: all
  // of the first, a part of the second.
  EXPECT_EQ(lab().round(), Burst::kSize + 40 + Burst::kSize);
  auto drops = lab().drops();
  EXPECT_EQ(drops["tx-queue-full"], 40u);
  EXPECT_EQ(drops["multicast-not-subscribed"], Burst::kSize);
  EXPECT_EQ(lab().sent().size(), waiting);
  EXPECT_EQ(wan.tx_packets.get() - packets_before, Burst::kSize);
  EXPECT_EQ(wan.tx_bytes.get() - bytes_before, Burst::kSize * kShortestFrame);
  EXPECT_EQ(lab().imbalance(), "");
}

TEST(Pipeline, CountsPacketsAndBytesByInterface) {
  const auto totals = [](InterfaceId id) {
    const InterfaceCounters& each = lab().counters().interface[id];
    return std::array<std::uint64_t, 4>{each.rx_packets.get(), each.rx_bytes.get(),
                                        each.tx_packets.get(), each.tx_bytes.get()};
  };
  const auto lan = totals(kLan), wan = totals(kWan), narrow = totals(kNarrow);
  std::uint64_t bytes = 0, wan_bytes = 0;
  for (unsigned i = 0; i < 40; ++i) {
    const Bytes frame = i % 2 != 0 ? long_packet({198, 18, 0, 1}, 100 + i) : to({203, 0, 113, 1});
    bytes += frame.size();
    wan_bytes += i % 2 != 0 ? frame.size() : 0;
    lab().arrive(kLan, frame);
  }
  lab().round();
  EXPECT_EQ(collect().sent.size(), 20u);
  EXPECT_EQ(totals(kLan)[0] - lan[0], 40u);
  EXPECT_EQ(totals(kLan)[1] - lan[1], bytes);
  EXPECT_EQ(totals(kLan)[2], lan[2]);
  EXPECT_EQ(totals(kWan)[2] - wan[2], 20u);
  EXPECT_EQ(totals(kWan)[3] - wan[3], wan_bytes);
  EXPECT_EQ(totals(kNarrow), narrow);
}

TEST(Pipeline, NeighboursInUseAreMarked) {
  lab().forwarding().take_used(kWan, on_cable(kWan, 2));
  lab().forwarding().take_used(kWan, on_cable(kWan, 3));
  pass(to({198, 18, 0, 1}));
  EXPECT_TRUE(lab().forwarding().take_used(kWan, on_cable(kWan, 2)));
  EXPECT_FALSE(lab().forwarding().take_used(kWan, on_cable(kWan, 2)));
  EXPECT_FALSE(lab().forwarding().take_used(kWan, on_cable(kWan, 3)));
}

}  // namespace
}  // namespace weir::test
