// The configuration as values: what a file says, with every default filled in. Plain data, no
// pointers into the file; `SourceRef` remembers where a thing stood, for messages that come later.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "dataplane/net/ipv4.hpp"
#include "dataplane/net/mac_address.hpp"

namespace weir::config {

/// Where a value stands in the file; line and column count from 1, 0 means "not from a file".
/// Two of them are always equal: configurations that differ only in layout are the same.
struct SourceRef {
  int line = 0;
  int column = 0;

  friend constexpr bool operator==(const SourceRef&, const SourceRef&) { return true; }
};

/// Where the entries of a list stand; may be shorter than the list, or empty. Always equal too.
struct SourceList {
  std::vector<SourceRef> entries;

  /// The place of entry `index`, or `otherwise` when it is not known.
  SourceRef at(std::size_t index, SourceRef otherwise) const {
    return index < entries.size() ? entries[index] : otherwise;
  }
  friend bool operator==(const SourceList&, const SourceList&) { return true; }
};

enum class IdleMode { poll, adaptive };

struct Memory {
  std::uint64_t hugepage_bytes = 0;  // 0: run without hugepages
  std::uint32_t packets = 131072;    // packet buffers in the forwarding pool
  SourceRef source;                  // of `packets`
  SourceRef hugepages_source;

  friend bool operator==(const Memory&, const Memory&) = default;
};

struct System {
  std::string hostname = "weir";
  std::vector<unsigned> control_cores{0};
  std::vector<unsigned> worker_cores{1};
  IdleMode idle = IdleMode::adaptive;
  Memory memory;
  std::vector<std::string> eal;  // further EAL arguments, passed on as they are
  SourceRef source;
  SourceList control_core_sources;
  SourceList worker_core_sources;

  friend bool operator==(const System&, const System&) = default;
};

struct PciMatch {
  std::string address;  // "0000:8a:00.0"

  friend bool operator==(const PciMatch&, const PciMatch&) = default;
};
struct LinuxMatch {
  std::string interface;
  enum class Method { automatic, af_packet, af_xdp } method = Method::automatic;

  friend bool operator==(const LinuxMatch&, const LinuxMatch&) = default;
};
struct VdevMatch {
  std::string arguments;  // as after EAL's --vdev

  friend bool operator==(const VdevMatch&, const VdevMatch&) = default;
};
using PortMatch = std::variant<PciMatch, LinuxMatch, VdevMatch>;

/// What an ARP request to us teaches: always; until the budget of new entries is spent; nothing.
enum class Learning { rfc826, adaptive, strict };

/// Packets a second, and how many of them at once.
struct RateAndBurst {
  std::uint32_t rate = 0;
  std::uint32_t burst = 0;

  friend bool operator==(const RateAndBurst&, const RateAndBurst&) = default;
};

/// Packets a second of one interface; none: not said here.
struct NeighborBudgets {
  std::optional<std::uint32_t> replies;           // P0: answers to our requests
  std::optional<std::uint32_t> known_requests;    // P1: requests from neighbours
  std::optional<std::uint32_t> unknown_requests;  // P2: requests from others
  std::optional<std::uint32_t> binding_changes;   // P3
  std::optional<std::uint32_t> gleans;            // P4 and P5
  std::optional<std::uint32_t> new_entries;
  std::optional<RateAndBurst> per_source;         // of P2, by MAC address
  std::optional<RateAndBurst> gleans_per_source;  // of P5, by MAC address
  SourceRef source;
  SourceRef new_entries_source;
  SourceRef per_source_source;
  SourceRef gleans_per_source_source;

  friend bool operator==(const NeighborBudgets&, const NeighborBudgets&) = default;
};

/// `neighbors` of an interface: what differs there.
struct InterfaceNeighbors {
  std::optional<Learning> learn;
  bool trusted = false;    // another MAC address for a known IP is believed at once
  bool proxy_arp = false;  // answer for what is routed out of another interface (RFC 1027)
  bool rarp = false;       // answer from static neighbours (RFC 903)
  NeighborBudgets budgets;
  SourceRef source;
  SourceRef proxy_arp_source;
  SourceRef rarp_source;

  friend bool operator==(const InterfaceNeighbors&, const InterfaceNeighbors&) = default;
};

/// On which side an interface is: a mark for the lint, it forwards nothing differently. `none`: as
/// what it stands on, see `zone_of` (config/interfaces.hpp).
enum class Zone { none, inside, outside };

struct Ethernet {
  std::string name;
  PortMatch match;
  std::uint16_t queues = 0;  // receive queues; 0: one a worker
  std::uint16_t mtu = 1500;
  std::optional<MacAddress> mac;  // none: the NIC's own
  bool promiscuous = false;
  bool other_vlans = false;  // frames with a tag that no VLAN here has: take them as they are
  bool arp_queue = true;     // ARP in a receive queue of its own, where the port can
  Zone zone = Zone::none;
  std::vector<Ipv4InterfaceAddress> addresses;
  InterfaceNeighbors neighbors;
  SourceRef source;
  SourceRef match_source;
  SourceRef mtu_source;
  SourceRef mac_source;
  SourceList address_sources;

