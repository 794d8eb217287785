// Forwarding: turns what the control plane knows (interfaces, best routes, neighbours) into what
// workers read (FIB, next hops, adjacencies, groups). The only writer of those tables; control
// thread only.
//
// Each connected subnet owns a block of adjacencies, one a host address. A gateway is a host of a
// connected subnet, so its adjacency is that host's slot: when the neighbour resolves, every route
// through it forwards, and no route is touched.
//
// In an equal-cost group a gateway that failed hands its flows to those that did not, until it is
// resolved (or unresolved, which is to be asked by traffic); when all failed each keeps its share.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "dataplane/net/ipv4.hpp"
#include "dataplane/net/mac_address.hpp"
#include "dataplane/table/adjacency.hpp"
#include "dataplane/worker/snapshot.hpp"

namespace weir::control {

/// Where packets of one or more prefixes go.
struct Target {
  /// Verdicts are Egress values below `first_interface`; `unresolved` stands for "to a neighbour".
  Egress verdict = Egress::unresolved;
  struct Hop {
    InterfaceId interface = 0;
    /// Zero: the destination itself, on the connected subnet `subnet`.
    Ipv4Address gateway;
    friend auto operator<=>(const Hop&, const Hop&) = default;
  };
  std::vector<Hop> hops;      // to neighbours: one, or the members of an equal-cost group
  Ipv4Prefix subnet;          // connected: which
  InterfaceId interface = 0;  // subnet_broadcast: whose

  friend auto operator<=>(const Target&, const Target&) = default;
};

/// A neighbour's place in the adjacency table.
struct NeighborSlot {
  InterfaceId interface = 0;
  Ipv4Address ip;
};

class Forwarding {
 public:
  /// The tables outlive this; `quiescence` tells when workers have let go of what was removed.
  Forwarding(Fib& fib, NextHopTable& next_hops, AdjacencyTable& adjacencies, GroupTable& groups,
             Quiescence& quiescence);

  /// Gives each subnet of the interface its block of adjacencies. Subnets that it had before and
  /// has no more keep theirs until `drop_subnets`. Throws std::runtime_error when the table is
  /// full; the interface is as before then.
  void add_interface(InterfaceId interface, MacAddress mac,
                     const std::vector<Ipv4InterfaceAddress>& addresses);
  /// Ends such a change: gateways that are on another subnet of their interface now are reached
  /// there, and the blocks of subnets that are no more go back once workers have let go of them.
  /// The caller has told `resolved` of the neighbours again, removed the routes that lead nowhere
  /// now, and published a snapshot.
  void drop_subnets();
  /// After that: an interface that has no subnets any more.
  void remove_interface(InterfaceId interface) { interfaces_.erase(interface); }
  /// Where frames to a station leave by: of a bridge's own interface the member that it is on, or
  /// that interface itself while nobody knows; of all others they themselves.
  using StationLookup = std::function<InterfaceId(InterfaceId interface, MacAddress mac)>;
  void follow_stations(InterfaceId bridge, StationLookup lookup);
  /// The station is now reached by `egress`: its neighbours' adjacencies follow.
  void station_moved(InterfaceId bridge, MacAddress mac, InterfaceId egress);
  /// The addresses with their blocks, for the snapshot.
  std::vector<OwnAddress> own_addresses(InterfaceId interface) const;

  /// Inserts or replaces; false when a table is full (nothing changed then).
  bool install(Ipv4Prefix prefix, const Target& target);
  void remove(Ipv4Prefix prefix);
  /// Many at once, faster; of routes for the same prefix the last counts. Returns how many were
  /// refused.
  struct Bulk {
    Ipv4Prefix prefix;
    const Target* target;
  };
  std::size_t install_many(std::span<const Bulk> routes);

