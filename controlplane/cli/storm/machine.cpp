#include "controlplane/cli/storm/machine.hpp"

#include <dirent.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace weir::cli::storm {
namespace {

/// The value of `name : value` in a file of such lines.
std::string field_of(const char* path, const std::string& name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(name)) continue;
    const std::size_t value = line.find_first_not_of(" \t", line.find(':') + 1);
    return value == line.npos ? "" : line.substr(value);
  }
  return "";
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

}  // namespace

Json describe_machine() {
  utsname name{};
  uname(&name);
  std::istringstream load(first_line("/proc/loadavg"));
  double one = 0, five = 0;
  load >> one >> five;
  return {{"cpu", field_of("/proc/cpuinfo", "model name")},
          {"cores", sysconf(_SC_NPROCESSORS_ONLN)},
          {"mhz", std::strtod(field_of("/proc/cpuinfo", "cpu MHz").c_str(), nullptr)},
          {"memory_kib", std::strtoull(field_of("/proc/meminfo", "MemTotal").c_str(), nullptr, 10)},
          {"kernel", std::string(name.sysname) + ' ' + name.release},
          {"load_1_minute", one},
          {"load_5_minutes", five},
          {"weir", WEIR_VERSION},
          {"weir_cpu", WEIR_CPU}};
}

double tsc_hz() { return std::strtod(field_of("/proc/cpuinfo", "cpu MHz").c_str(), nullptr) * 1e6; }

ProcessTime ProcessTime::read(pid_t pid) {
  ProcessTime time;
  if (pid == 0) return time;
  const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
  std::error_code ignored;
  for (const auto& task : std::filesystem::directory_iterator(tasks, ignored)) {
    const std::string path = task.path().string();
    const std::uint64_t had = std::strtoull(first_line(path + "/schedstat").c_str(), nullptr, 10);
    // DPDK's names of its forwarding threads; all else is control, API and helpers.
    (first_line(path + "/comm").find("worker") == std::string::npos ? time.control
                                                                    : time.workers) += had;
  }
  const std::string status = "/proc/" + std::to_string(pid) + "/status";
  time.resident_bytes =
      std::strtoull(field_of(status.c_str(), "VmRSS").c_str(), nullptr, 10) * 1024;
  return time;
}

MachineTime MachineTime::read() {
  std::istringstream line(first_line("/proc/stat"));
  std::string cpu;
  line >> cpu;
  MachineTime time;
  std::uint64_t ticks = 0;
  for (int column = 0; column < 8 && line >> ticks; ++column) {
    time.total += ticks;
    if (column == 3 || column == 4) time.idle += ticks;  // idle, waiting for disks
    if (column == 6) time.softirq += ticks;
  }
  return time;
}

std::map<std::string, DeviceFrames> read_devices() {
  std::map<std::string, DeviceFrames> devices;
  std::ifstream file("/proc/thread-self/net/dev");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(':');
    if (colon == line.npos) continue;
    std::istringstream names(line.substr(0, colon)), numbers(line.substr(colon + 1));
    std::string name;
    names >> name;
    std::uint64_t skip = 0;
    DeviceFrames frames;
    numbers >> skip >> frames.received >> skip >> frames.dropped;
    for (int i = 0; i < 4; ++i) numbers >> skip;
    numbers >> skip >> frames.sent;
    devices[name] = frames;
  }
  return devices;
}

}  // namespace weir::cli::storm
