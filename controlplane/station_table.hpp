// Where stations are kept: the FDB, and beside it for each of its slots what workers need not know.
// Learnt stations of an interface are on one ring, which flushing and eviction go along: eviction
// by a hand that remembers where it stopped (CLOCK). Beside the FDB's 33 bytes a station 18 more.
// Entries that are multicast groups are none of this table's. Control thread only.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "dataplane/table/fdb.hpp"

namespace weir::control {

enum class StationKind : std::uint8_t {
  none,        // not a station
  learnt,      // from a frame
  configured,  // "static" in the configuration
  own,         // an address of ours
};

class StationTable {
 public:
  /// Stations that one eviction looks at in one ring before it settles for the best of those that
  /// may go.
  static constexpr unsigned kCandidates = 8;

  explicit StationTable(Fdb& fdb);

  Fdb& fdb() { return fdb_; }
  const Fdb& fdb() const { return fdb_; }
  std::optional<FdbSlot> find(StationKey key) const { return fdb_.find(key); }

  /// A key that is not in it. nullopt: the FDB has no room.
  std::optional<FdbSlot> add(StationKey key, StationKind kind, InterfaceId interface,
                             std::uint32_t seconds);
  void erase(FdbSlot slot);
  /// To another interface, keeping the marks; a learnt one changes rings.
  void move(FdbSlot slot, InterfaceId to);
  /// A learnt one: it stays where it is, whatever comes, until it is let go.
  void set_frozen(FdbSlot slot, bool frozen);
  void set_pinned(FdbSlot slot, bool pinned);

  StationKind kind(FdbSlot slot) const { return static_cast<StationKind>(flags(slot) & kKind); }
  bool pinned(FdbSlot slot) const { return (flags(slot) & kPinned) != 0; }
  bool frozen(FdbSlot slot) const { return (flags(slot) & kFrozen) != 0; }
  InterfaceId interface(FdbSlot slot) const { return fdb_.where(slot).interface(); }

  /// Learnt stations of an interface.
  std::uint32_t learnt(InterfaceId interface) const { return rings_[interface].size; }
  /// Any of them.
  std::optional<FdbSlot> first(InterfaceId interface) const;

  /// The station of `interface` to go for a newcomer: of the first kCandidates that may go, the
  /// one that was not heard for longest; looks at no more than `looks` and takes off what it used.
  /// A station seen in both directions, pinned or frozen may not go. nullopt: none found.
  std::optional<FdbSlot> victim(InterfaceId interface, std::uint32_t now_seconds, unsigned& looks);

  /// As Fdb::sweep, stations only.
  template <class Visit>
  std::uint32_t sweep(std::uint32_t from, std::uint32_t slots, Visit&& visit) {
    return fdb_.sweep(from, slots, [&](FdbSlot slot) {
      if (kind(slot) != StationKind::none) visit(slot);
    });
  }
  template <class Visit>
  void for_each(Visit&& visit) const {
    fdb_.sweep(0, static_cast<std::uint32_t>(fdb_.slots()), [&](FdbSlot slot) {
      if (kind(slot) != StationKind::none) visit(slot);
    });
  }
  std::size_t memory_bytes() const;

 private:
  static constexpr std::uint8_t kKind = 3, kPinned = 4, kFrozen = 8;
  struct Link {
    FdbSlot next, previous;
  };
  /// A ring without an end; new ones come in just behind the hand, so that it meets them last.
  struct Ring {
    FdbSlot hand{};
    std::uint32_t size = 0;
  };

  static std::size_t index(FdbSlot slot) { return static_cast<std::uint32_t>(slot); }
  std::uint8_t flags(FdbSlot slot) const { return flags_[index(slot)]; }
  void set_flag(FdbSlot slot, std::uint8_t flag, bool on);
  Link& link(FdbSlot slot) { return links_[index(slot)]; }
  void put(InterfaceId interface, FdbSlot slot);
  void take(InterfaceId interface, FdbSlot slot);

  Fdb& fdb_;
  std::vector<std::uint8_t> flags_;  // one a slot
  std::vector<Link> links_;          // one a slot
  std::array<Ring, kMaxInterfaces> rings_{};
};

/// How long ago, in a clock of 31 bits; 0 for what is a moment ahead.
inline std::uint32_t seconds_since(FdbSeen seen, std::uint32_t now) {
  const std::uint32_t age = (now - seen.seconds()) & FdbSeen::kSeconds;
  return age > FdbSeen::kSeconds / 2 ? 0 : age;
}

}  // namespace weir::control
