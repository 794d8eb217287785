// All interfaces of a configuration as one list: ports, then VLANs, then bridges' own, each as the
// file has them. A router that starts numbers its interfaces by their place in this list.
//
// Points into the Config, which must outlive it. Lookups are one hash. Thread-safe once made.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/model.hpp"

namespace weir::config {

struct InterfaceRef {
  enum Kind { port, vlan, bridge };

  std::string name;
  Kind kind = port;
  std::size_t index = 0;  // in Config::ethernets, vlans or bridges
  const std::vector<Ipv4InterfaceAddress>* addresses = nullptr;
  const SourceList* address_sources = nullptr;
  SourceRef source;
  const InterfaceNeighbors* neighbors = nullptr;
  Zone zone = Zone::none;  // its own mark
};

class InterfaceList {
 public:
  explicit InterfaceList(const Config& config);

  std::span<const InterfaceRef> all() const { return all_; }
  /// The first interface of this name; nullptr if there is none.
  const InterfaceRef* find(std::string_view name) const;
  /// Its place in `all()`.
  std::optional<std::size_t> position(std::string_view name) const;

  /// For a message about `name`, which is none of these: the nearest one up to `last` in the order
  /// of kinds, or the first few that there are.
  std::string suggest(std::string_view name, InterfaceRef::Kind last = InterfaceRef::bridge) const;

 private:
  std::vector<InterfaceRef> all_;
  std::unordered_map<std::string_view, std::size_t> positions_;  // names are the Config's
};

/// `none`, `private` or `public`, as in the file.
std::string_view name(Zone zone);

/// The side that an interface is on: its own mark; or that of a VLAN's link; or `outside` for a
/// bridge of which any interface is outside.
Zone zone_of(const Config& config, const InterfaceList& interfaces, const InterfaceRef& interface);

/// The largest IP packet of an interface: its own MTU, else a VLAN's link's, or the smallest of a
/// bridge's interfaces'; none: a link or all interfaces are missing.
std::optional<unsigned> mtu_of(const Config& config, const InterfaceList& interfaces,
                               const InterfaceRef& interface);
/// Where the file says it, if it does.
SourceRef mtu_source(const Config& config, const InterfaceRef& interface);

/// The bridge that has `interface` among its members; nullptr if none has.
const Bridge* bridge_of(const Config& config, std::string_view interface);

}  // namespace weir::config
