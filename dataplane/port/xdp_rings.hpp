// The rings that net_af_xdp shares with the kernel. Its driver forgets the packet buffers in them
// when it closes a port (DPDK 22.11): 2,048 and more each time an interface is deleted and made
// again. So its calls of libxdp come by here (this program's own xsk_umem__create and
// xsk_socket__create, which an executable must export, see dataplane/meson.build), and the port
// frees what its driver does not.
#pragma once

#include <rte_mempool.h>

#include <vector>

struct rte_mbuf;
struct xsk_ring_cons;
struct xsk_ring_prod;

namespace weir {

/// Of one queue, in the driver's own memory: until it closes the port.
struct XdpRings {
  char* area = nullptr;  // what addresses in the rings count from
  const xsk_ring_prod* fill = nullptr;
  const xsk_ring_cons* completion = nullptr;
  const xsk_ring_cons* rx = nullptr;
  const xsk_ring_prod* tx = nullptr;
};

/// The rings made since the last call. For the thread that opens ports.
std::vector<XdpRings> take_xdp_rings();

/// The buffers of `pool` in the rings of an interface that is gone: neither the kernel nor a worker
/// touches them any more. To be freed when the rings are no more.
std::vector<rte_mbuf*> packets_in(const XdpRings& rings, const rte_mempool& pool);

}  // namespace weir
