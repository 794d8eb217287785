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
                         const control::ConfigUser& user,
                         const std::optional<control::ProveRequest>& prove) override {
    rolled_back_to = number;
    asked.prove = prove;
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

  void expect_asked_whole() const {
    EXPECT_EQ(configurations.asked.text, "version: 1\n");
    EXPECT_EQ(configurations.asked.file, "a.yaml");
    EXPECT_EQ(configurations.asked.kind, "set");
    EXPECT_EQ(configurations.asked.confirm, std::chrono::seconds{60});
    EXPECT_EQ(configurations.asked.user.uid, 1000);
    EXPECT_EQ(configurations.asked.user.from, "x");
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
  expect_asked_whole();
}

TEST_F(HandlerConfig, ATextComesAsItIsToo) {
  const auto send = [&](std::multimap<std::string, std::string> parameters,
                        const std::string& type = "application/yaml; charset=utf-8") {
    return handler.handle({.method = "POST",
                           .path = "/v1/config/apply",
                           .parameters = std::move(parameters),
                           .body = "version: 1\n",
                           .content_type = type,
                           .uid = 1000});
  };
  EXPECT_EQ(send({{"file", "a.yaml"},
                  {"confirm_seconds", "60"},
                  {"kind", "set"},
                  {"from", "x"},
                  {"prove", R"({"to":["10.0.0.9"]})"}})
                .status,
            200);
  expect_asked_whole();
  ASSERT_TRUE(configurations.asked.prove);
  EXPECT_EQ(configurations.asked.prove->to.size(), 1u);

  EXPECT_EQ(send({}).status, 200);
  EXPECT_EQ(configurations.asked.file, "the configuration");
  EXPECT_FALSE(configurations.asked.prove);

  EXPECT_EQ(send({}, "Application/YAML ;charset=utf-8").status, 200);
  EXPECT_EQ(send({}, "application/yamlet").status, 400);

  using Parameters = std::multimap<std::string, std::string>;
  for (const Parameters& wrong :
       {Parameters{{"confirm_seconds", "5m"}}, Parameters{{"confirm_seconds", "4"}},
        Parameters{{"prove", "{"}}, Parameters{{"text", "a"}}, Parameters{{"kind", "a\nb"}}})
    EXPECT_EQ(send(wrong).status, 400) << wrong.begin()->first;
  EXPECT_EQ(send({}, "application/json").status, 400) << "this is no JSON";
  EXPECT_EQ(send({{"file", "a.yaml"}}, "application/json").status, 400);
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

TEST_F(HandlerConfig, AProofIsAskedForWithItsBounds) {
  using namespace std::chrono_literals;
  post("/v1/config/apply", R"({"text":"a"})");
  EXPECT_FALSE(configurations.asked.prove);
  for (const char* no : {"false", "null"}) {
    post("/v1/config/apply", std::string(R"({"text":"a","prove":)") + no + '}');
    EXPECT_FALSE(configurations.asked.prove) << no;
  }
  post("/v1/config/apply", R"({"text":"a","prove":true})");
  ASSERT_TRUE(configurations.asked.prove);
  EXPECT_EQ(configurations.asked.prove->before, 500ms);
  EXPECT_EQ(configurations.asked.prove->rate, 200u);
  post("/v1/config/rollback",
       R"({"prove":{"to":["10.0.2.2"],"before_ms":300,"after_ms":400,"wait_ms":50,"rate":10}})");
  ASSERT_TRUE(configurations.asked.prove);
  EXPECT_EQ(configurations.asked.prove->to, std::vector{test::ip("10.0.2.2")});
  EXPECT_EQ(configurations.asked.prove->before, 300ms);
  EXPECT_EQ(configurations.asked.prove->after, 400ms);
  EXPECT_EQ(configurations.asked.prove->wait, 50ms);
  EXPECT_EQ(configurations.asked.prove->rate, 10u);
  std::string many = R"("10.0.0.1")";
  for (int i = 0; i < 32; ++i) many += R"(,"10.0.0.2")";
  for (const std::string& prove :
       {std::string("5"), std::string("[]"), std::string(R"({"too":["10.0.0.1"]})"),
        std::string(R"({"to":"10.0.0.1"})"), std::string(R"({"to":["10.0.0"]})"),
        std::string(R"({"to":[5]})"), R"({"to":[)" + many + "]}",
        std::string(R"({"before_ms":199})"), std::string(R"({"after_ms":60001})"),
        std::string(R"({"wait_ms":0})"), std::string(R"({"rate":1001})")})
    EXPECT_EQ(post("/v1/config/apply", R"({"text":"a","prove":)" + prove + '}').status, 400)
        << prove;
}

TEST_F(HandlerConfig, AProofIsTold) {
  EXPECT_TRUE(Json::parse(post("/v1/config/apply", R"({"text":"a"})").body)["prove"].is_null());
  configurations.outcome.prove = control::ProveReport{.passed = false,
                                                      .summary = "s",
                                                      .hint = "weir rollback takes it back",
                                                      .targets = {{.address = test::ip("10.0.2.2"),
                                                                   .what = "gateway-after",
                                                                   .verdict = "lost",
                                                                   .sent = 300,
                                                                   .answered = 260,
                                                                   .lost = 40,
                                                                   .worst_gap_ms = 205},
                                                                  {.address = test::ip("10.0.1.2"),
                                                                   .what = "witness",
                                                                   .verdict = "kept",
                                                                   .sent = 300,
                                                                   .answered = 300}},
                                                      .left_out = 2,
                                                      .interval_ms = 5};
  const Json prove =
      Json::parse(post("/v1/config/apply", R"({"text":"a","prove":true})").body)["prove"];
  EXPECT_EQ(prove["passed"], false);
  EXPECT_EQ(prove["sent"], 600);
  EXPECT_EQ(prove["answered"], 560);
  EXPECT_EQ(prove["lost"], 40);
  EXPECT_EQ(prove["left_out"], 2);
  EXPECT_EQ(prove["targets"][0]["address"], "10.0.2.2");
  EXPECT_EQ(prove["targets"][0]["verdict"], "lost");
  EXPECT_EQ(prove["targets"][0]["worst_gap_ms"], 205.0);
  EXPECT_TRUE(prove["targets"][1]["worst_gap_ms"].is_null());
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
