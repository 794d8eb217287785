// Requests from JSON: what is taken, what is refused, and how the refusal reads.
#include "controlplane/api/json.hpp"

#include <gtest/gtest.h>

#include "config/parse.hpp"
#include "tests/unit/api/fake_router.hpp"

namespace weir::api {
namespace {

using control::RouteChange;
using test::ip;

/// The message and hint of the refusal; "taken" when there is none.
template <typename Call>
std::string refusal(Call call) {
  try {
    call();
    return "taken";
  } catch (const RequestError& error) {
    return error.what() + (error.hint().empty() ? "" : " | " + error.hint());
  }
}

std::string route_refusal(const std::string& change) {
  return refusal([&] { route_changes_from_json(parse_body(R"({"changes":[)" + change + "]}")); });
}

TEST(RouteChanges, AllForms) {
  const auto changes = route_changes_from_json(parse_body(R"({"changes":[
    {"op":"add","to":"10.0.0.0/8","via":["192.0.2.1","192.0.2.2"]},
    {"op":"replace","to":"default","via":"192.0.2.1","type":"unicast"},
    {"to":"192.0.2.7","type":"blackhole"},
    {"op":"delete","to":"10.0.0.0/8"}]})"));
  ASSERT_EQ(changes.size(), 4u);
  EXPECT_EQ(changes[0].kind, RouteChange::Kind::add);
  EXPECT_EQ(changes[0].route.to.to_string(), "10.0.0.0/8");
  EXPECT_EQ(changes[0].route.via, (std::vector{ip("192.0.2.1"), ip("192.0.2.2")}));
  EXPECT_EQ(changes[1].kind, RouteChange::Kind::replace);
  EXPECT_EQ(changes[1].route.to.to_string(), "0.0.0.0/0");
  EXPECT_EQ(changes[2].route.type, config::RouteType::blackhole);
  EXPECT_EQ(changes[2].route.to.to_string(), "192.0.2.7/32");
  EXPECT_EQ(changes[3].kind, RouteChange::Kind::remove);
}

TEST(RouteChanges, RefusalsNameTheFieldAndTheCure) {
  struct Row {
    const char* change;
    const char* part;  // of the refusal
  };
  for (const Row& row : {
           Row{R"({"via":"192.0.2.1"})", "changes[0].to: is missing"},
           Row{R"({"to":"10.0.0.1/8","via":"192.0.2.1"})", "10.0.0.0/8"},
           Row{R"({"to":"10.0.0.0/8"})", "changes[0].via: a unicast route needs a gateway"},
           Row{R"({"to":"10.0.0.0/8","via":"224.0.0.1"})", "224.0.0.1 is not an address of a host"},
           Row{R"({"to":"10.0.0.0/8","via":["192.0.2.1","192.0.2.1"]})", "is there twice"},
           Row{R"({"to":"10.0.0.0/8","via":[7]})", "changes[0].via: must be addresses"},
           Row{R"({"to":"10.0.0.0/8","via":"192.0.2.1","type":"blackhole"})",
               "only a unicast route has gateways"},
           Row{R"({"to":"10.0.0.0/8","type":"blackhol"})", "did you mean \"blackhole\"?"},
           Row{R"({"op":"ad","to":"10.0.0.0/8"})", "did you mean \"add\"?"},
           Row{R"({"op":7,"to":"10.0.0.0/8"})", "changes[0].op: must be text"},
           Row{R"({"to":"10.0.0.0/8","vai":"192.0.2.1"})", "did you mean \"via\"?"},
           Row{R"(["10.0.0.0/8"])", "changes[0]: must be a JSON object"},
       })
    EXPECT_NE(route_refusal(row.change).find(row.part), std::string::npos)
        << row.change << " gives: " << route_refusal(row.change);
}

TEST(RouteChanges, Bounds) {
  std::string via;
  for (int i = 1; i <= 65; ++i)
    via += (i > 1 ? ",\"10.0.0." : "\"10.0.0.") + std::to_string(i) + '"';
  EXPECT_NE(route_refusal(R"({"to":"10.0.0.0/8","via":[)" + via + "]}").find("at most 64"),
            std::string::npos);
  std::string many = R"({"to":"10.0.0.0/8","type":"blackhole"})";
  for (std::size_t i = 0; i < kMaxRouteChanges; ++i)
    many += R"(,{"to":"10.0.0.0/8","type":"blackhole"})";
  EXPECT_NE(route_refusal(many).find("at most 100000 a request"), std::string::npos);
}

TEST(ParseBody, BadJsonHasLineAndColumn) {
  const std::string syntax = refusal([] { parse_body("{\n  \"a\": }"); });
  EXPECT_TRUE(syntax.starts_with("the body is not JSON at line 2, column 8: ")) << syntax;
  EXPECT_NE(refusal([] { parse_body(""); }), "taken");
  EXPECT_NE(refusal([] { parse_body("{} {}"); }), "taken");
  EXPECT_NE(refusal([] { parse_body("\"\xff\xfe\""); }), "taken");
}

TEST(ParseBody, DepthAndNumberOfValuesAreBounded) {
  EXPECT_EQ(refusal([] { parse_body(std::string(1'000'000, '[')); }), "JSON nested too deeply");
  std::string wide = "[0";
  for (int i = 0; i < 2'000'000; ++i) wide += ",0";
  EXPECT_EQ(refusal([&] { parse_body(wide + "]"); }), "JSON with too many values");
}

TEST(PingRequest, DefaultsAndBounds) {
  const auto plain = ping_request_from_json(parse_body(R"({"destination":"10.0.2.2"})"));
  EXPECT_EQ(plain.destination, ip("10.0.2.2"));
  EXPECT_FALSE(plain.source);
  EXPECT_EQ(plain.count, 4);
  const auto full = ping_request_from_json(
      parse_body(R"({"destination":"10.0.2.2","source":"10.0.1.1","count":1000,"interval_ms":10,)"
                 R"("timeout_ms":60000,"size_bytes":0})"));
  EXPECT_EQ(full.source, ip("10.0.1.1"));
  EXPECT_EQ(full.count, 1000);
  EXPECT_EQ(full.size, 0);
  for (const char* wrong : {R"("count":0)", R"("count":1001)", R"("count":-1)", R"("count":1.5)",
                            R"("count":"4")", R"("interval_ms":9)", R"("timeout_ms":60001)",
                            R"("size_bytes":9001)", R"("source":"x")", R"("sise_bytes":1)"})
    EXPECT_NE(refusal([&] {
                ping_request_from_json(
                    parse_body(R"({"destination":"10.0.2.2",)" + std::string(wrong) + "}"));
              }),
              "taken")
        << wrong;
  EXPECT_EQ(refusal([] { ping_request_from_json(parse_body("{}")); }), "destination: is missing");
}

TEST(Answers, AbsentValuesAreNull) {
  test::FakeRouter router;
  const Json neighbor = to_json(router.neighbors().front());
  EXPECT_TRUE(neighbor["mac"].is_null());
  EXPECT_EQ(neighbor["held_packets"], 3);
  EXPECT_TRUE(to_json(router.neighbors().back())["expires_seconds"].is_null());
  EXPECT_EQ(to_json(router.interfaces().front())["speed_mbps"], 10'000);
  EXPECT_TRUE(to_json(router.interfaces().back())["speed_mbps"].is_null());
}

TEST(Answers, ConservationSaysWhetherItHolds) {
  EXPECT_EQ(to_json(control::Conservation{10, 1, 5, 3, 2, 1})["balanced"], true);
  EXPECT_EQ(to_json(control::Conservation{10, 1, 5, 3, 2, 0})["balanced"], false);
}

/// An interface that says nothing of its neighbours.
const Json kSilent = Json::parse(R"({
  "learn": null, "trusted": false, "proxy_arp": false, "rarp": false,
  "budgets": {"replies": null, "known_requests": null, "unknown_requests": null,
              "binding_changes": null, "new_entries": null, "gleans": null, "per_source": null,
              "gleans_per_source": null}})");

TEST(Answers, ConfigurationOfNeighbors) {
  EXPECT_EQ(to_json(config::Config{})["neighbors"], Json::parse(R"({
    "lifetime_seconds": 14400, "refresh_interval_seconds": 1200, "unverified_lifetime_seconds": 60,
    "learn": "adaptive", "hold": {"per_neighbor": 8, "total": 4096},
    "table": {"max": 65536, "max_pending": 8192, "max_failed": 16384},
    "negative_cache": {"first_seconds": 5, "most_seconds": 30},
    "storm": {"calm_seconds": 30, "serve_stale_seconds": 14400},
    "quarantine": {"first_seconds": 60, "most_seconds": 300},
    "budgets": {"replies": 20000, "known_requests": 20000, "unknown_requests": 2000,
                "binding_changes": 10, "new_entries": 500, "gleans": 2000,
                "per_source": {"rate": 15, "burst": 30},
                "gleans_per_source": {"rate": 10, "burst": 50}},
    "journal": {"entries": 65536, "file": null, "max_bytes": 67108864}, "static": []})"));
  const auto parsed = config::parse_text(R"(
ethernets:
  a:
    match: {linux: e0}
    neighbors: {learn: strict, trusted: true, proxy-arp: true, rarp: true,
                budgets: {gleans: 7, per-source: {rate: 8, burst: 9}}}
neighbors: {learn: rfc826, budgets: {replies: 5}, journal: {file: /j}}
)",
                                         "lab.yaml");
  ASSERT_TRUE(parsed) << parsed.findings.to_string();
  const Json json = to_json(*parsed.config);
  Json want = kSilent;
  want.update({{"learn", "strict"}, {"trusted", true}, {"proxy_arp", true}, {"rarp", true}});
  want["budgets"]["gleans"] = 7;
  want["budgets"]["per_source"] = {{"rate", 8}, {"burst", 9}};
  EXPECT_EQ(json["ethernets"][0]["neighbors"], want);
  EXPECT_EQ(json["neighbors"]["learn"], "rfc826");
  EXPECT_EQ(json["neighbors"]["budgets"]["replies"], 5);
  EXPECT_EQ(json["neighbors"]["journal"]["file"], "/j");
}

