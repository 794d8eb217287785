// How often in a row a destination did not answer, remembered for a while after its entry has left
// the table: the negative cache doubles by it. A direct-mapped cache: 16,384 slots, 384 KiB, a
// collision forgets the older one, which only makes the next negative period short again. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "controlplane/neighbor.hpp"

namespace weir::control {

class FailureMemory {
 public:
  static constexpr std::size_t kSlots = 16384;

  explicit FailureMemory(std::uint64_t seed) : slots_(kSlots), seed_(seed | 1) {}

  std::uint8_t failures(InterfaceId interface, Ipv4Address ip, TimePoint now) const {
    const Slot& slot = slots_[index(interface, ip)];
    return matches(slot, interface, ip) && now < slot.until ? slot.failures : std::uint8_t{0};
  }
  void remember(InterfaceId interface, Ipv4Address ip, std::uint8_t failures, TimePoint until) {
    slots_[index(interface, ip)] = {ip, interface, failures, until};
  }
  void forget(InterfaceId interface, Ipv4Address ip) {
    Slot& slot = slots_[index(interface, ip)];
    if (matches(slot, interface, ip)) slot = {};
  }

 private:
  struct Slot {
    Ipv4Address ip;
    InterfaceId interface = 0;
    std::uint8_t failures = 0;
    TimePoint until{Duration::min()};
  };

  static bool matches(const Slot& slot, InterfaceId interface, Ipv4Address ip) {
    return slot.ip == ip && slot.interface == interface;
  }
  std::size_t index(InterfaceId interface, Ipv4Address ip) const {
    const std::uint64_t key = (std::uint64_t{interface} << 32 | ip.value()) * 0x9e3779b97f4a7c15ULL;
    return static_cast<std::size_t>(((key ^ key >> 29) * seed_) >> 50);
  }

  std::vector<Slot> slots_;
  std::uint64_t seed_;
};

}  // namespace weir::control
