// Arbitrary frames through the whole pipeline, several an input, of any length and in one buffer or
// several. Invariants: no packet and no buffer is lost or ended twice, what leaves is a frame that
// may leave, and stages' lanes are disjoint (their assertions are on in this build).
//
// The first byte chooses: the router of lab.hpp, or a switch on its cables (switched() below), with
// one or another member held back.
//
// Frames lie in heap memory of their own size, so that AddressSanitizer sees each byte too many.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "tests/unit/dataplane/lab.hpp"

namespace {

using namespace weir;
using namespace weir::test;

std::unique_ptr<Lab> the_lab;

// The switch: `lan` is a trunk, whose untagged frames are in the bridge too, `wan` an access port.
// `narrow` is routed as before, and gets copies of what `lan` receives and sends.
constexpr InterfaceId kLan10 = 6, kLan20 = 7, kOwn = 8;
constexpr InterfaceId kMembers[] = {kLan, kWan, kLan10, kLan20};
constexpr MacAddress kBridgeMac{{2, 0, 0, 0, 5, 1}}, kFixedMac{{2, 0, 0, 0, 5, 2}},
    kStranger{{2, 0, 0, 0, 5, 3}}, kGroupMac{{1, 0, 0x5e, 1, 2, 3}};
/// Of the first byte of an input.
enum : unsigned { kSwitched = 1, kBlocked = 2, kSplit = 4, kLooped = 8, kVariants = 16 };

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : data_(data), left_(size) {}
  bool empty() const { return left_ == 0; }
  unsigned byte() {
    if (left_ == 0) return 0;
    --left_;
    return *data_++;
  }
  Bytes bytes(std::size_t count) {
    Bytes result(data_, data_ + std::min(count, left_));
    data_ += result.size();
    left_ -= result.size();
    result.resize(count);
    return result;
  }

 private:
  const std::uint8_t* data_;
  std::size_t left_;
};

void free_memory(void* memory, void*) { delete[] static_cast<std::uint8_t*>(memory); }

/// One buffer over memory of exactly that size, but for the 64 bytes that stages may always read.
rte_mbuf* buffer(const std::uint8_t* bytes, std::size_t size) {
  struct Shared {
    rte_mbuf_ext_shared_info info;
    std::uint8_t padding[Packets::kHeadroom - sizeof(rte_mbuf_ext_shared_info)];
  };
  static_assert(sizeof(Shared) == Packets::kHeadroom);
  const std::size_t room = sizeof(Shared) + std::max(size, Packets::kReadable);
  auto* const memory = new std::uint8_t[room]();
  if (size != 0) std::memcpy(memory + sizeof(Shared), bytes, size);
  auto* const shared = reinterpret_cast<Shared*>(memory);
  shared->info.free_cb = free_memory;
  shared->info.fcb_opaque = nullptr;
  rte_mbuf_ext_refcnt_set(&shared->info, 1);
  rte_mbuf* const packet = rte_pktmbuf_alloc(the_lab->packets());
  require(packet != nullptr, "the pool is empty: a leak");
  rte_pktmbuf_attach_extbuf(packet, memory, 0, static_cast<std::uint16_t>(room), &shared->info);
  packet->data_off = sizeof(Shared);
  packet->data_len = static_cast<std::uint16_t>(size);
  packet->pkt_len = static_cast<std::uint32_t>(size);
  return packet;
}

rte_mbuf* chain(const Bytes& frame, unsigned segments) {
  const std::size_t each = frame.size() / segments;
  rte_mbuf* const head = buffer(frame.data(), segments == 1 ? frame.size() : each);
  for (unsigned i = 1; i < segments; ++i) {
    const std::size_t from = i * each, to = i + 1 == segments ? frame.size() : from + each;
    require(rte_pktmbuf_chain(head, buffer(frame.data() + from, to - from)) == 0, "chain");
  }
  return head;
}

