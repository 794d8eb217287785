#include "config/reverse_zone.hpp"

#include <gtest/gtest.h>

namespace weir::config {
namespace {

TEST(ReverseZone, Names) {
  EXPECT_EQ(reverse_name(Ipv4Address(192, 0, 2, 1)), "1.2.0.192.in-addr.arpa");
  EXPECT_EQ(reverse_name(Ipv6Address::parse("4321:0:1:2:3:4:567:89ab").value()),
            "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa")
      << "the example of RFC 3596 section 2.5";
}

template <typename Address>
void expect_zones(const char* prefix, const char* first, const char* last, unsigned count) {
  SCOPED_TRACE(prefix);
  const ReverseZones zones =
      reverse_zones(InterfaceAddress<Address>::parse(prefix).value().subnet());
  EXPECT_EQ(zones.first, first);
  EXPECT_EQ(zones.last, last);
  EXPECT_EQ(zones.count, count);
}

TEST(ReverseZone, Ipv4) {
  expect_zones<Ipv4Address>("192.0.2.0/24", "2.0.192.in-addr.arpa", "2.0.192.in-addr.arpa", 1);
  expect_zones<Ipv4Address>("172.16.0.0/12", "16.172.in-addr.arpa", "31.172.in-addr.arpa", 16);
  expect_zones<Ipv4Address>("10.0.0.0/8", "10.in-addr.arpa", "10.in-addr.arpa", 1);
  expect_zones<Ipv4Address>("0.0.0.0/0", "in-addr.arpa", "in-addr.arpa", 1);
  expect_zones<Ipv4Address>("128.0.0.0/1", "128.in-addr.arpa", "255.in-addr.arpa", 128);
  expect_zones<Ipv4Address>("192.0.2.1/32", "1.2.0.192.in-addr.arpa", "1.2.0.192.in-addr.arpa", 1);
  const ReverseZones zones = reverse_zones({Ipv4Address(192, 0, 2, 64), 26});
  EXPECT_EQ(zones.first, "64/26.2.0.192.in-addr.arpa") << "the example of RFC 2317 section 4";
  EXPECT_TRUE(zones.is_classless);
}

TEST(ReverseZone, Ipv6) {
  expect_zones<Ipv6Address>("2001:db8:12::/60", "0.0.0.2.1.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
                            "0.0.0.2.1.0.0.8.b.d.0.1.0.0.2.ip6.arpa", 1);
  expect_zones<Ipv6Address>("2001:db8::/33", "0.8.b.d.0.1.0.0.2.ip6.arpa",
                            "7.8.b.d.0.1.0.0.2.ip6.arpa", 8);
  expect_zones<Ipv6Address>("2000::/3", "2.ip6.arpa", "3.ip6.arpa", 2);
  expect_zones<Ipv6Address>("::/0", "ip6.arpa", "ip6.arpa", 1);
}

}  // namespace
}  // namespace weir::config
