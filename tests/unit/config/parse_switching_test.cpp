// `vlans`, `bridges` and `mirrors`: what files mean, and to the letter what is wrong with others.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "config/parse.hpp"

namespace weir::config {
namespace {

using namespace std::chrono_literals;
using enum PacketRate::Kind;

Config parsed(const std::string& text) {
  const ParseResult result = parse_text(text, "lab.yaml");
  EXPECT_TRUE(result.config.has_value()) << result.findings.to_string();
  return result.config.value_or(Config{});
}

constexpr MacAddress mac(std::uint8_t last) { return {{0x02, 0, 0x5e, 0x10, 0, last}}; }

TEST(ParseSwitching, EveryKeyOfAVlan) {
  const Config config = parsed(R"(
ethernets: {lan0: {match: {linux: e0}, other-vlans: pass}, lan1: {match: {linux: e1}}}
vlans:
  lan0.10: {id: 10, link: lan0}
  inner: {id: 4094, link: lan0.10, protocol: 802.1ad, mtu: 1400, other-vlans: pass,
          addresses: [10.0.10.1/24]}
  other: {id: 1, link: lan1, protocol: "802.1q", mtu: auto, other-vlans: drop}
)");
  EXPECT_TRUE(config.ethernets.at(0).other_vlans);
  EXPECT_FALSE(config.ethernets.at(1).other_vlans);
  std::vector<Vlan> want(3);
  want[0] = {.name = "lan0.10", .id = 10, .link = "lan0"};
  want[1] = {.name = "inner",
             .id = 4094,
             .link = "lan0.10",
             .protocol = VlanProtocol::dot1ad,
             .mtu = 1400,
             .other_vlans = true,
             .addresses = {{Ipv4Address{10, 0, 10, 1}, 24}}};
  want[2] = {.name = "other", .id = 1, .link = "lan1"};
  EXPECT_EQ(config.vlans, want);
}

TEST(ParseSwitching, EveryKeyOfABridge) {
  const Config config = parsed(R"(
bridges:
  br10:
    interfaces:
      - lan0.10
      - {name: lan1, isolated: true, split-horizon: 1, learning: false, max-stations: 100,
         storm-control: {broadcast: 2.5%}, path-cost: 20000, port-priority: 64, edge: true,
         bpdu-guard: true, fast-leave: true}
      - {name: lan2, split-horizon: none, max-stations: auto, storm-control: auto,
         path-cost: auto, edge: auto}
    mac: "02:00:5e:10:00:0a"
    mtu: 1400
    addresses: [10.0.10.1/24]
    mac-table: {max: 1000, max-per-interface: 500, ageing: 10m}
    storm-control: {broadcast: 0.25%, multicast: 1.5kpps, unknown-unicast: none}
    static: [{mac: "02:00:5e:10:00:10", interface: lan1}]
    spanning-tree: {mode: rstp, priority: 4096, hello-time: 1s, forward-delay: 4s, max-age: 6s}
    igmp-snooping: {enabled: false, querier: on, query-interval: 60s}
)");
  Bridge want;
  want.name = "br10";
  want.members.resize(3);
  want.members[0].interface = "lan0.10";
  BridgeMember& member = want.members[1];
  member.interface = "lan1";
  member.isolated = true;
  member.split_horizon = 1;
  member.learning = false;
  member.max_stations = 100;
  member.storm_control = StormControl{{percent, 250}, {pps, 1500}, {unlimited, 0}};
  member.path_cost = 20000;
  member.port_priority = 64;
  member.edge = BridgeMember::Edge::yes;
  member.bpdu_guard = member.fast_leave = true;
  want.members[2].interface = "lan2";
  want.mac = mac(0x0a);
  want.mtu = 1400;
  want.addresses = {{Ipv4Address{10, 0, 10, 1}, 24}};
  want.mac_table = {.max = 1000, .max_per_interface = 500, .ageing = 600s};
  want.storm_control = {{percent, 25}, {pps, 1500}, {unlimited, 0}};
  want.statics = {{.mac = mac(0x10), .interface = "lan1"}};
  want.spanning_tree = {true, 4096, 1s, 4s, 6s, {}};
  want.igmp_snooping = {false, IgmpSnooping::Querier::on, 60s};
  EXPECT_EQ(config.bridges, std::vector{want});
}

TEST(ParseSwitching, DefaultsAndShortForms) {
  const Config config = parsed(R"(
bridges:
  empty:
  short: {spanning-tree: rstp, igmp-snooping: false, mac: auto, mtu: auto, interfaces: }
  none: {spanning-tree: none, mac-table: {ageing: never}}
  small: {mac-table: {max: 100}}
)");
  ASSERT_EQ(config.bridges.size(), 4u);
  Bridge want;
  want.name = "empty";
  EXPECT_EQ(config.bridges[0], want);
  want.name = "short";
  want.spanning_tree.enabled = true;
  want.igmp_snooping.enabled = false;
  EXPECT_EQ(config.bridges[1], want);
  EXPECT_FALSE(config.bridges[2].spanning_tree.enabled);
  EXPECT_EQ(config.bridges[2].mac_table.ageing, 0s);
  EXPECT_EQ(config.bridges[3].mac_table.max_per_interface, 100u) << "no more than fit";
}

TEST(ParseSwitching, TrunksBecomeVlansAndMembers) {
  const Config config = parsed(
      "bridges:\n"
      "  br10:\n"
      "    interfaces: [lan1, {name: lan2.10, edge: true}]\n"
      "    vlan: 10\n"
      "    trunks: [lan0,\n"
      "             lan2, lan3]\n"
      "  br20: {vlan: 20, trunks: [lan0]}\n"
      "vlans:\n"
      "  voice: {id: 10, link: lan3, mtu: 1400}\n");
  const auto members = [](const Bridge& bridge) {
    std::vector<std::string> names;
    for (const BridgeMember& member : bridge.members) names.push_back(member.interface);
    return names;
  };
  using Names = std::vector<std::string>;
  ASSERT_EQ(config.bridges.size(), 2u);
  EXPECT_EQ(members(config.bridges[0]), (Names{"lan1", "lan2.10", "lan0.10", "voice"}))
      << "one with settings stays as it is, a VLAN of that id and link is taken";
  EXPECT_EQ(config.bridges[0].members[1].edge, BridgeMember::Edge::yes);
  EXPECT_EQ(members(config.bridges[1]), Names{"lan0.20"});
  std::vector<Vlan> want(4);
  want[0] = {.name = "voice", .id = 10, .link = "lan3", .mtu = 1400};
  want[1] = {.name = "lan0.10", .id = 10, .link = "lan0"};
  want[2] = {.name = "lan2.10", .id = 10, .link = "lan2"};
  want[3] = {.name = "lan0.20", .id = 20, .link = "lan0"};
  EXPECT_EQ(config.vlans, want);
  EXPECT_EQ(config.vlans[2].source.line, 6);
  EXPECT_EQ(config.vlans[2].link_source.column, 14);
}

TEST(ParseSwitching, Mirrors) {
  const Config config = parsed(R"(
mirrors:
  - {from: lan0, to: lan3}
  - {from: br10, direction: in, file: /var/tmp/br10.pcapng, max-size: 100M}
  - {from: lan1, direction: out, file: /x}
)");
  using enum Mirror::Direction;
  std::vector<Mirror> want(3);
  want[0] = {.from = "lan0", .to = "lan3"};
  want[1] = {
      .from = "br10", .direction = in, .file = "/var/tmp/br10.pcapng", .max_bytes = 100u << 20};
  want[2] = {.from = "lan1", .direction = out, .file = "/x", .max_bytes = 1u << 30};
  EXPECT_EQ(config.mirrors, want);
}

TEST(ParseSwitching, PlacesAreRemembered) {
  const Config config = parsed(
      "vlans:\n"
      "  v: {id: 1, link: a, mtu: 1000, addresses: [10.0.0.1/8]}\n"
      "bridges:\n"
      "  b:\n"
      "    interfaces: [v, {name: c}]\n"
      "    mac-table: {max: 9, max-per-interface: 9}\n"
      "    static: [{mac: \"02:00:00:00:00:01\", interface: c}]\n"
      "    spanning-tree: rstp\n"
      "mirrors: [{from: b, to: d}]\n");
  const auto at = [](SourceRef source) { return std::pair{source.line, source.column}; };
  const Vlan& vlan = config.vlans.at(0);
  EXPECT_EQ(at(vlan.source), std::pair(2, 3));
  EXPECT_EQ(at(vlan.id_source), std::pair(2, 11));
  EXPECT_EQ(at(vlan.link_source), std::pair(2, 20));
  EXPECT_EQ(at(vlan.mtu_source), std::pair(2, 28));
  EXPECT_EQ(at(vlan.address_sources.at(0, {})), std::pair(2, 46));
  const Bridge& bridge = config.bridges.at(0);
  EXPECT_EQ(at(bridge.source), std::pair(4, 3));
  EXPECT_EQ(at(bridge.members.at(0).source), std::pair(5, 18));
  EXPECT_EQ(at(bridge.members.at(1).source), std::pair(5, 28));
  EXPECT_EQ(at(bridge.mac_table.source), std::pair(6, 44));
  EXPECT_EQ(at(bridge.statics.at(0).source), std::pair(7, 20));
  EXPECT_EQ(at(bridge.statics.at(0).interface_source), std::pair(7, 52));
  EXPECT_EQ(at(bridge.spanning_tree.source), std::pair(8, 20));
  EXPECT_EQ(at(config.mirrors.at(0).source), std::pair(9, 18));
  EXPECT_EQ(at(config.mirrors.at(0).to_source), std::pair(9, 25));
}

struct Row {
  std::string text;
  std::vector<std::string> findings;  // exactly these, without "lab.yaml:"
};

std::vector<Row> rows() {
  return {
      {"vlans: {v: {id: 10}}\n", {"1:12: error[F204]: vlans.v: lacks \"link\""}},
      {"vlans: {v: }\n",
       {"1:9: error[F204]: vlans.v: lacks \"id\"", "1:9: error[F204]: vlans.v: lacks \"link\""}},
      {"vlans: {v: {id: 0, link: a}}\n",
       {"1:17: error[F304]: vlans.v.id: 0 is out of range (1 to 4094)"}},
      {"vlans: {v: {id: 4095, link: a}}\n",
       {"1:17: error[F304]: vlans.v.id: 4095 is out of range (1 to 4094)"}},
      {"vlans: {v: {id: 10, lnk: a}}\n",
       {"1:12: error[F204]: vlans.v: lacks \"link\"",
        "1:21: error[F202]: unknown key \"lnk\" in vlans.v (did you mean link?)"}},
      {"vlans: {v: {id: 10, link: \"a b\"}}\n",
       {"1:27: error[F303]: vlans.v.link: \"a b\" is not an interface name (up to 32 letters, "
        "digits, . _ and -, a letter or digit first)"}},
      {"vlans: {v: {id: 1, link: a, protocol: 802.1d}}\n",
       {"1:39: error[F302]: vlans.v.protocol: expected one of 802.1q, 802.1ad, found \"802.1d\" "
        "(did you mean 802.1q?)"}},
      {"vlans: {v: {id: 1, link: a, mtu: 67}}\n",
       {"1:34: error[F304]: vlans.v.mtu: 67 is out of range (68 to 9600)"}},
      {"vlans: {v: {id: 1, link: a, other-vlans: keep}}\n",
       {"1:42: error[F302]: vlans.v.other-vlans: expected one of drop, pass, found \"keep\""}},
      {"vlans: {v: {id: 1, link: a, addresses: 10.0.0.1/8}}\n",
       {"1:40: error[F301]: vlans.v.addresses: expected a list, found \"10.0.0.1/8\" (in brackets: "
        "[10.0.0.1/8])"}},
      {"vlans: [v]\n",
       {"1:8: error[F301]: vlans: expected a map, found a list (KEY: VALUE lines, indented, or "
        "{KEY: VALUE, ...})"}},
      {"vlans: {\"v 1\": {id: 1, link: a}}\n",
       {"1:9: error[F303]: vlans: \"v 1\" is not an interface name (up to 32 letters, digits, . _ "
        "and -, a letter or digit first)"}},
      {"ethernets: {a: {match: {linux: e0}, other-vlans: true}}\n",
       {"1:50: error[F302]: ethernets.a.other-vlans: expected one of drop, pass, found \"true\""}},
      {"bridges: [b]\n",
       {"1:10: error[F301]: bridges: expected a map, found a list (KEY: VALUE lines, indented, or "
        "{KEY: VALUE, ...})"}},
      {"bridges: {b: {ports: [a]}}\n",
       {"1:15: error[F202]: unknown key \"ports\" in bridges.b (known: interfaces, mac, mtu, zone, "
        "addresses, mac-table, storm-control, static, spanning-tree, igmp-snooping, vlan, trunks, "
        "neighbors)"}},
      {"bridges: {b: {interfaces: a}}\n",
       {"1:27: error[F301]: bridges.b.interfaces: expected a list, found \"a\" (in brackets: "
        "[a])"}},
      {"bridges: {b: {interfaces: [[a]]}}\n",
       {"1:28: error[F301]: bridges.b.interfaces[0]: expected an interface, found a list (its "
        "name, or {name: NAME, ...})"}},
      {"bridges: {b: {interfaces: [{edge: true}]}}\n",
       {"1:28: error[F204]: bridges.b.interfaces[0]: lacks \"name\""}},
      {"bridges: {b: {interfaces: [\"a b\"]}}\n",
       {"1:28: error[F303]: bridges.b.interfaces[0]: \"a b\" is not an interface name (up to 32 "
        "letters, digits, . _ and -, a letter or digit first)"}},
      {"bridges: {b: {interfaces: [{name: a, isolate: true}]}}\n",
       {"1:38: error[F202]: unknown key \"isolate\" in bridges.b.interfaces[0] (did you mean "
        "isolated?)"}},
      {"bridges: {b: {interfaces: [{name: a, split-horizon: 0}]}}\n",
       {"1:53: error[F304]: bridges.b.interfaces[0].split-horizon: 0 is out of range (1 to 255)"}},
      {"bridges: {b: {interfaces: [{name: a, split-horizon: 256}]}}\n",
       {"1:53: error[F304]: bridges.b.interfaces[0].split-horizon: 256 is out of range (1 to "
        "255)"}},
      {"bridges: {b: {interfaces: [{name: a, max-stations: 0}]}}\n",
       {"1:52: error[F304]: bridges.b.interfaces[0].max-stations: 0 is out of range (1 to "
        "4194304)"}},
      {"bridges: {b: {interfaces: [{name: a, max-stations: 4194305}]}}\n",
       {"1:52: error[F304]: bridges.b.interfaces[0].max-stations: 4194305 is out of range (1 to "
        "4194304)"}},
      {"bridges: {b: {interfaces: [{name: a, path-cost: 0}]}}\n",
       {"1:49: error[F304]: bridges.b.interfaces[0].path-cost: 0 is out of range (1 to "
        "200000000)"}},
      {"bridges: {b: {interfaces: [{name: a, path-cost: 200000001}]}}\n",
       {"1:49: error[F304]: bridges.b.interfaces[0].path-cost: 200000001 is out of range (1 to "
        "200000000)"}},
      {"bridges: {b: {interfaces: [{name: a, port-priority: 100}]}}\n",
       {"1:53: error[F305]: bridges.b.interfaces[0].port-priority: 100 is not a multiple of 16 "
        "(did you mean 96?)"}},
      {"bridges: {b: {interfaces: [{name: a, port-priority: 256}]}}\n",
       {"1:53: error[F304]: bridges.b.interfaces[0].port-priority: 256 is out of range (0 to "
        "240)"}},
      {"bridges: {b: {interfaces: [{name: a, edge: yes}]}}\n",
       {"1:44: error[F302]: bridges.b.interfaces[0].edge: expected one of auto, true, false, found "
        "\"yes\""}},
      {"bridges: {b: {interfaces: [{name: a, learning: 1}]}}\n",
       {"1:48: error[F301]: bridges.b.interfaces[0].learning: expected true or false, found "
        "\"1\""}},
      {"bridges: {b: {interfaces: [{name: a, storm-control: 1%}]}}\n",
       {"1:53: error[F301]: bridges.b.interfaces[0].storm-control: expected a map, found \"1%\" "
        "(KEY: VALUE lines, indented, or {KEY: VALUE, ...})"}},
      {"bridges: {b: {mac: x}}\n",
       {"1:20: error[F303]: bridges.b.mac: \"x\" is not a MAC address (such as "
        "02:00:5e:10:00:09)"}},
      {"bridges: {b: {mtu: 9601}}\n",
       {"1:20: error[F304]: bridges.b.mtu: 9601 is out of range (68 to 9600)"}},
      {"bridges: {b: {addresses: [10.0.0.1]}}\n",
       {"1:27: error[F307]: bridges.b.addresses[0]: \"10.0.0.1\" lacks its prefix length (such as "
        "10.0.0.1/24)"}},
      {"bridges: {b: {mac-table: {max: 0}}}\n",
       {"1:32: error[F304]: bridges.b.mac-table.max: 0 is out of range (1 to 4194304)"}},
      {"bridges: {b: {mac-table: {max: 4194305}}}\n",
       {"1:32: error[F304]: bridges.b.mac-table.max: 4194305 is out of range (1 to 4194304)"}},
      {"bridges: {b: {mac-table: {max-per-interfaces: 1}}}\n",
       {"1:27: error[F202]: unknown key \"max-per-interfaces\" in bridges.b.mac-table (did you "
        "mean max-per-interface?)"}},
      {"bridges: {b: {mac-table: {ageing: 9s}}}\n",
       {"1:35: error[F304]: bridges.b.mac-table.ageing: 9s is out of range (10s to 1000000s)"}},
      {"bridges: {b: {mac-table: {ageing: 300}}}\n",
       {"1:35: error[F303]: bridges.b.mac-table.ageing: expected a time, found \"300\" (with its "
        "unit: 300s?)"}},
      {"bridges: {b: {mac-table: {ageing: 1000001s}}}\n",
       {"1:35: error[F304]: bridges.b.mac-table.ageing: 1000001s is out of range (10s to "
        "1000000s)"}},
      {"bridges: {b: {storm-control: {broadcast: 0%}}}\n",
       {"1:42: error[F304]: bridges.b.storm-control.broadcast: \"0%\" is out of range (0.01% to "
        "100% of the line rate, 1pps to 1000Mpps (pps, kpps, Mpps), or none)"}},
      {"bridges: {b: {storm-control: {broadcast: 101%}}}\n",
       {"1:42: error[F303]: bridges.b.storm-control.broadcast: \"101%\" is not a rate (0.01% to "
        "100% of the line rate, 1pps to 1000Mpps (pps, kpps, Mpps), or none)"}},
      {"bridges: {b: {storm-control: {broadcast: 0.001%}}}\n",
       {"1:42: error[F303]: bridges.b.storm-control.broadcast: \"0.001%\" is not a rate (0.01% to "
        "100% of the line rate, 1pps to 1000Mpps (pps, kpps, Mpps), or none)"}},
      {"bridges: {b: {storm-control: {multicast: 1001Mpps}}}\n",
       {"1:42: error[F304]: bridges.b.storm-control.multicast: \"1001Mpps\" is out of range (0.01% "
        "to 100% of the line rate, 1pps to 1000Mpps (pps, kpps, Mpps), or none)"}},
      {"bridges: {b: {storm-control: {multicast: 100}}}\n",
       {"1:42: error[F303]: bridges.b.storm-control.multicast: \"100\" is not a rate (0.01% to "
        "100% of the line rate, 1pps to 1000Mpps (pps, kpps, Mpps), or none)"}},
      {"bridges: {b: {storm-control: {unknown: 1%}}}\n",
       {"1:31: error[F202]: unknown key \"unknown\" in bridges.b.storm-control (known: broadcast, "
        "multicast, unknown-unicast)"}},
      {"bridges: {b: {static: [{mac: \"02:00:00:00:00:01\"}]}}\n",
       {"1:24: error[F204]: bridges.b.static[0]: lacks \"interface\""}},
      {"bridges: {b: {static: {mac: \"02:00:00:00:00:01\", interface: a}}}\n",
       {"1:23: error[F301]: bridges.b.static: expected a list, found a map (- {mac: MAC, "
        "interface: NAME})"}},
      {"bridges: {b: {spanning-tree: stp}}\n",
       {"1:30: error[F302]: bridges.b.spanning-tree: expected one of none, rstp, found \"stp\" "
        "(did you mean rstp?)"}},
      {"bridges: {b: {spanning-tree: true}}\n",
       {"1:30: error[F302]: bridges.b.spanning-tree: expected one of none, rstp, found \"true\""}},
      {"bridges: {b: {spanning-tree: {priority: 4096}}}\n",
       {"1:30: error[F204]: bridges.b.spanning-tree: lacks \"mode\" (mode: rstp, or mode: none)"}},
      {"bridges: {b: {spanning-tree: {mode: rstp, priority: 5000}}}\n",
       {"1:53: error[F305]: bridges.b.spanning-tree.priority: 5000 is not a multiple of 4096 (did "
        "you mean 4096?)"}},
      {"bridges: {b: {spanning-tree: {mode: rstp, priority: 65536}}}\n",
       {"1:53: error[F304]: bridges.b.spanning-tree.priority: 65536 is out of range (0 to 61440)"}},
      {"bridges: {b: {spanning-tree: {mode: rstp, hello-time: 11s}}}\n",
       {"1:55: error[F304]: bridges.b.spanning-tree.hello-time: 11s is out of range (1s to 10s)"}},
      {"bridges: {b: {spanning-tree: {mode: rstp, forward-delay: 3s}}}\n",
       {"1:58: error[F304]: bridges.b.spanning-tree.forward-delay: 3s is out of range (4s to "
        "30s)"}},
      {"bridges: {b: {spanning-tree: {mode: rstp, max-age: 41s}}}\n",
       {"1:52: error[F304]: bridges.b.spanning-tree.max-age: 41s is out of range (6s to 40s)"}},
      {"bridges: {b: {spanning-tree: {mod: rstp}}}\n",
       {"1:31: error[F202]: unknown key \"mod\" in bridges.b.spanning-tree (did you mean mode?)"}},
      {"bridges: {b: {igmp-snooping: on}}\n",
       {"1:30: error[F301]: bridges.b.igmp-snooping: expected true or false, found \"on\""}},
      {"bridges: {b: {igmp-snooping: {querier: true}}}\n",
       {"1:40: error[F302]: bridges.b.igmp-snooping.querier: expected one of auto, on, off, found "
        "\"true\""}},
      {"bridges: {b: {igmp-snooping: {query-interval: 10s}}}\n",
       {"1:47: error[F304]: bridges.b.igmp-snooping.query-interval: 10s is out of range (11s to "
        "31744s)"}},
      {"bridges: {b: {igmp-snooping: {query-interval: 31745s}}}\n",
       {"1:47: error[F304]: bridges.b.igmp-snooping.query-interval: 31745s is out of range (11s to "
        "31744s)"}},
      {"bridges: {b: {vlan: 10}}\n",
       {"1:21: error[F205]: bridges.b.vlan: means nothing without trunks (such as trunks: "
        "[lan0])"}},
      {"bridges: {b: {trunks: [a]}}\n",
       {"1:23: error[F205]: bridges.b.trunks: means nothing without vlan (such as vlan: 10)"}},
      {"bridges: {b: {vlan: 0, trunks: [a]}}\n",
       {"1:21: error[F304]: bridges.b.vlan: 0 is out of range (1 to 4094)"}},
      {"bridges: {b: {vlan: 10, trunks: a}}\n",
       {"1:33: error[F301]: bridges.b.trunks: expected a list, found \"a\" (in brackets: [a])"}},
      {"bridges: {b: {vlan: 10, trunks: [a, c, a]}}\n",
       {"1:40: error[B104]: bridges.b.trunks[2]: \"a\" is given twice (each once)"}},
      {"bridges: {b: {vlan: 4094, trunks: [abcdefghijklmnopqrstuvwxyz01]}}\n",
       {"1:36: error[V107]: bridges.b.trunks[0]: \"abcdefghijklmnopqrstuvwxyz01.4094\" is too long "
        "a name for its VLAN (up to 32, or name it in vlans)"}},
      {"vlans: {a.10: {id: 11, link: a}}\nbridges: {b: {vlan: 10, trunks: [a]}}\n",
       {"2:34: error[V107]: bridges.b.trunks[0]: vlans has a.10, which is not VLAN 10 of a (give "
        "that one another name)"}},
      {"mirrors: {from: a, to: b}\n",
       {"1:10: error[F301]: mirrors: expected a list, found a map (- {from: NAME, to: PORT})"}},
      {"mirrors: [{to: b}]\n", {"1:11: error[F204]: mirrors[0]: lacks \"from\""}},
      {"mirrors: [{from: a}]\n",
       {"1:11: error[F204]: mirrors[0]: says no target (one of to: PORT, file: PATH)"}},
      {"mirrors: [{from: a, to: b, file: /x}]\n",
       {"1:11: error[F205]: mirrors[0]: says two targets (one of to: PORT, file: PATH)"}},
      {"mirrors: [{from: a, to: b, direction: rx}]\n",
       {"1:39: error[F302]: mirrors[0].direction: expected one of in, out, both, found \"rx\""}},
      {"mirrors: [{from: a, file: x.pcapng}]\n",
       {"1:27: error[F303]: mirrors[0].file: \"x.pcapng\" is not an absolute path of a file (such "
        "as /var/tmp/lan0.pcapng, up to 4095 bytes)"}},
      {"mirrors: [{from: a, file: /tmp/}]\n",
       {"1:27: error[F303]: mirrors[0].file: \"/tmp/\" is not an absolute path of a file (such as "
        "/var/tmp/lan0.pcapng, up to 4095 bytes)"}},
      {"mirrors: [{from: a, to: b, max-size: 1M}]\n",
       {"1:38: error[F205]: mirrors[0].max-size: only for a file (remove it)"}},
      {"mirrors: [{from: a, file: /x, max-size: 1K}]\n",
       {"1:41: error[F304]: mirrors[0].max-size: 1K is out of range (1M to 1024G)"}},
      {"mirrors: [{from: a, file: /x, max-size: 1025G}]\n",
       {"1:41: error[F304]: mirrors[0].max-size: 1025G is out of range (1M to 1024G)"}},
      {"mirrors: [{from: a, too: b}]\n",
       {"1:21: error[F202]: unknown key \"too\" in mirrors[0] (did you mean to?)"}},
      {"mirrors: [a]\n",
       {"1:11: error[F301]: mirrors[0]: expected a map, found \"a\" (KEY: VALUE lines, indented, "
        "or {KEY: VALUE, ...})"}},
  };
}

TEST(ParseSwitching, EveryFindingWithItsPlace) {
  for (const Row& row : rows()) {
    SCOPED_TRACE(row.text);
    const ParseResult result = parse_text(row.text, "lab.yaml");
    EXPECT_FALSE(result.config.has_value());
    std::vector<std::string> lines;
    for (const Finding& finding : result.findings.list()) {
      lines.push_back(to_string(finding).substr(std::string{"lab.yaml:"}.size()));
    }
    EXPECT_EQ(lines, row.findings);
  }
}

}  // namespace
}  // namespace weir::config
