// net_af_packet joins its sockets to a fanout group (packet(7)) with two flags that a router must
// not have. PACKET_FANOUT_FLAG_DEFRAG: the kernel puts IP fragments together before they are
// received; a router forwards them as they are, and what comes out is larger than the port's
// frames. PACKET_FANOUT_FLAG_ROLLOVER: what finds one queue full goes to another, past the packets
// of its flow. The driver has no argument against them, so its call is answered here: this
// program's own setsockopt(2), the same but for those flags. An executable must export it (see
// packet_fanout_link_args in dataplane/meson.build). The calls also tell which sockets packets come
// by, of net_af_xdp as well: the drivers show them to nobody, and a worker is to sleep on them.
#pragma once

#include <vector>

namespace weir {

/// The sockets that joined a fanout group or were given a receive ring (AF_XDP) since the last
/// call, in that order: one for each queue of a port. Readable (poll(2)) while packets wait. They
/// belong to the driver. For the thread that probes ports.
std::vector<int> take_receiving_sockets();

/// Whether the driver's calls come by here. Asked at start-up, so that a wrong link shows itself.
bool fanout_is_ours();

}  // namespace weir
