// Integers as they stand on the wire: big-endian, unaligned, never converted by accident.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>

namespace weir {

static_assert(std::endian::native == std::endian::little, "Weir is built for x86");

constexpr std::uint16_t byte_swap(std::uint16_t value) { return __builtin_bswap16(value); }
constexpr std::uint32_t byte_swap(std::uint32_t value) { return __builtin_bswap32(value); }

/// A big-endian unsigned integer; `get` and `set` are the only ways in and out.
template <std::unsigned_integral T>
class [[gnu::packed]] BigEndian {
 public:
  constexpr BigEndian() = default;
  constexpr explicit BigEndian(T host) : raw_(byte_swap(host)) {}

  constexpr T get() const { return byte_swap(raw_); }
  constexpr void set(T host) { raw_ = byte_swap(host); }
  /// The bytes as they lie in memory, for checksums.
  constexpr T raw() const { return raw_; }
  constexpr void set_raw(T raw) { raw_ = raw; }

  friend constexpr bool operator==(const BigEndian& a, const BigEndian& b) {
    return a.raw_ == b.raw_;
  }

 private:
  T raw_ = 0;
};

using Be16 = BigEndian<std::uint16_t>;
using Be32 = BigEndian<std::uint32_t>;

}  // namespace weir
