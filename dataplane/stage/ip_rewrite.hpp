// ip_rewrite: makes a packet ready to leave: new MAC addresses, TTL one less, checksum updated (RFC
// 1812 section 5.3.1, RFC 1624). Packets that may not leave like this are not touched.
#pragma once

#include "dataplane/packet/burst.hpp"
#include "dataplane/worker/snapshot.hpp"

namespace weir {

struct IpRewrite {
  Lane ready;        // rewritten, to be sent on `burst.egress_of(i)`
  Lane ttl_expired;  // TTL was 0 or 1
  Lane too_big;      // longer than the MTU of the interface it would leave by
};

/// `lane`: packets whose `egress` is an interface. Every one is in exactly one lane of the result.
IpRewrite ip_rewrite(Burst& burst, Lane lane, const Snapshot& snapshot);

/// Writes the Ethernet header of one packet and spends its hop.
void rewrite_one(std::uint8_t* frame, const Adjacency& adjacency, std::uint32_t hop_word);

/// TTL one less and the checksum to match, on the raw word with TTL, protocol and checksum. TTL
/// >= 1.
constexpr std::uint32_t spend_hop(std::uint32_t hop_word) {
  // The TTL lies in the word's first byte; one less there is 0x0001 more in the raw checksum, with
  // the end-around carry of one's complement.
  const std::uint32_t carry = hop_word >= 0xfffe0000 ? 0x10000 : 0;
  return hop_word - 1 + 0x10000 + carry;
}

}  // namespace weir
