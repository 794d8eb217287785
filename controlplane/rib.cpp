#include "controlplane/rib.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace weir::control {
namespace {

constexpr std::uint64_t kGone = RibStore::kNone;

bool takes_interface(RouteType type) {
  return type == RouteType::connected || type == RouteType::local || type == RouteType::broadcast;
}

std::uint64_t group_start(Ipv4Prefix prefix) { return RibKey{prefix, 0, 0}.bits; }

/// Sorted by prefix; of one prefix only the last entry given.
std::vector<std::uint64_t> sorted_keys(std::uint8_t rank, std::span<const Rib::Entry> entries) {
  std::vector<std::uint64_t> keys;
  keys.reserve(entries.size());
  for (const Rib::Entry& entry : entries)
    keys.push_back(RibKey{entry.prefix, rank, static_cast<std::uint16_t>(entry.target)}.bits);
  const auto by_identity = [](std::uint64_t a, std::uint64_t b) { return a >> 16 < b >> 16; };
  if (!std::is_sorted(keys.begin(), keys.end(), by_identity))
    std::stable_sort(keys.begin(), keys.end(), by_identity);
  std::size_t kept = 0;
  for (const std::uint64_t key : keys) {
    if (kept > 0 && keys[kept - 1] >> 16 == key >> 16) --kept;
    keys[kept++] = key;
  }
  keys.resize(kept);
  return keys;
}

}  // namespace

Rib::Rib(RibSink& sink) : sink_(sink), index_(16, TargetHash{&targets_}, TargetEqual{&targets_}) {}

// --- targets

std::size_t Rib::TargetHash::operator()(const Target& target) const {
  std::uint64_t h = std::uint64_t{static_cast<std::uint8_t>(target.type)} << 32 | target.interface;
  for (const Ipv4Address gateway : target.gateways)
    h = (h ^ h >> 29 ^ gateway.value()) * 0x9e3779b97f4a7c15ULL;
  return static_cast<std::size_t>(h ^ h >> 32);
}

std::optional<TargetId> Rib::target(RouteType type, std::span<const Ipv4Address> gateways) {
  if (takes_interface(type) || type >= RouteType::count) return std::nullopt;
  if ((type == RouteType::unicast) == gateways.empty()) return std::nullopt;
  Target target{.type = type};
  target.gateways.assign(gateways.begin(), gateways.end());
  std::sort(target.gateways.begin(), target.gateways.end());
  target.gateways.erase(std::unique(target.gateways.begin(), target.gateways.end()),
                        target.gateways.end());
  if (target.gateways.size() > kMaxGateways) return std::nullopt;
  return intern(std::move(target));
}

std::optional<TargetId> Rib::target(RouteType type, InterfaceId interface) {
  if (!takes_interface(type)) return std::nullopt;
  return intern({.type = type, .interface = interface});
}

std::optional<TargetId> Rib::intern(Target target) {
  if (const auto found = index_.find(target); found != index_.end()) {
    targets_[*found].made = epoch_;
    return TargetId{*found};
  }
  const auto id = free_target();
  if (!id) return std::nullopt;
  target.hops = reachable(target);
  target.down = is_down(target);
  target.made = epoch_;
  targets_[*id] = std::move(target);
  index_.insert(*id);
  return TargetId{*id};
}

std::optional<std::uint16_t> Rib::free_target() {
  if (free_targets_.empty() && targets_.size() < kMaxTargets) {
    targets_.emplace_back();
    return static_cast<std::uint16_t>(targets_.size() - 1);
  }
  if (free_targets_.empty()) {
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      if (targets_[i].routes > 0 || targets_[i].made == epoch_) continue;
      const auto id = static_cast<std::uint16_t>(i);
      index_.erase(id);
      sink_.forget(TargetId{id});
      free_targets_.push_back(id);
    }
  }
  if (free_targets_.empty()) return std::nullopt;
  const std::uint16_t id = free_targets_.back();
  free_targets_.pop_back();
  return id;
}

bool Rib::has_way(TargetId id) const {
  const Target& target = targets_[static_cast<std::size_t>(id)];
  return target.type != RouteType::unicast || !reachable(target, Links::any).empty();
}

void Rib::set_down(std::set<InterfaceId> interfaces) {
  if (interfaces == down_) return;
  down_ = std::move(interfaces);
  ++epoch_;
  resolve_again();
}

bool Rib::is_down(const Target& target) const {
  return target.type == RouteType::connected && down_.contains(target.interface);
}

