// What a result must say of where it was measured, and what this machine spends meanwhile.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>

#include "controlplane/cli/context.hpp"

namespace weir::cli::storm {

/// CPU, cores, kernel, memory, load, versions.
Json describe_machine();
double tsc_hz();

/// Nanoseconds of CPU time that a process has had: by its workers, and by all its other threads.
struct ProcessTime {
  std::uint64_t workers = 0, control = 0;
  std::uint64_t resident_bytes = 0;
  static ProcessTime read(pid_t pid);
};

/// Shares of all cores' time since boot, in ticks.
struct MachineTime {
  std::uint64_t total = 0, idle = 0, softirq = 0;
  static MachineTime read();
};

/// Frames by interface of the namespace that the calling thread is in.
struct DeviceFrames {
  std::uint64_t received = 0, sent = 0, dropped = 0;
};
std::map<std::string, DeviceFrames> read_devices();

}  // namespace weir::cli::storm
