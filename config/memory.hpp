// What the packet buffers of a configuration take, as the data plane makes them.
#pragma once

#include <cstdint>

#include "config/limits.hpp"
#include "config/model.hpp"

namespace weir::config {

/// Bytes of one packet buffer: all pools have room for the largest frame of any port, behind it are
/// headroom, mbuf, object header and trailer. 2,560 unless a port has jumbo frames.
std::uint64_t packet_bytes(const Config& config);

/// Packet buffers of the pools besides `memory.packets`: the control plane's, those that wait for
/// neighbours, and copies for mirrors that write files.
std::uint64_t other_packets(const Config& config);

/// Packet buffers that can lie in the queues of ports: those of NICs, and of Linux interfaces that
/// are taken by AF_XDP for sure. AF_PACKET's driver copies, and leaves none in a queue; `method:
/// auto` takes AF_XDP only where there is memory for it.
struct QueuedPackets {
  std::uint64_t nics = 0, xdp_ports = 0;  // ports that have such queues
  std::uint64_t packets = 0;
};
/// `descriptors`: of each queue of a NIC but ARP's.
QueuedPackets queued_packets(const Config& config,
                             std::uint64_t descriptors = limits::kDescriptors);

/// Packet buffers in the caches of workers and the control thread.
std::uint64_t cached_packets(const Config& config);

/// Descriptors of each queue of a NIC: kDescriptors, or so many fewer (a power of two,
/// kLeastDescriptors at least) that `memory.packets` are enough for all queues and caches. A pool
/// that lies in queues as a whole forwards nothing any more, for good: a transmit queue lets go of
/// what it has sent when it sends again.
std::uint16_t ring_descriptors(const Config& config);

}  // namespace weir::config
