#include "config/interfaces.hpp"

#include <algorithm>

#include "config/text.hpp"

namespace weir::config {

InterfaceList::InterfaceList(const Config& config) {
  const auto add = [this](const auto& list, InterfaceRef::Kind kind) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      positions_.emplace(list[i].name, all_.size());
      all_.push_back({list[i].name, kind, i, &list[i].addresses, &list[i].address_sources,
                      list[i].source, &list[i].neighbors});
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

const Bridge* bridge_of(const Config& config, std::string_view interface) {
  for (const Bridge& bridge : config.bridges) {
    for (const BridgeMember& member : bridge.members) {
      if (member.interface == interface) return &bridge;
    }
  }
  return nullptr;
}

}  // namespace weir::config
