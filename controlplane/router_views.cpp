#include "controlplane/router_views.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "config/interfaces.hpp"
#include "controlplane/linux_link.hpp"
#include "controlplane/neighbor_status.hpp"
#include "controlplane/port_requests.hpp"
#include "controlplane/route_loading.hpp"

namespace weir::control {
namespace {

constexpr std::size_t index(DropReason reason) { return static_cast<std::size_t>(reason); }

constexpr std::string_view kInterfaceKindNames[] = {"port", "vlan", "bridge"};

std::string verdict_name(Egress egress) {
  switch (egress) {
    case Egress::unresolved:
      return "glean";
    case Egress::local:
      return "local";
    case Egress::no_route:
      return "no-route";
    case Egress::blackhole:
      return "blackhole";
    case Egress::unreachable:
      return "unreachable";
    case Egress::prohibit:
      return "prohibit";
    case Egress::martian:
      return "martian";
    case Egress::subnet_broadcast:
      return "broadcast";
    case Egress::multicast:
      return "multicast";
    case Egress::group:
      return "group";
    case Egress::failed:
      return "neighbor-failed";
    case Egress::first_interface:
      break;
  }
  return "forward";
}

}  // namespace

VersionStatus RouterViews::version() {
  const std::chrono::duration<double> uptime = std::chrono::steady_clock::now() - started_;
  return {.version = WEIR_VERSION,
          .cpu = WEIR_CPU,
          .dpdk = dpdk_version(),
          .uptime_seconds = uptime.count(),
          .pid = getpid(),
          .config_file = router_.configuration()->file};
}

std::vector<InterfaceStatus> RouterViews::interfaces() {
  const auto interfaces = router_.interfaces_now();
  std::vector<InterfaceStatus> result;
  for (const InterfaceId id : interfaces->ids()) {
    result.push_back(interface_status(*interfaces, id));
    if ((*interfaces)[id].kind == InterfaceKind::port) add_port_counters(result.back(), id);
  }
  router_.commands().call([&] {
    for (InterfaceStatus& status : result) {
      if (!router_.interfaces().has(status.id)) continue;  // it has just gone
      const LinkState link = router_.link(status.id);
      status.link_up = link.up;
      status.speed_mbps = link.speed_mbps;
      if (router_.interfaces()[status.id].kind == InterfaceKind::port) add_port(status, status.id);
    }
  });
  // As it is now: the remedy may have been applied, or undone. Nothing for the control thread.
  for (InterfaceStatus& status : result) {
    const auto end = status.method.empty() ? std::nullopt : other_end(status.device);
    if (!end) continue;
    status.cable_trouble = checksum_trap(*end);
    if (!status.cable_trouble.empty()) status.cable_remedy = checksum_remedy(*end);
  }
  return result;
}

InterfaceStatus RouterViews::interface_status(const Interfaces& interfaces, InterfaceId id) const {
  const InterfaceRow& row = interfaces[id];
  const auto total = [&](auto&& field) { return counted(interfaces, id, field); };
  InterfaceStatus status{
      .name = row.name,
      .id = id,
      .mac = row.mac,
      .mtu = row.mtu,
      .admin_up = true,
      .kind = std::string(kInterfaceKindNames[static_cast<std::size_t>(row.kind)]),
      .vlan_ids = interfaces.vlan_ids(id),
      .rx_packets = total([](const InterfaceCounters& c) { return c.rx_packets.get(); }),
      .rx_bytes = total([](const InterfaceCounters& c) { return c.rx_bytes.get(); }),
      .tx_packets = total([](const InterfaceCounters& c) { return c.tx_packets.get(); }),
      .tx_bytes = total([](const InterfaceCounters& c) { return c.tx_bytes.get(); }),
      .drops = total([](const InterfaceCounters& c) {
        std::uint64_t drops = 0;
        for (const Counter& each : c.dropped) drops += each.get();
        return drops;
      })};
  status.addresses = row.addresses;
  status.zone = config::name(row.zone);
  if (row.kind == InterfaceKind::vlan) status.link = interfaces[row.link].name;
  if (row.kind != InterfaceKind::bridge && row.bridge != 0)
    status.bridge = interfaces[interfaces.of_bridge(row.bridge)].name;
  return status;
}

/// Not on the control thread: a driver may have to ask another one, and wait.
void RouterViews::add_port_counters(InterfaceStatus& status, InterfaceId id) const {
  const PortCounters nic = router_.dataplane().ports()[id]->counters();
  status.rx_missed = nic.missed;
  status.rx_errors = nic.rx_errors;
  status.tx_errors = nic.tx_errors;
}

void RouterViews::add_port(InterfaceStatus& status, InterfaceId id) const {
  const PortPlace& place = *router_.dataplane().ports()[id];
  status.device = place.request().device;
  status.device_missing = router_.missing(id);
  if (place.port() == nullptr) return;
  const Port& port = *place.port();
  status.driver = port.driver();
  status.promiscuous = port.promiscuous();
  status.rx_queues = port.rx_queues();
  status.tx_queues = port.tx_queues();
  status.checksum_offload = port.nic_checksums();
  status.mac_filter = port.mac_filter();
  status.multicast_filter = port.multicast_filter();
  status.promiscuous_why = port.promiscuous_why();
  status.vlan_tags = port.vlan_tags();
  status.arp_queue = port.arp_queue();
  status.arp_queue_why = port.arp_queue_why();
  status.method = port.method();
  status.method_why = port.method_why();
}

RouteStatus RouterViews::route_status(const RibRoute& route) const {
  RouteStatus status{
      .prefix = route.prefix,
      .type = std::string(kRouteTypeNames[static_cast<std::size_t>(route.type)]),
      .protocol = std::string(kRouteProtocolNames[static_cast<std::size_t>(route.protocol)]),
      .next_hops = {}};
  for (const RibHop& hop : route.hops)
    status.next_hops.push_back({hop.gateway, router_.interface_name(hop.interface)});
  // The martians and the limited broadcast belong to no interface.
  const bool has_interface =
      route.type == RouteType::connected || route.type == RouteType::broadcast ||
      (route.type == RouteType::local && !route.prefix.network().is_limited_broadcast());
  if (has_interface)
    status.next_hops.push_back({std::nullopt, router_.interface_name(route.interface)});
  return status;
}

std::vector<RouteStatus> RouterViews::routes(std::optional<Ipv4Prefix> within,
                                             std::optional<Ipv4Prefix> after, std::size_t limit) {
  return router_.commands().call([&] {
    std::vector<RouteStatus> result;
    if (limit == 0) return result;
    router_.rib().visit(within, after, [&](const RibRoute& route) {
      result.push_back(route_status(route));
      return result.size() < limit;
    });
    return result;
  });
}

std::size_t RouterViews::route_count() {
  return router_.commands().call([&] { return router_.rib().size(); });
}

std::vector<NeighborStatus> RouterViews::neighbors() {
  std::shared_ptr<const Interfaces> interfaces;
  auto rows = router_.commands().call([&] {
    interfaces = router_.interfaces_now();
    return router_.neighbors().snapshot();
  });
  std::sort(rows.begin(), rows.end(), [](const NeighborRow& a, const NeighborRow& b) {
    return std::pair{a.ip, a.interface} < std::pair{b.ip, b.interface};
  });
  std::vector<NeighborStatus> result;
  result.reserve(rows.size());
  for (const NeighborRow& row : rows)
    result.push_back(neighbor_status(row, interfaces->names()[row.interface]));
  return result;
}

std::vector<DropStatus> RouterViews::drops() {
  std::vector<DropStatus> result;
  const auto interfaces = router_.interfaces_now();
  for (const InterfaceId id : interfaces->ids()) {
    for (const DropReasonText& text : kDropReasonTexts) {
      const std::uint64_t packets = counted(*interfaces, id, [&](const InterfaceCounters& c) {
        return c.dropped[index(text.reason)].get();
      });
      result.push_back({.interface = (*interfaces)[id].name,
                        .reason = std::string(text.name),
                        .meaning = std::string(text.meaning),
                        .packets = packets});
    }
  }
  return result;
}

FibAnswer RouterViews::fib(Ipv4Address destination) {
  return router_.commands().call([&] {
    FibAnswer answer{.destination = destination};
    if (const auto route = router_.rib().lookup(destination)) answer.route = route_status(*route);
    const auto found = router_.forwarding().lookup(destination, 0);
    const Adjacency& adjacency = found.adjacency;
    answer.verdict =
        verdict_name(is_interface(adjacency.egress) ? Egress::first_interface : adjacency.egress);
    if (const auto slot = router_.forwarding().neighbor_at(found.index)) {
      answer.next_hop =
          NextHopStatus{slot->ip == destination ? std::nullopt : std::optional{slot->ip},
                        router_.interface_name(slot->interface)};
      answer.mtu = router_.interfaces()[slot->interface].mtu;
    }
    if (is_interface(adjacency.egress)) {
      answer.destination_mac = adjacency.destination;
      answer.source_mac = adjacency.source;
    }
    return answer;
  });
}

RouteChangeResult RouterViews::change_routes(const std::vector<RouteChange>& changes) {
  // In portions, so that a hundred thousand changes never keep the control thread from its packets.
  constexpr std::size_t kPortion = 256;
  RouteChangeResult result;
  for (std::size_t from = 0; from < changes.size(); from += kPortion) {
    const std::size_t to = std::min(from + kPortion, changes.size());
    const auto portion = [&] {
      for (std::size_t i = from; i < to; ++i) {
        std::string error = change_one(changes[i]);
        if (error.empty())
          ++result.applied;
        else
          result.errors.push_back(
              fmt::format("change {}: {}: {}", i, changes[i].route.to.to_string(), error));
      }
    };
    try {
      router_.commands().call(portion);
    } catch (const Unavailable& error) {
      if (from == 0) throw;
      result.errors.push_back(fmt::format("changes from {} on: {}", from, error.what()));
      break;
    }
  }
  return result;
}

std::string RouterViews::change_one(const RouteChange& change) {
  Rib& rib = router_.rib();
  const Ipv4Prefix to = change.route.to;
  const bool known = rib.find(to, RouteProtocol::api).has_value();
  if (change.kind == RouteChange::Kind::remove) {
    if (rib.remove(to, RouteProtocol::api)) return {};
    return rib.find(to) ? "belongs to the configuration; edit the file instead"
                        : "there is no such route";
  }
  if (change.kind == RouteChange::Kind::add && known) return "exists already; use replace";
  if (to.length() >= 4 && to.network().is_multicast()) return "is multicast, which is not routed";
  const auto target = rib.target(rib_type(change.route.type), change.route.via);
  if (!target) return "needs 1 to 64 gateways, or a verdict without any";
  if (!rib.has_way(*target)) return "no gateway of it is on a connected subnet";
  rib.add(to, RouteProtocol::api, *target);
  return {};
}

std::size_t RouterViews::flush_neighbors(std::optional<Ipv4Address> ip) {
  return router_.commands().call([&] { return router_.neighbors().flush({}, ip); });
}

Conservation RouterViews::conservation(const Counters& counters) const {
  Conservation c;
  // What VLANs and bridges received and sent is in their ports' counters already.
  for (InterfaceId id = 0; id < router_.interfaces().ports(); ++id) {
    c.rx += counters.interface[id].rx_packets.get();
    c.tx += counters.interface[id].tx_packets.get();
  }
  c.generated = counters.generated.get();
  c.dropped = counters.dropped();
  c.consumed = counters.consumed.get();
  return c;
}

CountersStatus RouterViews::counters() {
  CountersStatus status;
  // On the control thread, so that its own share does not move meanwhile.
  router_.commands().call([&] {
    const auto& workers = router_.dataplane().workers();
    status.total = conservation(router_.control_counters());
    status.total.held = router_.neighbors().counters().holding + router_.dataplane().in_flight();
    for (std::size_t i = 0; i < workers.size(); ++i) {
      const Counters& counters = workers[i]->counters();
      WorkerStatus worker{.core = workers[i]->options().core,
                          .bursts = counters.bursts.get(),
                          .empty_polls = counters.empty_polls.get(),
                          .sleeps = counters.sleeps.get(),
                          .busy = router_.busy(i)};
      for (const ReceiveQueue& queue : workers[i]->queues())
        worker.queues.emplace_back(router_.interface_name(queue.interface), queue.queue);
      worker.packets = conservation(counters);
      worker.packets.taken = counters.taken.get();
      worker.packets.given = counters.punted() + counters.handed_off.get();
      status.total.rx += worker.packets.rx;
      status.total.tx += worker.packets.tx;
      status.total.generated += worker.packets.generated;
      status.total.dropped += worker.packets.dropped;
      status.total.consumed += worker.packets.consumed;
      status.workers.push_back(std::move(worker));
    }
    status.named = named_counters();
  });
  return status;
}

std::vector<PingReply> RouterViews::ping(const PingRequest& request) {
  using namespace std::chrono_literals;
  const auto session = router_.commands().call([&] {
    const auto source =
        request.source ? request.source : router_.source_towards(request.destination);
    return source ? router_.pinger().start(request, *source) : std::nullopt;
  });
  if (!session) {
    PingReply reply;
    reply.sequence = 1;
    reply.error = "Network is unreachable";
    return {reply};
  }
  // The control thread does the work; this thread of the API looks now and then.
  while (true) {
    std::this_thread::sleep_for(5ms);
    if (stopping_.load()) {
      router_.commands().call([&] { router_.pinger().stop(*session); });
      return {};
    }
    if (auto replies = router_.commands().call([&] { return router_.pinger().take(*session); }))
      return *replies;
  }
}

}  // namespace weir::control
