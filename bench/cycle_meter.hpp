// CPU time of this thread as TSC cycles an operation: what others do on the machine is left out.
#pragma once

#include <benchmark/benchmark.h>
#include <x86intrin.h>

#include <cstdint>
#include <ctime>

namespace weir::bench {

inline double seconds_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// Measured once, over 50 ms.
inline double tsc_cycles_a_second() {
  static const double rate = [] {
    const double begin = seconds_of(CLOCK_MONOTONIC_RAW);
    const std::uint64_t first = __rdtsc();
    double now = begin;
    while (now - begin < 0.05) now = seconds_of(CLOCK_MONOTONIC_RAW);
    return static_cast<double>(__rdtsc() - first) / (now - begin);
  }();
  return rate;
}

class CycleMeter {
 public:
  /// `cycles` of each operation, of which every iteration did so many.
  void stop(benchmark::State& state, double operations_an_iteration) const {
    const double cycles = (seconds_of(CLOCK_THREAD_CPUTIME_ID) - start_) * tsc_cycles_a_second();
    const double operations = static_cast<double>(state.iterations()) * operations_an_iteration;
    state.counters["cycles"] = cycles / operations;
    state.SetItemsProcessed(static_cast<std::int64_t>(operations));
  }

 private:
  double start_ = seconds_of(CLOCK_THREAD_CPUTIME_ID);
};

}  // namespace weir::bench
