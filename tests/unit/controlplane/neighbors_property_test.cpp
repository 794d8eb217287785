// Random histories: whatever comes in, the bounds hold, statics stay, every packet comes back once,
// and the data plane agrees with the table.
#include <random>

#include "neighbor_fixture.hpp"

namespace weir::control::test {
namespace {

using namespace std::chrono_literals;

constexpr InterfaceId kInterfaces = 3;

Ipv4Address host(InterfaceId i, std::uint32_t n) {
  return Ipv4Address{0x0a000000u | std::uint32_t{i} << 16 | n};
}

class History {
 public:
  History(NeighborSettings settings, std::uint64_t seed, std::uint32_t hosts)
      : settings_(settings),
        random_(seed),
        hosts_(hosts),
        world(clock),
        engine(clock, world, settings) {
    world.keep_log = false;
    for (InterfaceId i = 0; i < kInterfaces; ++i) {
      set_interface(i, {});
      static_macs_[host(i, 2)] = mac(1000u + i);
      EXPECT_TRUE(engine.add_static(i, host(i, 2), mac(1000u + i)));
    }
  }

  void step(bool may_flush) {
    const InterfaceId i = interface();
    switch (pick(may_flush ? 420 : 419) / 20) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
        return engine.glean(i, any_host(i), world.packet(),
                            {pick(2) == 0, pick(2) == 0, static_cast<InterfaceId>(pick(6))});
      case 5:
      case 6:
      case 7:
      case 8:
      case 9:
      case 10:
      case 11:
        return static_cast<void>(engine.arp(any_frame()));
      case 12:
      case 13:
      case 14:
      case 15:
        return answer_a_solicitation();
      case 16:
      case 17:
        return static_cast<void>(world.used.insert({i, any_host(i)}));
      case 18:
        if (pick(2) == 0) return static_cast<void>(world.relieved.insert({i, any_host(i)}));
        return static_cast<void>(world.relieved.erase({i, any_host(i)}));
      case 19:
        return change(i);
      default:
        break;
    }
    if (may_flush && pick(10) == 0)
      engine.flush(i, pick(4) ? std::optional{any_host(i)} : std::nullopt);
    else
      advance_to(clock, engine,
                 clock.now() + std::chrono::milliseconds{pick(pick(8) ? 2000 : 60000)});
  }

  void check() {
    const NeighborCounters c = engine.counters();
    EXPECT_LE(c.entries, settings_.table_limit);
    EXPECT_LE(c.pending, settings_.pending_limit);
    EXPECT_LE(c.failed, settings_.failed_limit);
    EXPECT_LE(c.holding, settings_.hold_total);
    EXPECT_EQ(c.holding, world.held.size());
    EXPECT_EQ(c.statics, kInterfaces);
    std::array<std::uint32_t, kInterfaces> learnt{}, holding{};
    std::size_t in_data_plane = 0;
    for (const NeighborRow& row : engine.snapshot()) {
      const Slot slot = world.slot(row.interface, row.ip);
      EXPECT_LE(row.held_packets, settings_.hold_per_neighbor);
      holding[row.interface] += row.held_packets;
      in_data_plane += slot != Slot::unresolved;
      EXPECT_EQ(row.state == NeighborState::incomplete, slot == Slot::unresolved);
      EXPECT_EQ(row.state == NeighborState::failed, slot == Slot::failed);
      EXPECT_EQ(row.mac.has_value(), slot == Slot::forwarding);
      EXPECT_TRUE(Ipv4Prefix(host(row.interface, 0), 16).contains(row.ip));
      EXPECT_TRUE(row.ip != host(row.interface, 0) && row.ip != host(row.interface, 1));
      check_journal(row);
      if (!row.mac) continue;
      EXPECT_EQ(world.slots.at({row.interface, row.ip}).second, *row.mac);
      if (row.state == NeighborState::permanent) {
        EXPECT_EQ(*row.mac, static_macs_.at(row.ip));
      } else {
        ++learnt[row.interface];
      }
    }
    EXPECT_EQ(in_data_plane, world.slots.size());
    EXPECT_EQ(c.entries + c.pending + c.failed, world.journal.size());
    for (const std::uint32_t n : learnt) EXPECT_LE(n, settings_.table_limit / 4 * 3);
    for (const std::uint32_t n : holding) EXPECT_LE(n, std::max(settings_.hold_total / 4, 1u));
  }

