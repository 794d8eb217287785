// A FakeRouter that has bridges too: br10 with spanning tree, IGMP snooping and a frozen station,
// br20 with nothing of it.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/unit/api/fake_router.hpp"

namespace weir::test {

class FakeSwitch : public FakeRouter {
 public:
  std::vector<control::InterfaceStatus> interfaces() override {
    const Handover handover(*this);
    return {vlan(),          bridge_interface("br10"), lan("lan2", "br20"),
            lan("lan0", ""), lan("lan1", "br10"),      bridge_interface("br20")};
  }

  std::vector<control::BridgeStatus> bridges() override {
    const Handover handover(*this);
    control::BridgeStatus plain;
    plain.name = "br20";
    plain.mac = mac("02:00:5e:10:00:14");
    plain.mtu = 1500;
    plain.stations = 1;
    plain.max_stations = 1024;
    plain.ageing_seconds = 0;
    plain.members = {member("lan2", "forwarding", "")};
    plain.members[0].learning = false;
    return {br10(), plain};
  }

  control::StationPage stations(const control::StationFilter& filter,
                                std::optional<std::pair<std::string, MacAddress>> after,
                                std::size_t limit) override {
    const Handover handover(*this);
    asked = filter;
    control::StationPage page;
    for (const control::StationStatus& station : all_stations()) {
      if (!matches(station, filter)) continue;
      ++page.total;
      if (after && std::pair(station.bridge, station.mac) <= *after) continue;
      if (page.stations.size() < limit) page.stations.push_back(station);
    }
    return page;
  }

  std::size_t flush_stations(const control::StationFilter& filter) override {
    const Handover handover(*this);
    flushes.push_back(filter);
    return filter.mac ? 1 : 3;
  }

  std::vector<control::MulticastGroupStatus> multicast_groups() override {
    const Handover handover(*this);
    return {{"br10", ip("239.1.1.10"), {{"lan1", 250, 2}}},
            {"br10", ip("239.1.1.2"), {{"lan0.10", 244.5, 3}, {"lan1", 12, 2}}}};
  }

  std::vector<control::MirrorStatus> mirrors() override {
    const Handover handover(*this);
    return {{"lan0.10", "both", "lan3", 1'234'567, 98'765'432, 12, ""},
            {"br10", "in", "/var/tmp/br10.pcapng", 1000, 1'000'000, 0, "file is full (1M)"}};
  }

  control::StationFilter asked;                 // by the last call of stations()
  std::vector<control::StationFilter> flushes;  // all that were asked for
  std::size_t many_stations = 0;                // when set: so many learnt ones on br10

 private:
  static control::InterfaceStatus lan(const char* name, const char* bridge) {
    control::InterfaceStatus port;
    port.name = name;
    port.driver = "net_ixgbe";
    port.device = std::string("0000:8a:00.") + name[3];
    port.mac = mac("00:1b:21:00:00:01");
    port.mac.bytes[5] = static_cast<std::uint8_t>(name[3] - '0');
    port.mtu = 1500;
    port.link_up = true;
    port.speed_mbps = 10'000;
    port.rx_queues = port.tx_queues = 1;
    port.checksum_offload = true;
    port.bridge = bridge;
    port.promiscuous = *bridge != '\0';
    port.mac_filter = port.promiscuous ? "promiscuous" : "hardware";
    port.multicast_filter = port.promiscuous ? "promiscuous" : "list";
    port.promiscuous_why = port.promiscuous ? "bridge" : "";
    port.vlan_tags = "software";
    port.arp_queue_why = "the port has no receive queue to spare";
    if (name[3] == '2') {
      port.arp_queue = 1;
      port.arp_queue_why = "";
    }
    port.rx_packets = 52'000;
    port.rx_bytes = 61'000'000;
    port.tx_packets = 1234;
    port.tx_bytes = 99'000;
    port.rx_errors = 1500;
    return port;
  }

  static control::InterfaceStatus vlan() {
    control::InterfaceStatus vlan = lan("lan0", "br10");
    vlan.name = "lan0.10";
    vlan.driver = vlan.device = "";
    vlan.kind = "vlan";
    vlan.link = "lan0";
    vlan.zone = "public";
    vlan.vlan_ids = {100, 10};
    vlan.mac_filter = vlan.multicast_filter = vlan.promiscuous_why = vlan.vlan_tags = "";
    vlan.arp_queue_why = "";
    vlan.promiscuous = false;
    return vlan;
  }

