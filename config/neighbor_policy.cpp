#include "config/neighbor_policy.hpp"

#include <algorithm>

namespace weir::config {
namespace {

void apply(const NeighborBudgets& budgets, NeighborPolicy& policy) {
  const auto set = [&](const auto& key) {
    if (budgets.*key.said) policy.*key.value = *(budgets.*key.said);
  };
  for (const auto& key : kBudgetKeys) set(key);
  for (const auto& key : kSourceBudgetKeys) set(key);
}

}  // namespace

NeighborPolicy neighbor_policy(const Neighbors& all, const InterfaceNeighbors& interface) {
  NeighborPolicy policy;
  policy.learn = interface.learn.value_or(all.learn);
  policy.trusted = interface.trusted;
  policy.proxy_arp = interface.proxy_arp;
  policy.rarp = interface.rarp;
  apply(all.budgets, policy);
  apply(interface.budgets, policy);
  return policy;
}

bool has_budgets(const NeighborBudgets& budgets) {
  const auto is_said = [&](const auto& key) { return (budgets.*key.said).has_value(); };
  return std::any_of(kBudgetKeys.begin(), kBudgetKeys.end(), is_said) ||
         std::any_of(kSourceBudgetKeys.begin(), kSourceBudgetKeys.end(), is_said);
}

}  // namespace weir::config
