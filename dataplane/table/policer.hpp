// A token bucket as one number: the theoretical arrival time of the generic cell rate algorithm
// (ITU-T I.371). Single-threaded; time in TSC cycles, or any other unit.
#pragma once

#include <cstdint>

namespace weir {

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
