// A token bucket as one number: the theoretical arrival time of the generic cell rate algorithm
// (ITU-T I.371). Single-threaded; time in TSC cycles, or any other unit.
#pragma once

#include <algorithm>
#include <cstdint>

namespace weir {

/// What conforms: one packet every `interval`, early by `tolerance` at most. An interval of 0 sets
/// no limit.
struct PolicerRate {
  std::uint64_t interval = 0;
  std::uint64_t tolerance = 0;

  PolicerRate() = default;
  /// `rate` packets in `units_per_second` units of time, `burst` of them at once.
  PolicerRate(double rate, double burst, double units_per_second)
      : interval(std::max<std::uint64_t>(1, static_cast<std::uint64_t>(units_per_second / rate))),
        tolerance(static_cast<std::uint64_t>(static_cast<double>(interval) * (burst - 1))) {}
};

/// The bucket of a rate that is kept elsewhere, and may change.
class PolicerState {
 public:
  /// Whether one more packet would conform at `now`.
  bool has_room(const PolicerRate& rate, std::uint64_t now) const {
    return rate.interval == 0 || due_ <= now || due_ - now <= rate.tolerance;
  }
  /// How many of `wanted` packets conform at `now`; those are charged.
  unsigned take(const PolicerRate& rate, std::uint64_t now, unsigned wanted) {
    if (rate.interval == 0) return wanted;
    const std::uint64_t arrival = std::max(due_, now);
    const std::uint64_t early = arrival - now;
    if (early > rate.tolerance) return 0;
    const std::uint64_t room = (rate.tolerance - early) / rate.interval + 1;
    const auto taken = static_cast<unsigned>(std::min<std::uint64_t>(room, wanted));
    due_ = arrival + rate.interval * taken;
    return taken;
  }

 private:
  std::uint64_t due_ = 0;
};

class Policer {
 public:
  Policer() = default;
  /// `rate` packets in `units_per_second` units of time, `burst` of them at once.
  Policer(double rate, double burst, double units_per_second)
      : interval_(static_cast<std::uint64_t>(units_per_second / rate)),
        tolerance_(static_cast<std::uint64_t>(static_cast<double>(interval_) * (burst - 1))) {}

  /// Whether one more packet conforms at `now`; if so it is charged.
  bool take(std::uint64_t now) {
    const std::uint64_t arrival = due_ > now ? due_ : now;
    if (arrival - now > tolerance_) return false;
    due_ = arrival + interval_;
    return true;
  }

 private:
  std::uint64_t interval_ = 0;
  std::uint64_t tolerance_ = 0;
  std::uint64_t due_ = 0;
};

}  // namespace weir
