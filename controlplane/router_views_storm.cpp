// What the API shows of storms, events and the journal. The control thread only copies, so much at
// a time that nobody waits for it; the rest is done by the thread that asks.
#include <fmt/format.h>

#include <algorithm>

#include "controlplane/journal_text.hpp"
#include "controlplane/router_views.hpp"

namespace weir::control {
namespace {

// Records that one command copies (half a megabyte), or looks through.
constexpr std::size_t kCopyPortion = 8192;
constexpr std::size_t kFindPortion = 16'384;
constexpr std::size_t kMaxPage = 10'000;

/// Of a class of an interface; 0: none that is configured.
std::uint64_t budget_of(StormClass each, const config::NeighborPolicy& policy) {
  switch (each) {
    case StormClass::replies:
      return policy.replies;
    case StormClass::known_requests:
      return policy.known_requests;
    case StormClass::unknown_requests:
      return policy.unknown_requests;
    case StormClass::binding_changes:
      return policy.binding_changes;
    case StormClass::gleans_known:
    case StormClass::gleans_unknown:
      return policy.gleans;
    case StormClass::others:
    case StormClass::count:
      break;
  }
  return 0;
}

struct StormView {
  StormState state;
  StormCounts counts;
  StormRates rates;
  std::vector<SourceRate> top;
  std::uint32_t quarantined = 0;
  bool update_only = false;
  std::uint64_t served_stale = 0;
  std::string policing;
  config::NeighborPolicy policy;
};

StormSourceStatus source_status(const SourceRate& source) {
  return {.mac = source.mac,
          .ip = source.ip != 0 ? std::optional{Ipv4Address{source.ip}} : std::nullopt,
          .rate = source.rate,
          .quarantined = source.quarantine > Duration{0},
          .quarantine_seconds = std::chrono::duration<double>(source.quarantine).count()};
}

std::vector<StormClassStatus> classes_of(const StormView& view,
                                         const config::NeighborPolicy& policy) {
  std::vector<StormClassStatus> classes;
  for (std::size_t i = 0; i < kStormClasses; ++i) {
    const std::uint64_t passed = view.counts.passed[i], policed = view.counts.policed[i];
    const double passed_rate = view.rates.passed[i], policed_rate = view.rates.policed[i];
    classes.push_back({.name = std::string{kStormClassNames[i]},
                       .budget = budget_of(static_cast<StormClass>(i), policy),
                       .offered = passed + policed,
                       .passed = passed,
                       .policed = policed,
                       .offered_rate = passed_rate + policed_rate,
                       .passed_rate = passed_rate,
                       .policed_rate = policed_rate});
  }
  return classes;
}

/// The first `limit` of a table that match, as entries; and what of it is kept.
template <class Record>
JournalPage find_entries(CommandQueue& commands, const JournalRing<Record>& ring,
                         const InterfaceNames& names, const RecordFilter& filter,
                         std::uint64_t after, std::size_t limit) {
  JournalPage page;
  std::vector<FoundRecord<Record>> found;
  found.reserve(limit);
  std::uint64_t next = after == UINT64_MAX ? after : after + 1;
  const auto portion = [&] {
    if (ring.newest() > 0) page.oldest = ring.oldest();
    page.newest = ring.newest();
    page.reaches_back_to = to_seconds(ring.floor());
    return find_records(ring, filter, kFindPortion, limit, next, found);
  };
  while (commands.call(portion)) continue;
  page.entries.reserve(found.size());
  for (const auto& each : found) page.entries.push_back(journal_entry(each.id, each.record, names));
  return page;
}

/// Both tables', by time.
JournalPage merged(JournalPage a, JournalPage b, std::size_t limit) {
  JournalPage page{.reaches_back_to = std::max(a.reaches_back_to, b.reaches_back_to)};
  std::merge(std::make_move_iterator(a.entries.begin()), std::make_move_iterator(a.entries.end()),
             std::make_move_iterator(b.entries.begin()), std::make_move_iterator(b.entries.end()),
             std::back_inserter(page.entries),
             [](const JournalEntry& x, const JournalEntry& y) { return x.time < y.time; });
  if (page.entries.size() > limit) page.entries.resize(limit);
  return page;
}

/// Where ARP of an interface is judged; on the control thread. What a bridge hears comes by all its
/// members.
std::string policing(Router& router, InterfaceId id) {
  const InterfaceRow* row = &router.interfaces()[id];
  while (row->kind == InterfaceKind::vlan) row = &router.interfaces()[id = row->link];
  const bool is_port = row->kind == InterfaceKind::port;
  const Port* const port = is_port ? router.dataplane().ports()[id]->port() : nullptr;
  const auto queue = port != nullptr ? port->arp_queue() : std::nullopt;
  return queue ? fmt::format("software; the port puts ARP into receive queue {}", *queue)
               : "software";
}

/// What a member of a bridge hears is judged by the settings of the bridge's own interface. On the
/// control thread.
config::NeighborPolicy policy_of(const Interfaces& interfaces, InterfaceId id) {
  const BridgeId bridge = interfaces[id].bridge;
  return interfaces[bridge != 0 ? interfaces.of_bridge(bridge) : id].neighbors;
}

}  // namespace

std::vector<StormStatus> RouterViews::storm() {
  std::shared_ptr<const Interfaces> interfaces;
  const auto views = router_.commands().call([&] {
    std::vector<StormView> result;
    const StormWatch& watch = router_.storm_watch();
    interfaces = router_.interfaces_now();
    for (const InterfaceId id : interfaces->ids())
      result.push_back({watch.state(id), watch.counts(id), watch.rates(id),
                        router_.source_watch().top(id), router_.source_watch().quarantined(id),
                        router_.neighbors().update_only(id), router_.neighbors().served_stale(id),
                        policing(router_, id), policy_of(*interfaces, id)});
    return result;
  });
  std::vector<StormStatus> result;
  for (std::size_t i = 0; i < views.size(); ++i) {
    const InterfaceRow& row = (*interfaces)[interfaces->ids()[i]];
    const StormView& view = views[i];
    const config::NeighborPolicy& policy = view.policy;
    StormStatus status{.interface = row.name,
                       .storm = view.state.on,
                       .since = to_seconds(view.state.since.realtime),
                       .storms = view.state.storms,
                       .learn = std::string{config::name(policy.learn)},
                       .update_only = view.update_only,
                       .policing = view.policing,
                       .quarantined = view.quarantined,
                       .served_stale = view.served_stale,
                       .classes = classes_of(view, policy)};
    for (const SourceRate& source : view.top) status.top_sources.push_back(source_status(source));
    result.push_back(std::move(status));
  }
  return result;
}

EventPage RouterViews::events(std::uint64_t after, std::size_t limit) {
  std::shared_ptr<const Interfaces> interfaces;
  const auto page = router_.commands().call([&] {
    interfaces = router_.interfaces_now();
    return router_.events().after(after, limit);
  });
  return event_page(page, InterfaceNames(interfaces->names()));
}

PastNeighbors RouterViews::neighbors_at(double time) {
  const auto& ring = router_.journal().neighbors();
  JournalCopy<NeighborRecord> copy;
  std::vector<NeighborRow> current;
  std::shared_ptr<const Interfaces> interfaces;
  bool more = router_.commands().call([&] {
    copy.begin(ring);
    current = router_.neighbors().snapshot();
    interfaces = router_.interfaces_now();
    return copy.take(ring, kCopyPortion);
  });
  while (more) more = router_.commands().call([&] { return copy.take(ring, kCopyPortion); });
  const PastNeighborRows past = past_neighbors(from_seconds(time), current, copy);
  PastNeighbors result{
      .at = time, .reaches_back_to = to_seconds(past.reaches_back), .known = past.known};
  result.neighbors.reserve(past.rows.size());
  for (const PastNeighborRow& row : past.rows) {
    PastNeighbor neighbor{
        .ip = row.ip,
        .interface = interfaces->names()[row.interface],
        .mac = row.side.mac,
        .state = std::string{kNeighborStateNames[static_cast<std::size_t>(row.side.state)]},
        .source = source_of(row.side)};
    if (row.record != 0) {
      neighbor.since = to_seconds(copy[row.record].realtime);
      neighbor.cause = describe(copy[row.record].cause());
    }
    result.neighbors.push_back(std::move(neighbor));
  }
  return result;
}

JournalPage RouterViews::journal(const JournalFilter& filter) {
  RecordFilter wanted{.ip = filter.ip,
                      .mac = filter.mac,
                      .from = from_seconds(filter.from),
                      .to = from_seconds(filter.to)};
  const auto interfaces = router_.interfaces_now();
  if (!filter.interface.empty()) {
    wanted.interface = interfaces->find(filter.interface);
    if (!wanted.interface) return {};
  }
  const std::size_t limit = std::min(filter.limit, kMaxPage);
  const auto find = [&](const auto& ring, std::uint64_t after) {
    return find_entries(router_.commands(), ring, InterfaceNames(interfaces->names()), wanted,
                        after, limit);
  };
  const Journal& journal = router_.journal();
  if (filter.table == "neighbor") return find(journal.neighbors(), filter.after);
  if (filter.table == "station") return find(journal.stations(), filter.after);
  if (!filter.table.empty()) return {};
  return merged(find(journal.neighbors(), 0), find(journal.stations(), 0), limit);
}

void RouterViews::add_journal(std::vector<NamedCounter>& to) const {
  const auto add = [&](const char* name, const char* meaning, std::uint64_t value) {
    to.push_back({name, meaning, value});
  };
  const Journal& journal = router_.journal();
  add("journal.neighbor-changes", "changes of neighbours noted", journal.neighbors().newest());
  add("journal.station-changes", "changes of stations noted", journal.stations().newest());
  add("journal.entries", "changes kept in memory now",
      journal.neighbors().size() + journal.stations().size());
  add("journal.memory-bytes", "memory of the journal now", journal.memory_bytes());
  if (const JournalFile* file = router_.journal_file()) {
    add("journal.file-lines", "changes written to the journal's file", file->lines());
    add("journal.file-dropped",
        "changes missing in the journal's file: they came too fast, or the disk refused them",
        file->dropped());
    add("journal.file-rotations", "times that the journal's file was full and began anew",
        file->rotations());
  }
  add("events.total", "events told", router_.events().total());
  add("events.suppressed", "events beyond what is told in a second", router_.events().suppressed());
  add("storm.interfaces", "interfaces in a storm now", router_.storm_watch().storms());
  std::uint64_t storms = 0;
  for (const InterfaceId id : router_.interfaces().ids())
    storms += router_.storm_watch().state(id).storms;
  add("storm.total", "storms that began", storms);
}

}  // namespace weir::control
