// Whom to probe while a configuration changes: the gateways of routes that change, before and
// after; live neighbours on subnets that do; hosts that somebody named; and a few neighbours on
// paths that stay, as witnesses. Pure.
//
// Bounds: Prober::kMaxTargets, of which up to kWitnesses are witnesses. What is too many is
// sampled evenly, and `left_out` says how many that were.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "config/model.hpp"
#include "dataplane/net/ipv4.hpp"
#include "dataplane/table/ids.hpp"

namespace weir::control {

struct ProbeTarget {
  enum class What { named, gateway, gateway_before, gateway_after, neighbor, witness };
  Ipv4Address address;
  What what = What::witness;
  bool gateway_after = false;  // packets of changed routes go there when the change is done
  bool leaves = false;         // its subnet, or what led there, is no more then
};
std::string_view to_string(ProbeTarget::What what);

/// A neighbour whose MAC address is known.
struct LiveNeighbor {
  Ipv4Address ip;
  InterfaceId interface = 0;
};

struct ProbeTargets {
  std::vector<ProbeTarget> targets;  // no address twice, none of the router's own
  std::size_t left_out = 0;
};

inline constexpr std::size_t kWitnesses = 8;

/// Both configurations have passed validation. O(n log n) in their routes and `live`.
ProbeTargets choose_targets(const config::Config& running, const config::Config& next,
                            std::span<const LiveNeighbor> live, std::span<const Ipv4Address> named);

}  // namespace weir::control
