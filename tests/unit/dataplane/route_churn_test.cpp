// Routes change ten thousand times a second while a worker forwards. A naive model, told of every
// change before it begins and after it is done, says where each packet may go: no packet is lost,
// and none goes where neither the table before a change nor the one after would send it.
#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>

#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tests/unit/dataplane/lab.hpp"

namespace weir::test {
namespace {

constexpr unsigned kGateways = 8, kTargets = 64, kDestinations = 512, kBlackhole = kTargets - 1;
constexpr std::size_t kMostChanges = 1 << 22;
constexpr std::int8_t kNoRoute = -1;
// Sanitizers watch each word that a change writes.
#ifdef WEIR_SANITIZED
constexpr double kLeastRate = 100;
#else
constexpr double kLeastRate = 10'000;
#endif

struct Gateway {
  InterfaceId interface;
  std::uint8_t host;
};
constexpr Gateway gateway(unsigned i) {
  return {i % 2 == 0 ? kWan : kNarrow, static_cast<std::uint8_t>(100 + i)};
}
/// `generation`: how often its MAC has changed.
MacAddress mac_of(unsigned i, std::uint16_t generation) {
  return {{2, static_cast<std::uint8_t>(generation >> 8), static_cast<std::uint8_t>(generation), 0,
           7, static_cast<std::uint8_t>(i)}};
}

/// Where target `i` may send: a bit for each gateway. Eight single ones, many groups, a blackhole.
std::uint32_t members_of(unsigned target) {
  if (target < kGateways) return 1u << target;
  if (target == kBlackhole) return 0;
  std::mt19937 random(target);
  std::uint32_t members = 0;
  while (std::popcount(members) < static_cast<int>(2 + target % 4))
    members |= 1u << random() % kGateways;
  return members;
}
control::Target make_target(unsigned target) {
  if (target == kBlackhole) return by_verdict(Egress::blackhole);
  std::vector<control::Target::Hop> hops;
  for (unsigned i = 0; i < kGateways; ++i)
    if ((members_of(target) >> i & 1) != 0)
      hops.push_back({gateway(i).interface, on_cable(gateway(i).interface, gateway(i).host)});
  return by_gateways(std::move(hops));
}

/// Some hosts in each of some networks, where the lab has no routes of its own.
std::array<std::uint32_t, kDestinations> make_destinations() {
  std::mt19937 random(41);
  std::array<std::uint32_t, kDestinations> result;
  std::uint32_t network = 0;
  for (unsigned i = 0; i < kDestinations; ++i) {
    if (i % 8 == 0)
      network = static_cast<std::uint32_t>((20 + random() % 80) << 24 | (random() & 0xffff00));
    result[i] = network | static_cast<std::uint32_t>(random() % 256);
  }
  return result;
}

struct Change {
  Ipv4Prefix prefix;
  std::int8_t target = kNoRoute;  // from now on
};

/// What both threads know of the writer's progress. A round that began when `finished` was f and
/// ended when `started` was s saw the tables of any of the states f to s.
struct History {
  std::vector<Change> changes = std::vector<Change>(kMostChanges);
  std::atomic<std::size_t> started{0}, finished{0};
  /// Changes that the judge knows: the writer, who could do more, stays near.
  std::atomic<std::size_t> judged{0};
  static constexpr std::size_t kAhead = 256;
  struct Mac {
    std::atomic<std::uint16_t> started{0}, finished{0};
  };
  std::array<Mac, kGateways> macs;
  std::atomic<bool> stop{false};
};

/// The naive table: a map, asked length by length. Answers are kept for all destinations.
class Model {
 public:
  Model(const std::array<std::uint32_t, kDestinations>& destinations, std::int8_t default_target)
      : destinations_(destinations) {
    routes_[key({})] = default_target;
    answers_.fill(default_target);
  }

  std::int8_t answer(unsigned destination) const { return answers_[destination]; }

  /// Puts `target` at a prefix; returns what was there. `visit(destination)` for each new answer.
  template <class Visit>
  std::int8_t apply(const Change& change, Visit&& visit) {
    const std::uint64_t at = key(change.prefix);
    const auto found = routes_.find(at);
    const std::int8_t before = found == routes_.end() ? kNoRoute : found->second;
    if (change.target == kNoRoute) {
      routes_.erase(at);
    } else {
      routes_[at] = change.target;
    }
    for (unsigned i = 0; i < kDestinations; ++i) {
      if (!change.prefix.contains(Ipv4Address{destinations_[i]})) continue;
      answers_[i] = lookup(destinations_[i]);
      visit(i);
    }
    return before;
  }

