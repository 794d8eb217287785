#include "dataplane/packet/lane.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <set>
#include <vector>

#include "dataplane/packet/drop_reason.hpp"
#include "dataplane/packet/punt.hpp"

namespace weir {
namespace {

static_assert(Lane{}.empty() && !Lane{});
static_assert(Lane::first(0) == Lane{} && Lane::first(64).mask() == ~std::uint64_t{0});
static_assert(Lane::first(63).mask() == ~std::uint64_t{0} >> 1);
static_assert(Lane::one(63).front() == 63 && Lane::one(0).front() == 0);

std::set<unsigned> members(Lane lane) {
  std::set<unsigned> result;
  lane.for_each([&](unsigned i) { result.insert(i); });
  return result;
}

Lane lane_of(const std::set<unsigned>& indices) {
  Lane lane;
  for (const unsigned i : indices) lane.add(i);
  return lane;
}

TEST(Lane, FirstHoldsExactlySoMany) {
  for (unsigned count = 0; count <= 64; ++count) {
    const Lane lane = Lane::first(count);
    EXPECT_EQ(lane.count(), count);
    for (unsigned i = 0; i < 64; ++i) EXPECT_EQ(lane.has(i), i < count) << count << ' ' << i;
  }
}

TEST(Lane, IsASetOfIndices) {
  std::mt19937 random(1);
  for (int round = 0; round < 1000; ++round) {
    std::set<unsigned> a, b, both, either, only_a;
    for (unsigned i = 0; i < 64; ++i) {
      const bool in_a = random() % 2 != 0, in_b = random() % 3 == 0;
      if (in_a) a.insert(i);
      if (in_b) b.insert(i);
      if (in_a && in_b) both.insert(i);
      if (in_a || in_b) either.insert(i);
      if (in_a && !in_b) only_a.insert(i);
    }
    const Lane lane_a = lane_of(a), lane_b = lane_of(b);
    EXPECT_EQ(members(lane_a), a);
    EXPECT_EQ(lane_a.count(), a.size());
    EXPECT_EQ(members(lane_a & lane_b), both);
    EXPECT_EQ(members(lane_a | lane_b), either);
    EXPECT_EQ(members(lane_a - lane_b), only_a);
    if (!a.empty()) {
      EXPECT_EQ(lane_a.front(), *a.begin());
    }
  }
}

TEST(Lane, ForEachGoesInOrderOfArrival) {
  std::vector<unsigned> seen;
  (Lane::one(63) | Lane::one(0) | Lane::one(17)).for_each([&](unsigned i) { seen.push_back(i); });
  EXPECT_EQ(seen, (std::vector<unsigned>{0, 17, 63}));
}

TEST(Names, AreUniqueAndNotEmpty) {
  std::set<std::string_view> names;
  for (const auto& text : kDropReasonTexts) {
    EXPECT_FALSE(text.name.empty() || text.meaning.empty());
    EXPECT_EQ(name(text.reason), text.name);
    EXPECT_TRUE(names.insert(text.name).second) << text.name;
  }
  for (const auto& each : kPuntClassNames) {
    EXPECT_FALSE(each.empty());
    EXPECT_TRUE(names.insert(each).second) << each;
  }
}

TEST(Lane, AroundIsTheNextOneGoingRound) {
  const Lane lane{std::uint64_t{1} << 3 | std::uint64_t{1} << 40 | std::uint64_t{1} << 63};
  for (unsigned from = 0; from < 64; ++from) {
    unsigned next = from;
    while (!lane.has(next)) next = (next + 1) % 64;
    EXPECT_EQ(lane.around(from), next) << from;
  }
}

}  // namespace
}  // namespace weir
