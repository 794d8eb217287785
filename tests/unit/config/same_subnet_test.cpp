#include "config/same_subnet.hpp"

#include <gtest/gtest.h>

#include "config/parse.hpp"
#include "config/route_lookup.hpp"
#include "config/text.hpp"

namespace weir::config {
namespace {

template <typename Address>
SameSubnet ask(const char* host, const char* peer, std::optional<unsigned> peer_length = {},
               const char* gateway = "") {
  return same_subnet<Address>(InterfaceAddress<Address>::parse(host).value(),
                              Address::parse(peer).value(), peer_length, Address::parse(gateway));
}

TEST(SameSubnet, Ipv4) {
  struct Row {
    const char* host;
    const char* peer;
    Reach reach;
    unsigned common_bits;
  };
  const Row rows[] = {
      {"10.0.0.1/24", "10.0.0.254", Reach::local, 24},
      {"10.0.0.1/24", "10.0.1.5", Reach::remote, 23},
      {"10.0.0.1/23", "10.0.1.5", Reach::local, 23},
      {"10.0.0.1/24", "10.0.0.1", Reach::itself, 32},
      {"10.0.0.1/24", "10.0.0.0", Reach::network, 31},
      {"10.0.0.1/24", "10.0.0.255", Reach::broadcast, 24},
      {"10.0.0.1/24", "255.255.255.255", Reach::broadcast, 0},
      {"10.0.0.0/31", "10.0.0.1", Reach::local, 31},
      {"10.0.0.1/32", "10.0.0.2", Reach::remote, 30},
      {"10.0.0.1/0", "200.0.0.1", Reach::local, 0},
      {"10.0.0.1/24", "224.0.0.1", Reach::multicast, 0},
      {"10.0.0.1/24", "169.254.3.4", Reach::link_local, 0},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(std::string(row.host) + ' ' + row.peer);
    EXPECT_EQ(ask<Ipv4Address>(row.host, row.peer).host_to_peer, row.reach);
    EXPECT_EQ(ask<Ipv4Address>(row.host, row.peer).common_bits, row.common_bits);
  }
  EXPECT_TRUE(ask<Ipv4Address>("10.0.0.0/24", "10.0.0.1").host_is_no_host);
  EXPECT_FALSE(ask<Ipv4Address>("10.0.0.0/31", "10.0.0.1").host_is_no_host);
}

TEST(SameSubnet, Ipv6) {
  EXPECT_EQ(ask<Ipv6Address>("2001:db8::1/64", "2001:db8::2").host_to_peer, Reach::local);
  EXPECT_EQ(ask<Ipv6Address>("2001:db8::1/64", "2001:db8:0:1::2").host_to_peer, Reach::remote);
  EXPECT_EQ(ask<Ipv6Address>("2001:db8::1/64", "2001:db8::").host_to_peer, Reach::local)
      << "an anycast address, no network address";
  EXPECT_EQ(ask<Ipv6Address>("2001:db8::1/64", "fe80::2").host_to_peer, Reach::link_local);
  EXPECT_EQ(ask<Ipv6Address>("2001:db8::1/64", "ff02::1").host_to_peer, Reach::multicast);
  EXPECT_EQ(ask<Ipv6Address>("2001:db8::1/64", "ffff:ffff::").host_to_peer, Reach::multicast);
  EXPECT_EQ(ask<Ipv6Address>("2001:db8::1/64", "2001:db8::2").common_bits, 126u);
}

TEST(SameSubnet, TheOtherSide) {
  const auto wide = ask<Ipv4Address>("10.0.0.1/16", "10.0.1.5", 24);
  EXPECT_EQ(wide.host_to_peer, Reach::local);
  EXPECT_EQ(wide.peer_to_host, Reach::remote);
  EXPECT_TRUE(wide.disagree);
  EXPECT_TRUE(ask<Ipv4Address>("10.0.0.1/24", "10.0.1.5", 16).disagree);
  EXPECT_FALSE(ask<Ipv4Address>("10.0.0.1/24", "10.0.1.5", 25).disagree) << "both remote";
  EXPECT_FALSE(ask<Ipv4Address>("10.0.0.1/24", "10.0.0.5", 25).disagree) << "both local";
  EXPECT_FALSE(ask<Ipv4Address>("10.0.0.1/24", "10.0.0.5").peer_to_host);
  EXPECT_TRUE(ask<Ipv6Address>("2001:db8::1/48", "2001:db8:0:1::2", 64).disagree);
}

TEST(SameSubnet, Gateways) {
  EXPECT_EQ(ask<Ipv4Address>("10.0.0.1/24", "8.8.8.8", {}, "10.0.0.254").gateway,
            GatewayFault::none);
  EXPECT_EQ(ask<Ipv4Address>("10.0.0.1/24", "8.8.8.8", {}, "10.0.1.254").gateway,
            GatewayFault::off_subnet);
  EXPECT_EQ(ask<Ipv4Address>("10.0.0.1/24", "8.8.8.8", {}, "10.0.0.1").gateway,
            GatewayFault::is_host);
  EXPECT_EQ(ask<Ipv4Address>("10.0.0.1/24", "8.8.8.8", {}, "10.0.0.255").gateway,
            GatewayFault::no_host);
  EXPECT_EQ(ask<Ipv4Address>("10.0.0.1/24", "8.8.8.8").gateway, std::nullopt);
  EXPECT_EQ(ask<Ipv6Address>("2001:db8::1/64", "2001:db9::1", {}, "fe80::1").gateway,
            GatewayFault::none);
  EXPECT_EQ(ask<Ipv6Address>("2001:db8::1/64", "2001:db9::1", {}, "2001:db8:0:1::1").gateway,
            GatewayFault::off_subnet);
}

TEST(RouteLookup, TheLongest) {
  const ParseResult parsed = parse_text(R"(version: 1
ethernets:
  a: {match: {linux: va}, addresses: [10.0.1.1/24]}
  b: {match: {linux: vb}, addresses: [10.0.2.1/24]}
routes:
  - {to: 10.0.0.0/8, type: blackhole}
  - {to: 10.0.2.0/24, via: 10.0.1.2}
  - {to: 10.0.2.128/25, via: 10.0.1.3}
)",
                                        "lab.yaml");
  ASSERT_TRUE(parsed) << parsed.findings.to_string();
  const auto to = [&](const char* address) {
    const auto found = find_route(*parsed.config, Ipv4Address::parse(address).value());
    if (!found) return std::string("none");
    return cat(found->to.to_string(), ' ', found->interface,
               found->via.empty() ? "" : found->via.front().to_string(), ' ', found->source.line);
  };
  EXPECT_EQ(to("10.0.1.9"), "10.0.1.0/24 a 3");
  EXPECT_EQ(to("10.0.2.9"), "10.0.2.0/24 b 4") << "connected goes before a route";
  EXPECT_EQ(to("10.0.2.200"), "10.0.2.128/25 10.0.1.3 8");
  EXPECT_EQ(to("10.9.9.9"), "10.0.0.0/8  6");
  EXPECT_EQ(to("8.8.8.8"), "none");
}

}  // namespace
}  // namespace weir::config
