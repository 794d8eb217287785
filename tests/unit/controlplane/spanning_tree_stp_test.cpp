// A neighbour that speaks STP (802.1D-1998), played by the test: falling back, timers, TCNs, and
// the way back to RSTP.
#include "bridged_lan.hpp"

namespace weir::control::test {
namespace {

using Type = Bpdu::Type;

class Stp : public testing::Test {
 protected:
  Stp() {
    lan.add_bridge();
    port = lan.add_port(0);
    other = lan.add_port(0, {.edge = SpanningTreePort::Edge::no});
    lan.connect({.ends = {port}});
    lan.connect({.ends = {other}});
  }

  Bpdu configuration(std::uint16_t priority) const {
    Bpdu bpdu;
    bpdu.type = Type::configuration;
    bpdu.root = bpdu.bridge = {priority, BridgedLan::mac(9)};
    bpdu.port = {0x8001};
    return bpdu;
  }
  /// The neighbour's hellos, for so long.
  void hello(const Bpdu& bpdu, Duration length) {
    for (Duration at{0}; at < length; at += 2s) {
      lan.inject(port, bpdu);
      lan.run(2s);
    }
  }
  const Bpdu& last_sent() { return lan.log(0).sent[port.port].back(); }

  BridgedLan lan;
  BridgedLan::End port{}, other{};
  static constexpr std::uint16_t kBetter = 4096, kWorse = 61440;
};

TEST_F(Stp, FallsBackAfterMigrateTime) {
  hello(configuration(kWorse), 2s);
  EXPECT_TRUE(lan.port(port).sends_rstp);
  hello(configuration(kWorse), 4s);
  EXPECT_FALSE(lan.port(port).sends_rstp);
  EXPECT_TRUE(lan.port(other).sends_rstp);
  lan.run(2s);
  EXPECT_EQ(last_sent().type, Type::configuration);
  EXPECT_EQ(last_sent().root, lan.tree(0).status().bridge);
}

TEST_F(Stp, FollowsItsRootAndItsTimes) {
  Bpdu bpdu = configuration(kBetter);
  bpdu.times = {.message_age = 3, .max_age = 10, .hello_time = 1, .forward_delay = 7};
  hello(bpdu, 8s);
  const auto status = lan.tree(0).status();
  EXPECT_EQ(status.root, bpdu.root);
  EXPECT_EQ(status.root_port, port.port);
  EXPECT_EQ(lan.roles(0).front(), 'R');
  EXPECT_EQ(status.times, (SpanningTreeTimes{4, 10, 1, 7}));
  EXPECT_EQ(lan.log(0).sent[other.port].back().times, (SpanningTreeTimes{4, 10, 2, 7}));
}

TEST_F(Stp, ADesignatedPortTakesTwoForwardDelays) {
  hello(configuration(kWorse), 6s);
  ASSERT_FALSE(lan.port(port).sends_rstp);
  lan.set_up(0, false);  // anew, and now it speaks STP from MigrateTime on
  lan.set_up(0, true);
  hello(configuration(kWorse), 18s);
  EXPECT_EQ(lan.port(port).state, PortState::discarding);
  hello(configuration(kWorse), 14s);
  EXPECT_EQ(lan.port(port).state, PortState::learning);
  hello(configuration(kWorse), 6s);
  EXPECT_EQ(lan.port(port).state, PortState::forwarding);
}

TEST_F(Stp, AnRstBpduBringsRstpBack) {
  hello(configuration(kBetter), 8s);
  ASSERT_FALSE(lan.port(port).sends_rstp);
  Bpdu bpdu = configuration(kBetter);
  bpdu.type = Type::rapid;
  bpdu.proposal = true;
  hello(bpdu, 2s);
  EXPECT_TRUE(lan.port(port).sends_rstp);
  EXPECT_EQ(last_sent().type, Type::rapid);
  EXPECT_TRUE(last_sent().agreement);
}

TEST_F(Stp, McheckTriesRstpAgain) {
  hello(configuration(kWorse), 8s);
  ASSERT_FALSE(lan.port(port).sends_rstp);
  lan.tree(0).mcheck(port.port);
  EXPECT_TRUE(lan.port(port).sends_rstp);
  lan.run(3s);
  EXPECT_EQ(last_sent().type, Type::rapid);
  hello(configuration(kWorse), 4s);  // still the old one
  EXPECT_FALSE(lan.port(port).sends_rstp);
}

TEST_F(Stp, ANotificationIsAcknowledgedAndFlushesTheOthers) {
  hello(configuration(kWorse), 60s);
  ASSERT_EQ(lan.roles(0), "DD");
  lan.run(40s);
  lan.log(0).flushes.clear();
  lan.log(0).sent.clear();
  const auto changes = lan.tree(0).status().topology_changes;
  lan.inject(port, {.type = Type::topology_change});
  lan.run(2s);
  EXPECT_EQ(lan.log(0).flushes, (std::map<InterfaceId, unsigned>{{other.port, 1}}));
  const auto& sent = lan.log(0).sent[port.port];
  ASSERT_FALSE(sent.empty());
  EXPECT_TRUE(sent.front().topology_change_ack && sent.front().topology_change);
  EXPECT_TRUE(lan.log(0).sent[other.port].front().topology_change);
  EXPECT_EQ(lan.tree(0).status().topology_changes, changes + 1);
  lan.run(4s);
  EXPECT_FALSE(last_sent().topology_change_ack);
  EXPECT_TRUE(last_sent().topology_change);  // for max age + forward delay
  lan.run(32s);
  EXPECT_FALSE(last_sent().topology_change);
}

TEST_F(Stp, NotifiesItsRootUntilItAcknowledges) {
  hello(configuration(kBetter), 80s);
  ASSERT_EQ(lan.roles(0), "RD");
  lan.log(0).sent.clear();
  hello(configuration(kBetter), 10s);
  EXPECT_TRUE(lan.log(0).sent[port.port].empty());  // nothing to tell

  lan.set_up(1, false);  // what was no edge comes back: a topology change
  lan.set_up(1, true);
  hello(configuration(kBetter), 50s);
  const auto count = lan.log(0).sent[port.port].size();
  ASSERT_GT(count, 1u);
  for (const Bpdu& bpdu : lan.log(0).sent[port.port]) EXPECT_EQ(bpdu.type, Type::topology_change);
  Bpdu acknowledged = configuration(kBetter);
  acknowledged.topology_change = acknowledged.topology_change_ack = true;
  hello(acknowledged, 2s);
  const auto final_count = lan.log(0).sent[port.port].size();
  hello(configuration(kBetter), 10s);
  EXPECT_EQ(lan.log(0).sent[port.port].size(), final_count);
}

TEST_F(Stp, WhatRstpWouldAgreeToIsNoNotification) {
  lan.tree(0).remove_port(other.port);
  hello(configuration(kBetter), 80s);
  lan.log(0).sent.clear();
  Bpdu worse = configuration(kBetter);
  worse.root_path_cost = 1;
  hello(worse, 10s);
  EXPECT_TRUE(lan.log(0).sent[port.port].empty());
}

TEST_F(Stp, ARootThatSetsItsFlagFlushesOurs) {
  hello(configuration(kBetter), 60s);
  lan.log(0).flushes.clear();
  Bpdu bpdu = configuration(kBetter);
  bpdu.topology_change = true;
  lan.inject(port, bpdu);
  EXPECT_EQ(lan.log(0).flushes, (std::map<InterfaceId, unsigned>{{other.port, 1}}));
}

TEST_F(Stp, OneThatIsTooOldIsRefused) {
  Bpdu bpdu = configuration(kBetter);
  bpdu.times.message_age = 20;
  lan.inject(port, bpdu);
  EXPECT_EQ(lan.port(port).rx_bad, 1u);
  EXPECT_EQ(lan.tree(0).status().root, lan.tree(0).status().bridge);
}

}  // namespace
}  // namespace weir::control::test
