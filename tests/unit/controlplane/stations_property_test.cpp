// Random histories of stations: whatever comes in, limits hold, static ones stay, those in use are
// not evicted, and the engine, the FDB and what the callbacks told agree.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <random>

#include "station_fixture.hpp"

namespace weir::control::test {
namespace {

using namespace std::chrono_literals;

constexpr BridgeId kBridges = 2;
constexpr InterfaceId kMembers = 3;  // of each bridge
constexpr std::uint32_t kHosts = 60, kMax = 24;
constexpr std::array<std::uint32_t, kMembers> kLimits{6, 12, 20};
constexpr std::uint32_t kStatic = 1000;

/// What is known for certain of a learnt station.
struct Known {
  InterfaceId interface = 0;
  std::uint32_t heard = 0;  // in seconds
  bool two_way = false;
};

class History {
 public:
  explicit History(std::uint64_t seed)
      : random_(seed), fdb_(256, seed, readers_, Pages::small), engine_(clock_, fdb_, world_) {
    for (BridgeId b = 1; b <= kBridges; ++b) {
      EXPECT_TRUE(engine_.set_bridge(b, {.max = kMax, .ageing = 20s}));
      for (InterfaceId m = 0; m < kMembers; ++m)
        EXPECT_TRUE(engine_.set_member(b, interface_of(b, m), {.max_stations = kLimits[m]}));
      EXPECT_TRUE(engine_.add_static(b, station(kStatic), interface_of(b, 1)));
    }
  }

  void step() {
    const auto b = static_cast<BridgeId>(1 + pick(kBridges));
    const MacAddress mac = station(pick(50) == 0 ? kStatic : pick(kHosts));
    const InterfaceId interface = interface_of(b, static_cast<InterfaceId>(pick(kMembers)));
    const Key key{b, mac};
    switch (pick(24)) {
      case 0:
        return answer(key);
      case 1:
        return hear(key);
      case 2:
        engine_.pin(b, mac);
        ++pins_[key];
        return;
      case 3:
      case 4:
        engine_.unpin(b, mac);
        if (const auto it = pins_.find(key); it != pins_.end() && --it->second == 0)
          pins_.erase(it);
        return;
      case 5:
        return advance(std::chrono::milliseconds{pick(4000)});
      case 6:
        if (pick(20) == 0) return flush({.bridge = b, .interface = interface});
        if (pick(20) == 0) return flush({.mac = mac});
        if (pick(20) == 0) engine_.own_source(b, interface);
        return;
      default:
        return learn(key, pick(4) == 0 ? interface : home_of(b, mac));
    }
  }

  void check() {
    std::array<std::uint32_t, 64> learnt{};
    std::array<std::uint32_t, kBridges + 1> stations{}, pinned{}, frozen{};
    const StationList all = engine_.list({}, std::nullopt, Stations::kMaxPage);
    ASSERT_EQ(all.places.size(), world_.places.size());
    for (const Place& place : all.places) {
      const Key key{place.bridge, place.mac};
      ASSERT_EQ(world_.places.at(key), place.interface);
      const FdbWhere where{
          static_cast<std::uint32_t>(fdb_.reader().lookup(station_key(key.first, key.second)))};
      ASSERT_EQ(where.interface(), place.interface);
      ASSERT_EQ(where.is_fixed(), place.kind != StationKind::learnt || place.frozen);
      ASSERT_EQ(place.pinned, pins_.contains(key));
      pinned[place.bridge] += place.pinned;
      frozen[place.bridge] += place.frozen;
      if (place.kind != StationKind::learnt) continue;
      ++learnt[place.interface];
      ++stations[place.bridge];
    }
    for (BridgeId b = 1; b <= kBridges; ++b) {
      const StationCounters counters = engine_.counters(b);
      ASSERT_EQ(counters.stations, stations[b]);
      ASSERT_EQ(counters.pinned, pinned[b]);
      ASSERT_EQ(counters.frozen, frozen[b]);
      ASSERT_EQ(counters.statics, 1u);
      ASSERT_LE(stations[b], kMax);
      ASSERT_EQ(world_.places.at({b, station(kStatic)}), interface_of(b, 1));
      for (InterfaceId m = 0; m < kMembers; ++m) {
        const InterfaceId i = interface_of(b, m);
        ASSERT_EQ(engine_.stations_of(i), learnt[i]);
        ASSERT_LE(learnt[i], kLimits[m]);
        ASSERT_EQ(engine_.floods(i), !world_.stopped.contains({b, i}));
      }
    }
    expect_known_to_stay();
  }

