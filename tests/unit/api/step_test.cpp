// One change to the machine: the command that is shown does what is done.
#include "controlplane/cli/step.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "controlplane/cli/context.hpp"
#include "controlplane/cli/process.hpp"
#include "controlplane/cli/sysfs.hpp"
#include "tests/unit/api/temp_directory.hpp"

namespace weir::cli {
namespace {

TEST(Step, CommandsAreWhatOneTypes) {
  EXPECT_EQ(command_of(Step::write("/sys/x", "vfio-pci")), "echo vfio-pci > /sys/x");
  EXPECT_EQ(command_of(Step::write("/sys/x", "")), "echo > /sys/x");
  EXPECT_EQ(command_of(Step::remove("/etc/x")), "rm -f /etc/x");
  EXPECT_EQ(command_of(Step::run({"echo", "a b", "it's", "", "$HOME"})),
            "echo 'a b' 'it'\\''s' '' '$HOME'");
  EXPECT_EQ(command_of(Steps{Step::run({"a"}), Step::run({"b", "c"})}), "a && b c");
  EXPECT_EQ(command_of(Steps{}), "");
}

/// Each step, done here and typed into a shell there, must leave the same.
TEST(Step, DoesWhatItsCommandDoes) {
  const test::TempDirectory here, there;
  for (const auto* directory : {&here, &there}) {
    directory->write("value", "a long value that was there before\n");
    directory->write("old", "x");
  }
  const auto steps = [](const std::string& root) {
    return Steps{Step::write(root + "/value", "0"),
                 Step::put(root + "/new/directory/file", "one 'quoted' $line\n\\\n"),
                 Step::remove(root + "/old"), Step::remove(root + "/never"),
                 Step::run({"cp", root + "/value", root + "/a name with blanks"})};
  };
  for (const Step& step : steps("")) {
    Step with_root = step;
    if (step.kind == Step::Kind::run) with_root = steps(here / "").back();
    carry_out(with_root, step.kind == Step::Kind::run ? "" : here / "");
  }
  for (const Step& step : steps(there / "")) {
    const Finished done = run_program({"sh", "-c", command_of(step)});
    EXPECT_TRUE(done.ok()) << done.output;
  }
  for (const auto* directory : {&here, &there}) {
    EXPECT_EQ(read_text(*directory / "value"), "0");
    EXPECT_EQ(read_text(*directory / "a name with blanks"), "0");
    EXPECT_EQ(read_text(*directory / "new/directory/file"), "one 'quoted' $line\n\\");
    EXPECT_FALSE(exists(*directory / "old"));
  }
}

std::string failure_of(const Step& step, const std::string& root = "") {
  try {
    carry_out(step, root);
  } catch (const CliError& error) {
    return std::string(error.what()) + " | " + error.hint();
  }
  return "";
}

TEST(Step, FailuresNamePlaceAndRemedy) {
  const test::TempDirectory directory;
  const std::string file = directory.write("file", "");
  // A file of the kernel is never made.
  EXPECT_EQ(failure_of(Step::write("/nothing", "1"), directory / ""),
            directory / "" + "/nothing: No such file or directory | " + remedy_of(ENOENT));
  EXPECT_FALSE(exists(directory / "nothing"));
  EXPECT_EQ(failure_of(Step::write(directory / "", "1")),
            directory / "" + ": Is a directory | `dmesg | tail` may say why");
  EXPECT_EQ(failure_of(Step::put(file + "/x", "")),
            file + "/x: Not a directory | `dmesg | tail` may say why");
  EXPECT_EQ(failure_of(Step::write("/dev/full", "1")),
            "/dev/full: No space left on device | `dmesg | tail` may say why");
  EXPECT_EQ(
      failure_of(Step::run({"weir-no-such-program", "x"})),
      "`weir-no-such-program x`: there is no program weir-no-such-program | install it, or do "
      "by hand what it does");
  EXPECT_TRUE(failure_of(Step::run({"sh", "-c", "echo no such module; exit 1"}))
                  .starts_with("`sh -c 'echo no such module; exit 1'` failed: no such module | "));
}

}  // namespace
}  // namespace weir::cli