 private:
  static std::uint64_t key(Ipv4Prefix prefix) {
    return std::uint64_t{prefix.network().value()} << 8 | prefix.length();
  }
  std::int8_t lookup(std::uint32_t destination) const {
    for (unsigned length = 33; length-- > 0;) {
      const auto found = routes_.find(key({Ipv4Address{destination}, length}));
      if (found != routes_.end()) return found->second;
    }
    return kNoRoute;
  }

  const std::array<std::uint32_t, kDestinations>& destinations_;
  std::unordered_map<std::uint64_t, std::int8_t> routes_;
  std::array<std::int8_t, kDestinations> answers_;
};

/// The control thread: routes of all lengths come, change and go, and gateways change their MAC.
class Writer {
 public:
  Writer(History& history, const std::array<std::uint32_t, kDestinations>& destinations)
      : history_(history), destinations_(destinations) {
    for (unsigned i = 0; i < kTargets; ++i) targets_.push_back(make_target(i));
  }

  void run() {
    while (!history_.stop.load(std::memory_order_relaxed) && count_ + 1 < kMostChanges) {
      if (random_() % 64 == 0) change_mac();
      change_route();
      if (random_() % 8 == 0) lab().forwarding().reclaim();
      while (count_ > history_.judged.load(std::memory_order_relaxed) + History::kAhead &&
             !history_.stop.load(std::memory_order_relaxed))
        std::this_thread::yield();
    }
  }
  /// What is left goes, one by one; the default stays.
  void remove_all() {
    while (!live_.empty()) apply({live_.back(), kNoRoute});
  }
  bool refused() const { return refused_; }

 private:
  std::int8_t random_target() {
    return static_cast<std::int8_t>(random_() % 2 != 0 ? random_() % kGateways
                                                       : random_() % kTargets);
  }
  unsigned random_length() {
    // The widest cost milliseconds: they come seldom, but they come.
    const auto choice = random_() % 4000;
    if (choice == 0) return 1 + static_cast<unsigned>(random_() % 8);
    if (choice < 10) return 9 + static_cast<unsigned>(random_() % 7);
    return 16 + static_cast<unsigned>(random_() % 17);
  }
  void change_route() {
    if (random_() % 50 == 0) return apply({{}, static_cast<std::int8_t>(random_() % kGateways)});
    // About two hundred at a time, so that next hops and groups come and go with their routes.
    if (!live_.empty() && random_() % 200 < live_.size() / 2) {
      const Ipv4Prefix some = live_[random_() % live_.size()];
      return apply({some, random_() % 2 != 0 ? random_target() : kNoRoute});
    }
    const Ipv4Address some{destinations_[random_() % kDestinations]};
    apply({{some, random_length()}, random_target()});
  }
  void apply(Change change) {
    const auto known = std::find(live_.begin(), live_.end(), change.prefix);
    if (change.prefix.length() != 0) {
      if (change.target == kNoRoute) {
        live_.erase(known);
      } else if (known == live_.end()) {
        live_.push_back(change.prefix);
      }
    }
    history_.changes[count_] = change;
    history_.started.store(++count_, std::memory_order_release);
    if (change.target == kNoRoute) {
      lab().forwarding().remove(change.prefix);
    } else if (!lab().forwarding().install(change.prefix,
                                           targets_[static_cast<std::size_t>(change.target)])) {
      refused_ = true;
    }
    history_.finished.store(count_, std::memory_order_release);
  }
  void change_mac() {
    const unsigned i = static_cast<unsigned>(random_() % kGateways);
    auto& mac = history_.macs[i];
    const auto next = static_cast<std::uint16_t>(mac.started.load() + 1);
    mac.started.store(next, std::memory_order_release);
    lab().forwarding().resolved(gateway(i).interface,
                                on_cable(gateway(i).interface, gateway(i).host), mac_of(i, next));
    mac.finished.store(next, std::memory_order_release);
  }

