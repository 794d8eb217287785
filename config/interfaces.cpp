#include "config/interfaces.hpp"

#include <algorithm>

#include "config/text.hpp"

namespace weir::config {

InterfaceList::InterfaceList(const Config& config) {
  const auto add = [this](const auto& list, InterfaceRef::Kind kind) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      positions_.emplace(list[i].name, all_.size());
      all_.push_back({list[i].name, kind, i, &list[i].addresses, &list[i].address_sources,
                      list[i].source, &list[i].neighbors, list[i].zone});
    }
  };
  all_.reserve(config.ethernets.size() + config.vlans.size() + config.bridges.size());
  add(config.ethernets, InterfaceRef::port);
  add(config.vlans, InterfaceRef::vlan);
  add(config.bridges, InterfaceRef::bridge);
}

std::optional<std::size_t> InterfaceList::position(std::string_view name) const {
  const auto at = positions_.find(name);
  if (at == positions_.end()) return std::nullopt;
  return at->second;
}

const InterfaceRef* InterfaceList::find(std::string_view name) const {
  const auto at = position(name);
  return at ? &all_[*at] : nullptr;
}

std::string InterfaceList::suggest(std::string_view name, InterfaceRef::Kind last) const {
  constexpr std::size_t kShown = 16;
  std::vector<std::string_view> names;
  for (const InterfaceRef& interface : all_) {
    if (interface.kind <= last) names.push_back(interface.name);
  }
  if (names.empty()) return "there is none at all";
  const std::string_view meant = nearest(name, names);
  if (!meant.empty()) return cat("did you mean ", meant, '?');
  const std::span<const std::string_view> shown{names.data(), std::min(names.size(), kShown)};
  return cat("known: ", join(shown), names.size() > kShown ? ", ..." : "");
}

std::string_view name(Zone zone) {
  constexpr std::string_view kNames[] = {"none", "private", "public"};
  return kNames[static_cast<std::size_t>(zone)];
}

Zone zone_of(const Config& config, const InterfaceList& interfaces, const InterfaceRef& interface) {
  // Through two tags at most: what is stacked deeper, or in a circle, is an error of its own.
  const InterfaceRef* at = &interface;
  for (int tags = 0; tags <= 2 && at != nullptr && at->zone == Zone::none; ++tags) {
    if (at->kind != InterfaceRef::vlan) break;
    at = interfaces.find(config.vlans[at->index].link);
  }
  if (at == nullptr) return Zone::none;
  if (at->zone != Zone::none || at->kind != InterfaceRef::bridge) return at->zone;
  for (const BridgeMember& member : config.bridges[at->index].members) {
    const InterfaceRef* below = interfaces.find(member.interface);
    if (below == nullptr || below->kind == InterfaceRef::bridge) continue;
    if (zone_of(config, interfaces, *below) == Zone::outside) return Zone::outside;
  }
  return Zone::none;
}

std::optional<unsigned> mtu_of(const Config& config, const InterfaceList& interfaces,
                               const InterfaceRef& interface) {
  const InterfaceRef* at = &interface;
  // Through at most two tags; what is stacked deeper is an error already.
  for (int tags = 0; tags <= 2 && at != nullptr && at->kind == InterfaceRef::vlan; ++tags) {
    const Vlan& vlan = config.vlans[at->index];
    if (vlan.mtu) return *vlan.mtu;
    at = interfaces.find(vlan.link);
  }
  if (at == nullptr || at->kind == InterfaceRef::vlan) return std::nullopt;
  if (at->kind == InterfaceRef::port) return config.ethernets[at->index].mtu;
  const Bridge& bridge = config.bridges[at->index];
  if (bridge.mtu) return *bridge.mtu;
  std::optional<unsigned> least;
  for (const BridgeMember& member : bridge.members) {
    const InterfaceRef* below = interfaces.find(member.interface);
    if (below == nullptr || below->kind == InterfaceRef::bridge) continue;
    const auto mtu = mtu_of(config, interfaces, *below);
    if (mtu && (!least || *mtu < *least)) least = mtu;
  }
  return least;
}

SourceRef mtu_source(const Config& config, const InterfaceRef& interface) {
  switch (interface.kind) {
    case InterfaceRef::port:
      return config.ethernets[interface.index].mtu_source;
    case InterfaceRef::vlan:
      return config.vlans[interface.index].mtu_source;
    case InterfaceRef::bridge:
      return config.bridges[interface.index].mtu_source;
  }
  return {};
}

const Bridge* bridge_of(const Config& config, std::string_view interface) {
  for (const Bridge& bridge : config.bridges) {
    for (const BridgeMember& member : bridge.members) {
      if (member.interface == interface) return &bridge;
    }
  }
  return nullptr;
}

}  // namespace weir::config
