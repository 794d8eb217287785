#include "dataplane/worker/port_place.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace weir {
namespace {

/// Where AF_XDP was only tried, AF_PACKET follows.
std::unique_ptr<Port> open_port(const PortRequest& request, unsigned workers, rte_mempool* pool) {
  try {
    return std::make_unique<Port>(request, workers, pool);
  } catch (const std::runtime_error& error) {
    if (request.af_packet_devargs.empty()) throw;
    PortRequest other = request;
    other.devargs = std::exchange(other.af_packet_devargs, {});
    other.method = "af-packet";
    other.method_why = fmt::format("AF_XDP did not start: {}", error.what());
    return std::make_unique<Port>(other, workers, pool);
  }
}

}  // namespace

PortPlace::PortPlace(const PortRequest& request, unsigned workers, rte_mempool* pool)
    : request_(request), workers_(workers), pool_(pool) {
  auto port = open_port(request, workers, pool);
  request_.queues = port->rx_queues();
  request_.mac = port->mac();
  request_.steer_arp = port->arp_queue().has_value();
  if (!request_.steer_arp) request_.no_arp_queue_why = port->arp_queue_why();
  tx_queues_ = port->tx_queues();
  put(port);
}

void PortPlace::set_link(bool up) {
  if (up && port_)
    transmits_.open(port_->id());
  else
    transmits_.shut();
}

void PortPlace::admit(const PortRequest& wanted) {
  if (!port_) return;
  if (wanted.mtu > port_->mtu()) port_->change_mtu(wanted.mtu);
  port_->admit(wanted);
}

void PortPlace::confine(const PortRequest& wanted) {
  request_.vlans = wanted.vlans;
  request_.wants_vlan_strip = wanted.wants_vlan_strip;
  request_.all_multicast = wanted.all_multicast;
  request_.promiscuous_why = wanted.promiscuous_why;
  if (port_) {
    port_->confine(wanted);
    port_->change_mtu(wanted.mtu);
  }
  request_.mtu = wanted.mtu;
}

PortCounters PortPlace::counters() {
  const std::lock_guard lock(counters_mutex_);
  // The registers of a NIC that is gone read as all ones.
  if (port_ && !device_.is_gone()) last_ = port_->counters().value_or(last_);
  PortCounters total = before_;
  total += last_;
  return total;
}

std::vector<ExtendedCounter> PortPlace::extended_counters() {
  const std::lock_guard lock(counters_mutex_);
  return port_ && !device_.is_gone() ? port_->extended_counters() : std::vector<ExtendedCounter>{};
}

void PortPlace::shut() {
  receives_.shut();
  transmits_.shut();
}

std::unique_ptr<Port> PortPlace::take() {
  wake_fds_.silence();
  const std::lock_guard lock(counters_mutex_);
  before_ += std::exchange(last_, {});
  return std::exchange(port_, nullptr);
}

std::unique_ptr<Port> PortPlace::reopen(const PortRequest& request) const {
  auto port = open_port(request, workers_, pool_);
  if (port->tx_queues() != tx_queues_ || port->arp_queue().has_value() != request_.steer_arp)
    throw std::runtime_error(fmt::format(
        "interface {} ({}): has {} transmit queues and {} for ARP, the one before had {} and {}; "
        "restart the router",
        request_.name, request_.device, port->tx_queues(), port->arp_queue() ? "one" : "none",
        tx_queues_, request_.steer_arp ? "one" : "none"));
  return port;
}

void PortPlace::put(std::unique_ptr<Port>& port) {
  // It may have been opened for what was wanted then.
  port->change_mtu(request_.mtu);
  largest_mtu_ = port->facts().largest_mtu;
  {
    const std::lock_guard lock(counters_mutex_);
    device_ = port->stands_on();
    port_ = std::move(port);
  }
  port_->admit(request_);
  port_->confine(request_);
  wake_fds_.follow(port_->wake_fds());
  receives_.open(port_->id());
  transmits_.open(port_->id());
}

}  // namespace weir
