// RFC 1918 addresses that leave by what is marked public.
#include "config/validate_zones.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "config/parse.hpp"
#include "config/validate.hpp"

namespace weir::config {
namespace {

using Lines = std::vector<std::string>;

Lines lines_of(const Findings& findings) {
  Lines lines;
  for (const Finding& finding : findings.list()) lines.push_back(to_string(finding));
  return lines;
}

Lines lint(const std::string& text) {
  const ParseResult result = parse_text(text, "y");
  EXPECT_TRUE(result.config.has_value()) << result.findings.to_string();
  return result ? lines_of(validate(*result.config)) : Lines{};
}

/// Lines 1 to 5: a way out, and a subnet within.
const std::string kPorts =
    "ethernets:\n"
    "  wan: {match: {linux: e0}, zone: public, addresses: [203.0.113.2/30]}\n"
    "  lan: {match: {linux: e1}, zone: private, addresses: [10.0.1.1/24]}\n"
    "  dmz: {match: {linux: e2}, addresses: [198.51.100.1/24]}\n"
    "routes:\n";
const std::string kKept =
    "  - {to: 10.0.0.0/8, type: unreachable}\n"
    "  - {to: 172.16.0.0/12, type: blackhole}\n"
    "  - {to: 192.168.0.0/16, type: prohibit}\n";
const std::string kDefault = "  - {to: default, via: 203.0.113.1}\n";

std::string leak(const std::string& to, const std::string& blocks, const std::string& mend) {
  return "warning[Z103]: route to " + to +
         " lets private addresses out of wan, which is in the public zone: what no route within " +
         blocks + " takes (routes that keep them: " + mend + ")";
}

TEST(Zones, AWholeSetOfBlocksKeepsThemIn) {
  EXPECT_EQ(lint(kPorts + kDefault + kKept), Lines{});
  EXPECT_EQ(lint(kPorts + kKept), Lines{}) << "no way out";
}

TEST(Zones, EachBlockThatLeaksIsNamed) {
  EXPECT_EQ(
      lint(kPorts + kDefault),
      Lines{"y:6:10: " + leak("0.0.0.0/0", "10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16",
                              "{to: 10.0.0.0/8, type: unreachable}, {to: 172.16.0.0/12, "
                              "type: unreachable}, {to: 192.168.0.0/16, type: unreachable}")});
  EXPECT_EQ(lint(kPorts + kDefault + "  - {to: 10.0.0.0/8, type: blackhole}\n" +
                 "  - {to: 192.0.0.0/8, type: unreachable}\n"),
            Lines{"y:6:10: " +
                  leak("0.0.0.0/0", "172.16.0.0/12", "{to: 172.16.0.0/12, type: unreachable}")});
}

TEST(Zones, TheMostSpecificRouteOfABlockCounts) {
  EXPECT_EQ(lint(kPorts + kKept + "  - {to: 128.0.0.0/1, via: 203.0.113.1}\n"), Lines{});
  EXPECT_EQ(lint(kPorts + "  - {to: default, type: unreachable}\n"
                          "  - {to: 128.0.0.0/1, via: 203.0.113.1}\n"),
            Lines{"y:7:10: " + leak("128.0.0.0/1", "172.16.0.0/12, 192.168.0.0/16",
                                    "{to: 172.16.0.0/12, type: unreachable}, {to: 192.168.0.0/16, "
                                    "type: unreachable}")});
}

TEST(Zones, ABlockInPartsThatLeaveNothing) {
  const std::string halves =
      "  - {to: 10.0.0.0/9, via: 10.0.1.2}\n"
      "  - {to: 10.128.0.0/9, type: unreachable}\n"
      "  - {to: 172.16.0.0/12, type: unreachable}\n"
      "  - {to: 192.168.0.0/16, type: unreachable}\n";
  EXPECT_EQ(lint(kPorts + kDefault + halves), Lines{});
}

TEST(Zones, WithoutPrivateSubnetsNothingLeaks) {
  EXPECT_EQ(lint("ethernets:\n"
                 "  wan: {match: {linux: e0}, zone: public, addresses: [203.0.113.2/30]}\n"
                 "  lan: {match: {linux: e1}, addresses: [198.51.100.1/24]}\n"
                 "routes:\n" +
                 kDefault),
            Lines{});
}

TEST(Zones, WithoutAMarkNothingIsSaid) {
  EXPECT_EQ(lint("ethernets:\n"
                 "  wan: {match: {linux: e0}, addresses: [192.168.1.2/24]}\n"
                 "  lan: {match: {linux: e1}, addresses: [10.0.1.1/24]}\n"
                 "routes:\n"
                 "  - {to: default, via: 192.168.1.1}\n"
                 "  - {to: 10.7.0.0/16, via: 192.168.1.1}\n"),
            Lines{});
}

TEST(Zones, PrivateAddressesOfAPublicInterface) {
  EXPECT_EQ(lint("ethernets:\n"
                 "  wan: {match: {linux: e0}, zone: public, addresses: [203.0.113.2/30, "
                 "172.31.0.1/24, 172.32.0.1/24]}\n"),
            Lines{"y:2:71: warning[Z101]: 172.31.0.1/24 is private (172.16.0.0/12), and wan is in "
                  "the public zone (an address from your provider, or zone: private)"});
}

TEST(Zones, PrivateRoutesOutOfAPublicInterface) {
  const std::string hint = ", which is in the public zone (a gateway within, or type: unreachable)";
  EXPECT_EQ(lint(kPorts + kKept + "  - {to: 192.168.7.0/24, via: [10.0.1.2, 203.0.113.1]}\n"),
            Lines{"y:9:42: warning[Z102]: private 192.168.7.0/24 is routed to 203.0.113.1 on wan" +
                  hint});
  EXPECT_EQ(
      lint(kPorts + "  - {to: 10.0.0.0/8, via: 203.0.113.1}\n"),
      Lines{"y:6:27: warning[Z102]: private 10.0.0.0/8 is routed to 203.0.113.1 on wan" + hint});
}

TEST(Zones, VlansAndBridgesAreWhereWhatTheyStandOnIs) {
  const std::string text =
      "ethernets:\n"
      "  up: {match: {linux: e0}, zone: public}\n"
      "  x: {match: {linux: e1}}\n"
      "vlans:\n"
      "  up.1: {id: 1, link: up, addresses: [10.1.0.1/24]}\n"
      "  up.2: {id: 2, link: up, zone: private, addresses: [10.2.0.1/24]}\n"
      "  up.3: {id: 3, link: up}\n"
      "bridges:\n"
      "  br: {interfaces: [x, up.3], addresses: [10.3.0.1/24]}\n";
  const Lines lines = lint(text);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].substr(0, 40), "y:5:39: warning[Z101]: 10.1.0.1/24 is pr");
  EXPECT_EQ(lines[1].substr(0, 40), "y:9:43: warning[Z101]: 10.3.0.1/24 is pr");
}

