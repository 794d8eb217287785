// What the API shows of bridges, stations, groups and mirrors.
#include "controlplane/router_views.hpp"

namespace weir::control {
namespace {

std::uint64_t total(Router& router, InterfaceId id, auto&& field) {
  std::uint64_t result = field(router.control_counters().interface[id]);
  for (const auto& worker : router.dataplane().workers())
    result += field(worker->counters().interface[id]);
  return result;
}

}  // namespace

void RouterViews::add_counters(BridgeMemberStatus& member) const {
  const auto id = router_.interfaces().find(member.interface);
  if (!id) return;
  const auto sum = [&](auto&& field) { return total(router_, *id, field); };
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
  if (router_.bridges() == nullptr) return {};
  auto bridges = router_.commands().call([&] { return router_.bridges()->status(); });
  for (BridgeStatus& bridge : bridges)
    for (BridgeMemberStatus& member : bridge.members) add_counters(member);
  return bridges;
}

StationPage RouterViews::stations(const StationFilter& filter,
                                  std::optional<std::pair<std::string, MacAddress>> after,
                                  std::size_t limit) {
  if (router_.bridges() == nullptr) return {};
  return router_.commands().call([&] { return router_.bridges()->stations(filter, after, limit); });
}

std::size_t RouterViews::flush_stations(const StationFilter& filter) {
  if (router_.bridges() == nullptr) return 0;
  return router_.commands().call([&] { return router_.bridges()->flush(filter); });
}

std::vector<MulticastGroupStatus> RouterViews::multicast_groups() {
  if (router_.bridges() == nullptr) return {};
  return router_.commands().call([&] { return router_.bridges()->groups(); });
}

std::vector<MirrorStatus> RouterViews::mirrors() {
  using Direction = config::Mirror::Direction;
  std::vector<MirrorStatus> result;
  const auto running = router_.configuration();
  const auto& mirrors = running->mirrors;
  for (std::size_t i = 0; i < mirrors.size(); ++i) {
    const config::Mirror& mirror = mirrors[i];
    MirrorStatus status{.from = mirror.from,
                        .direction = mirror.direction == Direction::in    ? "in"
                                     : mirror.direction == Direction::out ? "out"
                                                                          : "both",
                        .to = mirror.file.empty() ? mirror.to : mirror.file};
    for (const auto& worker : router_.dataplane().workers()) {
      const MirrorCounters& counters = worker->counters().mirror[i + 1];
      status.packets += counters.packets.get();
      status.bytes += counters.bytes.get();
      status.dropped += counters.dropped.get();
    }
    if (const auto& file = router_.mirror_files()[i]) {
      status.packets = file->packets();
      status.bytes = file->bytes();
      status.dropped += file->dropped();
      status.error = file->error();
    }
    result.push_back(std::move(status));
  }
  return result;
}

}  // namespace weir::control
