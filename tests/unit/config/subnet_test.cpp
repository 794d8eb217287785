#include "config/subnet.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir::config {
namespace {

SubnetInfo info_of(const std::string& text) {
  const SubnetText parsed = parse_subnet(text);
  EXPECT_TRUE(parsed.address) << parsed.error;
  return subnet_info(parsed.address.value_or(Ipv4InterfaceAddress{}));
}

TEST(Subnet, Figures) {
  struct Row {
    const char* text;
    const char* subnet;
    const char* netmask;
    const char* wildcard;
    const char* first;
    const char* last;
    const char* broadcast;
    std::uint64_t hosts;
    std::uint64_t addresses;
  };
  const std::vector<Row> rows = {
      {"192.0.2.2/30", "192.0.2.0/30", "255.255.255.252", "0.0.0.3", "192.0.2.1", "192.0.2.2",
       "192.0.2.3", 2, 4},
      {"10.1.2.3/8", "10.0.0.0/8", "255.0.0.0", "0.255.255.255", "10.0.0.1", "10.255.255.254",
       "10.255.255.255", 16777214, 16777216},
      {"172.16.5.4/20", "172.16.0.0/20", "255.255.240.0", "0.0.15.255", "172.16.0.1",
       "172.16.15.254", "172.16.15.255", 4094, 4096},
      {"10.0.0.1/31", "10.0.0.0/31", "255.255.255.254", "0.0.0.1", "10.0.0.0", "10.0.0.1", "", 2,
       2},
      {"10.0.0.1/32", "10.0.0.1/32", "255.255.255.255", "0.0.0.0", "10.0.0.1", "10.0.0.1", "", 1,
       1},
      {"8.8.8.8/0", "0.0.0.0/0", "0.0.0.0", "255.255.255.255", "0.0.0.1", "255.255.255.254",
       "255.255.255.255", 4294967294, 4294967296},
      {"255.255.255.255/1", "128.0.0.0/1", "128.0.0.0", "127.255.255.255", "128.0.0.1",
       "255.255.255.254", "255.255.255.255", 2147483646, 2147483648},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.text);
    const SubnetInfo info = info_of(row.text);
    EXPECT_EQ(info.subnet.to_string(), row.subnet);
    EXPECT_EQ(info.netmask.to_string(), row.netmask);
    EXPECT_EQ(info.wildcard.to_string(), row.wildcard);
    EXPECT_EQ(info.first.to_string(), row.first);
    EXPECT_EQ(info.last.to_string(), row.last);
    EXPECT_EQ(info.broadcast ? info.broadcast->to_string() : "", row.broadcast);
    EXPECT_EQ(info.hosts, row.hosts);
    EXPECT_EQ(info.addresses, row.addresses);
  }
}

TEST(Subnet, WhatTheAddressIs) {
  EXPECT_TRUE(info_of("10.0.0.0/24").is_network_address);
  EXPECT_TRUE(info_of("10.0.0.255/24").is_broadcast_address);
  EXPECT_FALSE(info_of("10.0.0.1/24").is_network_address);
  EXPECT_FALSE(info_of("10.0.0.0/31").is_network_address);
  EXPECT_FALSE(info_of("10.0.0.1/31").is_broadcast_address);
  EXPECT_FALSE(info_of("10.0.0.1/32").is_network_address);
}

TEST(Subnet, Class) {
  const std::pair<const char*, char> rows[] = {
      {"0.0.0.0", 'A'},   {"127.255.255.255", 'A'}, {"128.0.0.0", 'B'}, {"191.255.255.255", 'B'},
      {"192.0.0.0", 'C'}, {"223.255.255.255", 'C'}, {"224.0.0.0", 'D'}, {"239.255.255.255", 'D'},
      {"240.0.0.0", 'E'}, {"255.255.255.255", 'E'},
  };
  for (const auto& [address, letter] : rows) {
    EXPECT_EQ(info_of(address).address_class, letter) << address;
  }
}

