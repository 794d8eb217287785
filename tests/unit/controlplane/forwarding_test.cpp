// What every destination would meet, against a model that knows nothing of tables.
#include "controlplane/forwarding.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>

namespace weir::control {
namespace {

constexpr std::uint32_t kBuckets = GroupTable::kBuckets;

Ipv4Address ip(const char* text) { return *Ipv4Address::parse(text); }
Ipv4Prefix net(const char* text) { return Ipv4InterfaceAddress::parse(text)->subnet(); }
Ipv4InterfaceAddress own(const char* text) { return *Ipv4InterfaceAddress::parse(text); }
MacAddress mac(std::uint32_t n) {
  return {{2, 0x20, 0, static_cast<std::uint8_t>(n >> 16), static_cast<std::uint8_t>(n >> 8),
           static_cast<std::uint8_t>(n)}};
}

Target verdict(Egress egress, InterfaceId interface = 0) {
  Target target;
  target.verdict = egress;
  target.interface = interface;
  return target;
}
Target via(std::vector<Target::Hop> hops) {
  Target target;
  target.hops = std::move(hops);
  return target;
}

/// Readers that are quiescent when the test says so.
class Readers final : public Quiescence {
 public:
  GraceToken retire_token() override { return GraceToken{++given_}; }
  bool elapsed(GraceToken token) override { return static_cast<std::uint64_t>(token) <= passed_; }
  void pass() { passed_ = given_; }

 private:
  std::uint64_t given_ = 0, passed_ = 0;
};

struct Tables {
  Tables() : next_hops({no_route(), 0}) {}
  AdjacencyIndex no_route() {
    const AdjacencyIndex index = *adjacencies.allocate(1);
    adjacencies.store(index, Adjacency::verdict(Egress::no_route));
    return index;
  }

