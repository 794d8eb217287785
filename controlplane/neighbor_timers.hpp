// A hierarchical timer wheel (Varghese and Lauck, SOSP 1987): one timer for each small integer id,
// O(1) to set, move, cancel and fire, whatever their number. Six levels of 64 slots, 1 ms wide at
// the bottom; a deadline further away than 2^36 ms is clamped. Timers fire at or up to 1 ms after
// their deadline, never before. Memory: 16 bytes an id. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "controlplane/clock.hpp"

namespace weir::control {

class TimerWheel {
 public:
  using Id = std::uint32_t;
  static constexpr Id kNone = 0xffffffff;

  /// Ids are 0 to `ids` - 1.
  TimerWheel(Id ids, TimePoint start);

  /// Sets or moves the timer. A deadline that has passed fires at the next `advance`.
  void set(Id id, TimePoint deadline);
  void cancel(Id id);
  bool is_set(Id id) const { return nodes_[id].slot != kUnset; }

  /// Takes one timer that is due at `now` off the wheel, or nothing. Due timers come in the order
  /// of their milliseconds.
  std::optional<Id> pop(TimePoint now);

  /// No timer fires before this; nullopt when none is set. May be earlier than the first deadline
  /// (by what a cascade needs), then `pop` finds nothing and the next answer is later.
  std::optional<TimePoint> next() const;

 private:
  static constexpr unsigned kLevels = 6;
  static constexpr unsigned kBits = 6;
  static constexpr unsigned kSlots = 1u << kBits;
  static constexpr std::uint64_t kSpan = std::uint64_t{1} << (kLevels * kBits);
  static constexpr std::uint16_t kUnset = 0xffff;

  struct Node {
    Id previous = kNone;
    Id next = kNone;
    std::uint32_t deadline_low = 0;  // milliseconds since start_, lower and upper part
    std::uint16_t deadline_high = 0;
    std::uint16_t slot = kUnset;  // level * kSlots + slot
  };
  static_assert(sizeof(Node) == 16);

  struct Due {
    unsigned slot;
    std::uint64_t at;  // the slot's first millisecond
  };

  void insert(Id id, std::uint64_t deadline);
  void unlink(Id id);
  std::optional<Due> first() const;
  void cascade(unsigned slot);

  std::vector<Node> nodes_;
  std::array<Id, kLevels * kSlots> heads_;
  std::array<Id, kLevels * kSlots> tails_;
  std::array<std::uint64_t, kLevels> occupied_{};  // a bit for each slot that is not empty
  TimePoint start_;
  std::uint64_t elapsed_ = 0;  // milliseconds; everything before it has been popped or cascaded
};

}  // namespace weir::control
