// The router: data plane, tables, neighbours, routes and ICMP put together, and the one control
// thread that runs them. `Router::run` is that thread; everything private belongs to it.
#pragma once

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "config/model.hpp"
#include "config/plan.hpp"
#include "controlplane/bridges.hpp"
#include "controlplane/clock.hpp"
#include "controlplane/command_queue.hpp"
#include "controlplane/event_log.hpp"
#include "controlplane/forwarding.hpp"
#include "controlplane/icmp.hpp"
#include "controlplane/interfaces.hpp"
#include "controlplane/journal.hpp"
#include "controlplane/journal_file.hpp"
#include "controlplane/link_debounce.hpp"
#include "controlplane/local_delivery.hpp"
#include "controlplane/mirror_set.hpp"
#include "controlplane/neighbors.hpp"
#include "controlplane/outbound.hpp"
#include "controlplane/pinger.hpp"
#include "controlplane/port_watch.hpp"
#include "controlplane/prober.hpp"
#include "controlplane/rib.hpp"
#include "controlplane/source_watch.hpp"
#include "controlplane/storm_watch.hpp"
#include "dataplane/worker/dataplane.hpp"

namespace weir::control {

class Router final : private NeighborActions, private RibSink, private BridgeActions {
 public:
  /// Brings everything up but the workers. Throws std::runtime_error with place and remedy.
  explicit Router(const config::Config& config);
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;
  ~Router() override;

  /// Starts the workers and serves the control plane until `wake_fd` is readable (a signalfd), then
  /// returns. The calling thread is the control thread.
  void run(int wake_fd);

  CommandQueue& commands() { return commands_; }

  // What commands (on the control thread) and counters (any thread) may see.
  /// What runs, with all its routes. Any thread.
  std::shared_ptr<const config::Config> configuration() const;
  void set_configuration(std::shared_ptr<const config::Config> config);
  Dataplane& dataplane() { return dataplane_; }
  const Counters& control_counters() const { return counters_; }
  const Forwarding& forwarding() const { return forwarding_; }
  Rib& rib() { return rib_; }
  Neighbors& neighbors() { return neighbors_; }
  Pinger& pinger() { return pinger_; }
  Prober& prober() { return prober_; }
  const IcmpCounters& icmp_counters() const { return icmp_errors_.counters(); }
  const LocalCounters& local_counters() const { return local_.counters(); }
  /// Why a port's device is not there; empty: it is. For commands.
  const std::string& missing(InterfaceId port) const { return port_watch_.missing(port); }
  /// A VLAN has its port's; a bridge is up as long as one of its members is.
  LinkState link(InterfaceId interface) const;
  double busy(std::size_t worker) const { return busy_[worker]; }
  /// Routes that find no room in the forwarding tables now.
  std::uint64_t table_refusals() const { return table_refusals_ + refused_.size(); }
  /// For commands.
  const Interfaces& interfaces() const { return interfaces_; }
  /// As they were last told to all. Any thread.
  std::shared_ptr<const Interfaces> interfaces_now() const;

  // For commands: changes of a running router. Workers go on.
  /// All that may be live (config/plan.hpp) but routes. Throws std::runtime_error when a table is
  /// full: then a part may be done, and the same call with what was before takes it back.
  void reconfigure(const config::Config& next);
  /// What stands in the way of that in this router, other than its configuration.
  std::vector<config::Obstacle> obstacles(const config::Config& next);
  /// Throws std::runtime_error at the first that cannot be; returns only when all are done, and has
  /// put `done` to how many are.
  void change_routes(std::span<const config::RouteEdit> edits, std::size_t& done);

  Bridges& bridges() { return *bridges_; }
  const MirrorSet& mirrors() const { return mirrors_; }
  const Journal& journal() const { return journal_; }
  /// Null: in memory only.
  const JournalFile* journal_file() const { return journal_file_.get(); }
  const EventLog& events() const { return events_; }
  const StormWatch& storm_watch() const { return storms_; }
  const SourceWatch& source_watch() const { return sources_; }
  /// For commands: who has the id, or had it last.
  const InterfaceNames& names() const { return names_; }
  const std::string& interface_name(InterfaceId interface) const {
    return interfaces_.names()[interface];
  }
  /// Where a packet of ours to `destination` would come from; nullopt: no route.
  std::optional<Ipv4Address> source_towards(Ipv4Address destination) const {
    return outbound_.source_for(destination);
  }

 private:
  struct OwnRoute {
    RouteType type;
    InterfaceId interface;
    friend bool operator==(const OwnRoute&, const OwnRoute&) = default;
  };
  using OwnRoutes = std::map<std::pair<Ipv4Prefix, RouteProtocol>, OwnRoute>;

  void add_interface(InterfaceId id);
  void adopt_interfaces(Interfaces next, const config::Config& config);
  void set_neighbor_interfaces(const Interfaces& before);
  void forget_interface(InterfaceId id);
  void start_bridges();
  void tell_interfaces();
  /// `confine`: to what is wanted of them; else lets that in, too.
  void ask_ports(const config::Config& config, bool confine);
  void add_martians();
  OwnRoutes own_routes() const;
  void set_own_routes(OwnRoutes wanted);
  void set_statics(const std::vector<config::StaticNeighbor>& wanted);
  void add_configured_routes();
  void install_collected();
  void publish_snapshot();
  Interface snapshot_interface(InterfaceId id) const;

