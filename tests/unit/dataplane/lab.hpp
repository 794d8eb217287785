// A router with three interfaces whose cables end in the test: the whole data plane on virtual
// devices, driven round by round.
//
//   10.0.0.9, kHostMac ---lan (10.0.0.1/24)  [router]  wan (10.0.1.1/24)--- gateways .2 and .3
//                                                      narrow (10.0.2.1/24, MTU 576)--- gateway .2
//
// A ring port gives back what is sent to it. So each interface is two of them: one that the worker
// sends to, and one that it receives from; those sent to are polled first, while they are empty.
#pragma once

#include <fmt/format.h>
#include <rte_mempool.h>
#include <rte_ring.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "controlplane/arp_policy.hpp"
#include "controlplane/forwarding.hpp"
#include "dataplane/worker/dataplane.hpp"
#include "tests/unit/dataplane/packets.hpp"

namespace weir::test {

inline constexpr unsigned kCables = 3;
/// Interfaces below these are the sending halves.
inline constexpr InterfaceId kLan = 3, kWan = 4, kNarrow = 5;
inline constexpr const char* kInterfaceNames[] = {"", "", "", "lan", "wan", "narrow"};
inline constexpr std::uint16_t kNarrowMtu = 576;

constexpr MacAddress own_mac(InterfaceId interface) {
  return {{2, 0, 0, 0, 0, static_cast<std::uint8_t>(interface - kLan + 1)}};
}
static_assert(own_mac(kLan) == kOwnMac);
constexpr MacAddress gateway_mac(InterfaceId interface, std::uint8_t host) {
  return {{2, 0, 0, 1, static_cast<std::uint8_t>(interface), host}};
}
constexpr Ipv4Address on_cable(InterfaceId interface, std::uint8_t host) {
  return {10, 0, static_cast<std::uint8_t>(interface - kLan), host};
}

inline control::Target by_gateways(std::vector<control::Target::Hop> hops) {
  control::Target target;
  target.hops = std::move(hops);
  return target;
}
inline control::Target by_verdict(Egress verdict, InterfaceId interface = 0) {
  control::Target target;
  target.verdict = verdict;
  target.interface = interface;
  return target;
}

/// What left on a cable.
struct Sent {
  InterfaceId interface;
  Bytes frame;
  friend bool operator==(const Sent&, const Sent&) = default;
};
/// What reached the control plane.
struct Punted {
  PuntMeta meta;
  Bytes frame;
};

/// What other labs are made of: so many cables, bridges with room for so many stations; `router`:
/// as drawn above. The receiving half of the first cable is the interface after all sending halves.
struct LabShape {
  unsigned cables = kCables;
  std::size_t stations = 0;
  bool router = true;
};

class Lab {
 public:
  explicit Lab(const LabShape& shape = {})
      : cables_(shape.cables),
        first_(static_cast<InterfaceId>(shape.cables)),
        dataplane_(options(shape)),
        forwarding_(dataplane_.fib(), dataplane_.next_hops(), dataplane_.adjacencies(),
                    dataplane_.groups(), dataplane_.quiescence()),
        packets_(rte_mempool_lookup("packets")),
        control_packets_(rte_mempool_lookup("control-packets")) {
    for (unsigned i = 0; i < cables_; ++i) {
      from_worker_.push_back(ring_of(port_name("out", i)));
      to_worker_.push_back(ring_of(port_name("in", i)));
      worker().set_path(static_cast<InterfaceId>(first_ + i), path(i));
    }
    if (!shape.router) return;
    for (InterfaceId id = kLan; id < kLan + kCables; ++id)
      forwarding_.add_interface(id, own_mac(id), {{on_cable(id, 1), 24}});
    dataplane_.publish(routed());
    add_routes();
    add_neighbours();
  }

  Dataplane& dataplane() { return dataplane_; }
  control::Forwarding& forwarding() { return forwarding_; }
  Worker& worker() { return *dataplane_.workers()[0]; }
  const Counters& counters() { return worker().counters(); }
  rte_mempool* packets() { return packets_; }
  /// The way out to a cable.
  TransmitPath path(unsigned cable) { return {.port = &dataplane_.ports()[cable]->transmits()}; }

  /// Puts packets on the cable of `interface`, in front of the worker.
  void arrive(InterfaceId interface, std::span<rte_mbuf* const> packets) {
    if (rte_ring_sp_enqueue_bulk(to_worker_[interface - first_],
                                 reinterpret_cast<void* const*>(packets.data()),
                                 static_cast<unsigned>(packets.size()), nullptr) == 0)
      throw std::runtime_error("the cable is full");
  }
  void arrive(InterfaceId interface, const Bytes& frame) {
    rte_mbuf* const packet = make(frame);
    arrive(interface, {&packet, 1});
  }
  /// Lets frames stand in front of the wire until no more fit; returns how many.
  unsigned clog(InterfaceId interface, const Bytes& frame) {
    unsigned count = 0;
    for (; rte_ring_full(from_worker_[interface - first_]) == 0; ++count)
      rte_ring_sp_enqueue(from_worker_[interface - first_], make(frame));
    return count;
  }
  rte_mbuf* make(const Bytes& frame) {
    rte_mbuf* const packet = rte_pktmbuf_alloc(packets_);
    if (packet == nullptr) throw std::runtime_error("the packet pool is empty");
    auto* const room = rte_pktmbuf_append(packet, static_cast<std::uint16_t>(frame.size()));
    if (room == nullptr) throw std::runtime_error("the frame is longer than a buffer");
    std::copy(frame.begin(), frame.end(), reinterpret_cast<std::uint8_t*>(room));
    return packet;
  }

