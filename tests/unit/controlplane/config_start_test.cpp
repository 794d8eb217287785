// Which configuration a start takes: the table of config_start.hpp, row by row.
#include "controlplane/config_start.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/unit/controlplane/config_store_fixture.hpp"

namespace weir::control::test {
namespace {

using namespace std::chrono_literals;
using Source = StartDecision::Source;
using Confirm = StartDecision::Confirm;

/// A text is good unless it says otherwise.
std::vector<std::string> check(const std::string& text) {
  if (text.find("bad") == std::string::npos) return {};
  return {"lab.yaml:1:1: bad"};
}

StartDecision decide(const ConfigStore& store) {
  return decide_start(store, startup_of(store), check);
}

const std::string kOld = text_of(1), kNew = text_of(2), kEdited = text_of(3), kBefore = text_of(4);
const std::string kBad = "bad\n", kMissing = "-";

void put_startup(const StoreDirectory& place, const std::string& text) {
  if (text == kMissing)
    std::filesystem::remove(place.startup());
  else
    put_content(place.startup(), text);
}

std::string startup_now(const StoreDirectory& place) {
  return std::filesystem::exists(place.startup()) ? content_of(place.startup()) : kMissing;
}

TEST(ConfigStart, TheFirstConfigurationIsTheStartupFile) {
  StoreDirectory place;
  ConfigStore& store = place.open();
  const StartDecision decision = decide(store);
  EXPECT_EQ(decision.source, Source::startup);
  EXPECT_EQ(decision.text, kOld);
  EXPECT_FALSE(decision.loud);
  EXPECT_EQ(decision.reason,
            "The startup file " + place.startup() + " is the first configuration.");
  EXPECT_TRUE(settle_start(store, decision, change("start")).empty());
  EXPECT_EQ(store.running(), 1u);
  EXPECT_EQ(store.get(1), kOld);
}

TEST(ConfigStart, AStartOfTheSameTextIsNoNewEntry) {
  StoreDirectory place;
  place.open_and_run();
  ConfigStore& store = place.open();
  const StartDecision decision = decide(store);
  EXPECT_EQ(decision.number, 1u);
  EXPECT_FALSE(decision.loud);
  EXPECT_EQ(decision.reason, "The startup file " + place.startup() +
                                 " is what ran last, entry 1 (start by root, 2027-01-15 08:00:00 "
                                 "UTC).");
  settle_start(store, decision, change("start"));
  EXPECT_EQ(store.list().size(), 1u);
  EXPECT_EQ(store.running(), 1u);
}

TEST(ConfigStart, AnEditedStartupFileWinsOverTheHistoryAndSaysSo) {
  StoreDirectory place;
  place.open_and_run();
  put_startup(place, kEdited);
  ConfigStore& store = place.open();
  const StartDecision decision = decide(store);
  EXPECT_EQ(decision.source, Source::startup);
  EXPECT_EQ(decision.text, kEdited);
  EXPECT_FALSE(decision.loud);
  EXPECT_EQ(decision.reason, "The startup file " + place.startup() +
                                 " is not what ran last, entry 1 (start by root, 2027-01-15 "
                                 "08:00:00 UTC): it was edited, or that was not saved; roll back "
                                 "to 1 to have it again.");
  settle_start(store, decision, change("start"));
  EXPECT_EQ(store.running(), 2u);
  EXPECT_EQ(store.get(2), kEdited);
  EXPECT_EQ(startup_now(place), kEdited);
}

TEST(ConfigStart, ADamagedStartupFileIsReplacedByTheLastGood) {
  for (const std::string& damaged :
       {kMissing, std::string(), std::string("\n\0\0 ", 4), kBad + kOld}) {
    StoreDirectory place;
    place.open_and_run();
    place.open().append(change("apply"), kNew);
    put_startup(place, damaged);
    ConfigStore& store = place.open();
    const StartDecision decision = decide(store);
    EXPECT_EQ(decision.source, Source::history);
    EXPECT_EQ(decision.text, kNew);
    EXPECT_EQ(decision.number, 2u);
    EXPECT_TRUE(decision.loud);
    ASSERT_EQ(decision.findings.size(), 1u);
    EXPECT_EQ(decision.reason,
              "The startup file is damaged, and left as it is: " + decision.findings[0] +
                  ". Running the last good configuration instead, entry 2 (apply by root, "
                  "2027-01-15 08:00:00 UTC).");
    EXPECT_TRUE(settle_start(store, decision, change("start")).empty());
    EXPECT_EQ(store.list().size(), 2u);
    EXPECT_EQ(startup_now(place), damaged);
  }
}

TEST(ConfigStart, WhatIsNotGoodInTheHistoryIsPassedOver) {
  StoreDirectory place;
  ConfigStore* store = &place.open_and_run();
  store->append(change(), kBad);
  store->append(change(), kNew);
  std::filesystem::resize_file(store->directory() + "/entry-0000000003", 300);
  put_startup(place, kMissing);
  store = &place.open();
  const StartDecision decision = decide(*store);
  EXPECT_EQ(decision.number, 1u);
  EXPECT_NE(decision.reason.find("Entry 2 has errors: lab.yaml:1:1: bad."), std::string::npos);
  settle_start(*store, decision, change("start"));
  EXPECT_EQ(store->running(), 4u);
  EXPECT_EQ(store->get(4), kOld);
}

TEST(ConfigStart, WithNothingGoodNothingRuns) {
  StoreDirectory place;
  put_startup(place, kBad);
  ConfigStore& store = place.open();
  const StartDecision decision = decide(store);
  EXPECT_EQ(decision.source, Source::nothing);
  EXPECT_TRUE(decision.loud);
  EXPECT_EQ(decision.reason,
            "The startup file is damaged, and left as it is: lab.yaml:1:1: bad. Nothing runs: the "
            "history is empty; mend " +
                place.startup() + ".");
  EXPECT_THROW(settle_start(store, decision, change()), std::logic_error);
  store.append(change(), kBad);
  EXPECT_NE(decide(store).reason.find("no configuration of the history is good either"),
            std::string::npos);
}

enum class Waits { to_come, over, cancelled };

struct Row {
  std::string startup;
  Waits waits;
  Source source;
  Confirm confirm;
  std::string text;
  std::string startup_after;
};

/// Old runs, the startup file holds `before`, and new is applied and saved.
void begin(StoreDirectory& place, const std::string& before) {
  ConfigStore& store = place.open_and_run();
  put_startup(place, before);
  store.begin_confirm(change(), kNew, 300s);
  store.write_startup(kNew);
}

/// Kills the router within its revert, once that is decided.
void die_reverting(StoreDirectory& place) {
  ConfigStore& store = place.open();
  place.files.fail(FaultyFiles::Mode::dead, 2, EIO);  // rename, sync_directory
  try {
    store.cancel(change("revert"));
    FAIL() << "alive";
  } catch (const FileError&) {
    place.files.mend();
  }
}

void expect_row(const Row& row, const std::string& before) {
  SCOPED_TRACE(testing::Message() << row.startup << static_cast<int>(row.waits) << before);
  StoreDirectory place;
  begin(place, before);
  if (row.waits == Waits::cancelled) die_reverting(place);
  put_startup(place, row.startup);
  if (row.waits == Waits::over) place.wait(300'000);
  ConfigStore* store = &place.open();
  const StartDecision decision = decide(*store);
  EXPECT_EQ(decision.source, row.source);
  EXPECT_EQ(decision.confirm, row.confirm);
  EXPECT_EQ(decision.text, row.text);
  EXPECT_TRUE(decision.loud);
  EXPECT_EQ(startup_now(place), row.startup);  // deciding changes nothing
  EXPECT_TRUE(settle_start(*store, decision, change("start")).empty());
  EXPECT_EQ(startup_now(place), row.startup_after);
  EXPECT_EQ(store->get(store->running()), row.text);
  EXPECT_EQ(store->pending().has_value(), row.confirm == Confirm::goes_on);
  const auto entries = store->list();
  store = &place.open();
  EXPECT_EQ(store->list(), entries);
  EXPECT_EQ(store->pending().has_value(), row.confirm == Confirm::goes_on);
  EXPECT_TRUE(store->warnings().empty());
}

TEST(ConfigStart, TheTableOfAnApplyThatWaits) {
  for (const std::string& before : {kOld, kBefore}) {  // saved, and not
    std::vector<Row> rows = {
        {kNew, Waits::to_come, Source::unconfirmed, Confirm::goes_on, kNew, kNew},
        {before, Waits::to_come, Source::unconfirmed, Confirm::goes_on, kNew, before},
        {kOld, Waits::to_come, Source::unconfirmed, Confirm::goes_on, kNew, kOld},
        {kBad, Waits::to_come, Source::unconfirmed, Confirm::goes_on, kNew, kBad},
        {"", Waits::to_come, Source::unconfirmed, Confirm::goes_on, kNew, ""},
        {kMissing, Waits::to_come, Source::unconfirmed, Confirm::goes_on, kNew, kMissing},
        {kEdited, Waits::to_come, Source::startup, Confirm::abandoned, kEdited, kEdited},
    };
    for (const Waits waits : {Waits::over, Waits::cancelled}) {
      rows.push_back({kNew, waits, Source::old, Confirm::cancelled, kOld, before});
      for (const std::string& left : {before, kOld, kBad, std::string(), kMissing})
        rows.push_back({left, waits, Source::old, Confirm::cancelled, kOld, left});
      rows.push_back({kEdited, waits, Source::startup, Confirm::abandoned, kEdited, kEdited});
    }
    for (const Row& row : rows) expect_row(row, before);
  }
}

TEST(ConfigStart, SaysWhatAnUnconfirmedStartIs) {
  StoreDirectory place;
  begin(place, kOld);
  const std::string name = "ntry 2 (apply by root, 2027-01-15 08:00:00 UTC)";
  place.wait(100'500);
  EXPECT_EQ(decide(place.open()).reason,
            "Running e" + name + ", which still waits for its confirmation: 200 s remain.");
  put_startup(place, kEdited);
  EXPECT_EQ(decide(place.open()).reason,
            "The startup file " + place.startup() + " was edited while e" + name +
                " waited for its confirmation: it runs, and the confirmation is void.");
  put_startup(place, kNew);
  place.wait(200'000);
  EXPECT_EQ(decide(place.open()).reason,
            "E" + name + " was not confirmed in time: the configuration before it comes back.");
}

TEST(ConfigStart, ANewTextThatIsDamagedIsNotWaitedFor) {
  StoreDirectory place;
  begin(place, kOld);
  std::filesystem::resize_file(place.open().directory() + "/entry-0000000002", 300);
  ConfigStore* store = &place.open();
  EXPECT_EQ(decide(*store).text, kNew);  // the startup file has it
  put_startup(place, kOld);
  const StartDecision decision = decide(*store);
  EXPECT_EQ(decision.source, Source::old);
  EXPECT_TRUE(settle_start(*store, decision, change("start")).empty());
  EXPECT_FALSE(store->pending());
  EXPECT_EQ(store->get(store->running()), kOld);
}

TEST(ConfigStart, WithoutTheOldOneTheBestOfTheRest) {
  StoreDirectory place;
  place.open_and_run();
  ConfigStore* store = &place.open();
  store->append(change(), kBefore);  // 2 runs
  store->begin_confirm(change(), kNew, 300s);
  store->write_startup(kNew);
  place.wait(300'000);
  std::filesystem::resize_file(store->directory() + "/entry-0000000002", 300);
  store = &place.open();
  EXPECT_EQ(decide(*store).source, Source::history);  // never what was not confirmed
  EXPECT_EQ(decide(*store).text, kOld);
  put_startup(place, kOld);
  const StartDecision decision = decide(*store);
  EXPECT_EQ(decision.source, Source::startup);
  EXPECT_EQ(decision.text, kOld);
  EXPECT_TRUE(settle_start(*store, decision, change("start")).empty());
  EXPECT_FALSE(place.open().pending());
}

TEST(ConfigStart, WhatTheDiskRefusesIsSaidAndTheRouterRuns) {
  for (const bool over : {false, true}) {
    StoreDirectory place;
    begin(place, kOld);
    if (over)
      place.wait(300'000);
    else
      place.open().confirm(), put_startup(place, kEdited);
    ConfigStore* store = &place.open();
    const StartDecision decision = decide(*store);
    place.files.fail(FaultyFiles::Mode::full, 0, ENOSPC);
    EXPECT_EQ(settle_start(*store, decision, change("start")).size(), 1u);
    EXPECT_EQ(store->get(store->running()), over ? kOld : kEdited);
    EXPECT_FALSE(store->list().back().on_disk);
    if (over) {
      EXPECT_THROW(store->cancel(change("revert")), FileError);
      EXPECT_EQ(decide(place.open()).text, kOld);  // a start decides the same again
      store = &place.open();
      EXPECT_EQ(settle_start(*store, decision, change("start")).size(), 1u);
      place.files.mend();
      store->cancel(change("revert"));
      EXPECT_EQ(startup_now(place), kOld);
      EXPECT_EQ(place.open().last_good()->change.kind, "revert");
    }
  }
}

}  // namespace
}  // namespace weir::control::test
