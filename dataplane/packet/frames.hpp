// Where the frames of a burst lie: the first thing any stage needs to know.
#pragma once

#include <rte_mbuf.h>

#include <cstddef>
#include <cstring>

#include "dataplane/packet/burst.hpp"
#include "dataplane/packet/simd.hpp"

namespace weir {

/// Fills `frame` and `frame_length`; the slots up to the next multiple of sixteen repeat the first
/// packet, with length zero, so that whole runs can be read. True if a packet is a chain of
/// buffers.
inline bool locate_frames(Burst& burst) {
  // pkt_len and data_len lie side by side: one load takes both.
  static_assert(offsetof(rte_mbuf, data_len) == offsetof(rte_mbuf, pkt_len) + 4);
  alignas(64) std::uint32_t lengths[2 * Burst::kSize];
  for (unsigned i = 0; i < burst.size; ++i) {
    const rte_mbuf* packet = burst.packet[i];
    burst.frame[i] = rte_pktmbuf_mtod(packet, std::uint8_t*);
    std::memcpy(&lengths[2 * i], &packet->pkt_len, 8);
  }
  for (unsigned i = burst.size; i % 16 != 0; ++i) {
    burst.frame[i] = burst.frame[0];
    lengths[2 * i] = lengths[2 * i + 1] = 0;
  }
  unsigned one_buffer = 0xffff;
  for_each_sixteen(burst, [&](unsigned first) {
    const auto [whole, here] = deinterleave(&lengths[2 * first]);
    whole.store(&burst.frame_length[first]);
    one_buffer &= equal(whole, here & U32x16{0xffff});
  });
  return one_buffer != 0xffff;
}

inline Lane chains(const Burst& burst) {
  Lane lane;
  for (unsigned i = 0; i < burst.size; ++i)
    if (burst.packet[i]->pkt_len != burst.packet[i]->data_len) lane.add(i);
  return lane;
}

}  // namespace weir