constexpr std::uint32_t kSwitchDestinations[] = {0x0a000709, 0x0a00070a, 0x0a000701, 0xc6120001,
                                                 0xc6130001, 0x0a000009, 0x0a0007ff, 0xffffffff};

/// Makes what would end early, by its MAC or checksum, go further.
void mend(Bytes& frame, unsigned how, InterfaceId interface, unsigned variant) {
  constexpr std::uint32_t kDestinations[] = {0xc6120001, 0xc6130001, 0xc6140001, 0xc0000207,
                                             0x0a000001, 0x0a000109, 0x0a0001ff, 0xffffffff};
  if ((how & 1) != 0 && frame.size() >= 6) own_mac(interface).store(frame.data());
  if ((how & 2) != 0 && frame.size() >= 14) {
    frame[12] = 8;
    frame[13] = (how & 4) != 0 && frame.size() < 100 ? 6 : 0;
  }
  if ((how & 8) == 0 || frame.size() < kEthernet + sizeof(wire::Ipv4)) return;
  wire::Ipv4& ip = ip_of(frame);
  ip.version_ihl = static_cast<std::uint8_t>(0x40 | (ip.version_ihl & 15));
  if ((how & 16) != 0) {
    ip.destination.set(
        ((variant & kSwitched) != 0 ? kSwitchDestinations : kDestinations)[how >> 5 & 7]);
    ip.source.set(0x0a000009);
    ip.total_length.set(static_cast<std::uint16_t>(frame.size() - kEthernet));
  }
  if (kEthernet + ip.header_length() <= frame.size()) frame = with_checksum(std::move(frame));
}

void add_vlan(Snapshot& snapshot, InterfaceId id, std::uint16_t vlan) {
  Interface& interface = snapshot.interfaces[id];
  interface.id = id;
  interface.kind = InterfaceKind::vlan;
  interface.carrier = kLan;
  interface.mac = own_mac(kLan);
  interface.tags = {.count = 1, .tag = {{{wire::ether_type::kVlan, vlan}, {}}}};
}

