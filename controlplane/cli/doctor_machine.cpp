// CPU, cores, kernel settings.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <set>
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

/// Another thread of a worker's core takes half of it.
void examine_siblings(const Machine& machine, unsigned core, const std::set<unsigned>& others,
                      Diagnoses& found) {
  const std::string cores = cores_directory(machine.root);
  std::set<unsigned> siblings = core_list(
      read_text(fmt::format("{}/cpu{}/topology/thread_siblings_list", cores, core)).value_or(""));
  siblings.erase(core);
  const std::set<unsigned> isolated = isolated_cores(machine.root);
  std::set<unsigned> busy;
  for (const unsigned sibling : siblings) {
    if (others.contains(sibling)) {
      busy.insert(sibling);
      continue;
    }
    const std::string online = fmt::format("/sys/devices/system/cpu/cpu{}/online", sibling);
    if (isolated.contains(sibling) || read_text(machine.root + online) == "0") continue;
    const std::string what = fmt::format(
        "worker core {} shares its execution units with core {}, where other programs run", core,
        sibling);
    // The first core often cannot be put off line.
    if (exists(machine.root + online))
      found.push_back(mendable(Level::warning, "cores", what, {Step::write(online, "0")},
                               {Step::write(online, "1")}));
    else
      found.push_back({Level::warning, "cores", what,
                       "name another worker core: cat "
                       "/sys/devices/system/cpu/cpu*/topology/thread_siblings_list"});
  }
  if (!busy.empty())
    found.push_back(
        {Level::warning, "cores",
         fmt::format("worker core {} shares its execution units with core {}, which the "
                     "router uses too",
                     core, core_list(busy)),
         "name cores of different lines: cat "
         "/sys/devices/system/cpu/cpu*/topology/thread_siblings_list"});
}

void examine_worker_core(const Machine& machine, unsigned core, Diagnoses& found) {
  const std::string file =
      fmt::format("/sys/devices/system/cpu/cpu{}/cpufreq/scaling_governor", core);
  const auto governor = read_text(machine.root + file);
  if (governor && !governor->empty() && *governor != "performance")
    found.push_back(mendable(
        Level::warning, "cores",
        fmt::format("core {} changes its clock (governor {}): figures will vary", core, *governor),
        {Step::write(file, "performance")}, {Step::write(file, *governor)}));
}

/// The cores of `wanted` that are not in `there`.
std::set<unsigned> missing(const std::vector<unsigned>& wanted, const std::set<unsigned>& there) {
  std::set<unsigned> lacking;
  for (const unsigned core : wanted)
    if (!there.contains(core)) lacking.insert(core);
  return lacking;
}

/// An isolated core that still gets the timer's ticks loses some microseconds to each.
void examine_ticks(const std::string& root, const std::vector<unsigned>& workers,
                   Diagnoses& found) {
  const auto tickless = read_text(cores_directory(root) + "/nohz_full");
  if (!tickless) return;  // a kernel without it
  const std::set<unsigned> ticking = missing(workers, core_list(*tickless));
  if (!ticking.empty())
    found.push_back({Level::warning, "cores",
                     fmt::format("worker core {} is isolated, but the timer still interrupts it",
                                 core_list(ticking)),
                     fmt::format("on the kernel's command line: nohz_full={0} rcu_nocbs={0}",
                                 core_list(ticking))});
}

void examine_core_presence(const std::vector<unsigned>& wanted, const std::set<unsigned>& online,
                           const std::set<unsigned>& allowed, bool has_file, Diagnoses& found) {
  const char* remedy = has_file ? "name cores that are there in `system.control-cores` and "
                                  "`system.worker-cores`"
                                : "give a file that names others: system: {control-cores: "
                                  "[0], worker-cores: [0]} shares one";
  if (online.empty()) {
    found.push_back({Level::warning, "cores",
                     "cannot be seen: there is no /sys/devices/system/cpu/online",
                     "mount -t sysfs sysfs /sys"});
    return;
  }
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

void examine_router(const Machine& machine, Diagnoses& found) {
  std::string reason;
  if (const auto version = machine.router_version(reason))
    found.push_back({Level::ok, "router", *version, ""});
  else
    found.push_back({Level::problem, "router", "weir-router does not run: " + reason, ""});
}

}  // namespace

void examine_cpu(const Machine& machine, Diagnoses& found) {
  const Cpu cpu = cpu_of(machine.root);
  if (cpu.flags.empty()) {
    // This program itself checks what it was built for as it starts.
    found.push_back({Level::warning, "cpu", "cannot be looked at: /proc/cpuinfo has no flags",
                     "mount -t proc proc /proc"});
    examine_router(machine, found);
    return;
  }
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
                     cpu.flags.contains("hypervisor")
                         ? "give the virtual machine one that does not (QEMU: -cpu host,+invtsc)"
                         : "nothing helps but another CPU"});
  examine_router(machine, found);
}

void examine_cores(const Machine& machine, const config::Config* config, Diagnoses& found) {
  const config::System system = config != nullptr ? config->system : config::System{};
  std::vector<unsigned> wanted = system.control_cores;
  wanted.insert(wanted.end(), system.worker_cores.begin(), system.worker_cores.end());
  const std::set<unsigned> online =
      core_list(read_text(cores_directory(machine.root) + "/online").value_or(""));
  examine_core_presence(wanted, online, allowed_cores(machine.root), config != nullptr, found);
  if (online.empty()) return;
  const std::set<unsigned> isolated = isolated_cores(machine.root);
  std::set<unsigned> shared = missing(system.worker_cores, isolated);
  if (shared.empty()) {
    found.push_back({Level::ok, "cores", "the workers' cores are isolated", ""});
    examine_ticks(machine.root, system.worker_cores, found);
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
    examine_siblings(machine, core, others, found);
    examine_worker_core(machine, core, found);
  }
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
    found.push_back(mendable(
        Level::warning, "kernel", fmt::format("{} is {}: {}", name, setting.bad, setting.why),
        {Step::run({"sysctl", "-w", fmt::format("{}={}", name, setting.good)})},
        {Step::run({"sysctl", "-w", fmt::format("{}={}", name, setting.bad)})}));
  }
}

}  // namespace weir::cli
