// A lane: the packets of a burst that go the same way next, as a 64-bit mask over the burst.
#pragma once

#include <bit>
#include <cstdint>

namespace weir {

class Lane {
 public:
  constexpr Lane() = default;
  constexpr explicit Lane(std::uint64_t mask) : mask_(mask) {}
  /// The first `count` packets (0 to 64).
  static constexpr Lane first(unsigned count) {
    return Lane{count == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1};
  }
  static constexpr Lane one(unsigned index) { return Lane{std::uint64_t{1} << index}; }

  constexpr std::uint64_t mask() const { return mask_; }
  constexpr bool empty() const { return mask_ == 0; }
  constexpr explicit operator bool() const { return mask_ != 0; }
  constexpr unsigned count() const { return static_cast<unsigned>(std::popcount(mask_)); }
  constexpr bool has(unsigned index) const { return (mask_ >> index & 1) != 0; }
  constexpr unsigned front() const { return static_cast<unsigned>(std::countr_zero(mask_)); }
  /// The first packet at `index` or after it, going round; of a lane that is not empty.
  constexpr unsigned around(unsigned index) const {
    const auto turn = static_cast<int>(index % 64);
    return (static_cast<unsigned>(std::countr_zero(std::rotr(mask_, turn))) + index) % 64;
  }
  constexpr void add(unsigned index) { mask_ |= std::uint64_t{1} << index; }

  /// Calls `f(index)` for each packet, in order of arrival.
  template <class F>
  constexpr void for_each(F&& f) const {
    for (std::uint64_t rest = mask_; rest != 0; rest &= rest - 1)
      f(static_cast<unsigned>(std::countr_zero(rest)));
  }

  friend constexpr Lane operator&(Lane a, Lane b) { return Lane{a.mask_ & b.mask_}; }
  friend constexpr Lane operator|(Lane a, Lane b) { return Lane{a.mask_ | b.mask_}; }
  /// The packets of `a` that are not in `b`.
  friend constexpr Lane operator-(Lane a, Lane b) { return Lane{a.mask_ & ~b.mask_}; }
  constexpr Lane& operator|=(Lane other) { return *this = *this | other; }
  friend constexpr bool operator==(Lane, Lane) = default;

 private:
  std::uint64_t mask_ = 0;
};

}  // namespace weir
