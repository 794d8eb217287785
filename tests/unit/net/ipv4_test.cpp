#include "dataplane/net/ipv4.hpp"

#include <gtest/gtest.h>

#include <random>
#include <unordered_set>

namespace weir {
namespace {

static_assert(Ipv4Address{192, 0, 2, 1}.value() == 0xc0000201);
static_assert(ipv4_mask(0) == 0 && ipv4_mask(1) == 0x80000000 && ipv4_mask(32) == 0xffffffff);
static_assert(ipv4_mask(24) == 0xffffff00);
static_assert(Ipv4Prefix{Ipv4Address{10, 1, 2, 3}, 8} == Ipv4Prefix{Ipv4Address{10, 0, 0, 0}, 8});
static_assert(Ipv4Prefix{Ipv4Address{10, 0, 0, 0}, 8} != Ipv4Prefix{Ipv4Address{10, 0, 0, 0}, 9});
static_assert(Ipv4Prefix{Ipv4Address{192, 0, 2, 0}, 30}.last() == Ipv4Address{192, 0, 2, 3});
static_assert(Ipv4Prefix{}.contains(Ipv4Address{0xffffffff}));
static_assert(Ipv4Prefix{Ipv4Address{1, 1, 1, 1}, 32}.contains(Ipv4Address{1, 1, 1, 1}));
static_assert(!Ipv4Prefix{Ipv4Address{1, 1, 1, 1}, 32}.contains(Ipv4Address{1, 1, 1, 0}));

TEST(Ipv4Address, TextThatIsOne) {
  for (const char* text : {"0.0.0.0", "192.0.2.1", "255.255.255.255", "1.10.100.0"}) {
    const auto address = Ipv4Address::parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->to_string(), text);
  }
}

TEST(Ipv4Address, TextThatIsNone) {
  for (const char* text :
       {"",          ".",         "1",        "1.2.3",     "1.2.3.",    "1.2.3.4.",
        "1.2.3.4.5", ".1.2.3.4",  "1..2.3",   "256.0.0.1", "1.2.3.256", "1.2.3.4294967297",
        "01.2.3.4",  "1.2.3.04",  "1.2.3.00", "+1.2.3.4",  "-1.2.3.4",  "1.2.3.4 ",
        " 1.2.3.4",  "1.2.3.0x4", "1,2,3,4",  "a.b.c.d",   "1.2.3.4/24"}) {
    EXPECT_EQ(Ipv4Address::parse(text), std::nullopt) << text;
  }
}

TEST(Ipv4Address, TextAndBackAtRandom) {
  std::mt19937 random{1};
  for (int i = 0; i < 10000; ++i) {
    const Ipv4Address address{static_cast<std::uint32_t>(random())};
    EXPECT_EQ(Ipv4Address::parse(address.to_string()), address);
  }
}

TEST(Ipv4Address, Kinds) {
  struct Row {
    Ipv4Address address;
    bool this_network, loopback, multicast, reserved, limited_broadcast, host;
  };
  const Row rows[] = {
      {Ipv4Address{0, 0, 0, 0}, true, false, false, false, false, false},
      {Ipv4Address{0, 255, 255, 255}, true, false, false, false, false, false},
      {Ipv4Address{1, 0, 0, 0}, false, false, false, false, false, true},
      {Ipv4Address{126, 255, 255, 255}, false, false, false, false, false, true},
      {Ipv4Address{127, 0, 0, 0}, false, true, false, false, false, false},
      {Ipv4Address{127, 255, 255, 255}, false, true, false, false, false, false},
      {Ipv4Address{128, 0, 0, 0}, false, false, false, false, false, true},
      {Ipv4Address{223, 255, 255, 255}, false, false, false, false, false, true},
      {Ipv4Address{224, 0, 0, 0}, false, false, true, false, false, false},
      {Ipv4Address{239, 255, 255, 255}, false, false, true, false, false, false},
      {Ipv4Address{240, 0, 0, 0}, false, false, false, true, false, false},
      {Ipv4Address{255, 255, 255, 254}, false, false, false, true, false, false},
      {Ipv4Address{255, 255, 255, 255}, false, false, false, false, true, false},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.address.to_string());
    EXPECT_EQ(row.address.is_this_network(), row.this_network);
    EXPECT_EQ(row.address.is_loopback(), row.loopback);
    EXPECT_EQ(row.address.is_multicast(), row.multicast);
    EXPECT_EQ(row.address.is_reserved(), row.reserved);
    EXPECT_EQ(row.address.is_limited_broadcast(), row.limited_broadcast);
    EXPECT_EQ(row.address.is_host(), row.host);
  }
}