  std::uint32_t pick(std::uint32_t below) {
    return std::uniform_int_distribution<std::uint32_t>{0, below - 1}(random_);
  }

 private:
  void set_interface(InterfaceId i, NeighborInterface how) {
    how.id = i;
    how.mac = kOurMac;
    how.addresses = {{host(i, 1), 16}};
    EXPECT_TRUE(engine.set_interface(how));
    const double burst = std::clamp<double>(how.solicit_rate, Neighbors::kSolicitBurstLeast,
                                            Neighbors::kSolicitBurst);
    world.allowances[i].change(clock.now(), how.solicit_rate, burst);
  }

  /// Storms come and go, and somebody changes how the interface learns and what it may spend.
  void change(InterfaceId i) {
    if (pick(3) != 0) return engine.set_storm(i, pick(2) == 0);
    static constexpr std::uint32_t kRates[] = {2000, 2000, 100, 1};
    NeighborInterface how;
    how.learning = static_cast<NeighborLearning>(pick(3));
    how.trusted = pick(4) == 0;
    how.solicit_rate = kRates[pick(4)];
    how.create_rate = kRates[pick(4)];
    how.challenge_rate = kRates[pick(4)];
    set_interface(i, how);
  }

  /// Whoever reads the journal knows what the table holds; but of probes nothing.
  void check_journal(const NeighborRow& row) const {
    const auto known = world.journal.find({row.interface, row.ip});
    ASSERT_NE(known, world.journal.end()) << row.ip.to_string();
    EXPECT_EQ(known->second.mac, row.mac);
    EXPECT_EQ(known->second.verified, row.verified);
    const bool probing = row.state == NeighborState::probe || row.state == NeighborState::delay;
    EXPECT_EQ(known->second.state, !probing ? row.state
                                   : known->second.state == NeighborState::reachable
                                       ? NeighborState::reachable
                                       : NeighborState::stale);
  }

  InterfaceId interface() { return static_cast<InterfaceId>(pick(kInterfaces)); }
  /// On the interface's subnet, now and then not.
  Ipv4Address any_host(InterfaceId i) { return host(pick(30) ? i : interface(), pick(hosts_)); }

  ArpSeen any_frame() {
    const InterfaceId i = interface();
    const Ipv4Address sender_ip = any_host(i);
    const MacAddress sender = pick(30) == 0   ? MacAddress{{0, 0, 0x5e, 0, 1, 7}}
                              : pick(30) == 0 ? kOurMac
                              : pick(4) == 0  ? mac(pick(8))
                                              : mac(sender_ip.value() % 5);
    return {i,
            static_cast<std::uint16_t>(pick(10) ? 1 + pick(2) : pick(5)),
            sender,
            sender_ip,
            pick(2) == 0 ? kOurMac : MacAddress{},
            pick(3) != 0 ? host(i, 1) : any_host(i),
            pick(10) == 0 ? mac(77) : sender};
  }

  void answer_a_solicitation() {
    if (world.solicited.empty()) return;
    auto at = world.solicited.lower_bound({interface(), host(interface(), pick(hosts_))});
    if (at == world.solicited.end()) at = world.solicited.begin();
    const auto [i, ip] = at->first;
    const MacAddress m = mac(ip.value() % 5);
    engine.arp({i, wire::Arp::kReply, m, ip, kOurMac, host(i, 1), m});
  }

  NeighborSettings settings_;
  std::mt19937_64 random_;
  std::uint32_t hosts_;
  std::map<Ipv4Address, MacAddress> static_macs_;

