#include "controlplane/neighbors.hpp"

#include <algorithm>
#include <utility>

namespace weir::control {
namespace {

/// Before a solicitation that found no budget is tried again.
constexpr Duration kBudgetRetry = std::chrono::milliseconds{20};
/// Used entries that an eviction passes over before it takes one all the same.
constexpr unsigned kSecondChances = 8;

NeighborSettings sane(NeighborSettings s) {
  s.table_limit = std::clamp(s.table_limit, 16u, 1u << 20);
  s.pending_limit = std::clamp(s.pending_limit, 16u, 1u << 20);
  s.failed_limit = std::clamp(s.failed_limit, 16u, 1u << 20);
  s.lifetime = std::max<Duration>(s.lifetime, std::chrono::seconds{1});
  s.refresh_interval = std::max<Duration>(s.refresh_interval, std::chrono::seconds{1});
  return s;
}

}  // namespace

Neighbors::Neighbors(const Clock& clock, NeighborActions& actions, const NeighborSettings& settings)
    : clock_(clock),
      actions_(actions),
      settings_(sane(settings)),
      table_(settings_.table_limit + settings_.pending_limit + settings_.failed_limit,
             settings_.seed),
      timers_(table_.capacity() + static_cast<Id>(kMaxInterfaces), clock.now()),
      holds_(settings_.hold_total, settings_.hold_per_neighbor),
      failures_(settings_.seed),
      random_(settings_.seed) {}

Neighbors::~Neighbors() {
  for (InterfaceId i = 0; i < kMaxInterfaces; ++i)
    for (Id id = table_.oldest(i, NeighborClass::pending); id != kNone; id = table_.younger(id))
      discard_held(table_[id], DropReason::neighbor_failed);
}

// --- interfaces

const Neighbors::Port* Neighbors::port(InterfaceId interface) const {
  return interface < kMaxInterfaces && ports_[interface].present ? &ports_[interface] : nullptr;
}

Neighbors::Port* Neighbors::port(InterfaceId interface) {
  return const_cast<Port*>(std::as_const(*this).port(interface));
}

bool Neighbors::is_own(const Port& port, Ipv4Address ip) {
  return std::any_of(port.addresses.begin(), port.addresses.end(),
                     [ip](const OwnAddress& own) { return own.address.address == ip; });
}

bool Neighbors::is_neighbor(const Port& port, Ipv4Address ip) {
  if (!ip.is_host()) return false;
  bool on_subnet = false;
  for (const auto& [own, defended] : port.addresses) {
    const Ipv4Prefix subnet = own.subnet();
    if (own.address == ip) return false;
    if (!subnet.contains(ip)) continue;
    if (subnet.has_broadcast() && (ip == subnet.network() || ip == subnet.last())) return false;
    on_subnet = true;
  }
  return on_subnet;
}

bool Neighbors::set_interface(const NeighborInterface& interface) {
  if (interface.id >= kMaxInterfaces || !interface.mac.is_station()) return false;
  now_ = clock_.now();
  Port& p = ports_[interface.id];
  if (!p.present) {
    p = {};
    p.present = true;
    p.solicits = {kSolicitRate, kSolicitBurst};
    p.creations = {kCreateRate, kCreateBurst};
    p.challenges = {kChallengeRate, kChallengeBurst};
    p.vrrp_moves = {kVrrpMoveRate, kVrrpMoveBurst};
    p.events = {kEventRate, kEventBurst};
    ++port_count_;
  }
  const bool other_mac = p.mac != interface.mac;
  p.mac = interface.mac;
  std::vector<OwnAddress> addresses;
  for (const Ipv4InterfaceAddress& address : interface.addresses) {
    const auto old = std::find_if(p.addresses.begin(), p.addresses.end(),
                                  [&](const OwnAddress& own) { return own.address == address; });
    addresses.push_back(old != p.addresses.end() ? *old : OwnAddress{address});
  }
  p.addresses = std::move(addresses);
  for (std::size_t c = 0; c < kNeighborClasses; ++c) {
    Id next;
    for (Id id = table_.oldest(interface.id, static_cast<NeighborClass>(c)); id != kNone;
         id = next) {
      next = table_.younger(id);
      const Neighbor& entry = table_[id];
      if (!is_neighbor(p, entry.ip))
        drop(id);
      else if (other_mac && entry.has_mac())  // the rewrite carries our MAC as its source
        actions_.publish(entry.interface, entry.ip, entry.mac);
    }
  }
  return true;
}

void Neighbors::remove_interface(InterfaceId interface) {
  Port* p = port(interface);
  if (p == nullptr) return;
  now_ = clock_.now();
  for (std::size_t c = 0; c < kNeighborClasses; ++c)
    for (Id id; (id = table_.oldest(interface, static_cast<NeighborClass>(c))) != kNone;) drop(id);
  timers_.cancel(table_.capacity() + interface);
  *p = {};
  --port_count_;
}

void Neighbors::link_up(InterfaceId interface) {
  Port* p = port(interface);
  if (p == nullptr) return;
  now_ = clock_.now();
  p->announcements = kAnnouncements;
  announce(interface);
}

void Neighbors::announce(InterfaceId interface) {
  Port& p = ports_[interface];
  for (const OwnAddress& own : p.addresses) actions_.announce(interface, own.address.address);
  if (--p.announcements > 0) timers_.set(table_.capacity() + interface, now_ + kAnnounceInterval);
}

// --- statics

bool Neighbors::add_static(InterfaceId interface, Ipv4Address ip, MacAddress mac) {
  const Port* p = port(interface);
  if (p == nullptr || !is_neighbor(*p, ip) || !mac.is_station()) return false;
  now_ = clock_.now();
  Id id = table_.find(interface, ip);
  if (id == kNone || !table_[id].has_mac()) {
    if (!make_room(interface, NeighborClass::permanent)) return false;
    if (id == kNone) id = table_.add(interface, ip, NeighborClass::permanent);
    if (id == kNone) return false;
  }
  resolve(id, mac, NeighborClass::permanent);
  return true;
}

bool Neighbors::remove_static(InterfaceId interface, Ipv4Address ip) {
  now_ = clock_.now();
  const Id id = interface < kMaxInterfaces ? table_.find(interface, ip) : kNone;
  if (id == kNone || table_[id].on_list != NeighborClass::permanent) return false;
  drop(id);
  return true;
}

// --- packets

void Neighbors::glean(InterfaceId interface, Ipv4Address ip, HeldPacket packet, bool known_before) {
  now_ = clock_.now();
  Port* p = port(interface);
  const auto refuse = [&](DropReason reason) {
    ++counters_.discarded;
    actions_.discard(packet, reason);
  };
  if (p == nullptr || !is_neighbor(*p, ip)) return refuse(DropReason::neighbor_failed);
  Id id = table_.find(interface, ip);
  if (id != kNone) {
    const Neighbor& entry = table_[id];
    if (entry.state == NeighborState::failed) return refuse(DropReason::neighbor_failed);
    if (!entry.has_mac()) return hold(id, packet);
    // The worker met the slot before it was published.
    ++counters_.released;
    return actions_.forward(packet, interface, entry.mac);
  }
  if (!admit_pending(interface, known_before) ||
      !spend(*p, known_before ? Keep::for_retries : Keep::for_known))
    return refuse(DropReason::glean_policed);
  id = table_.add(interface, ip, NeighborClass::pending);
  if (id == kNone) return refuse(DropReason::glean_policed);
  Neighbor& entry = table_[id];
  entry.known_before = known_before;
  entry.failures = failures_.failures(interface, ip, now_);
  entry.confirmed = now_;
  if (!known_before) ++pending_unknown_;
  solicit(entry, std::nullopt);
  arm(id);
  hold(id, packet);
}

bool Neighbors::admit_pending(InterfaceId interface, bool known_before) const {
  const std::uint32_t limit = settings_.pending_limit;
  if (table_.count(NeighborClass::pending) >= limit) return false;
  const std::uint32_t reserve = std::min(kReservedPending, limit / 2 / port_count_);
  if (table_.count(interface, NeighborClass::pending) < reserve) return true;
  if (!known_before && pending_unknown_ >= limit / 2) return false;
  const std::uint32_t shared = limit - reserve * port_count_;
  if (table_.count(NeighborClass::pending) < shared) return true;
  std::uint32_t used = 0;
  for (InterfaceId i = 0; i < kMaxInterfaces; ++i) {
    const std::uint32_t count = table_.count(i, NeighborClass::pending);
    used += count > reserve ? count - reserve : 0;
  }
  return used < shared;
}

void Neighbors::leave_pending(const Neighbor& entry) {
  if (entry.on_list == NeighborClass::pending && !entry.known_before) --pending_unknown_;
}

void Neighbors::hold(Id id, HeldPacket packet) {
  Neighbor& entry = table_[id];
  while (const auto victim = holds_.victim(entry.hold, id, entry.interface)) {
    ++counters_.discarded;
    actions_.discard(holds_.take(table_[*victim].hold), DropReason::glean_hold_full);
  }
  ++counters_.held;
  holds_.push(entry.hold, id, entry.interface, packet);
}

void Neighbors::release_held(Neighbor& entry) {
  while (entry.hold.size > 0) {
    ++counters_.released;
    actions_.forward(holds_.take(entry.hold), entry.interface, entry.mac);
  }
}

void Neighbors::discard_held(Neighbor& entry, DropReason reason) {
  while (entry.hold.size > 0) {
    ++counters_.discarded;
    actions_.discard(holds_.take(entry.hold), reason);
  }
}

// --- entries

void Neighbors::resolve(Id id, MacAddress mac, NeighborClass as) {
  Neighbor& entry = table_[id];
  const bool publish = !entry.has_mac() || entry.mac != mac;
  leave_pending(entry);
  entry.mac = mac;
  entry.challenger = {};
  entry.probes = 0;
  entry.failures = 0;
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
      entry.expires = now_ + kUnverifiedLifetime;
      entry.act_at = now_ + kFirstUseCheck;
      break;
  }
  table_.move(id, as);
  // A new static is on its list before it has been published.
  if (publish || as == NeighborClass::permanent) actions_.publish(entry.interface, entry.ip, mac);
  release_held(entry);
  arm(id);
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
    table_.move(id, NeighborClass::verified);
  }
  return table_.oldest(interface, NeighborClass::verified);
}

