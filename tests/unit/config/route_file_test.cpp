#include "config/route_file.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "config/limits.hpp"
#include "config/parse.hpp"
#include "config/validate.hpp"

namespace weir::config {
namespace {

std::string describe(const RouteChunk& chunk, const FileRoute& route) {
  static constexpr const char* kTypes[] = {"via", "blackhole", "unreachable", "prohibit"};
  const RouteGroup& group = chunk.groups.at(route.group);
  std::string text = std::to_string(route.line) + ": " + route.to.to_string() + ' ' +
                     kTypes[static_cast<int>(group.type)];
  for (const Ipv4Address gateway : group.via) text += ' ' + gateway.to_string();
  return text;
}

std::vector<std::string> describe(const RouteChunk& chunk) {
  std::vector<std::string> lines;
  for (const FileRoute& route : chunk.routes) lines.push_back(describe(chunk, route));
  return lines;
}

TEST(RouteFile, Routes) {
  const RouteChunk chunk = parse_routes(
      "# a comment\n"
      "\n"
      "default via 192.0.2.1\n"
      "  10.20.0.0/16\tvia  10.0.10.2 10.0.10.3   # two\r\n"
      "198.51.100.0/24 blackhole#\n"
      "198.51.101.0/24 unreachable\r\n"
      " \t \r\n"
      "203.0.113.255/32 prohibit\n"
      "255.255.255.255/32 via 0.0.0.0\n"
      "0.0.0.0/0 via 192.0.2.1",
      7, "r.txt");
  EXPECT_EQ(chunk.findings.to_string(), "");
  EXPECT_EQ(describe(chunk), (std::vector<std::string>{
                                 "9: 0.0.0.0/0 via 192.0.2.1",
                                 "10: 10.20.0.0/16 via 10.0.10.2 10.0.10.3",
                                 "11: 198.51.100.0/24 blackhole",
                                 "12: 198.51.101.0/24 unreachable",
                                 "14: 203.0.113.255/32 prohibit",
                                 "15: 255.255.255.255/32 via 0.0.0.0",
                                 "16: 0.0.0.0/0 via 192.0.2.1",
                             }));
}

TEST(RouteFile, NothingIsNoRoute) {
  for (const char* text : {"", "\n", "\n\n\n", "#", " ", "\r\n"}) {
    const RouteChunk chunk = parse_routes(text, 1, "r.txt");
    EXPECT_TRUE(chunk.routes.empty());
    EXPECT_TRUE(chunk.findings.ok());
  }
}

TEST(RouteFile, SameTargetIsOneGroup) {
  const RouteChunk chunk = parse_routes(
      "10.0.0.0/24 via 192.0.2.1\n"
      "10.0.1.0/24 via 192.0.2.2 # other\n"
      "10.0.2.0/24 via 192.0.2.1 # again\n"
      "10.0.3.0/24 via 192.0.2.2\n",
      1, "r.txt");
  EXPECT_EQ(chunk.groups.size(), 2u);
  EXPECT_EQ(chunk.groups[1].source.line, 2);
  EXPECT_EQ(chunk.groups[1].source.column, 13);
  EXPECT_EQ(chunk.groups[1].via_sources.at(0, {}).column, 17);
}

TEST(RouteFile, EveryFindingWithItsPlace) {
  struct Row {
    std::string line;
    std::string finding;
  };
  const std::vector<Row> rows = {
      {"10.0.0.1/24 via 192.0.2.1",
       "1:1: error[R103]: 10.0.0.1/24 has host bits set (did you mean 10.0.0.0/24? or 10.0.0.1/32 "
       "for the one host)"},
      {"10.0.0.0 via 192.0.2.1",
       "1:1: error[F307]: \"10.0.0.0\" lacks its prefix length (such as 10.0.0.0/32 for one host)"},
      {"  10.0.0.0/33 via 192.0.2.1",
       "1:3: error[F303]: \"10.0.0.0/33\" is not an IPv4 prefix (such as 198.51.100.0/24, or "
       "default)"},
      {"10.0.0.256/24 via 192.0.2.1",
       "1:1: error[F303]: \"10.0.0.256/24\" is not an IPv4 prefix (such as 198.51.100.0/24, or "
       "default)"},
      {"010.0.0.0/24 via 192.0.2.1",
       "1:1: error[F303]: \"010.0.0.0/24\" is not an IPv4 prefix (did you mean 10.0.0.0/24?)"},
      {"10.0.0.0/024 via 192.0.2.1",
       "1:1: error[F303]: \"10.0.0.0/024\" is not an IPv4 prefix (did you mean 10.0.0.0/24?)"},
      {"10.0.0.0/24x via 192.0.2.1",
       "1:1: error[F303]: \"10.0.0.0/24x\" is not an IPv4 prefix (such as 198.51.100.0/24, or "
       "default)"},
      {"2001:db8::/32 via 192.0.2.1",
       "1:1: error[F206]: \"2001:db8::/32\" is IPv6, which is not in this version (remove it)"},
      {"10.0.0.0/24",
       "1:1: error[R109]: route to 10.0.0.0/24 goes nowhere (via GATEWAY, blackhole, unreachable "
       "or prohibit)"},
      {"10.0.0.0/24 va 192.0.2.1",
       "1:13: error[R109]: expected via, blackhole, unreachable or prohibit, found \"va\" (did you "
       "mean via?)"},
      {"10.0.0.0/24 192.0.2.1",
       "1:13: error[R109]: expected via, blackhole, unreachable or prohibit, found \"192.0.2.1\""},
      {"10.0.0.0/24 via  # none",
       "1:13: error[R109]: via without a gateway (such as via 192.0.2.1)"},
      {"10.0.0.0/24 via 192.0.2.1,192.0.2.2",
       "1:17: error[F303]: \"192.0.2.1,192.0.2.2\" is not an IPv4 address (such as 192.0.2.1)"},
      {"10.0.0.0/24 via 192.0.2.1 192.0.2",
       "1:27: error[F303]: \"192.0.2\" is not an IPv4 address (such as 192.0.2.1)"},
      {"10.0.0.0/24 blackhole now",
       "1:23: error[R109]: nothing may follow blackhole (remove \"now\")"},
  };
  for (const Row& row : rows) {
    const RouteChunk chunk = parse_routes(row.line + "\n10.9.0.0/16 prohibit\n", 1, "r.txt");
    EXPECT_EQ(chunk.findings.to_string(), "r.txt:" + row.finding + '\n') << row.line;
    EXPECT_EQ(describe(chunk), std::vector<std::string>{"2: 10.9.0.0/16 prohibit"}) << row.line;
  }
}

TEST(RouteFile, GatewaysAreBounded) {
  std::string line = "10.0.0.0/24 via";
  for (std::size_t i = 1; i <= limits::kGateways; ++i) line += " 192.0.2." + std::to_string(i);
  EXPECT_EQ(parse_routes(line, 1, "r.txt").groups.at(0).via.size(), limits::kGateways);
  const RouteChunk chunk = parse_routes(line + " 192.0.2.254", 1, "r.txt");
  EXPECT_EQ(chunk.findings.list().at(0).message, "too many gateways");
}

TEST(RouteFile, ErrorsAreCountedNotKept) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "nonsense\n";
  const RouteChunk chunk = parse_routes(text, 1, "r.txt");
  EXPECT_EQ(chunk.findings.errors(), 1000u);
  EXPECT_EQ(chunk.findings.list().size(), limits::kRouteFileErrors);
}

TEST(SplitLines, PartsAreWholeLinesAndAddUp) {
  std::string text;
  for (int i = 0; i < 100; ++i)
    text += std::string(static_cast<std::size_t>(i * 7 % 13), 'x') + '\n';
  text += "last line without its end";
  for (const std::size_t n : {0u, 1u, 2u, 3u, 7u, 64u, 1000u}) {
    const auto chunks = split_lines(text, n);
    EXPECT_LE(chunks.size(), std::max<std::size_t>(n, 1));
    std::string joined;
    std::uint32_t line = 1;
    for (const LineChunk& chunk : chunks) {
      ASSERT_FALSE(chunk.text.empty());
      EXPECT_EQ(chunk.first_line, line);
      EXPECT_TRUE(chunk.text.ends_with('\n') || &chunk == &chunks.back());
      for (const char c : chunk.text) line += c == '\n';
      joined += chunk.text;
    }
    EXPECT_EQ(joined, text);
  }
  EXPECT_TRUE(split_lines("", 4).empty());
}

TEST(SplitLines, ChunksGiveTheRoutesOfTheWhole) {
  std::string text;
  for (int i = 0; i < 5000; ++i) {
    text += "10." + std::to_string(i / 256) + '.' + std::to_string(i % 256) + ".0/24 via 192.0.2." +
            std::to_string(i % 5 + 1) + '\n';
    if (i % 100 == 0) text += "wrong\n";
  }
  const RouteChunk whole = parse_routes(text, 1, "r.txt");
  std::vector<std::string> lines;
  std::size_t errors = 0;
  for (const LineChunk& part : split_lines(text, 8)) {
    const RouteChunk chunk = parse_routes(part.text, part.first_line, "r.txt");
    for (const FileRoute& route : chunk.routes) lines.push_back(describe(chunk, route));
    errors += chunk.findings.errors();
  }
  EXPECT_EQ(lines, describe(whole));
  EXPECT_EQ(errors, 50u);
  EXPECT_EQ(whole.routes.size(), 5000u);
}

class RouteFiles : public ::testing::Test {
 protected:
  RouteFiles() {
    std::string pattern = (std::filesystem::temp_directory_path() / "weir-XXXXXX").string();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  ~RouteFiles() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    std::ofstream{folder_ / name} << text;
    return folder_ / name;
  }
  /// What check_route_files says of a configuration with `routes`, the folder left out.
  std::string check(const std::string& routes) {
    const std::string path =
        write("lab.yaml",
              "ethernets: {a: {match: {linux: e0}, addresses: [10.0.1.1/24]}}\n"
              "routes:\n" +
                  routes);
    const ParseResult result = load_file(path);
    EXPECT_TRUE(result) << result.findings.to_string();
    std::string text = check_route_files(result.config.value()).to_string();
    const std::string prefix = folder_.string() + '/';
    for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) {
      text.erase(at, prefix.size());
    }
    return text;
  }

