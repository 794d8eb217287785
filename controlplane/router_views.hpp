// What the API shows and asks of the running router. Every call comes from an API thread: it posts
// to the control thread and waits, or reads counters, which need no lock.
#pragma once

#include <atomic>
#include <chrono>

#include "controlplane/router.hpp"
#include "controlplane/router_api.hpp"
#include "controlplane/storm_status.hpp"

namespace weir::control {

class RouterViews final : public RouterApi {
 public:
  explicit RouterViews(Router& router) : router_(router) {}

  VersionStatus version() override;
  std::vector<InterfaceStatus> interfaces() override;
  std::vector<PortStatus> ports(bool extended) override;
  std::vector<RouteStatus> routes(std::optional<Ipv4Prefix> within, std::optional<Ipv4Prefix> after,
                                  std::size_t limit) override;
  std::size_t route_count() override;
  std::vector<NeighborStatus> neighbors() override;
  std::vector<BridgeStatus> bridges() override;
  StationPage stations(const StationFilter& filter,
                       std::optional<std::pair<std::string, MacAddress>> after,
                       std::size_t limit) override;
  std::size_t flush_stations(const StationFilter& filter) override;
  std::vector<MulticastGroupStatus> multicast_groups() override;
  std::vector<MirrorStatus> mirrors() override;
  std::vector<StormStatus> storm() override;
  /// Those after the id `after`, at most `limit`; `after` beyond the newest: there is none.
  EventPage events(std::uint64_t after, std::size_t limit) override;
  /// What the neighbours were at `time`, in seconds since the epoch.
  PastNeighbors neighbors_at(double time) override;
  /// The first that match, at most 10,000; of both tables `after` is none.
  JournalPage journal(const JournalFilter& filter) override;
  CountersStatus counters() override;
  std::vector<DropStatus> drops() override;
  FibAnswer fib(Ipv4Address destination) override;
  std::shared_ptr<const config::Config> configuration() override { return router_.configuration(); }
  ConfigApi* configurations() override { return keeper_; }
  /// Outlives the last request. Before the first.
  void set_keeper(ConfigApi& keeper) { keeper_ = &keeper; }
  RouteChangeResult change_routes(const std::vector<RouteChange>& changes) override;
  std::size_t flush_neighbors(std::optional<Ipv4Address> ip) override;
  std::vector<PingReply> ping(const PingRequest& request) override;
  /// Ends pings that wait for answers.
  void stop() { stopping_.store(true); }

 private:
  /// Of all workers and the control thread together, since the interface is there.
  template <class Field>
  std::uint64_t counted(const Interfaces& interfaces, InterfaceId id, Field&& field) const {
    std::uint64_t total = field(router_.control_counters().interface[id]);
    for (const auto& worker : router_.dataplane().workers())
      total += field(worker->counters().interface[id]);
    const auto& before = interfaces[id].before;
    return total - (before ? field(*before) : 0);
  }
  InterfaceStatus interface_status(const Interfaces& interfaces, InterfaceId id) const;
  void add_port(InterfaceStatus& status, InterfaceId id) const;
  void add_port_counters(InterfaceStatus& status, InterfaceId id) const;
  void add_port_status(PortStatus& status, InterfaceId id) const;
  void add_counters(const Interfaces& interfaces, BridgeMemberStatus& member) const;
  RouteStatus route_status(const RibRoute& route) const;
  std::string change_one(const RouteChange& change);
  Conservation conservation(const Counters& counters) const;
  std::vector<NamedCounter> named_counters();
  void add_learning(std::vector<NamedCounter>& to) const;
  void add_journal(std::vector<NamedCounter>& to) const;

  Router& router_;
  ConfigApi* keeper_ = nullptr;
  std::atomic<bool> stopping_{false};
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

}  // namespace weir::control
