// table_fib [Google Benchmark options]: the forwarding table beside DPDK's rte_lpm and rte_fib.
//
// Lookups are in bursts of 64. "cycles" are TSC cycles of CPU time an operation (a lookup, a
// change, a loaded prefix). The peers' memory comes from the EAL: with --no-huge, as here, in small
// pages. So ours is measured in small pages too, as the fair comparison, and in the huge ones that
// it asks for.
#include <benchmark/benchmark.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_fib.h>
#include <rte_ip.h>
#include <rte_lpm.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/internet_table.hpp"
#include "dataplane/table/fib.hpp"

namespace weir::bench {
namespace {

constexpr unsigned kBurst = 64;
constexpr std::uint64_t kSeed = 1;
constexpr std::uint32_t kNextHops = 256;
constexpr std::size_t kInternetRoutes = 1'000'000;
/// rte_lpm keeps its rules in lists that it searches from end to end: a million would take minutes.
constexpr std::size_t kFewerRoutes = 100'000;

/// What is loaded and what is looked up.
struct Workload {
  std::vector<FibRoute> routes;
  std::vector<std::uint32_t> destinations;  // a multiple of kBurst
};

std::vector<FibRoute> with_next_hops(const std::vector<Ipv4Prefix>& prefixes) {
  SplitMix64 random{kSeed};
  std::vector<FibRoute> routes;
  routes.reserve(prefixes.size());
  for (const Ipv4Prefix& prefix : prefixes) {
    routes.push_back({prefix, NextHopId{1 + random.below(kNextHops - 1)}});
  }
  return routes;
}

/// 256 neighbouring /24 routes and 4,096 destinations in them.
Workload make_small() {
  std::vector<Ipv4Prefix> prefixes;
  for (std::uint32_t i = 0; i < 256; ++i) {
    prefixes.emplace_back(Ipv4Address{0x0a000000 + (i << 8)}, 24);
  }
  Workload workload{with_next_hops(prefixes), std::vector<std::uint32_t>(4096)};
  SplitMix64 random{kSeed + 1};
  for (auto& destination : workload.destinations) destination = 0x0a000000 + random.below(65536);
  return workload;
}

/// Uniformly random over the unicast space: nearly every lookup is of a cache line of its own.
Workload make_internet(std::size_t count) {
  return {with_next_hops(internet_table(count, kSeed)),
          random_destinations(std::size_t{1} << 20, kSeed + 1)};
}

const Workload& small_workload() {
  static const Workload workload = make_small();
  return workload;
}
const Workload& fewer_workload() {
  static const Workload workload = make_internet(kFewerRoutes);
  return workload;
}
const Workload& internet_workload() {
  static const Workload workload = make_internet(kInternetRoutes);
  return workload;
}
/// The Internet's routes, but the traffic of 4,096 flows: the table's used part fits the cache.
const Workload& flows_workload() {
  static const Workload workload{internet_workload().routes, random_destinations(4096, kSeed + 2)};
  return workload;
}

using GetWorkload = const Workload& (*)();

/// CPU time of this thread as TSC cycles an operation: what others do on the machine is left out.
class CycleMeter {
 public:
  void stop(benchmark::State& state, double operations_an_iteration) const {
    const double cycles = (cpu_seconds() - start_) * static_cast<double>(rte_get_tsc_hz());
    const double operations = static_cast<double>(state.iterations()) * operations_an_iteration;
    state.counters["cycles"] = cycles / operations;
    state.SetItemsProcessed(static_cast<std::int64_t>(operations));
  }

 private:
  static double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
  }

