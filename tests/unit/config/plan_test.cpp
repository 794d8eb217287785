#include "config/plan.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "config/text.hpp"
#include "config/validate.hpp"

namespace weir::config {
namespace {

constexpr std::string_view kBase = R"(version: 1
ethernets:
  lan0:
    match: {linux: eth1}
    addresses: [10.0.0.1/24, 10.0.1.1/24]
  wan0:
    match: {linux: eth2}
    addresses: [192.0.2.1/24]
  sw0: {match: {linux: eth3}}
  sw1: {match: {linux: eth4}}
bridges:
  br0:
    interfaces: [sw0, {name: sw1, isolated: true}]
neighbors:
  static:
    - {ip: 10.0.0.9, mac: "02:00:00:00:00:09", interface: lan0}
routes:
  - {to: default, via: 192.0.2.2}
  - {to: 10.9.0.0/16, via: 10.0.0.2}
  - {to: 10.8.0.0/16, type: blackhole}
)";

Config parsed(const std::string& text) {
  ParseResult result = parse_text(text, "lab.yaml");
  EXPECT_TRUE(result.config) << result.findings.to_string();
  return result.config ? *result.config : Config{};
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  const auto at = text.find(what);
  EXPECT_NE(at, text.npos) << what;
  return at == text.npos ? text : text.replace(at, what.size(), by);
}

struct Row {
  std::string_view name;
  std::string_view what, by;       // in kBase
  std::vector<std::string> lines;  // of the plan
  bool live = true;                // all of it
};

std::vector<std::string> lines_of(const Plan& plan) {
  std::vector<std::string> lines;
  for (const Change& change : plan.changes) lines.push_back(to_string(change));
  return lines;
}

const Row kRows[] = {
    {"a comment", "version: 1\n", "# all new\nversion: 1\n", {}},
    {"a default that is written",
     "sw0: {match: {linux: eth3}}",
     "sw0: {match: {linux: eth3}, mtu: 1500}",
     {}},
    {"the order of routes",
     "  - {to: default, via: 192.0.2.2}\n  - {to: 10.9.0.0/16, via: 10.0.0.2}\n",
     "  - {to: 10.9.0.0/16, via: 10.0.0.2}\n  - {to: default, via: 192.0.2.2}\n",
     {}},
    {"an address more",
     "[192.0.2.1/24]",
     "[192.0.2.1/24, 198.51.100.1/24]",
     {"+ ethernets.wan0.addresses: 198.51.100.1/24"}},
    {"an address less", ", 10.0.1.1/24]", "]", {"- ethernets.lan0.addresses: 10.0.1.1/24"}},
    {"renumbered: the new before the old",
     "10.0.1.1/24",
     "10.0.2.1/24",
     {"+ ethernets.lan0.addresses: 10.0.2.1/24", "- ethernets.lan0.addresses: 10.0.1.1/24"}},
    {"the first address",
     "[10.0.0.1/24, 10.0.1.1/24]",
     "[10.0.1.1/24, 10.0.0.1/24]",
     {"~ ethernets.lan0.addresses: [10.0.0.1/24, 10.0.1.1/24] -> [10.0.1.1/24, 10.0.0.1/24]"}},
    {"a route elsewhere",
     "via: 10.0.0.2",
     "via: [10.0.0.3, 10.0.0.2]",
     {"~ routes[10.9.0.0/16]: via: 10.0.0.2 -> via: [10.0.0.3, 10.0.0.2]"}},
    {"a route more, one less",
     "10.8.0.0/16",
     "10.7.0.0/16",
     {"+ routes[10.7.0.0/16]: type: blackhole", "- routes[10.8.0.0/16]: type: blackhole"}},
    {"no default route",
     "  - {to: default, via: 192.0.2.2}\n",
     "",
     {"- routes[default]: via: 192.0.2.2"}},
    {"a neighbour's address",
     "02:00:00:00:00:09",
     "02:00:00:00:00:0a",
     {"~ neighbors.static[10.0.0.9].mac: 02:00:00:00:00:09 -> 02:00:00:00:00:0a"}},
    {"budgets",
     "neighbors:\n",
     "neighbors:\n  budgets: {gleans: 100}\n  lifetime: 1h\n",
     {"~ neighbors.lifetime: 4h -> 1h", "~ neighbors.budgets.gleans: 2000 -> 100"}},
    {"of one interface",
     "addresses: [192.0.2.1/24]",
     "addresses: [192.0.2.1/24]\n    neighbors: {trusted: true}",
     {"~ ethernets.wan0.neighbors.trusted: false -> true"}},
    {"an MTU",
     "match: {linux: eth1}",
     "match: {linux: eth1}\n    mtu: 1400",
     {"~ ethernets.lan0.mtu: 1500 -> 1400"}},
    {"queues",
     "match: {linux: eth1}",
     "match: {linux: eth1}\n    queues: 2",
     {"~ ethernets.lan0.queues: auto -> 2"},
     false},
    {"a member",
     ", {name: sw1, isolated: true}]",
     "]",
     {"- bridges.br0.interfaces[sw1]: {name: sw1, isolated: true}"}},
    {"how a member is treated",
     "isolated: true",
     "split-horizon: 3",
     {"~ bridges.br0.interfaces[sw1].isolated: true -> false",
      "~ bridges.br0.interfaces[sw1].split-horizon: none -> 3"}},
    {"a VLAN",
     "bridges:",
     "vlans: {lan0.7: {id: 7, link: lan0}}\nbridges:",
     {"+ vlans.lan0.7: {id: 7, link: lan0}"}},
    {"sizes",
     "neighbors:\n",
     "neighbors:\n  hold: {total: 100}\n",
     {"~ neighbors.hold.total: 4096 -> 100"},
     false},
    {"a route file",
     "routes:\n",
     "routes:\n  - {file: a.routes}\n",
     {"+ routes[a.routes]: {file: a.routes}"},
     false},
    {"who may read",
     "version: 1\n",
     "version: 1\nservices: {api: {readers: [noc]}}\n",
     {"~ services.api.readers: none -> [noc]"},
     false},
    {"cores",
     "version: 1\n",
     "version: 1\nsystem: {worker-cores: [1, 2]}\n",
     {"+ system.worker-cores: 2"},
     false},
};

TEST(Plan, SaysWhatChanges) {
  for (const Row& row : kRows) {
    const Plan plan = plan_change(parsed(std::string{kBase}),
                                  parsed(replaced(std::string{kBase}, row.what, row.by)));
    EXPECT_EQ(lines_of(plan), row.lines) << row.name;
    EXPECT_EQ(plan.restart() == nullptr, row.live) << row.name;
  }
}

TEST(Plan, WhatComesIsDoneBeforeWhatGoes) {
  std::string next = replaced(std::string{kBase}, "10.0.1.1/24", "10.0.2.1/24");
  next = replaced(next, "via: 10.0.0.2", "via: 10.0.2.9");
  EXPECT_EQ(lines_of(plan_change(parsed(std::string{kBase}), parsed(next))),
            (std::vector<std::string>{"+ ethernets.lan0.addresses: 10.0.2.1/24",
                                      "~ routes[10.9.0.0/16]: via: 10.0.0.2 -> via: 10.0.2.9",
                                      "- ethernets.lan0.addresses: 10.0.1.1/24"}));
}

TEST(Plan, TellsWhoNotices) {
  const Plan plan =
      plan_change(parsed(std::string{kBase}),
                  parsed(replaced(std::string{kBase}, "via: 10.0.0.2", "via: 10.0.0.3")));
  ASSERT_EQ(plan.changes.size(), 1u);
  EXPECT_EQ(plan.changes[0].touches, "packets to 10.9.0.0/16");
}

TEST(Plan, OfManyRoutesTellsTheFirst) {
  std::string next = replaced(std::string{kBase}, "10.0.1.1/24", "10.0.2.1/24");
  for (int i = 0; i < 1500; ++i)
    next += cat("  - {to: 20.", i / 256, '.', i % 256, ".0/24, via: 10.0.0.2}\n");
  const Plan plan = plan_change(parsed(std::string{kBase}), parsed(next));
  EXPECT_EQ(plan.routes, 1500u);
  EXPECT_EQ(plan.total(), 1502u);
  ASSERT_EQ(plan.changes.size(), Plan::kRoutesTold + 2);
  EXPECT_EQ(to_string(plan.changes.front()), "+ ethernets.lan0.addresses: 10.0.2.1/24");
  EXPECT_EQ(to_string(plan.changes[1]), "+ routes[20.0.0.0/24]: via: 10.0.0.2");
  EXPECT_EQ(to_string(plan.changes.back()), "- ethernets.lan0.addresses: 10.0.1.1/24");
}

TEST(Plan, PortsKeepTheirPlaces) {
  const auto named = [](std::initializer_list<const char*> names) {
    Config config;
    for (const char* name : names) config.ethernets.emplace_back().name = name;
    return config;
  };
  Config next = named({"new", "c", "a", "b", "newer"});
  keep_port_order(named({"a", "b", "gone", "c"}), next);
  std::vector<std::string> order;
  for (const Ethernet& port : next.ethernets) order.push_back(port.name);
  EXPECT_EQ(order, (std::vector<std::string>{"a", "b", "c", "new", "newer"}));
}

TEST(Plan, SettingsAreAllButRoutes) {
  const Config whole = parsed(std::string{kBase} +
                              "  - {file: a.routes}\n"
                              "system: {hostname: r9, worker-cores: [1, 2]}\n"
                              "vlans: {lan0.7: {id: 7, link: lan0}}\n"
                              "mirrors: [{from: lan0, to: wan0}]\n"
                              "services: {api: {readers: all}}\n");
  Config copy = settings_of(whole);
  EXPECT_TRUE(copy.routes.empty());
  EXPECT_TRUE(copy.route_files.empty());
  copy.routes = whole.routes;
  copy.route_files = whole.route_files;
  EXPECT_EQ(copy, whole);
}

/// Any two sets of routes: the edits lead from one to the other.
TEST(Plan, RouteEditsLeadFromOneToTheOther) {
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    Config from, to;
    for (Config* config : {&from, &to}) {
      std::set<Ipv4Prefix> seen;
      if (config == &to && round % 2 == 0) {  // most as they were, in their order
        for (const Route& route : from.routes)
          if (random() % 8 != 0 && seen.insert(route.to).second) to.routes.push_back(route);
      }
      for (auto i = random() % 30; i > 0; --i) {
        const Ipv4Prefix prefix{Ipv4Address{static_cast<std::uint32_t>(random() % 32) << 24}, 8};
        if (seen.insert(prefix).second)
          config->routes.push_back(
              {.to = prefix, .via = {Ipv4Address{1 + static_cast<std::uint32_t>(random() % 3)}}});
      }
    }
    std::map<Ipv4Prefix, Route> routes;
    for (const Route& route : from.routes) routes.emplace(route.to, route);
    for (const RouteEdit& edit : route_edits(from, to)) {
      if (edit.before != nullptr) {
        ASSERT_EQ(routes.at(edit.before->to), *edit.before);
        routes.erase(edit.before->to);
      }
      if (edit.after != nullptr) {
        ASSERT_TRUE(routes.emplace(edit.after->to, *edit.after).second);
      }
    }
    std::map<Ipv4Prefix, Route> wanted;
    for (const Route& route : to.routes) wanted.emplace(route.to, route);
    EXPECT_EQ(routes, wanted);
  }
}

}  // namespace
}  // namespace weir::config
