#include "controlplane/neighbor_timers.hpp"

#include <algorithm>
#include <bit>
#include <cassert>

namespace weir::control {

using std::chrono::milliseconds;

TimerWheel::TimerWheel(Id ids, TimePoint start) : nodes_(ids), start_(start) {
  heads_.fill(kNone);
  tails_.fill(kNone);
}

void TimerWheel::set(Id id, TimePoint deadline) {
  cancel(id);
  const auto distance = std::max(deadline - start_, Duration{0});
  insert(id, static_cast<std::uint64_t>(std::chrono::ceil<milliseconds>(distance).count()));
}

void TimerWheel::insert(Id id, std::uint64_t deadline) {
  deadline = std::clamp(deadline, elapsed_, elapsed_ + kSpan / kSlots * (kSlots - 1));
  // The level of the highest digit in which deadline and present differ.
  const std::uint64_t differing = (deadline ^ elapsed_) | 1;
  const unsigned level =
      std::min((static_cast<unsigned>(std::bit_width(differing)) - 1) / kBits, kLevels - 1);
  const unsigned slot =
      level * kSlots + static_cast<unsigned>(deadline >> (level * kBits) & (kSlots - 1));
  Node& node = nodes_[id];
  node.deadline_low = static_cast<std::uint32_t>(deadline);
  node.deadline_high = static_cast<std::uint16_t>(deadline >> 32);
  node.slot = static_cast<std::uint16_t>(slot);
  node.next = kNone;
  node.previous = tails_[slot];
  (node.previous == kNone ? heads_[slot] : nodes_[node.previous].next) = id;
  tails_[slot] = id;
  occupied_[level] |= std::uint64_t{1} << (slot % kSlots);
}

void TimerWheel::cancel(Id id) {
  if (is_set(id)) unlink(id);
}

void TimerWheel::unlink(Id id) {
  Node& node = nodes_[id];
  const unsigned slot = node.slot;
  (node.previous == kNone ? heads_[slot] : nodes_[node.previous].next) = node.next;
  (node.next == kNone ? tails_[slot] : nodes_[node.next].previous) = node.previous;
  if (heads_[slot] == kNone) occupied_[slot / kSlots] &= ~(std::uint64_t{1} << (slot % kSlots));
  node.slot = kUnset;
}

std::optional<TimerWheel::Due> TimerWheel::first() const {
  for (unsigned level = 0; level < kLevels; ++level) {
    if (occupied_[level] == 0) continue;
    const unsigned shift = level * kBits;
    const unsigned now = static_cast<unsigned>(elapsed_ >> shift & (kSlots - 1));
    const auto ahead =
        static_cast<unsigned>(std::countr_zero(std::rotr(occupied_[level], static_cast<int>(now))));
    // On the top level the wheel may have turned past its last slot.
    const std::uint64_t at = ((elapsed_ >> shift) + ahead) << shift;
    return Due{level * kSlots + (now + ahead) % kSlots, std::max(at, elapsed_)};
  }
  return std::nullopt;
}

void TimerWheel::cascade(unsigned slot) {
  Id id = heads_[slot];
  heads_[slot] = tails_[slot] = kNone;
  occupied_[slot / kSlots] &= ~(std::uint64_t{1} << (slot % kSlots));
  while (id != kNone) {
    const Id next = nodes_[id].next;
    insert(id, std::uint64_t{nodes_[id].deadline_high} << 32 | nodes_[id].deadline_low);
    id = next;
  }
}

std::optional<TimerWheel::Id> TimerWheel::pop(TimePoint now) {
  const auto present = static_cast<std::uint64_t>(
      std::chrono::floor<milliseconds>(std::max(now - start_, Duration{0})).count());
  while (const auto due = first()) {
    if (due->at > present) break;
    elapsed_ = std::max(elapsed_, due->at);
    if (due->slot < kSlots) {
      const Id id = heads_[due->slot];
      unlink(id);
      return id;
    }
    cascade(due->slot);
  }
  // Nothing due: what is left lies after the present, and stays where it is.
  if (!first() || first()->at > present) elapsed_ = std::max(elapsed_, present);
  return std::nullopt;
}

std::optional<TimePoint> TimerWheel::next() const {
  const auto due = first();
  if (!due) return std::nullopt;
  return start_ + milliseconds{due->at};
}

}  // namespace weir::control