  Readers readers;
  Fib fib{readers, {.groups = 1024, .prefault = false}};
  AdjacencyTable adjacencies;
  NextHopTable next_hops;
  GroupTable groups;
  Forwarding forwarding{fib, next_hops, adjacencies, groups, readers};
};

struct ForwardingTest : testing::Test, Tables {
  ForwardingTest() {
    forwarding.add_interface(0, mac(1), {own("10.0.0.1/24")});
    forwarding.add_interface(1, mac(2), {own("10.1.0.1/16"), own("192.0.2.1/32")});
  }
  Egress egress(const char* to, std::uint32_t flow = 0) {
    return forwarding.lookup(ip(to), flow).adjacency.egress;
  }
  static std::uint32_t flow_of(std::uint32_t bucket) { return bucket << 25 | 12345; }
  /// Which neighbour each bucket of `to` leads to.
  std::vector<std::string> spread(const char* to) {
    std::vector<std::string> result;
    for (std::uint32_t bucket = 0; bucket < kBuckets; ++bucket) {
      const auto at = forwarding.neighbor_at(forwarding.lookup(ip(to), flow_of(bucket)).index);
      result.push_back(at ? at->ip.to_string() : "none");
    }
    return result;
  }
  std::map<std::string, int> shares(const char* to) {
    std::map<std::string, int> result;
    for (const std::string& each : spread(to)) ++result[each];
    return result;
  }
  using Shares = std::map<std::string, int>;
};

TEST_F(ForwardingTest, ConnectedSubnetNeedsNoChangeOfTheFibWhenNeighborsCome) {
  Target connected;
  connected.hops = {{0, {}}};
  connected.subnet = net("10.0.0.0/24");
  ASSERT_TRUE(forwarding.install(net("10.0.0.0/24"), connected));
  EXPECT_EQ(egress("10.0.0.7"), Egress::unresolved);
  forwarding.resolved(0, ip("10.0.0.7"), mac(7));
  const Adjacency adjacency = forwarding.lookup(ip("10.0.0.7"), 0).adjacency;
  EXPECT_EQ(adjacency.egress, egress_to(0));
  EXPECT_EQ(adjacency.destination, mac(7));
  EXPECT_EQ(adjacency.source, mac(1));
  EXPECT_EQ(egress("10.0.0.8"), Egress::unresolved);
  forwarding.unresolved(0, ip("10.0.0.7"));
  EXPECT_EQ(egress("10.0.0.7"), Egress::unresolved);
  // The mark of a destination seen before.
  EXPECT_EQ(forwarding.lookup(ip("10.0.0.7"), 0).adjacency.destination, mac(7));
  forwarding.failed(0, ip("10.0.0.7"));
  EXPECT_EQ(egress("10.0.0.7"), Egress::failed);
  forwarding.unresolved(0, ip("10.0.0.7"));
  EXPECT_TRUE(forwarding.lookup(ip("10.0.0.7"), 0).adjacency.destination.is_zero());
}

TEST_F(ForwardingTest, KnowsWhoseSlotAnIndexIs) {
  EXPECT_EQ(forwarding.neighbor_at(0), std::nullopt);
  ASSERT_TRUE(forwarding.install(net("198.51.100.0/24"), via({{1, ip("10.1.2.3")}})));
  const auto at = forwarding.neighbor_at(forwarding.lookup(ip("198.51.100.9"), 0).index);
  ASSERT_TRUE(at);
  EXPECT_EQ(at->interface, 1);
  EXPECT_EQ(at->ip, ip("10.1.2.3"));
  ASSERT_TRUE(forwarding.install(net("203.0.113.0/24"), verdict(Egress::blackhole)));
  EXPECT_EQ(forwarding.neighbor_at(forwarding.lookup(ip("203.0.113.1"), 0).index), std::nullopt);
}

TEST_F(ForwardingTest, NeighborsOfNoSubnetAreIgnored) {
  forwarding.resolved(0, ip("10.0.1.7"), mac(7));
  forwarding.failed(5, ip("10.0.0.7"));
  forwarding.unresolved(1, ip("192.0.2.1"));
  EXPECT_FALSE(forwarding.take_used(0, ip("10.9.0.1")));
  EXPECT_FALSE(forwarding.install(net("198.51.100.0/24"), via({{0, ip("10.9.0.1")}})));
  EXPECT_EQ(egress("198.51.100.1"), Egress::no_route);
}

TEST_F(ForwardingTest, OwnAddressesNameTheirBlocks) {
  const auto addresses = forwarding.own_addresses(1);
  ASSERT_EQ(addresses.size(), 2u);
  EXPECT_EQ(addresses[0].address, ip("10.1.0.1").value());
  EXPECT_EQ(addresses[0].mask, 0xffff0000u);
  EXPECT_EQ(forwarding.neighbor_at(addresses[0].block + 3)->ip, ip("10.1.0.3"));
  EXPECT_EQ(addresses[1].block, 0u);
  EXPECT_TRUE(forwarding.own_addresses(9).empty());
}

TEST_F(ForwardingTest, DefaultRouteComesChangesAndGoes) {
  EXPECT_EQ(egress("203.0.113.1"), Egress::no_route);
  ASSERT_TRUE(forwarding.install(net("0.0.0.0/0"), via({{0, ip("10.0.0.2")}})));
  EXPECT_EQ(egress("203.0.113.1"), Egress::unresolved);
  ASSERT_TRUE(forwarding.install(net("0.0.0.0/0"), verdict(Egress::prohibit)));
  EXPECT_EQ(egress("203.0.113.1"), Egress::prohibit);
  forwarding.remove(net("0.0.0.0/0"));
  forwarding.remove(net("0.0.0.0/0"));
  EXPECT_EQ(egress("203.0.113.1"), Egress::no_route);
}

TEST_F(ForwardingTest, SubnetBroadcastsNameTheirInterface) {
  ASSERT_TRUE(forwarding.install(net("10.0.0.255/32"), verdict(Egress::subnet_broadcast, 0)));
  ASSERT_TRUE(forwarding.install(net("10.1.255.255/32"), verdict(Egress::subnet_broadcast, 1)));
  EXPECT_EQ(forwarding.lookup(ip("10.0.0.255"), 0).adjacency.value(), 0u);
  EXPECT_EQ(forwarding.lookup(ip("10.1.255.255"), 0).adjacency.value(), 1u);
}

TEST_F(ForwardingTest, NextHopsAreSharedAndGivenBackAfterTheReaders) {
  const std::uint32_t before = next_hops.size();
  for (std::uint32_t i = 0; i < 100; ++i)
    ASSERT_TRUE(forwarding.install({Ipv4Address{0xc6000000u + (i << 8)}, 24},
                                   via({{0, ip("10.0.0.2")}, {0, ip("10.0.0.3")}})));
  EXPECT_EQ(next_hops.size(), before + 1);
  for (std::uint32_t i = 0; i < 100; ++i)
    forwarding.remove({Ipv4Address{0xc6000000u + (i << 8)}, 24});
  forwarding.reclaim();
  EXPECT_EQ(next_hops.size(), before + 1);  // readers may hold it
  readers.pass();
  forwarding.reclaim();
  EXPECT_EQ(next_hops.size(), before);
}

TEST_F(ForwardingTest, RunningOutOfGroupsRefusesAndBreaksNothing) {
  // 4,096 groups of two gateways, no two alike.
  const auto pair = [](std::uint32_t n) {
    return via({{1, Ipv4Address{0x0a010100u + n}}, {1, Ipv4Address{0x0a018000u + n}}});
  };
  for (std::uint32_t n = 0; n < GroupTable::kGroups; ++n)
    ASSERT_TRUE(forwarding.install({Ipv4Address{0x14000000u + (n << 8)}, 24}, pair(n)));
  const Ipv4Prefix last{Ipv4Address{0x15000000u}, 24};
  EXPECT_FALSE(forwarding.install(last, pair(GroupTable::kGroups)));
  EXPECT_FALSE(forwarding.install(last, pair(GroupTable::kGroups + 1)));
  EXPECT_EQ(egress("21.0.0.1"), Egress::no_route);
  // What is handed out from now on belongs to one taker only.
  ASSERT_TRUE(forwarding.install(net("22.0.0.0/24"), verdict(Egress::blackhole)));
  ASSERT_TRUE(forwarding.install(net("23.0.0.0/24"), verdict(Egress::prohibit)));
  ASSERT_TRUE(forwarding.install(net("24.0.0.0/24"), verdict(Egress::unreachable)));
  EXPECT_EQ(egress("22.0.0.1"), Egress::blackhole);
  EXPECT_EQ(egress("23.0.0.1"), Egress::prohibit);
  EXPECT_EQ(egress("24.0.0.1"), Egress::unreachable);
  // A group that was given back is there for the next one, once the readers let go of it.
  forwarding.remove({Ipv4Address{0x14000000u}, 24});
  EXPECT_FALSE(forwarding.install(last, pair(GroupTable::kGroups)));
  readers.pass();
  forwarding.reclaim();
  EXPECT_TRUE(forwarding.install(last, pair(GroupTable::kGroups)));
}

TEST_F(ForwardingTest, ManyAtOnceAsOneByOne) {
  const Target a = via({{0, ip("10.0.0.2")}}), b = verdict(Egress::blackhole),
               bad = via({{0, ip("10.9.9.9")}});
  ASSERT_TRUE(forwarding.install(net("20.0.0.0/24"), b));
  const std::vector<Forwarding::Bulk> routes{{net("20.0.0.0/24"), &a}, {net("20.0.1.0/24"), &a},
                                             {net("20.0.2.0/24"), &b}, {net("0.0.0.0/0"), &a},
                                             {net("20.0.3.0/24"), &b}, {net("20.0.3.0/24"), &bad}};
  EXPECT_EQ(forwarding.install_many(routes), 1u);
  EXPECT_EQ(egress("20.0.0.1"), Egress::unresolved);
  EXPECT_EQ(egress("20.0.1.1"), Egress::unresolved);
  EXPECT_EQ(egress("20.0.2.1"), Egress::blackhole);
  EXPECT_EQ(egress("20.0.3.1"), Egress::blackhole);
  EXPECT_EQ(egress("99.0.0.1"), Egress::unresolved);
}

TEST_F(ForwardingTest, APrefixGivenTwiceLeavesNothingBehind) {
  const std::uint32_t before = next_hops.size();
  const Target a = via({{0, ip("10.0.0.2")}}), b = via({{0, ip("10.0.0.3")}});
  const Ipv4Prefix p = net("20.0.0.0/24");
  const std::vector<Forwarding::Bulk> routes{
      {p, &a}, {net("20.0.1.0/24"), &a}, {p, &b}, {p, &b}, {p, &a}, {p, &b}};
  EXPECT_EQ(forwarding.install_many(routes), 0u);
  EXPECT_EQ(forwarding.neighbor_at(forwarding.lookup(ip("20.0.0.1"), 0).index)->ip, ip("10.0.0.3"));
  forwarding.remove(p);
  forwarding.remove(net("20.0.1.0/24"));
  readers.pass();
  forwarding.reclaim();
  EXPECT_EQ(next_hops.size(), before);
}

// --- equal-cost groups and dead members

struct DeadMembers : ForwardingTest {
  DeadMembers() {
    for (const char* each : {"10.0.0.2", "10.0.0.3", "10.0.0.4"})
      forwarding.resolved(0, ip(each), mac(ip(each).value()));
    EXPECT_TRUE(forwarding.install(net("20.0.0.0/8"), three));
  }
  void expect_thirds() {
    for (const char* each : {"10.0.0.2", "10.0.0.3", "10.0.0.4"}) {
      EXPECT_GE(shares("20.0.0.1")[each], 42);
      EXPECT_LE(shares("20.0.0.1")[each], 43);
    }
  }
  const Target three = via({{0, ip("10.0.0.2")}, {0, ip("10.0.0.3")}, {0, ip("10.0.0.4")}});
};

TEST_F(DeadMembers, HandTheirFlowsToTheLivingWhoseOwnStay) {
  const auto before = spread("20.0.0.1");
  expect_thirds();
  forwarding.failed(0, ip("10.0.0.3"));
  const auto after = spread("20.0.0.1");
  EXPECT_EQ(shares("20.0.0.1"), (Shares{{"10.0.0.2", 64}, {"10.0.0.4", 64}}));
  for (std::uint32_t i = 0; i < kBuckets; ++i) {
    if (before[i] != "10.0.0.3") {
      EXPECT_EQ(after[i], before[i]);
    }
  }
  EXPECT_TRUE(forwarding.is_relieved(0, ip("10.0.0.3")));
  EXPECT_FALSE(forwarding.is_relieved(0, ip("10.0.0.2")));
  EXPECT_FALSE(forwarding.is_relieved(0, ip("10.0.0.9")));

  forwarding.resolved(0, ip("10.0.0.3"), mac(3));
  expect_thirds();
  const auto again = spread("20.0.0.1");
  for (std::uint32_t i = 0; i < kBuckets; ++i) {
    if (again[i] != "10.0.0.3") {
      EXPECT_EQ(again[i], after[i]);
    }
  }
  EXPECT_FALSE(forwarding.is_relieved(0, ip("10.0.0.3")));
}

TEST_F(DeadMembers, AllDeadIsAsWithoutAGroup) {
  for (const char* each : {"10.0.0.2", "10.0.0.3", "10.0.0.4"}) forwarding.failed(0, ip(each));
  for (std::uint32_t i = 0; i < kBuckets; ++i)
    EXPECT_EQ(egress("20.0.0.1", flow_of(i)), Egress::failed);
  EXPECT_FALSE(forwarding.is_relieved(0, ip("10.0.0.2")));
  // The first that lives takes all; one that may be asked again counts as living.
  forwarding.resolved(0, ip("10.0.0.4"), mac(4));
  EXPECT_EQ(shares("20.0.0.1"), (Shares{{"10.0.0.4", 128}}));
  forwarding.unresolved(0, ip("10.0.0.2"));
  EXPECT_EQ(shares("20.0.0.1"), (Shares{{"10.0.0.2", 64}, {"10.0.0.4", 64}}));
}

TEST_F(DeadMembers, OneThatIsStillUnknownIsAskedByTraffic) {
  forwarding.unresolved(0, ip("10.0.0.2"));
  expect_thirds();
}

TEST_F(DeadMembers, ANewGroupBeginsWithoutTheDead) {
  forwarding.failed(0, ip("10.0.0.2"));
  ASSERT_TRUE(
      forwarding.install(net("21.0.0.0/8"), via({{0, ip("10.0.0.2")}, {0, ip("10.0.0.5")}})));
  EXPECT_EQ(shares("21.0.0.1"), (Shares{{"10.0.0.5", 128}}));
  forwarding.resolved(0, ip("10.0.0.2"), mac(2));
  EXPECT_EQ(shares("21.0.0.1"), (Shares{{"10.0.0.2", 64}, {"10.0.0.5", 64}}));
}

TEST_F(DeadMembers, AGroupThatIsGoneHearsNothing) {
  forwarding.remove(net("20.0.0.0/8"));
  forwarding.failed(0, ip("10.0.0.2"));
  EXPECT_FALSE(forwarding.is_relieved(0, ip("10.0.0.2")));
  readers.pass();
  forwarding.reclaim();
  ASSERT_TRUE(
      forwarding.install(net("30.0.0.0/8"), via({{0, ip("10.0.0.7")}, {0, ip("10.0.0.8")}})));
  forwarding.resolved(0, ip("10.0.0.2"), mac(2));
  EXPECT_EQ(shares("30.0.0.1"), (Shares{{"10.0.0.7", 64}, {"10.0.0.8", 64}}));
}

// --- a random history

/// What a neighbour's slot holds.
enum class Slot { unresolved, forwards, failed };

class Model : public Tables {
 public:
  explicit Model(std::uint64_t seed) : random_(seed) {
    for (InterfaceId i = 0; i < 3; ++i) {
      const Ipv4InterfaceAddress address{Ipv4Address{0x0a000001u | std::uint32_t{i} << 16}, 24};
      forwarding.add_interface(i, mac(i), {address});
      Target connected;
      connected.hops = {{i, {}}};
      connected.subnet = address.subnet();
      install(address.subnet(), connected);
    }
  }

