#include "dataplane/table/fdb.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace weir {
namespace {

constexpr std::uint64_t kHashKey = 0x9e3779b97f4a7c15;

std::uint64_t raw_of(FdbWhere where, std::uint32_t seen) {
  return where.raw() | static_cast<std::uint64_t>(seen) << 32;
}

StationKey key_of(std::uint32_t n, BridgeId bridge = 1) {
  MacAddress mac{{2, 0, 0, 0, 0, 0}};
  for (unsigned i = 0; i < 4; ++i) mac.bytes[5 - i] = static_cast<std::uint8_t>(n >> (8 * i));
  return station_key(bridge, mac);
}

/// The first keys, of a walk over all, that `home` lays into bucket `bucket`.
std::vector<StationKey> keys_of_bucket(const Fdb& fdb, std::uint32_t bucket, std::size_t count) {
  std::vector<StationKey> keys;
  for (std::uint32_t n = 1; keys.size() < count; ++n)
    if (fdb.reader().home(key_of(n)) == bucket) keys.push_back(key_of(n));
  return keys;
}

/// Time passes when the test says so.
class ManualQuiescence final : public Quiescence {
 public:
  GraceToken retire_token() override { return GraceToken{++given_}; }
  bool elapsed(GraceToken token) override {
    return static_cast<std::uint64_t>(token) <= quiescent_;
  }
  void pass() { quiescent_ = given_; }

