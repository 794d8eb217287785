// Stations that move: freezing, and loops.
#include <algorithm>

#include "controlplane/stations.hpp"

namespace weir::control {
namespace {

using Kind = StationEvent::Kind;
using What = StationChange::What;
using Cause = StationChange::Cause;

}  // namespace

/// A learnt one was heard on `to`, where it is not known to be.
void Stations::moved(FdbSlot slot, StationKey key, InterfaceId to) {
  if (table_.frozen(slot)) {
    frozen_.find(key)->other = to;  // a report that was under way when it froze
    return;
  }
  const TimePoint now = clock_.now();
  const InterfaceId from = table_.interface(slot);
  const bool leaves_loop = members_[from].contained;
  Bridge& bridge = bridges_[bridge_of(key)];
  if (members_[to].contained || (now < bridge.settled && !leaves_loop)) return;
  ++bridge.counters.moves;
  if (!mac_of(key).is_virtual_router() && !leaves_loop) {
    if (moving_.full() && moving_.find(key) == nullptr) {
      ++totals_.moves_forgotten;
      const StationKey oldest = moving_.oldest().key;
      moving_.erase(oldest);
    }
    StationMoves& moves = moving_.use(key);
    moves.note({now, from, to});
    if (const auto loop = loops_.note(key, from, to, now))
      return contain(bridge_of(key), mac_of(key), *loop);
    if (moves.size == StationMoves::kMost) {
      const StationMoves history = moves;
      moving_.erase(key);
      return freeze(slot, key, history);
    }
  }
  if (!room_on(to)) return refuse(key, to);
  const std::uint32_t two_way = table_.fdb().seen(slot).raw() & FdbSeen::kTwoWay;
  table_.fdb().set_seen(slot, FdbSeen{seconds() | two_way});
  relocate(slot, to, {What::moved, Cause::frame, to});
}

/// RFC 7432 section 15.1: where it was before the moves began.
void Stations::freeze(FdbSlot slot, StationKey key, const StationMoves& moves) {
  const TimePoint now = clock_.now();
  const BridgeId bridge = bridge_of(key);
  const InterfaceId first = moves.first().from, arrival = moves.last().to;
  if (is_member(bridge, first) && first != table_.interface(slot) && room_on(first))
    relocate(slot, first, {What::moved, Cause::frame, arrival});
  const InterfaceId stays = table_.interface(slot);
  const InterfaceId other = moves.last().to != stays ? moves.last().to : moves.last().from;
  if (frozen_.full()) {
    ++totals_.thawed_early;
    const StationKey oldest = frozen_.oldest().key;
    thaw(oldest, {What::thawed, Cause::limit, arrival});
  }
  table_.set_frozen(slot, true);
  frozen_.use(key) = {now, now + kFreeze, other};
  ++bridges_[bridge].counters.freezes;
  ++bridges_[bridge].counters.frozen;
  tell(key, stays, stays, {What::frozen, Cause::frame, arrival});
  event({Kind::frozen, bridge, mac_of(key), stays, other});
}

void Stations::thaw(StationKey key, const Why& why) {
  const Frozen record = *frozen_.find(key);
  frozen_.erase(key);
  const FdbSlot slot = *table_.find(key);
  table_.set_frozen(slot, false);
  --bridges_[bridge_of(key)].counters.frozen;
  const InterfaceId at = table_.interface(slot);
  tell(key, at, at, why);
  event({Kind::thawed, bridge_of(key), mac_of(key), at, record.other});
}

void Stations::forget_moves(StationKey key) {
  if (!moving_.empty()) moving_.erase(key);
  if (!frozen_.empty() && frozen_.erase(key)) --bridges_[bridge_of(key)].counters.frozen;
}

void Stations::own_source(BridgeId bridge, InterfaceId interface) {
  if (!is_member(bridge, interface)) return;
  contain(bridge, {}, {interface, interface, clock_.now()});
}

void Stations::contain(BridgeId bridge, MacAddress mac, const LoopWatch::Loop& loop) {
  const TimePoint now = clock_.now();
  Member& member = members_[loop.newer];
  Bridge& b = bridges_[bridge];
  if (member.contained || now < b.settled) return;
  const bool again = member.period > Duration{0} && now - member.released < kRecur;
  member.period = again ? std::min(2 * member.period, kContainMost) : kContain;
  member.contained = true;
  member.loop_other = loop.other;
  member.until = now + member.period;
  contained_.insert({member.until, loop.newer});
  b.settled = now + kSettle;
  ++b.counters.loops;
  loops_.forget(bridge);
  put_back(bridge, loop);
  actions_.set_flooding(bridge, loop.newer, false);
  event({Kind::loop, bridge, mac, loop.newer, loop.other});
}

/// Those that the loop has moved are where they were before it.
void Stations::put_back(BridgeId bridge, const LoopWatch::Loop& loop) {
  const TimePoint since = loop.since - LoopWatch::kWindow;
  const auto concerned = [&](InterfaceId interface) {
    return interface == loop.newer || interface == loop.other;
  };
  std::vector<std::pair<StationKey, InterfaceId>> places;
  const auto& moving = moving_.records();
  for (auto it = moving.rbegin(); it != moving.rend() && it->value.last().at >= since; ++it) {
    if (bridge_of(it->key) != bridge) continue;
    const auto end = it->value.moves.begin() + it->value.size;
    const auto first = std::find_if(it->value.moves.begin(), end,
                                    [&](const auto& move) { return move.at >= since; });
    if (std::any_of(first, end,
                    [&](const auto& move) { return concerned(move.from) || concerned(move.to); }))
      places.emplace_back(it->key, first->from);
  }
  for (const auto& [key, place] : places) {
    moving_.erase(key);
    // Gone meanwhile, to make room for another of them.
    const auto slot = table_.find(key);
    if (!slot || table_.interface(*slot) == place || !is_member(bridge, place)) continue;
    if (table_.learnt(place) < limit_of(place))
      relocate(*slot, place, {What::moved, Cause::loop, loop.newer});
  }
  std::vector<StationKey> thawing;
  const auto& frozen = frozen_.records();
  for (auto it = frozen.rbegin(); it != frozen.rend() && it->value.since >= since; ++it)
    if (bridge_of(it->key) == bridge) thawing.push_back(it->key);
  for (const StationKey key : thawing) thaw(key, {What::thawed, Cause::loop, loop.newer});
}

void Stations::release(InterfaceId interface) {
  Member& member = members_[interface];
  contained_.erase({member.until, interface});
  member.contained = false;
  member.released = clock_.now();
  actions_.set_flooding(member.bridge, interface, true);
  event({Kind::loop_over, member.bridge, {}, interface, member.loop_other});
}

}  // namespace weir::control
