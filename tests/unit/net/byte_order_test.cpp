#include "dataplane/net/byte_order.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <type_traits>

#include "dataplane/net/wire.hpp"

namespace weir {
namespace {

static_assert(sizeof(Be16) == 2 && alignof(Be16) == 1);
static_assert(sizeof(Be32) == 4 && alignof(Be32) == 1);
static_assert(Be16{0x1234}.get() == 0x1234 && Be16{0x1234}.raw() == 0x3412);
static_assert(Be32{0x12345678}.get() == 0x12345678 && Be32{0x12345678}.raw() == 0x78563412);
// Conversion only by name.
static_assert(!std::is_convertible_v<std::uint16_t, Be16>);
static_assert(!std::is_convertible_v<Be16, std::uint16_t>);

TEST(BigEndian, BytesLieMostSignificantFirst) {
  std::array<std::uint8_t, 7> bytes{};
  Be32 value;
  value.set(0x01020304);
  std::memcpy(bytes.data() + 1, &value, sizeof value);
  EXPECT_EQ(bytes, (std::array<std::uint8_t, 7>{0, 1, 2, 3, 4, 0, 0}));
  Be16 half;
  std::memcpy(&half, bytes.data() + 3, sizeof half);
  EXPECT_EQ(half.get(), 0x0304);
}

TEST(BigEndian, RawIsAsInMemory) {
  Be16 value;
  value.set_raw(0x3412);
  EXPECT_EQ(value.get(), 0x1234);
  EXPECT_EQ(value, Be16{0x1234});
  EXPECT_FALSE(value == Be16{0x3412});
}

TEST(Wire, FieldsLieWhereTheRfcsPutThem) {
  // RFC 791 section 3.1.
  EXPECT_EQ(offsetof(wire::Ipv4, total_length), 2u);
  EXPECT_EQ(offsetof(wire::Ipv4, fragment), 6u);
  EXPECT_EQ(offsetof(wire::Ipv4, ttl), 8u);
  EXPECT_EQ(offsetof(wire::Ipv4, checksum), 10u);
  EXPECT_EQ(offsetof(wire::Ipv4, source), 12u);
  EXPECT_EQ(offsetof(wire::Ipv4, destination), 16u);
  // RFC 826.
  EXPECT_EQ(offsetof(wire::Arp, operation), 6u);
  EXPECT_EQ(offsetof(wire::Arp, sender_mac), 8u);
  EXPECT_EQ(offsetof(wire::Arp, sender_ip), 14u);
  EXPECT_EQ(offsetof(wire::Arp, target_mac), 18u);
  EXPECT_EQ(offsetof(wire::Arp, target_ip), 24u);
  EXPECT_EQ(offsetof(wire::Tcp, flags), 13u);
  EXPECT_EQ(offsetof(wire::Tcp, checksum), 16u);
}

TEST(Wire, Ipv4Accessors) {
  wire::Ipv4 ip{};
  ip.version_ihl = 0x46;
  EXPECT_EQ(ip.version(), 4u);
  EXPECT_EQ(ip.header_length(), 24u);
  EXPECT_FALSE(ip.is_fragment());
  ip.fragment.set(wire::Ipv4::kDontFragment);
  EXPECT_FALSE(ip.is_fragment());
  ip.fragment.set(wire::Ipv4::kMoreFragments);
  EXPECT_TRUE(ip.is_fragment());
  EXPECT_EQ(ip.fragment_offset(), 0u);
  ip.fragment.set(185);
  EXPECT_TRUE(ip.is_fragment());
  EXPECT_EQ(ip.fragment_offset(), 1480u);
  ip.source.set(0xc0000201);
  EXPECT_EQ(ip.source_address().to_string(), "192.0.2.1");
}

}  // namespace
}  // namespace weir