  /// One round of the worker, a second after the one before unless told otherwise.
  unsigned round() { return round_at(now_ + dataplane_.ticks_per_second()); }
  unsigned round_at(std::uint64_t now) {
    now_ = now;
    return worker().round(now);
  }
  std::uint64_t now() const { return now_; }

  /// Calls `visit(interface, packet)` for each packet sent, and frees it.
  template <class Visit>
  void collect(Visit&& visit) {
    for (unsigned i = 0; i < cables_; ++i) {
      void* packet = nullptr;
      while (rte_ring_sc_dequeue(from_worker_[i], &packet) == 0) {
        auto* const sent = static_cast<rte_mbuf*>(packet);
        visit(static_cast<InterfaceId>(first_ + i), sent);
        rte_pktmbuf_free(sent);
      }
    }
  }
  std::vector<Sent> sent() {
    std::vector<Sent> result;
    collect([&](InterfaceId interface, rte_mbuf* packet) {
      const auto* const data = rte_pktmbuf_mtod(packet, const std::uint8_t*);
      result.push_back({interface, {data, data + packet->data_len}});
    });
    return result;
  }
  std::vector<Punted> punted() {
    std::vector<Punted> result;
    while (const PacketBuffer punt = dataplane_.next_punt()) {
      const auto* const data = rte_pktmbuf_mtod(punt.get(), const std::uint8_t*);
      result.push_back({punt_meta(punt.get()), {data, data + punt->data_len}});
    }
    return result;
  }

  /// Packets that ended since the last call, by "interface reason".
  std::map<std::string, std::uint64_t> drops() {
    std::map<std::string, std::uint64_t> result;
    for (InterfaceId id = 0; id < kMaxInterfaces; ++id) {
      for (std::size_t reason = 0; reason < kDropReasons; ++reason) {
        const std::uint64_t total = counters().interface[id].dropped[reason].get();
        std::uint64_t& before = drops_seen_[id * kDropReasons + reason];
        if (total != before)
          result[std::string(name(static_cast<DropReason>(reason)))] += total - before;
        before = total;
      }
    }
    return result;
  }

  /// Received and made = sent, dropped, consumed and punted; after `sent` and `punted`, every
  /// buffer is back in its pool. Empty when it is so.
  std::string imbalance() {
    std::uint64_t in = counters().generated.get();
    std::uint64_t out =
        counters().consumed.get() + counters().dropped() + counters().handed_off.get();
    for (InterfaceId id = 0; id < kMaxInterfaces; ++id) {
      const InterfaceCounters& each = counters().interface[id];
      // What VLANs and bridges receive and send goes by ports, and is counted there.
      if (id < 2 * cables_) {
        in += each.rx_packets.get();
        out += each.tx_packets.get();
      }
      for (const Counter& punted : each.punted) out += punted.get();
    }
    std::string text;
    if (in + injected_ != out) text += fmt::format("{} in, {} out; ", in + injected_, out);
    if (rte_mempool_avail_count(packets_) != packets_->size)
      text += fmt::format("{} packets not freed; ", rte_mempool_in_use_count(packets_));
    if (rte_mempool_avail_count(control_packets_) != control_packets_->size)
      text += fmt::format("{} punts not freed; ", rte_mempool_in_use_count(control_packets_));
    if (rte_ring_count(worker().inject()) != 0) text += "packets left in the inject ring; ";
    return text;
  }
  /// The control plane sends a frame; or has it routed, as if it had come by `interface`.
  bool inject(InterfaceId interface, const Bytes& frame, bool routed = false) {
    PacketBuffer packet = dataplane_.allocate();
    auto* const room = rte_pktmbuf_append(packet.get(), static_cast<std::uint16_t>(frame.size()));
    std::copy(frame.begin(), frame.end(), reinterpret_cast<std::uint8_t*>(room));
    // The worker's path to the interface stands for the port's own.
    packet->port = interface;
    void* const marked = routed ? mark_routed(packet.get()) : packet.get();
    if (rte_ring_sp_enqueue(worker().inject(), marked) != 0) return false;
    (void)packet.release();
    ++injected_;
    return true;
  }
  void install(Ipv4Prefix prefix, const control::Target& target) {
    if (!forwarding_.install(prefix, target)) throw std::runtime_error("no room for a route");
  }
  /// What workers see of the router.
  std::unique_ptr<Snapshot> routed() {
    auto snapshot = std::make_unique<Snapshot>();
    snapshot->tables = dataplane_.tables();
    snapshot->smallest_mtu = kNarrowMtu;
    snapshot->interfaces.resize(kLan + kCables);
    for (InterfaceId id = kLan; id < kLan + kCables; ++id) {
      Interface& interface = snapshot->interfaces[id];
      interface.id = id;
      interface.mac = own_mac(id);
      interface.mtu = id == kNarrow ? kNarrowMtu : std::uint16_t{1500};
      interface.addresses = forwarding_.own_addresses(id);
      interface.arp =
          control::arp_policy({}, {}, static_cast<double>(dataplane_.ticks_per_second()));
    }
    return snapshot;
  }

