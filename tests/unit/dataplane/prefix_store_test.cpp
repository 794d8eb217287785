#include "dataplane/table/prefix_store.hpp"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>
#include <vector>

namespace weir {
namespace {

using Model = std::map<Ipv4Prefix, NextHopId>;

Model contents(const PrefixStore& store) {
  Model all;
  store.for_each([&](const FibRoute& route) {
    EXPECT_TRUE(all.emplace(route.prefix, route.next_hop).second) << route.prefix.to_string();
  });
  return all;
}

void put(PrefixStore& store, Ipv4Prefix prefix, NextHopId next_hop) {
  if (NextHopId* known = store.find(prefix)) {
    *known = next_hop;
    return;
  }
  store.reserve(prefix.length(), 1);
  store.insert(prefix, next_hop);
}

TEST(PrefixStore, IsAMapUnderRandomChanges) {
  std::mt19937_64 random{1};
  PrefixStore store;
  Model model;
  for (int step = 0; step < 100'000; ++step) {
    // 0.0.0.0/0 too; few enough networks that removals meet what is there.
    const auto length = static_cast<unsigned>(random() % 33);
    const Ipv4Prefix prefix{Ipv4Address{static_cast<std::uint32_t>(random() % 4096 * 0x00100801)},
                            length};
    if (random() % 2 == 0) {
      const NextHopId next_hop{static_cast<std::uint32_t>(random() % 1000)};
      put(store, prefix, next_hop);
      model[prefix] = next_hop;
    } else {
      ASSERT_EQ(store.erase(prefix), model.erase(prefix) == 1) << prefix.to_string();
    }
    const NextHopId* const found = store.find(prefix);
    const auto expected = model.find(prefix);
    ASSERT_EQ(found != nullptr, expected != model.end());
    if (found != nullptr) {
      ASSERT_EQ(*found, expected->second);
    }
    ASSERT_EQ(store.size(), model.size());
    if (step % 10'000 == 0) {
      ASSERT_EQ(contents(store), model);
    }
  }
  EXPECT_EQ(contents(store), model);
}

TEST(PrefixStore, VisitsShorterPrefixesFirst) {
  PrefixStore store;
  for (const unsigned length : {24u, 8u, 32u, 0u, 16u, 25u}) {
    put(store, {Ipv4Address(10, 0, 0, 0), length}, NextHopId{length});
  }
  std::vector<unsigned> lengths;
  store.for_each([&](const FibRoute& route) { lengths.push_back(route.prefix.length()); });
  EXPECT_EQ(lengths, (std::vector<unsigned>{0, 8, 16, 24, 25, 32}));
}

TEST(PrefixStore, FindsTheLongestMatchBelowALimit) {
  PrefixStore store;
  const Ipv4Address host(10, 1, 2, 3);
  for (const unsigned length : {0u, 8u, 24u, 32u}) put(store, {host, length}, NextHopId{length});
  put(store, {Ipv4Address(10, 2, 0, 0), 16}, NextHopId{16});
  const auto length_of = [&](Ipv4Address address, unsigned limit) {
    const auto match = store.longest_match(address, limit);
    return match ? static_cast<int>(match->prefix.length()) : -1;
  };
  EXPECT_EQ(length_of(host, 33), 32);
  EXPECT_EQ(length_of(host, 32), 24);
  EXPECT_EQ(length_of(host, 24), 8);
  EXPECT_EQ(length_of(host, 8), 0);
  EXPECT_EQ(length_of(host, 0), -1);
  EXPECT_EQ(length_of(Ipv4Address(10, 1, 2, 4), 33), 24);
  EXPECT_EQ(length_of(Ipv4Address(10, 2, 2, 3), 33), 16);
  EXPECT_EQ(length_of(Ipv4Address(255, 255, 255, 255), 33), 0);
}

TEST(PrefixStore, KeepsItsPromiseAboutMemory) {
  PrefixStore store;
  EXPECT_EQ(store.memory_bytes(), 0u);
  constexpr std::uint32_t kCount = 100'000;
  for (std::uint32_t i = 0; i < kCount; ++i) {
    put(store, {Ipv4Address{i << 8}, 24}, NextHopId{1});
    if (i >= 16) {
      ASSERT_LE(store.memory_bytes(), std::size_t{22} * (i + 1)) << i;
    }
  }
  store.reserve(24, kCount);
  const std::size_t reserved = store.memory_bytes();
  for (std::uint32_t i = 0; i < kCount; ++i) {
    store.insert({Ipv4Address{(kCount + i) << 8}, 24}, NextHopId{1});
  }
  EXPECT_EQ(store.memory_bytes(), reserved);
  for (std::uint32_t i = 0; i < 2 * kCount; ++i) store.erase({Ipv4Address{i << 8}, 24});
  EXPECT_EQ(store.size(), 0u);
  EXPECT_EQ(store.memory_bytes(), 0u);
}

}  // namespace
}  // namespace weir
