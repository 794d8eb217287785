#include "controlplane/interfaces.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <utility>

#include "config/interfaces.hpp"

namespace weir::control {
namespace {

std::uint16_t tag_type(config::VlanProtocol protocol) {
  return protocol == config::VlanProtocol::dot1ad ? wire::ether_type::kQinQ
                                                  : wire::ether_type::kVlan;
}

/// Round and round from `first` to `end`.
template <class Id>
Id next_of(Id id, std::size_t first, std::size_t end) {
  return static_cast<Id>(id + 1u == end ? first : id + 1u);
}

/// Locally administered, and nobody else's here: a bridge without members has no port's.
MacAddress nobodys(std::string_view name) {
  std::uint32_t hash = 2166136261;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<std::uint8_t>(c)) * 16777619;
  return {{0x02, 0x57, 0x65, static_cast<std::uint8_t>(hash >> 16),
           static_cast<std::uint8_t>(hash >> 8), static_cast<std::uint8_t>(hash)}};
}

}  // namespace

Interfaces::Interfaces(const config::Config& config, std::span<const PortIdentity> ports) {
  Interfaces bare;
  for (const PortIdentity& port : ports)
    bare.rows_.push_back({.kind = InterfaceKind::port,
                          .carrier = static_cast<InterfaceId>(bare.rows_.size()),
                          .mac = port.mac});
  bare.ports_ = ports.size();
  bare.next_id_ = static_cast<InterfaceId>(ports.size());
  fill(config, bare);
}

Interfaces::Interfaces(const Interfaces& before, const config::Config& config) {
  fill(config, before);
}

void Interfaces::fill(const config::Config& config, const Interfaces& before) {
  ports_ = before.ports_;
  next_id_ = before.next_id_;
  next_bridge_ = before.next_bridge_;
  names_ = before.names_;
  rows_.resize(before.rows_.size());
  vlan_maps_.resize(kMaxInterfaces);
  own_.resize(kMaxBridges);
  members_.resize(kMaxBridges);
  for (InterfaceId id = 0; id < ports_; ++id) {
    const config::Ethernet& ethernet = config.ethernets[id];
    InterfaceRow row = before.rows_[id];
    row.name = ethernet.name;
    row.bridge = 0;
    row.member = 0;
    row.mtu = ethernet.mtu;
    row.other_vlans = ethernet.other_vlans;
    row.addresses = ethernet.addresses;
    row.neighbors = neighbor_policy(config.neighbors, ethernet.neighbors);
    place(std::move(row), id, before);
  }
  // A VLAN may stand before the one it is on: those on ports come first.
  for (const bool on_port : {true, false})
    for (const config::Vlan& vlan : config.vlans) {
      const auto link = find(vlan.link);
      if (on_port == (link && *link < ports_)) add_vlan(vlan, config, before);
    }
  for (const config::Bridge& bridge : config.bridges) add_bridge(bridge, config, before);
  ids_.clear();
  const auto list = [&](const auto& interfaces) {
    for (const auto& interface : interfaces) ids_.push_back(*find(interface.name));
  };
  list(config.ethernets);
  list(config.vlans);
  list(config.bridges);
  set_zones(config);
}

InterfaceId Interfaces::place(InterfaceRow row, std::optional<InterfaceId> known,
                              const Interfaces& before) {
  InterfaceId id = known.value_or(next_id_);
  for (std::size_t tries = ports_; !known && (has(id) || before.has(id)); ++tries) {
    if (tries == kMaxInterfaces)
      throw std::runtime_error(fmt::format(
          "no more than {} interfaces at once, those that go included", kMaxInterfaces));
    id = next_of(id, ports_, kMaxInterfaces);
  }
  if (!known) next_id_ = next_of(id, ports_, kMaxInterfaces);
  if (rows_.size() <= id) rows_.resize(id + 1u);
  if (names_.size() <= id) names_.resize(id + 1u);
  names_[id] = row.name;
  rows_[id] = std::move(row);
  return id;
}

