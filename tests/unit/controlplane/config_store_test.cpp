// One router's configurations: startup file, confirmation, clocks, and who else is there.
#include "controlplane/config_store.hpp"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "tests/unit/controlplane/config_store_fixture.hpp"

namespace weir::control::test {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

TEST(ConfigStore, NamesAreReadableAndOfOnePathOnly) {
  EXPECT_EQ(store_name("/etc/weir/lab-1.yaml"), "etc+weir+lab-1.yaml");
  EXPECT_EQ(store_name("/a+b"), "a%2Bb");
  EXPECT_EQ(store_name("/a/b"), "a+b");
  EXPECT_EQ(store_name("/a%2Bb"), "a%252Bb");
  EXPECT_EQ(store_name("/.lab"), "%2Elab");
  EXPECT_EQ(store_name("/a b\n~"), "a%20b%0A%7E");
  EXPECT_EQ(store_name("/m\xc3\xbc"), "m\xc3\xbc");
  const std::string deep(300, 'd');
  EXPECT_LT(store_name("/a/" + deep).size(), 200u);
  EXPECT_NE(store_name("/a/" + deep), store_name("/b/" + deep));
  EXPECT_TRUE(store_name("/a/" + deep).ends_with("ddd"));
}

TEST(ConfigStore, IsForItsOwnerAndGoesOnWhereItWas) {
  StoreDirectory place;
  ConfigStore* store = &place.open();
  EXPECT_EQ(store->why_memory_only(), "");
  EXPECT_EQ(store->running(), 0u);
  EXPECT_EQ(store->last_good(), nullptr);
  EXPECT_EQ(store->directory(), (place / "state/") + store_name(place.startup()));
  EXPECT_EQ(mode_of(store->directory()), 0700u);
  store->append(change("start"), text_of(1));
  store->append(change("apply"), text_of(2));
  EXPECT_EQ(store->running(), 2u);
  store->write_startup(text_of(2));
  EXPECT_EQ(content_of(place.startup()), text_of(2));
  store = &place.open();
  ASSERT_EQ(store->list().size(), 2u);
  EXPECT_EQ(store->last_good()->number, 2u);
  EXPECT_EQ(store->get(2), text_of(2));
  EXPECT_EQ(store->read_startup(), text_of(2));
  EXPECT_TRUE(store->warnings().empty());
}

TEST(ConfigStore, TheSecondRouterOnAFileIsInMemory) {
  StoreDirectory place;
  const ConfigStore& first = place.open_and_run();
  ConfigStore second(place.options());
  EXPECT_EQ(second.why_memory_only(), first.directory() + "/lock: another router runs on " +
                                          place.startup() +
                                          "; end it, or give each router a file of its own");
  EXPECT_TRUE(second.list().empty());  // not the other's
  second.append(change(), text_of(7));
  second.begin_confirm(change(), text_of(8), 1min);
  second.cancel(change("revert"));
  EXPECT_EQ(second.list().size(), 3u);
  EXPECT_EQ(second.get(3), text_of(7));
  EXPECT_EQ(first.list().size(), 1u);
  place.close();
  const ConfigStore third(place.options());
  EXPECT_EQ(third.why_memory_only(), "");
  EXPECT_EQ(third.list().size(), 1u);
}

TEST(ConfigStore, WithoutADirectoryItIsInMemoryAndSaysWhy) {
  StoreDirectory place;
  put_content(place / "state", "a file");
  ConfigStore& store = place.open();
  EXPECT_EQ(store.why_memory_only(), (place / "state") +
                                         ": Not a directory; something else has that name: remove "
                                         "it, or name another place");
  store.append(change("start"), text_of(1));
  store.begin_confirm(change(), text_of(2), 5s);
  EXPECT_EQ(store.remaining(), 5s);
  store.write_startup(text_of(2));
  store.cancel(change("revert"));
  EXPECT_EQ(content_of(place.startup()), text_of(1));
  EXPECT_EQ(store.get(store.running()), text_of(1));
}

// The history of a file system that became read-only can still be read.
TEST(ConfigStore, AReadOnlyDirectoryIsRead) {
  if (::geteuid() != 0) GTEST_SKIP() << "mounting needs root";
  StoreDirectory place;
  fs::create_directory(place / "state");
  const std::string state = place / "state";
  if (::mount("none", state.c_str(), "tmpfs", 0, "size=1m") != 0)
    GTEST_SKIP() << "no tmpfs: " << std::strerror(errno);
  place.open_and_run();
  place.close();
  ASSERT_EQ(::mount("none", state.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr), 0);
  {
    ConfigStore& store = place.open();
    EXPECT_EQ(store.why_memory_only(),
              store.directory() +
                  "/lock: Read-only file system; mount its file system for "
                  "writing, or name another place");
    EXPECT_EQ(store.get(1), text_of(1));
    EXPECT_FALSE(store.append(change(), text_of(2)).on_disk);
    EXPECT_EQ(store.get(2), text_of(2));
    place.close();
  }
  EXPECT_EQ(::umount(state.c_str()), 0);
}

// No seam: a file system that is full.
TEST(ConfigStore, AFullDiskLosesNothing) {
  if (::geteuid() != 0) GTEST_SKIP() << "mounting needs root";
  StoreDirectory place;
  fs::create_directory(place / "state");
  const std::string state = place / "state";
  if (::mount("none", state.c_str(), "tmpfs", 0, "size=128k") != 0)
    GTEST_SKIP() << "no tmpfs: " << std::strerror(errno);
  ConfigStore* store = &place.open_and_run();
  std::size_t written = 1;
  const std::string large(20'000, '#');
  try {
    for (; written < 100; ++written) store->append(change(), large + std::to_string(written));
  } catch (const FileError& error) {
    EXPECT_EQ(error.error_number(), ENOSPC);
    EXPECT_EQ(error.hint(), "make room on its file system");
  }
  ASSERT_LT(written, 10u);
  EXPECT_THROW(store->begin_confirm(change(), large, 1min), FileError);
  EXPECT_FALSE(store->pending());
  EXPECT_FALSE(store->append_in_memory(change(), large).on_disk);
  store = &place.open();
  EXPECT_EQ(store->list().size(), written);
  EXPECT_TRUE(store->warnings().empty());
  EXPECT_EQ(store->get(written), large + std::to_string(written - 1));
  place.close();
  EXPECT_EQ(::umount(state.c_str()), 0);
}

TEST(ConfigStore, WhatIsConfirmedStays) {
  StoreDirectory place;
  ConfigStore* store = &place.open_and_run();
  const ConfigEntry entry = store->begin_confirm(change(), text_of(2), 5min);
  EXPECT_EQ(entry.number, 2u);
  EXPECT_EQ(store->running(), 2u);
  EXPECT_EQ(store->last_good()->number, 1u);
  EXPECT_EQ(store->pending()->old_number, 1u);
  EXPECT_EQ(store->pending()->deadline, place.wall + 300'000);
  place.wait(60'000);
  EXPECT_EQ(store->remaining(), 4min);
  store = &place.open();  // as after kill -9
  ASSERT_TRUE(store->pending());
  EXPECT_EQ(store->pending()->number, 2u);
  EXPECT_FALSE(store->pending()->reverting);
  EXPECT_EQ(store->remaining(), 4min);
  store->resume(2);
  store->write_startup(text_of(2));
  store->confirm();
  EXPECT_FALSE(store->pending());
  EXPECT_EQ(store->last_good()->number, 2u);
  EXPECT_FALSE(place.open().pending());
}

TEST(ConfigStore, WhatIsCancelledComesBack) {
  StoreDirectory place;
  ConfigStore* store = &place.open_and_run();
  store->begin_confirm(change(), text_of(2), 5min);
  store->write_startup(text_of(2));
  store->cancel(change("revert"));
  EXPECT_EQ(content_of(place.startup()), text_of(1));
  EXPECT_EQ(store->running(), 3u);
  store = &place.open();
  EXPECT_FALSE(store->pending());
  ASSERT_EQ(store->list().size(), 3u);
  EXPECT_EQ(store->list()[2].change.kind, "revert");
  EXPECT_EQ(store->get(3), text_of(1));
  EXPECT_EQ(names_in(store->directory()),
            (std::vector<std::string>{"entry-0000000001", "entry-0000000002", "entry-0000000003",
                                      "lock"}));
}

// What ran was not saved: the startup file gets back its own text, not what ran.
TEST(ConfigStore, TheStartupFileGetsBackWhatItHeld) {
  StoreDirectory place;
  ConfigStore* store = &place.open_and_run();
  store->append(change("set"), text_of(2));
  store->begin_confirm(change(), text_of(3), 5min);
  store->write_startup(text_of(3));
  store = &place.open();
  store->cancel(change("revert"));
  EXPECT_EQ(content_of(place.startup()), text_of(1));
  EXPECT_EQ(store->get(store->running()), text_of(2));
}

TEST(ConfigStore, AnotherHandsStartupFileIsLeftAlone) {
  for (const std::string& edited : {text_of(9), std::string("half of")}) {
    StoreDirectory place;
    ConfigStore& store = place.open_and_run();
    store.begin_confirm(change(), text_of(2), 5min);
    store.write_startup(text_of(2));
    put_content(place.startup(), edited);
    store.cancel(change("revert"));
    EXPECT_EQ(content_of(place.startup()), edited);
    EXPECT_EQ(store.get(store.running()), text_of(1));
  }
}

TEST(ConfigStore, OneConfirmationAtATime) {
  StoreDirectory place;
  ConfigStore& store = place.open();
  EXPECT_THROW(store.begin_confirm(change(), text_of(2), 1min), std::logic_error);  // none runs
  EXPECT_THROW(store.confirm(), std::logic_error);
  EXPECT_THROW(store.cancel(change()), std::logic_error);
  EXPECT_THROW(store.remaining(), std::logic_error);
  store.append(change("start"), text_of(1));
  store.begin_confirm(change(), text_of(2), 1min);
  EXPECT_THROW(store.begin_confirm(change(), text_of(3), 1min), std::logic_error);
  EXPECT_THROW(store.append(change(), text_of(3)), std::logic_error);
  EXPECT_THROW(store.append_in_memory(change(), text_of(3)), std::logic_error);
  EXPECT_EQ(store.list().size(), 2u);
}

TEST(ConfigStore, OldAndNewStayWhileOneWaits) {
  StoreDirectory place;
  place.limits.entries = 1;
  ConfigStore& store = place.open_and_run();
  store.begin_confirm(change(), text_of(2), 1min);
  EXPECT_EQ(store.list().size(), 2u);
  place.open().cancel(change("revert"));
}

TEST(ConfigStore, TheDeadlineKeepsToTheRightClock) {
  struct Row {
    const char* what;
    std::int64_t boot_time, wall;  // that pass on each clock; 300 s from the begin to the deadline
    bool boots;
    std::int64_t remains;
  };
  const Row rows[] = {
      {"the same boot", 100'000, 100'000, false, 200'000},
      {"the wall clock jumps forward", 100'000, 1'000'000'000, false, 200'000},
      {"the wall clock jumps back", 100'000, -1'000'000'000, false, 200'000},
      {"over", 300'000, 300'000, false, 0},
      {"long over", 900'000, 900'000, false, 0},
      {"another boot", 0, 100'000, true, 200'000},
      {"another boot, over", 0, 300'001, true, 0},
      {"another boot, the clock far back", 0, -1'000'000'000, true, 300'000},
      {"another boot, the clock far ahead", 0, 1'000'000'000, true, 0},
  };
  for (const Row& row : rows) {
    StoreDirectory place;
    place.open_and_run().begin_confirm(change(), text_of(2), 300s);
    place.boot_time += row.boot_time, place.wall += row.wall;
    if (row.boots) place.boot();
    const ConfigStore& store = place.open();
    EXPECT_EQ(store.remaining().count(), row.remains) << row.what;
    place.wall += 777'777'777;  // set by the network's time, once it is there
    EXPECT_EQ(store.remaining().count(), row.remains) << row.what;
    place.boot_time += 1'000;
    EXPECT_EQ(store.remaining().count(), std::max<std::int64_t>(row.remains - 1'000, 0));
  }
}

TEST(ConfigStore, TheTimerIsThatOfTheNewBootOnceItRuns) {
  StoreDirectory place;
  place.open_and_run().begin_confirm(change(), text_of(2), 300s);
  place.wait(100'000);
  place.boot();
  place.open().resume(2);
  place.wall += 1'000'000'000;  // the clock is set
  place.boot_time += 50'000;
  EXPECT_EQ(place.open().remaining(), 150s);
  place.boot();
  place.wall -= 2'000'000'000;
  EXPECT_EQ(place.open().remaining(), 200s);  // no more than was left when this was last known
}

TEST(ConfigStore, ADamagedConfirmationIsNamed) {
  StoreDirectory place;
  const ConfigStore& store = place.open_and_run();
  const std::string path = store.directory() + "/confirm";
  put_content(path, "half of");
  EXPECT_FALSE(place.open().pending());
  ASSERT_EQ(place.open().warnings().size(), 1u);
  EXPECT_EQ(place.open().warnings()[0],
            path +
                ": is none of the router's; whether an apply waited for a confirmation is not "
                "known; see that what runs is what you want, and remove it");
}

TEST(ConfigStore, LeftoversOfAKilledRouterGo) {
  StoreDirectory place;
  const ConfigStore& store = place.open_and_run();
  put_content(store.directory() + "/.entry-0000000002.weir-0123abcd", "half of");
  put_content(place / ".lab.yaml.weir-0123abcd", "half of");
  place.open();
  EXPECT_FALSE(fs::exists(store.directory() + "/.entry-0000000002.weir-0123abcd"));
  EXPECT_FALSE(fs::exists(place / ".lab.yaml.weir-0123abcd"));
  place.close();
  fs::create_directory(place / "there");
  fs::rename(place.startup(), place / "there/real.yaml");
  fs::create_symlink("there/real.yaml", place.startup());
  put_content(place / "there/.real.yaml.weir-0123abcd", "half of");
  EXPECT_EQ(place.open().why_memory_only(), "");
  EXPECT_FALSE(fs::exists(place / "there/.real.yaml.weir-0123abcd"));
  EXPECT_EQ(place.open().list().size(), 1u);  // the link's history, wherever it leads
}

TEST(ConfigStore, AStartupLinkInACircleIsOnlyUnreadable) {
  StoreDirectory place;
  fs::remove(place.startup());
  fs::create_symlink("lab.yaml", place.startup());
  ConfigStore& store = place.open();
  EXPECT_EQ(store.why_memory_only(), "");
  EXPECT_THROW(store.read_startup(), FileError);
  EXPECT_THROW(store.write_startup(text_of(1)), FileError);
}

}  // namespace
}  // namespace weir::control::test
