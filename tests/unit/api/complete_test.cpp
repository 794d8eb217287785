// What `weir complete` makes of a large file, and without a router.
#include "controlplane/cli/complete.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace weir::cli {
namespace {

TEST(Complete, ALargeFileIsReadWithoutItsRoutes) {
  const std::string before = "# mine\nversion: 1\n", after = "services:\n  api: {}\n";
  EXPECT_EQ(
      without_section(before + "routes:  # many\n- {to: 10.0.0.0/8}\n# or\n\n  - {to: x}\n" + after,
                      "routes"),
      before + after);
  EXPECT_EQ(without_section(before + after, "routes"), before + after);
  EXPECT_EQ(without_section("routes: []\nroutes2: 1", "routes"), "routes2: 1");
  EXPECT_EQ(without_section("", "routes"), "");
  EXPECT_EQ(without_section("\n\n", "routes"), "\n\n");
}

std::string completed(const std::vector<std::string>& words) {
  std::ostringstream out, err;
  complete({.out = out, .err = err, .socket = "/nonexistent/weir.sock"}, words);
  EXPECT_EQ(err.str(), "");
  return out.str();
}

TEST(Complete, WithoutARouterItOffersKeysAndWordsAndSaysNothing) {
  EXPECT_EQ(completed({"set", "sys"}), "system.\n");
  EXPECT_EQ(completed({"set", "neighbors.learn", ""}), "rfc826\nadaptive\nstrict\n");
  EXPECT_EQ(completed({"delete", "sys"}), "");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{}, {"set"}, {"delete", "a", "b"}, {"what", "is"}, {"", "", ""}})
    EXPECT_EQ(completed(words), "");
}

}  // namespace
}  // namespace weir::cli
