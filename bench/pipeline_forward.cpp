// pipeline_forward [SECONDS [PACKETS_IN_FILE [ROUTES]]]: one worker, routed IPv4, the control plane
// left out: net_pcap,infinite_rx=1 -> net_null,no-rx=1. Prints Mpps and TSC cycles a packet of
// thread CPU time. The whole router is measured by bench/throughput; this is for finding where
// cycles go. More than 256 routes: prefixes with the Internet's lengths, destinations from
// everywhere.
#include <fmt/format.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "bench/internet_table.hpp"
#include "dataplane/net/checksum.hpp"
#include "dataplane/worker/dataplane.hpp"

namespace weir {
namespace {

const MacAddress kOwn{{2, 0, 0, 0, 0, 1}};

/// 64-byte frames (60 without FCS) from 10.0.0.0/8 to 198.18.0.0/16.
void write_pcap(const std::string& path, unsigned count, bool everywhere) {
  std::ofstream file(path, std::ios::binary);
  const std::uint32_t header[] = {0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1};
  file.write(reinterpret_cast<const char*>(header), sizeof header);
  std::mt19937 random(1);
  const auto destinations = bench::random_destinations(count, 2);
  for (unsigned i = 0; i < count; ++i) {
    std::uint8_t frame[60] = {};
    auto& ethernet = *reinterpret_cast<wire::Ethernet*>(frame);
    auto& ip = *reinterpret_cast<wire::Ipv4*>(frame + sizeof ethernet);
    auto& udp = *reinterpret_cast<wire::Udp*>(frame + sizeof ethernet + sizeof ip);
    ethernet = {kOwn, MacAddress{{2, 0, 0, 0, 0, 0x99}}, Be16{wire::ether_type::kIpv4}};
    ip.version_ihl = 0x45;
    ip.total_length.set(46);
    ip.ttl = 64;
    ip.protocol = wire::ip_protocol::kUdp;
    ip.source.set(0x0a000001 + static_cast<std::uint32_t>(random() % 0xfffff));
    ip.destination.set(everywhere ? destinations[i]
                                  : 0xc6120000 + static_cast<std::uint32_t>(random() % 65536));
    ip.checksum.set_raw(checksum::compute({frame + sizeof ethernet, sizeof ip}));
    udp.source_port.set(static_cast<std::uint16_t>(1024 + i));
    udp.destination_port.set(9);
    udp.length.set(26);
    const std::uint32_t record[] = {0, 0, sizeof frame, sizeof frame};
    file.write(reinterpret_cast<const char*>(record), sizeof record);
    file.write(reinterpret_cast<const char*>(frame), sizeof frame);
  }
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
    snapshot->interfaces.push_back({.id = id, .port = dataplane.ports()[id]->id(), .mac = kOwn});
  return snapshot;
}

/// CPU time of the process: the worker's, for nobody else does anything.
double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

int run(double seconds, unsigned packets, unsigned routes) {
  const std::string path = fmt::format("/tmp/weir-pipeline-{}.pcap", getpid());
  write_pcap(path, packets, routes > 256);
  DataplaneOptions options;
  options.eal.control_cores = {0};
  options.eal.worker_cores = {1};
  if (const char* huge = std::getenv("WEIR_HUGE"))
    options.eal.hugepage_bytes = std::stoull(huge) << 20;
  options.eal.extra = {"--no-telemetry", fmt::format("--file-prefix=pipeline{}", getpid())};
  options.packets = 16384 + packets;
  options.sleep_when_idle = false;
  options.ports = {
      {.name = "in", .devargs = "net_pcap0,rx_pcap=" + path + ",infinite_rx=1", .mac = kOwn},
      {.name = "out", .devargs = "net_null1,no-rx=1"}};
  Dataplane dataplane(options);
  dataplane.publish(make_tables(dataplane, routes));
  dataplane.start();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const auto sent = [&] {
    return dataplane.workers()[0]->counters().interface[1].tx_packets.get();
  };
  std::vector<double> rates;
  for (int i = 0; i < 7; ++i) {
    const std::uint64_t before = sent();
    const double start = cpu_seconds();
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds / 7));
    const auto packets_sent = static_cast<double>(sent() - before);
    rates.push_back((cpu_seconds() - start) * static_cast<double>(dataplane.ticks_per_second()) /
                    packets_sent);
  }
  std::sort(rates.begin(), rates.end());
  fmt::print("{:.2f} cycles a packet (best {:.2f}), {:.2f} Mpps, {} dropped\n", rates[3], rates[0],
             static_cast<double>(dataplane.ticks_per_second()) / rates[3] / 1e6,
             dataplane.workers()[0]->counters().dropped());
  dataplane.stop();
  std::remove(path.c_str());
  return 0;
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  return weir::run(argc > 1 ? std::atof(argv[1]) : 3,
                   argc > 2 ? static_cast<unsigned>(std::atoi(argv[2])) : 4096,
                   argc > 3 ? static_cast<unsigned>(std::atoi(argv[3])) : 256);
}
