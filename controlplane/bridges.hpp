// Bridges: the control plane of the switched half. Puts together, for each bridge, the stations
// (stations.hpp), spanning tree (spanning_tree.hpp) and IGMP snooping (igmp_snooping.hpp), and
// turns what they decide into what workers read: the bridges of a Snapshot, the FDB, multicast
// sets.
//
// Bridges, members and settings may change while the router runs. What is the same stays as it is:
// a spanning tree and a querier begin anew when their own settings or the bridge's MAC address are
// others, not when a member comes or goes.
//
// Control thread only. `BridgeActions` are called from within, and must not call back.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "config/model.hpp"
#include "controlplane/clock.hpp"
#include "controlplane/event_log.hpp"
#include "controlplane/forwarding.hpp"
#include "controlplane/igmp_snooping.hpp"
#include "controlplane/interfaces.hpp"
#include "controlplane/router_api.hpp"
#include "controlplane/spanning_tree.hpp"
#include "controlplane/stations.hpp"
#include "dataplane/worker/dataplane.hpp"

namespace weir::control {

/// Packets a second that a rate stands for on a link of so many Mb/s (0: unknown, taken for 10
/// Gb/s), in frames of 64 bytes (84 on the wire, RFC 2544 section 11.1); 0: no limit.
double packets_a_second(const config::PacketRate& rate, std::uint32_t speed_mbps);

class BridgeActions {
 public:
  virtual ~BridgeActions() = default;
  /// Workers are to see the bridges as they are now.
  virtual void bridges_changed() = 0;
  /// Sends a frame of ours: by a member, or by a bridge's own interface to whom it concerns.
  virtual void send_frame(InterfaceId interface, std::span<const std::uint8_t> frame) = 0;
  /// For the journal.
  virtual void station_changed(const StationChange& change) = 0;
  virtual void tell(const EventRecord& event) = 0;
};

class Bridges final {
 public:
  using Links = std::function<LinkState(InterfaceId)>;

  /// No bridge yet. `interfaces` are those of now, whenever it is called; all outlive this.
  Bridges(const Clock& clock, const Interfaces& interfaces, Dataplane& dataplane,
          Forwarding& forwarding, BridgeActions& actions);
  ~Bridges();
  Bridges(const Bridges&) = delete;
  Bridges& operator=(const Bridges&) = delete;

  /// What `config` says, which `interfaces` follow already. `links` tells those of interfaces.
  /// Throws std::runtime_error: a static station has no room, or is the router's own; then a part
  /// is done. Workers see it by the next snapshot; after that `start`.
  void change(const config::Config& config, const Links& links);
  /// Spanning trees and queriers of what has come begin.
  void start();

  /// The snapshot's bridges.
  std::vector<Bridge> snapshot() const;

  /// What workers reported of stations; returns how many reports were served, kReportsPerTurn at
  /// most.
  unsigned serve_reports();
  /// Frames that workers handed over, whole. True: taken; false: it was no such thing.
  bool serve_bpdu(InterfaceId interface, std::span<const std::uint8_t> frame);
  bool serve_igmp(InterfaceId interface, std::span<const std::uint8_t> frame);
  /// Of a port.
  void set_link(InterfaceId port, LinkState link);
  /// Serves what is due; returns how much that was.
  unsigned tick();
  std::optional<TimePoint> next_deadline() const;

  /// A neighbour on a bridge's own interface lives at `mac` (nullopt: nowhere any more): its
  /// station does not age.
  void neighbor_at(InterfaceId own, Ipv4Address ip, std::optional<MacAddress> mac);

  // For the API.
  std::vector<BridgeStatus> status() const;
  StationPage stations(const StationFilter& filter,
                       std::optional<std::pair<std::string, MacAddress>> after,
                       std::size_t limit) const;
  std::size_t flush(const StationFilter& filter);
  std::vector<MulticastGroupStatus> groups() const;
  const Stations& station_engine() const { return stations_; }
  /// Groups that found no room in the FDB: they are treated as unregistered.
  std::uint64_t groups_refused() const { return groups_refused_; }

 private:
  static constexpr unsigned kReportsPerTurn = 1024;

  class Engine;  // of one bridge: its spanning tree's and its snooping's actions
  struct Member {
    config::BridgeMember config;
    InterfaceId interface = 0;
    LinkState link;
    bool started = false;                     // the bridge's protocols know of it
    bool learning = true, forwarding = true;  // spanning tree's verdict
    bool guarded = false;
  };
  /// Those who asked for a group address, by IP group: 32 of them share an address (RFC 1112 6.4).
  struct Group {
    std::uint16_t set = 0;
    std::map<Ipv4Address, MemberSet> wanted;
  };
  class StationHooks;

  // bridges_changes.cpp
  void let_go(BridgeId id);
  void remove_bridge(BridgeId id);
  void add_bridge(BridgeId id);
  void set_bridge(BridgeId id, const config::Bridge& config, const Links& links);
  void set_members(BridgeId id, const Links& links);
  void set_own_addresses(BridgeId id);
  void set_statics(BridgeId id, const std::vector<config::StaticStation>& old);
  void release_groups(BridgeId id);
  void station_changed(const StationChange& change);
  void station_event(const StationEvent& event);
  void probe_for_loop(BridgeId bridge, InterfaceId member);
  /// Null: it is in no bridge, or not in that one.
  Member* member_of(InterfaceId interface);
  Member* find(BridgeId bridge, InterfaceId interface);
  Engine* engine_of(InterfaceId interface);
  const config::Bridge& config_of(BridgeId bridge) const { return configs_[bridge]; }
  Bridge snapshot_of(BridgeId id) const;
  MemberSet flooding(BridgeId bridge) const;
  MemberSet set_of(BridgeId bridge, std::span<const InterfaceId> interfaces) const;
  void store_group(BridgeId bridge, const Group& group);
  void set_group(BridgeId bridge, Ipv4Address group, std::span<const InterfaceId> members);
  void send_on(BridgeId bridge, InterfaceId came_by, MemberSet targets,
               std::span<const std::uint8_t> frame);
  std::optional<StationQuery> query_of(const StationFilter& filter) const;
  BridgeStatus status_of(BridgeId bridge) const;
  BridgeMemberStatus member_status(BridgeId bridge, const Member& member,
                                   const std::optional<SpanningTreeState>& tree) const;
  StationStatus station_status(const Place& place) const;
  std::vector<InterfaceId> with_vlan(std::uint16_t vlan) const;

  std::string file_;  // the configuration's
  const Interfaces& interfaces_;
  Dataplane& dataplane_;
  Forwarding& forwarding_;
  BridgeActions& actions_;
  const Clock& clock_;
  std::unique_ptr<StationHooks> hooks_;
  Stations stations_;
  // By BridgeId; the first is nobody's.
  std::vector<config::Bridge> configs_;
  std::vector<InterfaceId> own_;                     // interfaces
  std::vector<std::set<MacAddress>> own_addresses_;  // that are ours on any of its members
  std::vector<std::unique_ptr<Engine>> engines_;
  std::vector<std::vector<Member>> members_;  // in the configuration's order
  std::vector<std::map<MacAddress, Group>> groups_;
  std::unordered_map<std::uint64_t, MacAddress> pinned_;  // by interface and IP
  std::uint64_t groups_refused_ = 0;
};

}  // namespace weir::control
