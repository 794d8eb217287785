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

struct Ethernet {
  std::string name;
  PortMatch match;
  std::uint16_t queues = 0;  // receive queues; 0: one a worker
  std::uint16_t mtu = 1500;
  std::optional<MacAddress> mac;  // none: the NIC's own
  bool promiscuous = false;
  std::vector<Ipv4InterfaceAddress> addresses;
  SourceRef source;
  SourceRef match_source;
  SourceRef mtu_source;
  SourceRef mac_source;
  SourceList address_sources;

  friend bool operator==(const Ethernet&, const Ethernet&) = default;
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

struct Neighbors {
  std::chrono::seconds lifetime{4 * 3600};
  std::chrono::seconds refresh_interval{20 * 60};
  std::uint32_t hold_per_neighbor = 8;
  std::uint32_t hold_total = 4096;
  std::vector<StaticNeighbor> statics;
  SourceRef refresh_source;
  SourceRef hold_source;  // of `per-neighbor`

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

struct Services {
  std::string api_socket = "/run/weir.sock";

  friend bool operator==(const Services&, const Services&) = default;
};

struct Config {
  std::string file;  // the path it was read from, for messages
  System system;
  std::vector<Ethernet> ethernets;
  Neighbors neighbors;
  std::vector<Route> routes;
  std::vector<RouteFile> route_files;
  Services services;

  friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace weir::config
