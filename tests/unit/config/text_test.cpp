#include "config/text.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace weir::config {
namespace {

using namespace std::chrono_literals;

TEST(Text, Numbers) {
  EXPECT_EQ(parse_number("0"), 0u);
  EXPECT_EQ(parse_number("18446744073709551615"), ~std::uint64_t{0});
  for (const char* wrong :
       {"", "-1", "+1", "01", "1.0", "1 ", " 1", "0x10", "1e3", "1_000", "18446744073709551616"}) {
    EXPECT_EQ(parse_number(wrong), std::nullopt) << wrong;
  }
}

TEST(Text, Durations) {
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("30s"), 30s);
  EXPECT_EQ(parse_duration("20m"), 20min);
  EXPECT_EQ(parse_duration("4h"), 4h);
  EXPECT_EQ(parse_duration("0s"), 0s);
  EXPECT_EQ(parse_duration("9223372036854775807ms"), 9223372036854775807ms);
  for (const char* wrong : {"", "s", "30", "1d", "1.5h", "30 s", "-1s", "1h30m", "30S",
                            "9223372036854775807s", "9223372036854775808ms"}) {
    EXPECT_EQ(parse_duration(wrong), std::nullopt) << wrong;
  }
  for (const char* text : {"0s", "1ms", "1500ms", "90s", "61m", "4h", "168h"}) {
    EXPECT_EQ(format_duration(parse_duration(text).value()), text);
  }
  EXPECT_EQ(format_duration(120s), "2m");
}

TEST(Text, Sizes) {
  EXPECT_EQ(parse_size("100"), 100u);
  EXPECT_EQ(parse_size("64K"), 65536u);
  EXPECT_EQ(parse_size("512M"), 512u << 20);
  EXPECT_EQ(parse_size("16G"), 16ULL << 30);
  for (const char* wrong : {"", "K", "1k", "1GB", "1.5G", "1T", "17179869184G"}) {
    EXPECT_EQ(parse_size(wrong), std::nullopt) << wrong;
  }
  for (const char* text : {"0", "100", "64K", "1536M", "1G"}) {
    EXPECT_EQ(format_size(parse_size(text).value()), text);
  }
  EXPECT_EQ(format_size(1ULL << 40), "1024G");
}

TEST(Text, Rates) {
  using enum PacketRate::Kind;
  struct Row {
    const char* text;
    PacketRate rate;
    const char* formatted;
  };
  constexpr Row kRows[] = {
      {"300pps", {pps, 300}, "300pps"},
      {"10kpps", {pps, 10000}, "10kpps"},
      {"1.5Mpps", {pps, 1500000}, "1500kpps"},
      {"0.000001Mpps", {pps, 1}, "1pps"},
      {"0.125kpps", {pps, 125}, "125pps"},
      {"0pps", {pps, 0}, "0pps"},
      {"1000Mpps", {pps, 1000000000}, "1000Mpps"},
      {"0.5%", {percent, 50}, "0.5%"},
      {"0.05%", {percent, 5}, "0.05%"},
      {"1.25%", {percent, 125}, "1.25%"},
      {"1.50%", {percent, 150}, "1.5%"},
      {"100%", {percent, 10000}, "100%"},
      {"none", {unlimited, 0}, "none"},
      {"18446744073709551615pps", {pps, ~std::uint64_t{0}}, "18446744073709551615pps"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(parse_rate(row.text), row.rate) << row.text;
    EXPECT_EQ(format_rate(row.rate), row.formatted);
  }
  for (const char* wrong : {"",
                            "%",
                            "10",
                            "1.2.3pps",
                            "-1%",
                            "101%",
                            "100.01%",
                            "1Kpps",
                            "1 pps",
                            ".pps",
                            ".5%",
                            "1.%",
                            "1.234%",
                            "1.5pps",
                            "0.1234kpps",
                            "01%",
                            "1..5%",
                            "18446744073709551616pps",
                            "18446744073709551.616kpps",
                            "unlimited"}) {
    EXPECT_EQ(parse_rate(wrong), std::nullopt) << wrong;
  }
}

TEST(Text, EditDistance) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("abc", ""), 3u);
  EXPECT_EQ(edit_distance("mtu", "mtu"), 0u);
  EXPECT_EQ(edit_distance("mtu", "mut"), 1u) << "neighbours swapped";
  EXPECT_EQ(edit_distance("adress", "address"), 1u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

TEST(Text, NearestWord) {
  constexpr std::array<std::string_view, 3> kWords{"queues", "mtu", "addresses"};
  EXPECT_EQ(nearest("adresses", kWords), "addresses");
  EXPECT_EQ(nearest("MTU", kWords), "mtu") << "but for their case";
  EXPECT_EQ(nearest("mtus", kWords), "mtu");
  EXPECT_EQ(nearest("x", kWords), "");
  EXPECT_EQ(nearest("", kWords), "");
  EXPECT_EQ(nearest(std::string(100000, 'm'), kWords), "");
}

TEST(Text, ShownTextStaysOnOneLine) {
  EXPECT_EQ(shown("a b"), "\"a b\"");
  EXPECT_EQ(shown("a\"\\\n\x7f"), "\"a\\\"\\\\\\x0a\\x7f\"");
  EXPECT_EQ(shown(std::string(61, 'a')), '"' + std::string(60, 'a') + "...\"");
  // A character of two bytes across the border is left out whole.
  EXPECT_EQ(shown(std::string(59, 'a') + "\xc3\xa9x"), '"' + std::string(59, 'a') + "...\"");
}

TEST(Text, Joining) {
  EXPECT_EQ(cat("a", 1, 'b', std::string{"c"}, std::uint64_t{2}), "a1bc2");
  constexpr std::array<std::string_view, 2> kWords{"a", "b"};
  EXPECT_EQ(join(kWords), "a, b");
  EXPECT_EQ(join({}), "");
}

}  // namespace
}  // namespace weir::config
