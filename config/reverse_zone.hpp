// Where the DNS has the names of addresses: in-addr.arpa (RFC 1035 section 3.5) and ip6.arpa
// (RFC 3596 section 2.5). Pure, thread-safe.
#pragma once

#include <string>

#include "dataplane/net/ipv4.hpp"
#include "dataplane/net/ipv6.hpp"

namespace weir::config {

/// The zones that are exactly a prefix: one where it ends at a label (each 8 bits of IPv4, 4 of
/// IPv6), else the next longer ones, in order.
struct ReverseZones {
  std::string first;
  std::string last;  // the same when there is one only
  unsigned count = 1;
  bool is_classless = false;  // IPv4 /25 to /31: a zone of its parent's choice (RFC 2317)
};

/// `1.2.0.192.in-addr.arpa`.
std::string reverse_name(Ipv4Address address);
std::string reverse_name(Ipv6Address address);

/// Of IPv4 /25 to /31 the zone that RFC 2317 section 4 suggests: `64/26.2.0.192.in-addr.arpa`.
ReverseZones reverse_zones(const Ipv4Prefix& prefix);
ReverseZones reverse_zones(const Ipv6Prefix& prefix);

}  // namespace weir::config