  void step() {
    switch (pick(12)) {
      case 0:
      case 1:
      case 2:
        return install(any_prefix(), any_target());
      case 3:
        return remove(any_prefix());
      case 4:
        return install_many();
      case 5:
        readers.pass();
        stale_.clear();
        return;
      case 6:
        return forwarding.reclaim();
      default:
        return neighbor();
    }
  }

  void check() {
    for (std::uint32_t i = 0; i < 12; ++i) {
      const Ipv4Address to = any_address();
      const auto route = longest(to);
      const std::uint32_t flow = pick(0xffffffff);
      if (!route) {
        EXPECT_EQ(forwarding.lookup(to, flow).adjacency.egress, Egress::no_route);
      } else {
        expect(route->second, to, forwarding.lookup(to, flow));
      }
    }
    check_spreads();
    for (const auto& [id, target] : stale_) check_stale(id, target);
  }

  std::uint64_t moved = 0;

 private:
  using Key = std::pair<InterfaceId, Ipv4Address>;

  std::uint32_t pick(std::uint32_t below) {
    return std::uniform_int_distribution<std::uint32_t>{0, below - 1}(random_);
  }
  /// Few and near each other, so that they cover and repeat.
  Ipv4Prefix any_prefix() {
    static constexpr unsigned kLengths[] = {0, 8, 15, 16, 24, 25, 30, 32};
    return {any_address(), kLengths[pick(8)]};
  }
  Ipv4Address any_address() {
    if (pick(4) == 0) return Ipv4Address{0x0a000000u | pick(3) << 16 | pick(10)};
    return Ipv4Address{0x14000000u | pick(2) << 16 | pick(2) << 8 | pick(2) << 7 | pick(5)};
  }
  Key any_gateway() {
    const auto i = static_cast<InterfaceId>(pick(3));
    return {i, Ipv4Address{0x0a000000u | std::uint32_t{i} << 16 | (2 + pick(4))}};
  }
  Target any_target() {
    if (pick(4) == 0) {
      static constexpr Egress kVerdicts[] = {Egress::local, Egress::blackhole, Egress::unreachable,
                                             Egress::prohibit};
      return verdict(kVerdicts[pick(4)]);
    }
    std::set<Key> hops;
    for (std::uint32_t n = 1 + pick(5); n > 0; --n) hops.insert(any_gateway());
    Target target;
    for (const auto& [i, gateway] : hops) target.hops.push_back({i, gateway});
    return target;
  }

