// NICs on the PCI bus, IOMMU and vfio, Linux interfaces that are ports.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "controlplane/cli/doctor.hpp"
#include "controlplane/cli/nic.hpp"
#include "controlplane/cli/sysfs.hpp"

namespace weir::cli {
namespace {

using Level = Diagnosis::Level;

std::string description(const Nic& nic) {
  std::string text = fmt::format("{} [{}] driver {}", nic.address, nic.id(),
                                 nic.driver.empty() ? "none" : nic.driver);
  if (nic.numa_node >= 0) text += fmt::format(", NUMA node {}", nic.numa_node);
  if (!nic.interfaces.empty()) text += fmt::format(", {}", fmt::join(nic.interfaces, " "));
  return text;
}

bool is_configured(const Nic& nic, const config::Config* config) {
  if (config == nullptr) return false;
  return std::any_of(config->ethernets.begin(), config->ethernets.end(), [&](const auto& port) {
    const auto* pci = std::get_if<config::PciMatch>(&port.match);
    return pci != nullptr && pci->address == nic.address;
  });
}

/// One that vfio has and may not give away.
std::optional<Diagnosis> judge_group(const Machine& machine, const Nic& nic,
                                     const std::string& what) {
  if (nic.driver != "vfio-pci") return std::nullopt;
  std::string list, nics;
  for (const GroupMember& member : in_the_way(machine, nic)) {
    list += fmt::format("{}{} ({})", list.empty() ? "" : ", ", member.address, member.driver);
    if (member.is_nic) nics += ' ' + member.address;
  }
  if (list.empty()) return std::nullopt;
  return Diagnosis{Level::problem, "nic",
                   fmt::format("{}: shares IOMMU group {} with {}, so vfio gives it to nobody",
                               what, nic.iommu_group, list),
                   nics.empty() ? "put it into another slot, or take those drivers off by hand"
                                : "weir nic bind" + nics};
}

Diagnosis judge(const Machine& machine, const Nic& nic, bool configured) {
  const std::string what = description(nic);
  if (nic.is_vital())
    return configured ? Diagnosis{Level::problem, "nic",
                                  fmt::format("{}: carries {}, the file wants it as a port", what,
                                              nic.burden()),
                                  "name another NIC in the file, or you lose this machine"}
                      : Diagnosis{Level::ok, "nic",
                                  fmt::format("{}: carries {}; never give it to a router", what,
                                              nic.burden()),
                                  ""};
  if (auto shared = judge_group(machine, nic, what)) return *std::move(shared);
  if (nic.serves_dpdk()) return {Level::ok, "nic", what + ": ready", ""};
  // Whether that interface carries a default route cannot be seen from here: no advice then.
  if (!nic.unseen.empty())
    return {
        configured ? Level::problem : Level::ok, "nic", what + ": " + nic.unseen,
        configured ? "weir doctor FILE, where it is (the first namespace: nsenter -t 1 -a)" : ""};
  const std::string bind = "weir nic bind " + nic.address;
  const char* has_it = nic.driver.empty() ? "no driver has it" : "the kernel has it";
  if (configured) return {Level::problem, "nic", fmt::format("{}: {}", what, has_it), bind};
  return {Level::ok, "nic", fmt::format("{}: {}; to make it a port: {}", what, has_it, bind), ""};
}

void examine_numa(const Machine& machine, const Nic& nic, const config::Config& config,
                  Diagnoses& found) {
  if (nic.numa_node < 0) return;
  const std::string cpus = machine.root + "/sys/devices/system/cpu/cpu";
  for (const unsigned core : config.system.worker_cores) {
    const bool same =
        exists(fmt::format("{}{}/node{}", cpus, core, nic.numa_node)) || !exists(cpus + "0/node0");
    if (!same)
      found.push_back({Level::warning, "nic",
                       fmt::format("{} is on NUMA node {}, worker core {} is not", nic.address,
                                   nic.numa_node, core),
                       fmt::format("choose `system.worker-cores` from: cat "
                                   "/sys/devices/system/node/node{}/cpulist",
                                   nic.numa_node)});
  }
}

/// vfio-pci and an IOMMU: only of interest where there is a NIC to give away.
void examine_vfio(const Machine& machine, bool needed, Diagnoses& found) {
  const Level lacking = needed ? Level::problem : Level::warning;
  if (!exists(machine.root + "/sys/bus/pci/drivers/vfio-pci"))
    found.push_back(mendable(lacking, "vfio", "the driver vfio-pci is not loaded",
                             {Step::run({"modprobe", "vfio-pci"})},
                             {Step::run({"modprobe", "-r", "vfio-pci"})}));
  else if (const int error = machine.why_not_writable(machine.root + "/dev/vfio/vfio"); error != 0)
    found.push_back(
        {Level::warning, "vfio",
         fmt::format(
             "the driver vfio-pci is there, but /dev/vfio/vfio may not be opened from here: "
             "{}",
             std::strerror(error)),
         error == ENOENT ? "modprobe vfio; for a container: --device /dev/vfio, as it starts"
                         : remedy_of(error)});
  else
    found.push_back({Level::ok, "vfio", "the driver vfio-pci is there", ""});
  if (iommu_is_on(machine.root))
    found.push_back({Level::ok, "iommu", "on", ""});
  else if (dares_without_iommu(machine.root))
    found.push_back({Level::warning, "iommu",
                     "off, and vfio works without: a NIC may write anywhere in memory",
                     iommu_remedy(machine.root)});
  else
    found.push_back({lacking, "iommu", "off: vfio-pci refuses NICs",
                     iommu_remedy(machine.root) +
                         "; or at one's own risk: modprobe vfio enable_unsafe_noiommu_mode=1"});
}

/// What carries the default route or the SSH session and is no NIC: tunnels, wireless, namespaces.
void examine_other_interfaces(const Machine& machine, const std::vector<Nic>& nics,
                              Diagnoses& found) {
  const auto name_those = [&](const std::set<std::string>& names, const char* burden) {
    for (const std::string& name : names)
      if (std::none_of(nics.begin(), nics.end(), [&](const Nic& nic) {
            return std::count(nic.interfaces.begin(), nic.interfaces.end(), name) != 0;
          }))
        found.push_back({Level::ok, "nic",
                         fmt::format("{}: carries the {}; never give it to a router", name, burden),
                         ""});
  };
  name_those(default_route_interfaces(machine), "default route");
  name_those(ssh_session_interfaces(machine), "SSH session");
}

void examine_missing_nics(const std::vector<Nic>& nics, const config::Config& config,
                          Diagnoses& found) {
  for (const config::Ethernet& port : config.ethernets) {
    const auto* pci = std::get_if<config::PciMatch>(&port.match);
    if (pci == nullptr) continue;
    const bool there = std::any_of(nics.begin(), nics.end(),
                                   [&](const Nic& nic) { return nic.address == pci->address; });
    if (!there)
      found.push_back(
          {Level::problem, "nic",
           fmt::format("{}, the port of {}, is no NIC of this machine", pci->address, port.name),
           "`weir nic list` lists what there is"});
  }
}

void examine_cable(const Machine& machine, const std::string& interface, Diagnoses& found) {
  const auto end = machine.other_end(interface);
  if (!end) return;
  const auto switch_offload = [&](const char* state) {
    return Steps{Step::run(control::offload_command(*end, "tx", state))};
  };
  if (!end->transmit_checksum_offload)
    found.push_back({Level::warning, "port",
                     fmt::format("{} is a veth, and {} cannot be looked at: if it leaves checksums "
                                 "to hardware, TCP through the router hangs",
                                 interface, control::name_of(*end)),
                     "there: ethtool -K INTERFACE tx off"});
  else if (const std::string trap = control::checksum_trap(*end); !trap.empty())
    found.push_back(mendable(Level::problem, "port",
                             fmt::format("{} is a veth, and {}", interface, trap),
                             switch_offload("off"), switch_offload("on")));
  else
    found.push_back({Level::ok, "port",
                     fmt::format("{} is a veth; {} makes its checksums itself", interface,
                                 control::name_of(*end)),
                     ""});
}

}  // namespace

void examine_nics(const Machine& machine, const config::Config* config, Diagnoses& found) {
  const std::vector<Nic> nics = nics_of(machine);
  if (nics.empty())
    found.push_back({Level::ok, "nic",
                     exists(machine.root + "/sys/bus/pci")
                         ? "none on the PCI bus; Linux interfaces will do"
                         : "there is no PCI bus to be seen; Linux interfaces will do",
                     ""});
  bool needed = false, possible = false;
  for (const Nic& nic : nics) {
    const bool configured = is_configured(nic, config);
    found.push_back(judge(machine, nic, configured));
    if (configured) examine_numa(machine, nic, *config, found);
    const bool free = !nic.is_bifurcated() && !nic.is_vital();
    needed = needed || (configured && free);
    possible = possible || (free && nic.unseen.empty());
  }
  examine_other_interfaces(machine, nics, found);
  if (config != nullptr) examine_missing_nics(nics, *config, found);
  if (possible) examine_vfio(machine, needed, found);
}

void examine_linux_ports(const Machine& machine, const config::Config& config, Diagnoses& found) {
  const std::set<std::string> defaults = default_route_interfaces(machine);
  const std::set<std::string> ssh = ssh_session_interfaces(machine);
  for (const config::Ethernet& port : config.ethernets) {
    const auto* match = std::get_if<config::LinuxMatch>(&port.match);
    if (match == nullptr) continue;
    const std::string& name = match->interface;
    if (defaults.contains(name) || ssh.contains(name))
      found.push_back({Level::problem, "port",
                       fmt::format("{}, the port of {}, carries the {}", name, port.name,
                                   defaults.contains(name) ? "default route" : "SSH session"),
                       "name another interface in the file, or you lose this machine"});
    else if (!exists(machine.root + "/sys/class/net/" + name))
      found.push_back({Level::problem, "port",
                       fmt::format("{}, the port of {}, is no interface of this network namespace",
                                   name, port.name),
                       "`ip link` lists what there is"});
    else
      examine_cable(machine, name, found);
  }
}

}  // namespace weir::cli
