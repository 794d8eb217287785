// Time as the control plane sees it: injected, so that hours of ageing test in a millisecond.
#pragma once

#include <chrono>

namespace weir::control {

/// Nanoseconds since an arbitrary start; never goes back.
using TimePoint = std::chrono::nanoseconds;
using Duration = std::chrono::nanoseconds;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
};

class SteadyClock final : public Clock {
 public:
  TimePoint now() const override { return std::chrono::steady_clock::now().time_since_epoch(); }
};

/// For tests.
class ManualClock final : public Clock {
 public:
  TimePoint now() const override { return now_; }
  void advance(Duration by) { now_ += by; }

 private:
  TimePoint now_{0};
};

}  // namespace weir::control
