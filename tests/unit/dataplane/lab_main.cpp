// main() of the tests that need the EAL: it comes up once a process, before the first test.
#include <gtest/gtest.h>

#include <memory>

#include "tests/unit/dataplane/lab.hpp"

namespace weir::test {
namespace {

std::unique_ptr<Lab> the_lab;

class LabEnvironment : public testing::Environment {
 public:
  void SetUp() override { the_lab = std::make_unique<Lab>(); }
  void TearDown() override { the_lab.reset(); }
};

}  // namespace

Lab& lab() { return *the_lab; }

}  // namespace weir::test

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  testing::AddGlobalTestEnvironment(new weir::test::LabEnvironment);
  return RUN_ALL_TESTS();
}
