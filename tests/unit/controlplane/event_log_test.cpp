#include "controlplane/event_log.hpp"

#include <gtest/gtest.h>

#include <set>

namespace weir::control::test {
namespace {

using namespace std::chrono_literals;
using Kind = EventRecord::Kind;

const InterfaceNames kNames({"wan", "lan"});
const MacAddress kMac{{2, 0, 0, 0, 0, 1}}, kOther{{2, 0, 0, 0, 0, 2}};
const Ipv4Address kIp{10, 0, 0, 2};

TEST(EventLog, PagesThroughWhatIsKept) {
  EventLog log(10);
  EXPECT_EQ(log.after(0, 5).newest, 0u);
  for (std::uint64_t i = 1; i <= 25; ++i) {
    const Duration at = i * 1s;
    ASSERT_EQ(log.put({.kind = Kind::link_up, .number = i}, {at, at.count()}), i);
  }
  struct Row {
    std::uint64_t after;
    std::size_t limit;
    std::uint64_t first;
    std::size_t count;
  };
  for (const Row& row :
       {Row{0, 100, 16, 10}, Row{3, 4, 16, 4}, Row{15, 100, 16, 10}, Row{16, 2, 17, 2},
        Row{24, 9, 25, 1}, Row{25, 9, 26, 0}, Row{UINT64_MAX, 9, 26, 0}, Row{0, 0, 16, 0}}) {
    SCOPED_TRACE(row.after);
    const EventPage page = event_page(log.after(row.after, row.limit), kNames);
    EXPECT_EQ(page.oldest, 16u);
    EXPECT_EQ(page.newest, 25u);
    ASSERT_EQ(page.events.size(), row.count);
    for (std::size_t i = 0; i < row.count; ++i) {
      EXPECT_EQ(page.events[i].id, row.first + i);
      EXPECT_EQ(page.events[i].time, static_cast<double>(row.first + i));
    }
  }
}

TEST(EventLog, OneKindDoesNotDrownTheOthers) {
  EventLog log;
  Instant now{1s, 0};
  for (unsigned i = 0; i < 1000; ++i) log.put({.kind = Kind::quarantine}, now);
  EXPECT_EQ(log.total(), EventLog::kBurst);
  EXPECT_EQ(log.suppressed(), 1000 - EventLog::kBurst);
  EXPECT_NE(log.put({.kind = Kind::loop}, now), 0u);
  EXPECT_EQ(log.put({.kind = Kind::quarantine}, now), 0u);
  now.monotonic += Duration{1s} / EventLog::kRate;
  EXPECT_NE(log.put({.kind = Kind::quarantine}, now), 0u);
}

TEST(EventLog, EveryKindIsASentenceThatNamesWhatItIsAbout) {
  struct Row {
    EventRecord event;
    const char *kind, *text;
  };
  const Row rows[] = {
      {{.kind = Kind::conflict, .ip = kIp, .mac = kMac, .other = kOther},
       "conflict",
       "lan: 02:00:00:00:00:02 claims 10.0.0.2, which 02:00:00:00:00:01 has and keeps"},
      {{.kind = Kind::moved, .ip = kIp, .mac = kMac, .other = kOther},
       "moved",
       "lan: 10.0.0.2 moved from 02:00:00:00:00:01 to 02:00:00:00:00:02"},
      {{.kind = Kind::own_address_claimed, .ip = kIp, .other = kOther},
       "own-address-claimed",
       "lan: 02:00:00:00:00:02 uses our address 10.0.0.2"},
      {{.kind = Kind::failed, .ip = kIp, .mac = kMac},
       "failed",
       "lan: 10.0.0.2 at 02:00:00:00:00:01 was in use and stopped answering"},
      {{.kind = Kind::neighbors_full, .ip = kIp},
       "table-full",
       "lan: the neighbour table is full, 10.0.0.2 found no room or made room"},
      {{.kind = Kind::storm, .number = 40},
       "storm",
       "lan: a storm: control traffic beyond its budgets is dropped, 40 packets in the last "
       "moment"},
      {{.kind = Kind::storm_over, .number = 93},
       "storm-over",
       "lan: the storm is over, 93 s after it began"},
      {{.kind = Kind::quarantine, .mac = kMac, .number = 60},
       "quarantine",
       "lan: 02:00:00:00:00:01 sends more than its share: for 60 s its requests teach nothing"},
      {{.kind = Kind::frozen, .mac = kMac},
       "frozen",
       "02:00:00:00:00:01 is heard on lan and on wan: it stays on lan for 300 s"},
      {{.kind = Kind::thawed, .mac = kMac}, "thawed", "02:00:00:00:00:01 on lan may move again"},
      {{.kind = Kind::loop},
       "loop",
       "a loop by way of lan and wan: nothing is flooded to or from lan for now"},
      {{.kind = Kind::loop_over}, "loop-over", "lan floods again after a loop"},
      {{.kind = Kind::stations_full, .mac = kMac},
       "table-full",
       "no room to learn 02:00:00:00:00:01 on lan"},
      {{.kind = Kind::guarded}, "guarded", "lan: taken out: it is guarded, and a BPDU came in"},
      {{.kind = Kind::link_up}, "link-up", "lan: link up"},
      {{.kind = Kind::link_down}, "link-down", "lan: link down"},
      {{.kind = Kind::device_gone},
       "device-gone",
       "lan: its device is gone; the rest is routed, and it is awaited"},
      {{.kind = Kind::device_back}, "device-back", "lan: its device is back"},
      {{.kind = Kind::journal_failed, .number = 28},
       "journal-failed",
       "the journal's file cannot be written (No space left on device); changes are in memory "
       "only"}};
  std::set<Kind> kinds;
  for (Row row : rows) {
    row.event.interface = 1;
    kinds.insert(row.event.kind);
    const EventStatus status = event_status(7, row.event, kNames);
    EXPECT_EQ(status.kind, row.kind);
    EXPECT_EQ(status.text, row.text);
    EXPECT_EQ(status.interface, row.event.kind == Kind::journal_failed ? "" : "lan");
    EXPECT_EQ(status.ip.has_value(), !row.event.ip.is_zero());
    EXPECT_EQ(status.mac.has_value(), !row.event.mac.is_zero());
    EXPECT_EQ(status.other.has_value(), !row.event.other.is_zero());
  }
  EXPECT_EQ(kinds.size(), EventRecord::kKinds);
  EXPECT_EQ(describe({.kind = Kind::loop}, kNames),
            "a loop: a frame of our own came in on wan, which does not flood for now");
}

TEST(EventLog, TakesTheEnginesEvents) {
  using N = NeighborEvent::Kind;
  const std::pair<N, Kind> neighbors[] = {{N::conflict, Kind::conflict},
                                          {N::moved, Kind::moved},
                                          {N::own_address_claimed, Kind::own_address_claimed},
                                          {N::failed, Kind::failed},
                                          {N::table_full, Kind::neighbors_full}};
  for (const auto& [from, to] : neighbors) {
    const EventRecord record = event_record(NeighborEvent{from, 1, kIp, kMac, kOther});
    EXPECT_EQ(record.kind, to);
    EXPECT_EQ(record.interface, 1);
    EXPECT_EQ(record.ip, kIp);
    EXPECT_EQ(record.mac, kMac);
    EXPECT_EQ(record.other, kOther);
  }
  using S = StationEvent::Kind;
  const std::pair<S, Kind> stations[] = {{S::frozen, Kind::frozen},
                                         {S::thawed, Kind::thawed},
                                         {S::loop, Kind::loop},
                                         {S::loop_over, Kind::loop_over},
                                         {S::table_full, Kind::stations_full}};
  for (const auto& [from, to] : stations) {
    const EventRecord record = event_record(StationEvent{from, 1, kMac, 1, 2});
    EXPECT_EQ(record.kind, to);
    EXPECT_EQ(record.interface, 1);
    EXPECT_EQ(record.other_interface, 2);
    EXPECT_EQ(record.mac, kMac);
  }
}

}  // namespace
}  // namespace weir::control::test
