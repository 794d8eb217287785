// Tags of 802.1Q and 802.1ad: taken off and put on in place (IEEE 802.1Q-2018 clause 9).
#pragma once

#include <rte_mbuf.h>

#include <cstdint>
#include <cstring>

#include "dataplane/net/wire.hpp"
#include "dataplane/worker/snapshot.hpp"

namespace weir {

inline constexpr unsigned kTagLength = 4;
inline constexpr unsigned kAddressesLength = 12;  // before the first tag
inline constexpr std::uint16_t kVlanIdMask = 0x0fff;

/// Bytes of the longest frame of an MTU, without tags and FCS.
constexpr std::uint32_t longest_frame(std::uint16_t mtu) {
  return std::uint32_t{mtu} + sizeof(wire::Ethernet);
}

/// Bytes of a frame on the wire, without FCS: with the tag that the port took off, or will put on.
inline std::uint32_t received_length(const rte_mbuf* packet) {
  return packet->pkt_len + ((packet->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) != 0 ? kTagLength : 0);
}
inline std::uint32_t sent_length(const rte_mbuf* packet) {
  return packet->pkt_len + ((packet->ol_flags & RTE_MBUF_F_TX_VLAN) != 0 ? kTagLength : 0);
}

constexpr bool is_tag(std::uint16_t type) {
  return type == wire::ether_type::kVlan || type == wire::ether_type::kQinQ;
}

/// The outermost tag is taken off; its priority stays beside the packet. One segment, long enough.
inline void pop_tag(rte_mbuf* packet) {
  auto* const frame = rte_pktmbuf_mtod(packet, std::uint8_t*);
  Be16 control;
  std::memcpy(&control, frame + kAddressesLength + 2, sizeof control);
  packet->vlan_tci = control.get();
  packet->ol_flags |= RTE_MBUF_F_RX_VLAN;
  std::memmove(frame + kTagLength, frame, kAddressesLength);
  rte_pktmbuf_adj(packet, kTagLength);
}

/// Priority and drop eligibility that the packet came with (clause 6.9).
inline std::uint16_t priority_of(const rte_mbuf* packet) {
  return (packet->ol_flags & RTE_MBUF_F_RX_VLAN) != 0
             ? static_cast<std::uint16_t>(packet->vlan_tci & ~kVlanIdMask)
             : std::uint16_t{0};
}

/// Puts `tags` on, the innermost first; false, the packet as it was, when there is no room before
/// it. Nobody else holds the packet.
inline bool push_tags(rte_mbuf* packet, const VlanTags& tags) {
  const std::uint16_t priority = priority_of(packet);
  const unsigned more = tags.count * kTagLength;
  auto* const frame = reinterpret_cast<std::uint8_t*>(
      rte_pktmbuf_prepend(packet, static_cast<std::uint16_t>(more)));
  if (frame == nullptr) return false;
  std::memmove(frame, frame + more, kAddressesLength);
  std::uint8_t* to = frame + kAddressesLength;
  for (unsigned i = 0; i < tags.count; ++i, to += kTagLength) {
    const Be16 type{tags.tag[i].type},
        control{static_cast<std::uint16_t>(priority | tags.tag[i].id)};
    std::memcpy(to, &type, sizeof type);
    std::memcpy(to + 2, &control, sizeof control);
  }
  return true;
}

}  // namespace weir
