// What `neighbors` and an interface's own `neighbors` say together, with the defaults of what
// neither says (docs/configuration.md).
#pragma once

#include "config/model.hpp"

namespace weir::config {

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

}  // namespace weir::config
