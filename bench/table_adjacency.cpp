// table_adjacency [Google Benchmark options]: adjacencies, groups and policers: what a worker reads
// for each packet and what the control plane writes, in TSC cycles an operation.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <random>
#include <vector>

#include "bench/cycle_meter.hpp"
#include "dataplane/table/adjacency.hpp"
#include "dataplane/table/next_hop.hpp"
#include "dataplane/table/policer.hpp"

namespace weir::bench {
namespace {

constexpr MacAddress kGateway{{2, 0, 0, 0, 1, 1}}, kOwn{{2, 0, 0, 0, 0, 1}};
constexpr unsigned kOperations = 4096;

std::vector<AdjacencyIndex> random_hosts(AdjacencyIndex block, std::uint32_t size) {
  std::mt19937 random(1);
  std::vector<AdjacencyIndex> hosts(kOperations);
  for (auto& each : hosts) each = block + static_cast<std::uint32_t>(random() & (size - 1));
  return hosts;
}

/// Random hosts of one subnet with 2^range(0) of them, all resolved.
void load(benchmark::State& state) {
  const std::uint32_t size = 1u << state.range(0);
  AdjacencyTable table;
  const AdjacencyIndex block = *table.allocate(size);
  for (std::uint32_t i = 0; i < size; ++i)
    table.store(block + i, Adjacency::forward(1, kGateway, kOwn));
  const auto hosts = random_hosts(block, size);
  const CycleMeter meter;
  for ([[maybe_unused]] auto _ : state)
    for (const AdjacencyIndex host : hosts)
      benchmark::DoNotOptimize(load_adjacency(&table.slots()[host]));
  meter.stop(state, kOperations);
}
BENCHMARK(load)->Arg(8)->Arg(16)->Arg(20);

/// A sweep over hosts that do not exist: pages that nobody ever wrote to.
void load_untouched(benchmark::State& state) {
  AdjacencyTable table;
  constexpr std::uint32_t kSize = 1u << 24;
  const auto hosts = random_hosts(*table.allocate(kSize), kSize);
  const CycleMeter meter;
  for ([[maybe_unused]] auto _ : state)
    for (const AdjacencyIndex host : hosts)
      benchmark::DoNotOptimize(load_adjacency(&table.slots()[host]));
  meter.stop(state, kOperations);
}
BENCHMARK(load_untouched);

void store(benchmark::State& state) {
  AdjacencyTable table;
  const auto hosts = random_hosts(*table.allocate(1u << 16), 1u << 16);
  const Adjacency adjacency = Adjacency::forward(1, kGateway, kOwn);
  const CycleMeter meter;
  for ([[maybe_unused]] auto _ : state)
    for (const AdjacencyIndex host : hosts) table.store(host, adjacency);
  meter.stop(state, kOperations);
}
BENCHMARK(store);

/// A subnet of 2^range(0) hosts comes and goes, all of them unresolved.
void allocate_and_release(benchmark::State& state) {
  AdjacencyTable table;
  const std::uint32_t size = 1u << state.range(0);
  const CycleMeter meter;
  for ([[maybe_unused]] auto _ : state) table.release(*table.allocate(size), size);
  meter.stop(state, 1);
}
BENCHMARK(allocate_and_release)->Arg(0)->Arg(8)->Arg(16);

void pick(benchmark::State& state) {
  GroupTable table;
  const std::uint32_t group = *table.allocate();
  table.set_members(group, {{1, 0}, {2, 0}, {3, 0}});
  std::mt19937 random(1);
  std::vector<std::uint32_t> hashes(kOperations);
  for (auto& each : hashes) each = static_cast<std::uint32_t>(random());
  const CycleMeter meter;
  for ([[maybe_unused]] auto _ : state)
    for (const std::uint32_t hash : hashes) benchmark::DoNotOptimize(table.pick(group, hash));
  meter.stop(state, kOperations);
}
BENCHMARK(pick);

/// One of range(0) members leaves and comes back.
void set_members(benchmark::State& state) {
  GroupTable table;
  const std::uint32_t group = *table.allocate();
  std::vector<NextHop> all;
  for (std::uint32_t i = 0; i < state.range(0); ++i) all.push_back({i + 1, 0});
  const std::vector<NextHop> fewer(all.begin() + 1, all.end());
  const CycleMeter meter;
  for ([[maybe_unused]] auto _ : state) {
    table.set_members(group, fewer);
    table.set_members(group, all);
  }
  meter.stop(state, 2);
}
BENCHMARK(set_members)->Arg(2)->Arg(8)->Arg(64);

void police(benchmark::State& state) {
  Policer policer(20'000, 256, 2e9);
  std::uint64_t now = 0;
  const CycleMeter meter;
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(policer.take(now += 10'000));
  meter.stop(state, 1);
}
BENCHMARK(police);

}  // namespace
}  // namespace weir::bench

BENCHMARK_MAIN();
