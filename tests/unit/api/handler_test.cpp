// Every endpoint without sockets: status, JSON, and the errors around them.
#include "controlplane/api/handler.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "config/parse.hpp"
#include "tests/unit/api/fake_router.hpp"

namespace weir::api {
namespace {

class Handler : public testing::Test {
 protected:
  ApiResponse get(const std::string& path,
                  std::multimap<std::string, std::string> parameters = {}) {
    return handler.handle({"GET", path, std::move(parameters), ""});
  }
  ApiResponse post(const std::string& path, const std::string& body) {
    return handler.handle({"POST", path, {}, body});
  }
  /// The answer as JSON, of which the status must be `status`.
  static Json json(const ApiResponse& response, int status = 200) {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(response.content_type, "application/json");
    return Json::parse(response.body);
  }

  test::FakeRouter router;
  ApiHandler handler{router};
};

TEST_F(Handler, Version) {
  const Json answer = json(get("/v1/version"));
  EXPECT_EQ(answer["version"], "0.1.0");
  EXPECT_EQ(answer["uptime_seconds"], 3725.5);
  EXPECT_EQ(answer["pid"], 4242);
}

TEST_F(Handler, Interfaces) {
  const Json answer = json(get("/v1/interfaces"));
  ASSERT_EQ(answer["interfaces"].size(), 2u);
  EXPECT_EQ(answer["interfaces"][1]["name"], "left");
  EXPECT_EQ(answer["interfaces"][1]["addresses"], Json::array({"10.0.1.1/24", "192.0.2.1/30"}));
}

TEST_F(Handler, Ports) {
  const Json answer = json(get("/v1/ports"));
  ASSERT_EQ(answer["ports"].size(), 2u);
  const Json &right = answer["ports"][0], &left = answer["ports"][1];
  EXPECT_EQ(right["firmware"], "0x80000679");
  EXPECT_EQ(right["numa_node"], 1);
  EXPECT_EQ(right["duplex"], "full");
  EXPECT_EQ(right["negotiated"], true);
  EXPECT_EQ(right["rx_queues"][1],
            Json::parse(R"({"queue": 1, "core": 2, "arp": true, "descriptors": 256})"));
  EXPECT_EQ(right["capabilities"][0]["name"], "receive-checksum");
  EXPECT_EQ(right["extended"], Json::array());
  for (const char* unknown :
       {"device_missing", "firmware", "numa_node", "speed_mbps", "duplex", "negotiated"})
    EXPECT_TRUE(left[unknown].is_null()) << unknown;
  const Json more = json(get("/v1/ports", {{"extended", "1"}}));
  EXPECT_EQ(more["ports"][0]["extended"][0],
            Json::parse(R"({"name": "rx_good_packets", "value": 1234567})"));
  EXPECT_EQ(get("/v1/ports", {{"extended", "yes"}}).status, 400);
}

TEST_F(Handler, RoutesInPages) {
  Json answer = json(get("/v1/routes"));
  EXPECT_EQ(answer["total"], 5);
  EXPECT_EQ(answer["routes"].size(), 5u);
  EXPECT_TRUE(answer["next_after"].is_null());
  answer = json(get("/v1/routes", {{"limit", "2"}}));
  EXPECT_EQ(answer["routes"].size(), 2u);
  EXPECT_EQ(answer["next_after"], "10.0.1.0/24");
  answer = json(get("/v1/routes", {{"limit", "2"}, {"after", "10.0.1.0/24"}}));
  EXPECT_EQ(answer["routes"][0]["prefix"], "10.0.2.0/24");
  EXPECT_EQ(answer["routes"][1]["next_hops"].size(), 2u);
  answer = json(get("/v1/routes", {{"within", "10.0.0.0/8"}}));
  EXPECT_EQ(answer["routes"].size(), 3u);
}

TEST_F(Handler, RouteParametersAreChecked) {
  using Parameters = std::multimap<std::string, std::string>;
  for (const Parameters& wrong :
       {Parameters{{"limit", "0"}}, Parameters{{"limit", "10001"}}, Parameters{{"limit", "x"}},
        Parameters{{"within", "10.0.0.1/8"}}, Parameters{{"after", "x"}},
        Parameters{{"limit", "1"}, {"limit", "2"}}})
    EXPECT_EQ(get("/v1/routes", wrong).status, 400);
  const Json answer = json(get("/v1/routes", {{"witin", "10.0.0.0/8"}}), 400);
  EXPECT_EQ(answer["error"]["code"], "bad_request");
  EXPECT_EQ(answer["error"]["hint"], "did you mean within?");
}

TEST_F(Handler, NeighborsCountersDrops) {
  EXPECT_EQ(json(get("/v1/neighbors"))["neighbors"].size(), 3u);
  EXPECT_EQ(json(get("/v1/drops"))["drops"].size(), 3u);
  const Json counters = json(get("/v1/counters"));
  EXPECT_EQ(counters["total"]["balanced"], true);
  EXPECT_EQ(counters["workers"][0]["queues"][1]["interface"], "right");
  EXPECT_EQ(counters["counters"][0]["value"], 3);
}

TEST_F(Handler, Fib) {
  const Json forward = json(get("/v1/fib/10.20.1.1"));
  EXPECT_EQ(forward["verdict"], "forward");
  EXPECT_EQ(forward["route"]["prefix"], "10.20.0.0/16");
  EXPECT_EQ(forward["next_hop"]["gateway"], "10.0.2.2");
  const Json blackhole = json(get("/v1/fib/198.51.100.1"));
  EXPECT_TRUE(blackhole["next_hop"].is_null());
  EXPECT_TRUE(blackhole["mtu"].is_null());
  for (const char* wrong : {"/v1/fib/", "/v1/fib/10.0.0", "/v1/fib/10.0.0.0/8", "/v1/fib/::1"})
    EXPECT_EQ(get(wrong).status, 400) << wrong;
}

TEST_F(Handler, ConfigurationParsesBack) {
  for (const char* all : {"0", "1"}) {
    const ApiResponse response = get("/v1/config", {{"all", all}});
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.content_type, "application/yaml");
    const auto parsed = config::parse_text(response.body, "config");
    ASSERT_TRUE(parsed) << parsed.findings.to_string();
    EXPECT_EQ(parsed.config->system.hostname, "lab-r1");
  }
  EXPECT_LT(get("/v1/config").body.size(), get("/v1/config", {{"all", "1"}}).body.size());
  EXPECT_EQ(json(get("/v1/config", {{"format", "json"}}))["system"]["hostname"], "lab-r1");
  EXPECT_EQ(get("/v1/config", {{"format", "xml"}}).status, 400);
}

TEST_F(Handler, ChangeRoutes) {
  Json answer = json(post("/v1/routes", R"({"changes":[{"to":"10.1.0.0/16","via":"10.0.1.2"}]})"));
  EXPECT_EQ(answer["applied"], 1);
  ASSERT_EQ(router.changes.size(), 1u);
  answer = json(post("/v1/routes", R"({"changes":[{"op":"delete","to":"10.9.0.0/16"},
                                                 {"op":"delete","to":"10.20.0.0/16"}]})"),
                409);
  EXPECT_EQ(answer["applied"], 1);
  EXPECT_EQ(answer["errors"], Json::array({"change 0: 10.9.0.0/16: no such route"}));
  EXPECT_EQ(answer["error"]["code"], "refused");
}