  bool in_use(const Target& target) const {
    return std::any_of(routes_.begin(), routes_.end(),
                       [&](const auto& each) { return each.second == target; });
  }
  void retire(Ipv4Prefix prefix) {
    const auto id = prefix.length() == 0 ? std::nullopt : fib.find(prefix);
    if (id) stale_.emplace_back(*id, routes_.at(prefix));
  }
  void set(Ipv4Prefix prefix, const Target& target) {
    // A group that other prefixes use has its own spread already.
    if (in_use(target)) spreads_.erase(prefix);
    if (target.hops.size() < 2) spreads_.erase(prefix);
    routes_[prefix] = target;
  }
  void install(Ipv4Prefix prefix, const Target& target) {
    retire(prefix);
    ASSERT_TRUE(forwarding.install(prefix, target));
    set(prefix, target);
  }
  void install_many() {
    std::vector<std::pair<Ipv4Prefix, Target>> routes(pick(6));
    std::vector<Forwarding::Bulk> bulk;
    for (auto& [prefix, target] : routes) {
      std::tie(prefix, target) = std::pair{any_prefix(), any_target()};
      if (const auto known = routes_.find(prefix); known != routes_.end()) retire(prefix);
      bulk.push_back({prefix, &target});
    }
    ASSERT_EQ(forwarding.install_many(bulk), 0u);
    for (const auto& [prefix, target] : routes) {
      spreads_.erase(prefix);
      routes_[prefix] = target;
    }
  }
  void remove(Ipv4Prefix prefix) {
    retire(prefix);
    forwarding.remove(prefix);
    routes_.erase(prefix);
    spreads_.erase(prefix);
  }
  void neighbor() {
    const Key key = any_gateway();
    switch (pick(3)) {
      case 0:
        forwarding.resolved(key.first, key.second, mac(key.second.value()));
        slots_[key] = Slot::forwards;
        return;
      case 1:
        forwarding.failed(key.first, key.second);
        slots_[key] = Slot::failed;
        return;
      default:
        forwarding.unresolved(key.first, key.second);
        slots_[key] = Slot::unresolved;
    }
  }

