// What the router notes of changes, events and storms.
#include <rte_cycles.h>
#include <spdlog/spdlog.h>

#include "controlplane/router.hpp"

namespace weir::control {
namespace {

spdlog::level::level_enum log_level(EventLevel level) {
  return level == EventLevel::error     ? spdlog::level::err
         : level == EventLevel::warning ? spdlog::level::warn
                                        : spdlog::level::info;
}

void add_counts(StormCounts& to, const InterfaceCounters& from) {
  for (std::size_t i = 0; i < kStormClasses; ++i) {
    // What is policed is read first, so that it is never more than what was offered.
    const std::uint64_t policed = from.storm_policed[i].get();
    to.policed[i] += policed;
    to.passed[i] += from.storm_offered[i].get() - policed;
  }
  to.policed_besides += from.dropped[static_cast<std::size_t>(DropReason::punt_policed)].get();
}

/// What the engine itself refused of what workers let pass.
void add_refused(StormCounts& to, const InterfaceCounters& control) {
  for (const DropReason reason : {DropReason::arp_policed, DropReason::glean_policed})
    to.policed_besides += control.dropped[static_cast<std::size_t>(reason)].get();
}

}  // namespace

/// All that a turn does has one time.
void Router::begin_turn() { journal_.set_now(instant_now(clock_)); }

void Router::end_turn() {
  if (journal_file_) journal_file_->hand_over();
}

void Router::changed(const NeighborChange& change) {
  const std::uint64_t id = journal_.put(change);
  if (journal_file_) journal_file_->put(id, journal_.neighbors()[id]);
}

void Router::station_changed(const StationChange& change) {
  const std::uint64_t id = journal_.put(change);
  if (journal_file_) journal_file_->put(id, journal_.stations()[id]);
}

void Router::event(const NeighborEvent& event) { tell(event_record(event)); }

void Router::tell(const EventRecord& event) {
  if (events_.put(event, journal_.now()) != 0)
    spdlog::log(log_level(level(event.kind)), "{}", describe(event, names_));
}

/// Workers' and the neighbour engine's policers.
StormCounts Router::storm_counts(InterfaceId interface) const {
  StormCounts counts;
  add_refused(counts, counters_.interface[interface]);
  for (const auto& worker : dataplane_.workers())
    add_counts(counts, worker->counters().interface[interface]);
  return counts;
}

void Router::watch_storms() {
  std::vector<StormCounts> counts;  // of those who have gone, too: what they had
  counts.reserve(interfaces_.size());
  for (InterfaceId id = 0; id < interfaces_.size(); ++id) counts.push_back(storm_counts(id));
  for (const StormChange& change : storms_.sample(journal_.now(), counts)) storm_changed(change);
}

void Router::storm_changed(const StormChange& change) {
  using std::chrono::duration_cast, std::chrono::seconds;
  const auto lasted = duration_cast<seconds>(change.lasted).count();
  tell({.kind = change.on ? EventRecord::Kind::storm : EventRecord::Kind::storm_over,
        .interface = change.interface,
        .number = change.on ? change.policed : static_cast<std::uint64_t>(lasted)});
  if (!interfaces_.has(change.interface)) return;
  const InterfaceRow& row = interfaces_[change.interface];
  const InterfaceId whose = row.bridge == 0 ? change.interface : interfaces_.of_bridge(row.bridge);
  neighbors_.set_storm(whose, is_in_storm(whose));
}

/// A bridge's neighbours are on its own interface; any member's storm is theirs.
bool Router::is_in_storm(InterfaceId interface) const {
  const InterfaceRow& row = interfaces_[interface];
  bool on = storms_.state(interface).on;
  if (row.kind == InterfaceKind::bridge)
    for (const InterfaceId member : interfaces_.members(row.bridge))
      on = on || storms_.state(member).on;
  return on;
}

void Router::watch_sources() {
  const std::uint64_t now = rte_rdtsc();
  const auto ticks = static_cast<double>(dataplane_.ticks_per_second());
  std::vector<SourceCount> counts;
  for (const auto& worker : dataplane_.workers())
    worker->sources().visit([&](const Sources::Seen& seen) {
      const double left = seen.quarantined_until > now
                              ? static_cast<double>(seen.quarantined_until - now) / ticks
                              : 0;
      counts.push_back({seen.port, seen.mac, seen.ip, seen.packets,
                        std::chrono::duration_cast<Duration>(std::chrono::duration<double>(left))});
    });
  for (const SourceRate& each : sources_.sample(journal_.now().monotonic, counts))
    tell({.kind = EventRecord::Kind::quarantine,
          .interface = each.port,
          .ip = Ipv4Address{each.ip},
          .mac = each.mac,
          .number = static_cast<std::uint64_t>(
              std::chrono::round<std::chrono::seconds>(each.quarantine).count())});
}

void Router::watch_journal_file() {
  if (!journal_file_) return;
  const int error = journal_file_->error_number();
  if (error == std::exchange(journal_errno_, error)) return;
  if (error == 0) return spdlog::info("the journal's file is written again");
  spdlog::error("{}", journal_file_->error());
  tell({.kind = EventRecord::Kind::journal_failed, .number = static_cast<std::uint64_t>(error)});
}

}  // namespace weir::control
