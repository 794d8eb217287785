// A switch with two access ports and two trunks in one bridge, which has an address of its own, and
// two ports beside it:
//
//   a ---untagged-----+
//   b ---untagged-----+        +--- own (10.0.0.1/24)
//   c ---VLAN 10------+-bridge-+
//   d ---VLAN 10------+
//   d ---VLAN 30------+            c ---VLAN 20 (10.0.2.1/24, routed)
//   d ---5 (802.1ad), 7---+        e (10.0.1.1/24, routed)
//                                  m (where mirrors go)
//
// Each member has one station, which the bridge knows: host(member).
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "tests/unit/dataplane/lab.hpp"

namespace weir::test {

inline constexpr unsigned kSwitchCables = 6;
inline constexpr InterfaceId kA = 6, kB = 7, kC = 8, kD = 9, kE = 10, kM = 11, kC10 = 12, kC20 = 13,
                             kD10 = 14, kD30 = 15, kD57 = 16, kD5 = 17, kOwn = 18;
inline constexpr std::array<InterfaceId, 6> kMembers{kA, kB, kC10, kD10, kD30, kD57};
inline constexpr unsigned kMemberCount = kMembers.size();
inline constexpr MemberSet kAllMembers = (MemberSet{1} << kMemberCount) - 1;
inline constexpr BridgeId kBridge = 1;

constexpr MacAddress host(unsigned member) {
  return {{2, 0, 0, 0, 1, static_cast<std::uint8_t>(member)}};
}
constexpr MacAddress port_mac(InterfaceId port) {
  return {{2, 0, 0, 0, 2, static_cast<std::uint8_t>(port)}};
}
constexpr Ipv4Address subnet_host(std::uint8_t subnet, std::uint8_t host) {
  return {10, 0, subnet, host};
}

/// A frame as the cable of a member has it; `priority` in the upper bits, as in a tag.
inline Sent on_wire(unsigned member, const Bytes& frame, std::uint16_t priority = 0) {
  constexpr InterfaceId kCable[] = {kA, kB, kC, kD, kD, kD};
  constexpr std::uint16_t kInner[] = {0, 0, 10, 10, 30, 7};
  Bytes wire = frame;
  const auto control = [&](unsigned id) { return static_cast<std::uint16_t>(priority | id); };
  if (kInner[member] != 0) wire = tagged(wire, control(kInner[member]), wire::ether_type::kVlan);
  if (kMembers[member] == kD57) wire = tagged(wire, control(5), wire::ether_type::kQinQ);
  return {kCable[member], std::move(wire)};
}

class SwitchLab : public Lab {
 public:
  SwitchLab() : Lab({.cables = kSwitchCables, .stations = 4096, .router = false}) {
    add_subnet(kOwn, kOwnMac, 0);
    add_subnet(kE, port_mac(kE), 1);
    add_subnet(kC20, port_mac(kC), 2);
    install({{255, 255, 255, 255}, 32}, by_verdict(Egress::local));
    forwarding().follow_stations(kOwn, [this](InterfaceId, MacAddress mac) {
      const auto slot = fdb().find(station_key(kBridge, mac));
      return slot ? fdb().where(*slot).interface() : kOwn;
    });
    group_ = *dataplane().multicast().allocate();
    reset();
  }

  Fdb& fdb() { return *dataplane().fdb(); }
  MulticastSets& multicast() { return dataplane().multicast(); }
  std::uint16_t group() const { return group_; }

  /// As drawn, with the stations of the members alone.
  void reset() {
    fdb().sweep(0, static_cast<std::uint32_t>(fdb().slots()),
                [&](FdbSlot slot) { fdb().erase(slot); });
    fdb().reclaim();
    for (unsigned m = 0; m < kMemberCount; ++m)
      add_station(host(m), FdbWhere::station(kMembers[m]));
    add_station(kOwnMac, FdbWhere::fixed(kOwn));
    change([](Snapshot&) {});
    LearnReport reports[64];
    while (dataplane().take_reports(reports, 64) != 0) {
    }
    drops();
  }
  /// The drawing, changed.
  void change(const std::function<void(Snapshot&)>& how) {
    auto snapshot = drawing();
    how(*snapshot);
    dataplane().publish(std::move(snapshot));
  }
  void add_station(MacAddress mac, FdbWhere where) {
    if (!fdb().insert(station_key(kBridge, mac), where, fdb().seconds()))
      throw std::runtime_error("no room for a station");
  }

