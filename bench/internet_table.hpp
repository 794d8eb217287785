// Tables for measurements that look like the Internet's: the same from the same seed, everywhere.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "dataplane/net/ipv4.hpp"

namespace weir::bench {

/// Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
class SplitMix64 {
 public:
  explicit SplitMix64(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15ULL;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
    return z ^ z >> 31;
  }
  /// Below `limit` > 0.
  std::uint32_t below(std::uint32_t limit) {
    return static_cast<std::uint32_t>((next() >> 32) * limit >> 32);
  }

 private:
  std::uint64_t state_;
};

/// A random address from 1.0.0.0 to 223.255.255.255.
inline std::uint32_t random_unicast(SplitMix64& random) {
  return 0x01000000 + random.below(0xdf000000);
}

/// Whether a prefix has nothing to do in the Internet's table (RFC 6890).
inline bool is_special_purpose(Ipv4Prefix prefix) {
  static constexpr std::array<Ipv4Prefix, 8> kSpecial = {
      Ipv4Prefix{{10, 0, 0, 0}, 8}, {{100, 64, 0, 0}, 10}, {{127, 0, 0, 0}, 8},
      {{169, 254, 0, 0}, 16},       {{172, 16, 0, 0}, 12}, {{192, 0, 0, 0}, 22},
      {{192, 168, 0, 0}, 16},       {{198, 18, 0, 0}, 15},
  };
  return std::any_of(kSpecial.begin(), kSpecial.end(), [&](const Ipv4Prefix& special) {
    return special.contains(prefix) || prefix.contains(special);
  });
}

/// Different prefixes a million, by length: the mix of today's default-free zone, where three in
/// five are /24 and next to nothing is longer. The /24s take what the others leave.
inline constexpr std::array<std::pair<unsigned, std::uint32_t>, 17> kInternetMix = {{
    {8, 16},
    {9, 13},
    {10, 40},
    {11, 100},
    {12, 300},
    {13, 600},
    {14, 1'200},
    {15, 2'100},
    {16, 13'400},
    {17, 8'300},
    {18, 14'000},
    {19, 25'000},
    {20, 45'000},
    {21, 53'000},
    {22, 112'000},
    {23, 104'000},
    {24, 0},
}};

/// `count` different prefixes of that mix in random order. Their places are uniformly random, which
/// is harder on caches than the real table's clusters.
inline std::vector<Ipv4Prefix> internet_table(std::size_t count, std::uint64_t seed) {
  SplitMix64 random{seed};
  std::vector<Ipv4Prefix> table;
  std::vector<Ipv4Prefix> same;
  table.reserve(count);
  for (const auto& [length, per_million] : kInternetMix) {
    const std::size_t wanted =
        length == 24 ? count - table.size() : count * per_million / 1'000'000;
    same.clear();
    while (same.size() < wanted) {
      while (same.size() < wanted) {
        const Ipv4Prefix prefix{Ipv4Address{random_unicast(random)}, length};
        if (!is_special_purpose(prefix)) same.push_back(prefix);
      }
      std::sort(same.begin(), same.end());
      same.erase(std::unique(same.begin(), same.end()), same.end());
    }
    table.insert(table.end(), same.begin(), same.end());
  }
  for (std::size_t i = table.size(); i > 1; --i) {  // Fisher and Yates
    std::swap(table[i - 1], table[random.below(static_cast<std::uint32_t>(i))]);
  }
  return table;
}

/// `count` random unicast destinations in host byte order.
inline std::vector<std::uint32_t> random_destinations(std::size_t count, std::uint64_t seed) {
  SplitMix64 random{seed};
  std::vector<std::uint32_t> destinations(count);
  for (std::uint32_t& destination : destinations) destination = random_unicast(random);
  return destinations;
}

}  // namespace weir::bench
