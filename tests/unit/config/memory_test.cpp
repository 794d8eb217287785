#include "config/memory.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "config/limits.hpp"

namespace weir::config {
namespace {

Ethernet port(PortMatch match, std::uint16_t mtu) {
  Ethernet ethernet;
  ethernet.match = std::move(match);
  ethernet.mtu = mtu;
  return ethernet;
}

TEST(Memory, ABufferHoldsTheLargestFrameOfAnyPort) {
  Config config;
  EXPECT_EQ(packet_bytes(config), limits::kPacketBytes);
  config.ethernets = {port(PciMatch{"0000:01:00.0"}, 1500), port(LinuxMatch{"e0"}, 1900)};
  EXPECT_EQ(packet_bytes(config), limits::kPacketBytes);
  config.ethernets[0].mtu = 9000;  // 9,034 bytes of frame in whole cache lines
  EXPECT_EQ(packet_bytes(config), 9088u + 512u);
  config.ethernets[1].mtu = 1901;  // the larger of two sizes
  EXPECT_EQ(packet_bytes(config), 10240u + 512u);
}

TEST(Memory, OtherPoolsHoldPacketsThatWaitAndCopies) {
  Config config;
  config.neighbors.hold_total = 100;
  EXPECT_EQ(other_packets(config), 8192u + 100u);
  config.mirrors.resize(1);
  config.mirrors[0].to = std::string("lan0");
  EXPECT_EQ(other_packets(config), 8192u + 100u);
  config.mirrors.resize(2);
  config.mirrors[1].file = std::string("/var/tmp/a.pcapng");
  EXPECT_EQ(other_packets(config), 8192u + 100u + 16384u);
}

TEST(Memory, QueuesOfNicsAndOfAfXdpHoldPackets) {
  Config config;
  config.system.worker_cores = {1, 2};
  config.ethernets = {port(LinuxMatch{"e0"}, 1500),
                      port(LinuxMatch{"e1", LinuxMatch::Method::af_packet}, 1500),
                      port(VdevMatch{"net_null0"}, 1500)};
  EXPECT_EQ(queued_packets(config).packets, 0u);
  config.ethernets.push_back(port(LinuxMatch{"e2", LinuxMatch::Method::af_xdp}, 1500));
  EXPECT_EQ(queued_packets(config).packets, 4096u);
  EXPECT_EQ(queued_packets(config).xdp_ports, 1u);
  config.ethernets.push_back(port(PciMatch{"0000:01:00.0"}, 1500));
  EXPECT_EQ(queued_packets(config).packets, 4096u + 4 * 1024u + 256u);
  config.ethernets.back().queues = 1;
  config.ethernets.back().arp_queue = false;
  EXPECT_EQ(queued_packets(config).packets, 4096u + 3 * 1024u);
  EXPECT_EQ(queued_packets(config).nics, 1u);
}

TEST(Memory, QueuesAreAsLongAsThePoolAllows) {
  Config config;
  config.system.worker_cores = {1};
  for (int i = 0; i < 8; ++i) config.ethernets.push_back(port(PciMatch{"0000:01:00.0"}, 1500));
  for (Ethernet& ethernet : config.ethernets) ethernet.arp_queue = false;
  // 16 queues, and caches of 2 * 768.
  for (const auto& [packets, descriptors] : {std::pair{17920u, 1024u},
                                             {17919u, 512u},
                                             {9728u, 512u},
                                             {9727u, 256u},
                                             {3584u, 128u},
                                             {1024u, 128u}}) {
    config.system.memory.packets = packets;
    EXPECT_EQ(ring_descriptors(config), descriptors) << packets;
  }
  config.ethernets.clear();
  EXPECT_EQ(ring_descriptors(config), 1024u);
}

}  // namespace
}  // namespace weir::config