 public:
  ManualClock clock;
  World world;
  Neighbors engine;
};

NeighborSettings small() {
  NeighborSettings s;
  s.table_limit = 24;
  s.pending_limit = 16;
  s.failed_limit = 16;
  s.hold_total = 12;
  s.hold_per_neighbor = 3;
  return s;
}

class Histories : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Histories, SmallTablesKeepTheirBounds) {
  NeighborSettings settings = small();
  settings.seed = GetParam();
  History history{settings, GetParam(), 80};
  history.world.check_rate = false;  // a flushed or evicted destination may be asked again at once
  for (int i = 0; i < 6000 && !testing::Test::HasFailure(); ++i) {
    history.step(true);
    history.check();
  }
  const NeighborCounters c = history.engine.counters();
  EXPECT_GT(c.evictions, 0u);
  EXPECT_GT(c.failures, 0u);
  EXPECT_GT(c.verified, 0u);
  EXPECT_GT(c.moved, 0u);
  EXPECT_GT(c.served_stale, 0u);
  EXPECT_GT(c.learn_refused_strict, 0u);
  for (InterfaceId i = 0; i < kInterfaces; ++i) history.engine.remove_interface(i);
  EXPECT_TRUE(history.world.held.empty());
  EXPECT_TRUE(history.world.slots.empty());
  EXPECT_TRUE(history.world.journal.empty());
  EXPECT_TRUE(history.engine.snapshot().empty());
  EXPECT_EQ(history.engine.next_deadline(), std::nullopt);
}

TEST_P(Histories, NoDestinationIsAskedMoreThanOnceASecond) {
  History history{{}, GetParam(), 30};
  for (int i = 0; i < 20000 && !testing::Test::HasFailure(); ++i) history.step(false);
  history.check();
  EXPECT_GT(history.world.solicits, 500u);
  EXPECT_EQ(history.engine.counters().evictions, 0u);
}

INSTANTIATE_TEST_SUITE_P(Neighbors, Histories, testing::Range(std::uint64_t{1}, std::uint64_t{13}));

struct BigTable : testing::Test {
  BigTable() {
    world.keep_log = false;
    for (InterfaceId i = 0; i < 2; ++i) engine.set_interface({i, kOurMac, {{host16(i, 0), 15}}});
  }
  /// Its n-th host, 0: our own address.
  static Ipv4Address host16(InterfaceId i, std::uint32_t n) {
    return Ipv4Address{0x0a000001u + (std::uint32_t{i} << 17) + n};
  }
  /// Resolves `count` hosts at the interface's pace.
  void resolve(InterfaceId i, std::uint32_t count) {
    for (std::uint32_t n = 1; n <= count; ++n) {
      engine.glean(i, host16(i, n), world.packet(), {true});
      answer(i, host16(i, n));
      advance_to(clock, engine, clock.now() + 500us);
    }
  }
  void answer(InterfaceId i, Ipv4Address ip) {
    EXPECT_EQ(engine.arp({i, wire::Arp::kReply, mac(ip.value()), ip, kOurMac, host16(i, 0),
                          mac(ip.value())}),
              std::nullopt);
  }

  ManualClock clock;
  World world{clock};
  Neighbors engine{clock, world, {}};
};

TEST_F(BigTable, SixtyFiveThousandInUseAreRefreshedAndNoneIsLost) {
  resolve(0, 49152);
  resolve(1, 16384);
  ASSERT_EQ(engine.counters().entries, 65536u);
  EXPECT_EQ(world.discarded, 0u);
  world.all_used = true;
  const std::uint64_t before = world.solicits;
  // Every host answers the probe it is sent; an hour is at least three refreshes.
  const TimePoint end = clock.now() + 1h;
  const std::uint64_t timers = engine.counters().timers;
  std::uint64_t second_began = timers, most = 0;
  TimePoint second_ends = clock.now() + 1s;
  while (clock.now() < end) {
    if (clock.now() >= second_ends) {
      most = std::max(most, engine.counters().timers - second_began);
      second_began = engine.counters().timers;
      second_ends = clock.now() + 1s;
    }
    world.solicited.clear();
    advance_to(clock, engine, std::min(end, *engine.next_deadline()));
    for (const auto& [key, at] : world.solicited) {
      ASSERT_TRUE(world.last_to.at(key));  // unicast
      answer(key.first, key.second);
    }
  }
  EXPECT_EQ(engine.counters().entries, 65536u);
  EXPECT_EQ(world.slots.size(), 65536u);
  EXPECT_EQ(engine.counters().failures, 0u);
  EXPECT_EQ(engine.counters().evictions, 0u);
  EXPECT_GE(world.solicits - before, 3u * 65536u);
  // 65,536 in at least 11 minutes and 15 s each: about 97 a second.
  EXPECT_LE(world.solicits - before, 6u * 65536u);
  // A timer for each refresh, and no more; they are spread.
  EXPECT_EQ(engine.counters().timers - timers, world.solicits - before);
  EXPECT_LE(most, 450u);
  RecordProperty("timers", static_cast<int>(engine.counters().timers - timers));
  RecordProperty("most_timers_in_a_second", static_cast<int>(most));
}