 private:
  void add_subnet(InterfaceId id, MacAddress mac, std::uint8_t subnet) {
    forwarding().add_interface(id, mac, {{subnet_host(subnet, 1), 24}});
    control::Target connected = by_gateways({{id, {}}});
    connected.subnet = {subnet_host(subnet, 0), 24};
    install(connected.subnet, connected);
    install({subnet_host(subnet, 1), 32}, by_verdict(Egress::local));
    install({subnet_host(subnet, 255), 32}, by_verdict(Egress::subnet_broadcast, id));
  }

  static void add_vlan(Snapshot& snapshot, InterfaceId id, InterfaceId carrier, VlanTags tags) {
    Interface& vlan = snapshot.interfaces[id];
    vlan.kind = InterfaceKind::vlan;
    vlan.carrier = carrier;
    vlan.mac = port_mac(carrier);
    vlan.tags = tags;
    vlan.port = snapshot.interfaces[carrier].port;
  }
  static std::shared_ptr<const VlanMap> customers(
      std::initializer_list<std::pair<unsigned, InterfaceId>> ids) {
    auto map = std::make_shared<VlanMap>();
    for (const auto& [id, interface] : ids) map->customer[id] = interface;
    return map;
  }

  std::unique_ptr<Snapshot> drawing() {
    auto snapshot = std::make_unique<Snapshot>();
    snapshot->tables = dataplane().tables();
    snapshot->interfaces.resize(kOwn + 1u);
    snapshot->mirrors.resize(1);
    const ArpPolicy arp =
        control::arp_policy({}, {}, static_cast<double>(dataplane().ticks_per_second()));
    for (InterfaceId id = 0; id <= kOwn; ++id) {
      snapshot->interfaces[id].id = id;
      snapshot->interfaces[id].arp = arp;
    }
    for (InterfaceId id = kA; id <= kM; ++id) {
      Interface& port = snapshot->interfaces[id];
      port.mac = port_mac(id);
      port.carrier = id;
      port.port = dataplane().ports()[id]->number();
      port.switched = id != kE;
    }
    constexpr std::uint16_t kQ = wire::ether_type::kVlan, kAd = wire::ether_type::kQinQ;
    const VlanTags ten{.count = 1, .tag = {{{kQ, 10}, {}}}};
    add_vlan(*snapshot, kC10, kC, ten);
    add_vlan(*snapshot, kC20, kC, {.count = 1, .tag = {{{kQ, 20}, {}}}});
    add_vlan(*snapshot, kD10, kD, ten);
    add_vlan(*snapshot, kD30, kD, {.count = 1, .tag = {{{kQ, 30}, {}}}});
    add_vlan(*snapshot, kD5, kD, {.count = 1, .tag = {{{kAd, 5}, {}}}});
    add_vlan(*snapshot, kD57, kD, {.count = 2, .tag = {{{kAd, 5}, {kQ, 7}}}});
    snapshot->interfaces[kC].vlans = customers({{10, kC10}, {20, kC20}});
    auto on_d = std::make_shared<VlanMap>(*customers({{10, kD10}, {30, kD30}}));
    on_d->service[5] = kD5;
    snapshot->interfaces[kD].vlans = on_d;
    snapshot->interfaces[kD5].vlans = customers({{7, kD57}});
    add_bridge(*snapshot);
    for (const InterfaceId id : {kOwn, kE, kC20})
      snapshot->interfaces[id].addresses = forwarding().own_addresses(id);
    return snapshot;
  }
  static void add_bridge(Snapshot& snapshot) {
    snapshot.bridges.resize(2);
    Bridge& bridge = snapshot.bridges[kBridge];
    bridge.id = kBridge;
    bridge.interface = kOwn;
    bridge.routed = true;
    bridge.flooding = bridge.unregistered = kAllMembers;
    bridge.members.resize(kMemberCount);
    for (unsigned m = 0; m < kMemberCount; ++m) {
      bridge.members[m].interface = kMembers[m];
      bridge.members[m].reachable = kAllMembers & ~member_bit(m);
      Interface& member = snapshot.interfaces[kMembers[m]];
      member.bridge = kBridge;
      member.member = static_cast<std::uint8_t>(m);
    }
    Interface& own = snapshot.interfaces[kOwn];
    own.kind = InterfaceKind::bridge;
    own.bridge = kBridge;
    own.mac = kOwnMac;
  }

  std::uint16_t group_ = 0;
};

/// The process's one switch. Made by switching_test.cpp.
SwitchLab& switch_lab();

}  // namespace weir::test
