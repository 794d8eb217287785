// What the router notes of changes, events and storms.
#include <spdlog/spdlog.h>

#include "controlplane/router.hpp"

namespace weir::control {
namespace {

constexpr std::size_t index(StormClass each) { return static_cast<std::size_t>(each); }
constexpr std::size_t index(PuntClass each) { return static_cast<std::size_t>(each); }

spdlog::level::level_enum log_level(EventLevel level) {
  return level == EventLevel::error     ? spdlog::level::err
         : level == EventLevel::warning ? spdlog::level::warn
                                        : spdlog::level::info;
}

void add_counts(StormCounts& to, const InterfaceCounters& from) {
  using enum StormClass;
  constexpr std::pair<StormClass, PuntClass> kPassed[] = {
      {replies, PuntClass::p0_reply},
      {known_requests, PuntClass::p1_request_known},
      {unknown_requests, PuntClass::p2_request_unknown},
      {binding_changes, PuntClass::p3_binding_change},
      {gleans_known, PuntClass::p4_glean_known},
      {gleans_unknown, PuntClass::p5_glean_unknown}};
  for (const auto& [storm, punt] : kPassed)
    to.passed[index(storm)] += from.punted[index(punt)].get();
  to.passed[index(reply_budget)] += from.arp_replies_sent.get();
  const auto dropped = [&](DropReason reason) {
    return from.dropped[static_cast<std::size_t>(reason)].get();
  };
  // A reason stands for several classes: it counts for the one that runs out of budget first.
  to.policed[index(unknown_requests)] += dropped(DropReason::arp_policed);
  to.policed[index(gleans_unknown)] += dropped(DropReason::glean_policed);
  to.policed_besides += dropped(DropReason::punt_policed);
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
  add_counts(counts, counters_.interface[interface]);
  for (const auto& worker : dataplane_.workers())
    add_counts(counts, worker->counters().interface[interface]);
  return counts;
}

void Router::watch_storms() {
  std::vector<StormCounts> counts;
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
