// Stations, listed and flushed.
#include <algorithm>

#include "controlplane/stations.hpp"

namespace weir::control {
namespace {

/// Numbers in the order of bridge and MAC address.
std::uint64_t order_of(StationKey key) {
  return std::uint64_t{bridge_of(key)} << 48 | __builtin_bswap64(key) >> 16;
}

}  // namespace

template <typename Visit>
void Stations::for_each_bridge_with(const StationQuery& query, Visit&& visit) const {
  for (std::size_t i = 1; i < kMaxBridges; ++i) {
    const auto bridge = static_cast<BridgeId>(i);
    if (bridges_[i].exists && (!query.bridge || *query.bridge == bridge)) visit(bridge);
  }
}

bool Stations::matches(FdbSlot slot, const StationQuery& query) const {
  const StationKey key = table_.fdb().key(slot);
  return table_.kind(slot) != StationKind::none &&
         (!query.bridge || *query.bridge == bridge_of(key)) &&
         (!query.interface || *query.interface == table_.interface(slot)) &&
         (!query.mac || *query.mac == mac_of(key));
}

// --- flushing

std::size_t Stations::flush_member(InterfaceId interface, const Why& why) {
  std::size_t gone = 0;
  for (; const auto slot = table_.first(interface); ++gone) forget(*slot, why);
  return gone;
}

std::size_t Stations::flush(const StationQuery& query) {
  return flush(query, {StationChange::What::flushed, StationChange::Cause::command});
}

std::size_t Stations::flush(const StationQuery& query, const Why& why) {
  std::size_t gone = 0;
  for_each_bridge_with(query, [&](BridgeId bridge) {
    if (query.mac) {
      const auto slot = table_.find(station_key(bridge, *query.mac));
      if (!slot || !matches(*slot, query) || table_.kind(*slot) != StationKind::learnt) return;
      forget(*slot, why);
      ++gone;
      return;
    }
    for (const InterfaceId interface : bridges_[bridge].members)
      if (!query.interface || *query.interface == interface) gone += flush_member(interface, why);
  });
  return gone;
}

std::size_t Stations::fast_age(BridgeId bridge, std::optional<InterfaceId> interface) {
  return flush({.bridge = bridge, .interface = interface},
               {StationChange::What::flushed, StationChange::Cause::topology});
}

// --- listing

Place Stations::place_of(FdbSlot slot) const {
  const StationKey key = table_.fdb().key(slot);
  const FdbSeen seen = table_.fdb().seen(slot);
  const TimePoint now = clock_.now();
  Place place{.bridge = bridge_of(key),
              .mac = mac_of(key),
              .interface = table_.interface(slot),
              .kind = table_.kind(slot),
              .pinned = table_.pinned(slot),
              .frozen = table_.frozen(slot),
              .two_way = seen.two_way(),
              .age_seconds = seconds_since(seen, seconds())};
  if (const StationMoves* moves = moving_.find(key)) {
    place.moves = moves->count(now);
    if (place.moves > 1) place.also_on = moves->last().from;
  }
  if (const Frozen* frozen = frozen_.find(key)) {
    place.moves = StationMoves::kMost;
    place.also_on = frozen->other;
    place.frozen_left = std::max(frozen->until - now, Duration{0});
  }
  const auto ageing = static_cast<std::uint32_t>(bridges_[place.bridge].settings.ageing.count());
  if (place.kind == StationKind::learnt && !place.pinned && !place.frozen && ageing > 0)
    place.expires_seconds = ageing - std::min(ageing, place.age_seconds);
  return place;
}

std::optional<Place> Stations::find(BridgeId bridge, MacAddress mac) const {
  if (bridge == 0 || bridge >= kMaxBridges) return std::nullopt;
  const auto slot = table_.find(station_key(bridge, mac));
  if (!slot || table_.kind(*slot) == StationKind::none) return std::nullopt;
  return place_of(*slot);
}

StationList Stations::list(const StationQuery& query,
                           std::optional<std::pair<BridgeId, MacAddress>> after,
                           std::size_t limit) const {
  using Ordered = std::pair<std::uint64_t, FdbSlot>;
  StationList list;
  std::vector<Ordered> page;  // a heap of the lowest, the highest of them first
  limit = std::min(limit, kMaxPage);
  const std::uint64_t beyond = after ? order_of(station_key(after->first, after->second)) : 0;
  const auto take = [&](FdbSlot slot) {
    if (!matches(slot, query)) return;
    ++list.total;
    const Ordered each{order_of(table_.fdb().key(slot)), slot};
    if (each.first <= beyond || limit == 0) return;
    if (page.size() == limit) {
      if (page.front().first < each.first) return;
      std::pop_heap(page.begin(), page.end());
      page.pop_back();
    }
    page.push_back(each);
    std::push_heap(page.begin(), page.end());
  };
  if (query.mac) {
    for_each_bridge_with(query, [&](BridgeId bridge) {
      if (const auto slot = table_.find(station_key(bridge, *query.mac))) take(*slot);
    });
  } else {
    table_.for_each(take);
  }
  std::sort_heap(page.begin(), page.end());
  for (const auto& [order, slot] : page) list.places.push_back(place_of(slot));
  return list;
}

StationCounters Stations::counters(BridgeId bridge) const {
  return bridge < kMaxBridges ? bridges_[bridge].counters : StationCounters{};
}

StationTotals Stations::totals() const {
  StationTotals totals = totals_;
  totals.pins = pins_.size();
  totals.moving = moving_.size();
  totals.frozen = frozen_.size();
  return totals;
}

}  // namespace weir::control
