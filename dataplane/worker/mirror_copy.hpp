// A copy of a packet as it goes into a pcapng file (draft-ietf-opsawg-pcapng section 4.3), made by
// the worker that has the packet; controlplane/mirror_file.hpp writes it.
//
// Built by rte_pcapng_copy, whose clock is one for all threads, without a lock, and goes astray on
// a timestamp older than the one before (DPDK 22.11). So the copy carries the TSC instead, until
// the writer puts the time of day in its place.
//
// Bounds: what does not fit into one buffer of the pool is cut off, and the file says so.
// Thread-safe: any thread, for a pool of multiple consumers.
#pragma once

#include <rte_cycles.h>
#include <rte_mbuf.h>
#include <rte_pcapng.h>

#include <algorithm>
#include <cstdint>

namespace weir {

enum class MirrorDirection { in, out };

/// How such a copy begins: the Enhanced Packet Block, in the order of bytes of this machine.
struct MirrorBlock {
  static constexpr std::uint32_t kType = 6;
  std::uint32_t type, length;
  std::uint32_t interface;                      // the writer's business
  std::uint32_t timestamp_high, timestamp_low;  // the TSC, here
  std::uint32_t captured, original;             // bytes of the frame

  void set_timestamp(std::uint64_t value) {
    timestamp_high = static_cast<std::uint32_t>(value >> 32);
    timestamp_low = static_cast<std::uint32_t>(value);
  }
  std::uint64_t timestamp() const { return std::uint64_t{timestamp_high} << 32 | timestamp_low; }
};
static_assert(sizeof(MirrorBlock) == 28);

inline MirrorBlock& mirror_block(rte_mbuf* copy) { return *rte_pktmbuf_mtod(copy, MirrorBlock*); }

/// What stands behind the frame: padding, direction, queue, RSS hash, length.
inline constexpr std::uint32_t kMirrorTrailer = 3 + 8 + 8 + 12 + 4;
/// The data room of a pool whose buffers hold copies of whole frames of `frame` bytes.
constexpr std::uint32_t mirror_room(std::uint32_t frame) {
  return RTE_PKTMBUF_HEADROOM + ((frame + kMirrorTrailer + 63u) & ~63u);
}

/// The copy, or null: the pool is empty. `port` is the DPDK port that the frame came in by or
/// leaves by. A tag beside the frame (RTE_MBUF_F_RX_VLAN_STRIPPED coming in, RTE_MBUF_F_TX_VLAN
/// going out) stands in the copy as type 0x8100.
inline rte_mbuf* mirror_copy(const rte_mbuf* packet, rte_mempool* pool, std::uint16_t port,
                             std::uint16_t queue, MirrorDirection direction, std::uint64_t tsc) {
  // The copy begins where the packet does. In a second segment the library would lose the trailer.
  const std::uint32_t taken = packet->data_off + kMirrorTrailer;
  const std::uint32_t room = rte_pktmbuf_data_room_size(pool);
  if (room <= taken) return nullptr;
  const std::uint32_t length = std::min(packet->pkt_len, room - taken);
  rte_mbuf* const copy = rte_pcapng_copy(
      port, queue, packet, pool, length, rte_rdtsc(),
      direction == MirrorDirection::in ? RTE_PCAPNG_DIRECTION_IN : RTE_PCAPNG_DIRECTION_OUT);
  if (copy == nullptr) return nullptr;
  MirrorBlock& block = mirror_block(copy);
  block.set_timestamp(tsc);
  block.original += block.captured - length;  // the library forgets the tags that it puts in
  return copy;
}

}  // namespace weir
