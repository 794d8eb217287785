#include "dataplane/table/fib.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

namespace weir {
namespace {

constexpr std::uint32_t raw(NextHopId id) { return static_cast<std::uint32_t>(id); }

FibOptions small_table(std::uint32_t groups = 512) {
  return {.groups = groups, .pages = Pages::transparent, .prefault = false};
}

Ipv4Prefix prefix(std::uint32_t address, unsigned length) { return {Ipv4Address{address}, length}; }

/// A list, searched from end to end.
class NaiveTable {
 public:
  FibChange add(Ipv4Prefix prefix, NextHopId next_hop) {
    for (FibRoute& route : routes_) {
      if (route.prefix != prefix) continue;
      if (route.next_hop == next_hop) return FibChange::unchanged;
      route.next_hop = next_hop;
      return FibChange::replaced;
    }
    routes_.push_back({prefix, next_hop});
    return FibChange::added;
  }

  FibChange remove(Ipv4Prefix prefix) {
    const auto gone = std::erase_if(routes_, [&](const FibRoute& r) { return r.prefix == prefix; });
    return gone == 0 ? FibChange::not_found : FibChange::removed;
  }

  std::optional<FibRoute> longest_match(Ipv4Address address) const {
    std::optional<FibRoute> best;
    for (const FibRoute& route : routes_) {
      if (!route.prefix.contains(address)) continue;
      if (!best || route.prefix.length() > best->prefix.length()) best = route;
    }
    return best;
  }

  NextHopId lookup(std::uint32_t address) const {
    const auto best = longest_match(Ipv4Address{address});
    return best ? best->next_hop : kDefaultNextHop;
  }

  std::vector<FibRoute> sorted() const {
    std::vector<FibRoute> routes = routes_;
    std::sort(routes.begin(), routes.end(),
              [](const FibRoute& a, const FibRoute& b) { return a.prefix < b.prefix; });
    return routes;
  }

  const std::vector<FibRoute>& routes() const { return routes_; }

 private:
  std::vector<FibRoute> routes_;
};

std::vector<FibRoute> sorted(const Fib& fib) {
  std::vector<FibRoute> routes;
  fib.for_each([&](const FibRoute& route) { routes.push_back(route); });
  std::sort(routes.begin(), routes.end(),
            [](const FibRoute& a, const FibRoute& b) { return a.prefix < b.prefix; });
  return routes;
}

/// Prefixes that nearly all overlap: in and around eight neighbouring /24s.
class DensePrefixes {
 public:
  static constexpr std::uint32_t kBase = 0xc0a83800;  // 192.168.56.0, at an odd multiple of 2048

  explicit DensePrefixes(std::uint64_t seed) : random_(seed) {}

  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_() % limit); }

  Ipv4Prefix next() {
    const std::uint32_t address = kBase + below(8 * 256);
    // The shortest ones rewrite millions of words: each half as often as the next longer one.
    const unsigned kind = below(100);
    if (kind < 2) {
      return prefix(address, 8 - static_cast<unsigned>(std::countr_zero(below(128) | 128)));
    }
    return prefix(address, kind < 20 ? 9 + below(12) : 21 + below(12));
  }

  NextHopId next_hop() { return NextHopId{1 + below(9)}; }

 private:
  std::mt19937_64 random_;
};

/// The first and last address of a prefix and those beside it (around the ends of the space too).
std::array<std::uint32_t, 4> boundaries(Ipv4Prefix prefix) {
  const std::uint32_t first = prefix.network().value();
  const std::uint32_t last = prefix.last().value();
  return {first, last, first - 1, last + 1};
}

void expect_same(const Fib& fib, const NaiveTable& naive, std::uint32_t address) {
  ASSERT_EQ(raw(fib.lookup(Ipv4Address{address})), raw(naive.lookup(address)))
      << Ipv4Address{address}.to_string();
}

