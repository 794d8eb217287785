// What this process may do, and where commands cannot work at all.
#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "controlplane/cli/doctor.hpp"
#include "controlplane/cli/sysfs.hpp"

namespace weir::cli {
namespace {

using Level = Diagnosis::Level;

/// Of a user namespace that is not the first one.
bool rights_are_borrowed(const std::string& root) {
  std::istringstream map(read_text(root + "/proc/self/uid_map").value_or("0 0 4294967295"));
  std::uint64_t inside = 0, outside = 0, many = 0;
  map >> inside >> outside >> many;
  constexpr std::uint64_t kAll = 0xffff'ffff;
  return inside != 0 || outside != 0 || many != kAll;
}

/// Where commands that change kernel settings, drivers and hugepages cannot work at all.
void examine_sysfs(const Machine& machine, Diagnoses& found) {
  const std::string sys = machine.root + "/sys";
  if (!exists(sys + "/bus") && !exists(sys + "/kernel"))
    found.push_back({Level::warning, "rights",
                     "/sys is not mounted: NICs, hugepages and cores cannot be seen",
                     "mount -t sysfs sysfs /sys"});
  else if (machine.why_not_writable(sys) == EROFS)
    found.push_back({Level::warning, "rights",
                     "/sys is mounted read-only, as in a container: what is to be mended in it, is "
                     "to be mended on the host",
                     "start the container with --privileged, or run weir doctor on the host"});
}

}  // namespace

void examine_rights(const Machine& machine, Diagnoses& found) {
  examine_sysfs(machine, found);
  const std::string proc = machine.root + "/proc";
  if (!exists(proc + "/self/status")) {
    found.push_back({Level::warning, "rights", "cannot be seen: there is no /proc/self/status",
                     "mount -t proc proc /proc"});
    return;
  }
  if (rights_are_borrowed(machine.root)) {
    found.push_back(
        {Level::warning, "rights",
         "those of a user namespace: they reach what that namespace made, as Linux interfaces in "
         "a network namespace of its own, but no NIC, no hugepages and no setting of the kernel",
         "weir doctor, outside of the user namespace (as in a rootless container's host)"});
    return;
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
                                 fmt::join(lacking, ", ")),
                     "sudo weir ...; in a container, start it with --privileged"});
}

}  // namespace weir::cli
