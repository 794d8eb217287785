// A plan of either family as what is shown of it: texts, and places as offsets from its parent.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "config/subnet_plan.hpp"

namespace weir::cli {

struct PlanBlock {
  enum Kind { subnet, reserved, free };

  Kind kind = free;
  Uint128 start = 0;  // from the parent's first address
  unsigned bits = 0;  // it has 2^bits addresses
  std::string prefix;

  // Of a subnet.
  std::string key;  // one character for the picture; empty when there are more subnets than those
  std::string name;
  std::string netmask;      // IPv4
  std::string first;        // usable, and the suggested gateway
  std::string last;         // usable
  std::string broadcast;    // empty when there is none
  std::uint64_t hosts = 0;  // asked; 0: a length was
  Uint128 usable = 0;
};

struct PlanView {
  std::string parent;
  unsigned parent_bits = 0;  // the parent has 2^parent_bits addresses
  bool is_ipv4 = true;
  std::vector<PlanBlock> blocks;                   // all of the parent, ascending
  std::function<std::string(Uint128)> address_at;  // of an offset
};

template <typename Address>
PlanView view_of(const config::SubnetPlan<Address>& plan, std::span<const config::Demand> demands);

}  // namespace weir::cli
