#include "controlplane/cli/nic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>

#include "config/text.hpp"
#include "controlplane/cli/sysfs.hpp"

namespace weir::cli {
namespace {

constexpr const char* kDevices = "/sys/bus/pci/devices";

template <std::size_t kSize>
bool is_one_of(const std::string& driver, const std::array<std::string_view, kSize>& drivers) {
  return std::find(drivers.begin(), drivers.end(), driver) != drivers.end();
}

/// Directories in which an interface of the device may be found: virtio puts its own in between.
std::vector<std::string> interface_directories(const std::string& device) {
  std::vector<std::string> directories;
  if (exists(device + "/net")) directories.push_back(device + "/net");
  for (const std::string& name : names_in(device))
    if (const std::string inner = device + '/' + name + "/net";
        name.starts_with("virtio") && exists(inner))
      directories.push_back(inner);
  return directories;
}

std::string hexadecimal(const std::string& file) {
  const std::string text = read_text(file).value_or("0x0000");
  return text.substr(std::min<std::size_t>(2, text.size()));
}

/// The interfaces of this network namespace; nullopt: they cannot be seen.
std::optional<std::set<std::string>> our_interfaces(const std::string& root) {
  std::ifstream stream(root + "/proc/net/dev");
  if (!stream) return std::nullopt;
  std::set<std::string> names;
  for (std::string line; std::getline(stream, line);) {
    const std::size_t first = line.find_first_not_of(' '), colon = line.find(':');
    if (colon != line.npos) names.insert(line.substr(first, colon - first));
  }
  return names;
}

/// Why sysfs says nothing about this network namespace; empty: it does. A sysfs shows the
/// namespace that it was mounted from: `unshare -n` and nsenter leave the old one in place.
std::string why_sysfs_is_foreign(const std::string& root) {
  constexpr int kTries = 3;  // interfaces come and go between the two looks
  for (int i = 0; i < kTries; ++i) {
    const auto ours = our_interfaces(root);
    if (!ours) return "what it carries cannot be seen: there is no /proc/net/dev";
    std::set<std::string> shown;
    for (const std::string& name : names_in(root + "/sys/class/net"))
      if (name != "bonding_masters") shown.insert(name);
    if (shown == *ours) return "";
  }
  return "its interface is in another network namespace";
}

Nic nic_at(const std::string& root, const std::string& address, const std::string& foreign) {
  const std::string directory = root + device_directory(address);
  Nic nic{.address = address,
          .vendor = hexadecimal(directory + "/vendor"),
          .device = hexadecimal(directory + "/device"),
          .driver = link_target(directory + "/driver"),
          .interfaces = {},
          .iommu_group = link_target(directory + "/iommu_group")};
  const auto directories = interface_directories(directory);
  for (const std::string& place : directories)
    for (std::string& name : names_in(place)) nic.interfaces.push_back(std::move(name));
  if (!directories.empty() && nic.interfaces.empty())
    nic.unseen = "its interface is in another network namespace";
  if (!nic.interfaces.empty() && !foreign.empty()) {
    nic.unseen = foreign;
    nic.interfaces.clear();
  }
  // Its bridges have interfaces of their own that show no link to it.
  for (const std::string& name : nic.interfaces)
    if (link_target(root + "/sys/class/net/" + name + "/master") == "ovs-system")
      nic.unseen = "its interface is a port of Open vSwitch, and what that carries cannot be seen";
  // -1 where a machine has but one node.
  if (const auto node = read_number(directory + "/numa_node"))
    nic.numa_node = static_cast<int>(*node);
  nic.virtual_functions =
      static_cast<unsigned>(read_number(directory + "/sriov_numvfs").value_or(0));
  return nic;
}

bool is_network_controller(const std::string& directory) {
  return read_text(directory + "/class").value_or("").starts_with("0x02");
}

/// `8A:00.0` -> `0000:8a:00.0`; other words in lower case.
std::string normal_address(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : static_cast<char>(c);
  });
  constexpr std::string_view kShort = "8a:00.0";
  return name.size() == kShort.size() && name[2] == ':' && name[5] == '.' ? "0000:" + name : name;
}

bool is_plain(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == name.npos;
}

[[noreturn]] void no_such_nic(const Machine& machine, const std::string& name,
                              const std::vector<Nic>& nics) {
  const std::string address = normal_address(name);
  if (is_plain(name) && exists(machine.root + device_directory(address)))
    throw CliError(
        fmt::format("{} is no network device: its PCI class is {}", address,
                    read_text(machine.root + device_directory(address) + "/class").value_or("?")),
        "`weir nic list` lists those there are");
  if (is_plain(name) && exists(machine.root + "/sys/class/net/" + name))
    throw CliError(
        fmt::format("{} is the interface of no PCI device, so there is nothing to bind", name),
        fmt::format("name it in the file as it is: match: {{linux: {}}}", name));
  std::vector<std::string_view> known;
  for (const Nic& nic : nics) {
    known.push_back(nic.address);
    known.insert(known.end(), nic.interfaces.begin(), nic.interfaces.end());
  }
  const std::string near(config::nearest(address, known));
  throw CliError(fmt::format("there is no NIC {} on the PCI bus", config::shown(name)),
                 near.empty() ? "`weir nic list` lists those there are"
                              : fmt::format("did you mean {}?", near));
}