  std::optional<std::pair<Ipv4Prefix, Target>> longest(Ipv4Address to) const {
    std::optional<std::pair<Ipv4Prefix, Target>> best;
    for (const auto& [prefix, target] : routes_)
      if (prefix.contains(to) && (!best || prefix.length() > best->first.length()))
        best = {prefix, target};
    return best;
  }
  Slot slot(const Key& key) const {
    const auto found = slots_.find(key);
    return found == slots_.end() ? Slot::unresolved : found->second;
  }
  /// The gateways that draw flows: those not dead, or all.
  std::set<Key> drawing(const Target& target) const {
    std::set<Key> all, living;
    for (const auto& hop : target.hops) {
      all.insert({hop.interface, hop.gateway});
      if (slot({hop.interface, hop.gateway}) != Slot::failed)
        living.insert({hop.interface, hop.gateway});
    }
    return living.empty() ? all : living;
  }

  void expect(const Target& target, Ipv4Address to, const Forwarding::Answer& answer) const {
    if (target.verdict != Egress::unresolved) {
      EXPECT_EQ(answer.adjacency.egress, target.verdict);
      return;
    }
    const auto at = forwarding.neighbor_at(answer.index);
    ASSERT_TRUE(at);
    const Key key{at->interface, at->ip};
    if (target.hops.front().gateway.is_zero()) {
      EXPECT_EQ(key, (Key{target.hops.front().interface, to}));
    } else {
      EXPECT_TRUE(drawing(target).contains(key)) << key.second.to_string();
    }
    const Egress egress = answer.adjacency.egress;
    switch (slot(key)) {
      case Slot::unresolved:
        EXPECT_EQ(egress, Egress::unresolved);
        break;
      case Slot::failed:
        EXPECT_EQ(egress, Egress::failed);
        break;
      case Slot::forwards:
        EXPECT_EQ(egress, egress_to(key.first));
        EXPECT_EQ(answer.adjacency.destination, mac(key.second.value()));
        EXPECT_EQ(answer.adjacency.source, mac(key.first));
    }
  }

