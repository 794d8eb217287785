// A 48-bit MAC address (IEEE 802-2014 clause 8).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace weir {

struct MacAddress {
  std::array<std::uint8_t, 6> bytes{};

  /// Reads `02:00:5e:10:00:09`, `02-00-5e-10-00-09` or `0200.5e10.0009`; anything else is nullopt.
  static std::optional<MacAddress> parse(std::string_view text);
  static constexpr MacAddress broadcast() { return {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}; }
  static MacAddress load(const std::uint8_t* wire) {
    MacAddress mac;
    std::memcpy(mac.bytes.data(), wire, mac.bytes.size());
    return mac;
  }
  void store(std::uint8_t* wire) const { std::memcpy(wire, bytes.data(), bytes.size()); }

  constexpr bool is_group() const { return (bytes[0] & 1) != 0; }
  constexpr bool is_locally_administered() const { return (bytes[0] & 2) != 0; }
  constexpr bool is_zero() const { return *this == MacAddress{}; }
  constexpr bool is_broadcast() const { return *this == broadcast(); }
  /// A unicast address that a station may have: neither zero nor a group.
  constexpr bool is_station() const { return !is_group() && !is_zero(); }

  /// VRRP's, IPv4 or IPv6 (RFC 9568 section 7.3): it moves when another router becomes the master.
  constexpr bool is_virtual_router() const {
    return bytes[0] == 0 && bytes[1] == 0 && bytes[2] == 0x5e && bytes[3] == 0 &&
           (bytes[4] == 1 || bytes[4] == 2);
  }

  /// Lower-case, colon-separated.
  std::string to_string() const;

  /// As one number, for comparing.
  std::uint64_t raw() const {
    std::uint32_t low;
    std::uint16_t high;
    std::memcpy(&low, bytes.data(), sizeof low);
    std::memcpy(&high, bytes.data() + sizeof low, sizeof high);
    return std::uint64_t{high} << 32 | low;
  }
  /// In network order, as one number.
  constexpr std::uint64_t bits() const {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : bytes) value = value << 8 | byte;
    return value;
  }

  // As numbers: the compiler's own would call memcmp.
  friend constexpr bool operator==(const MacAddress& a, const MacAddress& b) {
    if (std::is_constant_evaluated()) return a.bits() == b.bits();
    return a.raw() == b.raw();
  }
  friend constexpr auto operator<=>(const MacAddress& a, const MacAddress& b) {
    return a.bits() <=> b.bits();
  }
};

}  // namespace weir
