#include "dataplane/stage/ip_lookup.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "dataplane/stage/ethernet_input.hpp"
#include "dataplane/stage/ipv4_validate.hpp"
#include "tests/unit/dataplane/packets.hpp"
#include "tests/unit/dataplane/tables.hpp"

namespace weir::test {
namespace {

constexpr NamedLane<IpLookup> kLanes[] = {{"forward", &IpLookup::forward},
                                          {"other", &IpLookup::other}};

MacAddress mac(std::uint8_t last) { return {{2, 0, 0, 0, 9, last}}; }

/// A small router: two connected subnets, gateways on them, every verdict, two groups.
class Router {
 public:
  Router() {
    lan_ = tables_.connect({Ipv4Address{10, 0, 1, 0}, 24});
    wan_ = tables_.connect({Ipv4Address{10, 0, 2, 0}, 24});
    for (std::uint8_t host = 5; host <= 7; ++host) resolve(lan_ + host, 1, mac(host));
    for (std::uint8_t host = 5; host <= 6; ++host) resolve(wan_ + host, 2, mac(host));
    auto& adjacencies = tables_.adjacencies();
    adjacencies.store(lan_ + 99, Adjacency::verdict(Egress::failed));
    host_verdict({10, 0, 1, 1}, Egress::local);
    host_verdict({10, 0, 1, 255}, Egress::subnet_broadcast, 1);
    host_verdict({255, 255, 255, 255}, Egress::local);
    verdict({Ipv4Address{203, 0, 113, 0}, 24}, Egress::blackhole);
    verdict({Ipv4Address{203, 0, 114, 0}, 24}, Egress::unreachable);
    verdict({Ipv4Address{203, 0, 115, 0}, 24}, Egress::prohibit);
    verdict({Ipv4Address{127, 0, 0, 0}, 8}, Egress::martian);
    verdict({Ipv4Address{224, 0, 0, 0}, 4}, Egress::multicast);
    tables_.route({Ipv4Address{198, 18, 0, 0}, 15}, {lan_ + 5, 0});
    tables_.route({Ipv4Address{198, 18, 7, 0}, 24}, {wan_ + 6, 0});
    tables_.route({Ipv4Address{198, 18, 7, 7}, 32}, {lan_ + 200, 0});  // nobody there yet
    group({Ipv4Address{192, 0, 2, 0}, 24}, {{lan_ + 5, 0}, {wan_ + 5, 0}, {lan_ + 7, 0}});
    group({Ipv4Address{192, 0, 3, 0}, 24}, {{lan_ + 201, 0}, {wan_ + 201, 0}});
  }

  Tables tables() { return tables_.tables(); }
  GroupTable& groups() { return tables_.groups(); }
  AdjacencyIndex lan(std::uint32_t host) const { return lan_ + host; }
  AdjacencyIndex wan(std::uint32_t host) const { return wan_ + host; }
  std::uint32_t first_group() const { return groups_.front(); }

 private:
  void resolve(AdjacencyIndex index, InterfaceId interface, MacAddress to) {
    tables_.adjacencies().store(index, Adjacency::forward(interface, to, kOwnMac));
  }
  void verdict(Ipv4Prefix prefix, Egress egress, std::uint32_t value = 0) {
    tables_.route(prefix, {tables_.verdict(egress, value), 0});
  }
  void host_verdict(Ipv4Address address, Egress egress, std::uint32_t value = 0) {
    verdict({address, 32}, egress, value);
  }
  void group(Ipv4Prefix prefix, const std::vector<NextHop>& members) {
    groups_.push_back(*tables_.groups().allocate());
    tables_.groups().set_members(groups_.back(), members);
    verdict(prefix, Egress::group, groups_.back());
  }