  friend bool operator==(const Ethernet&, const Ethernet&) = default;
};

/// Which EtherType a tag has: 802.1Q's 0x8100 (C-tag) or 802.1ad's 0x88a8 (S-tag).
enum class VlanProtocol { dot1q, dot1ad };

/// An interface behind a tag: of a port, or of another VLAN (stacked tags).
struct Vlan {
  std::string name;
  std::uint16_t id = 0;  // 1 to 4094
  std::string link;      // an ethernet, or a VLAN that is itself no VLAN's VLAN: two tags at most
  VlanProtocol protocol = VlanProtocol::dot1q;
  std::optional<std::uint16_t> mtu;  // none: the link's
  bool other_vlans = false;          // frames with a further tag that no VLAN here has: take them
  Zone zone = Zone::none;
  std::vector<Ipv4InterfaceAddress> addresses;
  InterfaceNeighbors neighbors;
  SourceRef source;
  SourceRef id_source;
  SourceRef link_source;
  SourceRef mtu_source;
  SourceList address_sources;

  friend bool operator==(const Vlan&, const Vlan&) = default;
};

/// A limit of packets: a share of the port's line rate, packets a second, or none.
struct PacketRate {
  enum class Kind { percent, pps, unlimited } kind = Kind::percent;
  std::uint64_t value = 100;  // hundredths of a percent, or packets a second; unlimited: 0

  friend bool operator==(const PacketRate&, const PacketRate&) = default;
};

/// Of what is flooded, by class; for each interface of a bridge by itself.
struct StormControl {
  PacketRate broadcast, multicast, unknown_unicast;

  friend bool operator==(const StormControl&, const StormControl&) = default;
};

/// An interface as a bridge has it.
struct BridgeMember {
  std::string interface;
  bool isolated = false;                      // exchanges nothing with other isolated ones
  std::uint8_t split_horizon = 0;             // nothing within a group of the same number; 0: none
  bool learning = true;                       // of stations
  std::optional<std::uint32_t> max_stations;  // none: mac-table.max-per-interface
  std::optional<StormControl> storm_control;  // none: the bridge's
  // Spanning tree.
  std::optional<std::uint32_t> path_cost;  // none: by link speed (802.1D-2004 table 17-3)
  std::uint8_t port_priority = 128;        // a multiple of 16
  enum class Edge { automatic, yes, no } edge = Edge::automatic;
  bool bpdu_guard = false;  // a BPDU takes the interface out until it is re-enabled
  bool fast_leave = false;  // IGMP: one host behind it, so a leave is final
  SourceRef source;
  SourceRef max_stations_source;

  friend bool operator==(const BridgeMember&, const BridgeMember&) = default;
};

struct StaticStation {
  MacAddress mac;
  std::string interface;
  SourceRef source;
  SourceRef interface_source;

  friend bool operator==(const StaticStation&, const StaticStation&) = default;
};

struct MacTable {
  std::uint32_t max = 16384;               // stations of the bridge
  std::uint32_t max_per_interface = 4096;  // of any one interface
  std::chrono::seconds ageing{300};        // 0: never
  SourceRef source;

  friend bool operator==(const MacTable&, const MacTable&) = default;
};

/// RSTP (IEEE 802.1D-2004 clause 17).
struct SpanningTree {
  bool enabled = false;
  std::uint16_t priority = 32768;  // a multiple of 4096
  std::chrono::seconds hello_time{2};
  std::chrono::seconds forward_delay{15};
  std::chrono::seconds max_age{20};
  SourceRef source;
  SourceRef hello_source;  // of each timer that is given
  SourceRef delay_source;
  SourceRef age_source;

  friend bool operator==(const SpanningTree&, const SpanningTree&) = default;
};

/// RFC 4541 section 2.1.
struct IgmpSnooping {
  bool enabled = true;
  enum class Querier { automatic, on, off } querier = Querier::automatic;  // automatic: if no other
  std::chrono::seconds query_interval{125};

