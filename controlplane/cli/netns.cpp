#include "controlplane/cli/netns.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/sockios.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "controlplane/cli/context.hpp"
#include "controlplane/cli/process.hpp"

namespace weir::cli {
namespace {

constexpr const char* kOwnNamespace = "/proc/thread-self/ns/net";

std::string path_of(const std::string& name) { return "/run/netns/" + name; }

/// 0, or an errno.
int ethtool(const std::string& interface, ethtool_value& value) {
  const api::Descriptor fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return errno;
  ifreq request{};
  interface.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_data = reinterpret_cast<char*>(&value);
  return ioctl(fd.get(), SIOCETHTOOL, &request) == 0 ? 0 : errno;
}

pid_t parent_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("PPid:")) return static_cast<pid_t>(std::atoi(line.c_str() + 5));
  return 0;
}

}  // namespace

InNamespace::InNamespace(const std::string& name)
    : home_(open(kOwnNamespace, O_RDONLY | O_CLOEXEC)) {
  const api::Descriptor there(open(path_of(name).c_str(), O_RDONLY | O_CLOEXEC));
  if (!home_ || !there || setns(there.get(), CLONE_NEWNET) != 0)
    throw CliError("namespace " + name + " cannot be entered: " + std::strerror(errno));
}

InNamespace::~InNamespace() {
  // Whoever cannot go home must not go on in the wrong place.
  if (setns(home_.get(), CLONE_NEWNET) != 0) std::abort();
}

std::uint64_t identity_of_namespace(const std::string& name) {
  struct stat status {};
  if (stat(path_of(name).c_str(), &status) != 0) return 0;
  // The number alone is another namespace's soon after this one has gone.
  const auto born = static_cast<std::uint64_t>(status.st_ctim.tv_sec) * 1'000'000'000 +
                    static_cast<std::uint64_t>(status.st_ctim.tv_nsec);
  return std::max<std::uint64_t>(1, born ^ std::uint64_t{status.st_ino} << 32);
}

std::vector<pid_t> processes_in(const std::string& name) {
  const Finished listed = run_program({"ip", "netns", "pids", name});
  std::vector<pid_t> pids;
  if (!listed.ok()) return pids;
  std::istringstream lines(listed.output);
  for (pid_t pid = 0; lines >> pid;) pids.push_back(pid);
  for (pid_t own = getpid(); own > 1; own = parent_of(own)) std::erase(pids, own);
  return pids;
}

void set_sysctl(const std::string& name, const std::string& value) {
  std::ofstream("/proc/sys/" + name) << value;
}

void switch_off_transmit_checksum_offload(const std::string& interface) {
  ethtool_value value{ETHTOOL_STXCSUM, 0};
  if (const int error = ethtool(interface, value); error != 0)
    throw CliError("transmit checksum offload of " + interface +
                       " cannot be switched off: " + std::strerror(error),
                   "without that, TCP through the router hangs");
}

}  // namespace weir::cli