void expect_same_everywhere(const Fib& fib, const NaiveTable& naive) {
  for (std::uint32_t i = 0; i < 10 * 256; ++i) {
    ASSERT_NO_FATAL_FAILURE(expect_same(fib, naive, DensePrefixes::kBase - 256 + i));
  }
}

TEST(Fib, EmptyTableAnswersTheDefault) {
  NoReaders readers;
  const Fib fib{readers, small_table()};
  for (const std::uint32_t address : {0u, 1u, 0x0a000001u, 0x7fffffffu, 0x80000000u, 0xffffffffu}) {
    EXPECT_EQ(fib.lookup(Ipv4Address{address}), kDefaultNextHop);
  }
  EXPECT_EQ(fib.size(), 0u);
}

TEST(Fib, RefusesWhatItCannotHold) {
  NoReaders readers;
  Fib fib{readers, small_table()};
  EXPECT_EQ(fib.add(prefix(0, 0), NextHopId{1}), FibChange::bad_length);
  EXPECT_EQ(fib.add(prefix(0x0a000000, 8), kDefaultNextHop), FibChange::bad_next_hop);
  EXPECT_EQ(fib.add(prefix(0x0a000000, 8), NextHopId{kNextHopIdLimit}), FibChange::bad_next_hop);
  EXPECT_EQ(fib.size(), 0u);
  EXPECT_EQ(fib.lookup(Ipv4Address(10, 0, 0, 1)), kDefaultNextHop);
  EXPECT_THROW((Fib{readers, small_table(Fib::kMaxGroups + 1)}), std::invalid_argument);
}

TEST(Fib, KeepsTheLargestNextHopApartFromItsMarks) {
  NoReaders readers;
  Fib fib{readers, small_table()};
  const NextHopId largest{kNextHopIdLimit - 1};
  EXPECT_EQ(fib.add(prefix(0xffffffff, 32), largest), FibChange::added);
  EXPECT_EQ(fib.add(prefix(0, 1), largest), FibChange::added);
  EXPECT_EQ(fib.lookup(Ipv4Address{0xffffffff}), largest);
  EXPECT_EQ(fib.lookup(Ipv4Address{0xfffffffe}), kDefaultNextHop);
  EXPECT_EQ(fib.lookup(Ipv4Address{0}), largest);
  EXPECT_EQ(fib.lookup(Ipv4Address{0x7fffffff}), largest);
  EXPECT_EQ(fib.lookup(Ipv4Address{0x80000000}), kDefaultNextHop);
}

TEST(Fib, SaysWhatAChangeCameTo) {
  NoReaders readers;
  Fib fib{readers, small_table()};
  const Ipv4Prefix lan = prefix(0x0a000000, 24);
  EXPECT_EQ(fib.remove(lan), FibChange::not_found);
  EXPECT_EQ(fib.add(lan, NextHopId{1}), FibChange::added);
  EXPECT_EQ(fib.add(lan, NextHopId{1}), FibChange::unchanged);
  EXPECT_EQ(fib.add(lan, NextHopId{2}), FibChange::replaced);
  EXPECT_EQ(fib.find(lan), NextHopId{2});
  EXPECT_EQ(fib.find(prefix(0x0a000000, 25)), std::nullopt);
  EXPECT_EQ(fib.size(), 1u);
  EXPECT_EQ(fib.remove(lan), FibChange::removed);
  EXPECT_EQ(fib.remove(lan), FibChange::not_found);
  EXPECT_EQ(fib.find(lan), std::nullopt);
}

