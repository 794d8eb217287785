// The RIB's memory: routes as sorted 64-bit integers (network, length, rank, target) in blocks of
// at most 512. In order, 8 to 11 bytes a route, about 0.3 us to find or change one among a million.
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/net/ipv4.hpp"

namespace weir::control {

/// One route: sorted by prefix, then by rank, of which there is at most one each.
struct RibKey {
  std::uint64_t bits = 0;

  RibKey() = default;
  RibKey(Ipv4Prefix prefix, std::uint8_t rank, std::uint16_t target)
      : bits(std::uint64_t{prefix.network().value()} << 32 | std::uint64_t{prefix.length()} << 24 |
             std::uint64_t{rank} << 16 | target) {}
  explicit RibKey(std::uint64_t b) : bits(b) {}

  Ipv4Prefix prefix() const {
    return {Ipv4Address{static_cast<std::uint32_t>(bits >> 32)},
            static_cast<unsigned>(bits >> 24 & 0xff)};
  }
  std::uint8_t rank() const { return static_cast<std::uint8_t>(bits >> 16); }
  std::uint16_t target() const { return static_cast<std::uint16_t>(bits); }
  /// Equal for routes of one prefix.
  std::uint64_t group() const { return bits >> 24; }
  /// Equal for routes of one prefix and rank: the identity.
  std::uint64_t identity() const { return bits >> 16; }

  friend bool operator==(const RibKey&, const RibKey&) = default;
};
static_assert(sizeof(RibKey) == 8);

class RibStore {
 public:
  static constexpr std::size_t kBlock = 512;

  /// A place in the order; invalid after a change.
  struct Position {
    std::size_t block = 0;
    std::size_t at = 0;
  };

  /// The first route whose bits are not below `bits`.
  Position lower_bound(std::uint64_t bits) const;
  bool at_end(Position p) const { return p.block == blocks_.size(); }
  RibKey get(Position p) const { return RibKey{blocks_[p.block][p.at]}; }
  void advance(Position& p) const {
    if (++p.at < blocks_[p.block].size()) return;
    ++p.block;
    p.at = 0;
  }

  /// Puts the route in place of the one with its identity, if there is one, and returns that.
  /// `bits` 0xffff...: there was none.
  static constexpr std::uint64_t kNone = ~std::uint64_t{0};
  std::uint64_t put(RibKey key);
  /// Takes the route with this identity out; what it was, or kNone.
  std::uint64_t erase(RibKey key);

  /// Takes sorted routes in place of everything.
  void assign(std::span<const std::uint64_t> sorted);
  std::size_t size() const { return size_; }
  std::size_t memory_bytes() const;

 private:
  using Block = std::vector<std::uint64_t>;  // never empty

  std::vector<Block> blocks_;
  std::vector<std::uint64_t> firsts_;  // each block's first, for the search
  std::size_t size_ = 0;
};

}  // namespace weir::control
