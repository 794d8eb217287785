// Routes that are each well-formed: which of them can match, and what they are routed into.
#include "config/validate_forwarding.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "config/parse.hpp"
#include "config/validate.hpp"

namespace weir::config {
namespace {

struct Row {
  std::string name;
  std::string text;                   // behind kPorts
  std::vector<std::string> findings;  // exactly these, without "lab.yaml:"
};

/// Lines 1 to 4, without findings of their own.
const std::string kPorts =
    "ethernets:\n"
    "  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}\n"
    "  b: {match: {linux: e1}, addresses: [10.0.2.1/24]}\n"
    "routes:\n";

std::vector<std::string> lint(const std::string& text) {
  const ParseResult result = parse_text(text, "lab.yaml");
  EXPECT_TRUE(result.config.has_value()) << result.findings.to_string();
  std::vector<std::string> lines;
  if (!result) return lines;
  const Findings findings = validate(*result.config);
  for (const Finding& finding : findings.list()) {
    lines.push_back(to_string(finding).substr(std::string("lab.yaml:").size()));
  }
  return lines;
}

std::vector<Row> shadows() {
  const std::string tail =
      " never matches: more specific routes cover all of it (remove it, or one "
      "of those)";
  return {
      {"two halves by the same gateway",
       "  - {to: default, via: 10.0.1.2}\n"
       "  - {to: 0.0.0.0/1, via: 10.0.1.2}\n"
       "  - {to: 128.0.0.0/1, via: 10.0.1.3}\n",
       {"5:10: warning[R106]: route to 0.0.0.0/0" + tail}},
      {"one half lacks",
       "  - {to: default, via: 10.0.1.2}\n"
       "  - {to: 0.0.0.0/1, via: 10.0.1.2}\n",
       {}},
      {"a half by another interface, which may be down while this one is up",
       "  - {to: 10.8.0.0/15, via: 10.0.1.2}\n"
       "  - {to: 10.8.0.0/16, via: 10.0.1.2}\n"
       "  - {to: 10.9.0.0/16, via: 10.0.2.2}\n",
       {}},
      {"gateways on more interfaces than needed",
       "  - {to: 10.8.0.0/15, via: 10.0.1.2}\n"
       "  - {to: 10.8.0.0/16, via: [10.0.2.2, 10.0.1.2]}\n"
       "  - {to: 10.9.0.0/16, via: [10.0.1.9, 10.0.2.2]}\n",
       {"5:10: warning[R106]: route to 10.8.0.0/15" + tail}},
      {"gateways on fewer",
       "  - {to: 10.8.0.0/15, via: [10.0.1.2, 10.0.2.2]}\n"
       "  - {to: 10.8.0.0/16, via: 10.0.1.2}\n"
       "  - {to: 10.9.0.0/16, via: 10.0.1.2}\n",
       {}},
      {"verdicts are always there",
       "  - {to: 10.8.0.0/15, type: unreachable}\n"
       "  - {to: 10.8.0.0/16, type: blackhole}\n"
       "  - {to: 10.9.0.0/16, type: prohibit}\n",
       {"5:10: warning[R106]: route to 10.8.0.0/15" + tail}},
      {"a verdict counts while what covers it is down",
       "  - {to: 10.8.0.0/15, type: unreachable}\n"
       "  - {to: 10.8.0.0/16, via: 10.0.1.2}\n"
       "  - {to: 10.9.0.0/16, via: 10.0.1.2}\n",
       {}},
      {"a connected subnet and the rest of it",
       "  - {to: 10.0.0.0/23, via: 10.0.1.2}\n"
       "  - {to: 10.0.0.0/24, type: blackhole}\n",
       {"5:10: warning[R106]: route to 10.0.0.0/23" + tail}},
      {"what is never forwarded, and the rest",
       "  - {to: 126.0.0.0/7, via: 10.0.1.2}\n"
       "  - {to: 126.0.0.0/8, via: 10.0.1.2}\n",
       {"5:10: warning[R106]: route to 126.0.0.0/7" + tail}},
  };
}

std::vector<Row> effects() {
  const std::string none = "has no effect: it is ";
  return {
      {"the router's own address",
       "  - {to: 10.0.2.1/32, via: 10.0.1.2}\n",
       {"5:10: warning[R107]: route to 10.0.2.1/32 " + none +
        "the router's own address on b (remove it)"}},
      {"broadcast of a subnet",
       "  - {to: 10.0.2.255/32, type: blackhole}\n",
       {"5:10: warning[R107]: route to 10.0.2.255/32 " + none +
        "the broadcast address of b's 10.0.2.0/24 (remove it)"}},
      {"network address of a subnet",
       "  - {to: 10.0.2.0/32, type: blackhole}\n",
       {"5:10: warning[R107]: route to 10.0.2.0/32 " + none +
        "the network address of b's 10.0.2.0/24 (remove it)"}},
      {"a host of a subnet by another gateway", "  - {to: 10.0.2.9/32, via: 10.0.1.2}\n", {}},
      {"the first address of another subnet", "  - {to: 10.0.3.0/32, via: 10.0.1.2}\n", {}},
  };
}

TEST(Forwarding, EveryRow) {
  for (const auto& rows : {shadows(), effects()}) {
    for (const Row& row : rows) {
      SCOPED_TRACE(row.name);
      EXPECT_EQ(lint(kPorts + row.text), row.findings);
    }
  }
}

TEST(Forwarding, BothEndsOfA31AreHosts) {
  const std::string ports =
      "ethernets: {a: {match: {linux: e0}, addresses: [192.0.2.0/31]}}\n"
      "routes:\n";
  EXPECT_EQ(lint(ports + "  - {to: default, via: 192.0.2.1}\n"), std::vector<std::string>{});
  EXPECT_EQ(lint(ports + "  - {to: 192.0.2.1/32, type: blackhole}\n"), std::vector<std::string>{});
}

TEST(Forwarding, AnInterfaceWithNothingBut32HasNoNeighbours) {
  const auto lines = lint(
      "ethernets:\n"
      "  a: {match: {linux: e0}, addresses: [192.0.2.1/32, 192.0.2.2/32]}\n"
      "  b: {match: {linux: e1}, addresses: [192.0.2.9/32, 10.0.2.1/24]}\n");
  EXPECT_EQ(lines,
            std::vector<std::string>{
                "2:39: warning[A107]: a has no subnet but 192.0.2.1/32: no neighbour can be there "
                "(for two routers on a cable: 192.0.2.1/31)"});
}

const std::string kThreeMtus =
    "ethernets:\n"
    "  lan: {match: {linux: e0}, mtu: 9000, addresses: [10.0.1.1/24]}\n"
    "  wan: {match: {linux: e1}, addresses: [10.0.2.1/24]}\n"
    "  x: {match: {linux: e2}, mtu: 1400}\n"
    "  y: {match: {linux: e3}, mtu: 1400}\n"
    "bridges: {br: {interfaces: [x, y], addresses: [10.0.4.1/24]}}\n"
    "vlans:\n"
    "  lan.5: {id: 5, link: lan, mtu: 1300, addresses: [10.0.5.1/24]}\n"
    "  lan.6: {id: 6, link: lan, addresses: [10.0.6.1/24]}\n"
    "routes:\n";

TEST(Forwarding, AnMtuSmallerThanWhatIsRoutedIntoIt) {
  const auto text = [](const char* mtu, const char* name) {
    return std::string("warning[P110]: mtu ") + mtu + " of " + name +
           " is less than lan's 9000: what comes there and is routed by a gateway here may not fit "
           "(the same mtu on both, or it is fragmented or refused (RFC 1191))";
  };
  using Lines = std::vector<std::string>;
  EXPECT_EQ(lint(kThreeMtus + "  - {to: default, via: 10.0.2.2}\n"),
            Lines{"3:3: " + text("1500", "wan")});
  EXPECT_EQ(lint(kThreeMtus + "  - {to: default, via: 10.0.4.2}\n"),
            Lines{"6:11: " + text("1400", "br")});
  EXPECT_EQ(lint(kThreeMtus + "  - {to: default, via: 10.0.5.2}\n"),
            Lines{"8:34: " + text("1300", "lan.5")});
  EXPECT_EQ(lint(kThreeMtus + "  - {to: default, via: 10.0.6.2}\n"), Lines{}) << "the link's";
  EXPECT_EQ(lint(kThreeMtus + "  - {to: default, type: blackhole}\n"), Lines{});
}

TEST(Forwarding, OneByteLessIsLess) {
  const auto ports = [](unsigned mtu) {
    return "ethernets:\n"
           "  a: {match: {linux: e0}, addresses: [10.0.1.1/24]}\n"
           "  b: {match: {linux: e1}, mtu: " +
           std::to_string(mtu) +
           ", addresses: [10.0.2.1/24]}\n"
           "routes: [{to: default, via: 10.0.2.2}]\n";
  };
  EXPECT_EQ(lint(ports(1500)), std::vector<std::string>{});
  const auto lines = lint(ports(1499));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].substr(0, 38), "3:32: warning[P110]: mtu 1499 of b is ");
}

}  // namespace
}  // namespace weir::config
