#include "controlplane/rib.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <random>
#include <set>
#include <string>

namespace weir::control {
namespace {

Ipv4Prefix prefix(const std::string& text) {
  const auto parsed = Ipv4InterfaceAddress::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed->subnet();
}
Ipv4Address address(const std::string& text) { return *Ipv4Address::parse(text); }

/// A route as text: protocol, type, interface or gateways with their interfaces.
std::string describe(const RibRoute& route) {
  std::string text{kRouteProtocolNames[static_cast<std::size_t>(route.protocol)]};
  text += ' ' + std::string{kRouteTypeNames[static_cast<std::size_t>(route.type)]};
  if (route.interface != 0) text += " if" + std::to_string(route.interface);
  for (const RibHop& hop : route.hops)
    text += ' ' + hop.gateway.to_string() + "@if" + std::to_string(hop.interface);
  return text;
}

struct Fib : RibSink {
  void install(Ipv4Prefix p, const RibRoute& route) override {
    EXPECT_EQ(p, route.prefix);
    ++calls;
    const std::string text = describe(route);
    const bool same_text = std::exchange(routes[p], text) == text;
    const auto [known, first] = targets.try_emplace(p, route.target);
    EXPECT_FALSE(!first && std::exchange(known->second, route.target) == route.target && same_text)
        << "nothing changed";
  }
  void remove(Ipv4Prefix p) override {
    ++calls;
    targets.erase(p);
    EXPECT_EQ(routes.erase(p), 1u);
  }
  void forget(TargetId id) override { forgotten.insert(id); }

