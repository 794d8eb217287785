// Sixteen 32-bit values at once: the few operations that stages need, as AVX-512 where the build
// has it and as plain vectors that the compiler lowers where not. Comparisons give a 16-bit mask,
// bit i for value i.
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <cstring>
#include <utility>

namespace weir {

class U32x16 {
 public:
#ifdef __AVX512BW__
  using Vector = __m512i;
#else
  typedef std::uint32_t Vector __attribute__((vector_size(64)));
#endif
  static constexpr unsigned kWidth = 16;

  U32x16() = default;
  explicit U32x16(Vector v) : v_(v) {}
  Vector raw() const { return v_; }

#ifdef __AVX512BW__
  explicit U32x16(std::uint32_t all) : v_(_mm512_set1_epi32(static_cast<int>(all))) {}
  /// `from` is aligned to 64 bytes.
  static U32x16 load(const std::uint32_t* from) { return U32x16{_mm512_load_si512(from)}; }
  void store(std::uint32_t* to) const { _mm512_store_si512(to, v_); }

  friend U32x16 operator+(U32x16 a, U32x16 b) { return U32x16{_mm512_add_epi32(a.v_, b.v_)}; }
  friend U32x16 operator-(U32x16 a, U32x16 b) { return U32x16{_mm512_sub_epi32(a.v_, b.v_)}; }
  friend U32x16 operator&(U32x16 a, U32x16 b) { return U32x16{_mm512_and_si512(a.v_, b.v_)}; }
  template <int n>
  U32x16 shift_right() const {
    return U32x16{_mm512_srli_epi32(v_, n)};
  }
  template <int n>
  U32x16 shift_left() const {
    return U32x16{_mm512_slli_epi32(v_, n)};
  }
  friend U32x16 operator|(U32x16 a, U32x16 b) { return U32x16{_mm512_or_si512(a.v_, b.v_)}; }
  friend unsigned equal(U32x16 a, U32x16 b) { return _mm512_cmpeq_epi32_mask(a.v_, b.v_); }
  friend unsigned less(U32x16 a, U32x16 b) { return _mm512_cmplt_epu32_mask(a.v_, b.v_); }
  /// Each value with its four bytes in reverse order.
  U32x16 byte_swapped() const {
    return U32x16{
        _mm512_shuffle_epi8(v_, _mm512_set4_epi32(0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203))};
  }
  /// Values of `mask` from `a`, the others from `*this`.
  U32x16 with(unsigned mask, U32x16 a) const {
    return U32x16{_mm512_mask_mov_epi32(v_, static_cast<__mmask16>(mask), a.v_)};
  }
  std::uint32_t sum() const { return static_cast<std::uint32_t>(_mm512_reduce_add_epi32(v_)); }
#else
  explicit U32x16(std::uint32_t all) : v_(Vector{} + all) {}
  static U32x16 load(const std::uint32_t* from) {
    U32x16 r;
    std::memcpy(&r.v_, from, sizeof r.v_);
    return r;
  }
  void store(std::uint32_t* to) const { std::memcpy(to, &v_, sizeof v_); }

  friend U32x16 operator+(U32x16 a, U32x16 b) { return U32x16{a.v_ + b.v_}; }
  friend U32x16 operator-(U32x16 a, U32x16 b) { return U32x16{a.v_ - b.v_}; }
  friend U32x16 operator&(U32x16 a, U32x16 b) { return U32x16{a.v_ & b.v_}; }
  template <int n>
  U32x16 shift_right() const {
    return U32x16{v_ >> n};
  }
  template <int n>
  U32x16 shift_left() const {
    return U32x16{v_ << n};
  }
  friend U32x16 operator|(U32x16 a, U32x16 b) { return U32x16{a.v_ | b.v_}; }
  friend unsigned equal(U32x16 a, U32x16 b) { return to_mask(Vector(a.v_ == b.v_)); }
  friend unsigned less(U32x16 a, U32x16 b) { return to_mask(Vector(a.v_ < b.v_)); }
  U32x16 byte_swapped() const {
    return U32x16{v_ >> 24 | (v_ >> 8 & 0xff00) | (v_ << 8 & 0xff0000) | v_ << 24};
  }
  U32x16 with(unsigned mask, U32x16 a) const {
    U32x16 r = *this;
    for (unsigned i = 0; i < kWidth; ++i)
      if ((mask >> i & 1) != 0) r.v_[i] = a.v_[i];
    return r;
  }
  std::uint32_t sum() const {
    std::uint32_t total = 0;
    for (unsigned i = 0; i < kWidth; ++i) total += v_[i];
    return total;
  }
#endif

 private:
#ifndef __AVX512BW__
  static unsigned to_mask(Vector v) {
    unsigned mask = 0;
#ifdef __AVX2__
    for (int half = 0; half < 2; ++half) {
      __m256 part;
      std::memcpy(&part, reinterpret_cast<const char*>(&v) + half * 32, sizeof part);
      mask |= static_cast<unsigned>(_mm256_movemask_ps(part)) << (8 * half);
    }
#else
    for (int quarter = 0; quarter < 4; ++quarter) {
      __m128 part;
      std::memcpy(&part, reinterpret_cast<const char*>(&v) + quarter * 16, sizeof part);
      mask |= static_cast<unsigned>(_mm_movemask_ps(part)) << (4 * quarter);
    }
#endif
    return mask;
  }
#endif