  friend bool operator==(const IgmpSnooping&, const IgmpSnooping&) = default;
};

struct Bridge {
  std::string name;
  std::vector<BridgeMember> members;
  std::optional<MacAddress> mac;     // none: the lowest of its ports'
  std::optional<std::uint16_t> mtu;  // none: the smallest of its members'
  Zone zone = Zone::none;
  std::vector<Ipv4InterfaceAddress> addresses;
  InterfaceNeighbors neighbors;
  MacTable mac_table;
  StormControl storm_control;
  std::vector<StaticStation> statics;
  SpanningTree spanning_tree;
  IgmpSnooping igmp_snooping;
  SourceRef source;
  SourceRef mac_source;
  SourceRef mtu_source;
  SourceList address_sources;

  friend bool operator==(const Bridge&, const Bridge&) = default;
};

/// A copy of what an interface receives or sends, to another port or to a pcapng file.
struct Mirror {
  std::string from;
  enum class Direction { in, out, both } direction = Direction::both;
  std::string to;                      // an ethernet without any other job; or else `file`
  std::string file;                    // an absolute path
  std::uint64_t max_bytes = 1u << 30;  // of the file: then it stops
  SourceRef source;
  SourceRef to_source;

  friend bool operator==(const Mirror&, const Mirror&) = default;
};

struct StaticNeighbor {
  Ipv4Address ip;
  MacAddress mac;
  std::string interface;
  SourceRef source;
  SourceRef mac_source;
  SourceRef interface_source;

  friend bool operator==(const StaticNeighbor&, const StaticNeighbor&) = default;
};

/// The journal of neighbour and station changes.
struct Journal {
  std::uint32_t entries = 65536;  // of neighbours, and as many of stations; the oldest go
  std::string file;               // also written here, an absolute path; empty: in memory only
  std::uint64_t max_bytes =
      64 << 20;  // of the file: then it starts anew, the old one becomes FILE.1
  SourceRef file_source;

  friend bool operator==(const Journal&, const Journal&) = default;
};

struct Neighbors {
  std::chrono::seconds lifetime{4 * 3600};
  std::chrono::seconds refresh_interval{20 * 60};
  std::chrono::seconds unverified_lifetime{60};
  std::uint32_t hold_per_neighbor = 8;
  std::uint32_t hold_total = 4096;
  std::uint32_t max_entries = 65536;
  std::uint32_t max_pending = 8192;
  std::uint32_t max_failed = 16384;
  std::chrono::seconds failed_first{5};  // the negative cache, doubling
  std::chrono::seconds failed_most{30};
  std::chrono::seconds storm_calm{30};         // without a policed packet: the storm is over
  std::chrono::seconds serve_stale{4 * 3600};  // how long a storm keeps what does not answer
  std::chrono::seconds quarantine_first{60};   // of a source beyond its budget, doubling
  std::chrono::seconds quarantine_most{300};
  Learning learn = Learning::adaptive;
  NeighborBudgets budgets;
  Journal journal;
  std::vector<StaticNeighbor> statics;
  SourceRef refresh_source;
  SourceRef unverified_source;
  SourceRef hold_source;  // of `per-neighbor`
  SourceRef hold_total_source;
  SourceRef table_source;  // of `max`
  SourceRef pending_source;
  SourceRef failed_source;      // of the negative cache's `first`
  SourceRef storm_source;       // of `calm`
  SourceRef quarantine_source;  // of `first`

  friend bool operator==(const Neighbors&, const Neighbors&) = default;
};

enum class RouteType { unicast, blackhole, unreachable, prohibit };

struct Route {
  Ipv4Prefix to;
  RouteType type = RouteType::unicast;
  std::vector<Ipv4Address> via;  // unicast: one or more gateways (equal-cost)
  SourceRef source;
  SourceList via_sources;

  friend bool operator==(const Route&, const Route&) = default;
};

struct RouteFile {
  std::string path;
  SourceRef source;

  friend bool operator==(const RouteFile&, const RouteFile&) = default;
};

/// Who may read through the API besides those who may change the router.
struct Readers {
  bool all = false;                 // every user of the machine
  std::vector<std::string> groups;  // or members of these
  SourceList sources;               // of the groups

  friend bool operator==(const Readers&, const Readers&) = default;
};

struct Services {
  std::string api_socket = "/run/weir.sock";
  Readers api_readers;
  SourceRef readers_source;

  friend bool operator==(const Services&, const Services&) = default;
};

struct Config {
  std::string file;  // the path it was read from, for messages
  System system;
  std::vector<Ethernet> ethernets;
  std::vector<Vlan> vlans;
  std::vector<Bridge> bridges;
  std::vector<Mirror> mirrors;
  Neighbors neighbors;
  std::vector<Route> routes;
  std::vector<RouteFile> route_files;
  Services services;

  friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace weir::config
