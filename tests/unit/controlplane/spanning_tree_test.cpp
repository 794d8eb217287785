// RSTP between simulated bridges: who gets which role, how fast, and who is flushed.
#include "bridged_lan.hpp"

namespace weir::control::test {
namespace {

using Roles = std::vector<std::string>;
using Edge = SpanningTreePort::Edge;

TEST(SpanningTree, OfTwoCablesOneIsBlocked) {
  BridgedLan lan;
  lan.add_bridge();
  lan.add_bridge();
  lan.cable(0, 1);
  lan.cable(0, 1);
  lan.run(1s);
  EXPECT_EQ(lan.roles(), (Roles{"DD", "RA"}));
  const auto status = lan.tree(1).status();
  EXPECT_EQ(status.root.to_string(), "8000.020000000001");
  EXPECT_EQ(status.root_port, InterfaceId{1});
  EXPECT_EQ(status.root_path_cost, 20'000u);
  EXPECT_EQ(status.ports[1].designated_bridge, lan.tree(0).status().bridge);
  EXPECT_EQ(status.ports[1].designated_port.value, 0x8002);
  EXPECT_FALSE(lan.tree(0).status().root_port);
  lan.expect_converged();
}

TEST(SpanningTree, Triangle) {
  BridgedLan lan;
  for (int i = 0; i < 3; ++i) lan.add_bridge();
  lan.cable(0, 1);
  lan.cable(0, 2);
  lan.cable(1, 2);
  lan.run(1s);
  EXPECT_EQ(lan.roles(), (Roles{"DD", "RD", "RA"}));
  lan.expect_converged();
}

std::unique_ptr<BridgedLan> ring_of_five() {
  auto lan = std::make_unique<BridgedLan>();
  for (int i = 0; i < 5; ++i) lan->add_bridge();
  for (std::size_t i = 0; i < 5; ++i) lan->cable(i, (i + 1) % 5);
  lan->run(30s);
  return lan;
}

TEST(SpanningTree, RingIsCutFarthestFromItsRoot) {
  const auto lan = ring_of_five();
  EXPECT_EQ(lan->roles(), (Roles{"DD", "RD", "RD", "AR", "DR"}));
  EXPECT_EQ(lan->loops(), 0u);
  lan->expect_converged();
}

TEST(SpanningTree, EveryFailureOfARingIsOverInASecond) {
  for (std::size_t broken = 0; broken < 5; ++broken) {
    SCOPED_TRACE(broken);
    const auto lan = ring_of_five();
    const TimePoint before = lan->clock().now();
    lan->set_up(broken, false);
    lan->run(1s);
    lan->expect_converged();
    lan->run(60s);
    EXPECT_LT(lan->last_change() - before, 1s);
    const TimePoint back = lan->clock().now();
    lan->set_up(broken, true);
    lan->run(60s);
    EXPECT_LT(lan->last_change() - back, 1s);
    EXPECT_EQ(lan->roles(), (Roles{"DD", "RD", "RD", "AR", "DR"}));
    EXPECT_EQ(lan->loops(), 0u);
  }
}

TEST(SpanningTree, TheNextBestTakesOverFromALostRoot) {
  BridgedLan lan;
  for (int i = 0; i < 3; ++i) lan.add_bridge();
  lan.cable(0, 1);
  lan.cable(0, 2);
  lan.cable(1, 2);
  lan.run(10s);
  lan.set_bridge_up(0, false);
  lan.run(1s);
  EXPECT_EQ(lan.roles(), (Roles{"--", "-D", "-R"}));
  EXPECT_EQ(lan.tree(2).status().root, lan.tree(1).status().bridge);
  lan.set_bridge_up(0, true);
  lan.run(1s);
  EXPECT_EQ(lan.roles(), (Roles{"DD", "RD", "RA"}));
  EXPECT_EQ(lan.loops(), 0u);
}

TEST(SpanningTree, ASilentNeighbourAgesOutAfterThreeHellos) {
  BridgedLan lan;
  lan.add_bridge();
  const auto port = lan.add_port(0);
  lan.connect({.ends = {port}});
  Bpdu bpdu;
  bpdu.root = bpdu.bridge = {4096, BridgedLan::mac(9)};
  bpdu.port = {0x8001};
  lan.inject(port, bpdu);
  EXPECT_EQ(lan.tree(0).status().root, bpdu.root);
  lan.run(4900ms);
  EXPECT_EQ(lan.tree(0).status().root, bpdu.root);
  lan.run(1100ms);
  EXPECT_EQ(lan.tree(0).status().root, lan.tree(0).status().bridge);
  bpdu.times.message_age = 20;  // of max age: ages at once
  lan.inject(port, bpdu);
  EXPECT_EQ(lan.tree(0).status().root, lan.tree(0).status().bridge);
}

TEST(SpanningTree, ACableBetweenTwoPortsOfABridgeMakesABackup) {
  BridgedLan lan;
  lan.add_bridge();
  lan.cable(0, 0);
  lan.run(60s);
  EXPECT_EQ(lan.roles(0), "DB");
  EXPECT_EQ(lan.loops(), 0u);
}

TEST(SpanningTree, APortThatHearsItselfIsABackupUntilItDoesNot) {
  BridgedLan lan;
  lan.add_bridge();
  const auto port = lan.add_port(0);
  const auto plug = lan.connect({.ends = {port}, .is_reflecting = true});
  lan.run(60s);
  EXPECT_EQ(lan.roles(0), "B");
  EXPECT_TRUE(lan.port(port).looped);
  EXPECT_GT(lan.port(port).rx_own, 25u);  // it keeps looking
  EXPECT_EQ(lan.port(port).forward_transitions, 0u);
  lan.set_reflecting(plug, false);
  lan.run(20s);
  EXPECT_FALSE(lan.port(port).looped);
  EXPECT_EQ(lan.roles(0), "D");
}

TEST(SpanningTree, SharedSegmentsHaveOneDesignatedBridge) {
  BridgedLan lan;
  for (int i = 0; i < 3; ++i) lan.add_bridge();
  lan.connect(
      {.ends = {lan.add_port(0), lan.add_port(1), lan.add_port(2)}, .is_point_to_point = false});
  lan.connect({.ends = {lan.add_port(1), lan.add_port(2)}, .is_point_to_point = false});
  lan.run(30s);
  EXPECT_EQ(lan.roles(), (Roles{"d", "Rd", "RA"}));  // nobody can agree: timers
  lan.run(30s);
  EXPECT_EQ(lan.roles(), (Roles{"D", "RD", "RA"}));
  EXPECT_EQ(lan.loops(), 0u);
  lan.expect_converged();
}

// --- edges

struct EdgeRow {
  const char* name;
  Edge edge;
  Duration not_yet, forwards;
};
class EdgePort : public testing::TestWithParam<EdgeRow> {};

TEST_P(EdgePort, ForwardsWhenNobodyAnswers) {
  const EdgeRow& row = GetParam();
  BridgedLan lan;
  lan.add_bridge();
  const auto port = lan.add_port(0, {.edge = row.edge});
  lan.connect({.ends = {port}});
  if (row.not_yet > 0s) {
    lan.run(row.not_yet);
    EXPECT_NE(lan.port(port).state, PortState::forwarding);
  }
  lan.run(row.forwards - row.not_yet);
  EXPECT_EQ(lan.port(port).state, PortState::forwarding);
  EXPECT_EQ(lan.port(port).edge, row.edge != Edge::no);
  EXPECT_EQ(lan.tree(0).status().topology_changes, row.edge == Edge::no ? 1u : 0u);

  Bpdu bpdu;  // a bridge after all, and a worse one
  bpdu.root = bpdu.bridge = {61440, BridgedLan::mac(9)};
  bpdu.port = {0x8001};
  lan.inject(port, bpdu);
  EXPECT_FALSE(lan.port(port).edge);
}
INSTANTIATE_TEST_SUITE_P(Kinds, EdgePort,
                         testing::Values(EdgeRow{"yes", Edge::yes, 0s, 0s},
                                         EdgeRow{"automatic", Edge::automatic, 2s, 3s},
                                         EdgeRow{"no", Edge::no, 21s, 22s}),
                         [](const auto& row) { return row.param.name; });

TEST(SpanningTree, AnEdgePortThatIsNoneBlocksWhenALoopCloses) {
  BridgedLan lan;
  lan.add_bridge();
  lan.add_bridge();
  lan.cable(0, 1);
  lan.run(5s);
  lan.cable(0, 1, {.edge = Edge::yes}, {.edge = Edge::yes});  // forward at once: a loop
  EXPECT_EQ(lan.loops(), 1u);
  lan.run(1s);
  EXPECT_EQ(lan.roles(), (Roles{"DD", "RA"}));
  EXPECT_LT(lan.longest_loop(), 2ms);
}

TEST(SpanningTree, GuardTakesThePortOutUntilItIsEnabled) {
  BridgedLan lan;
  lan.add_bridge();
  lan.add_bridge();
  const auto guarded = lan.add_port(0, {.edge = Edge::yes, .bpdu_guard = true});
  const auto host = lan.connect({.ends = {guarded}});
  EXPECT_EQ(lan.roles(0), "D");
  lan.connect({.ends = {guarded, lan.add_port(1)}});
  lan.run(1s);
  EXPECT_EQ(lan.log(0).guarded_ports, std::vector<InterfaceId>{guarded.port});
  EXPECT_EQ(lan.roles(0), "-");
  EXPECT_TRUE(lan.port(guarded).guarded);
  const auto sent = lan.port(guarded).tx;
  lan.set_up(host, false);
  lan.set_up(host, true);
  lan.run(10s);
  EXPECT_EQ(lan.roles(0), "-");
  EXPECT_EQ(lan.port(guarded).tx, sent);
  lan.tree(0).enable(guarded.port);
  EXPECT_EQ(lan.roles(0), "D");
  lan.run(3s);  // the other bridge is still there
  EXPECT_EQ(lan.log(0).guarded_ports.size(), 2u);
}

// --- topology changes

TEST(SpanningTree, ATopologyChangeFlushesEverywhereButWhereItCameFrom) {
  BridgedLan lan;
  for (int i = 0; i < 4; ++i) lan.add_bridge();
  lan.cable(0, 1);                                                // b0.1 b1.1
  const auto cut = lan.cable(0, 2);                               // b0.2 b2.1
  lan.cable(1, 2);                                                // b1.2 b2.2
  lan.cable(0, 3);                                                // b0.3 b3.1
  lan.connect({.ends = {lan.add_port(1, {.edge = Edge::yes})}});  // b1.3
  lan.connect({.ends = {lan.add_port(3, {.edge = Edge::no})}});   // b3.2
  lan.run(60s);
  for (std::size_t i = 0; i < 4; ++i) lan.log(i).flushes.clear();
  const auto changes = lan.tree(0).status().topology_changes;

  lan.set_up(cut, false);  // b2.2 becomes root port
  lan.run(1s);
  using Flushes = std::map<InterfaceId, unsigned>;
  EXPECT_EQ(lan.log(2).flushes, (Flushes{{1, 1}}));  // lost its link
  EXPECT_EQ(lan.log(1).flushes, (Flushes{{1, 1}}));  // neither 2, nor the edge
  EXPECT_EQ(lan.log(0).flushes, (Flushes{{2, 1}, {3, 1}}));
  EXPECT_EQ(lan.log(3).flushes, (Flushes{{2, 1}}));
  EXPECT_EQ(lan.tree(0).status().topology_changes, changes + 1);
  EXPECT_LE(*lan.tree(0).status().since_topology_change, 1s);
  lan.run(10s);
  EXPECT_GT(*lan.tree(0).status().since_topology_change, 9s);
  EXPECT_FALSE(lan.log(0).sent[3].back().topology_change);
}

TEST(SpanningTree, AnEdgePortIsNoTopologyChange) {
  BridgedLan lan;
  lan.add_bridge();
  lan.add_bridge();
  lan.cable(0, 1);
  const auto host = lan.connect({.ends = {lan.add_port(0, {.edge = Edge::yes})}});
  lan.run(10s);
  const auto changes = lan.tree(0).status().topology_changes;
  lan.set_up(host, false);
  lan.run(5s);
  lan.set_up(host, true);
  lan.run(5s);
  EXPECT_EQ(lan.tree(0).status().topology_changes, changes);
  EXPECT_EQ(lan.roles(0), "DD");
}

/// A forwarding port whose neighbour agreed to less asks again; when nobody is there any more it
/// becomes an edge, and no topology change flushes it.
TEST(SpanningTree, WorseInformationIsProposedByAForwardingPort) {
  BridgedLan lan;
  lan.add_bridge();
  const auto below = lan.add_port(0), above = lan.add_port(0);
  lan.connect({.ends = {below}});
  lan.connect({.ends = {above}});
  Bpdu root;
  root.root = root.bridge = {4096, BridgedLan::mac(9)};
  root.port = {0x8001};
  lan.inject(above, root);
  Bpdu agreement = root;
  agreement.bridge = {32768, BridgedLan::mac(8)};
  agreement.root_path_cost = 40'000;
  agreement.role = Bpdu::Role::root;
  agreement.agreement = true;
  lan.inject(below, agreement);
  EXPECT_EQ(lan.roles(0), "DR");
  EXPECT_FALSE(lan.log(0).sent[below.port].back().proposal);

  root.root_path_cost = 1'000;
  lan.inject(above, root);
  EXPECT_EQ(lan.roles(0), "DR");  // it goes on
  const Bpdu& sent = lan.log(0).sent[below.port].back();
  EXPECT_TRUE(sent.proposal && sent.forwarding);
  EXPECT_EQ(sent.root_path_cost, 21'000u);

  lan.run(2s);
  EXPECT_FALSE(lan.port(below).edge);
  lan.run(2s);
  EXPECT_TRUE(lan.port(below).edge);
  lan.log(0).flushes.clear();
  root.topology_change = true;
  lan.inject(above, root);
  EXPECT_TRUE(lan.log(0).flushes.empty());
}

// An agreement to another root's information, on its way when that changed.
TEST(SpanningTree, AnAgreementAboutAnotherRootDoesNotCount) {
  BridgedLan lan;
  lan.add_bridge();
  const auto port = lan.add_port(0);
  lan.connect({.ends = {port}});
  Bpdu agreement;
  agreement.root = {40960, BridgedLan::mac(7)};
  agreement.bridge = {45056, BridgedLan::mac(8)};
  agreement.role = Bpdu::Role::root;
  agreement.agreement = true;
  lan.inject(port, agreement);
  EXPECT_EQ(lan.roles(0), "d");
  agreement.root = lan.tree(0).status().bridge;
  lan.inject(port, agreement);
  EXPECT_EQ(lan.roles(0), "D");
}

// --- who decides

TEST(SpanningTree, BridgePriorityComesBeforeAddress) {
  BridgedLan lan;
  lan.add_bridge();
  lan.add_bridge(4096);
  lan.cable(0, 1);
  lan.run(1s);
  EXPECT_EQ(lan.roles(), (Roles{"R", "D"}));
  auto settings = SpanningTreeSettings{.mac = BridgedLan::mac(0), .priority = 0};
  lan.tree(0).set_settings(settings);
  lan.run(1s);
  EXPECT_EQ(lan.roles(), (Roles{"D", "R"}));
  EXPECT_EQ(lan.tree(1).status().root.priority, 0);
}

TEST(SpanningTree, CostComesBeforePortPriorityAndThatBeforeNumber) {
  BridgedLan lan;
  lan.add_bridge();
  lan.add_bridge();
  lan.cable(0, 1);
  lan.cable(0, 1, {.priority = 112});
  lan.run(3s);
  EXPECT_EQ(lan.roles(1), "AR");  // the root's port priority counts
  lan.tree(1).add_port({.id = 1, .number = 1, .path_cost = 19'999});
  lan.run(3s);
  EXPECT_EQ(lan.roles(1), "RA");
  EXPECT_EQ(lan.tree(1).status().root_path_cost, 19'999u);
  EXPECT_EQ(lan.loops(), 0u);
}

TEST(SpanningTree, FasterLinksAreCheaper) {
  BridgedLan lan;
  lan.add_bridge();
  lan.add_bridge();
  lan.connect({.ends = {lan.add_port(0), lan.add_port(1)}, .speed_mbps = 1000});
  lan.connect({.ends = {lan.add_port(0), lan.add_port(1)}, .speed_mbps = 10000});
  lan.run(1s);
  EXPECT_EQ(lan.roles(1), "AR");
  EXPECT_EQ(lan.tree(1).status().root_path_cost, 2'000u);
}

TEST(SpanningTree, PathCostIsThatOfTable17_3) {
  const std::pair<std::uint32_t, std::uint32_t> rows[] = {
      {0, 20'000},     {1, 20'000'000}, {10, 2'000'000}, {100, 200'000},  {1'000, 20'000},
      {10'000, 2'000}, {100'000, 200},  {400'000, 50},   {20'000'000, 1}, {4'000'000'000, 1}};
  for (const auto& [speed, cost] : rows) EXPECT_EQ(SpanningTree::path_cost(speed), cost) << speed;
}

// --- the rest

TEST(SpanningTree, ARemovedPortIsGoneAndItsWorkTakenOver) {
  BridgedLan lan;
  lan.add_bridge();
  lan.add_bridge();
  lan.cable(0, 1);
  lan.cable(0, 1);
  lan.run(5s);
  lan.log(1).flushes.clear();
  lan.tree(1).remove_port(1);
  lan.tree(1).remove_port(77);
  EXPECT_EQ(lan.log(1).states[1], PortState::discarding);
  EXPECT_EQ(lan.log(1).flushes[1], 1u);
  lan.run(1s);
  EXPECT_EQ(lan.roles(1), "R");
  lan.tree(1).remove_port(2);
  EXPECT_EQ(lan.tree(1).status().root, lan.tree(1).status().bridge);
  EXPECT_FALSE(lan.tree(1).next_deadline());
}

TEST(SpanningTree, NeverSendsMoreThanItsHoldCountInASecond) {
  BridgedLan lan;
  lan.add_bridge();
  const auto port = lan.add_port(0);
  lan.connect({.ends = {port}});
  Bpdu bpdu;
  bpdu.port = {0x8001};
  bpdu.proposal = true;
  for (unsigned i = 0; i < 1000; ++i) {
    bpdu.root = bpdu.bridge = {static_cast<std::uint16_t>(i % 2 * 4096), BridgedLan::mac(9)};
    lan.inject(port, bpdu);
  }
  EXPECT_EQ(lan.port(port).tx, 6u);
  lan.run(1s);
  EXPECT_EQ(lan.port(port).tx, 7u);  // the last one's agreement
  EXPECT_TRUE(lan.log(0).sent[1].back().agreement);
}

TEST(SpanningTree, BadBpdusAreCountedAndChangeNothing) {
  BridgedLan lan;
  lan.add_bridge();
  const auto port = lan.add_port(0, {.edge = Edge::yes});
  lan.connect({.ends = {port}});
  const std::uint8_t bad[40] = {0, 1, 2, 2};
  lan.tree(0).receive(port.port, bad);
  lan.tree(0).receive(port.port, {});
  lan.tree(0).receive(99, bad);
  EXPECT_EQ(lan.port(port).rx_bad, 2u);
  EXPECT_EQ(lan.port(port).rx, 0u);
  EXPECT_TRUE(lan.port(port).edge);
}

TEST(SpanningTree, SecondsMissedAreCountedAndNotMadeUpFor) {
  BridgedLan lan;
  lan.add_bridge();
  const auto port = lan.add_port(0);
  lan.connect({.ends = {port}});
  Bpdu bpdu;
  bpdu.root = bpdu.bridge = {4096, BridgedLan::mac(9)};
  lan.inject(port, bpdu);
  lan.clock().advance(60500ms);  // held up, with the neighbour's hellos in the queue
  lan.tree(0).tick();
  EXPECT_EQ(lan.tree(0).status().root, bpdu.root);
  EXPECT_EQ(lan.tree(0).status().missed_seconds, 59u);
  EXPECT_EQ(lan.tree(0).next_deadline(), TimePoint{61s});
}

struct BadRow {
  const char* about;
  SpanningTreeSettings settings;
};
TEST(SpanningTreeSettings, ErrorsNamePlaceAndRemedy) {
  const SpanningTreeSettings good{.mac = BridgedLan::mac(0)};
  EXPECT_EQ(good.problem(), "");
  std::vector<BadRow> rows(6, BadRow{"", good});
  rows[0] = {"bridge address", {}};
  rows[1].about = "multiple of 4096";
  rows[1].settings.priority = 100;
  rows[2].about = "hello-time 0 s must be 1 to 10 s";
  rows[2].settings.hello_time = 0s;
  rows[3].about = "at most 2 * (forward-delay - 1) = 26 s";
  rows[3].settings.max_age = 40s;
  rows[3].settings.forward_delay = 14s;
  rows[4].about = "at least 2 * (hello-time + 1) = 22 s";
  rows[4].settings.hello_time = 10s;
  rows[5].about = "transmit-hold-count 11";
  rows[5].settings.transmit_hold_count = 11;
  BridgedLan lan;
  lan.add_bridge();
  for (const auto& [about, settings] : rows) {
    EXPECT_NE(settings.problem().find(about), std::string::npos) << settings.problem();
    EXPECT_THROW(lan.tree(0).set_settings(settings), std::invalid_argument);
  }
}

TEST(SpanningTreePort, ErrorsAndBounds) {
  BridgedLan lan;
  lan.add_bridge();
  SpanningTree& tree = lan.tree(0);
  EXPECT_THROW(tree.add_port({.id = 1, .number = 0}), std::invalid_argument);
  EXPECT_THROW(tree.add_port({.id = 1, .number = 4096}), std::invalid_argument);
  EXPECT_THROW(tree.add_port({.id = 1, .number = 1, .priority = 1}), std::invalid_argument);
  EXPECT_THROW(tree.add_port({.id = 1, .number = 1, .path_cost = 0}), std::invalid_argument);
  for (InterfaceId i = 1; i <= kMaxBridgeMembers; ++i) tree.add_port({.id = i, .number = i});
  EXPECT_THROW(tree.add_port({.id = 99, .number = 1}), std::invalid_argument);
  EXPECT_THROW(tree.add_port({.id = 99, .number = 99}), std::invalid_argument);
  EXPECT_EQ(tree.status().ports.size(), kMaxBridgeMembers);
}

}  // namespace
}  // namespace weir::control::test
