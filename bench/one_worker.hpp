// One worker on `net_pcap,infinite_rx=1 -> net_null,no-rx=1`, the control plane left out: what the
// programs pipeline_* share.
#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "dataplane/net/wire.hpp"
#include "dataplane/worker/dataplane.hpp"

namespace weir::bench {

inline constexpr unsigned kFrame = 60;  // 64 with its FCS

/// A file of `count` frames of kFrame bytes, each filled by `fill(i, frame)`; removed at the end.
class PcapFile {
 public:
  PcapFile(unsigned count, const std::function<void(unsigned, std::uint8_t*)>& fill)
      : path_(fmt::format("/tmp/weir-pipeline-{}.pcap", getpid())) {
    std::ofstream file(path_, std::ios::binary);
    const std::uint32_t header[] = {0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1};
    file.write(reinterpret_cast<const char*>(header), sizeof header);
    for (unsigned i = 0; i < count; ++i) {
      std::uint8_t frame[kFrame] = {};
      fill(i, frame);
      const std::uint32_t record[] = {0, 0, sizeof frame, sizeof frame};
      file.write(reinterpret_cast<const char*>(record), sizeof record);
      file.write(reinterpret_cast<const char*>(frame), sizeof frame);
    }
  }
  PcapFile(const PcapFile&) = delete;
  PcapFile& operator=(const PcapFile&) = delete;
  ~PcapFile() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Port 0 receives from `input`, the others take everything. WEIR_HUGE: megabytes of hugepages.
inline DataplaneOptions one_worker(const PcapFile& input, unsigned packets, unsigned outputs,
                                   const MacAddress& own) {
  DataplaneOptions options;
  options.eal.control_cores = {0};
  options.eal.worker_cores = {1};
  if (const char* huge = std::getenv("WEIR_HUGE"))
    options.eal.hugepage_bytes = std::stoull(huge) << 20;
  options.eal.extra = {"--no-telemetry", fmt::format("--file-prefix=pipeline{}", getpid())};
  options.packets = 16384 + packets;
  options.sleep_when_idle = false;
  options.ports = {{.name = "in",
                    .devargs = "net_pcap0,rx_pcap=" + input.path() + ",infinite_rx=1",
                    .mac = own}};
  for (unsigned i = 1; i <= outputs; ++i)
    options.ports.push_back(
        {.name = fmt::format("out{}", i), .devargs = fmt::format("net_null{},no-rx=1", i)});
  return options;
}

/// CPU time of the process: the worker's, for nobody else does anything.
inline double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// Runs the worker and prints TSC cycles of CPU time for each packet that port 0 received.
inline void measure(Dataplane& dataplane, double seconds) {
  dataplane.start();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const Counters& counters = dataplane.workers()[0]->counters();
  std::vector<double> cycles;
  for (int i = 0; i < 7; ++i) {
    const std::uint64_t before = counters.interface[0].rx_packets.get();
    const double start = cpu_seconds();
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds / 7));
    const auto packets = static_cast<double>(counters.interface[0].rx_packets.get() - before);
    cycles.push_back((cpu_seconds() - start) * static_cast<double>(dataplane.ticks_per_second()) /
                     packets);
  }
  dataplane.stop();
  std::sort(cycles.begin(), cycles.end());
  fmt::print("{:.2f} cycles a packet (best {:.2f}), {:.2f} Mpps, {} sent, {} dropped\n", cycles[3],
             cycles[0], static_cast<double>(dataplane.ticks_per_second()) / cycles[3] / 1e6,
             counters.interface[1].tx_packets.get(), counters.dropped());
}

}  // namespace weir::bench
