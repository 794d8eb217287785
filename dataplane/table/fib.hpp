// The IPv4 forwarding table, writer's side. Lookups are in fib_reader.hpp.
//
//   NoReaders readers;                        // or the workers' rte_rcu_qsbr
//   Fib fib{readers};
//   fib.add({Ipv4Address{192, 0, 2, 0}, 24}, NextHopId{7});
//   fib.reader().lookup_bulk(destinations, next_hops, 64);
//
// Neighbours never come here: a connected subnet is one prefix (see next_hop.hpp).
//
// Costs: a change stores one word per /24 the prefix covers, without waiting: about 1 us for a /24,
// some milliseconds for a /1. A prefix longer than /24 takes a group of 256 words, shared by all in
// its /24.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dataplane/net/ipv4.hpp"
#include "dataplane/table/fib_reader.hpp"
#include "dataplane/table/huge_region.hpp"
#include "dataplane/table/ids.hpp"
#include "dataplane/table/prefix_store.hpp"
#include "dataplane/table/quiescence.hpp"

namespace weir {

/// What a change came to. From `not_found` on the table is exactly as before.
enum class FibChange : std::uint8_t {
  added,
  replaced,   ///< the prefix has another next hop now
  unchanged,  ///< the prefix had this next hop already
  removed,
  not_found,
  no_space,       ///< every group is in use: FibOptions::groups is too small
  grace_pending,  ///< every group is in use or not yet forgotten by the readers: try again soon
  bad_length,     ///< 0: the default route is next hop 0, not an entry here
  bad_next_hop,   ///< 0, or beyond 24 bits
};

constexpr bool refused(FibChange change) { return change > FibChange::not_found; }

struct FibOptions {
  /// /24s that can hold longer prefixes, at 1 KB each once used; at most kMaxGroups. Today's
  /// Internet table needs some hundred; the rest is for a lab's host routes.
  std::uint32_t groups = 65'536;
  Pages pages = Pages::transparent;
  /// Make the first table (64 MB) resident at once, so that no worker ever faults in it.
  bool prefault = true;
};

struct FibBulkResult {
  std::size_t changed = 0;
  /// Indices into the span, ascending, of what `add` refuses, and the reason of the first of them.
  std::vector<std::size_t> refused;
  FibChange first_refusal = FibChange::unchanged;
};

/// One thread changes it (all members but those of `reader()` are that thread's only), any number
/// read it. At every instant a destination gets the answer from before or from after a change:
/// an entry is one word and one store; a group is filled before it is published, and neither
/// changed nor reused after it is taken out until all readers have been quiescent.
class Fib {
 public:
  /// Group indices are 32-bit offsets of 256 words in the gathers, which are signed.
  static constexpr std::uint32_t kMaxGroups = std::uint32_t{1} << 22;

  /// `readers` must outlive the table. Throws std::system_error without room for the tables,
  /// std::invalid_argument for more than kMaxGroups. No worker may read any more when it ends.
  explicit Fib(Quiescence& readers, const FibOptions& options = {});
  Fib(const Fib&) = delete;
  Fib& operator=(const Fib&) = delete;

  /// Inserts or replaces: added, replaced, unchanged, or a refusal.
  /// Throws std::bad_alloc, the table being as before.
  FibChange add(Ipv4Prefix prefix, NextHopId next_hop);
  /// removed or not_found. Never throws and needs no space.
  FibChange remove(Ipv4Prefix prefix) noexcept;
  /// As `add` of each element, in the order of their lengths (of equal prefixes the last one
  /// wins), only faster. What is refused is left out, the rest goes in.
  FibBulkResult bulk_load(std::span<const FibRoute> routes);

  /// The next hop of exactly this prefix.
  std::optional<NextHopId> find(Ipv4Prefix prefix) const;
  /// The route that decides about an address; nullopt when only the default one can.
  std::optional<FibRoute> longest_match(Ipv4Address address) const {
    return prefixes_.longest_match(address);
  }
  /// `visit(const FibRoute&)` for each prefix, shortest first, in no order within a length.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    prefixes_.for_each(visit);
  }
  std::size_t size() const { return prefixes_.size(); }

  /// What the workers hold; any thread may copy and use it.
  const FibReader& reader() const { return reader_; }
  NextHopId lookup(Ipv4Address destination) const { return reader_.lookup(destination); }
  void lookup_bulk(const std::uint32_t* destinations, std::uint32_t* next_hops, unsigned n) const {
    reader_.lookup_bulk(destinations, next_hops, n);
  }
  void prefetch(std::uint32_t destination) const { reader_.prefetch(destination); }

  /// Groups that hold prefixes now, without those waiting for the readers.
  std::uint32_t groups_used() const { return fresh_ - retired_; }
  /// Groups taken out and not used again yet.
  std::uint32_t groups_retired() const { return retired_; }
  std::uint32_t groups_capacity() const { return capacity_; }
  Pages pages() const { return tbl24_memory_.pages(); }
  /// Bytes resident now, prefixes included. Asks the kernel: not for the hot path.
  std::size_t memory_bytes() const;

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;

  /// What the writer knows about a group.
  struct Group {
    GraceToken token{};          // when retired
    std::uint32_t next = 0;      // when retired: the one retired after it
    std::uint32_t prefixes = 0;  // longer than /24 in it; 0: it is retired
  };

  FibChange add_long(Ipv4Prefix prefix, std::uint32_t entry);
  void remove_long(Ipv4Prefix prefix, std::uint32_t cover) noexcept;
  void repaint(Ipv4Prefix prefix, std::uint32_t entry) noexcept;
  void repaint_group(std::uint32_t* first, std::size_t count, std::uint32_t limit,
                     std::uint32_t entry) noexcept;
  std::uint32_t* group_words(std::uint32_t group) const;
  std::uint32_t take_group();
  void retire_group(std::uint32_t group) noexcept;

  Quiescence& readers_;
  std::uint32_t capacity_;
  HugeRegion tbl24_memory_;
  HugeRegion tbl8_memory_;
  HugeRegion groups_memory_;
  std::uint32_t* tbl24_;
  std::uint32_t* tbl8_;
  Group* groups_;
  FibReader reader_;

  std::uint32_t fresh_ = 0;    // groups from here on were never used
  std::uint32_t retired_ = 0;  // length of the list from oldest_ to newest_
  std::uint32_t oldest_ = kNone;
  std::uint32_t newest_ = kNone;
  PrefixStore prefixes_;
};

}  // namespace weir
