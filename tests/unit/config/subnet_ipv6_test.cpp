#include "config/subnet_ipv6.hpp"

#include <gtest/gtest.h>

#include "config/subnet.hpp"

namespace weir::config {
namespace {

Ipv6SubnetInfo info_of(const char* text) {
  const Ipv6SubnetText parsed = parse_ipv6_subnet(text);
  EXPECT_TRUE(parsed.address) << parsed.error;
  return subnet_info(parsed.address.value_or(Ipv6InterfaceAddress{}));
}

Ipv6Address address(const char* text) { return Ipv6Address::parse(text).value(); }

TEST(SubnetIpv6, Figures) {
  const Ipv6SubnetInfo info = info_of("2001:db8:12::1/60");
  EXPECT_EQ(info.subnet.to_string(), "2001:db8:12::/60");
  EXPECT_EQ(info.first, address("2001:db8:12::1"));
  EXPECT_EQ(info.last, address("2001:db8:12:f:ffff:ffff:ffff:ffff"));
  EXPECT_EQ(info.host_bits, 68u);
  EXPECT_EQ(info.scope.name, "documentation");
  EXPECT_TRUE(info.scope_is_whole);
  EXPECT_EQ(info_of("2001:db8::1/127").first, address("2001:db8::"));
  EXPECT_EQ(info_of("2001:db8::1/127").last, address("2001:db8::1"));
  EXPECT_EQ(info_of("2001:db8::1").subnet.to_string(), "2001:db8::1/128");
  EXPECT_EQ(info_of("::/0").host_bits, 128u);
}

TEST(SubnetIpv6, WhatTheAddressIs) {
  EXPECT_TRUE(info_of("2001:db8::/64").is_subnet_router_anycast);
  EXPECT_FALSE(info_of("2001:db8::1/64").is_subnet_router_anycast);
  EXPECT_FALSE(info_of("2001:db8::/127").is_subnet_router_anycast) << "RFC 6164";
  EXPECT_FALSE(info_of("ff02::/16").is_subnet_router_anycast);
  EXPECT_TRUE(info_of("2001:db8::fdff:ffff:ffff:ffff/64").is_reserved_anycast);
  EXPECT_TRUE(info_of("2001:db8::fdff:ffff:ffff:ff80/64").is_reserved_anycast);
  EXPECT_FALSE(info_of("2001:db8::fdff:ffff:ffff:ff7f/64").is_reserved_anycast);
  EXPECT_EQ(info_of("ff02::1/128").multicast_scope, "link-local");
  EXPECT_EQ(info_of("ff15::1/128").multicast_scope, "site-local") << "flags do not matter";
  EXPECT_EQ(info_of("ff0e::1/128").multicast_scope, "global");
  EXPECT_EQ(info_of("2001:db8::1/64").multicast_scope, "");
}

TEST(SubnetIpv6, Eui64) {
  EXPECT_EQ(info_of("fe80::5054:ff:fe12:3456/64").eui64, MacAddress::parse("52:54:00:12:34:56"));
  EXPECT_EQ(info_of("2001:db8::21b:21ff:fe00:1/64").eui64, MacAddress::parse("00:1b:21:00:00:01"));
  EXPECT_EQ(info_of("2001:db8::1/64").eui64, std::nullopt);
  EXPECT_EQ(info_of("2001:db8::21b:21ff:ff00:1/64").eui64, std::nullopt);
  EXPECT_EQ(info_of("2001:db8::31b:21ff:fe00:1/64").eui64, std::nullopt) << "a group";
  EXPECT_EQ(info_of("ff02::1:ff:fe00:1").eui64, std::nullopt) << "multicast has none";
}

TEST(SubnetIpv6, EmbeddedIpv4) {
  const std::tuple<const char*, const char*, const char*> rows[] = {
      {"::ffff:192.0.2.1", "192.0.2.1", "IPv4-mapped (RFC 4291 2.5.5.2)"},
      {"64:ff9b::192.0.2.33", "192.0.2.33", "NAT64 (RFC 6052)"},
      {"2002:c000:204::1", "192.0.2.4", "6to4 (RFC 3056)"},
      {"2001:0:4136:e378:8000:63bf:3fff:fdd2", "192.0.2.45", "Teredo client (RFC 4380)"},
  };
  for (const auto& [text, want, rule] : rows) {
    const auto embedded = info_of(text).ipv4;
    ASSERT_TRUE(embedded) << text;
    EXPECT_EQ(embedded->address.to_string(), want);
    EXPECT_EQ(embedded->rule, rule);
  }
  EXPECT_FALSE(info_of("2001:db8::1").ipv4);
}

TEST(SubnetIpv6, Expanded) {
  const Ipv6Address a = address("2001:db8:12::1");
  EXPECT_EQ(expanded(a, 60), "2001:0db8:0012:000|0:0000:0000:0000:0001");
  EXPECT_EQ(expanded(a, 64), "2001:0db8:0012:0000:|0000:0000:0000:0001");
  EXPECT_EQ(expanded(a, 61), "2001:0db8:0012:000[0|000]:0000:0000:0000:0001");
  EXPECT_EQ(expanded(a, 1), "[0|010]001:0db8:0012:0000:0000:0000:0000:0001");
  EXPECT_EQ(expanded(a, 127), "2001:0db8:0012:0000:0000:0000:0000:000[000|1]");
  EXPECT_EQ(expanded(a, 0), "2001:0db8:0012:0000:0000:0000:0000:0001");
  EXPECT_EQ(expanded(a, 128), "2001:0db8:0012:0000:0000:0000:0000:0001");
}

TEST(SubnetIpv6, LargeNumbers) {
  EXPECT_EQ(power_of_two(0), "1");
  EXPECT_EQ(power_of_two(64), "18446744073709551616");
  EXPECT_EQ(power_of_two(68), "295147905179352825856");
  EXPECT_EQ(power_of_two(127), "170141183460469231731687303715884105728");
  EXPECT_EQ(power_of_two(128), "340282366920938463463374607431768211456");
  EXPECT_EQ(decimal(0), "0");
}

TEST(SubnetIpv6, TextForms) {
  EXPECT_EQ(parse_ipv6_subnet(" 2001:db8::1 64 ").address,
            Ipv6InterfaceAddress::parse("2001:db8::1/64"));
  const std::pair<const char*, const char*> rows[] = {
      {"2001:db8::1/129", "\"129\" is not a prefix length (0 to 128)"},
      {"2001:db8::1/", "\"\" is not a prefix length (0 to 128)"},
      {"2001:db8::1/ffff::", "\"ffff::\" is not a prefix length (0 to 128)"},
      {"2001:db8:::1/64", "\"2001:db8:::1\" is not an IPv6 address (such as 2001:db8::1)"},
      {"fe80::1%eth0/64", "\"fe80::1%eth0\" is not an IPv6 address (did you mean fe80::1?)"},
  };
  for (const auto& [text, want] : rows) {
    const Ipv6SubnetText parsed = parse_ipv6_subnet(text);
    EXPECT_FALSE(parsed.address) << text;
    EXPECT_EQ(parsed.error, want);
  }
}

}  // namespace
}  // namespace weir::config