TEST(Ipv4Address, HashSpreadsNeighbours) {
  std::unordered_set<std::size_t> low_bits;
  for (std::uint32_t i = 0; i < 256; ++i) {
    low_bits.insert(std::hash<Ipv4Address>{}(Ipv4Address{0x0a000000 + i}));
  }
  EXPECT_EQ(low_bits.size(), 256u);
}

TEST(Ipv4Prefix, ContainsMatchesANaiveComparisonOfBits) {
  const auto naive = [](const Ipv4Prefix& prefix, Ipv4Address address) {
    for (unsigned bit = 0; bit < prefix.length(); ++bit) {
      const unsigned shift = 31 - bit;
      if ((prefix.network().value() >> shift & 1) != (address.value() >> shift & 1)) return false;
    }
    return true;
  };
  std::mt19937 engine{2};
  const auto random = [&] { return static_cast<std::uint32_t>(engine()); };
  for (int i = 0; i < 20000; ++i) {
    const Ipv4Prefix prefix{Ipv4Address{random()}, random() % 33};
    // Half of them near the prefix, or nearly none would match.
    const std::uint32_t flip = i % 2 == 0 ? random() : std::uint32_t{1} << random() % 32;
    const Ipv4Address address{prefix.network().value() ^ flip};
    EXPECT_EQ(prefix.contains(address), naive(prefix, address))
        << prefix.to_string() << ' ' << address.to_string();
    EXPECT_TRUE(prefix.contains(prefix.network()));
    EXPECT_TRUE(prefix.contains(prefix.last()));
  }
}

TEST(Ipv4Prefix, ContainsPrefixes) {
  const Ipv4Prefix eight{Ipv4Address{10, 0, 0, 0}, 8};
  EXPECT_TRUE(eight.contains(eight));
  EXPECT_TRUE(eight.contains(Ipv4Prefix{Ipv4Address{10, 1, 0, 0}, 16}));
  EXPECT_FALSE(eight.contains(Ipv4Prefix{Ipv4Address{8, 0, 0, 0}, 6})) << "shorter, around it";
  EXPECT_FALSE(eight.contains(Ipv4Prefix{Ipv4Address{11, 0, 0, 0}, 16}));
  EXPECT_TRUE(Ipv4Prefix{}.contains(eight));
}

TEST(Ipv4Prefix, BroadcastOnlyWhereThereIsRoom) {
  EXPECT_TRUE((Ipv4Prefix{Ipv4Address{10, 0, 0, 0}, 30}.has_broadcast()));
  EXPECT_FALSE((Ipv4Prefix{Ipv4Address{10, 0, 0, 0}, 31}.has_broadcast()));
  EXPECT_FALSE((Ipv4Prefix{Ipv4Address{10, 0, 0, 0}, 32}.has_broadcast()));
  EXPECT_EQ((Ipv4Prefix{Ipv4Address{10, 9, 8, 7}, 0}.to_string()), "0.0.0.0/0");
}

TEST(Ipv4InterfaceAddress, Text) {
  const auto address = Ipv4InterfaceAddress::parse("192.0.2.2/30");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->address, (Ipv4Address{192, 0, 2, 2}));
  EXPECT_EQ(address->subnet().to_string(), "192.0.2.0/30");
  EXPECT_EQ(address->to_string(), "192.0.2.2/30");
  EXPECT_TRUE(Ipv4InterfaceAddress::parse("0.0.0.0/0"));
  EXPECT_TRUE(Ipv4InterfaceAddress::parse("1.2.3.4/32"));
  for (const char* text :
       {"", "/", "1.2.3.4", "1.2.3.4/", "/24", "1.2.3.4/33", "1.2.3.4/024", "1.2.3.4/-1",
        "1.2.3.4/24 ", "1.2.3.4 /24", "1.2.3.4/24/24", "1.2.3.4/255.255.255.0", "1.2.3/24"}) {
    EXPECT_EQ(Ipv4InterfaceAddress::parse(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace weir
