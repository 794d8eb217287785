// What an address is for: private, documentation, multicast, public ...
//
// The rows are those of the IANA special-purpose registries (RFC 6890 and its updates), with
// IPv4's multicast (RFC 5771) and class E (RFC 1112), and IPv6's blocks (RFC 4291 section 2.4); the
// rest of IPv4 is "public", the rest of IPv6 "reserved by the IETF". Pure, thread-safe.
#pragma once

#include <string_view>

#include "dataplane/net/ipv4.hpp"
#include "dataplane/net/ipv6.hpp"

namespace weir::config {

template <typename Address>
struct BasicScope {
  Prefix<Address> block;    // length 0: the rest
  std::string_view name;    // "private"
  std::string_view source;  // "RFC 1918"
  bool forwardable = true;  // may a router forward packets to it
  bool global = true;       // may it be seen beyond its administrative domain
};
using Scope = BasicScope<Ipv4Address>;
using Ipv6Scope = BasicScope<Ipv6Address>;

/// The most specific row that contains `address`.
Scope scope_of(Ipv4Address address);
Ipv6Scope scope_of(Ipv6Address address);

/// Whether `subnet` lies in the scope's block, and no other row's block in it.
bool covers_whole(const Scope& scope, const Ipv4Prefix& subnet);
bool covers_whole(const Ipv6Scope& scope, const Ipv6Prefix& subnet);

}  // namespace weir::config
