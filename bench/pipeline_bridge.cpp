// pipeline_bridge [SECONDS [STATIONS [PACKETS_IN_FILE [MEMBERS [broadcast|unicast]]]]]: one worker
// that bridges, the control plane left out. Half of the stations send to the other half; or all
// send broadcasts, to MEMBERS other members, without storm control. Prints TSC cycles a packet of
// thread CPU time; the whole router is measured by bench/throughput.
#include <cstdlib>
#include <memory>
#include <random>
#include <string_view>

#include "bench/one_worker.hpp"

namespace weir {
namespace {

const MacAddress kOwn{{2, 0, 0, 0, 0, 1}};

MacAddress station(std::uint32_t i) {
  return {{2, 0x10, static_cast<std::uint8_t>(i >> 24), static_cast<std::uint8_t>(i >> 16),
           static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)}};
}

bench::PcapFile make_input(unsigned count, unsigned stations, bool broadcast) {
  std::mt19937 random(1);
  return {count, [&](unsigned, std::uint8_t* frame) {
            auto& ethernet = *reinterpret_cast<wire::Ethernet*>(frame);
            const auto half = static_cast<std::uint32_t>(stations / 2);
            ethernet.source = station(static_cast<std::uint32_t>(random()) % half);
            ethernet.destination =
                broadcast ? MacAddress::broadcast()
                          : station(half + static_cast<std::uint32_t>(random()) % half);
            ethernet.type.set(wire::ether_type::kIpv4);
          }};
}

std::unique_ptr<const Snapshot> make_bridge(Dataplane& dataplane, unsigned stations,
                                            unsigned members) {
  for (std::uint32_t i = 0; i < stations; ++i)
    dataplane.fdb()->insert(station_key(1, station(i)), FdbWhere::station(i >= stations / 2), 0);
  auto snapshot = std::make_unique<Snapshot>();
  snapshot->tables = dataplane.tables();
  snapshot->bridges.resize(2);
  Bridge& bridge = snapshot->bridges[1];
  bridge.id = 1;
  bridge.interface = static_cast<InterfaceId>(members + 1);
  const MemberSet all = (MemberSet{1} << (members + 1)) - 1;
  bridge.flooding = bridge.unregistered = all;
  for (InterfaceId id = 0; id <= members; ++id) {
    snapshot->interfaces.push_back({.id = id,
                                    .port = dataplane.ports()[id]->number(),
                                    .mac = kOwn,
                                    .switched = true,
                                    .carrier = id,
                                    .bridge = 1,
                                    .member = static_cast<std::uint8_t>(id)});
    bridge.members.push_back({.interface = id, .reachable = all & ~member_bit(id)});
  }
  snapshot->interfaces.push_back(
      {.id = bridge.interface, .mac = kOwn, .kind = InterfaceKind::bridge, .bridge = 1});
  return snapshot;
}

int run(double seconds, unsigned stations, unsigned packets, unsigned members, bool broadcast) {
  const bench::PcapFile input = make_input(packets, stations, broadcast);
  DataplaneOptions options = bench::one_worker(input, packets, members, kOwn);
  options.stations = stations;
  options.fdb_key = 0x9e3779b97f4a7c15;
  Dataplane dataplane(options);
  dataplane.publish(make_bridge(dataplane, stations, members));
  bench::measure(dataplane, seconds);
  return 0;
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  const auto number = [&](int i, unsigned otherwise) {
    return argc > i ? static_cast<unsigned>(std::atoi(argv[i])) : otherwise;
  };
  return weir::run(argc > 1 ? std::atof(argv[1]) : 3, number(2, 2000), number(3, 4096),
                   number(4, 1), argc > 5 && std::string_view(argv[5]) == "broadcast");
}
