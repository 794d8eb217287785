// stage_cycles [Google Benchmark options]: what each stage costs, in TSC cycles a packet, in bursts
// of 64 over 1,024 different 64-byte frames, as the tests of the stages make them. No EAL: packets
// lie in heap memory. The whole loop with its ports is pipeline_forward's.
#include <benchmark/benchmark.h>

#include <memory>
#include <random>
#include <vector>

#include "bench/cycle_meter.hpp"
#include "dataplane/stage/arp_guard.hpp"
#include "dataplane/stage/ethernet_input.hpp"
#include "dataplane/stage/ip_lookup.hpp"
#include "dataplane/stage/ip_rewrite.hpp"
#include "dataplane/stage/ipv4_options.hpp"
#include "dataplane/stage/ipv4_validate.hpp"
#include "tests/unit/dataplane/packets.hpp"
#include "tests/unit/dataplane/tables.hpp"

namespace weir::bench {
namespace {

using namespace weir::test;

constexpr unsigned kBursts = 16;

/// Interface 0 (us) and 1 with a /24 of resolved hosts, 256 routes, and a group.
class Router {
 public:
  Router() {
    block_ = tables_.connect({Ipv4Address{10, 0, 1, 0}, 24});
    for (std::uint32_t host = 1; host < 255; ++host)
      tables_.adjacencies().store(
          block_ + host,
          Adjacency::forward(1, {{2, 0, 0, 0, 1, static_cast<std::uint8_t>(host)}}, kOwnMac));
    for (std::uint32_t i = 0; i < 256; ++i)
      tables_.route({Ipv4Address{0xc6120000 + i * 256}, 24}, {block_ + 1 + i % 8, 0});
    const std::uint32_t group = *tables_.groups().allocate();
    tables_.groups().set_members(group, {{block_ + 1, 0}, {block_ + 2, 0}, {block_ + 3, 0}});
    tables_.route({Ipv4Address{192, 0, 2, 0}, 24}, {tables_.verdict(Egress::group, group), 0});
    snapshot_.tables = tables_.tables();
    for (InterfaceId id = 0; id < 2; ++id)
      snapshot_.interfaces.push_back({.id = id, .mac = kOwnMac});
    snapshot_.interfaces[0].addresses = {{0x0a000101, 0xffffff00, block_}};
  }
  const Snapshot& snapshot() const { return snapshot_; }
  const Interface& interface() const { return snapshot_.interfaces[0]; }
  const AdjacencyTable& adjacencies() { return tables_.adjacencies(); }

 private:
  LocalTables tables_;
  AdjacencyIndex block_ = 0;
  Snapshot snapshot_;
};

Router& router() {
  static Router instance;
  return instance;
}

enum class Traffic { gateways, hosts, group, options, one_in_eight_dropped };

Bytes frame_of(Traffic traffic, std::mt19937& random) {
  Ipv4Packet packet{
      .source = Ipv4Address{0x0a000001 + static_cast<std::uint32_t>(random() % 0xfffff)},
      .destination = Ipv4Address{0xc6120000 + static_cast<std::uint32_t>(random() % 65536)}};
  if (traffic == Traffic::hosts)
    packet.destination = Ipv4Address{0x0a000101 + static_cast<std::uint32_t>(random() % 253)};
  if (traffic == Traffic::group) packet.destination = Ipv4Address{192, 0, 2, 7};
  if (traffic == Traffic::options) packet.options = {148, 4, 0, 0};
  if (traffic == Traffic::one_in_eight_dropped && random() % 8 == 0) packet.to_mac = kHostMac;
  return udp(packet, static_cast<std::uint16_t>(random()), 9).frame();
}

/// Bursts that went through all stages once, so that each can be run again by itself.
struct Bursts {
  std::vector<Packets> packets{kBursts};
  std::vector<std::unique_ptr<Burst>> bursts;
  std::vector<Lane> ipv4, onward;

