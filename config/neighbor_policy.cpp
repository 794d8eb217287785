#include "config/neighbor_policy.hpp"

namespace weir::config {
namespace {

void apply(const NeighborBudgets& budgets, NeighborPolicy& policy) {
  const auto set = [](const auto& from, auto& to) {
    if (from) to = *from;
  };
  set(budgets.replies, policy.replies);
  set(budgets.known_requests, policy.known_requests);
  set(budgets.unknown_requests, policy.unknown_requests);
  set(budgets.binding_changes, policy.binding_changes);
  set(budgets.gleans, policy.gleans);
  set(budgets.new_entries, policy.new_entries);
  set(budgets.per_source, policy.per_source);
  set(budgets.gleans_per_source, policy.gleans_per_source);
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

}  // namespace weir::config
