// The life of an entry: resolved, evicted, failed, gone; and what the journal is told of it.
#include <algorithm>

#include "controlplane/neighbors.hpp"

namespace weir::control {
namespace {

/// Used entries that an eviction passes over before it takes one all the same.
constexpr unsigned kSecondChances = 8;

}  // namespace

void Neighbors::resolve(Id id, MacAddress mac, NeighborClass as, What what) {
  Neighbor& entry = table_[id];
  const bool publish = !entry.has_mac() || entry.mac != mac;
  leave_pending(entry);
  entry.mac = mac;
  entry.challenger = {};
  entry.probes = 0;
  entry.failures = 0;
  entry.in_use = entry.served = false;
  entry.confirmed = now_;
  failures_.forget(entry.interface, entry.ip);
  switch (as) {
    case NeighborClass::verified:
      ++counters_.verified;
      entry.state = NeighborState::reachable;
      entry.answer_until = Duration::min();
      entry.expires = now_ + jittered(settings_.lifetime);
      entry.act_at = now_ + jittered(settings_.refresh_interval * 3 / 4);
      break;
    case NeighborClass::permanent:
      entry.state = NeighborState::permanent;
      entry.answer_until = Duration::min();
      break;
    default:
      ++counters_.learnt;
      entry.state = NeighborState::stale;
      entry.expires = now_ + settings_.unverified_lifetime;
      entry.act_at = now_ + kFirstUseCheck;
      break;
  }
  table_.move(id, as);
  // A new static is on its list before it has been published.
  if (publish || as == NeighborClass::permanent) actions_.publish(entry.interface, entry.ip, mac);
  release_held(entry);
  report(entry, what);
  arm(id);
}

void Neighbors::report(Neighbor& entry, What what) {
  NeighborChange::Side after{.state = entry.state,
                             .mac = std::nullopt,
                             .verified = entry.on_list == NeighborClass::verified};
  if (entry.has_mac()) after.mac = entry.mac;
  if (entry.reported == after) return;
  const bool only_state = entry.reported && entry.reported->mac == after.mac &&
                          entry.reported->verified == after.verified && what == What::verified;
  tell(entry, only_state ? What::state : what, after);
  entry.reported = after;
}

void Neighbors::report_gone(const Neighbor& entry, What what) {
  if (entry.reported) tell(entry, what, std::nullopt);
}

void Neighbors::tell(const Neighbor& entry, What what,
                     const std::optional<NeighborChange::Side>& after) {
  actions_.changed({.interface = entry.interface,
                    .ip = entry.ip,
                    .what = what,
                    .before = entry.reported,
                    .after = after,
                    .cause = {cause_, frame_ != nullptr ? *frame_ : ArpSeen{}}});
}

bool Neighbors::make_room(InterfaceId interface, NeighborClass newcomer) {
  const bool may_evict_verified = newcomer != NeighborClass::unverified;
  const auto evict_from = [&](InterfaceId from) {
    Id id = table_.oldest(from, NeighborClass::unverified);
    if (id == kNone && may_evict_verified) id = oldest_unused(from);
    if (id == kNone) return false;
    evict(id);
    return true;
  };
  const std::uint32_t cap = settings_.table_limit / 4 * 3;
  if (newcomer != NeighborClass::permanent && table_.learnt(interface) >= cap &&
      !evict_from(interface))
    return false;
  if (table_.resolved() < settings_.table_limit) return true;
  InterfaceId from = table_.most(NeighborClass::unverified);
  if (from == kMaxInterfaces && may_evict_verified) from = table_.most(NeighborClass::verified);
  return from != kMaxInterfaces && evict_from(from);
}

Neighbors::Id Neighbors::oldest_unused(InterfaceId interface) {
  for (unsigned i = 0; i < kSecondChances; ++i) {
    const Id id = table_.oldest(interface, NeighborClass::verified);
    if (id == kNone) return kNone;
    if (!actions_.take_used(interface, table_[id].ip)) return id;
    table_[id].in_use = true;
    table_.move(id, NeighborClass::verified);
  }
  return table_.oldest(interface, NeighborClass::verified);
}

void Neighbors::evict(Id id) {
  ++counters_.evictions;
  const Neighbor& entry = table_[id];
  raise(ports_[entry.interface],
        {NeighborEvent::Kind::table_full, entry.interface, entry.ip, entry.mac, {}});
  drop(id, What::evicted);
}

void Neighbors::drop(Id id, What what) {
  Neighbor& entry = table_[id];
  leave_pending(entry);
  if (entry.on_list == NeighborClass::permanent)
    statics_by_mac_.erase({entry.interface, entry.mac, entry.ip});
  discard_held(entry, DropReason::neighbor_failed);
  report_gone(entry, what);
  if (entry.on_list != NeighborClass::pending) actions_.withdraw(entry.interface, entry.ip);
  timers_.cancel(id);
  table_.remove(id);
}

void Neighbors::fail(Id id) {
  Neighbor& entry = table_[id];
  ++counters_.failures;
  leave_pending(entry);
  if (entry.has_mac())
    raise(ports_[entry.interface],
          {NeighborEvent::Kind::failed, entry.interface, entry.ip, entry.mac, {}});
  if (entry.hold.size > 0) {
    ++counters_.unreachable;
    actions_.host_unreachable(holds_.take(entry.hold));
  }
  discard_held(entry, DropReason::neighbor_failed);
  if (table_.count(NeighborClass::failed) >= settings_.failed_limit) {
    ++counters_.failed_evictions;
    drop(table_.oldest(table_.most(NeighborClass::failed), NeighborClass::failed), What::evicted);
  }
  entry.state = NeighborState::failed;
  entry.mac = entry.challenger = {};
  entry.answer_until = Duration::min();
  entry.served = entry.in_use = false;
  entry.expires =
      now_ + std::min(settings_.failed_first * (1 << std::min<unsigned>(entry.failures, 8)),
                      settings_.failed_most);
  // What may not have been heard does not count.
  if (entry.failures < 255 && now_ >= ports_[entry.interface].settled) ++entry.failures;
  table_.move(id, NeighborClass::failed);
  actions_.mark_failed(entry.interface, entry.ip);
  report(entry, What::failed);
  arm(id);
}

void Neighbors::end_failed(Id id) {
  const Neighbor& entry = table_[id];
  if (actions_.keep_asking(entry.interface, entry.ip)) return ask_failed(id);
  failures_.remember(entry.interface, entry.ip, entry.failures, now_ + kFailureMemory);
  drop(id, What::expired);
}

void Neighbors::ask_failed(Id id) {
  Neighbor& entry = table_[id];
  if (spend(ports_[entry.interface], Keep::for_probes)) solicit(entry, std::nullopt);
  entry.expires = now_ + settings_.failed_first;
  arm(id);
}

}  // namespace weir::control