  History& history_;
  const std::array<std::uint32_t, kDestinations>& destinations_;
  std::vector<control::Target> targets_;
  std::vector<Ipv4Prefix> live_;
  std::mt19937 random_{42};
  std::size_t count_ = 0;
  bool refused_ = false;
};

/// The worker, and the judge of each of its rounds.
class Judge {
 public:
  Judge(History& history, const std::array<std::uint32_t, kDestinations>& destinations)
      : history_(history), destinations_(destinations), model_(destinations, 0) {
    for (unsigned i = 0; i < kTargets; ++i) members_[i] = members_of(i);
    for (unsigned i = 0; i < kDestinations; ++i) {
      frames_.push_back(udp({.destination = Ipv4Address{destinations[i]}},
                            static_cast<std::uint16_t>(1000 + i), 9)
                            .frame());
    }
  }

  /// A full burst on each interface, and where its packets went.
  void round() {
    std::array<unsigned, kPackets> chosen;
    for (std::uint16_t i = 0; i < kPackets; ++i) {
      chosen[i] = static_cast<unsigned>(random_() % kDestinations);
      send(i, chosen[i]);
    }
    const std::size_t from = history_.finished.load(std::memory_order_acquire);
    std::array<std::uint16_t, kGateways> oldest, newest;
    for (unsigned i = 0; i < kGateways; ++i)
      oldest[i] = history_.macs[i].finished.load(std::memory_order_acquire);
    lab().round();
    const std::size_t to = history_.started.load(std::memory_order_acquire);
    for (unsigned i = 0; i < kGateways; ++i)
      newest[i] = history_.macs[i].started.load(std::memory_order_acquire);

    find_legal(from, to);
    history_.judged.store(to, std::memory_order_relaxed);
    std::array<bool, kPackets> seen{};
    lab().collect([&](InterfaceId interface, rte_mbuf* packet) {
      const auto* const frame = rte_pktmbuf_mtod(packet, const std::uint8_t*);
      const auto& ip = *reinterpret_cast<const wire::Ipv4*>(frame + kEthernet);
      const unsigned index = ip.id.get(), by = frame[5];
      ASSERT_LT(index, kPackets);
      ASSERT_FALSE(std::exchange(seen[index], true)) << "sent twice";
      ASSERT_LT(by, kGateways);
      ASSERT_EQ(ip.destination.get(), destinations_[chosen[index]]);
      const auto generation = static_cast<std::uint16_t>(frame[1] << 8 | frame[2]);
      const bool right_mac = static_cast<std::uint16_t>(generation - oldest[by]) <=
                             static_cast<std::uint16_t>(newest[by] - oldest[by]);
      const bool legal = (legal_gateways(chosen[index]) >> by & 1) != 0 &&
                         interface == gateway(by).interface && right_mac;
      wrong_ += !legal;
    });
    for (unsigned i = 0; i < kPackets; ++i) {
      if (seen[i]) continue;
      ++blackholed_;
      lost_ += (legal_[chosen[i]] >> kBlackhole & 1) == 0;
    }
    packets_ += kPackets;
    ++rounds_;
    overlapped_ += to != from;
  }

  std::uint64_t rounds() const { return rounds_; }
  std::uint64_t overlapped() const { return overlapped_; }
  std::uint64_t packets() const { return packets_; }
  std::uint64_t blackholed() const { return blackholed_; }
  std::uint64_t wrong() const { return wrong_; }
  std::uint64_t lost() const { return lost_; }

 private:
  static constexpr unsigned kPackets = kCables * Burst::kSize;

  void send(std::uint16_t index, unsigned destination) {
    const auto interface = static_cast<InterfaceId>(kLan + index % kCables);
    Bytes& frame = frames_[destination];
    own_mac(interface).store(frame.data());
    ip_of(frame).id.set(index);
    ip_of(frame).checksum.set_raw(0);
    ip_of(frame).checksum.set_raw(checksum::compute({frame.data() + kEthernet, 20}));
    lab().arrive(interface, frame);
  }
  /// A bit for each target that some state from `from` to `to` has for a destination.
  void find_legal(std::size_t from, std::size_t to) {
    for (; applied_ < from; ++applied_) model_.apply(history_.changes[applied_], [](unsigned) {});
    for (unsigned i = 0; i < kDestinations; ++i) legal_[i] = std::uint64_t{1} << model_.answer(i);
    std::vector<Change> undo;
    for (std::size_t state = from; state < to; ++state) {
      const Change& change = history_.changes[state];
      undo.push_back({change.prefix, model_.apply(change, [&](unsigned i) {
                        legal_[i] |= std::uint64_t{1} << model_.answer(i);
                      })});
    }
    for (; !undo.empty(); undo.pop_back()) model_.apply(undo.back(), [](unsigned) {});
  }
  std::uint32_t legal_gateways(unsigned destination) const {
    std::uint32_t result = 0;
    for (std::uint64_t rest = legal_[destination]; rest != 0; rest &= rest - 1)
      result |= members_[static_cast<unsigned>(std::countr_zero(rest))];
    return result;
  }