  LocalTables tables_;
  AdjacencyIndex lan_ = 0, wan_ = 0;
  std::vector<std::uint32_t> groups_;
};

/// The stages before ip_lookup.
Lane prepare(Packets& packets, Burst& burst) {
  packets.receive(burst);
  ethernet_input(burst, {.mac = kOwnMac});
  const Ipv4Validate ip = ipv4_validate(burst, burst.all(), false);
  EXPECT_EQ((ip.plain | ip.options), burst.all());
  return burst.all();
}

Packets packets_to(const std::vector<Ipv4Address>& destinations) {
  Packets packets;
  for (const Ipv4Address to : destinations) packets.add(Ipv4Packet{.destination = to}.frame());
  return packets;
}

struct Row {
  const char* name;
  Ipv4Address destination;
  const char* lane;
  Egress egress;
  std::uint8_t mac = 0;  // forward: the last byte of where it goes
};

constexpr Row kRows[] = {
    {"a resolved host of a connected subnet", {10, 0, 1, 5}, "forward", egress_to(1), 5},
    {"another one", {10, 0, 1, 7}, "forward", egress_to(1), 7},
    {"a host nobody asked for yet", {10, 0, 1, 100}, "other", Egress::unresolved},
    {"a host that did not answer", {10, 0, 1, 99}, "other", Egress::failed},
    {"our own address", {10, 0, 1, 1}, "other", Egress::local},
    {"the subnet's broadcast", {10, 0, 1, 255}, "other", Egress::subnet_broadcast},
    {"the limited broadcast", {255, 255, 255, 255}, "other", Egress::local},
    {"by a gateway", {198, 19, 255, 255}, "forward", egress_to(1), 5},
    {"by a more specific route", {198, 18, 7, 8}, "forward", egress_to(2), 6},
    {"by a host route to an unresolved gateway", {198, 18, 7, 7}, "other", Egress::unresolved},
    {"blackhole", {203, 0, 113, 1}, "other", Egress::blackhole},
    {"unreachable", {203, 0, 114, 1}, "other", Egress::unreachable},
    {"prohibit", {203, 0, 115, 1}, "other", Egress::prohibit},
    {"loopback", {127, 0, 0, 1}, "other", Egress::martian},
    {"multicast", {224, 0, 0, 5}, "other", Egress::multicast},
    {"no route", {8, 8, 8, 8}, "other", Egress::no_route},
    {"a group whose members are all unresolved", {192, 0, 3, 1}, "other", Egress::unresolved},
};

TEST(IpLookup, Rows) {
  Router router;
  for (const Row& row : kRows) {
    Packets packets = packets_to({row.destination});
    Burst burst;
    const IpLookup out = ip_lookup(burst, prepare(packets, burst), router.tables());
    EXPECT_EQ(lane_of(out, kLanes, 0), row.lane) << row.name;
    EXPECT_EQ(burst.egress_of(0), row.egress) << row.name;
    if (is_interface(row.egress)) {
      EXPECT_EQ(burst.rewrite[0].destination, mac(row.mac)) << row.name;
      EXPECT_EQ(burst.rewrite[0].source, kOwnMac) << row.name;
    }
  }
}

TEST(IpLookup, SaysWhichAdjacencyAndWhoseBroadcast) {
  Router router;
  Packets packets = packets_to({{10, 0, 1, 100}, {198, 18, 7, 7}, {10, 0, 1, 255}});
  Burst burst;
  ip_lookup(burst, prepare(packets, burst), router.tables());
  EXPECT_EQ(burst.adjacency[0], router.lan(100));
  EXPECT_EQ(burst.adjacency[1], router.lan(200)) << "a gateway is a host of its subnet";
  EXPECT_EQ(burst.rewrite[2].value(), 1u);
}

TEST(IpLookup, EveryBurstSizeWithMixedLanes) {
  Router router;
  std::mt19937 random(11);
  for (unsigned size = 1; size <= Burst::kSize; ++size) {
    for (int round = 0; round < 4; ++round) {
      std::vector<const Row*> chosen;
      Packets packets;
      for (unsigned i = 0; i < size; ++i) {
        chosen.push_back(&kRows[round == 0 ? 0 : random() % std::size(kRows)]);
        packets.add(Ipv4Packet{.destination = chosen.back()->destination}.frame());
      }
      Burst burst;
      const Lane lane = prepare(packets, burst) &
                        (round == 0 ? burst.all() : Lane{std::uint64_t{random()} << 32 | random()});
      const IpLookup out = ip_lookup(burst, lane, router.tables());
      ASSERT_TRUE(add_up(out, kLanes, lane)) << "size " << size;
      lane.for_each([&](unsigned i) {
        ASSERT_EQ(lane_of(out, kLanes, i), chosen[i]->lane) << chosen[i]->name;
        ASSERT_EQ(burst.egress_of(i), chosen[i]->egress) << chosen[i]->name << " at " << i;
        if (out.forward.has(i)) {
          ASSERT_EQ(burst.rewrite[i].destination, mac(chosen[i]->mac));
        }
      });
    }
  }
}

TEST(IpLookup, FlowsOfAGroupGoWhereTheirHashSays) {
  Router router;
  std::mt19937 random(12);
  std::map<AdjacencyIndex, unsigned> flows;
  for (int round = 0; round < 50; ++round) {
    Packets packets;
    for (unsigned i = 0; i < Burst::kSize; ++i)
      packets.add(
          udp({.source = Ipv4Address{0x0a000000 + static_cast<std::uint32_t>(random() & 0xffff)},
               .destination = {192, 0, 2, 1}},
              static_cast<std::uint16_t>(random()), 53)
              .frame());
    Burst burst;
    const IpLookup out = ip_lookup(burst, prepare(packets, burst), router.tables());
    ASSERT_EQ(out.forward, burst.all());
    for (unsigned i = 0; i < Burst::kSize; ++i) {
      const std::uint32_t hash = flow_hash(burst.ipv4(i), burst.ip_length[i]);
      ASSERT_EQ(burst.adjacency[i], router.groups().pick(router.first_group(), hash).base);
      ++flows[burst.adjacency[i]];
    }
  }
  ASSERT_EQ(flows.size(), 3u);
  for (const AdjacencyIndex member : {router.lan(5), router.wan(5), router.lan(7)})
    EXPECT_NEAR(flows[member], 3200 / 3.0, 150);
}

// The whole way: of the packets whose flows were on members that stay, none changes its way.
TEST(IpLookup, OnlyFlowsOfALeavingMemberMove) {
  Router router;
  const auto members_of = [&](unsigned count) {
    std::vector<AdjacencyIndex> result;
    for (unsigned base = 0; base < count; base += Burst::kSize) {
      Packets packets;
      for (unsigned i = 0; i < Burst::kSize; ++i)
        packets.add(
            udp({.destination = {192, 0, 2, 9}}, static_cast<std::uint16_t>(base + i), 9).frame());
      Burst burst;
      ip_lookup(burst, prepare(packets, burst), router.tables());
      result.insert(result.end(), burst.adjacency, burst.adjacency + Burst::kSize);
    }
    return result;
  };
  const auto before = members_of(1024);
  router.groups().set_members(router.first_group(), {{router.lan(5), 0}, {router.lan(7), 0}});
  const auto after = members_of(1024);
  unsigned moved = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] == router.wan(5)) {
      ++moved;
      EXPECT_NE(after[i], router.wan(5));
    } else {
      EXPECT_EQ(after[i], before[i]) << "flow " << i;
    }
  }
  EXPECT_NEAR(moved, 1024 / 3.0, 80);
}

