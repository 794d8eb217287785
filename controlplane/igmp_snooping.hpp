// IGMP snooping of one bridge (RFC 4541 section 2.1): who asked for which multicast group (IGMP
// versions 1 to 3: RFC 1112, 2236, 3376), behind which members there are multicast routers, and the
// querier when there is no other.
//
// What is published
// - Groups are published (`set_group`) only while a querier makes hosts report, and from max
//   response + 1 s after its first general query on. Until then, and when the last querier
//   vanished, everything is flooded as without snooping: nobody starves for want of a querier.
// - `set_settled(true)` says so: what nobody asked for need not be flooded any more.
// - 224.0.0.0/24 is never a group here; the data path floods it (RFC 4541 section 2.1.2 (2)).
//
// Hosts
// - Reports go to router ports only, so that no host stays silent because it heard another's (RFC
//   4541 section 2.1.1 (1)). A source of 0.0.0.0 is as good as any (2.1.1 (2)).
// - Memberships last robustness * query interval + max response (RFC 3376 section 8.4).
// - Source lists are not kept: a group of which a host wants any source is wanted. So TO_IN of no
//   source is a leave; BLOCK may be one (of the last source) and is asked about, never final;
//   records that say "include" with sources, and all that say "exclude", are reports.
// - A leave on a `fast_leave` member is final at once. Otherwise the querier asks that member
//   `robustness` times, a second apart (everybody when it is the last one, for routers must know);
//   silence is a leave. When another one is the querier, its group-specific query shortens the
//   memberships (RFC 3376 section 6.6.1; not those of version 1, whose hosts answer slowly).
// - Behind a member where a host of version 1 reported a group, leaves of it are ignored for as
//   long as a membership lasts (section 7.3.2); after one of version 2, BLOCK is.
//
// Routers: behind the members from which came, in the last other-querier-present interval (255 s),
// a query with a source, a PIM hello, or a multicast router advertisement (RFC 4541 section 2.1.1
// (1)). A query from 0.0.0.0 makes a router port only while nobody with an address queries, neither
// another nor we: then it may be the only one, and what is behind it would hear nothing.
//
// Querier: the lowest address (RFC 3376 section 6.6.2), where 0.0.0.0, ours or another's, never
// wins (RFC 4541 section 2.1.1 (4)). `automatic` listens for 255 s first; `on` begins at once;
// `off` sends no query ever. We query in version 3, which hosts of versions 1 and 2 take for theirs
// (section 7.1), or in the oldest version that another querier was heard to use in the last 255 s
// (section 7.3.1). Another's robustness, interval and max response are taken over where they are
// larger than ours, up to an hour; smaller ones would let a forged query end memberships.
//
// Topology changes and members that come up: a general query at once, at most one a second to all;
// when another one is the querier as its proxy, from 0.0.0.0 and in its words, to ports without
// routers (RFC 4541 section 2.1.1 (4)). With `off` everything is flooded until the querier's next
// general query was answered.
//
// Bounds: kMaxGroups a bridge (at the bound reports are counted as refused, and unregistered groups
// are flooded again until none was refused for as long as a membership lasts: nobody starves, and
// what is registered stays so); kMaxBridgeMembers members; kAskRate leaves a second that are asked
// about (others are counted, and time out). Memory: 70 KB, at the bound 0.5 MB and 32 bytes a
// membership, 8 MB. A message costs O(log groups) a record; a member that goes, and settling,
// O(groups). No timer is longer than eight hours, or nine query intervals of ours.
//
// Single-threaded: every call from the control thread. Time comes from the clock. Actions are
// called from within and must not call back.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "controlplane/clock.hpp"
#include "controlplane/igmp.hpp"
#include "controlplane/neighbor_timers.hpp"
#include "controlplane/token_bucket.hpp"
#include "dataplane/net/ipv4.hpp"
#include "dataplane/table/ids.hpp"

namespace weir::control {

struct IgmpSettings {
  enum class Querier { automatic, on, off } querier = Querier::automatic;
  std::chrono::seconds query_interval{125};  // 1 to 31,744
  std::chrono::seconds max_response{10};     // 1 to the query interval, 3,174 at most
  unsigned robustness = 2;                   // 1 to 7
  Ipv4Address own;                           // of the bridge, to query from; may be 0.0.0.0