  explicit Bursts(Traffic traffic) {
    std::mt19937 random(1);
    for (Packets& each : packets) {
      for (unsigned i = 0; i < Burst::kSize; ++i) each.add(frame_of(traffic, random));
      bursts.push_back(std::make_unique<Burst>());
      Burst& burst = *bursts.back();
      each.receive(burst);
      ipv4.push_back(ethernet_input(burst, router().interface()).ipv4);
      const Ipv4Validate ip = ipv4_validate(burst, ipv4.back(), false);
      onward.push_back(ip_lookup(burst, ip.plain | ip.options, router().snapshot().tables).forward);
    }
  }
};

template <class Stage>
void measure(benchmark::State& state, Traffic traffic, const Stage& stage) {
  Bursts all(traffic);
  const CycleMeter meter;
  for ([[maybe_unused]] auto _ : state)
    for (unsigned i = 0; i < kBursts; ++i) benchmark::DoNotOptimize(stage(all, *all.bursts[i], i));
  meter.stop(state, kBursts * Burst::kSize);
}

void ethernet(benchmark::State& state, Traffic traffic) {
  measure(state, traffic, [](Bursts&, Burst& burst, unsigned) {
    return ethernet_input(burst, router().interface());
  });
}
void validate(benchmark::State& state, Traffic traffic) {
  measure(state, traffic, [](Bursts& all, Burst& burst, unsigned i) {
    return ipv4_validate(burst, all.ipv4[i], false);
  });
}
void lookup(benchmark::State& state, Traffic traffic) {
  measure(state, traffic, [](Bursts& all, Burst& burst, unsigned i) {
    return ip_lookup(burst, all.ipv4[i], router().snapshot().tables);
  });
}
/// Writes what it wrote before: the hop is spent from the word beside the burst.
void rewrite(benchmark::State& state, Traffic traffic) {
  measure(state, traffic, [](Bursts& all, Burst& burst, unsigned i) {
    return ip_rewrite(burst, all.onward[i], router().snapshot());
  });
}
void options(benchmark::State& state) {
  measure(state, Traffic::options, [](Bursts& all, Burst& burst, unsigned i) {
    unsigned forward = 0;
    all.ipv4[i].for_each([&](unsigned k) {
      forward += process_options(burst.ipv4(k), 0x0a000101) == OptionsVerdict::forward;
    });
    return forward;
  });
}
void hash(benchmark::State& state) {
  measure(state, Traffic::gateways, [](Bursts&, Burst& burst, unsigned) {
    std::uint32_t sum = 0;
    for (unsigned k = 0; k < burst.size; ++k) sum += flow_hash(burst.ipv4(k), burst.ip_length[k]);
    return sum;
  });
}

void arp(benchmark::State& state, Ipv4Address target) {
  std::vector<wire::Arp> requests;
  for (std::uint32_t i = 0; i < 1024; ++i)
    requests.push_back(
        ArpPacket{.sender = Ipv4Address{0x0a000102 + i % 200}, .target = target}.body());
  const CycleMeter meter;
  for ([[maybe_unused]] auto _ : state)
    for (const wire::Arp& request : requests)
      benchmark::DoNotOptimize(
          judge_arp(request, kHostMac, router().interface(), router().adjacencies()));
  meter.stop(state, static_cast<double>(requests.size()));
}

BENCHMARK_CAPTURE(ethernet, all_to_us, Traffic::gateways);
BENCHMARK_CAPTURE(ethernet, one_in_eight_not, Traffic::one_in_eight_dropped);
BENCHMARK_CAPTURE(validate, plain, Traffic::gateways);
BENCHMARK_CAPTURE(validate, options, Traffic::options);
BENCHMARK_CAPTURE(lookup, gateways, Traffic::gateways);
BENCHMARK_CAPTURE(lookup, connected_hosts, Traffic::hosts);
BENCHMARK_CAPTURE(lookup, group, Traffic::group);
BENCHMARK_CAPTURE(rewrite, all, Traffic::gateways);
BENCHMARK_CAPTURE(rewrite, seven_in_eight, Traffic::one_in_eight_dropped);
BENCHMARK(options);
BENCHMARK(hash);
BENCHMARK_CAPTURE(arp, for_us, Ipv4Address{10, 0, 1, 1});
BENCHMARK_CAPTURE(arp, for_others, Ipv4Address{10, 0, 1, 77});

}  // namespace
}  // namespace weir::bench

BENCHMARK_MAIN();
