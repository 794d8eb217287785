// What the API may ask of the running router, as plain values. Implemented by the control thread's
// owner; every call is thread-safe: it is posted to the control thread or reads published counters.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "config/model.hpp"
#include "controlplane/config_api.hpp"
#include "controlplane/storm_status.hpp"
#include "dataplane/net/ipv4.hpp"
#include "dataplane/net/mac_address.hpp"

namespace weir::control {

struct InterfaceStatus {
  std::string name;
  std::uint16_t id = 0;
  std::string driver;  // DPDK's name: net_af_packet, net_ixgbe
  std::string device;  // PCI address, Linux interface or vdev
  MacAddress mac;
  std::uint16_t mtu = 0;
  bool admin_up = true;
  bool link_up = false;
  std::string device_missing;    // why the port's device is not there; empty: it is
  std::uint32_t speed_mbps = 0;  // 0: unknown
  bool promiscuous = false;
  std::uint16_t rx_queues = 0, tx_queues = 0;
  bool checksum_offload = false;        // the NIC's IPv4 checksum verdict is used
  std::string kind = "port";            // port, vlan, bridge
  std::string link;                     // of a VLAN: the interface below
  std::vector<std::uint16_t> vlan_ids;  // of a VLAN: its tags, outermost first
  std::string bridge;                   // the bridge it is in
  std::string zone = "none";            // or private, public: its own mark or what it stands on
  // What the port itself does, of what was asked of it; only of ports.
  std::string mac_filter;        // own MAC addresses: "hardware", "promiscuous" or "software"
  std::string multicast_filter;  // "list", "all" (allmulticast), "promiscuous" or "software"
  std::string promiscuous_why;   // asked for, bridge, mac, multicast, vlan; empty: it is off
  std::string vlan_tags;         // taking off and putting on: "hardware" or "software"
  std::optional<std::uint16_t> arp_queue;  // the receive queue that gets ARP and nothing else
  std::string arp_queue_why;               // why there is none, or not for tagged frames
  // Of ports that are Linux interfaces.
  std::string method, method_why;           // "af-packet" or "af-xdp", and what decided it
  std::string cable_trouble, cable_remedy;  // of the other end, and the command against it
  std::vector<Ipv4InterfaceAddress> addresses;
  std::uint64_t rx_packets = 0, rx_bytes = 0, tx_packets = 0, tx_bytes = 0, drops = 0;
  std::uint64_t rx_missed = 0, rx_errors = 0, tx_errors = 0;  // the NIC's own counters
};

/// One thing that a port may do by itself, and who does it.
struct PortCapabilityStatus {
  std::string name;    // receive-checksum, rss, mac-filter, multicast-filter, promiscuous, ...
  std::string by;      // hardware, software, off, ...
  std::string detail;  // what that means on this port
};

struct PortQueueStatus {
  std::uint16_t queue = 0;
  unsigned core = 0;  // of the worker that polls it
  bool arp = false;   // gets ARP and nothing else
  std::uint16_t descriptors = 0;
};

/// A DPDK port: what its hardware does, and what the router does for it.
struct PortStatus {
  std::string name;  // the interface's
  std::string driver, device;
  std::string device_missing;    // why the device is not there; empty: it is
  std::string firmware;          // empty: the driver does not tell
  std::optional<int> numa_node;  // none: unknown
  bool link_up = false;
  std::uint32_t speed_mbps = 0;                  // 0: unknown
  bool full_duplex = false, negotiated = false;  // of a link that is up
  MacAddress mac;
  std::uint16_t mtu = 0, largest_mtu = 0;
  std::uint16_t most_rx_queues = 0, most_tx_queues = 0;
  std::vector<PortQueueStatus> rx_queues;
  std::uint16_t tx_queues = 0, tx_descriptors = 0;
  std::uint32_t buffer_bytes = 0;  // of a receive buffer
  std::vector<PortCapabilityStatus> capabilities;
  std::uint64_t rx_missed = 0, rx_errors = 0, tx_errors = 0;    // the NIC's own counters
  std::vector<std::pair<std::string, std::uint64_t>> extended;  // the driver's, if asked for
};

struct NextHopStatus {
  std::optional<Ipv4Address> gateway;  // none: connected
  std::string interface;
};

struct RouteStatus {
  Ipv4Prefix prefix;
  std::string
      type;  // unicast, local, connected, broadcast, blackhole, unreachable, prohibit, martian
  std::string protocol;  // kernel-like origin: connected, local, static, file, api
  std::vector<NextHopStatus> next_hops;
};

struct NeighborStatus {
  Ipv4Address ip;
  std::optional<MacAddress> mac;
  std::string interface;
  std::string state;  // RFC 4861: INCOMPLETE, REACHABLE, STALE, DELAY, PROBE; and FAILED, PERMANENT
  std::string source;           // static, learnt (request), verified (reply)
  double age_seconds = 0;       // since last confirmed
  double expires_seconds = -1;  // until it leaves; -1: never
  std::uint32_t held_packets = 0;
  std::uint32_t probes = 0;
};

/// What crossed a bridge by one of its interfaces, in packets.
struct BridgeMemberStatus {
  std::string interface;
  std::string state;  // forwarding, learning, discarding, down, loop (flooding stopped), guarded
  std::string role;   // spanning tree: root, designated, alternate, backup, disabled; else empty
  std::uint32_t path_cost = 0;
  std::uint8_t port_priority = 128;
  bool edge = false;
  bool isolated = false;
  std::uint8_t split_horizon = 0;
  bool learning = true;
  bool multicast_router = false;  // an IGMP querier or router is behind it
  std::uint32_t stations = 0;     // now
  std::uint32_t max_stations = 0;
  std::uint64_t rx_unicast = 0, rx_multicast = 0, rx_broadcast = 0;
  std::uint64_t flooded = 0;  // of what it received: broadcast, multicast or unknown, sent on
  std::uint64_t storm_broadcast = 0, storm_multicast = 0, storm_unknown_unicast = 0;  // dropped
};

struct SpanningTreeStatus {
  std::string bridge_id;  // "8000.02005e100001"
  std::string root_id;
  std::string root_interface;  // empty: this bridge is the root
  std::uint32_t root_path_cost = 0;
  std::uint64_t topology_changes = 0;
  double since_topology_change_seconds = -1;  // -1: never
};

struct BridgeStatus {
  std::string name;
  MacAddress mac;
  std::uint16_t mtu = 0;
  std::vector<Ipv4InterfaceAddress> addresses;
  std::uint32_t stations = 0, statics = 0, pinned = 0, frozen = 0;  // now
  std::uint32_t max_stations = 0;
  std::uint64_t ageing_seconds = 300;
  std::uint64_t learnt = 0, moves = 0, aged = 0, evictions = 0;
  std::uint64_t refused = 0;  // not learnt: a limit, and nobody to make room
  std::uint64_t freezes = 0, loops = 0;
  std::optional<SpanningTreeStatus> spanning_tree;
  bool igmp_snooping = false;
  std::string igmp_querier;  // the address of the one in charge, "self", or empty: none yet
  std::vector<BridgeMemberStatus> members;
};

struct StationStatus {
  MacAddress mac;
  std::string bridge;
  std::string interface;
  std::vector<std::uint16_t> vlan_ids;  // of the interface, outermost first
  std::string type;                     // learnt, static, own
  bool pinned = false;                  // a neighbour lives there: it does not age
  bool frozen = false;                  // flapped: stays where it was
  bool two_way = false;                 // somebody answers it
  std::string also_on;                  // the other place where it was seen while it flapped
  double frozen_seconds = 0;            // how much longer
  std::uint32_t moves = 0;              // in the last 180 s
  double age_seconds = 0;               // since it was last heard
  double expires_seconds = -1;          // -1: never
};

/// Which stations to list; empty fields match all.
struct StationFilter {
  std::string bridge;
  std::string interface;
  std::optional<std::uint16_t> vlan;
  std::optional<MacAddress> mac;
};

/// Stations in the order of bridge and MAC address.
struct StationPage {
  std::uint64_t total = 0;  // that match
  std::vector<StationStatus> stations;
};

struct MulticastMember {
  std::string interface;
  double expires_seconds = 0;
  std::uint8_t version = 0;  // of IGMP, that it speaks
};

struct MulticastGroupStatus {
  std::string bridge;
  Ipv4Address group;
  std::vector<MulticastMember> members;
};

struct MirrorStatus {
  std::string from, direction, to;  // `to`: an interface or a file
  std::uint64_t packets = 0, bytes = 0;
  std::uint64_t dropped = 0;  // copies that found no room
  std::string error;          // why it stopped: "file is full (1G)", "No space left on device"
};

struct DropStatus {
  std::string interface;
  std::string reason;
  std::string meaning;
  std::uint64_t packets = 0;
};

/// The router stops, or has more requests than it takes: nothing was done, try again.
struct Unavailable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The equation of conservation: rx + generated = tx + dropped + consumed + held. For one worker
/// also: what it took from other threads' rings on the left, what it gave into them on the right.
struct Conservation {
  std::uint64_t rx = 0, generated = 0, tx = 0, dropped = 0, consumed = 0, held = 0;
  std::uint64_t taken = 0, given = 0;
  bool balanced() const { return rx + generated + taken == tx + dropped + consumed + held + given; }
};

struct WorkerStatus {
  unsigned core = 0;
  std::uint64_t bursts = 0, empty_polls = 0, sleeps = 0;
  double busy = 0;  // share of the last second spent on packets, 0 to 1
  std::vector<std::pair<std::string, std::uint16_t>> queues;  // interface, receive queue
  Conservation packets;
};

/// A counter with a stable dotted name, such as `icmp.sent.time-exceeded`.
struct NamedCounter {
  std::string name;
  std::string meaning;
  std::uint64_t value = 0;
};

struct CountersStatus {
  Conservation total;
  std::vector<WorkerStatus> workers;
  std::vector<NamedCounter> named;
};

/// How a destination is forwarded, step by step.
struct FibAnswer {
  Ipv4Address destination;
  std::optional<RouteStatus> route;  // none: no route
  std::string
      verdict;  // forward, local, glean, no-route, blackhole, unreachable, prohibit, martian, ...
  std::optional<NextHopStatus> next_hop;
  std::optional<MacAddress> destination_mac;
  std::optional<MacAddress> source_mac;
  std::uint16_t mtu = 0;
};

struct RouteChange {
  enum class Kind { add, replace, remove } kind = Kind::add;
  config::Route route;
};

struct RouteChangeResult {
  std::size_t applied = 0;
  std::vector<std::string> errors;  // one a change refused; the others are applied
};

struct PingReply {
  std::uint16_t sequence = 0;
  std::optional<double> rtt_ms;     // none: no answer in time
  std::optional<Ipv4Address> from;  // who answered, also for errors
  std::string error;                // "" or "Destination Host Unreachable", ...
  std::uint8_t ttl = 0;
  std::uint16_t bytes = 0;
};

struct PingRequest {
  Ipv4Address destination;
  std::optional<Ipv4Address> source;
  std::uint16_t count = 4;           // 1 to 1000
  std::uint32_t interval_ms = 1000;  // 10 to 60000
  std::uint32_t timeout_ms = 1000;   // 10 to 60000
  std::uint16_t size = 56;           // bytes of ICMP data, up to 9000
};

struct VersionStatus {
  std::string version;
  std::string cpu;  // what it was built for
  std::string dpdk;
  double uptime_seconds = 0;
  int pid = 0;
  std::string config_file;
};

class RouterApi {
 public:
  virtual ~RouterApi() = default;
  virtual VersionStatus version() = 0;
  virtual std::vector<InterfaceStatus> interfaces() = 0;
  /// With the drivers' own counters that are not zero, if `extended`.
  virtual std::vector<PortStatus> ports(bool extended) = 0;
  /// Routes in prefix order from `after` on (exclusive), at most `limit`, within `within` when
  /// given.
  virtual std::vector<RouteStatus> routes(std::optional<Ipv4Prefix> within,
                                          std::optional<Ipv4Prefix> after, std::size_t limit) = 0;
  virtual std::size_t route_count() = 0;
  virtual std::vector<NeighborStatus> neighbors() = 0;
  virtual std::vector<BridgeStatus> bridges() = 0;
  /// Stations that match, after (bridge, MAC) `after` when given, at most `limit`.
  virtual StationPage stations(const StationFilter& filter,
                               std::optional<std::pair<std::string, MacAddress>> after,
                               std::size_t limit) = 0;
  /// Forgets learnt stations that match; returns how many. Frozen ones thaw.
  virtual std::size_t flush_stations(const StationFilter& filter) = 0;
  virtual std::vector<MulticastGroupStatus> multicast_groups() = 0;
  virtual std::vector<MirrorStatus> mirrors() = 0;
  /// Of each interface that takes part in ARP: who is policed, and whether it is a storm.
  virtual std::vector<StormStatus> storm() = 0;
  /// Events after the one with the id `after` (0: all that are kept), oldest first, at most
  /// `limit`.
  virtual EventPage events(std::uint64_t after, std::size_t limit) = 0;
  /// The neighbours as they were at `time`.
  virtual PastNeighbors neighbors_at(double time) = 0;
  virtual JournalPage journal(const JournalFilter& filter) = 0;
  virtual CountersStatus counters() = 0;
  virtual std::vector<DropStatus> drops() = 0;
  virtual FibAnswer fib(Ipv4Address destination) = 0;
  virtual std::shared_ptr<const config::Config> configuration() = 0;
  /// Null: it cannot be changed.
  virtual ConfigApi* configurations() { return nullptr; }
  virtual RouteChangeResult change_routes(const std::vector<RouteChange>& changes) = 0;
  /// Drops learnt entries (all, or one), so that they are resolved anew; returns how many.
  virtual std::size_t flush_neighbors(std::optional<Ipv4Address> ip) = 0;
  /// Sends echo requests from the router itself; blocks the caller, never the control thread.
  virtual std::vector<PingReply> ping(const PingRequest& request) = 0;
};

}  // namespace weir::control
