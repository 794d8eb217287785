// The hosts behind a port, many in one thread: they own IP and MAC addresses, answer ARP for them,
// and tell what arrives.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <thread>

#include "controlplane/cli/storm/ledger.hpp"
#include "controlplane/cli/storm/plan.hpp"
#include "controlplane/cli/storm/raw_socket.hpp"

namespace weir::cli::storm {

/// Frames of ours carry, behind the UDP header: what they are, a number, when they were sent.
enum class Tag : std::uint16_t { load = 0x5731, probe = 0x5732, warm_up = 0x5733, marker = 0x5734 };
inline constexpr std::size_t kTagAt = kUdpPayload, kNumberAt = kTagAt + 2, kTimeAt = kNumberAt + 8;
void stamp(Frame& frame, Tag tag, std::uint64_t number, std::uint64_t when);

class Hosts {
 public:
  struct Settings {
    Port port = Port::sink;
    std::uint32_t established = 0;  // host_ip(port, 0) and on
    bool everybody = false;         // all of the subnet answers
  };

  /// Starts the thread, which lives in `network_namespace` with `interface`.
  Hosts(const Settings& settings, Ledger& ledger, const std::string& network_namespace,
        const std::string& interface);
  ~Hosts();
  Hosts(const Hosts&) = delete;
  Hosts& operator=(const Hosts&) = delete;

  void stop();

 private:
  void run();
  void take(std::span<const std::uint8_t> bytes, std::uint64_t when);
  void take_arp(std::span<const std::uint8_t> bytes);
  void take_load(std::span<const std::uint8_t> bytes, std::uint64_t when);
  void take_probe(std::span<const std::uint8_t> bytes, std::uint64_t when);
  void check_address(std::span<const std::uint8_t> bytes, std::uint64_t when);
  bool owns(std::uint32_t ip) const;
  MacAddress mac_of(std::uint32_t ip) const;

  Settings settings_;
  Ledger& ledger_;
  RawSocket socket_;
  std::size_t at_;  // the port's place in the ledger
  std::vector<std::uint64_t> last_of_flow_;
  std::uint64_t last_arrival_ = 0;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

std::uint64_t number_of(const MacAddress& mac);
MacAddress mac_of_number(std::uint64_t number);

/// Keeps the calling thread off the router's core, where there are others.
void leave_worker_core();

}  // namespace weir::cli::storm
