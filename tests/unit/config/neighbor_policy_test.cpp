#include "config/neighbor_policy.hpp"

#include <gtest/gtest.h>

namespace weir::config {
namespace {

TEST(NeighborPolicyTest, DefaultsWhereNothingIsSaid) {
  EXPECT_EQ(neighbor_policy({}, {}), NeighborPolicy{});
  EXPECT_FALSE(has_budgets({}));
}

TEST(NeighborPolicyTest, AnInterfaceBeforeAllBeforeTheDefault) {
  Neighbors all;
  all.learn = Learning::strict;
  all.budgets.gleans = 1;
  all.budgets.replies = 2;
  all.budgets.per_source = {3, 4};
  InterfaceNeighbors own;
  own.trusted = true;
  own.budgets.gleans = 5;
  own.budgets.gleans_per_source = {6, 7};
  NeighborPolicy want;
  want.learn = Learning::strict;
  want.trusted = true;
  want.gleans = 5;
  want.replies = 2;
  want.per_source = {3, 4};
  want.gleans_per_source = {6, 7};
  EXPECT_EQ(neighbor_policy(all, own), want);
  own.learn = Learning::rfc826;
  want.learn = Learning::rfc826;
  EXPECT_EQ(neighbor_policy(all, own), want);
}

/// Every budget by itself: said of one interface it reaches its own value, and no other.
TEST(NeighborPolicyTest, EveryKeyIsItsOwn) {
  const auto check = [](const auto& key, const auto& value) {
    InterfaceNeighbors own;
    own.budgets.*key.said = value;
    EXPECT_TRUE(has_budgets(own.budgets)) << key.name;
    NeighborPolicy want;
    want.*key.value = value;
    EXPECT_EQ(neighbor_policy({}, own), want) << key.name;
    EXPECT_NE(want, NeighborPolicy{}) << key.name;
  };
  for (const auto& key : kBudgetKeys) check(key, 12345u);
  for (const auto& key : kSourceBudgetKeys) check(key, RateAndBurst{123, 456});
}

}  // namespace
}  // namespace weir::config
