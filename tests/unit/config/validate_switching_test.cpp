// VLANs, bridges and mirrors whose values are each well-formed, and wrong side by side.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "config/limits.hpp"
#include "config/text.hpp"
#include "config/validate.hpp"

namespace weir::config {
namespace {

/// Lines 1 to 4, without findings of their own when each port has a job.
const std::string kPorts =
    "ethernets:\n"
    "  a: {match: {linux: e0}}\n"
    "  b: {match: {linux: e1}}\n"
    "  c: {match: {linux: e2, method: af-xdp}, addresses: [10.0.1.1/24]}\n";

struct Row {
  std::string name;
  std::string text;                   // after kPorts: from line 5 on
  std::vector<std::string> findings;  // exactly these, without "lab.yaml:"
};

std::vector<std::string> lint(const std::string& text) {
  const ParseResult result = parse_text(text, "lab.yaml");
  EXPECT_TRUE(result.config.has_value()) << result.findings.to_string();
  std::vector<std::string> lines;
  if (!result) return lines;
  const Findings findings = validate(*result.config);
  for (const Finding& finding : findings.list()) {
    lines.push_back(to_string(finding).substr(std::string{"lab.yaml:"}.size()));
  }
  return lines;
}

std::vector<Row> rows() {
  return {
      {"a switch", "bridges: {br: {interfaces: [a, b]}}\n", {}},
      {"a router on a stick",
       "vlans: {v1: {id: 1, link: a, addresses: [10.0.2.1/24]}, v2: {id: 2, link: b, addresses: "
       "[10.0.3.1/24]}}\n",
       {}},
      {"stacked tags",
       "vlans: {s: {id: 1, link: c, protocol: 802.1ad}, c1: {id: 1, link: s, addresses: "
       "[10.0.2.1/24]}}\n"
       "bridges: {br: {interfaces: [a, b]}}\n",
       {}},
      {"an unused VLAN",
       "bridges: {br: {interfaces: [a, b]}}\n"
       "vlans: {v: {id: 1, link: c}}\n",
       {"6:9: warning[P105]: v has no address: nothing is routed to or from it (such as addresses: "
        "[192.0.2.1/24])"}},
      {"one name for a port and a VLAN",
       "bridges: {br: {interfaces: [a, b]}}\n"
       "vlans: {a: {id: 1, link: c, addresses: [10.0.2.1/24]}}\n",
       {"6:9: error[P103]: interface a appears twice (first in line 2)"}},
      {"one name for a VLAN and a bridge",
       "vlans: {br: {id: 1, link: c, addresses: [10.0.2.1/24]}}\n"
       "bridges: {br: {interfaces: [a, b]}}\n",
       {"6:11: error[P103]: interface br appears twice (first in line 5)"}},
      {"link of a near name",
       "bridges: {br: {interfaces: [a, b]}}\n"
       "vlans: {v: {id: 1, link: d, addresses: [10.0.2.1/24]}}\n",
       {"6:26: error[P104]: no interface \"d\" (did you mean a?)"}},
      {"link that is a bridge",
       "bridges: {br: {interfaces: [a, b]}}\n"
       "vlans: {v: {id: 1, link: br, addresses: [10.0.2.1/24]}}\n",
       {"6:26: error[V101]: br is a bridge, which has no tags (make a bridge for each VLAN, of "
        "VLANs of ports)"}},
      {"three tags",
       "bridges: {br: {interfaces: [a, b]}}\n"
       "vlans:\n"
       "  v1: {id: 1, link: c}\n"
       "  v2: {id: 2, link: v1}\n"
       "  v3: {id: 3, link: v2, addresses: [10.0.2.1/24]}\n",
       {"9:21: error[V103]: v3 would have three tags (v2 has two already, which is the most)"}},
      {"behind itself",
       "bridges: {br: {interfaces: [a, b]}}\n"
       "vlans:\n"
       "  v1: {id: 1, link: v1}\n",
       {"7:21: error[V102]: v1 is behind itself (its link leads back to it; in the end there must "
        "be a port)"}},
      {"a loop of links",
       "bridges: {br: {interfaces: [a, b]}}\n"
       "vlans:\n"
       "  v1: {id: 1, link: v2}\n"
       "  v2: {id: 2, link: v3}\n"
       "  v3: {id: 3, link: v1}\n",
       {"7:21: error[V102]: v1 is behind itself (its link leads back to it; in the end there must "
        "be a port)",
        "8:21: error[V102]: v2 is behind itself (its link leads back to it; in the end there must "
        "be a port)",
        "9:21: error[V102]: v3 is behind itself (its link leads back to it; in the end there must "
        "be a port)"}},
      {"one id twice on a link",
       "bridges: {br: {interfaces: [a, b]}}\n"
       "vlans:\n"
       "  v1: {id: 1, link: c, addresses: [10.0.2.1/24]}\n"
       "  v2: {id: 1, link: c, addresses: [10.0.3.1/24]}\n",
       {"8:12: error[V104]: VLAN 1 of c is already v1 (each id once on a link)"}},
      {"one id on two links",
       "vlans:\n"
       "  v1: {id: 1, link: a, addresses: [10.0.2.1/24]}\n"
       "  v2: {id: 1, link: b, addresses: [10.0.3.1/24]}\n",
       {}},
      {"service tag inside",
       "bridges: {br: {interfaces: [a, b]}}\n"
       "vlans:\n"
       "  v1: {id: 1, link: c}\n"
       "  v2: {id: 2, link: v1, protocol: 802.1ad, addresses: [10.0.2.1/24]}\n",
       {"8:3: warning[V105]: v2 has its 802.1ad tag inside v1's 802.1q tag (service tags are the "
        "outer ones: IEEE 802.1Q-2018 clause 15)"}},
      {"service tag on AF_PACKET",
       "vlans: {v: {id: 1, link: a, protocol: 802.1ad}}\n"
       "bridges: {br: {interfaces: [v, b]}}\n",
       {"5:9: warning[V106]: v: AF_PACKET, which method: auto may mean, does not tell 802.1ad's "
        "tags from 802.1Q's: outer tags leave as 0x8100 (method: af-xdp for a)"}},
      {"mtu beyond the link's",
       "bridges: {br: {interfaces: [a, b]}}\n"
       "vlans:\n"
       "  v1: {id: 1, link: c, mtu: 1400}\n"
       "  v2: {id: 2, link: v1, mtu: 1401, addresses: [10.0.2.1/24]}\n"
       "  v3: {id: 3, link: c, mtu: 1501, addresses: [10.0.3.1/24]}\n",
       {"8:30: error[P109]: mtu 1401 is more than v1's 1400 (mtu: 1400, or less)",
        "9:29: error[P109]: mtu 1501 is more than c's 1500 (mtu: 1500, or less)"}},
      {"mtu of the link's link",
       "bridges: {br: {interfaces: [a, b]}}\n"
       "vlans:\n"
       "  v1: {id: 1, link: c}\n"
       "  v2: {id: 2, link: v1, mtu: 1501, addresses: [10.0.2.1/24]}\n",
       {"8:30: error[P109]: mtu 1501 is more than v1's 1500 (mtu: 1500, or less)"}},
      {"overlap of a VLAN's subnet",
       "bridges: {br: {interfaces: [a, b]}}\n"
       "vlans: {v: {id: 1, link: c, addresses: [10.0.1.2/25]}}\n",
       {"6:41: error[A104]: 10.0.1.2/25 overlaps c's 10.0.1.1/24 (each interface needs a subnet of "
        "its own)"}},
      {"address of a VLAN and a bridge",
       "vlans: {v: {id: 1, link: c, addresses: [10.0.2.1/24]}}\n"
       "bridges: {br: {interfaces: [a, b], addresses: [10.0.2.1/24]}}\n",
       {"6:48: error[A103]: 10.0.2.1 is already v's (first in line 5)"}},
      {"network address of a bridge",
       "bridges: {br: {interfaces: [a, b], addresses: [10.0.2.0/24]}}\n",
       {"5:48: error[A102]: 10.0.2.0/24 is the network address of its subnet (hosts: 10.0.2.1 to "
        "10.0.2.254)"}},
      {"member of a near name",
       "bridges: {br: {interfaces: [a, b, lan0]}}\n",
       {"5:35: error[P104]: no interface \"lan0\" (known: a, b, c)"}},
      {"member that is a bridge",
       "bridges: {br: {interfaces: [a, b]}, br2: {interfaces: [br]}}\n",
       {"5:56: error[B102]: br is a bridge (a bridge's interfaces are ports and VLANs)"}},
      {"member twice",
       "bridges: {br: {interfaces: [a, b, a]}}\n",
       {"5:35: error[B104]: a is given twice (each once)"}},
      {"member of two bridges",
       "bridges: {br1: {interfaces: [a, b]}, br2: {interfaces: [b]}}\n",
       {"5:57: error[B103]: b is already br1's (each interface belongs to one bridge)"}},
      {"member with addresses",
       "bridges: {br: {interfaces: [a, b, c]}}\n",
       {"5:35: error[B105]: c has addresses, and belongs to br (put them on the bridge: addresses: "
        "[10.0.1.1/24])"}},
      {"no members",
       "bridges: {br: {interfaces: [a, b]}, br2: {addresses: [10.0.2.1/24]}}\n",
       {"5:37: warning[B101]: br2 has no interfaces: it is never up (such as interfaces: [lan0, "
        "lan1])"}},
      {"bridge of the port and its VLAN",
       "bridges: {br: {interfaces: [a, b, v]}}\n"
       "vlans: {v: {id: 1, link: a}}\n",
       {"5:35: warning[B106]: br has a and its VLAN v: frames leak between the two (right only to "
        "translate tags)"}},
      {"bridge of the port and a VLAN in its VLAN",
       "bridges: {br: {interfaces: [a, b, v2]}}\n"
       "vlans: {v1: {id: 1, link: a}, v2: {id: 2, link: v1}}\n",
       {"5:35: warning[B106]: br has a and its VLAN v2: frames leak between the two (right only to "
        "translate tags)"}},
      {"port and VLAN in two bridges",
       "bridges: {native: {interfaces: [a, b]}, br: {vlan: 1, trunks: [a, b]}}\n",
       {}},
      {"trunks of unknown ports",
       "bridges: {br: {interfaces: [a, b], vlan: 7, trunks: [trunk]}}\n",
       {"5:54: error[P104]: no interface \"trunk\" (known: a, b, c, trunk.7)"}},
      {"bridge mtu beyond a member's",
       "bridges:\n"
       "  br: {interfaces: [a, v], mtu: 1501}\n"
       "vlans: {v: {id: 1, link: b, mtu: 1500}}\n",
       {"6:33: error[P109]: mtu 1501 is more than a's 1500 (mtu: 1500, or less)"}},
      {"members of different mtu",
       "bridges:\n"
       "  br: {interfaces: [a, v], mtu: 1400}\n"
       "vlans: {v: {id: 1, link: b, mtu: 1400}}\n",
       {"6:24: warning[B107]: v's mtu 1400 is not a's 1500: what does not fit is dropped (the same "
        "mtu on all of them)"}},
      {"bridge mtu beyond the smallest",
       "bridges:\n"
       "  br: {interfaces: [a, v], mtu: 1500}\n"
       "vlans: {v: {id: 1, link: b, mtu: 1400}}\n",
       {"6:24: warning[B107]: v's mtu 1400 is not a's 1500: what does not fit is dropped (the same "
        "mtu on all of them)",
        "6:33: error[P109]: mtu 1500 is more than v's 1400 (mtu: 1400, or less)"}},
      {"MAC of a port and a bridge",
       "bridges: {br: {interfaces: [a, b], mac: \"02:00:00:00:00:01\"}, br2: {interfaces: [v], "
       "mac: \"02:00:00:00:00:01\"}}\n"
       "vlans: {v: {id: 1, link: a}}\n",
       {"5:91: warning[P107]: MAC 02:00:00:00:00:01 is also br's (right only if they are never on "
        "one link)"}},
      {"multicast MAC of a bridge",
       "bridges: {br: {interfaces: [a, b], mac: \"01:00:00:00:00:01\"}}\n",
       {"5:41: error[P106]: 01:00:00:00:00:01 is a multicast address, not one of a bridge (the "
        "first byte must be even, such as 02:00:5e:10:00:09)"}},
      {"max-per-interface beyond max",
       "bridges:\n"
       "  br:\n"
       "    interfaces: [a, b]\n"
       "    mac-table: {max: 100, max-per-interface: 101}\n",
       {"8:46: error[B108]: max-per-interface 101 is more than max 100 (max-per-interface: 100, or "
        "less)"}},
      {"max-stations beyond max",
       "bridges:\n"
       "  br:\n"
       "    interfaces: [a, {name: b, max-stations: 101}]\n"
       "    mac-table: {max: 100}\n",
       {"7:45: error[B108]: b's max-stations 101 is more than mac-table.max 100 (max-stations: "
        "100, or less)"}},
      {"stations of all bridges",
       "bridges:\n"
       "  br: {interfaces: [a], mac-table: {max: 4194304}}\n"
       "  br2: {interfaces: [b]}\n",
       {"7:3: error[B108]: mac-tables up to br2's would hold 4210688 stations (at most 4194304 in "
        "all bridges together)"}},
      {"static station elsewhere",
       "bridges:\n"
       "  br:\n"
       "    interfaces: [a, b]\n"
       "    static: [{mac: \"02:00:00:00:00:01\", interface: c}]\n",
       {"8:52: error[B109]: \"c\" is no interface of br (did you mean b?)"}},
      {"static station that is a group",
       "bridges:\n"
       "  br:\n"
       "    interfaces: [a, b]\n"
       "    static: [{mac: \"33:33:00:00:00:01\", interface: a}]\n",
       {"8:20: error[P106]: 33:33:00:00:00:01 is a multicast address, not one of a station (the "
        "first byte must be even, such as 02:00:5e:10:00:10)"}},
      {"static station that is nothing",
       "bridges:\n"
       "  br:\n"
       "    interfaces: [a, b]\n"
       "    static: [{mac: \"00:00:00:00:00:00\", interface: a}]\n",
       {"8:20: error[P106]: 00:00:00:00:00:00 is no address at all, not one of a station (the "
        "first byte must be even, such as 02:00:5e:10:00:10)"}},
      {"static station twice",
       "bridges:\n"
       "  br:\n"
       "    interfaces: [a, b]\n"
       "    static:\n"
       "      - {mac: \"02:00:00:00:00:01\", interface: a}\n"
       "      - {mac: \"02:00:00:00:00:01\", interface: b}\n",
       {"10:15: error[B111]: station 02:00:00:00:00:01 is given twice (first in line 9)"}},
      {"one static station in two bridges",
       "bridges:\n"
       "  br: {interfaces: [a], static: [{mac: \"02:00:00:00:00:01\", interface: a}]}\n"
       "  br2: {interfaces: [b], static: [{mac: \"02:00:00:00:00:01\", interface: b}]}\n",
       {}},
      {"static station that is the bridge",
       "bridges:\n"
       "  br:\n"
       "    interfaces: [a, b]\n"
       "    mac: \"02:00:00:00:00:01\"\n"
       "    static: [{mac: \"02:00:00:00:00:01\", interface: a}]\n",
       {"9:20: error[B110]: 02:00:00:00:00:01 is br's own (remove it)"}},
      {"more static stations than fit",
       "bridges:\n"
       "  br:\n"
       "    interfaces: [a, b]\n"
       "    mac-table: {max: 1}\n"
       "    static:\n"
       "      - {mac: \"02:00:00:00:00:01\", interface: a}\n"
       "      - {mac: \"02:00:00:00:00:02\", interface: b}\n",
       {"11:15: error[F308]: br has 2 static stations (at most 1)"}},
      {"forward delay too short",
       "bridges:\n"
       "  br:\n"
       "    interfaces: [a, b]\n"
       "    spanning-tree: {mode: rstp, forward-delay: 10s, max-age: 19s}\n",
       {"8:62: error[B112]: max-age 19s is more than 2 x (forward-delay 10s - 1s) (forward-delay: "
        "11s or more, 802.1D-2004 section 17.14)"}},
      {"forward delay just long enough",
       "bridges:\n"
       "  br:\n"
       "    interfaces: [a, b]\n"
       "    spanning-tree: {mode: rstp, forward-delay: 11s, max-age: 20s}\n",
       {}},
      {"max age too short",
       "bridges:\n"
       "  br:\n"
       "    interfaces: [a, b]\n"
       "    spanning-tree: {mode: rstp, hello-time: 3s, max-age: 7s}\n",
       {"8:58: error[B112]: max-age 7s is less than 2 x (hello-time 3s + 1s) (max-age: 8s or more, "
        "802.1D-2004 section 17.14)"}},
      {"max age just long enough",
       "bridges:\n"
       "  br:\n"
       "    interfaces: [a, b]\n"
       "    spanning-tree: {mode: rstp, hello-time: 3s, max-age: 8s}\n",
       {}},
      {"timers without spanning tree",
       "bridges:\n"
       "  br:\n"
       "    interfaces: [a, b]\n"
       "    spanning-tree: {mode: none, hello-time: 10s, max-age: 6s}\n",
       {}},
      {"mirror from nowhere",
       "bridges: {br: {interfaces: [b]}}\n"
       "mirrors: [{from: bb, to: a}]\n",
       {"6:18: error[P104]: no interface \"bb\" (did you mean b?)"}},
      {"mirror to nowhere",
       "bridges: {br: {interfaces: [a, b]}}\n"
       "mirrors: [{from: br, to: d}]\n",
       {"6:26: error[P104]: no interface \"d\" (did you mean a?)"}},
      {"mirror to a VLAN",
       "bridges: {br: {interfaces: [a, b]}}\n"
       "vlans: {v: {id: 1, link: c}}\n"
       "mirrors: [{from: a, to: v}]\n",
       {"7:25: error[M101]: v cannot take copies: it is a VLAN (a port without any other job, or "
        "file: PATH)"}},
      {"mirror to a bridge",
       "bridges: {br: {interfaces: [a, b]}}\n"
       "mirrors: [{from: a, to: br}]\n",
       {"6:25: error[M101]: br cannot take copies: it is a bridge (a port without any other job, "
        "or file: PATH)"}},
      {"mirror to a port with addresses",
       "bridges: {br: {interfaces: [a, b]}}\n"
       "mirrors: [{from: a, to: c}]\n",
       {"6:25: error[M101]: c cannot take copies: it has addresses (a port without any other job, "
        "or file: PATH)"}},
      {"mirror to a bridge's port",
       "bridges: {br: {interfaces: [a, b]}}\n"
       "mirrors: [{from: a, to: b}]\n",
       {"6:25: error[M101]: b cannot take copies: it belongs to br (a port without any other job, "
        "or file: PATH)"}},
      {"mirror to a port with VLANs",
       "bridges: {br: {interfaces: [a, v]}}\n"
       "vlans: {v: {id: 1, link: b}}\n"
       "mirrors: [{from: a, to: b}]\n",
       {"7:25: error[M101]: b cannot take copies: it has VLAN v (a port without any other job, or "
        "file: PATH)"}},
      {"mirror to a mirrored port",
       "bridges: {br: {interfaces: [b]}}\n"
       "mirrors: [{from: a, to: a}]\n",
       {"6:25: error[M101]: a cannot take copies: it is mirrored itself (a port without any other "
        "job, or file: PATH)"}},
      {"two mirrors to one port",
       "bridges: {br: {interfaces: [b]}}\n"
       "mirrors: [{from: b, to: a}, {from: c, to: a}]\n",
       {}},
      {"file of two mirrors",
       "bridges: {br: {interfaces: [a, b]}}\n"
       "mirrors:\n"
       "  - {from: a, file: /x}\n"
       "  - {from: b, file: /x}\n",
       {"8:21: error[M102]: file \"/x\" is given twice (each mirror writes a file of its own)"}},
      {"neighbour on a bridge",
       "bridges: {br: {interfaces: [a, b], addresses: [10.0.2.1/24]}}\n"
       "neighbors: {static: [{ip: 10.0.2.2, mac: \"02:00:00:00:00:01\", interface: br}]}\n"
       "routes: [{to: default, via: 10.0.2.2}]\n",
       {}},
      {"neighbour on a port instead of its bridge",
       "bridges: {br: {interfaces: [a, b], addresses: [10.0.2.1/24]}}\n"
       "neighbors: {static: [{ip: 10.0.2.2, mac: \"02:00:00:00:00:01\", interface: a}]}\n",
       {"6:74: error[N107]: neighbour 10.0.2.2 is on br's subnet, not on a's (interface: br)"}},
      {"neighbour on a VLAN's subnet",
       "bridges: {br: {interfaces: [a, b]}}\n"
       "vlans: {v: {id: 1, link: c, addresses: [10.0.2.1/24]}}\n"
       "neighbors: {static: [{ip: 10.0.2.2, mac: \"02:00:00:00:00:01\", interface: vv}]}\n",
       {"7:74: error[P104]: no interface \"vv\" (did you mean v?)"}},
  };
}

TEST(ValidateSwitching, EveryFindingWithItsPlace) {
  for (const Row& row : rows()) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(lint(kPorts + row.text), row.findings);
  }
}

TEST(ValidateSwitching, AfPacketLosesTags) {
  const auto text = [](const std::string& match) {
    return "ethernets:\n  a: {match: {" + match +
           "}, addresses: [10.0.1.1/24], other-vlans: pass}\n";
  };
  const auto warning = [](const std::string& who) {
    return std::vector<std::string>{"2:14: warning[V106]: a, other-vlans: pass: " + who +
                                    " does not tell 802.1ad's tags from 802.1Q's: outer tags leave "
                                    "as 0x8100 (method: af-xdp)"};
  };
  EXPECT_EQ(lint(text("linux: e0")), warning("AF_PACKET, which method: auto may mean,"));
  EXPECT_EQ(lint(text("linux: e0, method: af-packet")), warning("AF_PACKET"));
  EXPECT_EQ(lint(text("linux: e0, method: af-xdp")), std::vector<std::string>{});
  EXPECT_EQ(lint(text("vdev: net_null0")), std::vector<std::string>{});
}

TEST(ValidateSwitching, AddressesOfEveryKindAreCounted) {
  std::string list;
  for (int i = 1; i <= 65; ++i) list += cat(i > 1 ? ", " : "", "10.0.9.", i, "/24");
  EXPECT_EQ(lint(kPorts + "bridges: {br: {interfaces: [a, b], addresses: [" + list + "]}}\n"),
            std::vector<std::string>{"5:935: error[F308]: br has 65 addresses (at most 64)"});
}

std::string vlans(int count) {
  std::string text =
      "ethernets: {a: {match: {linux: e0}}}\nneighbors: {table: {max-pending: 1048576}}\nvlans:\n";
  for (int i = 1; i <= count; ++i) {
    text += cat("  v", i, ": {id: ", i, ", link: a, addresses: [10.", i / 256, '.', i % 256,
                ".1/24]}\n");
  }
  return text;
}

TEST(ValidateSwitching, InterfacesInAll) {
  EXPECT_EQ(lint(vlans(511)), std::vector<std::string>{});
  EXPECT_EQ(lint(vlans(512)),
            std::vector<std::string>{
                "515:3: error[F308]: 513 interfaces: ports, VLANs and bridges (at most 512)"});
}

TEST(ValidateSwitching, BridgesInAll) {
  std::string text = "ethernets: {a: {match: {linux: e0}, addresses: [10.0.1.1/24]}}\nbridges:\n";
  for (int i = 0; i < 256; ++i) text += cat("  b", i, ": {mac-table: {max: 1}}\n");
  const auto lines = lint(text);
  ASSERT_EQ(lines.size(), Findings::kDefaultLimit + 1) << "and a warning for each, being empty";
  EXPECT_EQ(lines.back(), "258:3: error[F308]: 256 bridges (at most 255)");
}

TEST(ValidateSwitching, MembersOfABridge) {
  const auto text = [](int members) {
    std::string vlans, names;
    for (int i = 1; i <= members; ++i) {
      vlans += cat("  v", i, ": {id: ", i, ", link: a}\n");
      names += cat(i > 1 ? ", v" : "v", i);
    }
    return cat("ethernets: {a: {match: {linux: e0}}}\nvlans:\n", vlans,
               "bridges: {br: {interfaces: [", names, "]}}\n");
  };
  EXPECT_EQ(lint(text(64)), std::vector<std::string>{});
  EXPECT_EQ(lint(text(65)),
            std::vector<std::string>{"68:340: error[F308]: br has 65 interfaces (at most 64)"});
}

TEST(ValidateSwitching, StaticStationsOfABridge) {
  const auto text = [](std::size_t stations) {
    std::string list;
    for (std::size_t i = 0; i < stations; ++i) {
      constexpr char kHex[] = "0123456789abcdef";
      list += cat("      - {mac: \"02:00:00:00:", kHex[i >> 12 & 15], kHex[i >> 8 & 15], ':',
                  kHex[i >> 4 & 15], kHex[i & 15], "\", interface: a}\n");
    }
    return cat("ethernets: {a: {match: {linux: e0}}}\nbridges:\n  br:\n    interfaces: [a]\n",
               "    static:\n", list);
  };
  EXPECT_EQ(lint(text(limits::kStaticStations)), std::vector<std::string>{});
  EXPECT_EQ(
      lint(text(limits::kStaticStations + 1)),
      std::vector<std::string>{"4102:15: error[F308]: br has 4097 static stations (at most 4096)"});
}

TEST(ValidateSwitching, MirrorsInAll) {
  std::string text = "ethernets: {a: {match: {linux: e0}, addresses: [10.0.1.1/24]}}\nmirrors:\n";
  for (int i = 0; i < 32; ++i) text += cat("  - {from: a, file: /f", i, "}\n");
  EXPECT_EQ(lint(text), std::vector<std::string>{});
  EXPECT_EQ(lint(text + "  - {from: a, file: /f32}\n"),
            std::vector<std::string>{"35:12: error[F308]: 33 mirrors (at most 32)"});
}

}  // namespace
}  // namespace weir::config
