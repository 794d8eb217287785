#include "dataplane/net/checksum.hpp"

#include <cstring>

namespace weir::checksum {

std::uint64_t sum(std::span<const std::uint8_t> bytes) {
  std::uint64_t total = 0;
  std::size_t at = 0;
  for (; at + 4 <= bytes.size(); at += 4) {
    std::uint32_t word;
    std::memcpy(&word, bytes.data() + at, 4);
    total += word;
  }
  // The tail is padded with zero bytes (RFC 1071 section 1).
  std::uint32_t tail = 0;
  if (at < bytes.size()) std::memcpy(&tail, bytes.data() + at, bytes.size() - at);
  return total + tail;
}

std::uint64_t pseudo_header(const wire::Ipv4& ip, std::uint16_t payload_length) {
  return std::uint64_t{ip.source.raw()} + ip.destination.raw() +
         Be16{static_cast<std::uint16_t>(ip.protocol)}.raw() + Be16{payload_length}.raw();
}

}  // namespace weir::checksum
