#include "controlplane/neighbor_hold.hpp"

#include <algorithm>
#include <cassert>

namespace weir::control {

HoldPool::HoldPool(std::uint32_t total, std::uint32_t per_neighbor)
    : slots_(std::max(total, 1u)),
      per_neighbor_(std::max(per_neighbor, 1u)),
      interface_limit_(std::max(total / 4, 1u)) {
  for (std::uint32_t i = 0; i < slots_.size(); ++i) slots_[i].next = i + 1;
  slots_.back().next = kNone;
  free_ = 0;
}

std::optional<HoldPool::Owner> HoldPool::victim(const HoldList& list, Owner owner,
                                                InterfaceId interface) const {
  if (list.size >= per_neighbor_) return owner;
  if (queues_[interface].size >= interface_limit_) return slots_[queues_[interface].head].owner;
  if (free_ != kNone) return std::nullopt;
  const auto most = std::max_element(queues_.begin(), queues_.end(),
                                     [](auto& a, auto& b) { return a.size < b.size; });
  return slots_[most->head].owner;
}

void HoldPool::push(HoldList& list, Owner owner, InterfaceId interface, HeldPacket packet) {
  assert(free_ != kNone);
  const std::uint32_t index = free_;
  Slot& slot = slots_[index];
  free_ = slot.next;
  HoldList& queue = queues_[interface];
  slot = {packet, owner, kNone, queue.tail, kNone, interface};
  (list.tail == kNone ? list.head : slots_[list.tail].next) = index;
  list.tail = index;
  ++list.size;
  (queue.tail == kNone ? queue.head : slots_[queue.tail].younger) = index;
  queue.tail = index;
  ++queue.size;
  ++size_;
}

HeldPacket HoldPool::take(HoldList& list) {
  assert(list.size > 0);
  const std::uint32_t index = list.head;
  Slot& slot = slots_[index];
  list.head = slot.next;
  if (list.head == kNone) list.tail = kNone;
  --list.size;
  HoldList& queue = queues_[slot.interface];
  (slot.older == kNone ? queue.head : slots_[slot.older].younger) = slot.younger;
  (slot.younger == kNone ? queue.tail : slots_[slot.younger].older) = slot.older;
  --queue.size;
  --size_;
  slot.next = free_;
  free_ = index;
  return slot.packet;
}

}  // namespace weir::control
