// The last records of a journal's table. Ids count up from 1 and are the order of things; of the
// wall clock's times, which jump when it is set, only that each record has its own.
//
// Bound: `capacity` records, the oldest go and are counted by the ids. Memory comes in pieces of
// kPiece records, when the first of them is written, and stays: a router where nothing changes pays
// for the pieces' pointers. Nothing is moved once it is written. One thread; JournalCopy takes a
// copy to another one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "controlplane/instant.hpp"

namespace weir::control {

template <class Record>
class JournalRing {
 public:
  static constexpr std::size_t kPiece = 1024;

  /// Before `start` nothing is known.
  JournalRing(std::size_t capacity, std::int64_t start)
      : capacity_(std::max<std::size_t>(capacity, 1)), floor_(start) {}

  /// Returns its id.
  std::uint64_t put(const Record& record) {
    const auto slot = static_cast<std::size_t>(newest_ % capacity_);
    if (slot / kPiece >= pieces_.size())
      pieces_.push_back(std::make_unique<Record[]>(std::min(kPiece, capacity_ - slot)));
    Record& place = pieces_[slot / kPiece][slot % kPiece];
    if (newest_ >= capacity_) floor_ = place.realtime;
    place = record;
    return ++newest_;
  }

  /// The first that is kept; newest() + 1 when there is none.
  std::uint64_t oldest() const { return newest_ < capacity_ ? 1 : newest_ - capacity_ + 1; }
  std::uint64_t newest() const { return newest_; }
  std::size_t size() const { return static_cast<std::size_t>(newest_ + 1 - oldest()); }
  /// oldest() <= id <= newest().
  const Record& operator[](std::uint64_t id) const {
    const auto slot = static_cast<std::size_t>((id - 1) % capacity_);
    return pieces_[slot / kPiece][slot % kPiece];
  }
  /// The time of the last record that went, or of the start: from then on everything is known.
  std::int64_t floor() const { return floor_; }
  std::size_t memory_bytes() const {
    return std::min(pieces_.size() * kPiece, capacity_) * sizeof(Record);
  }

 private:
  std::size_t capacity_;
  std::int64_t floor_;
  std::uint64_t newest_ = 0;
  std::vector<std::unique_ptr<Record[]>> pieces_;
};

/// The records of a ring as they were at one moment, copied in portions so that the ring's thread
/// is never kept long. What is overwritten between two portions is missing, at the old end only.
template <class Record>
class JournalCopy {
 public:
  /// On the ring's thread: the newest is what it is now. The first `take` is to follow at once.
  void begin(const JournalRing<Record>& ring) {
    newest_ = next_ = ring.newest();
    floor_ = ring.floor();
  }
  /// On the ring's thread: takes up to `portion` records, going back. False: that was all.
  bool take(const JournalRing<Record>& ring, std::size_t portion) {
    const std::uint64_t oldest = ring.oldest();
    for (; portion > 0 && next_ >= oldest; --portion) records_.push_back(ring[next_--]);
    if (next_ >= oldest) return true;
    floor_ = ring.floor();
    if (next_ + 1 < oldest && !records_.empty()) {
      // What came just before the last one taken is gone: that one's own time is what is left.
      floor_ = records_.back().realtime;
      records_.pop_back();
      ++next_;
    }
    return false;
  }

  /// Ids of those taken: oldest() to newest(), none when that is less.
  std::uint64_t oldest() const { return next_ + 1; }
  std::uint64_t newest() const { return newest_; }
  std::int64_t floor() const { return floor_; }
  const Record& operator[](std::uint64_t id) const {
    return records_[static_cast<std::size_t>(newest_ - id)];
  }

 private:
  std::vector<Record> records_;  // newest first
  std::uint64_t newest_ = 0, next_ = 0;
  std::int64_t floor_ = 0;
};

}  // namespace weir::control
