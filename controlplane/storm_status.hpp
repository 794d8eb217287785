// What the API shows of storms, events and the journal, as plain values. Times are seconds since
// the epoch (POSIX), as of CLOCK_REALTIME.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/net/ipv4.hpp"
#include "dataplane/net/mac_address.hpp"

namespace weir::control {

/// One class of control traffic of an interface, in packets: offered = passed + policed.
struct StormClassStatus {
  std::string name;  // replies, known-requests, unknown-requests, binding-changes, gleans-known,
                     // gleans-unknown, others
  std::uint64_t budget = 0;                                    // packets a second
  std::uint64_t offered = 0, passed = 0, policed = 0;          // since start
  double offered_rate = 0, passed_rate = 0, policed_rate = 0;  // a second, of the last second
};

/// A station that sends requests or packets to unresolved neighbours.
struct StormSourceStatus {
  MacAddress mac;
  std::optional<Ipv4Address> ip;  // the last one it gave
  double rate = 0;                // packets a second, estimated (a sketch never counts too few)
  bool quarantined = false;       // its requests teach nothing until then
  double quarantine_seconds = 0;  // how much longer
};

struct StormStatus {
  std::string interface;
  bool storm = false;              // policers drop, or did within the last `storm.calm`
  double since = 0;                // when this storm, or the last one, began; 0: never
  std::uint64_t storms = 0;        // since start
  std::string learn;               // rfc826, adaptive, strict
  bool update_only = false;        // adaptive, and the budget of new entries is spent
  std::string policing;            // where ARP is judged: "software", or what the NIC does
  std::uint32_t quarantined = 0;   // sources now
  std::uint64_t served_stale = 0;  // neighbours that did not answer and were kept
  std::vector<StormClassStatus> classes;
  std::vector<StormSourceStatus> top_sources;  // of the last seconds, most first, at most 16
};

/// Every `kind` of an event.
inline constexpr std::array<std::string_view, 16> kEventKinds{
    "conflict",      "moved",      "own-address-claimed",
    "failed",        "table-full", "storm",
    "storm-over",    "quarantine", "frozen",
    "thawed",        "loop",       "loop-over",
    "guarded",       "link-up",    "link-down",
    "journal-failed"};

/// Conflicts, moves, storms, quarantines, loops: what an operator wants to be told.
struct EventStatus {
  std::uint64_t id = 0;  // counts up from 1
  double time = 0;
  std::string kind;  // one of kEventKinds
  std::string interface;
  std::optional<Ipv4Address> ip;
  std::optional<MacAddress> mac, other;
  std::string text;  // the whole, as a sentence
};

/// Events after the one asked for, oldest first.
struct EventPage {
  std::uint64_t oldest = 0;  // kept; what was asked for may be gone
  std::uint64_t newest = 0;  // 0: none yet
  std::vector<EventStatus> events;
};

/// One change of a neighbour or a station, and what caused it.
struct JournalEntry {
  std::uint64_t id = 0;  // counts up from 1, for each table by itself
  double time = 0;
  std::string table;                      // neighbor, station
  std::string interface;                  // station: where it is now; "": it is gone
  std::optional<Ipv4Address> ip;          // neighbour
  std::string what;                       // learnt, verified, moved, failed, expired, evicted, ...
  std::optional<MacAddress> before, mac;  // before and after; none: not known
  std::string state;                      // of a neighbour afterwards; "": it is gone
  std::string from;                       // station: the interface it was on before
  std::string cause;                      // "ARP reply from 02:..: 10.0.0.2 is at 02:.., to 02:.."
};

/// Entries that are wanted; empty fields match all. Those between two instants are what happened
/// from `neighbors_at(from)` to `neighbors_at(to)`: an entry of the very instant `from` is none of
/// them, one of `to` is.
struct JournalFilter {
  std::string table;              // neighbor, station; empty: both, by time
  std::optional<Ipv4Address> ip;  // of a neighbour: no station's entry matches
  std::optional<MacAddress> mac;  // before, after, or the sender of the frame that caused it
  std::string interface;          // of a station the one before, too
  double from = 0, to = 0;        // seconds since the epoch; 0: no bound
  std::uint64_t after = 0;        // an id; of `table`, which must be given then
  std::size_t limit = 1000;
};

/// Oldest first.
struct JournalPage {
  std::uint64_t oldest = 0,
                newest = 0;    // ids kept, of the table asked for; 0: none, or both tables
  double reaches_back_to = 0;  // before that nothing is known
  std::vector<JournalEntry> entries;
};

/// A neighbour as it was.
struct PastNeighbor {
  Ipv4Address ip;
  std::string interface;
  std::optional<MacAddress> mac;
  std::string state;
  std::string source;  // static, learnt, verified
  double since = 0;    // the last change of it before the time asked for; 0: before the journal
  std::string cause;   // of that change
};

struct PastNeighbors {
  double at = 0;
  double reaches_back_to = 0;
  bool known = true;  // false: the journal does not reach back that far
  std::vector<PastNeighbor> neighbors;
};

}  // namespace weir::control
