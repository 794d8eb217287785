// The subnet calculator: everything that follows from an address and its prefix length.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/reverse_zone.hpp"
#include "config/scope.hpp"
#include "dataplane/net/ipv4.hpp"
#include "dataplane/net/ipv6.hpp"

namespace weir::config {

struct SubnetInfo {
  Ipv4Address address;  // as given
  Ipv4Prefix subnet;
  Ipv4Address netmask;
  Ipv4Address wildcard;                  // the inverted netmask, as ACLs write it
  std::optional<Ipv4Address> broadcast;  // none on /31 (RFC 3021) and /32
  Ipv4Address first;                     // usable by a host
  Ipv4Address last;
  std::uint64_t hosts = 0;      // usable addresses: 2 on /31, 1 on /32
  std::uint64_t addresses = 0;  // all of them: 2^(32 - length)
  char address_class = 'A';     // A to E, by the leading bits (RFC 791 section 2.3, RFC 1112)
  std::optional<Ipv4Prefix> class_network;  // /8, /16 or /24 of before CIDR; none of D and E
  Scope scope;                              // of the address
  bool scope_is_whole = true;               // the whole subnet has this scope
  ReverseZones reverse;                     // where its names are in the DNS

  // What the address is within its subnet.
  bool is_network_address = false;
  bool is_broadcast_address = false;
};

SubnetInfo subnet_info(const Ipv4InterfaceAddress& address);

/// 32 bits with a dot after each octet and `|` where the prefix ends:
/// `11000000.00000000.00000010.000000|10`. At an octet's end the bar takes the dot's place.
std::string binary(Ipv4Address address, unsigned prefix_length);

/// The prefix length of a contiguous netmask, as 24 of 255.255.255.0.
std::optional<unsigned> netmask_length(Ipv4Address netmask);

struct SubnetText {
  std::optional<Ipv4InterfaceAddress> address;
  std::string error;  // what is wrong and what would be right; empty when `address` is there
};

/// `192.0.2.2/30`, `192.0.2.2/255.255.255.252`, `192.0.2.2 255.255.255.252`; an address alone is
/// a /32. Blanks around are ignored.
SubnetText parse_subnet(std::string_view text);

struct Ipv6SubnetText {
  std::optional<Ipv6InterfaceAddress> address;
  std::string error;
};

/// `2001:db8::1/64` or `2001:db8::1 64`; an address alone is a /128.
Ipv6SubnetText parse_ipv6_subnet(std::string_view text);

}  // namespace weir::config
