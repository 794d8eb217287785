// The endpoints of storms, events, the journal and the past, without sockets; and their JSON.
#include <gtest/gtest.h>

#include "controlplane/api/handler.hpp"
#include "tests/unit/api/fake_storm.hpp"

namespace weir::api {
namespace {

class StormHandler : public testing::Test {
 protected:
  using Parameters = std::multimap<std::string, std::string>;

  Json get(const std::string& path, Parameters parameters = {}, int status = 200) {
    const ApiResponse response = handler.handle({"GET", path, std::move(parameters), ""});
    EXPECT_EQ(response.status, status) << response.body;
    return Json::parse(response.body);
  }
  /// "MESSAGE | HINT" of a refusal.
  std::string refusal(const std::string& path, Parameters parameters) {
    const Json error = get(path, std::move(parameters), 400)["error"];
    return error["message"].get<std::string>() +
           (error["hint"].is_null() ? "" : " | " + error["hint"].get<std::string>());
  }

  test::FakeStorm router;
  ApiHandler handler{router};
};

TEST_F(StormHandler, Storm) {
  const Json interfaces = get("/v1/storm")["interfaces"];
  ASSERT_EQ(interfaces.size(), 2u);
  const Json& left = interfaces[1];
  EXPECT_EQ(left["interface"], "left");
  EXPECT_EQ(left["storm"], true);
  EXPECT_EQ(left["since"], test::kNoon + 180);
  EXPECT_EQ(left["storms"], 3);
  EXPECT_EQ(left["learn"], "adaptive");
  EXPECT_EQ(left["update_only"], true);
  EXPECT_EQ(left["policing"], "software");
  EXPECT_EQ(left["quarantined"], 1);
  EXPECT_EQ(left["served_stale"], 5);
  const Json& requests = left["classes"][1];
  EXPECT_EQ(to_text(requests),
            "{\"name\":\"unknown-requests\",\"budget\":2000,\"offered_rate\":120000.5,"
            "\"passed_rate\":2000.0,\"policed_rate\":118000.5,\"offered\":1500000,\"passed\":24000,"
            "\"policed\":1476000}");
  const Json& sources = left["top_sources"];
  EXPECT_EQ(to_text(sources[0]),
            "{\"mac\":\"00:1b:21:00:00:10\",\"ip\":\"10.0.1.66\",\"rate\":90000.0,"
            "\"quarantined\":true,\"quarantine_seconds\":48.0}");
  EXPECT_EQ(to_text(sources[1]),
            "{\"mac\":\"02:bd:00:00:00:02\",\"ip\":null,\"rate\":14.25,\"quarantined\":false,"
            "\"quarantine_seconds\":null}");
  EXPECT_TRUE(interfaces[0]["since"].is_null());  // never
  EXPECT_EQ(interfaces[0]["classes"], Json::array());
}

TEST_F(StormHandler, EventsInPages) {
  const Json all = get("/v1/events");
  EXPECT_EQ(all["oldest"], 1);
  EXPECT_EQ(all["newest"], 4);
  EXPECT_TRUE(all["next_after"].is_null());
  ASSERT_EQ(all["events"].size(), 4u);
  EXPECT_EQ(to_text(all["events"][2]),
            "{\"id\":3,\"time\":1740830640.0,\"kind\":\"conflict\",\"interface\":\"right\","
            "\"ip\":\"10.0.2.2\",\"mac\":\"02:00:00:00:00:66\",\"other\":\"02:00:00:00:00:67\","
            "\"text\":\"right: 10.0.2.2 is at 02:00:00:00:00:66, 02:00:00:00:00:67 claims it "
            "too\"}");
  const Json page = get("/v1/events", {{"after", "1"}, {"limit", "2"}});
  ASSERT_EQ(page["events"].size(), 2u);
  EXPECT_EQ(page["events"][0]["id"], 2);
  EXPECT_TRUE(page["events"][0]["mac"].is_null());
  EXPECT_EQ(page["next_after"], 3);
  const Json last = get("/v1/events", {{"after", "4"}});
  EXPECT_EQ(last["events"], Json::array());
  EXPECT_EQ(last["newest"], 4);
}

TEST_F(StormHandler, PastNeighbors) {
  const Json past = get("/v1/neighbors", {{"at", "1740830430.5"}});
  EXPECT_EQ(past["at"], 1740830430.5);
  EXPECT_EQ(past["reaches_back_to"], test::kNoon);
  EXPECT_EQ(past["known"], true);
  ASSERT_EQ(past["neighbors"].size(), 4u);
  EXPECT_EQ(to_text(past["neighbors"][1]),
            "{\"ip\":\"10.0.1.2\",\"interface\":\"left\",\"mac\":\"02:00:00:00:00:02\","
            "\"state\":\"REACHABLE\",\"source\":\"verified\",\"since\":1740830401.0,"
            "\"cause\":\"ARP reply from 02:00:00:00:00:02\"}");
  EXPECT_TRUE(past["neighbors"][0]["since"].is_null());  // before the journal
  EXPECT_TRUE(past["neighbors"][0]["cause"].is_null());
  const Json unknown = get("/v1/neighbors", {{"at", "1740830399"}});
  EXPECT_EQ(unknown["known"], false);
  EXPECT_EQ(unknown["neighbors"], Json::array());
}

TEST_F(StormHandler, JournalFiltered) {
  struct Row {
    Parameters parameters;
    std::size_t entries;
  };
  for (const Row& row :
       {Row{{}, 8}, Row{{{"table", "neighbor"}}, 7}, Row{{{"table", "station"}}, 1},
        Row{{{"ip", "10.0.1.2"}}, 3}, Row{{{"mac", "02:00:00:00:00:02"}}, 2},
        Row{{{"table", "neighbor"}, {"interface", "left"}}, 7},
        Row{{{"from", "1740830600"}, {"to", "1740830610"}}, 1},
        Row{{{"table", "neighbor"}, {"after", "5"}}, 2}, Row{{{"ip", "10.9.9.9"}}, 0}})
    EXPECT_EQ(get("/v1/journal", row.parameters)["entries"].size(), row.entries);
  const Json page = get("/v1/journal", {{"table", "neighbor"}, {"limit", "3"}});
  EXPECT_EQ(page["oldest"], 1);
  EXPECT_EQ(page["newest"], 7);
  EXPECT_EQ(page["reaches_back_to"], test::kNoon);
  EXPECT_EQ(page["next_after"], 3);
  EXPECT_EQ(to_text(page["entries"][2]),
            "{\"id\":3,\"time\":1740830600.0,\"table\":\"neighbor\",\"interface\":\"left\","
            "\"ip\":\"10.0.1.2\",\"what\":\"moved\",\"before\":\"02:00:00:00:00:02\","
            "\"mac\":\"02:00:00:00:00:99\",\"state\":\"REACHABLE\",\"from\":null,"
            "\"cause\":\"ARP reply from 02:00:00:00:00:99\"}");
  // Both tables count from 1: there is no next page of both.
  EXPECT_TRUE(get("/v1/journal", {{"limit", "3"}})["next_after"].is_null());
  const Json station = get("/v1/journal", {{"table", "station"}})["entries"][0];
  EXPECT_TRUE(station["ip"].is_null());
  EXPECT_EQ(station["from"], "lan0");
}

TEST_F(StormHandler, TheWholeFilterArrives) {
  get("/v1/journal", {{"table", "neighbor"},
                      {"ip", "10.0.1.2"},
                      {"mac", "0200.0000.0002"},
                      {"interface", "right"},
                      {"from", "1.000000001"},
                      {"to", "2"},
                      {"after", "3"},
                      {"limit", "4"}});
  EXPECT_EQ(router.asked.table, "neighbor");
  EXPECT_EQ(router.asked.ip, test::ip("10.0.1.2"));
  EXPECT_EQ(router.asked.mac, test::mac("02:00:00:00:00:02"));
  EXPECT_EQ(router.asked.interface, "right");
  EXPECT_EQ(router.asked.from, 1.000000001);
  EXPECT_EQ(router.asked.to, 2);
  EXPECT_EQ(router.asked.after, 3u);
  EXPECT_EQ(router.asked.limit, 4u);
}

TEST_F(StormHandler, ParametersAreChecked) {
  const std::string time = " is not a time | write seconds since 1970-01-01 UTC, as 1795615387.25";
  struct Row {
    const char* path;
    Parameters parameters;
    std::string refusal;
  };
  for (const Row& row : {
           Row{"/v1/storm", {{"interface", "left"}}, "unknown parameter \"interface\""},
           Row{"/v1/events", {{"aftr", "1"}}, "unknown parameter \"aftr\" | did you mean after?"},
           Row{"/v1/events", {{"after", "-1"}}, "after: \"-1\" is not a whole number"},
           Row{"/v1/events", {{"after", ""}}, "after: \"\" is not a whole number"},
           Row{"/v1/events", {{"limit", "10001"}}, "limit: must be a whole number from 1 to 10000"},
           Row{"/v1/neighbors", {{"as", "1"}}, "unknown parameter \"as\" | did you mean at?"},
           Row{"/v1/neighbors", {{"at", "1"}, {"at", "2"}}, "at: is given twice"},
           Row{"/v1/neighbors", {{"at", ""}}, "at: \"\"" + time},
           Row{"/v1/neighbors", {{"at", "14:03"}}, "at: \"14:03\"" + time},
           Row{"/v1/neighbors", {{"at", "-5"}}, "at: \"-5\"" + time},
           Row{"/v1/neighbors", {{"at", "1e9"}}, "at: \"1e9\"" + time},
           Row{"/v1/neighbors", {{"at", "1."}}, "at: \"1.\"" + time},
           Row{"/v1/neighbors", {{"at", ".5"}}, "at: \".5\"" + time},
           Row{"/v1/neighbors", {{"at", "1.2.3"}}, "at: \"1.2.3\"" + time},
           Row{"/v1/neighbors", {{"at", "nan"}}, "at: \"nan\"" + time},
           Row{"/v1/neighbors", {{"at", "100000000000"}}, "at: \"100000000000\"" + time},
           Row{"/v1/journal",
               {{"table", "neighbour"}},
               "table: there is no journal of \"neighbour\" | it is neighbor or station"},
           Row{"/v1/journal", {{"table", ""}}, "table: is empty | leave it out for all"},
           Row{"/v1/journal",
               {{"ip", "10.0.1"}},
               "ip: \"10.0.1\" is not an IPv4 address | write it as 192.0.2.1"},
           Row{"/v1/journal",
               {{"ip", "10.0.1.2"}, {"table", "station"}},
               "ip: stations have none | leave it out, or ask for table=neighbor"},
           Row{"/v1/journal",
               {{"mac", "ff:ff:ff:ff:ff:ff"}},
               "mac: ff:ff:ff:ff:ff:ff is a group address: no station has it"},
           Row{"/v1/journal",
               {{"interface", "rihgt"}},
               "interface: the router has no interface \"rihgt\" | did you mean right?"},
           Row{"/v1/journal", {{"from", "yesterday"}}, "from: \"yesterday\"" + time},
           Row{"/v1/journal", {{"from", "2"}, {"to", "1"}}, "from: is after `to`"},
           Row{"/v1/journal",
               {{"after", "7"}},
               "after: needs a table: ids count in each by itself | add table=neighbor or "
               "table=station"},
           Row{"/v1/journal", {{"until", "1"}}, "unknown parameter \"until\""},
       })
    EXPECT_EQ(refusal(row.path, row.parameters), row.refusal) << row.path;
}

TEST_F(StormHandler, ARouterInPeaceHasEmptyLists) {
  test::FakeRouter calm;
  ApiHandler peaceful{calm};
  for (const auto& [path, name] :
       {std::pair{"/v1/storm", "interfaces"}, std::pair{"/v1/events", "events"},
        std::pair{"/v1/journal", "entries"}}) {
    const ApiResponse response = peaceful.handle({"GET", path, {}, ""});
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(Json::parse(response.body)[name], Json::array()) << path;
  }
}

}  // namespace
}  // namespace weir::api