TEST(Fib, EveryLengthCoversItsAddressesAndNoOther) {
  NoReaders readers;
  Fib fib{readers, small_table()};
  NaiveTable naive;
  std::vector<Ipv4Prefix> prefixes;
  // Nested, from both ends, so that each one is in turn over, under and beside others.
  for (unsigned i = 0; i < 32; ++i) {
    prefixes.push_back(prefix(0x5a5a5a5a, i % 2 == 0 ? 1 + i / 2 : 32 - i / 2));
  }
  const auto expect_same_at_all = [&] {
    for (const Ipv4Prefix& each : prefixes) {
      for (const std::uint32_t address : boundaries(each)) {
        ASSERT_NO_FATAL_FAILURE(expect_same(fib, naive, address));
      }
    }
  };
  for (const std::uint32_t generation : {0u, 100u}) {
    for (const Ipv4Prefix& each : prefixes) {
      const NextHopId next_hop{generation + each.length()};
      ASSERT_EQ(fib.add(each, next_hop), naive.add(each, next_hop)) << each.to_string();
      ASSERT_NO_FATAL_FAILURE(expect_same_at_all());
    }
  }
  EXPECT_EQ(fib.size(), 32u);
  for (const Ipv4Prefix& each : prefixes) {
    ASSERT_EQ(fib.remove(each), naive.remove(each)) << each.to_string();
    ASSERT_NO_FATAL_FAILURE(expect_same_at_all());
  }
  EXPECT_EQ(fib.groups_used(), 0u);
}

class FibAgainstNaive : public testing::TestWithParam<std::uint64_t> {};

