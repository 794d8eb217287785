// IPv6 addresses and prefixes (RFC 4291). Values in host byte order.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/net/prefix.hpp"

namespace weir {

__extension__ using Uint128 = unsigned __int128;  // GCC and Clang have it, ISO C++ does not

class Ipv6Address {
 public:
  using Value = Uint128;
  static constexpr unsigned kBits = 128;
  using Bytes = std::array<std::uint8_t, 16>;  // network order, as on the wire

  constexpr Ipv6Address() = default;
  constexpr explicit Ipv6Address(Value host_order) : value_(host_order) {}
  constexpr Ipv6Address(std::uint64_t high, std::uint64_t low) : value_(Value{high} << 64 | low) {}
  constexpr explicit Ipv6Address(const Bytes& bytes) {
    for (const std::uint8_t byte : bytes) value_ = value_ << 8 | byte;
  }

  /// The forms of RFC 4291 section 2.2: eight groups, `::` for one run of zero groups, the last 32
  /// bits as an IPv4 address. No zone (`%eth0`), no length.
  static std::optional<Ipv6Address> parse(std::string_view text);

  constexpr Value value() const { return value_; }
  constexpr std::uint64_t high() const { return static_cast<std::uint64_t>(value_ >> 64); }
  constexpr std::uint64_t low() const { return static_cast<std::uint64_t>(value_); }
  /// One of the eight groups of 16 bits, 0 the first.
  constexpr std::uint16_t group(unsigned index) const {
    return static_cast<std::uint16_t>(value_ >> (112 - 16 * index));
  }
  constexpr Bytes bytes() const {
    Bytes bytes{};
    for (unsigned i = 0; i < 16; ++i) bytes[i] = static_cast<std::uint8_t>(value_ >> (120 - 8 * i));
    return bytes;
  }
  /// RFC 5952: lower case, the longest run of zero groups as `::`, IPv4-mapped ones dotted.
  std::string to_string() const;

  constexpr bool is_unspecified() const { return value_ == 0; }
  constexpr bool is_loopback() const { return value_ == 1; }
  constexpr bool is_multicast() const { return high() >> 56 == 0xff; }
  /// fe80::/10 (RFC 4291 section 2.5.6).
  constexpr bool is_link_local() const { return high() >> 54 == 0xfe80 >> 6; }
  /// ::ffff:0:0/96 (RFC 4291 section 2.5.5.2).
  constexpr bool is_ipv4_mapped() const { return value_ >> 32 == 0xffff; }
  /// The multicast group that neighbour solicitations for this address go to, ff02::1:ffXX:XXXX
  /// (RFC 4291 section 2.7.1).
  constexpr Ipv6Address solicited_node() const {
    return {0xff02'0000'0000'0000, 0x1'ff00'0000 | (low() & 0xff'ffff)};
  }

  friend constexpr auto operator<=>(const Ipv6Address&, const Ipv6Address&) = default;

 private:
  Value value_ = 0;
};

using Ipv6Prefix = Prefix<Ipv6Address>;
using Ipv6InterfaceAddress = InterfaceAddress<Ipv6Address>;

}  // namespace weir

template <>
struct std::hash<weir::Ipv6Address> {
  std::size_t operator()(const weir::Ipv6Address& a) const noexcept {
    // Hosts of one subnet differ in the low bits, routers' subnets in the high ones.
    const std::uint64_t mixed = (a.high() ^ (a.low() * 0x9e3779b97f4a7c15ULL));
    return (mixed ^ mixed >> 32) * 0x9e3779b97f4a7c15ULL;
  }
};
