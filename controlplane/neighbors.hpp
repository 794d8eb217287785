// The neighbour engine: who on the connected subnets has which MAC address (RFC 826, RFC 1122
// section 2.3.2, RFC 5227; states of RFC 4861), and what happens to packets until that is known.
//
// Rules
// - A reply is taken only while a solicitation to its sender is outstanding on that interface.
// - A request for one of our addresses teaches an unverified entry, of 60 s: always (rfc826), until
//   the creation budget is spent (adaptive), or never (strict). Everything else only ever updates.
// - Static entries are immutable: no frame changes them.
// - Another MAC for a known IP: the old station is asked first, by unicast; it is replaced only if
//   it stays silent for 1 s, and then everybody is asked. The first claim to a verified entry in 2
//   s may spend a quarter of the solicitations, more share a budget of their own: who claims a
//   thousand addresses hides no move of another one. VRRP's virtual MACs (RFC 5798 section 7.3),
//   and whatever a trusted interface says, move at once.
// - An entry in use is confirmed at 75 % of the refresh interval: 3 unicast probes 1 s apart, then
//   3 broadcasts (RFC 1122 section 2.3.2.1), while it forwards on. An unused one expires.
// - In a storm (`set_storm`) one in use that does not answer stays, STALE, and is probed again at
//   every refresh, for 4 h from when it was last confirmed; when the storm is over it is probed and
//   fails like any other. One that moved and has not answered since does not stay.
// - A destination that does not answer 3 requests is FAILED for 5 s, then 10, 20, 30 s when it
//   fails again soon; any valid ARP from it ends that. FAILED entries leave by themselves; those
//   that no packet would ask for again (`keep_asking`) stay, and are asked every 5 s.
//
// Bounds: the constants below, the limits of NeighborSettings, the rates of NeighborInterface, 75 %
// of the table and 25 % of the held packets for any one interface. Of the pending entries every
// interface has 256 to itself (less when there are more than 16), and half of those, as of the
// rest, is kept for destinations seen before. When the table is full the oldest unverified entry of
// the interface with most goes, then the oldest unused verified one, the latter only for a newcomer
// that is verified itself; statics never.
//
// Every input costs O(1) (O(interfaces) when a bound is hit, O(entries of the interface) for a
// change of it, a flush and the end of a storm, O(log statics) for RARP). Solicitations that found
// no budget wait in line for it, so that they too wake at its pace. Single-threaded: every call
// from the control thread. Time comes from the clock. Actions are called from within and must not
// call back.
#pragma once

