#include "controlplane/event_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace weir::control {
namespace {

using Kind = EventRecord::Kind;

struct KindRow {
  Kind kind;
  EventLevel level;
  std::string_view name;
};
constexpr std::array<KindRow, EventRecord::kKinds> kKindRows{{
    {Kind::conflict, EventLevel::warning, "conflict"},
    {Kind::moved, EventLevel::warning, "moved"},
    {Kind::own_address_claimed, EventLevel::warning, "own-address-claimed"},
    {Kind::failed, EventLevel::warning, "failed"},
    {Kind::neighbors_full, EventLevel::warning, "table-full"},
    {Kind::storm, EventLevel::warning, "storm"},
    {Kind::storm_over, EventLevel::info, "storm-over"},
    {Kind::quarantine, EventLevel::warning, "quarantine"},
    {Kind::frozen, EventLevel::warning, "frozen"},
    {Kind::thawed, EventLevel::info, "thawed"},
    {Kind::loop, EventLevel::error, "loop"},
    {Kind::loop_over, EventLevel::info, "loop-over"},
    {Kind::stations_full, EventLevel::warning, "table-full"},
    {Kind::guarded, EventLevel::error, "guarded"},
    {Kind::link_up, EventLevel::info, "link-up"},
    {Kind::link_down, EventLevel::info, "link-down"},
    {Kind::device_gone, EventLevel::error, "device-gone"},
    {Kind::device_back, EventLevel::info, "device-back"},
    {Kind::journal_failed, EventLevel::error, "journal-failed"},
}};
static_assert([] {
  for (std::size_t i = 0; i < kKindRows.size(); ++i)
    if (static_cast<std::size_t>(kKindRows[i].kind) != i) return false;
  return true;
}());

const KindRow& row_of(Kind kind) { return kKindRows[static_cast<std::size_t>(kind)]; }

std::string describe_of_neighbor(const EventRecord& event, const std::string& interface) {
  const std::string ip = event.ip.to_string();
  switch (event.kind) {
    case Kind::conflict:
      return fmt::format("{}: {} claims {}, which {} has and keeps", interface,
                         event.other.to_string(), ip, event.mac.to_string());
    case Kind::moved:
      return fmt::format("{}: {} moved from {} to {}", interface, ip, event.mac.to_string(),
                         event.other.to_string());
    case Kind::own_address_claimed:
      return fmt::format("{}: {} uses our address {}", interface, event.other.to_string(), ip);
    case Kind::failed:
      return fmt::format("{}: {} at {} was in use and stopped answering", interface, ip,
                         event.mac.to_string());
    default:
      return fmt::format("{}: the neighbour table is full, {} found no room or made room",
                         interface, ip);
  }
}

std::string describe_of_station(const EventRecord& event, const std::string& interface,
                                const std::string& other) {
  const std::string mac = event.mac.to_string();
  switch (event.kind) {
    case Kind::frozen:
      return fmt::format("{} is heard on {} and on {}: it stays on {} for 300 s", mac, interface,
                         other, interface);
    case Kind::thawed:
      return fmt::format("{} on {} may move again", mac, interface);
    case Kind::loop:
      if (event.interface == event.other_interface)
        return fmt::format("a loop: a frame of our own came in on {}, which does not flood for now",
                           interface);
      return fmt::format("a loop by way of {} and {}: nothing is flooded to or from {} for now",
                         interface, other, interface);
    case Kind::loop_over:
      return fmt::format("{} floods again after a loop", interface);
    case Kind::guarded:
      return fmt::format("{}: taken out: it is guarded, and a BPDU came in", interface);
    default:
      return fmt::format("no room to learn {} on {}", mac, interface);
  }
}

}  // namespace

EventRecord event_record(const NeighborEvent& event) {
  EventRecord record{
      .interface = event.interface, .ip = event.ip, .mac = event.mac, .other = event.other};
  switch (event.kind) {
    case NeighborEvent::Kind::conflict:
      record.kind = Kind::conflict;
      break;
    case NeighborEvent::Kind::moved:
      record.kind = Kind::moved;
      break;
    case NeighborEvent::Kind::own_address_claimed:
      record.kind = Kind::own_address_claimed;
      break;
    case NeighborEvent::Kind::failed:
      record.kind = Kind::failed;
      break;
    case NeighborEvent::Kind::table_full:
      record.kind = Kind::neighbors_full;
      break;
  }
  return record;
}