  Vector v_;
};

/// Four columns of sixteen rows: word j of row i is value i of column j.
struct Columns {
  U32x16 word[4];
};

#ifdef __AVX512BW__
struct Rows {
  __m512i quad[4];
  __m512i& operator[](unsigned j) { return quad[j]; }
};

/// 16 bytes at `rows[i] + offset` for sixteen rows: lane L of the j-th holds row 4 L + j.
inline Rows load_rows(std::uint8_t* const* rows, unsigned offset) {
  const auto at = [&](unsigned row) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[row] + offset));
  };
  Rows z;
  for (unsigned j = 0; j < 4; ++j) {
    z[j] = _mm512_castsi128_si512(at(j));
    z[j] = _mm512_mask_broadcast_i32x4(z[j], 0x00f0, at(4 + j));
    z[j] = _mm512_mask_broadcast_i32x4(z[j], 0x0f00, at(8 + j));
    z[j] = _mm512_mask_broadcast_i32x4(z[j], 0xf000, at(12 + j));
  }
  return z;
}
#endif

/// Reads 16 bytes at `rows[i] + offset` for sixteen rows and turns rows into columns. Sixteen
/// loads, and with AVX-512 eight shuffles: half a shuffle a packet.
inline Columns load_columns(std::uint8_t* const* rows, unsigned offset) {
#ifdef __AVX512BW__
  Rows z = load_rows(rows, offset);
  const __m512i a = _mm512_unpacklo_epi32(z[0], z[1]), b = _mm512_unpacklo_epi32(z[2], z[3]);
  const __m512i c = _mm512_unpackhi_epi32(z[0], z[1]), d = _mm512_unpackhi_epi32(z[2], z[3]);
  return {{U32x16{_mm512_unpacklo_epi64(a, b)}, U32x16{_mm512_unpackhi_epi64(a, b)},
           U32x16{_mm512_unpacklo_epi64(c, d)}, U32x16{_mm512_unpackhi_epi64(c, d)}}};
#else
  alignas(64) std::uint32_t column[4][16];
  for (unsigned i = 0; i < 16; ++i) {
    std::uint32_t row[4];
    std::memcpy(row, rows[i] + offset, sizeof row);
    for (unsigned j = 0; j < 4; ++j) column[j][i] = row[j];
  }
  return {{U32x16::load(column[0]), U32x16::load(column[1]), U32x16::load(column[2]),
           U32x16::load(column[3])}};
#endif
}

/// The even and the odd ones of 32 words. `from` is aligned to 64 bytes.
inline std::pair<U32x16, U32x16> deinterleave(const std::uint32_t* from) {
#ifdef __AVX512BW__
  const __m512i even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
  const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
  const __m512i low = _mm512_load_si512(from), high = _mm512_load_si512(from + 16);
  return {U32x16{_mm512_permutex2var_epi32(low, even, high)},
          U32x16{_mm512_permutex2var_epi32(low, odd, high)}};
#else
  alignas(64) std::uint32_t even[16], odd[16];
  for (unsigned i = 0; i < 16; ++i) {
    even[i] = from[2 * i];
    odd[i] = from[2 * i + 1];
  }
  return {U32x16::load(even), U32x16::load(odd)};
#endif
}

/// The reverse: sixteen words to the even and sixteen to the odd places of `to` (aligned to 64
/// bytes), as the halves of sixteen 64-bit values.
inline void interleave(U32x16 even, U32x16 odd, void* to) {
#ifdef __AVX512BW__
  const __m512i low = _mm512_set_epi32(23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(8));
  auto* const out = static_cast<__m512i*>(to);
  _mm512_store_si512(out, _mm512_permutex2var_epi32(even.raw(), low, odd.raw()));
  _mm512_store_si512(out + 1, _mm512_permutex2var_epi32(even.raw(), high, odd.raw()));
#else
  alignas(64) std::uint32_t a[16], b[16], both[32];
  even.store(a);
  odd.store(b);
  for (unsigned i = 0; i < 16; ++i) {
    both[2 * i] = a[i];
    both[2 * i + 1] = b[i];
  }
  std::memcpy(to, both, sizeof both);
#endif
}

/// One 32-bit word at `rows[i] + offset` for sixteen rows, of which the twelve bytes before are
/// readable too.
inline U32x16 load_words(std::uint8_t* const* rows, unsigned offset) {
#ifdef __AVX512BW__
  Rows z = load_rows(rows, offset - 12);
  return U32x16{
      _mm512_unpackhi_epi64(_mm512_unpackhi_epi32(z[0], z[1]), _mm512_unpackhi_epi32(z[2], z[3]))};
#else
  alignas(64) std::uint32_t word[16];
  for (unsigned i = 0; i < 16; ++i) std::memcpy(&word[i], rows[i] + offset, sizeof word[i]);
  return U32x16::load(word);
#endif
}

}  // namespace weir
