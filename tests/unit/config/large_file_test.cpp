// A file of 500 interfaces and 10,000 routes is checked at once: in well below half a second
// (docs/checks.md has the figure). The bound here is for busy machines and sanitizers.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "config/text.hpp"
#include "config/validate.hpp"

namespace weir::config {
namespace {

constexpr int kPorts = 20, kVlans = 480, kRoutes = 10000;

std::string large_file() {
  std::string text = "ethernets:\n";
  for (int i = 0; i < kPorts; ++i)
    text += cat("  lan", i, ": {match: {linux: e", i, "}, mtu: 1500, addresses: [10.0.", i,
                ".1/24]}\n");
  text += "vlans:\n";
  for (int i = 0; i < kVlans; ++i)
    text += cat("  v", i, ": {id: ", 1 + i / kPorts, ", link: lan", i % kPorts, ", addresses: [10.",
                1 + i / 256, '.', i % 256, ".1/24]}\n");
  text += "neighbors: {table: {max-pending: 262144}}\nroutes:\n";
  for (int i = 0; i < kRoutes; ++i)
    text += cat("  - {to: 100.", 64 + i / 256, '.', i % 256, ".0/24, via: 10.",
                1 + i % kVlans / 256, '.', i % kVlans % 256, ".2}\n");
  return text;
}

TEST(LargeFile, TenThousandRoutesAndFiveHundredInterfaces) {
  const std::string text = large_file();
  const auto start = std::chrono::steady_clock::now();
  const ParseResult result = parse_text(text, "large.yaml");
  const auto parsed = std::chrono::steady_clock::now();
  ASSERT_TRUE(result) << result.findings.to_string();
  ASSERT_EQ(result.config->routes.size(), static_cast<std::size_t>(kRoutes));
  EXPECT_EQ(validate(*result.config).to_string(), "");
  const auto end = std::chrono::steady_clock::now();
  const auto ms = [](auto time) {
    return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
  };
  RecordProperty("parse_ms", ms(parsed - start));
  RecordProperty("validate_ms", ms(end - parsed));
  EXPECT_LT(ms(end - start), 10000);
}

TEST(LargeFile, ThePathologicalTakesNoLonger) {
  // All routes within each other, and each pair of halves covers what is above it.
  std::string text = "ethernets: {a: {match: {linux: e0}, addresses: [192.0.2.1/24]}}\nroutes:\n";
  for (unsigned length = 8; length <= 20; ++length)
    for (unsigned n = 0; n < (1u << (length - 8)); ++n)
      text += cat("  - {to: ",
                  Ipv4Prefix(Ipv4Address{(10u << 24) + (n << (32 - length))}, length).to_string(),
                  ", via: 192.0.2.2}\n");
  const ParseResult result = parse_text(text, "large.yaml");
  ASSERT_TRUE(result) << result.findings.to_string();
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(validate(*result.config).warnings(), 4095u) << "all but the longest";
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

}  // namespace
}  // namespace weir::config
