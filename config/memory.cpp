#include "config/memory.hpp"

#include <algorithm>

#include "config/limits.hpp"

namespace weir::config {
namespace {

constexpr std::uint64_t kUsualFrame = 2048;
// What stands before and behind the frame, with some to spare.
constexpr std::uint64_t kAround = limits::kPacketBytes - kUsualFrame;

std::uint64_t frame_bytes(const Ethernet& ethernet) {
  // Linux interfaces have frames of two sizes only (controlplane/port_requests.cpp).
  if (std::holds_alternative<LinuxMatch>(ethernet.match)) {
    return ethernet.mtu > limits::kUsualMtu ? limits::kJumboFrame : kUsualFrame;
  }
  // Ethernet header, two tags and virtio's own header, in whole cache lines (dataplane.cpp).
  return (ethernet.mtu + 14u + 8u + 12u + 63u) & ~63u;
}

}  // namespace

std::uint64_t packet_bytes(const Config& config) {
  std::uint64_t frame = kUsualFrame;
  for (const Ethernet& ethernet : config.ethernets) {
    frame = std::max(frame, frame_bytes(ethernet));
  }
  return frame + kAround;
}

std::uint64_t other_packets(const Config& config) {
  const bool copies = std::any_of(config.mirrors.begin(), config.mirrors.end(),
                                  [](const Mirror& mirror) { return !mirror.file.empty(); });
  return std::uint64_t{config.neighbors.hold_total} + limits::kControlPackets +
         (copies ? limits::kMirrorPackets : 0);
}

QueuedPackets queued_packets(const Config& config, std::uint64_t descriptors) {
  const std::uint64_t workers = config.system.worker_cores.size();
  QueuedPackets queued;
  for (const Ethernet& ethernet : config.ethernets) {
    if (std::holds_alternative<PciMatch>(ethernet.match)) {
      ++queued.nics;
      const std::uint64_t receive = ethernet.queues != 0 ? ethernet.queues : workers;
      queued.packets += (receive + workers) * descriptors;
      if (ethernet.arp_queue) queued.packets += limits::kArpDescriptors;
    }
    const auto* host = std::get_if<LinuxMatch>(&ethernet.match);
    if (host != nullptr && host->method == LinuxMatch::Method::af_xdp) {
      ++queued.xdp_ports;
      queued.packets += 2 * limits::kXdpDescriptors;  // one queue each way, whatever `queues` says
    }
  }
  return queued;
}

std::uint64_t cached_packets(const Config& config) {
  return (config.system.worker_cores.size() + 1) * limits::kCachedPackets;
}

std::uint16_t ring_descriptors(const Config& config) {
  std::uint64_t descriptors = limits::kDescriptors;
  if (queued_packets(config).nics == 0) return limits::kDescriptors;
  while (descriptors > limits::kLeastDescriptors &&
         queued_packets(config, descriptors).packets + cached_packets(config) >
             config.system.memory.packets)
    descriptors /= 2;
  return static_cast<std::uint16_t>(descriptors);
}

}  // namespace weir::config
