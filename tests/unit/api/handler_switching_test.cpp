// The endpoints of the switched half without sockets.
#include <gtest/gtest.h>

#include <set>

#include "controlplane/api/handler.hpp"
#include "tests/unit/api/fake_switch.hpp"

namespace weir::api {
namespace {

class SwitchingHandler : public testing::Test {
 protected:
  using Parameters = std::multimap<std::string, std::string>;

  Json get(const std::string& path, Parameters parameters = {}, int status = 200) {
    return json(handler.handle({"GET", path, std::move(parameters), ""}), status);
  }
  Json post(const std::string& path, const std::string& body, int status = 200) {
    return json(handler.handle({"POST", path, {}, body}), status);
  }
  static Json json(const ApiResponse& response, int status) {
    EXPECT_EQ(response.status, status) << response.body;
    return Json::parse(response.body);
  }
  /// "MESSAGE | HINT" of a refusal.
  static std::string refusal(const Json& answer) {
    const Json& error = answer["error"];
    return error["message"].get<std::string>() +
           (error["hint"].is_null() ? "" : " | " + error["hint"].get<std::string>());
  }

  test::FakeSwitch router;
  ApiHandler handler{router};
};

TEST_F(SwitchingHandler, Bridges) {
  const Json answer = get("/v1/bridges");
  ASSERT_EQ(answer["bridges"].size(), 2u);
  EXPECT_EQ(answer["bridges"][0]["name"], "br10");
  EXPECT_EQ(answer["bridges"][0]["members"][1]["role"], "root");
  EXPECT_EQ(answer["bridges"][0]["spanning_tree"]["root_interface"], "lan1");
  EXPECT_TRUE(answer["bridges"][1]["spanning_tree"].is_null());
  EXPECT_EQ(refusal(get("/v1/bridges", {{"bridge", "br10"}}, 400)), "unknown parameter \"bridge\"");
}

TEST_F(SwitchingHandler, StationsFiltered) {
  struct Row {
    Parameters parameters;
    std::size_t total;
  };
  for (const Row& row :
       {Row{{}, 6}, Row{{{"bridge", "br20"}}, 1}, Row{{{"interface", "lan1"}}, 3},
        Row{{{"vlan", "10"}}, 1}, Row{{{"vlan", "4094"}}, 0}, Row{{{"mac", "0050.c200.1fff"}}, 2},
        Row{{{"bridge", "br10"}, {"mac", "00:50:c2:00:1f:ff"}}, 1},
        Row{{{"bridge", "br20"}, {"interface", "lan1"}}, 0}}) {
    const Json answer = get("/v1/stations", row.parameters);
    EXPECT_EQ(answer["total"], row.total);
    EXPECT_EQ(answer["stations"].size(), row.total);
    EXPECT_TRUE(answer["next_after"].is_null());
  }
}

TEST_F(SwitchingHandler, StationsInPagesAreEachThereOnce) {
  std::set<std::string> seen;
  Parameters parameters{{"limit", "2"}};
  std::size_t pages = 0;
  for (;; ++pages) {
    ASSERT_LT(pages, 5u);
    const Json page = get("/v1/stations", parameters);
    EXPECT_EQ(page["total"], 6);
    for (const Json& station : page["stations"])
      EXPECT_TRUE(
          seen.insert(station["bridge"].get<std::string>() + station["mac"].get<std::string>())
              .second);
    if (page["next_after"].is_null()) break;
    parameters.erase("after");
    parameters.emplace("after", page["next_after"].get<std::string>());
  }
  EXPECT_EQ(seen.size(), 6u);
  EXPECT_EQ(pages, 3u);  // the third was full, the fourth is empty and says that it was the last
}

TEST_F(SwitchingHandler, StationParametersAreChecked) {
  struct Row {
    Parameters parameters;
    const char* refusal;
  };
  for (const Row& row : {
           Row{{{"bridge", "br1O"}},
               "bridge: the router has no bridge \"br1O\" | did you mean br10?"},
           Row{{{"bridge", "lan0"}},
               "bridge: the router has no bridge \"lan0\" | GET /v1/bridges lists them"},
           Row{{{"interface", "lan9"}},
               "interface: the router has no interface \"lan9\" | did you mean lan2?"},
           Row{{{"bridge", ""}}, "bridge: is empty | leave it out for all"},
           Row{{{"interface", ""}}, "interface: is empty | leave it out for all"},
           Row{{{"vlan", "0"}}, "vlan: must be a whole number from 1 to 4094"},
           Row{{{"vlan", "4095"}}, "vlan: must be a whole number from 1 to 4094"},
           Row{{{"mac", "x"}}, "mac: \"x\" is not a MAC address | write it as 02:00:5e:10:00:09"},
           Row{{{"mac", "01:00:5e:00:00:01"}},
               "mac: 01:00:5e:00:00:01 is a group address: no station has it"},
           Row{{{"mac", "00:00:00:00:00:00"}},
               "mac: 00:00:00:00:00:00 is no address: no station has it"},
           Row{{{"after", "02:00:5e:10:00:09"}},
               "after: \"02:00:5e:10:00:09\" is not BRIDGE/MAC | take it from next_after: "
               "br10/02:00:5e:10:00:09"},
           Row{{{"after", "/02:00:5e:10:00:09"}},
               "after: \"/02:00:5e:10:00:09\" is not BRIDGE/MAC | take it from next_after: "
               "br10/02:00:5e:10:00:09"},
           Row{{{"limit", "0"}}, "limit: must be a whole number from 1 to 10000"},
           Row{{{"brigde", "br10"}}, "unknown parameter \"brigde\" | did you mean bridge?"},
       })
    EXPECT_EQ(refusal(get("/v1/stations", row.parameters, 400)), row.refusal);
}

TEST_F(SwitchingHandler, FlushStations) {
  EXPECT_EQ(post("/v1/stations/flush", "")["flushed"], 3);
  EXPECT_EQ(post("/v1/stations/flush", "{}")["flushed"], 3);
  EXPECT_EQ(
      post(
          "/v1/stations/flush",
          R"({"bridge":"br10","interface":"lan1","vlan":10,"mac":"02:00:00:00:00:20"})")["flushed"],
      1);
  ASSERT_EQ(router.flushes.size(), 3u);
  EXPECT_EQ(router.flushes[1].bridge, "");
  EXPECT_FALSE(router.flushes[1].mac);
  EXPECT_EQ(router.flushes[2].bridge, "br10");
  EXPECT_EQ(router.flushes[2].interface, "lan1");
  EXPECT_EQ(router.flushes[2].vlan, 10);
  EXPECT_EQ(router.flushes[2].mac, test::mac("02:00:00:00:00:20"));
}

TEST_F(SwitchingHandler, WrongFlushesForgetNothing) {
  struct Row {
    const char* body;
    const char* refusal;
  };
  for (const Row& row :
       {Row{R"({"brigde":"br10"})", "unknown field \"brigde\" | did you mean \"bridge\"?"},
        Row{R"({"bridge":"br11"})",
            "bridge: the router has no bridge \"br11\" | did you mean br10?"},
        Row{R"({"bridge":""})", "bridge: is empty | leave it out for all"},
        Row{R"({"interface":7})", "interface: must be text, as in \"lan0\""},
        Row{R"({"vlan":4095})", "vlan: must be a whole number from 1 to 4094"},
        Row{R"({"vlan":0})", "vlan: must be a whole number from 1 to 4094"},
        Row{R"({"mac":"ff:ff:ff:ff:ff:ff"})",
            "mac: ff:ff:ff:ff:ff:ff is a group address: no station has it"},
        Row{R"({"mac":7})", "mac: must be text, as in \"02:00:5e:10:00:09\""},
        Row{"[]", "must be a JSON object"}})
    EXPECT_EQ(refusal(post("/v1/stations/flush", row.body, 400)), row.refusal);
  EXPECT_TRUE(router.flushes.empty());
}

TEST_F(SwitchingHandler, MulticastGroupsAndMirrors) {
  const Json groups = get("/v1/multicast-groups")["groups"];
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[1]["group"], "239.1.1.2");
  EXPECT_EQ(groups[1]["members"][0]["version"], 3);
  const Json mirrors = get("/v1/mirrors")["mirrors"];
  ASSERT_EQ(mirrors.size(), 2u);
  EXPECT_TRUE(mirrors[0]["error"].is_null());
  EXPECT_EQ(mirrors[1]["error"], "file is full (1M)");
}

TEST_F(SwitchingHandler, ARouterWithoutBridgesHasEmptyLists) {
  test::FakeRouter plain;
  ApiHandler routing{plain};
  for (const auto& [path, name] :
       {std::pair{"/v1/bridges", "bridges"}, std::pair{"/v1/stations", "stations"},
        std::pair{"/v1/multicast-groups", "groups"}, std::pair{"/v1/mirrors", "mirrors"}})
    EXPECT_EQ(json(routing.handle({"GET", path, {}, ""}), 200)[name], Json::array()) << path;
}

}  // namespace
}  // namespace weir::api
