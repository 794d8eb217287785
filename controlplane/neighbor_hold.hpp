// Packets that wait for a neighbour: a queue for each neighbour over one bounded pool. Newest wins:
// a neighbour's ninth packet pushes out its oldest, an interface beyond a quarter of the pool loses
// its own oldest, and when the pool is full the interface that holds most loses its oldest (RFC
// 1122 section 2.3.2.2: keep at least the latest). O(1), but for a full pool: O(interfaces). Not
// thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "controlplane/neighbor.hpp"

namespace weir::control {

/// A neighbour's queue; empty when default-made. Lives in the neighbour's entry.
struct HoldList {
  std::uint32_t head = 0xffffffff;
  std::uint32_t tail = 0xffffffff;
  std::uint32_t size = 0;
};

class HoldPool {
 public:
  using Owner = std::uint32_t;  // the neighbour, in its owner's terms

  /// `total` packets in all, `per_neighbor` in one queue; both at least 1.
  HoldPool(std::uint32_t total, std::uint32_t per_neighbor);

  /// What must go so that one more packet fits `list` of `interface`. Its list is `owner`'s: the
  /// caller calls `take` on that list, discards the packet, and only then pushes.
  std::optional<Owner> victim(const HoldList& list, Owner owner, InterfaceId interface) const;
  /// Needs room: `victim` said nullopt.
  void push(HoldList& list, Owner owner, InterfaceId interface, HeldPacket packet);
  /// The oldest packet of a list that is not empty.
  HeldPacket take(HoldList& list);

  std::uint32_t size() const { return size_; }
  std::uint32_t size(InterfaceId interface) const { return queues_[interface].size; }
  std::uint32_t interface_limit() const { return interface_limit_; }

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  struct Slot {
    HeldPacket packet;
    Owner owner = 0;
    std::uint32_t next = kNone;   // younger one of the same neighbour, or free
    std::uint32_t older = kNone;  // of the same interface
    std::uint32_t younger = kNone;
    InterfaceId interface = 0;
  };

  std::vector<Slot> slots_;
  std::array<HoldList, kMaxInterfaces> queues_{};  // by interface, oldest first
  std::uint32_t free_ = kNone;
  std::uint32_t size_ = 0;
  std::uint32_t per_neighbor_;
  std::uint32_t interface_limit_;
};

}  // namespace weir::control
