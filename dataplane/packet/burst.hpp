// Up to 64 packets received together, and what the stages learnt of them, kept beside the packets
// as arrays so that later stages and vector checks never touch a packet again.
#pragma once

#include <rte_mbuf.h>

#include <cstdint>

#include "dataplane/net/wire.hpp"
#include "dataplane/packet/lane.hpp"
#include "dataplane/table/adjacency.hpp"

namespace weir {

struct alignas(64) Burst {
  static constexpr unsigned kSize = 64;

  rte_mbuf* packet[kSize];
  std::uint8_t* frame[kSize];         // the Ethernet header
  std::uint32_t frame_length[kSize];  // bytes, without FCS
  // Of IPv4 packets, by ipv4_validate; host byte order.
  std::uint32_t source[kSize];
  std::uint32_t destination[kSize];
  std::uint32_t ip_length[kSize];  // total length
  std::uint32_t hop_word[kSize];   // TTL, protocol and checksum, raw as they lie in the packet
  // By ip_lookup.
  std::uint32_t next_hop[kSize];
  std::uint32_t adjacency[kSize];
  std::uint32_t egress[kSize];
  Adjacency rewrite[kSize];  // a copy, so that check and use see the same one

  unsigned size = 0;
  InterfaceId interface = 0;  // where it came in
  InterfaceId heard_on = 0;   // of what a bridge's own interface gets: the member it came by

  Lane all() const { return Lane::first(size); }
  wire::Ethernet& ethernet(unsigned i) { return *reinterpret_cast<wire::Ethernet*>(frame[i]); }
  wire::Ipv4& ipv4(unsigned i) {
    return *reinterpret_cast<wire::Ipv4*>(frame[i] + sizeof(wire::Ethernet));
  }
  wire::Arp& arp(unsigned i) {
    return *reinterpret_cast<wire::Arp*>(frame[i] + sizeof(wire::Ethernet));
  }
  const wire::Arp& arp(unsigned i) const {
    return *reinterpret_cast<const wire::Arp*>(frame[i] + sizeof(wire::Ethernet));
  }
  Egress egress_of(unsigned i) const { return static_cast<Egress>(egress[i]); }
};

/// Calls `f(first)` for each run of sixteen packets. Slots from `size` up to the end of a run are
/// readable and mean nothing.
template <class F>
inline void for_each_sixteen(const Burst& burst, F&& f) {
  for (unsigned first = 0; first < burst.size; first += 16) f(first);
}

inline std::uint64_t at(unsigned mask16, unsigned first) {
  return static_cast<std::uint64_t>(mask16) << first;
}

}  // namespace weir
