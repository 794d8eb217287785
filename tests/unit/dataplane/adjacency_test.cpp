#include "dataplane/table/adjacency.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <thread>
#include <vector>

namespace weir {
namespace {

constexpr MacAddress kGateway{{2, 0, 0, 0, 1, 1}};
constexpr MacAddress kOwn{{2, 0, 0, 0, 0, 1}};

bool same(const Adjacency& a, const Adjacency& b) { return std::memcmp(&a, &b, sizeof a) == 0; }

std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

static_assert(interface_of(egress_to(0)) == 0 && interface_of(egress_to(63)) == 63);
static_assert(is_interface(egress_to(0)) && !is_interface(Egress::failed));
static_assert(static_cast<unsigned>(Egress::failed) <
              static_cast<unsigned>(Egress::first_interface));

TEST(Adjacency, HoldsARewriteOrAVerdict) {
  const Adjacency forward = Adjacency::forward(7, kGateway, kOwn);
  EXPECT_EQ(forward.destination, kGateway);
  EXPECT_EQ(forward.source, kOwn);
  EXPECT_EQ(forward.type.get(), wire::ether_type::kIpv4);
  EXPECT_EQ(interface_of(forward.egress), 7);
  for (const std::uint32_t value : {0u, 1u, 0x12345678u, 0xffffffffu}) {
    const Adjacency verdict = Adjacency::verdict(Egress::group, value);
    EXPECT_EQ(verdict.value(), value);
    EXPECT_EQ(verdict.egress, Egress::group);
  }
}

TEST(AdjacencyTable, StartsUnresolvedAndKeepsWhatIsStored) {
  AdjacencyTable table;
  const AdjacencyIndex block = *table.allocate(256);
  for (std::uint32_t i = 0; i < 256; ++i) EXPECT_TRUE(same(table.load(block + i), Adjacency{}));
  const Adjacency one = Adjacency::forward(1, kGateway, kOwn);
  table.store(block + 7, one);
  for (std::uint32_t i = 0; i < 256; ++i)
    EXPECT_TRUE(same(table.load(block + i), i == 7 ? one : Adjacency{})) << i;
  EXPECT_EQ(table.slots()[block + 7].egress, egress_to(1));
}

TEST(AdjacencyTable, UntouchedHostsCostNoMemory) {
  AdjacencyTable table;
  const AdjacencyIndex block = *table.allocate(1u << 24);  // a /8: 256 MB if it were touched
  const std::uint64_t before = resident_bytes();
  for (std::uint32_t i = 0; i < 1u << 24; i += 64)
    ASSERT_EQ(table.load(block + i).egress, Egress::unresolved);
  const std::uint64_t after = resident_bytes();
  EXPECT_LT(after, before + (16u << 20));
}

TEST(AdjacencyTable, BlocksAreAlignedAndNeverOverlap) {
  AdjacencyTable table;
  std::mt19937 random(1);
  std::map<AdjacencyIndex, std::uint32_t> blocks;  // by start: size
  for (int round = 0; round < 4000; ++round) {
    if (blocks.empty() || random() % 3 != 0) {
      const std::uint32_t size = 1u << random() % 12;
      const auto block = table.allocate(size);
      ASSERT_TRUE(block);
      ASSERT_NE(*block, 0u);
      ASSERT_EQ(*block % size, 0u);
      const auto after = blocks.lower_bound(*block);
      ASSERT_TRUE(after == blocks.end() || after->first >= *block + size);
      ASSERT_TRUE(after == blocks.begin() ||
                  std::prev(after)->first + std::prev(after)->second <= *block);
      for (std::uint32_t i = 0; i < size; ++i) {
        ASSERT_TRUE(same(table.load(*block + i), Adjacency{})) << "of " << size;
        ASSERT_FALSE(table.take_used(*block + i));
      }
      // Leave all kinds of traces, an unresolved slot that keeps its MAC among them.
      for (int i = 0; i < 4; ++i) {
        Adjacency trace = Adjacency::forward(3, kGateway, kOwn);
        if (random() % 2 != 0) trace.egress = Egress::unresolved;
        const auto index = static_cast<AdjacencyIndex>(*block + random() % size);
        table.store(index, trace);
        table.used_marks()[index] = 1;
      }
      blocks[*block] = size;
    } else {
      auto victim = blocks.begin();
      std::advance(victim, random() % blocks.size());
      table.release(victim->first, victim->second);
      blocks.erase(victim);
    }
  }
}

TEST(AdjacencyTable, IsFullWhenItsSlotsAreTaken) {
  AdjacencyTable table;
  // Four /8 would fit exactly, but the first slots are never handed out.
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(table.allocate(1u << 24)) << i;
  EXPECT_FALSE(table.allocate(1u << 24));
  EXPECT_FALSE(table.allocate(1u << 26));
  EXPECT_TRUE(table.allocate(1));
}

TEST(AdjacencyTable, ReleaseGivesMemoryBackAndTheBlockCanBeHadAgain) {
  AdjacencyTable table;
  constexpr std::uint32_t kSize = 1u << 20;  // 16 MB
  const std::uint64_t before = resident_bytes();
  const AdjacencyIndex block = *table.allocate(kSize);
  for (std::uint32_t i = 0; i < kSize; ++i)
    table.store(block + i, Adjacency::forward(1, kGateway, kOwn));
  EXPECT_GT(resident_bytes(), before + (12u << 20));
  table.release(block, kSize);
  EXPECT_LT(resident_bytes(), before + (8u << 20));
  EXPECT_EQ(table.allocate(kSize), block);
  for (std::uint32_t i = 0; i < kSize; ++i)
    ASSERT_TRUE(same(table.load(block + i), Adjacency{})) << i;
}

TEST(AdjacencyTable, MarksOfUseAreTakenOnce) {
  AdjacencyTable table;
  const AdjacencyIndex block = *table.allocate(8);
  table.used_marks()[block + 2] = 1;
  for (std::uint32_t i = 0; i < 8; ++i) EXPECT_EQ(table.take_used(block + i), i == 2) << i;
  for (std::uint32_t i = 0; i < 8; ++i) EXPECT_FALSE(table.take_used(block + i)) << i;
}

// The reader sees one of the two rewrites, whole, at every moment.
TEST(AdjacencyConcurrency, AStoreIsNeverSeenInParts) {
  AdjacencyTable table;
  const AdjacencyIndex slot = *table.allocate(1);
  Adjacency variants[2];
  std::memset(static_cast<void*>(&variants[0]), 0x11, sizeof(Adjacency));
  std::memset(static_cast<void*>(&variants[1]), 0xee, sizeof(Adjacency));
  table.store(slot, variants[0]);
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (unsigned i = 0; !stop.load(std::memory_order_relaxed); ++i)
      table.store(slot, variants[i % 2]);
  });
  unsigned seen[2] = {};
  unsigned torn = 0, changes = 0, last = 0;
  for (int i = 0; i < 2'000'000 || (changes < 100 && i < 200'000'000); ++i) {
    const Adjacency now = table.load(slot);
    const unsigned which = same(now, variants[0]) ? 0 : 1;
    if (which == 1 && !same(now, variants[1])) ++torn;
    ++seen[which];
    changes += which != last;
    last = which;
  }
  stop = true;
  writer.join();
  EXPECT_EQ(torn, 0u);
  EXPECT_GT(seen[0], 0u);
  EXPECT_GT(seen[1], 0u);
}

}  // namespace
}  // namespace weir
