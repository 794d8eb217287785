// Bridges as a configuration wants them: at start, and while the router runs.
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "controlplane/bridges.hpp"
#include "controlplane/bridges_engine.hpp"

namespace weir::control {

void Bridges::change(const config::Config& config, const Links& links) {
  file_ = config.file;
  // Who leaves a bridge may come to another one: first all leave.
  for (BridgeId id = 1; id < engines_.size(); ++id)
    if (engines_[id]) let_go(id);
  // All are there before what may throw.
  for (const BridgeId id : interfaces_.bridges())
    if (!engines_[id]) add_bridge(id);
  for (std::size_t i = 0; i < config.bridges.size(); ++i)
    set_bridge(interfaces_.bridges()[i], config.bridges[i], links);
}

void Bridges::start() {
  for (const BridgeId id : interfaces_.bridges())
    for (Member& member : members_[id]) {
      if (std::exchange(member.started, true)) continue;
      engines_[id]->set_member(member);
      engines_[id]->set_link(member);
    }
}

void Bridges::let_go(BridgeId id) {
  const auto& all = interfaces_.bridges();
  const bool stays = std::find(all.begin(), all.end(), id) != all.end();
  for (std::size_t i = members_[id].size(); i-- > 0;) {
    const InterfaceId interface = members_[id][i].interface;
    if (stays && interfaces_.has(interface) && interfaces_[interface].bridge == id) continue;
    engines_[id]->remove_member(interface);
    stations_.remove_member(id, interface);
    members_[id].erase(members_[id].begin() + static_cast<std::ptrdiff_t>(i));
  }
  if (!stays) remove_bridge(id);
}

void Bridges::remove_bridge(BridgeId id) {
  release_groups(id);
  engines_[id].reset();
  stations_.remove_bridge(id);
  own_addresses_[id].clear();
  configs_[id] = {};
}

void Bridges::add_bridge(BridgeId id) {
  own_[id] = interfaces_.of_bridge(id);
  engines_[id] = std::make_unique<Engine>(*this, id);
  forwarding_.follow_stations(own_[id], [this, id](InterfaceId interface, MacAddress mac) {
    const auto place = stations_.find(id, mac);
    return place ? place->interface : interface;
  });
}

void Bridges::set_bridge(BridgeId id, const config::Bridge& config, const Links& links) {
  const config::Bridge old = std::exchange(configs_[id], config);
  stations_.set_bridge(id, {.max = config.mac_table.max,
                            .max_per_interface = config.mac_table.max_per_interface,
                            .ageing = config.mac_table.ageing});
  Engine& engine = *engines_[id];
  if (engine.snooping() && !config.igmp_snooping.enabled) release_groups(id);
  if (engine.configure())
    for (Member& member : members_[id]) member.started = false;
  const bool had_tree = old.spanning_tree.enabled;
  if (had_tree != config.spanning_tree.enabled)
    // Spanning tree begins with all of them out.
    for (Member& member : members_[id]) {
      member.learning = member.forwarding = had_tree;
      member.guarded = false;
    }
  set_members(id, links);
  set_own_addresses(id);
  set_statics(id, old.statics);
}

void Bridges::set_members(BridgeId id, const Links& links) {
  const config::Bridge& config = configs_[id];
  std::vector<Member> members;
  std::vector<InterfaceId> others;  // that were in it, and are treated otherwise now
  for (std::size_t i = 0; i < config.members.size(); ++i) {
    const config::BridgeMember& wish = config.members[i];
    const InterfaceId interface = interfaces_.members(id)[i];
    const bool open = !config.spanning_tree.enabled;
    const Member* const known = find(id, interface);
    Member member = known != nullptr ? *known
                                     : Member{.interface = interface,
                                              .link = links(interface),
                                              .learning = open,
                                              .forwarding = open};
    const bool differs = member.config != wish;
    member.config = wish;
    stations_.set_member(id, interface,
                         {.max_stations = wish.max_stations, .learning = wish.learning});
    if (member.started && differs) others.push_back(interface);
    members.push_back(std::move(member));
  }
  members_[id] = std::move(members);
  // Spanning tree may tell of any member from here on.
  for (const InterfaceId interface : others) engines_[id]->set_member(*find(id, interface));
}

/// Frames to any of our addresses are ours, whichever member they come in by.
void Bridges::set_own_addresses(BridgeId id) {
  std::set<MacAddress> addresses{interfaces_[own_[id]].mac};
  for (const Member& member : members_[id]) addresses.insert(interfaces_[member.interface].mac);
  for (const MacAddress& mac : own_addresses_[id])
    if (!addresses.contains(mac)) stations_.remove_fixed(id, mac);
  for (const MacAddress& mac : addresses)
    if (!own_addresses_[id].contains(mac)) stations_.add_own(id, mac, own_[id]);
  own_addresses_[id] = std::move(addresses);
}

void Bridges::set_statics(BridgeId id, const std::vector<config::StaticStation>& old) {
  const config::Bridge& config = configs_[id];
  for (const config::StaticStation& station : old) {
    const bool stays =
        std::any_of(config.statics.begin(), config.statics.end(),
                    [&](const config::StaticStation& each) { return each.mac == station.mac; });
    if (!stays && !own_addresses_[id].contains(station.mac))
      stations_.remove_fixed(id, station.mac);
  }
  for (const config::StaticStation& station : config.statics) {
    const InterfaceId interface = *interfaces_.find(station.interface);
    const auto place = stations_.find(id, station.mac);
    if (place && place->kind == StationKind::configured && place->interface == interface) continue;
    if (!stations_.add_static(id, station.mac, interface))
      throw std::runtime_error(fmt::format(
          "{}:{}:{}: error: station {} cannot be one of {}: it is the router's own", file_,
          station.source.line, station.source.column, station.mac.to_string(), config.name));
  }
}

void Bridges::release_groups(BridgeId id) {
  for (const auto& [mac, group] : groups_[id]) {
    if (const auto slot = dataplane_.fdb()->find(station_key(id, mac)))
      dataplane_.fdb()->erase(*slot);
    dataplane_.multicast().release(group.set);
  }
  groups_[id].clear();
}

}  // namespace weir::control