std::vector<RibHop> Rib::reachable(const Target& target, Links links) const {
  std::vector<RibHop> hops;
  for (const Ipv4Address gateway : target.gateways) {
    if (own_.contains(gateway)) continue;
    for (unsigned length = 33; length-- > 0;) {
      if (connected_lengths_[length] == 0) continue;
      const auto subnet = connected_.find(Ipv4Prefix{gateway, length});
      if (subnet == connected_.end()) continue;
      if (links == Links::up && down_.contains(subnet->second)) continue;
      hops.push_back({gateway, subnet->second});
      break;
    }
  }
  return hops;
}

bool Rib::note_own(RibKey key, bool present) {
  const Target& target = targets_[key.target()];
  const Ipv4Prefix prefix = key.prefix();
  if (target.type == RouteType::connected &&
      key.rank() == static_cast<std::uint8_t>(RouteProtocol::connected)) {
    if (present)
      connected_[prefix] = target.interface;
    else
      connected_.erase(prefix);
    present ? ++connected_lengths_[prefix.length()] : --connected_lengths_[prefix.length()];
    return true;
  }
  if (target.type != RouteType::local || prefix.length() != 32) return false;
  if (present)
    own_.insert(prefix.network());
  else
    own_.erase(prefix.network());
  return true;
}

void Rib::resolve_again() {
  std::vector<bool> changed(targets_.size()), was_active(targets_.size());
  bool any = false;
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    Target& target = targets_[i];
    was_active[i] = target.active();
    std::vector<RibHop> hops = reachable(target);
    const bool down = is_down(target);
    if (hops == target.hops && down == target.down) continue;
    target.hops = std::move(hops);
    target.down = down;
    changed[i] = true;
    sink_.forget(TargetId{static_cast<std::uint16_t>(i)});
    any = any || target.routes > 0;
  }
  if (any) reinstall(changed, was_active);
}

void Rib::reinstall(const std::vector<bool>& changed, const std::vector<bool>& was_active) {
  RibStore::Position p{};
  while (!store_.at_end(p)) {
    std::optional<RibKey> before, after;
    const std::uint64_t group = store_.get(p).group();
    for (; !store_.at_end(p) && store_.get(p).group() == group; store_.advance(p)) {
      const RibKey key = store_.get(p);
      if (!before && was_active[key.target()]) before = key;
      if (!after && targets_[key.target()].active()) after = key;
    }
    if (before == after && after && changed[after->target()])
      sink_.install(after->prefix(), route(*after));
    else
      notify(before, after);
  }
}

// --- routes

Rib::Group Rib::group(Ipv4Prefix prefix) const {
  Group group;
  const std::uint64_t start = group_start(prefix);
  for (auto p = store_.lower_bound(start);
       !store_.at_end(p) && store_.get(p).group() == start >> 24; store_.advance(p))
    group.routes[group.size++] = store_.get(p);
  return group;
}

std::optional<RibKey> Rib::best(const Group& group) const {
  for (std::size_t i = 0; i < group.size; ++i)
    if (targets_[group.routes[i].target()].active()) return group.routes[i];
  return std::nullopt;
}

RibRoute Rib::route(RibKey key) const {
  const Target& target = targets_[key.target()];
  return {key.prefix(),     static_cast<RouteProtocol>(key.rank()),
          target.type,      TargetId{key.target()},
          target.interface, target.hops};
}

void Rib::notify(std::optional<RibKey> before, std::optional<RibKey> after) {
  if (before == after) return;
  if (after) {
    installed_ += !before;
    sink_.install(after->prefix(), route(*after));
  } else {
    --installed_;
    sink_.remove(before->prefix());
  }
}

void Rib::account(std::uint64_t came, std::uint64_t went) {
  if (came != kGone) {
    ++targets_[RibKey{came}.target()].routes;
    ++lengths_[RibKey{came}.prefix().length()];
  }
  if (went != kGone) {
    --targets_[RibKey{went}.target()].routes;
    --lengths_[RibKey{went}.prefix().length()];
  }
}

Rib::Change Rib::add(Ipv4Prefix prefix, RouteProtocol protocol, TargetId target) {
  assert(static_cast<std::size_t>(target) < targets_.size());
  const RibKey key{prefix, static_cast<std::uint8_t>(protocol), static_cast<std::uint16_t>(target)};
  const auto before = best(group(prefix));
  const std::uint64_t old = store_.put(key);
  if (old == key.bits) return Change::unchanged;
  ++epoch_;
  account(key.bits, old);
  notify(before, best(group(prefix)));
  bool own = old != kGone && note_own(RibKey{old}, false);
  own = note_own(key, true) || own;
  if (own) resolve_again();
  return old == kGone ? Change::added : Change::replaced;
}

