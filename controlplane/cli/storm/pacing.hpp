// How many frames are due: a token bucket over injected time.
#pragma once

#include <algorithm>
#include <cstdint>

namespace weir::cli::storm {

/// `rate` a second on average, never more than `burst` at once: who was late does not catch up
/// beyond that. Times are nanoseconds of any clock that does not go back.
class TokenBucket {
 public:
  TokenBucket(double rate, double burst, std::uint64_t now)
      : rate_(rate), burst_(std::max(burst, 1.0)), last_(now) {}

  /// Whole frames that are due, at most `most`; they count as sent.
  std::uint32_t take(std::uint64_t now, std::uint32_t most) {
    if (now > last_) {
      tokens_ = std::min(burst_, tokens_ + rate_ * static_cast<double>(now - last_) * 1e-9);
      last_ = now;
    }
    const auto due = static_cast<std::uint32_t>(
        std::min(tokens_ + 1e-6, static_cast<double>(most)));  // 1e-6: tenths add up to one
    tokens_ = std::max(0.0, tokens_ - due);
    return due;
  }

 private:
  double rate_, burst_;
  double tokens_ = 0;
  std::uint64_t last_;
};

}  // namespace weir::cli::storm
