// The stations of all bridges: who is learnt, moved, frozen, aged and evicted, and which interface
// is taken out of flooding because of a loop. Decides; the FDB is what workers read of it. Control
// thread only; time is injected.
//
// Learning. A station is a unicast MAC address of a bridge. Learnt ones count towards two limits,
// `max` of the bridge and `max_stations` of the interface; static ones and our own do not count,
// are never learnt over and never age. At a limit a newcomer takes the place of another:
// - at its own interface's limit, of one of that interface;
// - at the bridge's limit, of one of the interface with most learnt stations. When nobody there may
//   go: of the next one, but of none that has fewer than the newcomer's own has;
// - of those, the one not heard for longest among the first 8 that may go, from where the last
//   search of that interface stopped. At most kMaxLooks stations are looked at, half of what is
//   left of them in each interface.
// A station that was seen in both directions, is pinned or is frozen does not go for a newcomer.
// When nobody may go the newcomer is refused, and counted. A limit that was lowered is reached by
// and by: each newcomer evicts up to two.
//
// Moves. A station that is heard elsewhere moves at once. The 5th move within 180 s (RFC 7432
// section 15.1) freezes it for 300 s where it was before the first of them. A move to an interface
// that is full and has nobody to evict is refused: the station stays, the move counts all the same.
// Moves of VRRP's virtual MAC addresses (RFC 5798 section 7.3) are counted, and nothing more.
// Moves of 4,096 stations are remembered and 4,096 are frozen; beyond, the oldest is forgotten, and
// thaws.
//
// Loops. 8 moves of at least 2 stations between one pair of interfaces within 1 s, or our own MAC
// address as a source. One station that two hosts fight over is no loop: it freezes at its 5th
// move. The interface that the first of these moves went to, or that our own address came in by,
// stops flooding in both directions: for 10 s, twice as long (up to 300 s) when it happens again
// within 60 s after. Then:
// - stations that moved to or from the pair since 1 s before the first of these moves go back where
//   they were before, and their moves are forgotten; those that froze in that time thaw;
// - for 1 s no other loop is seen in this bridge, and no station of it moves: what comes is still
//   of this loop;
// - until it floods again no station moves to the interface (new ones are learnt there), and moves
//   away from it are made at once and count towards neither freezing nor a loop.
//
// Ageing. The table is swept once a second by steps of kSweepStep slots; a station that was not
// heard for more than `ageing` seconds goes, not before and at most 2 s after. Pinned and frozen
// ones do not age.
//
// Memory: 51 bytes a station that the FDB has room for (54 of a million: it has room for 2^20); the
// rest is bounded: 65,536 pins, 4,096 moving and 4,096 frozen stations, 256 pairs of interfaces.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "controlplane/clock.hpp"
#include "controlplane/station_moves.hpp"
#include "controlplane/station_table.hpp"
#include "controlplane/token_bucket.hpp"

