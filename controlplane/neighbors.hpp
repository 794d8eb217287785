// The neighbour engine: who on the connected subnets has which MAC address (RFC 826, RFC 1122
// section 2.3.2, RFC 5227; states of RFC 4861), and what happens to packets until that is known.
//
// Rules
// - A reply is taken only while a solicitation to its sender is outstanding on that interface. A
// request for
//   one of our addresses teaches an unverified entry of 60 s; everything else only ever updates.
// - Static entries are immutable: no frame changes them.
// - Another MAC for a known IP: the old station is asked first, by unicast; it is replaced only if
// it stays
//   silent for 1 s. VRRP's virtual MACs (RFC 5798 section 7.3) move at once.
// - An entry in use is confirmed at 75 % of the refresh interval: 3 unicast probes 1 s apart, then
// 3
//   broadcasts, while it forwards on. An unused one expires.
// - A destination that does not answer 3 requests is FAILED for 5 s, then 10, 20, 30 s when it
// fails again
//   soon; any valid ARP from it ends that. FAILED entries leave by themselves; those that no packet
// would ask for again (`keep_asking`) stay, and are asked every 5 s.
//
// Bounds (all fixed but those of NeighborSettings): the constants below, NeighborSettings' limits,
// 75 % of the table and 25 % of the held packets for any one interface. Of the pending entries
// every interface has 256 to itself (less when there are more than 16), and destinations never seen
// get at most half. When the table is full the oldest unverified entry of the interface with most
// goes, then the oldest unused verified one, the latter only for a newcomer that is verified
// itself; statics never.
//
// Every input costs O(1) (O(interfaces) when a bound is hit). Single-threaded: every call from the
// control thread. Time comes from the clock. Actions are called from within and must not call back.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "controlplane/neighbor.hpp"
#include "controlplane/neighbor_backoff.hpp"
#include "controlplane/neighbor_table.hpp"
#include "controlplane/neighbor_timers.hpp"
#include "controlplane/token_bucket.hpp"

namespace weir::control {

class Neighbors {
 public:
  static constexpr Duration kSolicitInterval = std::chrono::seconds{1};  // for each destination
  static constexpr unsigned kMaxSolicits = 3;                            // RFC 1122: 1/s at most
  static constexpr unsigned kUnicastProbes = 3, kBroadcastProbes = 3;
  static constexpr Duration kUnverifiedLifetime = std::chrono::seconds{60};
  static constexpr Duration kFirstUseCheck = std::chrono::seconds{5};  // of an unverified entry
  static constexpr Duration kUseCheck = std::chrono::seconds{15};      // of a STALE one
  static constexpr Duration kFailedFirst = std::chrono::seconds{5};
  static constexpr Duration kFailedMost = std::chrono::seconds{30};
  static constexpr Duration kFailureMemory = std::chrono::seconds{60};
  static constexpr Duration kChallengeWait = std::chrono::seconds{1};
  static constexpr Duration kDefendInterval = std::chrono::seconds{10};  // RFC 5227 section 1.1
  static constexpr Duration kAnnounceInterval = std::chrono::seconds{2};
  static constexpr unsigned kAnnouncements = 2;
  // An interface's budgets, a second and at once.
  static constexpr std::uint32_t kSolicitRate = 2000, kSolicitBurst = 256;
  static constexpr std::uint32_t kCreateRate = 500, kCreateBurst = 500;
  static constexpr std::uint32_t kChallengeRate = 10, kChallengeBurst = 10;
  static constexpr std::uint32_t kVrrpMoveRate = 100, kVrrpMoveBurst = 256;
  static constexpr std::uint32_t kEventRate = 10, kEventBurst = 20;
  static constexpr std::uint32_t kReservedPending = 256;
  /// Timers served by one `tick`.
  static constexpr unsigned kTickBudget = 4096;

  /// `clock` and `actions` outlive the engine.
  Neighbors(const Clock& clock, NeighborActions& actions, const NeighborSettings& settings);
  /// Discards what is held.
  ~Neighbors();
  Neighbors(const Neighbors&) = delete;
  Neighbors& operator=(const Neighbors&) = delete;

  /// Adds an interface or changes it; entries outside its new subnets leave, statics too. False:
  /// the id is not below kMaxInterfaces, or the MAC is no station's.
  bool set_interface(const NeighborInterface& interface);
  /// Its entries leave, statics too.
  void remove_interface(InterfaceId interface);
  /// Announces the interface's addresses, twice, 2 s apart (RFC 5227 section 2.3).
  void link_up(InterfaceId interface);

  /// Adds or replaces. False: no such interface, not a host of its subnets, not a station's MAC, or
  /// the table is full of statics.
  bool add_static(InterfaceId interface, Ipv4Address ip, MacAddress mac);
  bool remove_static(InterfaceId interface, Ipv4Address ip);