TEST(Subnet, NetworkOfTheClass) {
  EXPECT_EQ(info_of("10.1.2.3/24").class_network->to_string(), "10.0.0.0/8");
  EXPECT_EQ(info_of("172.16.1.2/30").class_network->to_string(), "172.16.0.0/16");
  EXPECT_EQ(info_of("103.9.32.146/26").class_network->to_string(), "103.0.0.0/8");
  EXPECT_EQ(info_of("192.0.2.1/8").class_network->to_string(), "192.0.2.0/24");
  EXPECT_FALSE(info_of("224.0.0.1").class_network);
  EXPECT_FALSE(info_of("240.0.0.1").class_network);
}

TEST(Subnet, Scope) {
  struct Row {
    const char* first;
    const char* last;
    const char* name;
    const char* source;
    bool forwardable;
    bool global;
  };
  const std::vector<Row> rows = {
      {"0.0.0.0", "0.0.0.0", "this host on this network", "RFC 1122", false, false},
      {"0.0.0.1", "0.255.255.255", "this network", "RFC 791", false, false},
      {"1.0.0.0", "9.255.255.255", "public", "RFC 4632", true, true},
      {"10.0.0.0", "10.255.255.255", "private", "RFC 1918", true, false},
      {"11.0.0.0", "100.63.255.255", "public", "RFC 4632", true, true},
      {"100.64.0.0", "100.127.255.255", "shared address space", "RFC 6598", true, false},
      {"127.0.0.0", "127.255.255.255", "loopback", "RFC 1122", false, false},
      {"169.254.0.0", "169.254.255.255", "link-local", "RFC 3927", false, false},
      {"172.16.0.0", "172.31.255.255", "private", "RFC 1918", true, false},
      {"172.32.0.0", "191.255.255.255", "public", "RFC 4632", true, true},
      {"192.0.0.0", "192.0.0.7", "IPv4 service continuity", "RFC 7335", true, false},
      {"192.0.0.8", "192.0.0.8", "IPv4 dummy address", "RFC 7600", false, false},
      {"192.0.0.11", "192.0.0.169", "IETF protocol assignments", "RFC 6890", false, false},
      {"192.0.0.170", "192.0.0.171", "NAT64/DNS64 discovery", "RFC 7050", false, false},
      {"192.0.2.0", "192.0.2.255", "documentation (TEST-NET-1)", "RFC 5737", false, false},
      {"192.88.99.0", "192.88.99.255", "6to4 relay anycast (deprecated)", "RFC 7526", true, true},
      {"192.168.0.0", "192.168.255.255", "private", "RFC 1918", true, false},
      {"198.18.0.0", "198.19.255.255", "benchmarking", "RFC 2544", true, false},
      {"198.51.100.0", "198.51.100.255", "documentation (TEST-NET-2)", "RFC 5737", false, false},
      {"203.0.113.0", "203.0.113.255", "documentation (TEST-NET-3)", "RFC 5737", false, false},
      {"224.0.0.0", "224.0.0.255", "multicast, this link only", "RFC 5771", false, false},
      {"224.0.1.0", "231.255.255.255", "multicast", "RFC 5771", true, true},
      {"232.0.0.0", "232.255.255.255", "multicast, source-specific", "RFC 4607", true, true},
      {"239.0.0.0", "239.255.255.255", "multicast, administratively scoped", "RFC 2365", true,
       false},
      {"240.0.0.0", "255.255.255.254", "reserved", "RFC 1112", false, false},
      {"255.255.255.255", "255.255.255.255", "limited broadcast", "RFC 8190", false, false},
  };
  for (const Row& row : rows) {
    for (const char* text : {row.first, row.last}) {
      SCOPED_TRACE(text);
      const Scope scope = scope_of(Ipv4Address::parse(text).value());
      EXPECT_EQ(scope.name, row.name);
      EXPECT_EQ(scope.source, row.source);
      EXPECT_EQ(scope.forwardable, row.forwardable);
      EXPECT_EQ(scope.global, row.global);
    }
  }
}

