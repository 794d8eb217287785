// The configuration of a router that is only played: what is live, on the disk and in the history.
#include "controlplane/config_keeper.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "config/validate.hpp"

namespace weir::control {
namespace {

using namespace std::chrono_literals;
using Result = ConfigOutcome::Result;

std::string config_with(const std::string& routes) {
  return "version: 1\nethernets:\n  lan0: {match: {linux: eth1}, addresses: [10.0.0.1/24]}\n"
         "routes: [" +
         routes + "]\n";
}
const std::string kFirst = config_with("");
const std::string kSecond = config_with("{to: 10.1.0.0/16, via: 10.0.0.2}");
const std::string kThird = config_with("{to: 10.1.0.0/16, via: 10.0.0.3}");

class PlayedRouter final : public LiveRouter {
 public:
  explicit PlayedRouter(const std::string& text, const std::string& file)
      : running_(std::make_shared<const config::Config>(*config::load_text(text, file).config)) {}
  std::shared_ptr<const config::Config> running() const override {
    const std::lock_guard lock(mutex_);
    return running_;
  }
  void change(std::shared_ptr<const config::Config> next) override {
    const std::lock_guard lock(mutex_);
    if (full_) throw std::runtime_error("a table is full");
    running_ = std::move(next);
    ++changes_;
  }
  ProveReport change_proving(std::shared_ptr<const config::Config> next,
                             const ProveRequest& request) override {
    change(std::move(next));
    ProveReport report;
    report.passed = request.to.empty();
    report.summary = "as it is";
    return report;
  }
  std::vector<config::Obstacle> obstacles(const config::Config&) const override {
    return obstacles_;
  }
  std::vector<config::Obstacle> obstacles_;
  std::size_t routes() const { return running()->routes.size(); }
  Ipv4Address gateway() const { return running()->routes.at(0).via.at(0); }
  int changes() const {
    const std::lock_guard lock(mutex_);
    return changes_;
  }
  void set_full(bool full) {
    const std::lock_guard lock(mutex_);
    full_ = full;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const config::Config> running_;
  bool full_ = false;
  int changes_ = 0;
};

/// A router that was started from a file, and its keeper.
struct ConfigKeeperTest : testing::Test {
  ConfigKeeperTest() {
    std::filesystem::create_directories(directory);
    write(kFirst);
    start();
  }
  ~ConfigKeeperTest() override {
    keeper.reset();
    store.reset();
    std::filesystem::remove_all(directory);
  }
  void start() {
    keeper.reset();
    store.reset();
    store = std::make_unique<ConfigStore>(
        ConfigStore::Options{.startup_file = file, .state = directory + "/state"});
    const StartDecision decision =
        decide_start(*store, startup_of(*store), [&](const std::string& text) {
          const auto loaded = config::load_text(text, file);
          return loaded ? std::vector<std::string>{}
                        : std::vector<std::string>{loaded.findings.to_string()};
        });
    router = std::make_unique<PlayedRouter>(decision.text, file);
    keeper = std::make_unique<ConfigKeeper>(*router, *store, decision, [](const std::string&) {});
  }
  void write(const std::string& text) const { std::ofstream(file) << text; }
  std::string startup() const {
    std::stringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
  }
  ConfigOutcome apply(const std::string& text, std::optional<std::chrono::seconds> confirm = {}) {
    return keeper->apply({.text = text, .file = "next.yaml", .confirm = confirm});
  }
  /// Within 8 s.
  bool comes_back(Ipv4Address gateway) {
    for (int i = 0; i < 800; ++i) {
      if (router->gateway() == gateway) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }

  const std::string directory = testing::TempDir() + "weir-keeper-" + std::to_string(::getpid());
  const std::string file = directory + "/weir.yaml";
  std::unique_ptr<ConfigStore> store;
  std::unique_ptr<PlayedRouter> router;
  std::unique_ptr<ConfigKeeper> keeper;
};

TEST_F(ConfigKeeperTest, AnApplyIsLiveOnTheDiskAndInTheHistory) {
  const ConfigOutcome outcome = apply(kSecond);
  EXPECT_EQ(outcome.result, Result::ok) << outcome.message;
  EXPECT_EQ(outcome.number, 2u);
  ASSERT_EQ(outcome.plan.changes.size(), 1u);
  EXPECT_EQ(router->routes(), 1u);
  EXPECT_EQ(startup(), kSecond);
  EXPECT_EQ(keeper->entry(2), kSecond);
  const auto history = keeper->history();
  ASSERT_EQ(history.entries.size(), 2u);
  EXPECT_EQ(history.entries[1].what, "+ routes[10.1.0.0/16]: via: 10.0.0.2");
  EXPECT_TRUE(history.entries[1].running);
  EXPECT_EQ(keeper->entry(99), std::nullopt);
}

TEST_F(ConfigKeeperTest, AProvedChangeIsKeptAndToldAlsoWhenSomethingWasLost) {
  const ProveRequest lossless{}, lossy{.to = {Ipv4Address{10, 0, 0, 9}}};
  const ConfigOutcome first = keeper->apply({.text = kSecond, .prove = lossless});
  ASSERT_TRUE(first.prove);
  EXPECT_TRUE(first.prove->passed);
  EXPECT_TRUE(first.prove->hint.empty());
  EXPECT_EQ(startup(), kSecond);
  const ConfigOutcome second = keeper->apply({.text = kThird, .confirm = 60s, .prove = lossy});
  EXPECT_EQ(second.result, Result::ok) << "whether it goes back is for people to say";
  ASSERT_TRUE(second.prove);
  EXPECT_NE(second.prove->hint.find("goes back by itself"), std::string::npos);
  EXPECT_TRUE(keeper->rollback(0, {}, {}, lossless).prove);
  EXPECT_EQ(keeper->rollback(1, {}, {}, lossy).prove->hint, "weir rollback takes it back");
  EXPECT_FALSE(apply(kThird).prove);
}

TEST_F(ConfigKeeperTest, WhatCouldNotBeDoneIsNotProved) {
  router->set_full(true);
  EXPECT_FALSE(keeper->apply({.text = kSecond, .prove = ProveRequest{}}).prove);
  router->set_full(false);
  std::filesystem::remove(file);
  std::filesystem::create_directory(file);  // which no file can replace
  const ConfigOutcome outcome = keeper->apply({.text = kSecond, .prove = ProveRequest{}});
  EXPECT_EQ(outcome.result, Result::failed);
  EXPECT_FALSE(outcome.prove);
}

TEST_F(ConfigKeeperTest, APlanChangesNothing) {
  EXPECT_EQ(keeper->plan({.text = kSecond}).plan.changes.size(), 1u);
  EXPECT_EQ(router->changes(), 0);
  EXPECT_EQ(startup(), kFirst);
  EXPECT_EQ(keeper->history().entries.size(), 1u);
}

TEST_F(ConfigKeeperTest, APlanOfWhoMayOnlyReadOpensNoFiles) {
  std::ofstream(directory + "/secret") << "password 42\n";
  const std::string text = config_with("{file: " + directory + "/secret}");
  const ConfigOutcome own = keeper->plan({.text = text});
  EXPECT_NE(own.findings.to_string().find("password"), std::string::npos);
  const ConfigOutcome other = keeper->plan({.text = text, .reads_files = false});
  EXPECT_EQ(other.findings.to_string(), "");
  ASSERT_EQ(other.warnings.size(), 1u);
  EXPECT_NE(other.warnings[0].find("not opened"), std::string::npos);
  EXPECT_EQ(other.plan.changes.size(), 1u);
}

TEST_F(ConfigKeeperTest, ErrorsAndRestartsAreRefusedWhole) {
  EXPECT_EQ(apply("version: 1\nethernet: {}\n").result, Result::errors);
  std::string other = kSecond;
  other.replace(other.find("eth1"), 4, "eth2");
  const ConfigOutcome outcome = apply(other);
  EXPECT_EQ(outcome.result, Result::restart);
  EXPECT_EQ(outcome.plan.changes.size(), 2u);
  EXPECT_NE(outcome.message.find("ethernets.lan0.match"), std::string::npos) << outcome.message;
  EXPECT_EQ(router->changes(), 0);
  EXPECT_EQ(startup(), kFirst);
}

TEST_F(ConfigKeeperTest, ARouterThatCannotLeavesEverything) {
  router->set_full(true);
  for (const auto confirm : {std::optional<std::chrono::seconds>{}, std::optional{60s}}) {
    const ConfigOutcome outcome = apply(kSecond, confirm);
    EXPECT_EQ(outcome.result, Result::failed);
    EXPECT_EQ(outcome.message, "nothing is changed: a table is full");
    EXPECT_FALSE(keeper->history().confirm_by);
    EXPECT_EQ(startup(), kFirst);
  }
  router->set_full(false);
  EXPECT_EQ(apply(kSecond).result, Result::ok);
}

TEST_F(ConfigKeeperTest, WhatCannotBeWrittenIsUndone) {
  std::filesystem::remove(file);
  std::filesystem::create_directory(file);  // which no file can replace
  const ConfigOutcome outcome = apply(kSecond);
  EXPECT_EQ(outcome.result, Result::failed);
  EXPECT_EQ(router->routes(), 0u);
  EXPECT_EQ(router->changes(), 2);
  const auto history = keeper->history();
  EXPECT_TRUE(history.entries.back().running);
  EXPECT_EQ(history.entries.back().kind, "revert");
  EXPECT_EQ(keeper->entry(history.entries.back().number), kFirst);
  EXPECT_EQ(keeper->rollback(0, {}, {}, {}).result, Result::failed) << "nothing else ran";
}

TEST_F(ConfigKeeperTest, BackIsNotToWhatWasTakenBack) {
  ASSERT_EQ(apply(kSecond).result, Result::ok);
  ASSERT_EQ(apply(kThird, 600s).result, Result::ok);
  ASSERT_EQ(keeper->rollback(0, {}, {}, {}).result, Result::ok);
  EXPECT_EQ(router->gateway(), (Ipv4Address{10, 0, 0, 2}));
  ASSERT_EQ(keeper->rollback(0, {}, {}, {}).result, Result::ok);
  EXPECT_EQ(router->routes(), 0u) << "the first, not the third, which nobody wanted";
}

TEST_F(ConfigKeeperTest, UnconfirmedTheFileStaysAndNobodyElseChanges) {
  ASSERT_EQ(apply(kSecond).result, Result::ok);
  EXPECT_EQ(apply(kThird, 1s).result, Result::failed) << "too short";
  const ConfigOutcome outcome = apply(kThird, 600s);
  ASSERT_EQ(outcome.result, Result::ok) << outcome.message;
  EXPECT_TRUE(outcome.confirm_by);
  EXPECT_EQ(startup(), kSecond);
  EXPECT_EQ(router->gateway(), (Ipv4Address{10, 0, 0, 3}));
  EXPECT_EQ(apply(kFirst).result, Result::pending);
  EXPECT_EQ(keeper->rollback(1, {}, {}, {}).result, Result::pending);
  ASSERT_EQ(keeper->confirm({}).result, Result::ok);
  EXPECT_EQ(startup(), kThird);
  EXPECT_EQ(keeper->confirm({}).result, Result::failed) << "nothing waits";
}

TEST_F(ConfigKeeperTest, NotWantedItGoesBackAtOnce) {
  ASSERT_EQ(apply(kSecond).result, Result::ok);
  ASSERT_EQ(apply(kThird, 600s).result, Result::ok);
  EXPECT_EQ(keeper->rollback(0, {}, {}, {}).result, Result::ok);
  EXPECT_EQ(router->gateway(), (Ipv4Address{10, 0, 0, 2}));
  EXPECT_EQ(startup(), kSecond);
  EXPECT_FALSE(keeper->history().confirm_by);
}

TEST_F(ConfigKeeperTest, NotConfirmedInTimeItGoesBack) {
  ASSERT_EQ(apply(kSecond).result, Result::ok);
  ASSERT_EQ(apply(kThird, 5s).result, Result::ok);
  EXPECT_EQ(router->gateway(), (Ipv4Address{10, 0, 0, 3}));
  EXPECT_TRUE(comes_back({10, 0, 0, 2}));
  EXPECT_EQ(startup(), kSecond);
  EXPECT_EQ(keeper->history().entries.back().what, "number 3 was not confirmed in time");
}

TEST_F(ConfigKeeperTest, AFileEditedInPlaceWaitsLikeAnyOther) {
  ASSERT_EQ(apply(kSecond).result, Result::ok);
  write(kThird);
  const ConfigOutcome outcome = apply(kThird, 600s);
  ASSERT_EQ(outcome.result, Result::ok);
  EXPECT_EQ(outcome.warnings.size(), 1u);
  EXPECT_EQ(startup(), kSecond) << "what a restart takes";
  EXPECT_EQ(keeper->entry(outcome.number), kThird) << "not lost";
  ASSERT_EQ(keeper->confirm({}).result, Result::ok);
  EXPECT_EQ(startup(), kThird);
}

TEST_F(ConfigKeeperTest, ARestartGoesOnWithTheTimer) {
  ASSERT_EQ(apply(kSecond).result, Result::ok);
  ASSERT_EQ(apply(kThird, 600s).result, Result::ok);
  start();
  EXPECT_EQ(router->gateway(), (Ipv4Address{10, 0, 0, 3}));
  EXPECT_TRUE(keeper->history().confirm_by);
  EXPECT_EQ(keeper->rollback(0, {}, {}, {}).result, Result::ok);
  EXPECT_EQ(router->gateway(), (Ipv4Address{10, 0, 0, 2}));
}

TEST_F(ConfigKeeperTest, ADamagedFileIsStoodInFor) {
  ASSERT_EQ(apply(kSecond).result, Result::ok);
  write(kThird.substr(0, kThird.size() / 2));
  start();
  EXPECT_EQ(router->gateway(), (Ipv4Address{10, 0, 0, 2}));
}

TEST_F(ConfigKeeperTest, BackToANumberIsAChangeLikeAnyOther) {
  ASSERT_EQ(apply(kSecond).result, Result::ok);
  ASSERT_EQ(apply(kThird).result, Result::ok);
  EXPECT_EQ(keeper->rollback(1, {}, {}, {}).number, 4u);
  EXPECT_EQ(router->routes(), 0u);
  EXPECT_EQ(keeper->rollback(0, {}, {}, {}).number, 5u);
  EXPECT_EQ(router->gateway(), (Ipv4Address{10, 0, 0, 3}));
  EXPECT_EQ(keeper->rollback(77, {}, {}, {}).result, Result::failed);
}

TEST_F(ConfigKeeperTest, TheVeryTextThatRunsGetsNoNumber) {
  ASSERT_EQ(apply(kSecond).result, Result::ok);
  for (const auto confirm : {std::optional<std::chrono::seconds>{}, std::optional{60s}}) {
    const ConfigOutcome outcome = apply(kSecond, confirm);
    EXPECT_EQ(outcome.result, Result::ok);
    EXPECT_TRUE(outcome.unchanged);
    EXPECT_EQ(outcome.number, 2u);
    EXPECT_FALSE(keeper->history().confirm_by);
  }
  EXPECT_EQ(keeper->history().entries.size(), 2u);
  const ConfigOutcome commented = apply("# mine\n" + kSecond);
  EXPECT_FALSE(commented.unchanged);
  EXPECT_EQ(commented.number, 3u);
}

TEST_F(ConfigKeeperTest, AnEditThatNobodyAppliedIsNotLost) {
  const std::string edited = "# precious\n" + kThird;
  ASSERT_EQ(apply(kSecond).result, Result::ok);
  write(edited);
  const ConfigOutcome refused = apply(kFirst, 60s);
  EXPECT_EQ(refused.result, Result::failed);
  EXPECT_NE(refused.message.find("was edited since"), std::string::npos) << refused.message;
  EXPECT_EQ(startup(), edited);
  const ConfigOutcome back = keeper->rollback(0, {}, {}, {});
  ASSERT_EQ(back.result, Result::ok) << back.message;
  ASSERT_EQ(back.warnings.size(), 1u);
  EXPECT_NE(back.warnings[0].find("number 3 of the history"), std::string::npos)
      << back.warnings[0];
  EXPECT_EQ(back.number, 4u);
  EXPECT_EQ(startup(), kFirst);
  EXPECT_EQ(keeper->entry(3), edited);
  ASSERT_EQ(keeper->rollback(0, {}, {}, {}).result, Result::ok);
  EXPECT_EQ(startup(), kSecond) << "which ran; the edit did not";
}

TEST_F(ConfigKeeperTest, WhatStandsInTheWayIsToldWithWhatHelps) {
  const auto with = [](int mtu, int vlan_mtu) {
    return "version: 1\nethernets:\n  lan0: {match: {linux: eth1}, addresses: [10.0.0.1/24], "
           "mtu: " +
           std::to_string(mtu) +
           "}\nvlans: {v: {id: 5, link: lan0, mtu: " + std::to_string(vlan_mtu) + "}}\n";
  };
  ASSERT_EQ(apply(with(1500, 1400)).result, Result::ok);
  router->obstacles_ = {{"ethernets.lan0.mtu", "lan0 cannot", ""}, {"vlans.v", "v cannot", ""}};
  ConfigOutcome outcome = apply(with(1600, 1500));
  EXPECT_EQ(outcome.result, Result::restart);
  EXPECT_EQ(outcome.message, "a part takes a restart, so nothing is changed: lan0 cannot");
  EXPECT_NE(outcome.hint.find("restart the router"), std::string::npos) << outcome.hint;
  EXPECT_EQ(outcome.warnings, (std::vector<std::string>{"lan0 cannot", "v cannot"}));
  for (const config::Change& change : outcome.plan.changes)
    EXPECT_FALSE(change.live) << change.path;

  router->obstacles_ = {{"ethernets.lan0.mtu", "its NIC cannot", "lower `mtu`"}};
  outcome = apply(with(1600, 1500));
  EXPECT_EQ(outcome.message, "a part cannot be, so nothing is changed: its NIC cannot");
  EXPECT_EQ(outcome.hint, "lower `mtu`");
  EXPECT_EQ(router->running()->ethernets[0].mtu, 1500);
}

}  // namespace
}  // namespace weir::control
