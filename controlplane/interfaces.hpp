// The interfaces of the router by InterfaceId, as one configuration says. A value: a changed
// configuration makes another one, in which what stays has the ids that it had.
//
// A port's id is its place among the ports. VLANs and bridges get the ids after that, at start in
// the configuration's order; later the one that has been nobody's longest, and never one that
// somebody has just left: workers, counters and journals may still speak of that one. An interface
// is the same one if name, kind and tags are; a bridge if its name is.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/model.hpp"
#include "config/neighbor_policy.hpp"
#include "dataplane/packet/counters.hpp"
#include "dataplane/worker/snapshot.hpp"

namespace weir::control {

struct InterfaceRow {
  std::string name;
  InterfaceKind kind = InterfaceKind::none;  // none: nobody has the id now
  InterfaceId carrier = 0;                   // the port's interface; a bridge has none
  InterfaceId link = 0;                      // of a VLAN: the interface below
  VlanTags tags;                             // outermost first
  BridgeId bridge = 0;                       // that it is in, or whose own it is; 0: none
  std::uint8_t member = 0;                   // which of the bridge's members
  MacAddress mac;
  std::uint16_t mtu = 1500;
  bool other_vlans = false;
  config::Zone zone = config::Zone::none;  // its own mark, or that of what it stands on
  std::vector<Ipv4InterfaceAddress> addresses;
  config::NeighborPolicy neighbors;
  /// What counters of the id say of those who had it before; null: nothing.
  std::shared_ptr<const InterfaceCounters> before;
};

/// What a port itself says.
struct PortIdentity {
  MacAddress mac;
};

class Interfaces {
 public:
  /// `config` has passed validation; `ports` are its ethernets.
  Interfaces(const config::Config& config, std::span<const PortIdentity> ports);
  /// What `config` says, with the same ports. Throws std::runtime_error: too many ids are
  /// somebody's or were so in `before`.
  Interfaces(const Interfaces& before, const config::Config& config);
  Interfaces(const Interfaces&) = default;
  Interfaces& operator=(Interfaces&&) = default;

  /// Ids are below it; it never shrinks.
  std::size_t size() const { return rows_.size(); }
  std::size_t ports() const { return ports_; }
  /// Those that there are: ports, VLANs, bridges' own, each in the configuration's order.
  const std::vector<InterfaceId>& ids() const { return ids_; }
  bool has(InterfaceId id) const {
    return id < rows_.size() && rows_[id].kind != InterfaceKind::none;
  }
  const InterfaceRow& operator[](InterfaceId id) const { return rows_[id]; }
  std::optional<InterfaceId> find(std::string_view name) const;
  /// By id: who has it, or had it last.
  const std::vector<std::string>& names() const { return names_; }
  /// A bridge's own interface.
  InterfaceId of_bridge(BridgeId bridge) const { return own_[bridge]; }
  /// In the configuration's order.
  const std::vector<BridgeId>& bridges() const { return bridges_; }
  /// The interfaces in a bridge, in the configuration's order; `InterfaceRow::member` is another.
  const std::vector<InterfaceId>& members(BridgeId bridge) const { return members_[bridge]; }
  /// VLAN ids of an interface's tags, outermost first.
  std::vector<std::uint16_t> vlan_ids(InterfaceId id) const;
  /// The maps that tell whose frames a tag makes them; null where no VLAN is on the interface.
  std::shared_ptr<const VlanMap> vlans_on(InterfaceId id) const { return vlan_maps_[id]; }

  /// What counters of a new interface start from.
  void set_before(InterfaceId id, std::shared_ptr<const InterfaceCounters> counters) {
    rows_[id].before = std::move(counters);
  }

 private:
  Interfaces() = default;
  void fill(const config::Config& config, const Interfaces& before);
  void add_vlan(const config::Vlan& vlan, const config::Config& config, const Interfaces& before);
  void add_bridge(const config::Bridge& bridge, const config::Config& config,
                  const Interfaces& before);
  void add_members(const config::Bridge& bridge, BridgeId id, const Interfaces& before,
                   InterfaceRow& own);
  void set_zones(const config::Config& config);
  /// The id that the row has from now on.
  InterfaceId place(InterfaceRow row, std::optional<InterfaceId> known, const Interfaces& before);

  std::vector<InterfaceRow> rows_;
  std::vector<InterfaceId> ids_;
  std::vector<std::string> names_;
  std::size_t ports_ = 0;
  InterfaceId next_id_ = 0;  // where the search for one that is nobody's goes on
  BridgeId next_bridge_ = 1;
  std::vector<BridgeId> bridges_;
  std::vector<InterfaceId> own_;                   // by BridgeId
  std::vector<std::vector<InterfaceId>> members_;  // by BridgeId
  std::vector<std::shared_ptr<VlanMap>> vlan_maps_;
};

}  // namespace weir::control
