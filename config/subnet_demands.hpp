// Reading what subnets are wanted: `sales=50,lab=20x3,link=/31`. Pure, thread-safe.
//
//   demands = demand { "," demand }
//   demand  = [ NAME "=" ] size [ "x" COUNT ]
//   size    = HOSTS | "/" LENGTH
//
// HOSTS are all addresses wanted, the router's own among them. With a COUNT of more than one, the
// names are NAME-1, NAME-2 ...; without a NAME, net1, net2 ...
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/subnet_plan.hpp"

namespace weir::config {

/// As many as fit a screen several times over; a plan for more is made in two steps.
inline constexpr std::size_t kMaxDemands = 4096;

struct DemandsText {
  std::vector<Demand> demands;  // at least one, names differ; empty when there is an error
  std::string error;            // what is wrong, with the demand's text
  std::string hint;             // what would be right
};

/// HOSTS get the smallest IPv4 subnet that holds them; in IPv6 a /64, whatever their number
/// (RFC 7421). With `point_to_point`, two hosts or one get a /31 (RFC 3021) or a /127 (RFC 6164).
template <typename Address>
DemandsText parse_demands(std::string_view text, bool point_to_point);

}  // namespace weir::config
