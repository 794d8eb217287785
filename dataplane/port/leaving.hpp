// Devices that somebody asks for, or that are lost: told by DPDK's interrupt thread, which closes
// nothing.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace weir {

/// Watches one device as long as it lives.
class Leaving {
 public:
  /// `device`: as DPDK calls it; `port`: its number.
  Leaving(std::string device, std::uint16_t port);
  Leaving(const Leaving&) = delete;
  Leaving& operator=(const Leaving&) = delete;
  ~Leaving();

  /// vfio is asked for the device (it is being unplugged, or another driver wants it), or its
  /// driver, which shares it with the kernel's, has lost it.
  bool is_so() const { return is_so_.load(std::memory_order_relaxed); }

 private:
  std::string device_;
  std::uint16_t port_;
  std::atomic<bool> is_so_{false};
};

}  // namespace weir
