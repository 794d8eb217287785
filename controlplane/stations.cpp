#include "controlplane/stations.hpp"

#include <algorithm>

namespace weir::control {
namespace {

using What = StationChange::What;
using Cause = StationChange::Cause;

constexpr Duration kAgeStep = std::chrono::seconds{1};

/// Steps begin at full seconds, so that the workers' clock is never a second late.
TimePoint step_after(TimePoint now, Duration period) { return (now / period + 1) * period; }

}  // namespace

Stations::Stations(const Clock& clock, Fdb& fdb, StationActions& actions)
    : clock_(clock),
      actions_(actions),
      table_(fdb),
      pins_(0, StationHash{fdb.reader()}),
      moving_(kMaxMoving, StationHash{fdb.reader()}),
      frozen_(kMaxFrozen, StationHash{fdb.reader()}),
      sweep_period_(kAgeStep / std::max<std::size_t>(fdb.slots() / kSweepStep, 1)),
      next_sweep_(step_after(clock.now(), sweep_period_)) {
  fdb.set_seconds(seconds());
}

std::uint32_t Stations::seconds() const {
  return static_cast<std::uint32_t>(clock_.now() / kAgeStep) & FdbSeen::kSeconds;
}

// --- bridges and members

bool Stations::set_bridge(BridgeId bridge, const BridgeStationSettings& settings) {
  if (bridge == 0 || bridge >= kMaxBridges) return false;
  bridge_count_ += !bridges_[bridge].exists;
  bridges_[bridge].exists = true;
  bridges_[bridge].settings = settings;
  return true;
}

bool Stations::is_member(BridgeId bridge, InterfaceId interface) const {
  return bridge != 0 && interface < kMaxInterfaces && members_[interface].bridge == bridge;
}

bool Stations::set_member(BridgeId bridge, InterfaceId interface,
                          const MemberStationSettings& settings) {
  if (bridge >= kMaxBridges || !bridges_[bridge].exists || interface >= kMaxInterfaces)
    return false;
  Member& member = members_[interface];
  if (member.bridge != bridge) {
    if (bridges_[bridge].members.size() >= kMaxBridgeMembers) return false;
    if (member.bridge != 0) remove_member(member.bridge, interface);
    bridges_[bridge].members.push_back(interface);
    member.bridge = bridge;
  }
  member.settings = settings;
  return true;
}

void Stations::remove_member(BridgeId bridge, InterfaceId interface) {
  if (!is_member(bridge, interface)) return;
  const auto all = static_cast<std::uint32_t>(table_.fdb().slots());
  constexpr Why kGone{What::removed, Cause::command};
  flush_member(interface, kGone);
  table_.sweep(0, all, [&](FdbSlot slot) {
    if (table_.interface(slot) == interface) forget(slot, kGone);
  });
  leave(bridge, interface);
}

/// Who has no stations any more.
void Stations::leave(BridgeId bridge, InterfaceId interface) {
  if (members_[interface].contained) contained_.erase({members_[interface].until, interface});
  members_[interface] = {};
  std::erase(bridges_[bridge].members, interface);
}

void Stations::remove_bridge(BridgeId bridge) {
  if (bridge >= kMaxBridges || !bridges_[bridge].exists) return;
  table_.sweep(0, static_cast<std::uint32_t>(table_.fdb().slots()), [&](FdbSlot slot) {
    if (bridge_of(table_.fdb().key(slot)) == bridge) forget(slot, {What::removed, Cause::command});
  });
  while (!bridges_[bridge].members.empty()) leave(bridge, bridges_[bridge].members.back());
  loops_.forget(bridge);
  bridges_[bridge] = {};
  --bridge_count_;
}

// --- coming and going

std::optional<FdbSlot> Stations::add(StationKey key, StationKind kind, InterfaceId interface) {
  const BridgeId bridge = bridge_of(key);
  auto slot = table_.add(key, kind, interface, seconds());
  // The FDB may be smaller than the limits of all bridges together.
  const bool full = table_.fdb().size() >= table_.fdb().capacity();
  if (!slot && full && evict_for(bridge, interface))
    slot = table_.add(key, kind, interface, seconds());
  if (!slot) return std::nullopt;
  StationCounters& counters = bridges_[bridge].counters;
  ++(kind == StationKind::learnt ? counters.stations : counters.statics);
  if (!pins_.empty() && pins_.contains(key)) set_pinned(*slot, true);
  const bool learnt = kind == StationKind::learnt;
  tell(key, {}, interface,
       {learnt ? What::learnt : What::added, learnt ? Cause::frame : Cause::command, interface});
  return slot;
}

void Stations::tell(StationKey key, std::optional<InterfaceId> before,
                    std::optional<InterfaceId> now, const Why& why) {
  actions_.station_changed(
      {bridge_of(key), mac_of(key), before, now, why.what, why.cause, why.arrival});
}

void Stations::forget(FdbSlot slot, const Why& why) {
  const StationKey key = table_.fdb().key(slot);
  StationCounters& counters = bridges_[bridge_of(key)].counters;
  if (table_.pinned(slot)) set_pinned(slot, false);
  --(table_.kind(slot) == StationKind::learnt ? counters.stations : counters.statics);
  const InterfaceId before = table_.interface(slot);
  table_.erase(slot);
  forget_moves(key);
  tell(key, before, {}, why);
}

void Stations::relocate(FdbSlot slot, InterfaceId to, const Why& why) {
  const InterfaceId before = table_.interface(slot);
  if (before == to) return;
  table_.move(slot, to);
  tell(table_.fdb().key(slot), before, to, why);
}

void Stations::set_pinned(FdbSlot slot, bool pinned) {
  if (table_.pinned(slot) == pinned) return;
  std::uint32_t& count = bridges_[bridge_of(table_.fdb().key(slot))].counters.pinned;
  count += pinned ? 1u : -1u;
  table_.set_pinned(slot, pinned);
}

void Stations::refuse(StationKey key, InterfaceId interface) {
  ++bridges_[bridge_of(key)].counters.refused;
  event({StationEvent::Kind::table_full, bridge_of(key), mac_of(key), interface, interface});
}

void Stations::event(const StationEvent& event) {
  if (event_budget_[static_cast<std::size_t>(event.kind)].take(clock_.now())) {
    actions_.event(event);
  } else {
    ++totals_.events_suppressed;
  }
}

// --- room

std::uint32_t Stations::limit_of(InterfaceId interface) const {
  const Member& member = members_[interface];
  return member.settings.max_stations.value_or(bridges_[member.bridge].settings.max_per_interface);
}

std::uint32_t Stations::stations_of(InterfaceId interface) const {
  return table_.learnt(interface);
}

bool Stations::evict_from(InterfaceId interface, InterfaceId newcomer, unsigned& looks) {
  const auto victim = table_.victim(interface, seconds(), looks);
  if (!victim) return false;
  ++bridges_[members_[interface].bridge].counters.evictions;
  forget(*victim, {What::evicted, Cause::limit, newcomer});
  return true;
}

/// From the interface with most learnt stations, and so on down to the newcomer's own number.
bool Stations::evict_for(BridgeId bridge, InterfaceId newcomer) {
  std::uint64_t tried = 0;  // a bit for each member
  const auto& members = bridges_[bridge].members;
  const std::uint32_t fewest =
      is_member(bridge, newcomer) ? std::max(table_.learnt(newcomer), 1u) : 1u;
  unsigned left = kMaxLooks;
  while (left > 0) {
    std::size_t most = members.size();
    for (std::size_t i = 0; i < members.size(); ++i) {
      const std::uint32_t learnt = table_.learnt(members[i]);
      if ((tried >> i & 1) != 0 || learnt < fewest) continue;
      if (most == members.size() || learnt > table_.learnt(members[most])) most = i;
    }
    if (most == members.size()) return false;
    tried |= std::uint64_t{1} << most;
    unsigned looks = std::max(left / 2, 1u);
    left -= looks;
    if (evict_from(members[most], newcomer, looks)) return true;
    left += looks;
  }
  return false;
}

bool Stations::room_on(InterfaceId interface) {
  // Two, so that a lowered limit is reached.
  unsigned gone = 0;
  for (; gone < 2 && table_.learnt(interface) >= limit_of(interface); ++gone) {
    unsigned looks = kMaxLooks;
    if (!evict_from(interface, interface, looks)) break;
  }
  return gone > 0 || table_.learnt(interface) < limit_of(interface);
}

bool Stations::room_in(BridgeId bridge, InterfaceId newcomer) {
  const Bridge& b = bridges_[bridge];
  unsigned gone = 0;
  while (gone < 2 && b.counters.stations >= b.settings.max && evict_for(bridge, newcomer)) ++gone;
  return gone > 0 || b.counters.stations < b.settings.max;
}

// --- learning

void Stations::learn(BridgeId bridge, MacAddress mac, InterfaceId interface) {
  if (!is_member(bridge, interface) || !members_[interface].settings.learning) return;
  if (!mac.is_station()) return;  // IEEE 802.1Q-2018 section 8.7: individual addresses only
  const StationKey key = station_key(bridge, mac);
  const auto slot = table_.find(key);
  if (!slot) return newcomer(key, interface);
  if (table_.kind(*slot) != StationKind::learnt) return;
  if (table_.interface(*slot) != interface) return moved(*slot, key, interface);
  const std::uint32_t two_way = table_.fdb().seen(*slot).raw() & FdbSeen::kTwoWay;
  table_.fdb().set_seen(*slot, FdbSeen{seconds() | two_way});
}

void Stations::newcomer(StationKey key, InterfaceId interface) {
  const BridgeId bridge = bridge_of(key);
  if (!room_on(interface) || !room_in(bridge, interface) ||
      !add(key, StationKind::learnt, interface)) {
    return refuse(key, interface);
  }
  ++bridges_[bridge].counters.learnt;
}

bool Stations::add_static(BridgeId bridge, MacAddress mac, InterfaceId interface) {
  return mac.is_station() && is_member(bridge, interface) &&
         add_fixed(station_key(bridge, mac), StationKind::configured, interface);
}

bool Stations::add_own(BridgeId bridge, MacAddress mac, InterfaceId own) {
  return mac.is_station() && bridge != 0 && bridge < kMaxBridges && bridges_[bridge].exists &&
         own < kMaxInterfaces && add_fixed(station_key(bridge, mac), StationKind::own, own);
}

bool Stations::add_fixed(StationKey key, StationKind kind, InterfaceId interface) {
  if (const auto slot = table_.find(key)) {
    if (table_.kind(*slot) == kind) {
      relocate(*slot, interface, {What::moved, Cause::command});
      return true;
    }
    if (table_.kind(*slot) == StationKind::own) return false;
    forget(*slot, {What::removed, Cause::command});
  }
  if (add(key, kind, interface)) return true;
  refuse(key, interface);
  return false;
}

bool Stations::remove_fixed(BridgeId bridge, MacAddress mac) {
  const auto slot = table_.find(station_key(bridge, mac));
  if (!slot || table_.kind(*slot) == StationKind::learnt ||
      table_.kind(*slot) == StationKind::none) {
    return false;
  }
  forget(*slot, {What::removed, Cause::command});
  return true;
}

// --- pins

void Stations::pin(BridgeId bridge, MacAddress mac) {
  const StationKey key = station_key(bridge, mac);
  if (pins_.size() >= kMaxPins && !pins_.contains(key)) {
    ++totals_.pins_refused;
    return;
  }
  if (++pins_[key] > 1) return;
  const auto slot = table_.find(key);
  if (slot && table_.kind(*slot) != StationKind::none) set_pinned(*slot, true);
}

void Stations::unpin(BridgeId bridge, MacAddress mac) {
  const StationKey key = station_key(bridge, mac);
  const auto it = pins_.find(key);
  if (it == pins_.end() || --it->second > 0) return;
  pins_.erase(it);
  const auto slot = table_.find(key);
  if (slot && table_.kind(*slot) != StationKind::none) set_pinned(*slot, false);
}

// --- time

unsigned Stations::tick() {
  const TimePoint now = clock_.now();
  unsigned changed = 0;
  table_.fdb().set_seconds(seconds());
  table_.fdb().reclaim();
  while (!frozen_.empty() && frozen_.records().front().value.until <= now) {
    thaw(frozen_.oldest().key, {What::thawed, Cause::timer});
    ++changed;
  }
  while (!contained_.empty() && contained_.begin()->first <= now) {
    release(contained_.begin()->second);
    ++changed;
  }
  if (now < next_sweep_) return changed;
  // One that was kept waiting catches up a second: the whole table, once.
  next_sweep_ = std::max(next_sweep_ + sweep_period_, step_after(now - kAgeStep, sweep_period_));
  const std::uint32_t now_seconds = seconds();
  sweep_at_ = table_.sweep(sweep_at_, kSweepStep, [&](FdbSlot slot) {
    if (table_.kind(slot) != StationKind::learnt || table_.pinned(slot) || table_.frozen(slot))
      return;
    Bridge& bridge = bridges_[bridge_of(table_.fdb().key(slot))];
    const auto ageing = bridge.settings.ageing.count();
    if (ageing == 0 || seconds_since(table_.fdb().seen(slot), now_seconds) <= ageing) return;
    ++bridge.counters.aged;
    forget(slot, {What::aged, Cause::timer});
    ++changed;
  });
  return changed;
}

std::optional<TimePoint> Stations::next_deadline() const {
  if (bridge_count_ == 0) return std::nullopt;
  TimePoint next = next_sweep_;
  if (!frozen_.empty()) next = std::min(next, frozen_.records().front().value.until);
  if (!contained_.empty()) next = std::min(next, contained_.begin()->first);
  return next;
}

}  // namespace weir::control
