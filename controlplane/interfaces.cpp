#include "controlplane/interfaces.hpp"

#include <algorithm>

#include "config/interfaces.hpp"

namespace weir::control {
namespace {

std::uint16_t tag_type(config::VlanProtocol protocol) {
  return protocol == config::VlanProtocol::dot1ad ? wire::ether_type::kQinQ
                                                  : wire::ether_type::kVlan;
}

}  // namespace

Interfaces::Interfaces(const config::Config& config,
                       const std::vector<std::unique_ptr<PortPlace>>& ports)
    : ports_(config.ethernets.size()), bridges_(config.bridges.size()) {
  for (std::size_t i = 0; i < ports_; ++i) {
    const config::Ethernet& ethernet = config.ethernets[i];
    rows_.push_back({.name = ethernet.name,
                     .carrier = static_cast<InterfaceId>(i),
                     .mac = ports[i]->port()->mac(),
                     .mtu = ports[i]->port()->mtu(),
                     .other_vlans = ethernet.other_vlans,
                     .addresses = ethernet.addresses,
                     .neighbors = neighbor_policy(config.neighbors, ethernet.neighbors)});
  }
  for (const config::Vlan& vlan : config.vlans)
    rows_.push_back({.name = vlan.name,
                     .kind = InterfaceKind::vlan,
                     .other_vlans = vlan.other_vlans,
                     .addresses = vlan.addresses,
                     .neighbors = neighbor_policy(config.neighbors, vlan.neighbors)});
  vlan_maps_.resize(rows_.size() + bridges_);
  add_vlans(config);
  add_bridges(config);
  set_zones(config);
}

void Interfaces::set_zones(const config::Config& config) {
  const config::InterfaceList list{config};
  for (std::size_t id = 0; id < rows_.size(); ++id)
    rows_[id].zone = config::zone_of(config, list, list.all()[id]);
}

void Interfaces::add_vlans(const config::Config& config) {
  // A VLAN may stand before the one it is on: those on ports come first.
  std::vector<bool> done(config.vlans.size());
  for (unsigned depth = 0; depth < 2; ++depth) {
    for (std::size_t i = 0; i < config.vlans.size(); ++i) {
      const config::Vlan& vlan = config.vlans[i];
      const InterfaceId link = *find(vlan.link);
      const bool on_port = rows_[link].kind == InterfaceKind::port;
      if (done[i] || on_port != (depth == 0)) continue;
      done[i] = true;
      InterfaceRow& row = rows_[ports_ + i];
      row.link = link;
      row.carrier = rows_[link].carrier;
      row.tags = rows_[link].tags;
      row.tags.tag[row.tags.count++] = {tag_type(vlan.protocol), vlan.id};
      row.mac = rows_[link].mac;
      row.mtu = vlan.mtu.value_or(rows_[link].mtu);
      auto& map = vlan_maps_[link];
      if (!map) map = std::make_shared<VlanMap>();
      auto& by_id = vlan.protocol == config::VlanProtocol::dot1ad ? map->service : map->customer;
      by_id[vlan.id] = static_cast<InterfaceId>(ports_ + i);
    }
  }
}

void Interfaces::add_bridges(const config::Config& config) {
  members_.resize(bridges_ + 1);
  for (std::size_t b = 0; b < bridges_; ++b) {
    const config::Bridge& bridge = config.bridges[b];
    const auto id = static_cast<BridgeId>(b + 1);
    InterfaceRow own{.name = bridge.name,
                     .kind = InterfaceKind::bridge,
                     .bridge = id,
                     .mtu = 9600,
                     .addresses = bridge.addresses,
                     .neighbors = neighbor_policy(config.neighbors, bridge.neighbors)};
    std::optional<MacAddress> lowest;
    for (const config::BridgeMember& member : bridge.members) {
      const InterfaceId interface = *find(member.interface);
      rows_[interface].bridge = id;
      rows_[interface].member = static_cast<std::uint8_t>(members_[id].size());
      members_[id].push_back(interface);
      lowest = std::min(lowest.value_or(rows_[interface].mac), rows_[interface].mac);
      own.mtu = std::min(own.mtu, rows_[interface].mtu);
    }
    if (bridge.members.empty()) own.mtu = 1500;
    // Locally administered, and nobody else's here: a bridge without members has no port's.
    const MacAddress nobodys{{0x02, 0x57, 0x65, 0x69, 0x72, static_cast<std::uint8_t>(id)}};
    own.mac = bridge.mac ? *bridge.mac : lowest.value_or(nobodys);
    own.mtu = bridge.mtu.value_or(own.mtu);
    rows_.push_back(std::move(own));
  }
}

namespace {

/// Of ethernets, VLANs and bridges alike.
template <class Each>
void for_each_interface(const config::Config& config, Each&& each) {
  for (const config::Ethernet& ethernet : config.ethernets) each(ethernet);
  for (const config::Vlan& vlan : config.vlans) each(vlan);
  for (const config::Bridge& bridge : config.bridges) each(bridge);
}

}  // namespace

std::vector<std::vector<Ipv4InterfaceAddress>> Interfaces::addresses_in(
    const config::Config& config) const {
  std::vector<std::vector<Ipv4InterfaceAddress>> addresses(rows_.size());
  for_each_interface(config, [&](const auto& interface) {
    if (const auto id = find(interface.name)) addresses[*id] = interface.addresses;
  });
  return addresses;
}

std::vector<std::vector<Ipv4InterfaceAddress>> Interfaces::adopt(const config::Config& config) {
  std::vector<std::vector<Ipv4InterfaceAddress>> before;
  for (const InterfaceRow& row : rows_) before.push_back(row.addresses);
  for_each_interface(config, [&](const auto& interface) {
    const auto id = find(interface.name);
    if (!id) return;
    rows_[*id].addresses = interface.addresses;
    rows_[*id].neighbors = neighbor_policy(config.neighbors, interface.neighbors);
  });
  set_zones(config);
  return before;
}

std::optional<InterfaceId> Interfaces::find(std::string_view name) const {
  const auto at = std::find_if(rows_.begin(), rows_.end(),
                               [&](const InterfaceRow& row) { return row.name == name; });
  if (at == rows_.end()) return std::nullopt;
  return static_cast<InterfaceId>(at - rows_.begin());
}

std::vector<std::uint16_t> Interfaces::vlan_ids(InterfaceId id) const {
  std::vector<std::uint16_t> ids;
  for (unsigned i = 0; i < rows_[id].tags.count; ++i) ids.push_back(rows_[id].tags.tag[i].id);
  return ids;
}

}  // namespace weir::control
