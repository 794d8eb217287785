// From one burst two: the packets of a lane go to a burst of their own, and the others close ranks,
// so that vector stages of both find full vectors.
#pragma once

#include <immintrin.h>

#include <bit>
#include <cstdint>

#include "dataplane/packet/burst.hpp"

namespace weir {

/// A set of packets, named by the places they have once only those of `kept` are left.
inline Lane in_ranks(Lane lane, Lane kept) {
#ifdef __BMI2__
  return Lane{_pext_u64(lane.mask(), kept.mask())};
#else
  std::uint64_t result = 0;
  unsigned place = 0;
  kept.for_each([&](unsigned i) {
    result |= std::uint64_t{lane.has(i)} << place;
    ++place;
  });
  return Lane{result};
#endif
}

/// Values of `lane` side by side in `to`, which may be `from`, and is written in whole vectors.
template <class T>
inline void compress(const T* from, Lane lane, unsigned size, T* to) {
#ifdef __AVX512F__
  constexpr unsigned kWidth = 64 / sizeof(T);
  unsigned count = 0;
  for (unsigned first = 0; first < size; first += kWidth) {
    const std::uint64_t mask = lane.mask() >> first & ((std::uint64_t{1} << kWidth) - 1);
    const __m512i values = _mm512_loadu_si512(from + first);
    __m512i ranks;
    if constexpr (sizeof(T) == 8)
      ranks = _mm512_maskz_compress_epi64(static_cast<__mmask8>(mask), values);
    else
      ranks = _mm512_maskz_compress_epi32(static_cast<__mmask16>(mask), values);
    const auto taken = static_cast<unsigned>(std::popcount(mask));
    // Only what was taken: nothing beyond it was read yet, or is ours.
    const std::uint64_t written = (std::uint64_t{1} << taken) - 1;
    if constexpr (sizeof(T) == 8)
      _mm512_mask_storeu_epi64(to + count, static_cast<__mmask8>(written), ranks);
    else
      _mm512_mask_storeu_epi32(to + count, static_cast<__mmask16>(written), ranks);
    count += taken;
  }
#else
  unsigned count = 0;
  (lane & Lane::first(size)).for_each([&](unsigned i) { to[count++] = from[i]; });
#endif
}

inline void finish(const Burst& from, unsigned size, Burst& to) {
  to.interface = from.interface;
  to.heard_on = from.heard_on;
  to.size = size;
  for (unsigned i = size; i % 16 != 0; ++i) {  // as locate_frames leaves it
    to.frame[i] = to.frame[0];
    to.frame_length[i] = 0;
  }
}

/// What receiving and `locate_frames` found of the packets of `lane`, side by side in `to`, which
/// may be `from`.
inline void close_ranks(const Burst& from, Lane lane, Burst& to) {
  compress(from.packet, lane, from.size, to.packet);
  compress(from.frame, lane, from.size, to.frame);
  compress(from.frame_length, lane, from.size, to.frame_length);
  finish(from, lane.count(), to);
}

/// The same for a few, and the gaps stay.
inline void copy_aside(const Burst& from, Lane lane, Burst& to) {
  unsigned count = 0;
  lane.for_each([&](unsigned i) {
    to.packet[count] = from.packet[i];
    to.frame[count] = from.frame[i];
    to.frame_length[count] = from.frame_length[i];
    ++count;
  });
  finish(from, count, to);
}

/// Moves the packets of `lane` from `burst` to `aside`.
inline void set_aside(Burst& burst, Lane lane, Burst& aside) {
  const Lane kept = burst.all() - lane;
  close_ranks(burst, lane, aside);
  close_ranks(burst, kept, burst);
}

}  // namespace weir