std::uint32_t hash_of(const Ipv4Packet& packet) {
  const Bytes frame = packet.frame();
  return flow_hash(ip_of(frame), static_cast<std::uint32_t>(frame.size() - kEthernet));
}

struct FlowRow {
  const char* name;
  Ipv4Packet a, b;
  bool same;
};

const Ipv4Packet kFlow = udp({}, 1000, 53);

const std::vector<FlowRow> kFlowRows = {
    {"TTL, TOS and identification do not count", kFlow,
     udp({.ttl = 3, .tos = 0xb8, .id = 9}, 1000, 53), true},
    {"nor does the payload", kFlow, udp({}, 1000, 53, pattern(400)), true},
    {"the source counts", kFlow, udp({.source = {10, 0, 0, 10}}, 1000, 53), false},
    {"the destination counts", kFlow, udp({.destination = {198, 18, 0, 2}}, 1000, 53), false},
    {"the source port counts", kFlow, udp({}, 1001, 53), false},
    {"the destination port counts", kFlow, udp({}, 1000, 54), false},
    {"the protocol counts", kFlow, tcp({}, 1000, 53), false},
    {"ports behind options are found", udp({.options = {1, 1, 1, 1}}, 1000, 53), kFlow, true},
    {"ICMP has no ports", icmp_echo({}, 1, 1), icmp_echo({}, 2, 9), true},
    {"a first fragment goes with the others: without ports",
     [] {
       Ipv4Packet packet = udp({}, 1000, 53);
       packet.fragment = 0x2000;
       return packet;
     }(),
     {.fragment = 0x0005, .payload = pattern(64)},
     true},
    {"don't-fragment is no fragment",
     [] {
       Ipv4Packet packet = udp({}, 1000, 53);
       packet.fragment = 0x4000;
       return packet;
     }(),
     kFlow, true},
};

