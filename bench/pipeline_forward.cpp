// pipeline_forward [SECONDS [PACKETS_IN_FILE [ROUTES]]]: one worker, routed IPv4, the control plane
// left out: net_pcap,infinite_rx=1 -> net_null,no-rx=1. Prints Mpps and TSC cycles a packet of
// thread CPU time. The whole router is measured by bench/throughput; this is for finding where
// cycles go. More than 256 routes: prefixes with the Internet's lengths, destinations from
// everywhere.
#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

#include "bench/internet_table.hpp"
#include "bench/one_worker.hpp"
#include "dataplane/net/checksum.hpp"
#include "dataplane/worker/dataplane.hpp"

namespace weir {
namespace {

const MacAddress kOwn{{2, 0, 0, 0, 0, 1}};

/// 64-byte frames (60 without FCS) from 10.0.0.0/8 to 198.18.0.0/16.
bench::PcapFile make_input(unsigned count, bool everywhere) {
  std::mt19937 random(1);
  const auto destinations = bench::random_destinations(count, 2);
  return {count, [&](unsigned i, std::uint8_t* frame) {
            auto& ethernet = *reinterpret_cast<wire::Ethernet*>(frame);
            auto& ip = *reinterpret_cast<wire::Ipv4*>(frame + sizeof ethernet);
            auto& udp = *reinterpret_cast<wire::Udp*>(frame + sizeof ethernet + sizeof ip);
            ethernet = {kOwn, MacAddress{{2, 0, 0, 0, 0, 0x99}}, Be16{wire::ether_type::kIpv4}};
            ip.version_ihl = 0x45;
            ip.total_length.set(46);
            ip.ttl = 64;
            ip.protocol = wire::ip_protocol::kUdp;
            ip.source.set(0x0a000001 + static_cast<std::uint32_t>(random() % 0xfffff));
            ip.destination.set(everywhere
                                   ? destinations[i]
                                   : 0xc6120000 + static_cast<std::uint32_t>(random() % 65536));
            ip.checksum.set_raw(checksum::compute({frame + sizeof ethernet, sizeof ip}));
            udp.source_port.set(static_cast<std::uint16_t>(1024 + i));
            udp.destination_port.set(9);
            udp.length.set(26);
          }};
}

/// 256 /24 routes, or more of all lengths, over eight gateways on interface 1.
std::unique_ptr<const Snapshot> make_tables(Dataplane& dataplane, unsigned routes) {
  const auto block = *dataplane.adjacencies().allocate(256);
  std::vector<NextHopId> gateways;
  for (std::uint32_t i = 1; i <= 8; ++i) {
    const MacAddress mac{{2, 0, 0, 0, 1, static_cast<std::uint8_t>(i)}};
    dataplane.adjacencies().store(block + i, Adjacency::forward(1, mac, kOwn));
    gateways.push_back(*dataplane.next_hops().allocate({block + i, 0}));
  }
  for (std::uint32_t i = 0; i < 256; ++i)
    dataplane.fib().add({Ipv4Address{0xc6120000 + i * 256}, 24}, gateways[i % 8]);
  if (routes > 256) {
    for (const std::uint32_t half : {0u, 0x80000000u})  // what no other prefix covers
      dataplane.fib().add({Ipv4Address{half}, 1}, gateways[0]);
    std::size_t i = 0;
    for (const Ipv4Prefix& prefix : bench::internet_table(routes, 1))
      dataplane.fib().add(prefix, gateways[i++ % 8]);
  }
  auto snapshot = std::make_unique<Snapshot>();
  snapshot->tables = dataplane.tables();
  for (InterfaceId id = 0; id < 2; ++id)
    snapshot->interfaces.push_back(
        {.id = id, .port = dataplane.ports()[id]->number(), .mac = kOwn});
  return snapshot;
}

int run(double seconds, unsigned packets, unsigned routes) {
  const bench::PcapFile input = make_input(packets, routes > 256);
  Dataplane dataplane(bench::one_worker(input, packets, 1, kOwn));
  dataplane.publish(make_tables(dataplane, routes));
  bench::measure(dataplane, seconds);
  return 0;
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  return weir::run(argc > 1 ? std::atof(argv[1]) : 3,
                   argc > 2 ? static_cast<unsigned>(std::atoi(argv[2])) : 4096,
                   argc > 3 ? static_cast<unsigned>(std::atoi(argv[3])) : 256);
}
