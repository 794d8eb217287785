#include "controlplane/rib_store.hpp"

#include <algorithm>
#include <utility>

namespace weir::control {

RibStore::Position RibStore::lower_bound(std::uint64_t bits) const {
  const auto after = std::upper_bound(firsts_.begin(), firsts_.end(), bits);
  if (after == firsts_.begin()) return {};
  Position p{static_cast<std::size_t>(after - firsts_.begin()) - 1, 0};
  const Block& block = blocks_[p.block];
  p.at =
      static_cast<std::size_t>(std::lower_bound(block.begin(), block.end(), bits) - block.begin());
  if (p.at == block.size()) p = {p.block + 1, 0};
  return p;
}

std::uint64_t RibStore::put(RibKey key) {
  Position p = lower_bound(key.identity() << 16);
  if (!at_end(p) && get(p).identity() == key.identity()) {
    const std::uint64_t old = std::exchange(blocks_[p.block][p.at], key.bits);
    if (p.at == 0) firsts_[p.block] = key.bits;
    return old;
  }
  ++size_;
  if (blocks_.empty()) {
    blocks_.emplace_back().reserve(kBlock);
    firsts_.push_back(key.bits);
  }
  // Before a block's first: rather at the end of the block before.
  if (p.at == 0 && p.block > 0) p = {p.block - 1, blocks_[p.block - 1].size()};
  Block& block = blocks_[p.block];
  block.insert(block.begin() + static_cast<std::ptrdiff_t>(p.at), key.bits);
  firsts_[p.block] = block.front();
  if (block.size() < kBlock) return kNone;
  Block upper;
  upper.reserve(kBlock);
  upper.assign(block.begin() + kBlock / 2, block.end());
  block.resize(kBlock / 2);
  const auto next = static_cast<std::ptrdiff_t>(p.block) + 1;
  firsts_.insert(firsts_.begin() + next, upper.front());
  blocks_.insert(blocks_.begin() + next, std::move(upper));
  return kNone;
}

std::uint64_t RibStore::erase(RibKey key) {
  const Position p = lower_bound(key.identity() << 16);
  if (at_end(p) || get(p).identity() != key.identity()) return kNone;
  Block& block = blocks_[p.block];
  const std::uint64_t old = block[p.at];
  --size_;
  block.erase(block.begin() + static_cast<std::ptrdiff_t>(p.at));
  const auto at = static_cast<std::ptrdiff_t>(p.block);
  if (block.empty()) {
    blocks_.erase(blocks_.begin() + at);
    firsts_.erase(firsts_.begin() + at);
    return old;
  }
  firsts_[p.block] = block.front();
  // Small neighbours merge, so that removing most of a table gives its memory back.
  if (p.block + 1 < blocks_.size() && block.size() + blocks_[p.block + 1].size() < kBlock / 2) {
    const Block& next = blocks_[p.block + 1];
    block.insert(block.end(), next.begin(), next.end());
    blocks_.erase(blocks_.begin() + at + 1);
    firsts_.erase(firsts_.begin() + at + 1);
  }
  return old;
}

void RibStore::assign(std::span<const std::uint64_t> sorted) {
  constexpr std::size_t kFill = kBlock / 4 * 3;  // room for later changes
  blocks_.clear();
  firsts_.clear();
  size_ = sorted.size();
  for (std::size_t at = 0; at < sorted.size(); at += kFill) {
    const auto part = sorted.subspan(at, std::min(kFill, sorted.size() - at));
    Block& block = blocks_.emplace_back();
    block.reserve(kBlock);
    block.assign(part.begin(), part.end());
    firsts_.push_back(part.front());
  }
}

std::size_t RibStore::memory_bytes() const {
  std::size_t bytes =
      blocks_.capacity() * sizeof(Block) + firsts_.capacity() * sizeof(std::uint64_t);
  for (const Block& block : blocks_) bytes += block.capacity() * sizeof(std::uint64_t);
  return bytes;
}

}  // namespace weir::control
