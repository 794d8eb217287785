// Files that are right, and what they mean.
#include "config/parse.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "config/limits.hpp"
#include "config/text.hpp"

namespace weir::config {
namespace {

using namespace std::chrono_literals;

Config parsed(const std::string& text) {
  const ParseResult result = parse_text(text, "lab.yaml");
  EXPECT_TRUE(result.config.has_value()) << result.findings.to_string();
  EXPECT_TRUE(result.findings.list().empty()) << result.findings.to_string();
  return result.config.value_or(Config{});
}

TEST(Parse, EveryKey) {
  const Config config = parsed(R"(
version: 1
system:
  hostname: lab-r1.example
  control-cores: [0, 2]
  worker-cores: [1, 3]
  idle: poll
  memory: {hugepages: 1G, packets: 262144}
  eal: ["--file-prefix=lab-r1", -v]
ethernets:
  wan0:
    match: {pci: "8A:00.0"}
    queues: 2
    mtu: 9000
    mac: 0200.5e10.0009
    promiscuous: true
    arp-queue: false
    addresses: [192.0.2.2/30, 198.51.100.1/32]
  lan0: {match: {linux: veth-lan0, method: af-xdp}}
  lan1: {match: {vdev: "net_pcap0,rx_pcap=in.pcap"}}
neighbors:
  lifetime: 90m
  refresh-interval: 5000ms
  hold: {per-neighbor: 1, total: 64}
  static: [{ip: 192.0.2.1, mac: "02:00:5e:10:00:01", interface: wan0}]
routes:
  - {to: default, via: 192.0.2.1}
  - {to: 10.20.0.0/16, via: [10.0.10.2, 10.0.10.3], type: unicast}
  - {to: 10.0.0.0/8, type: blackhole}
  - {to: 10.1.0.0/16, type: unreachable}
  - {to: 10.2.0.0/16, type: prohibit}
  - {file: routes.txt}
services:
  api: {socket: /run/lab.sock, readers: [noc, "all"]}
)");
  Config want;
  want.file = "lab.yaml";
  want.system.hostname = "lab-r1.example";
  want.system.control_cores = {0, 2};
  want.system.worker_cores = {1, 3};
  want.system.idle = IdleMode::poll;
  want.system.memory.hugepage_bytes = 1ULL << 30;
  want.system.memory.packets = 262144;
  want.system.eal = {"--file-prefix=lab-r1", "-v"};
  want.ethernets.resize(3);
  want.ethernets[0].name = "wan0";
  want.ethernets[0].match = PciMatch{"0000:8a:00.0"};
  want.ethernets[0].queues = 2;
  want.ethernets[0].mtu = 9000;
  want.ethernets[0].mac = MacAddress{{0x02, 0, 0x5e, 0x10, 0, 9}};
  want.ethernets[0].promiscuous = true;
  want.ethernets[0].arp_queue = false;
  want.ethernets[0].addresses = {{Ipv4Address{192, 0, 2, 2}, 30},
                                 {Ipv4Address{198, 51, 100, 1}, 32}};
  want.ethernets[1].name = "lan0";
  want.ethernets[1].match = LinuxMatch{"veth-lan0", LinuxMatch::Method::af_xdp};
  want.ethernets[2].name = "lan1";
  want.ethernets[2].match = VdevMatch{"net_pcap0,rx_pcap=in.pcap"};
  want.neighbors.lifetime = 90min;
  want.neighbors.refresh_interval = 5s;
  want.neighbors.hold_per_neighbor = 1;
  want.neighbors.hold_total = 64;
  want.neighbors.statics.resize(1);
  want.neighbors.statics[0].ip = Ipv4Address{192, 0, 2, 1};
  want.neighbors.statics[0].mac = MacAddress{{0x02, 0, 0x5e, 0x10, 0, 1}};
  want.neighbors.statics[0].interface = "wan0";
  want.routes.resize(5);
  want.routes[0].via = {Ipv4Address{192, 0, 2, 1}};
  want.routes[1].to = {Ipv4Address{10, 20, 0, 0}, 16};
  want.routes[1].via = {Ipv4Address{10, 0, 10, 2}, Ipv4Address{10, 0, 10, 3}};
  want.routes[2].to = {Ipv4Address{10, 0, 0, 0}, 8};
  want.routes[2].type = RouteType::blackhole;
  want.routes[3].to = {Ipv4Address{10, 1, 0, 0}, 16};
  want.routes[3].type = RouteType::unreachable;
  want.routes[4].to = {Ipv4Address{10, 2, 0, 0}, 16};
  want.routes[4].type = RouteType::prohibit;
  want.route_files = {{"routes.txt", {}}};
  want.services.api_socket = "/run/lab.sock";
  want.services.api_readers.groups = {"noc", "all"};
  EXPECT_EQ(config, want);
}

TEST(Parse, DefaultsStayWhereNothingIsSaid) {
  Config want;
  want.file = "lab.yaml";
  EXPECT_EQ(parsed("version: 1\n"), want);
  // Sections whose lines are all commented out, and the defaults by name.
  EXPECT_EQ(parsed("system:\n  # idle: poll\nethernets:\nneighbors:\nroutes:\nservices:\n"), want);
  EXPECT_EQ(parsed("system: {memory: {hugepages: none}}\n"), want);
  EXPECT_EQ(parsed("{\"system\": {\"memory\": {\"hugepages\": \"none\"}}}\n"), want);  // JSON
  want.ethernets.resize(1);
  want.ethernets[0].name = "a";
  want.ethernets[0].match = LinuxMatch{"e0", LinuxMatch::Method::automatic};
  EXPECT_EQ(parsed("ethernets: {a: {match: {linux: e0, method: auto}, mac: auto, queues: auto}}\n"),
            want);
}

TEST(Parse, PlacesAreRemembered) {
  const Config config = parsed(
      "ethernets:\n"
      "  a:\n"
      "    match: {linux: e0}\n"
      "    mtu: 1500\n"
      "    addresses: [10.0.1.1/24,\n"
      "                10.0.2.1/24]\n"
      "routes:\n"
      "  - {to: default, via: [10.0.1.2, 10.0.2.2]}\n"
      "  - file: r.txt\n");
  const auto at = [](SourceRef source) { return std::pair{source.line, source.column}; };
  const Ethernet& a = config.ethernets.at(0);
  EXPECT_EQ(at(a.source), std::pair(2, 3));
  EXPECT_EQ(at(a.match_source), std::pair(3, 12));
  EXPECT_EQ(at(a.mtu_source), std::pair(4, 10));
  EXPECT_EQ(at(a.address_sources.at(1, {})), std::pair(6, 17));
  EXPECT_EQ(at(a.address_sources.at(2, {7, 7})), std::pair(7, 7));
  EXPECT_EQ(at(config.routes.at(0).source), std::pair(8, 10));
  EXPECT_EQ(at(config.routes.at(0).via_sources.at(1, {})), std::pair(8, 35));
  EXPECT_EQ(at(config.route_files.at(0).source), std::pair(9, 11));
}

TEST(Parse, RouteFileAsTheWholeOfRoutes) {
  const Config config = parsed("routes: {file: /srv/full table.txt}\n");
  ASSERT_EQ(config.route_files.size(), 1u);
  EXPECT_EQ(config.route_files[0].path, "/srv/full table.txt");
}

TEST(Parse, YamlThatPeopleWrite) {
  Config want;
  want.file = "lab.yaml";
  want.system.hostname = "a";
  want.system.idle = IdleMode::poll;
  EXPECT_EQ(parsed("system: {hostname: a, idle: poll}"), want) << "no line feed at the end";
  EXPECT_EQ(parsed("\xef\xbb\xbfsystem:\r\n  hostname: 'a'\r\n  idle: \"poll\"\r\n"), want)
      << "byte order mark, CR LF";
  EXPECT_EQ(parsed("%YAML 1.2\n---\nsystem: {idle: poll, hostname: a,}\n...\n"), want)
      << "directive, document markers, trailing comma";
  EXPECT_EQ(parsed("system:\n  hostname: >-\n    a\n  idle: poll # caf\xc3\xa9\n"), want)
      << "block scalar, comment in UTF-8";
}

TEST(Parse, AliasesStandForTheirTarget) {
  const Config config = parsed(
      "ethernets:\n"
      "  a: {match: {linux: e0}, mtu: &jumbo 9000}\n"
      "  b: {match: {linux: e1}, mtu: *jumbo}\n");
  EXPECT_EQ(config.ethernets.at(1).mtu, 9000);
}

TEST(Parse, AliasesThatExplodeAreRefused) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    text += cat('a', i, ": &a", i, " [*a", i - 1);
    for (int k = 1; k < 10; ++k) text += cat(", *a", i - 1);
    text += "]\n";
  }
  const ParseResult result = parse_text(text, "lab.yaml");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.findings.list().front().message,
            "more than 2000000 values (aliases counted in full)");
}

