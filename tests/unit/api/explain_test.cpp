// Every code has an example that yields it and a mend that yields nothing, and the page that the
// documentation has of them is theirs.
#include "controlplane/cli/explain.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

#include "controlplane/cli/example.hpp"

namespace weir::cli {
namespace {

TEST(Explain, EveryExampleYieldsItsCodeAndNothingElse) {
  for (const config::CodeText& code : config::all_codes()) {
    SCOPED_TRACE(std::string(code.id));
    const config::Findings findings = findings_of_example(code);
    EXPECT_FALSE(findings.list().empty());
    for (const config::Finding& finding : findings.list()) {
      EXPECT_EQ(finding.code, code.code) << to_string(finding);
      EXPECT_EQ(finding.severity == config::Finding::Severity::error, code.is_error)
          << to_string(finding);
    }
  }
}

TEST(Explain, EveryMendIsRight) {
  for (const config::CodeText& code : config::all_codes()) {
    if (code.mend.empty()) continue;
    EXPECT_EQ(findings_in(code, code.mend).to_string(), "") << code.id;
  }
}

TEST(Explain, TheDocumentationHasEveryCode) {
  std::ifstream file(WEIR_CHECKS_PAGE);
  std::stringstream page;
  page << file.rdbuf();
  EXPECT_NE(page.str().find(checks_page()), std::string::npos)
      << "the table of docs/checks.md shall be:\n"
      << checks_page();
}

}  // namespace
}  // namespace weir::cli