  double start_ = cpu_seconds();
};

template <typename NextHop, typename Lookup>
void measure_lookups(benchmark::State& state, const Workload& workload, const Lookup& lookup) {
  std::array<NextHop, kBurst> next_hops;
  const std::uint32_t* const destinations = workload.destinations.data();
  const std::size_t count = workload.destinations.size();
  // Not measured: the first round, which brings into caches and TLBs what fits.
  for (std::size_t i = 0; i < count; i += kBurst) lookup(destinations + i, next_hops.data());
  std::size_t at = 0;
  const CycleMeter meter;
  for ([[maybe_unused]] auto _ : state) {
    lookup(destinations + at, next_hops.data());
    benchmark::DoNotOptimize(next_hops.data());
    benchmark::ClobberMemory();
    at = at + kBurst == count ? 0 : at + kBurst;
  }
  meter.stop(state, kBurst);
}

using BulkLookup = void (FibReader::*)(const std::uint32_t*, std::uint32_t*, unsigned) const;

template <BulkLookup lookup>
void weir_lookup(benchmark::State& state, GetWorkload get_workload, Pages pages) {
  NoReaders readers;
  Fib fib{readers, {.pages = pages}};
  fib.bulk_load(get_workload().routes);
  const FibReader reader = fib.reader();
  measure_lookups<std::uint32_t>(state, get_workload(),
                                 [&](const std::uint32_t* destinations, std::uint32_t* next_hops) {
                                   (reader.*lookup)(destinations, next_hops, kBurst);
                                 });
  state.counters["MB"] = static_cast<double>(fib.memory_bytes()) / 1e6;
}

struct LpmDeleter {
  void operator()(rte_lpm* lpm) const { rte_lpm_free(lpm); }
};
using Lpm = std::unique_ptr<rte_lpm, LpmDeleter>;

Lpm make_lpm(const std::vector<FibRoute>& routes) {
  const rte_lpm_config config{
      .max_rules = static_cast<std::uint32_t>(routes.size()) + 1, .number_tbl8s = 256, .flags = 0};
  Lpm lpm{rte_lpm_create("bench", SOCKET_ID_ANY, &config)};
  if (lpm == nullptr) throw std::runtime_error("rte_lpm_create: no memory");
  for (const FibRoute& route : routes) {
    if (rte_lpm_add(lpm.get(), route.prefix.network().value(),
                    static_cast<std::uint8_t>(route.prefix.length()),
                    static_cast<std::uint32_t>(route.next_hop)) != 0) {
      throw std::runtime_error("rte_lpm_add");
    }
  }
  return lpm;
}

struct RteFibDeleter {
  void operator()(rte_fib* fib) const { rte_fib_free(fib); }
};
using RteFib = std::unique_ptr<rte_fib, RteFibDeleter>;

RteFib make_rte_fib(std::size_t max_routes) {
  rte_fib_conf config{};
  config.type = RTE_FIB_DIR24_8;
  config.max_routes = static_cast<int>(max_routes * 2);  // the RIB counts inner nodes as well
  config.dir24_8.nh_sz = RTE_FIB_DIR24_8_4B;
  config.dir24_8.num_tbl8 = 256;
  RteFib fib{rte_fib_create("bench", SOCKET_ID_ANY, &config)};
  if (fib == nullptr) throw std::runtime_error("rte_fib_create: no memory");
  return fib;
}

void add_all(rte_fib* fib, const std::vector<FibRoute>& routes) {
  for (const FibRoute& route : routes) {
    if (rte_fib_add(fib, route.prefix.network().value(),
                    static_cast<std::uint8_t>(route.prefix.length()),
                    static_cast<std::uint64_t>(route.next_hop)) != 0) {
      throw std::runtime_error("rte_fib_add");
    }
  }
}

/// The peers' tables, kept from one benchmark to the next: loading them takes seconds.
struct Peers {
  const Workload* lpm_workload = nullptr;
  const Workload* fib_workload = nullptr;
  Lpm lpm;
  RteFib fib;