  History& history_;
  const std::array<std::uint32_t, kDestinations>& destinations_;
  Model model_;
  std::array<std::uint32_t, kTargets> members_;
  std::array<std::uint64_t, kDestinations> legal_;
  std::vector<Bytes> frames_;
  std::mt19937 random_{43};
  std::size_t applied_ = 0;
  std::uint64_t rounds_ = 0, overlapped_ = 0, packets_ = 0, blackholed_ = 0, wrong_ = 0, lost_ = 0;
};

/// The EAL pins the thread that starts it, and with it those made from there on. On the worker's
/// own core the writer comes between any two of its instructions, for hundreds of changes at a
/// time; elsewhere it changes things beside it.
enum class Core { workers_own, another };

void leave_core() {
  cpu_set_t all;
  std::memset(&all, 0xff, sizeof all);
  pthread_setaffinity_np(pthread_self(), sizeof all, &all);
}

void churn(Core core) {
  using Clock = std::chrono::steady_clock;
  const auto destinations = make_destinations();
  auto& forwarding = lab().forwarding();
  for (unsigned i = 0; i < kGateways; ++i)
    forwarding.resolved(gateway(i).interface, on_cable(gateway(i).interface, gateway(i).host),
                        mac_of(i, 0));
  ASSERT_TRUE(forwarding.install({}, make_target(0)));
  History history;
  Judge judge(history, destinations);
  Writer writer(history, destinations);
  rte_rcu_qsbr* const readers =
      static_cast<WorkerQuiescence&>(lab().dataplane().quiescence()).raw();
  rte_rcu_qsbr_thread_online(readers, 0);
  std::thread control([&] {
    if (core == Core::another) leave_core();
    writer.run();
    writer.remove_all();
  });

  const auto begin = Clock::now();
  const auto seconds = [&] { return std::chrono::duration<double>(Clock::now() - begin).count(); };
  while ((seconds() < 2 || judge.overlapped() < 200) && seconds() < 60 &&
         !testing::Test::HasFatalFailure()) {
    judge.round();
    rte_rcu_qsbr_quiescent(readers, 0);
  }
  const double rate = static_cast<double>(history.finished.load()) / seconds();
  history.stop = true;
  rte_rcu_qsbr_thread_offline(readers, 0);
  control.join();

  EXPECT_FALSE(writer.refused());
  EXPECT_GE(rate, kLeastRate);
  EXPECT_GE(judge.overlapped(), 200u) << "rounds during which a route changed";
  EXPECT_EQ(judge.wrong(), 0u) << "of " << judge.packets();
  EXPECT_EQ(judge.lost(), 0u) << "of " << judge.packets();
  EXPECT_GT(judge.blackholed(), 0u);
  EXPECT_EQ(lab().drops(),
            (std::map<std::string, std::uint64_t>{{"blackhole", judge.blackholed()}}));
  EXPECT_TRUE(lab().punted().empty());
  EXPECT_EQ(lab().imbalance(), "");
  std::printf("%.0f changes a second, %lu packets, %lu rounds, %lu of them beside a change\n", rate,
              judge.packets(), judge.rounds(), judge.overlapped());

  // Afterwards all is as the model says: one default route.
  judge.round();
  EXPECT_EQ(judge.wrong(), 0u);
  EXPECT_EQ(judge.lost(), 0u);
  forwarding.remove({});
}

TEST(RouteChurn, EveryPacketGoesWhereTheOldOrTheNewTableSends) { churn(Core::another); }
TEST(RouteChurn, AlsoWhenTheWorkerIsInterruptedAnywhere) { churn(Core::workers_own); }

}  // namespace
}  // namespace weir::test