 private:
  std::uint64_t given_ = 0, quiescent_ = 0;
};

TEST(StationKey, IsTheMacAsItLiesInTheFrameAndTheBridge) {
  const MacAddress mac{{0x02, 0x11, 0x22, 0x33, 0x44, 0x55}};
  const StationKey key = station_key(258, mac);
  EXPECT_EQ(key, 0x0102'5544'3322'1102u);
  EXPECT_EQ(mac_of(key), mac);
  EXPECT_EQ(bridge_of(key), 258);
}

TEST(Fdb, SizesAreBoundedAndRounded) {
  struct Row {
    std::size_t stations, capacity;
  };
  constexpr Row kRows[] = {{1, 4}, {4, 4}, {5, 8}, {1000, 1024}, {1024, 1024}, {16'385, 32'768}};
  NoReaders readers;
  for (const Row& row : kRows) {
    const Fdb fdb{row.stations, kHashKey, readers, Pages::small};
    EXPECT_EQ(fdb.capacity(), row.capacity) << row.stations;
    EXPECT_EQ(fdb.slots(), 2 * row.capacity) << row.stations;
  }
  EXPECT_THROW((Fdb{0, kHashKey, readers}), std::invalid_argument);
  EXPECT_THROW((Fdb{Fdb::kMaxStations + 1, kHashKey, readers}), std::invalid_argument);
}

TEST(Fdb, WhatWorkersMarkIsReadBack) {
  NoReaders readers;
  Fdb fdb{16, kHashKey, readers, Pages::small};
  const FdbReader reader = fdb.reader();
  const FdbSlot slot = *fdb.insert(key_of(1), FdbWhere::station(7), 100);
  EXPECT_EQ(fdb.key(slot), key_of(1));
  EXPECT_EQ(fdb.where(slot), FdbWhere::station(7));
  reader.mark_seen(key_of(1), 102);
  EXPECT_EQ(fdb.seen(slot).raw(), 102u);
  reader.mark_two_way(key_of(1));
  reader.mark_seen(key_of(1), 105);
  EXPECT_TRUE(fdb.seen(slot).two_way());
  EXPECT_EQ(fdb.seen(slot).seconds(), 105u);
  EXPECT_EQ(reader.lookup(key_of(1)), raw_of(FdbWhere::station(7), 105 | FdbSeen::kTwoWay));
  fdb.set_where(slot, FdbWhere::fixed(9));
  fdb.set_seen(slot, FdbSeen{3});
  EXPECT_EQ(reader.lookup(key_of(1)), raw_of(FdbWhere::fixed(9), 3));
  // Of one that is not there.
  reader.mark_seen(key_of(2), 1);
  reader.mark_two_way(key_of(2));
  EXPECT_EQ(reader.lookup(key_of(2)), 0u);
  EXPECT_EQ(fdb.seen(slot).raw(), 3u);
}

TEST(Fdb, ItsClockHas31Bits) {
  NoReaders readers;
  Fdb fdb{16, kHashKey, readers, Pages::small};
  EXPECT_EQ(fdb.seconds(), 0u);
  fdb.set_seconds(FdbSeen::kTwoWay | 5);
  EXPECT_EQ(fdb.seconds(), 5u);
}

TEST(Fdb, IsFullAtItsCapacity) {
  for (const std::size_t capacity : {4u, 64u, 4096u}) {
    NoReaders readers;
    Fdb fdb{capacity, kHashKey, readers, Pages::small};
    std::vector<FdbSlot> slots;
    std::uint32_t n = 0;
    for (; slots.size() < capacity && n < 2 * capacity; ++n) {
      const auto slot = fdb.insert(key_of(n), FdbWhere::station(1), 0);
      if (slot) slots.push_back(*slot);
    }
    ASSERT_EQ(slots.size(), capacity);
    ASSERT_EQ(n, capacity) << "refused before it was full";
    EXPECT_FALSE(fdb.insert(key_of(n), FdbWhere::station(1), 0));
    EXPECT_EQ(fdb.reader().lookup(key_of(n)), 0u);
    fdb.erase(slots[capacity / 2]);
    EXPECT_TRUE(fdb.insert(key_of(n), FdbWhere::station(1), 0));
    EXPECT_EQ(fdb.size(), capacity);
  }
}

// Somebody who knows the hash key: stations beyond eight buckets are refused, those within are
// found, and the chain falls back to nothing when they have gone, in whatever order.
TEST(Fdb, KeysOfOneBucketAreBoundedByTheProbes) {
  constexpr std::size_t kReach = FdbReader::kMaxProbes * FdbBucket::kEntries;
  for (const std::uint32_t home : {5u, 63u, 61u}) {  // the last two go round the end
    NoReaders readers;
    Fdb fdb{128, kHashKey, readers, Pages::small};  // 64 buckets
    const auto keys = keys_of_bucket(fdb, home, kReach + 8);
    std::map<StationKey, FdbSlot> slots;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const auto slot = fdb.insert(keys[i], FdbWhere::station(static_cast<InterfaceId>(i + 1)), 9);
      ASSERT_EQ(slot.has_value(), i < kReach) << i;
      if (slot) slots[keys[i]] = *slot;
    }
    std::mt19937 random{home};
    std::vector<StationKey> order(keys.begin(), keys.begin() + kReach);
    std::shuffle(order.begin(), order.end(), random);
    for (const StationKey gone : order) {
      for (std::size_t i = 0; i < keys.size(); ++i) {
        const bool there = slots.contains(keys[i]);
        const auto where = FdbWhere::station(static_cast<InterfaceId>(i + 1));
        ASSERT_EQ(fdb.reader().lookup(keys[i]), there ? raw_of(where, 9) : 0u) << i;
        ASSERT_EQ(fdb.find(keys[i]).has_value(), there) << i;
      }
      fdb.erase(slots.at(gone));
      slots.erase(gone);
    }
    // Nothing of the chain is left: new ones lie at the start again.
    const FdbSlot slot = *fdb.insert(keys[kReach], FdbWhere::station(1), 0);
    EXPECT_EQ(static_cast<std::uint32_t>(slot) / FdbBucket::kEntries, home);
  }
}

TEST(Fdb, ATombstoneIsPassedAndThenUsedAgain) {
  NoReaders readers;
  Fdb fdb{64, kHashKey, readers, Pages::small};
  const auto keys = keys_of_bucket(fdb, 3, 6);
  std::vector<FdbSlot> slots;
  for (std::size_t i = 0; i < 5; ++i)
    slots.push_back(*fdb.insert(keys[i], FdbWhere::station(1), 0));
  fdb.erase(slots[1]);  // the bucket stays passable for the fifth
  EXPECT_NE(fdb.reader().lookup(keys[4]), 0u);
  EXPECT_EQ(fdb.insert(keys[5], FdbWhere::station(2), 0), slots[1]);
  EXPECT_EQ(fdb.reader().lookup(keys[5]), raw_of(FdbWhere::station(2), 0));
  EXPECT_NE(fdb.reader().lookup(keys[4]), 0u);
}

TEST(Fdb, ASlotWaitsForTheReaders) {
  ManualQuiescence readers;
  Fdb fdb{64, kHashKey, readers, Pages::small};
  const auto keys = keys_of_bucket(fdb, 3, 8);
  const FdbSlot slot = *fdb.insert(keys[0], FdbWhere::station(1), 0);
  fdb.erase(slot);
  EXPECT_EQ(fdb.waiting(), 1u);
  EXPECT_EQ(fdb.where(slot), FdbWhere::station(1)) << "a reader may be about to read it";
  EXPECT_NE(fdb.insert(keys[1], FdbWhere::station(2), 0), slot);
  fdb.reclaim();
  EXPECT_EQ(fdb.waiting(), 1u);
  // The bucket fills up around the waiting one; those behind it are found past it.
  for (std::size_t i = 2; i < 6; ++i) ASSERT_TRUE(fdb.insert(keys[i], FdbWhere::station(2), 0));
  for (std::size_t i = 1; i < 6; ++i) EXPECT_NE(fdb.reader().lookup(keys[i]), 0u) << i;
  readers.pass();
  fdb.reclaim();
  EXPECT_EQ(fdb.waiting(), 0u);
  EXPECT_EQ(fdb.insert(keys[6], FdbWhere::station(3), 0), slot);
}

TEST(Fdb, RefusesWhileTooManySlotsWait) {
  ManualQuiescence readers;
  Fdb fdb{256, kHashKey, readers, Pages::small};
  std::vector<FdbSlot> slots;
  for (std::uint32_t n = 0; n < 256; ++n)
    slots.push_back(*fdb.insert(key_of(n), FdbWhere::station(1), 0));
  std::uint32_t n = 256;
  std::size_t replaced = 0;
  for (; replaced < 256; ++replaced, ++n) {
    fdb.erase(slots[replaced]);
    if (!fdb.insert(key_of(n), FdbWhere::station(1), 0)) break;
  }
  EXPECT_EQ(fdb.size() + fdb.waiting(), fdb.slots() / 4 * 3);
  EXPECT_EQ(fdb.size(), 255u);
  readers.pass();
  EXPECT_TRUE(fdb.insert(key_of(n), FdbWhere::station(1), 0));
}

TEST(Fdb, SweepVisitsEachOnceAndMayErase) {
  NoReaders readers;
  Fdb fdb{512, kHashKey, readers, Pages::small};
  std::set<StationKey> keys;
  for (std::uint32_t n = 0; n < 300; ++n) {
    ASSERT_TRUE(fdb.insert(key_of(n), FdbWhere::station(1), n));
    keys.insert(key_of(n));
  }
  std::uint32_t from = 0;
  unsigned calls = 0;
  do {
    from = fdb.sweep(from, 100, [&](FdbSlot slot) {
      ASSERT_EQ(keys.erase(fdb.key(slot)), 1u);
      if (fdb.seen(slot).seconds() % 2 == 0) fdb.erase(slot);
    });
    ++calls;
  } while (from != 0);
  EXPECT_EQ(calls, 11u);  // 1,024 places
  EXPECT_TRUE(keys.empty());
  EXPECT_EQ(fdb.size(), 150u);
}

/// Few keys in few buckets: chains form, break and form again.
struct ChurnRow {
  const char* name;
  std::size_t stations;
  std::uint32_t keys;
  bool one_home;   // all keys of two neighbouring buckets
  unsigned delay;  // operations between quiescent states; 0: no readers
};
constexpr ChurnRow kChurn[] = {
    {"smallest", 4, 12, false, 0},
    {"small", 64, 100, false, 0},
    {"chains", 64, 60, true, 0},
    {"chains_that_wait", 64, 60, true, 40},
    {"small_that_waits", 64, 100, false, 64},
    {"large", 4096, 8000, false, 500},
};

class FdbChurn : public testing::TestWithParam<ChurnRow> {};

template <typename Probe>
void expect_bulk(const Fdb& fdb, const std::vector<StationKey>& keys,
                 const std::vector<std::uint64_t>& expected) {
  constexpr std::uint64_t kUntouched = 0xabcd;
  std::vector<std::uint64_t> hits(keys.size() + 1, kUntouched);
  fdb.reader().lookup_bulk_as<Probe>(keys.data(), hits.data(), static_cast<unsigned>(keys.size()));
  ASSERT_EQ(hits.back(), kUntouched);
  hits.pop_back();
  ASSERT_EQ(hits, expected);
}

TEST_P(FdbChurn, AsAMap) {
  const ChurnRow row = GetParam();
  NoReaders none;
  ManualQuiescence delayed;
  Quiescence& readers = row.delay > 0 ? static_cast<Quiescence&>(delayed) : none;
  Fdb fdb{row.stations, kHashKey, readers, Pages::small};
  std::vector<StationKey> keys;
  for (std::uint32_t n = 0; keys.size() < row.keys; ++n) {
    const StationKey key = key_of(n, static_cast<BridgeId>(n % 3 + 1));
    if (!row.one_home || fdb.reader().home(key) / 2 == 7) keys.push_back(key);
  }
  struct Known {
    FdbSlot slot;
    std::uint64_t value;
  };
  std::map<StationKey, Known> model;
  std::mt19937 random{7};
  std::size_t refused = 0;
  for (unsigned step = 0; step < 30'000; ++step) {
    const StationKey key = keys[random() % keys.size()];
    const auto where = FdbWhere::station(static_cast<InterfaceId>(random() % 512));
    const auto known = model.find(key);
    ASSERT_EQ(fdb.find(key).has_value(), known != model.end());
    if (known == model.end()) {
      const auto slot = fdb.insert(key, where, step);
      refused += !slot;
      if (slot) model[key] = {*slot, raw_of(where, step)};
    } else if (random() % 3 == 0) {
      fdb.set_where(known->second.slot, where);
      fdb.set_seen(known->second.slot, FdbSeen{step});
      known->second.value = raw_of(where, step);
    } else {
      fdb.erase(known->second.slot);
      model.erase(known);
    }
    if (row.delay > 0 && step % row.delay == 0) {
      delayed.pass();
      fdb.reclaim();
    }
    ASSERT_EQ(fdb.size(), model.size());
    if (step % 100 != 0) continue;
    std::vector<std::uint64_t> expected;
    for (const StationKey each : keys) {
      const auto it = model.find(each);
      expected.push_back(it == model.end() ? 0 : it->second.value);
    }
    expect_bulk<FdbProbeBest>(fdb, keys, expected);
    expect_bulk<FdbProbeScalar>(fdb, keys, expected);
#if defined(__AVX2__)
    expect_bulk<FdbProbeAvx2>(fdb, keys, expected);
#endif
    if (HasFatalFailure()) return;
    std::size_t swept = 0;
    fdb.sweep(0, static_cast<std::uint32_t>(fdb.slots()), [&](FdbSlot slot) {
      ++swept;
      ASSERT_TRUE(model.contains(fdb.key(slot)));
      ASSERT_EQ(model.at(fdb.key(slot)).slot, slot);
    });
    ASSERT_EQ(swept, model.size());
  }
  for (const auto& [key, known] : model) fdb.erase(known.slot);
  delayed.pass();
  for (unsigned i = 0; i < 10; ++i) fdb.reclaim();
  EXPECT_EQ(fdb.waiting(), 0u);
  for (const StationKey each : keys) EXPECT_EQ(fdb.reader().lookup(each), 0u);
  if (row.one_home || row.keys > row.stations) {
    EXPECT_GT(refused, 0u);
  }
}
INSTANTIATE_TEST_SUITE_P(Rows, FdbChurn, testing::ValuesIn(kChurn),
                         [](const auto& each) { return each.param.name; });

TEST(FdbBulk, AnyNumberOfKeysAlsoWithPrefetch) {
  NoReaders readers;
  // 16,384 buckets: more than kPrefetchFrom.
  Fdb fdb{32'768, kHashKey, readers, Pages::transparent};
  for (std::uint32_t n = 0; n < 20'000; ++n)
    ASSERT_TRUE(fdb.insert(key_of(n), FdbWhere::station(static_cast<InterfaceId>(n % 500)), n));
  std::mt19937 random{1};
  for (unsigned count = 0; count < 200; ++count) {
    std::vector<StationKey> keys(count);
    std::vector<std::uint64_t> expected(count);
    for (unsigned i = 0; i < count; ++i) {
      const auto n = static_cast<std::uint32_t>(random() % 40'000);
      keys[i] = key_of(n);
      expected[i] =
          n < 20'000 ? raw_of(FdbWhere::station(static_cast<InterfaceId>(n % 500)), n) : 0;
    }
    expect_bulk<FdbProbeBest>(fdb, keys, expected);
    expect_bulk<FdbProbeScalar>(fdb, keys, expected);
  }
}

/// Two readers that say when they hold nothing, as rte_rcu_qsbr does it.
class ReaderEpochs final : public Quiescence {
 public:
  static constexpr unsigned kReaders = 2;
  GraceToken retire_token() override { return GraceToken{epoch_.fetch_add(1) + 1}; }
  bool elapsed(GraceToken token) override {
    return std::all_of(seen_.begin(), seen_.end(), [&](const auto& seen) {
      return seen.load(std::memory_order_acquire) >= static_cast<std::uint64_t>(token);
    });
  }
  void quiescent(unsigned reader) {
    seen_[reader].store(epoch_.load(std::memory_order_acquire), std::memory_order_release);
  }
  void offline(unsigned reader) {
    seen_[reader].store(std::numeric_limits<std::uint64_t>::max(), std::memory_order_release);
  }

 private:
  std::atomic<std::uint64_t> epoch_{0};
  std::array<std::atomic<std::uint64_t>, kReaders> seen_{};
};

// Keys come and go in two buckets and around, so that each slot has many keys one after another.
// Each value carries its key: no reader ever gets one that belongs to another.
TEST(FdbConcurrency, NobodyReadsAnothersValue) {
  ReaderEpochs readers;
  Fdb fdb{64, kHashKey, readers, Pages::small};
  std::vector<StationKey> keys;  // keys[i] has values of i
  for (std::uint32_t n = 0; keys.size() < 60; ++n)
    if (fdb.reader().home(key_of(n)) / 2 == 7) keys.push_back(key_of(n));
  // The first four never go: they must always be found.
  constexpr unsigned kStay = 4;
  const auto where_of = [](std::size_t i, bool other) {
    return FdbWhere::station(static_cast<InterfaceId>(i | (other ? 256u : 0u)));
  };
  std::map<std::size_t, FdbSlot> present;
  // Last of all, so that others are in front of them.
  for (std::size_t i = 20; i < 32; ++i) present[i] = *fdb.insert(keys[i], where_of(i, false), 0);
  for (std::size_t i = 0; i < kStay; ++i) ASSERT_TRUE(fdb.insert(keys[i], where_of(i, false), 0));

  std::atomic<bool> done{false};
  std::atomic<unsigned> reading{0};
  std::array<std::uint64_t, ReaderEpochs::kReaders> wrong{}, lost{}, found{};
  const auto read = [&](unsigned id) {
    const FdbReader reader = fdb.reader();
    std::vector<std::uint64_t> hits(keys.size());
    for (std::uint64_t round = 0; !done.load(std::memory_order_acquire); ++round) {
      if (round % 32 == 0) std::this_thread::yield();  // there may be fewer cores than threads
      readers.quiescent(id);
      reader.lookup_bulk(keys.data(), hits.data(), static_cast<unsigned>(keys.size()));
      for (std::size_t i = 0; i < keys.size(); ++i) {
        const FdbWhere where{static_cast<std::uint32_t>(hits[i])};
        if (where.present()) {
          ++found[id];
          wrong[id] += (where.interface() & 255u) != i;
        } else {
          lost[id] += i < kStay;
        }
      }
      reader.mark_seen(keys[id], fdb.seconds());
      reader.mark_two_way(keys[id + 30]);
      if (round == 0) reading.fetch_add(1);
    }
    readers.offline(id);
  };
  std::thread one(read, 0u), two(read, 1u);
  while (reading.load() < ReaderEpochs::kReaders) std::this_thread::yield();

  std::mt19937 random{3};
  constexpr std::uint64_t kInserted = 20'000;
  std::uint64_t inserted = 0;
  // Until every slot has had many keys; the bound is for a machine that lets no reader run.
  for (std::uint32_t step = 0; inserted < kInserted && step < 50'000'000; ++step) {
    const std::size_t i = kStay + random() % (keys.size() - kStay);
    const auto known = present.find(i);
    fdb.set_seconds(step);
    if (known == present.end()) {
      const auto slot = fdb.insert(keys[i], where_of(i, false), step & FdbSeen::kSeconds);
      inserted += slot.has_value();
      if (slot) present[i] = *slot;
      if (!slot) std::this_thread::yield();
    } else if (random() % 4 == 0) {
      fdb.set_where(known->second, where_of(i, true));
    } else {
      fdb.erase(known->second);
      present.erase(known);
    }
  }
  done.store(true, std::memory_order_release);
  one.join();
  two.join();
  EXPECT_EQ(inserted, kInserted);
  for (unsigned id = 0; id < ReaderEpochs::kReaders; ++id) {
    EXPECT_EQ(wrong[id], 0u);
    EXPECT_EQ(lost[id], 0u);
    EXPECT_GT(found[id], 0u);
  }
}

TEST(Fdb, MemoryOfAMillionStations) {
  NoReaders readers;
  const Fdb fdb{1'000'000, kHashKey, readers};
  EXPECT_LE(fdb.memory_bytes(), 1'000'000 * 36u);
}

}  // namespace
}  // namespace weir
