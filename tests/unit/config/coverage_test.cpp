#include "config/coverage.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace weir::config {
namespace {

Ipv4Prefix prefix(const char* text) { return Ipv4InterfaceAddress::parse(text)->subnet(); }

TEST(Coverage, TwoHalvesCoverTheWhole) {
  const std::vector<Ipv4Prefix> prefixes{prefix("10.0.0.0/8"), prefix("10.0.0.0/9"),
                                         prefix("10.128.0.0/9"), prefix("11.0.0.0/8")};
  const Coverage coverage{prefixes};
  const auto all = [](std::size_t) { return true; };
  EXPECT_TRUE(coverage.covered(0, all));
  EXPECT_FALSE(coverage.covered(1, all));
  EXPECT_FALSE(coverage.covered(3, all));
  EXPECT_FALSE(coverage.covered(0, [](std::size_t i) { return i != 2; }));
  EXPECT_TRUE(coverage.covered(prefix("10.0.0.0/7")));
  EXPECT_FALSE(coverage.covered(prefix("10.0.0.0/6")));
}

TEST(Coverage, EqualOnesDoNotCoverEachOther) {
  const std::vector<Ipv4Prefix> twice{prefix("10.0.0.0/8"), prefix("10.0.0.0/8")};
  const Coverage coverage{twice};
  EXPECT_FALSE(coverage.covered(0, [](std::size_t) { return true; }));
  EXPECT_FALSE(coverage.covered(1, [](std::size_t) { return true; }));
  EXPECT_FALSE(coverage.covered(prefix("10.0.0.0/8")));
}

/// Against a model that looks at every address of a /24.
TEST(Coverage, AgainstEveryAddress) {
  std::mt19937 random{11};
  std::size_t full = 0, rounds = 0;
  for (int round = 0; round < 3000; ++round) {
    std::vector<Ipv4Prefix> prefixes{prefix("10.0.0.0/24")};
    std::vector<bool> counts{true};
    const unsigned longest = 25 + static_cast<unsigned>(random() % 4);
    for (auto n = static_cast<int>(random() % 24); n >= 0; --n) {
      const auto length = static_cast<unsigned>(24 + random() % (longest - 23));
      prefixes.push_back({Ipv4Address{10, 0, 0, static_cast<std::uint8_t>(random())}, length});
      counts.push_back(random() % 8 != 0);
    }
    const Coverage coverage{prefixes};
    for (std::size_t i = 0; i < prefixes.size(); ++i, ++rounds) {
      bool model = true, any = true;
      for (std::uint32_t host = prefixes[i].network().value();; ++host) {
        bool hit = false, hit_by_any = false;
        for (std::size_t j = 0; j < prefixes.size(); ++j) {
          if (prefixes[j].length() <= prefixes[i].length()) continue;
          const bool here = prefixes[j].contains(Ipv4Address{host});
          hit_by_any = hit_by_any || here;
          hit = hit || (here && counts[j]);
        }
        model = model && hit;
        any = any && hit_by_any;
        if (host == prefixes[i].last().value()) break;
      }
      EXPECT_EQ(coverage.covered(i, [&](std::size_t j) { return counts[j]; }), model);
      EXPECT_EQ(coverage.covered(prefixes[i]), any);
      full += model;
    }
  }
  EXPECT_GT(full, rounds / 100);
  EXPECT_LT(full, rounds);
}

}  // namespace
}  // namespace weir::config