/// The files in /dev through which a process has the NIC.
std::vector<std::string> device_files(const std::string& root, const Nic& nic) {
  const std::string directory = root + device_directory(nic.address);
  std::vector<std::string> files;
  // The group may be open for the sake of another one of it.
  if (nic.driver == "vfio-pci" && !nic.iommu_group.empty()) {
    files.push_back("/dev/vfio/" + nic.iommu_group);
    files.push_back("/dev/vfio/noiommu-" + nic.iommu_group);
  }
  for (const std::string& name : names_in(directory + "/vfio-dev"))
    files.push_back("/dev/vfio/devices/" + name);
  for (const std::string& name : names_in(directory + "/uio")) files.push_back("/dev/" + name);
  return files;
}

}  // namespace

bool Nic::serves_dpdk() const {
  static constexpr std::array<std::string_view, 4> kDrivers{"vfio-pci", "uio_pci_generic",
                                                            "igb_uio", "uio_hv_generic"};
  return is_bifurcated() || is_one_of(driver, kDrivers);
}

bool Nic::is_bifurcated() const {
  static constexpr std::array<std::string_view, 2> kDrivers{"mlx4_core", "mlx5_core"};
  return is_one_of(driver, kDrivers);
}

std::string Nic::burden() const {
  if (carries_default_route && carries_ssh) return "the default route and the SSH session";
  return carries_ssh ? "the SSH session" : "the default route";
}

std::string device_directory(const std::string& address) {
  return std::string(kDevices) + '/' + address;
}

std::vector<Nic> nics_of(const Machine& machine) {
  const std::set<std::string> defaults = default_route_interfaces(machine);
  const std::set<std::string> ssh = ssh_session_interfaces(machine);
  const std::string foreign = why_sysfs_is_foreign(machine.root);
  std::vector<Nic> nics;
  for (const std::string& address : names_in(machine.root + kDevices)) {
    if (!is_network_controller(machine.root + device_directory(address))) continue;
    Nic nic = nic_at(machine.root, address, foreign);
    const auto has_one_of = [&](const std::set<std::string>& names) {
      return std::any_of(nic.interfaces.begin(), nic.interfaces.end(),
                         [&](const std::string& name) { return names.contains(name); });
    };
    nic.carries_default_route = has_one_of(defaults);
    nic.carries_ssh = has_one_of(ssh);
    nics.push_back(std::move(nic));
  }
  return nics;
}

Nic find_nic(const Machine& machine, const std::string& name) {
  const std::vector<Nic> nics = nics_of(machine);
  const std::string address = normal_address(name);
  for (const Nic& nic : nics)
    if (nic.address == address ||
        std::count(nic.interfaces.begin(), nic.interfaces.end(), name) != 0)
      return nic;
  no_such_nic(machine, name, nics);
}

std::vector<GroupMember> in_the_way(const Machine& machine, const Nic& nic) {
  // vfio suffers these beside it: drivers that start no DMA of their own.
  static constexpr std::array<std::string_view, 3> kHarmless{"vfio-pci", "pci-stub", "pcieport"};
  std::vector<GroupMember> members;
  if (nic.iommu_group.empty()) return members;
  const std::string group = machine.root + "/sys/kernel/iommu_groups/" + nic.iommu_group;
  for (const std::string& address : names_in(group + "/devices")) {
    const std::string directory = machine.root + device_directory(address);
    std::string driver = link_target(directory + "/driver");
    if (address == nic.address || driver.empty() || is_one_of(driver, kHarmless)) continue;
    members.push_back({address, std::move(driver), is_network_controller(directory)});
  }
  return members;
}

std::vector<std::string> users_of(const Machine& machine, const Nic& nic) {
  const std::vector<std::string> files = device_files(machine.root, nic);
  std::vector<std::string> users;
  if (files.empty()) return users;
  for (const std::string& pid : names_in(machine.root + "/proc")) {
    if (pid.find_first_not_of("0123456789") != pid.npos) continue;
    const std::string process = machine.root + "/proc/" + pid;
    for (const std::string& descriptor : names_in(process + "/fd")) {
      std::error_code failed;
      const std::string open =
          std::filesystem::read_symlink(process + "/fd/" + descriptor, failed).string();
      if (failed || std::find(files.begin(), files.end(), open) == files.end()) continue;
      users.push_back(read_text(process + "/comm").value_or("process") + ' ' + pid);
      break;
    }
  }
  return users;
}

bool iommu_is_on(const std::string& root) {
  const std::string groups = root + "/sys/kernel/iommu_groups";
  const std::vector<std::string> names = names_in(groups);
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return read_text(groups + '/' + name + "/name") != "vfio-noiommu";
  });
}

bool dares_without_iommu(const std::string& root) {
  return read_text(root + "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode") == "Y";
}

std::string iommu_remedy(const std::string& root) {
  const std::string cpu = read_text(root + "/proc/cpuinfo").value_or("");
  if (cpu.find(" hypervisor") != cpu.npos)
    return "give the virtual machine a virtual IOMMU (QEMU: -machine q35,kernel-irqchip=split "
           "-device intel-iommu,intremap=on), and its kernel's command line: intel_iommu=on "
           "iommu=pt";
  if (cpu.find("AuthenticAMD") != cpu.npos)
    return "in the firmware's setup: IOMMU (AMD-Vi) on; on the kernel's command line: iommu=pt";
  return "in the firmware's setup: IOMMU (VT-d) on; on the kernel's command line: intel_iommu=on "
         "iommu=pt";
}

}  // namespace weir::cli
