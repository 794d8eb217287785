#include "dataplane/table/prefix_store.hpp"

#include <algorithm>
#include <utility>

namespace weir {

std::size_t PrefixStore::Table::home(std::uint32_t network) const {
  // Two rounds of multiply and fold (after Steele and Vigna's SplitMix64): networks of one length
  // differ in few bits, always the high ones.
  std::uint64_t hash = network * 0x9e3779b97f4a7c15ULL;
  hash = (hash ^ hash >> 32) * 0xbf58476d1ce4e5b9ULL;
  return (hash ^ hash >> 32) & mask();
}

std::size_t PrefixStore::Table::probe(std::uint32_t network) const {
  std::size_t i = home(network);
  while (slots[i].next_hop != kEmpty && slots[i].network != network) i = (i + 1) & mask();
  return i;
}

void PrefixStore::Table::grow(std::size_t capacity) {
  Table larger;
  larger.slots.resize(capacity);
  larger.used = used;
  for (const Slot& slot : slots) {
    if (slot.next_hop != kEmpty) larger.slots[larger.probe(slot.network)] = slot;
  }
  *this = std::move(larger);
}

NextHopId* PrefixStore::find(Ipv4Prefix prefix) {
  return const_cast<NextHopId*>(std::as_const(*this).find(prefix));
}

const NextHopId* PrefixStore::find(Ipv4Prefix prefix) const {
  const Table& table = tables_[prefix.length()];
  if (table.used == 0) return nullptr;
  const Slot& slot = table.slots[table.probe(prefix.network().value())];
  return slot.next_hop == kEmpty ? nullptr : &slot.next_hop;
}

void PrefixStore::reserve(unsigned length, std::size_t more) {
  Table& table = tables_[length];
  const std::size_t wanted = table.used + more;
  if (wanted * 4 <= table.slots.size() * 3) return;
  table.grow(std::max<std::size_t>(16, std::bit_ceil((wanted * 4 + 2) / 3)));
}

void PrefixStore::insert(Ipv4Prefix prefix, NextHopId next_hop) noexcept {
  Table& table = tables_[prefix.length()];
  const std::uint32_t network = prefix.network().value();
  table.slots[table.probe(network)] = {network, next_hop};
  ++table.used;
  ++size_;
  lengths_ |= std::uint64_t{1} << prefix.length();
}

bool PrefixStore::erase(Ipv4Prefix prefix) noexcept {
  Table& table = tables_[prefix.length()];
  if (table.used == 0) return false;
  std::size_t hole = table.probe(prefix.network().value());
  if (table.slots[hole].next_hop == kEmpty) return false;
  // Close the hole: pull back each follower whose home is not behind the hole (Knuth 6.4 R).
  const std::size_t mask = table.mask();
  for (std::size_t i = (hole + 1) & mask; table.slots[i].next_hop != kEmpty; i = (i + 1) & mask) {
    const std::size_t displacement = (i - table.home(table.slots[i].network)) & mask;
    if (displacement >= ((i - hole) & mask)) {
      table.slots[hole] = table.slots[i];
      hole = i;
    }
  }
  table.slots[hole] = {};
  --size_;
  if (--table.used == 0) {
    table = {};
    lengths_ &= ~(std::uint64_t{1} << prefix.length());
  }
  return true;
}

std::optional<FibRoute> PrefixStore::longest_match(Ipv4Address address, unsigned limit) const {
  std::uint64_t candidates = lengths_ & ((std::uint64_t{1} << limit) - 1);
  while (candidates != 0) {
    const auto length = static_cast<unsigned>(std::bit_width(candidates)) - 1;
    const Ipv4Prefix prefix{address, length};
    if (const NextHopId* next_hop = find(prefix)) return FibRoute{prefix, *next_hop};
    candidates &= ~(std::uint64_t{1} << length);
  }
  return std::nullopt;
}

void PrefixStore::prefetch(Ipv4Prefix prefix) const {
  const Table& table = tables_[prefix.length()];
  if (!table.slots.empty()) {
    __builtin_prefetch(&table.slots[table.home(prefix.network().value())], 1);
  }
}

std::size_t PrefixStore::memory_bytes() const {
  std::size_t bytes = 0;
  for (const Table& table : tables_) bytes += table.slots.capacity() * sizeof(Slot);
  return bytes;
}

}  // namespace weir
