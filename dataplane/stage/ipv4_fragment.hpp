// ipv4_fragment: splits a packet that is too long for the link it leaves by (RFC 791 section 3.2,
// RFC 1812 section 5.2.6). The splitting is DPDK's librte_ip_frag; this adds hop, checksum and
// Ethernet header.
#pragma once

#include <rte_mbuf.h>

#include <cstdint>
#include <span>

#include "dataplane/table/adjacency.hpp"

namespace weir {

/// Bound of fragments of one packet; more is a drop.
inline constexpr unsigned kMaxFragments = 64;

/// Copies `packet` (Ethernet header first, one segment, TTL > 1, DF clear) into fragments ready to
/// send. Returns how many of `out` were filled; 0 when the pool is empty or there would be too
/// many. `packet` stays the caller's.
unsigned fragment_ipv4(rte_mbuf* packet, std::uint16_t mtu, const Adjacency& adjacency,
                       rte_mempool* pool, std::span<rte_mbuf*, kMaxFragments> out);

}  // namespace weir
