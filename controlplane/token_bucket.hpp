// A token bucket: `rate` a second on average, `burst` at once. Two words of state, O(1), no timer.
#pragma once

#include <algorithm>
#include <cstdint>

#include "controlplane/clock.hpp"

namespace weir::control {

class TokenBucket {
 public:
  TokenBucket() = default;
  /// Full at the start. `rate` is 1 to 1,000,000,000 tokens a second, `burst` at least 1.
  TokenBucket(std::uint32_t rate, std::uint32_t burst)
      : cost_(Duration{std::chrono::seconds{1}} / (rate > 0 ? rate : 1)), depth_(cost_ * burst) {}

  /// Takes `tokens` if, afterwards, at least `keep` are left for somebody more important.
  bool take(TimePoint now, std::uint32_t tokens = 1, std::uint32_t keep = 0) {
    // `empty_at_` is when an untouched bucket would have held nothing (virtual scheduling, ITU-T
    // I.371).
    const TimePoint oldest = now - depth_;
    const TimePoint start = empty_at_ < oldest || !used_ ? oldest : empty_at_;
    const TimePoint after = start + cost_ * tokens;
    if (after + cost_ * keep > now) return false;
    empty_at_ = after;
    used_ = true;
    return true;
  }

  /// Whether `take` would succeed.
  bool has(TimePoint now, std::uint32_t tokens = 1) const {
    const TimePoint oldest = now - depth_;
    return (empty_at_ < oldest || !used_ ? oldest : empty_at_) + cost_ * tokens <= now;
  }

  /// Another rate and burst from now on. What it holds it keeps, as far as it fits: whoever changes
  /// it time and again gains nothing.
  void change(TimePoint now, std::uint32_t rate, std::uint32_t burst) {
    const TokenBucket to{rate, burst};
    if (to.cost_ == cost_ && to.depth_ == depth_) return;  // no fraction of a token is lost
    if (used_) empty_at_ = now - to.cost_ * ((now - std::max(empty_at_, now - depth_)) / cost_);
    cost_ = to.cost_;
    depth_ = to.depth_;
  }

  /// Whether the bucket is full again, so that forgetting it changes nothing.
  bool is_full(TimePoint now) const { return !used_ || empty_at_ + depth_ <= now; }

 private:
  Duration cost_{1};
  Duration depth_{1};
  TimePoint empty_at_{0};
  bool used_ = false;
};

}  // namespace weir::control
