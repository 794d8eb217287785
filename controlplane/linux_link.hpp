// A Linux interface as the kernel knows it, and what is at the other end of its cable: asked by
// rtnetlink and ethtool, in this thread's network namespace. For the router and `weir doctor`.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace weir::control {

struct LinuxLink {
  std::string kind;                    // "veth", "macvlan"; empty: a NIC's, or not told
  std::string master;                  // the bridge or bond it is in
  std::vector<std::string> upper;      // what stands on it: VLANs, macvlans
  std::vector<std::string> addresses;  // the kernel's, less link-local IPv6 ones
  unsigned receive_queues = 1;
  bool takes_tags_off = false;  // VLAN tags reach the kernel beside the frame
};
/// Nullopt: no such interface, or the kernel does not say.
std::optional<LinuxLink> linux_link(const std::string& interface);

/// The other end of a veth pair. Its offloads are nullopt when it cannot be looked at.
struct CableEnd {
  std::string interface;          // empty: not to be found
  std::string network_namespace;  // as `ip netns` names it; empty: this one
  std::optional<bool> transmit_checksum_offload;
  std::optional<bool> transmit_vlan_offload;
};
/// Nullopt: not one of a pair.
std::optional<CableEnd> other_end(const std::string& interface);

/// "eth0 in host", for messages.
std::string name_of(const CableEnd& end);
/// Switches a feature of `ethtool -K` there, such as "tx"; as words of a command.
std::vector<std::string> offload_command(const CableEnd& end, const std::string& feature,
                                         const std::string& state);
/// What is wrong with a port at the other end: it leaves checksums to hardware, a veth has none,
/// and nothing between here and the receiver makes them. Empty: nothing, as far as can be seen.
std::string checksum_trap(const CableEnd& end);
/// The command against it.
std::string checksum_remedy(const CableEnd& end);

/// What keeps AF_XDP from that interface: the kernel, our rights, or another that has it already.
/// Tried, and taken back. Empty: nothing.
std::string why_no_af_xdp(const std::string& interface);

}  // namespace weir::control