  std::map<Ipv4Prefix, std::string> routes;
  std::map<Ipv4Prefix, TargetId> targets;
  std::set<TargetId> forgotten;
  std::size_t calls = 0;
};

struct RibTest : testing::Test {
  TargetId via(std::initializer_list<std::string> gateways) {
    std::vector<Ipv4Address> list;
    for (const std::string& g : gateways) list.push_back(address(g));
    return *rib.target(RouteType::unicast, list);
  }
  void connect(const std::string& subnet, InterfaceId interface) {
    rib.add(prefix(subnet), RouteProtocol::connected, *rib.target(RouteType::connected, interface));
  }
  Fib fib;
  Rib rib{fib};
};

TEST_F(RibTest, BestProtocolWins) {
  connect("10.0.0.0/24", 1);
  const Ipv4Prefix p = prefix("10.0.0.0/24");
  const TargetId blackhole = *rib.target(RouteType::blackhole);
  EXPECT_EQ(rib.add(p, RouteProtocol::static_, blackhole), Rib::Change::added);
  EXPECT_EQ(rib.add(p, RouteProtocol::static_, blackhole), Rib::Change::unchanged);
  EXPECT_EQ(fib.routes[p], "connected connected if1");
  EXPECT_EQ(fib.calls, 1u);
  rib.remove(p, RouteProtocol::connected);
  EXPECT_EQ(fib.routes[p], "static blackhole");
  rib.add(p, RouteProtocol::file, *rib.target(RouteType::prohibit));
  EXPECT_EQ(fib.routes[p], "static blackhole");
  rib.add(p, RouteProtocol::api, *rib.target(RouteType::unreachable));
  EXPECT_EQ(fib.routes[p], "api unreachable");
  EXPECT_TRUE(rib.remove(p, RouteProtocol::api));
  EXPECT_FALSE(rib.remove(p, RouteProtocol::api));
  EXPECT_TRUE(rib.remove(p, RouteProtocol::static_));
  EXPECT_EQ(fib.routes[p], "file prohibit");
  EXPECT_TRUE(rib.remove(p, RouteProtocol::file));
  EXPECT_TRUE(fib.routes.empty());
  EXPECT_EQ(rib.size(), 0u);
  EXPECT_EQ(rib.known(), 0u);
}

TEST_F(RibTest, RouteIsInactiveWhileItsGatewayIsOnNoSubnet) {
  const Ipv4Prefix p = prefix("192.0.2.0/24");
  rib.add(p, RouteProtocol::static_, via({"10.0.0.2", "10.0.1.2"}));
  EXPECT_EQ(rib.find(p), std::nullopt);
  EXPECT_EQ(rib.find(p, RouteProtocol::static_)->hops.size(), 0u);
  connect("10.0.0.0/24", 1);
  EXPECT_EQ(fib.routes[p], "static unicast 10.0.0.2@if1");
  connect("10.0.0.0/16", 2);
  EXPECT_EQ(fib.routes[p], "static unicast 10.0.0.2@if1 10.0.1.2@if2");
  rib.remove(prefix("10.0.0.0/24"), RouteProtocol::connected);
  EXPECT_EQ(fib.routes[p], "static unicast 10.0.0.2@if2 10.0.1.2@if2");
  // One of the gateways becomes our own address.
  rib.add(prefix("10.0.1.2/32"), RouteProtocol::local, *rib.target(RouteType::local, 2));
  EXPECT_EQ(fib.routes[p], "static unicast 10.0.0.2@if2");
  rib.add(p, RouteProtocol::file, *rib.target(RouteType::blackhole));
  rib.remove(prefix("10.0.0.0/16"), RouteProtocol::connected);
  EXPECT_EQ(fib.routes[p], "file blackhole");
  connect("10.0.0.0/24", 3);
  EXPECT_EQ(fib.routes[p], "static unicast 10.0.0.2@if3");
  EXPECT_EQ(rib.size(), fib.routes.size());
}

TEST_F(RibTest, RoutesFollowTheLink) {
  const Ipv4Prefix p = prefix("192.0.2.0/24"), subnet = prefix("10.0.0.0/24");
  connect("10.0.0.0/24", 1);
  connect("10.0.1.0/24", 2);
  rib.add(prefix("10.0.0.1/32"), RouteProtocol::local, *rib.target(RouteType::local, 1));
  rib.add(p, RouteProtocol::static_, via({"10.0.0.2", "10.0.1.2"}));
  rib.add(subnet, RouteProtocol::static_, via({"10.0.1.3"}));  // another way to the subnet
  rib.set_down({1});
  EXPECT_EQ(fib.routes[p], "static unicast 10.0.1.2@if2");
  EXPECT_EQ(fib.routes[subnet], "static unicast 10.0.1.3@if2");
  EXPECT_EQ(fib.routes[prefix("10.0.0.1/32")], "local local if1") << "still ours";
  rib.set_down({1, 2});
  EXPECT_FALSE(fib.routes.contains(p));
  EXPECT_FALSE(fib.routes.contains(subnet));
  EXPECT_EQ(fib.routes.size(), 1u);
  EXPECT_EQ(rib.size(), 1u);
  EXPECT_TRUE(rib.has_way(via({"10.0.0.2"}))) << "once the link is back";
  EXPECT_FALSE(rib.has_way(via({"10.9.0.2"})));
  // What comes meanwhile waits.
  connect("10.0.2.0/24", 2);
  rib.add(prefix("198.51.100.0/24"), RouteProtocol::api, via({"10.0.2.2"}));
  EXPECT_EQ(fib.routes.size(), 1u);
  const std::size_t calls = fib.calls;
  rib.set_down({1, 2});
  rib.set_down({1, 2, 3});
  EXPECT_EQ(fib.calls, calls) << "nothing changed";
  rib.set_down({});
  EXPECT_EQ(fib.routes[p], "static unicast 10.0.0.2@if1 10.0.1.2@if2");
  EXPECT_EQ(fib.routes[subnet], "connected connected if1");
  EXPECT_EQ(fib.routes[prefix("198.51.100.0/24")], "api unicast 10.0.2.2@if2");
  EXPECT_EQ(rib.size(), fib.routes.size());
}

TEST_F(RibTest, TargetsAreInterned) {
  EXPECT_EQ(via({"10.0.0.2", "10.0.0.3"}), via({"10.0.0.3", "10.0.0.2", "10.0.0.3"}));
  EXPECT_NE(via({"10.0.0.2"}), via({"10.0.0.3"}));
  EXPECT_EQ(rib.target(RouteType::unicast), std::nullopt);
  EXPECT_EQ(rib.target(RouteType::blackhole, std::vector{address("10.0.0.2")}), std::nullopt);
  EXPECT_EQ(rib.target(RouteType::connected), std::nullopt);
  EXPECT_EQ(rib.target(RouteType::unicast, InterfaceId{3}), std::nullopt);
}

TEST_F(RibTest, TargetsAreBoundedAndReused) {
  connect("10.0.0.0/8", 1);
  const auto gateway = [&](std::uint32_t n) {
    return rib.target(RouteType::unicast, std::vector{Ipv4Address{0x0a000100u + n}});
  };
  std::uint32_t n = 0;
  std::optional<TargetId> last;
  while (const auto id = gateway(n)) {
    last = id;
    ++n;
  }
  EXPECT_EQ(n, Rib::kMaxTargets - 1);
  rib.add(prefix("192.0.2.0/24"), RouteProtocol::static_, *last);
  EXPECT_TRUE(gateway(n));
  EXPECT_EQ(fib.forgotten.size(), n - 1);
  EXPECT_FALSE(fib.forgotten.contains(*last));
  EXPECT_EQ(rib.lookup(address("192.0.2.1"))->hops.front().gateway,
            Ipv4Address{0x0a000100u + n - 1});
}

TEST_F(RibTest, VisitsInOrderFromAnywhere) {
  const TargetId drop = *rib.target(RouteType::blackhole);
  for (const char* p : {"10.0.0.0/8", "0.0.0.0/0", "10.0.0.0/16", "10.1.0.0/16", "11.0.0.0/8",
                        "255.255.255.255/32", "10.1.2.0/24"})
    rib.add(prefix(p), RouteProtocol::static_, drop);
  rib.add(prefix("10.1.0.0/16"), RouteProtocol::file, drop);
  rib.add(prefix("10.1.1.0/24"), RouteProtocol::static_, via({"9.9.9.9"}));  // inactive
  const auto list = [&](std::optional<Ipv4Prefix> within, std::optional<Ipv4Prefix> after,
                        std::size_t limit) {
    std::string text;
    rib.visit(within, after, [&](const RibRoute& r) {
      text += r.prefix.to_string() + ' ';
      return --limit > 0;
    });
    return text;
  };
  EXPECT_EQ(
      list({}, {}, 99),
      "0.0.0.0/0 10.0.0.0/8 10.0.0.0/16 10.1.0.0/16 10.1.2.0/24 11.0.0.0/8 255.255.255.255/32 ");
  EXPECT_EQ(list({}, prefix("10.0.0.0/8"), 2), "10.0.0.0/16 10.1.0.0/16 ");
  EXPECT_EQ(list(prefix("10.0.0.0/8"), {}, 99), "10.0.0.0/8 10.0.0.0/16 10.1.0.0/16 10.1.2.0/24 ");
  EXPECT_EQ(list(prefix("10.0.0.0/9"), {}, 99), "10.0.0.0/16 10.1.0.0/16 10.1.2.0/24 ");
  EXPECT_EQ(list(prefix("10.0.0.0/8"), prefix("10.1.0.0/16"), 99), "10.1.2.0/24 ");
  EXPECT_EQ(list({}, prefix("255.255.255.255/32"), 99), "");
}

/// Everything known, in the plainest form, and what follows from it.
struct Naive {
  struct Where {
    RouteType type;
    InterfaceId interface;
    std::vector<std::string> gateways;  // sorted
  };
  std::map<Ipv4Prefix, std::map<RouteProtocol, Where>> routes;
  std::set<InterfaceId> down;