  struct Spread {
    std::vector<Key> buckets;
    std::set<Key> drawing;
  };
  /// Even, and a flow moves only to one that did not draw any before, or from one that is gone.
  void check_spreads() {
    for (const auto& [prefix, target] : routes_) {
      if (target.hops.size() < 2) continue;
      Spread now{{}, drawing(target)};
      std::map<Key, std::uint32_t> share;
      const NextHop hop =
          next_hops.load(prefix.length() == 0 ? kDefaultNextHop : *fib.find(prefix));
      const Adjacency group = adjacencies.load(hop.adjacency(0));
      ASSERT_EQ(group.egress, Egress::group);
      for (std::uint32_t b = 0; b < kBuckets; ++b) {
        const auto at = forwarding.neighbor_at(groups.pick(group.value(), b << 25).adjacency(0));
        ASSERT_TRUE(at);
        ++share[now.buckets.emplace_back(at->interface, at->ip)];
      }
      ASSERT_EQ(share.size(), now.drawing.size());
      for (const auto& [key, n] : share) {
        EXPECT_TRUE(now.drawing.contains(key));
        EXPECT_GE(n, kBuckets / share.size());
        EXPECT_LE(n, kBuckets / share.size() + 1);
      }
      if (const auto before = spreads_.find(prefix); before != spreads_.end())
        compare(before->second, now);
      spreads_[prefix] = std::move(now);
    }
  }
  void compare(const Spread& before, const Spread& now) {
    for (std::uint32_t b = 0; b < kBuckets; ++b) {
      if (before.buckets[b] == now.buckets[b]) continue;
      ++moved;
      EXPECT_TRUE(!now.drawing.contains(before.buckets[b]) ||
                  !before.drawing.contains(now.buckets[b]))
          << "moved without need from " << before.buckets[b].second.to_string() << " to "
          << now.buckets[b].second.to_string();
    }
  }
  /// Who still holds the old next hop goes where it led.
  void check_stale(NextHopId id, const Target& target) {
    const NextHop hop = next_hops.load(id);
    if (target.hops.size() == 1 && target.hops.front().gateway.is_zero()) return;
    Adjacency adjacency = adjacencies.load(hop.adjacency(0));
    if (target.verdict != Egress::unresolved) {
      EXPECT_EQ(adjacency.egress, target.verdict);
      return;
    }
    AdjacencyIndex index = hop.adjacency(0);
    if (target.hops.size() > 1) {
      ASSERT_EQ(adjacency.egress, Egress::group);
      index = groups.pick(adjacency.value(), pick(0xffffffff)).adjacency(0);
    }
    const auto at = forwarding.neighbor_at(index);
    ASSERT_TRUE(at);
    EXPECT_TRUE(std::any_of(target.hops.begin(), target.hops.end(), [&](const Target::Hop& each) {
      return each.interface == at->interface && each.gateway == at->ip;
    }));
  }

