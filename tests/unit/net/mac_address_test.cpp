#include "dataplane/net/mac_address.hpp"

#include <gtest/gtest.h>

#include <array>

namespace weir {
namespace {

constexpr MacAddress kMac{{0x02, 0x00, 0x5e, 0x10, 0xab, 0x09}};

static_assert(sizeof(MacAddress) == 6 && alignof(MacAddress) == 1);
static_assert(kMac.is_station() && kMac.is_locally_administered());
static_assert(!MacAddress{}.is_station() && MacAddress{}.is_zero());
static_assert(MacAddress::broadcast().is_group() && MacAddress::broadcast().is_broadcast());
static_assert(MacAddress{{0x01, 0, 0x5e, 0, 0, 1}}.is_group());
static_assert(!MacAddress{{0x01, 0, 0x5e, 0, 0, 1}}.is_station());
static_assert(!MacAddress{{0x00, 0, 0x5e, 0, 0, 1}}.is_locally_administered());

TEST(MacAddress, ThreeForms) {
  for (const char* text :
       {"02:00:5e:10:ab:09", "02:00:5E:10:AB:09", "02-00-5e-10-ab-09", "0200.5e10.ab09"}) {
    EXPECT_EQ(MacAddress::parse(text), kMac) << text;
  }
  EXPECT_EQ(kMac.to_string(), "02:00:5e:10:ab:09");
}

TEST(MacAddress, NothingElse) {
  for (const char* text :
       {"", "02:00:5e:10:ab", "02:00:5e:10:ab:09:01", "02:00:5e:10:ab:0", "2:0:5e:10:ab:9",
        "02:00:5e:10:ab:0g", "02:00-5e:10:ab:09", "02-00:5e-10-ab-09", "02005e10ab09",
        "0200:5e10:ab09", "0200.5e10.ab0", "0200.5e10-ab09", " 02:00:5e:10:ab:09",
        "02:00:5e:10:ab:09 ", "02 00 5e 10 ab 09", "::::::::::::::::::"}) {
    EXPECT_EQ(MacAddress::parse(text), std::nullopt) << text;
  }
}

TEST(MacAddress, LoadAndStoreAtAnyPlace) {
  std::array<std::uint8_t, 9> wire{0xff, 2, 0, 0x5e, 0x10, 0xab, 9, 0xff, 0xff};
  EXPECT_EQ(MacAddress::load(wire.data() + 1), kMac);
  MacAddress::broadcast().store(wire.data() + 2);
  EXPECT_EQ(wire, (std::array<std::uint8_t, 9>{0xff, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}));
}

TEST(MacAddress, OrderIsThatOfTheBytes) {
  EXPECT_LT(MacAddress{}, kMac);
  EXPECT_LT(kMac, MacAddress::broadcast());
  EXPECT_LT((MacAddress{{1, 0, 0, 0, 0, 0xff}}), (MacAddress{{1, 0, 0, 0, 1, 0}}));
}

}  // namespace
}  // namespace weir
