// What a worker knows of the router: interfaces, bridges, and pointers to the tables. Immutable;
// the control thread swaps it atomically and frees the old one after every worker was quiescent.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/net/ipv4.hpp"
#include "dataplane/net/mac_address.hpp"
#include "dataplane/table/adjacency.hpp"
#include "dataplane/table/fdb.hpp"
#include "dataplane/table/fib.hpp"
#include "dataplane/table/ids.hpp"
#include "dataplane/table/multicast_sets.hpp"
#include "dataplane/table/next_hop.hpp"
#include "dataplane/table/policer.hpp"

struct rte_ring;

namespace weir {

/// The tables live as long as the process; their contents change under the readers.
struct Tables {
  const Fib* fib = nullptr;
  NextHopTable* next_hops = nullptr;
  AdjacencyTable* adjacencies = nullptr;
  GroupTable* groups = nullptr;
  const Fdb* fdb = nullptr;  // null: no bridge
  const MulticastSets* multicast = nullptr;
};

/// An address of our own, and the block of adjacencies of its subnet's hosts.
struct OwnAddress {
  std::uint32_t address = 0;
  std::uint32_t mask = 0;
  AdjacencyIndex block = 0;  // 0: a /32, which has no neighbours

  bool on_subnet(std::uint32_t other) const { return (other & mask) == (address & mask); }
  AdjacencyIndex neighbor(std::uint32_t ip) const { return block + (ip & ~mask); }
};

/// The tags of an interface's frames, outermost first (IEEE 802.1Q-2018 clause 9).
struct VlanTags {
  struct Tag {
    std::uint16_t type = 0;  // wire::ether_type::kVlan or kQinQ
    std::uint16_t id = 0;    // 1 to 4094
    friend bool operator==(const Tag&, const Tag&) = default;
  };
  std::uint8_t count = 0;
  std::array<Tag, 2> tag{};

  friend bool operator==(const VlanTags&, const VlanTags&) = default;
};

/// Whose frames a tag makes them, on a port or behind another tag.
struct VlanMap {
  static constexpr InterfaceId kNone = 0xffff;
  static constexpr std::size_t kIds = 4096;
  std::array<InterfaceId, kIds> customer;  // 802.1Q's tags, by VLAN id
  std::array<InterfaceId, kIds> service;   // 802.1ad's

  VlanMap() {
    customer.fill(kNone);
    service.fill(kNone);
  }
};

/// An address was claimed lately for so many ticks of the claim clock.
inline constexpr std::uint8_t kClaimMemory = 8;

/// How an interface treats ARP and packets to unresolved neighbours; time in TSC cycles. A rate is
/// that of one worker and, in a bridge, of one of its members; 0 sets no limit.
struct ArpPolicy {
  PolicerRate answers;           // to requests from unknown senders, by the worker itself
  PolicerRate replies;           // P0
  PolicerRate known_requests;    // P1: answered, and that is all
  PolicerRate unknown_requests;  // P2
  PolicerRate binding_changes;   // P3: claims to an address that was claimed lately
  PolicerRate first_claims;      // P3: to others, so that who is attacked hides nobody who moves
  PolicerRate virtual_routers;   // P3 of VRRP's MAC addresses (RFC 5798 section 7.3)
  PolicerRate gleans_known, gleans_unknown;  // P4, P5
  PolicerRate gleans_common;  // P5 of sources that ask for many: leaves some for those who do not
  PolicerRate glean_charges;  // samples of what P5 drops that are charged to their sources
  PolicerRate source, glean_source;  // of one source MAC address: P2, P5
  std::uint64_t quarantine_first = 0, quarantine_most = 0;
  unsigned claim_clock = 0;  // log2 of the cycles that `kClaimMemory` counts
  bool learns = true;        // false: requests teach nothing
  bool proxy = false;        // requests for what is routed elsewhere go to the control plane
  bool rarp = false;         // reverse ARP does (RFC 903)
};

/// `none`: nobody has the id now; what is sent there is dropped.
enum class InterfaceKind : std::uint8_t { port, vlan, bridge, none };

struct Interface {
  InterfaceId id = 0;
  std::uint16_t port = 0;  // DPDK's; of a bridge any; PortGate::kShut: it is gone
  std::uint16_t mtu = 1500;
  MacAddress mac;
  bool nic_checksums = false;  // the port says whether an IPv4 header checksum was right
  std::vector<OwnAddress> addresses;
  ArpPolicy arp;

  InterfaceKind kind = InterfaceKind::port;
  /// Whether its frames need more than the routed way: it has VLANs, is in a bridge, or is
  /// mirrored. One test a burst keeps all of that away from those without.
  bool switched = false;
  InterfaceId carrier = 0;  // the port's interface; of a port: itself
  VlanTags tags;
  std::shared_ptr<const VlanMap> vlans;  // interfaces behind one more tag
  bool other_vlans = false;              // further tags that `vlans` does not know are let in
  bool tells_tag_type = true;            // false: the port makes all outer tags 0x8100
  bool inserts_vlan = false;             // the port puts a tag on by itself
  BridgeId bridge = 0;                   // that it is in, or whose own it is
  std::uint8_t member = 0;               // which of the bridge's members
  std::uint32_t mirror_in = 0, mirror_out = 0;  // bit i: row i + 1 of `Snapshot::mirrors`

  const OwnAddress* own(std::uint32_t ip) const {
    for (const auto& each : addresses)
      if (each.address == ip) return &each;
    return nullptr;
  }
  const OwnAddress* subnet_of(std::uint32_t ip) const {
    for (const auto& each : addresses)
      if (each.on_subnet(ip)) return &each;
    return nullptr;
  }
};

/// The classes of what is flooded, each with a budget of its own.
enum class FloodClass : std::uint8_t { broadcast, multicast, unknown_unicast, count };
inline constexpr std::size_t kFloodClasses = static_cast<std::size_t>(FloodClass::count);

/// A set of a bridge's members, one bit each.
using MemberSet = std::uint64_t;
constexpr MemberSet member_bit(unsigned member) { return MemberSet{1} << member; }

struct BridgeMember {
  InterfaceId interface = 0;
  bool learning = true;
  bool forwarding = true;   // spanning tree's verdict; false: nobody has this number now
  MemberSet reachable = 0;  // to whom it may send: forwarding, not itself, not split off from it
  std::array<PolicerRate, kFloodClasses> storm{};
};

struct Bridge {
  BridgeId id = 0;
  InterfaceId interface = 0;  // its own
  bool routed = false;        // that has addresses
  bool spanning_tree = false;
  bool igmp_snooping = false;
  std::uint16_t smallest_mtu = 1500;  // of the members
  PolicerRate own_storm;              // of what its own interface sends to unknown stations
  std::vector<BridgeMember> members;
  MemberSet flooding = 0;      // who gets what is flooded
  MemberSet unregistered = 0;  // who gets multicast to groups that nobody asked for
};

/// Where copies of an interface's packets go.
struct MirrorTarget {
  InterfaceId interface = 0;  // a port, when `ring` is null
  rte_ring* ring = nullptr;   // to the file's writer
};

struct Snapshot {
  Tables tables;
  // By InterfaceId, BridgeId (the first is nobody's) and member number; while the router runs there
  // is a row for each number that could be, for tables may know of somebody before this does.
  std::vector<Interface> interfaces;
  std::vector<Bridge> bridges;
  std::vector<MirrorTarget> mirrors;  // the first is none
  // The smallest MTU of all: a burst of shorter packets needs no further check.
  std::uint16_t smallest_mtu = 1500;
};

}  // namespace weir
