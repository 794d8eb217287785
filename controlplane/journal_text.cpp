#include "controlplane/journal_text.hpp"

#include <fmt/format.h>

#include "dataplane/net/wire.hpp"

namespace weir::control {
namespace {

constexpr std::string_view kNeighborWhat[] = {"asked",  "learnt",  "verified", "moved",   "added",
                                              "failed", "expired", "evicted",  "removed", "state"};
constexpr std::string_view kStationWhat[] = {"learnt", "added",   "moved",   "frozen", "thawed",
                                             "aged",   "evicted", "flushed", "removed"};

std::string describe_frame(const ArpSeen& frame) {
  const std::string source = frame.ethernet_source.to_string();
  const std::string mac = frame.sender_mac.to_string(), ip = frame.sender_ip.to_string();
  if (frame.operation == wire::Arp::kReply)
    return fmt::format("ARP reply from {}: {} is at {}, to {}", source, ip, mac,
                       frame.target_mac.to_string());
  if (frame.sender_ip == frame.target_ip)
    return fmt::format("ARP announcement from {}: {} is at {}", source, ip, mac);
  return fmt::format("ARP request from {}: {} at {} asks for {}", source, ip, mac,
                     frame.target_ip.to_string());
}

}  // namespace

std::string InterfaceNames::operator[](InterfaceId id) const {
  return id < names_.size() ? names_[id] : fmt::format("interface {}", id);
}

std::string_view name(NeighborChange::What what) {
  return kNeighborWhat[static_cast<std::size_t>(what)];
}

std::string_view name(StationChange::What what) {
  return kStationWhat[static_cast<std::size_t>(what)];
}

std::string describe(const NeighborCause& cause) {
  switch (cause.kind) {
    case NeighborCause::Kind::frame:
      return describe_frame(cause.frame);
    case NeighborCause::Kind::packet:
      return "a packet to it";
    case NeighborCause::Kind::timer:
      return "its time";
    case NeighborCause::Kind::command:
      return "a command or the configuration";
  }
  return {};
}

std::string describe_cause(const StationRecord& record, const InterfaceNames& names) {
  switch (record.cause) {
    case StationChange::Cause::frame:
      return fmt::format("a frame from it on {}", names[record.arrival]);
    case StationChange::Cause::limit:
      return fmt::format("a limit: a station on {} needed room", names[record.arrival]);
    case StationChange::Cause::loop:
      return fmt::format("a loop seen on {}", names[record.arrival]);
    case StationChange::Cause::timer:
      return "its time";
    case StationChange::Cause::topology:
      return "a change of the spanning tree";
    case StationChange::Cause::command:
      return "a command or the configuration";
  }
  return {};
}

std::string source_of(const NeighborChange::Side& side) {
  if (side.state == NeighborState::permanent) return "static";
  return !side.mac ? "" : side.verified ? "verified" : "learnt";
}

JournalEntry journal_entry(std::uint64_t id, const NeighborRecord& record,
                           const InterfaceNames& names) {
  JournalEntry entry{.id = id,
                     .time = to_seconds(record.realtime),
                     .table = "neighbor",
                     .interface = names[record.interface],
                     .ip = record.ip,
                     .what = std::string{name(record.what)},
                     .cause = describe(record.cause())};
  if (const auto before = record.before()) entry.before = before->mac;
  if (const auto after = record.after()) {
    entry.mac = after->mac;
    entry.state = kNeighborStateNames[static_cast<std::size_t>(after->state)];
  }
  return entry;
}

JournalEntry journal_entry(std::uint64_t id, const StationRecord& record,
                           const InterfaceNames& names) {
  const bool here = record.now != StationRecord::kNowhere;
  const bool was = record.before != StationRecord::kNowhere;
  JournalEntry entry{.id = id,
                     .time = to_seconds(record.realtime),
                     .table = "station",
                     .interface = here ? names[record.now] : std::string{},
                     .what = std::string{name(record.what)},
                     .from = was ? names[record.before] : std::string{},
                     .cause = describe_cause(record, names)};
  if (was) entry.before = record.mac;
  if (here) entry.mac = record.mac;
  return entry;
}

}  // namespace weir::control
