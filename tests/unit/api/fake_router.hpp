// A router that is only values: the same answers every time, and a memory of what it was told.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "controlplane/router_api.hpp"

namespace weir::test {

inline Ipv4Address ip(const char* text) { return Ipv4Address::parse(text).value(); }
inline Ipv4InterfaceAddress on(const char* text) {
  return Ipv4InterfaceAddress::parse(text).value();
}
inline Ipv4Prefix prefix(const char* text) { return on(text).subnet(); }
inline MacAddress mac(const char* text) { return MacAddress::parse(text).value(); }

class FakeRouter : public control::RouterApi {
 public:
  FakeRouter() {
    routes_ = {
        {prefix("0.0.0.0/0"), "unicast", "static", {{ip("10.0.1.2"), "left"}}},
        {prefix("10.0.1.0/24"), "connected", "connected", {{std::nullopt, "left"}}},
        {prefix("10.0.2.0/24"), "connected", "connected", {{std::nullopt, "right"}}},
        {prefix("10.20.0.0/16"),
         "unicast",
         "static",
         {{ip("10.0.2.2"), "right"}, {ip("10.0.2.3"), "right"}}},
        {prefix("198.51.100.0/24"), "blackhole", "api", {}},
    };
    configuration_.file = "lab.yaml";
    configuration_.system.hostname = "lab-r1";
    config::Ethernet left;
    left.name = "left";
    left.match = config::LinuxMatch{.interface = "weir-left"};
    left.addresses = {on("10.0.1.1/24")};
    configuration_.ethernets = {left};
  }

  control::VersionStatus version() override {
    const Handover handover(*this);
    return {"0.1.0", "x86-64-v3", "DPDK 22.11.4", 3725.5, 4242, "/etc/weir/lab.yaml"};
  }

  std::vector<control::InterfaceStatus> interfaces() override {
    const Handover handover(*this);
    control::InterfaceStatus left;
    left.name = "left";
    left.driver = "net_af_packet";
    left.device = "weir-left";
    left.mac = mac("02:00:5e:10:00:09");
    left.mtu = 1500;
    left.link_up = true;
    left.rx_queues = left.tx_queues = 1;
    left.addresses = {on("10.0.1.1/24"), on("192.0.2.1/30")};
    left.rx_packets = 1'234'567;
    left.rx_bytes = 987'654'321;
    left.tx_packets = 42;
    left.tx_bytes = 2520;
    left.drops = 7;
    control::InterfaceStatus right = left;
    right.name = "right";
    right.id = 1;
    right.device = "0000:8a:00.0";
    right.driver = "net_ixgbe";
    right.speed_mbps = 10'000;
    right.link_up = false;
    right.addresses.clear();
    return {right, left};  // not in order: whoever shows them sorts
  }

  std::vector<control::PortStatus> ports(bool extended) override {
    const Handover handover(*this);
    control::PortStatus left;
    left.name = "left";
    left.driver = "net_af_packet";
    left.device = "weir-left";
    left.mac = mac("02:00:5e:10:00:09");
    left.mtu = left.largest_mtu = 1500;
    left.most_rx_queues = left.most_tx_queues = left.tx_queues = 1;
    left.rx_queues = {{0, 1, false, 1024}};
    left.tx_descriptors = 1024;
    left.buffer_bytes = 2048;
    left.capabilities = {{"rss", "off", "one receive queue takes all there is"}};
    control::PortStatus right = left;
    right.name = "right";
    right.driver = "net_ixgbe";
    right.device = "0000:8a:00.0";
    right.firmware = "0x80000679";
    right.numa_node = 1;
    right.link_up = right.full_duplex = right.negotiated = true;
    right.speed_mbps = 10'000;
    right.largest_mtu = 9710;
    right.most_rx_queues = right.most_tx_queues = 128;
    right.rx_queues.push_back({1, 2, true, 256});
    right.capabilities = {
        {"receive-checksum", "hardware", "the port's verdict on IPv4 headers is used"},
        {"rss", "hardware", "IPv4, TCP to 2 queues, a symmetric key of 40 bytes"}};
    right.rx_missed = 1500;
    if (extended) right.extended = {{"rx_good_packets", 1'234'567}, {"rx_missed_errors", 1500}};
    return {right, left};
  }

  std::vector<control::RouteStatus> routes(std::optional<Ipv4Prefix> within,
                                           std::optional<Ipv4Prefix> after,
                                           std::size_t limit) override {
    const Handover handover(*this);
    if (many_routes > 0) return generated(after, limit);
    std::vector<control::RouteStatus> page;
    for (const auto& route : routes_) {
      if (page.size() == limit) break;
      if (within && !within->contains(route.prefix)) continue;
      if (!after || route.prefix > *after) page.push_back(route);
    }
    return page;
  }

  std::size_t route_count() override {
    const Handover handover(*this);
    return many_routes > 0 ? many_routes : routes_.size();
  }

