// The journal against a model that keeps every state there ever was.
#include "controlplane/journal.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "controlplane/journal_text.hpp"
#include "dataplane/net/wire.hpp"

namespace weir::control::test {
namespace {

using namespace std::chrono_literals;
using Side = NeighborChange::Side;
using Key = std::pair<Ipv4Address, InterfaceId>;
using State = std::map<Key, Side>;

constexpr std::int64_t kStart = 1'700'000'000'000'000'000;

bool same(const Side& a, const Side& b) {
  return a.state == b.state && a.mac == b.mac && a.verified == b.verified;
}

MacAddress mac_of(unsigned n) {
  return {{2, 0, 0, 0, static_cast<std::uint8_t>(n >> 8), static_cast<std::uint8_t>(n)}};
}

/// A journal with a random history, and beside it what was after each change.
class History {
 public:
  History(std::uint64_t seed, std::size_t entries, bool jumps)
      : random_(seed), entries_(entries), jumps_(jumps), journal_(entries, {0s, kStart}) {
    states_.push_back({kStart, {}});
  }

  unsigned pick(unsigned n) { return static_cast<unsigned>(random_() % n); }

  void change() {
    Instant now = journal_.now();
    const auto step = std::chrono::microseconds{pick(3) == 0 ? 0 : pick(5000)};
    now.monotonic += step;
    now.realtime += std::chrono::nanoseconds{step}.count();
    if (jumps_ && pick(40) == 0) now.realtime += (std::int64_t{pick(200'000)} - 100'000) * 1000;
    journal_.set_now(now);
    NeighborChange change;
    change.interface = static_cast<InterfaceId>(pick(2));
    change.ip = Ipv4Address{0x0a000000u + pick(12)};
    State state = states_.back().second;
    const Key key{change.ip, change.interface};
    const auto at = state.find(key);
    if (at != state.end()) change.before = at->second;
    if (at != state.end() && pick(3) == 0) {
      change.what = NeighborChange::What::expired;
      state.erase(at);
    } else {
      constexpr NeighborState kNoted[] = {NeighborState::incomplete, NeighborState::reachable,
                                          NeighborState::stale, NeighborState::failed,
                                          NeighborState::permanent};
      Side side{.state = kNoted[pick(5)], .verified = pick(2) == 0};
      if (pick(4) != 0) side.mac = mac_of(pick(5));
      change.what = NeighborChange::What::state;
      change.after = state[key] = side;
    }
    EXPECT_EQ(journal_.put(change), states_.size());
    states_.push_back({now.realtime, std::move(state)});
    keys_.push_back(key);
  }

  /// As the engine lists them: some STALE ones are being probed.
  std::vector<NeighborRow> current() {
    std::vector<NeighborRow> rows;
    for (const auto& [key, side] : states_.back().second)
      rows.push_back({.ip = key.first,
                      .interface = key.second,
                      .mac = side.mac,
                      .state = side.state,
                      .verified = side.verified});
    for (NeighborRow& row : rows)
      if (row.state == NeighborState::stale)
        row.state = static_cast<NeighborState>(2 + pick(3));  // or DELAY, or PROBE
    return rows;
  }

  /// What `copy` says of `time`, against what was.
  void check(std::int64_t time, const std::vector<NeighborRow>& current,
             const JournalCopy<NeighborRecord>& copy) {
    std::size_t last = static_cast<std::size_t>(copy.newest());
    while (last > 0 && states_[last].first > time) --last;
    const bool before_start = last == 0 && time < kStart;
    const bool known = !before_start && last + 1 >= copy.oldest();
    const PastNeighborRows past = past_neighbors(time, current, copy);
    ASSERT_EQ(past.known, known) << "at " << time - kStart;
    known_ += known;
    unknown_ += !known;
    if (!known) {
      EXPECT_TRUE(past.rows.empty());
      return;
    }
    EXPECT_EQ(past.last, last >= copy.oldest() ? last : 0);
    const State& state = states_[last].second;
    ASSERT_EQ(past.rows.size(), state.size());
    auto expected = state.begin();
    for (const PastNeighborRow& row : past.rows) {
      ASSERT_EQ((Key{row.ip, row.interface}), expected->first);
      EXPECT_TRUE(same(row.side, expected->second)) << row.ip.to_string();
      std::uint64_t id = last;
      while (id >= copy.oldest() && keys_[id - 1] != expected->first) --id;
      EXPECT_EQ(row.record, id >= copy.oldest() ? id : 0) << row.ip.to_string();
      ++expected;
    }
  }

  std::int64_t some_time() {
    const std::size_t back = std::min<std::size_t>(states_.size(), 2 * entries_);
    const std::int64_t at = states_[states_.size() - 1 - pick(static_cast<unsigned>(back))].first;
    return at + (std::int64_t{pick(5)} - 2) * 1000;
  }

  std::mt19937_64 random_;
  std::size_t entries_;
  bool jumps_;
  Journal journal_;
  std::vector<std::pair<std::int64_t, State>> states_;  // by the id of the change
  std::vector<Key> keys_;                               // of the change with that id, from 1
  unsigned known_ = 0, unknown_ = 0;
};

TEST(Journal, TimeTravelAgreesWithEveryStateThereWas) {
  for (const bool jumps : {false, true}) {
    unsigned known = 0, unknown = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      SCOPED_TRACE(seed);
      const std::size_t entries = 1 + seed * 7 % 60;
      History history(seed, entries, jumps);
      for (unsigned i = 0; i < 300 && !testing::Test::HasFailure(); ++i) {
        history.change();
        JournalCopy<NeighborRecord> copy;
        copy.begin(history.journal_.neighbors());
        while (copy.take(history.journal_.neighbors(), 1 + history.pick(20))) continue;
        const auto current = history.current();
        for (unsigned q = 0; q < 4; ++q) history.check(history.some_time(), current, copy);
        history.check(kStart - 1000, current, copy);
      }
      known += history.known_;
      unknown += history.unknown_;
    }
    EXPECT_GT(known, 5000u);
    EXPECT_GT(unknown, 5000u);
  }
}

TEST(Journal, ACopyInPortionsLosesOnlyTheOldEnd) {
  unsigned overtaken = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    History history(seed, 40, true);
    for (unsigned i = 0; i < 100; ++i) history.change();
    const auto& ring = history.journal_.neighbors();
    JournalCopy<NeighborRecord> copy;
    copy.begin(ring);
    const auto current = history.current();
    const std::uint64_t oldest = ring.oldest();
    while (copy.take(ring, 5))
      for (unsigned i = history.pick(12); i > 0; --i) history.change();
    overtaken += copy.oldest() > oldest;
    EXPECT_EQ(copy.newest(), 100u);
    for (unsigned q = 0; q < 50 && !testing::Test::HasFailure(); ++q)
      history.check(history.states_[history.pick(101)].first, current, copy);
  }
  EXPECT_GT(overtaken, 30u);
}

TEST(Journal, MemoryComesAsRecordsDo) {
  Journal journal(5000, {});
  EXPECT_EQ(journal.memory_bytes(), 0u);
  EXPECT_EQ(journal.neighbors().size(), 0u);
  EXPECT_EQ(journal.neighbors().oldest(), 1u);
  for (unsigned i = 1; i <= 12'345; ++i) {
    ASSERT_EQ(journal.put(StationChange{.mac = mac_of(i)}), i);
    ASSERT_EQ(journal.stations()[i].mac, mac_of(i));
    if (i == 1) {
      EXPECT_EQ(journal.memory_bytes(), 1024 * sizeof(StationRecord));
    }
  }
  EXPECT_EQ(journal.memory_bytes(), 5000 * sizeof(StationRecord));
  EXPECT_EQ(journal.stations().oldest(), 12'345u - 4999);
  EXPECT_EQ(journal.stations()[journal.stations().oldest()].mac, mac_of(12'345 - 4999));
}

TEST(Journal, ARecordKeepsTheChangeAndItsCause) {
  Journal journal(4, {});
  journal.set_now({5s, kStart});
  const NeighborChange change{.interface = 3,
                              .ip = Ipv4Address{10, 0, 0, 2},
                              .what = NeighborChange::What::moved,
                              .before = Side{NeighborState::stale, mac_of(1), true},
                              .after = Side{NeighborState::reachable, mac_of(2), false},
                              .cause = {NeighborCause::Kind::frame,
                                        {3, wire::Arp::kReply, mac_of(2), Ipv4Address{10, 0, 0, 2},
                                         mac_of(9), Ipv4Address{10, 0, 0, 1}, mac_of(4)}}};
  const NeighborRecord& record = journal.neighbors()[journal.put(change)];
  EXPECT_EQ(record.monotonic, 5s);
  EXPECT_EQ(record.realtime, kStart);
  EXPECT_TRUE(same(*record.before(), *change.before));
  EXPECT_TRUE(same(*record.after(), *change.after));
  const ArpSeen frame = record.cause().frame;
  EXPECT_EQ(frame.interface, 3);
  EXPECT_EQ(frame.operation, wire::Arp::kReply);
  EXPECT_EQ(frame.sender_mac, mac_of(2));
  EXPECT_EQ(frame.sender_ip, change.ip);
  EXPECT_EQ(frame.target_mac, mac_of(9));
  EXPECT_EQ(frame.target_ip, (Ipv4Address{10, 0, 0, 1}));
  EXPECT_EQ(frame.ethernet_source, mac_of(4));

  const JournalEntry entry = journal_entry(1, record, InterfaceNames({"a", "b", "c", "lan"}));
  EXPECT_EQ(entry.table, "neighbor");
  EXPECT_EQ(entry.time, 1.7e9);
  EXPECT_EQ(entry.interface, "lan");
  EXPECT_EQ(entry.what, "moved");
  EXPECT_EQ(entry.before, mac_of(1));
  EXPECT_EQ(entry.mac, mac_of(2));
  EXPECT_EQ(entry.state, "REACHABLE");
  EXPECT_EQ(entry.cause,
            "ARP reply from 02:00:00:00:00:04: 10.0.0.2 is at 02:00:00:00:00:02, "
            "to 02:00:00:00:00:09");
}

TEST(Journal, CausesAreSentences) {
  const ArpSeen request{0,  wire::Arp::kRequest,      mac_of(2), Ipv4Address{10, 0, 0, 2},
                        {}, Ipv4Address{10, 0, 0, 1}, mac_of(2)};
  ArpSeen announcement = request;
  announcement.target_ip = announcement.sender_ip;
  using Kind = NeighborCause::Kind;
  const std::pair<NeighborCause, const char*> rows[] = {
      {{Kind::frame, request},
       "ARP request from 02:00:00:00:00:02: 10.0.0.2 at 02:00:00:00:00:02 asks for 10.0.0.1"},
      {{Kind::frame, announcement},
       "ARP announcement from 02:00:00:00:00:02: 10.0.0.2 is at 02:00:00:00:00:02"},
      {{Kind::packet, {}}, "a packet to it"},
      {{Kind::timer, {}}, "its time"},
      {{Kind::command, {}}, "a command or the configuration"}};
  for (const auto& [cause, sentence] : rows) EXPECT_EQ(describe(cause), sentence);
}

TEST(Journal, StationsSayWhereFromAndWhy) {
  const InterfaceNames names({"a", "b"});
  using What = StationChange::What;
  using Cause = StationChange::Cause;
  struct Row {
    StationChange change;
    const char *what, *interface, *from, *cause;
  };
  const Row rows[] = {
      {{1, mac_of(1), {}, 1, What::learnt, Cause::frame, 1},
       "learnt",
       "b",
       "",
       "a frame from it on b"},
      {{1, mac_of(1), 0, 1, What::moved, Cause::loop, 1}, "moved", "b", "a", "a loop seen on b"},
      {{1, mac_of(1), 1, {}, What::aged, Cause::timer, 0}, "aged", "", "b", "its time"},
      {{1, mac_of(1), 1, {}, What::evicted, Cause::limit, 0},
       "evicted",
       "",
       "b",
       "a limit: a station on a needed room"},
      {{1, mac_of(1), 7, {}, What::flushed, Cause::topology, 0},
       "flushed",
       "",
       "interface 7",
       "a change of the spanning tree"}};
  for (const Row& row : rows) {
    const JournalEntry entry = journal_entry(9, StationRecord(row.change, {1s, kStart}), names);
    EXPECT_EQ(entry.id, 9u);
    EXPECT_EQ(entry.table, "station");
    EXPECT_EQ(entry.what, row.what);
    EXPECT_EQ(entry.interface, row.interface);
    EXPECT_EQ(entry.from, row.from);
    EXPECT_EQ(entry.cause, row.cause);
    EXPECT_EQ(entry.mac.has_value(), row.change.now.has_value());
    EXPECT_EQ(entry.before.has_value(), row.change.before.has_value());
  }
}

/// Every filter against looking at each record by itself, with paging.
TEST(Journal, FindsWhatMatches) {
  History history(5, 64, true);
  for (unsigned i = 0; i < 200; ++i) history.change();
  const auto& ring = history.journal_.neighbors();
  for (unsigned q = 0; q < 500; ++q) {
    RecordFilter filter;
    if (history.pick(2) == 0) filter.ip = Ipv4Address{0x0a000000u + history.pick(12)};
    if (history.pick(2) == 0) filter.mac = mac_of(history.pick(5));
    if (history.pick(2) == 0) filter.interface = static_cast<InterfaceId>(history.pick(3));
    if (history.pick(2) == 0) filter.from = history.some_time();
    if (history.pick(2) == 0) filter.to = history.some_time();
    const std::size_t limit = history.pick(30);
    std::vector<std::uint64_t> expected;
    for (std::uint64_t id = ring.oldest(); id <= ring.newest(); ++id) {
      const NeighborRecord& r = ring[id];
      const auto is = [&](const auto& side) { return side && side->mac == filter.mac; };
      if ((filter.ip && r.ip != *filter.ip) ||
          (filter.interface && r.interface != *filter.interface) ||
          (filter.mac && !is(r.before()) && !is(r.after())) ||
          (filter.from != 0 && r.realtime <= filter.from) ||
          (filter.to != 0 && r.realtime > filter.to))
        continue;
      if (expected.size() < limit) expected.push_back(id);
    }
    std::vector<FoundRecord<NeighborRecord>> found;
    std::uint64_t next = history.pick(2);
    while (find_records(ring, filter, 1 + history.pick(20), limit, next, found)) continue;
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].id, expected[i]);
      EXPECT_EQ(found[i].record.ip, ring[expected[i]].ip);
    }
  }
}

TEST(Journal, AFilterFindsTheSenderOfTheFrame) {
  NeighborChange change{.ip = Ipv4Address{10, 0, 0, 2}};
  change.cause = {NeighborCause::Kind::frame,
                  {.sender_mac = mac_of(3), .ethernet_source = mac_of(4)}};
  const NeighborRecord record(change, {});
  for (unsigned n = 1; n <= 5; ++n)
    EXPECT_EQ(RecordFilter{.mac = mac_of(n)}.matches(record), n == 3 || n == 4) << n;
  const StationRecord station({.mac = mac_of(1), .before = 2, .now = 3}, {});
  EXPECT_TRUE(RecordFilter{.mac = mac_of(1)}.matches(station));
  EXPECT_FALSE(RecordFilter{.mac = mac_of(2)}.matches(station));
  for (InterfaceId i = 0; i < 5; ++i)
    EXPECT_EQ(RecordFilter{.interface = i}.matches(station), i == 2 || i == 3) << i;
  EXPECT_FALSE(RecordFilter{.ip = Ipv4Address{}}.matches(station));
}

TEST(Instant, SecondsThereAndBackAreTheSameMicrosecond) {
  std::mt19937_64 random(3);
  for (unsigned i = 0; i < 100'000; ++i) {
    const std::int64_t realtime =
        static_cast<std::int64_t>(random() % 4'000'000'000'000'000) * 1000;
    ASSERT_EQ(from_seconds(to_seconds(realtime)), realtime);
  }
  EXPECT_EQ(from_seconds(-1), 0);
  EXPECT_EQ(from_seconds(std::numeric_limits<double>::quiet_NaN()), 0);
  EXPECT_GT(from_seconds(1e300), kStart);
  EXPECT_EQ(instant_now(ManualClock{}).realtime % 1000, 0);
}

}  // namespace
}  // namespace weir::control::test
