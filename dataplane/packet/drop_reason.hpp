// Why a packet ended. Every drop has one of these, and it is counted by interface.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

enum class DropReason : std::uint8_t {
  // ethernet_input
  frame_too_short,
  frame_too_long,
  not_our_mac,
  unknown_ether_type,
  multicast_not_subscribed,
  // vlan_input
  unknown_vlan,
  // bridges
  bad_source_mac,
  own_source_mac,
  reserved_address,
  port_blocked,
  same_interface,
  split_horizon,
  no_member,
  frame_over_mtu,
  storm_broadcast,
  storm_multicast,
  storm_unknown_unicast,
  loop_blocked,
  snooping_invalid,
  // ipv4_validate
  bad_header,
  bad_length,
  bad_checksum,
  martian_source,
  link_broadcast,
  // ip_lookup
  martian_destination,
  no_route,
  blackhole,
  unreachable,
  prohibit,
  directed_broadcast,
  // ip_rewrite
  ttl_expired,
  too_big,
  fragment_failed,
  source_route,
  // neighbours
  glean_policed,
  glean_source_policed,
  glean_hold_full,
  neighbor_failed,
  // arp_guard
  arp_malformed,
  arp_not_for_us,
  arp_bad_sender,
  arp_own_address,
  arp_outside_subnet,
  arp_unsolicited,
  arp_policed,
  arp_source_policed,
  arp_quarantined,
  arp_known,
  // punt and local delivery
  punt_policed,
  punt_queue_full,
  punt_no_buffer,
  local_unsupported,
  icmp_policed,
  icmp_not_allowed,
  // transmit
  tx_queue_full,
  tx_port_down,
  interface_gone,
  handoff_full,
  no_buffer,
  mirror_full,
  count
};

inline constexpr std::size_t kDropReasons = static_cast<std::size_t>(DropReason::count);
static_assert(kDropReasons <= 64, "Pipeline keeps one bit a reason");

struct DropReasonText {
  DropReason reason;
  std::string_view name;
  std::string_view meaning;
};