  /// nullopt: consumed; otherwise why the frame was refused, for its counter.
  std::optional<DropReason> arp(const ArpSeen& seen);

  /// A packet to `ip` met an unresolved adjacency. `known_before`: the destination was resolved
  /// earlier, so it comes before those never seen. Takes the packet in every case.
  void glean(InterfaceId interface, Ipv4Address ip, HeldPacket packet, bool known_before);

  /// Serves due timers, at most kTickBudget; true when more are due.
  bool tick();
  /// When to call `tick` next; may be early, never late. nullopt: no timer is set.
  std::optional<TimePoint> next_deadline() const { return timers_.next(); }

  /// Drops learnt and failed entries (of one interface, of one address, or all), not statics and
  /// not those being resolved; returns how many.
  std::size_t flush(std::optional<InterfaceId> interface = {}, std::optional<Ipv4Address> ip = {});

  std::optional<MacAddress> lookup(InterfaceId interface, Ipv4Address ip) const;
  /// All entries by address, then interface.
  std::vector<NeighborRow> snapshot() const;
  NeighborCounters counters() const;

 private:
  using Id = NeighborTable::Id;
  static constexpr Id kNone = NeighborTable::kNone;

  struct OwnAddress {
    Ipv4InterfaceAddress address;
    TimePoint defended{Duration::min()};
  };
  struct Port {
    bool present = false;
    MacAddress mac;
    std::vector<OwnAddress> addresses;
    TokenBucket solicits, creations, challenges, vrrp_moves, events;
    unsigned announcements = 0;  // still to send
  };
  /// How many tokens of the solicit budget to leave for what is more important (RFC 6583
  /// section 7.1).
  enum class Keep : std::uint32_t {
    nothing = 0,                      // entries in use
    for_probes = kSolicitBurst / 8,   // second and third requests
    for_retries = kSolicitBurst / 4,  // destinations seen before
    for_known = kSolicitBurst / 2     // destinations never seen
  };

  const Port* port(InterfaceId interface) const;
  Port* port(InterfaceId interface);
  static bool is_own(const Port& port, Ipv4Address ip);
  /// Whether `ip` may be a neighbour there: on a subnet, neither its network, its broadcast nor
  /// ours.
  static bool is_neighbor(const Port& port, Ipv4Address ip);

  // neighbors_arp.cpp
  std::optional<DropReason> check_sender(const Port& port, const ArpSeen& seen) const;
  std::optional<DropReason> own_address_claimed(Port& port, const ArpSeen& seen);
  std::optional<DropReason> reply(Port& port, Id id, const ArpSeen& seen);
  std::optional<DropReason> claim(Port& port, Id id, const ArpSeen& seen, bool for_us);
  std::optional<DropReason> learn(Port& port, const ArpSeen& seen);
  std::optional<DropReason> other_mac(Port& port, Id id, MacAddress mac);
  bool is_outstanding(const Neighbor& entry) const;
  void answered(Id id, MacAddress mac);
  void challenge_step(Id id);
  void replace_mac(Id id, MacAddress mac);
  void cancel_failed(Id id);

  // Entries
  void resolve(Id id, MacAddress mac, NeighborClass as);
  void release_held(Neighbor& entry);
  void discard_held(Neighbor& entry, DropReason reason);
  void hold(Id id, HeldPacket packet);
  bool admit_pending(InterfaceId interface, bool known_before) const;
  void leave_pending(const Neighbor& entry);
  bool make_room(InterfaceId interface, NeighborClass newcomer);
  Id oldest_unused(InterfaceId interface);
  void evict(Id id);
  void drop(Id id);
  void fail(Id id);
  void end_failed(Id id);
  void ask_failed(Id id);

  // Timers
  void on_timer(Id id);
  void use_check(Id id);
  void begin_probe(Id id);
  void send_probe(Id id);
  void retry_pending(Id id);
  void arm(Id id);
  void announce(InterfaceId interface);

  bool spend(Port& port, Keep keep);
  void solicit(Neighbor& entry, std::optional<MacAddress> unicast_to);
  void raise(Port& port, const NeighborEvent& event);
  Duration jittered(Duration most);
  NeighborRow row(const Neighbor& entry) const;

  const Clock& clock_;
  NeighborActions& actions_;
  NeighborSettings settings_;
  NeighborTable table_;
  TimerWheel timers_;  // ids: the table's, then one for each interface's announcements
  HoldPool holds_;
  FailureMemory failures_;
  std::array<Port, kMaxInterfaces> ports_;
  std::uint32_t port_count_ = 0;
  std::uint32_t pending_unknown_ = 0;  // pending entries to destinations never seen
  TimePoint now_{0};                   // of the call being served
  std::uint64_t random_;
  NeighborCounters counters_;
};

}  // namespace weir::control
