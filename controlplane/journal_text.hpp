// What people and programs read of the journal's records. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controlplane/journal_record.hpp"
#include "controlplane/storm_status.hpp"

namespace weir::control {

/// By InterfaceId; an id beyond is "interface 7".
class InterfaceNames {
 public:
  explicit InterfaceNames(std::vector<std::string> names = {}) : names_(std::move(names)) {}
  std::string operator[](InterfaceId id) const;

 private:
  std::vector<std::string> names_;
};

std::string_view name(NeighborChange::What what);
std::string_view name(StationChange::What what);
/// Who did it, as a sentence's part: "ARP reply from 02:..: 10.0.0.2 is at 02:.., to 02:..".
std::string describe(const NeighborCause& cause);
std::string describe_cause(const StationRecord& record, const InterfaceNames& names);
/// static, learnt or verified; empty: no MAC address is known.
std::string source_of(const NeighborChange::Side& side);

JournalEntry journal_entry(std::uint64_t id, const NeighborRecord& record,
                           const InterfaceNames& names);
JournalEntry journal_entry(std::uint64_t id, const StationRecord& record,
                           const InterfaceNames& names);

}  // namespace weir::control
