// What the neighbour engine takes and gives: plain values and the seam to the data plane.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "controlplane/clock.hpp"
#include "dataplane/net/ipv4.hpp"
#include "dataplane/net/mac_address.hpp"
#include "dataplane/packet/drop_reason.hpp"
#include "dataplane/table/adjacency.hpp"

namespace weir::control {

/// A packet waiting for its neighbour. Opaque; every one given to the engine comes back exactly
/// once.
struct HeldPacket {
  void* handle = nullptr;
};

/// RFC 4861 section 7.3.2's names, for ARP too. STALE: not (or no longer) confirmed, forwards.
/// DELAY: in use and waiting for its probe's turn, forwards. PROBE: being probed, forwards. FAILED:
/// negative cache.
enum class NeighborState : std::uint8_t {
  incomplete,
  reachable,
  stale,
  delay,
  probe,
  failed,
  permanent
};
inline constexpr std::array<std::string_view, 7> kNeighborStateNames{
    "INCOMPLETE", "REACHABLE", "STALE", "DELAY", "PROBE", "FAILED", "PERMANENT"};

/// An ARP frame as it came in; nothing in it is trusted.
struct ArpSeen {
  InterfaceId interface = 0;
  std::uint16_t operation = 0;  // wire::Arp::kRequest or kReply
  MacAddress sender_mac;
  Ipv4Address sender_ip;
  MacAddress target_mac;
  Ipv4Address target_ip;
  MacAddress ethernet_source;
};

/// Whose packet met an unresolved adjacency.
struct GleanOf {
  bool known_before = false;  // the destination was resolved earlier: those come first
  /// Its source asks for few. Such packets have a part of the budget for each interface they came
  /// in on, so that a sweep, or that of another port, hides no new host.
  bool modest = false;
  InterfaceId from = 0;  // where it came in
};

struct NeighborEvent {
  enum class Kind : std::uint8_t {
    conflict,             // two stations claim `ip`: `mac` was kept, `other` refused
    moved,                // `ip` went from `mac` to `other`
    own_address_claimed,  // `other` uses our own address `ip` (RFC 5227 section 2.4)
    failed,               // a neighbour that was in use stopped answering
    table_full            // an entry was refused or evicted for want of room
  };
  Kind kind = Kind::conflict;
  InterfaceId interface = 0;
  Ipv4Address ip;
  MacAddress mac;
  MacAddress other;
};

/// What made the engine change an entry.
struct NeighborCause {
  enum class Kind : std::uint8_t { frame, packet, timer, command };
  Kind kind = Kind::timer;
  ArpSeen frame;  // of `frame`
};

/// An entry changed: for the journal. What is confirmed again without any other change is not
/// reported, nor are the probes on the way there: DELAY and PROBE show as the state before them.
/// `before` is what the entry's last change left. A station that took an IP over since the old one
/// was silent: the cause is the frame that claimed it, a second ago.
struct NeighborChange {
  enum class What : std::uint8_t {
    asked,     // new, INCOMPLETE
    learnt,    // from a request
    verified,  // by an answer
    moved,     // another MAC address
    added,     // static
    failed,    // did not answer
    expired,   // unused, or the end of FAILED: its time was over, or its station spoke
    evicted,   // for want of room
    removed,   // flushed, its interface gone, the static one deleted
    state      // only the state changed
  };
  struct Side {
    NeighborState state = NeighborState::incomplete;
    std::optional<MacAddress> mac;
    bool verified = false;