  friend bool operator==(const IgmpSettings&, const IgmpSettings&) = default;
};

class IgmpActions {
 public:
  IgmpActions() = default;
  IgmpActions(const IgmpActions&) = delete;
  IgmpActions& operator=(const IgmpActions&) = delete;
  virtual ~IgmpActions() = default;

  /// Who gets the group besides the routers, in ascending order; empty: it is unregistered again.
  virtual void set_group(Ipv4Address group, std::span<const InterfaceId> members) = 0;
  /// Members with a multicast router behind, in ascending order.
  virtual void set_routers(std::span<const InterfaceId> members) = 0;
  /// Whether unregistered groups go to the routers only; false at the start.
  virtual void set_settled(bool settled) = 0;
  /// An IPv4 packet of ours, to be sent to one member or (nullopt) to all.
  virtual void send_query(std::optional<InterfaceId> to, PacketView packet) = 0;
};

/// What becomes of a received message itself; it never goes back to where it came from.
enum class IgmpForward {
  all,      // as the bridge would without snooping
  routers,  // to router ports only
  none
};

struct IgmpCounters {
  std::array<std::uint64_t, 3> queries{}, reports{};  // received, by version - 1
  std::uint64_t leaves = 0;                           // of version 2
  std::uint64_t router_advertisements = 0;
  std::uint64_t other_types = 0;                    // flooded
  std::array<std::uint64_t, kIgmpFaults> faults{};  // dropped, by IgmpFault
  std::uint64_t not_member = 0;      // dropped: came in on no member, or one without a link
  std::uint64_t own_queries = 0;     // dropped: from our own address
  std::uint64_t ttl_not_one = 0;     // taken none the less
  std::uint64_t refused_groups = 0;  // no room
  std::uint64_t unasked_leaves = 0;  // too many at once: these time out
  std::uint64_t general_sent = 0, group_specific_sent = 0;  // queries of ours, to one or to all
};

struct IgmpMemberRow {
  InterfaceId interface = 0;
  TimePoint expires{0};
  std::uint8_t version = 3;  // the oldest that a host behind it was heard to speak
};
struct IgmpGroupRow {
  Ipv4Address group;
  std::vector<IgmpMemberRow> members;  // by interface
};
struct IgmpRouterRow {
  InterfaceId interface = 0;
  TimePoint expires{0};
};
struct IgmpStatus {
  enum class Querier { none, self, other } querier = Querier::none;
  Ipv4Address address;       // of the querier; zero: it has none
  std::uint8_t version = 3;  // of its queries
  bool settled = false;
  std::size_t groups = 0;
  std::vector<IgmpRouterRow> routers;  // by interface
};

class IgmpSnooping {
 public:
  static constexpr std::size_t kMaxGroups = 4096;
  static constexpr Duration kLastMemberInterval = std::chrono::seconds{1};
  static constexpr Duration kSettleMargin = std::chrono::seconds{1};
  static constexpr Duration kTopologyInterval = std::chrono::seconds{1};
  static constexpr std::chrono::seconds kMaxAdopted{3600};  // of another querier's intervals
  static constexpr std::uint32_t kAskRate = 500, kAskBurst = 500;
  /// Timers served by one `tick`.
  static constexpr unsigned kTickBudget = 4096;

  /// `clock` and `actions` outlive this. Settings out of range are clamped. Nothing is sent before
  /// the first `tick` or member.
  IgmpSnooping(const Clock& clock, IgmpActions& actions, const IgmpSettings& settings);

  /// New settings; groups stay.
  void configure(const IgmpSettings& settings);

  /// Adds a member, with a link, or changes it. False: no room, or the id is not below
  /// kMaxInterfaces.
  bool add_member(InterfaceId interface, bool fast_leave);
  /// Its memberships and routers leave.
  void remove_member(InterfaceId interface);
  /// The same while it has no link. With a link it is queried at once.
  void set_link(InterfaceId interface, bool is_up);

  /// Takes an IPv4 packet with IGMP that came in on a member.
  IgmpForward receive(InterfaceId interface, PacketView packet);
  /// A PIM hello (RFC 7761 section 4.9.2: protocol 103 to 224.0.0.13, type 0) came in.
  void pim_hello(InterfaceId interface);
  void topology_change();

  /// Serves due timers, at most kTickBudget; returns how many.
  unsigned tick();
  /// When to call `tick` next; may be early, never late. nullopt: no timer is set.
  std::optional<TimePoint> next_deadline() const { return timers_.next(); }

