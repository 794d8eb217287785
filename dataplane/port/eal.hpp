// The environment abstraction layer, brought up once a process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace weir {

inline constexpr unsigned kMainLcore = 0;
/// The lcore of a worker by its index.
constexpr unsigned worker_lcore(std::size_t worker) { return static_cast<unsigned>(worker) + 1; }

struct EalOptions {
  std::vector<unsigned> control_cores;  // the main lcore may run on any of them
  std::vector<unsigned> worker_cores;
  std::uint64_t hugepage_bytes = 0;  // 0: ordinary pages
  std::uint64_t needed_bytes = 0;    // what pools and rings take, when there are no hugepages
  std::vector<std::string> pci;      // addresses of the ports; no other device is touched
  std::vector<std::string> extra;    // further arguments, as the user gave them
};

class Eal {
 public:
  /// Throws std::runtime_error with the reason and the remedy.
  explicit Eal(const EalOptions& options);
  Eal(const Eal&) = delete;
  Eal& operator=(const Eal&) = delete;
  ~Eal();
};

/// "DPDK 22.11.11".
std::string dpdk_version();

}  // namespace weir
