// The writer's memory of which prefixes a FIB holds: one hash table per prefix length, so that the
// route under a removed one is found in at most 32 probes, one for each length in use.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "dataplane/net/ipv4.hpp"
#include "dataplane/table/ids.hpp"

namespace weir {

struct FibRoute {
  Ipv4Prefix prefix;
  NextHopId next_hop{};

  friend bool operator==(const FibRoute&, const FibRoute&) = default;
};

/// Prefixes and their next hops. 8 bytes a slot, at most 3/4 full, doubling: 11 to 21 bytes a
/// prefix at the most there ever were. Not thread-safe.
class PrefixStore {
 public:
  /// The next hop of exactly this prefix, to read or to change; nullptr when it is absent.
  /// Valid until the next insert or erase.
  NextHopId* find(Ipv4Prefix prefix);
  const NextHopId* find(Ipv4Prefix prefix) const;

  /// Room for `more` prefixes of a length: so many inserts then neither throw nor move anything.
  void reserve(unsigned length, std::size_t more);
  /// A prefix that is absent and for which there is room.
  void insert(Ipv4Prefix prefix, NextHopId next_hop) noexcept;
  /// Whether the prefix was there.
  bool erase(Ipv4Prefix prefix) noexcept;

  /// The longest prefix over `address` with a length below `limit`.
  std::optional<FibRoute> longest_match(Ipv4Address address, unsigned limit = 33) const;

  /// Brings the prefix's slot towards this core.
  void prefetch(Ipv4Prefix prefix) const;

  std::size_t size() const { return size_; }
  std::size_t memory_bytes() const;

  /// `visit(const FibRoute&)` for each prefix, shortest first, in no order within a length.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (unsigned length = 0; length < tables_.size(); ++length) {
      for (const Slot& slot : tables_[length].slots) {
        if (slot.next_hop == kEmpty) continue;
        visit(FibRoute{{Ipv4Address{slot.network}, length}, slot.next_hop});
      }
    }
  }

 private:
  /// An id that no route has marks an empty slot.
  static constexpr NextHopId kEmpty{0xffffffff};

  struct Slot {
    std::uint32_t network = 0;
    NextHopId next_hop = kEmpty;
  };

  /// Open addressing with linear probing; no tombstones.
  struct Table {
    std::vector<Slot> slots;  // a power of two, or none
    std::size_t used = 0;

    std::size_t mask() const { return slots.size() - 1; }
    std::size_t home(std::uint32_t network) const;
    /// The network's slot, or the empty one where it would go. Needs slots.
    std::size_t probe(std::uint32_t network) const;
    void grow(std::size_t capacity);
  };

  std::array<Table, 33> tables_;
  std::uint64_t lengths_ = 0;  // bit L: tables_[L] is not empty
  std::size_t size_ = 0;
};

}  // namespace weir