  std::mt19937_64 random_;
  std::map<Ipv4Prefix, Target> routes_;
  std::map<Key, Slot> slots_;
  std::map<Ipv4Prefix, Spread> spreads_;
  std::vector<std::pair<NextHopId, Target>> stale_;
};

/// A subnet that gets another length: gateways are reached without a gap, and nothing of the old
/// block is left.
TEST_F(ForwardingTest, RoutesMoveToTheSubnetThatTheirGatewaysAreOnNow) {
  Target connected;
  connected.hops = {{0, {}}};
  connected.subnet = net("10.0.0.0/24");
  ASSERT_TRUE(forwarding.install(net("10.0.0.0/24"), connected));
  ASSERT_TRUE(forwarding.install(net("0.0.0.0/0"), via({{0, ip("10.0.0.5")}})));
  ASSERT_TRUE(forwarding.install(net("172.16.0.0/12"), via({{0, ip("10.0.0.5")}})));
  ASSERT_TRUE(
      forwarding.install(net("172.32.0.0/12"), via({{0, ip("10.0.0.5")}, {0, ip("10.0.0.6")}})));
  forwarding.resolved(0, ip("10.0.0.5"), mac(5));
  forwarding.resolved(0, ip("10.0.0.6"), mac(6));
  const auto all_forward = [&] {
    return egress("8.8.8.8") == egress_to(0) && egress("172.16.0.1") == egress_to(0) &&
           shares("172.32.0.1") == Shares{{"10.0.0.5", 64}, {"10.0.0.6", 64}};
  };
  ASSERT_TRUE(all_forward());
  const auto old = *forwarding.neighbor_at(forwarding.lookup(ip("10.0.0.5"), 0).index);
  EXPECT_EQ(old.ip, ip("10.0.0.5"));

  forwarding.add_interface(0, mac(1), {own("10.0.0.1/25")});
  EXPECT_TRUE(all_forward());
  forwarding.resolved(0, ip("10.0.0.5"), mac(5));
  forwarding.resolved(0, ip("10.0.0.6"), mac(6));
  connected.subnet = net("10.0.0.0/25");
  ASSERT_TRUE(forwarding.install(net("10.0.0.0/25"), connected));
  forwarding.remove(net("10.0.0.0/24"));
  EXPECT_TRUE(all_forward());
  forwarding.drop_subnets();
  EXPECT_TRUE(all_forward());
  readers.pass();
  forwarding.reclaim();
  EXPECT_TRUE(all_forward()) << "after the old block was cleared";
  EXPECT_EQ(egress("10.0.0.200"), egress_to(0)) << "by the default route";
  EXPECT_EQ(egress("10.0.0.7"), Egress::unresolved);
  // What fails now is told to the group of the new slots.
  forwarding.failed(0, ip("10.0.0.6"));
  EXPECT_EQ(shares("172.32.0.1"), (Shares{{"10.0.0.5", 128}}));
}

TEST_F(ForwardingTest, BlocksOfSubnetsThatGoAreUsedAgain) {
  for (int round = 0; round < 100; ++round) {
    // A /10 is a quarter of the table.
    forwarding.add_interface(1, mac(2), {own(round % 2 == 0 ? "20.0.0.1/10" : "21.128.0.1/10")});
    forwarding.drop_subnets();
    readers.pass();
    forwarding.reclaim();
  }
}

TEST_F(ForwardingTest, ASubnetWithoutRoomChangesNothing) {
  forwarding.resolved(0, ip("10.0.0.5"), mac(5));
  EXPECT_THROW(forwarding.add_interface(0, mac(1),
                                        {own("10.0.0.1/24"), own("20.0.0.1/8"), own("40.0.0.1/8"),
                                         own("60.0.0.1/8"), own("80.0.0.1/8")}),
               std::runtime_error);
  Target connected;
  connected.hops = {{0, {}}};
  connected.subnet = net("10.0.0.0/24");
  ASSERT_TRUE(forwarding.install(net("10.0.0.0/24"), connected));
  EXPECT_EQ(egress("10.0.0.5"), egress_to(0));
  EXPECT_EQ(forwarding.own_addresses(0).size(), 1u);
}

class RandomForwarding : public testing::TestWithParam<std::uint64_t> {};

TEST_P(RandomForwarding, AsTheModel) {
  Model model{GetParam()};
  for (int i = 0; i < 3000 && !testing::Test::HasFailure(); ++i) {
    model.step();
    model.check();
  }
  EXPECT_GT(model.moved, 1000u);
}

INSTANTIATE_TEST_SUITE_P(Forwarding, RandomForwarding,
                         testing::Range(std::uint64_t{1}, std::uint64_t{7}));

}  // namespace
}  // namespace weir::control
