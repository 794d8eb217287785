// The RIB: every route the control plane knows, by (prefix, protocol), and which of a prefix is the
// best. The sink hears of nothing but changes of the best.
//
//   Rib rib{sink};
//   rib.add({Ipv4Address{192, 0, 2, 0}, 24}, RouteProtocol::connected, *rib.target(0));
//   const auto via = rib.target(RouteType::unicast, std::vector{Ipv4Address{192, 0, 2, 1}});
//   rib.add({Ipv4Address{}, 0}, RouteProtocol::static_, *via);
//
// Gateways must lie on a connected subnet; there is no recursion. A gateway whose subnet goes away
// (or which is one of our own addresses) is left out of its routes; a route without a gateway left
// is inactive, and comes back with the subnet. So does what is connected to an interface that is
// down, and what is reached through it; the router's own addresses there stay. Such a change costs
// one pass over all routes (about 5 ms for a million), and the sink one call for each that changes.
//
// Where routes lead is interned as a target: a million routes share a few. Bounds: kMaxTargets
// targets. A million routes take about 11 MB and load in about 0.1 s. Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "controlplane/rib_store.hpp"
#include "dataplane/net/ipv4.hpp"
#include "dataplane/table/adjacency.hpp"

namespace weir::control {

/// In the order of preference for one prefix. `local` is the router's own (addresses, broadcasts,
/// martians). The others have administrative distance 0 (connected) and 1; of those at 1 the more
/// deliberate one wins: what somebody asked of the running router, then what the configuration
/// says, then what stands in a route file.
enum class RouteProtocol : std::uint8_t { local, connected, api, static_, file, count };
inline constexpr std::size_t kRouteProtocols = static_cast<std::size_t>(RouteProtocol::count);
inline constexpr std::array<std::string_view, kRouteProtocols> kRouteProtocolNames{
    "local", "connected", "api", "static", "file"};

enum class RouteType : std::uint8_t {
  unicast,    // to gateways
  connected,  // to the destination itself, on an interface
  local,      // to us
  broadcast,  // of an interface's subnet
  blackhole,
  unreachable,
  prohibit,
  martian,
  count
};
inline constexpr std::array<std::string_view, static_cast<std::size_t>(RouteType::count)>
    kRouteTypeNames{"unicast",   "connected",   "local",    "broadcast",
                    "blackhole", "unreachable", "prohibit", "martian"};

/// Where a route leads, interned.
enum class TargetId : std::uint16_t {};

struct RibHop {
  Ipv4Address gateway;
  InterfaceId interface = 0;
  friend bool operator==(const RibHop&, const RibHop&) = default;
};

/// Spans are valid until the RIB changes.
struct RibRoute {
  Ipv4Prefix prefix;
  RouteProtocol protocol = RouteProtocol::local;
  RouteType type = RouteType::unicast;
  TargetId target{};
  InterfaceId interface = 0;     // connected, local, broadcast
  std::span<const RibHop> hops;  // unicast: the gateways that can be reached
};

class RibSink {
 public:
  virtual ~RibSink() = default;
  /// The best route of the prefix is now this one (also when only its gateways changed).
  virtual void install(Ipv4Prefix prefix, const RibRoute& route) = 0;
  virtual void remove(Ipv4Prefix prefix) = 0;
  /// The id stands for something else from now on: for a sink that remembers by id. Routes that
  /// keep using it are installed again.
  virtual void forget(TargetId) {}
};

class Rib {
 public:
  static constexpr std::size_t kMaxTargets = 65535;
  static constexpr std::size_t kMaxGateways = 64;

  struct Entry {
    Ipv4Prefix prefix;
    TargetId target{};
  };
  enum class Change { added, replaced, unchanged };

  /// `sink` outlives the RIB.
  explicit Rib(RibSink& sink);
  Rib(const Rib&) = delete;
  Rib& operator=(const Rib&) = delete;

  /// A target for routes to come. Gateways of a unicast route: 1 to kMaxGateways, in any order; of
  /// a verdict: none. nullopt: not so, or kMaxTargets are in use. Intern all targets of a batch
  /// first, then add its routes: an id without routes may be given to another target by a `target`
  /// call after a change.
  std::optional<TargetId> target(RouteType type, std::span<const Ipv4Address> gateways = {});
  /// For connected, local and broadcast routes.
  std::optional<TargetId> target(RouteType type, InterfaceId interface);

  /// Whether packets can go there, once its interfaces are up: a verdict, or a gateway on a
  /// connected subnet.
  bool has_way(TargetId target) const;

