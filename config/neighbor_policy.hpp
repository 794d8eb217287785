// What `neighbors` and an interface's own `neighbors` say together, with the defaults of what
// neither says (docs/configuration.md).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "config/model.hpp"

namespace weir::config {

/// In the order of Learning.
inline constexpr std::array<std::string_view, 3> kLearningNames{"rfc826", "adaptive", "strict"};
constexpr std::string_view name(Learning learning) {
  return kLearningNames[static_cast<std::size_t>(learning)];
}

/// Of one interface, complete. Rates are packets a second.
struct NeighborPolicy {
  Learning learn = Learning::adaptive;
  bool trusted = false;
  bool proxy_arp = false;
  bool rarp = false;
  std::uint32_t replies = 20'000;
  std::uint32_t known_requests = 20'000;
  std::uint32_t unknown_requests = 2'000;
  std::uint32_t binding_changes = 10;
  std::uint32_t gleans = 2'000;
  std::uint32_t new_entries = 500;
  RateAndBurst per_source{15, 30};
  RateAndBurst gleans_per_source{10, 50};

  friend bool operator==(const NeighborPolicy&, const NeighborPolicy&) = default;
};

/// Of an interface whose own section is `interface`.
NeighborPolicy neighbor_policy(const Neighbors& all, const InterfaceNeighbors& interface);

/// A budget as `budgets` names it, what is said of it and what comes of that.
template <typename T>
struct BudgetKey {
  std::string_view name;
  std::optional<T> NeighborBudgets::*said;
  T NeighborPolicy::*value;
};
inline constexpr std::array<BudgetKey<std::uint32_t>, 6> kBudgetKeys{{
    {"replies", &NeighborBudgets::replies, &NeighborPolicy::replies},
    {"known-requests", &NeighborBudgets::known_requests, &NeighborPolicy::known_requests},
    {"unknown-requests", &NeighborBudgets::unknown_requests, &NeighborPolicy::unknown_requests},
    {"binding-changes", &NeighborBudgets::binding_changes, &NeighborPolicy::binding_changes},
    {"new-entries", &NeighborBudgets::new_entries, &NeighborPolicy::new_entries},
    {"gleans", &NeighborBudgets::gleans, &NeighborPolicy::gleans},
}};
inline constexpr std::array<BudgetKey<RateAndBurst>, 2> kSourceBudgetKeys{{
    {"per-source", &NeighborBudgets::per_source, &NeighborPolicy::per_source},
    {"gleans-per-source", &NeighborBudgets::gleans_per_source, &NeighborPolicy::gleans_per_source},
}};

/// Whether any budget is said.
bool has_budgets(const NeighborBudgets& budgets);

}  // namespace weir::config
