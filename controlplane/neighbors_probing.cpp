// What time does to entries: requests repeated, entries in use confirmed, unused ones expired.
#include <algorithm>

#include "controlplane/neighbors.hpp"

namespace weir::control {
namespace {

/// The least time before a solicitation that found no budget is tried again.
constexpr Duration kBudgetRetry = std::chrono::milliseconds{20};

}  // namespace

bool Neighbors::tick() {
  begin(NeighborCause::Kind::timer);
  for (unsigned served = 0; served < kTickBudget; ++served) {
    const auto id = timers_.pop(now_);
    if (!id) return false;
    ++counters_.timers;
    if (*id >= table_.capacity())
      announce(static_cast<InterfaceId>(*id - table_.capacity()));
    else
      on_timer(*id);
  }
  const auto next = timers_.next();
  return next && *next <= now_;
}

void Neighbors::arm(Id id) {
  const Neighbor& entry = table_[id];
  if (entry.state == NeighborState::permanent) return timers_.cancel(id);
  if (entry.state == NeighborState::failed) return timers_.set(id, entry.expires);
  TimePoint at = entry.act_at;
  const bool challenged = !entry.challenger.is_zero();
  if (entry.state == NeighborState::reachable || entry.state == NeighborState::stale)
    at = challenged ? entry.challenge_at : std::min(at, entry.expires);  // a challenge ends first
  else if (challenged)
    at = std::min(at, entry.challenge_at);
  timers_.set(id, at);
}

void Neighbors::on_timer(Id id) {
  Neighbor& entry = table_[id];
  if (entry.state == NeighborState::failed) return now_ >= entry.expires ? end_failed(id) : arm(id);
  if (!entry.challenger.is_zero() && now_ >= entry.challenge_at) return challenge_step(id);
  switch (entry.state) {
    case NeighborState::incomplete:
      return now_ >= entry.act_at ? retry_pending(id) : arm(id);
    case NeighborState::delay:
    case NeighborState::probe:
      return now_ >= entry.act_at ? send_probe(id) : arm(id);
    case NeighborState::reachable:
    case NeighborState::stale:
      return use_check(id);
    default:
      return;
  }
}

/// Used entries are confirmed, and those that a storm kept; unused ones grow stale and expire.
void Neighbors::use_check(Id id) {
  Neighbor& entry = table_[id];
  if (now_ < entry.act_at && now_ < entry.expires) return arm(id);
  if (actions_.take_used(entry.interface, entry.ip)) entry.in_use = true;
  if (entry.in_use || entry.served) return begin_probe(id);
  if (now_ >= entry.expires) {
    ++counters_.expiries;
    return drop(id, What::expired);
  }
  entry.state = NeighborState::stale;
  entry.act_at = now_ + kUseCheck;
  report(entry, What::state);
  arm(id);
}

void Neighbors::begin_probe(Id id, unsigned probes_sent) {
  Neighbor& entry = table_[id];
  entry.probes = static_cast<std::uint8_t>(probes_sent);
  entry.state = NeighborState::delay;
  send_probe(id);
}

/// RFC 1122 section 2.3.2.1 (2): unicast to the known station first, then broadcast in case it
/// moved.
void Neighbors::send_probe(Id id) {
  Neighbor& entry = table_[id];
  if (entry.probes >= kUnicastProbes + kBroadcastProbes) return unanswered(id);
  if (now_ < entry.solicited + kSolicitInterval) {
    entry.act_at = entry.solicited + kSolicitInterval;
  } else if (!spend(ports_[entry.interface], entry.on_list == NeighborClass::verified
                                                 ? Keep::for_nobody
                                                 : Keep::for_retries)) {
    entry.act_at = turn(ports_[entry.interface]);
  } else {
    entry.state = NeighborState::probe;
    solicit(entry, entry.probes < kUnicastProbes ? std::optional{entry.mac} : std::nullopt);
  }
  arm(id);
}

/// In a storm its answers may have been lost: one in use stays, until it was not confirmed for too
/// long.
void Neighbors::unanswered(Id id) {
  Neighbor& entry = table_[id];
  Port& p = ports_[entry.interface];
  if (now_ < p.settled && entry.in_use) {  // once more, when it is
    entry.state = NeighborState::stale;
    entry.act_at = p.settled;
    report(entry, What::state);
    return arm(id);
  }
  const TimePoint last = entry.confirmed + settings_.serve_stale;
  if (!p.storm || !entry.in_use || now_ >= last) return fail(id);
  ++counters_.served_stale;
  ++p.served_stale;
  entry.served = true;
  entry.in_use = false;  // until it is seen to be
  entry.state = NeighborState::stale;
  entry.expires = last;
  entry.act_at = now_ + jittered(settings_.refresh_interval * 3 / 4);
  report(entry, What::state);
  arm(id);
}

void Neighbors::set_storm(InterfaceId interface, bool storm) {
  Port* p = port(interface);
  if (p == nullptr || p->storm == storm) return;
  begin(NeighborCause::Kind::command);
  p->storm = storm;
  if (storm) return;
  // It is over: those that it kept are probed.
  look_again(interface, [](const Neighbor& entry) {
    return entry.served && entry.state == NeighborState::stale;
  });
}

void Neighbors::member_up(InterfaceId interface) {
  Port* p = port(interface);
  if (p == nullptr) return;
  begin(NeighborCause::Kind::command);
  p->announcements = kAnnouncements;
  announce(interface);
}

void Neighbors::link_up(InterfaceId interface) {
  Port* p = port(interface);
  if (p == nullptr) return;
  member_up(interface);
  p->settled = now_ + kSettling;
  // There may be others at the cable's end now; and what was asked without a link does not count.
  look_again(interface, [](Neighbor& entry) {
    entry.probes = 0;
    return entry.state != NeighborState::incomplete;
  });
  Id next;
  for (Id id = table_.oldest(interface, NeighborClass::failed); id != kNone; id = next) {
    next = table_.younger(id);
    failures_.forget(interface, table_[id].ip);
    if (actions_.keep_asking(interface, table_[id].ip))
      ask_failed(id);
    else
      drop(id, What::expired);
  }
}

/// Those of the interface's entries that `which` takes have their use looked at, at half the pace
/// that the budget for probing them allows.
template <class Which>
void Neighbors::look_again(InterfaceId interface, Which&& which) {
  TimePoint at = now_;
  for (const auto c :
       {NeighborClass::pending, NeighborClass::unverified, NeighborClass::verified}) {
    for (Id id = table_.oldest(interface, c); id != kNone; id = table_.younger(id)) {
      Neighbor& entry = table_[id];
      if (!which(entry)) continue;
      entry.act_at = std::min(entry.act_at, at);
      at += ports_[interface].solicit_cost * 2;
      arm(id);
    }
  }
}

void Neighbors::retry_pending(Id id) {
  Neighbor& entry = table_[id];
  if (entry.probes >= kMaxSolicits) return fail(id);
  if (spend(ports_[entry.interface], entry.known_before ? Keep::for_probes : Keep::for_known))
    solicit(entry, std::nullopt);
  else
    entry.act_at = turn(ports_[entry.interface]);
  arm(id);
}

TimePoint Neighbors::turn(Port& port) {
  port.in_line = std::max(port.in_line + port.solicit_cost, now_ + kBudgetRetry);
  return port.in_line;
}

bool Neighbors::spend(Port& port, Keep keep) {
  if (port.solicits.take(now_, 1, port.solicit_burst / 8 * static_cast<std::uint32_t>(keep)))
    return true;
  ++counters_.solicits_deferred;
  return false;
}

void Neighbors::solicit(Neighbor& entry, std::optional<MacAddress> unicast_to) {
  ++(unicast_to ? counters_.solicits_unicast : counters_.solicits_broadcast);
  ++entry.probes;
  entry.solicited = now_;
  entry.answer_until = entry.act_at = now_ + kSolicitInterval;
  actions_.solicit(entry.interface, entry.ip, unicast_to);
}

void Neighbors::raise(Port& port, const NeighborEvent& event) {
  if (port.events.take(now_))
    actions_.event(event);
  else
    ++counters_.events_suppressed;
}

/// Between 75 % and 100 % of `most`, so that what was learnt together is not refreshed together.
Duration Neighbors::jittered(Duration most) {
  random_ += 0x9e3779b97f4a7c15ULL;  // SplitMix64
  std::uint64_t z = random_;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
  z ^= z >> 31;
  return most - most / 4 / 1024 * static_cast<std::int64_t>(z % 1024);
}

}  // namespace weir::control
