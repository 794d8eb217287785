// Next hops: the adjacency of a packet is `base + (destination & mask)`. A gateway or a verdict has
// mask 0, a connected subnet its host mask: one formula, no branch, and neighbours never enter the
// FIB.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "dataplane/table/adjacency.hpp"
#include "dataplane/table/ids.hpp"

namespace weir {

struct alignas(8) NextHop {
  AdjacencyIndex base = 0;
  std::uint32_t mask = 0;

  AdjacencyIndex adjacency(std::uint32_t destination) const { return base + (destination & mask); }
  friend bool operator==(const NextHop&, const NextHop&) = default;
};
static_assert(sizeof(NextHop) == 8);

/// Next hops by id. Slot 0 is the default route's, or the verdict `no_route`. Readers are lock-free
/// (one 64-bit load); one writer.
///
/// Slot 0 alone changes while the FIB names it. A reader that finds "default" in the FIB and then
/// the next default here could follow a route that no table ever had, if a more specific one came
/// in between: it compares `default_version` before and after, and looks up again.
class NextHopTable {
 public:
  static constexpr std::uint32_t kSlots = 1u << 16;

  explicit NextHopTable(NextHop no_route);

  std::optional<NextHopId> allocate(NextHop value);
  /// The caller has waited for quiescence.
  void release(NextHopId id);
  void store(NextHopId id, NextHop value);
  NextHop load(NextHopId id) const;
  const NextHop* slots() const { return slots_.data(); }
  std::uint32_t default_version() const { return default_version_.load(std::memory_order_acquire); }
  std::uint32_t size() const { return used_; }

 private:
  std::vector<NextHop> slots_;
  std::vector<NextHopId> free_;
  std::uint32_t next_ = 1;
  std::uint32_t used_ = 1;
  std::atomic<std::uint32_t> default_version_{0};
};

/// Equal-cost paths: `kBuckets` next hops a group, picked by flow hash. When a member leaves only
/// its own buckets move; when one comes it takes an even share, so all other flows stay on their
/// path (the resilient hashing of RFC 2992's discussion). Readers are lock-free; one writer.
class GroupTable {
 public:
  static constexpr std::uint32_t kBuckets = 128;
  static constexpr std::uint32_t kGroups = 4096;
  static constexpr std::uint32_t kMaxMembers = 64;

  GroupTable();
  /// A group whose flows stay where `heir` has them as far as `set_members` lets them; without one,
  /// none.
  std::optional<std::uint32_t> allocate(std::optional<std::uint32_t> heir = {});
  /// Before `set_members`: all flows are on `hop`.
  void fill(std::uint32_t group, NextHop hop);
  /// The caller has waited for quiescence.
  void release(std::uint32_t group);
  /// Makes `members` (1 to kMaxMembers, no duplicates) the group's, moving as few buckets as an
  /// even spread allows.
  void set_members(std::uint32_t group, const std::vector<NextHop>& members);
  NextHop pick(std::uint32_t group, std::uint32_t flow_hash) const;

 private:
  std::vector<NextHop> buckets_;
  std::vector<std::uint32_t> free_;
  std::uint32_t next_ = 0;
};

}  // namespace weir