// One row a reason, in the order of the enumeration (asserted below).
inline constexpr std::array<DropReasonText, kDropReasons> kDropReasonTexts{{
    {DropReason::frame_too_short, "frame-too-short", "shorter than its headers"},
    {DropReason::frame_too_long, "frame-too-long",
     "longer than the MTU of the interface it came by"},
    {DropReason::not_our_mac, "not-our-mac", "unicast to another station"},
    {DropReason::unknown_ether_type, "unknown-ether-type", "neither IPv4 nor ARP"},
    {DropReason::multicast_not_subscribed, "multicast-not-subscribed", "group nobody here joined"},
    {DropReason::unknown_vlan, "unknown-vlan", "a VLAN tag that no interface here has"},
    {DropReason::bad_source_mac, "bad-source-mac", "source MAC is a group or zero (802.1Q 6.5.1)"},
    {DropReason::own_source_mac, "own-source-mac", "our own MAC as the source: it came back"},
    {DropReason::reserved_address, "reserved-address",
     "01-80-C2-00-00-0x, which no bridge forwards (802.1Q 8.6.3)"},
    {DropReason::port_blocked, "port-blocked", "spanning tree keeps the interface out"},
    {DropReason::same_interface, "same-interface", "the destination is where it came from"},
    {DropReason::split_horizon, "split-horizon", "isolated, or in one split-horizon group"},
    {DropReason::no_member, "no-member", "nobody else in the bridge to send it to"},
    {DropReason::frame_over_mtu, "frame-over-mtu", "longer than the outgoing interface's MTU"},
    {DropReason::storm_broadcast, "storm-broadcast", "beyond the broadcast budget"},
    {DropReason::storm_multicast, "storm-multicast", "beyond the multicast budget"},
    {DropReason::storm_unknown_unicast, "storm-unknown-unicast",
     "beyond the budget of unicast to unknown stations"},
    {DropReason::loop_blocked, "loop-blocked", "flooding stopped where a loop was found"},
    {DropReason::snooping_invalid, "snooping-invalid", "IGMP with wrong checksum, length or group"},
    {DropReason::bad_header, "bad-header", "IP version or header length wrong (RFC 1812 5.2.2)"},
    {DropReason::bad_length, "bad-length", "IP total length beyond the frame (RFC 1812 5.2.2)"},
    {DropReason::bad_checksum, "bad-checksum", "IP header checksum wrong (RFC 1812 5.2.2)"},
    {DropReason::martian_source, "martian-source", "source no host may have (RFC 1812 5.3.7)"},
    {DropReason::link_broadcast, "link-broadcast",
     "unicast IP in a link-layer broadcast (RFC 1812 5.3.4)"},
    {DropReason::martian_destination, "martian-destination",
     "destination no host may have (RFC 1812 5.3.7)"},
    {DropReason::no_route, "no-route", "no route to the destination"},
    {DropReason::blackhole, "blackhole", "a blackhole route"},
    {DropReason::unreachable, "unreachable", "an unreachable route"},
    {DropReason::prohibit, "prohibit", "a prohibit route"},
    {DropReason::directed_broadcast, "directed-broadcast",
     "broadcast of a subnet from outside it (RFC 2644)"},
    {DropReason::ttl_expired, "ttl-expired", "TTL ran out (RFC 1812 5.3.1)"},
    {DropReason::too_big, "too-big", "larger than the MTU with DF set (RFC 1191)"},
    {DropReason::fragment_failed, "fragment-failed", "could not be fragmented"},
    {DropReason::source_route, "source-route", "source-routed (RFC 7126 4.3, 4.4)"},
    {DropReason::glean_policed, "glean-policed", "unresolved destination beyond the glean budget"},
    {DropReason::glean_source_policed, "glean-source-policed",
     "destination never seen, beyond what one source may ask for"},
    {DropReason::glean_hold_full, "glean-hold-full", "hold queue full, the oldest went"},
    {DropReason::neighbor_failed, "neighbor-failed", "the neighbour did not answer"},
    {DropReason::arp_malformed, "arp-malformed", "not ARP for IPv4 over Ethernet (RFC 826)"},
    {DropReason::arp_not_for_us, "arp-not-for-us", "ARP request for another host"},
    {DropReason::arp_bad_sender, "arp-bad-sender",
     "sender MAC is a group, zero or not the frame's source (RFC 1812 3.3.2)"},
    {DropReason::arp_own_address, "arp-own-address", "somebody else claims our address (RFC 5227)"},
    {DropReason::arp_outside_subnet, "arp-outside-subnet",
     "sender outside the interface's subnets"},
    {DropReason::arp_unsolicited, "arp-unsolicited", "a reply nobody asked for"},
    {DropReason::arp_policed, "arp-policed", "beyond the port's ARP budget"},
    {DropReason::arp_source_policed, "arp-source-policed",
     "beyond what one source may ask (by its MAC address)"},
    {DropReason::arp_quarantined, "arp-quarantined", "from a source that asked far too often"},
    {DropReason::arp_known, "arp-known", "confirms what is known, nothing to learn"},
    {DropReason::punt_policed, "punt-policed", "beyond the port's budget for the control plane"},
    {DropReason::punt_queue_full, "punt-queue-full", "control plane's queue of the class full"},
    {DropReason::punt_no_buffer, "punt-no-buffer", "control plane's packet pool empty"},
    {DropReason::local_unsupported, "local-unsupported", "to us, but no service answers it"},
    {DropReason::icmp_policed, "icmp-policed", "beyond the limit of ICMP errors"},
    {DropReason::icmp_not_allowed, "icmp-not-allowed",
     "no ICMP error may answer it (RFC 1812 4.3.2.7)"},
    {DropReason::tx_queue_full, "tx-queue-full", "the port's transmit queue was full"},
    {DropReason::tx_port_down, "tx-port-down", "the port has no link"},
    {DropReason::interface_gone, "interface-gone", "the interface was just removed"},
    {DropReason::handoff_full, "handoff-full", "queue to the worker that owns the port full"},
    {DropReason::no_buffer, "no-buffer", "packet pool empty"},
    {DropReason::mirror_full, "mirror-full", "a mirror's queue was full"},
}};

static_assert([] {
  for (std::size_t i = 0; i < kDropReasons; ++i)
    if (static_cast<std::size_t>(kDropReasonTexts[i].reason) != i) return false;
  return true;
}());

constexpr std::string_view name(DropReason reason) {
  return kDropReasonTexts[static_cast<std::size_t>(reason)].name;
}

}  // namespace weir
