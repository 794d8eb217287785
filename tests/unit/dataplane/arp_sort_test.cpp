// Sixteen at a time as one by one: what arp_sort says of a packet, judge_arp says too.
#include "dataplane/stage/arp_sort.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "dataplane/stage/arp_guard.hpp"
#include "tests/unit/dataplane/packets.hpp"
#include "tests/unit/dataplane/tables.hpp"

namespace weir::test {
namespace {

constexpr Ipv4Address kOurs{10, 0, 0, 1}, kOurSecond{192, 0, 2, 1};

constexpr MacAddress kOtherMac{{2, 8, 8, 8, 8, 8}}, kVirtualMac{{0, 0, 0x5e, 0, 1, 9}};

constexpr NamedLane<ArpSort> kArpLanes[] = {
    {"others", &ArpSort::others},   {"for_us", &ArpSort::for_us}, {"unasked", &ArpSort::unasked},
    {"outside", &ArpSort::outside}, {"claims", &ArpSort::claims}, {"rest", &ArpSort::rest}};

/// 10.0.0.1/24 with .9 known, .10 failed, .60 asked; 192.0.2.1/28; a /32.
struct Lan {
  LocalTables tables;
  Interface interface;

  Lan() {
    const AdjacencyIndex lan = tables.connect({kOurs, 24});
    const AdjacencyIndex other = tables.connect({Ipv4Address{192, 0, 2, 0}, 28});
    interface.mac = kOwnMac;
    interface.addresses = {{kOurs.value(), 0xffffff00, lan},
                           {kOurSecond.value(), 0xfffffff0, other},
                           {Ipv4Address{198, 51, 100, 7}.value(), 0xffffffff, 0}};
    tables.adjacencies().store(lan + 9, Adjacency::forward(2, kHostMac, kOwnMac));
    tables.adjacencies().store(lan + 10, Adjacency::verdict(Egress::failed));
    tables.adjacencies().expect_answers(lan + 60);
  }
  ArpSort sort(Packets& packets, Burst& burst) {
    packets.receive(burst);
    locate(burst);
    return arp_sort(burst, burst.all(), interface, tables.adjacencies());
  }
  static void locate(Burst& burst) {
    for (unsigned i = 0; i < burst.size; ++i) {
      burst.frame[i] = rte_pktmbuf_mtod(burst.packet[i], std::uint8_t*);
      burst.frame_length[i] = burst.packet[i]->data_len;
    }
    for (unsigned i = burst.size; i % 16 != 0; ++i) burst.frame[i] = burst.frame[0];
  }
};

std::string judged(const ArpVerdict& verdict) {
  if (!verdict.answer && !verdict.punt) return std::string(name(verdict.drop));
  return std::string(verdict.answer ? "answer " : "") + (verdict.punt ? "punt " : "") +
         std::string(kStormClassNames[static_cast<std::size_t>(verdict.storm_class)]);
}

TEST(ArpSort, Rows) {
  struct Row {
    const char* name;
    ArpPacket packet;
    const char* lane;
  };
  const Row rows[] = {
      {"unknown sender for another host",
       {.sender = {10, 0, 0, 50}, .target = {10, 0, 0, 51}},
       "others"},
      {"unknown sender's announcement",
       {.sender = {10, 0, 0, 50}, .target = {10, 0, 0, 50}},
       "others"},
      {"unknown sender for us", {.sender = {10, 0, 0, 50}, .target = kOurs}, "for_us"},
      {"for our second address", {.sender = {10, 0, 0, 50}, .target = kOurSecond}, "for_us"},
      {"unasked", {.operation = 2, .sender = {10, 0, 0, 50}, .target = kOurs}, "unasked"},
      {"outside", {.sender = {10, 9, 9, 9}, .target = kOurs}, "outside"},
      {"known sender", {.sender = {10, 0, 0, 9}, .target = {10, 0, 0, 51}}, "rest"},
      {"known sender's other MAC",
       {.from_mac = kOtherMac,
        .sender_mac = kOtherMac,
        .sender = {10, 0, 0, 9},
        .target = {10, 0, 0, 9}},
       "claims"},
      {"for us from its other MAC",
       {.from_mac = kOtherMac, .sender_mac = kOtherMac, .sender = {10, 0, 0, 9}, .target = kOurs},
       "rest"},
      {"known sender's virtual router",
       {.from_mac = kVirtualMac,
        .sender_mac = kVirtualMac,
        .sender = {10, 0, 0, 9},
        .target = {10, 0, 0, 9}},
       "rest"},
      {"failed sender", {.sender = {10, 0, 0, 10}, .target = {10, 0, 0, 51}}, "rest"},
      {"an answer to our question",
       {.operation = 2, .sender = {10, 0, 0, 60}, .target = kOurs},
       "rest"},
      {"probe", {.sender = {}, .target = kOurs}, "rest"},
      {"our own address", {.sender = kOurs, .target = kOurs}, "rest"},
      {"another frame source",
       {.from_mac = {{2, 7, 7, 7, 7, 7}}, .sender = {10, 0, 0, 50}},
       "rest"},
      {"operation 3", {.operation = 3, .sender = {10, 0, 0, 50}}, "rest"},
  };
  for (const Row& row : rows) {
    Lan lan;
    Packets packets{row.packet.frame()};
    Burst burst;
    EXPECT_EQ(lane_of(lan.sort(packets, burst), kArpLanes, 0), row.lane) << row.name;
  }
}

TEST(ArpSort, SaysWhatJudgeArpSays) {
  const std::map<std::string, std::string> kSaid = {{"others", "arp-not-for-us"},
                                                    {"for_us", "answer punt unknown-requests"},
                                                    {"unasked", "arp-unsolicited"},
                                                    {"outside", "arp-outside-subnet"},
                                                    {"claims", "punt binding-changes"}};
  std::mt19937 random(7);
  const auto pick = [&](auto... values) {
    const std::common_type_t<decltype(values)...> all[] = {values...};
    return all[random() % sizeof...(values)];
  };
  const auto address = [&] {
    return pick(kOurs, kOurSecond, Ipv4Address{198, 51, 100, 7}, Ipv4Address{10, 0, 0, 9},
                Ipv4Address{10, 0, 0, 10}, Ipv4Address{10, 0, 0, 60}, Ipv4Address{10, 0, 0, 50},
                Ipv4Address{10, 0, 0, 255}, Ipv4Address{192, 0, 2, 5}, Ipv4Address{10, 9, 9, 9},
                Ipv4Address{}, Ipv4Address{static_cast<std::uint32_t>(random())});
  };
  std::map<std::string, unsigned> met;
  for (unsigned round = 0; round < 2000; ++round) {
    Lan lan;
    lan.interface.arp.proxy = random() % 4 == 0;
    Packets packets;
    const unsigned size = 1 + random() % Burst::kSize;
    std::vector<ArpPacket> sent;
    for (unsigned i = 0; i < size; ++i) {
      ArpPacket packet{.operation = static_cast<std::uint16_t>(pick(1, 1, 1, 2, 2, 3, 0x100)),
                       .sender = address(),
                       .target = address()};
      packet.sender_mac = pick(kHostMac, kHostMac, kOtherMac, kOwnMac, MacAddress{},
                               MacAddress{{3, 0, 0, 0, 0, 9}}, MacAddress{{0, 0, 0x5e, 0, 1, 9}});
      packet.from_mac = random() % 8 == 0 ? kHostMac : packet.sender_mac;
      Bytes frame = packet.frame();
      if (random() % 16 == 0) frame[14 + random() % 6] ^= 1;  // types and lengths
      sent.push_back(packet);
      packets.add(frame);
    }
    Burst burst;
    const ArpSort sort = lan.sort(packets, burst);
    ASSERT_TRUE(add_up(sort, kArpLanes, burst.all()));
    for (unsigned i = 0; i < size; ++i) {
      const std::string lane = lane_of(sort, kArpLanes, i);
      const std::string verdict = judged(judge_arp(burst.arp(i), burst.ethernet(i).source,
                                                   lan.interface, lan.tables.adjacencies()));
      ++met[lane];
      const auto said = kSaid.find(lane);
      if (said != kSaid.end()) {
        ASSERT_EQ(verdict, said->second) << lane;
      }
      ASSERT_EQ(sort.requests.has(i), burst.arp(i).operation.get() == wire::Arp::kRequest &&
                                          burst.arp(i).hardware_length == 6 &&
                                          burst.arp(i).protocol_length == 4);
    }
  }
  for (const auto& lane : kArpLanes) EXPECT_GT(met[lane.name], 150u) << lane.name;
}

}  // namespace
}  // namespace weir::test
