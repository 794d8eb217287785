// Names of table rows, as types that do not mix.
#pragma once

#include <cstddef>
#include <cstdint>

namespace weir {

/// An interface's row in the snapshot: ports first; VLANs and bridges' own behind them.
using InterfaceId = std::uint16_t;
inline constexpr std::size_t kMaxInterfaces = 512;
inline constexpr std::size_t kMaxPorts = 32;  // DPDK's RTE_MAX_ETHPORTS

/// A bridge, from 1 on; 0 is "none".
using BridgeId = std::uint16_t;
inline constexpr std::size_t kMaxBridges = 256;
inline constexpr std::size_t kMaxBridgeMembers = 64;  // a set of them is one word

/// A row of the next-hop table; 24 bits.
enum class NextHopId : std::uint32_t {};

/// The default route's row: what a destination without a more specific route gets.
inline constexpr NextHopId kDefaultNextHop{0};
/// Ids are below this.
inline constexpr std::uint32_t kNextHopIdLimit = std::uint32_t{1} << 24;

}  // namespace weir