namespace weir::control {

struct StationEvent {
  enum class Kind : std::uint8_t { frozen, thawed, loop, loop_over, table_full };
  Kind kind;
  BridgeId bridge;
  MacAddress mac;  // loop: of the last move; zero when our own was heard
  /// frozen: where it stays, and where else it was; loop: what stopped flooding, and the other one
  /// of the pair (itself when our own address was heard); table_full: where the newcomer is.
  InterfaceId interface, other;
};

/// A station came, went, moved, or stays where it is whatever comes. One that is only heard again
/// is none.
struct StationChange {
  enum class What : std::uint8_t {
    learnt,
    added,  // static, or our own
    moved,
    frozen,  // in its place from now on; it may have moved just before
    thawed,
    aged,
    evicted,
    flushed,
    removed  // static or own, its member or bridge gone, or a static one took its place
  };
  enum class Cause : std::uint8_t {
    frame,     // of the station, on `arrival`
    limit,     // a newcomer on `arrival` needed room
    loop,      // found by a frame on `arrival`
    timer,     // it was silent, or its time was over
    topology,  // spanning tree (IEEE 802.1D-2004 section 17.11)
    command    // or the configuration
  };
  BridgeId bridge = 0;
  MacAddress mac;
  std::optional<InterfaceId> before, now;  // none: not known
  What what = What::learnt;
  Cause cause = Cause::frame;
  InterfaceId arrival = 0;
};

/// What the engine has others do. They may call `pin` and `unpin`, and nothing else of it.
class StationActions {
 public:
  virtual ~StationActions() = default;
  /// Neighbours' adjacencies follow, and the journal has it. Costs both a little: a flood of new
  /// addresses makes two a packet.
  virtual void station_changed(const StationChange& change) = 0;
  /// Loop containment: a member stops (false) or resumes flooding in both directions.
  virtual void set_flooding(BridgeId bridge, InterfaceId interface, bool allowed) = 0;
  /// At most kEventRate a second of each kind, and kEventBurst at once; the rest is counted.
  virtual void event(const StationEvent& event) = 0;
};

struct BridgeStationSettings {
  std::uint32_t max = 16384;
  std::uint32_t max_per_interface = 4096;  // of members that have none of their own
  std::chrono::seconds ageing{300};        // 0: never
};

struct MemberStationSettings {
  std::optional<std::uint32_t> max_stations;
  bool learning = true;
};

/// Of one bridge.
struct StationCounters {
  std::uint32_t stations = 0, statics = 0, pinned = 0, frozen = 0;  // now: learnt, static and own,
                                                                    // of both
  std::uint64_t learnt = 0, moves = 0, aged = 0, evictions = 0;
  std::uint64_t refused = 0;  // newcomers and moves: a limit, and nobody to make room
  std::uint64_t freezes = 0, loops = 0;
};

/// Of all bridges.
struct StationTotals {
  std::size_t pins = 0, moving = 0, frozen = 0;  // now, each with its bound
  std::uint64_t pins_refused = 0, moves_forgotten = 0, thawed_early = 0, events_suppressed = 0;
};

/// A station, as `show mac` lists it.
struct Place {
  BridgeId bridge = 0;
  MacAddress mac;
  InterfaceId interface = 0;
  StationKind kind = StationKind::learnt;
  bool pinned = false, frozen = false, two_way = false;
  std::optional<InterfaceId> also_on;  // where else it was while it flapped
  Duration frozen_left{0};
  unsigned moves = 0;                            // in the last 180 s
  std::uint32_t age_seconds = 0;                 // since it was heard
  std::optional<std::uint32_t> expires_seconds;  // none: never
};

/// Empty fields match all.
struct StationQuery {
  std::optional<BridgeId> bridge;
  std::optional<InterfaceId> interface;
  std::optional<MacAddress> mac;
};

struct StationList {
  std::size_t total = 0;  // that match, whatever the page
  std::vector<Place> places;
};

class Stations {
 public:
  static constexpr unsigned kMaxLooks = 1024;
  static constexpr unsigned kSweepStep = 32'768;  // slots
  static constexpr std::size_t kMaxPins = 65'536;
  static constexpr std::size_t kMaxFrozen = 4096;
  static constexpr std::size_t kMaxPage = 10'000;
  static constexpr Duration kFreeze = std::chrono::seconds{300};
  static constexpr Duration kContain = std::chrono::seconds{10};
  static constexpr Duration kContainMost = std::chrono::seconds{300};
  static constexpr Duration kRecur = std::chrono::seconds{60};
  static constexpr Duration kSettle = std::chrono::seconds{1};
  static constexpr std::uint32_t kEventRate = 10, kEventBurst = 20;

  /// `fdb` may have other entries too, that are not of stations.
  Stations(const Clock& clock, Fdb& fdb, StationActions& actions);

  /// New or changed. `bridge` is 1 to kMaxBridges - 1, `interface` below kMaxInterfaces and of one
  /// bridge only: it leaves the one it was in. False: out of these bounds, no such bridge, or more
  /// than kMaxBridgeMembers.
  bool set_bridge(BridgeId bridge, const BridgeStationSettings& settings);
  bool set_member(BridgeId bridge, InterfaceId interface, const MemberStationSettings& settings);
  /// With all stations, static and own ones too.
  void remove_member(BridgeId bridge, InterfaceId interface);
  void remove_bridge(BridgeId bridge);

  /// Fixed, never age; what was learnt of the address is forgotten, and a second call changes the
  /// interface. False: no unicast address, no such bridge or interface, one of our own (static), or
  /// no room.
  bool add_static(BridgeId bridge, MacAddress mac, InterfaceId interface);
  bool add_own(BridgeId bridge, MacAddress mac, InterfaceId own);
  /// A static one or one of our own; false when it is none.
  bool remove_fixed(BridgeId bridge, MacAddress mac);

  /// A worker's report: unknown source, or seen on another interface than known.
  void learn(BridgeId bridge, MacAddress mac, InterfaceId interface);
  /// Our own MAC address as a source came in there: a loop, certainly.
  void own_source(BridgeId bridge, InterfaceId interface);

  /// A live neighbour has this MAC address: while pinned, it does not age and is not evicted. Pins
  /// are counted, and may precede learning. One beyond kMaxPins addresses is refused and counted.
  void pin(BridgeId bridge, MacAddress mac);
  void unpin(BridgeId bridge, MacAddress mac);

  /// Forgets learnt stations that match, pinned and frozen ones too (their pins stay for when they
  /// are learnt again); returns how many. All at once: the work is one erasure for each.
  std::size_t flush(const StationQuery& query);
  /// RSTP, topology change (IEEE 802.1D-2004 section 17.11): what was learnt by this member goes;
  /// nullopt: by all.
  std::size_t fast_age(BridgeId bridge, std::optional<InterfaceId> interface);