EventRecord event_record(const StationEvent& event) {
  EventRecord record{
      .interface = event.interface, .other_interface = event.other, .mac = event.mac};
  switch (event.kind) {
    case StationEvent::Kind::frozen:
      record.kind = Kind::frozen;
      break;
    case StationEvent::Kind::thawed:
      record.kind = Kind::thawed;
      break;
    case StationEvent::Kind::loop:
      record.kind = Kind::loop;
      break;
    case StationEvent::Kind::loop_over:
      record.kind = Kind::loop_over;
      break;
    case StationEvent::Kind::table_full:
      record.kind = Kind::stations_full;
      break;
  }
  return record;
}

EventLevel level(Kind kind) { return row_of(kind).level; }
std::string_view name(Kind kind) { return row_of(kind).name; }

std::string describe(const EventRecord& event, const InterfaceNames& names) {
  const std::string interface = names[event.interface];
  switch (event.kind) {
    case Kind::conflict:
    case Kind::moved:
    case Kind::own_address_claimed:
    case Kind::failed:
    case Kind::neighbors_full:
      return describe_of_neighbor(event, interface);
    case Kind::frozen:
    case Kind::thawed:
    case Kind::loop:
    case Kind::loop_over:
    case Kind::guarded:
    case Kind::stations_full:
      return describe_of_station(event, interface, names[event.other_interface]);
    case Kind::storm:
      return fmt::format(
          "{}: a storm: control traffic beyond its budgets is dropped, {} packets in the last "
          "moment",
          interface, event.number);
    case Kind::storm_over:
      return fmt::format("{}: the storm is over, {} s after it began", interface, event.number);
    case Kind::quarantine:
      return fmt::format("{}: {} sends more than its share: for {} s its requests teach nothing",
                         interface, event.mac.to_string(), event.number);
    case Kind::link_up:
      return fmt::format("{}: link up", interface);
    case Kind::link_down:
      return fmt::format("{}: link down", interface);
    case Kind::device_gone:
      return fmt::format("{}: its device is gone; the rest is routed, and it is awaited",
                         interface);
    case Kind::device_back:
      return fmt::format("{}: its device is back", interface);
    case Kind::journal_failed:
      return fmt::format("the journal's file cannot be written ({}); changes are in memory only",
                         std::strerror(static_cast<int>(event.number)));
  }
  return {};
}

EventStatus event_status(std::uint64_t id, const EventRecord& event, const InterfaceNames& names) {
  EventStatus status{.id = id,
                     .time = to_seconds(event.at.realtime),
                     .kind = std::string{name(event.kind)},
                     .text = describe(event, names)};
  if (event.kind != Kind::journal_failed) status.interface = names[event.interface];
  if (!event.ip.is_zero()) status.ip = event.ip;
  if (!event.mac.is_zero()) status.mac = event.mac;
  if (!event.other.is_zero()) status.other = event.other;
  return status;
}

EventLog::EventLog(std::size_t capacity) : capacity_(std::max<std::size_t>(capacity, 1)) {}

std::uint64_t EventLog::put(EventRecord event, Instant now) {
  if (!budgets_[static_cast<std::size_t>(event.kind)].take(now.monotonic)) {
    ++suppressed_;
    return 0;
  }
  event.at = now;
  const auto slot = static_cast<std::size_t>(newest_ % capacity_);
  if (slot == ring_.size())
    ring_.push_back(event);
  else
    ring_[slot] = event;
  return ++newest_;
}

EventLog::Page EventLog::after(std::uint64_t after, std::size_t limit) const {
  Page page{.newest = newest_};
  if (newest_ == 0) return page;
  page.oldest = newest_ < capacity_ ? 1 : newest_ - capacity_ + 1;
  page.first = std::max(after < newest_ ? after + 1 : newest_ + 1, page.oldest);
  for (std::uint64_t id = page.first; id <= newest_ && page.events.size() < limit; ++id)
    page.events.push_back(ring_[static_cast<std::size_t>((id - 1) % capacity_)]);
  return page;
}

EventPage event_page(const EventLog::Page& page, const InterfaceNames& names) {
  EventPage result{.oldest = page.oldest, .newest = page.newest};
  for (std::size_t i = 0; i < page.events.size(); ++i)
    result.events.push_back(event_status(page.first + i, page.events[i], names));
  return result;
}

}  // namespace weir::control
