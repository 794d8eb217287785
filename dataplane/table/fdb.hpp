// FDB, the writer's side: on which interface each station of each bridge is. One table for all
// bridges. Readers (fdb_reader.hpp) are lock-free; one writer, the control thread.
//
// Buckets of one cache line with four entries each, linear probing from bucket to bucket, no more
// than `kMaxProbes` of them; never more than half full. Entries never move, so a reader never
// misses a station that stays. The slot of a removed one is used again only when every worker has
// been quiescent since. The hash is keyed (multiply-shift, Dietzfelbinger et al. 1997), so that
// nobody who chooses MAC addresses chooses buckets.
//
// What readers rely on:
// - A value is stored before its key (release), and not used for another key before every reader
//   has been quiescent: whoever sees a key reads its own value, of now or of before.
// - A free entry (key 0) ends a search. So while a key is in a bucket, every bucket from its home
//   on before that one has no free entry: its removed ones are tombstones. Each bucket counts the
//   keys that passed it; when the last one has gone its tombstones are free entries again.
//
// 33 bytes a station that there is room for, and 16 for each slot that waits for the workers.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "dataplane/net/mac_address.hpp"
#include "dataplane/table/fdb_reader.hpp"
#include "dataplane/table/huge_region.hpp"
#include "dataplane/table/ids.hpp"
#include "dataplane/table/quiescence.hpp"

namespace weir {

/// A place in the table; valid until the entry is erased.
enum class FdbSlot : std::uint32_t {};

class Fdb {
 public:
  static constexpr std::size_t kMaxStations = std::size_t{1} << 22;
  /// Slots that one call of `reclaim` and one of `insert` make usable again, at the most.
  static constexpr unsigned kReclaimStep = 16'384, kInsertReclaims = 32;

  /// Room for `stations` (1 to 2^22, rounded up to a power of two, at least 4). `hash_key` is to be
  /// unpredictable in production. Throws std::system_error when memory is short,
  /// std::invalid_argument for another number. No worker may read any more when it ends.
  Fdb(std::size_t stations, std::uint64_t hash_key, Quiescence& quiescence,
      Pages pages = Pages::huge);
  Fdb(const Fdb&) = delete;
  Fdb& operator=(const Fdb&) = delete;

  FdbReader reader() const { return reader_; }

  std::optional<FdbSlot> find(StationKey key) const;
  /// A key that is not in it, last seen at `seen`. nullopt: the table is full, too many stations
  /// share these buckets, or too many slots (a quarter of all) wait for the workers; nothing
  /// changed then.
  std::optional<FdbSlot> insert(StationKey key, FdbWhere where, std::uint32_t seen);
  void erase(FdbSlot slot);
  void set_where(FdbSlot slot, FdbWhere where);
  /// Seconds and the two-way mark, as workers last wrote them.
  FdbSeen seen(FdbSlot slot) const;
  void set_seen(FdbSlot slot, FdbSeen seen);
  StationKey key(FdbSlot slot) const;
  FdbWhere where(FdbSlot slot) const;

  /// Calls `visit(FdbSlot)` for every entry among the next `slots` places from `from` on and
  /// returns where to go on; 0 when the end was reached. `visit` may erase the entry.
  template <class Visit>
  std::uint32_t sweep(std::uint32_t from, std::uint32_t slots, Visit&& visit) const {
    const auto all = static_cast<std::uint32_t>(this->slots());
    const std::uint32_t end = slots < all - from ? from + slots : all;
    for (std::uint32_t i = from; i < end; ++i) {
      if (bridge_of(key(FdbSlot{i})) != 0) visit(FdbSlot{i});
    }
    return end < all ? end : 0;
  }

  /// Makes slots usable again that workers have let go of; call now and then.
  void reclaim() { reclaim(kReclaimStep); }

  std::size_t size() const { return size_; }
  std::size_t capacity() const { return slots() / 2; }  // stations
  std::size_t slots() const { return controls_.size() * FdbBucket::kEntries; }
  /// Slots that were erased and that workers may still look at.
  std::size_t waiting() const { return waiting_.size(); }
  std::size_t memory_bytes() const;
  Pages pages() const { return memory_.pages(); }

  /// The clock that `seen` is in: workers read it, the control thread sets it once a second.
  std::uint32_t seconds() const { return seconds_.load(std::memory_order_relaxed); }
  void set_seconds(std::uint32_t seconds) {
    seconds_.store(seconds & FdbSeen::kSeconds, std::memory_order_relaxed);
  }

 private:
  /// What the writer knows about a bucket.
  struct Control {
    std::uint8_t passed = 0;   // keys whose home is before this bucket, and their place behind it:
                               // at most 4 * (kMaxProbes - 1)
    std::uint8_t waiting = 0;  // a bit for each entry whose value readers may still look at
  };
  struct Waiting {
    GraceToken token;
    FdbSlot slot;
  };
  struct Position {
    std::uint32_t bucket;
    unsigned probes;  // buckets before it
    unsigned entry;
  };

  FdbBucket* buckets() const { return static_cast<FdbBucket*>(memory_.data()); }
  FdbEntry& entry(FdbSlot slot) const;
  std::uint32_t next(std::uint32_t bucket) const {
    return (bucket + 1) & static_cast<std::uint32_t>(controls_.size() - 1);
  }
  std::optional<Position> place_for(StationKey key) const;
  void free_tombstones(std::uint32_t bucket);
  void reclaim(unsigned most);

  Quiescence& quiescence_;
  HugeRegion memory_;
  std::vector<Control> controls_;  // one a bucket
  FdbReader reader_;
  std::deque<Waiting> waiting_;  // oldest first
  std::size_t size_ = 0;
  alignas(64) std::atomic<std::uint32_t> seconds_{0};  // by itself: workers read it all the time
};

}  // namespace weir
