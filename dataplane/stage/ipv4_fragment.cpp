#include "dataplane/stage/ipv4_fragment.hpp"

#include <rte_ip_frag.h>

#include <cstring>

#include "dataplane/net/checksum.hpp"
#include "dataplane/net/wire.hpp"

namespace weir {

unsigned fragment_ipv4(rte_mbuf* packet, std::uint16_t mtu, const Adjacency& adjacency,
                       rte_mempool* pool, std::span<rte_mbuf*, kMaxFragments> out) {
  // The library wants the IP packet alone, and its length without the frame's padding.
  const std::uint16_t headroom = packet->data_off;
  const std::uint16_t frame_length = packet->data_len;
  rte_pktmbuf_adj(packet, sizeof(wire::Ethernet));
  const auto& ip = *rte_pktmbuf_mtod(packet, const wire::Ipv4*);
  rte_pktmbuf_trim(packet, static_cast<std::uint16_t>(packet->data_len - ip.total_length.get()));
  // Fragments of options-bearing packets: payload a multiple of eight bytes.
  const auto usable =
      static_cast<std::uint16_t>(ip.header_length() + ((mtu - ip.header_length()) & ~7u));
  const int made =
      rte_ipv4_fragment_copy_nonseg_packet(packet, out.data(), kMaxFragments, usable, pool);
  packet->data_off = headroom;
  packet->data_len = frame_length;
  packet->pkt_len = frame_length;
  if (made <= 0) return 0;

  for (int i = 0; i < made; ++i) {
    rte_mbuf* const fragment = out[static_cast<unsigned>(i)];
    auto& header = *rte_pktmbuf_mtod(fragment, wire::Ipv4*);
    --header.ttl;
    header.checksum.set_raw(0);
    header.checksum.set_raw(checksum::compute(
        {reinterpret_cast<const std::uint8_t*>(&header), header.header_length()}));
    std::memcpy(rte_pktmbuf_prepend(fragment, sizeof(wire::Ethernet)), &adjacency,
                sizeof(wire::Ethernet));
  }
  return static_cast<unsigned>(made);
}

}  // namespace weir