  // router_storm.cpp
  void begin_turn();
  void end_turn();
  void tell(const EventRecord& event) override;
  StormCounts storm_counts(InterfaceId interface) const;
  void watch_storms();
  void watch_sources();
  void storm_changed(const StormChange& change);
  bool is_in_storm(InterfaceId interface) const;
  void watch_journal_file();

  // router_punts.cpp
  unsigned serve_punts();
  void serve(PacketBuffer packet);
  void serve_arp(const PacketBuffer& packet, const PuntMeta& meta);
  void serve_proxy_arp(const PacketBuffer& packet, const PuntMeta& meta);
  void serve_rarp(const PacketBuffer& packet, const PuntMeta& meta);
  void serve_glean(PacketBuffer packet, const PuntMeta& meta);
  void serve_layer2(const PacketBuffer& packet, const PuntMeta& meta);
  void serve_local(const PacketBuffer& packet, const PuntMeta& meta);
  void follow(InterfaceId, Ipv4Address, std::optional<MacAddress>);
  void icmp_error(const IcmpErrorSpec& spec, const PacketBuffer& packet, DropReason reason);
  std::optional<Ipv4Address> source_towards(Ipv4Address destination, InterfaceId arrival) const;
  void send(PacketView packet);
  bool send_probe(const Probe& probe);  // router_probes.cpp
  void serve_postponed();
  void serve_until(int wake_fd);
  void housekeeping();
  void watch_ports(bool look);
  void watch_links();
  void follow_links(const std::set<InterfaceId>& came_up);
  void measure_load();
  void install_refused();
  void wait(int wake_fd, bool busy);

  // NeighborActions
  void solicit(InterfaceId, Ipv4Address, std::optional<MacAddress>) override;
  void announce(InterfaceId, Ipv4Address) override;
  void publish(InterfaceId, Ipv4Address, MacAddress) override;
  void withdraw(InterfaceId, Ipv4Address) override;
  void mark_failed(InterfaceId, Ipv4Address) override;
  void forward(HeldPacket, InterfaceId, MacAddress) override;
  void discard(HeldPacket, DropReason) override;
  void host_unreachable(HeldPacket) override;
  bool take_used(InterfaceId, Ipv4Address) override;
  bool keep_asking(InterfaceId, Ipv4Address) override;
  void changed(const NeighborChange&) override;
  void event(const NeighborEvent&) override;
  // BridgeActions
  void bridges_changed() override;
  void send_frame(InterfaceId, std::span<const std::uint8_t>) override;
  void station_changed(const StationChange&) override;
  // RibSink
  void install(Ipv4Prefix, const RibRoute&) override;
  void remove(Ipv4Prefix) override;
  void forget(TargetId) override;

  // Without routes, which the RIB has. Ports and sizes stay as they were at start.
  config::Config config_;
  mutable std::mutex running_mutex_;
  std::shared_ptr<const config::Config> running_;  // the whole
  std::shared_ptr<const Interfaces> interfaces_now_;
  SteadyClock clock_;
  Counters counters_;  // the control thread's
  Dataplane dataplane_;
  PortWatch port_watch_;
  Interfaces interfaces_;
  InterfaceNames names_;
  Journal journal_;
  std::unique_ptr<JournalFile> journal_file_;
  int journal_errno_ = 0;  // that was told of last
  EventLog events_;
  StormWatch storms_;
  SourceWatch sources_;
  MirrorSet mirrors_;
  Forwarding forwarding_;
  Outbound outbound_;
  Rib rib_;
  Neighbors neighbors_;
  IcmpErrors icmp_errors_;
  Pinger pinger_;
  Prober prober_;
  LocalDelivery local_;
  CommandQueue commands_;
  std::unique_ptr<Bridges> bridges_;
  bool changing_ = false;  // the next snapshot follows

  std::vector<Ipv4Prefix> subnets_;  // connected ones
  OwnRoutes own_routes_;
  // Errors that the neighbour engine asked for from within: sent when it has returned.
  struct Postponed {
    IcmpErrorSpec spec;
    PacketBuffer packet;
    DropReason reason;
  };
  std::vector<Postponed> postponed_;

  // While many routes come at once, installs are collected and go to the tables together.
  bool collecting_ = false;
  std::vector<std::pair<Ipv4Prefix, TargetId>> collected_;
  std::map<TargetId, Target> collected_targets_;

  std::array<LinkState, kMaxInterfaces> links_{};  // of ports
  std::array<LinkDebounce, kMaxPorts> debounce_;
  std::set<InterfaceId> down_;  // interfaces of all kinds without a link
  bool links_known_ = false;
  std::vector<double> busy_;
  std::vector<std::uint64_t> busy_cycles_;
  std::uint64_t table_refusals_ = 0;  // at start
  // Since: tried again, for most come in when workers have let go of what was removed before them.
  std::set<Ipv4Prefix> refused_;
  Ipv4Prefix last_refused_;
  std::uint64_t idle_turns_ = 0;
  TimePoint solicited_{Duration::min()};  // when we last asked for a neighbour
  TimePoint next_links_{0}, next_load_{0}, last_load_{0}, next_refused_{0};
};

}  // namespace weir::control
