#include "dataplane/table/adjacency.hpp"

#include <bit>
#include <cstring>

namespace weir {
namespace {

constexpr std::uint32_t kPage = 4096;

}  // namespace

SlotBytes::SlotBytes(std::uint32_t slots)
    : memory_(slots, Pages::small), bytes_(static_cast<std::uint8_t*>(memory_.data())) {}

/// Whole pages go back to the system; what is smaller, or may not, is cleared.
void SlotBytes::clear(AdjacencyIndex block, std::uint32_t size) {
  if (size >= kPage && memory_.discard(block, size)) return;
  // Reads before it writes: an untouched page must stay the shared zero page.
  for (std::uint32_t i = 0; i < size; ++i)
    if (get(block + i) != 0) set(block + i, 0);
}

AdjacencyTable::AdjacencyTable()
    : slots_memory_(std::size_t{kSlots} * sizeof(Adjacency), Pages::transparent),
      slots_(static_cast<Adjacency*>(slots_memory_.data())),
      used_(kSlots),
      marks_(kSlots),
      claims_(kSlots) {
  slots_memory_.map_for_reading(0, next_ * sizeof(Adjacency));
}

std::optional<AdjacencyIndex> AdjacencyTable::allocate(std::uint32_t size) {
  const auto log2 = static_cast<unsigned>(std::countr_zero(size));
  auto block = take_free(log2);
  if (!block && grow(size)) block = take_free(log2);
  if (!block) return std::nullopt;
  slots_memory_.map_for_reading(std::size_t{*block} * sizeof(Adjacency), size * sizeof(Adjacency));
  for (SlotBytes* bytes : {&used_, &marks_, &claims_}) bytes->map(*block, size);
  return block;
}

/// The smallest free block of at least 2^log2 slots, halved as often as need be.
std::optional<AdjacencyIndex> AdjacencyTable::take_free(unsigned log2) {
  unsigned found = log2;
  while (found < kSizes && free_[found].empty()) ++found;
  if (found == kSizes) return std::nullopt;
  const AdjacencyIndex block = free_[found].back();
  free_[found].pop_back();
  while (found > log2) {
    --found;
    free_[found].push_back(block + (1u << found));
  }
  return block;
}

/// Adds a block of `size` to the free ones, and the smaller ones that lie before it.
bool AdjacencyTable::grow(std::uint32_t size) {
  const std::uint32_t block = (next_ + size - 1) & ~(size - 1);
  if (block > kSlots - size) return false;
  while (next_ < block) {
    const auto log2 = static_cast<unsigned>(std::countr_zero(next_));
    free_[log2].push_back(next_);
    next_ += 1u << log2;
  }
  free_[std::countr_zero(size)].push_back(block);
  next_ = block + size;
  return true;
}

void AdjacencyTable::release(AdjacencyIndex block, std::uint32_t size) {
  for (SlotBytes* bytes : {&used_, &marks_, &claims_}) bytes->clear(block, size);
  // A part of a huge page would split it.
  const std::size_t least = slots_memory_.pages() == Pages::small ? kPage : HugeRegion::kAlignment;
  if (size < least / sizeof(Adjacency) ||
      !slots_memory_.discard(std::size_t{block} * sizeof(Adjacency), size * sizeof(Adjacency)))
    for (std::uint32_t i = 0; i < size; ++i) clear(block + i);
  free_[std::countr_zero(size)].push_back(block);
}

/// Reads before it writes: an untouched page must stay the shared zero page.
void AdjacencyTable::clear(AdjacencyIndex index) {
  const __m128i value = load_adjacency(&slots_[index]);
  if (_mm_movemask_epi8(_mm_cmpeq_epi8(value, _mm_setzero_si128())) != 0xffff)
    store(index, Adjacency{});
}

void AdjacencyTable::store(AdjacencyIndex index, const Adjacency& adjacency) {
  __m128i value;
  std::memcpy(&value, &adjacency, sizeof value);
  store_adjacency(&slots_[index], value);
  const bool known = is_interface(adjacency.egress) || adjacency.egress == Egress::failed;
  if (known != ((mark(index) & kKnown) != 0))
    __atomic_fetch_xor(&marks_.data()[index], kKnown, __ATOMIC_RELAXED);
}

void AdjacencyTable::expect_answers(AdjacencyIndex index) {
  std::uint8_t now = mark(index);
  while (!__atomic_compare_exchange_n(&marks_.data()[index], &now,
                                      static_cast<std::uint8_t>((now & kKnown) | kAnswersEach),
                                      true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
}

bool AdjacencyTable::take_answer(AdjacencyIndex index, unsigned leave) const {
  std::uint8_t now = mark(index);
  while ((now & kAnswers) > leave)
    if (__atomic_compare_exchange_n(&marks_.data()[index], &now, static_cast<std::uint8_t>(now - 1),
                                    true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
      return true;
  return false;
}

Adjacency AdjacencyTable::load(AdjacencyIndex index) const {
  const __m128i value = load_adjacency(&slots_[index]);
  Adjacency adjacency;
  std::memcpy(static_cast<void*>(&adjacency), &value, sizeof adjacency);
  return adjacency;
}

bool AdjacencyTable::take_used(AdjacencyIndex index) {
  if (used_.get(index) == 0) return false;
  used_.set(index, 0);
  return true;
}

}  // namespace weir