TEST(Answers, ConfigurationOfASwitch) {
  const auto parsed = config::parse_text(R"(
ethernets: {a: {match: {linux: e0}, other-vlans: pass}}
vlans: {s: {id: 7, link: a, protocol: 802.1ad, mtu: 1400, addresses: [10.0.1.1/24]}}
bridges:
  br:
    interfaces: [{name: b, isolated: true, split-horizon: 3, learning: false, max-stations: 5,
                  storm-control: {broadcast: 2%}, path-cost: 9, port-priority: 16, edge: false,
                  bpdu-guard: true, fast-leave: true}]
    vlan: 10
    trunks: [a]
    mac: "02:00:00:00:00:01"
    mtu: 1300
    addresses: [10.0.2.1/24]
    mac-table: {max: 100, ageing: never}
    storm-control: {multicast: 1.5kpps, unknown-unicast: none}
    static: [{mac: "02:00:00:00:00:02", interface: b}]
    spanning-tree: {mode: rstp, priority: 4096}
    igmp-snooping: {querier: on}
    zone: private
  empty:
mirrors: [{from: br, to: c}, {from: a, direction: in, file: /x, max-size: 1M}]
)",
                                         "lab.yaml");
  ASSERT_TRUE(parsed) << parsed.findings.to_string();
  Json json = to_json(*parsed.config);
  EXPECT_EQ(json["ethernets"][0]["other_vlans"], "pass");
  EXPECT_EQ(json["ethernets"][0]["zone"], "none");
  for (const char* kind : {"vlans", "bridges"}) {
    for (Json& interface : json[kind]) {
      EXPECT_EQ(interface["neighbors"], kSilent) << kind;
      interface.erase("neighbors");
    }
  }
  EXPECT_EQ(json["vlans"], Json::parse(R"([
    {"name": "s", "id": 7, "link": "a", "protocol": "802.1ad", "mtu": 1400, "other_vlans": "drop",
     "zone": "none", "addresses": ["10.0.1.1/24"]},
    {"name": "a.10", "id": 10, "link": "a", "protocol": "802.1q", "mtu": null,
     "other_vlans": "drop", "zone": "none", "addresses": []}])"));
  ASSERT_EQ(json["bridges"].size(), 2u);
  EXPECT_EQ(json["bridges"][0], Json::parse(R"({
    "name": "br",
    "interfaces": [
      {"name": "b", "isolated": true, "split_horizon": 3, "learning": false, "max_stations": 5,
       "storm_control": {"broadcast": "2%", "multicast": "1500pps", "unknown_unicast": "none"},
       "path_cost": 9, "port_priority": 16, "edge": "false", "bpdu_guard": true,
       "fast_leave": true},
      {"name": "a.10", "isolated": false, "split_horizon": 0, "learning": true,
       "max_stations": null, "storm_control": null, "path_cost": null, "port_priority": 128,
       "edge": "auto", "bpdu_guard": false, "fast_leave": false}],
    "mac": "02:00:00:00:00:01", "mtu": 1300, "zone": "private", "addresses": ["10.0.2.1/24"],
    "mac_table": {"max": 100, "max_per_interface": 100, "ageing_seconds": 0},
    "storm_control": {"broadcast": "1%", "multicast": "1500pps", "unknown_unicast": "none"},
    "static": [{"mac": "02:00:00:00:00:02", "interface": "b"}],
    "spanning_tree": {"mode": "rstp", "priority": 4096, "hello_time_seconds": 2,
                      "forward_delay_seconds": 15, "max_age_seconds": 20},
    "igmp_snooping": {"enabled": true, "querier": "on", "query_interval_seconds": 125}})"));
  EXPECT_EQ(json["bridges"][1]["mac"], nullptr);
  EXPECT_EQ(json["bridges"][1]["mtu"], nullptr);
  EXPECT_EQ(json["bridges"][1]["spanning_tree"]["mode"], "none");
  EXPECT_EQ(json["mirrors"], Json::parse(R"([
    {"from": "br", "direction": "both", "to": "c", "file": null, "max_bytes": null},
    {"from": "a", "direction": "in", "to": null, "file": "/x", "max_bytes": 1048576}])"));
}

TEST(Answers, TextIsAlwaysUtf8) {
  control::InterfaceStatus interface;
  interface.driver = "\xff\xfe broken";
  EXPECT_TRUE(Json::accept(to_text(to_json(interface))));
}

}  // namespace
}  // namespace weir::api
