// Who is probed for a change: rows of two configurations.
#include "controlplane/probe_targets.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "config/validate.hpp"
#include "controlplane/prober.hpp"
#include "ipv4_packets.hpp"

namespace weir::control::test {
namespace {

constexpr const char* kSystem = "version: 1\nethernets:\n";

std::string port(int number, const std::string& addresses) {
  const std::string n = std::to_string(number);
  return "  p" + n + ": {match: {linux: w" + n + "}, addresses: [" + addresses + "]}\n";
}
const std::string kPorts =
    kSystem + port(0, "10.0.0.1/24") + port(1, "10.0.1.1/24") + port(2, "10.0.2.1/24");

config::Config read(const std::string& text) {
  auto loaded = config::load_text(text, "lab.yaml");
  EXPECT_TRUE(loaded) << loaded.findings.to_string();
  return *loaded.config;
}

std::vector<LiveNeighbor> neighbors(std::initializer_list<const char*> addresses) {
  std::vector<LiveNeighbor> result;
  for (const char* address : addresses) {
    const Ipv4Address at = ip(address);
    result.push_back({at, static_cast<InterfaceId>(at.value() >> 8 & 0xff)});
  }
  return result;
}

/// "10.0.1.2 gateway-before, 10.0.0.2 witness (leaves)".
std::string told(const ProbeTargets& chosen) {
  std::string text;
  for (const ProbeTarget& target : chosen.targets) {
    text += text.empty() ? "" : ", ";
    text += target.address.to_string() + ' ' + std::string(to_string(target.what));
    if (target.leaves) text += " (leaves)";
  }
  return text;
}

std::string choose(const std::string& running, const std::string& next,
                   std::initializer_list<const char*> live = {},
                   std::initializer_list<const char*> named = {}) {
  std::vector<Ipv4Address> hosts;
  for (const char* host : named) hosts.push_back(ip(host));
  return told(choose_targets(read(running), read(next), neighbors(live), hosts));
}

TEST(ProbeTargets, ARouteThatMovesHasItsGatewaysProbedAndOthersAsWitnesses) {
  const auto next = read(kPorts + "routes: [{to: 10.77.0.0/16, via: 10.0.2.2}]\n");
  const auto chosen = choose_targets(read(kPorts + "routes: [{to: 10.77.0.0/16, via: 10.0.1.2}]\n"),
                                     next, neighbors({"10.0.0.2", "10.0.1.2", "10.0.2.2"}), {});
  EXPECT_EQ(told(chosen), "10.0.1.2 gateway-before, 10.0.2.2 gateway-after, 10.0.0.2 witness");
  EXPECT_FALSE(chosen.targets[0].gateway_after);
  EXPECT_TRUE(chosen.targets[1].gateway_after);
  EXPECT_EQ(chosen.left_out, 0u);
}

TEST(ProbeTargets, AGatewayOfBothIsOneTarget) {
  EXPECT_EQ(choose(kPorts + "routes: [{to: 10.77.0.0/16, via: 10.0.1.2}]\n",
                   kPorts + "routes: [{to: 10.77.0.0/16, via: [10.0.1.2, 10.0.2.2]}]\n"),
            "10.0.1.2 gateway, 10.0.2.2 gateway-after");
}

TEST(ProbeTargets, WhereNothingChangesThereAreOnlyWitnesses) {
  EXPECT_EQ(choose(kPorts, kPorts, {"10.0.0.2"}), "10.0.0.2 witness");
  EXPECT_EQ(choose(kPorts, kPorts), "");
}

TEST(ProbeTargets, NeighboursOfASubnetThatChangesAreTouched) {
  const std::string longer =
      kSystem + port(0, "10.0.0.1/24") + port(1, "10.0.1.1/25") + port(2, "10.0.2.1/24");
  EXPECT_EQ(choose(kPorts, longer, {"10.0.0.2", "10.0.1.2", "10.0.1.200"}),
            "10.0.1.2 neighbor, 10.0.1.200 neighbor (leaves), 10.0.0.2 witness");
  const std::string gone = kSystem + port(0, "10.0.0.1/24") + port(1, "10.0.1.1/24") + port(2, "");
  EXPECT_EQ(choose(kPorts, gone, {"10.0.2.2"}), "10.0.2.2 neighbor (leaves)");
}

TEST(ProbeTargets, ASecondAddressTouchesNobodyElse) {
  const std::string more = kSystem + port(0, "10.0.0.1/24, 10.0.9.1/24") + port(1, "10.0.1.1/24") +
                           port(2, "10.0.2.1/24");
  EXPECT_EQ(choose(kPorts, more, {"10.0.0.2"}), "10.0.0.2 witness");
}

TEST(ProbeTargets, AStaticNeighbourThatChangesIsTouched) {
  const std::string with =
      kPorts + "neighbors: {static: [{ip: 10.0.1.7, mac: '02:00:00:00:00:07', interface: p1}]}\n";
  EXPECT_EQ(choose(kPorts, with, {"10.0.1.7", "10.0.1.8"}), "10.0.1.7 neighbor, 10.0.1.8 witness");
}

TEST(ProbeTargets, NamedHostsComeFirstAndOurOwnAddressesNever) {
  EXPECT_EQ(choose(kPorts, kPorts + "routes: [{to: 10.77.0.0/16, via: 10.0.2.2}]\n", {"10.0.0.2"},
                   {"10.77.0.1", "10.0.2.2", "10.0.0.1", "10.77.0.1"}),
            "10.77.0.1 named, 10.0.2.2 named, 10.0.0.2 witness");
}

TEST(ProbeTargets, WhatLosesItsRouteLeaves) {
  const std::string routed = kPorts + "routes: [{to: 10.77.0.0/16, via: 10.0.2.2}]\n";
  EXPECT_EQ(choose(routed, kPorts, {}, {"10.77.0.1"}),
            "10.77.0.1 named (leaves), 10.0.2.2 gateway-before");
  EXPECT_EQ(
      choose(routed, kPorts + "routes: [{to: 10.77.0.0/16, type: blackhole}]\n", {}, {"10.77.0.1"}),
      "10.77.0.1 named (leaves), 10.0.2.2 gateway-before");
  const std::string fallback = kPorts + "routes: [{to: default, via: 10.0.0.2}]\n";
  EXPECT_EQ(choose(routed, fallback, {}, {"10.77.0.1"}),
            "10.77.0.1 named (leaves), 10.0.0.2 gateway-after, 10.0.2.2 gateway-before")
      << "a default route is no way that was meant for it";
  EXPECT_EQ(choose(fallback, fallback, {}, {"10.77.0.1"}), "10.77.0.1 named");
  EXPECT_EQ(choose(kPorts, kPorts, {}, {"10.88.0.1"}), "10.88.0.1 named")
      << "by routes that the files do not know";
}

TEST(ProbeTargets, OfTooManyASampleIsTakenAndTheRestTold) {
  std::string routes = "routes:\n";
  for (int i = 2; i < 202; ++i)
    routes +=
        "  - {to: 10.77." + std::to_string(i) + ".0/24, via: 10.0.1." + std::to_string(i) + "}\n";
  std::vector<LiveNeighbor> live;
  for (std::uint8_t i = 2; i < 60; ++i) {
    live.push_back({Ipv4Address{10, 0, 0, i}, 0});
    live.push_back({Ipv4Address{10, 0, 2, i}, 2});
  }
  const auto chosen = choose_targets(read(kPorts), read(kPorts + routes), live, {});
  EXPECT_EQ(chosen.targets.size(), Prober::kMaxTargets);
  EXPECT_EQ(chosen.left_out, 200 - (Prober::kMaxTargets - kWitnesses));
  const auto witnesses = std::count_if(
      chosen.targets.begin(), chosen.targets.end(),
      [](const ProbeTarget& target) { return target.what == ProbeTarget::What::witness; });
  EXPECT_EQ(witnesses, static_cast<std::ptrdiff_t>(kWitnesses));
  EXPECT_EQ(chosen.targets.back().address, ip("10.0.2.5")) << "of each interface in turn";
}

}  // namespace
}  // namespace weir::control::test
