// The stations' engine in a world that notes what it is told.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "controlplane/stations.hpp"

namespace weir::control::test {

inline constexpr BridgeId kLan = 1;

inline MacAddress station(std::uint32_t n) {
  MacAddress mac{{2, 0, 0, 0, 0, 0}};
  for (unsigned i = 0; i < 4; ++i) mac.bytes[5 - i] = static_cast<std::uint8_t>(n >> (8 * i));
  return mac;
}

class StationWorld final : public StationActions {
 public:
  using Key = std::pair<BridgeId, MacAddress>;

  void station_changed(const StationChange& change) override {
    if (change.before != change.now) ++changes;
    const Key key{change.bridge, change.mac};
    const auto at = places.find(key);
    EXPECT_EQ(change.before, at == places.end() ? std::nullopt : std::optional{at->second});
    if (change.now)
      places[key] = *change.now;
    else
      places.erase(key);
    if (keep_log) log.push_back(change);
  }
  void set_flooding(BridgeId bridge, InterfaceId interface, bool allowed) override {
    if (allowed) {
      EXPECT_EQ(stopped.erase({bridge, interface}), 1u);
    } else {
      EXPECT_TRUE(stopped.insert({bridge, interface}).second);
    }
  }
  void event(const StationEvent& event) override { events.push_back(event); }

  std::size_t count(StationEvent::Kind kind) const {
    return static_cast<std::size_t>(std::count_if(
        events.begin(), events.end(), [&](const StationEvent& e) { return e.kind == kind; }));
  }

  std::map<Key, InterfaceId> places;  // as the callbacks tell it
  std::set<std::pair<BridgeId, InterfaceId>> stopped;
  std::vector<StationEvent> events;
  std::size_t changes = 0;
  bool keep_log = false;
  std::vector<StationChange> log;
};

/// A bridge with members 1 to 4.
struct StationFixture {
  explicit StationFixture(std::size_t room = 1024, BridgeStationSettings settings = {})
      : fdb(room, 0x9e3779b97f4a7c15, readers, Pages::small), engine(clock, fdb, world) {
    EXPECT_TRUE(engine.set_bridge(kLan, settings));
    for (InterfaceId i = 1; i <= 4; ++i) EXPECT_TRUE(engine.set_member(kLan, i, {}));
  }

  void learn(std::uint32_t n, InterfaceId interface) { engine.learn(kLan, station(n), interface); }
  void walk(std::uint32_t n, std::initializer_list<InterfaceId> interfaces) {
    for (const InterfaceId i : interfaces) learn(n, i);
  }
  std::optional<InterfaceId> where(std::uint32_t n) const {
    const auto place = engine.find(kLan, station(n));
    return place ? std::optional{place->interface} : std::nullopt;
  }
  /// As a worker does it.
  void hear(std::uint32_t n) {
    fdb.reader().mark_seen(station_key(kLan, station(n)), fdb.seconds());
  }
  void answer(std::uint32_t n) { fdb.reader().mark_two_way(station_key(kLan, station(n))); }
  /// Time passes, with every deadline on the way.
  void advance(Duration by) {
    const TimePoint end = clock.now() + by;
    for (auto next = engine.next_deadline(); next && *next <= end; next = engine.next_deadline()) {
      if (*next > clock.now()) clock.advance(*next - clock.now());
      engine.tick();
    }
    if (end > clock.now()) clock.advance(end - clock.now());
  }
  StationCounters counters() const { return engine.counters(kLan); }

  ManualClock clock;
  NoReaders readers;
  Fdb fdb;
  StationWorld world;
  Stations engine;
};

}  // namespace weir::control::test
