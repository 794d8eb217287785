// What the API may ask of the running router, as plain values. Implemented by the control thread's
// owner; every call is thread-safe: it is posted to the control thread or reads published counters.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "config/model.hpp"
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
  std::uint32_t speed_mbps = 0;  // 0: unknown
  bool promiscuous = false;
  std::uint16_t rx_queues = 0, tx_queues = 0;
  bool checksum_offload = false;  // the NIC's IPv4 checksum verdict is used
  std::vector<Ipv4InterfaceAddress> addresses;
  std::uint64_t rx_packets = 0, rx_bytes = 0, tx_packets = 0, tx_bytes = 0, drops = 0;
  std::uint64_t rx_missed = 0, rx_errors = 0, tx_errors = 0;  // the NIC's own counters
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
  /// Routes in prefix order from `after` on (exclusive), at most `limit`, within `within` when
  /// given.
  virtual std::vector<RouteStatus> routes(std::optional<Ipv4Prefix> within,
                                          std::optional<Ipv4Prefix> after, std::size_t limit) = 0;
  virtual std::size_t route_count() = 0;
  virtual std::vector<NeighborStatus> neighbors() = 0;
  virtual CountersStatus counters() = 0;
  virtual std::vector<DropStatus> drops() = 0;
  virtual FibAnswer fib(Ipv4Address destination) = 0;
  virtual config::Config configuration() = 0;
  virtual RouteChangeResult change_routes(const std::vector<RouteChange>& changes) = 0;
  /// Drops learnt entries (all, or one), so that they are resolved anew; returns how many.
  virtual std::size_t flush_neighbors(std::optional<Ipv4Address> ip) = 0;
  /// Sends echo requests from the router itself; blocks the caller, never the control thread.
  virtual std::vector<PingReply> ping(const PingRequest& request) = 0;
};

}  // namespace weir::control
