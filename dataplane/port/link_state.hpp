#pragma once

#include <cstdint>

namespace weir {

struct LinkState {
  bool up = false;
  std::uint32_t speed_mbps = 0;  // 0: unknown
  bool full_duplex = false, negotiated = false;
};

}  // namespace weir
