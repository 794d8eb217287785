// What the configuration says of neighbours, as their engine takes it.
#pragma once

#include <cstdint>

#include "config/model.hpp"
#include "controlplane/interfaces.hpp"
#include "controlplane/neighbor.hpp"

namespace weir::control {

/// `seed`: unpredictable in production.
NeighborSettings neighbor_settings(const config::Config& config, std::uint64_t seed);
NeighborInterface neighbor_interface(InterfaceId id, const InterfaceRow& row);

}  // namespace weir::control
