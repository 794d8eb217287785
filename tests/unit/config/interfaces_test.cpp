#include "config/interfaces.hpp"

#include <gtest/gtest.h>

#include <string>

#include "config/connected.hpp"
#include "config/parse.hpp"
#include "config/text.hpp"

namespace weir::config {
namespace {

Config parsed(const std::string& text) {
  const ParseResult result = parse_text(text, "lab.yaml");
  EXPECT_TRUE(result) << result.findings.to_string();
  return result.config.value_or(Config{});
}

const std::string kText =
    "bridges:\n"
    "  br0: {interfaces: [b], vlan: 7, trunks: [a], addresses: [10.0.3.1/24]}\n"
    "vlans:\n"
    "  v: {id: 1, link: a, addresses: [10.0.2.1/24]}\n"
    "ethernets:\n"
    "  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}\n"
    "  b: {match: {linux: e1}}\n";

TEST(Interfaces, AZoneIsThatOfWhatAnInterfaceStandsOn) {
  const Config config = parsed(
      "ethernets: {out: {match: {linux: e0}, zone: public}, in: {match: {linux: e1}}}\n"
      "vlans: {v: {id: 1, link: out}, vv: {id: 2, link: v}, own: {id: 3, link: v, zone: private},\n"
      "        lost: {id: 4, link: nowhere}, x: {id: 5, link: y}, y: {id: 6, link: x}}\n"
      "bridges: {one: {interfaces: [in, vv]}, two: {interfaces: [own, lost, x]},\n"
      "          three: {interfaces: [out], zone: private}}\n");
  const InterfaceList list{config};
  std::string text;
  for (const InterfaceRef& each : list.all())
    text += cat(each.name, ' ', name(zone_of(config, list, each)), '\n');
  EXPECT_EQ(text,
            "out public\nin none\nv public\nvv public\nown private\nlost none\nx none\n"
            "y none\none public\ntwo none\nthree private\n");
}

TEST(Interfaces, AnMtuIsItsOwnOrThatOfWhatItStandsOn) {
  const Config config = parsed(
      "ethernets: {a: {match: {linux: e0}, mtu: 9000}, b: {match: {linux: e1}, mtu: 1400}}\n"
      "vlans: {v: {id: 1, link: a}, w: {id: 2, link: v, mtu: 1300}, lost: {id: 3, link: nowhere}}\n"
      "bridges: {one: {interfaces: [v, b]}, two: {interfaces: [w], mtu: 1200}, empty: {}}\n");
  const InterfaceList list{config};
  std::string text;
  for (const InterfaceRef& each : list.all()) {
    const auto mtu = mtu_of(config, list, each);
    text += cat(each.name, ' ', mtu.value_or(0), ' ', mtu_source(config, each).line, '\n');
  }
  EXPECT_EQ(text,
            "a 9000 1\nb 1400 1\nv 9000 0\nw 1300 2\nlost 0 0\none 1400 0\ntwo 1200 3\n"
            "empty 0 0\n");
}

TEST(Interfaces, PortsThenVlansThenBridges) {
  const Config config = parsed(kText);
  const InterfaceList list{config};
  std::string text;
  for (const InterfaceRef& each : list.all()) {
    text += cat(each.name, ' ', static_cast<int>(each.kind), ' ', each.index, ' ',
                each.addresses->size(), ' ', each.source.line, '\n');
  }
  EXPECT_EQ(text,
            "a 0 0 1 6\n"
            "b 0 1 0 7\n"
            "v 1 0 1 4\n"
            "a.7 1 1 0 2\n"
            "br0 2 0 1 2\n");
  ASSERT_NE(list.find("v"), nullptr);
  EXPECT_EQ(list.find("v")->addresses, &config.vlans[0].addresses);
  EXPECT_EQ(list.position("br0"), 4u);
  EXPECT_EQ(list.position("c"), std::nullopt);
  EXPECT_EQ(list.find("c"), nullptr);
}

TEST(Interfaces, TheFirstOfANameIsFound) {
  const Config config = parsed(
      "ethernets: {a: {match: {linux: e0}}}\nvlans: {a: {id: 1, link: a}}\nbridges: {a: }\n");
  const InterfaceList list{config};
  EXPECT_EQ(list.all().size(), 3u);
  EXPECT_EQ(list.find("a"), &list.all()[0]);
}

TEST(Interfaces, SuggestionsByKind) {
  const Config config = parsed(
      "ethernets: {lan0: {match: {linux: e0}}}\nvlans: {lan1: {id: 1, link: lan0}}\n"
      "bridges: {bridge0: }\n");
  const InterfaceList list{config};
  EXPECT_EQ(list.suggest("lan01", InterfaceRef::port), "did you mean lan0?");
  EXPECT_EQ(list.suggest("bridge1"), "did you mean bridge0?");
  EXPECT_EQ(list.suggest("bridge1", InterfaceRef::vlan), "known: lan0, lan1");
  EXPECT_EQ(list.suggest("bridge1", InterfaceRef::port), "known: lan0");
  const Config none;
  EXPECT_EQ(InterfaceList{none}.suggest("a"), "there is none at all");
}

TEST(Interfaces, LongListsAreCutInSuggestions) {
  Config config;
  config.ethernets.resize(17);
  for (std::size_t i = 0; i < 17; ++i) config.ethernets[i].name = cat("port-", i);
  EXPECT_EQ(InterfaceList{config}.suggest("x"),
            "known: port-0, port-1, port-2, port-3, port-4, port-5, port-6, port-7, port-8, "
            "port-9, port-10, port-11, port-12, port-13, port-14, port-15, ...");
}

TEST(Interfaces, BridgeOfAMember) {
  const Config config = parsed(kText);
  EXPECT_EQ(bridge_of(config, "b"), &config.bridges[0]);
  EXPECT_EQ(bridge_of(config, "a.7"), &config.bridges[0]);
  EXPECT_EQ(bridge_of(config, "a"), nullptr);
}

TEST(Interfaces, SubnetsOfEveryKindAreConnected) {
  const ConnectedSubnets connected{parsed(kText)};
  ASSERT_EQ(connected.entries().size(), 3u);
  const auto at = [&](std::uint8_t net) {
    const auto* entry = connected.find(Ipv4Address{10, 0, net, 9});
    return entry != nullptr ? entry->interface : std::string {};
  };
  EXPECT_EQ(at(1), "a");
  EXPECT_EQ(at(2), "v");
  EXPECT_EQ(at(3), "br0");
  EXPECT_EQ(at(4), "");
  EXPECT_EQ(connected.find_own(Ipv4Address{10, 0, 3, 1})->interface, "br0");
}

}  // namespace
}  // namespace weir::config
