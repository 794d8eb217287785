#include "dataplane/stage/vlan_input.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "dataplane/packet/frames.hpp"
#include "tests/unit/dataplane/packets.hpp"

namespace weir::test {
namespace {

constexpr std::uint16_t kQ = wire::ether_type::kVlan, kAd = wire::ether_type::kQinQ;
constexpr NamedLane<VlanInput> kLanes[] = {
    {"own", &VlanInput::own}, {"vlan", &VlanInput::vlan}, {"unknown", &VlanInput::unknown}};

// Of one port: 802.1Q's 10 and 4094, 802.1ad's 5 and 10, and 7 and 8 behind 802.1ad's 5; 11 lets
// further tags in.
constexpr InterfaceId kPort = 1, kQ10 = 2, kQ4094 = 3, kAd5 = 4, kAd10 = 5, kAd5Q7 = 6, kAd5Q8 = 7,
                      kQ11 = 8;

Snapshot snapshot_of(bool tells_type, bool other_vlans) {
  Snapshot snapshot;
  snapshot.interfaces.resize(9);
  for (InterfaceId id = 0; id < 9; ++id) snapshot.interfaces[id].id = id;
  auto outer = std::make_shared<VlanMap>();
  outer->customer[10] = kQ10;
  outer->customer[11] = kQ11;
  outer->customer[4094] = kQ4094;
  outer->service[5] = kAd5;
  outer->service[10] = kAd10;
  auto inner = std::make_shared<VlanMap>();
  inner->customer[7] = kAd5Q7;
  inner->customer[8] = kAd5Q8;
  snapshot.interfaces[kPort].vlans = outer;
  snapshot.interfaces[kAd5].vlans = inner;
  snapshot.interfaces[kQ11].other_vlans = true;
  snapshot.interfaces[kPort].tells_tag_type = tells_type;
  snapshot.interfaces[kPort].other_vlans = other_vlans;
  return snapshot;
}

Bytes plain() { return Ipv4Packet{}.frame(); }
Bytes q(const Bytes& frame, std::uint16_t control) { return tagged(frame, control, kQ); }
Bytes ad(const Bytes& frame, std::uint16_t control) { return tagged(frame, control, kAd); }

struct Row {
  const char* name;
  Bytes frame;
  std::optional<std::uint16_t> beside = {};  // a tag that the port took off
  InterfaceId interface = VlanMap::kNone;    // whose it is
  Bytes left = {};                           // as that interface sees it
  std::uint16_t priority = 0;                // kept beside it
};

std::vector<Row> common_rows() {
  const Bytes ip = plain();
  return {
      {"no tag", ip, {}, kPort, ip},
      {"priority tag", q(ip, 0), {}, kPort, ip},
      {"priority tag with a priority", q(ip, 0xe000), {}, kPort, ip, 0xe000},
      {"802.1Q", q(ip, 10), {}, kQ10, ip},
      {"802.1Q with priority and drop eligibility", q(ip, 0xb00a), {}, kQ10, ip, 0xb000},
      {"802.1Q, the last id", q(ip, 4094), {}, kQ4094, ip},
      {"priority tag, then 802.1Q", q(q(ip, 0x200a), 0xe000), {}, kQ10, ip, 0x2000},
      {"stacked", ad(q(ip, 0x6007), 0xe005), {}, kAd5Q7, ip, 0x6000},
      {"stacked behind a priority tag", q(ad(q(ip, 8), 5), 0), {}, kAd5Q8, ip},
      {"outer of a stack alone", ad(ip, 0x2005), {}, kAd5, ip, 0x2000},
      {"a tag more where others are let in", q(q(ip, 77), 11), {}, kQ11, q(ip, 77)},
      {"802.1Q beside the frame", ip, 10, kQ10, ip},
      {"priority beside the frame", ip, 0xe000, kPort, ip, 0xe000},
      {"beside the frame, and one that is let in", q(ip, 77), 11, kQ11, q(ip, 77)},
      {"priority beside the frame, 802.1Q in it", q(ip, 0x200a), 0xe000, kQ10, ip, 0x2000},
      {"shortest frame with a tag", truncated(q(ip, 10), 18), {}, kQ10, truncated(ip, 14)},
      {"no Ethernet header", truncated(ip, 13), {}, kPort, truncated(ip, 13)},
      {"nothing", {}, {}, kPort, {}},
  };
}

// Where nothing else is let in.
std::vector<Row> strict_rows() {
  const Bytes ip = plain();
  return {
      {"unknown id", q(ip, 12), {}},
      {"unknown id beside the frame", ip, 12},
      {"unknown behind a priority tag", q(q(ip, 12), 0), {}},
      {"a tag more than the interface has", q(q(ip, 7), 10), {}},
      {"a tag more beside the frame", q(ip, 7), 10},
      {"inner unknown", ad(q(ip, 9), 5), {}},
      {"inner of the other type", ad(ad(ip, 7), 5), {}},
      {"three tags", ad(q(q(ip, 1), 7), 5), {}},
      {"four priority tags", q(q(q(q(ip, 0), 0), 0), 0), {}},
      {"too short for its tag", truncated(q(ip, 10), 17), {}},
      {"too short for its second tag", truncated(ad(q(ip, 7), 5), 20), {}},
  };
}

// By the tag's type, where the port tells it.
std::vector<Row> typed_rows() {
  const Bytes ip = plain();
  return {
      {"802.1ad's 10 is not 802.1Q's", ad(ip, 10), {}, kAd10, ip},
      {"802.1Q's 5 is nobody's", q(ip, 5), {}},
      {"802.1ad's 11 is nobody's", ad(ip, 11), {}},
  };
}

// The port calls each outermost tag 0x8100: what 802.1Q has not is 802.1ad's.
std::vector<Row> untyped_rows() {
  const Bytes ip = plain();
  return {
      {"5", q(ip, 5), {}, kAd5, ip},
      {"5 beside the frame", ip, 5, kAd5, ip},
      {"5 beside the frame, 7 in it", q(ip, 7), 5, kAd5Q7, ip},
      {"10 is rather 802.1Q's", q(ip, 10), {}, kQ10, ip},
      {"stacked", q(q(ip, 8), 5), {}, kAd5Q8, ip},
      {"only the outermost type is lost: 802.1ad's 10 behind a priority tag",
       q(ad(ip, 10), 0),
       {},
       kAd10,
       ip},
  };
}

// `other_vlans` on the port.
std::vector<Row> open_rows() {
  const Bytes ip = plain();
  return {
      {"unknown id", q(ip, 12), {}, kPort, q(ip, 12)},
      {"unknown 802.1ad", ad(ip, 12), {}, kPort, ad(ip, 12)},
      {"unknown behind a priority tag", q(q(ip, 12), 0), {}, kPort, q(ip, 12)},
      {"a tag more than the interface has", q(q(ip, 7), 10), {}},
      {"too short for its tag", truncated(q(ip, 10), 17), {}},
  };
}

Bytes left_of(const rte_mbuf* packet) {
  const auto* const data = rte_pktmbuf_mtod(packet, const std::uint8_t*);
  return {data, data + packet->data_len};
}

void add(Packets& packets, const Row& row) {
  packets.add(row.frame);
  if (!row.beside) return;
  rte_mbuf& packet = packets.mbuf(packets.size() - 1);
  packet.ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
  packet.vlan_tci = *row.beside;
}

void expect(const Row& row, const VlanInput& out, const Burst& burst, unsigned i) {
  const char* const lane = row.interface == VlanMap::kNone ? "unknown"
                           : row.interface == kPort        ? "own"
                                                           : "vlan";
  ASSERT_EQ(lane_of(out, kLanes, i), lane) << row.name;
  if (row.interface == VlanMap::kNone) return;
  if (row.interface != kPort) {
    ASSERT_EQ(out.interface[i], row.interface) << row.name;
  }
  const rte_mbuf* const packet = burst.packet[i];
  ASSERT_EQ(left_of(packet), row.left) << row.name;
  ASSERT_EQ(packet->pkt_len, row.left.size()) << row.name;
  ASSERT_EQ(burst.frame[i], rte_pktmbuf_mtod(packet, std::uint8_t*)) << row.name;
  ASSERT_EQ(burst.frame_length[i], row.left.size()) << row.name;
  ASSERT_EQ(packet->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED, 0u)
      << row.name << ": the tag is neither in the frame nor beside it any more";
  const bool known = (packet->ol_flags & RTE_MBUF_F_RX_VLAN) != 0;
  ASSERT_EQ(known ? packet->vlan_tci & 0xf000 : 0, row.priority) << row.name;
}

void expect_all(const std::vector<Row>& table, bool tells_type, bool other_vlans) {
  const Snapshot snapshot = snapshot_of(tells_type, other_vlans);
  std::mt19937 random(54);
  const auto run = [&](const std::vector<const Row*>& chosen) {
    Packets packets;
    for (const Row* row : chosen) add(packets, *row);
    Burst burst;
    packets.receive(burst, kPort);
    locate_frames(burst);
    const VlanInput out = vlan_input(burst, burst.all(), snapshot.interfaces[kPort], snapshot);
    ASSERT_TRUE(add_up(out, kLanes, burst.all()));
    for (unsigned i = 0; i < burst.size; ++i)
      ASSERT_NO_FATAL_FAILURE(expect(*chosen[i], out, burst, i));
  };
  for (const Row& row : table) run({&row});
  for (unsigned size = 1; size <= Burst::kSize; ++size) {
    std::vector<const Row*> chosen;
    for (unsigned i = 0; i < size; ++i)
      chosen.push_back(random() % 4 < size % 4 ? &table[0] : &table[random() % table.size()]);
    ASSERT_NO_FATAL_FAILURE(run(chosen)) << "size " << size;
  }
}

std::vector<Row> both(std::vector<Row> a, const std::vector<Row>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST(VlanInput, APortThatTellsTheTagType) {
  expect_all(both(both(common_rows(), strict_rows()), typed_rows()), true, false);
}

TEST(VlanInput, APortThatDoesNot) {
  std::vector<Row> table = both(common_rows(), untyped_rows());
  // All outer tags are 0x8100 there.
  std::erase_if(table, [](const Row& row) {
    return row.frame.size() > 13 && row.frame[12] == 0x88 && row.frame[13] == 0xa8;
  });
  expect_all(table, false, false);
}

TEST(VlanInput, OtherVlansAreLetIn) { expect_all(both(common_rows(), open_rows()), true, true); }

TEST(VlanInput, WithoutVlansOnlyPriorityTagsAreTakenOff) {
  Snapshot snapshot = snapshot_of(true, false);
  snapshot.interfaces[kPort].vlans = nullptr;
  Packets packets{plain(), q(plain(), 0xe000), q(plain(), 10), ad(plain(), 5)};
  Burst burst;
  packets.receive(burst, kPort);
  locate_frames(burst);
  const VlanInput out = vlan_input(burst, burst.all(), snapshot.interfaces[kPort], snapshot);
  EXPECT_EQ(out.own.mask(), 0b0011u);
  EXPECT_EQ(out.unknown.mask(), 0b1100u);
  EXPECT_EQ(left_of(burst.packet[1]), plain());
}

}  // namespace
}  // namespace weir::test