  static control::InterfaceStatus bridge_interface(const char* name) {
    control::InterfaceStatus bridge;
    bridge.name = name;
    bridge.kind = "bridge";
    bridge.mac = mac("02:00:5e:10:00:0a");
    bridge.mtu = 1500;
    bridge.link_up = true;
    if (bridge.name == "br10") bridge.addresses = {on("10.0.10.1/24")};
    return bridge;
  }

  static control::BridgeMemberStatus member(const char* name, const char* state, const char* role) {
    control::BridgeMemberStatus member;
    member.interface = name;
    member.state = state;
    member.role = role;
    member.path_cost = 2000;
    member.stations = 2;
    member.max_stations = 4096;
    member.rx_unicast = 50'000;
    member.rx_multicast = 1500;
    member.rx_broadcast = 500;
    member.flooded = 2100;
    return member;
  }

  static control::BridgeStatus br10() {
    control::BridgeStatus bridge;
    bridge.name = "br10";
    bridge.mac = mac("02:00:5e:10:00:0a");
    bridge.mtu = 1500;
    bridge.addresses = {on("10.0.10.1/24")};
    bridge.stations = 5;
    bridge.statics = bridge.pinned = bridge.frozen = 1;
    bridge.freezes = 1;
    bridge.max_stations = 16384;
    bridge.learnt = 1234;
    bridge.moves = 7;
    bridge.aged = 1200;
    bridge.spanning_tree = {"8000.02005e10000a", "1000.001b21000099", "lan1", 2000, 3, 754};
    bridge.igmp_snooping = true;
    bridge.igmp_querier = "10.0.10.254";
    bridge.members = {member("lan0.10", "discarding", "alternate"),
                      member("lan1", "forwarding", "root")};
    bridge.members[0].isolated = true;
    bridge.members[0].split_horizon = 2;
    bridge.members[0].storm_broadcast = 42;
    bridge.members[0].storm_unknown_unicast = 1700;
    bridge.members[1].multicast_router = true;
    return bridge;
  }

  static control::StationStatus station(const char* address, const char* bridge,
                                        const char* interface, const char* type) {
    control::StationStatus station;
    station.mac = mac(address);
    station.bridge = bridge;
    station.interface = interface;
    station.type = type;
    if (station.interface == "lan0.10") station.vlan_ids = {100, 10};
    if (station.type == "learnt") {
      station.age_seconds = 12;
      station.expires_seconds = 288;
    }
    return station;
  }

  std::vector<control::StationStatus> all_stations() const {
    if (many_stations > 0) return generated();
    auto pinned = station("00:1b:21:00:00:10", "br10", "lan0.10", "learnt");
    pinned.pinned = pinned.two_way = true;
    pinned.expires_seconds = -1;
    auto frozen = station("02:00:00:00:00:20", "br10", "lan1", "learnt");
    frozen.frozen = true;
    frozen.also_on = "lan0.10";
    frozen.frozen_seconds = 252;
    frozen.moves = 5;
    frozen.expires_seconds = -1;
    return {pinned,
            station("00:50:c2:00:1f:ff", "br10", "lan1", "learnt"),
            frozen,
            station("02:00:5e:10:00:0a", "br10", "br10", "own"),
            station("02:00:5e:10:00:10", "br10", "lan1", "static"),
            station("00:50:c2:00:1f:ff", "br20", "lan2", "learnt")};
  }

  std::vector<control::StationStatus> generated() const {
    std::vector<control::StationStatus> stations;
    for (std::size_t i = 0; i < many_stations; ++i) {
      stations.push_back(station("02:00:00:00:00:00", "br10", "lan1", "learnt"));
      stations.back().mac.bytes[4] = static_cast<std::uint8_t>(i >> 8);
      stations.back().mac.bytes[5] = static_cast<std::uint8_t>(i);
    }
    return stations;
  }

  static bool matches(const control::StationStatus& station, const control::StationFilter& filter) {
    const auto& ids = station.vlan_ids;
    return (filter.bridge.empty() || station.bridge == filter.bridge) &&
           (filter.interface.empty() || station.interface == filter.interface) &&
           (!filter.vlan || std::find(ids.begin(), ids.end(), *filter.vlan) != ids.end()) &&
           (!filter.mac || station.mac == *filter.mac);
  }
};

}  // namespace weir::test
