// From lanes to lists: what ports and pools take is packets side by side.
#pragma once

#include <rte_mbuf.h>

#include <bit>
#include <cstdint>

#include "dataplane/packet/burst.hpp"
#include "dataplane/packet/simd.hpp"

namespace weir {

// Eight pointers are stored at a time.
inline constexpr unsigned kGathered = Burst::kSize + 8;

/// The packets of a lane side by side; returns how many. `packets` has room for kGathered.
inline unsigned gather(const Burst& burst, Lane lane, rte_mbuf** packets) {
  unsigned count = 0;
#ifdef __AVX512F__
  for (unsigned first = 0; first < burst.size; first += 8) {
    const auto mask = static_cast<__mmask8>(lane.mask() >> first);
    // What is beyond the lane's packets is overwritten by the next eight.
    _mm512_storeu_si512(packets + count,
                        _mm512_maskz_compress_epi64(mask, _mm512_load_si512(&burst.packet[first])));
    count += static_cast<unsigned>(std::popcount(unsigned{mask}));
  }
#else
  lane.for_each([&](unsigned i) { packets[count++] = burst.packet[i]; });
#endif
  return count;
}

/// The packets of a lane that have this value of `egress`.
inline Lane going(const Burst& burst, Lane lane, std::uint32_t egress) {
  const U32x16 wanted{egress};
  std::uint64_t found = 0;
  for_each_sixteen(burst, [&](unsigned first) {
    found |= at(equal(U32x16::load(&burst.egress[first]), wanted), first);
  });
  return Lane{found} & lane;
}

inline std::uint64_t bytes_of(const Burst& burst, Lane lane) {
  std::uint64_t bytes = 0;
  for_each_sixteen(burst, [&](unsigned first) {
    const U32x16 lengths = U32x16::load(&burst.frame_length[first]);
    bytes += U32x16{0}.with(static_cast<unsigned>(lane.mask() >> first) & 0xffff, lengths).sum();
  });
  return bytes;
}

}  // namespace weir
