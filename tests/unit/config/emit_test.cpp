#include "config/emit.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "config/parse.hpp"

namespace weir::config {
namespace {

/// Texts that use every key at least once, and text that needs quotes.
const std::vector<std::string> kTexts = {
    "version: 1\n",
    "system: {hostname: \"no\", worker-cores: [1, 2, 3], memory: {hugepages: 2G, packets: 5000}}\n",
    "system: {hostname: \"1e3\", idle: poll, control-cores: [4], eal: [\"a: b\", \"\\\"\\\\\", "
    "'#']}\n",
    "ethernets:\n"
    "  null0: {match: {vdev: \"net_null0,no-rx=1\"}}\n"
    "  \"true\": {match: {linux: \"a'b\\\"{}\", method: af-xdp}, queues: 3, mtu: 68}\n"
    "  10: {match: {pci: \"0000:8a:00.1\"}, mac: \"02:00:5e:10:00:09\", promiscuous: true}\n"
    "  x.10-_: {match: {linux: e0, method: af-packet}, arp-queue: false, addresses: [10.0.0.1/8, "
    "10.0.0.2/32]}\n",
    "neighbors: {lifetime: 61s, refresh-interval: 1m, hold: {per-neighbor: 2, total: 3},\n"
    "            static: [{ip: 10.0.0.1, mac: 0200.0000.0001, interface: \"null\"}]}\n",
    "neighbors: {hold: {total: 9}}\n",
    "neighbors: {unverified-lifetime: 7s, learn: strict, table: {max: 16, max-pending: 17,\n"
    "            max-failed: 18}, negative-cache: {first: 1s, most: 2s}, storm: {calm: 3s,\n"
    "            serve-stale: 4s}, quarantine: {first: 5s, most: 6s}, budgets: {replies: 1,\n"
    "            known-requests: 2, unknown-requests: 3, per-source: {rate: 4, burst: 5},\n"
    "            binding-changes: 6, new-entries: 7, gleans: 8, gleans-per-source: {burst: 9}},\n"
    "            journal: {entries: 256, file: \"/a b\", max-bytes: 1048577}}\n",
    "neighbors: {learn: rfc826, budgets: {gleans: 2000, per-source: {rate: 15}}}\n",
    "ethernets: {a: {match: {linux: e0}, neighbors: {learn: rfc826, trusted: true, rarp: true}}}\n"
    "vlans: {v: {id: 1, link: a, neighbors: {proxy-arp: true, learn: adaptive}}}\n"
    "bridges: {b: {neighbors: {learn: strict, budgets: {gleans: 2000, replies: auto,\n"
    "                          per-source: {burst: 9}}}}}\n"
    "neighbors: {budgets: {per-source: {rate: 3}}}\n",
    "ethernets: {a: {match: {linux: e0}, neighbors: {budgets: {replies: 1, known-requests: 2,\n"
    "            unknown-requests: 3, per-source: {rate: 4, burst: 5}, binding-changes: 6,\n"
    "            new-entries: 7, gleans: 8, gleans-per-source: {rate: 9, burst: 10}}}}}\n",
    "routes: [{to: default, type: prohibit}, {file: \"a b.txt\"}, {file: /x/y.txt},\n"
    "         {to: 10.0.0.0/8, via: 192.0.2.1}, {to: 0.0.0.0/1, via: [192.0.2.1, 192.0.2.2]},\n"
    "         {to: 10.1.0.0/16, type: blackhole}, {to: 10.2.0.0/16, type: unreachable}]\n",
    "routes: {file: \"caf\xc3\xa9\"}\n",
    "services: {api: {socket: \"/run/a b.sock\"}}\n",
    "services: {api: {readers: all}}\n",
    "services: {api: {readers: [noc, \"all\", \"a b\", \"none\"]}}\n",
    "ethernets: {a: {match: {linux: e0}, other-vlans: pass}}\n"
    "vlans: {\"10\": {id: 10, link: a}, v.1: {id: 4094, link: \"10\", protocol: 802.1ad,\n"
    "        mtu: 1400, other-vlans: pass, addresses: [10.0.0.1/8]}}\n",
    "bridges:\n"
    "  \"on\":\n"
    "    interfaces: [a, \"1\", {name: b, isolated: true, split-horizon: 255, learning: false,\n"
    "      max-stations: 1, storm-control: {broadcast: 0.01%, multicast: none}, path-cost: 9,\n"
    "      port-priority: 240, edge: false, bpdu-guard: true, fast-leave: true}]\n"
    "    mac: \"02:00:5e:10:00:09\"\n"
    "    mtu: 68\n"
    "    addresses: [10.0.0.1/8, 10.0.0.2/8]\n"
    "    mac-table: {max: 1, ageing: never}\n"
    "    storm-control: {unknown-unicast: 1500pps}\n"
    "    static: [{mac: \"02:00:00:00:00:01\", interface: \"1\"}]\n"
    "    spanning-tree: {mode: rstp, priority: 0, hello-time: 1s, forward-delay: 4s, max-age: 6s}\n"
    "    igmp-snooping: {enabled: false, querier: on, query-interval: 60s}\n"
    "  empty:\n"
    "  rstp: {spanning-tree: rstp, igmp-snooping: {querier: off}}\n"
    "  tree: {spanning-tree: {mode: none, max-age: 7s}, vlan: 7, trunks: [a, b]}\n",
    "bridges: {b: {mac-table: {max: 100, max-per-interface: 4096}}}\n",
    "bridges: {b: {mac-table: {max: 5000}}, c: {mac-table: {max-per-interface: 1, ageing: 10s}}}\n",
    "ethernets: {a: {match: {linux: e0}, zone: public}}\n"
    "vlans: {v: {id: 1, link: a, zone: private}}\n"
    "bridges: {b: {zone: public}}\n",
    "mirrors: [{from: a, to: b}, {from: a, direction: in, file: \"/a b\"},\n"
    "          {from: \"1\", direction: out, file: /x, max-size: 1048577}]\n",
};

TEST(Emit, ParsesBackToTheSame) {
  for (const std::string& text : kTexts) {
    const ParseResult first = parse_text(text, "lab.yaml");
    ASSERT_TRUE(first) << text << first.findings.to_string();
    for (const EmitDefaults defaults : {EmitDefaults::yes, EmitDefaults::no}) {
      const std::string emitted = emit(*first.config, defaults);
      const ParseResult second = parse_text(emitted, "lab.yaml");
      ASSERT_TRUE(second) << emitted << second.findings.to_string();
      EXPECT_EQ(*second.config, *first.config) << emitted;
    }
  }
}

TEST(Emit, EveryDefaultIsNamed) {
  EXPECT_EQ(emit(Config{}),
            "version: 1\n"
            "system:\n"
            "  hostname: weir\n"
            "  control-cores: [0]\n"
            "  worker-cores: [1]\n"
            "  idle: adaptive\n"
            "  memory:\n"
            "    hugepages: none\n"
            "    packets: 131072\n"
            "  eal: []\n"
            "ethernets: {}\n"
            "vlans: {}\n"
            "bridges: {}\n"
            "mirrors: []\n"
            "neighbors:\n"
            "  lifetime: 4h\n"
            "  refresh-interval: 20m\n"
            "  unverified-lifetime: 1m\n"
            "  learn: adaptive\n"
            "  hold:\n"
            "    per-neighbor: 8\n"
            "    total: 4096\n"
            "  table:\n"
            "    max: 65536\n"
            "    max-pending: 8192\n"
            "    max-failed: 16384\n"
            "  negative-cache:\n"
            "    first: 5s\n"
            "    most: 30s\n"
            "  storm:\n"
            "    calm: 30s\n"
            "    serve-stale: 4h\n"
            "  quarantine:\n"
            "    first: 1m\n"
            "    most: 5m\n"
            "  budgets:\n"
            "    replies: 20000\n"
            "    known-requests: 20000\n"
            "    unknown-requests: 2000\n"
            "    binding-changes: 10\n"
            "    new-entries: 500\n"
            "    gleans: 2000\n"
            "    per-source: {rate: 15, burst: 30}\n"
            "    gleans-per-source: {rate: 10, burst: 50}\n"
            "  journal:\n"
            "    entries: 65536\n"
            "    file: none\n"
            "    max-bytes: 64M\n"
            "  static: []\n"
            "routes: []\n"
            "services:\n"
            "  api:\n"
            "    socket: /run/weir.sock\n"
            "    readers: none\n");
}

TEST(Emit, WithoutDefaultsOnlyWhatDiffers) {
  EXPECT_EQ(emit(Config{}, EmitDefaults::no), "version: 1\n");
  Config config;
  config.system.memory.packets = 4096;
  config.ethernets.resize(1);
  config.ethernets[0].name = "lan0";
  config.ethernets[0].match = LinuxMatch{"e0"};
  config.neighbors.hold_total = 100;
  EXPECT_EQ(emit(config, EmitDefaults::no),
            "version: 1\n"
            "system:\n"
            "  memory:\n"
            "    packets: 4096\n"
            "ethernets:\n"
            "  lan0:\n"
            "    match: {linux: e0}\n"
            "neighbors:\n"
            "  hold:\n"
            "    total: 100\n");
}

/// What is said comes back, and a default that is said does not.
TEST(Emit, NeighborsWithoutDefaults) {
  const std::string ports =
      "version: 1\n"
      "ethernets:\n"
      "  lan0:\n"
      "    match: {linux: e0}\n"
      "    neighbors:\n"
      "      learn: strict\n"
      "      trusted: true\n"
      "      budgets:\n"
      "        gleans: 2000\n"
      "        per-source: {rate: 5, burst: 30}\n";
  const std::string all =
      "neighbors:\n"
      "  storm:\n"
      "    calm: 10s\n"
      "  budgets:\n"
      "    new-entries: 100\n"
      "  journal:\n"
      "    file: /var/log/j.jsonl\n";
  const ParseResult result = parse_text(ports + all, "lab.yaml");
  ASSERT_TRUE(result) << result.findings.to_string();
  EXPECT_EQ(emit(*result.config, EmitDefaults::no), ports + all);
  const ParseResult defaults = parse_text(
      "neighbors: {learn: adaptive, budgets: {replies: 20000, per-source: {rate: 15, burst: 30}},\n"
      "            journal: {file: none}}\n",
      "lab.yaml");
  ASSERT_TRUE(defaults) << defaults.findings.to_string();
  EXPECT_EQ(emit(*defaults.config, EmitDefaults::no), "version: 1\n");
}

/// Then what an interface does not say is still not said.
TEST(Emit, EveryBudgetOfAnInterfaceIsNamed) {
  const ParseResult result = parse_text(
      "ethernets: {a: {match: {linux: e0}, neighbors: {budgets: {gleans: 7}}}}\n", "lab.yaml");
  ASSERT_TRUE(result) << result.findings.to_string();
  const std::string text = emit(*result.config);
  EXPECT_NE(text.find("    neighbors:\n"
                      "      learn: auto\n"
                      "      trusted: false\n"
                      "      proxy-arp: false\n"
                      "      rarp: false\n"
                      "      budgets:\n"
                      "        replies: auto\n"
                      "        known-requests: auto\n"
                      "        unknown-requests: auto\n"
                      "        binding-changes: auto\n"
                      "        new-entries: auto\n"
                      "        gleans: 7\n"
                      "        per-source: auto\n"
                      "        gleans-per-source: auto\n"),
            std::string::npos)
      << text;
}

/// Bridges too, whose settings are many: only what was said comes back.
TEST(Emit, BridgesWithoutDefaults) {
  const std::string text =
      "version: 1\n"
      "vlans:\n"
      "  a.10:\n"
      "    id: 10\n"
      "    link: a\n"
      "bridges:\n"
      "  br0:\n"
      "    interfaces:\n"
      "      - a.10\n"
      "      - {name: b, edge: true}\n"
      "    mac-table:\n"
      "      max: 100\n"
      "      ageing: never\n"
      "    storm-control:\n"
      "      broadcast: 0.5%\n"
      "    spanning-tree:\n"
      "      mode: rstp\n"
      "mirrors:\n"
      "  - {from: br0, to: c}\n"
      "  - {from: b, direction: in, file: /x.pcapng, max-size: 1M}\n";
  const ParseResult result = parse_text(text, "lab.yaml");
  ASSERT_TRUE(result) << result.findings.to_string();
  EXPECT_EQ(emit(*result.config, EmitDefaults::no), text);
}

TEST(Emit, EveryDefaultOfABridgeIsNamed) {
  const ParseResult result = parse_text(
      "vlans: {a.1: {id: 1, link: a}}\nbridges: {br0: {interfaces: [a.1]}}\n", "lab.yaml");
  ASSERT_TRUE(result) << result.findings.to_string();
  const std::string text = emit(*result.config);
  EXPECT_NE(text.find("vlans:\n"
                      "  a.1:\n"
                      "    id: 1\n"
                      "    link: a\n"
                      "    protocol: 802.1q\n"
                      "    mtu: auto\n"
                      "    other-vlans: drop\n"
                      "    zone: none\n"
                      "    addresses: []\n"
                      "    neighbors:\n"
                      "      learn: auto\n"
                      "      trusted: false\n"
                      "      proxy-arp: false\n"
                      "      rarp: false\n"
                      "      budgets: auto\n"
                      "bridges:\n"
                      "  br0:\n"
                      "    interfaces:\n"
                      "      - {name: a.1, isolated: false, split-horizon: none, learning: true, "
                      "max-stations: auto, storm-control: auto, path-cost: auto, "
                      "port-priority: 128, edge: auto, bpdu-guard: false, fast-leave: false}\n"
                      "    mac: auto\n"
                      "    mtu: auto\n"
                      "    zone: none\n"
                      "    addresses: []\n"
                      "    neighbors:\n"
                      "      learn: auto\n"
                      "      trusted: false\n"
                      "      proxy-arp: false\n"
                      "      rarp: false\n"
                      "      budgets: auto\n"
                      "    mac-table:\n"
                      "      max: 16384\n"
                      "      max-per-interface: 4096\n"
                      "      ageing: 5m\n"
                      "    storm-control:\n"
                      "      broadcast: 1%\n"
                      "      multicast: 1%\n"
                      "      unknown-unicast: 1%\n"
                      "    static: []\n"
                      "    spanning-tree:\n"
                      "      mode: none\n"
                      "      priority: 32768\n"
                      "      hello-time: 2s\n"
                      "      forward-delay: 15s\n"
                      "      max-age: 20s\n"
                      "    igmp-snooping:\n"
                      "      enabled: true\n"
                      "      querier: auto\n"
                      "      query-interval: 125s\n"
                      "mirrors: []\n"),
            std::string::npos)
      << text;
}

}  // namespace
}  // namespace weir::config
