// Every example in config/examples must be one that runs as it is.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "config/validate.hpp"

namespace weir::config {
namespace {

TEST(Examples, HaveNoFindings) {
  std::size_t examples = 0;
  for (const auto& entry : std::filesystem::directory_iterator{WEIR_EXAMPLES}) {
    // lab.yaml describes a lab around a router and storm.yaml a storm, neither a router.
    if (entry.path().extension() != ".yaml" || entry.path().filename() == "lab.yaml" ||
        entry.path().filename() == "storm.yaml")
      continue;
    const ParseResult result = load_file(entry.path());
    EXPECT_EQ(result.findings.to_string(), "");
    ASSERT_TRUE(result);
    EXPECT_EQ(check_route_files(*result.config).to_string(), "");
    ++examples;
  }
  EXPECT_GE(examples, 4u);
}

}  // namespace
}  // namespace weir::config