#include <array>
#include <optional>
#include <set>
#include <tuple>
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
  static constexpr Duration kFirstUseCheck = std::chrono::seconds{5};  // of an unverified entry
  static constexpr Duration kUseCheck = std::chrono::seconds{15};      // of a STALE one
  static constexpr Duration kFailureMemory = std::chrono::seconds{60};
  static constexpr Duration kChallengeWait = std::chrono::seconds{1};
  /// Less than what workers hold such claims back for (kClaimAgain).
  static constexpr Duration kChallengeAgain = std::chrono::seconds{2};
  static constexpr Duration kDefendInterval = std::chrono::seconds{10};  // RFC 5227 section 1.1
  static constexpr Duration kAnnounceInterval = std::chrono::seconds{2};
  static constexpr unsigned kAnnouncements = 2;
  /// So long after the link is back one in use that does not answer stays: a spanning tree at the
  /// cable's end may let nothing through for twice its forward delay (IEEE 802.1D-2004 17.14).
  static constexpr Duration kSettling = std::chrono::seconds{40};
  // An interface's budgets, a second and at once; those of NeighborInterface give a second's worth
  // at once, but solicitations no more than this.
  static constexpr std::uint32_t kSolicitBurst = 256, kSolicitBurstLeast = 8;
  /// Of an interface's solicitations: the part for first requests that modest sources of another
  /// one may spend before others (less when there are more than 4 interfaces), and at once.
  static constexpr std::uint32_t kModestShare = 8, kModestBurst = 64;
  static constexpr std::uint32_t kFirstChallengeShare = 4;
  static constexpr std::uint32_t kVrrpMoveRate = 100, kVrrpMoveBurst = 256;
  static constexpr std::uint32_t kTrustedMoveRate = 1000, kTrustedMoveBurst = 1000;
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

  /// Adds an interface or changes it; entries outside its new subnets leave, statics too. New rates
  /// hold from now on. False: the id is not below kMaxInterfaces, or the MAC is no station's.
  bool set_interface(const NeighborInterface& interface);
  /// Says of every entry again what workers are to do with it: where they look has moved.
  void publish_again(InterfaceId interface);
  /// Times hold from the next timer on; the sizes (hold, table) stay what they were.
  void set_times(const NeighborSettings& settings);
  /// Its entries leave, statics too.
  void remove_interface(InterfaceId interface);
  /// Announces the interface's addresses, twice, 2 s apart (RFC 5227 section 2.3); asks neighbours
  /// in use again, who forward meanwhile; and forgets who failed. O(entries of the interface).
  void link_up(InterfaceId interface);
  /// A member of this bridge's interface, which had a link by others, has one again: announces.
  void member_up(InterfaceId interface);
  /// Whether policers drop what this interface receives: neighbours in use that do not answer stay.
  void set_storm(InterfaceId interface, bool storm);

  /// Adds or replaces. False: no such interface, not a host of its subnets, not a station's MAC, or
  /// the table is full of statics.
  bool add_static(InterfaceId interface, Ipv4Address ip, MacAddress mac);
  bool remove_static(InterfaceId interface, Ipv4Address ip);

  /// nullopt: consumed; otherwise why the frame was refused, for its counter.
  std::optional<DropReason> arp(const ArpSeen& seen);

  /// A packet to `ip` met an unresolved adjacency. Takes the packet in every case.
  void glean(InterfaceId interface, Ipv4Address ip, HeldPacket packet, const GleanOf& of);

  /// Serves due timers, at most kTickBudget; true when more are due.
  bool tick();
  /// When to call `tick` next; may be early, never late. nullopt: no timer is set.
  std::optional<TimePoint> next_deadline() const { return timers_.next(); }

  /// Drops learnt and failed entries (of one interface, of one address, or all), not statics and
  /// not those being resolved; returns how many.
  std::size_t flush(std::optional<InterfaceId> interface = {}, std::optional<Ipv4Address> ip = {});

  std::optional<MacAddress> lookup(InterfaceId interface, Ipv4Address ip) const;
  /// What RARP (RFC 903) tells the station `target`: the address of its static entry there, the
  /// lowest of several. nullopt: it has none.
  std::optional<RarpAnswer> rarp(InterfaceId interface, MacAddress target) const;
  /// Whether requests teach nothing just now: learning is adaptive and its budget is spent.
  bool update_only(InterfaceId interface) const;
  /// How often a neighbour there was kept although it did not answer.
  std::uint64_t served_stale(InterfaceId interface) const;
  /// All entries, in no order: sorting is left to a thread that has time for it.
  std::vector<NeighborRow> snapshot() const;
  NeighborCounters counters() const;

 private:
  using Id = NeighborTable::Id;
  using What = NeighborChange::What;
  static constexpr Id kNone = NeighborTable::kNone;

  struct OwnAddress {
    Ipv4InterfaceAddress address;
    TimePoint defended{Duration::min()};
  };
  struct Port {
    bool present = false;
    MacAddress mac;
    std::vector<OwnAddress> addresses;
    TokenBucket solicits, creations, challenges, vrrp_moves, trusted_moves, events;
    TokenBucket first_challenges;  // of verified entries not claimed lately
    TokenBucket modest;            // of gleans that came in here
    NeighborLearning learning = NeighborLearning::adaptive;
    bool trusted = false;
    bool storm = false;
    TimePoint settled{0};  // when others are sure to hear us, after the link came back
    std::uint32_t solicit_burst = kSolicitBurst;
    Duration solicit_cost{0};           // 1 s / rate
    TimePoint in_line{0};               // when the last of those waiting for budget has its turn
    std::uint32_t pending_unknown = 0;  // pending entries to destinations never seen
    std::uint64_t served_stale = 0;
    unsigned announcements = 0;  // still to send
  };
  /// How much of the solicit budget to leave for what is more important (RFC 6583 section 7.1), in
  /// eighths of its burst.
  enum class Keep : std::uint32_t {
    for_nobody = 0,   // entries in use
    for_probes = 1,   // second and third requests to destinations seen before; challenges
    for_retries = 2,  // first ones to them, and those for modest sources; entries not verified
    for_known = 3,    // second and third ones to destinations never seen
    for_asked = 4     // first ones to them
  };

  const Port* port(InterfaceId interface) const;
  Port* port(InterfaceId interface);
  /// Of the call being served: its time and what it stands for.
  void begin(NeighborCause::Kind cause, const ArpSeen* frame = nullptr);
  void set_budgets(Port& port, const NeighborInterface& interface) const;
  static bool is_own(const Port& port, Ipv4Address ip);
  /// Whether `ip` may be a neighbour there: on a subnet, neither its network, its broadcast nor
  /// ours.
  static bool is_neighbor(const Port& port, Ipv4Address ip);

  // neighbors_arp.cpp
  std::optional<DropReason> check_sender(const Port& port, const ArpSeen& seen) const;
  std::optional<DropReason> own_address_claimed(Port& port, const ArpSeen& seen);
  std::optional<DropReason> reply(Port& port, Id id, const ArpSeen& seen);
  std::optional<DropReason> claim(Port& port, Id id, const ArpSeen& seen, bool for_us);
  std::optional<DropReason> refuse_learning(Port& port, const ArpSeen& seen);
  std::optional<DropReason> learn(Port& port, const ArpSeen& seen);
  std::optional<DropReason> learn_pending(Port& port, Id id, const ArpSeen& seen);
  std::optional<DropReason> other_mac(Port& port, Id id, const ArpSeen& seen);
  std::optional<DropReason> move_at_once(TokenBucket& budget, Id id, MacAddress mac);
  void accept_challenger(Id id);
  bool is_outstanding(const Neighbor& entry) const;
  void answered(Id id, MacAddress mac);
  void challenge_step(Id id);
  void replace_mac(Id id, MacAddress mac);
  void cancel_failed(Id id);

  // Packets
  void release_held(Neighbor& entry);
  void discard_held(Neighbor& entry, DropReason reason);
  void hold(Id id, HeldPacket packet);
  Keep keep_for(const Port& egress, const GleanOf& of);
  bool admit_pending(InterfaceId interface, bool known_before) const;
  void leave_pending(const Neighbor& entry);

  // neighbors_entries.cpp
  void resolve(Id id, MacAddress mac, NeighborClass as, What what);
  void report(Neighbor& entry, What what);
  void report_gone(const Neighbor& entry, What what);
  void tell(const Neighbor& entry, What what, const std::optional<NeighborChange::Side>& after);
  bool make_room(InterfaceId interface, NeighborClass newcomer);
  Id oldest_unused(InterfaceId interface);
  void evict(Id id);
  void drop(Id id, What what);
  void fail(Id id);
  void end_failed(Id id);
  void ask_failed(Id id);

  // neighbors_probing.cpp
  void on_timer(Id id);
  void use_check(Id id);
  void begin_probe(Id id, unsigned probes_sent = 0);
  void send_probe(Id id);
  void unanswered(Id id);
  void retry_pending(Id id);
  void arm(Id id);
  void announce(InterfaceId interface);
  template <class Which>
  void look_again(InterfaceId interface, Which&& which);

  bool spend(Port& port, Keep keep);
  /// When one that found no budget tries again.
  TimePoint turn(Port& port);
  void solicit(Neighbor& entry, std::optional<MacAddress> unicast_to);
  void raise(Port& port, const NeighborEvent& event);
  Duration jittered(Duration most);
  NeighborRow row(const Neighbor& entry, TimePoint now) const;

  const Clock& clock_;
  NeighborActions& actions_;
  NeighborSettings settings_;
  NeighborTable table_;
  TimerWheel timers_;  // ids: the table's, then one for each interface's announcements
  HoldPool holds_;
  FailureMemory failures_;
  std::array<Port, kMaxInterfaces> ports_;
  std::uint32_t port_count_ = 0;
  std::uint32_t pending_unknown_ = 0;                                          // of all interfaces
  std::set<std::tuple<InterfaceId, MacAddress, Ipv4Address>> statics_by_mac_;  // for RARP
  TimePoint now_{0};  // of the call being served
  NeighborCause::Kind cause_ = NeighborCause::Kind::command;
  const ArpSeen* frame_ = nullptr;  // of cause_
  std::uint64_t random_;
  NeighborCounters counters_;
};

}  // namespace weir::control
