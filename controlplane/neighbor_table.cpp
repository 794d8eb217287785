#include "controlplane/neighbor_table.hpp"

#include <algorithm>
#include <bit>
#include <cassert>

namespace weir::control {

NeighborTable::NeighborTable(std::uint32_t capacity, std::uint64_t seed)
    : buckets_(std::bit_ceil(std::max(capacity, 16u)), kNone), capacity_(capacity), seed_(seed) {
  slab_.reserve(capacity);
}

std::size_t NeighborTable::bucket(InterfaceId interface, Ipv4Address ip) const {
  // Keyed, so that nobody can choose addresses that share a bucket (the mixing is MurmurHash3's).
  std::uint64_t h = (std::uint64_t{interface} << 32 | ip.value()) ^ seed_;
  h = (h ^ h >> 33) * 0xff51afd7ed558ccdULL;
  h = (h ^ seed_ ^ h >> 33) * 0xc4ceb9fe1a85ec53ULL;
  return static_cast<std::size_t>(h >> 33) & (buckets_.size() - 1);
}

NeighborTable::Id NeighborTable::find(InterfaceId interface, Ipv4Address ip) const {
  Id id = buckets_[bucket(interface, ip)];
  while (id != kNone && (slab_[id].ip != ip || slab_[id].interface != interface))
    id = slab_[id].hash_next;
  return id;
}

NeighborTable::Id NeighborTable::add(InterfaceId interface, Ipv4Address ip, NeighborClass on_list) {
  assert(find(interface, ip) == kNone);
  Id id = free_;
  if (id != kNone) {
    free_ = slab_[id].hash_next;
    slab_[id] = {};
  } else if (slab_.size() < capacity_) {
    id = static_cast<Id>(slab_.size());
    slab_.emplace_back();
  } else {
    return kNone;
  }
  Neighbor& entry = slab_[id];
  entry.ip = ip;
  entry.interface = interface;
  Id& head = buckets_[bucket(interface, ip)];
  entry.hash_next = head;
  head = id;
  link(id, on_list);
  return id;
}

void NeighborTable::remove(Id id) {
  Neighbor& entry = slab_[id];
  assert(entry.hold.size == 0);
  Id* link_to = &buckets_[bucket(entry.interface, entry.ip)];
  while (*link_to != id) link_to = &slab_[*link_to].hash_next;
  *link_to = entry.hash_next;
  unlink(id);
  entry.hash_next = free_;
  free_ = id;
}

void NeighborTable::move(Id id, NeighborClass to) {
  unlink(id);
  link(id, to);
}

void NeighborTable::link(Id id, NeighborClass c) {
  Neighbor& entry = slab_[id];
  entry.on_list = c;
  List& l = list(entry.interface, c);
  entry.older = l.tail;
  entry.younger = kNone;
  (l.tail == kNone ? l.head : slab_[l.tail].younger) = id;
  l.tail = id;
  ++l.size;
  ++totals_[static_cast<std::size_t>(c)];
}

void NeighborTable::unlink(Id id) {
  Neighbor& entry = slab_[id];
  List& l = list(entry.interface, entry.on_list);
  (entry.older == kNone ? l.head : slab_[entry.older].younger) = entry.younger;
  (entry.younger == kNone ? l.tail : slab_[entry.younger].older) = entry.older;
  --l.size;
  --totals_[static_cast<std::size_t>(entry.on_list)];
}

std::uint32_t NeighborTable::resolved() const {
  return count(NeighborClass::unverified) + count(NeighborClass::verified) +
         count(NeighborClass::permanent);
}

std::uint32_t NeighborTable::learnt(InterfaceId interface) const {
  return count(interface, NeighborClass::unverified) + count(interface, NeighborClass::verified);
}

InterfaceId NeighborTable::most(NeighborClass c) const {
  InterfaceId best = kMaxInterfaces;
  std::uint32_t best_size = 0;
  for (InterfaceId i = 0; i < kMaxInterfaces; ++i) {
    const std::uint32_t size = c == NeighborClass::failed ? count(i, c) : learnt(i);
    if (count(i, c) == 0 || size <= best_size) continue;
    best = i;
    best_size = size;
  }
  return best;
}

}  // namespace weir::control
