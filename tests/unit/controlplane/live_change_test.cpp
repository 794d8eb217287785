// What a running router has between two configurations: a valid one, with as much of the old one as
// is in nobody's way.
#include "controlplane/live_change.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "config/parse.hpp"
#include "controlplane/interfaces.hpp"

namespace weir::control {
namespace {

config::Config parsed(const std::string& rest) {
  const std::string text = R"(version: 1
ethernets:
  p0: {match: {linux: eth0}}
  p1: {match: {linux: eth1}}
  p2: {match: {linux: eth2}, addresses: [10.0.2.1/24]}
)" + rest;
  config::ParseResult result = config::parse_text(text, "lab.yaml");
  EXPECT_TRUE(result.config) << result.findings.to_string();
  return result.config ? *result.config : config::Config{};
}

struct Row {
  const char* name;
  const char *running, *next;
  std::vector<std::string> vlans, bridges;  // between them, by name
};

const Row kRows[] = {
    {"what goes stays",
     "vlans: {a: {id: 1, link: p0}}\nbridges: {b: {interfaces: [p1]}}",
     "",
     {"a"},
     {"b"}},
    {"its tag is somebody else's",
     "vlans: {a: {id: 1, link: p0}}",
     "vlans: {c: {id: 1, link: p0}}",
     {"c"},
     {}},
    {"another tag, the same name",
     "vlans: {a: {id: 1, link: p0}}",
     "vlans: {a: {id: 2, link: p0}}",
     {"a"},
     {}},
    {"what it is on has gone one down",
     "vlans: {a: {id: 1, link: p0}, b: {id: 2, link: a}}",
     "vlans: {c: {id: 9, link: p0}, a: {id: 1, link: c}}",
     {"c", "a"},
     {}},
    {"what it is on is a bridge now",
     "vlans: {a: {id: 1, link: p0}, b: {id: 2, link: a}}",
     "bridges: {a: {interfaces: [p1]}}",
     {},
     {"a"}},
    {"stacks stay", "vlans: {b: {id: 2, link: a}, a: {id: 1, link: p0}}", "", {"a", "b"}, {}},
    {"its members are another bridge's",
     "bridges: {b: {interfaces: [p0, p1]}}",
     "bridges: {c: {interfaces: [p0, p1]}}",
     {},
     {"c"}},
    {"one of its members is",
     "bridges: {b: {interfaces: [p0, p1]}}",
     "bridges: {c: {interfaces: [p0]}}",
     {},
     {"c", "b"}},
    {"its member has another tag now",
     "vlans: {a: {id: 1, link: p0}}\nbridges: {b: {interfaces: [a]}}",
     "vlans: {a: {id: 2, link: p0}}",
     {"a"},
     {}},
};

TEST(LiveChange, BetweenTwoConfigurationsAllHasOnePlace) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.name);
    const config::Config both = between(parsed(row.running), parsed(row.next));
    std::vector<std::string> vlans, bridges;
    for (const config::Vlan& vlan : both.vlans) vlans.push_back(vlan.name);
    for (const config::Bridge& bridge : both.bridges) bridges.push_back(bridge.name);
    EXPECT_EQ(vlans, row.vlans);
    EXPECT_EQ(bridges, row.bridges);
    const std::vector<PortIdentity> ports(3);
    EXPECT_NO_THROW((Interfaces{both, ports}));
  }
}

TEST(LiveChange, AddressesAndNeighboursStayWhereTheyAreInNobodysWay) {
  const config::Config running = parsed(R"(
vlans: {a: {id: 1, link: p0, addresses: [10.1.0.1/24, 10.2.0.1/24]}}
neighbors:
  static:
    - {ip: 10.1.0.9, mac: "02:00:00:00:00:09", interface: a}
    - {ip: 10.2.0.9, mac: "02:00:00:00:00:09", interface: a}
    - {ip: 10.0.2.9, mac: "02:00:00:00:00:09", interface: p2}
)");
  const config::Config next = parsed(R"(
vlans: {c: {id: 2, link: p0, addresses: [10.2.0.1/16]}}
neighbors: {static: [{ip: 10.0.2.9, mac: "02:00:00:00:00:0a", interface: p2}]}
)");
  const config::Config both = between(running, next);
  ASSERT_EQ(both.vlans.size(), 2u);
  ASSERT_EQ(both.vlans[1].addresses.size(), 1u);
  EXPECT_EQ(both.vlans[1].addresses[0].to_string(), "10.1.0.1/24");
  ASSERT_EQ(both.neighbors.statics.size(), 2u);
  EXPECT_EQ(both.neighbors.statics[0].mac.to_string(), "02:00:00:00:00:0a");
  EXPECT_EQ(both.neighbors.statics[1].ip.to_string(), "10.1.0.9");
}

}  // namespace
}  // namespace weir::control
