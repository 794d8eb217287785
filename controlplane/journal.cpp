#include "controlplane/journal.hpp"

#include <algorithm>
#include <unordered_map>

namespace weir::control {
namespace {

bool within(std::int64_t time, const RecordFilter& filter) {
  return (filter.from == 0 || time > filter.from) && (filter.to == 0 || time <= filter.to);
}

/// DELAY and PROBE are no changes for the journal: they show as the state before them.
NeighborState noted(NeighborState state) {
  return state == NeighborState::delay || state == NeighborState::probe ? NeighborState::stale
                                                                        : state;
}

std::uint64_t key_of(InterfaceId interface, Ipv4Address ip) {
  return std::uint64_t{interface} << 32 | ip.value();
}

}  // namespace

NeighborRecord::Side::Side(const std::optional<NeighborChange::Side>& side) {
  static_assert(kNeighborStateNames.size() <= kState + 1u);
  if (!side) return;
  bits_ = static_cast<std::uint8_t>(kExists | static_cast<std::uint8_t>(side->state) |
                                    (side->mac ? kMac : 0) | (side->verified ? kVerified : 0));
}

std::optional<NeighborChange::Side> NeighborRecord::Side::full(const MacAddress& mac) const {
  if (!exists()) return std::nullopt;
  NeighborChange::Side side{.state = static_cast<NeighborState>(bits_ & kState),
                            .verified = (bits_ & kVerified) != 0};
  if ((bits_ & kMac) != 0) side.mac = mac;
  return side;
}

NeighborRecord::NeighborRecord(const NeighborChange& change, Instant at)
    : monotonic(at.monotonic),
      realtime(at.realtime),
      ip(change.ip),
      interface(change.interface),
      what(change.what),
      cause_kind(change.cause.kind),
      before_side(change.before),
      after_side(change.after) {
  if (change.before && change.before->mac) before_mac = *change.before->mac;
  if (change.after && change.after->mac) after_mac = *change.after->mac;
  if (cause_kind != NeighborCause::Kind::frame) return;
  const ArpSeen& frame = change.cause.frame;
  operation = frame.operation;
  sender_mac = frame.sender_mac;
  sender_ip = frame.sender_ip;
  target_mac = frame.target_mac;
  target_ip = frame.target_ip;
  ethernet_source = frame.ethernet_source;
}

NeighborCause NeighborRecord::cause() const {
  NeighborCause cause{.kind = cause_kind};
  if (cause_kind == NeighborCause::Kind::frame)
    cause.frame = {interface,  operation, sender_mac,     sender_ip,
                   target_mac, target_ip, ethernet_source};
  return cause;
}

bool NeighborRecord::concerns(MacAddress mac) const {
  const auto side_is = [&](const auto& side) { return side && side->mac == mac; };
  return side_is(before()) || side_is(after()) ||
         (cause_kind == NeighborCause::Kind::frame &&
          (sender_mac == mac || ethernet_source == mac));
}

bool RecordFilter::matches(const NeighborRecord& record) const {
  return within(record.realtime, *this) && (!ip || record.ip == *ip) &&
         (!interface || record.interface == *interface) && (!mac || record.concerns(*mac));
}

bool RecordFilter::matches(const StationRecord& record) const {
  return within(record.realtime, *this) && !ip &&
         (!interface || record.now == *interface || record.before == *interface) &&
         (!mac || record.concerns(*mac));
}

PastNeighborRows past_neighbors(std::int64_t time, std::span<const NeighborRow> current,
                                const JournalCopy<NeighborRecord>& copy) {
  PastNeighborRows past{.reaches_back = copy.floor()};
  past.last = copy.newest();
  while (past.last >= copy.oldest() && copy[past.last].realtime > time) --past.last;
  const bool all_undone = past.last < copy.oldest();
  past.known = !all_undone || time >= copy.floor();
  if (all_undone) past.last = 0;
  if (!past.known) return past;

  std::unordered_map<std::uint64_t, PastNeighborRow> rows(current.size());
  for (const NeighborRow& row : current)
    rows[key_of(row.interface, row.ip)] = {
        row.ip, row.interface, {noted(row.state), row.mac, row.verified}};
  std::uint64_t id = copy.newest();
  for (; id > past.last && id >= copy.oldest(); --id) {
    const NeighborRecord& record = copy[id];
    const std::uint64_t key = key_of(record.interface, record.ip);
    if (const auto before = record.before())
      rows[key] = {record.ip, record.interface, *before};
    else
      rows.erase(key);
  }
  for (; id >= copy.oldest(); --id) {
    const auto row = rows.find(key_of(copy[id].interface, copy[id].ip));
    if (row == rows.end() || row->second.record != 0) continue;
    row->second.record = id;
    if (const auto after = copy[id].after()) row->second.side = *after;
  }
  past.rows.reserve(rows.size());
  for (const auto& [key, row] : rows) past.rows.push_back(row);
  std::sort(past.rows.begin(), past.rows.end(), [](const auto& a, const auto& b) {
    return std::pair{a.ip, a.interface} < std::pair{b.ip, b.interface};
  });
  return past;
}

}  // namespace weir::control