TEST(Parse, DepthIsBoundedWhateverTheBrackets) {
  for (const std::string open : {"[", "{a: ", "- ", "? ", "[{a: "}) {
    std::string text;
    for (int i = 0; i < 100000; ++i) text += open;
    const ParseResult result = parse_text(text, "lab.yaml");
    ASSERT_FALSE(result) << open;
    EXPECT_EQ(result.findings.list().front().message, "nested deeper than 32 levels") << open;
  }
}

TEST(Parse, ManyErrorsAreCountedNotKept) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += cat("key", i, ": 1\n");
  const Findings findings = parse_text(text, "lab.yaml").findings;
  EXPECT_EQ(findings.errors(), 1000u);
  EXPECT_EQ(findings.list().size(), Findings::kDefaultLimit);
  EXPECT_TRUE(findings.to_string().ends_with("\n... and 900 more\n"));
}

TEST(Parse, TextBeyondTheLimit) {
  const std::string text(limits::kFileBytes + 1, '#');
  const ParseResult result = parse_text(text, "lab.yaml");
  ASSERT_FALSE(result);
  EXPECT_EQ(to_string(result.findings.list().front()),
            "lab.yaml: error[F102]: larger than 64M (put long lists of routes into a route file)");
}

class ParseFile : public ::testing::Test {
 protected:
  ParseFile() {
    std::string pattern = (std::filesystem::temp_directory_path() / "weir-XXXXXX").string();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  ~ParseFile() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

TEST_F(ParseFile, ReadsAndNamesTheFile) {
  const std::string path = folder_ / "lab.yaml";
  std::ofstream{path} << "system: {hostname: a}\n";
  const ParseResult result = parse_file(path);
  ASSERT_TRUE(result) << result.findings.to_string();
  EXPECT_EQ(result.config->system.hostname, "a");
  EXPECT_EQ(result.config->file, path);
}

TEST_F(ParseFile, SaysWhyItCannot) {
  const auto message = [](const std::string& path) {
    const ParseResult result = parse_file(path);
    EXPECT_FALSE(result);
    return result.findings.to_string();
  };
  const std::string missing = folder_ / "missing.yaml";
  EXPECT_EQ(message(missing), missing + ": error[F101]: No such file or directory\n");
  EXPECT_EQ(message(folder_), folder_.string() + ": error[F101]: Is a directory\n");
  EXPECT_EQ(message("/dev/zero"), "/dev/zero: error[F101]: larger than 64M\n");
}

}  // namespace
}  // namespace weir::config