TEST_F(BigTable, FullTableStillTakesRealHostsAndFairly) {
  resolve(0, 49152);
  resolve(1, 16384);
  // A newcomer of the smaller interface evicts from the bigger one, and the oldest.
  const Ipv4Address late = host16(1, 20000);
  engine.glean(1, late, world.packet(), {false});
  answer(1, late);
  EXPECT_EQ(engine.lookup(1, late), mac(late.value()));
  EXPECT_EQ(engine.lookup(0, host16(0, 1)), std::nullopt);
  EXPECT_EQ(engine.counters().entries, 65536u);
  // Beyond 75 % an interface evicts only its own.
  engine.glean(0, host16(0, 60000), world.packet(), {false});
  answer(0, host16(0, 60000));
  engine.glean(0, host16(0, 60001), world.packet(), {false});
  answer(0, host16(0, 60001));
  EXPECT_EQ(engine.lookup(0, host16(0, 2)), std::nullopt);
  EXPECT_TRUE(engine.lookup(1, host16(1, 1)));
  // One who only asks us evicts nobody who is verified.
  EXPECT_EQ(
      engine.arp({1, wire::Arp::kRequest, mac(5), host16(1, 30000), {}, host16(1, 0), mac(5)}),
      DropReason::arp_policed);
  EXPECT_EQ(engine.counters().entries, 65536u);
}

TEST_F(BigTable, SweepNeitherEvictsNorStarvesTheOther) {
  resolve(1, 1000);
  const std::uint64_t before = world.solicits;
  const TimePoint start = clock.now();
  std::uint32_t resolved = 0;
  // A million packets a second to hosts that do not exist, for 4 s; beside it ten real hosts a
  // second.
  for (std::uint32_t n = 0; n < 400000; ++n) {
    engine.glean(0, host16(0, 1 + n % 100000), world.packet(), {false});
    advance_to(clock, engine, clock.now() + 10us);
    if (n % 10000 != 0) continue;
    const Ipv4Address real = host16(1, 2000 + n / 10000);
    engine.glean(1, real, world.packet(), {false});
    answer(1, real);
    resolved += engine.lookup(1, real).has_value();
  }
  EXPECT_EQ(resolved, 40u);
  EXPECT_EQ(engine.counters().evictions, 0u);
  const auto seconds = std::chrono::duration<double>(clock.now() - start).count();
  EXPECT_LE(static_cast<double>(world.solicits - before),
            NeighborInterface{}.solicit_rate * seconds + Neighbors::kSolicitBurst + 40);
  EXPECT_LE(engine.counters().pending, 4096u + Neighbors::kReservedPending);
}

TEST_F(BigTable, SixThousandAreBackInThreeSecondsAfterAFlush) {
  resolve(0, 6000);
  EXPECT_EQ(engine.flush(InterfaceId{0}), 6000u);
  std::set<std::uint32_t> missing;
  for (std::uint32_t n = 1; n <= 6000; ++n) missing.insert(n);
  const TimePoint start = clock.now();
  while (!missing.empty()) {
    for (auto it = missing.begin(); it != missing.end();) {
      const Ipv4Address ip = host16(0, *it);
      const std::uint64_t asked = world.solicits;
      engine.glean(0, ip, world.packet(), {true});
      if (world.solicits == asked) break;  // the budget is spent
      answer(0, ip);
      it = missing.erase(it);
    }
    advance_to(clock, engine, clock.now() + 1ms);
  }
  EXPECT_LE(clock.now() - start, 3s);
}

}  // namespace
}  // namespace weir::control::test
