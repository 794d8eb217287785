// Configurations over the API: requests read, outcomes told.
#include <gtest/gtest.h>

#include "controlplane/api/handler.hpp"
#include "tests/unit/api/fake_router.hpp"

namespace weir::api {
namespace {

using control::ConfigOutcome;

class FakeConfigurations final : public control::ConfigApi {
 public:
  ConfigOutcome plan(const control::ConfigRequest& request) override {
    asked = request;
    return outcome;
  }
  ConfigOutcome apply(const control::ConfigRequest& request) override { return plan(request); }
  ConfigOutcome confirm(const control::ConfigUser& user) override {
    asked.user = user;
    return outcome;
  }
  ConfigOutcome rollback(std::uint64_t number, std::optional<std::chrono::seconds> confirm,
                         const control::ConfigUser& user) override {
    rolled_back_to = number;
    asked.confirm = confirm;
    asked.user = user;
    return outcome;
  }
  control::ConfigHistoryStatus history() override {
    return {.entries = {{.number = 7, .time = 1.5, .kind = "apply", .what = "x", .running = true}},
            .startup_file = "/etc/weir/weir.yaml"};
  }
  std::optional<std::string> entry(std::uint64_t number) override {
    return number == 7 ? std::optional<std::string>{"version: 1\n"} : std::nullopt;
  }
  std::string startup() override { return "# mine\nversion: 1\n"; }

  control::ConfigRequest asked;
  std::uint64_t rolled_back_to = 99;
  ConfigOutcome outcome;
};

class Changeable final : public test::FakeRouter {
 public:
  control::ConfigApi* configurations() override { return configurations_; }
  control::ConfigApi* configurations_ = nullptr;
};

struct HandlerConfig : testing::Test {
  HandlerConfig() { router.configurations_ = &configurations; }
  ApiResponse post(const std::string& path, const std::string& body) {
    return handler.handle({.method = "POST", .path = path, .body = body, .uid = 1000});
  }
  ApiResponse get(const std::string& path,
                  std::multimap<std::string, std::string> parameters = {}) {
    return handler.handle({.method = "GET", .path = path, .parameters = std::move(parameters)});
  }

  FakeConfigurations configurations;
  Changeable router;
  ApiHandler handler{router};
};

TEST_F(HandlerConfig, ARequestIsReadWhole) {
  const ApiResponse response = post(
      "/v1/config/apply",
      R"({"text":"version: 1\n","file":"a.yaml","confirm_seconds":60,"kind":"set","from":"x"})");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(configurations.asked.text, "version: 1\n");
  EXPECT_EQ(configurations.asked.file, "a.yaml");
  EXPECT_EQ(configurations.asked.kind, "set");
  EXPECT_EQ(configurations.asked.confirm, std::chrono::seconds{60});
  EXPECT_EQ(configurations.asked.user.uid, 1000);
  EXPECT_EQ(configurations.asked.user.from, "x");
}

TEST_F(HandlerConfig, WhatIsNoRequestIsRefused) {
  for (const char* body : {"", "{}", R"({"text":5})", R"({"text":"a","confirm_seconds":0})",
                           R"({"text":"a","confirm_seconds":"5m"})",
                           R"({"text":"a","kind":"a\nb"})", R"({"text":"a","txt":"b"})"})
    EXPECT_EQ(post("/v1/config/plan", body).status, 400) << body;
  for (const char* body : {R"({"number":0})", R"({"number":-1})", R"([])"})
    EXPECT_EQ(post("/v1/config/rollback", body).status, 400) << body;
}

TEST_F(HandlerConfig, AnOutcomeIsTold) {
  configurations.outcome.plan.changes = {{.kind = config::Change::Kind::set,
                                          .path = "system.hostname",
                                          .before = "a",
                                          .after = "b",
                                          .live = true}};
  configurations.outcome.number = 3;
  configurations.outcome.confirm_by = 12.5;
  const Json answer = Json::parse(post("/v1/config/plan", R"({"text":"a"})").body);
  EXPECT_EQ(answer["changes_total"], 1);
  EXPECT_EQ(answer["changes"][0]["kind"], "set");
  EXPECT_EQ(answer["changes"][0]["path"], "system.hostname");
  EXPECT_TRUE(answer["changes"][0]["touches"].is_null());
  EXPECT_EQ(answer["needs_restart"], false);
  EXPECT_EQ(answer["number"], 3);
  EXPECT_EQ(answer["confirm_by"], 12.5);
}

TEST_F(HandlerConfig, OfManyChangesTheFirstAreTold) {
  configurations.outcome.plan.changes.resize(5000);
  const Json answer = Json::parse(post("/v1/config/plan", R"({"text":"a"})").body);
  EXPECT_EQ(answer["changes_total"], 5000);
  EXPECT_EQ(answer["changes"].size(), 1000u);
}

TEST_F(HandlerConfig, EveryRefusalHasItsCode) {
  using Result = ConfigOutcome::Result;
  for (const auto& [result, code] : {std::pair{Result::errors, "has_errors"},
                                     {Result::restart, "needs_restart"},
                                     {Result::pending, "unconfirmed"},
                                     {Result::failed, "failed"}}) {
    configurations.outcome.result = result;
    configurations.outcome.message = "why";
    const ApiResponse response = post("/v1/config/apply", R"({"text":"a"})");
    EXPECT_EQ(response.status, 409);
    EXPECT_EQ(Json::parse(response.body)["error"]["code"], code);
    EXPECT_EQ(Json::parse(response.body)["error"]["message"], "why");
  }
}

TEST_F(HandlerConfig, BackAndConfirmMayBeAskedForWithoutABody) {
  EXPECT_EQ(post("/v1/config/rollback", "").status, 200);
  EXPECT_EQ(configurations.rolled_back_to, 0u);
  EXPECT_EQ(post("/v1/config/rollback", R"({"number":4,"confirm_seconds":9})").status, 200);
  EXPECT_EQ(configurations.rolled_back_to, 4u);
  EXPECT_EQ(configurations.asked.confirm, std::chrono::seconds{9});
  EXPECT_EQ(post("/v1/config/confirm", "").status, 200);
  EXPECT_EQ(configurations.asked.user.uid, 1000);
}

TEST_F(HandlerConfig, HistoryAndTexts) {
  const Json history = Json::parse(get("/v1/config/history").body);
  EXPECT_EQ(history["entries"][0]["number"], 7);
  EXPECT_TRUE(history["why_memory_only"].is_null());
  EXPECT_EQ(get("/v1/config/history/7").body, "version: 1\n");
  EXPECT_EQ(get("/v1/config/history/8").status, 404);
  EXPECT_EQ(get("/v1/config/history/x").status, 400);
  EXPECT_EQ(get("/v1/config", {{"source", "startup"}}).body, "# mine\nversion: 1\n");
  EXPECT_EQ(get("/v1/config", {{"source", "startup"}, {"format", "json"}}).status, 400);
  EXPECT_EQ(get("/v1/config", {{"source", "elsewhere"}}).status, 400);
}

TEST_F(HandlerConfig, ARouterThatCannotSaysSo) {
  router.configurations_ = nullptr;
  EXPECT_EQ(post("/v1/config/apply", R"({"text":"a"})").status, 503);
  EXPECT_EQ(get("/v1/config/history").status, 503);
}

}  // namespace
}  // namespace weir::api
