// What reaches the control plane, and in what bounds: budgets by interface and class, full rings,
// an empty pool. Whatever is not punted is dropped with the reason that stood in the way.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/dataplane/lab.hpp"

namespace weir::test {
namespace {

Bytes stranger(unsigned host, std::uint16_t operation = wire::Arp::kRequest) {
  const auto last = static_cast<std::uint8_t>(host % 200 + 10);
  return ArpPacket{.operation = operation, .sender = {10, 0, 0, last}}.frame();
}
MacAddress source(unsigned i) {
  return {{2, 0x10, 0, 0, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)}};
}
/// Each with a MAC address of its own.
Bytes stranger_of_its_own(unsigned i) {
  return ArpPacket{.from_mac = source(i),
                   .sender_mac = source(i),
                   .sender = {10, 0, 0, static_cast<std::uint8_t>(i % 200 + 40)}}
      .frame();
}
/// As if the router had asked 10.0.0.`host`.
void ask(std::uint8_t host) { lab().forwarding().expect_answers(kLan, {10, 0, 0, host}); }

struct Row {
  const char* name;
  Bytes frame;
  unsigned count;   // so many at one moment
  unsigned punted;  // the burst of the budget
  const char* reason;
};

const std::vector<Row>& rows() {
  static const std::vector<Row> table = {
      {"gleans of one source", Ipv4Packet{.destination = {10, 0, 1, 50}}.frame(), 640, 50,
       "glean-source-policed"},
      {"gleans to a neighbour known before", Ipv4Packet{.destination = {10, 0, 1, 98}}.frame(), 640,
       512, "glean-policed"},
      {"packets for us", Ipv4Packet{.destination = {10, 0, 0, 1}}.frame(), 640, 512,
       "punt-policed"},
      {"ICMP errors", Ipv4Packet{.ttl = 1}.frame(), 192, 128, "icmp-policed"},
      {"ARP replies that nobody asked for", stranger(1, wire::Arp::kReply), 320, 0,
       "arp-unsolicited"},
  };
  return table;
}

void burst_of(const Bytes& frame, unsigned count) {
  for (unsigned i = 0; i < count; ++i) lab().arrive(kLan, frame);
}

/// All at the same moment; returns what was sent.
std::vector<Sent> rounds_at(std::uint64_t now) {
  std::vector<Sent> result;
  while (lab().round_at(now) != 0)
    for (Sent& each : lab().sent()) result.push_back(std::move(each));
  return result;
}

TEST(Punt, BudgetsBoundWhatComesAtOnce) {
  for (const Row& row : rows()) {
    const std::uint64_t now = lab().now() + lab().dataplane().ticks_per_second();
    burst_of(row.frame, row.count);
    EXPECT_TRUE(rounds_at(now).empty()) << row.name;
    EXPECT_EQ(lab().punted().size(), row.punted) << row.name;
    EXPECT_EQ(lab().drops(),
              (std::map<std::string, std::uint64_t>{{row.reason, row.count - row.punted}}))
        << row.name;
    EXPECT_EQ(lab().imbalance(), "") << row.name;
  }
}

// A storm on one interface takes nothing from another one's budget.
TEST(Punt, BudgetsAreByInterface) {
  const std::uint64_t now = lab().now() + lab().dataplane().ticks_per_second();
  burst_of(Ipv4Packet{.ttl = 1}.frame(), 512);
  for (unsigned i = 0; i < 64; ++i)
    lab().arrive(kNarrow, Ipv4Packet{.to_mac = own_mac(kNarrow), .ttl = 1}.frame());
  rounds_at(now);
  unsigned of_narrow = 0;
  for (const Punted& each : lab().punted()) of_narrow += each.meta.interface == kNarrow;
  EXPECT_EQ(of_narrow, 64u);
  EXPECT_EQ(lab().drops()["icmp-policed"], 512u - 128u);
  EXPECT_EQ(lab().imbalance(), "");
}

// Requests are answered even when the control plane hears of no more of them; beyond the answers'
// own budget they end.
TEST(Punt, AStormOfRequestsIsAnsweredWithinItsBudget) {
  const std::uint64_t now = lab().now() + lab().dataplane().ticks_per_second();
  const unsigned kRequests = 512;
  const auto storm = [](const Counter(&of)[kStormClasses]) {
    return of[static_cast<std::size_t>(StormClass::unknown_requests)].get();
  };
  const InterfaceCounters& counters = lab().counters().interface[kLan];
  const std::uint64_t offered = storm(counters.storm_offered);
  const std::uint64_t policed = storm(counters.storm_policed);
  for (unsigned i = 0; i < kRequests; ++i) lab().arrive(kLan, stranger_of_its_own(i));
  const auto sent = rounds_at(now);
  const auto punted = lab().punted();
  EXPECT_EQ(sent.size(), 256u);
  EXPECT_EQ(punted.size(), 128u);
  for (const Punted& each : punted) EXPECT_EQ(each.meta.punt_class, PuntClass::p2_request_unknown);
  for (const Sent& each : sent) EXPECT_EQ(each.frame[21], wire::Arp::kReply);
  EXPECT_EQ(lab().drops()["arp-policed"], kRequests - 256u);
  EXPECT_EQ(storm(counters.storm_offered) - offered, kRequests);
  EXPECT_EQ(storm(counters.storm_policed) - policed, kRequests - 128u)
      << "answered, but kept from the control plane: that is a storm too";
  EXPECT_EQ(lab().imbalance(), "");
}

// One station cannot use up what its port may ask: the rest of the budget is the others', and after
// 200 too many it is heard no more for a minute.
TEST(Punt, ASourceThatAsksTooMuchLeavesTheBudgetToOthers) {
  const std::uint64_t second = lab().dataplane().ticks_per_second();
  const std::uint64_t now = lab().now() + 2 * second;
  for (unsigned i = 0; i < 512; ++i)
    lab().arrive(
        kLan,
        ArpPacket{.from_mac = source(9999), .sender_mac = source(9999), .sender = {10, 0, 0, 77}}
            .frame());
  EXPECT_EQ(rounds_at(now).size(), 30u);
  EXPECT_EQ(lab().punted().size(), 30u);
  auto drops = lab().drops();
  EXPECT_EQ(drops["arp-source-policed"], 199u);
  EXPECT_EQ(drops["arp-quarantined"], 512u - 30 - 199);
  for (unsigned i = 0; i < 98; ++i) lab().arrive(kLan, stranger_of_its_own(2000 + i));
  EXPECT_EQ(rounds_at(now).size(), 98u);
  EXPECT_EQ(lab().punted().size(), 98u);

  const auto asks = [&](std::uint64_t at) {
    lab().arrive(
        kLan,
        ArpPacket{.from_mac = source(9999), .sender_mac = source(9999), .sender = {10, 0, 0, 77}}
            .frame());
    return rounds_at(at).size();
  };
  EXPECT_EQ(asks(now + 59 * second), 0u);
  EXPECT_EQ(asks(now + 61 * second), 1u);
  EXPECT_EQ(lab().drops()["arp-quarantined"], 1u);
  lab().punted();
  EXPECT_EQ(lab().imbalance(), "");
}

TEST(Punt, AnswersAreTakenFromThoseWhoWereAsked) {
  ask(91);
  burst_of(stranger(81, wire::Arp::kReply), 10);
  lab().round();
  EXPECT_EQ(lab().punted().size(), 4u);
  EXPECT_EQ(lab().drops(), (std::map<std::string, std::uint64_t>{{"arp-unsolicited", 6}}));
  EXPECT_EQ(lab().imbalance(), "");
}

// Somebody claims a neighbour's address and sprays answers while the neighbour is asked: its own
// answer comes through.
TEST(Punt, ForgedAnswersLeaveOneToTheKnownStation) {
  const auto reply = [](const MacAddress& mac) {
    return ArpPacket{
        .from_mac = mac, .operation = wire::Arp::kReply, .sender_mac = mac, .sender = {10, 0, 0, 9}}
        .frame();
  };
  lab().forwarding().expect_answers(kLan, {10, 0, 0, 9});
  for (unsigned i = 0; i < 10; ++i) lab().arrive(kLan, reply(source(60'000 + i)));
  lab().round();
  EXPECT_EQ(lab().punted().size(), 3u);
  lab().arrive(kLan, reply(kHostMac));
  lab().round();
  EXPECT_EQ(lab().punted().size(), 1u);
  EXPECT_EQ(lab().drops()["arp-unsolicited"], 7u);
  EXPECT_EQ(lab().imbalance(), "");
}

// What one source asks for in vain takes nothing from what others ask for.
TEST(Punt, ASweepOfOneSourceLeavesGleansToOthers) {
  const std::uint64_t now = lab().now() + lab().dataplane().ticks_per_second();
  const auto glean = [](unsigned i) {
    return Ipv4Packet{.from_mac = source(i), .destination = {10, 0, 1, 50}}.frame();
  };
  burst_of(glean(7777), 256);
  for (unsigned i = 0; i < 32; ++i) lab().arrive(kLan, glean(3000 + i));
  rounds_at(now);
  EXPECT_EQ(lab().punted().size(), 50u + 32u);
  EXPECT_EQ(lab().drops()["glean-source-policed"], 256u - 50u);
  EXPECT_EQ(lab().imbalance(), "");
}

// A thousand of them ask for more than the port may: who asks for few comes through all the same.
TEST(Punt, ASweepOfAThousandSourcesLeavesGleansToTheModest) {
  const std::uint64_t second = lab().dataplane().ticks_per_second();
  std::uint64_t now = lab().now() + second;
  const auto glean = [](unsigned i) {
    return Ipv4Packet{.from_mac = source(i), .destination = {10, 0, 1, 50}}.frame();
  };
  const auto sweep = [&](unsigned each) {
    for (unsigned i = 0; i < 1000; ++i) {
      burst_of(glean(20'000 + i), each);
      if (i % 10 == 9) rounds_at(now);
      if (i % 10 == 9) lab().punted();
    }
  };
  for (unsigned i = 0; i < 28; ++i, now += second / 4) sweep(30);
  unsigned punted = 0;
  for (unsigned i = 0; i < 40; ++i, now += second / 20) {
    sweep(2);
    lab().arrive(kLan, glean(30'000 + i));
    rounds_at(now);
    for (const Punted& each : lab().punted()) punted += each.meta.modest;
  }
  EXPECT_GE(punted, 35u) << "the worker's seed decides who shares buckets";
  lab().drops();
  EXPECT_EQ(lab().imbalance(), "");
}

// The first claim to an address for a while is handed over, whoever else is claimed meanwhile.
TEST(Punt, ClaimsToOneAddressHideNoneToAnother) {
  const std::uint64_t second = lab().dataplane().ticks_per_second();
  std::uint64_t now = lab().now() + 10 * second;
  unsigned number = 40'000;
  const auto claims = [&](Ipv4Address ip, unsigned count) {
    for (unsigned i = 0; i < count; ++i, ++number)
      lab().arrive(
          kWan,
          ArpPacket{
              .from_mac = source(number), .sender_mac = source(number), .sender = ip, .target = ip}
              .frame());
    rounds_at(now);
    const auto punted = lab().punted();
    for (const Punted& each : punted) EXPECT_EQ(each.meta.punt_class, PuntClass::p3_binding_change);
    return punted.size();
  };
  EXPECT_EQ(claims({10, 0, 1, 2}, 100), 1u + 10) << "and the burst of binding changes";
  EXPECT_EQ(claims({10, 0, 1, 2}, 1), 0u);
  EXPECT_EQ(claims({10, 0, 1, 3}, 100), 1u);
  EXPECT_EQ(claims({10, 0, 1, 1}, 1), 0u) << "our own address has binding changes' budget";
  now += 6 * second;
  EXPECT_EQ(claims({10, 0, 1, 2}, 100), 1u + 10);
  EXPECT_EQ(lab().drops(),
            (std::map<std::string, std::uint64_t>{{"arp-policed", 89 + 1 + 99 + 1 + 89}}));
  EXPECT_EQ(lab().imbalance(), "");
}

TEST(Punt, AFullRingDrops) {
  const Bytes frame = Ipv4Packet{.destination = {10, 0, 0, 1}}.frame();
  for (int burst = 0; burst < 18; ++burst) {
    burst_of(frame, Burst::kSize);
    lab().round();
  }
  EXPECT_EQ(lab().drops()["punt-queue-full"], 18 * 64u - (PuntRings::kSize - 1));
  EXPECT_EQ(lab().worker().in_flight(), PuntRings::kSize - 1);
  EXPECT_EQ(lab().dataplane().in_flight(), PuntRings::kSize - 1);
  EXPECT_EQ(lab().punted().size(), PuntRings::kSize - 1);
  EXPECT_EQ(lab().imbalance(), "");
}

// All that the control plane holds takes nothing from forwarding.
TEST(Punt, AnEmptyControlPoolDropsPuntsAndForwardsOn) {
  std::vector<PacketBuffer> held;
  while (PacketBuffer packet = lab().dataplane().allocate()) held.push_back(std::move(packet));
  burst_of(Ipv4Packet{.destination = {10, 0, 0, 1}}.frame(), 10);
  burst_of(Ipv4Packet{}.frame(), 10);
  burst_of(ArpPacket{}.frame(), 10);
  burst_of(stranger(7), 10);
  lab().round();
  EXPECT_EQ(lab().drops(), (std::map<std::string, std::uint64_t>{{"punt-no-buffer", 10}}));
  EXPECT_EQ(lab().sent().size(), 30u) << "ten forwarded, twenty ARP answers";
  held.clear();
  EXPECT_EQ(lab().imbalance(), "");
}

// RFC 6583 section 7.1: what keeps neighbours alive is served before what a storm brings.
TEST(Punt, ClassesAreServedInOrder) {
  burst_of(Ipv4Packet{.ttl = 1}.frame(), 1);
  burst_of(Ipv4Packet{.destination = {10, 0, 0, 1}}.frame(), 1);
  burst_of(Ipv4Packet{.destination = {10, 0, 1, 50}}.frame(), 1);
  burst_of(Ipv4Packet{.destination = {10, 0, 1, 98}}.frame(), 1);
  burst_of(stranger(60), 1);
  ask(71);
  burst_of(stranger(61, wire::Arp::kReply), 1);
  lab().round();
  std::vector<PuntClass> order;
  for (const Punted& each : lab().punted()) order.push_back(each.meta.punt_class);
  EXPECT_EQ(order, (std::vector<PuntClass>{PuntClass::p0_reply, PuntClass::p2_request_unknown,
                                           PuntClass::p4_glean_known, PuntClass::p5_glean_unknown,
                                           PuntClass::local, PuntClass::icmp_error}));
  EXPECT_EQ(lab().sent().size(), 1u);
  EXPECT_EQ(lab().imbalance(), "");
}

}  // namespace
}  // namespace weir::test
