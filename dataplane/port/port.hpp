// Ports: the only code that sets up DPDK's Ethernet devices. Capabilities are asked for, never
// assumed, and what a port lacks is done in software and said.
#pragma once

#include <rte_mbuf.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/net/mac_address.hpp"

namespace weir {

struct PortRequest {
  std::string name;          // the interface's, for messages
  std::string devargs;       // PCI address, or a virtual device with its arguments
  std::string device;        // what the user called it
  std::uint16_t queues = 0;  // 0: one a worker, if the port has so many
  std::uint16_t mtu = 1500;
  bool mtu_is_set = false;       // what is behind the port has it already
  std::uint32_t frame_room = 0;  // bytes that the driver wants in a packet buffer; 0: by mtu
  std::optional<MacAddress> mac;
  bool promiscuous = false;
};

struct LinkState {
  bool up = false;
  std::uint32_t speed_mbps = 0;  // 0: unknown
};

/// What the port counts by itself. `missed`: came while the receive queue was full.
struct PortCounters {
  std::uint64_t missed = 0, rx_errors = 0, tx_errors = 0;
};

class Port {
 public:
  /// Probes, configures and starts the port with `workers` transmit queues if it has them. Throws
  /// std::runtime_error naming the interface, what failed and the remedy.
  Port(const PortRequest& request, unsigned workers, rte_mempool* pool);
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
  ~Port();

  std::uint16_t id() const { return id_; }
  const std::string& name() const { return name_; }
  const std::string& device() const { return device_; }
  const std::string& driver() const { return driver_; }
  const MacAddress& mac() const { return mac_; }
  std::uint16_t mtu() const { return mtu_; }
  std::uint16_t rx_queues() const { return rx_queues_; }
  std::uint16_t tx_queues() const { return tx_queues_; }
  bool promiscuous() const { return promiscuous_; }
  bool nic_checksums() const { return nic_checksums_; }
  LinkState link() const;
  /// Whether workers transmit at all: what a port that is down were given, it would send when it
  /// comes up again, however late. Written by the control thread from `link`.
  const std::atomic<bool>& transmits() const { return transmits_; }
  void set_transmits(bool yes) { transmits_.store(yes, std::memory_order_relaxed); }
  PortCounters counters() const;
  /// Becomes readable when packets wait in the receive queue; -1: the port has no such thing.
  int wake_fd(std::uint16_t queue) const {
    return queue < wake_fds_.size() ? wake_fds_[queue] : -1;
  }

 private:
  void probe(const PortRequest& request);
  void configure(const PortRequest& request, unsigned workers, rte_mempool* pool);
  void set_mtu(const PortRequest& request);
  void set_mac(const PortRequest& request);
  std::uint64_t dropped_by_sockets() const;
  [[noreturn]] void fail(const std::string& what, int error, const std::string& remedy) const;

  std::uint16_t id_ = 0;
  std::string name_, device_, driver_;
  MacAddress mac_;
  std::uint16_t mtu_ = 0, rx_queues_ = 0, tx_queues_ = 0;
  std::vector<int> wake_fds_;  // the driver's
  mutable std::mutex counters_mutex_;
  mutable std::uint64_t socket_drops_ = 0;
  std::atomic<bool> transmits_{true};
  bool probed_ = false;
  bool promiscuous_ = false;
  bool nic_checksums_ = false;
};

}  // namespace weir