void Neighbors::evict(Id id) {
  ++counters_.evictions;
  const Neighbor& entry = table_[id];
  raise(ports_[entry.interface],
        {NeighborEvent::Kind::table_full, entry.interface, entry.ip, entry.mac, {}});
  drop(id);
}

void Neighbors::drop(Id id) {
  Neighbor& entry = table_[id];
  leave_pending(entry);
  discard_held(entry, DropReason::neighbor_failed);
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
  if (table_.count(NeighborClass::failed) >= settings_.failed_limit)
    drop(table_.oldest(table_.most(NeighborClass::failed), NeighborClass::failed));
  entry.state = NeighborState::failed;
  entry.mac = entry.challenger = {};
  entry.answer_until = Duration::min();
  entry.expires =
      now_ + std::min(kFailedFirst * (1 << std::min<unsigned>(entry.failures, 8)), kFailedMost);
  if (entry.failures < 255) ++entry.failures;
  table_.move(id, NeighborClass::failed);
  actions_.mark_failed(entry.interface, entry.ip);
  arm(id);
}

void Neighbors::end_failed(Id id) {
  const Neighbor& entry = table_[id];
  if (actions_.keep_asking(entry.interface, entry.ip)) return ask_failed(id);
  failures_.remember(entry.interface, entry.ip, entry.failures, now_ + kFailureMemory);
  drop(id);
}

