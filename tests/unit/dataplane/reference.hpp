// What the vector stages must say of a frame, written as plainly as the RFCs are: byte by byte, one
// packet at a time, with none of the data plane's own helpers.
#pragma once

#include <rte_mbuf.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/unit/dataplane/packets.hpp"

namespace weir::test::reference {

inline unsigned u16(const Bytes& frame, std::size_t at) { return frame[at] * 256u + frame[at + 1]; }
inline std::uint32_t u32(const Bytes& frame, std::size_t at) {
  return u16(frame, at) * 65536u + u16(frame, at + 2);
}

inline bool starts_with(const Bytes& frame, const std::vector<unsigned>& head) {
  for (std::size_t i = 0; i < head.size(); ++i)
    if (frame[i] != head[i]) return false;
  return true;
}

/// The lane of ethernet_input, by name.
inline std::string ethernet_lane(const Bytes& frame, const MacAddress& own) {
  if (frame.size() < 34) return "too_short";
  const bool ours = std::equal(own.bytes.begin(), own.bytes.end(), frame.begin());
  const bool group = frame[0] % 2 == 1;
  const bool broadcast = starts_with(frame, {255, 255, 255, 255, 255, 255});
  const bool all_hosts = starts_with(frame, {1, 0, 0x5e, 0, 0, 1});
  const bool all_routers = starts_with(frame, {1, 0, 0x5e, 0, 0, 2});
  if (!group && !ours) return "not_ours";
  if (group && !broadcast && !all_hosts && !all_routers) return "not_subscribed";
  if (u16(frame, 12) == 0x0800) return group ? "ipv4_group" : "ipv4";
  if (u16(frame, 12) == 0x0806) return frame.size() < 42 ? "too_short" : "arp";
  if (u16(frame, 12) == 0x8100 || u16(frame, 12) == 0x88a8) return "unknown_vlan";
  return "unknown_type";
}

/// RFC 1071, 16 bits at a time.
inline unsigned ones_complement_sum(const Bytes& frame, std::size_t from, std::size_t bytes) {
  unsigned sum = 0;
  for (std::size_t i = 0; i < bytes; i += 2) {
    sum += u16(frame, from + i);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return sum;
}

/// The lane of ipv4_validate, by name; the frame is at least 34 bytes long.
inline std::string ipv4_lane(const Bytes& frame, std::uint64_t offload_flags, bool nic_checksums) {
  const std::size_t available = frame.size() - 14;
  const std::size_t header = (frame[14] % 16) * 4u;
  if (frame[14] / 16 != 4 || header < 20 || header > available) return "bad_header";
  const std::size_t total = u16(frame, 16);
  if (total < header || total > available) return "bad_length";
  const std::uint64_t verdict = offload_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK;
  const bool nic_says_good = nic_checksums && verdict == RTE_MBUF_F_RX_IP_CKSUM_GOOD;
  const bool nic_says_bad = nic_checksums && verdict == RTE_MBUF_F_RX_IP_CKSUM_BAD;
  const bool right = ones_complement_sum(frame, 14, header) == 0xffff;
  if (nic_says_bad || (!nic_says_good && !right)) return "bad_checksum";
  const unsigned first = frame[26];
  if (first == 0 || first == 127 || first >= 224) return "martian";
  return header == 20 ? "plain" : "options";
}

/// The frame as ip_rewrite must leave it: addresses, TTL and checksum new, all else as it was.
inline Bytes rewritten(Bytes frame, const MacAddress& destination, const MacAddress& source) {
  std::copy(destination.bytes.begin(), destination.bytes.end(), frame.begin());
  std::copy(source.bytes.begin(), source.bytes.end(), frame.begin() + 6);
  --frame[22];
  const std::size_t header = (frame[14] % 16) * 4u;
  frame[24] = frame[25] = 0;
  const unsigned sum = 0xffff - ones_complement_sum(frame, 14, header);
  frame[24] = static_cast<std::uint8_t>(sum / 256);
  frame[25] = static_cast<std::uint8_t>(sum % 256);
  return frame;
}

}  // namespace weir::test::reference
