// IPv4 addresses and prefixes (RFC 791, RFC 4632). Values in host byte order.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/net/prefix.hpp"

namespace weir {

class Ipv4Address {
 public:
  using Value = std::uint32_t;
  static constexpr unsigned kBits = 32;

  constexpr Ipv4Address() = default;
  constexpr explicit Ipv4Address(std::uint32_t host_order) : value_(host_order) {}
  constexpr Ipv4Address(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d)
      : value_(std::uint32_t{a} << 24 | std::uint32_t{b} << 16 | std::uint32_t{c} << 8 | d) {}

  /// Four decimal numbers, no leading zeros, nothing else: `192.0.2.1`.
  static std::optional<Ipv4Address> parse(std::string_view text);

  constexpr std::uint32_t value() const { return value_; }
  std::string to_string() const;

  constexpr bool is_zero() const { return value_ == 0; }
  constexpr bool is_loopback() const { return value_ >> 24 == 127; }
  constexpr bool is_multicast() const { return value_ >> 28 == 14; }
  constexpr bool is_limited_broadcast() const { return value_ == 0xffffffff; }
  /// 240.0.0.0/4 without the limited broadcast (RFC 1112 section 4).
  constexpr bool is_reserved() const { return value_ >> 28 == 15 && !is_limited_broadcast(); }
  /// 0.0.0.0/8, "this network" (RFC 1122 section 3.2.1.3).
  constexpr bool is_this_network() const { return value_ >> 24 == 0; }
  /// An address that a host may have: none of the above.
  constexpr bool is_host() const {
    return !is_this_network() && !is_loopback() && value_ < 0xe0000000;
  }

  friend constexpr auto operator<=>(const Ipv4Address&, const Ipv4Address&) = default;

 private:
  std::uint32_t value_ = 0;
};

/// The netmask of a prefix length 0 to 32.
constexpr std::uint32_t ipv4_mask(unsigned length) { return prefix_mask<Ipv4Address>(length); }

using Ipv4Prefix = Prefix<Ipv4Address>;
using Ipv4InterfaceAddress = InterfaceAddress<Ipv4Address>;

}  // namespace weir

template <>
struct std::hash<weir::Ipv4Address> {
  std::size_t operator()(const weir::Ipv4Address& a) const noexcept {
    return std::hash<std::uint64_t>{}(a.value() * 0x9e3779b97f4a7c15ULL);
  }
};