  std::vector<control::NeighborStatus> neighbors() override {
    const Handover handover(*this);
    return {
        {ip("10.0.2.9"), std::nullopt, "right", "INCOMPLETE", "", 0.5, 2.5, 3, 2},
        {ip("10.0.1.2"), mac("02:00:00:00:00:02"), "left", "REACHABLE", "verified", 12.25,
         14'387.75, 0, 0},
        {ip("10.0.1.20"), mac("02:00:00:00:00:20"), "left", "PERMANENT", "static", 0, -1, 0, 0}};
  }

  // A router without bridges: see fake_switch.hpp.
  std::vector<control::BridgeStatus> bridges() override { return {}; }
  control::StationPage stations(const control::StationFilter&,
                                std::optional<std::pair<std::string, MacAddress>>,
                                std::size_t) override {
    return {};
  }
  std::size_t flush_stations(const control::StationFilter&) override { return 0; }
  std::vector<control::MulticastGroupStatus> multicast_groups() override { return {}; }
  std::vector<control::MirrorStatus> mirrors() override { return {}; }

  // A router in peace, and without a past: see fake_storm.hpp.
  std::vector<control::StormStatus> storm() override { return {}; }
  control::EventPage events(std::uint64_t, std::size_t) override { return {}; }
  control::PastNeighbors neighbors_at(double time) override { return {.at = time}; }
  control::JournalPage journal(const control::JournalFilter&) override { return {}; }

  control::CountersStatus counters() override {
    const Handover handover(*this);
    control::CountersStatus status;
    status.total = {1000, 5, 990, 10, 4, 1};
    control::WorkerStatus worker;
    worker.core = 1;
    worker.bursts = 500;
    worker.empty_polls = 9000;
    worker.sleeps = 3;
    worker.busy = 0.125;
    worker.queues = {{"left", 0}, {"right", 0}};
    worker.packets = status.total;
    status.workers = {worker};
    status.named = {{"icmp.sent.time-exceeded", "time exceeded messages sent", 3},
                    {"arp.received.requests", "ARP requests received", 0}};
    return status;
  }

  std::vector<control::DropStatus> drops() override {
    const Handover handover(*this);
    return {{"right", "ttl-exceeded", "TTL was 1 or 0", 3},
            {"left", "bad-checksum", "IPv4 header checksum wrong", 0},
            {"left", "no-route", "no route to the destination", 7}};
  }

  control::FibAnswer fib(Ipv4Address destination) override {
    const Handover handover(*this);
    control::FibAnswer answer;
    answer.destination = destination;
    for (const auto& route : routes_)
      if (route.prefix.contains(destination)) answer.route = route;
    answer.verdict = answer.route->type == "blackhole" ? "blackhole" : "forward";
    if (answer.verdict != "forward") return answer;
    answer.next_hop = answer.route->next_hops.front();
    answer.destination_mac = mac("02:00:00:00:00:02");
    answer.source_mac = mac("02:00:5e:10:00:09");
    answer.mtu = 1500;
    return answer;
  }

  std::shared_ptr<const config::Config> configuration() override {
    const Handover handover(*this);
    return std::make_shared<const config::Config>(configuration_);
  }

  control::RouteChangeResult change_routes(
      const std::vector<control::RouteChange>& asked) override {
    const Handover handover(*this);
    const std::lock_guard lock(mutex_);
    control::RouteChangeResult result;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const control::RouteChange& change = asked[i];
      changes.push_back(change);
      const bool known = std::any_of(routes_.begin(), routes_.end(), [&](const auto& route) {
        return route.prefix == change.route.to;
      });
      if (change.kind == control::RouteChange::Kind::remove && !known)
        result.errors.push_back("change " + std::to_string(i) + ": " + change.route.to.to_string() +
                                ": no such route");
      else if (change.route.to == refused)
        result.errors.push_back("change " + std::to_string(i) + ": " + change.route.to.to_string() +
                                ": refused");
      else
        ++result.applied;
    }
    return result;
  }

  std::size_t flush_neighbors(std::optional<Ipv4Address> ip) override {
    const Handover handover(*this);
    flushed = ip;
    return ip ? 1 : 2;
  }

  std::vector<control::PingReply> ping(const control::PingRequest& request) override {
    const Handover handover(*this);
    if (on_ping) on_ping(request);
    std::vector<control::PingReply> replies;
    for (std::uint16_t i = 0; i < request.count; ++i) {
      control::PingReply reply;
      reply.sequence = i;
      if (request.destination == ip("10.0.9.9")) {
        reply.from = ip("10.0.1.1");
        reply.error = "Destination Host Unreachable";
      } else if (request.destination != ip("10.0.8.8")) {
        reply.from = request.destination;
        reply.rtt_ms = 0.25;
        reply.ttl = 64;
        reply.bytes = static_cast<std::uint16_t>(request.size + 8);
      }
      replies.push_back(reply);
    }
    return replies;
  }

  /// The test and the API's threads take turns at the members below, one waiting for the other
  /// through a socket, which ThreadSanitizer cannot follow when another process is in between.
  void hand_over() { turns_.fetch_add(1); }

  std::vector<control::RouteChange> changes;  // all that were asked for
  std::optional<Ipv4Address> flushed;
  std::optional<Ipv4Prefix> refused;  // a prefix that no change may have
  std::size_t many_routes = 0;        // when set: so many /32 routes from 16.0.0.0 on
  std::function<void(const control::PingRequest&)> on_ping;

 protected:
  struct Handover {
    explicit Handover(FakeRouter& router) : router_(router) { router_.hand_over(); }
    ~Handover() { router_.hand_over(); }
    FakeRouter& router_;
  };

 private:
  std::atomic<unsigned> turns_{0};
  std::vector<control::RouteStatus> generated(std::optional<Ipv4Prefix> after, std::size_t limit) {
    constexpr std::uint32_t kFirst = 16u << 24;
    std::size_t next = after ? after->network().value() - kFirst + 1 : 0;
    std::vector<control::RouteStatus> page;
    for (; next < many_routes && page.size() < limit; ++next)
      page.push_back({{Ipv4Address{kFirst + static_cast<std::uint32_t>(next)}, 32},
                      "unicast",
                      "file",
                      {{ip("10.0.1.2"), "left"}}});
    return page;
  }

  std::mutex mutex_;
  std::vector<control::RouteStatus> routes_;
  config::Config configuration_;
};

}  // namespace weir::test
