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
    "  x.10-_: {match: {linux: e0, method: af-packet}, addresses: [10.0.0.1/8, 10.0.0.2/32]}\n",
    "neighbors: {lifetime: 61s, refresh-interval: 1m, hold: {per-neighbor: 2, total: 3},\n"
    "            static: [{ip: 10.0.0.1, mac: 0200.0000.0001, interface: \"null\"}]}\n",
    "neighbors: {hold: {total: 9}}\n",
    "routes: [{to: default, type: prohibit}, {file: \"a b.txt\"}, {file: /x/y.txt},\n"
    "         {to: 10.0.0.0/8, via: 192.0.2.1}, {to: 0.0.0.0/1, via: [192.0.2.1, 192.0.2.2]},\n"
    "         {to: 10.1.0.0/16, type: blackhole}, {to: 10.2.0.0/16, type: unreachable}]\n",
    "routes: {file: \"caf\xc3\xa9\"}\n",
    "services: {api: {socket: \"/run/a b.sock\"}}\n",
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
            "neighbors:\n"
            "  lifetime: 4h\n"
            "  refresh-interval: 20m\n"
            "  hold:\n"
            "    per-neighbor: 8\n"
            "    total: 4096\n"
            "  static: []\n"
            "routes: []\n"
            "services:\n"
            "  api:\n"
            "    socket: /run/weir.sock\n");
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

}  // namespace
}  // namespace weir::config
