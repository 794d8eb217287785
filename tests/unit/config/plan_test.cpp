#include "config/plan.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

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
     {"~ neighbors.static[10.0.0.9]: {ip: 10.0.0.9, mac: 02:00:00:00:00:09, interface: lan0} "
      "-> {ip: 10.0.0.9, mac: 02:00:00:00:00:0a, interface: lan0}"}},
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
     {"~ ethernets.lan0.mtu: 1500 -> 1400"},
     false},
    {"a member",
     ", {name: sw1, isolated: true}]",
     "]",
     {"- bridges.br0.interfaces[sw1]: {name: sw1, isolated: true, split-horizon: none, learning: "
      "true, max-stations: auto, storm-control: auto, path-cost: auto, port-priority: 128, edge: "
      "auto, bpdu-guard: false, fast-leave: false}"},
     false},
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

/// Any two sets of routes: the edits lead from one to the other.
TEST(Plan, RouteEditsLeadFromOneToTheOther) {
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    Config from, to;
    for (Config* config : {&from, &to}) {
      std::set<Ipv4Prefix> seen;
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
