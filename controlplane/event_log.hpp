// What an operator wants to be told: conflicts, moves, storms, quarantines, loops, links. The last
// ones, by ids that count up from 1, and the sentences that say what each means, which are the
// log's too.
//
// Bounds: kCapacity events of 48 bytes, the oldest go; of each kind kRate a second and kBurst at
// once, the rest is counted in `suppressed` (engines have tighter budgets of their own). Memory is
// taken as it fills. Single-threaded; the free functions are pure.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/instant.hpp"
#include "controlplane/journal_text.hpp"
#include "controlplane/neighbor.hpp"
#include "controlplane/stations.hpp"
#include "controlplane/storm_status.hpp"
#include "controlplane/token_bucket.hpp"

namespace weir::control {

struct EventRecord {
  enum class Kind : std::uint8_t {
    conflict,             // `mac` keeps `ip`, `other` claims it too
    moved,                // `ip` from `mac` to `other`
    own_address_claimed,  // `other` uses our `ip`
    failed,
    neighbors_full,
    storm,       // `number` packets policed in the interval that showed it
    storm_over,  // `number` seconds long
    quarantine,  // of `mac`, for `number` seconds
    frozen,      // station `mac` stays on `interface`, was heard on `other_interface` too
    thawed,
    loop,  // `interface` stops flooding; the other one of the pair, or itself: our own frame
    loop_over,
    stations_full,
    guarded,  // `interface` is out of its bridge for a BPDU
    link_up,
    link_down,
    device_gone,  // what the port `interface` stands on
    device_back,
    journal_failed  // its file; `number`: errno
  };
  static constexpr std::size_t kKinds = static_cast<std::size_t>(Kind::journal_failed) + 1;

  Kind kind = Kind::conflict;
  InterfaceId interface = 0, other_interface = 0;
  Ipv4Address ip;         // zero: none
  MacAddress mac, other;  // zero: none
  std::uint64_t number = 0;
  Instant at{};  // given by the log
};
static_assert(sizeof(EventRecord) == 48);

EventRecord event_record(const NeighborEvent& event);
EventRecord event_record(const StationEvent& event);

enum class EventLevel : std::uint8_t { info, warning, error };
EventLevel level(EventRecord::Kind kind);
std::string_view name(EventRecord::Kind kind);
/// A sentence.
std::string describe(const EventRecord& event, const InterfaceNames& names);
EventStatus event_status(std::uint64_t id, const EventRecord& event, const InterfaceNames& names);

class EventLog {
 public:
  static constexpr std::size_t kCapacity = 4096;
  static constexpr std::uint32_t kRate = 100, kBurst = 200;

  explicit EventLog(std::size_t capacity = kCapacity);

  /// 0: beyond the budget of its kind; else its id.
  std::uint64_t put(EventRecord event, Instant now);

  struct Page {
    std::uint64_t oldest = 0, newest = 0;  // kept; 0: none yet
    std::uint64_t first = 0;               // the id of the first of `events`
    std::vector<EventRecord> events;
  };
  /// Those after the id `after`, oldest first.
  Page after(std::uint64_t after, std::size_t limit) const;

  std::uint64_t total() const { return newest_; }
  std::uint64_t suppressed() const { return suppressed_; }

 private:
  std::size_t capacity_;
  std::uint64_t newest_ = 0, suppressed_ = 0;
  std::vector<EventRecord> ring_;  // by id
  struct Budget : TokenBucket {
    Budget() : TokenBucket(kRate, kBurst) {}
  };
  std::array<Budget, EventRecord::kKinds> budgets_;
};

EventPage event_page(const EventLog::Page& page, const InterfaceNames& names);

}  // namespace weir::control
