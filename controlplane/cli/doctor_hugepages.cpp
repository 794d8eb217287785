// Hugepages: how many of which size, on which NUMA node, mounted where, and who may use them.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>

#include "controlplane/cli/doctor.hpp"
#include "controlplane/cli/sysfs.hpp"

namespace weir::cli {
namespace {

using Level = Diagnosis::Level;

constexpr std::uint64_t kMegabyte = 1 << 20, kGigabyte = 1 << 30;
constexpr std::uint64_t kPage = 2 * kMegabyte;  // those that are reserved: there are always some
constexpr const char* kPools = "/sys/kernel/mm/hugepages";

struct Pool {
  std::uint64_t page_bytes = 0, total = 0, free = 0;
};

/// Those of a directory with hugepages-NkB in it, smallest pages first.
std::vector<Pool> pools_in(const std::string& directory) {
  constexpr std::string_view kPrefix = "hugepages-";
  std::vector<Pool> pools;
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

std::uint64_t free_bytes(const std::vector<Pool>& pools) {
  std::uint64_t bytes = 0;
  for (const Pool& pool : pools) bytes += pool.free * pool.page_bytes;
  return bytes;
}

/// With those that are in use.
std::uint64_t total_bytes(const std::vector<Pool>& pools) {
  std::uint64_t bytes = 0;
  for (const Pool& pool : pools) bytes += std::max(pool.total, pool.free) * pool.page_bytes;
  return bytes;
}

std::string size_text(std::uint64_t bytes) {
  return bytes % kGigabyte == 0 ? fmt::format("{} GB", bytes / kGigabyte)
                                : fmt::format("{} MB", bytes / kMegabyte);
}

std::string list_text(const std::vector<Pool>& pools) {
  std::vector<std::string> shown;
  for (const Pool& pool : pools)
    shown.push_back(
        fmt::format("{} free of {} of {}", pool.free, pool.total, size_text(pool.page_bytes)));
  return fmt::format("{}", fmt::join(shown, ", "));
}

/// What the kernel could still give; 0: unknown.
std::uint64_t available_bytes(const std::string& root) {
  std::ifstream stream(root + "/proc/meminfo");
  for (std::string line; std::getline(stream, line);)
    if (line.starts_with("MemAvailable:"))
      return std::strtoull(line.c_str() + 13, nullptr, 10) * 1024;
  return 0;
}

/// Reserves pages until `bytes` are free in the pools below `directory`.
Diagnosis reserve(const Machine& machine, const std::string& directory, std::uint64_t bytes,
                  Level level, std::string message) {
  std::uint64_t total = 0, in_use = 0;
  for (const Pool& pool : pools_in(machine.root + directory))
    if (pool.page_bytes == kPage) {
      total = pool.total;
      in_use = pool.total - std::min(pool.total, pool.free);
    }
  const std::uint64_t wanted = (bytes + kPage - 1) / kPage + in_use;
  const std::string path = directory + "/hugepages-2048kB/nr_hugepages";
  Diagnosis found =
      mendable(level, "hugepages", std::move(message), {Step::write(path, std::to_string(wanted))},
               {Step::write(path, std::to_string(total))});
  // Whoever takes most of what is left, starves the rest of the machine: never unasked.
  const std::uint64_t available = available_bytes(machine.root);
  const std::uint64_t more = (wanted - std::min(wanted, total)) * kPage;
  if (available != 0 && more > available / 2) {
    found.message += fmt::format("; only {} of memory are available",
                                 size_text(available / kMegabyte * kMegabyte));
    found.mending.clear();
    found.undoing.clear();
  }
  return found;
}

struct Mount {
  std::string place;
  std::uint64_t page_bytes = 0;
};

std::vector<Mount> hugetlbfs_mounts(const std::string& root) {
  std::uint64_t usual = kPage;
  std::ifstream memory(root + "/proc/meminfo");
  for (std::string line; std::getline(memory, line);)
    if (line.starts_with("Hugepagesize:"))
      usual = std::strtoull(line.c_str() + 13, nullptr, 10) * 1024;
  std::vector<Mount> mounts;
  std::ifstream stream(root + "/proc/mounts");
  for (std::string line; std::getline(stream, line);) {
    std::istringstream fields(line);
    std::string device, place, kind, options;
    fields >> device >> place >> kind >> options;
    if (kind != "hugetlbfs") continue;
    constexpr std::string_view kOption = "pagesize=";
    const std::size_t at = options.find(kOption);
    char* unit = nullptr;
    std::uint64_t size = at == options.npos
                             ? usual
                             : std::strtoull(options.c_str() + at + kOption.size(), &unit, 10);
    if (unit != nullptr) size *= *unit == 'G' ? kGigabyte : *unit == 'M' ? kMegabyte : 1024;
    mounts.push_back({place, size});
  }
  return mounts;
}

Steps mount_steps(const std::string& place, std::uint64_t page_bytes) {
  return {Step::run({"mkdir", "-p", place}),
          Step::run({"mount", "-t", "hugetlbfs", "-o",
                     fmt::format("pagesize={}M", page_bytes / kMegabyte), "hugetlbfs", place})};
}

/// Pages of a size that is mounted nowhere are as good as none.
void examine_mounts(const Machine& machine, const std::vector<Pool>& pools, std::uint64_t wanted,
                    Diagnoses& found) {
  const std::vector<Mount> mounts = hugetlbfs_mounts(machine.root);
  const bool matters = wanted > 0 || free_bytes(pools) > 0;
  if (!matters) return;
  const Level level = wanted > 0 ? Level::problem : Level::warning;
  for (const Pool& pool : pools) {
    const bool mounted = std::any_of(mounts.begin(), mounts.end(), [&](const Mount& mount) {
      return mount.page_bytes == pool.page_bytes;
    });
    const bool needed = pool.free > 0 || (wanted > 0 && pool.page_bytes == kPage);
    if (mounted || !needed) continue;
    const std::string place = pool.page_bytes == kPage ? "/dev/hugepages" : "/dev/hugepages1G";
    // With one size in place, the others are only not used.
    found.push_back(mendable(
        mounts.empty() ? level : Level::warning, "hugepages",
        mounts.empty() ? "hugetlbfs is not mounted"
                       : fmt::format("hugetlbfs is mounted, but not for pages of {}: those are not "
                                     "used",
                                     size_text(pool.page_bytes)),
        mount_steps(place, pool.page_bytes), {Step::run({"umount", place})}));
    if (mounts.empty()) return;
  }
  for (const Mount& mount : mounts)
    if (const int error = machine.why_not_writable(machine.root + mount.place); error != 0)
      found.push_back(
          {Level::warning, "hugepages",
           fmt::format("{} may not be written from here: {}", mount.place, std::strerror(error)),
           remedy_of(error)});
}

std::vector<unsigned> nodes_of(const std::string& root) {
  std::vector<unsigned> nodes;
  for (const std::string& name : names_in(root + "/sys/devices/system/node"))
    if (name.starts_with("node") && name.size() > 4 &&
        name.find_first_not_of("0123456789", 4) == name.npos)
      nodes.push_back(static_cast<unsigned>(std::strtoul(name.c_str() + 4, nullptr, 10)));
  return nodes;
}

/// A worker without hugepages on its node gets them from afar.
void examine_nodes(const Machine& machine, const config::Config& config, Diagnoses& found) {
  const std::uint64_t wanted = config.system.memory.hugepage_bytes;
  const std::vector<unsigned> nodes = nodes_of(machine.root);
  if (nodes.size() < 2 || wanted == 0) return;
  for (const unsigned node : nodes) {
    const std::string directory = fmt::format("/sys/devices/system/node/node{}", node);
    std::set<unsigned> here;
    const std::set<unsigned> cores =
        core_list(read_text(machine.root + directory + "/cpulist").value_or(""));
    for (const unsigned core : config.system.worker_cores)
      if (cores.contains(core)) here.insert(core);
    const std::uint64_t share = wanted * here.size() / config.system.worker_cores.size();
    const std::uint64_t free = free_bytes(pools_in(machine.root + directory + "/hugepages"));
    if (free >= share) continue;
    found.push_back(reserve(
        machine, directory + "/hugepages", share, Level::warning,
        fmt::format("{} of hugepages are free on NUMA node {}, where worker core {} would take {}: "
                    "the rest comes from afar, and slowly",
                    size_text(free), node, core_list(here), size_text(share))));
  }
}

/// What the control group of a container allows, where it says so.
void examine_limit(const Machine& machine, std::uint64_t wanted, Diagnoses& found) {
  constexpr std::string_view kUnified = "0::";
  std::ifstream groups(machine.root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    if (!line.starts_with(kUnified)) continue;
    const std::string group = line.substr(kUnified.size());
    const std::string file = "/sys/fs/cgroup" + (group == "/" ? "" : group) + "/hugetlb.2MB.max";
    const auto most = read_number(machine.root + file);  // "max" is no number
    if (most && *most < wanted)
      found.push_back(
          {Level::problem, "hugepages",
           fmt::format("the control group allows {} of them, the file asks for {}",
                       size_text(*most), size_text(wanted)),
           fmt::format("echo max > {} (for a container: on the host, or as it starts)", file)});
  }
}

}  // namespace

void examine_hugepages(const Machine& machine, const config::Config* config, Diagnoses& found) {
  const std::uint64_t wanted = config != nullptr ? config->system.memory.hugepage_bytes : 0;
  const std::vector<Pool> pools = pools_in(machine.root + kPools);
  const std::uint64_t free = free_bytes(pools);
  if (pools.empty()) {
    const bool seen = exists(machine.root + "/sys/kernel/mm");
    found.push_back(
        {wanted > 0 ? Level::problem : Level::warning, "hugepages",
         fmt::format("{}: `memory.hugepages: none` works without, and is slower",
                     seen ? "this kernel has none" : "cannot be seen: there is no /sys/kernel/mm"),
         seen ? "" : "mount -t sysfs sysfs /sys"});
    return;
  }
  const std::string list = list_text(pools);
  const bool others_have_enough = total_bytes(pools) - free >= wanted;
  if (wanted > free && others_have_enough && !machine.router_ports().empty())
    found.push_back({Level::ok, "hugepages", list + "; the running router has its own", ""});
  else if (wanted > free)
    found.push_back(reserve(machine, kPools, wanted, Level::problem,
                            fmt::format("{}; the file asks for {}", list, size_text(wanted))));
  else if (free == 0 && config == nullptr)
    found.push_back(reserve(machine, kPools, kGigabyte, Level::warning,
                            list + ": `memory.hugepages: none` works without, and is slower"));
  else
    found.push_back({Level::ok, "hugepages",
                     list + (wanted == 0 && config != nullptr ? "; the file asks for none" : ""),
                     ""});
  if (config != nullptr && wanted <= free) examine_nodes(machine, *config, found);
  examine_mounts(machine, pools, wanted, found);
  examine_limit(machine, wanted, found);
}

}  // namespace weir::cli
