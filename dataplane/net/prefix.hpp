// What IPv4 and IPv6 have in common: a network, and an interface's address with its subnet's
// length. Included by ipv4.hpp and ipv6.hpp, which name the two families' types.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

/// The first `length` bits set, in host byte order; `length` is 0 to Address::kBits.
template <typename Address>
constexpr typename Address::Value prefix_mask(unsigned length) {
  using Value = typename Address::Value;
  return length == 0 ? Value{0} : static_cast<Value>(~Value{0} << (Address::kBits - length));
}

/// A network: host bits are always zero.
template <typename Address>
class Prefix {
 public:
  using Value = typename Address::Value;

  constexpr Prefix() = default;
  /// Host bits of `address` are cleared; `length` is 0 to Address::kBits.
  constexpr Prefix(Address address, unsigned length)
      : network_(address.value() & prefix_mask<Address>(length)),
        length_(static_cast<std::uint8_t>(length)) {}

  constexpr Address network() const { return Address{network_}; }
  constexpr unsigned length() const { return length_; }
  constexpr Value mask() const { return prefix_mask<Address>(length_); }
  constexpr Value host_mask() const { return ~mask(); }
  constexpr Address last() const { return Address{network_ | host_mask()}; }
  constexpr bool contains(Address address) const { return (address.value() & mask()) == network_; }
  constexpr bool contains(const Prefix& other) const {
    return other.length_ >= length_ && contains(other.network());
  }
  /// Whether the subnet has a network and a broadcast address: not /31 (RFC 3021), not /32, and
  /// nothing of IPv6, which has no broadcast (RFC 4291 section 2).
  constexpr bool has_broadcast() const { return Address::kBits == 32 && length_ <= 30; }
  std::string to_string() const;

  friend constexpr auto operator<=>(const Prefix&, const Prefix&) = default;

 private:
  Value network_ = 0;
  std::uint8_t length_ = 0;
};

/// An address with the length of its subnet's prefix, as an interface has it: `192.0.2.2/30`.
template <typename Address>
struct InterfaceAddress {
  Address address;
  std::uint8_t length = Address::kBits;

  /// `ADDRESS/LENGTH`; the length is required.
  static std::optional<InterfaceAddress> parse(std::string_view text);

  constexpr Prefix<Address> subnet() const { return {address, length}; }
  std::string to_string() const;

  friend constexpr auto operator<=>(const InterfaceAddress&, const InterfaceAddress&) = default;
};

}  // namespace weir