  IgmpStatus status() const;
  std::vector<IgmpGroupRow> groups() const;
  const IgmpCounters& counters() const { return counters_; }

 private:
  using GroupId = std::uint32_t;
  using Set = std::uint64_t;  // of members: a bit for each position
  static_assert(kMaxBridgeMembers == 64);
  static constexpr std::uint8_t kNoPosition = 0xff;

  enum Timer : TimerWheel::Id {
    kGeneral = kMaxGroups,  // our next general query
    kOther,                 // another querier is present; at the start: may be
    kAnonymous,             // somebody queries from 0.0.0.0
    kOlder,                 // somebody queries in an older version
    kSettle,                // reports have come in
    kOverflow,              // groups were refused
    kTopology,              // a query on account of a topology change
    kRouters,               // behind the members: one each
    kTimers = kRouters + kMaxBridgeMembers
  };

  struct Port {
    InterfaceId interface = 0;
    bool fast_leave = false;
    TimePoint router_until{0};
  };
  struct Member {
    TimePoint expires{0};
    TimePoint v1_until{Duration::min()}, v2_until{Duration::min()};  // hosts of that version
    bool asking = false;                                             // a leave is being asked about
    std::uint8_t queries_left = 0;  // for that; the next is due so many seconds before it expires
  };
  struct Group {
    Ipv4Address address;
    Set set = 0;
    std::vector<Member> members;  // of `set`, in the order of its bits
    TimePoint wake{0};            // while its timer is set: when, or earlier than needed
  };
  using Index = std::map<Ipv4Address, GroupId>;

  // Members.
  std::optional<unsigned> position(InterfaceId interface) const;
  std::vector<InterfaceId> interfaces(Set set) const;
  void forget(unsigned port);
  void came_up(unsigned port);

  // Messages.
  IgmpForward query(unsigned port, const IgmpMessage& message);
  bool elect(Ipv4Address source);
  void adopt(const IgmpMessage& query);
  void records(unsigned port, const IgmpMessage& report);
  void record(unsigned port, const IgmpRecord& record);
  void mark_router(unsigned port);

  // Groups.
  static unsigned rank(const Group& group, unsigned port);
  Member* find(Index::iterator at, unsigned port);
  void join(unsigned port, Ipv4Address address, std::uint8_t version);
  void leave(unsigned port, Ipv4Address address, bool is_final);
  void shorten(const IgmpMessage& query);
  void ask(const Group& group, unsigned port);
  void drop(GroupId id, unsigned port);
  void erase_if_empty(GroupId id);
  void arm(GroupId id, TimePoint at);
  void serve(GroupId id);
  void publish(const Group& group);

  // The querier.
  void start();
  void start_querying();
  bool is_queried() const;
  void lost_querier();
  void general_query();
  IgmpQuerySpec query_spec() const;
  void send(std::optional<unsigned> port, const IgmpQuerySpec& spec);
  void topology_query();
  Duration membership_interval() const;
  Duration present_interval() const;

  void fire(TimerWheel::Id id);
  void settle();
  void unsettle();
  void general_query_seen(Duration max_response);
  void show_settled();
  void show_routers();

  const Clock& clock_;
  IgmpActions& actions_;
  IgmpSettings settings_;
  /// Robustness and intervals in force: ours, or those of the querier.
  struct Timing {
    unsigned robustness;
    Duration query_interval;
    Duration max_response;
  };
  Timing timing_;

  std::array<Port, kMaxBridgeMembers> ports_;
  std::array<std::uint8_t, kMaxInterfaces> positions_;
  Set present_ = 0, up_ = 0, routers_ = 0;

  Index index_;
  std::vector<Group> groups_;
  std::vector<GroupId> free_groups_;
  TimerWheel timers_;
  TokenBucket asks_{kAskRate, kAskBurst};

  bool querying_ = false;
  Ipv4Address querier_;             // another; zero: none with an address
  IgmpQuerySpec words_;             // the other's last general query, as from a proxy
  std::uint8_t older_version_ = 3;  // the oldest that queries were heard in of late: for ours
  unsigned startup_left_ = 0;
  TimePoint topology_query_{Duration::min()};

  bool publishing_ = false;
  bool overflowing_ = false;
  bool shown_settled_ = false;
  IgmpCounters counters_;
};

}  // namespace weir::control