  std::optional<InterfaceId> interface_of(Ipv4Address gateway) const {
    std::optional<std::pair<unsigned, InterfaceId>> longest;
    for (const auto& [p, by_protocol] : routes) {
      const auto own = by_protocol.find(RouteProtocol::local);
      if (own != by_protocol.end() && p.length() == 32 && p.network() == gateway)
        return std::nullopt;
      const auto found = by_protocol.find(RouteProtocol::connected);
      if (found == by_protocol.end() || !p.contains(gateway)) continue;
      if (down.contains(found->second.interface)) continue;
      if (!longest || p.length() > longest->first) longest = {p.length(), found->second.interface};
    }
    if (!longest) return std::nullopt;
    return longest->second;
  }

  std::map<Ipv4Prefix, std::string> best() const {
    std::map<Ipv4Prefix, std::string> result;
    for (const auto& [p, by_protocol] : routes) {
      for (const auto& [protocol, where] : by_protocol) {
        std::string text{kRouteProtocolNames[static_cast<std::size_t>(protocol)]};
        text += ' ' + std::string{kRouteTypeNames[static_cast<std::size_t>(where.type)]};
        if (where.interface != 0) text += " if" + std::to_string(where.interface);
        bool reachable = where.type != RouteType::unicast &&
                         !(where.type == RouteType::connected && down.contains(where.interface));
        for (const std::string& g : where.gateways) {
          const auto interface = interface_of(address(g));
          if (!interface) continue;
          reachable = true;
          text += ' ' + g + "@if" + std::to_string(*interface);
        }
        if (!reachable) continue;
        result[p] = text;
        break;
      }
    }
    return result;
  }
};

class RandomRib : public testing::TestWithParam<unsigned> {
 protected:
  std::uint32_t pick(std::uint32_t below) {
    return std::uniform_int_distribution<std::uint32_t>{0, below - 1}(random);
  }
  Ipv4Prefix any_prefix() {
    return {Ipv4Address{0xc0000000u | pick(16) << 26 | pick(4) << 8}, 2 + pick(31)};
  }
  std::pair<TargetId, Naive::Where> any_target() {
    if (pick(3) == 0) {
      const auto type = static_cast<RouteType>(4 + pick(4));
      return {*rib.target(type), {type, 0, {}}};
    }
    std::set<std::string> gateways;
    std::vector<Ipv4Address> list;
    for (std::uint32_t n = 1 + pick(3); n > 0; --n) {
      // 10.0.0.1 to 10.0.3.3: the text sorts as the number does
      const Ipv4Address g{0x0a000001u + (pick(4) << 8) + pick(3)};
      gateways.insert(g.to_string());
      list.push_back(g);
    }
    return {*rib.target(RouteType::unicast, list),
            {RouteType::unicast, 0, {gateways.begin(), gateways.end()}}};
  }
  void change_own() {
    const bool connected = pick(3) > 0;
    const auto protocol = connected ? RouteProtocol::connected : RouteProtocol::local;
    const auto type = connected ? RouteType::connected : RouteType::local;
    const Ipv4Address at{0x0a000001u + (pick(4) << 8) + pick(3)};
    const Ipv4Prefix p{at, connected ? 8 + pick(3) * 8 : 32};
    if (pick(2) == 0) {
      EXPECT_EQ(rib.remove(p, protocol), naive.routes[p].erase(protocol) > 0);
      return;
    }
    const auto interface = static_cast<InterfaceId>(1 + pick(3));
    rib.add(p, protocol, *rib.target(type, interface));
    naive.routes[p][protocol] = {type, interface, {}};
  }
  void change_link() {
    const auto interface = static_cast<InterfaceId>(1 + pick(3));
    if (naive.down.erase(interface) == 0) naive.down.insert(interface);
    rib.set_down(naive.down);
  }
  void bulk(bool replace) {
    const auto protocol = static_cast<RouteProtocol>(2 + pick(3));
    std::vector<Rib::Entry> entries;
    std::vector<Naive::Where> wheres;
    for (std::uint32_t n = pick(60); n > 0; --n) {
      const auto [id, where] = any_target();
      entries.push_back({any_prefix(), id});
      wheres.push_back(where);
    }
    if (replace)
      for (auto& [p, by_protocol] : naive.routes) by_protocol.erase(protocol);
    for (std::size_t i = 0; i < entries.size(); ++i)
      naive.routes[entries[i].prefix][protocol] = wheres[i];
    replace ? rib.replace_all(protocol, entries) : rib.add_bulk(protocol, entries);
  }
  void check() {
    const auto expected = naive.best();
    ASSERT_EQ(fib.routes, expected);
    ASSERT_EQ(rib.size(), expected.size());
    std::map<Ipv4Prefix, std::string> visited;
    rib.visit({}, {}, [&](const RibRoute& r) {
      EXPECT_TRUE(visited.empty() || visited.rbegin()->first < r.prefix);
      visited[r.prefix] = describe(r);
      return true;
    });
    ASSERT_EQ(visited, expected);
    const Ipv4Address a{0xc0000000u | pick(16) << 26 | pick(4) << 8};
    std::optional<Ipv4Prefix> longest;
    for (const auto& [p, text] : expected)
      if (p.contains(a) && (!longest || p.length() > longest->length())) longest = p;
    const auto found = rib.lookup(a);
    ASSERT_EQ(found ? std::optional{found->prefix} : std::nullopt, longest);
  }

