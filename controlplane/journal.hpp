// The journal: what happened to neighbours and stations, when, and which frame, timer or command
// did it; and from that, what the neighbours were at an instant in the past.
//
// Times. A record has the time of the control thread's turn that made it (`set_now`), on both
// clocks. The wall clock may jump, so ids are the order. An instant of the past is the last moment
// that the clock showed it: all that came after the newest record of that time or before is undone.
// When the clock was set back, an instant that it showed twice is the second one.
//
// Bounds: `entries` records of neighbours (72 bytes each) and as many of stations (32 bytes); with
// 65,536 entries 6.8 MB when both are full, nothing before anything happens (journal_ring.hpp).
// A record costs one copy of it. Single-threaded; JournalCopy takes records elsewhere.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "controlplane/journal_record.hpp"
#include "controlplane/journal_ring.hpp"

namespace weir::control {

class Journal {
 public:
  /// Nothing is known before `start`.
  Journal(std::size_t entries, Instant start)
      : now_(start), neighbors_(entries, start.realtime), stations_(entries, start.realtime) {}

  void set_now(Instant now) { now_ = now; }
  Instant now() const { return now_; }

  /// Returns the record's id.
  std::uint64_t put(const NeighborChange& change) {
    return neighbors_.put(NeighborRecord(change, now_));
  }
  std::uint64_t put(const StationChange& change) {
    return stations_.put(StationRecord(change, now_));
  }

  const JournalRing<NeighborRecord>& neighbors() const { return neighbors_; }
  const JournalRing<StationRecord>& stations() const { return stations_; }
  std::size_t memory_bytes() const { return neighbors_.memory_bytes() + stations_.memory_bytes(); }

 private:
  Instant now_;
  JournalRing<NeighborRecord> neighbors_;
  JournalRing<StationRecord> stations_;
};

/// Which records are wanted; empty fields match all. Those with `from` < time <= `to` are the
/// difference between what was at `from` and at `to`.
struct RecordFilter {
  std::optional<Ipv4Address> ip;
  std::optional<MacAddress> mac;
  std::optional<InterfaceId> interface;
  std::int64_t from = 0, to = 0;  // 0: no bound

  bool matches(const NeighborRecord& record) const;
  bool matches(const StationRecord& record) const;
};

template <class Record>
struct FoundRecord {
  std::uint64_t id;
  Record record;
};

/// Looks through up to `portion` records from the id `next` on, which it moves, and adds what
/// matches to `found` until that has `limit`. False: there is nothing more to look through.
template <class Record>
bool find_records(const JournalRing<Record>& ring, const RecordFilter& filter, std::size_t portion,
                  std::size_t limit, std::uint64_t& next, std::vector<FoundRecord<Record>>& found) {
  next = std::max(next, ring.oldest());
  for (; portion > 0 && next <= ring.newest() && found.size() < limit; ++next, --portion)
    if (filter.matches(ring[next])) found.push_back({next, ring[next]});
  return next <= ring.newest() && found.size() < limit;
}

/// A neighbour as it was, and the last record of it up to then (0: none is kept).
struct PastNeighborRow {
  Ipv4Address ip;
  InterfaceId interface = 0;
  NeighborChange::Side side;
  std::uint64_t record = 0;
};

struct PastNeighborRows {
  bool known = true;                  // false: the journal does not reach back that far
  std::int64_t reaches_back = 0;      // wall clock
  std::uint64_t last = 0;             // the last record up to then; 0: none is kept
  std::vector<PastNeighborRow> rows;  // by address, then interface; none when not `known`
};

/// What the neighbours were at `time` (wall clock), but for DELAY and PROBE, which are STALE or
/// what was noted last: `current` are those at the moment when `copy` began. O(current + records).
PastNeighborRows past_neighbors(std::int64_t time, std::span<const NeighborRow> current,
                                const JournalCopy<NeighborRecord>& copy);

}  // namespace weir::control