  /// What is due: one step of the sweep, thawing, flooding again; sets the FDB's clock. Returns how
  /// many stations and members it changed.
  unsigned tick();
  /// nullopt: without a bridge.
  std::optional<TimePoint> next_deadline() const;

  std::optional<Place> find(BridgeId bridge, MacAddress mac) const;
  /// Those that match after `after`, in the order of bridge and MAC address, at most `limit` and
  /// kMaxPage. Looks through the whole table, unless `query` has an address.
  StationList list(const StationQuery& query, std::optional<std::pair<BridgeId, MacAddress>> after,
                   std::size_t limit) const;
  StationCounters counters(BridgeId bridge) const;
  StationTotals totals() const;
  /// Learnt ones, now.
  std::uint32_t stations_of(InterfaceId interface) const;
  std::uint32_t limit_of(InterfaceId interface) const;
  bool floods(InterfaceId interface) const { return !members_[interface].contained; }
  std::size_t memory_bytes() const { return table_.memory_bytes(); }

 private:
  struct Bridge {
    bool exists = false;
    BridgeStationSettings settings;
    StationCounters counters;
    std::vector<InterfaceId> members;
    TimePoint settled{0};  // after a loop: until then all that moves is of it
  };
  struct Member {
    BridgeId bridge = 0;
    MemberStationSettings settings;
    bool contained = false;
    InterfaceId loop_other = 0;
    TimePoint until{0};     // contained: it floods again then
    TimePoint released{0};  // when it last did
    Duration period{0};     // of the last containment; 0: never
  };
  struct Frozen {
    TimePoint since{0}, until{0};
    InterfaceId other = 0;
  };

  // stations.cpp
  void leave(BridgeId bridge, InterfaceId interface);
  bool is_member(BridgeId bridge, InterfaceId interface) const;
  /// Why something changed, for StationChange.
  struct Why {
    StationChange::What what;
    StationChange::Cause cause;
    InterfaceId arrival = 0;
  };
  void tell(StationKey key, std::optional<InterfaceId> before, std::optional<InterfaceId> now,
            const Why& why);
  void forget(FdbSlot slot, const Why& why);
  void set_pinned(FdbSlot slot, bool pinned);
  bool evict_from(InterfaceId interface, InterfaceId newcomer, unsigned& looks);
  bool evict_for(BridgeId bridge, InterfaceId newcomer);
  bool room_on(InterfaceId interface);
  bool room_in(BridgeId bridge, InterfaceId newcomer);
  std::optional<FdbSlot> add(StationKey key, StationKind kind, InterfaceId interface);
  bool add_fixed(StationKey key, StationKind kind, InterfaceId interface);
  void newcomer(StationKey key, InterfaceId interface);
  void refuse(StationKey key, InterfaceId interface);
  void relocate(FdbSlot slot, InterfaceId to, const Why& why);
  void event(const StationEvent& event);
  std::uint32_t seconds() const;

  // stations_moves.cpp
  void moved(FdbSlot slot, StationKey key, InterfaceId to);
  void freeze(FdbSlot slot, StationKey key, const StationMoves& moves);
  void thaw(StationKey key, const Why& why);
  void contain(BridgeId bridge, MacAddress mac, const LoopWatch::Loop& loop);
  void put_back(BridgeId bridge, const LoopWatch::Loop& loop);
  void release(InterfaceId interface);
  void forget_moves(StationKey key);

  // stations_views.cpp
  Place place_of(FdbSlot slot) const;
  bool matches(FdbSlot slot, const StationQuery& query) const;
  template <typename Visit>
  void for_each_bridge_with(const StationQuery& query, Visit&& visit) const;
  std::size_t flush_member(InterfaceId interface, const Why& why);
  std::size_t flush(const StationQuery& query, const Why& why);

  const Clock& clock_;
  StationActions& actions_;
  StationTable table_;
  std::array<Bridge, kMaxBridges> bridges_{};
  std::array<Member, kMaxInterfaces> members_{};
  std::unordered_map<StationKey, std::uint32_t, StationHash> pins_;
  MovingStations moving_;
  Recent<StationKey, Frozen, StationHash> frozen_;  // the first to thaw first
  LoopWatch loops_;
  std::set<std::pair<TimePoint, InterfaceId>> contained_;  // when they flood again
  struct Budget : TokenBucket {
    Budget() : TokenBucket(kEventRate, kEventBurst) {}
  };
  std::array<Budget, 5> event_budget_;  // by kind
  StationTotals totals_;
  unsigned bridge_count_ = 0;
  std::uint32_t sweep_at_ = 0;  // slot
  Duration sweep_period_;
  TimePoint next_sweep_;
};

}  // namespace weir::control
