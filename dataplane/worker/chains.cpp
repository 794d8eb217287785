#include "dataplane/worker/chains.hpp"

#include <rte_mbuf.h>

#include <cassert>

#include "dataplane/packet/frames.hpp"
#include "dataplane/packet/vlan_tag.hpp"

namespace weir {

bool Chains::make_whole(Burst& burst, const Interface& port) {
  InterfaceCounters& counters = counters_.interface[port.id];
  const std::uint32_t longest = longest_frame(port.mtu) + 2 * kTagLength;
  unsigned left = 0;
  for (unsigned i = 0; i < burst.size; ++i) {
    rte_mbuf* packet = burst.packet[i];
    if (packet->pkt_len != packet->data_len) {
      const bool fits = packet->pkt_len <= longest;
      rte_mbuf* whole = fits ? rte_pktmbuf_copy(packet, pool_, 0, UINT32_MAX) : nullptr;
      if (whole == nullptr) {
        counters.rx_packets.add(1);
        counters.rx_bytes.add(received_length(packet));
        const DropReason reason = fits ? DropReason::no_buffer : DropReason::frame_too_long;
        counters.dropped[static_cast<std::size_t>(reason)].add(1);
      } else {
        counters.joined.add(1);
      }
      rte_pktmbuf_free(packet);
      if (whole == nullptr) continue;
      packet = whole;
    }
    burst.packet[left++] = packet;
  }
  burst.size = left;
  if (left == 0) return false;
  [[maybe_unused]] const bool chained = locate_frames(burst);
  assert(!chained);
  return true;
}

}  // namespace weir
