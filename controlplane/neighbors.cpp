#include "controlplane/neighbors.hpp"

#include <algorithm>
#include <utility>

namespace weir::control {
namespace {

NeighborSettings sane(NeighborSettings s) {
  s.table_limit = std::clamp(s.table_limit, 16u, 1u << 20);
  s.pending_limit = std::clamp(s.pending_limit, 16u, 1u << 20);
  s.failed_limit = std::clamp(s.failed_limit, 16u, 1u << 20);
  s.lifetime = std::max<Duration>(s.lifetime, std::chrono::seconds{1});
  s.refresh_interval = std::max<Duration>(s.refresh_interval, std::chrono::seconds{1});
  s.unverified_lifetime = std::max<Duration>(s.unverified_lifetime, std::chrono::seconds{1});
  s.failed_first = std::max<Duration>(s.failed_first, std::chrono::seconds{1});
  s.failed_most = std::max(s.failed_most, s.failed_first);
  s.serve_stale = std::clamp<Duration>(s.serve_stale, Duration{0}, std::chrono::hours{24 * 365});
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

void Neighbors::begin(NeighborCause::Kind cause, const ArpSeen* frame) {
  now_ = clock_.now();
  cause_ = cause;
  frame_ = frame;
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

void Neighbors::set_budgets(Port& port, const NeighborInterface& interface) const {
  const auto rate = [](std::uint32_t given) { return std::clamp(given, 1u, 1'000'000'000u); };
  const std::uint32_t solicits = rate(interface.solicit_rate);
  port.solicit_burst = std::clamp(solicits, kSolicitBurstLeast, kSolicitBurst);
  port.solicit_cost = Duration{std::chrono::seconds{1}} / solicits;
  port.in_line = now_;
  port.solicits.change(now_, solicits, port.solicit_burst);
  const std::uint32_t first = std::max(1u, solicits / kFirstChallengeShare);
  port.first_challenges.change(now_, first, std::min(first, kSolicitBurst));
  port.creations.change(now_, rate(interface.create_rate), rate(interface.create_rate));
  port.challenges.change(now_, rate(interface.challenge_rate), rate(interface.challenge_rate));
  port.learning = interface.learning;
  port.trusted = interface.trusted;
}

bool Neighbors::set_interface(const NeighborInterface& interface) {
  if (interface.id >= kMaxInterfaces || !interface.mac.is_station()) return false;
  begin(NeighborCause::Kind::command);
  Port& p = ports_[interface.id];
  if (!p.present) {
    p = {};
    p.present = true;
    p.vrrp_moves = {kVrrpMoveRate, kVrrpMoveBurst};
    p.trusted_moves = {kTrustedMoveRate, kTrustedMoveBurst};
    p.events = {kEventRate, kEventBurst};
    ++port_count_;
  }
  set_budgets(p, interface);
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
        drop(id, What::removed);
      else if (other_mac && entry.has_mac())  // the rewrite carries our MAC as its source
        actions_.publish(entry.interface, entry.ip, entry.mac);
    }
  }
  return true;
}

void Neighbors::publish_again(InterfaceId interface) {
  for (std::size_t c = 0; c < kNeighborClasses; ++c)
    for (Id id = table_.oldest(interface, static_cast<NeighborClass>(c)); id != kNone;
         id = table_.younger(id)) {
      const Neighbor& entry = table_[id];
      if (entry.state == NeighborState::failed)
        actions_.mark_failed(entry.interface, entry.ip);
      else if (entry.has_mac())
        actions_.publish(entry.interface, entry.ip, entry.mac);
    }
}

void Neighbors::set_times(const NeighborSettings& settings) {
  NeighborSettings times = sane(settings);
  times.hold_per_neighbor = settings_.hold_per_neighbor;
  times.hold_total = settings_.hold_total;
  times.table_limit = settings_.table_limit;
  times.pending_limit = settings_.pending_limit;
  times.failed_limit = settings_.failed_limit;
  times.seed = settings_.seed;
  settings_ = times;
}

void Neighbors::remove_interface(InterfaceId interface) {
  Port* p = port(interface);
  if (p == nullptr) return;
  begin(NeighborCause::Kind::command);
  for (std::size_t c = 0; c < kNeighborClasses; ++c)
    for (Id id; (id = table_.oldest(interface, static_cast<NeighborClass>(c))) != kNone;)
      drop(id, What::removed);
  timers_.cancel(table_.capacity() + interface);
  *p = {};
  --port_count_;
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
  begin(NeighborCause::Kind::command);
  Id id = table_.find(interface, ip);
  if (id == kNone || !table_[id].has_mac()) {
    if (!make_room(interface, NeighborClass::permanent)) return false;
    if (id == kNone) id = table_.add(interface, ip, NeighborClass::permanent);
    if (id == kNone) return false;
  }
  if (table_[id].on_list == NeighborClass::permanent)
    statics_by_mac_.erase({interface, table_[id].mac, ip});
  statics_by_mac_.insert({interface, mac, ip});
  resolve(id, mac, NeighborClass::permanent, What::added);
  return true;
}

bool Neighbors::remove_static(InterfaceId interface, Ipv4Address ip) {
  begin(NeighborCause::Kind::command);
  const Id id = interface < kMaxInterfaces ? table_.find(interface, ip) : kNone;
  if (id == kNone || table_[id].on_list != NeighborClass::permanent) return false;
  drop(id, What::removed);
  return true;
}

// --- packets

void Neighbors::glean(InterfaceId interface, Ipv4Address ip, HeldPacket packet, const GleanOf& of) {
  begin(NeighborCause::Kind::packet);
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
  if (!admit_pending(interface, of.known_before) || !spend(*p, keep_for(*p, of)))
    return refuse(DropReason::glean_policed);
  id = table_.add(interface, ip, NeighborClass::pending);
  if (id == kNone) return refuse(DropReason::glean_policed);
  Neighbor& entry = table_[id];
  entry.known_before = of.known_before;
  entry.failures = failures_.failures(interface, ip, now_);
  entry.confirmed = now_;
  if (!of.known_before) {
    ++pending_unknown_;
    ++p->pending_unknown;
  }
  report(entry, What::asked);
  solicit(entry, std::nullopt);
  arm(id);
  hold(id, packet);
}

/// How far a first request may spend the budget of the interface that it leaves by.
Neighbors::Keep Neighbors::keep_for(const Port& egress, const GleanOf& of) {
  if (of.known_before) return Keep::for_retries;
  Port* from = of.modest ? port(of.from) : nullptr;
  if (from == nullptr) return Keep::for_asked;
  const Duration cost = std::max(from->solicit_cost, egress.solicit_cost);
  const auto rate = static_cast<std::uint32_t>(Duration{std::chrono::seconds{1}} / cost) /
                    std::max(kModestShare, 2 * port_count_);
  from->modest.change(now_, std::max(rate, 1u), std::clamp(rate, 1u, kModestBurst));
  return from->modest.take(now_) ? Keep::for_retries : Keep::for_asked;
}

/// Every interface has its reserve to itself, all share the rest. Destinations never seen may use
/// half of either.
bool Neighbors::admit_pending(InterfaceId interface, bool known_before) const {
  const std::uint32_t limit = settings_.pending_limit;
  const std::uint32_t all = table_.count(NeighborClass::pending);
  if (all >= limit) return false;
  const std::uint32_t reserve = std::min(kReservedPending, limit / 2 / port_count_);
  const std::uint32_t shared = limit - reserve * port_count_;
  // What is used of a shared part beyond each interface's own.
  const auto used = [](std::uint32_t own, auto&& count) {
    std::uint32_t sum = 0;
    for (InterfaceId i = 0; i < kMaxInterfaces; ++i) sum += std::max(count(i), own) - own;
    return sum;
  };
  const auto unknown = [this](InterfaceId i) { return ports_[i].pending_unknown; };
  if (!known_before && unknown(interface) >= reserve / 2 && pending_unknown_ >= shared / 2 &&
      used(reserve / 2, unknown) >= shared / 2)
    return false;
  const auto pending = [this](InterfaceId i) { return table_.count(i, NeighborClass::pending); };
  return pending(interface) < reserve || all < shared || used(reserve, pending) < shared;
}

void Neighbors::leave_pending(const Neighbor& entry) {
  if (entry.on_list != NeighborClass::pending || entry.known_before) return;
  --pending_unknown_;
  --ports_[entry.interface].pending_unknown;
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

std::size_t Neighbors::flush(std::optional<InterfaceId> interface, std::optional<Ipv4Address> ip) {
  begin(NeighborCause::Kind::command);
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
        drop(id, What::removed);
        ++count;
      }
    }
  }
  return count;
}

// --- what others may see

std::optional<MacAddress> Neighbors::lookup(InterfaceId interface, Ipv4Address ip) const {
  if (interface >= kMaxInterfaces) return std::nullopt;
  const Id id = table_.find(interface, ip);
  if (id == kNone || !table_[id].has_mac()) return std::nullopt;
  return table_[id].mac;
}

std::optional<RarpAnswer> Neighbors::rarp(InterfaceId interface, MacAddress target) const {
  const Port* p = port(interface);
  if (p == nullptr) return std::nullopt;
  const auto found = statics_by_mac_.lower_bound({interface, target, Ipv4Address{}});
  if (found == statics_by_mac_.end()) return std::nullopt;
  const auto& [on, mac, ip] = *found;
  if (on != interface || mac != target) return std::nullopt;
  for (const auto& [own, defended] : p->addresses)
    if (own.subnet().contains(ip)) return RarpAnswer{ip, p->mac, own.address};
  return std::nullopt;
}

bool Neighbors::update_only(InterfaceId interface) const {
  const Port* p = port(interface);
  return p != nullptr && p->learning == NeighborLearning::adaptive &&
         !p->creations.has(clock_.now());
}

std::uint64_t Neighbors::served_stale(InterfaceId interface) const {
  const Port* p = port(interface);
  return p != nullptr ? p->served_stale : 0;
}

NeighborRow Neighbors::row(const Neighbor& entry, TimePoint now) const {
  NeighborRow row{.ip = entry.ip, .interface = entry.interface, .state = entry.state};
  if (entry.has_mac()) row.mac = entry.mac;
  row.verified = entry.on_list == NeighborClass::verified;
  row.age = now - entry.confirmed;
  if (entry.on_list != NeighborClass::permanent && entry.on_list != NeighborClass::pending)
    row.expires = std::max(entry.expires - now, Duration{0});
  row.held_packets = entry.hold.size;
  row.probes = entry.probes;
  row.served_stale = entry.served;
  return row;
}

std::vector<NeighborRow> Neighbors::snapshot() const {
  const TimePoint now = clock_.now();
  std::vector<NeighborRow> rows;
  rows.reserve(table_.resolved() + table_.count(NeighborClass::pending) +
               table_.count(NeighborClass::failed));
  for (InterfaceId i = 0; i < kMaxInterfaces; ++i)
    for (std::size_t c = 0; c < kNeighborClasses; ++c)
      for (Id id = table_.oldest(i, static_cast<NeighborClass>(c)); id != kNone;
           id = table_.younger(id))
        rows.push_back(row(table_[id], now));
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
