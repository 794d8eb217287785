#include "controlplane/live_change.hpp"

#include <algorithm>
#include <chrono>
#include <span>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "config/interfaces.hpp"

namespace weir::control {
namespace {

constexpr std::size_t kPortion = 256;  // routes at once

bool overlap(const Ipv4InterfaceAddress& a, const Ipv4InterfaceAddress& b) {
  return a.subnet().contains(b.subnet()) || b.subnet().contains(a.subnet());
}

template <class Interface>
const Interface* named(const std::vector<Interface>& interfaces, std::string_view name) {
  const auto found =
      std::find_if(interfaces.begin(), interfaces.end(),
                   [&](const Interface& interface) { return interface.name == name; });
  return found == interfaces.end() ? nullptr : &*found;
}

bool has_interface(const config::Config& config, std::string_view name) {
  return named(config.ethernets, name) != nullptr || named(config.vlans, name) != nullptr ||
         named(config.bridges, name) != nullptr;
}

bool is_member(const config::Config& config, std::string_view name) {
  return config::bridge_of(config, name) != nullptr;
}

/// Adds to a configuration what another one has besides.
class Keeping {
 public:
  Keeping(const config::Config& old, config::Config& to) : old_(old), to_(to) {
    const auto collect = [&](const auto& interfaces) {
      for (const auto& interface : interfaces)
        new_.insert(new_.end(), interface.addresses.begin(), interface.addresses.end());
    };
    collect(to.ethernets);
    collect(to.vlans);
    collect(to.bridges);
  }

  void run() {
    keep_addresses(old_.ethernets, to_.ethernets);
    keep_addresses(old_.vlans, to_.vlans);
    keep_addresses(old_.bridges, to_.bridges);
    // A VLAN may stand before the one it is on; stacks are two high.
    for (int depth = 0; depth < 2; ++depth)
      for (const config::Vlan& vlan : old_.vlans) keep(vlan);
    for (const config::Bridge& bridge : old_.bridges) keep(bridge);
    for (const config::StaticNeighbor& neighbor : old_.neighbors.statics) keep(neighbor);
  }

 private:
  std::vector<Ipv4InterfaceAddress> fitting(const std::vector<Ipv4InterfaceAddress>& old) const {
    std::vector<Ipv4InterfaceAddress> result;
    for (const Ipv4InterfaceAddress& address : old)
      if (std::none_of(new_.begin(), new_.end(),
                       [&](const auto& other) { return overlap(address, other); }))
        result.push_back(address);
    return result;
  }

  template <class Interface>
  void keep_addresses(const std::vector<Interface>& old, std::vector<Interface>& next) const {
    for (Interface& now : next) {
      const Interface* const before = named(old, now.name);
      if (before == nullptr || is_member(to_, now.name)) continue;
      const auto more = fitting(before->addresses);
      now.addresses.insert(now.addresses.end(), more.begin(), more.end());
    }
  }

  void keep(const config::Vlan& vlan) {
    const config::Vlan* const below = named(to_.vlans, vlan.link);
    const bool has_link = named(to_.ethernets, vlan.link) != nullptr ||
                          (below != nullptr && named(to_.ethernets, below->link) != nullptr);
    const bool is_taken =
        std::any_of(to_.vlans.begin(), to_.vlans.end(), [&](const config::Vlan& other) {
          return other.link == vlan.link && other.id == vlan.id && other.protocol == vlan.protocol;
        });
    if (is_taken || !has_link || has_interface(to_, vlan.name)) return;
    to_.vlans.push_back(vlan);
    to_.vlans.back().addresses = fitting(vlan.addresses);
  }

  void keep(const config::Bridge& bridge) {
    if (has_interface(to_, bridge.name)) return;
    config::Bridge kept = bridge;
    std::erase_if(kept.members, [&](const config::BridgeMember& member) {
      return !is_same(member.interface) || has_job(member.interface);
    });
    if (kept.members.empty()) return;
    std::erase_if(kept.statics, [&](const config::StaticStation& station) {
      return std::none_of(kept.members.begin(), kept.members.end(), [&](const auto& member) {
        return member.interface == station.interface;
      });
    });
    kept.addresses = fitting(bridge.addresses);
    to_.bridges.push_back(std::move(kept));
  }

