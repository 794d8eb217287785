#include "dataplane/stage/ipv4_options.hpp"

#include <cstring>

#include "dataplane/net/checksum.hpp"

namespace weir {
namespace {

constexpr std::uint8_t kEnd = 0, kNoOperation = 1, kRecordRoute = 7, kLooseSource = 131,
                       kStrictSource = 137;

/// A record route is type, length, pointer (from 1), addresses (RFC 791 section 3.1).
bool is_full(const std::uint8_t* option) { return option[2] > option[1]; }

/// Whether the next address has a place, or none is left at all.
bool is_record_route(const std::uint8_t* option) {
  return option[1] >= 3 && option[2] >= 4 && (is_full(option) || option[2] + 3 <= option[1]);
}

void record_route(std::uint8_t* option, std::uint32_t own) {
  const Be32 address{own};
  std::memcpy(option + option[2] - 1, &address, sizeof address);
  option[2] = static_cast<std::uint8_t>(option[2] + sizeof address);
}

}  // namespace

OptionsVerdict process_options(wire::Ipv4& ip, std::uint32_t own) {
  auto* const header = reinterpret_cast<std::uint8_t*>(&ip);
  const unsigned end = ip.header_length();
  std::uint8_t* record = nullptr;
  for (unsigned at = sizeof(wire::Ipv4); at < end;) {
    const std::uint8_t type = header[at];
    if (type == kEnd) break;
    if (type == kNoOperation) {
      ++at;
      continue;
    }
    if (at + 1 >= end) return OptionsVerdict::malformed;
    const unsigned length = header[at + 1];
    if (length < 2 || at + length > end) return OptionsVerdict::malformed;
    if (type == kLooseSource || type == kStrictSource) return OptionsVerdict::source_routed;
    if (type == kRecordRoute) {  // at most once
      if (record != nullptr || !is_record_route(header + at)) return OptionsVerdict::malformed;
      record = header + at;
    }
    at += length;
  }
  // Written only now: what is not forwarded goes back to its sender as it came.
  if (record != nullptr && !is_full(record) && own != 0) {
    record_route(record, own);
    ip.checksum.set_raw(0);
    ip.checksum.set_raw(checksum::compute({header, end}));
  }
  return OptionsVerdict::forward;
}

}  // namespace weir
