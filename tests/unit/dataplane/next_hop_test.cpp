#include "dataplane/table/next_hop.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <vector>

namespace weir {
namespace {

constexpr NextHop kNoRoute{16, 0};

TEST(NextHop, OneFormulaForGatewaysAndSubnets) {
  struct Row {
    const char* name;
    NextHop hop;
    std::uint32_t destination;
    AdjacencyIndex adjacency;
  };
  constexpr Row kRows[] = {
      {"a gateway, whatever the destination", {1000, 0}, 0xffffffff, 1000},
      {"a /24, its network address", {4096, 0xff}, 0x0a000000, 4096},
      {"a /24, a host", {4096, 0xff}, 0x0a000063, 4096 + 0x63},
      {"a /24, its broadcast address", {4096, 0xff}, 0x0a0000ff, 4096 + 0xff},
      {"a /31", {64, 1}, 0x0a000001, 65},
      {"a /8", {1u << 24, 0xffffff}, 0x0affffff, (1u << 24) + 0xffffff},
  };
  for (const Row& row : kRows)
    EXPECT_EQ(row.hop.adjacency(row.destination), row.adjacency) << row.name;
}

TEST(NextHopTable, RowZeroIsTheDefaultRoutes) {
  NextHopTable table(kNoRoute);
  EXPECT_EQ(table.load(kDefaultNextHop), kNoRoute);
  EXPECT_EQ(table.size(), 1u);
  table.store(kDefaultNextHop, {77, 0});
  EXPECT_EQ(table.load(kDefaultNextHop), (NextHop{77, 0}));
}

TEST(NextHopTable, LikeAMap) {
  NextHopTable table(kNoRoute);
  std::map<NextHopId, NextHop> model;
  std::mt19937 random(2);
  for (int round = 0; round < 20'000; ++round) {
    const NextHop value{static_cast<AdjacencyIndex>(random()),
                        static_cast<std::uint32_t>(random())};
    if (model.empty() || random() % 3 != 0) {
      const auto id = table.allocate(value);
      ASSERT_TRUE(id);
      ASSERT_NE(*id, kDefaultNextHop);
      ASSERT_TRUE(model.emplace(*id, value).second) << "handed out twice";
    } else {
      auto chosen = model.begin();
      std::advance(chosen, random() % std::min<std::size_t>(model.size(), 50));
      if (random() % 2 != 0) {
        table.store(chosen->first, value);
        chosen->second = value;
      } else {
        table.release(chosen->first);
        model.erase(chosen);
      }
    }
    ASSERT_EQ(table.size(), model.size() + 1);
  }
  for (const auto& [id, value] : model) ASSERT_EQ(table.load(id), value);
}

TEST(NextHopTable, IsFullAtItsBoundAndRecovers) {
  NextHopTable table(kNoRoute);
  for (std::uint32_t i = 1; i < NextHopTable::kSlots; ++i) ASSERT_TRUE(table.allocate({i, 0}));
  EXPECT_FALSE(table.allocate({1, 0}));
  table.release(NextHopId{4711});
  EXPECT_EQ(table.allocate({5, 6}), NextHopId{4711});
  EXPECT_EQ(table.load(NextHopId{4711}), (NextHop{5, 6}));
}

NextHop member(std::uint32_t i) { return {1000 + i, 0}; }

using Buckets = std::array<AdjacencyIndex, GroupTable::kBuckets>;

/// What each bucket leads to, seen through `pick` as flows see it.
Buckets buckets_of(const GroupTable& table, std::uint32_t group) {
  Buckets result;
  for (std::uint32_t i = 0; i < GroupTable::kBuckets; ++i) {
    const std::uint32_t first = i << 25, last = first | 0x1ffffff;
    result[i] = table.pick(group, first).base;
    EXPECT_EQ(table.pick(group, last).base, result[i]) << "bucket " << i;
  }
  return result;
}

std::map<AdjacencyIndex, unsigned> shares(const Buckets& buckets) {
  std::map<AdjacencyIndex, unsigned> result;
  for (const AdjacencyIndex each : buckets) ++result[each];
  return result;
}

unsigned moved(const Buckets& before, const Buckets& after) {
  unsigned count = 0;
  for (std::size_t i = 0; i < before.size(); ++i) count += before[i] != after[i];
  return count;
}

/// The fewest buckets that must move for an even spread over `members`: everyone keeps what he has
/// up to his share, and the shares that are one larger go to those who can use them.
unsigned fewest_moves(const Buckets& before, const std::vector<NextHop>& members) {
  const auto count = static_cast<unsigned>(members.size());
  const unsigned share = GroupTable::kBuckets / count;
  unsigned larger = GroupTable::kBuckets % count;
  auto held = shares(before);
  unsigned kept = 0;
  for (const NextHop& each : members) {
    const unsigned has = held[each.base];
    kept += std::min(has, share);
    if (has > share && larger > 0) {
      ++kept;
      --larger;
    }
  }
  return GroupTable::kBuckets - kept;
}

void expect_even(const Buckets& buckets, const std::vector<NextHop>& members) {
  const unsigned share = GroupTable::kBuckets / static_cast<unsigned>(members.size());
  const auto held = shares(buckets);
  ASSERT_EQ(held.size(), members.size());
  for (const NextHop& each : members) {
    ASSERT_TRUE(held.contains(each.base));
    ASSERT_GE(held.at(each.base), share);
    ASSERT_LE(held.at(each.base), share + 1);
  }
}

TEST(GroupTable, EveryNumberOfMembersSpreadsEvenly) {
  for (std::uint32_t count = 1; count <= GroupTable::kMaxMembers; ++count) {
    GroupTable table;
    const std::uint32_t group = *table.allocate();
    std::vector<NextHop> members;
    for (std::uint32_t i = 0; i < count; ++i) members.push_back(member(i));
    table.set_members(group, members);
    expect_even(buckets_of(table, group), members);
  }
}

TEST(GroupTable, OnlyFlowsOfALeavingMemberMove) {
  for (std::uint32_t count = 2; count <= GroupTable::kMaxMembers; ++count) {
    for (const std::uint32_t leaving : {0u, count / 2, count - 1}) {
      GroupTable table;
      const std::uint32_t group = *table.allocate();
      std::vector<NextHop> members;
      for (std::uint32_t i = 0; i < count; ++i) members.push_back(member(i));
      table.set_members(group, members);
      const Buckets before = buckets_of(table, group);
      members.erase(members.begin() + leaving);
      table.set_members(group, members);
      const Buckets after = buckets_of(table, group);
      for (std::size_t i = 0; i < before.size(); ++i) {
        if (before[i] != member(leaving).base) {
          ASSERT_EQ(after[i], before[i]) << count << " members, number " << leaving << " leaves";
        }
      }
      expect_even(after, members);
    }
  }
}

TEST(GroupTable, ANewMemberTakesItsShareAndNothingElseMoves) {
  for (std::uint32_t count = 1; count < GroupTable::kMaxMembers; ++count) {
    GroupTable table;
    const std::uint32_t group = *table.allocate();
    std::vector<NextHop> members;
    for (std::uint32_t i = 0; i < count; ++i) members.push_back(member(i));
    table.set_members(group, members);
    const Buckets before = buckets_of(table, group);
    members.push_back(member(count));
    table.set_members(group, members);
    const Buckets after = buckets_of(table, group);
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (after[i] != member(count).base) {
        ASSERT_EQ(after[i], before[i]) << count << " members";
      }
    }
    expect_even(after, members);
  }
}

// Members come and go in any number and order: never a bucket more moves than must.
TEST(GroupTable, MovesAsLittleAsAnEvenSpreadAllows) {
  std::mt19937 random(3);
  GroupTable table;
  const std::uint32_t group = *table.allocate();
  std::vector<NextHop> members{member(0)};
  table.set_members(group, members);
  for (int round = 0; round < 3000; ++round) {
    std::set<std::uint32_t> next;
    for (const NextHop& each : members)
      if (random() % 8 != 0) next.insert(each.base - 1000);
    const auto most = 1 + random() % GroupTable::kMaxMembers;
    while (next.empty() || (next.size() < most && random() % 4 != 0))
      next.insert(static_cast<std::uint32_t>(random() % 100));
    members.clear();
    for (const std::uint32_t i : next) members.push_back(member(i));
    std::shuffle(members.begin(), members.end(), random);
    members.resize(std::min<std::size_t>(members.size(), GroupTable::kMaxMembers));

    const Buckets before = buckets_of(table, group);
    table.set_members(group, members);
    const Buckets after = buckets_of(table, group);
    expect_even(after, members);
    ASSERT_EQ(moved(before, after), fewest_moves(before, members)) << "round " << round;
    if (HasFatalFailure()) return;
  }
}

// A route's new group takes over where its old group, or its one gateway, had the flows.
TEST(GroupTable, AnHeirKeepsFlowsWhereTheyWere) {
  GroupTable table;
  const std::uint32_t first = *table.allocate();
  table.set_members(first, {member(0), member(1), member(2)});
  const Buckets before = buckets_of(table, first);

  const std::uint32_t heir = *table.allocate(first);
  EXPECT_EQ(moved(before, buckets_of(table, heir)), 0u);
  table.set_members(heir, {member(0), member(2)});
  const Buckets after = buckets_of(table, heir);
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] != member(1).base) {
      EXPECT_EQ(after[i], before[i]);
    }
  }
  EXPECT_EQ(moved(before, buckets_of(table, first)), 0u) << "the old group changed";

  const std::uint32_t from_one = *table.allocate();
  table.fill(from_one, member(5));
  table.set_members(from_one, {member(4), member(5)});
  EXPECT_EQ(shares(buckets_of(table, from_one))[member(5).base], 64u);
}

TEST(GroupTable, ANewGroupKnowsNothingOfTheOneThatHadItsRow) {
  GroupTable table;
  const std::uint32_t group = *table.allocate();
  table.set_members(group, {member(1)});
  table.release(group);
  ASSERT_EQ(table.allocate(), group);
  EXPECT_EQ(table.pick(group, 0), NextHop{});
}

TEST(GroupTable, IsFullAtItsBound) {
  GroupTable table;
  std::set<std::uint32_t> groups;
  for (std::uint32_t i = 0; i < GroupTable::kGroups; ++i) groups.insert(*table.allocate());
  EXPECT_EQ(groups.size(), GroupTable::kGroups);
  EXPECT_FALSE(table.allocate());
  table.release(17);
  EXPECT_EQ(table.allocate(), 17u);
}

}  // namespace
}  // namespace weir