  rte_lpm* lpm_with(const Workload& workload) {
    if (lpm_workload != &workload) {
      lpm.reset();
      lpm = make_lpm(workload.routes);
      lpm_workload = &workload;
    }
    return lpm.get();
  }
  rte_fib* fib_with(const Workload& workload) {
    if (fib_workload != &workload) {
      fib.reset();
      fib = make_rte_fib(workload.routes.size());
      add_all(fib.get(), workload.routes);
      fib_workload = &workload;
    }
    return fib.get();
  }
};

Peers peers;

/// As l3fwd looks up: four at a time.
void rte_lpm_lookup_x4(benchmark::State& state, GetWorkload get_workload) {
  rte_lpm* const lpm = peers.lpm_with(get_workload());
  measure_lookups<std::uint32_t>(
      state, get_workload(), [&](const std::uint32_t* destinations, std::uint32_t* next_hops) {
        for (unsigned i = 0; i < kBurst; i += 4) {
          const __m128i four = _mm_loadu_si128(reinterpret_cast<const __m128i*>(destinations + i));
          rte_lpm_lookupx4(lpm, four, next_hops + i, 0);
        }
      });
}

void rte_lpm_lookup_burst(benchmark::State& state, GetWorkload get_workload) {
  rte_lpm* const lpm = peers.lpm_with(get_workload());
  measure_lookups<std::uint32_t>(state, get_workload(),
                                 [&](const std::uint32_t* destinations, std::uint32_t* next_hops) {
                                   rte_lpm_lookup_bulk(lpm, destinations, next_hops, kBurst);
                                 });
}

template <rte_fib_lookup_type type>
void rte_fib_lookup_burst(benchmark::State& state, GetWorkload get_workload) {
  rte_fib* const fib = peers.fib_with(get_workload());
  if (rte_fib_select_lookup(fib, type) != 0) {
    state.SkipWithError("this rte_fib or processor has no such lookup");
    return;
  }
  measure_lookups<std::uint64_t>(
      state, get_workload(), [&](const std::uint32_t* destinations, std::uint64_t* next_hops) {
        // It only reads them.
        rte_fib_lookup_bulk(fib, const_cast<std::uint32_t*>(destinations), next_hops, kBurst);
      });
}

/// Removes and adds one prefix after the other; an iteration is two changes.
template <typename Remove, typename Add>
void measure_changes(benchmark::State& state, const std::vector<FibRoute>& routes,
                     const Remove& remove, const Add& add) {
  std::size_t at = 0;
  const CycleMeter meter;
  for ([[maybe_unused]] auto _ : state) {
    remove(routes[at]);
    add(routes[at]);
    at = at + 1 == routes.size() ? 0 : at + 1;
  }
  meter.stop(state, 2);
}

void weir_change(benchmark::State& state, GetWorkload get_workload) {
  const auto& routes = get_workload().routes;
  NoReaders readers;
  Fib fib{readers};
  fib.bulk_load(routes);
  measure_changes(
      state, routes, [&](const FibRoute& route) { fib.remove(route.prefix); },
      [&](const FibRoute& route) { fib.add(route.prefix, route.next_hop); });
}

/// The /8s over everything else: the dearest changes that a real table sees.
void weir_change_wide(benchmark::State& state) {
  const auto& routes = internet_workload().routes;
  NoReaders readers;
  Fib fib{readers};
  fib.bulk_load(routes);
  std::vector<FibRoute> wide;
  std::copy_if(routes.begin(), routes.end(), std::back_inserter(wide),
               [](const FibRoute& route) { return route.prefix.length() == 8; });
  measure_changes(
      state, wide, [&](const FibRoute& route) { fib.remove(route.prefix); },
      [&](const FibRoute& route) { fib.add(route.prefix, route.next_hop); });
}

/// A /32 in a /24 of its own: a group taken and given back by each.
void weir_change_host(benchmark::State& state) {
  const auto& routes = internet_workload().routes;
  NoReaders readers;
  Fib fib{readers};
  fib.bulk_load(routes);
  std::vector<FibRoute> hosts;
  for (std::size_t i = 0; i < 65'536; ++i) {
    const Ipv4Address address{routes[i].prefix.network().value() | 77};
    hosts.push_back({Ipv4Prefix{address, 32}, NextHopId{1}});
  }
  measure_changes(
      state, hosts, [&](const FibRoute& route) { fib.remove(route.prefix); },
      [&](const FibRoute& route) { fib.add(route.prefix, route.next_hop); });
}

void rte_fib_change(benchmark::State& state, GetWorkload get_workload) {
  const auto& routes = get_workload().routes;
  rte_fib* const fib = peers.fib_with(get_workload());
  measure_changes(
      state, routes,
      [&](const FibRoute& route) {
        rte_fib_delete(fib, route.prefix.network().value(),
                       static_cast<std::uint8_t>(route.prefix.length()));
      },
      [&](const FibRoute& route) {
        rte_fib_add(fib, route.prefix.network().value(),
                    static_cast<std::uint8_t>(route.prefix.length()),
                    static_cast<std::uint64_t>(route.next_hop));
      });
}

void rte_lpm_change(benchmark::State& state, GetWorkload get_workload) {
  const auto& routes = get_workload().routes;
  rte_lpm* const lpm = peers.lpm_with(get_workload());
  measure_changes(
      state, routes,
      [&](const FibRoute& route) {
        rte_lpm_delete(lpm, route.prefix.network().value(),
                       static_cast<std::uint8_t>(route.prefix.length()));
      },
      [&](const FibRoute& route) {
        rte_lpm_add(lpm, route.prefix.network().value(),
                    static_cast<std::uint8_t>(route.prefix.length()),
                    static_cast<std::uint32_t>(route.next_hop));
      });
}

/// From nothing to the loaded table, mapping and making the memory resident included.
void weir_load(benchmark::State& state, GetWorkload get_workload) {
  const auto& routes = get_workload().routes;
  const CycleMeter meter;
  for ([[maybe_unused]] auto _ : state) {
    NoReaders readers;
    Fib fib{readers};
    if (fib.bulk_load(routes).changed != routes.size()) state.SkipWithError("refused routes");
  }
  meter.stop(state, static_cast<double>(routes.size()));
}

void rte_fib_load(benchmark::State& state, GetWorkload get_workload) {
  const auto& routes = get_workload().routes;
  peers = {};  // the name and the memory are free again
  const CycleMeter meter;
  for ([[maybe_unused]] auto _ : state) {
    add_all(make_rte_fib(routes.size()).get(), routes);
  }
  meter.stop(state, static_cast<double>(routes.size()));
}

void register_lookups(const std::string& workload, GetWorkload get, bool with_lpm) {
  const auto add = [&](const std::string& name, auto function, auto... arguments) {
    benchmark::RegisterBenchmark(("lookup/" + workload + "/" + name).c_str(), function,
                                 arguments...);
  };
  add("weir", weir_lookup<&FibReader::lookup_bulk>, get, Pages::transparent);
  add("weir_scalar", weir_lookup<&FibReader::lookup_scalar>, get, Pages::transparent);
#if defined(__AVX2__)
  add("weir_avx2", weir_lookup<&FibReader::lookup_avx2>, get, Pages::transparent);
#endif
  add("weir_small_pages", weir_lookup<&FibReader::lookup_bulk>, get, Pages::small);
  add("rte_fib_avx512", rte_fib_lookup_burst<RTE_FIB_LOOKUP_DIR24_8_VECTOR_AVX512>, get);
  add("rte_fib_scalar", rte_fib_lookup_burst<RTE_FIB_LOOKUP_DIR24_8_SCALAR_MACRO>, get);
  if (!with_lpm) return;
  add("rte_lpm_x4", rte_lpm_lookup_x4, get);
  add("rte_lpm_bulk", rte_lpm_lookup_burst, get);
}

void register_all() {
  register_lookups("256_routes", small_workload, true);
  register_lookups("100k_random", fewer_workload, true);
  register_lookups("1M_4096_flows", flows_workload, false);
  register_lookups("1M_random", internet_workload, false);
  benchmark::RegisterBenchmark("change/1M/weir", weir_change, internet_workload);
  benchmark::RegisterBenchmark("change/1M/rte_fib", rte_fib_change, internet_workload);
  benchmark::RegisterBenchmark("change/100k/weir", weir_change, fewer_workload);
  benchmark::RegisterBenchmark("change/100k/rte_fib", rte_fib_change, fewer_workload);
  benchmark::RegisterBenchmark("change/100k/rte_lpm", rte_lpm_change, fewer_workload);
  benchmark::RegisterBenchmark("change/host_routes/weir", weir_change_host);
  benchmark::RegisterBenchmark("change/1M_slash8/weir", weir_change_wide);
  benchmark::RegisterBenchmark("load/1M/weir", weir_load, internet_workload)
      ->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("load/1M/rte_fib", rte_fib_load, internet_workload)
      ->Unit(benchmark::kMillisecond)
      ->Iterations(1);
}

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  // The EAL wants writable strings; a private prefix, so that a running router is not disturbed.
  std::array<std::string, 9> arguments = {
      "table_fib",      "--no-huge",   "-m1024",        "--no-pci",
      "--no-telemetry", "--no-shconf", "--log-level=3", "--force-max-simd-bitwidth=512",
      "--lcores=0"};
  std::vector<char*> eal;
  for (std::string& argument : arguments) eal.push_back(argument.data());
  if (rte_eal_init(static_cast<int>(eal.size()), eal.data()) < 0) {
    std::fputs("table_fib: the EAL does not start (1 GB of free memory?)\n", stderr);
    return 1;
  }
  weir::bench::register_all();
  benchmark::RunSpecifiedBenchmarks();
  weir::bench::peers = {};
  rte_eal_cleanup();
  return 0;
}
