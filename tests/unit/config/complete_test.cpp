// What completion offers: the parser's keys and words, the names of the text, and nothing else.
#include "config/complete.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "config/edit.hpp"
#include "config/edit_tree.hpp"
#include "config/emit.hpp"
#include "config/parse.hpp"
#include "config/text.hpp"
#include "config/yaml_tree.hpp"

namespace weir::config {
namespace {

using Words = std::vector<std::string>;

constexpr std::string_view kLab = R"(# a lab
version: 1
system: {worker-cores: [1, 2]}
ethernets:
  lan0: {match: {linux: e0}, mtu: 9000, addresses: [10.0.0.1/24, 10.0.1.1/24]}
  lan1: {match: {linux: e1}}
vlans:
  lan0.30: {id: 30, link: lan0}
  lan0.guests: {id: 31, link: lan0}
bridges:
  br0:
    interfaces: [lan1, {name: lan0.30, isolated: true}]
    static: [{mac: "02:00:00:00:00:01", interface: lan1}]
    spanning-tree: rstp
mirrors: [{from: lan0, file: /tmp/a}]
neighbors:
  static: [{ip: 10.0.0.9, mac: "02:00:00:00:00:09", interface: lan0}]
routes:
  - {to: 10.77.0.0/16, via: 10.0.0.2}
  - {to: default, via: [10.0.0.2, 10.0.0.3]}
  - {file: more.routes}
)";

Words set(std::string_view typed, std::string_view text = kLab) {
  return complete_path(text, typed, CompleteFor::set);
}
Words remove(std::string_view typed, std::string_view text = kLab) {
  return complete_path(text, typed, CompleteFor::remove);
}
Words values(std::string_view path, std::string_view text = kLab) {
  static const Words interfaces{"lan0", "lan1", "br0"};
  return complete_value(text, path, interfaces);
}

TEST(Complete, KeysAreTheParsers) {
  EXPECT_EQ(set(""), (Words{"version", "system.", "ethernets.", "vlans.", "bridges.", "mirrors[",
                            "neighbors.", "routes[", "services."}));
  EXPECT_EQ(set("sys"), Words{"system."});
  EXPECT_EQ(set("system.m"), Words{"system.memory."});
  EXPECT_EQ(set("system.memory."), (Words{"system.memory.hugepages", "system.memory.packets"}));
  EXPECT_EQ(set("services.api."),
            (Words{"services.api.socket", "services.api.readers", "services.api.readers["}));
  EXPECT_EQ(set("neighbors.budgets.per"), Words{"neighbors.budgets.per-source."});
  EXPECT_EQ(set("neighbors.budgets.per-source.b"), Words{"neighbors.budgets.per-source.burst"});
  EXPECT_EQ(set("ethernets.lan0.neighbors.budgets.r"),
            Words{"ethernets.lan0.neighbors.budgets.replies"});
  EXPECT_EQ(set("system.eal"), (Words{"system.eal", "system.eal["}));
  EXPECT_EQ(set("nonsense"), Words{});
  EXPECT_EQ(set("system.nonsense."), Words{});
}

TEST(Complete, NamesAreThoseOfTheText) {
  EXPECT_EQ(set("ethernets."), (Words{"ethernets.lan0.", "ethernets.lan1."}));
  EXPECT_EQ(set("ethernets.lan0.m"),
            (Words{"ethernets.lan0.match.", "ethernets.lan0.mtu", "ethernets.lan0.mac"}));
  EXPECT_EQ(set("ethernets.lan0.ad"),
            (Words{"ethernets.lan0.addresses", "ethernets.lan0.addresses["}));
  EXPECT_EQ(set("vlans.lan0."), (Words{"vlans.lan0.30.", "vlans.lan0.guests."}));
  EXPECT_EQ(set("vlans.lan0.30.i"), Words{"vlans.lan0.30.id"});
  EXPECT_EQ(set("vlans[lan0.g"), Words{"vlans[lan0.guests]."});
  EXPECT_EQ(set("vlans[lan0.guests].l"), Words{"vlans[lan0.guests].link"});
  EXPECT_EQ(set("bridges.br0.spanning-tree"),
            (Words{"bridges.br0.spanning-tree", "bridges.br0.spanning-tree."}));
  EXPECT_EQ(set("bridges.br0.spanning-tree.p"), Words{"bridges.br0.spanning-tree.priority"});
}

TEST(Complete, WhatIsNewHasItsKeysToo) {
  EXPECT_EQ(set("ethernets.lan9.mt"), Words{"ethernets.lan9.mtu"});
  EXPECT_EQ(set("vlans.lan0.40.i"), Words{"vlans.lan0.40.id"});
  EXPECT_EQ(set("routes[10.1.0.0/16].t"),
            (Words{"routes[10.1.0.0/16].to", "routes[10.1.0.0/16].type"}));
  EXPECT_EQ(set("routes[+].v"), (Words{"routes[+].via", "routes[+].via["}));
  EXPECT_EQ(set("ethernets.lan9.mt", ""), Words{"ethernets.lan9.mtu"});
  EXPECT_EQ(set("system.h", "no: [yaml"), Words{"system.hostname"});
}

TEST(Complete, EntriesAreByWhatTellsThemApart) {
  EXPECT_EQ(set("routes["), (Words{"routes[10.77.0.0/16].", "routes[default].",
                                   "routes[more.routes].", "routes[+]"}));
  EXPECT_EQ(set("routes[10.77.0.0/16].v"),
            (Words{"routes[10.77.0.0/16].via", "routes[10.77.0.0/16].via["}));
  EXPECT_EQ(set("routes[default].via["),
            (Words{"routes[default].via[10.0.0.2]", "routes[default].via[10.0.0.3]",
                   "routes[default].via[+]"}));
  EXPECT_EQ(set("bridges.br0.interfaces["),
            (Words{"bridges.br0.interfaces[lan1]", "bridges.br0.interfaces[lan1].",
                   "bridges.br0.interfaces[lan0.30]", "bridges.br0.interfaces[lan0.30].",
                   "bridges.br0.interfaces[+]"}));
  EXPECT_EQ(set("bridges.br0.interfaces[lan1].ed"), Words{"bridges.br0.interfaces[lan1].edge"});
  EXPECT_EQ(set("bridges.br0.static[0"), Words{"bridges.br0.static[02:00:00:00:00:01]."});
  EXPECT_EQ(set("neighbors.static[10.0.0.9].m"), Words{"neighbors.static[10.0.0.9].mac"});
  EXPECT_EQ(set("mirrors[lan0].d"), Words{"mirrors[lan0].direction"});
  EXPECT_EQ(set("system.worker-cores["),
            (Words{"system.worker-cores[\"1\"]", "system.worker-cores[\"2\"]",
                   "system.worker-cores[+]"}));
  EXPECT_EQ(set("routes[0].t"), (Words{"routes[0].to", "routes[0].type"}));
}

TEST(Complete, OnlyWhatIsThereIsRemoved) {
  EXPECT_EQ(remove("e"), (Words{"ethernets", "ethernets."}));
  EXPECT_EQ(remove("services"), Words{});
  EXPECT_EQ(remove("ethernets.lan0.m"),
            (Words{"ethernets.lan0.match", "ethernets.lan0.match.", "ethernets.lan0.mtu"}));
  EXPECT_EQ(remove("ethernets.lan0.addresses["), (Words{"ethernets.lan0.addresses[10.0.0.1/24]",
                                                        "ethernets.lan0.addresses[10.0.1.1/24]"}));
  EXPECT_EQ(remove("routes[1"), (Words{"routes[10.77.0.0/16]", "routes[10.77.0.0/16]."}));
  EXPECT_EQ(remove("vlans.lan0.3"), (Words{"vlans.lan0.30", "vlans.lan0.30."}));
  EXPECT_EQ(remove("", ""), Words{});
}

TEST(Complete, ValuesAreTheParsersWords) {
  EXPECT_EQ(values("neighbors.learn"), (Words{"rfc826", "adaptive", "strict"}));
  EXPECT_EQ(values("ethernets.lan0.neighbors.learn"),
            (Words{"auto", "rfc826", "adaptive", "strict"}));
  EXPECT_EQ(values("ethernets.lan0.zone"), (Words{"none", "private", "public"}));
  EXPECT_EQ(values("ethernets.lan0.promiscuous"), (Words{"true", "false"}));
  EXPECT_EQ(values("ethernets.lan0.match.method"), (Words{"auto", "af-packet", "af-xdp"}));
  EXPECT_EQ(values("ethernets.lan9.match.method", ""), (Words{"auto", "af-packet", "af-xdp"}));
  EXPECT_EQ(values("bridges.br0.spanning-tree"), (Words{"none", "rstp"}));
  EXPECT_EQ(values("bridges.br0.interfaces[lan1].edge"), (Words{"auto", "true", "false"}));
  EXPECT_EQ(values("routes[10.1.0.0/16].type"),
            (Words{"unicast", "blackhole", "unreachable", "prohibit"}));
  EXPECT_EQ(values("services.api.readers"), (Words{"none", "all"}));
  EXPECT_EQ(values("version"), Words{"1"});
}

TEST(Complete, ValuesThatNameInterfaces) {
  for (const char* path : {"vlans.v.link", "bridges.br0.static[0].interface", "mirrors[lan0].to",
                           "neighbors.static[10.0.0.9].interface", "bridges.br0.interfaces[+]"})
    EXPECT_EQ(values(path), (Words{"lan0", "lan1", "br0"})) << path;
}

TEST(Complete, OrWhatTheyAreNow) {
  EXPECT_EQ(values("ethernets.lan0.mtu"), Words{"9000"});
  EXPECT_EQ(values("ethernets.lan0.addresses"), Words{"[10.0.0.1/24, 10.0.1.1/24]"});
  EXPECT_EQ(values("routes[10.77.0.0/16].via"), Words{"10.0.0.2"});
  EXPECT_EQ(values("ethernets.lan1.mtu"), Words{});
  EXPECT_EQ(values("nonsense"), Words{});
  EXPECT_EQ(values(""), Words{});
}

/// Every path in a tree, as `set` takes it; the paths of lists' entries too.
void all_paths(const YamlNode& node, const std::string& path, const std::string& list, Words& all) {
  if (!path.empty()) all.push_back(path);
  for (std::size_t i = 0; i < entry_count(node); ++i) {
    const YamlNode& value = entry_value(node, i);
    if (node.kind == YamlNode::Kind::map) {
      const std::string& key = node.children[2 * i]->text;
      all_paths(value, cat(path, path.empty() ? "" : ".", key), key, all);
    } else {
      const std::string_view id = identity_of(value, list);
      if (id.find_first_not_of("0123456789") == id.npos) continue;  // quoted, or by index
      all_paths(value, cat(path, '[', id, ']'), list, all);
    }
  }
}

TEST(Complete, EveryKeyThatIsEverWrittenIsOffered) {
  const ParseResult parsed = parse_text(kLab, "lab.yaml");
  ASSERT_TRUE(parsed) << parsed.findings.to_string();
  const std::string full = emit(*parsed.config);  // every default by name
  Findings findings;
  const auto tree = parse_yaml(full, {}, findings);
  ASSERT_TRUE(tree);
  Words paths;
  all_paths(*tree->root, "", "", paths);
  EXPECT_GT(paths.size(), 150u);
  for (const std::string& path : paths) {
    const Words offered = set(path, full);
    const bool has = std::any_of(offered.begin(), offered.end(), [&](const std::string& one) {
      return one == path || one == path + '.' || one == path + '[';
    });
    EXPECT_TRUE(has) << path;
    // Keys are found without the text as well.
    if (path.find('[') == path.npos && !path.starts_with("vlans.")) {
      EXPECT_FALSE(complete_path("", path, CompleteFor::set).empty() &&
                   !path.starts_with("ethernets.") && !path.starts_with("bridges."))
          << path;
    }
    const Words gone = remove(path, full);
    EXPECT_NE(std::find(gone.begin(), gone.end(), path), gone.end()) << path;
    EXPECT_TRUE(delete_value(full, path)) << path << ": " << delete_value(full, path).error;
  }
}

TEST(Complete, NothingThrows) {
  std::mt19937 random{3};
  constexpr std::string_view kPieces[] = {
      "ethernets", "lan0", ".",      "[",   "]", "\"", "\\",      "routes",
      "+",         "30",   "static", "br0", "0", "\n", "bridges", "99999999999999999999"};
  for (int i = 0; i < 3000; ++i) {
    std::string typed;
    for (unsigned n = random() % 8; n > 0; --n) typed += kPieces[random() % std::size(kPieces)];
    for (const std::string& one : set(typed)) EXPECT_TRUE(one.starts_with(typed));
    for (const std::string& one : remove(typed)) EXPECT_TRUE(one.starts_with(typed));
    values(typed);
  }
}

}  // namespace
}  // namespace weir::config