    friend bool operator==(const Side&, const Side&) = default;
  };
  InterfaceId interface = 0;
  Ipv4Address ip;
  What what = What::asked;
  std::optional<Side> before, after;  // none: no entry
  NeighborCause cause;
};

/// What the engine does to the world. Called on the control thread, inside the engine's own calls;
/// an implementation must not call back into the engine.
class NeighborActions {
 public:
  virtual ~NeighborActions() = default;
  /// Send an ARP request for `target`: to `unicast_to`, or as a broadcast.
  virtual void solicit(InterfaceId interface, Ipv4Address target,
                       std::optional<MacAddress> unicast_to) = 0;
  /// Send a gratuitous ARP request for our own `address` (RFC 5227 section 2.3).
  virtual void announce(InterfaceId interface, Ipv4Address address) = 0;
  /// The adjacency now forwards to `mac`.
  virtual void publish(InterfaceId interface, Ipv4Address ip, MacAddress mac) = 0;
  /// The adjacency is unresolved again: the next packet gleans.
  virtual void withdraw(InterfaceId interface, Ipv4Address ip) = 0;
  /// Workers drop packets to `ip` cheaply (Egress::failed), until `withdraw` or `publish`.
  virtual void mark_failed(InterfaceId interface, Ipv4Address ip) = 0;
  virtual void forward(HeldPacket packet, InterfaceId interface, MacAddress mac) = 0;
  virtual void discard(HeldPacket packet, DropReason reason) = 0;
  /// Answer with ICMP host unreachable, if the rules allow it; the packet is gone then.
  virtual void host_unreachable(HeldPacket packet) = 0;
  /// Whether a packet was forwarded to `ip` since this was last asked.
  virtual bool take_used(InterfaceId interface, Ipv4Address ip) = 0;
  /// Whether to go on asking for a neighbour that failed, because no packet will: others carry its
  /// traffic. It stays FAILED until it answers.
  virtual bool keep_asking(InterfaceId, Ipv4Address) { return false; }
  /// For the journal.
  virtual void changed(const NeighborChange&) {}
  /// At most kEventRate a second and interface.
  virtual void event(const NeighborEvent& event) = 0;
};

struct NeighborSettings {
  Duration lifetime = std::chrono::hours{4};             // verified entries
  Duration refresh_interval = std::chrono::minutes{20};  // probed at 75 % of it when in use
  std::uint32_t hold_per_neighbor = 8;
  std::uint32_t hold_total = 4096;
  std::uint32_t table_limit = 65536;   // resolved entries, statics included
  std::uint32_t pending_limit = 8192;  // INCOMPLETE entries
  std::uint32_t failed_limit = 16384;  // FAILED entries
  Duration unverified_lifetime = std::chrono::seconds{60};
  Duration failed_first = std::chrono::seconds{5};  // doubling, up to `failed_most`
  Duration failed_most = std::chrono::seconds{30};
  Duration serve_stale = std::chrono::hours{4};  // how long a storm keeps what does not answer
  std::uint64_t seed = 0;  // for hashing and jitter: unpredictable in production
};

/// What an ARP request to us teaches: always; until the creation budget is spent; nothing.
enum class NeighborLearning : std::uint8_t { rfc826, adaptive, strict };

struct NeighborInterface {
  InterfaceId id = 0;
  MacAddress mac;
  std::vector<Ipv4InterfaceAddress> addresses;
  NeighborLearning learning = NeighborLearning::adaptive;
  bool trusted = false;               // another MAC for a known IP is believed at once
  std::uint32_t solicit_rate = 2000;  // a second: requests of ours for gleans and refreshes
  std::uint32_t create_rate = 500;    // a second: entries learnt from requests
  std::uint32_t challenge_rate = 10;  // a second: binding changes looked into, of addresses that
                                      // were looked into less than kChallengeAgain ago
};

/// One neighbour, for `show neighbors`.
struct NeighborRow {
  Ipv4Address ip;
  InterfaceId interface = 0;
  std::optional<MacAddress> mac;
  NeighborState state = NeighborState::incomplete;
  bool verified = false;            // a solicited reply confirmed it
  Duration age{0};                  // since it was last confirmed, or made
  std::optional<Duration> expires;  // none: never
  std::uint32_t held_packets = 0;
  std::uint32_t probes = 0;   // solicitations without an answer
  bool served_stale = false;  // did not answer, kept while the storm lasts
};

/// What a RARP reply says (RFC 903).
struct RarpAnswer {
  Ipv4Address ip;  // of the station that asked
  MacAddress our_mac;
  Ipv4Address our_ip;
};

/// Totals since start, except the gauges at the end.
struct NeighborCounters {
  std::uint64_t solicits_broadcast = 0, solicits_unicast = 0, solicits_deferred = 0;
  std::uint64_t verified = 0, learnt = 0, moved = 0, moves_policed = 0, conflicts = 0;
  std::uint64_t learn_policed = 0, learn_refused_full = 0, learn_refused_strict = 0;
  std::uint64_t own_address_claims = 0, defences = 0, failures = 0, expiries = 0, evictions = 0;
  std::uint64_t failed_evictions = 0, served_stale = 0, events_suppressed = 0, timers = 0;
  std::uint64_t held = 0, released = 0, discarded = 0, unreachable = 0;          // packets
  std::uint32_t entries = 0, statics = 0, pending = 0, failed = 0, holding = 0;  // now
};

}  // namespace weir::control
