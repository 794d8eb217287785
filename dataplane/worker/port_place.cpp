#include "dataplane/worker/port_place.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace weir {

PortPlace::PortPlace(const PortRequest& request, unsigned workers, rte_mempool* pool)
    : request_(request), workers_(workers), pool_(pool) {
  auto port = std::make_unique<Port>(request, workers, pool);
  request_.queues = port->rx_queues();
  request_.mac = port->mac();
  request_.steer_arp = port->arp_queue().has_value();
  tx_queues_ = port->tx_queues();
  put(std::move(port));
}

void PortPlace::set_link(bool up) {
  if (up && port_)
    transmits_.open(port_->id());
  else
    transmits_.shut();
}

PortCounters PortPlace::counters() const {
  PortCounters total = before_;
  if (port_) total += port_->counters();
  return total;
}

void PortPlace::shut() {
  receives_.shut();
  transmits_.shut();
}

std::unique_ptr<Port> PortPlace::take() {
  before_ = counters();
  wake_fds_.silence();
  return std::exchange(port_, nullptr);
}

std::unique_ptr<Port> PortPlace::reopen() const {
  auto port = std::make_unique<Port>(request_, workers_, pool_);
  if (port->tx_queues() != tx_queues_ || port->arp_queue().has_value() != request_.steer_arp)
    throw std::runtime_error(fmt::format(
        "interface {} ({}): has {} transmit queues and {} for ARP, the one before had {} and {}; "
        "restart the router",
        request_.name, request_.device, port->tx_queues(), port->arp_queue() ? "one" : "none",
        tx_queues_, request_.steer_arp ? "one" : "none"));
  return port;
}

void PortPlace::put(std::unique_ptr<Port> port) {
  port_ = std::move(port);
  device_ = port_->stands_on();
  wake_fds_.follow(port_->wake_fds());
  receives_.open(port_->id());
  transmits_.open(port_->id());
}

}  // namespace weir
