// Each step of each change fails, for once, for good, or as if the power were lost: what is on the
// disk then is old or new, and a router that lives goes on.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <random>
#include <thread>
#include <utility>

#include "controlplane/config_start.hpp"
#include "tests/unit/controlplane/config_store_fixture.hpp"

namespace weir::control::test {
namespace {

using namespace std::chrono_literals;
using Mode = FaultyFiles::Mode;
using Step = std::function<void(ConfigStore&)>;

const std::string kOld = text_of(1), kNew = text_of(2), kThird = text_of(3);

StartDecision decide(const ConfigStore& store) {
  return decide_start(store, startup_of(store),
                      [](const std::string&) { return std::vector<std::string>{}; });
}

/// All that must be true of a store whatever happened to it.
void expect_whole(StoreDirectory& place) {
  const ConfigStore& store = place.open();
  EXPECT_EQ(store.why_memory_only(), "");
  EXPECT_TRUE(store.warnings().empty());
  for (const ConfigEntry& entry : store.list()) {
    const std::string text = store.get(entry.number);
    EXPECT_TRUE(text == kOld || text == kNew || text == kThird);
  }
  const std::string startup = content_of(place.startup());
  EXPECT_TRUE(startup == kOld || startup == kNew);
  for (const std::string& name : names_in(place / ""))
    EXPECT_TRUE(name == "lab.yaml" || name == "state");
}

struct Outcome {
  bool refused;
  bool lives;  // the router, not the power
  Mode mode;
};

/// `step` on a store that `before` made, failing at each call of it in turn.
void at_every_call(const Step& before, const Step& step,
                   const std::function<void(StoreDirectory&, ConfigStore&, Outcome)>& after) {
  for (const Mode mode : {Mode::once, Mode::full, Mode::outage, Mode::dead}) {
    std::size_t at = 0;
    for (bool reached = true; reached; ++at) {
      SCOPED_TRACE(testing::Message() << "mode " << static_cast<int>(mode) << " call " << at);
      StoreDirectory place;
      ConfigStore& store = place.open_and_run();
      before(store);
      place.files.fail(mode, at, ENOSPC);
      Outcome outcome{false, mode != Mode::dead, mode};
      try {
        step(store);
      } catch (const FileError&) {
        outcome.refused = true;
      }
      reached = place.files.reached();
      EXPECT_TRUE(reached || !outcome.refused);
      place.files.mend();
      after(place, store, outcome);
      expect_whole(place);
      if (testing::Test::HasFailure()) return;
    }
    EXPECT_GT(at, 2u);
  }
}

TEST(ConfigStoreFaults, Append) {
  at_every_call([](ConfigStore&) {}, [](ConfigStore& s) { s.append(change(), kNew); },
                [](StoreDirectory& place, ConfigStore& store, Outcome outcome) {
                  if (outcome.lives) {
                    EXPECT_EQ(store.list().size(), outcome.refused ? 1u : 2u);
                    EXPECT_EQ(store.running(), store.list().size());
                    if (outcome.mode != Mode::outage) {
                      ConfigHistory there(place.files, {}, [] { return std::int64_t{0}; });
                      there.load(store.directory(), false);
                      EXPECT_EQ(there.entries(), store.list());
                    }
                    const std::uint64_t next = store.append(change(), kThird).number;
                    EXPECT_EQ(next, store.list().size());
                    EXPECT_EQ(store.get(next), kThird);
                    const auto entries = store.list();
                    EXPECT_EQ(place.open().list(), entries);
                  } else {
                    const auto& entries = place.open().list();
                    EXPECT_GE(entries.size(), outcome.refused ? 1u : 2u);
                    EXPECT_LE(entries.size(), 2u);
                  }
                });
}

TEST(ConfigStoreFaults, WriteStartup) {
  at_every_call([](ConfigStore&) {}, [](ConfigStore& s) { s.write_startup(kNew); },
                [](StoreDirectory& place, ConfigStore& store, Outcome outcome) {
                  if (!outcome.refused) {
                    EXPECT_EQ(content_of(place.startup()), kNew);
                  }
                  if (!outcome.lives) return;
                  store.write_startup(kNew);
                  EXPECT_EQ(content_of(place.startup()), kNew);
                });
}

TEST(ConfigStoreFaults, BeginConfirm) {
  at_every_call([](ConfigStore&) {}, [](ConfigStore& s) { s.begin_confirm(change(), kNew, 5min); },
                [](StoreDirectory& place, ConfigStore& store, Outcome outcome) {
                  if (outcome.lives) {
                    EXPECT_EQ(store.pending().has_value(), !outcome.refused);
                    EXPECT_EQ(store.running(), outcome.refused ? 1u : 2u);
                    if (outcome.refused) {
                      // The same text, not to be confirmed: nothing may call it unconfirmed.
                      store.append(change(), kNew);
                      store.write_startup(kNew);
                      EXPECT_FALSE(place.open().pending());
                      return;
                    }
                  }
                  ConfigStore& next = place.open();
                  if (!outcome.refused) {
                    EXPECT_TRUE(next.pending());
                  }
                  EXPECT_EQ(next.list().size(), next.pending() ? 2u : 1u);
                  EXPECT_EQ(decide(next).text, next.pending() ? kNew : kOld);
                  settle_start(next, decide(next), change("start"));
                  place.wait(300'000);
                  EXPECT_EQ(decide(place.open()).text, kOld);
                });
}

TEST(ConfigStoreFaults, Confirm) {
  at_every_call(
      [](ConfigStore& store) {
        store.begin_confirm(change(), kNew, 5min);
        store.write_startup(kNew);
      },
      [](ConfigStore& s) { s.confirm(); },
      [](StoreDirectory& place, ConfigStore& store, Outcome outcome) {
        if (outcome.lives) {
          EXPECT_EQ(store.pending().has_value(), outcome.refused);
          if (outcome.refused) store.confirm();
        }
        const ConfigStore& next = place.open();
        if (outcome.lives || !outcome.refused) {
          EXPECT_FALSE(next.pending());
        }
        EXPECT_EQ(decide(next).text, kNew);
      });
}

TEST(ConfigStoreFaults, ConfirmThatFailedThenCancel) {
  at_every_call(
      [](ConfigStore& store) {
        store.begin_confirm(change(), kNew, 5min);
        store.write_startup(kNew);
      },
      [](ConfigStore& s) { s.confirm(); },
      [](StoreDirectory& place, ConfigStore& store, Outcome outcome) {
        if (!outcome.lives || !outcome.refused) return;
        store.cancel(change("revert"));
        EXPECT_EQ(content_of(place.startup()), kOld);
        EXPECT_FALSE(place.open().pending());
      });
}

TEST(ConfigStoreFaults, Cancel) {
  for (const bool again : {false, true}) {
    at_every_call(
        [](ConfigStore& store) {
          store.begin_confirm(change(), kNew, 5min);
          store.write_startup(kNew);
        },
        [](ConfigStore& s) { s.cancel(change("revert")); },
        [again](StoreDirectory& place, ConfigStore& store, Outcome outcome) {
          if (outcome.lives && outcome.refused && again) store.cancel(change("revert"));
          ConfigStore& next = place.open();
          if (!outcome.refused || (outcome.lives && again)) {
            EXPECT_FALSE(next.pending());
            EXPECT_EQ(next.list().size(), 3u);
            EXPECT_EQ(content_of(place.startup()), kOld);
          }
          if (next.pending()) place.wait(300'000);
          EXPECT_EQ(decide(next).text, kOld);
          EXPECT_TRUE(settle_start(next, decide(next), change("start")).empty());
          EXPECT_FALSE(next.pending());
          EXPECT_EQ(next.list().size(), 3u);
          EXPECT_EQ(next.get(next.running()), kOld);
          EXPECT_EQ(content_of(place.startup()), kOld);
        });
  }
}

TEST(ConfigStoreFaults, SettlingAStart) {
  at_every_call(
      [](ConfigStore& store) {
        store.begin_confirm(change(), kNew, 0ms);
        store.write_startup(kNew);
      },
      [](ConfigStore& s) { settle_start(s, decide(s), change("start")); },
      [](StoreDirectory& place, ConfigStore& store, Outcome outcome) {
        if (outcome.lives) {
          EXPECT_EQ(store.get(store.running()), kOld);
        }
        ConfigStore& next = place.open();
        EXPECT_EQ(decide(next).text, kOld);
        settle_start(next, decide(next), change("start"));
        EXPECT_EQ(content_of(place.startup()), kOld);
        EXPECT_FALSE(place.open().pending());
      });
}

/// Applies, confirms and takes back for ever; its texts are text_of(n), n rising. A byte of
/// `steps` says that it goes to the next one.
[[noreturn]] void apply_for_ever(const ConfigStore::Options& options, int steps) {
  ConfigStore store(options);
  settle_start(store, decide(store), change("start"));
  for (int n = static_cast<int>(store.list().back().number) + 1;; ++n) {
    if (::write(steps, "x", 1) != 1) ::_exit(1);
    if (store.pending()) {
      store.write_startup(store.get(store.pending()->number));
      store.confirm();
    }
    if (n % 3 == 0) {
      store.append(change(), text_of(n));
      store.write_startup(text_of(n));
      continue;
    }
    store.begin_confirm(change(), text_of(n), 5min);
    store.write_startup(text_of(n));
    if (n % 3 == 1)
      store.confirm();
    else
      store.cancel(change("revert"));
  }
}

int number_of_text(const std::string& text) {
  return text.starts_with("# ") ? std::atoi(text.c_str() + 2) : -1;
}

/// A process that applies for ever, killed while it starts, or in the course of one of its first
/// steps; `step` is how long one took last, however slow the disk is.
void kill_one_that_applies(const ConfigStore::Options& options, std::mt19937& random,
                           std::chrono::nanoseconds& step) {
  using Clock = std::chrono::steady_clock;
  int steps[2];
  ASSERT_EQ(::pipe(steps), 0);
  const pid_t child = ::fork();
  if (child == 0) apply_for_ever(options, steps[1]);
  ::close(steps[1]);
  Clock::time_point begun;
  const auto count = random() % 5;
  for (std::uint64_t i = 0; i < count; ++i) {
    char byte = 0;
    ASSERT_EQ(::read(steps[0], &byte, 1), 1);
    const auto before = std::exchange(begun, Clock::now());
    if (i > 0) step = begun - before;
  }
  std::this_thread::sleep_for(step * static_cast<int>(random() % 1000) / 1000);
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << "it ended by itself: " << status;
  ::close(steps[0]);
}

TEST(ConfigStoreCrash, KilledAtAnyInstantItIsOldOrNew) {
  StoreDirectory place;
  place.limits.entries = 10;
  place.open_and_run();
  std::mt19937 random(11);
  std::chrono::nanoseconds step = 1ms;
  std::size_t most = place.limits.entries;
  std::uint64_t moved = 0, waiting = 0;
  for (int round = 0; round < 200; ++round) {
    SCOPED_TRACE(round);
    ASSERT_NO_THROW(place.close());
    kill_one_that_applies(place.options(), random, step);
    if (HasFatalFailure()) return;

    const ConfigStore& store = place.open();
    ASSERT_EQ(store.why_memory_only(), "");
    ASSERT_TRUE(store.warnings().empty()) << store.warnings()[0];
    ASSERT_FALSE(store.list().empty());
    // What is too much goes when an entry is whole: a kill just then leaves one more.
    ASSERT_LE(store.list().size(), most + 1);
    most = std::max(place.limits.entries, store.list().size());
    for (const ConfigEntry& entry : store.list()) {
      const std::string text = store.get(entry.number);
      ASSERT_EQ(text, text_of(number_of_text(text)));
    }
    const std::string startup = content_of(place.startup());
    ASSERT_EQ(startup, text_of(number_of_text(startup)));
    const StartDecision decision = decide(store);
    // The newest, or the one before it.
    const auto newest = store.get(store.list().back().number);
    const auto before =
        store.list().size() > 1 ? store.get(store.list()[store.list().size() - 2].number) : newest;
    ASSERT_TRUE(decision.text == newest || decision.text == before);
    ASSERT_NE(decision.confirm, StartDecision::Confirm::abandoned);
    if (store.pending()) {
      ++waiting;
      ASSERT_TRUE(store.pending()->reverting || store.remaining() == 5min);
      ASSERT_EQ(store.pending()->number == store.list().back().number ||
                    store.list().back().change.kind == "revert",
                true);
    }
    moved = store.list().back().number;
  }
  EXPECT_GT(moved, 200u);
  EXPECT_GT(waiting, 20u);
  ConfigStore& store = place.open();
  settle_start(store, decide(store), change("start"));
  if (store.pending()) store.confirm();
  store.append(change(), text_of(1));
  EXPECT_LE(store.list().size(), place.limits.entries);
}

}  // namespace
}  // namespace weir::control::test
