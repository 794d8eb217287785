// Random frames through random bridges, against a bridge as plain as the standard describes it: a
// map of stations, and a list of members that each get a frame of their own.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/dataplane/switch_lab.hpp"
#include "tests/unit/dataplane/switch_outcome.hpp"

namespace weir::test {
namespace {

constexpr unsigned kBridgeItself = 98;
constexpr MacAddress kStranger{{2, 0, 0, 0, 9, 9}}, kGroupMac{{1, 0, 0x5e, 1, 2, 3}};

class Model {
 public:
  std::map<MacAddress, unsigned> stations;  // to the member, or kBridgeItself
  std::map<MacAddress, std::vector<unsigned>> groups;
  bool member_forwards[kMemberCount], member_floods[kMemberCount];
  unsigned horizon[kMemberCount];  // 0: none; the others do not reach their like
  std::size_t longest[kMemberCount];
  bool snooping = false, router_behind[kMemberCount];

  std::vector<Sent> sent;
  std::map<std::string, std::uint64_t> drops;

  /// What of a cable's frames: untagged, or tags outermost first.
  void receive(InterfaceId cable, const std::vector<unsigned>& tags, std::uint16_t priority,
               const Bytes& frame) {
    using Tags = std::vector<unsigned>;
    const std::map<std::pair<InterfaceId, Tags>, unsigned> members = {
        {{kA, {}}, 0},      {{kB, {}}, 1},     {{kA, {0}}, 0},  {{kB, {0}}, 1},
        {{kC, {10}}, 2},    {{kD, {10}}, 3},   {{kD, {30}}, 4}, {{kD, {5005, 7}}, 5},
        {{kC, {0, 10}}, 2}, {{kD, {0, 10}}, 3}};
    const auto found = members.find({cable, tags});
    if (found != members.end()) return bridge(found->second, priority, frame);
    const bool beside_the_bridge = tags.empty() || tags == Tags{0} ||
                                   (cable == kC && tags == Tags{20}) ||
                                   (cable == kD && tags == Tags{5005});
    if (!beside_the_bridge) return drop("unknown-vlan");
    if (to(frame).is_broadcast()) return drop("unknown-ether-type");
    drop(to(frame).is_group() ? "multicast-not-subscribed" : "not-our-mac");
  }

 private:
  static MacAddress to(const Bytes& frame) { return MacAddress::load(frame.data()); }
  static MacAddress from(const Bytes& frame) { return MacAddress::load(frame.data() + 6); }
  void drop(const char* reason) { ++drops[reason]; }
  bool reaches(unsigned a, unsigned b) const {
    return a != b && member_forwards[b] && (horizon[a] == 0 || horizon[a] != horizon[b]);
  }

  void bridge(unsigned member, std::uint16_t priority, const Bytes& frame) {
    if (frame.size() > longest[member]) return drop("frame-too-long");
    if (!from(frame).is_station()) return drop("bad-source-mac");
    if (to(frame).bytes[0] == 1 && to(frame).bytes[1] == 0x80) return drop("reserved-address");
    const auto source = stations.find(from(frame));
    if (source != stations.end() && source->second == kBridgeItself) return drop("own-source-mac");
    if (!member_forwards[member]) return drop("port-blocked");
    const auto station = stations.find(to(frame));
    if (station != stations.end()) return known(member, station->second, priority, frame);

    std::vector<unsigned> targets;
    const auto group = groups.find(to(frame));
    const bool ipv4_group = to(frame).bytes[0] == 1 && to(frame).bytes[3] + to(frame).bytes[4] != 0;
    if (group == groups.end() && !member_floods[member]) return drop("loop-blocked");
    for (unsigned m = 0; m < kMemberCount; ++m) {
      bool wants = member_floods[m] && reaches(member, m);
      if (group != groups.end())
        wants = wants && std::count(group->second.begin(), group->second.end(), m) != 0;
      else if (snooping && ipv4_group)
        wants = wants && router_behind[m];
      if (wants) targets.push_back(m);
    }
    if (targets.empty()) return drop("no-member");
    std::erase_if(targets, [&](unsigned m) { return frame.size() > longest[m]; });
    if (targets.empty()) return drop("frame-over-mtu");
    for (const unsigned m : targets) sent.push_back(on_wire(m, frame, priority));
  }

