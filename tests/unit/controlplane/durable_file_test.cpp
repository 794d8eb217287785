// Files that are old or new: in which order, whose they stay, where links lead.
#include "controlplane/durable_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "tests/unit/api/temp_directory.hpp"
#include "tests/unit/controlplane/faulty_files.hpp"

namespace weir::control::test {
namespace {

namespace fs = std::filesystem;
using weir::test::TempDirectory;

std::string refusal(const std::function<void()>& step) {
  try {
    step();
  } catch (const FileError& error) {
    return error.what();
  }
  return "none";
}

TEST(DurableFile, IsOnTheDiskBeforeItHasItsName) {
  const TempDirectory directory;
  FaultyFiles files;
  replace_file(files, directory / "a", {text_of(1), text_of(2)}, 0640);
  EXPECT_EQ(content_of(directory / "a"), text_of(1) + text_of(2));
  EXPECT_EQ(files.done, (std::vector<std::string>{"create", "write", "set_owner", "sync", "rename",
                                                  "sync_directory"}));
  files.done.clear();
  remove_durably(files, directory / "a");
  EXPECT_EQ(files.done, (std::vector<std::string>{"remove", "sync_directory"}));
  EXPECT_FALSE(fs::exists(directory / "a"));
  remove_durably(files, directory / "a");  // gone is gone
}

TEST(DurableFile, IsOldOrNewWhereverItFails) {
  for (const auto mode :
       {FaultyFiles::Mode::once, FaultyFiles::Mode::full, FaultyFiles::Mode::dead}) {
    std::size_t step = 0;
    for (bool reached = true; reached; ++step) {
      const TempDirectory directory;
      const std::string path = directory.write("a", text_of(1));
      FaultyFiles files;
      files.fail(mode, step, ENOSPC);
      const std::string said = refusal([&] { replace_file(files, path, {text_of(2)}, 0640); });
      reached = files.reached();
      const std::string now = content_of(path);
      if (said == "none") {
        EXPECT_EQ(now, text_of(2));
      } else {
        EXPECT_EQ(said, path + ": No space left on device; make room on its file system");
      }
      EXPECT_TRUE(now == text_of(1) || now == text_of(2)) << step;
      if (mode == FaultyFiles::Mode::once) {
        EXPECT_EQ(names_in(directory / "").size(), 1u) << step;
      }
    }
    EXPECT_GT(step, 7u);
  }
}

TEST(DurableFile, KeepsModeAndOwner) {
  const TempDirectory directory;
  const std::string path = directory.write("a", "old");
  ::chmod(path.c_str(), 0604);
  const bool root = ::geteuid() == 0;
  if (root) {
    ASSERT_EQ(::chown(path.c_str(), 1234, 4321), 0);
  }
  replace_file(system_files(), path, {"new"}, 0640);
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0604u);
  if (root) {
    EXPECT_EQ(status.st_uid, 1234u);
    EXPECT_EQ(status.st_gid, 4321u);
  }
  replace_file(system_files(), directory / "b", {"new"}, 0640);
  EXPECT_EQ(mode_of(directory / "b"), 0640u);
}

TEST(DurableFile, FollowsLinksAndLeavesThem) {
  const TempDirectory directory;
  const std::string target = directory.write("there/real.yaml", "old");
  fs::create_symlink("there/real.yaml", directory / "relative");
  fs::create_symlink(directory / "relative", directory / "chain");
  replace_file(system_files(), directory / "chain", {"new"}, 0640);
  EXPECT_TRUE(fs::is_symlink(directory / "chain"));
  EXPECT_TRUE(fs::is_symlink(directory / "relative"));
  EXPECT_EQ(content_of(target), "new");
  fs::create_symlink("there/later.yaml", directory / "dangling");
  replace_file(system_files(), directory / "dangling", {"made"}, 0640);
  EXPECT_EQ(content_of(directory / "there/later.yaml"), "made");
  fs::create_symlink("loop", directory / "loop");
  EXPECT_EQ(refusal([&] { replace_file(system_files(), directory / "loop", {"x"}, 0640); }),
            (directory / "loop") +
                ": Too many levels of symbolic links; its symbolic links lead nowhere: mend them");
}

TEST(DurableFile, SaysWhereAndWhatHelps) {
  const TempDirectory directory;
  EXPECT_EQ(refusal([&] { replace_file(system_files(), directory / "no/a", {"x"}, 0640); }),
            (directory / "no/a") + ": No such file or directory; its directory must exist");
  EXPECT_EQ(
      refusal([&] { read_file(directory / "a"); }),
      (directory / "a") + ": No such file or directory; it must exist and the router may read it");
  EXPECT_EQ(refusal([&] { read_file(directory / ""); }),
            (directory / "") + ": is no regular file; name a file");
  ASSERT_EQ(::mkfifo((directory / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(refusal([&] { read_file(directory / "pipe"); }),  // and does not wait for a writer
            (directory / "pipe") + ": is no regular file; name a file");
  directory.write("file", "x");
  EXPECT_EQ(refusal([&] { make_directories(system_files(), directory / "file/b"); }),
            (directory / "file") +
                ": Not a directory; something else has that name: remove it, or "
                "name another place");
}

TEST(DurableFile, RemovesOnlyDrafts) {
  const TempDirectory directory;
  for (const char* name : {".a.weir-0123abcd", ".b.weir-0123abcd", "a", "a.weir-0123abcd",
                           ".a.weir-0123abcg", ".a.weir-0123abc", ".a.weir-"})
    directory.write(name, "x");
  remove_drafts(system_files(), directory / "", "a");
  EXPECT_EQ(names_in(directory / "").size(), 6u);
  EXPECT_TRUE(fs::exists(directory / ".b.weir-0123abcd"));
  remove_drafts(system_files(), directory / "");
  EXPECT_EQ(names_in(directory / ""),
            (std::vector<std::string>{".a.weir-", ".a.weir-0123abc", ".a.weir-0123abcg", "a",
                                      "a.weir-0123abcd"}));
}

TEST(DurableFile, MakesDirectoriesForItsOwnerOnly) {
  const TempDirectory directory;
  make_directories(system_files(), directory / "x/y");
  EXPECT_EQ(mode_of(directory / "x"), 0700u);
  EXPECT_EQ(mode_of(directory / "x/y"), 0700u);
  make_directories(system_files(), directory / "x/y");
}

}  // namespace
}  // namespace weir::control::test
