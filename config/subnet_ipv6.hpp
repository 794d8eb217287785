// The subnet calculator for IPv6: everything that follows from an address and its prefix length.
// Pure, thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/reverse_zone.hpp"
#include "config/scope.hpp"
#include "dataplane/net/ipv6.hpp"
#include "dataplane/net/mac_address.hpp"

namespace weir::config {

/// An IPv4 address that an IPv6 address carries, and by which rule.
struct EmbeddedIpv4 {
  Ipv4Address address;
  std::string_view rule;  // "6to4 (RFC 3056)"
};

struct Ipv6SubnetInfo {
  Ipv6Address address;  // as given
  Ipv6Prefix subnet;
  Ipv6Address first;  // usable by a host: not the Subnet-Router anycast address
  Ipv6Address last;
  unsigned host_bits = 0;           // there are 2^host_bits addresses
  Ipv6Scope scope;                  // of the address
  bool scope_is_whole = true;       // the whole subnet has this scope
  std::optional<MacAddress> eui64;  // the MAC address that the interface identifier is made of
  std::optional<EmbeddedIpv4> ipv4;
  std::string_view multicast_scope;  // "link-local"; empty when it is no multicast address
  ReverseZones reverse;

  // What the address is within its subnet.
  bool is_subnet_router_anycast = false;  // RFC 4291 section 2.6.1; not of /127 and /128 (RFC 6164)
  bool is_reserved_anycast = false;       // the last 128 identifiers of a /64 (RFC 2526)
};

Ipv6SubnetInfo subnet_info(const Ipv6InterfaceAddress& address);

/// The MAC address of a modified EUI-64 interface identifier (RFC 4291 appendix A): ff:fe in its
/// middle. Such bits may also come by chance, once in 65,536 random identifiers.
std::optional<MacAddress> eui64_mac(Ipv6Address address);

/// All 32 digits with a colon after each group, and `|` where the prefix ends; within a digit, its
/// bits in brackets: `2001:0db8:0012:000[0|000]:0000:0000:0000:0001`.
std::string expanded(Ipv6Address address, unsigned prefix_length);

/// A decimal number; 2^128 - 1 at most.
std::string decimal(Uint128 number);
/// 2^exponent in full, for exponents to 128.
std::string power_of_two(unsigned exponent);

}  // namespace weir::config