void Neighbors::ask_failed(Id id) {
  Neighbor& entry = table_[id];
  if (spend(ports_[entry.interface], Keep::for_probes)) solicit(entry, std::nullopt);
  entry.expires = now_ + kFailedFirst;
  arm(id);
}

std::size_t Neighbors::flush(std::optional<InterfaceId> interface, std::optional<Ipv4Address> ip) {
  now_ = clock_.now();
  std::size_t count = 0;
  for (InterfaceId i = 0; i < kMaxInterfaces; ++i) {
    if (interface && *interface != i) continue;
    for (const auto c :
         {NeighborClass::unverified, NeighborClass::verified, NeighborClass::failed}) {
      Id next;
      for (Id id = table_.oldest(i, c); id != kNone; id = next) {
        next = table_.younger(id);
        if (ip && table_[id].ip != *ip) continue;
        failures_.forget(i, table_[id].ip);
        drop(id);
        ++count;
      }
    }
  }
  return count;
}

// --- timers

bool Neighbors::tick() {
  now_ = clock_.now();
  for (unsigned served = 0; served < kTickBudget; ++served) {
    const auto id = timers_.pop(now_);
    if (!id) return false;
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

/// Used entries are confirmed, unused ones grow stale and expire.
void Neighbors::use_check(Id id) {
  Neighbor& entry = table_[id];
  if (now_ < entry.act_at && now_ < entry.expires) return arm(id);
  if (actions_.take_used(entry.interface, entry.ip)) return begin_probe(id);
  if (now_ >= entry.expires) {
    ++counters_.expiries;
    return drop(id);
  }
  entry.state = NeighborState::stale;
  entry.act_at = now_ + kUseCheck;
  arm(id);
}

void Neighbors::begin_probe(Id id) {
  Neighbor& entry = table_[id];
  entry.probes = 0;
  entry.state = NeighborState::delay;
  send_probe(id);
}

/// RFC 1122 section 2.3.2.1 (2): unicast to the known station first, then broadcast in case it
/// moved.
void Neighbors::send_probe(Id id) {
  Neighbor& entry = table_[id];
  if (entry.probes >= kUnicastProbes + kBroadcastProbes) return fail(id);
  if (now_ < entry.solicited + kSolicitInterval) {
    entry.act_at = entry.solicited + kSolicitInterval;
  } else if (!spend(ports_[entry.interface], Keep::nothing)) {
    entry.act_at = now_ + kBudgetRetry;
  } else {
    entry.state = NeighborState::probe;
    solicit(entry, entry.probes < kUnicastProbes ? std::optional{entry.mac} : std::nullopt);
  }
  arm(id);
}

void Neighbors::retry_pending(Id id) {
  Neighbor& entry = table_[id];
  if (entry.probes >= kMaxSolicits) return fail(id);
  if (spend(ports_[entry.interface], Keep::for_probes))
    solicit(entry, std::nullopt);
  else
    entry.act_at = now_ + kBudgetRetry;
  arm(id);
}

bool Neighbors::spend(Port& port, Keep keep) {
  if (port.solicits.take(now_, 1, static_cast<std::uint32_t>(keep))) return true;
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

// --- what others may see

std::optional<MacAddress> Neighbors::lookup(InterfaceId interface, Ipv4Address ip) const {
  if (interface >= kMaxInterfaces) return std::nullopt;
  const Id id = table_.find(interface, ip);
  if (id == kNone || !table_[id].has_mac()) return std::nullopt;
  return table_[id].mac;
}

NeighborRow Neighbors::row(const Neighbor& entry) const {
  const TimePoint now = clock_.now();
  NeighborRow row{.ip = entry.ip, .interface = entry.interface, .state = entry.state};
  if (entry.has_mac()) row.mac = entry.mac;
  row.verified = entry.on_list == NeighborClass::verified;
  row.age = now - entry.confirmed;
  if (entry.on_list != NeighborClass::permanent && entry.on_list != NeighborClass::pending)
    row.expires = std::max(entry.expires - now, Duration{0});
  row.held_packets = entry.hold.size;
  row.probes = entry.probes;
  return row;
}

std::vector<NeighborRow> Neighbors::snapshot() const {
  std::vector<NeighborRow> rows;
  for (InterfaceId i = 0; i < kMaxInterfaces; ++i)
    for (std::size_t c = 0; c < kNeighborClasses; ++c)
      for (Id id = table_.oldest(i, static_cast<NeighborClass>(c)); id != kNone;
           id = table_.younger(id))
        rows.push_back(row(table_[id]));
  std::sort(rows.begin(), rows.end(), [](const NeighborRow& a, const NeighborRow& b) {
    return std::pair{a.ip, a.interface} < std::pair{b.ip, b.interface};
  });
  return rows;
}

NeighborCounters Neighbors::counters() const {
  NeighborCounters counters = counters_;
  counters.entries = table_.resolved();
  counters.statics = table_.count(NeighborClass::permanent);
  counters.pending = table_.count(NeighborClass::pending);
  counters.failed = table_.count(NeighborClass::failed);
  counters.holding = holds_.size();
  return counters;
}

}  // namespace weir::control