  std::filesystem::path folder_;
};

TEST_F(RouteFiles, PathsCountFromTheConfiguration) {
  Config config;
  config.file = "/etc/weir/lab.yaml";
  EXPECT_EQ(route_file_path(config, {"r.txt", {}}), "/etc/weir/r.txt");
  EXPECT_EQ(route_file_path(config, {"/srv/r.txt", {}}), "/srv/r.txt");
  config.file = "lab.yaml";
  EXPECT_EQ(route_file_path(config, {"sub/r.txt", {}}), "sub/r.txt");
}

TEST_F(RouteFiles, GoodOnesPass) {
  write("r.txt", "10.1.0.0/16 via 10.0.1.2 10.0.1.3\n10.2.0.0/16 blackhole\n");
  EXPECT_EQ(check("  - {file: r.txt}\n  - {to: default, via: 10.0.1.2}\n"), "");
}

TEST_F(RouteFiles, FindingsOfAllFilesByPlace) {
  write("a.txt", "10.1.0.0/16 via 10.0.9.2\n10.1.0.0/16 blackhole\nx\n");
  write("b.txt",
        "10.2.0.0/16 via 10.0.1.2 10.0.1.2\n10.3.0.0/16 via 10.0.1.1\n"
        "10.1.0.0/16 prohibit\ndefault blackhole\n");
  EXPECT_EQ(
      check("  - {to: default, via: 10.0.1.2}\n"
            "  - {file: a.txt}\n"
            "  - {file: b.txt}\n"
            "  - {file: missing.txt}\n"),
      "a.txt:1:17: error[A108]: gateway 10.0.9.2 is not on a connected subnet (did you mean one of "
      "a's, 10.0.1.1 to 10.0.1.254?)\n"
      "a.txt:2:1: error[R102]: route to 10.1.0.0/16 is given twice (also at a.txt:1)\n"
      "a.txt:3:1: error[F303]: \"x\" is not an IPv4 prefix (such as 198.51.100.0/24, or default)\n"
      "b.txt:1:26: error[R101]: gateway 10.0.1.2 is given twice (each once)\n"
      "b.txt:2:17: error[A109]: gateway 10.0.1.1 is the router's own address on a (the address of "
      "another host on that subnet)\n"
      "b.txt:3:1: error[R102]: route to 10.1.0.0/16 is given twice (also at a.txt:2)\n"
      "b.txt:4:1: error[R102]: route to 0.0.0.0/0 is given twice (also at lab.yaml:3)\n"
      "lab.yaml:6:12: error[F101]: route file \"missing.txt\": No such file or directory\n");
}

TEST_F(RouteFiles, ReadFileIsBounded) {
  const std::string path = write("r.txt", "12345");
  EXPECT_EQ(read_file(path, 5).text, "12345");
  const FileText text = read_file(path, 4);
  EXPECT_FALSE(text);
  EXPECT_EQ(text.error, "larger than 4");
  EXPECT_EQ(read_file(write("empty", ""), 4).text, "");
  // Of a size that nobody knows beforehand.
  EXPECT_FALSE(read_file("/proc/self/status", 1 << 20).text.empty());
}

}  // namespace
}  // namespace weir::config