TEST(Subnet, ScopeOfTheWhole) {
  EXPECT_TRUE(info_of("10.1.2.3/24").scope_is_whole);
  EXPECT_TRUE(info_of("10.0.0.0/8").scope_is_whole);
  EXPECT_FALSE(info_of("10.0.0.0/7").scope_is_whole) << "11.0.0.0/8 is public";
  EXPECT_TRUE(info_of("8.8.8.8/16").scope_is_whole);
  EXPECT_FALSE(info_of("8.8.8.8/5").scope_is_whole) << "holds 10.0.0.0/8";
  EXPECT_FALSE(info_of("224.0.1.1/4").scope_is_whole);
  EXPECT_FALSE(info_of("8.8.8.8/0").scope_is_whole);
}

TEST(Subnet, Binary) {
  const Ipv4Address address{192, 0, 2, 2};
  EXPECT_EQ(binary(address, 30), "11000000.00000000.00000010.000000|10");
  EXPECT_EQ(binary(address, 24), "11000000.00000000.00000010|00000010");
  EXPECT_EQ(binary(address, 1), "1|1000000.00000000.00000010.00000010");
  EXPECT_EQ(binary(address, 0), "11000000.00000000.00000010.00000010");
  EXPECT_EQ(binary(address, 32), "11000000.00000000.00000010.00000010");
}

TEST(Subnet, Netmasks) {
  for (unsigned length = 0; length <= 32; ++length) {
    EXPECT_EQ(netmask_length(Ipv4Address{ipv4_mask(length)}), length);
  }
  EXPECT_EQ(netmask_length(Ipv4Address{255, 0, 255, 0}), std::nullopt);
  EXPECT_EQ(netmask_length(Ipv4Address{0, 0, 0, 255}), std::nullopt);
}

TEST(Subnet, TextForms) {
  const std::pair<const char*, const char*> rows[] = {
      {"10.0.0.1/24", "10.0.0.1/24"},
      {"  10.0.0.1/24  ", "10.0.0.1/24"},
      {"10.0.0.1 255.255.255.0", "10.0.0.1/24"},
      {"10.0.0.1   255.255.255.0", "10.0.0.1/24"},
      {"10.0.0.1/255.255.255.0", "10.0.0.1/24"},
      {"10.0.0.1 24", "10.0.0.1/24"},
      {"10.0.0.1", "10.0.0.1/32"},
      {"10.0.0.1/0.0.0.0", "10.0.0.1/0"},
  };
  for (const auto& [text, want] : rows) {
    const SubnetText parsed = parse_subnet(text);
    ASSERT_TRUE(parsed.address) << text << ": " << parsed.error;
    EXPECT_EQ(parsed.address->to_string(), want) << text;
    EXPECT_EQ(parsed.error, "") << text;
  }
}

TEST(Subnet, WrongText) {
  const std::pair<const char*, const char*> rows[] = {
      {"", "\"\" is not an IPv4 address (such as 192.0.2.1)"},
      {"10.0.0/24", "\"10.0.0\" is not an IPv4 address (such as 192.0.2.1)"},
      {"10.0.0.01/24", "\"10.0.0.01\" is not an IPv4 address (did you mean 10.0.0.1?)"},
      {"2001:db8::1/64", "\"2001:db8::1\" is IPv6, which is not in this version (remove it)"},
      {"10.0.0.1/33", "\"33\" is not a prefix length (0 to 32) or netmask"},
      {"10.0.0.1/", "\"\" is not a prefix length (0 to 32) or netmask"},
      {"10.0.0.1/24/24", "\"24/24\" is not a prefix length (0 to 32) or netmask"},
      {"10.0.0.1 255.255.0", "\"255.255.0\" is not a netmask (such as 255.255.255.0)"},
      {"10.0.0.1 255.0.255.0", "255.0.255.0 is not a netmask: its ones are not all in front"},
      {"10.0.0.1 0.0.0.255",
       "0.0.0.255 is not a netmask: its ones are not all in front (did you mean 255.255.255.0?)"},
  };
  for (const auto& [text, want] : rows) {
    const SubnetText parsed = parse_subnet(text);
    EXPECT_FALSE(parsed.address) << text;
    EXPECT_EQ(parsed.error, want) << text;
  }
}

}  // namespace
}  // namespace weir::config
