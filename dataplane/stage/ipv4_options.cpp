#include "dataplane/stage/ipv4_options.hpp"

#include <cstring>

#include "dataplane/net/checksum.hpp"

namespace weir {
namespace {

constexpr std::uint8_t kEnd = 0, kNoOperation = 1, kRecordRoute = 7, kLooseSource = 131,
                       kStrictSource = 137;

/// RFC 791: `option` is type, length, pointer (from 1), addresses. A full list is passed on as it
/// is.
bool record_route(std::uint8_t* option, unsigned length, std::uint32_t own) {
  const unsigned pointer = option[2];
  if (pointer < 4) return false;
  if (pointer + 3 > length || own == 0) return pointer <= length + 1;
  const Be32 address{own};
  std::memcpy(option + pointer - 1, &address, sizeof address);
  option[2] = static_cast<std::uint8_t>(pointer + 4);
  return true;
}

}  // namespace

OptionsVerdict process_options(wire::Ipv4& ip, std::uint32_t own) {
  auto* const header = reinterpret_cast<std::uint8_t*>(&ip);
  const unsigned end = ip.header_length();
  bool changed = false;
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
    if (type == kRecordRoute) {
      if (length < 3 || !record_route(header + at, length, own)) return OptionsVerdict::malformed;
      changed = true;
    }
    at += length;
  }
  if (changed) {
    ip.checksum.set_raw(0);
    ip.checksum.set_raw(checksum::compute({header, end}));
  }
  return OptionsVerdict::forward;
}

}  // namespace weir