void Interfaces::add_vlan(const config::Vlan& vlan, const config::Config& config,
                          const Interfaces& before) {
  const auto below = find(vlan.link);
  if (!below || rows_[*below].kind == InterfaceKind::bridge ||
      rows_[*below].tags.count == rows_[*below].tags.tag.size())
    throw std::runtime_error(
        fmt::format("VLAN {}: nothing that it can be on is {}", vlan.name, vlan.link));
  const InterfaceId link = *below;
  InterfaceRow row{.name = vlan.name,
                   .kind = InterfaceKind::vlan,
                   .carrier = rows_[link].carrier,
                   .link = link,
                   .tags = rows_[link].tags,
                   .mac = rows_[link].mac,
                   .mtu = vlan.mtu.value_or(rows_[link].mtu),
                   .other_vlans = vlan.other_vlans,
                   .addresses = vlan.addresses,
                   .neighbors = neighbor_policy(config.neighbors, vlan.neighbors)};
  row.tags.tag[row.tags.count++] = {tag_type(vlan.protocol), vlan.id};
  auto known = before.find(vlan.name);
  if (known) {
    const InterfaceRow& old = before.rows_[*known];
    if (old.kind != row.kind || old.link != row.link || old.tags != row.tags)
      known.reset();
    else
      row.before = old.before;
  }
  const InterfaceId id = place(std::move(row), known, before);
  auto& map = vlan_maps_[link];
  if (!map) map = std::make_shared<VlanMap>();
  auto& by_id = vlan.protocol == config::VlanProtocol::dot1ad ? map->service : map->customer;
  by_id[vlan.id] = id;
}

void Interfaces::add_bridge(const config::Bridge& bridge, const config::Config& config,
                            const Interfaces& before) {
  auto known = before.find(bridge.name);
  if (known && before.rows_[*known].kind != InterfaceKind::bridge) known.reset();
  InterfaceRow own{.name = bridge.name,
                   .kind = InterfaceKind::bridge,
                   .mtu = 9600,
                   .addresses = bridge.addresses,
                   .neighbors = neighbor_policy(config.neighbors, bridge.neighbors)};
  if (known) {
    own.bridge = before.rows_[*known].bridge;
    own.before = before.rows_[*known].before;
  } else {
    const auto in_use = [&](BridgeId id) {
      return std::ranges::count(bridges_, id) + std::ranges::count(before.bridges_, id) != 0;
    };
    for (std::size_t tries = 1; in_use(next_bridge_); ++tries) {
      if (tries == kMaxBridges)
        throw std::runtime_error(fmt::format(
            "no more than {} bridges at once, those that go included", kMaxBridges - 1));
      next_bridge_ = next_of(next_bridge_, 1, kMaxBridges);
    }
    own.bridge = std::exchange(next_bridge_, next_of(next_bridge_, 1, kMaxBridges));
  }
  const BridgeId id = own.bridge;
  bridges_.push_back(id);
  add_members(bridge, id, before, own);
  own_[id] = place(std::move(own), known, before);
}

void Interfaces::add_members(const config::Bridge& bridge, BridgeId id, const Interfaces& before,
                             InterfaceRow& own) {
  std::uint64_t taken = 0;
  for (const InterfaceId old :
       before.members_.empty() ? std::vector<InterfaceId>{} : before.members_[id])
    taken |= std::uint64_t{1} << before.rows_[old].member;
  std::optional<MacAddress> lowest;
  for (const config::BridgeMember& member : bridge.members) {
    const InterfaceId interface = *find(member.interface);
    InterfaceRow& row = rows_[interface];
    row.bridge = id;
    if (before.has(interface) && before.rows_[interface].bridge == id) {
      row.member = before.rows_[interface].member;
    } else {
      if (taken == ~std::uint64_t{0})
        throw std::runtime_error(
            fmt::format("bridge {}: no more than {} interfaces at once, those that go included",
                        bridge.name, kMaxBridgeMembers));
      row.member = static_cast<std::uint8_t>(std::countr_one(taken));
      taken |= std::uint64_t{1} << row.member;
    }
    members_[id].push_back(interface);
    lowest = std::min(lowest.value_or(row.mac), row.mac);
    own.mtu = std::min(own.mtu, row.mtu);
  }
  if (bridge.members.empty()) own.mtu = 1500;
  own.mac = bridge.mac ? *bridge.mac : lowest.value_or(nobodys(bridge.name));
  own.mtu = bridge.mtu.value_or(own.mtu);
}

void Interfaces::set_zones(const config::Config& config) {
  const config::InterfaceList list{config};
  for (std::size_t i = 0; i < ids_.size(); ++i)
    rows_[ids_[i]].zone = config::zone_of(config, list, list.all()[i]);
}

std::optional<InterfaceId> Interfaces::find(std::string_view name) const {
  const auto at = std::find_if(rows_.begin(), rows_.end(), [&](const InterfaceRow& row) {
    return row.kind != InterfaceKind::none && row.name == name;
  });
  if (at == rows_.end()) return std::nullopt;
  return static_cast<InterfaceId>(at - rows_.begin());
}

std::vector<std::uint16_t> Interfaces::vlan_ids(InterfaceId id) const {
  std::vector<std::uint16_t> ids;
  for (unsigned i = 0; i < rows_[id].tags.count; ++i) ids.push_back(rows_[id].tags.tag[i].id);
  return ids;
}

}  // namespace weir::control
