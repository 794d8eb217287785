// The Internet checksum (RFC 1071) and its incremental update (RFC 1624). All 16-bit values are
// raw: as they lie in memory, so no byte order conversion is ever needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/net/wire.hpp"

namespace weir::checksum {

constexpr std::uint16_t fold(std::uint64_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

/// One's complement sum of `bytes`, not inverted; sums of parts of even length add up.
std::uint64_t sum(std::span<const std::uint8_t> bytes);

/// The checksum field for `bytes` whose own checksum field is zero.
inline std::uint16_t compute(std::span<const std::uint8_t> bytes) {
  return static_cast<std::uint16_t>(~fold(sum(bytes)));
}

/// Whether `bytes`, with their checksum field in place, are intact.
inline bool verify(std::span<const std::uint8_t> bytes) { return fold(sum(bytes)) == 0xffff; }

/// The new checksum after a 16-bit word changed (RFC 1624 equation 3).
constexpr std::uint16_t update(std::uint16_t checksum, std::uint16_t old_word,
                               std::uint16_t new_word) {
  const std::uint32_t total = static_cast<std::uint16_t>(~checksum) +
                              std::uint32_t{static_cast<std::uint16_t>(~old_word)} + new_word;
  return static_cast<std::uint16_t>(~fold(total));
}

/// Sum of the pseudo header of UDP and TCP over IPv4 (RFC 768, RFC 9293 section 3.1), not inverted.
std::uint64_t pseudo_header(const wire::Ipv4& ip, std::uint16_t payload_length);

}  // namespace weir::checksum
