// A router under an ARP storm on lan0, calm on lan1, with events, a journal and a past: 12:00:00 to
// 12:10:00 UTC of 2025-03-01.
#pragma once

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/api/fake_router.hpp"

namespace weir::test {

inline constexpr double kNoon = 1'740'830'400;  // 2025-03-01T12:00:00Z

class FakeStorm : public FakeRouter {
 public:
  FakeStorm() {
    add_event(180, "storm", "left", "left: unknown-requests beyond 2,000 a second: a storm");
    add_event(180.25, "quarantine", "left", "left: 02:bd:00:00:00:01 is quarantined for 60 s");
    add_event(240, "conflict", "right",
              "right: 10.0.2.2 is at 02:00:00:00:00:66, 02:00:00:00:00:67 claims it too");
    events_.back().ip = ip("10.0.2.2");
    events_.back().mac = mac("02:00:00:00:00:66");
    events_.back().other = mac("02:00:00:00:00:67");
    add_event(300, "storm-over", "left", "left: calm for 30 s");
    neighbors_journal();
    journal_.push_back({1, kNoon + 90, "station", "lan1", std::nullopt, "moved",
                        mac("02:00:00:00:00:20"), mac("02:00:00:00:00:20"), "", "lan0",
                        "IPv4 from 02:00:00:00:00:20 to ff:ff:ff:ff:ff:ff"});
  }

  control::VersionStatus version() override {
    control::VersionStatus status = FakeRouter::version();
    status.uptime_seconds = uptime;
    status.pid = pid;
    return status;
  }