TEST(Zones, RouteFilesLetOutAndKeepIn) {
  const ParseResult base = parse_text(kPorts + kDefault + "  - {file: r.txt}\n", "y");
  ASSERT_TRUE(base);
  EXPECT_EQ(lines_of(validate(*base.config)), Lines{}) << "the file may keep them";
  const auto with = [&](const std::string& text) {
    const std::vector<ParsedRouteFile> files{{"r.txt", {parse_routes(text, 1, "r.txt")}}};
    return lines_of(validate_routes(*base.config, files));
  };
  const std::string kept =
      "10.0.0.0/8 blackhole\n172.16.0.0/12 blackhole\n192.168.0.0/16 blackhole\n";
  EXPECT_EQ(with(kept), Lines{});
  EXPECT_EQ(with("10.0.0.0/8 blackhole\n192.168.0.0/16 blackhole\n"),
            Lines{"y:6:10: " +
                  leak("0.0.0.0/0", "172.16.0.0/12", "{to: 172.16.0.0/12, type: unreachable}")});
  EXPECT_EQ(with(kept + "8.0.0.0/8 via 203.0.113.1\n10.9.0.0/16 via 203.0.113.1\n"),
            Lines{"r.txt:5:1: warning[Z102]: private 10.9.0.0/16 is routed to 203.0.113.1 on wan, "
                  "which is in the public zone (a gateway within, or type: unreachable)"});
}

}  // namespace
}  // namespace weir::config
