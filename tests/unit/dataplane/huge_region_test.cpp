#include "dataplane/table/huge_region.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

namespace weir {
namespace {

constexpr std::size_t kMegabyte = std::size_t{1} << 20;

class HugeRegionOf : public testing::TestWithParam<Pages> {};

TEST_P(HugeRegionOf, IsZeroAlignedAndWritable) {
  const HugeRegion region{5 * kMegabyte, GetParam()};
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(region.data()) % HugeRegion::kAlignment, 0u);
  EXPECT_EQ(region.size(), 6 * kMegabyte);
  EXPECT_LE(region.pages(), GetParam());
  auto* const bytes = static_cast<char*>(region.data());
  EXPECT_TRUE(std::all_of(bytes, bytes + region.size(), [](char b) { return b == 0; }));
  std::fill(bytes, bytes + region.size(), 'x');
  EXPECT_EQ(region.resident_bytes(), region.size());
}

INSTANTIATE_TEST_SUITE_P(Pages, HugeRegionOf,
                         testing::Values(Pages::small, Pages::transparent, Pages::huge),
                         [](const auto& instance) -> std::string {
                           switch (instance.param) {
                             case Pages::small:
                               return "small";
                             case Pages::transparent:
                               return "transparent";
                             case Pages::huge:
                               return "huge";
                           }
                           return "";
                         });

TEST(HugeRegion, SmallPagesCostNothingUntilTouched) {
  // More than most machines have.
  HugeRegion region{std::size_t{1} << 38, Pages::small};
  auto* const bytes = static_cast<char*>(region.data());
  bytes[0] = 1;
  bytes[region.size() - 1] = 1;
  EXPECT_EQ(bytes[region.size() / 2], 0);
  region = HugeRegion{64 * kMegabyte, Pages::small};
  EXPECT_EQ(region.resident_bytes(), 0u);
  static_cast<char*>(region.data())[kMegabyte] = 1;
  EXPECT_EQ(region.resident_bytes(), 4096u);
}

TEST(HugeRegion, PrefaultMakesItResident) {
  HugeRegion region{4 * kMegabyte, Pages::small};
  if (!region.prefault()) GTEST_SKIP() << "the kernel is older than 5.14 or memory is short";
  EXPECT_EQ(region.resident_bytes(), region.size());
}

TEST(HugeRegion, DiscardGivesWholePagesBackAndZeroes) {
  HugeRegion region{2 * kMegabyte, Pages::small};
  auto* const bytes = static_cast<char*>(region.data());
  std::fill(bytes, bytes + region.size(), 'x');
  EXPECT_TRUE(region.discard(100, 3 * 4096));
  EXPECT_EQ(region.resident_bytes(), region.size() - 2 * 4096);
  EXPECT_EQ(bytes[4095], 'x');
  EXPECT_EQ(bytes[4096], 0);
  EXPECT_EQ(bytes[3 * 4096 - 1], 0);
  EXPECT_EQ(bytes[3 * 4096], 'x');
  EXPECT_TRUE(region.discard(0, region.size()));
  EXPECT_EQ(bytes[0], 0);
}

TEST(HugeRegion, MappingForReadingKeepsTheContent) {
  HugeRegion region{2 * kMegabyte, Pages::small};
  auto* const bytes = static_cast<char*>(region.data());
  bytes[5000] = 'x';
  if (!region.map_for_reading(1, 3 * 4096)) GTEST_SKIP() << "the kernel is older than 5.14";
  EXPECT_EQ(region.resident_bytes(), 4 * 4096u);
  EXPECT_EQ(bytes[5000], 'x');
  EXPECT_EQ(bytes[0], 0);
  EXPECT_FALSE(region.map_for_reading(region.size(), 4096));
}

TEST(HugeRegion, MovesItsMapping) {
  HugeRegion first{kMegabyte, Pages::small};
  static_cast<char*>(first.data())[0] = 'a';
  HugeRegion second{std::move(first)};
  EXPECT_EQ(static_cast<char*>(second.data())[0], 'a');
  HugeRegion third;
  EXPECT_EQ(third.resident_bytes(), 0u);
  third = std::move(second);
  EXPECT_EQ(static_cast<char*>(third.data())[0], 'a');
}

TEST(HugeRegion, ThrowsWhenThereIsNoRoom) {
  EXPECT_THROW(HugeRegion{std::size_t{1} << 47}, std::system_error);
  EXPECT_THROW(HugeRegion{~std::size_t{0}}, std::system_error);
  EXPECT_THROW(HugeRegion{0}, std::system_error);
}

}  // namespace
}  // namespace weir
