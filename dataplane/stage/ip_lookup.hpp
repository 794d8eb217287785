// ip_lookup: where does each packet go? Longest prefix, next hop, adjacency (DESIGN: one formula,
// no branch), then equal-cost groups by flow hash.
//
// Fills `next_hop`, `adjacency`, `rewrite` and `egress` of the burst.
#pragma once

#include "dataplane/packet/burst.hpp"
#include "dataplane/worker/snapshot.hpp"

namespace weir {

struct IpLookup {
  Lane forward;  // to an interface, its adjacency resolved
  Lane other;    // a verdict: `burst.egress_of(i)` says which
};

/// Every packet of `lane` is in exactly one lane of the result.
IpLookup ip_lookup(Burst& burst, Lane lane, const Tables& tables);

/// What keeps a flow on one path: addresses and protocol, and the ports of unfragmented UDP and TCP
/// (RFC 2992, RFC 6437's advice for fragments). Uniform over 32 bits.
std::uint32_t flow_hash(const wire::Ipv4& ip, std::uint32_t available);

}  // namespace weir
