// FDB, the writer's side: on which interface each station of each bridge is. One table for all
// bridges. Readers (fdb_reader.hpp) are lock-free; one writer, the control thread.
//
// Buckets of one cache line with four entries each, linear probing from bucket to bucket, no more
// than `kMaxProbes` of them; never more than half full. Entries never move, so a reader never
// misses a station that stays. The slot of a removed one is used again only when every worker has
// been quiescent since. The hash is keyed (multiply-shift, Dietzfelbinger et al. 1997), so that
// nobody who chooses MAC addresses chooses buckets.
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
  /// Room for `stations` (1 to 2^22, rounded up to a power of two). `hash_key` is to be
  /// unpredictable in production. Throws std::system_error when memory is short.
  Fdb(std::size_t stations, std::uint64_t hash_key, Quiescence& quiescence,
      Pages pages = Pages::huge);

  FdbReader reader() const;

  std::optional<FdbSlot> find(StationKey key) const;
  /// A key that is not in it, last seen at `seen`. nullopt: the table is full, or too many stations
  /// share these buckets; nothing changed then.
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
  std::uint32_t sweep(std::uint32_t from, std::uint32_t slots, Visit&& visit);

  /// Makes slots usable again that workers have let go of; call now and then.
  void reclaim();

  std::size_t size() const { return size_; }
  std::size_t capacity() const;  // stations
  std::size_t slots() const;
  std::size_t memory_bytes() const;
  Pages pages() const;

 private:
  Quiescence& quiescence_;
  std::size_t size_ = 0;
};

}  // namespace weir
