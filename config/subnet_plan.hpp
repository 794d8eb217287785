// The subnet planner: subnets for demands, from one parent prefix. Pure, thread-safe.
//
// Every demand gets the smallest subnet that holds it. Subnets are prefixes: aligned, disjoint from
// each other and from what is reserved. The largest are placed first, each in the smallest free
// block that holds it, at its lowest addresses; of a block that is too large, the upper halves
// stay free.
//
// Why this fits whenever a fit exists: call an aligned block of size s open when nothing of it is
// taken. When a subnet of size s is placed, all before it were at least as large, so each of them
// closed exactly (its size)/s open blocks of size s, wherever it was put. How many are open now
// depends on the demands only, not on the places chosen. If none is, then no arrangement of the
// same demands has one.
//
// Why what is left is in the largest blocks possible: an open block of size s is broken for a
// smaller subnet t only when no free block below s holds t, that is, when the demands from t to s
// alone fill all free room below s that is in pieces of t or larger. By the same counting no other
// arrangement breaks fewer. This holds for all s at once, so no plan has more open blocks of any
// size.
//
// O((n + r) x bits of an address x log) for n demands and r reserved prefixes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dataplane/net/ipv4.hpp"
#include "dataplane/net/ipv6.hpp"

namespace weir::config {

/// One subnet that is wanted.
struct Demand {
  std::string name;
  std::uint64_t hosts = 0;  // addresses wanted, the router's among them; 0: a length was asked
  unsigned length = 0;      // the prefix length
};

/// The longest IPv4 prefix length whose subnets have `hosts` usable addresses (at least 1); nullopt
/// when none has. With `point_to_point`, two hosts or one get a /31 (RFC 3021).
std::optional<unsigned> smallest_length(std::uint64_t hosts, bool point_to_point);

template <typename Address>
struct SubnetPlan {
  Prefix<Address> parent;
  std::vector<Prefix<Address>> subnets;   // one a demand, in their order
  std::vector<Prefix<Address>> reserved;  // the same addresses as given, fewest prefixes, ascending
  std::vector<Prefix<Address>> free;      // what is left: fewest prefixes, ascending
};

/// Why there is no plan.
template <typename Address>
struct Shortfall {
  std::size_t demand = 0;  // the largest that finds no place once those before it have theirs
  Uint128 asked = 0;       // addresses of all demands' subnets
  Uint128 free = 0;        // addresses of the parent that are not reserved
  std::optional<Prefix<Address>> largest_free;  // when the demand found no place
  /// The longest prefix around the parent that holds all demands, the same addresses reserved.
  std::optional<Prefix<Address>> enough;
};

template <typename Address>
struct PlanResult {
  std::optional<SubnetPlan<Address>> plan;
  Shortfall<Address> shortfall;  // without a plan
};

/// `reserved` prefixes may overlap each other and lie outside of `parent`.
template <typename Address>
PlanResult<Address> plan_subnets(const Prefix<Address>& parent, std::span<const Demand> demands,
                                 std::span<const Prefix<Address>> reserved);

/// The addresses of a prefix; 2^128 - 1 for ::/0.
template <typename Address>
Uint128 size_of(const Prefix<Address>& prefix);

}  // namespace weir::config