  void known(unsigned member, unsigned where, std::uint16_t priority, const Bytes& frame) {
    if (where == kBridgeItself) return drop("local-unsupported");
    if (where == member) return drop("same-interface");
    if (!member_forwards[where]) return drop("port-blocked");
    if (!reaches(member, where)) return drop("split-horizon");
    if (frame.size() > longest[where]) return drop("frame-over-mtu");
    sent.push_back(on_wire(where, frame, priority));
  }
};

using Random = std::mt19937;
bool chance(Random& random, unsigned of) { return random() % of == 0; }

/// The same bridge twice: for the model and for the workers.
Model random_bridge(Random& random) {
  Model model;
  model.snooping = chance(random, 2);
  for (unsigned m = 0; m < kMemberCount; ++m) {
    model.member_forwards[m] = !chance(random, 6);
    model.member_floods[m] = model.member_forwards[m] && !chance(random, 6);
    model.router_behind[m] = chance(random, 2);
    model.horizon[m] = static_cast<unsigned>(random() % 8 < 5 ? 0 : random() % 2 + 1);
    model.longest[m] = chance(random, 4) ? 114 : 1514;
    model.stations[host(m)] = m;
    if (chance(random, 2)) model.groups[kGroupMac].push_back(m);
  }
  model.stations[kOwnMac] = kBridgeItself;
  switch_lab().change([&](Snapshot& s) {
    Bridge& bridge = s.bridges[kBridge];
    bridge.routed = false;
    bridge.igmp_snooping = model.snooping;
    bridge.flooding = bridge.unregistered = 0;
    MemberSet group = 0;
    for (const unsigned m : model.groups[kGroupMac]) group |= member_bit(m);
    for (unsigned m = 0; m < kMemberCount; ++m) {
      BridgeMember& member = bridge.members[m];
      member.forwarding = model.member_forwards[m];
      if (model.member_floods[m]) bridge.flooding |= member_bit(m);
      if (model.router_behind[m]) bridge.unregistered |= member_bit(m);
      member.reachable = 0;
      for (unsigned other = 0; other < kMemberCount; ++other)
        if (other != m && model.member_forwards[other] &&
            (model.horizon[m] == 0 || model.horizon[m] != model.horizon[other]))
          member.reachable |= member_bit(other);
      const auto mtu = static_cast<std::uint16_t>(model.longest[m] - kEthernet);
      s.interfaces[member.interface].mtu = mtu;
      bridge.smallest_mtu = std::min(bridge.smallest_mtu, mtu);
    }
    switch_lab().multicast().store(switch_lab().group(), group);
  });
  return model;
}

void random_frame(Random& random, InterfaceId cable, Model& model) {
  const MacAddress all[] = {host(0),
                            host(1),
                            host(2),
                            host(3),
                            host(4),
                            host(5),
                            kStranger,
                            kOwnMac,
                            kGroupMac,
                            {{1, 0, 0x5e, 9, 9, 9}},
                            {{1, 0, 0x5e, 0, 0, 5}},
                            {{0x33, 0x33, 0, 0, 0, 1}},
                            MacAddress::broadcast(),
                            {{1, 0x80, 0xc2, 0, 0, 0x0e}}};
  MacAddress from = host(static_cast<unsigned>(random() % kMemberCount));
  if (chance(random, 16)) from = chance(random, 2) ? kOwnMac : MacAddress{{1, 2, 3, 4, 5, 6}};
  MacAddress to = all[random() % std::size(all)];
  if (chance(random, 2)) to = all[random() % kMemberCount];
  const Bytes frame =
      ethernet_frame(wire::ether_type::kIpv6, pattern(40 + random() % 100), to, from);
  // 5000 and more: 802.1ad.
  const std::vector<unsigned> stacks[] = {{},     {0},      {10},        {30},   {5005, 7},
                                          {99},   {0, 10},  {5005, 8},   {5005}, {20},
                                          {5010}, {10, 10}, {30, 30, 30}};
  const std::vector<unsigned> usual = cable == kC ? stacks[2] : stacks[2 + random() % 3];
  std::vector<unsigned> tags = stacks[random() % std::size(stacks)];
  if (!chance(random, 4)) tags = cable == kC || cable == kD ? usual : stacks[0];
  const auto priority = static_cast<std::uint16_t>(tags.empty() ? 0 : random() % 16 << 12);
  model.receive(cable, tags, priority, frame);
  Bytes wire = frame;
  for (std::size_t i = tags.size(); i-- > 0;)
    wire = tagged(wire, static_cast<std::uint16_t>(priority | tags[i] % 5000),
                  tags[i] >= 5000 ? wire::ether_type::kQinQ : wire::ether_type::kVlan);
  switch_lab().arrive(cable, wire);
}

TEST(SwitchModel, RandomFramesThroughRandomBridges) {
  switch_lab().reset();
  switch_lab().add_station(kGroupMac, FdbWhere::group(switch_lab().group()));
  Random random(55);
  std::map<std::string, std::uint64_t> seen;
  std::size_t sent = 0;
  for (unsigned round = 0; round < 400; ++round) {
    Model model = random_bridge(random);
    for (InterfaceId cable = kA; cable <= kD; ++cable)
      for (auto frames = random() % (Burst::kSize + 1); frames > 0; --frames)
        random_frame(random, cable, model);
    switch_lab().round();
    sent += model.sent.size();
    expect_sent(fmt::format("round {}", round), switch_lab().sent(), std::move(model.sent));
    ASSERT_EQ(switch_lab().drops(), model.drops) << "round " << round;
    ASSERT_EQ(switch_lab().imbalance(), "") << "round " << round;
    ASSERT_FALSE(testing::Test::HasFailure());
    for (const auto& [reason, count] : model.drops) seen[reason] += count;
  }
  EXPECT_GT(sent, 10'000u);
  for (const char* reason :
       {"bad-source-mac", "frame-over-mtu", "frame-too-long", "local-unsupported", "loop-blocked",
        "no-member", "own-source-mac", "port-blocked", "reserved-address", "same-interface",
        "split-horizon", "unknown-vlan"})
    EXPECT_GT(seen[reason], 50u) << reason;
}

}  // namespace
}  // namespace weir::test