TEST_F(Handler, WrongChangeAppliesNothing) {
  post("/v1/routes", R"({"changes":[{"to":"10.1.0.0/16","via":"10.0.1.2"},{"to":"x"}]})");
  EXPECT_TRUE(router.changes.empty());
}

TEST_F(Handler, FlushNeighbors) {
  EXPECT_EQ(json(post("/v1/neighbors/flush", ""))["flushed"], 2);
  EXPECT_EQ(json(post("/v1/neighbors/flush", R"({"ip":"10.0.1.2"})"))["flushed"], 1);
  EXPECT_EQ(router.flushed, test::ip("10.0.1.2"));
  EXPECT_EQ(post("/v1/neighbors/flush", R"({"ip":"10.0.1"})").status, 400);
}

TEST_F(Handler, Ping) {
  const Json answer = json(post("/v1/ping", R"({"destination":"10.0.2.2","count":2})"));
  ASSERT_EQ(answer["replies"].size(), 2u);
  EXPECT_EQ(answer["replies"][0]["rtt_ms"], 0.25);
  EXPECT_TRUE(answer["replies"][0]["error"].is_null());
}

TEST_F(Handler, OnlyTwoPingsAtATime) {
  std::mutex mutex;
  std::condition_variable changed;
  int inside = 0;
  bool go = false;
  router.on_ping = [&](const control::PingRequest&) {
    std::unique_lock lock(mutex);
    ++inside;
    changed.notify_all();
    changed.wait(lock, [&] { return go; });
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i)
    threads.emplace_back(
        [&] { EXPECT_EQ(post("/v1/ping", R"({"destination":"10.0.2.2"})").status, 200); });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return inside == 2; });
  }
  EXPECT_EQ(post("/v1/ping", R"({"destination":"10.0.2.2"})").status, 503);
  {
    const std::lock_guard lock(mutex);
    go = true;
  }
  changed.notify_all();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(post("/v1/ping", R"({"destination":"10.0.2.2"})").status, 200);
}

TEST_F(Handler, UnknownPathNamesTheNearest) {
  const Json answer = json(get("/v1/interface"), 404);
  EXPECT_EQ(answer["error"]["code"], "not_found");
  EXPECT_EQ(answer["error"]["hint"], "did you mean /v1/interfaces?");
  EXPECT_EQ(json(get("/favicon.ico"), 404)["error"]["hint"], "GET /v1 lists what there is");
}

TEST_F(Handler, WrongMethodNamesTheRightOnes) {
  const ApiResponse response = post("/v1/version", "{}");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.allow, "GET");
  EXPECT_EQ(handler.handle({"DELETE", "/v1/routes", {}, ""}).allow, "GET, POST");
}

TEST_F(Handler, IndexListsEveryPathAndEachIsServed) {
  const Json answer = json(get("/v1"));
  EXPECT_EQ(answer["endpoints"].size(), 27u);
  for (const Json& endpoint : answer["endpoints"])
    EXPECT_FALSE(
        handler.refuse(endpoint["method"].get<std::string>(), endpoint["path"].get<std::string>()));
}

TEST_F(Handler, HugeBodyIsRefused) {
  EXPECT_EQ(post("/v1/routes", std::string(kMaxBodyBytes + 1, ' ')).status, 413);
}

TEST_F(Handler, ABusyRouterSaysSo) {
  router.on_ping = [](const control::PingRequest&) -> std::vector<control::PingReply> {
    throw control::Unavailable("too many requests");
  };
  const Json answer = json(post("/v1/ping", R"({"destination":"10.0.2.2"})"), 503);
  EXPECT_EQ(answer["error"]["code"], "unavailable");
}

TEST_F(Handler, FailureOfTheRouterIsAnAnswerToo) {
  router.on_ping = [](const control::PingRequest&) { throw std::runtime_error("no buffers"); };
  const Json answer = json(post("/v1/ping", R"({"destination":"10.0.2.2"})"), 500);
  EXPECT_EQ(answer["error"]["message"], "no buffers");
}

}  // namespace
}  // namespace weir::api