  std::mt19937 random{GetParam()};
  Fib fib;
  Rib rib{fib};
  Naive naive;
};

TEST_P(RandomRib, AgreesWithTheNaiveModel) {
  for (int i = 0; i < 600 && !HasFailure(); ++i) {
    const std::uint32_t dice = pick(40);
    if (dice < 2) {
      bulk(dice == 0);
    } else if (dice < 6) {
      change_own();
    } else if (dice < 8) {
      change_link();
    } else {
      const Ipv4Prefix p = any_prefix();
      const auto protocol = static_cast<RouteProtocol>(2 + pick(3));
      if (dice < 16) {
        ASSERT_EQ(rib.remove(p, protocol), naive.routes[p].erase(protocol) > 0);
      } else {
        const auto [id, where] = any_target();
        rib.add(p, protocol, id);
        naive.routes[p][protocol] = where;
      }
    }
    check();
  }
}
INSTANTIATE_TEST_SUITE_P(Rib, RandomRib, testing::Range(1u, 13u));

struct Counting : RibSink {
  void install(Ipv4Prefix, const RibRoute&) override { ++installs; }
  void remove(Ipv4Prefix) override { ++removes; }
  std::size_t installs = 0, removes = 0;
};

TEST(RibAtScale, AMillionRoutesLoadFastAndSmall) {
  Counting sink;
  Rib rib{sink};
  rib.add(prefix("10.0.0.0/8"), RouteProtocol::connected, *rib.target(RouteType::connected, 1));
  std::mt19937 random{1};
  std::vector<TargetId> targets;
  for (std::uint32_t i = 0; i < 1000; ++i)
    targets.push_back(*rib.target(RouteType::unicast, std::vector{Ipv4Address{0x0a000001u + i}}));
  std::vector<Rib::Entry> entries;
  for (std::uint32_t i = 0; i < 1'000'000; ++i)
    entries.push_back({{Ipv4Address{0x0b000000u + i * 256u * 7u}, 24}, targets[random() % 1000]});
  std::shuffle(entries.begin(), entries.end(), random);

  const auto start = std::chrono::steady_clock::now();
  rib.add_bulk(RouteProtocol::file, entries);
  const auto loaded = std::chrono::steady_clock::now();
  const std::size_t before = rib.size();
  EXPECT_EQ(sink.installs, before);
  EXPECT_GT(before, 990'000u);
  rib.remove(prefix("10.0.0.0/8"), RouteProtocol::connected);
  const auto lost = std::chrono::steady_clock::now();
  EXPECT_EQ(rib.size(), 0u);
  rib.add(prefix("10.0.0.0/8"), RouteProtocol::connected, *rib.target(RouteType::connected, 1));
  EXPECT_EQ(rib.size(), before);
  const auto back = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < 100'000; ++i)
    rib.add(entries[i].prefix, RouteProtocol::api, targets[random() % 1000]);
  const auto changed = std::chrono::steady_clock::now();

  const auto ms = [](auto from, auto to) {
    return std::chrono::duration<double, std::milli>(to - from).count();
  };
  RecordProperty("load_ms", std::to_string(ms(start, loaded)));
  RecordProperty("subnet_lost_ms", std::to_string(ms(loaded, lost)));
  RecordProperty("changes_100k_ms", std::to_string(ms(back, changed)));
  RecordProperty("memory_bytes", std::to_string(rib.memory_bytes()));
  EXPECT_LT(rib.memory_bytes(), 32u << 20);
}

}  // namespace
}  // namespace weir::control
