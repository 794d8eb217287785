// The history: what was appended is there, whole, within its bounds; what is not whole is skipped.
#include "controlplane/config_history.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "tests/unit/controlplane/config_store_fixture.hpp"

namespace weir::control::test {
namespace {

namespace fs = std::filesystem;
using weir::test::TempDirectory;

std::vector<std::uint64_t> numbers(const ConfigHistory& history) {
  std::vector<std::uint64_t> result;
  for (const ConfigEntry& entry : history.entries()) result.push_back(entry.number);
  return result;
}

std::string refusal(const ConfigHistory& history, std::uint64_t number) {
  try {
    history.get(number);
  } catch (const FileError& error) {
    return error.what();
  }
  return "none";
}

ConfigHistory open(const TempDirectory& directory, ConfigHistory::Limits limits = {}) {
  static FaultyFiles files;  // which do not fail, nor wait for the disk
  ConfigHistory history(files, limits, [] { return std::int64_t{1234}; });
  history.load(directory / "", true);
  return history;
}

TEST(ConfigHistory, KnowsWhoWhenAndWhat) {
  const TempDirectory directory;
  const ConfigChange who{"set", "mtu 9000\nsecond line", "m\xc3\xbcller \xff", "ssh", 1000};
  {
    ConfigHistory history = open(directory);
    const ConfigEntry entry = history.append(who, "a: 1\n");
    EXPECT_EQ(entry.number, 1u);
    EXPECT_EQ(entry.time, 1234);
    EXPECT_EQ(entry.bytes, 5u);
    EXPECT_TRUE(entry.on_disk);
    EXPECT_EQ(entry.change.what, "mtu 9000");
    EXPECT_EQ(entry.change.user, "m\xc3\xbcller \xef\xbf\xbd");
    EXPECT_EQ(entry.change.uid, 1000);
    EXPECT_EQ(history.append(change(), std::string(700, 'x')).number, 2u);
    EXPECT_EQ(history.append(change("set", std::string(499, 'x') + "\xc3\xbc"), "").change.what,
              std::string(499, 'x'));
    EXPECT_EQ(open(directory).entries(), history.entries());
  }
  const ConfigHistory history = open(directory);
  EXPECT_EQ(history.get(1), "a: 1\n");
  EXPECT_EQ(history.get(2), std::string(700, 'x'));
  EXPECT_EQ(history.get(3), "");
  EXPECT_EQ(history.next(), 4u);
  EXPECT_EQ(mode_of(directory / "entry-0000000001"), 0640u);
  EXPECT_EQ(refusal(history, 4),
            "entry 4 of the history: there is none; those from 1 to 3 are there");
}

TEST(ConfigHistory, SkipsWhatIsNotWholeAndNamesIt) {
  const TempDirectory directory;
  {
    ConfigHistory history = open(directory);
    for (int n = 1; n <= 5; ++n) history.append(change(), text_of(n));
  }
  const auto path = [&](int n) { return directory / ("entry-000000000" + std::to_string(n)); };
  fs::resize_file(path(2), fs::file_size(path(2)) - 10);
  put_content(path(3), "");
  fs::copy_file(path(1), path(5), fs::copy_options::overwrite_existing);
  directory.write("entry-notes", "buy milk");
  directory.write("entry-0000000000", "");
  const ConfigHistory history = open(directory);
  EXPECT_EQ(numbers(history), (std::vector<std::uint64_t>{1, 4}));
  EXPECT_EQ(history.next(), 6u);  // 5 was somebody's
  const std::string remedy = "; it is skipped; remove it";
  EXPECT_EQ(history.warnings(),
            (std::vector<std::string>{
                (directory / "/entry-0000000000") + ": is none of the router's" + remedy,
                (directory / "/entry-0000000002") + ": is not whole" + remedy,
                (directory / "/entry-0000000003") + ": is none of the router's" + remedy,
                (directory / "/entry-0000000005") + ": is another entry's" + remedy,
                (directory / "/entry-notes") + ": is none of the router's" + remedy}));
  EXPECT_EQ(content_of(directory / "entry-notes"), "buy milk");
  put_content(path(4), content_of(path(4)) + "x");  // since it was read
  EXPECT_EQ(refusal(history, 4), (directory / "/entry-0000000004") + ": is not whole" + remedy);
}

// A naive model: a vector that the oldest leave.
TEST(ConfigHistory, IsBoundedAsAModelIs) {
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    const TempDirectory directory;
    const ConfigHistory::Limits limits{.entries = 1 + random() % 8, .bytes = 200 + random() % 2000};
    auto history = std::make_unique<ConfigHistory>(open(directory, limits));
    std::vector<std::pair<std::uint64_t, std::string>> model;
    std::uint64_t kept = 0;
    for (std::uint64_t n = 1; n <= 30; ++n) {
      if (random() % 4 == 0) kept = random() % n;
      history->keep({kept});
      const std::string text(random() % 600, static_cast<char>('a' + n % 26));
      history->append(change(), text);
      model.emplace_back(n, text);
      const auto bytes = [&] {
        std::uint64_t sum = 0;
        for (const auto& entry : model) sum += entry.second.size();
        return sum;
      };
      for (std::size_t i = 0; i + 1 < model.size();)
        if ((model.size() > limits.entries || bytes() > limits.bytes) && model[i].first != kept)
          model.erase(model.begin() + static_cast<std::ptrdiff_t>(i));
        else
          ++i;
      if (random() % 5 == 0) history = std::make_unique<ConfigHistory>(open(directory, limits));
      ASSERT_EQ(history->entries().size(), model.size());
      ASSERT_EQ(names_in(directory / "").size(), model.size());
      for (std::size_t i = 0; i < model.size(); ++i) {
        ASSERT_EQ(history->entries()[i].number, model[i].first);
        ASSERT_EQ(history->get(model[i].first), model[i].second);
      }
    }
  }
}

TEST(ConfigHistory, TheNewestStaysHoweverLarge) {
  const TempDirectory directory;
  ConfigHistory history = open(directory, {.entries = 3, .bytes = 100});
  history.append(change(), "small");
  history.append(change(), std::string(1000, 'x'));
  EXPECT_EQ(numbers(history), (std::vector<std::uint64_t>{2}));
}

TEST(ConfigHistory, WhatTheDiskRefusedIsWrittenWithTheNext) {
  const TempDirectory directory;
  FaultyFiles files;
  ConfigHistory history(files, {}, [] { return std::int64_t{5}; });
  history.load(directory / "", true);
  history.append(change(), text_of(1));
  files.fail(FaultyFiles::Mode::full, 0, ENOSPC);
  EXPECT_THROW(history.append(change(), text_of(2)), FileError);
  EXPECT_EQ(numbers(history), (std::vector<std::uint64_t>{1}));
  EXPECT_FALSE(history.append_in_memory(change(), text_of(2)).on_disk);
  EXPECT_EQ(history.get(2), text_of(2));
  EXPECT_THROW(history.append(change(), text_of(3)), FileError);
  EXPECT_EQ(numbers(open(directory)), (std::vector<std::uint64_t>{1}));
  files.mend();
  history.append(change(), text_of(3));
  EXPECT_EQ(history.entries(), open(directory).entries());
  EXPECT_EQ(open(directory).get(2), text_of(2));
}

TEST(ConfigHistory, InMemoryItIsBoundedToo) {
  ConfigHistory history(system_files(), {.entries = 10, .bytes = 1000, .memory_bytes = 25},
                        [] { return std::int64_t{5}; });
  for (int n = 1; n <= 5; ++n) history.append(change(), std::string(10, 'x'));
  EXPECT_EQ(numbers(history), (std::vector<std::uint64_t>{4, 5}));
  EXPECT_EQ(history.get(5), "xxxxxxxxxx");
  EXPECT_FALSE(history.entries()[0].on_disk);
}

}  // namespace
}  // namespace weir::control::test
