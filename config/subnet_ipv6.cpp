#include "config/subnet_ipv6.hpp"

#include <algorithm>

#include "config/address_text.hpp"

namespace weir::config {
namespace {

constexpr std::uint32_t low_32(Uint128 value) { return static_cast<std::uint32_t>(value); }

std::optional<EmbeddedIpv4> embedded_ipv4(Ipv6Address address) {
  const std::uint64_t high = address.high();
  if (address.is_ipv4_mapped())
    return EmbeddedIpv4{Ipv4Address{low_32(address.value())}, "IPv4-mapped (RFC 4291 2.5.5.2)"};
  if (high == 0x0064'ff9b'0000'0000 && address.low() >> 32 == 0)
    return EmbeddedIpv4{Ipv4Address{low_32(address.value())}, "NAT64 (RFC 6052)"};
  if (high >> 48 == 0x2002) return EmbeddedIpv4{Ipv4Address{low_32(high >> 16)}, "6to4 (RFC 3056)"};
  if (high >> 32 == 0x2001'0000)
    return EmbeddedIpv4{Ipv4Address{~low_32(address.value())}, "Teredo client (RFC 4380)"};
  return std::nullopt;
}

/// RFC 7346 section 2.
std::string_view multicast_scope(Ipv6Address address) {
  if (!address.is_multicast()) return {};
  switch (address.group(0) & 15) {
    case 1:
      return "interface-local";
    case 2:
      return "link-local";
    case 3:
      return "realm-local";
    case 4:
      return "admin-local";
    case 5:
      return "site-local";
    case 8:
      return "organization-local";
    case 14:
      return "global";
    case 0:
    case 15:
      return "reserved";
    default:
      return "unassigned";
  }
}

}  // namespace

Ipv6SubnetInfo subnet_info(const Ipv6InterfaceAddress& address) {
  Ipv6SubnetInfo info;
  info.address = address.address;
  info.subnet = address.subnet();
  const Ipv6HostRange range = host_range(info.subnet);
  info.first = range.first;
  info.last = range.last;
  info.host_bits = Ipv6Address::kBits - info.subnet.length();
  info.scope = scope_of(info.address);
  info.scope_is_whole = covers_whole(info.scope, info.subnet);
  info.multicast_scope = multicast_scope(info.address);
  info.ipv4 = embedded_ipv4(info.address);
  // Identifiers are 64 bits long in unicast addresses, but of ::/3 (RFC 4291 section 2.5.1).
  const bool has_identifier = info.address.high() >> 61 != 0 && !info.address.is_multicast();
  if (has_identifier) info.eui64 = eui64_mac(info.address);
  info.reverse = reverse_zones(info.subnet);
  info.is_subnet_router_anycast =
      info.subnet.length() < 127 && info.address == info.subnet.network() && has_identifier;
  info.is_reserved_anycast = has_identifier && info.subnet.length() == 64 &&
                             info.address.low() >> 7 == 0xfdff'ffff'ffff'ffff >> 7;
  return info;
}

std::optional<MacAddress> eui64_mac(Ipv6Address address) {
  const std::uint64_t id = address.low();
  if ((id >> 24 & 0xffff) != 0xfffe) return std::nullopt;
  MacAddress mac;
  for (unsigned i = 0; i < 3; ++i) {
    mac.bytes[i] = static_cast<std::uint8_t>(id >> (56 - 8 * i));
    mac.bytes[i + 3] = static_cast<std::uint8_t>(id >> (16 - 8 * i));
  }
  mac.bytes[0] ^= 2;  // the u bit is inverted
  if (!mac.is_station()) return std::nullopt;
  return mac;
}

std::string expanded(Ipv6Address address, unsigned prefix_length) {
  std::string text;
  for (unsigned bit = 0; bit < Ipv6Address::kBits; bit += 4) {
    if (bit > 0 && bit % 16 == 0) text += ':';
    if (bit == prefix_length && bit > 0) text += '|';
    const auto digit = static_cast<unsigned>(address.value() >> (124 - bit)) & 15;
    if (prefix_length <= bit || prefix_length >= bit + 4) {
      text += "0123456789abcdef"[digit];
      continue;
    }
    text += '[';
    for (unsigned i = 0; i < 4; ++i) {
      if (bit + i == prefix_length) text += '|';
      text += (digit >> (3 - i) & 1) != 0 ? '1' : '0';
    }
    text += ']';
  }
  return text;
}

std::string decimal(Uint128 number) {
  std::string text;
  do {
    text += static_cast<char>('0' + static_cast<int>(number % 10));
    number /= 10;
  } while (number != 0);
  std::reverse(text.begin(), text.end());
  return text;
}

std::string power_of_two(unsigned exponent) {
  if (exponent < 128) return decimal(Uint128{1} << exponent);
  std::string text = decimal(~Uint128{0});  // ends in 5
  ++text.back();
  return text;
}

}  // namespace weir::config
