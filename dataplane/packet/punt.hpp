// What a worker hands to the control plane: a copy of the frame in a pool of its own, with the
// facts the worker already knows. One single-producer ring per (worker, class); the classes are
// served in order.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

/// Served highest first (RFC 6583 section 7.1).
enum class PuntClass : std::uint8_t {
  bpdu,                // spanning tree: a bridge must not miss them
  p0_reply,            // ARP reply (solicitation check is the engine's)
  p1_request_known,    // request for us from an established (IP, MAC, port)
  p2_request_unknown,  // request for us from an unknown sender
  p3_binding_change,   // an IP with another MAC than the one known
  p4_glean_known,      // packet to a destination seen before
  p5_glean_unknown,    // packet to a destination never seen
  local,               // to one of our own addresses
  icmp_error,          // asks for an ICMP error: TTL, MTU, no route, ...
  igmp,                // on a bridge that snoops
  count
};
inline constexpr std::size_t kPuntClasses = static_cast<std::size_t>(PuntClass::count);
inline constexpr std::array<std::string_view, kPuntClasses> kPuntClassNames{"bpdu",
                                                                            "p0-reply",
                                                                            "p1-request-known",
                                                                            "p2-request-unknown",
                                                                            "p3-binding-change",
                                                                            "p4-glean-known",
                                                                            "p5-glean-unknown",
                                                                            "local",
                                                                            "icmp-error",
                                                                            "igmp"};

enum class PuntReason : std::uint8_t {
  arp,
  glean,
  local,        // includes broadcasts to us
  ttl_expired,  // ICMP time exceeded, code 0
  too_big,      // ICMP unreachable, code 4; `mtu` is the next hop's
  no_route,     // ICMP unreachable, code 0
  unreachable,  // ICMP unreachable, code 1
  prohibit,     // ICMP unreachable, code 13
  bad_option,   // ICMP parameter problem
  bpdu,
  igmp,
  proxy_arp,  // a request for somebody else, where we may answer for others
  rarp,
};

/// Lies in the punted packet's private area.
struct PuntMeta {
  std::uint32_t adjacency = 0;  // glean: which slot of the adjacency table is unresolved
  std::uint16_t interface = 0;  // where it came in
  std::uint16_t heard_on = 0;   // when that is a bridge's own: the member it came by
  std::uint16_t mtu = 0;        // too_big: of the next hop, in bytes of IP
  PuntClass punt_class = PuntClass::local;
  PuntReason reason = PuntReason::local;
  bool modest = false;          // glean: its source has asked for few lately
  bool link_broadcast = false;  // came in a link-layer broadcast or multicast
  std::uint8_t worker = 0;
};

}  // namespace weir
