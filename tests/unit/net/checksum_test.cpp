#include "dataplane/net/checksum.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <random>
#include <vector>

namespace weir {
namespace {

/// RFC 1071 section 1, word by word in network order: slow and plain.
std::uint16_t naive(std::span<const std::uint8_t> bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    const std::uint32_t low = i + 1 < bytes.size() ? bytes[i + 1] : 0;
    sum += std::uint32_t{bytes[i]} << 8 | low;
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<std::uint16_t>(~sum);
}

/// The 16 bits at `at`, as they lie in memory.
std::uint16_t raw_at(const std::vector<std::uint8_t>& bytes, std::size_t at) {
  std::uint16_t word;
  std::memcpy(&word, bytes.data() + at, sizeof word);
  return word;
}

std::vector<std::uint8_t> random_bytes(std::mt19937& random, std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

TEST(Checksum, ExampleOfRfc1071) {
  // Section 3: the sum of these is ddf2.
  const std::array<std::uint8_t, 8> bytes{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(byte_swap(checksum::fold(checksum::sum(bytes))), 0xddf2);
  EXPECT_EQ(byte_swap(checksum::compute(bytes)), 0x220d);
}

TEST(Checksum, HeaderOfARealPacket) {
  std::array<std::uint8_t, 20> header{0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
                                      0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};
  EXPECT_TRUE(checksum::verify(header));
  header[10] = header[11] = 0;
  EXPECT_FALSE(checksum::verify(header));
  EXPECT_EQ(byte_swap(checksum::compute(header)), 0xb861);
}

TEST(Checksum, MatchesTheNaiveSumForEveryLength) {
  std::mt19937 random{1};
  for (std::size_t size = 0; size < 200; ++size) {
    const auto bytes = random_bytes(random, size);
    EXPECT_EQ(byte_swap(checksum::compute(bytes)), naive(bytes)) << size;
  }
  const std::vector<std::uint8_t> ones(65535, 0xff);
  EXPECT_EQ(byte_swap(checksum::compute(ones)), naive(ones));
}

TEST(Checksum, PartsOfEvenLengthAddUp) {
  std::mt19937 random{2};
  const auto bytes = random_bytes(random, 101);
  const std::span<const std::uint8_t> whole{bytes};
  for (std::size_t cut = 0; cut <= 100; cut += 2) {
    const auto sum = checksum::sum(whole.first(cut)) + checksum::sum(whole.subspan(cut));
    EXPECT_EQ(checksum::fold(sum), checksum::fold(checksum::sum(whole))) << cut;
  }
}

TEST(Checksum, EveryFlippedBitIsSeen) {
  std::mt19937 random{3};
  auto bytes = random_bytes(random, 20);
  bytes[10] = bytes[11] = 0;
  const std::uint16_t right = checksum::compute(bytes);
  std::memcpy(bytes.data() + 10, &right, sizeof right);
  ASSERT_TRUE(checksum::verify(bytes));
  for (std::size_t bit = 0; bit < 160; ++bit) {
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_FALSE(checksum::verify(bytes)) << bit;
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
  }
}

TEST(Checksum, ExampleOfRfc1624) {
  // Section 4: a header whose sum with checksum dd2f, field 5555 becoming 3285: the old equation
  // gave ffff, the right result is 0000.
  EXPECT_EQ(checksum::update(byte_swap(std::uint16_t{0xdd2f}), byte_swap(std::uint16_t{0x5555}),
                             byte_swap(std::uint16_t{0x3285})),
            0x0000);
}

TEST(Checksum, UpdateMatchesAFullRecompute) {
  std::mt19937 random{4};
  for (int i = 0; i < 100000; ++i) {
    auto bytes = random_bytes(random, 20);
    bytes[0] = 0x45;  // a header is never all zero, so both forms of zero cannot be mixed up
    bytes[10] = bytes[11] = 0;
    const std::uint16_t before = checksum::compute(bytes);
    std::size_t at = random() % 9 * 2;
    if (at >= 10) at += 2;
    const std::uint16_t old_word = raw_at(bytes, at);
    // Words of one's complement's two zeros more often than chance would have them.
    constexpr std::uint16_t kSpecial[] = {0x0000, 0xffff, 0x0001, 0x0100};
    const std::uint16_t new_word =
        i % 4 == 0 ? kSpecial[random() % 4] : static_cast<std::uint16_t>(random());
    std::memcpy(bytes.data() + at, &new_word, sizeof new_word);
    ASSERT_EQ(checksum::update(before, old_word, new_word), checksum::compute(bytes))
        << "word " << old_word << " to " << new_word << " at " << at;
  }
}

TEST(Checksum, EveryTtlDecrementsRight) {
  std::vector<std::uint8_t> bytes{0x45, 0, 0,  84, 0, 0, 0x40, 0, 0, 1,
                                  0,    0, 10, 0,  1, 2, 10,   0, 2, 2};
  for (unsigned ttl = 255; ttl > 0; --ttl) {
    for (unsigned protocol = 0; protocol < 256; ++protocol) {
      bytes[8] = static_cast<std::uint8_t>(ttl);
      bytes[9] = static_cast<std::uint8_t>(protocol);
      const std::uint16_t before = checksum::compute(bytes);
      const std::uint16_t old_word = raw_at(bytes, 8);
      bytes[8] = static_cast<std::uint8_t>(ttl - 1);
      ASSERT_EQ(checksum::update(before, old_word, raw_at(bytes, 8)), checksum::compute(bytes));
    }
  }
}

TEST(Checksum, PseudoHeaderOfUdp) {
  // RFC 768: source, destination, zero, protocol, length; here beside a naive layout in memory.
  wire::Ipv4 ip{};
  ip.protocol = wire::ip_protocol::kUdp;
  ip.source.set(0xc0000201);
  ip.destination.set(0xc6336402);
  const std::array<std::uint8_t, 12> pseudo{192, 0, 2, 1, 198, 51, 100, 2, 0, 17, 0x12, 0x34};
  EXPECT_EQ(checksum::fold(checksum::pseudo_header(ip, 0x1234)),
            checksum::fold(checksum::sum(pseudo)));
}

}  // namespace
}  // namespace weir
