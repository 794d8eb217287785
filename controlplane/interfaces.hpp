// The interfaces of the running router by InterfaceId: ports, then VLANs, then bridges' own, each
// in the configuration's order. Made once; only addresses, zones and what is said of neighbours
// change.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/model.hpp"
#include "config/neighbor_policy.hpp"
#include "dataplane/worker/port_place.hpp"
#include "dataplane/worker/snapshot.hpp"

namespace weir::control {

struct InterfaceRow {
  std::string name;
  InterfaceKind kind = InterfaceKind::port;
  InterfaceId carrier = 0;  // the port's interface; a bridge has none
  InterfaceId link = 0;     // of a VLAN: the interface below
  VlanTags tags;            // outermost first
  BridgeId bridge = 0;      // that it is in, or whose own it is; 0: none
  std::uint8_t member = 0;  // which of the bridge's members
  MacAddress mac;
  std::uint16_t mtu = 1500;
  bool other_vlans = false;
  config::Zone zone = config::Zone::none;  // its own mark, or that of what it stands on
  std::vector<Ipv4InterfaceAddress> addresses;
  config::NeighborPolicy neighbors;
};

class Interfaces {
 public:
  /// `config` has passed validation; `ports` are its ethernets.
  Interfaces(const config::Config& config, const std::vector<std::unique_ptr<PortPlace>>& ports);

  std::size_t size() const { return rows_.size(); }
  std::size_t ports() const { return ports_; }
  const InterfaceRow& operator[](InterfaceId id) const { return rows_[id]; }
  const std::vector<InterfaceRow>& rows() const { return rows_; }
  std::optional<InterfaceId> find(std::string_view name) const;
  /// A bridge's own interface.
  InterfaceId of_bridge(BridgeId bridge) const {
    return static_cast<InterfaceId>(rows_.size() - bridges_ + bridge - 1u);
  }
  std::size_t bridges() const { return bridges_; }
  /// The interfaces in a bridge, by member number.
  const std::vector<InterfaceId>& members(BridgeId bridge) const { return members_[bridge]; }
  /// VLAN ids of an interface's tags, outermost first.
  std::vector<std::uint16_t> vlan_ids(InterfaceId id) const;
  /// The maps that tell whose frames a tag makes them; null where no VLAN is on the interface.
  std::shared_ptr<const VlanMap> vlans_on(InterfaceId id) const { return vlan_maps_[id]; }

  /// What addresses a configuration with the same interfaces gives each.
  std::vector<std::vector<Ipv4InterfaceAddress>> addresses_in(const config::Config& config) const;
  /// Takes them over, zones, and what it says of neighbours; returns the addresses before. Control
  /// thread.
  std::vector<std::vector<Ipv4InterfaceAddress>> adopt(const config::Config& config);

 private:
  void add_vlans(const config::Config& config);
  void add_bridges(const config::Config& config);
  void set_zones(const config::Config& config);

  std::vector<InterfaceRow> rows_;
  std::size_t ports_ = 0, bridges_ = 0;
  std::vector<std::vector<InterfaceId>> members_;  // by BridgeId
  std::vector<std::shared_ptr<VlanMap>> vlan_maps_;
};

}  // namespace weir::control