  /// Those interfaces have no link, all others do.
  void set_down(std::set<InterfaceId> interfaces);

  Change add(Ipv4Prefix prefix, RouteProtocol protocol, TargetId target);
  /// False: there was none.
  bool remove(Ipv4Prefix prefix, RouteProtocol protocol);

  /// Many at once; of entries for the same prefix the last counts. Not for local and connected.
  void add_bulk(RouteProtocol protocol, std::span<const Entry> entries);
  /// The protocol's routes are exactly these from now on; only differences reach the sink.
  void replace_all(RouteProtocol protocol, std::span<const Entry> entries);

  /// The best route of exactly this prefix.
  std::optional<RibRoute> find(Ipv4Prefix prefix) const;
  /// The protocol's route of exactly this prefix, best or not, active or not (then without hops).
  std::optional<RibRoute> find(Ipv4Prefix prefix, RouteProtocol protocol) const;
  /// The best route of the longest prefix over `address`.
  std::optional<RibRoute> lookup(Ipv4Address address) const;

  /// Best routes in the order of prefixes, from `after` on (exclusive), within `within`; ends when
  /// `visit` returns false.
  void visit(std::optional<Ipv4Prefix> within, std::optional<Ipv4Prefix> after,
             const std::function<bool(const RibRoute&)>& visit) const;

  /// Best routes, which is what the sink has.
  std::size_t size() const { return installed_; }
  /// All routes.
  std::size_t known() const { return store_.size(); }
  std::size_t memory_bytes() const;

 private:
  struct Target {
    RouteType type = RouteType::unicast;
    InterfaceId interface = 0;
    std::vector<Ipv4Address> gateways;  // sorted
    std::vector<RibHop> hops;           // those that can be reached
    std::uint32_t routes = 0;
    std::uint64_t made = 0;  // in which epoch
    bool down = false;       // connected: to an interface without a link
    bool active() const { return type == RouteType::unicast ? !hops.empty() : !down; }
  };
  struct TargetHash {
    using is_transparent = void;
    const std::vector<Target>* targets;
    std::size_t operator()(const Target& target) const;
    std::size_t operator()(std::uint16_t id) const { return (*this)((*targets)[id]); }
  };
  struct TargetEqual {
    using is_transparent = void;
    const std::vector<Target>* targets;
    const Target& get(std::uint16_t id) const { return (*targets)[id]; }
    const Target& get(const Target& target) const { return target; }
    bool operator()(const auto& a, const auto& b) const {
      const Target &x = get(a), &y = get(b);
      return x.type == y.type && x.interface == y.interface && x.gateways == y.gateways;
    }
  };
  /// The routes of one prefix, best first.
  struct Group {
    std::array<RibKey, kRouteProtocols> routes;
    std::size_t size = 0;
  };

  std::optional<TargetId> intern(Target target);
  std::optional<std::uint16_t> free_target();
  /// Where the gateways are, as far as they are on a subnet of an interface that is up, or on any.
  enum class Links { up, any };
  std::vector<RibHop> reachable(const Target& target, Links links = Links::up) const;
  bool is_down(const Target& target) const;

  Group group(Ipv4Prefix prefix) const;
  std::optional<RibKey> best(const Group& group) const;
  RibRoute route(RibKey key) const;
  /// Tells the sink, if there is a difference.
  void notify(std::optional<RibKey> before, std::optional<RibKey> after);
  /// Counts a route that came and one that went (RibStore::kNone: none).
  void account(std::uint64_t came, std::uint64_t went);
  /// Whether the route is a connected subnet or an address of ours, on which gateways depend; notes
  /// it.
  bool note_own(RibKey key, bool present);
  void resolve_again();
  void reinstall(const std::vector<bool>& changed, const std::vector<bool>& was_active);
  void merge(RouteProtocol protocol, std::span<const Entry> entries, bool replace);

  RibSink& sink_;
  RibStore store_;
  std::vector<Target> targets_;
  std::vector<std::uint16_t> free_targets_;
  std::unordered_set<std::uint16_t, TargetHash, TargetEqual> index_;
  std::map<Ipv4Prefix, InterfaceId> connected_;
  std::array<std::size_t, 33> connected_lengths_{};
  std::set<Ipv4Address> own_;              // local addresses
  std::set<InterfaceId> down_;             // interfaces without a link
  std::array<std::size_t, 33> lengths_{};  // routes by prefix length
  std::size_t installed_ = 0;
  std::uint64_t epoch_ = 1;  // changes so far
};

}  // namespace weir::control