bool Rib::remove(Ipv4Prefix prefix, RouteProtocol protocol) {
  const auto before = best(group(prefix));
  const std::uint64_t old = store_.erase(RibKey{prefix, static_cast<std::uint8_t>(protocol), 0});
  if (old == kGone) return false;
  ++epoch_;
  account(kGone, old);
  notify(before, best(group(prefix)));
  if (note_own(RibKey{old}, false)) resolve_again();
  return true;
}

void Rib::add_bulk(RouteProtocol protocol, std::span<const Entry> entries) {
  // Few into many: one by one beats copying the whole.
  if (entries.size() < store_.size() / 16) {
    for (const Entry& entry : entries) add(entry.prefix, protocol, entry.target);
    return;
  }
  merge(protocol, entries, false);
}

void Rib::replace_all(RouteProtocol protocol, std::span<const Entry> entries) {
  merge(protocol, entries, true);
}

void Rib::merge(RouteProtocol protocol, std::span<const Entry> entries, bool replace) {
  assert(protocol > RouteProtocol::connected);
  ++epoch_;
  const auto rank = static_cast<std::uint8_t>(protocol);
  const std::vector<std::uint64_t> incoming = sorted_keys(rank, entries);
  std::vector<std::uint64_t> merged;
  merged.reserve(store_.size() + incoming.size());
  RibStore::Position p{};
  std::size_t at = 0;
  while (!store_.at_end(p) || at < incoming.size()) {
    std::uint64_t group = kGone;
    if (!store_.at_end(p)) group = store_.get(p).group();
    if (at < incoming.size()) group = std::min(group, RibKey{incoming[at]}.group());
    Group before, after;
    std::uint64_t came = kGone, went = kGone;
    if (at < incoming.size() && RibKey{incoming[at]}.group() == group) came = incoming[at++];
    std::uint64_t pending = came;
    for (; !store_.at_end(p) && store_.get(p).group() == group; store_.advance(p)) {
      const RibKey key = store_.get(p);
      before.routes[before.size++] = key;
      if (key.rank() >= rank && pending != kGone)
        after.routes[after.size++] = RibKey{std::exchange(pending, kGone)};
      if (key.rank() != rank || (came == kGone && !replace))
        after.routes[after.size++] = key;
      else
        went = key.bits;
    }
    if (pending != kGone) after.routes[after.size++] = RibKey{pending};
    for (std::size_t i = 0; i < after.size; ++i) merged.push_back(after.routes[i].bits);
    account(came, went);
    notify(best(before), best(after));
  }
  store_.assign(merged);
}

// --- questions

std::optional<RibRoute> Rib::find(Ipv4Prefix prefix) const {
  const auto key = best(group(prefix));
  if (!key) return std::nullopt;
  return route(*key);
}

std::optional<RibRoute> Rib::find(Ipv4Prefix prefix, RouteProtocol protocol) const {
  const Group routes = group(prefix);
  for (std::size_t i = 0; i < routes.size; ++i)
    if (routes.routes[i].rank() == static_cast<std::uint8_t>(protocol))
      return route(routes.routes[i]);
  return std::nullopt;
}

std::optional<RibRoute> Rib::lookup(Ipv4Address address) const {
  for (unsigned length = 33; length-- > 0;) {
    if (lengths_[length] == 0) continue;
    if (auto found = find({address, length})) return found;
  }
  return std::nullopt;
}

void Rib::visit(std::optional<Ipv4Prefix> within, std::optional<Ipv4Prefix> after,
                const std::function<bool(const RibRoute&)>& visit) const {
  std::uint64_t start = within ? group_start(*within) : 0;
  if (after) start = std::max(start, group_start(*after) + (std::uint64_t{1} << 24));
  std::uint64_t visited = kGone;
  for (auto p = store_.lower_bound(start); !store_.at_end(p); store_.advance(p)) {
    const RibKey key = store_.get(p);
    if (within && key.prefix().network() > within->last()) return;
    if (key.group() == visited || !targets_[key.target()].active()) continue;
    visited = key.group();
    if (!visit(route(key))) return;
  }
}

std::size_t Rib::memory_bytes() const {
  std::size_t bytes = store_.memory_bytes() + targets_.capacity() * sizeof(Target);
  for (const Target& target : targets_)
    bytes += target.gateways.capacity() * sizeof(Ipv4Address) +
             target.hops.capacity() * sizeof(RibHop) + 32;  // its node in the index
  return bytes;
}

}  // namespace weir::control