TEST_P(FibAgainstNaive, RandomChangesOfAllLengths) {
  NoReaders readers;
  Fib fib{readers, small_table()};
  NaiveTable naive;
  DensePrefixes random{GetParam()};
  std::vector<Ipv4Prefix> touched;
  for (int step = 0; step < 2000; ++step) {
    // Phases of growth and of decay, so that groups come and go.
    const bool adding = random.below(100) < (step % 400 < 200 ? 75u : 30u);
    Ipv4Prefix target = random.next();
    if (!adding && !naive.routes().empty() && random.below(8) != 0) {
      target =
          naive.routes()[random.below(static_cast<std::uint32_t>(naive.routes().size()))].prefix;
    }
    touched.push_back(target);
    if (adding) {
      const NextHopId next_hop = random.next_hop();
      ASSERT_EQ(fib.add(target, next_hop), naive.add(target, next_hop)) << target.to_string();
    } else {
      ASSERT_EQ(fib.remove(target), naive.remove(target)) << target.to_string();
    }
    for (const std::uint32_t address : boundaries(target)) {
      ASSERT_NO_FATAL_FAILURE(expect_same(fib, naive, address));
    }
    for (int i = 0; i < 20; ++i) {
      const Ipv4Prefix earlier = touched[random.below(static_cast<std::uint32_t>(touched.size()))];
      for (const std::uint32_t address : boundaries(earlier)) {
        ASSERT_NO_FATAL_FAILURE(expect_same(fib, naive, address));
      }
      ASSERT_NO_FATAL_FAILURE(
          expect_same(fib, naive, DensePrefixes::kBase - 256 + random.below(10 * 256)));
    }
    if (step % 100 == 99) {
      ASSERT_NO_FATAL_FAILURE(expect_same_everywhere(fib, naive));
    }
  }
  EXPECT_EQ(sorted(fib), naive.sorted());
  for (const FibRoute& route : naive.sorted()) {
    ASSERT_EQ(fib.remove(route.prefix), FibChange::removed);
  }
  EXPECT_EQ(fib.groups_used(), 0u);
  EXPECT_EQ(fib.size(), 0u);
  for (const Ipv4Prefix& earlier : touched) {
    for (const std::uint32_t address : boundaries(earlier)) {
      ASSERT_EQ(fib.lookup(Ipv4Address{address}), kDefaultNextHop);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, FibAgainstNaive, testing::Values(1, 2, 3));

TEST(Fib, NamesTheRouteThatDecides) {
  NoReaders readers;
  Fib fib{readers, small_table()};
  NaiveTable naive;
  DensePrefixes random{4};
  for (int i = 0; i < 200; ++i) {
    const FibRoute route{random.next(), random.next_hop()};
    fib.add(route.prefix, route.next_hop);
    naive.add(route.prefix, route.next_hop);
  }
  for (std::uint32_t i = 0; i < 10 * 256; ++i) {
    const Ipv4Address address{DensePrefixes::kBase - 256 + i};
    ASSERT_EQ(fib.longest_match(address), naive.longest_match(address)) << address.to_string();
  }
}

TEST(Fib, BulkLoadIsAddOfEach) {
  NoReaders readers;
  DensePrefixes random{5};
  std::vector<FibRoute> routes;
  for (int i = 0; i < 600; ++i) routes.push_back({random.next(), random.next_hop()});

  // The table is not empty: bulk loading must go around and over what is there.
  Fib loaded{readers, small_table()};
  NaiveTable naive;
  for (int i = 0; i < 100; ++i) {
    const FibRoute route{random.next(), random.next_hop()};
    loaded.add(route.prefix, route.next_hop);
    naive.add(route.prefix, route.next_hop);
  }
  std::size_t changed = 0;
  for (const FibRoute& route : routes) {
    if (naive.add(route.prefix, route.next_hop) != FibChange::unchanged) ++changed;
  }

  const FibBulkResult result = loaded.bulk_load(routes);
  EXPECT_TRUE(result.refused.empty());
  EXPECT_EQ(result.changed, changed);
  EXPECT_EQ(sorted(loaded), naive.sorted());
  ASSERT_NO_FATAL_FAILURE(expect_same_everywhere(loaded, naive));
  for (const FibRoute& route : routes) {
    for (const std::uint32_t address : boundaries(route.prefix)) {
      ASSERT_NO_FATAL_FAILURE(expect_same(loaded, naive, address));
    }
  }
}

TEST(Fib, BulkLoadLeavesOutWhatIsRefused) {
  NoReaders readers;
  Fib fib{readers, small_table(1)};
  const std::vector<FibRoute> routes = {
      {prefix(0x0a000100, 32), NextHopId{1}}, {prefix(0x0a000200, 32), NextHopId{2}},
      {prefix(0, 0), NextHopId{3}},           {prefix(0x0a000000, 8), NextHopId{4}},
      {prefix(0x0b000000, 8), NextHopId{0}},  {prefix(0x0a000180, 25), NextHopId{5}},
  };
  const FibBulkResult result = fib.bulk_load(routes);
  EXPECT_EQ(result.changed, 3u);
  EXPECT_EQ(result.refused, (std::vector<std::size_t>{1, 2, 4}));
  EXPECT_EQ(result.first_refusal, FibChange::no_space);
  EXPECT_EQ(fib.lookup(Ipv4Address(10, 0, 1, 0)), NextHopId{1});
  EXPECT_EQ(fib.lookup(Ipv4Address(10, 0, 1, 128)), NextHopId{5});
  EXPECT_EQ(fib.lookup(Ipv4Address(10, 0, 2, 0)), NextHopId{4});
  EXPECT_EQ(fib.lookup(Ipv4Address(11, 0, 0, 0)), kDefaultNextHop);
}

using BulkLookup = void (FibReader::*)(const std::uint32_t*, std::uint32_t*, unsigned) const;

struct LookupVariant {
  const char* name;
  BulkLookup lookup;
};

const LookupVariant kLookupVariants[] = {
    {"bulk", &FibReader::lookup_bulk},
    {"scalar", &FibReader::lookup_scalar},
#if defined(__AVX2__)
    {"avx2", &FibReader::lookup_avx2},
#endif
#if defined(__AVX512F__)
    {"avx512", &FibReader::lookup_avx512},
#endif
};

class FibBulkLookup : public testing::TestWithParam<LookupVariant> {};

TEST_P(FibBulkLookup, IsLookupOfEachForEveryLength) {
  constexpr std::uint32_t kUntouched = 0xdeadbeef;
  NoReaders readers;
  Fib fib{readers, small_table()};
  DensePrefixes random{6};
  for (int i = 0; i < 300; ++i) fib.add(random.next(), random.next_hop());
  ASSERT_GT(fib.groups_used(), 0u);
  for (unsigned n = 0; n <= 64; ++n) {
    for (int round = 0; round < 20; ++round) {
      // Exactly n: a sanitizer sees any read beyond the end.
      std::vector<std::uint32_t> destinations(n);
      for (std::uint32_t& destination : destinations) {
        destination = random.below(4) == 0 ? random.below(0xffffffff)
                                           : DensePrefixes::kBase - 256 + random.below(10 * 256);
      }
      std::vector<std::uint32_t> answers(n + 16, kUntouched);
      (fib.reader().*GetParam().lookup)(destinations.data(), answers.data(), n);
      for (unsigned i = 0; i < n; ++i) {
        ASSERT_EQ(answers[i], raw(fib.lookup(Ipv4Address{destinations[i]}))) << i << " of " << n;
      }
      for (std::size_t i = n; i < answers.size(); ++i) ASSERT_EQ(answers[i], kUntouched);
    }
  }
}

TEST_P(FibBulkLookup, AnyWordIsADestination) {
  NoReaders readers;
  Fib fib{readers, small_table()};
  fib.add(prefix(0xffffffff, 32), NextHopId{1});
  fib.add(prefix(0x80000000, 9), NextHopId{2});
  std::vector<std::uint32_t> destinations;
  std::vector<std::uint32_t> expected;
  for (int i = 0; i < 8; ++i) {
    destinations.insert(destinations.end(), {0xffffffff, 0x80000000, 0x7fffffff, 0});
    expected.insert(expected.end(), {1, 2, 0, 0});
  }
  std::vector<std::uint32_t> answers(destinations.size());
  (fib.reader().*GetParam().lookup)(destinations.data(), answers.data(), 32);
  EXPECT_EQ(answers, expected);
}

INSTANTIATE_TEST_SUITE_P(Variants, FibBulkLookup, testing::ValuesIn(kLookupVariants),
                         [](const auto& instance) { return instance.param.name; });

/// Time passes when the test says so.
class ManualQuiescence final : public Quiescence {
 public:
  GraceToken retire_token() override { return GraceToken{++given_}; }
  bool elapsed(GraceToken token) override {
    return static_cast<std::uint64_t>(token) <= quiescent_;
  }
  /// Every reader passes through a quiescent state.
  void pass() { quiescent_ = given_; }

 private:
  std::uint64_t given_ = 0;
  std::uint64_t quiescent_ = 0;
};

TEST(FibGroups, RefusesTheOneTooManyAndChangesNothing) {
  NoReaders readers;
  Fib fib{readers, small_table(2)};
  EXPECT_EQ(fib.add(prefix(0x0a000000, 8), NextHopId{9}), FibChange::added);
  EXPECT_EQ(fib.add(prefix(0x0a000001, 32), NextHopId{1}), FibChange::added);
  EXPECT_EQ(fib.add(prefix(0x0a000101, 32), NextHopId{2}), FibChange::added);
  EXPECT_EQ(fib.groups_used(), fib.groups_capacity());

  const auto before = sorted(fib);
  EXPECT_EQ(fib.add(prefix(0x0a000201, 32), NextHopId{3}), FibChange::no_space);
  EXPECT_EQ(sorted(fib), before);
  EXPECT_EQ(fib.find(prefix(0x0a000201, 32)), std::nullopt);
  for (std::uint32_t host = 0; host < 256; ++host) {
    ASSERT_EQ(fib.lookup(Ipv4Address{0x0a000200 + host}), NextHopId{9});
  }
  // A group in use has room for all of its /24, and /24 or shorter needs none.
  EXPECT_EQ(fib.add(prefix(0x0a000180, 25), NextHopId{4}), FibChange::added);
  EXPECT_EQ(fib.add(prefix(0x0a000200, 24), NextHopId{5}), FibChange::added);
  // One removed makes room for another.
  EXPECT_EQ(fib.remove(prefix(0x0a000001, 32)), FibChange::removed);
  EXPECT_EQ(fib.add(prefix(0x0a000201, 32), NextHopId{3}), FibChange::added);
  EXPECT_EQ(fib.lookup(Ipv4Address{0x0a000201}), NextHopId{3});
  EXPECT_EQ(fib.lookup(Ipv4Address{0x0a000001}), NextHopId{9});
}

TEST(FibGroups, WithoutAnyGroupShortPrefixesStillGoIn) {
  NoReaders readers;
  Fib fib{readers, small_table(0)};
  EXPECT_EQ(fib.add(prefix(0x0a000000, 25), NextHopId{1}), FibChange::no_space);
  EXPECT_EQ(fib.add(prefix(0x0a000000, 24), NextHopId{1}), FibChange::added);
}

TEST(FibGroups, AreReusedOnlyWhenTheReadersHaveBeenQuiescent) {
  ManualQuiescence readers;
  Fib fib{readers, small_table(1)};
  const Ipv4Prefix first = prefix(0x0a000001, 32);
  const Ipv4Prefix second = prefix(0x0a000101, 32);
  EXPECT_EQ(fib.add(first, NextHopId{1}), FibChange::added);
  EXPECT_EQ(fib.add(second, NextHopId{2}), FibChange::no_space);
  EXPECT_EQ(fib.remove(first), FibChange::removed);
  EXPECT_EQ(fib.groups_used(), 0u);
  EXPECT_EQ(fib.groups_retired(), 1u);

  EXPECT_EQ(fib.add(second, NextHopId{2}), FibChange::grace_pending);
  EXPECT_EQ(fib.size(), 0u);
  EXPECT_EQ(fib.lookup(Ipv4Address{0x0a000101}), kDefaultNextHop);

  readers.pass();
  EXPECT_EQ(fib.add(second, NextHopId{2}), FibChange::added);
  EXPECT_EQ(fib.groups_used(), 1u);
  EXPECT_EQ(fib.groups_retired(), 0u);
  EXPECT_EQ(fib.lookup(Ipv4Address{0x0a000101}), NextHopId{2});
  EXPECT_EQ(fib.lookup(Ipv4Address{0x0a000100}), kDefaultNextHop);
  EXPECT_EQ(fib.lookup(Ipv4Address{0x0a000001}), kDefaultNextHop);
}

TEST(FibGroups, WaitInLineForTheirOwnGracePeriod) {
  ManualQuiescence readers;
  Fib fib{readers, small_table(2)};
  const auto host = [](std::uint32_t subnet) { return prefix(0x0a000001 + (subnet << 8), 32); };
  fib.add(host(0), NextHopId{1});
  fib.add(host(1), NextHopId{1});
  fib.remove(host(0));
  readers.pass();
  fib.remove(host(1));
  // Only the first removal is past its grace period.
  EXPECT_EQ(fib.add(host(2), NextHopId{1}), FibChange::added);
  EXPECT_EQ(fib.add(host(3), NextHopId{1}), FibChange::grace_pending);
  readers.pass();
  EXPECT_EQ(fib.add(host(3), NextHopId{1}), FibChange::added);
  EXPECT_EQ(fib.add(host(4), NextHopId{1}), FibChange::no_space);
}

TEST(FibGroups, ComeBackWhenTheLastLongPrefixLeaves) {
  NoReaders readers;
  Fib fib{readers, small_table(4)};
  fib.add(prefix(0x0a000000, 24), NextHopId{1});
  for (unsigned length = 25; length <= 32; ++length) {
    // All the same next hop: a group must outlive equal answers, or later removals lose their way.
    fib.add(prefix(0x0a000000, length), NextHopId{2});
  }
  EXPECT_EQ(fib.groups_used(), 1u);
  for (unsigned length = 25; length <= 32; ++length) {
    EXPECT_EQ(fib.groups_used(), 1u);
    fib.remove(prefix(0x0a000000, length));
    EXPECT_EQ(fib.lookup(Ipv4Address{0x0a000000}), NextHopId{length == 32 ? 1u : 2u});
  }
  EXPECT_EQ(fib.groups_used(), 0u);
  EXPECT_EQ(fib.lookup(Ipv4Address{0x0a0000ff}), NextHopId{1});
}

TEST(Fib, CountsItsMemory) {
  NoReaders readers;
  FibOptions options = small_table();
  options.pages = Pages::small;
  Fib fib{readers, options};
  const std::size_t empty = fib.memory_bytes();
  EXPECT_LT(empty, std::size_t{1} << 20);
  fib.add(prefix(0x0a000000, 8), NextHopId{1});  // 65,536 words
  EXPECT_GE(fib.memory_bytes(), empty + 65'536 * 4);
  EXPECT_LT(fib.memory_bytes(), empty + 2 * 65'536 * 4);

  options.prefault = true;
  const Fib resident{readers, options};
  EXPECT_GE(resident.memory_bytes(), std::size_t{64} << 20);
}

/// One reader that says when it holds nothing, as rte_rcu_qsbr does it.
class ReaderEpoch final : public Quiescence {
 public:
  GraceToken retire_token() override { return GraceToken{epoch_.fetch_add(1) + 1}; }
  bool elapsed(GraceToken token) override {
    return seen_.load(std::memory_order_acquire) >= static_cast<std::uint64_t>(token);
  }
  void quiescent() {
    seen_.store(epoch_.load(std::memory_order_acquire), std::memory_order_release);
  }
  void offline() {
    seen_.store(std::numeric_limits<std::uint64_t>::max(), std::memory_order_release);
  }

 private:
  std::atomic<std::uint64_t> epoch_{0};
  std::atomic<std::uint64_t> seen_{0};
};

/// A cycle of changes, and each destination's answer before and after each of them.
struct Script {
  struct Change {
    Ipv4Prefix prefix;
    NextHopId next_hop;  // kDefaultNextHop: remove
  };
  std::vector<Change> changes;
  std::vector<std::uint32_t> destinations;
  std::vector<std::vector<std::uint32_t>> answers;  // [changes made, modulo their number]

  void solve() {
    NaiveTable naive;
    // Twice around: the second time starts where the first has ended, as every later one does.
    for (std::size_t step = 0; step < 2 * changes.size(); ++step) {
      const Change& change = changes[step % changes.size()];
      if (step >= changes.size()) answers.push_back(answer_all(naive));
      if (change.next_hop == kDefaultNextHop) {
        naive.remove(change.prefix);
      } else {
        naive.add(change.prefix, change.next_hop);
      }
    }
  }

 private:
  std::vector<std::uint32_t> answer_all(const NaiveTable& naive) const {
    std::vector<std::uint32_t> all;
    for (const std::uint32_t address : destinations) all.push_back(raw(naive.lookup(address)));
    return all;
  }
};

/// Groups of two /24s come and go, prefixes under and over them change. Ends as it begins: empty.
Script group_churn() {
  const Ipv4Prefix wide = prefix(0x0a000000, 16);
  const Ipv4Prefix lan[] = {prefix(0x0a000100, 24), prefix(0x0a000200, 24)};
  const Ipv4Prefix half[] = {prefix(0x0a000180, 25), prefix(0x0a000200, 25)};
  const Ipv4Prefix host[] = {prefix(0x0a000181, 32), prefix(0x0a000201, 32)};
  constexpr NextHopId kRemove = kDefaultNextHop;
  Script script;
  script.changes = {
      {host[0], NextHopId{1}}, {wide, NextHopId{2}},     {half[0], NextHopId{3}},
      {host[0], kRemove},      {lan[0], NextHopId{4}},   {half[0], kRemove},
      {host[1], NextHopId{5}}, {lan[0], kRemove},        {half[1], NextHopId{6}},
      {host[1], NextHopId{7}}, {lan[1], NextHopId{8}},   {wide, NextHopId{9}},
      {half[1], kRemove},      {host[0], NextHopId{10}}, {host[1], kRemove},
      {lan[1], kRemove},       {wide, kRemove},          {host[0], kRemove},
  };
  script.destinations = {0x0a000001, 0x0a000100, 0x0a000180, 0x0a000181, 0x0a000182, 0x0a0001ff,
                         0x0a000200, 0x0a000201, 0x0a000202, 0x0a00027f, 0x0a000280, 0x0a0002ff,
                         0x0a00ffff, 0x0a010000, 0x09ffffff, 0x0a000300};
  script.solve();
  return script;
}

/// How far the writer is: a lookup saw one of the states from `finished`, read before it, to
/// `started`, read after it.
struct Progress {
  std::atomic<std::size_t> started{0};
  std::atomic<std::size_t> finished{0};
};

/// The answers that are of no state in question; `lookup` fills one answer a destination.
template <typename Lookup>
std::size_t count_wrong(const Script& script, const Progress& progress, const Lookup& lookup) {
  std::array<std::uint32_t, 16> answers;
  const std::size_t from = progress.finished.load(std::memory_order_acquire);
  lookup(script.destinations.data(), answers.data());
  const std::size_t to = progress.started.load(std::memory_order_acquire);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < script.destinations.size(); ++i) {
    bool found = to - from >= script.answers.size();
    for (std::size_t state = from; state <= to && !found; ++state) {
      found = script.answers[state % script.answers.size()][i] == answers[i];
    }
    wrong += found ? 0 : 1;
  }
  return wrong;
}

TEST(FibConcurrency, EveryAnswerIsFromBeforeOrAfterAChange) {
  constexpr std::size_t kRounds = 500;
  const Script script = group_churn();
  ASSERT_EQ(script.destinations.size(), 16u);
  ReaderEpoch readers;
  // No more groups than are in use at once: each one is reused as soon as it may be.
  Fib fib{readers, small_table(2)};
  Progress progress;
  std::atomic<bool> done{false};
  std::atomic<bool> reading{false};
  std::size_t wrong = 0;
  std::size_t lookups = 0;
  std::thread reader([&, table = fib.reader()] {
    while (!done.load(std::memory_order_acquire)) {
      readers.quiescent();
      wrong += count_wrong(script, progress, [&](const auto* destinations, auto* answers) {
        table.lookup_scalar(destinations, answers, 16);
      });
      wrong += count_wrong(script, progress, [&](const auto* destinations, auto* answers) {
        table.lookup_bulk(destinations, answers, 16);
      });
      lookups += 32;
      reading.store(true, std::memory_order_release);
    }
    readers.offline();
  });
  while (!reading.load(std::memory_order_acquire)) std::this_thread::yield();

  bool as_expected = true;
  for (std::size_t step = 0; step < kRounds * script.changes.size() && as_expected; ++step) {
    const Script::Change& change = script.changes[step % script.changes.size()];
    progress.started.store(step + 1, std::memory_order_relaxed);
    if (change.next_hop == kDefaultNextHop) {
      as_expected = fib.remove(change.prefix) == FibChange::removed;
    } else {
      FibChange outcome = FibChange::grace_pending;
      while ((outcome = fib.add(change.prefix, change.next_hop)) == FibChange::grace_pending) {
        std::this_thread::yield();
      }
      as_expected = outcome == FibChange::added || outcome == FibChange::replaced;
    }
    progress.finished.store(step + 1, std::memory_order_release);
  }
  done.store(true, std::memory_order_release);
  reader.join();
  EXPECT_TRUE(as_expected);
  EXPECT_EQ(wrong, 0u) << "of " << lookups;
  EXPECT_GT(lookups, 0u);
  EXPECT_EQ(fib.size(), 0u);
}

}  // namespace
}  // namespace weir
