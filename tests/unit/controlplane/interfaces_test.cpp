// Interfaces keep their ids while configurations come and go: a thousand random changes against
// what must hold, and the cases with a name.
#include "controlplane/interfaces.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <stdexcept>

namespace weir::control {
namespace {

constexpr std::size_t kPorts = 4;

std::vector<PortIdentity> identities() {
  std::vector<PortIdentity> result;
  for (std::uint8_t i = 0; i < kPorts; ++i)
    result.push_back({.mac = {{2, 0, 0, 0, 0, static_cast<std::uint8_t>(9 - i)}}});
  return result;
}

config::Config ports_only() {
  config::Config config;
  for (std::size_t i = 0; i < kPorts; ++i) {
    config.ethernets.emplace_back();
    config.ethernets.back().name = fmt::format("p{}", i);
  }
  return config;
}

config::Vlan vlan(std::string name, std::string link, std::uint16_t id) {
  config::Vlan result;
  result.name = std::move(name);
  result.link = std::move(link);
  result.id = id;
  return result;
}

config::Bridge bridge(std::string name, const std::vector<std::string>& members) {
  config::Bridge result;
  result.name = std::move(name);
  for (const std::string& member : members) {
    result.members.emplace_back();
    result.members.back().interface = member;
  }
  return result;
}

Interfaces start(const config::Config& config) {
  const auto ports = identities();
  return {config, ports};
}

TEST(Interfaces, AreNumberedByThePlaceInTheFileAtStart) {
  config::Config config = ports_only();
  config.vlans = {vlan("inner", "v10", 7), vlan("v10", "p1", 10)};
  config.bridges = {bridge("br0", {"p2", "p3"})};
  const Interfaces all = start(config);
  EXPECT_EQ(all.ids().size(), 7u);
  EXPECT_EQ(all.find("p3"), 3);
  EXPECT_EQ(all[*all.find("inner")].tags.count, 2);
  EXPECT_EQ(all[*all.find("inner")].carrier, 1);
  EXPECT_EQ(all.vlans_on(1)->customer[10], all.find("v10"));
  EXPECT_EQ(all[2].bridge, all[*all.find("br0")].bridge);
  EXPECT_EQ(all[*all.find("br0")].mac.bytes[5], 6) << "the lowest of its members'";
}

TEST(Interfaces, WhoStaysKeepsHisIdAndWhoComesGetsNobodys) {
  config::Config config = ports_only();
  config.vlans = {vlan("a", "p0", 1), vlan("b", "p0", 2)};
  const Interfaces first = start(config);
  config.vlans = {vlan("c", "p0", 3), vlan("b", "p0", 2)};
  const Interfaces second{first, config};
  EXPECT_EQ(second.find("b"), first.find("b"));
  EXPECT_FALSE(second.has(*first.find("a")));
  EXPECT_FALSE(first.has(*second.find("c")));
  EXPECT_EQ(second.names()[*first.find("a")], "a") << "who had it last";
  EXPECT_EQ(second.vlans_on(0)->customer[1], VlanMap::kNone);
}

TEST(Interfaces, AnotherTagIsAnotherInterface) {
  config::Config config = ports_only();
  config.vlans = {vlan("a", "p0", 1), vlan("on", "a", 5)};
  const Interfaces first = start(config);
  config.vlans[0].id = 2;
  const Interfaces second{first, config};
  EXPECT_NE(second.find("a"), first.find("a"));
  EXPECT_NE(second.find("on"), first.find("on")) << "so is what stands on it";
}

TEST(Interfaces, AMemberKeepsItsNumberAndALeftOneIsNotGivenOnAtOnce) {
  config::Config config = ports_only();
  config.bridges = {bridge("br0", {"p0", "p1", "p2"})};
  const Interfaces first = start(config);
  config.bridges = {bridge("br0", {"p3", "p2", "p1"})};
  const Interfaces second{first, config};
  EXPECT_EQ(second[1].member, first[1].member);
  EXPECT_EQ(second[2].member, first[2].member);
  EXPECT_EQ(second[3].member, 3) << "0 was p0's until now";
  EXPECT_EQ(second[0].bridge, 0);
  config.bridges = {bridge("br0", {"p3", "p2", "p1", "p0"})};
  const Interfaces third{second, config};
  EXPECT_EQ(third[0].member, 0);
}

TEST(Interfaces, ABridgeWithoutMembersHasAnAddressByItsName) {
  config::Config config = ports_only();
  config.bridges = {bridge("br0", {}), bridge("br1", {})};
  const Interfaces all = start(config);
  config::Config other = ports_only();
  other.bridges = {bridge("br1", {})};
  const Interfaces alone = start(other);
  EXPECT_NE(all[*all.find("br0")].mac, all[*all.find("br1")].mac);
  EXPECT_EQ(all[*all.find("br1")].mac, alone[*alone.find("br1")].mac);
}

TEST(Interfaces, TooManyAtOnceAreRefused) {
  config::Config config = ports_only();
  for (std::uint16_t id = 1; id <= 300; ++id)
    config.vlans.push_back(vlan(fmt::format("v{}", id), "p0", id));
  const Interfaces first = start(config);
  for (config::Vlan& each : config.vlans) each.link = "p1";
  EXPECT_THROW((Interfaces{first, config}), std::runtime_error) << "300 go, 300 come";
}

/// What must be true of any, and of one that follows another.
void check(const Interfaces& now, const Interfaces& before, const config::Config& config) {
  ASSERT_EQ(now.ids().size(),
            config.ethernets.size() + config.vlans.size() + config.bridges.size());
  const std::set<InterfaceId> unique(now.ids().begin(), now.ids().end());
  ASSERT_EQ(unique.size(), now.ids().size());
  for (InterfaceId id = 0; id < now.size(); ++id) ASSERT_EQ(now.has(id), unique.contains(id));
  for (const InterfaceId id : now.ids()) {
    ASSERT_EQ(now.find(now[id].name), id);
    const bool stays = before.has(id);
    if (stays) {
      ASSERT_EQ(before[id].name, now[id].name);
      ASSERT_EQ(before[id].tags, now[id].tags);
      if (now[id].bridge != 0 && now[id].bridge == before[id].bridge) {
        ASSERT_EQ(now[id].member, before[id].member);
      }
    }
  }
  for (const config::Vlan& each : config.vlans)
    ASSERT_EQ(now.vlans_on(*now.find(each.link))->customer[each.id], now.find(each.name));
  for (const config::Bridge& each : config.bridges) {
    const BridgeId id = now[*now.find(each.name)].bridge;
    ASSERT_EQ(now.of_bridge(id), now.find(each.name));
    std::set<unsigned> numbers;
    for (const InterfaceId member : now.members(id)) {
      ASSERT_EQ(now[member].bridge, id);
      ASSERT_TRUE(numbers.insert(now[member].member).second);
    }
    ASSERT_EQ(numbers.size(), each.members.size());
  }
}

TEST(Interfaces, AThousandRandomChangesKeepWhatMustHold) {
  std::mt19937 random(11);  // NOLINT: the same each time
  const auto pick = [&](unsigned below) { return static_cast<std::uint16_t>(random() % below); };
  Interfaces before = start(ports_only());
  for (int round = 0; round < 1000; ++round) {
    config::Config config = ports_only();
    std::vector<std::string> free{"p1", "p2", "p3"};
    for (std::uint16_t id = 1; id <= 30; ++id)
      if (pick(2) == 0) {
        config.vlans.push_back(vlan(fmt::format("v{}", id), "p0", id));
        if (pick(2) == 0) free.push_back(config.vlans.back().name);
      }
    std::shuffle(free.begin(), free.end(), random);
    for (const char* name : {"br0", "br1", "br2"}) {
      if (pick(3) == 0) continue;
      const std::size_t count = std::min<std::size_t>(pick(8), free.size());
      config.bridges.push_back(
          bridge(name, {free.end() - static_cast<std::ptrdiff_t>(count), free.end()}));
      free.resize(free.size() - count);
    }
    Interfaces now{before, config};
    check(now, before, config);
    if (HasFatalFailure()) FAIL() << "in round " << round;
    before = std::move(now);
  }
}

}  // namespace
}  // namespace weir::control