 private:
  static std::string port_name(const char* direction, unsigned cable) {
    return fmt::format("net_ring_{}{}", direction, cable);
  }
  static rte_ring* ring_of(const std::string& port) {
    rte_ring* const ring = rte_ring_lookup(fmt::format("ETH_RXTX0_{}", port).c_str());
    if (ring == nullptr) throw std::runtime_error(port + " has no ring");
    return ring;
  }
  static DataplaneOptions options(const LabShape& shape) {
    DataplaneOptions options;
    options.eal.control_cores = {0};
    options.eal.worker_cores = {1};
    options.eal.extra = {"--no-telemetry", "--log-level=error",
                         fmt::format("--file-prefix=weir-lab-{}", getpid())};
    options.packets = 4096;
    options.control_packets = 2048;
    options.stations = shape.stations;
    options.fdb_key = 1;
    for (const char* direction : {"out", "in"})
      for (unsigned i = 0; i < shape.cables; ++i)
        options.ports.push_back({.name = port_name(direction, i),
                                 .devargs = port_name(direction, i),
                                 .device = port_name(direction, i)});
    return options;
  }

  void add_routes() {
    const auto verdict = [&](Ipv4Address network, unsigned length, Egress egress) {
      install({network, length}, by_verdict(egress));
    };
    for (InterfaceId id = kLan; id < kLan + kCables; ++id) {
      control::Target connected = by_gateways({{id, {}}});
      connected.subnet = {on_cable(id, 0), 24};
      install(connected.subnet, connected);
      verdict(on_cable(id, 1), 32, Egress::local);
      install({on_cable(id, 255), 32}, by_verdict(Egress::subnet_broadcast, id));
    }
    verdict({0, 0, 0, 0}, 8, Egress::martian);
    verdict({127, 0, 0, 0}, 8, Egress::martian);
    verdict({224, 0, 0, 0}, 4, Egress::multicast);
    verdict({240, 0, 0, 0}, 4, Egress::martian);
    verdict({255, 255, 255, 255}, 32, Egress::local);
    verdict({203, 0, 113, 0}, 24, Egress::blackhole);
    verdict({203, 0, 114, 0}, 24, Egress::unreachable);
    verdict({203, 0, 115, 0}, 24, Egress::prohibit);
    install({Ipv4Address{198, 18, 0, 0}, 16}, by_gateways({{kWan, on_cable(kWan, 2)}}));
    install({Ipv4Address{198, 19, 0, 0}, 16}, by_gateways({{kNarrow, on_cable(kNarrow, 2)}}));
    install({Ipv4Address{198, 20, 0, 0}, 16}, by_gateways({{kWan, on_cable(kWan, 77)}}));
    install({Ipv4Address{192, 0, 2, 0}, 24}, by_gateways({{kWan, on_cable(kWan, 2)},
                                                          {kWan, on_cable(kWan, 3)},
                                                          {kNarrow, on_cable(kNarrow, 2)}}));
  }
  void add_neighbours() {
    forwarding_.resolved(kLan, on_cable(kLan, 9), kHostMac);
    forwarding_.resolved(kWan, on_cable(kWan, 2), gateway_mac(kWan, 2));
    forwarding_.resolved(kWan, on_cable(kWan, 3), gateway_mac(kWan, 3));
    forwarding_.resolved(kNarrow, on_cable(kNarrow, 2), gateway_mac(kNarrow, 2));
    forwarding_.resolved(kWan, on_cable(kWan, 98), gateway_mac(kWan, 98));
    forwarding_.unresolved(kWan, on_cable(kWan, 98));  // seen before
    forwarding_.failed(kWan, on_cable(kWan, 99));
  }

  unsigned cables_;
  InterfaceId first_;  // the receiving half of the first cable
  Dataplane dataplane_;
  control::Forwarding forwarding_;
  rte_mempool* packets_;
  rte_mempool* control_packets_;
  std::vector<rte_ring*> to_worker_, from_worker_;
  std::uint64_t now_ = 1'000'000'000'000;
  std::uint64_t injected_ = 0;
  std::vector<std::uint64_t> drops_seen_ =
      std::vector<std::uint64_t>(kMaxInterfaces * kDropReasons);
};

/// The process's one lab: the EAL comes up once. Made by lab_main.cpp.
Lab& lab();

}  // namespace weir::test
