#include "dataplane/worker/mirrors.hpp"

#include <rte_cycles.h>
#include <rte_ether.h>
#include <rte_ring.h>

#include <bit>

#include "dataplane/packet/burst.hpp"
#include "dataplane/packet/vlan_tag.hpp"
#include "dataplane/worker/mirror_copy.hpp"

namespace weir {

void Mirrors::copy(const Snapshot& snapshot, const Interface& of, std::uint32_t mirrors,
                   rte_mbuf* const* packets, unsigned count, MirrorDirection direction) {
  if (of.port == PortGate::kShut) return;  // nothing leaves by what is not there
  for (; mirrors != 0; mirrors &= mirrors - 1)
    copy_to(snapshot, of, static_cast<std::uint16_t>(std::countr_zero(mirrors) + 1), packets, count,
            direction);
}

void Mirrors::copy_to(const Snapshot& snapshot, const Interface& of, std::uint16_t mirror,
                      rte_mbuf* const* packets, unsigned count, MirrorDirection direction) {
  const MirrorTarget& target = snapshot.mirrors[mirror];
  rte_mbuf* copies[Burst::kSize];
  std::uint32_t lengths[Burst::kSize];
  unsigned made = 0;
  std::uint64_t bytes = 0;
  for (unsigned i = 0; i < count; ++i) {
    rte_mbuf* const copied =
        target.ring != nullptr ? mirror_copy(packets[i], files_, of.port, 0, direction, rte_rdtsc())
                               : whole_copy(packets[i], direction);
    if (copied == nullptr) continue;
    lengths[made] =
        direction == MirrorDirection::in ? received_length(packets[i]) : sent_length(packets[i]);
    bytes += lengths[made];
    copies[made++] = copied;
  }
  counters_.generated.add(count);
  MirrorCounters& counters = counters_.mirror[mirror];
  unsigned taken = made;
  if (target.ring != nullptr) {
    taken = rte_ring_mp_enqueue_burst(target.ring, reinterpret_cast<void**>(copies), made, nullptr);
    counters_.consumed.add(taken);
    for (unsigned i = taken; i < made; ++i) bytes -= lengths[i];
    if (taken < made) rte_pktmbuf_free_bulk(copies + taken, made - taken);
  } else if (made > 0) {
    transmit_.send(target.interface, copies, made, bytes);
  }
  counters.packets.add(taken);
  counters.bytes.add(bytes);
  counters.dropped.add(count - taken);
  constexpr auto kReason = static_cast<std::size_t>(DropReason::mirror_full);
  if (taken < count) counters_.interface[of.id].dropped[kReason].add(count - taken);
}

/// With the tag that stands beside the frame, if there is one.
rte_mbuf* Mirrors::whole_copy(const rte_mbuf* packet, MirrorDirection direction) {
  rte_mbuf* copied = rte_pktmbuf_copy(packet, packets_, 0, UINT32_MAX);
  if (copied == nullptr) return nullptr;
  // Longer than a buffer: longer than any port may send.
  if (copied->nb_segs != 1) {
    rte_pktmbuf_free(copied);
    return nullptr;
  }
  const bool beside =
      (direction == MirrorDirection::in ? packet->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED
                                        : packet->ol_flags & RTE_MBUF_F_TX_VLAN) != 0;
  if (beside && rte_vlan_insert(&copied) != 0) {
    rte_pktmbuf_free(copied);
    return nullptr;
  }
  return copied;
}

}  // namespace weir
