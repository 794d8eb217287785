#include "dataplane/net/ipv6.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <unordered_set>

namespace weir {
namespace {

constexpr Ipv6Address kDocumentation{0x2001'0db8'0000'0000, 0x1};
static_assert(kDocumentation.group(0) == 0x2001 && kDocumentation.group(7) == 1);
static_assert(kDocumentation.high() == 0x20010db800000000 && kDocumentation.low() == 1);
static_assert(Ipv6Address{kDocumentation.bytes()} == kDocumentation);
static_assert(kDocumentation.bytes()[0] == 0x20 && kDocumentation.bytes()[15] == 1);
static_assert(Ipv6Prefix{kDocumentation, 0}.mask() == 0);
static_assert(Ipv6Prefix{kDocumentation, 128}.host_mask() == 0);
static_assert(Ipv6Prefix{kDocumentation, 64}.host_mask() == ~std::uint64_t{0});
static_assert(Ipv6Prefix{kDocumentation, 64}.last() ==
              Ipv6Address{0x2001'0db8'0000'0000, ~std::uint64_t{0}});
static_assert(Ipv6Prefix{}.contains(kDocumentation));
static_assert(!Ipv6Prefix{kDocumentation, 128}.contains(Ipv6Address{0x2001'0db8'0000'0000, 0}));
static_assert(!Ipv6Prefix{kDocumentation, 64}.has_broadcast());
static_assert(Ipv6Address{1, 0} > Ipv6Address{0, ~std::uint64_t{0}});

Ipv6Address address(const char* text) {
  const auto parsed = Ipv6Address::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(Ipv6Address{});
}

TEST(Ipv6Address, TextAsRfc5952HasIt) {
  const std::pair<const char*, const char*> rows[] = {
      {"::", "::"},
      {"::1", "::1"},
      {"0:0:0:0:0:0:0:0", "::"},
      {"2001:0DB8:0000:0000:0000:0000:0000:0001", "2001:db8::1"},
      {"2001:db8::", "2001:db8::"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // 4.2.2: one group is not shortened
      {"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},        // 4.2.3: the longest
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},  // 4.2.3: the first of two
      {"0:0:1:2:3:4:0:0", "::1:2:3:4:0:0"},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
      {"fe80::AbCd", "fe80::abcd"},
      {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},  // 5
      {"::ffff:c000:201", "::ffff:192.0.2.1"},
      {"::ffff:0.0.0.0", "::ffff:0.0.0.0"},
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
      {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
  };
  for (const auto& [given, canonical] : rows) EXPECT_EQ(address(given).to_string(), canonical);
}

TEST(Ipv6Address, TextThatIsNone) {
  for (const char* text : {"",
                           ":",
                           ":::",
                           "1",
                           "1:2:3:4:5:6:7",
                           "1::2::3",
                           ":1::2",
                           "1::2:",
                           "12345::",
                           "::12345",
                           "g::",
                           "1:2:3:4:5:6:7:8:9",
                           "1:2:3:4:5:6:7:8::",
                           "::1:2:3:4:5:6:7:8",
                           "1::3:4:5:6:7:8:9",
                           "::1.2.3",
                           "::1.2.3.4.5",
                           "::256.0.0.1",
                           "::1.2.3.04",
                           "1.2.3.4",
                           "1.2.3.4::",
                           "::1.2.3.4:1",
                           "1:2:3:4:5:6:7:1.2.3.4",
                           "fe80::1%eth0",
                           "::1/64",
                           " ::1",
                           "::1 ",
                           "::-1",
                           "::+1",
                           "::0x1",
                           "1:::2",
                           "::1::",
                           "1:",
                           ":1",
                           "::ffff:1.2.3.4.",
                           "1:2:3:4:5:6:7:",
                           "::%",
                           "2001:db8"}) {
    EXPECT_EQ(Ipv6Address::parse(text), std::nullopt) << text;
  }
}

/// The C library as the model: what it reads, and (but for IPv4-compatible ones) what it writes.
TEST(Ipv6Address, AsTheCLibraryHasIt) {
  std::mt19937_64 random{1};
  for (int i = 0; i < 20000; ++i) {
    Ipv6Address::Bytes bytes{};
    // Many zero groups, or `::` is never seen.
    const std::uint64_t zeros = random();
    for (unsigned b = 0; b < 16; ++b)
      if ((zeros >> (b / 2) & 1) != 0) bytes[b] = static_cast<std::uint8_t>(random());
    const Ipv6Address ours{bytes};
    char text[INET6_ADDRSTRLEN];
    ASSERT_NE(inet_ntop(AF_INET6, bytes.data(), text, sizeof text), nullptr);
    if (ours.value() >> 32 != 0) {
      EXPECT_EQ(ours.to_string(), text);
    }
    EXPECT_EQ(Ipv6Address::parse(text), ours) << text;
    EXPECT_EQ(Ipv6Address::parse(ours.to_string()), ours) << ours.to_string();
  }
}

TEST(Ipv6Address, TextMangledIsReadAsTheCLibraryReadsIt) {
  std::mt19937 random{2};
  const std::string_view letters = ":::0012fF.g";
  int good = 0;
  for (int i = 0; i < 200000; ++i) {
    std::string text = i % 2 == 0 ? "1:2:3::4:5" : "1:2:3:4:5:6:1.2.3.4";
    for (auto n = random() % 4; n > 0; --n) {
      const auto at = random() % text.size();
      if (random() % 2 == 0) {
        text[at] = letters[random() % letters.size()];
      } else if (random() % 2 == 0) {
        text.insert(at, 1, letters[random() % letters.size()]);
      } else {
        text.erase(at, 1);
      }
    }
    Ipv6Address::Bytes bytes{};
    const bool theirs = inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
    const auto ours = Ipv6Address::parse(text);
    ASSERT_EQ(ours.has_value(), theirs) << text;
    if (!theirs) continue;
    ++good;
    ASSERT_EQ(ours->bytes(), bytes) << text;
  }
  EXPECT_GT(good, 10000);
}

TEST(Ipv6Address, Kinds) {
  EXPECT_TRUE(address("::").is_unspecified());
  EXPECT_FALSE(address("::1").is_unspecified());
  EXPECT_TRUE(address("::1").is_loopback());
  EXPECT_FALSE(address("::2").is_loopback());
  for (const char* text : {"ff00::", "ff02::1", "ffff::"}) {
    EXPECT_TRUE(address(text).is_multicast()) << text;
  }
  EXPECT_FALSE(address("fe80::1").is_multicast());
  EXPECT_TRUE(address("fe80::").is_link_local());
  EXPECT_TRUE(address("febf:ffff::").is_link_local());
  EXPECT_FALSE(address("fec0::").is_link_local());
  EXPECT_FALSE(address("fe7f:ffff::").is_link_local());
  EXPECT_TRUE(address("::ffff:10.0.0.1").is_ipv4_mapped());
  EXPECT_FALSE(address("::10.0.0.1").is_ipv4_mapped());
  EXPECT_FALSE(address("::1:ffff:10.0.0.1").is_ipv4_mapped());
}

TEST(Ipv6Address, SolicitedNode) {
  EXPECT_EQ(address("4037::01:800:200e:8c6c").solicited_node(), address("ff02::1:ff0e:8c6c"))
      << "the example of RFC 4291 section 2.7.1";
  EXPECT_EQ(address("::").solicited_node(), address("ff02::1:ff00:0"));
  EXPECT_EQ(address("2001:db8::ffff:ffff").solicited_node(), address("ff02::1:ffff:ffff"));
}

TEST(Ipv6Address, HashSpreadsHostsAndSubnets) {
  std::unordered_set<std::size_t> hosts, subnets;
  for (std::uint64_t i = 0; i < 4096; ++i) {
    hosts.insert(std::hash<Ipv6Address>{}(Ipv6Address{0x2001'0db8'0000'0000, i}));
    subnets.insert(std::hash<Ipv6Address>{}(Ipv6Address{0x2001'0db8'0000'0000 + i, 1}));
  }
  EXPECT_EQ(hosts.size(), 4096u);
  EXPECT_EQ(subnets.size(), 4096u);
}

TEST(Ipv6Prefix, ContainsMatchesANaiveComparisonOfBits) {
  const auto bit = [](const Ipv6Address& of, unsigned index) {
    return of.bytes()[index / 8] >> (7 - index % 8) & 1;
  };
  std::mt19937_64 random{3};
  for (int i = 0; i < 20000; ++i) {
    const Ipv6Prefix prefix{Ipv6Address{random(), random()}, static_cast<unsigned>(random() % 129)};
    const Ipv6Address near{prefix.network().value() ^ Uint128{1} << random() % 128};
    bool same = true;
    for (unsigned b = 0; b < prefix.length(); ++b)
      same = same && bit(prefix.network(), b) == bit(near, b);
    EXPECT_EQ(prefix.contains(near), same) << prefix.to_string() << ' ' << near.to_string();
    EXPECT_TRUE(prefix.contains(prefix.network()));
    EXPECT_TRUE(prefix.contains(prefix.last()));
  }
}

TEST(Ipv6InterfaceAddress, Text) {
  const auto parsed = Ipv6InterfaceAddress::parse("2001:db8:12::1/60");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->address, address("2001:db8:12::1"));
  EXPECT_EQ(parsed->subnet().to_string(), "2001:db8:12::/60");
  EXPECT_EQ(parsed->to_string(), "2001:db8:12::1/60");
  EXPECT_TRUE(Ipv6InterfaceAddress::parse("::/0"));
  EXPECT_TRUE(Ipv6InterfaceAddress::parse("::1/128"));
  for (const char* text : {"", "/", "::1", "::1/", "/64", "::1/129", "::1/064", "::1/-1", "::1/64 ",
                           "::1 /64", "::1/64/64", "::1/ffff::", "::1/4294967360"}) {
    EXPECT_EQ(Ipv6InterfaceAddress::parse(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace weir
