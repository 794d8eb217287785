// Names of table rows, as types that do not mix.
#pragma once

#include <cstdint>

namespace weir {

/// A row of the next-hop table; 24 bits.
enum class NextHopId : std::uint32_t {};

/// The default route's row: what a destination without a more specific route gets.
inline constexpr NextHopId kDefaultNextHop{0};
/// Ids are below this.
inline constexpr std::uint32_t kNextHopIdLimit = std::uint32_t{1} << 24;

}  // namespace weir
