// The journal's file: what is in it is what was put, whatever the disk does.
#include "controlplane/journal_file.hpp"

#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/unit/api/temp_directory.hpp"

namespace weir::control::test {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using weir::test::TempDirectory;

constexpr std::uint64_t kPlenty = 1u << 30;
const std::vector<unsigned> kCores{0};
const std::vector<std::string> kInterfaces{"wan", "la\"n\\"};
constexpr Instant kStart{1s, 1'700'000'000'000'000'000};

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Throws when a line is none of JSON's, or the last one is not whole.
std::vector<json> lines_of(const std::string& path) {
  std::vector<json> lines;
  const std::string text = contents(path);
  if (!text.empty() && text.back() != '\n') throw std::runtime_error("a line is not whole");
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(json::parse(line));
  return lines;
}

template <class Condition>
bool wait_until(Condition&& condition) {
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

NeighborRecord neighbor(std::uint32_t n) {
  return {{.interface = 1,
           .ip = Ipv4Address{0x0a000000u + n},
           .what = NeighborChange::What::learnt,
           .after = NeighborChange::Side{NeighborState::stale, MacAddress{{2, 0, 0, 0, 0, 1}}}},
          {2500ms, kStart.realtime + n * std::int64_t{1000}}};
}

StationRecord station(std::uint8_t n) {
  return {{.mac = {{2, 0, 0, 0, 0, n}},
           .before = 0,
           .now = 1,
           .what = StationChange::What::moved,
           .arrival = 1},
          kStart};
}

JournalFile open(const std::string& path, std::uint64_t max_bytes = kPlenty) {
  return {path, max_bytes, kCores, kInterfaces, kStart, 0s};
}

std::string refusal(const std::string& path) {
  try {
    const JournalFile file = open(path);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "none";
}

/// Turns of the control thread until so many lines are in the file, or dropped; false: never. One
/// turn would not do: it goes on without handing over when the file's thread has the lock.
bool handed_over(JournalFile& file, std::uint64_t lines) {
  return wait_until([&] {
    file.hand_over();
    return file.lines() + file.dropped() == lines;
  });
}

/// Puts `count` neighbours from `first` on, and waits until they are in the file, or dropped.
void put(JournalFile& file, std::uint32_t first, std::uint32_t count) {
  const std::uint64_t before = file.lines() + file.dropped();
  for (std::uint32_t i = 0; i < count; ++i) file.put(first + i, neighbor(first + i));
  ASSERT_TRUE(handed_over(file, before + count));
}

TEST(JournalFile, ALineAChange) {
  const TempDirectory directory;
  const std::string path = directory / "journal";
  {
    JournalFile file = open(path);
    file.put(7, neighbor(2));
    file.put(3, station(9));
    EXPECT_TRUE(handed_over(file, 2));
    EXPECT_EQ(lines_of(path).size(), 3u);
    file.put(8, neighbor(3));  // written at the end
  }
  const auto lines = lines_of(path);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0],
            (json{{"table", "journal"}, {"time", 1.7e9}, {"monotonic", 1.0}, {"what", "started"}}));
  EXPECT_EQ(lines[1], (json{{"table", "neighbor"},
                            {"id", 7},
                            {"time", 1700000000.000002},
                            {"monotonic", 2.5},
                            {"interface", "la\"n\\"},
                            {"ip", "10.0.0.2"},
                            {"what", "learnt"},
                            {"before", nullptr},
                            {"mac", "02:00:00:00:00:01"},
                            {"state", "STALE"},
                            {"from", ""},
                            {"cause", "its time"}}));
  EXPECT_EQ(lines[2], (json{{"table", "station"},
                            {"id", 3},
                            {"time", 1.7e9},
                            {"monotonic", 1.0},
                            {"interface", "la\"n\\"},
                            {"ip", nullptr},
                            {"what", "moved"},
                            {"before", "02:00:00:00:00:09"},
                            {"mac", "02:00:00:00:00:09"},
                            {"state", ""},
                            {"from", "wan"},
                            {"cause", "a frame from it on la\"n\\"}}));
  EXPECT_EQ(lines[3]["id"], 8);
  EXPECT_EQ(std::filesystem::status(path).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST(JournalFile, GoesOnWhereItWasAndDropsHalfALine) {
  const TempDirectory directory;
  const std::string path = directory / "journal";
  {
    JournalFile file = open(path), *f = &file;
    f->put(1, neighbor(1));
  }
  std::ofstream(path, std::ios::app) << "{\"table\":\"neighb";
  {
    JournalFile file = open(path), *f = &file;
    f->put(1, neighbor(2));
  }
  const auto lines = lines_of(path);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[1]["ip"], "10.0.0.1");
  EXPECT_EQ(lines[2]["what"], "started");
  EXPECT_EQ(lines[3]["ip"], "10.0.0.2");
}

TEST(JournalFile, BeginsAnewWhenItIsFullAndKeepsOneBefore) {
  const TempDirectory directory;
  const std::string path = directory / "journal";
  constexpr std::uint64_t kMax = 4096;
  JournalFile file = open(path, kMax);
  for (std::uint32_t i = 1; i <= 100; i += 5) {
    put(file, i, 5);
    EXPECT_LE(std::filesystem::file_size(path), kMax);
    if (file.rotations() > 0) {
      EXPECT_LE(std::filesystem::file_size(path + ".1"), kMax);
    }
  }
  EXPECT_EQ(file.dropped(), 0u);
  EXPECT_GE(file.rotations(), 4u);
  auto lines = lines_of(path + ".1");
  EXPECT_GT(std::filesystem::file_size(path + ".1"), kMax - 300);
  for (const json& line : lines_of(path)) lines.push_back(line);
  ASSERT_GT(lines.size(), 15u);
  for (std::size_t i = 0; i < lines.size(); ++i)
    EXPECT_EQ(lines[i]["id"], 101 - lines.size() + i);  // the last ones, none missing between
  EXPECT_FALSE(std::filesystem::exists(path + ".2"));
}

TEST(JournalFile, ALineLongerThanTheLimitIsAFileOfItsOwn) {
  const TempDirectory directory;
  JournalFile file = open(directory / "journal", 10);
  put(file, 1, 4);
  EXPECT_EQ(file.lines(), 4u);
  EXPECT_EQ(file.rotations(), 4u);
  EXPECT_EQ(lines_of(directory / "journal").size(), 1u);
}

TEST(JournalFile, WhatDoesNotFitTheQueueIsCounted) {
  const TempDirectory directory;
  JournalFile file = open(directory / "journal");
  for (std::uint32_t i = 0; i < JournalFile::kQueue + 100; ++i) file.put(i, neighbor(i));
  EXPECT_EQ(file.dropped(), 100u);
  ASSERT_TRUE(handed_over(file, JournalFile::kQueue + 100));
  file.put(1, neighbor(1));
  ASSERT_TRUE(handed_over(file, JournalFile::kQueue + 101));
  EXPECT_EQ(file.lines(), JournalFile::kQueue + 1);
  EXPECT_EQ(lines_of(directory / "journal").size(), JournalFile::kQueue + 2);
}

/// A disk that takes no more than so many bytes of a file.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST(JournalFile, AFullDiskLeavesWholeLinesAndIsTriedAgain) {
  const TempDirectory directory;
  const std::string path = directory / "journal";
  JournalFile file = open(path);
  put(file, 1, 10);
  const auto size = std::filesystem::file_size(path);
  {
    const FileSizeLimit limit(size + 1000);  // some lines more, and a part of one
    put(file, 11, 20);
    EXPECT_EQ(file.error_number(), EFBIG);
    EXPECT_EQ(file.error(), "journal file " + path +
                                ": File too large; make room or let the router write there: it "
                                "tries again, meanwhile changes are in memory only");
    EXPECT_EQ(file.dropped(), 20u);
    EXPECT_EQ(std::filesystem::file_size(path), size);
  }
  put(file, 31, 5);
  EXPECT_EQ(file.error(), "");
  EXPECT_EQ(file.error_number(), 0);
  const auto lines = lines_of(path);
  ASSERT_EQ(lines.size(), 16u);
  EXPECT_EQ(lines[10]["id"], 10);
  EXPECT_EQ(lines[11]["id"], 31);
}

TEST(JournalFile, ARotationThatFailsStopsItUntilItWorks) {
  const TempDirectory directory;
  const std::string path = directory / "journal";
  JournalFile file = open(path, 2000);
  std::filesystem::create_directories(path + ".1/in-the-way");
  put(file, 1, 20);
  EXPECT_NE(file.error(), "");
  EXPECT_GT(file.dropped(), 10u);
  EXPECT_LE(std::filesystem::file_size(path), 2000u);
  const std::uint64_t written = file.lines();
  EXPECT_EQ(lines_of(path).size(), written + 1);
  std::filesystem::remove_all(path + ".1");
  put(file, 50, 1);
  EXPECT_EQ(file.error(), "");
  EXPECT_EQ(lines_of(path).size(), 1u);
  EXPECT_EQ(lines_of(path + ".1").size(), written + 1);
}

TEST(JournalFile, WithoutPatienceItDoesNotTryAgain) {
  const TempDirectory directory;
  const std::string path = directory / "journal";
  JournalFile file(path, 2000, kCores, kInterfaces, kStart, std::chrono::hours{1});
  std::filesystem::create_directories(path + ".1/in-the-way");
  put(file, 1, 20);
  std::filesystem::remove_all(path + ".1");
  const std::uint64_t dropped = file.dropped();
  put(file, 50, 3);
  EXPECT_EQ(file.dropped(), dropped + 3);
  EXPECT_NE(file.error(), "");
}

TEST(JournalFile, RefusesWhatItMustNotWriteTo) {
  const TempDirectory directory;
  const auto says = [](const std::string& path, const std::string& what) {
    return "journal file " + path + ": " + what;
  };
  EXPECT_EQ(refusal(directory / "no/journal"),
            says(directory / "no/journal",
                 "No such file or directory; its directory must exist and the router may write "
                 "there"));
  std::filesystem::create_directory(directory / "folder");
  EXPECT_EQ(
      refusal(directory / "folder"),
      says(directory / "folder", "is no regular file; name a file, not a directory or a device"));
  const std::string notes = directory.write("notes", "buy milk\n");
  EXPECT_EQ(refusal(notes),
            says(notes, "exists and is no journal; name another file, or remove this one"));
  EXPECT_EQ(contents(notes), "buy milk\n");
  std::filesystem::create_symlink(notes, directory / "link");
  EXPECT_EQ(refusal(directory / "link"),
            says(directory / "link", "is a symbolic link; name the file itself"));
  const std::string before = directory.write("journal.1", "buy milk\n");
  EXPECT_EQ(refusal(directory / "journal"),
            says(before, "exists and is no journal; name another file, or remove this one"));
  {
    const JournalFile file = open(directory / "one");
    EXPECT_EQ(refusal(directory / "one"),
              says(directory / "one",
                   "is being written by another router; give each router a file of its own"));
  }
  EXPECT_EQ(refusal(directory / "one"), "none");
}

TEST(JournalFile, ItsThreadIsOnTheControlCoresAndBehindThem) {
  const TempDirectory directory;
  const JournalFile file = open(directory / "journal");
  std::string cores, nice;
  ASSERT_TRUE(wait_until([&] {
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
      if (contents(task.path() / "comm") != "journal-file\n") continue;
      std::ifstream status(task.path() / "status");
      for (std::string word; status >> word;)
        if (word == "Cpus_allowed_list:") status >> cores;
      std::ifstream stat(task.path() / "stat");
      for (unsigned field = 1; field <= 19; ++field) stat >> nice;
    }
    return cores == "0" && nice == "10";
  })) << cores
      << ' ' << nice;
}

}  // namespace
}  // namespace weir::control::test
