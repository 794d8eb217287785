// ethernet_input: what a frame is and whether it is for us.
//
// Reads the Ethernet header and two bytes more of every packet of a burst, sixteen at a time, and
// sets `frame` and `frame_length`. Promiscuous ports deliver frames of other stations too: they are
// dropped here, after the capture tap has seen them.
#pragma once

#include "dataplane/packet/burst.hpp"
#include "dataplane/worker/snapshot.hpp"

namespace weir {

struct EthernetInput {
  Lane ipv4;        // to our MAC, at least an IPv4 header long
  Lane ipv4_group;  // to the broadcast address or a subscribed multicast address
  Lane arp;         // to our MAC or broadcast, at least an ARP packet long
  Lane too_short;
  Lane too_long;        // IPv4 or ARP, longer than the interface's MTU
  Lane not_ours;        // unicast to another station
  Lane not_subscribed;  // multicast nobody here joined
  Lane unknown_vlan;    // to us, with a tag
  Lane unknown_type;
  Lane chained;  // in more than one buffer, and not looked at
};

/// Multicast that every router hears: 224.0.0.1 and 224.0.0.2 (RFC 1112 section 6.4, RFC 1812
/// section 5.3.4), as MAC addresses.
constexpr bool is_subscribed(const MacAddress& mac) {
  return mac == MacAddress{{0x01, 0x00, 0x5e, 0, 0, 1}} ||
         mac == MacAddress{{0x01, 0x00, 0x5e, 0, 0, 2}};
}

/// Every packet of the burst is in exactly one lane of the result.
EthernetInput ethernet_input(Burst& burst, const Interface& interface);

}  // namespace weir
