// net_af_packet joins its sockets to a fanout group that has the kernel put IP fragments together
// before they are received (packet(7), PACKET_FANOUT_FLAG_DEFRAG): a router must forward fragments
// as they are, and what comes out is larger than the port's frames. The driver has no argument
// against it, so its call is answered here: this program's own setsockopt(2), the same but for that
// flag. An executable must export it (see packet_fanout_link_args in dataplane/meson.build).
#pragma once

namespace weir {

/// Whether the driver's calls come by here. Asked at start-up, so that a wrong link shows itself.
bool fanout_keeps_fragments();

}  // namespace weir
