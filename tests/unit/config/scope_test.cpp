// IPv6's registry; IPv4's is in subnet_test.cpp.
#include "config/scope.hpp"

#include <gtest/gtest.h>

namespace weir::config {
namespace {

TEST(Ipv6Scope, FirstAndLastOfEachBlock) {
  struct Row {
    const char* first;
    const char* last;
    const char* name;
    bool forwardable, global;
  };
  const Row rows[] = {
      {"::", "::", "unspecified", false, false},
      {"::1", "::1", "loopback", false, false},
      {"::2", "::ffff:ffff", "IPv4-compatible (deprecated)", false, false},
      {"::ffff:0.0.0.0", "::ffff:255.255.255.255", "IPv4-mapped", false, false},
      {"64:ff9b::", "64:ff9b::255.255.255.255", "NAT64", true, true},
      {"64:ff9b::1:0:0", "64:ff9b:0:ffff:ffff:ffff:ffff:ffff", "reserved by the IETF", false,
       false},
      {"64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "NAT64, local use", true, false},
      {"100::", "100::ffff:ffff:ffff:ffff", "discard-only", true, false},
      {"2000::", "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "public (global unicast)", true, true},
      {"2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "Teredo", true, true},
      {"2001:1::", "2001:1::", "IETF protocol assignments", false, false},
      {"2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", "benchmarking", true, false},
      {"2001:20::", "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff", "ORCHIDv2", true, true},
      {"2001:200::", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "public (global unicast)", true,
       true},
      {"2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "documentation", false, false},
      {"2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "6to4", true, true},
      {"3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "documentation", false, false},
      {"3fff:1000::", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "public (global unicast)", true,
       true},
      {"4000::", "5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved by the IETF", false, false},
      {"5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "segment routing SIDs", true, false},
      {"fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "private (unique local)", true, false},
      {"fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "link-local", false, false},
      {"fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "site-local (deprecated)", true, false},
      {"ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast", true, true},
  };
  for (const Row& row : rows) {
    for (const char* text : {row.first, row.last}) {
      SCOPED_TRACE(text);
      const Ipv6Scope scope = scope_of(Ipv6Address::parse(text).value());
      EXPECT_EQ(scope.name, row.name);
      EXPECT_EQ(scope.forwardable, row.forwardable);
      EXPECT_EQ(scope.global, row.global);
    }
  }
}

TEST(Ipv6Scope, OfTheWhole) {
  const auto whole = [](const char* text) {
    const auto subnet = Ipv6InterfaceAddress::parse(text).value().subnet();
    return covers_whole(scope_of(subnet.network()), subnet);
  };
  EXPECT_TRUE(whole("2001:db8::/32"));
  EXPECT_TRUE(whole("fd00::/8"));
  EXPECT_FALSE(whole("2001:db8::/31")) << "2001:db9::/32 is public";
  EXPECT_FALSE(whole("2001::/16"));
  EXPECT_TRUE(whole("2a00::/12"));
  EXPECT_FALSE(whole("::/0"));
}

}  // namespace
}  // namespace weir::config
