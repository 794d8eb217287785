// What a plan changes in a configuration and breaks, and the edit in its text.
#include "config/renumber.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "config/parse.hpp"
#include "config/text.hpp"
#include "config/validate.hpp"

namespace weir::config {
namespace {

constexpr const char* kFile = R"(version: 1
system: {control-cores: [0], worker-cores: [1]}
ethernets:
  wan0:
    match: {linux: veth-wan0}
    addresses: [192.0.2.2/30]       # the provider's
  lan0:
    match: {linux: veth-lan0}
    addresses: [10.0.10.1/24, "10.0.11.1/24"]  # two on one wire
  lan1: {match: {linux: veth-lan1}, addresses: [10.0.12.1/24]}
  bare:
    # nothing yet
    match: {linux: veth-bare}
  flow: {match: {linux: veth-flow}}
neighbors:
  static:
    - {ip: 10.0.10.9, mac: "02:00:5e:10:00:01", interface: lan0}
    - {ip: 192.0.2.1, mac: "02:00:5e:10:00:02", interface: wan0}
routes:
  - {to: default, via: 192.0.2.1}
  - {to: 10.20.0.0/16, via: [10.0.10.2, 10.0.12.2]}
  - {to: 103.9.32.16/28, via: 192.0.2.1}
)";

Config parsed(const std::string& text) {
  ParseResult result = parse_text(text, "lab.yaml");
  EXPECT_TRUE(result) << result.findings.to_string();
  return result ? *std::move(result.config) : Config{};
}

Ipv4InterfaceAddress on(const char* text) { return Ipv4InterfaceAddress::parse(text).value(); }
WantedSubnet want(const char* interface, const char* address) {
  return {interface, on(address).subnet(), on(address).address};
}
const Ipv4Prefix kParent = on("103.9.32.0/24").subnet();

std::string changes_of(const Renumbering& result) {
  std::string text;
  for (const AddressChange& change : result.changes) {
    text += cat(change.interface, ' ', change.before ? change.before->to_string() : "-", ' ',
                change.after.to_string(), '\n');
  }
  return text;
}

std::string broken_of(const Renumbering& result) {
  std::string text;
  for (const Broken& b : result.broken) {
    text += cat(name_of(b.kind), ' ', b.source.line, ':', b.source.column,
                b.is_error ? " error" : " warning", b.code ? cat('[', id_of(*b.code), ']') : "",
                ": ", b.message, " (", b.hint, ")\n");
  }
  return text;
}

TEST(Renumber, WhatChanges) {
  const Config config = parsed(kFile);
  const std::vector<WantedSubnet> wanted = {
      want("lan0", "103.9.32.1/26"), want("bare", "103.9.32.65/27"),
      want("nobody", "103.9.32.97/27"), want("wan0", "192.0.2.1/30")};
  const Renumbering result = renumber(config, wanted, kParent);
  EXPECT_EQ(changes_of(result), "lan0 10.0.10.1/24 103.9.32.1/26\nbare - 103.9.32.65/27\n");
  EXPECT_EQ(result.unknown, std::vector<std::string>{"nobody"});
  EXPECT_EQ(result.unchanged, std::vector<std::string>{"wan0"}) << "192.0.2.2 is in it already";
  ASSERT_EQ(result.hosts.size(), 1u);
  EXPECT_EQ(result.hosts[0].interface, "lan0");
  EXPECT_EQ(result.changed.ethernets[1].addresses[0], on("103.9.32.1/26"));
  EXPECT_EQ(result.changed.ethernets[1].addresses[1], on("10.0.11.1/24"));
}

TEST(Renumber, TheAddressWithinTheParentIsTheOneThatChanges) {
  const Config config = parsed(kFile);
  const Renumbering result =
      renumber(config, std::vector{want("lan0", "10.0.11.129/25")}, on("10.0.11.0/24").subnet());
  EXPECT_EQ(changes_of(result), "lan0 10.0.11.1/24 10.0.11.129/25\n");
}

TEST(Renumber, WhatItBreaks) {
  const Renumbering result =
      renumber(parsed(kFile), std::vector{want("lan0", "103.9.32.1/26")}, kParent);
  EXPECT_EQ(broken_of(result),
            "neighbor 17:12 error[A108]: neighbour 10.0.10.9 is not on a connected subnet "
            "(if it moves with its subnet, 103.9.32.9)\n"
            "gateway 21:30 error[A108]: gateway 10.0.10.2 is not on a connected subnet "
            "(if it moves with its subnet, 103.9.32.2)\n"
            "route 22:10 warning: the route to 103.9.32.16/28 would take these addresses from "
            "lan0's 103.9.32.0/26 (remove it, or reserve its prefix)\n");
}

TEST(Renumber, ASubnetThatAnotherInterfaceHas) {
  const Renumbering result = renumber(parsed(kFile), std::vector{want("lan0", "10.0.12.65/26")},
                                      on("10.0.12.0/24").subnet());
  EXPECT_NE(broken_of(result).find(
                "address 10:49 error[A104]: 10.0.12.1/24 overlaps lan0's 10.0.12.65/26"),
            std::string::npos)
      << broken_of(result);
}

TEST(Renumber, AGatewayOnAnotherLink) {
  // lan1 gives up 10.0.12.0/24, lan0 takes it.
  const Renumbering result = renumber(
      parsed(kFile), std::vector{want("lan0", "10.0.12.1/24"), want("lan1", "10.0.13.1/24")},
      on("10.0.12.0/23").subnet());
  EXPECT_NE(broken_of(result).find("warning: gateway 10.0.12.2 of the route to 10.20.0.0/16 would "
                                   "be looked for on lan0, no longer on lan1"),
            std::string::npos)
      << broken_of(result);
}

TEST(Renumber, RouteFiles) {
  const auto directory = std::filesystem::temp_directory_path() / "weir-renumber-test";
  std::filesystem::create_directories(directory);
  const std::string routes = (directory / "routes.txt").string();
  std::ofstream(routes) << "198.51.100.0/25 via 10.0.10.2\n198.51.100.128/25 via  10.0.10.2\n"
                           "103.9.32.32/32 via 192.0.2.1\n";
  const Config config = parsed(std::string(kFile) + "  - {file: " + routes + "}\n");
  const Renumbering result = renumber(config, std::vector{want("lan0", "103.9.32.1/26")}, kParent);
  std::filesystem::remove_all(directory);
  const std::string broken = broken_of(result);
  EXPECT_NE(broken.find("gateway 1:21 error[A108]: gateway 10.0.10.2 is not on a connected subnet "
                        "(2 routes) (if it moves with its subnet, 103.9.32.2)"),
            std::string::npos)
      << broken;
  EXPECT_NE(broken.find("route 3:1 warning: the route to 103.9.32.32/32"), std::string::npos);
}

TEST(AddressEdit, InPlaceWithCommentsAndLayout) {
  const Config config = parsed(kFile);
  const Renumbering result =
      renumber(config,
               std::vector{want("lan0", "103.9.32.1/26"), want("lan1", "103.9.32.65/27"),
                           want("bare", "103.9.32.97/28"), want("flow", "103.9.32.113/28")},
               kParent);
  const EditedText edited = edit_addresses(kFile, result.changes, result.changed);
  ASSERT_EQ(edited.error, "");
  std::string wanted = kFile;
  const auto replace = [&](const std::string& from, const std::string& to) {
    ASSERT_NE(wanted.find(from), std::string::npos) << from;
    wanted.replace(wanted.find(from), from.size(), to);
  };
  replace("10.0.10.1/24", "103.9.32.1/26");
  replace("10.0.12.1/24", "103.9.32.65/27");
  replace("  bare:\n", "  bare:\n    addresses: [103.9.32.97/28]\n");
  replace("flow: {", "flow: {addresses: [103.9.32.113/28], ");
  EXPECT_EQ(edited.text, wanted);
}

TEST(AddressEdit, QuotesAndLineEndsStay) {
  std::string text = kFile;
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2)
    text.insert(at, 1, '\r');
  const Config config = parsed(text);
  const Renumbering result =
      renumber(config, std::vector{want("lan0", "10.0.11.129/25"), want("bare", "103.9.32.97/28")},
               on("10.0.11.0/24").subnet());
  const EditedText edited = edit_addresses(text, result.changes, result.changed);
  ASSERT_EQ(edited.error, "");
  EXPECT_NE(edited.text.find("\"10.0.11.129/25\"]"), std::string::npos);
  EXPECT_NE(edited.text.find("  bare:\r\n    addresses: [103.9.32.97/28]\r\n"), std::string::npos);
}

TEST(AddressEdit, WhatCannotBeEditedIsSaid) {
  const std::string shared = R"(version: 1
ethernets:
  a: {match: {linux: va}, addresses: &both [10.0.1.1/24]}
  b: {match: {linux: vb}, addresses: *both}
)";
  const Config config = parsed(shared);
  const Renumbering result = renumber(config, std::vector{want("a", "103.9.32.1/26")}, kParent);
  const EditedText edited = edit_addresses(shared, result.changes, result.changed);
  EXPECT_EQ(edited.text, "");
  EXPECT_NE(edited.error.find("write anchors and aliases out"), std::string::npos) << edited.error;
  // An empty list is a key already.
  const std::string empty =
      "version: 1\nethernets:\n  a:\n    match: {linux: va}\n    addresses: []\n";
  const Renumbering first =
      renumber(parsed(empty), std::vector{want("a", "103.9.32.1/26")}, kParent);
  EXPECT_NE(edit_addresses(empty, first.changes, first.changed).error, "");
}

}  // namespace
}  // namespace weir::config