TEST(FlowHash, Rows) {
  for (const FlowRow& row : kFlowRows)
    EXPECT_EQ(hash_of(row.a) == hash_of(row.b), row.same) << row.name;
}

TEST(FlowHash, ReadsNoPortsThatAreNotThere) {
  // Exactly as much memory as there is packet: AddressSanitizer sees the rest.
  const Bytes ours = Ipv4Packet{.payload = pattern(4)}.unpadded_frame();
  const Bytes others = Ipv4Packet{.payload = Bytes(4, 0x55)}.unpadded_frame();
  for (std::size_t missing = 1; missing <= 4; ++missing) {
    const Bytes a(ours.begin(), ours.end() - static_cast<std::ptrdiff_t>(missing));
    const Bytes b(others.begin(), others.end() - static_cast<std::ptrdiff_t>(missing));
    const auto length = static_cast<std::uint32_t>(a.size() - kEthernet);
    EXPECT_EQ(flow_hash(ip_of(a), length), flow_hash(ip_of(b), length)) << missing;
  }
  EXPECT_NE(flow_hash(ip_of(ours), 24), flow_hash(ip_of(others), 24));
}

/// Chi-squared of `hash_of_flow(0..n)` over the buckets of a group, by degree of freedom: about 1.
template <class F>
double unevenness(F&& hash_of_flow) {
  constexpr unsigned kFlows = 1 << 16;
  std::vector<double> count(GroupTable::kBuckets);
  for (std::uint32_t i = 0; i < kFlows; ++i)
    ++count[(std::uint64_t{hash_of_flow(i)} * GroupTable::kBuckets) >> 32];
  const double expected = double{kFlows} / GroupTable::kBuckets;
  double sum = 0;
  for (const double each : count) sum += (each - expected) * (each - expected) / expected;
  return sum / (GroupTable::kBuckets - 1);
}

TEST(FlowHash, SpreadsNeighbouringFlows) {
  wire::Ipv4 ip = Ipv4Packet{}.header();
  std::uint8_t packet[24];
  const auto hash = [&](std::uint32_t source, std::uint32_t destination, std::uint32_t ports) {
    ip.source.set(source);
    ip.destination.set(destination);
    std::memcpy(packet, &ip, sizeof ip);
    std::memcpy(packet + sizeof ip, &ports, sizeof ports);
    return flow_hash(*reinterpret_cast<const wire::Ipv4*>(packet), sizeof packet);
  };
  const auto swap = [](std::uint32_t i) { return __builtin_bswap32(i); };
  EXPECT_LT(unevenness([&](std::uint32_t i) { return hash(0x0a000000 + i, 1, 0); }), 1.5);
  EXPECT_LT(unevenness([&](std::uint32_t i) { return hash(0x0a000000 + (i << 8), 1, 0); }), 1.5);
  EXPECT_LT(unevenness([&](std::uint32_t i) { return hash(1, 0xc6120000 + i, 0); }), 1.5);
  EXPECT_LT(unevenness([&](std::uint32_t i) { return hash(1, 2, i); }), 1.5);
  EXPECT_LT(unevenness([&](std::uint32_t i) { return hash(1, 2, swap(i)); }), 1.5);
  // Both addresses counting up together, as a traffic generator does.
  EXPECT_LT(unevenness([&](std::uint32_t i) { return hash(0x0a000000 + i, 0xc6120000 + i, 0); }),
            1.5);
}

}  // namespace
}  // namespace weir::test
