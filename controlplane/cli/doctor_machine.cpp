// CPU, cores, hugepages, kernel.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include "controlplane/cli/doctor.hpp"
#include "controlplane/cli/sysfs.hpp"
#include "controlplane/cpu_check.hpp"

namespace weir::cli {
namespace {

using Level = Diagnosis::Level;

struct Cpu {
  std::string model;
  std::set<std::string> flags;
};

Cpu cpu_of(const std::string& root) {
  Cpu cpu;
  std::ifstream stream(root + "/proc/cpuinfo");
  for (std::string line; std::getline(stream, line) && (cpu.model.empty() || cpu.flags.empty());) {
    const std::size_t colon = line.find(": ");
    if (colon == line.npos) continue;
    if (line.starts_with("model name")) cpu.model = line.substr(colon + 2);
    if (!line.starts_with("flags")) continue;
    std::istringstream words(line.substr(colon + 2));
    for (std::string word; words >> word;) cpu.flags.insert(word);
  }
  return cpu;
}

struct Feature {
  unsigned need;
  const char* flag;  // in /proc/cpuinfo
  const char* name;
};
constexpr Feature kFeatures[] = {{cpu_need::kSse42, "sse4_2", "SSE4.2"},
                                 {cpu_need::kAvx2, "avx2", "AVX2"},
                                 {cpu_need::kBmi2, "bmi2", "BMI2"},
                                 {cpu_need::kAvx512, "avx512bw", "AVX-512"}};

std::string list_text(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string cores_directory(const std::string& root) { return root + "/sys/devices/system/cpu"; }

/// Cores the kernel lets this process have: all, but in a container.
std::set<unsigned> allowed_cores(const std::string& root) {
  std::ifstream stream(root + "/proc/self/status");
  for (std::string line; std::getline(stream, line);)
    if (line.starts_with("Cpus_allowed_list:"))
      return core_list(line.substr(line.find_last_of(" \t") + 1));
  return {};
}

std::set<unsigned> isolated_cores(const std::string& root) {
  return core_list(read_text(cores_directory(root) + "/isolated").value_or(""));
}

void examine_worker_core(const Machine& machine, unsigned core, const std::set<unsigned>& others,
                         Diagnoses& found) {
  const std::string directory = fmt::format("{}/cpu{}", cores_directory(machine.root), core);
  std::set<unsigned> siblings =
      core_list(read_text(directory + "/topology/thread_siblings_list").value_or(""));
  siblings.erase(core);
  std::vector<std::string> busy;
  for (const unsigned sibling : siblings)
    if (others.contains(sibling)) busy.push_back(std::to_string(sibling));
  if (!busy.empty())
    found.push_back(
        {Level::warning, "cores",
         fmt::format("worker core {} shares its execution units with core {}, which the "
                     "router uses too",
                     core, list_text(busy)),
         "echo off > /sys/devices/system/cpu/smt/control"});
  const auto governor = read_text(directory + "/cpufreq/scaling_governor");
  if (governor && *governor != "performance")
    found.push_back(
        {Level::warning, "cores",
         fmt::format("core {} changes its clock (governor {}): figures will vary", core, *governor),
         fmt::format("echo performance > "
                     "/sys/devices/system/cpu/cpu{}/cpufreq/scaling_governor",
                     core)});
}

/// The cores of `wanted` that are not in `there`.
std::set<unsigned> missing(const std::vector<unsigned>& wanted, const std::set<unsigned>& there) {
  std::set<unsigned> lacking;
  for (const unsigned core : wanted)
    if (!there.contains(core)) lacking.insert(core);
  return lacking;
}

void examine_core_presence(const std::vector<unsigned>& wanted, const std::set<unsigned>& online,
                           const std::set<unsigned>& allowed, bool has_file, Diagnoses& found) {
  const char* remedy = has_file ? "name cores that are there in `system.control-cores` and "
                                  "`system.worker-cores`"
                                : "";
  if (const auto lacking = missing(wanted, online); !lacking.empty()) {
    found.push_back({Level::problem, "cores",
                     fmt::format("core {} is not there; this machine has {}", core_list(lacking),
                                 core_list(online)),
                     remedy});
  } else if (const auto forbidden = missing(wanted, allowed);
             !allowed.empty() && !forbidden.empty()) {
    found.push_back({Level::problem, "cores",
                     fmt::format("core {} may not be used here; allowed are {}",
                                 core_list(forbidden), core_list(allowed)),
                     remedy});
  } else {
    found.push_back(
        {Level::ok, "cores",
         fmt::format("{} online ({}), {} used by the router", online.size(), core_list(online),
                     core_list(std::set<unsigned>(wanted.begin(), wanted.end()))),
         ""});
  }
}

struct HugepagePool {
  std::uint64_t page_bytes = 0, total = 0, free = 0;
};

std::vector<HugepagePool> hugepage_pools(const std::string& root) {
  constexpr std::string_view kPrefix = "hugepages-";
  const std::string directory = root + "/sys/kernel/mm/hugepages";
  std::vector<HugepagePool> pools;
  for (const std::string& name : names_in(directory)) {
    if (!name.starts_with(kPrefix)) continue;
    const std::uint64_t kilobytes = std::strtoull(name.c_str() + kPrefix.size(), nullptr, 10);
    pools.push_back({kilobytes * 1024,
                     read_number(directory + '/' + name + "/nr_hugepages").value_or(0),
                     read_number(directory + '/' + name + "/free_hugepages").value_or(0)});
  }
  std::sort(pools.begin(), pools.end(),
            [](const auto& a, const auto& b) { return a.page_bytes < b.page_bytes; });
  return pools;
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::uint64_t kMegabyte = 1 << 20, kGigabyte = 1 << 30;
  return bytes % kGigabyte == 0 ? fmt::format("{} GB", bytes / kGigabyte)
                                : fmt::format("{} MB", bytes / kMegabyte);
}

bool hugetlbfs_is_mounted(const std::string& root) {
  std::ifstream stream(root + "/proc/mounts");
  for (std::string line; std::getline(stream, line);) {
    std::istringstream fields(line);
    std::string device, place, kind;
    fields >> device >> place >> kind;
    if (kind == "hugetlbfs") return true;
  }
  return false;
}

std::string reserve_command(std::uint64_t bytes, std::uint64_t reserved_in_use) {
  constexpr std::uint64_t kPage = 2 << 20;
  return fmt::format("echo {} > /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages",
                     (bytes + kPage - 1) / kPage + reserved_in_use);
}

}  // namespace

void examine_cpu(const Machine& machine, Diagnoses& found) {
  const Cpu cpu = cpu_of(machine.root);
  std::vector<std::string> used, lacking, unused;
  for (const Feature& feature : kFeatures) {
    const bool has = cpu.flags.contains(feature.flag);
    const bool needed = (machine.cpu_needs & feature.need) != 0;
    if (needed) (has ? used : lacking).push_back(feature.name);
    if (has && !needed) unused.push_back(feature.name);
  }
  const std::string build = fmt::format("this build (-Dcpu={})", machine.built_for);
  const std::string model = cpu.model.empty() ? "this CPU" : cpu.model;
  if (!lacking.empty())
    found.push_back({Level::problem, "cpu",
                     fmt::format("{} lacks {}, which {} uses", model, list_text(lacking), build),
                     "meson configure build -Dcpu=x86-64-v2 && ninja -C build"});
  else if (!unused.empty())
    found.push_back(
        {Level::warning, "cpu",
         fmt::format("{} has {}, which {} does not use", model, list_text(unused), build),
         "meson configure build -Dcpu=native && ninja -C build"});
  else
    found.push_back({Level::ok, "cpu",
                     fmt::format("{}: {} uses {}", model, build,
                                 used.empty() ? "plain x86-64" : list_text(used)),
                     ""});
  if (!cpu.flags.contains("constant_tsc") || !cpu.flags.contains("nonstop_tsc"))
    found.push_back({Level::warning, "cpu",
                     "its time stamp counter may change its pace: times and rates are not exact",
                     ""});
  std::string reason;
  if (const auto version = machine.router_version(reason))
    found.push_back({Level::ok, "router", *version, ""});
  else
    found.push_back({Level::problem, "router", "weir-router does not run: " + reason, ""});
}

void examine_cores(const Machine& machine, const config::Config* config, Diagnoses& found) {
  const config::System system = config != nullptr ? config->system : config::System{};
  std::vector<unsigned> wanted = system.control_cores;
  wanted.insert(wanted.end(), system.worker_cores.begin(), system.worker_cores.end());
  const std::set<unsigned> online =
      core_list(read_text(cores_directory(machine.root) + "/online").value_or(""));
  examine_core_presence(wanted, online, allowed_cores(machine.root), config != nullptr, found);
  const std::set<unsigned> isolated = isolated_cores(machine.root);
  std::set<unsigned> shared = missing(system.worker_cores, isolated);
  if (shared.empty()) {
    found.push_back({Level::ok, "cores", "the workers' cores are isolated", ""});
  } else {
    const std::string list = core_list(shared);
    found.push_back(
        {Level::warning, "cores",
         fmt::format("worker core {} is not isolated: other programs may run there", list),
         fmt::format("on the kernel's command line: isolcpus={0} nohz_full={0} "
                     "rcu_nocbs={0}",
                     list)});
  }
  for (const unsigned core : system.worker_cores) {
    std::set<unsigned> others(wanted.begin(), wanted.end());
    others.erase(core);
    examine_worker_core(machine, core, others, found);
  }
}

void examine_hugepages(const Machine& machine, const config::Config* config, Diagnoses& found) {
  const std::uint64_t wanted = config != nullptr ? config->system.memory.hugepage_bytes : 0;
  const std::vector<HugepagePool> pools = hugepage_pools(machine.root);
  std::uint64_t free = 0, in_use = 0;
  std::vector<std::string> shown;
  for (const HugepagePool& pool : pools) {
    free += pool.free * pool.page_bytes;
    if (pool.page_bytes == 2 << 20) in_use = pool.total - std::min(pool.total, pool.free);
    shown.push_back(
        fmt::format("{} free of {} of {}", pool.free, pool.total, size_text(pool.page_bytes)));
  }
  const std::string list = shown.empty() ? "this kernel has none" : list_text(shown);
  if (wanted > free) {
    found.push_back({Level::problem, "hugepages",
                     fmt::format("{}; the file asks for {}", list, size_text(wanted)),
                     reserve_command(wanted, in_use)});
  } else if (free == 0 && (config == nullptr || shown.empty())) {
    found.push_back({Level::warning, "hugepages",
                     list + ": `memory.hugepages: none` works without, and is slower",
                     shown.empty() ? "" : reserve_command(1 << 30, in_use)});
  } else {
    found.push_back({Level::ok, "hugepages",
                     list + (wanted == 0 && config != nullptr ? "; the file asks for none" : ""),
                     ""});
  }
  if (hugetlbfs_is_mounted(machine.root)) return;
  if (wanted > 0)
    found.push_back({Level::problem, "hugepages", "hugetlbfs is not mounted",
                     "mkdir -p /dev/hugepages && mount -t hugetlbfs hugetlbfs /dev/hugepages"});
  else if (free > 0)
    found.push_back({Level::warning, "hugepages", "hugetlbfs is not mounted",
                     "mkdir -p /dev/hugepages && mount -t hugetlbfs hugetlbfs /dev/hugepages"});
}

void examine_kernel(const Machine& machine, Diagnoses& found) {
  const std::string proc = machine.root + "/proc";
  found.push_back(
      {Level::ok, "kernel",
       "Linux " + read_text(proc + "/sys/kernel/osrelease").value_or("of unknown version"), ""});
  struct Setting {
    const char* name;
    std::uint64_t bad, good;
    const char* why;
  };
  static constexpr Setting kSettings[] = {
      {"kernel/nmi_watchdog", 1, 0, "its interrupts cost a worker's core packets"},
      {"kernel/numa_balancing", 1, 0, "it takes pages from under the workers to see who uses them"},
      {"vm/overcommit_memory", 2, 0, "tables that are mapped and mostly empty count in full"}};
  for (const Setting& setting : kSettings) {
    if (read_number(proc + "/sys/" + setting.name) != setting.bad) continue;
    std::string name = setting.name;
    std::replace(name.begin(), name.end(), '/', '.');
    found.push_back({Level::warning, "kernel",
                     fmt::format("{} is {}: {}", name, setting.bad, setting.why),
                     fmt::format("sysctl -w {}={}", name, setting.good)});
  }
  constexpr std::uint64_t kNetAdmin = 1ull << 12, kNetRaw = 1ull << 13, kSysAdmin = 1ull << 21;
  std::ifstream status(proc + "/self/status");
  std::uint64_t rights = 0;
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("CapEff:")) rights = std::strtoull(line.c_str() + 7, nullptr, 16);
  std::vector<std::string> lacking;
  if ((rights & kNetRaw) == 0) lacking.push_back("NET_RAW");
  if ((rights & kNetAdmin) == 0) lacking.push_back("NET_ADMIN");
  if ((rights & kSysAdmin) == 0) lacking.push_back("SYS_ADMIN");
  if (lacking.empty())
    found.push_back({Level::ok, "rights", "enough to start a router and a lab", ""});
  else
    found.push_back({Level::warning, "rights",
                     fmt::format("lacks {}: a router may not be started from here, nor a lab",
                                 list_text(lacking)),
                     "sudo weir ...; in a container, start it with --privileged"});
}

}  // namespace weir::cli
