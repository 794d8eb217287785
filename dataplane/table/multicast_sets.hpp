// Who gets a multicast group: sets of a bridge's members, by the index that the group's entry in
// the FDB holds. Readers are lock-free (one 64-bit load); one writer, the control thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace weir {

class MulticastSets {
 public:
  static constexpr std::uint32_t kSets = 16384;

  MulticastSets() : sets_(std::make_unique<std::atomic<std::uint64_t>[]>(kSets)) {}

  /// An empty set; nullopt: all are in use.
  std::optional<std::uint16_t> allocate() {
    if (!free_.empty()) {
      const std::uint16_t index = free_.back();
      free_.pop_back();
      store(index, 0);
      return index;
    }
    if (next_ == kSets) return std::nullopt;
    return static_cast<std::uint16_t>(next_++);
  }
  /// No entry names it any more. A worker that still holds the index sends to nobody, or to the
  /// next group's members: a burst at most.
  void release(std::uint16_t index) {
    store(index, 0);
    free_.push_back(index);
  }
  void store(std::uint16_t index, std::uint64_t members) {
    sets_[index].store(members, std::memory_order_relaxed);
  }
  std::uint64_t load(std::uint16_t index) const {
    return sets_[index & (kSets - 1)].load(std::memory_order_relaxed);
  }

 private:
  std::unique_ptr<std::atomic<std::uint64_t>[]> sets_;
  std::vector<std::uint16_t> free_;
  std::uint32_t next_ = 0;
};

}  // namespace weir