  std::vector<control::StormStatus> storm() override {
    const Handover handover(*this);
    control::StormStatus left;
    left.interface = "left";
    left.storm = true;
    left.since = kNoon + 180;
    left.storms = 3;
    left.learn = "adaptive";
    left.update_only = true;
    left.policing = "software";
    left.quarantined = 1;
    left.served_stale = 5;
    left.classes = {
        {"replies", 20'000, 10, 10, 0, 1, 1, 0},
        {"unknown-requests", 2000, 1'500'000, 24'000, 1'476'000, 120'000.5, 2000, 118'000.5},
        {"others", 0, 7, 0, 0, 2, 0, 0}};
    left.top_sources = {{mac("00:1b:21:00:00:10"), ip("10.0.1.66"), 90'000, true, 48},
                        {mac("02:bd:00:00:00:02"), std::nullopt, 14.25, false, 0}};
    control::StormStatus right;
    right.interface = "right";
    right.learn = "strict";
    right.policing = "software; the port puts ARP into receive queue 2";
    return {right, left};  // not in order: whoever shows them sorts
  }

  control::EventPage events(std::uint64_t after, std::size_t limit) override {
    const Handover handover(*this);
    const std::lock_guard lock(mutex_);
    control::EventPage page;
    if (events_.empty()) return page;
    page.oldest = events_.front().id;
    page.newest = events_.back().id;
    for (const control::EventStatus& event : events_)
      if (event.id > after && page.events.size() < limit) page.events.push_back(event);
    return page;
  }

  control::PastNeighbors neighbors_at(double time) override {
    const Handover handover(*this);
    control::PastNeighbors past;
    past.at = time;
    past.reaches_back_to = kNoon;
    past.known = time >= kNoon;
    if (!past.known) return past;
    const bool later = time >= kNoon + 300;
    const auto add = [&](const char* address, const char* at, const char* state, const char* source,
                         double since, const char* cause) {
      past.neighbors.push_back({ip(address), "left", mac(at), state, source, since, cause});
    };
    if (later) add("10.0.1.30", "02:00:00:00:00:30", "STALE", "learnt", kNoon + 270, kRequest);
    add("10.0.1.20", "02:00:00:00:00:20", "PERMANENT", "static", 0, "");
    add("10.0.1.2", later ? "02:00:00:00:00:99" : "02:00:00:00:00:02",
        later ? "STALE" : "REACHABLE", "verified", later ? kNoon + 260 : kNoon + 1,
        later ? "a timer" : kReply);
    if (later) add("10.0.1.3", "02:00:00:00:00:03", "PROBE", "verified", kNoon + 250, "a timer");
    if (!later) add("10.0.1.3", "02:00:00:00:00:03", "REACHABLE", "verified", kNoon + 1, kReply);
    if (!later) add("10.0.1.4", "02:00:00:00:00:04", "STALE", "learnt", kNoon + 2, kRequest);
    return past;
  }

  control::JournalPage journal(const control::JournalFilter& filter) override {
    const Handover handover(*this);
    asked = filter;
    control::JournalPage page;
    page.reaches_back_to = kNoon;
    for (const control::JournalEntry& entry : journal_) {
      if (!filter.table.empty() && filter.table != entry.table) continue;
      page.oldest = page.oldest == 0 ? entry.id : page.oldest;
      page.newest = entry.id;
      if (matches(entry, filter) && page.entries.size() < filter.limit)
        page.entries.push_back(entry);
    }
    return page;
  }

  void add_event(double after_noon, const char* kind, const char* interface, const char* text) {
    const std::lock_guard lock(mutex_);
    append(after_noon, kind, interface, text);
  }
  /// As a router that has just started.
  void forget_events() { replace_events(0, 0); }
  /// As one that started and made `count` events, all between two questions.
  void replace_events(int count, double after_noon) {
    const std::lock_guard lock(mutex_);
    events_.clear();
    last_event_ = 0;
    for (int i = 0; i < count; ++i) append(after_noon + i, "link-up", "left", "left is up");
  }
  /// `count` events at once, of which only the last `kept` are still there.
  void flood_events(int count, int kept) {
    const std::lock_guard lock(mutex_);
    for (int i = 0; i < count; ++i) append(500 + i, "moved", "left", "moved");
    events_.erase(events_.begin(), events_.end() - kept);
  }
  void add_change(double after_noon) {
    control::JournalEntry entry;
    entry.id = ++last_change_;
    entry.time = kNoon + after_noon;
    entry.table = "neighbor";
    entry.interface = "left";
    entry.ip = ip("10.0.1.77");
    entry.what = "state";
    entry.state = "STALE";
    journal_.push_back(std::move(entry));
  }

  control::JournalFilter asked;  // by the last call of journal()
  std::atomic<double> uptime{600};
  std::atomic<int> pid{4242};

  static constexpr const char* kReply = "ARP reply from 02:00:00:00:00:02";
  static constexpr const char* kRequest = "ARP request from 02:00:00:00:00:30";

 private:
  void append(double after_noon, const char* kind, const char* interface, const char* text) {
    control::EventStatus event;
    event.id = ++last_event_;
    event.time = kNoon + after_noon;
    event.kind = kind;
    event.interface = interface;
    event.text = text;
    events_.push_back(std::move(event));
  }

  static bool matches(const control::JournalEntry& entry, const control::JournalFilter& filter) {
    return entry.id > filter.after && (!filter.ip || entry.ip == filter.ip) &&
           (!filter.mac || entry.mac == filter.mac || entry.before == filter.mac) &&
           (filter.interface.empty() || entry.interface == filter.interface) &&
           entry.time > filter.from && (filter.to == 0 || entry.time <= filter.to);
  }

  void neighbors_journal() {
    const auto add = [&](double time, const char* address, const char* what, const char* before,
                         const char* after, const char* state, const char* cause) {
      control::JournalEntry entry;
      entry.id = ++last_change_;
      entry.time = kNoon + time;
      entry.table = "neighbor";
      entry.interface = "left";
      entry.ip = ip(address);
      entry.what = what;
      if (before != nullptr) entry.before = mac(before);
      if (after != nullptr) entry.mac = mac(after);
      entry.state = state;
      entry.cause = cause;
      journal_.push_back(entry);
    };
    const char* two = "02:00:00:00:00:02";
    const char* other = "02:00:00:00:00:99";
    add(1, "10.0.1.2", "verified", nullptr, two, "REACHABLE", kReply);
    add(2, "10.0.1.4", "learnt", nullptr, "02:00:00:00:00:04", "STALE", kRequest);
    add(200, "10.0.1.2", "moved", two, other, "REACHABLE", "ARP reply from 02:00:00:00:00:99");
    add(210, "10.0.1.4", "expired", "02:00:00:00:00:04", nullptr, "", "a timer");
    add(250, "10.0.1.3", "state", "02:00:00:00:00:03", "02:00:00:00:00:03", "PROBE", "a timer");
    add(260, "10.0.1.2", "state", other, other, "STALE", "a timer");
    add(270, "10.0.1.30", "learnt", nullptr, "02:00:00:00:00:30", "STALE", kRequest);
  }

  std::mutex mutex_;
  std::uint64_t last_event_ = 0, last_change_ = 0;
  std::vector<control::EventStatus> events_;
  std::vector<control::JournalEntry> journal_;
};

}  // namespace weir::test
