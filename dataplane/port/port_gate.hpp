// By which number of DPDK's workers reach a port, while they may. A port that goes (its NIC is
// unplugged, its Linux interface deleted) is shut first; when every worker has been quiescent
// since, none of them uses it any more and it can be closed. What comes back may have another
// number.
//
// Thread-safe: the control thread opens and shuts, workers read.
#pragma once

#include <atomic>
#include <cstdint>

namespace weir {

class PortGate {
 public:
  static constexpr std::uint16_t kShut = 0xffff;

  PortGate() = default;
  explicit PortGate(std::uint16_t number) : number_(number) {}

  /// The port's number, or kShut. Once a burst.
  std::uint16_t number() const { return number_.load(std::memory_order_acquire); }
  void open(std::uint16_t number) { number_.store(number, std::memory_order_release); }
  void shut() { open(kShut); }

 private:
  std::atomic<std::uint16_t> number_{kShut};
};

}  // namespace weir
