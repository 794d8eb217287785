// What the API shows of bridges, stations, groups and mirrors.
#include "controlplane/router_views.hpp"

namespace weir::control {

void RouterViews::add_counters(const Interfaces& interfaces, BridgeMemberStatus& member) const {
  const auto id = interfaces.find(member.interface);
  if (!id) return;
  const auto sum = [&](auto&& field) { return counted(interfaces, *id, field); };
  const auto dropped = [&](DropReason reason) {
    return sum([reason](const InterfaceCounters& c) {
      return c.dropped[static_cast<std::size_t>(reason)].get();
    });
  };
  member.rx_unicast = sum([](const InterfaceCounters& c) { return c.rx_unicast.get(); });
  member.rx_multicast = sum([](const InterfaceCounters& c) { return c.rx_multicast.get(); });
  member.rx_broadcast = sum([](const InterfaceCounters& c) { return c.rx_broadcast.get(); });
  member.flooded = sum([](const InterfaceCounters& c) { return c.flooded.get(); });
  member.storm_broadcast = dropped(DropReason::storm_broadcast);
  member.storm_multicast = dropped(DropReason::storm_multicast);
  member.storm_unknown_unicast = dropped(DropReason::storm_unknown_unicast);
}

std::vector<BridgeStatus> RouterViews::bridges() {
  std::shared_ptr<const Interfaces> interfaces;
  auto bridges = router_.commands().call([&] {
    interfaces = router_.interfaces_now();
    return router_.bridges().status();
  });
  for (BridgeStatus& bridge : bridges)
    for (BridgeMemberStatus& member : bridge.members) add_counters(*interfaces, member);
  return bridges;
}

StationPage RouterViews::stations(const StationFilter& filter,
                                  std::optional<std::pair<std::string, MacAddress>> after,
                                  std::size_t limit) {
  return router_.commands().call([&] { return router_.bridges().stations(filter, after, limit); });
}

std::size_t RouterViews::flush_stations(const StationFilter& filter) {
  return router_.commands().call([&] { return router_.bridges().flush(filter); });
}

std::vector<MulticastGroupStatus> RouterViews::multicast_groups() {
  return router_.commands().call([&] { return router_.bridges().groups(); });
}

std::vector<MirrorStatus> RouterViews::mirrors() {
  return router_.commands().call([&] { return router_.mirrors().status(); });
}

}  // namespace weir::control
