// The workers' side of the IPv4 forwarding table: DIR-24-8 (Gupta, Lin, McKeown, "Routing Lookups
// in Hardware at Memory Access Speeds", INFOCOM 1998). One load answers a destination whose /24 has
// no longer prefixes, two loads any other. `Fib` (fib.hpp) is the writer's side.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "dataplane/net/ipv4.hpp"
#include "dataplane/table/ids.hpp"

namespace weir {

/// One 32-bit word of either table, so that a single store changes everything about it:
/// bits 0 to 23 the next hop's id, or the group's index when bit 31 ("extended") is set;
/// bits 24 to 29 the length of the prefix it came from, which only the writer looks at.
/// Zero is "no more specific route than the default": zeroed memory is an empty table.
namespace fib_entry {
inline constexpr std::uint32_t kExtended = std::uint32_t{1} << 31;
inline constexpr std::uint32_t kValueMask = kNextHopIdLimit - 1;
inline constexpr unsigned kLengthShift = 24;
inline constexpr unsigned kGroupSize = 256;
}  // namespace fib_entry

/// Lookups, lock-free, for any number of threads beside one writer: each answer is what the table
/// said at some moment during the call. A thread must not carry a call across its quiescent state.
/// A value type of two pointers; valid as long as its Fib lives, whatever that one changes.
class FibReader {
 public:
  /// `tbl24` has 2^24 entries, `tbl8` as many groups of 256 as any entry of `tbl24` names.
  FibReader(const std::uint32_t* tbl24, const std::uint32_t* tbl8) : tbl24_(tbl24), tbl8_(tbl8) {}

  NextHopId lookup(Ipv4Address destination) const { return NextHopId{find(destination.value())}; }

  /// The ids of `n` destinations in host byte order; nothing beyond `n` is read or written.
  /// Every value is a valid destination. Best when n is a multiple of 16.
  void lookup_bulk(const std::uint32_t* destinations, std::uint32_t* next_hops, unsigned n) const {
#if defined(__AVX512F__)
    lookup_avx512(destinations, next_hops, n);
#elif defined(__AVX2__)
    lookup_avx2(destinations, next_hops, n);
#else
    lookup_scalar(destinations, next_hops, n);
#endif
  }

  /// Brings the entry that a later lookup reads first towards this core.
  void prefetch(std::uint32_t destination) const {
    __builtin_prefetch(tbl24_ + (destination >> 8));
  }

  // lookup_bulk by instruction set, for tests and measurements. The vectors read the tables with
  // gathers: aligned 32-bit elements, which x86 reads whole like any aligned load.

  void lookup_scalar(const std::uint32_t* destinations, std::uint32_t* next_hops,
                     unsigned n) const {
    for (unsigned i = 0; i < n; ++i) next_hops[i] = find(destinations[i]);
  }

#if defined(__AVX2__)
  void lookup_avx2(const std::uint32_t* destinations, std::uint32_t* next_hops, unsigned n) const {
    const auto* const tbl24 = reinterpret_cast<const int*>(tbl24_);
    const auto* const tbl8 = reinterpret_cast<const int*>(tbl8_);
    const __m256i value_mask = _mm256_set1_epi32(fib_entry::kValueMask);
    unsigned i = 0;
    for (; i + 8 <= n; i += 8) {
      const __m256i dst = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(destinations + i));
      __m256i entry = _mm256_i32gather_epi32(tbl24, _mm256_srli_epi32(dst, 8), 4);
      if (_mm256_movemask_ps(_mm256_castsi256_ps(entry)) != 0) [[unlikely]] {
        const __m256i host = _mm256_and_si256(dst, _mm256_set1_epi32(0xff));
        const __m256i index = _mm256_or_si256(_mm256_slli_epi32(entry, 8), host);
        // The mask is each element's sign bit: "extended".
        entry = _mm256_mask_i32gather_epi32(entry, tbl8, index, entry, 4);
      }
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(next_hops + i),
                          _mm256_and_si256(entry, value_mask));
    }
    lookup_scalar(destinations + i, next_hops + i, n - i);
  }
#endif

#if defined(__AVX512F__)
  void lookup_avx512(const std::uint32_t* destinations, std::uint32_t* next_hops,
                     unsigned n) const {
    unsigned i = 0;
    for (; i + 16 <= n; i += 16) {
      _mm512_storeu_si512(next_hops + i, find16(_mm512_loadu_si512(destinations + i)));
    }
    if (i < n) {
      // The missing destinations read as 0.0.0.0, as good as any.
      const auto mask = static_cast<__mmask16>((1u << (n - i)) - 1);
      const __m512i dst = _mm512_maskz_loadu_epi32(mask, destinations + i);
      _mm512_mask_storeu_epi32(next_hops + i, mask, find16(dst));
    }
  }
#endif

 private:
  /// Acquire: whoever sees a group's index sees the group filled.
  static std::uint32_t load(const std::uint32_t* entry) {
    return __atomic_load_n(entry, __ATOMIC_ACQUIRE);
  }

  std::uint32_t find(std::uint32_t destination) const {
    std::uint32_t entry = load(tbl24_ + (destination >> 8));
    if ((entry & fib_entry::kExtended) != 0) [[unlikely]] {
      // The shift moves "extended" out.
      entry = load(tbl8_ + (entry << 8 | (destination & 0xff)));
    }
    return entry & fib_entry::kValueMask;
  }

#if defined(__AVX512F__)
  // Masked forms with all bits set where plain ones would do: GCC 12 warns of its own plain ones
  // (bug 105593), and makes the same code of both.
  __m512i find16(__m512i dst) const {
    constexpr __mmask16 kAll = 0xffff;
    const __m512i index24 = _mm512_maskz_srli_epi32(kAll, dst, 8);
    __m512i entry = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), kAll, index24, tbl24_, 4);
    const __mmask16 extended = _mm512_cmplt_epi32_mask(entry, _mm512_setzero_si512());
    if (extended != 0) [[unlikely]] {
      const __m512i host = _mm512_and_si512(dst, _mm512_set1_epi32(0xff));
      const __m512i index8 = _mm512_or_si512(_mm512_maskz_slli_epi32(kAll, entry, 8), host);
      entry = _mm512_mask_i32gather_epi32(entry, extended, index8, tbl8_, 4);
    }
    return _mm512_and_si512(entry, _mm512_set1_epi32(fib_entry::kValueMask));
  }
#endif

  const std::uint32_t* tbl24_;
  const std::uint32_t* tbl8_;
};

}  // namespace weir
