// Established traffic survives: in a storm, when lifetimes end, and whatever the refreshes cost.
#include <random>

#include "neighbor_fixture.hpp"

namespace weir::control::test {
namespace {

using namespace std::chrono_literals;

const Ipv4Address kHost{10, 0, 0, 5}, kUs{10, 0, 0, 1};

struct NeighborStorm : NeighborTest {
  void establish(Ipv4Address ip = kHost, std::uint32_t m = 1) {
    engine.glean(0, ip, world.packet(), {true});
    EXPECT_EQ(reply(ip, mac(m)), std::nullopt);
  }
  /// Lets time pass as long as the adjacency of `ip` forwards; how long it did.
  Duration forwards_for(Duration most, Ipv4Address ip = kHost) {
    const TimePoint start = clock.now();
    while (clock.now() < start + most && world.slot(0, ip) == Slot::forwarding)
      advance_to(clock, engine,
                 std::min(start + most, engine.next_deadline().value_or(start + most)));
    return clock.now() - start;
  }
};

TEST_F(NeighborStorm, NeighborInUseThatDoesNotAnswerIsServedStale) {
  establish();
  world.all_used = true;
  engine.set_storm(0, true);
  EXPECT_EQ(forwards_for(1h), 1h);
  EXPECT_GE(engine.counters().served_stale, 3u);
  EXPECT_LE(engine.counters().served_stale, 5u);
  EXPECT_EQ(engine.served_stale(0), engine.counters().served_stale);
  EXPECT_TRUE(row(kHost).served_stale);
  EXPECT_EQ(engine.counters().failures, 0u);
  // Each time it was asked in full.
  EXPECT_EQ(world.solicits, 1 + 6 * engine.counters().served_stale);
  // Four hours after its last answer it fails all the same.
  const Duration more = forwards_for(4h);
  EXPECT_GE(more, 3h);
  EXPECT_LE(more, 3h + 7s);
  EXPECT_EQ(world.slot(0, kHost), Slot::failed);
  EXPECT_EQ(world.events.back().kind, NeighborEvent::Kind::failed);
  EXPECT_FALSE(row(kHost).served_stale);
}

TEST_F(NeighborStorm, WithoutAStormItFails) {
  establish();
  world.all_used = true;
  EXPECT_LE(forwards_for(1h), 15min + 6s);
  EXPECT_EQ(world.slot(0, kHost), Slot::failed);
  EXPECT_EQ(engine.counters().served_stale, 0u);
}

TEST_F(NeighborStorm, StormOfAnotherInterfaceKeepsNothing) {
  ASSERT_TRUE(engine.set_interface({1, kOurMac, {*Ipv4InterfaceAddress::parse("10.1.0.1/24")}}));
  engine.set_storm(1, true);
  establish();
  world.all_used = true;
  EXPECT_LE(forwards_for(1h), 15min + 6s);
}

TEST_F(NeighborStorm, AfterTheStormItIsProbedAndFailsIfSilent) {
  establish();
  world.all_used = true;
  engine.set_storm(0, true);
  ASSERT_EQ(forwards_for(20min), 20min);
  ASSERT_TRUE(row(kHost).served_stale);
  engine.set_storm(0, false);
  const Duration more = forwards_for(1h);
  EXPECT_GE(more, 6s);
  EXPECT_LE(more, 6s + 2ms);
  EXPECT_EQ(world.slot(0, kHost), Slot::failed);
}

TEST_F(NeighborStorm, AfterTheStormItIsConfirmedIfItAnswers) {
  establish();
  world.all_used = true;
  engine.set_storm(0, true);
  ASSERT_EQ(forwards_for(20min), 20min);
  engine.set_storm(0, false);
  advance(2ms);
  EXPECT_EQ(world.last_to.at({0, kHost}), mac(1));
  EXPECT_EQ(reply(kHost, mac(1)), std::nullopt);
  EXPECT_EQ(row(kHost).state, NeighborState::reachable);
  EXPECT_FALSE(row(kHost).served_stale);
  EXPECT_EQ(engine.counters().failures, 0u);
}

TEST_F(NeighborStorm, AnswerDuringTheStormEndsIt) {
  establish();
  world.all_used = true;
  engine.set_storm(0, true);
  ASSERT_EQ(forwards_for(20min), 20min);
  while (row(kHost).state != NeighborState::probe)
    advance_to(clock, engine, *engine.next_deadline());
  EXPECT_EQ(reply(kHost, mac(1)), std::nullopt);
  EXPECT_EQ(row(kHost).state, NeighborState::reachable);
  EXPECT_TRUE(row(kHost).verified);
  EXPECT_FALSE(row(kHost).served_stale);
}

TEST_F(NeighborStorm, UnusedOnesAreNotKept) {
  establish();
  engine.set_storm(0, true);
  world.used.insert({0, kHost});  // once
  // Kept once, for it was used; the next time it was not any more.
  const Duration kept = forwards_for(4h);
  EXPECT_GT(kept, 22min);
  EXPECT_LE(kept, 30min + 13s);
  EXPECT_EQ(engine.counters().served_stale, 1u);
}

TEST_F(NeighborStorm, UseBeforeItWasConfirmedCountsNoMore) {
  establish();
  world.used.insert({0, kHost});
  while (row(kHost).state != NeighborState::probe)
    advance_to(clock, engine, *engine.next_deadline());
  EXPECT_EQ(reply(kHost, mac(1)), std::nullopt);
  const Duration unused = forwards_for(5h);
  EXPECT_GE(unused, 3h);
  EXPECT_LE(unused, 4h + 1s);
  EXPECT_EQ(world.slot(0, kHost), Slot::unresolved);
  EXPECT_EQ(world.solicits, 2u);
}

TEST_F(NeighborStorm, LearntOnesInUseAreKeptToo) {
  request(kHost, mac(1), kUs);
  world.all_used = true;
  engine.set_storm(0, true);
  EXPECT_EQ(forwards_for(3h), 3h);
  EXPECT_LE(engine.counters().served_stale, 3h / 11min + 1);  // at every refresh, not all the time
  EXPECT_FALSE(row(kHost).verified);
  EXPECT_TRUE(row(kHost).served_stale);
}

TEST_F(NeighborStorm, OneThatTookAnIpOverAndNeverAnsweredIsNotKept) {
  establish();
  world.all_used = true;
  engine.set_storm(0, true);
  advance(2s);
  engine.arp({0, wire::Arp::kRequest, mac(9), kHost, {}, kHost, mac(9)});
  advance(1s + 2ms);
  ASSERT_EQ(engine.lookup(0, kHost), mac(9));
  EXPECT_LE(forwards_for(1h), 7s);
}

// When a storm ends, those that it kept are probed within half the budget.
TEST_F(NeighborStorm, EndOfAStormIsNoStormItself) {
  lan.addresses = {*Ipv4InterfaceAddress::parse("10.0.0.1/16")};
  engine.set_interface(lan);
  world.keep_log = false;
  for (std::uint32_t n = 0; n < 10000; ++n) {
    establish(Ipv4Address{0x0a000100u + n}, n);
    advance(1ms);
  }
  world.all_used = true;
  engine.set_storm(0, true);
  advance(20min);
  ASSERT_EQ(engine.counters().failures, 0u);
  ASSERT_GE(engine.counters().served_stale, 10000u);
  engine.set_storm(0, false);
  const TimePoint end = clock.now() + 12s;
  std::uint32_t answered = 0;
  while (clock.now() < end) {
    const std::uint64_t before = world.solicits;
    const TimePoint start = clock.now();
    advance(100ms);
    EXPECT_LE(world.solicits - before, lan.solicit_rate / 10 / 2 + 2);
    for (const auto& [key, at] : world.solicited) {
      if (at < start) continue;
      answered += reply(key.second, mac(key.second.value() - 0x0a000100u)) == std::nullopt;
    }
  }
  EXPECT_EQ(answered, 10000u);
  EXPECT_EQ(engine.counters().failures, 0u);
  EXPECT_EQ(world.slots.size(), 10000u);
}

/// Timeouts a hundredth of what they are.
NeighborSettings scaled() {
  NeighborSettings settings;
  settings.lifetime = 144s;
  settings.refresh_interval = 12s;
  settings.unverified_lifetime = 1s;
  return settings;
}

// Of a neighbour that answers no packet ever finds the adjacency unresolved, however its use and
// the ends of its lifetime fall together.
TEST(NeighborSoak, LifetimesInterruptNobodyInUse) {
  ManualClock clock;
  World world{clock};
  world.keep_log = false;
  Neighbors engine{clock, world, scaled()};
  ASSERT_TRUE(engine.set_interface({0, kOurMac, {*Ipv4InterfaceAddress::parse("10.0.0.1/16")}}));
  constexpr std::uint32_t kHosts = 500;
  const auto host = [](std::uint32_t n) { return Ipv4Address{0x0a000100u + n}; };
  const auto answer = [&](Ipv4Address ip) {
    const MacAddress m = mac(ip.value());
    engine.arp({0, wire::Arp::kReply, m, ip, kOurMac, kUs, m});
  };
  for (std::uint32_t n = 0; n < kHosts; ++n) {
    engine.glean(0, host(n), world.packet(), {true});
    answer(host(n));
    advance_to(clock, engine, clock.now() + 1ms);
  }
  // Used at gaps from nothing to three quarters of the lifetime, each host in its own way.
  std::mt19937 random{11};
  std::vector<TimePoint> next(kHosts, TimePoint{0});
  std::uint64_t uses = 0, lost = 0;
  ASSERT_EQ(engine.counters().entries, kHosts);
  while (clock.now() < 3h) {
    world.solicited.clear();
    advance_to(clock, engine, clock.now() + 250ms);
    for (const auto& [key, at] : world.solicited) answer(key.second);
    for (std::uint32_t n = 0; n < kHosts; ++n) {
      if (next[n] > clock.now()) continue;
      ++uses;
      lost += world.slot(0, host(n)) != Slot::forwarding;
      world.used.insert({0, host(n)});
      const std::uint32_t longest = n < kHosts / 2 ? 107000 : 20000;
      next[n] = clock.now() + std::chrono::milliseconds{random() % longest};
    }
  }
  EXPECT_EQ(lost, 0u);
  EXPECT_GT(uses, 100000u);
  EXPECT_EQ(engine.counters().failures, 0u);
  EXPECT_EQ(engine.counters().expiries, 0u);
}

// What the refreshes of 16,384 neighbours cost when the budget is too small for them: they wait in
// line, and wake at the pace of the budget.
TEST(NeighborSoak, RefreshesBeyondTheBudgetWaitInLine) {
  ManualClock clock;
  World world{clock};
  world.keep_log = false;
  Neighbors engine{clock, world, {}};
  NeighborInterface lan;
  lan.mac = kOurMac;
  lan.addresses = {*Ipv4InterfaceAddress::parse("10.0.0.1/16")};
  ASSERT_TRUE(engine.set_interface(lan));
  const auto answer = [&](Ipv4Address ip) {
    const MacAddress m = mac(ip.value());
    return engine.arp({0, wire::Arp::kReply, m, ip, kOurMac, kUs, m});
  };
  for (std::uint32_t n = 0; n < 16384; ++n) {
    engine.glean(0, Ipv4Address{0x0a000100u + n}, world.packet(), {true});
    ASSERT_EQ(answer(Ipv4Address{0x0a000100u + n}), std::nullopt);
    advance_to(clock, engine, clock.now() + 1ms);
  }
  lan.solicit_rate = 50;  // 73 a second become due
  ASSERT_TRUE(engine.set_interface(lan));
  world.allowances[0].change(clock.now(), 50, 50);
  world.all_used = true;
  std::uint64_t most = 0;
  for (int second = 0; second < 1200; ++second) {
    const std::uint64_t before = engine.counters().timers;
    world.solicited.clear();
    for (int i = 0; i < 10; ++i) {
      advance_to(clock, engine, clock.now() + 100ms);
      for (const auto& [key, at] : world.solicited)
        if (at > clock.now() - 100ms) answer(key.second);
    }
    most = std::max(most, engine.counters().timers - before);
  }
  EXPECT_GT(engine.counters().solicits_deferred, 1000u);
  EXPECT_LE(most, 300u);
  EXPECT_EQ(engine.counters().failures, 0u);
  EXPECT_EQ(world.slots.size(), 16384u);
}

}  // namespace
}  // namespace weir::control::test
