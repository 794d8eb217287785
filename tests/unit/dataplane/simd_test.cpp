// U32x16 against loops over sixteen numbers.
#include "dataplane/packet/simd.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <functional>
#include <random>
#include <vector>

namespace weir {
namespace {

struct alignas(64) Sixteen {
  std::array<std::uint32_t, 16> value{};
  friend bool operator==(const Sixteen& a, const Sixteen& b) { return a.value == b.value; }
};

U32x16 load(const Sixteen& from) { return U32x16::load(from.value.data()); }
Sixteen store(U32x16 vector) {
  Sixteen to;
  vector.store(to.value.data());
  return to;
}

std::uint32_t interesting(std::mt19937& random) {
  constexpr std::uint32_t kEdges[] = {
      0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
  return random() % 2 != 0 ? kEdges[random() % std::size(kEdges)]
                           : static_cast<std::uint32_t>(random());
}

Sixteen sixteen(std::mt19937& random) {
  Sixteen result;
  for (auto& each : result.value) each = interesting(random);
  return result;
}

Sixteen each(const Sixteen& a, const Sixteen& b,
             const std::function<std::uint32_t(std::uint32_t, std::uint32_t)>& f) {
  Sixteen result;
  for (unsigned i = 0; i < 16; ++i) result.value[i] = f(a.value[i], b.value[i]);
  return result;
}

unsigned mask_of(const Sixteen& a, const Sixteen& b,
                 const std::function<bool(std::uint32_t, std::uint32_t)>& f) {
  unsigned mask = 0;
  for (unsigned i = 0; i < 16; ++i)
    if (f(a.value[i], b.value[i])) mask |= 1u << i;
  return mask;
}

TEST(U32x16, DoesWhatSixteenNumbersDo) {
  std::mt19937 random(2);
  using U = std::uint32_t;
  for (int round = 0; round < 2000; ++round) {
    const Sixteen a = sixteen(random);
    Sixteen b = sixteen(random);
    for (auto& value : b.value)  // equality must happen
      if (random() % 3 == 0) value = a.value[static_cast<std::size_t>(&value - b.value.data())];
    EXPECT_EQ(store(load(a)), a);
    EXPECT_EQ(store(load(a) + load(b)), each(a, b, [](U x, U y) { return x + y; }));
    EXPECT_EQ(store(load(a) - load(b)), each(a, b, [](U x, U y) { return x - y; }));
    EXPECT_EQ(store(load(a) & load(b)), each(a, b, [](U x, U y) { return x & y; }));
    EXPECT_EQ(store(load(a) | load(b)), each(a, b, [](U x, U y) { return x | y; }));
    EXPECT_EQ(store(load(a).shift_left<16>()), each(a, b, [](U x, U) { return x << 16; }));
    EXPECT_EQ(store(load(a).shift_left<1>()), each(a, b, [](U x, U) { return x << 1; }));
    EXPECT_EQ(store(load(a).shift_right<16>()), each(a, b, [](U x, U) { return x >> 16; }));
    EXPECT_EQ(store(load(a).shift_right<1>()), each(a, b, [](U x, U) { return x >> 1; }));
    EXPECT_EQ(store(load(a).byte_swapped()),
              each(a, b, [](U x, U) { return __builtin_bswap32(x); }));
    EXPECT_EQ(equal(load(a), load(b)), mask_of(a, b, [](U x, U y) { return x == y; }));
    EXPECT_EQ(less(load(a), load(b)), mask_of(a, b, [](U x, U y) { return x < y; }));
  }
}

TEST(U32x16, SumAndChoiceAndOneForAll) {
  std::mt19937 random(3);
  for (int round = 0; round < 1000; ++round) {
    const Sixteen a = sixteen(random), b = sixteen(random);
    std::uint32_t sum = 0;
    Sixteen lengths = a;  // what is added up: lengths of frames
    for (auto& value : lengths.value) sum += value &= 0xffffff;
    EXPECT_EQ(load(lengths).sum(), sum);

    // Only the lower sixteen bits of a mask count.
    const auto mask = static_cast<unsigned>(random());
    Sixteen chosen = a;
    for (unsigned i = 0; i < 16; ++i)
      if ((mask >> i & 1) != 0) chosen.value[i] = b.value[i];
    EXPECT_EQ(store(load(a).with(mask, load(b))), chosen);

    const std::uint32_t all = interesting(random);
    Sixteen same;
    same.value.fill(all);
    EXPECT_EQ(store(U32x16{all}), same);
  }
}

TEST(Deinterleave, SplitsEvenFromOdd) {
  alignas(64) std::uint32_t words[32];
  Sixteen even, odd;
  for (std::uint32_t i = 0; i < 32; ++i) {
    words[i] = i * 0x01010101;
    (i % 2 == 0 ? even : odd).value[i / 2] = words[i];
  }
  const auto split = deinterleave(words);
  EXPECT_EQ(store(split.first), even);
  EXPECT_EQ(store(split.second), odd);
}

TEST(Interleave, IsTheReverse) {
  std::mt19937 random(6);
  for (int round = 0; round < 100; ++round) {
    const Sixteen even = sixteen(random), odd = sixteen(random);
    alignas(64) std::uint32_t words[32 + 1];
    words[32] = 0xabcdabcd;
    interleave(load(even), load(odd), words);
    for (unsigned i = 0; i < 16; ++i) {
      EXPECT_EQ(words[2 * i], even.value[i]);
      EXPECT_EQ(words[2 * i + 1], odd.value[i]);
    }
    EXPECT_EQ(words[32], 0xabcdabcd);
  }
}

TEST(LoadColumns, TurnsRowsIntoColumns) {
  std::mt19937 random(4);
  for (unsigned offset = 0; offset < 32; ++offset) {
    // Rows of exact size: one byte read too far is one that AddressSanitizer sees.
    std::vector<std::vector<std::uint8_t>> memory(16, std::vector<std::uint8_t>(offset + 16));
    std::uint8_t* rows[16];
    for (unsigned i = 0; i < 16; ++i) {
      for (auto& byte : memory[i]) byte = static_cast<std::uint8_t>(random());
      rows[i] = memory[i].data();
    }
    const Columns columns = load_columns(rows, offset);
    for (unsigned j = 0; j < 4; ++j) {
      Sixteen expected;
      for (unsigned i = 0; i < 16; ++i)
        std::memcpy(&expected.value[i], rows[i] + offset + 4 * j, 4);
      EXPECT_EQ(store(columns.word[j]), expected) << "word " << j << ", offset " << offset;
      if (offset + 4 * j >= 12) {  // it reads the twelve bytes before, too
        EXPECT_EQ(store(load_words(rows, offset + 4 * j)), expected);
      }
    }
  }
}

}  // namespace
}  // namespace weir
