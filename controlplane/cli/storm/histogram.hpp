// Times by size, in bounded memory: 32 steps to each doubling, so percentiles are right to 3 %.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace weir::cli::storm {

class Histogram {
 public:
  void add(std::uint64_t value) {
    ++counts_[bucket(value)];
    ++total_;
    if (value > most_) most_ = value;
  }
  void add(const Histogram& other) {
    for (std::size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
    total_ += other.total_;
    if (other.most_ > most_) most_ = other.most_;
  }
  std::uint64_t total() const { return total_; }
  std::uint64_t most() const { return most_; }

  /// The value that `share` of all (0 to 1) do not exceed; 0: there are none.
  std::uint64_t percentile(double share) const {
    if (total_ == 0) return 0;
    const double wanted = share * static_cast<double>(total_);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      seen += counts_[i];
      if (counts_[i] != 0 && static_cast<double>(seen) >= wanted)
        return upper(i) < most_ ? upper(i) : most_;
    }
    return most_;
  }

  struct Point {
    std::uint64_t value = 0;
    double share = 0;  // of all that do not exceed it
  };
  /// One point for each bucket that is not empty.
  std::vector<Point> cumulative() const {
    std::vector<Point> points;
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      if (counts_[i] == 0) continue;
      seen += counts_[i];
      points.push_back({upper(i), static_cast<double>(seen) / static_cast<double>(total_)});
    }
    return points;
  }

 private:
  static constexpr unsigned kStepBits = 5;
  static constexpr std::size_t kBuckets = (64 - kStepBits + 1) << kStepBits;

  static std::size_t bucket(std::uint64_t value) {
    const unsigned width = static_cast<unsigned>(std::bit_width(value));
    if (width <= kStepBits) return value;
    const unsigned shift = width - kStepBits - 1;
    return (std::size_t{shift + 1} << kStepBits) + ((value >> shift) - (1u << kStepBits));
  }
  static std::uint64_t upper(std::size_t bucket) {
    const std::size_t octave = bucket >> kStepBits;
    if (octave == 0) return bucket;
    const std::uint64_t base = (bucket & ((1u << kStepBits) - 1)) + (1u << kStepBits);
    return ((base + 1) << (octave - 1)) - 1;
  }

  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t total_ = 0, most_ = 0;
};

}  // namespace weir::cli::storm
