// A port's place in the data plane: what stays while the port itself goes and comes back. Workers
// know the place only.
//
//   shut          workers are kept from the port; when they have been quiescent since, none uses it
//   take          the port, to be closed: its destructor gives NIC and buffers back
//   reopen, put   what came back, with the queues and the MAC address that workers and neighbours
//                 know
//
// For the control thread, but for `counters`. `reopen` and the port's destructor may take seconds:
// for any thread, one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "dataplane/port/port.hpp"
#include "dataplane/port/port_gate.hpp"
#include "dataplane/port/wake_fds.hpp"

namespace weir {

class PortPlace {
 public:
  /// Opens the port; throws as `Port` does.
  PortPlace(const PortRequest& request, unsigned workers, rte_mempool* pool);
  PortPlace(const PortPlace&) = delete;
  PortPlace& operator=(const PortPlace&) = delete;

  /// Null: it is gone.
  const Port* port() const { return port_.get(); }
  /// As asked for.
  const PortRequest& request() const { return request_; }
  const Device& device() const { return device_; }
  /// Of the port that is there, or was there last; see PortFacts.
  std::uint16_t largest_mtu() const { return largest_mtu_; }
  /// As DPDK numbers it now; PortGate::kShut: it is gone.
  std::uint16_t number() const { return port_ ? port_->id() : PortGate::kShut; }
  std::uint16_t tx_queues() const { return tx_queues_; }
  int wake_fd(std::uint16_t queue) const { return wake_fds_[queue]; }
  const PortGate& receives() const { return receives_; }
  /// Whether workers transmit at all: what a port without a link were given, it would send when it
  /// comes up again, however late.
  const PortGate& transmits() const { return transmits_; }
  void set_link(bool up);
  /// What VLANs, bridges and mirrors want of the port changes, or its MTU: before workers act on
  /// it, and after. One that is gone is opened so. Throws as Port::change_mtu.
  void admit(const PortRequest& wanted);
  void confine(const PortRequest& wanted);
  /// Since the start, whatever came and went. Thread-safe; the driver may take its time.
  PortCounters counters();
  /// Of the port that is there; as `counters`.
  std::vector<ExtendedCounter> extended_counters();

  void shut();
  std::unique_ptr<Port> take();
  /// Throws std::runtime_error: it does not open, or is another one than before.
  std::unique_ptr<Port> reopen() const { return reopen(request_); }
  /// By another driver, say, but for the same workers.
  std::unique_ptr<Port> reopen(const PortRequest& request) const;
  /// Takes it, or throws as Port::change_mtu and leaves it: the MTU may have changed meanwhile.
  void put(std::unique_ptr<Port>& port);

 private:
  PortRequest request_;  // with what the port turned out to be
  unsigned workers_;
  rte_mempool* pool_;
  std::unique_ptr<Port> port_;
  Device device_;
  std::uint16_t largest_mtu_ = 0;
  std::uint16_t tx_queues_ = 0;
  WakeFds wake_fds_;
  PortGate receives_, transmits_;
  std::mutex counters_mutex_;  // the port does not go while its driver is asked
  PortCounters before_;        // of the ports that are gone
  PortCounters last_;          // of this one, when it could still tell
};

}  // namespace weir
