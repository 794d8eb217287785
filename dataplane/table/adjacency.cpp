#include "dataplane/table/adjacency.hpp"

#include <bit>
#include <cstring>

namespace weir {

AdjacencyTable::AdjacencyTable()
    : slots_memory_(std::size_t{kSlots} * sizeof(Adjacency), Pages::small),
      used_memory_(kSlots, Pages::small),
      slots_(static_cast<Adjacency*>(slots_memory_.data())),
      used_(static_cast<std::uint8_t*>(used_memory_.data())) {
  slots_memory_.map_for_reading(0, next_ * sizeof(Adjacency));
}

std::optional<AdjacencyIndex> AdjacencyTable::allocate(std::uint32_t size) {
  const auto log2 = static_cast<unsigned>(std::countr_zero(size));
  if (auto& free = free_[log2]; !free.empty()) {
    const AdjacencyIndex block = free.back();
    free.pop_back();
    return block;
  }
  const std::uint32_t block = (next_ + size - 1) & ~(size - 1);
  if (block + size > kSlots || block + size < block) return std::nullopt;
  next_ = block + size;
  slots_memory_.map_for_reading(std::size_t{block} * sizeof(Adjacency), size * sizeof(Adjacency));
  used_memory_.map_for_reading(block, size);
  return block;
}

void AdjacencyTable::release(AdjacencyIndex block, std::uint32_t size) {
  for (std::uint32_t i = 0; i < size; ++i) {
    // Read before writing: an untouched page must stay the shared zero page.
    if (load(block + i).egress != Egress::unresolved) store(block + i, Adjacency{});
    take_used(block + i);
  }
  free_[std::countr_zero(size)].push_back(block);
}

void AdjacencyTable::store(AdjacencyIndex index, const Adjacency& adjacency) {
  __m128i value;
  std::memcpy(&value, &adjacency, sizeof value);
  store_adjacency(&slots_[index], value);
}

Adjacency AdjacencyTable::load(AdjacencyIndex index) const {
  const __m128i value = load_adjacency(&slots_[index]);
  Adjacency adjacency;
  std::memcpy(static_cast<void*>(&adjacency), &value, sizeof adjacency);
  return adjacency;
}

bool AdjacencyTable::take_used(AdjacencyIndex index) {
  std::uint8_t* mark = &used_[index];
  if (__atomic_load_n(mark, __ATOMIC_RELAXED) == 0) return false;
  __atomic_store_n(mark, std::uint8_t{0}, __ATOMIC_RELAXED);
  return true;
}

}  // namespace weir
