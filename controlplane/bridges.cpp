#include "controlplane/bridges.hpp"

#include <algorithm>
#include <bit>

#include "controlplane/bridges_engine.hpp"

namespace weir::control {
namespace {

constexpr std::uint32_t kAssumedSpeed = 10'000;  // Mb/s
constexpr double kSmallestBurst = 64, kBurstSeconds = 0.01;
/// Of a storm's rate, on the wire: 64 bytes, preamble and gap.
constexpr double kWireBits = 84 * 8;

}  // namespace

double packets_a_second(const config::PacketRate& rate, std::uint32_t speed_mbps) {
  if (rate.kind == config::PacketRate::Kind::unlimited) return 0;
  if (rate.kind == config::PacketRate::Kind::pps)
    return std::max(1.0, static_cast<double>(rate.value));
  const double line = (speed_mbps == 0 ? kAssumedSpeed : speed_mbps) * 1e6 / kWireBits;
  return std::max(1.0, line * static_cast<double>(rate.value) / 10'000);
}

/// What the stations engine has others do.
class Bridges::StationHooks final : public StationActions {
 public:
  explicit StationHooks(Bridges& bridges) : bridges_(bridges) {}
  void station_changed(const StationChange& change) override { bridges_.station_changed(change); }
  void set_flooding(BridgeId, InterfaceId, bool) override { bridges_.actions_.bridges_changed(); }
  void event(const StationEvent& event) override { bridges_.station_event(event); }

 private:
  Bridges& bridges_;
};

Bridges::Bridges(const Clock& clock, const Interfaces& interfaces, Dataplane& dataplane,
                 Forwarding& forwarding, BridgeActions& actions)
    : interfaces_(interfaces),
      dataplane_(dataplane),
      forwarding_(forwarding),
      actions_(actions),
      clock_(clock),
      hooks_(std::make_unique<StationHooks>(*this)),
      stations_(clock, *dataplane.fdb(), *hooks_),
      configs_(kMaxBridges),
      own_(kMaxBridges),
      own_addresses_(kMaxBridges),
      engines_(kMaxBridges),
      members_(kMaxBridges),
      groups_(kMaxBridges) {}

Bridges::~Bridges() = default;

Bridges::Member* Bridges::find(BridgeId bridge, InterfaceId interface) {
  for (Member& member : members_[bridge])
    if (member.interface == interface) return &member;
  return nullptr;
}

Bridges::Member* Bridges::member_of(InterfaceId interface) {
  return find(interfaces_[interface].bridge, interface);
}

Bridges::Engine* Bridges::engine_of(InterfaceId interface) {
  return engines_[interfaces_[interface].bridge].get();
}

MemberSet Bridges::flooding(BridgeId bridge) const {
  MemberSet set = 0;
  for (const Member& member : members_[bridge])
    if (member.link.up && member.forwarding && stations_.floods(member.interface))
      set |= member_bit(interfaces_[member.interface].member);
  return set;
}

std::vector<Bridge> Bridges::snapshot() const {
  std::vector<Bridge> result(kMaxBridges);
  for (const BridgeId id : interfaces_.bridges()) result[id] = snapshot_of(id);
  return result;
}

Bridge Bridges::snapshot_of(BridgeId id) const {
  const auto ticks = static_cast<double>(dataplane_.ticks_per_second());
  const config::Bridge& config = config_of(id);
  const auto rate = [&](const config::PacketRate& limit, std::uint32_t speed) {
    const double pps = packets_a_second(limit, speed);
    return pps == 0 ? PolicerRate{}
                    : PolicerRate{pps, std::max(kSmallestBurst, pps * kBurstSeconds), ticks};
  };
  Bridge bridge;
  bridge.id = id;
  bridge.interface = own_[id];
  bridge.routed = !interfaces_[own_[id]].addresses.empty();
  bridge.spanning_tree = config.spanning_tree.enabled;
  bridge.igmp_snooping = config.igmp_snooping.enabled;
  bridge.flooding = flooding(id);
  bridge.unregistered = engines_[id]->settled() ? engines_[id]->routers() : bridge.flooding;
  bridge.smallest_mtu = 65535;
  bridge.own_storm = rate(config.storm_control.unknown_unicast, 0);
  bridge.members.resize(kMaxBridgeMembers, {.learning = false, .forwarding = false});
  for (const Member& each : members_[id]) {
    const InterfaceRow& row = interfaces_[each.interface];
    const config::StormControl& storm = each.config.storm_control.value_or(config.storm_control);
    const std::uint32_t speed = each.link.speed_mbps;
    bridge.smallest_mtu = std::min(bridge.smallest_mtu, row.mtu);
    BridgeMember& member = bridge.members[row.member];
    member = {.interface = each.interface,
              .learning = each.config.learning && each.learning,
              .forwarding = each.forwarding,
              .storm = {rate(storm.broadcast, speed), rate(storm.multicast, speed),
                        rate(storm.unknown_unicast, speed)}};
    for (const Member& other : members_[id]) {
      const bool apart = (each.config.isolated && other.config.isolated) ||
                         (each.config.split_horizon != 0 &&
                          each.config.split_horizon == other.config.split_horizon);
      if (&each != &other && other.forwarding && !apart)
        member.reachable |= member_bit(interfaces_[other.interface].member);
    }
  }
  return bridge;
}

unsigned Bridges::serve_reports() {
  std::array<LearnReport, 64> reports;
  unsigned served = 0;
  while (served < kReportsPerTurn) {
    const unsigned count = dataplane_.take_reports(reports.data(), reports.size());
    for (unsigned i = 0; i < count; ++i) {
      const LearnReport& report = reports[i];
      const BridgeId bridge = bridge_of(report.key);
      // What came in before its member was blocked does not count.
      if (report.own_source != 0)
        stations_.own_source(bridge, report.interface);
      else if (const Member* member = find(bridge, report.interface); member && member->learning)
        stations_.learn(bridge, mac_of(report.key), report.interface);
    }
    served += count;
    if (count < reports.size()) break;
  }
  return served;
}

bool Bridges::serve_bpdu(InterfaceId interface, std::span<const std::uint8_t> frame) {
  Engine* const engine = engine_of(interface);
  constexpr std::size_t kHeader = sizeof(wire::Ethernet) + kLlc.size();
  if (engine == nullptr || !engine->tree() || frame.size() <= kHeader) return false;
  const auto& ethernet = *reinterpret_cast<const wire::Ethernet*>(frame.data());
  const std::size_t length = ethernet.type.get();
  if (!std::equal(kLlc.begin(), kLlc.end(), frame.data() + sizeof ethernet) ||
      length <= kLlc.size() || length > frame.size() - sizeof ethernet)
    return false;
  engine->tree()->receive(interface, frame.subspan(kHeader, length - kLlc.size()));
  return true;
}

bool Bridges::serve_igmp(InterfaceId interface, std::span<const std::uint8_t> frame) {
  const BridgeId bridge = interfaces_[interface].bridge;
  Engine* const engine = engine_of(interface);
  if (engine == nullptr || !engine->snooping()) return false;
  auto& snooping = engine->snooping();
  const auto packet = frame.subspan(sizeof(wire::Ethernet));
  const auto& ip = *reinterpret_cast<const wire::Ipv4*>(packet.data());
  if (ip.protocol == wire::ip_protocol::kPim) {
    constexpr std::uint8_t kHello = 0x20;  // version 2, type 0 (RFC 7761 section 4.9)
    if (packet.size() > ip.header_length() && packet[ip.header_length()] == kHello)
      snooping->pim_hello(interface);
    return true;
  }
  switch (snooping->receive(interface, packet)) {
    case IgmpForward::all:
      send_on(bridge, interface, flooding(bridge), frame);
      return true;
    case IgmpForward::routers:
      send_on(bridge, interface, flooding(bridge) & engine->routers(), frame);
      return true;
    case IgmpForward::none:
      break;
  }
  return false;
}

void Bridges::send_on(BridgeId bridge, InterfaceId came_by, MemberSet targets,
                      std::span<const std::uint8_t> frame) {
  const auto& members = dataplane_.snapshot().bridges[bridge].members;
  targets &= members[interfaces_[came_by].member].reachable;
  for (; targets != 0; targets &= targets - 1)
    actions_.send_frame(members[static_cast<unsigned>(std::countr_zero(targets))].interface, frame);
}

void Bridges::set_link(InterfaceId port, LinkState link) {
  for (const BridgeId id : interfaces_.bridges()) {
    for (Member& member : members_[id]) {
      if (interfaces_[member.interface].carrier != port) continue;
      const bool was_up = member.link.up;
      member.link = link;
      // Whoever was there may be elsewhere by the time the link is back.
      if (was_up && !link.up) stations_.fast_age(id, member.interface);
      engines_[id]->set_link(member);
    }
  }
  actions_.bridges_changed();
}

unsigned Bridges::tick() {
  unsigned done = stations_.tick();
  for (const BridgeId id : interfaces_.bridges()) {
    Engine& engine = *engines_[id];
    if (engine.tree()) {
      const std::uint64_t before = engine.tree()->topology_changes();
      engine.tree()->tick();
      if (engine.snooping() && engine.tree()->topology_changes() != before)
        engine.snooping()->topology_change();
    }
    if (engine.snooping()) done += engine.snooping()->tick();
  }
  return done;
}

MemberSet Bridges::set_of(BridgeId bridge, std::span<const InterfaceId> interfaces) const {
  MemberSet set = 0;
  for (const InterfaceId interface : interfaces)
    if (interfaces_[interface].bridge == bridge) set |= member_bit(interfaces_[interface].member);
  return set;
}

void Bridges::store_group(BridgeId bridge, const Group& group) {
  MemberSet members = engines_[bridge]->routers();
  for (const auto& [ip, wanted] : group.wanted) members |= wanted;
  dataplane_.multicast().store(group.set, members);
}

void Bridges::set_group(BridgeId bridge, Ipv4Address ip, std::span<const InterfaceId> members) {
  auto& groups = groups_[bridge];
  const MacAddress mac = group_mac(ip);
  const StationKey key = station_key(bridge, mac);
  Fdb& fdb = *dataplane_.fdb();
  const MemberSet set = set_of(bridge, members);
  auto at = groups.find(mac);
  if (at == groups.end()) {
    if (set == 0) return;
    const auto index = dataplane_.multicast().allocate();
    // Without room it stays unregistered.
    if (!index || !fdb.insert(key, FdbWhere::group(*index), 0)) {
      if (index) dataplane_.multicast().release(*index);
      ++groups_refused_;
      return;
    }
    at = groups.emplace(mac, Group{.set = *index}).first;
  }
  Group& group = at->second;
  if (set == 0)
    group.wanted.erase(ip);
  else
    group.wanted[ip] = set;
  if (!group.wanted.empty()) return store_group(bridge, group);
  if (const auto slot = fdb.find(key)) fdb.erase(*slot);
  dataplane_.multicast().release(group.set);
  groups.erase(at);
}

void Bridges::station_changed(const StationChange& change) {
  if (change.before != change.now) {
    const InterfaceId own = own_[change.bridge];
    forwarding_.station_moved(own, change.mac, change.now.value_or(own));
  }
  actions_.station_changed(change);
}

/// Two hosts with one address, or one whose frames go round? In a loop a frame of our own comes
/// back by another member: `own_source` then knows for certain.
void Bridges::probe_for_loop(BridgeId bridge, InterfaceId member) {
  const std::array<std::uint8_t, 46> nothing{};
  actions_.send_frame(member, frame_of(MacAddress::broadcast(), interfaces_[own_[bridge]].mac,
                                       wire::ether_type::kLoopback, nothing));
}

void Bridges::station_event(const StationEvent& event) {
  if (event.kind == StationEvent::Kind::frozen) {
    probe_for_loop(event.bridge, event.interface);
    probe_for_loop(event.bridge, event.other);
  }
  actions_.tell(event_record(event));
}

void Bridges::neighbor_at(InterfaceId own, Ipv4Address ip, std::optional<MacAddress> mac) {
  const BridgeId bridge = interfaces_[own].bridge;
  const std::uint64_t key = std::uint64_t{own} << 32 | ip.value();
  if (const auto at = pinned_.find(key); at != pinned_.end()) {
    if (mac && at->second == *mac) return;
    stations_.unpin(bridge, at->second);
    pinned_.erase(at);
  }
  if (!mac) return;
  stations_.pin(bridge, *mac);
  pinned_.emplace(key, *mac);
}

}  // namespace weir::control