std::unique_ptr<Snapshot> switched(unsigned variant) {
  auto snapshot = the_lab->routed();
  snapshot->interfaces.resize(kOwn + 1u);
  add_vlan(*snapshot, kLan10, 10);
  add_vlan(*snapshot, kLan20, 20);
  static const auto vlans = [] {
    auto map = std::make_shared<VlanMap>();
    map->customer[10] = kLan10;
    map->customer[20] = kLan20;
    return map;
  }();
  Interface& lan = snapshot->interfaces[kLan];
  lan.vlans = vlans;
  lan.mirror_in = lan.mirror_out = 1;
  snapshot->mirrors = {{}, {.interface = kNarrow}};
  Interface& own = snapshot->interfaces[kOwn];
  own.id = kOwn;
  own.kind = InterfaceKind::bridge;
  own.bridge = 1;
  own.mac = kBridgeMac;
  own.addresses = the_lab->forwarding().own_addresses(kOwn);

  snapshot->bridges.resize(2);
  Bridge& bridge = snapshot->bridges[1];
  bridge.id = 1;
  bridge.interface = kOwn;
  bridge.routed = bridge.spanning_tree = bridge.igmp_snooping = true;
  bridge.own_storm =
      PolicerRate(1'000, 64, static_cast<double>(the_lab->dataplane().ticks_per_second()));
  bridge.flooding = (variant & kLooped) != 0 ? 0b1101 : 0b1111;
  bridge.unregistered = 0b0101;
  for (unsigned m = 0; m < std::size(kMembers); ++m) {
    Interface& interface = snapshot->interfaces[kMembers[m]];
    interface.switched = true;
    interface.bridge = 1;
    interface.member = static_cast<std::uint8_t>(m);
    BridgeMember member{.interface = kMembers[m]};
    member.storm.fill(bridge.own_storm);
    member.reachable = MemberSet{0b1111} & ~member_bit(m);
    if ((variant & kSplit) != 0 && m < 2) member.reachable &= MemberSet{0b1100};
    if ((variant & kBlocked) != 0) {
      member.reachable &= ~member_bit(3);
      member.forwarding = m != 3;
      bridge.flooding &= ~member_bit(3);
    }
    bridge.members.push_back(member);
  }
  return snapshot;
}

/// The subnet of the bridge: a route to it while there is one.
void route_to_switch(bool there) {
  const Ipv4Prefix subnet{{10, 0, 7, 0}, 24}, own{{10, 0, 7, 1}, 32};
  if (!there) {
    the_lab->forwarding().remove(subnet);
    the_lab->forwarding().remove(own);
    return;
  }
  control::Target connected = by_gateways({{kOwn, {}}});
  connected.subnet = subnet;
  the_lab->install(subnet, connected);
  the_lab->install(own, by_verdict(Egress::local));
}

void choose(unsigned variant) {
  static unsigned chosen = 0;
  if ((variant & kSwitched) == 0) variant = 0;
  if (variant == chosen) return;
  if ((chosen & kSwitched) != (variant & kSwitched)) route_to_switch(variant != 0);
  chosen = variant;
  the_lab->dataplane().publish(variant == 0 ? the_lab->routed() : switched(variant));
}

void set_up_switch() {
  the_lab->forwarding().add_interface(kOwn, kBridgeMac, {{{10, 0, 7, 1}, 24}});
  // Of 9 and 10 nobody knows where they are, but of 10 the table does by now.
  the_lab->forwarding().follow_stations(kOwn, [](InterfaceId own, MacAddress) { return own; });
  the_lab->forwarding().resolved(kOwn, {10, 0, 7, 9}, kStranger);
  the_lab->forwarding().resolved(kOwn, {10, 0, 7, 10}, kFixedMac);
  Fdb& fdb = *the_lab->dataplane().fdb();
  MulticastSets& sets = the_lab->dataplane().multicast();
  const std::uint16_t group = *sets.allocate();
  sets.store(group, 0b1010);
  const std::pair<MacAddress, FdbWhere> stations[] = {
      {kHostMac, FdbWhere::station(kLan)},  {gateway_mac(kWan, 2), FdbWhere::station(kWan)},
      {kFixedMac, FdbWhere::fixed(kLan20)}, {gateway_mac(kWan, 3), FdbWhere::station(kLan10)},
      {kBridgeMac, FdbWhere::fixed(kOwn)},  {kGroupMac, FdbWhere::group(group)}};
  for (const auto& [mac, where] : stations)
    require(fdb.insert(station_key(1, mac), where, 0).has_value(), "no room for a station");
}

/// Addresses and tags that a switch knows.
void mend_for_switch(Bytes& frame, unsigned how) {
  const MacAddress to[] = {kHostMac,
                           gateway_mac(kWan, 2),
                           gateway_mac(kWan, 3),
                           kFixedMac,
                           kStranger,
                           kBridgeMac,
                           kGroupMac,
                           {}};
  const MacAddress from[] = {kHostMac, gateway_mac(kWan, 2), kBridgeMac, {}};
  if (frame.size() < kEthernet) return;
  const MacAddress destination = to[how & 7], source = from[how >> 6 & 3];
  if (!destination.is_zero()) destination.store(frame.data());
  if (!source.is_zero()) source.store(frame.data() + 6);
  constexpr std::uint16_t kQ = wire::ether_type::kVlan, kAd = wire::ether_type::kQinQ;
  switch (how >> 3 & 7) {
    case 1:
    case 2:
      frame = tagged(frame, 0xe00a, kQ);
      return;
    case 3:
      frame = tagged(frame, 20, kQ);
      return;
    case 4:
      frame = tagged(frame, 0x6000, kQ);
      return;
    case 5:
      frame = tagged(tagged(frame, 20, kQ), 10, kAd);
      return;
    default:
      return;
  }
}

void check_switched(InterfaceId interface, const rte_mbuf* packet) {
  require(packet->nb_segs == 1 && packet->pkt_len == packet->data_len, "a chain was sent");
  // Copies go to `narrow` whatever they are.
  if (interface == kNarrow) return;
  require(packet->data_len >= kEthernet, "a short frame was sent");
  require(packet->data_len <= 1500 + kEthernet + (interface == kLan ? 4 : 0), "beyond the MTU");
  const auto* const frame = rte_pktmbuf_mtod(packet, const std::uint8_t*);
  require(MacAddress::load(frame + 6).is_station(), "sent with a group as the source");
}

void check_sent(InterfaceId interface, const rte_mbuf* packet) {
  require(packet->nb_segs == 1 && packet->pkt_len == packet->data_len, "a chain was sent");
  require(packet->data_len >= 34, "a short frame was sent");
  const auto* const frame = rte_pktmbuf_mtod(packet, const std::uint8_t*);
  require(MacAddress::load(frame + 6) == own_mac(interface), "sent with a foreign MAC");
  if (frame[13] == 6) return;
  const auto& ip = *reinterpret_cast<const wire::Ipv4*>(frame + kEthernet);
  require(ip.version() == 4 && ip.ttl != 0, "sent without a hop left");
  require(ip.total_length.get() <= (interface == kNarrow ? kNarrowMtu : 1500), "beyond the MTU");
  require(checksum::verify({frame + kEthernet, ip.header_length()}), "a wrong checksum was sent");
}

/// Rounds at one moment, `ticks` after the last one, until nothing waits.
void run_rounds(std::uint64_t ticks, unsigned variant) {
  const std::uint64_t now = the_lab->now() + ticks;
  const auto check = (variant & kSwitched) != 0 ? check_switched : check_sent;
  while (the_lab->round_at(now) != 0) the_lab->collect(check);
}

void finish() {
  while (const PacketBuffer punt = the_lab->dataplane().next_punt()) {
    const PuntMeta& meta = punt_meta(punt.get());
    require(meta.interface >= kLan && meta.interface <= kOwn, "punted from nowhere");
    require(punt->pkt_len == punt->data_len, "a chain was punted");
  }
  LearnReport reports[64];
  while (const unsigned count = the_lab->dataplane().take_reports(reports, 64))
    for (unsigned i = 0; i < count; ++i) {
      require(bridge_of(reports[i].key) == 1, "learnt in no bridge");
      require(mac_of(reports[i].key).is_station(), "learnt what is no station");
    }
  const std::string imbalance = the_lab->imbalance();
  require(imbalance.empty(), imbalance.c_str());
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  the_lab = std::make_unique<Lab>(LabShape{.stations = 256});
  set_up_switch();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  unsigned waiting = 0;
  const unsigned variant = input.byte() % kVariants;
  choose(variant);
  while (!input.empty()) {
    const unsigned shape = input.byte(), how = input.byte();
    const std::size_t length = input.byte() | (input.byte() & 15) << 8;
    const auto interface = static_cast<InterfaceId>(kLan + shape % kCables);
    Bytes frame = input.bytes(length);
    mend(frame, how, interface, variant);
    if ((variant & kSwitched) != 0) mend_for_switch(frame, input.byte());
    // The same one many times over fills bursts, rings and budgets.
    const unsigned copies = (shape & 0x40) != 0 ? 1 + (shape >> 2 & 15) : 1;
    for (unsigned i = 0; i < copies; ++i) {
      rte_mbuf* const packet = chain(frame, (shape & 0xb0) == 0xb0 ? 2 + (shape & 1) : 1);
      the_lab->arrive(interface, {&packet, 1});
    }
    waiting += copies;
    if ((shape & 0x80) != 0 || waiting > Burst::kSize) {
      run_rounds((shape & 1) != 0 ? 0 : the_lab->dataplane().ticks_per_second() / 100, variant);
      waiting = 0;
    }
  }
  run_rounds(the_lab->dataplane().ticks_per_second(), variant);
  finish();
  return 0;
}
