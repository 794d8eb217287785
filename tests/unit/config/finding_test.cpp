#include "config/finding.hpp"

#include <gtest/gtest.h>

#include <string>

namespace weir::config {
namespace {

TEST(Finding, Form) {
  using enum Finding::Severity;
  EXPECT_EQ(to_string(Finding{"lab.yaml", 14, 9, error, Code::is_own_address, "wrong", "right"}),
            "lab.yaml:14:9: error[A109]: wrong (right)");
  EXPECT_EQ(to_string(Finding{"lab.yaml", 0, 0, warning, Code::no_ports, "doubtful", ""}),
            "lab.yaml: warning[P101]: doubtful");
}

TEST(Findings, ErrorsAndWarningsHaveTheirOwnLimit) {
  Findings findings{2};
  for (int i = 1; i <= 5; ++i) findings.warning(Code::no_ports, "a", {i, 1}, "w");
  EXPECT_TRUE(findings.ok());
  for (int i = 1; i <= 3; ++i) findings.error(Code::not_yaml, "a", {i, 1}, "e");
  EXPECT_FALSE(findings.ok());
  EXPECT_EQ(findings.errors(), 3u);
  EXPECT_EQ(findings.warnings(), 5u);
  EXPECT_EQ(findings.list().size(), 4u);
  EXPECT_EQ(findings.omitted(), 4u);
}

TEST(Findings, AppendKeepsTheCounts) {
  Findings all{3};
  Findings part{1};
  for (int i = 1; i <= 4; ++i) part.error(Code::not_yaml, "b", {i, 1}, "e");
  all.append(part);
  all.append(part);
  EXPECT_EQ(all.errors(), 8u);
  EXPECT_EQ(all.omitted(), 6u);
  all.append(Findings{});
  EXPECT_EQ(all.errors(), 8u);
}

TEST(Findings, SortedByPlace) {
  Findings findings;
  findings.error(Code::not_yaml, "b", {1, 1}, "4");
  findings.error(Code::not_yaml, "a", {2, 1}, "3");
  findings.error(Code::not_yaml, "a", {1, 9}, "1");
  findings.error(Code::not_yaml, "a", {1, 9}, "2");
  findings.sort();
  EXPECT_EQ(findings.to_string(),
            "a:1:9: error[F103]: 1\na:1:9: error[F103]: 2\na:2:1: error[F103]: 3\nb:1:1: "
            "error[F103]: 4\n");
}

}  // namespace
}  // namespace weir::config
