// A moment on both clocks: what happened when for people, and how long it took. The wall clock may
// jump, back too; whole microseconds of it, which survive being shown as seconds in a double.
#pragma once

#include <cmath>
#include <cstdint>

#include "controlplane/clock.hpp"

namespace weir::control {

struct Instant {
  TimePoint monotonic{0};
  std::int64_t realtime = 0;  // ns since the epoch (CLOCK_REALTIME), whole microseconds
};

/// Now, by `clock` and the wall clock.
inline Instant instant_now(const Clock& clock) {
  using std::chrono::duration_cast, std::chrono::microseconds, std::chrono::nanoseconds;
  const auto wall =
      duration_cast<microseconds>(std::chrono::system_clock::now().time_since_epoch());
  return {clock.now(), nanoseconds{wall}.count()};
}

inline double to_seconds(std::int64_t realtime) {
  return static_cast<double>(realtime / 1000) / 1e6;
}
/// The nearest microsecond.
inline std::int64_t from_seconds(double seconds) {
  constexpr double kMost = 9e15;  // us; in the year 2255
  const double us = seconds * 1e6;
  if (!(us > 0)) return 0;
  return std::llround(us < kMost ? us : kMost) * 1000;
}

}  // namespace weir::control