  // Neighbours; unknown (interface, ip) pairs are ignored.
  void resolved(InterfaceId interface, Ipv4Address ip, MacAddress mac);
  void unresolved(InterfaceId interface, Ipv4Address ip);
  void failed(InterfaceId interface, Ipv4Address ip);
  bool take_used(InterfaceId interface, Ipv4Address ip);
  /// It is being asked for: workers hand its next answers over.
  void expect_answers(InterfaceId interface, Ipv4Address ip);
  /// Whether others carry what an equal-cost group would send to this failed neighbour, so that no
  /// packet will ask for it any more.
  bool is_relieved(InterfaceId interface, Ipv4Address ip) const;
  /// Whose slot `index` is; nullopt when it is no neighbour's.
  std::optional<NeighborSlot> neighbor_at(AdjacencyIndex index) const;

  /// What a packet to `destination` meets now; `flow_hash` picks among equal-cost paths.
  struct Answer {
    AdjacencyIndex index = 0;
    Adjacency adjacency;
  };
  Answer lookup(Ipv4Address destination, std::uint32_t flow_hash) const;

  /// Gives back what workers have let go of; call now and then.
  void reclaim();

 private:
  struct Block {
    AdjacencyIndex base = 0;
    InterfaceId interface = 0;
    Ipv4Prefix subnet;
    bool stale = false;  // its interface has the subnet no more
  };
  struct Row {  // a next hop in use
    NextHopId id{};
    std::optional<std::uint32_t> group;
    std::optional<AdjacencyIndex> group_adjacency;
    std::vector<NextHop> members;  // of the group
    std::uint64_t prefixes = 0;
  };
  using Rows = std::map<Target, Row>;
  struct Retired {
    Row row;
    GraceToken token;
  };
  struct RetiredBlock {
    AdjacencyIndex base;
    std::uint32_t size;
    GraceToken token;
  };

  std::optional<AdjacencyIndex> slot(InterfaceId interface, Ipv4Address ip) const;
  Block* block_of(InterfaceId interface, Ipv4Prefix subnet);
  void retire(const Block& block);
  std::optional<NextHop> next_hop_of(const Target& target, const Target::Hop& hop);
  std::optional<AdjacencyIndex> verdict_slot(Egress verdict, std::uint32_t value);
  /// The row of `target`, made if need be; a new group keeps flows where `before` has them.
  Rows::iterator acquire(const Target& target, std::optional<NextHopId> before = {});
  std::vector<NextHop> members_of(const Target& target);
  void move(Rows::iterator row);
  void leave_slots(Rows::iterator row);
  bool make_group(Row& row, const Target& target, std::optional<NextHopId> before);
  void release(Rows::iterator row, std::uint64_t prefixes);
  void store_neighbor(AdjacencyIndex index, const Adjacency& adjacency);
  bool is_failed(AdjacencyIndex index) const;
  std::vector<NextHop> living(const Row& row) const;
  void spread(const Row& row);
  void release_repeated(std::span<const FibRoute> routes, std::span<const std::size_t> refused);
  void set_default(Rows::iterator row);

  Fib& fib_;
  NextHopTable& next_hops_;
  AdjacencyTable& adjacencies_;
  GroupTable& groups_;
  Quiescence& quiescence_;
  NextHop no_route_;

  struct Port {
    MacAddress mac;
    std::vector<Ipv4InterfaceAddress> addresses;
    StationLookup station;                                      // of a bridge
    std::set<std::pair<MacAddress, AdjacencyIndex>> neighbors;  // of a bridge: those resolved
  };
  void forget_station(InterfaceId interface, AdjacencyIndex index);
  std::map<InterfaceId, Port> interfaces_;
  std::map<AdjacencyIndex, Block> blocks_;  // by base
  std::map<std::pair<Egress, std::uint32_t>, AdjacencyIndex> verdicts_;
  Rows rows_;
  std::map<NextHopId, Rows::iterator> by_id_;
  std::multimap<AdjacencyIndex, Rows::iterator> groups_of_;  // by their members' slots
  std::optional<Rows::iterator> default_;
  std::deque<Retired> retired_;
  std::deque<RetiredBlock> retired_blocks_;
};

}  // namespace weir::control
