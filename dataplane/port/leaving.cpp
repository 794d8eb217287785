#include "dataplane/port/leaving.hpp"

#include <rte_dev.h>
#include <rte_ethdev.h>

#include <cerrno>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace weir {
namespace {

struct Watched {
  std::mutex mutex;
  std::map<std::string, std::atomic<bool>*> devices;
};

/// Never destroyed: it outlives every device, those of static storage and the EAL's threads too.
Watched& watched() {
  static Watched& all = *new Watched;
  return all;
}

/// For all devices, and for good: DPDK 22.11.4 unregisters those of others too, and no release does
/// while one runs.
void asked_for(const char* device, rte_dev_event_type event, void*) {
  if (event != RTE_DEV_EVENT_REMOVE) return;
  const std::lock_guard lock(watched().mutex);
  const auto found = watched().devices.find(device);
  if (found != watched().devices.end()) found->second->store(true);
}

int lost(std::uint16_t, rte_eth_event_type, void* is_so, void*) {
  static_cast<std::atomic<bool>*>(is_so)->store(true);
  return 0;
}

}  // namespace

Leaving::Leaving(std::string device, std::uint16_t port) : device_(std::move(device)), port_(port) {
  [[maybe_unused]] static const int once =
      rte_dev_event_callback_register(nullptr, asked_for, nullptr);
  rte_eth_dev_callback_register(port_, RTE_ETH_EVENT_INTR_RMV, lost, &is_so_);
  const std::lock_guard lock(watched().mutex);
  watched().devices[device_] = &is_so_;
}

Leaving::~Leaving() {
  {
    const std::lock_guard lock(watched().mutex);
    watched().devices.erase(device_);
  }
  // Refused while it runs, which takes no longer than a store.
  while (rte_eth_dev_callback_unregister(port_, RTE_ETH_EVENT_INTR_RMV, lost, &is_so_) == -EAGAIN)
    std::this_thread::yield();
}

}  // namespace weir