  StationCounters counters(BridgeId bridge) const { return engine_.counters(bridge); }

 private:
  using Key = StationWorld::Key;

  std::uint32_t pick(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
  static InterfaceId interface_of(BridgeId bridge, InterfaceId member) {
    return static_cast<InterfaceId>(bridge * 8 + member);
  }
  static InterfaceId home_of(BridgeId bridge, MacAddress mac) {
    return interface_of(bridge, static_cast<InterfaceId>(mac.bytes[5] % kMembers));
  }
  std::uint32_t seconds() const { return static_cast<std::uint32_t>(clock_.now() / 1s); }

  void learn(const Key& key, InterfaceId interface) {
    engine_.learn(key.first, key.second, interface);
    remember(key);
  }
  /// As workers do it: both marks.
  void hear(const Key& key) {
    fdb_.reader().mark_seen(station_key(key.first, key.second), fdb_.seconds());
    if (const auto it = known_.find(key); it != known_.end()) it->second.heard = fdb_.seconds();
  }
  void answer(const Key& key) {
    fdb_.reader().mark_two_way(station_key(key.first, key.second));
    if (const auto it = known_.find(key); it != known_.end()) it->second.two_way = true;
  }
  void remember(const Key& key) {
    const auto place = engine_.find(key.first, key.second);
    if (!place || place->kind != StationKind::learnt) return;
    const auto it = known_.find(key);
    if (it == known_.end()) {
      known_[key] = {place->interface, seconds(), place->two_way};
    } else if (place->age_seconds == 0) {
      it->second.heard = seconds();
    }
  }
  void flush(const StationQuery& query) {
    std::size_t expected = 0;
    for (const auto& [key, interface] : world_.places) {
      expected += key.second != station(kStatic) && (!query.mac || *query.mac == key.second) &&
                  (!query.interface || *query.interface == interface);
    }
    EXPECT_EQ(engine_.flush(query), expected);
    for (auto it = known_.begin(); it != known_.end();)
      it = world_.places.contains(it->first) ? std::next(it) : known_.erase(it);
  }
  void advance(Duration by) {
    const TimePoint end = clock_.now() + by;
    const std::size_t thawed = world_.count(StationEvent::Kind::thawed);
    for (auto next = engine_.next_deadline(); next && *next <= end;
         next = engine_.next_deadline()) {
      if (*next > clock_.now()) clock_.advance(*next - clock_.now());
      engine_.tick();
    }
    if (end > clock_.now()) clock_.advance(end - clock_.now());
    if (by < 1s || world_.count(StationEvent::Kind::thawed) != thawed) return;
    // Everything was swept: who was silent has gone.
    for (const Place& place : engine_.list({}, std::nullopt, Stations::kMaxPage).places)
      if (place.kind == StationKind::learnt && !place.pinned && !place.frozen) {
        EXPECT_LE(place.age_seconds, 20u);
      }
  }

  /// A station in use or pinned goes by age only, and never while it is pinned.
  void expect_known_to_stay() {
    for (auto it = known_.begin(); it != known_.end();) {
      const auto& [key, known] = *it;
      if (world_.places.contains(key)) {
        ++it;
        continue;
      }
      ASSERT_FALSE(pins_.contains(key));
      if (known.two_way) {
        ASSERT_GT(seconds() - known.heard, 20u);
      }
      it = known_.erase(it);
    }
  }

  std::mt19937_64 random_;
  ManualClock clock_;
  NoReaders readers_;
  Fdb fdb_;
  StationWorld world_;
  Stations engine_;
  std::map<Key, Known> known_;
  std::map<Key, unsigned> pins_;
};

class RandomStations : public testing::TestWithParam<std::uint64_t> {};

TEST_P(RandomStations, KeepWhatTheyPromise) {
  History history{GetParam()};
  for (int i = 0; i < 20'000; ++i) {
    history.step();
    history.check();
    if (testing::Test::HasFailure()) FAIL() << "step " << i;
  }
  const StationCounters counters = history.counters(1);
  EXPECT_GT(counters.learnt, 300u);
  EXPECT_GT(counters.evictions, 30u);
  EXPECT_GT(counters.refused, 30u);
  EXPECT_GT(counters.aged, 30u);
  EXPECT_GT(counters.freezes, 10u);
  EXPECT_GT(counters.loops, 1u);
}
INSTANTIATE_TEST_SUITE_P(Seeds, RandomStations, testing::Range<std::uint64_t>(1, 4));

}  // namespace
}  // namespace weir::control::test