  void keep(const config::StaticNeighbor& neighbor) {
    const auto has_subnet = [&](const auto* interface) {
      return interface != nullptr &&
             std::any_of(interface->addresses.begin(), interface->addresses.end(),
                         [&](const Ipv4InterfaceAddress& address) {
                           return address.subnet().contains(neighbor.ip) &&
                                  address.address != neighbor.ip;
                         });
    };
    auto& statics = to_.neighbors.statics;
    const bool is_new = std::none_of(statics.begin(), statics.end(), [&](const auto& other) {
      return other.ip == neighbor.ip && other.interface == neighbor.interface;
    });
    if (is_new && (has_subnet(named(to_.ethernets, neighbor.interface)) ||
                   has_subnet(named(to_.vlans, neighbor.interface)) ||
                   has_subnet(named(to_.bridges, neighbor.interface))))
      statics.push_back(neighbor);
  }

  /// A port, or a VLAN of the same tags.
  bool is_same(std::string_view name) const {
    if (named(to_.ethernets, name) != nullptr) return true;
    const config::Vlan *const now = named(to_.vlans, name), *const old = named(old_.vlans, name);
    return now != nullptr && old != nullptr && now->link == old->link && now->id == old->id &&
           now->protocol == old->protocol &&
           (named(to_.ethernets, now->link) != nullptr || is_same(now->link));
  }

  /// Another one than to be in a bridge.
  bool has_job(std::string_view name) const {
    const auto has_addresses = [](const auto* interface) {
      return interface != nullptr && !interface->addresses.empty();
    };
    return is_member(to_, name) || has_addresses(named(to_.ethernets, name)) ||
           has_addresses(named(to_.vlans, name));
  }

  const config::Config& old_;
  config::Config& to_;
  std::vector<Ipv4InterfaceAddress> new_;
};

std::vector<config::RouteEdit> reversed(std::span<const config::RouteEdit> edits) {
  std::vector<config::RouteEdit> result;
  for (auto each = edits.rbegin(); each != edits.rend(); ++each)
    result.push_back({each->after, each->before});
  return result;
}

void change_routes(Router& router, std::span<const config::RouteEdit> edits, std::size_t& done) {
  while (done < edits.size()) {
    const auto portion = edits.subspan(done, std::min(kPortion, edits.size() - done));
    call_patiently(router.commands(), [&] { router.change_routes(portion, done); });
  }
}

}  // namespace

config::Config between(const config::Config& running, const config::Config& next) {
  config::Config result = config::settings_of(next);
  Keeping{running, result}.run();
  return result;
}

void change_live(Router& router, std::shared_ptr<const config::Config> next) {
  const auto running = router.configuration();
  const std::vector<config::RouteEdit> edits = config::route_edits(*running, *next);
  const config::Config both = between(*running, *next);
  std::size_t done = 0;
  try {
    call_patiently(router.commands(), [&] { router.reconfigure(both); });
    change_routes(router, edits, done);
    call_patiently(router.commands(), [&] { router.reconfigure(*next); });
  } catch (const Unavailable&) {
    throw;  // it stops: there is nobody to undo it for
  } catch (const std::exception&) {
    // The addresses of before first: its routes need them. What found no room finds none now,
    // either; then routes wait for their subnets a moment.
    try {
      call_patiently(router.commands(), [&] { router.reconfigure(between(*next, *running)); });
    } catch (const Unavailable&) {
      throw;
    } catch (const std::exception&) {
    }
    std::size_t undone = 0;
    change_routes(router, reversed(std::span(edits).first(done)), undone);
    call_patiently(router.commands(), [&] { router.reconfigure(*running); });
    throw;
  }
  router.set_configuration(std::move(next));
}

}  // namespace weir::control
