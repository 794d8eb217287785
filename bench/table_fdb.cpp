// table_fdb [Google Benchmark options]: stations: what a worker looks up twice for each packet, and
// what learning costs the control plane, in TSC cycles an operation; bytes a station.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "bench/cycle_meter.hpp"
#include "controlplane/stations.hpp"
#include "dataplane/table/fdb.hpp"

namespace weir::bench {
namespace {

constexpr std::uint64_t kHashKey = 0xd1342543de82ef95;
constexpr unsigned kBurst = 64, kBursts = 256;

/// Any unicast MAC address.
StationKey random_key(std::mt19937_64& random) {
  return station_key(1, mac_of((random() & 0xffff'ffff'fffe) | 2));
}

std::vector<StationKey> fill(Fdb& fdb, std::size_t stations) {
  std::mt19937_64 random(1);
  std::vector<StationKey> keys(stations);
  for (auto& key : keys) {
    key = random_key(random);
    if (!fdb.find(key)) fdb.insert(key, FdbWhere::station(1), 0);
  }
  return keys;
}

/// Bursts of random stations out of range(0); `known` of 64 keys are in the table.
template <typename Probe>
void lookup(benchmark::State& state, Probe, unsigned known) {
  const auto stations = static_cast<std::size_t>(state.range(0));
  NoReaders readers;
  Fdb fdb{stations, kHashKey, readers};
  const std::vector<StationKey> all = fill(fdb, stations);
  std::mt19937_64 random(2);
  std::vector<StationKey> keys(kBurst * kBursts);
  for (auto& key : keys)
    key = random() % kBurst < known ? all[random() % all.size()] : random_key(random);
  const FdbReader reader = fdb.reader();
  std::uint64_t hits[kBurst];
  const CycleMeter meter;
  for ([[maybe_unused]] auto _ : state) {
    for (unsigned i = 0; i < kBursts; ++i) {
      reader.lookup_bulk_as<Probe>(keys.data() + i * kBurst, hits, kBurst);
      benchmark::DoNotOptimize(hits);
      benchmark::ClobberMemory();
    }
  }
  meter.stop(state, kBurst * kBursts);
  state.counters["bytes"] =
      static_cast<double>(fdb.memory_bytes()) / static_cast<double>(fdb.size());
}
BENCHMARK_CAPTURE(lookup, known, FdbProbeBest{}, kBurst)->Arg(2'000)->Arg(16'384)->Arg(1'000'000);
BENCHMARK_CAPTURE(lookup, half_known, FdbProbeBest{}, kBurst / 2)->Arg(2'000)->Arg(1'000'000);
BENCHMARK_CAPTURE(lookup, unknown, FdbProbeBest{}, 0u)->Arg(2'000)->Arg(1'000'000);
BENCHMARK_CAPTURE(lookup, scalar, FdbProbeScalar{}, kBurst)->Arg(2'000)->Arg(1'000'000);
#if defined(__AVX2__)
BENCHMARK_CAPTURE(lookup, avx2, FdbProbeAvx2{}, kBurst)->Arg(2'000)->Arg(1'000'000);
#endif

/// One of range(0) stations goes, and another comes.
void replace(benchmark::State& state) {
  const auto stations = static_cast<std::size_t>(state.range(0));
  NoReaders readers;
  Fdb fdb{stations, kHashKey, readers};
  std::vector<StationKey> keys = fill(fdb, stations);
  std::mt19937_64 random(3);
  const CycleMeter meter;
  for ([[maybe_unused]] auto _ : state) {
    StationKey& key = keys[random() % keys.size()];
    if (const auto slot = fdb.find(key)) fdb.erase(*slot);
    key = random_key(random);
    benchmark::DoNotOptimize(fdb.insert(key, FdbWhere::station(1), 0));
  }
  meter.stop(state, 1);
}
BENCHMARK(replace)->Arg(2'000)->Arg(16'384)->Arg(1'000'000);

class Nobody final : public control::StationActions {
 public:
  void station_changed(const control::StationChange&) override {}
  void set_flooding(BridgeId, InterfaceId, bool) override {}
  void event(const control::StationEvent&) override {}
};

/// A flood of new addresses at the interface's limit of range(0): each evicts another.
void learn_at_the_limit(benchmark::State& state) {
  const auto limit = static_cast<std::uint32_t>(state.range(0));
  control::SteadyClock clock;
  NoReaders readers;
  Fdb fdb{limit, kHashKey, readers};
  Nobody nobody;
  control::Stations stations{clock, fdb, nobody};
  stations.set_bridge(1, {.max = limit, .max_per_interface = limit});
  for (InterfaceId i = 0; i < 8; ++i) stations.set_member(1, i, {});
  std::mt19937_64 random(4);
  const auto next = [&] { return mac_of(random_key(random)); };
  for (std::uint32_t i = 0; i < limit; ++i) stations.learn(1, next(), 1);
  const CycleMeter meter;
  for ([[maybe_unused]] auto _ : state) stations.learn(1, next(), 1);
  meter.stop(state, 1);
  state.counters["bytes"] = static_cast<double>(stations.memory_bytes()) / limit;
}
BENCHMARK(learn_at_the_limit)->Arg(4'096)->Arg(16'384)->Arg(1'000'000);

/// One step of the sweep over a table of range(0) stations, of which none has aged.
void sweep_step(benchmark::State& state) {
  const auto limit = static_cast<std::uint32_t>(state.range(0));
  control::ManualClock clock;
  NoReaders readers;
  Fdb fdb{limit, kHashKey, readers};
  Nobody nobody;
  control::Stations stations{clock, fdb, nobody};
  stations.set_bridge(1, {.max = limit, .max_per_interface = limit, .ageing = {}});
  stations.set_member(1, 1, {});
  std::mt19937_64 random(4);
  for (std::uint32_t i = 0; i < limit; ++i) stations.learn(1, mac_of(random_key(random)), 1);
  const CycleMeter meter;
  for ([[maybe_unused]] auto _ : state) {
    clock.advance(*stations.next_deadline() - clock.now());
    stations.tick();
  }
  meter.stop(state, 1);
}
BENCHMARK(sweep_step)->Arg(16'384)->Arg(1'000'000);

}  // namespace
}  // namespace weir::bench

BENCHMARK_MAIN();
