// NICs on the PCI bus, IOMMU and vfio, Linux interfaces that are ports.
#include <fmt/format.h>

#include <algorithm>

#include "controlplane/cli/doctor.hpp"
#include "controlplane/cli/sysfs.hpp"

namespace weir::cli {
namespace {

using Level = Diagnosis::Level;

struct Nic {
  std::string address;  // 0000:8a:00.0
  std::string id;       // 8086:1572
  std::string driver;   // empty: none
  std::vector<std::string> interfaces;
  int numa_node = -1;
  bool carries_default_route = false;

  bool serves_dpdk() const;
  /// The kernel drives it, and shows no interface of it here.
  bool is_elsewhere() const { return !driver.empty() && !serves_dpdk() && interfaces.empty(); }
};

/// Directories in which an interface of the device may be found: virtio puts its own in between.
std::vector<std::string> interfaces_of(const std::string& device) {
  std::vector<std::string> names = names_in(device + "/net");
  for (const std::string& name : names_in(device))
    if (name.starts_with("virtio"))
      for (std::string& inner : names_in(device + '/' + name + "/net"))
        names.push_back(std::move(inner));
  return names;
}

std::vector<Nic> nics_of(const std::string& root) {
  constexpr std::string_view kNetworkController = "0x02";
  const std::string bus = root + "/sys/bus/pci/devices";
  const std::set<std::string> defaults = default_route_interfaces(root);
  std::vector<Nic> nics;
  for (const std::string& address : names_in(bus)) {
    const std::string device = bus + '/' + address;
    if (!read_text(device + "/class").value_or("").starts_with(kNetworkController)) continue;
    Nic nic{.address = address, .driver = link_target(device + "/driver")};
    const auto digits = [&](const char* file) {
      const std::string text = read_text(device + '/' + file).value_or("0x0000");
      return text.substr(std::min<std::size_t>(2, text.size()));
    };
    nic.id = digits("vendor") + ':' + digits("device");
    nic.interfaces = interfaces_of(device);
    // -1 where a machine has but one node.
    nic.numa_node = static_cast<int>(
        read_number(device + "/numa_node").value_or(static_cast<std::uint64_t>(-1)));
    nic.carries_default_route =
        std::any_of(nic.interfaces.begin(), nic.interfaces.end(),
                    [&](const std::string& name) { return defaults.contains(name); });
    nics.push_back(std::move(nic));
  }
  return nics;
}

/// DPDK's own drivers, or one that leaves the NIC to the kernel as well.
bool Nic::serves_dpdk() const {
  constexpr std::string_view kDrivers[] = {"vfio-pci",       "uio_pci_generic", "igb_uio",
                                           "uio_hv_generic", "mlx4_core",       "mlx5_core"};
  return std::find(std::begin(kDrivers), std::end(kDrivers), driver) != std::end(kDrivers);
}

std::string description(const Nic& nic) {
  std::string text = fmt::format("{} [{}] driver {}", nic.address, nic.id,
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

Diagnosis judge(const Nic& nic, bool configured) {
  const std::string what = description(nic);
  if (nic.carries_default_route)
    return configured
               ? Diagnosis{Level::problem, "nic",
                           what + ": carries the default route, the file wants it as a port",
                           "name another NIC in the file, or you lose this machine"}
               : Diagnosis{Level::ok, "nic",
                           what + ": carries the default route; never give it to a router", ""};
  if (nic.serves_dpdk()) return {Level::ok, "nic", what + ": ready", ""};
  // Whether that interface carries a default route cannot be seen from here: no advice then.
  if (nic.is_elsewhere())
    return {configured ? Level::problem : Level::ok, "nic",
            what + ": its interface is in another network namespace",
            configured ? "weir doctor FILE, in that namespace" : ""};
  const std::string bind = "dpdk-devbind.py --bind=vfio-pci " + nic.address;
  if (configured) return {Level::problem, "nic", what + ": the kernel has it", bind};
  return {Level::ok, "nic", what + ": the kernel's; to make it a port: " + bind, ""};
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
    found.push_back({lacking, "vfio", "the driver vfio-pci is not loaded", "modprobe vfio-pci"});
  else
    found.push_back({Level::ok, "vfio", "the driver vfio-pci is there", ""});
  const bool unsafe =
      read_text(machine.root + "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode") == "Y";
  if (!names_in(machine.root + "/sys/kernel/iommu_groups").empty())
    found.push_back({Level::ok, "iommu", "on", ""});
  else if (unsafe)
    found.push_back({Level::warning, "iommu",
                     "off, and vfio works without: a NIC may write anywhere in memory",
                     "on the kernel's command line: intel_iommu=on iommu=pt"});
  else
    found.push_back({lacking, "iommu", "off: vfio-pci refuses NICs",
                     "on the kernel's command line: intel_iommu=on iommu=pt; or at one's own risk: "
                     "echo Y > /sys/module/vfio/parameters/enable_unsafe_noiommu_mode"});
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
           "`dpdk-devbind.py --status-dev net` lists what there is"});
  }
}

void examine_cable(const Machine& machine, const std::string& interface, Diagnoses& found) {
  const auto end = machine.other_end(interface);
  if (!end) return;
  const std::string enter =
      end->network_namespace.empty() ? "" : "ip netns exec " + end->network_namespace + ' ';
  const std::string name = end->interface.empty() ? "the other end" : end->interface;
  const std::string where =
      end->network_namespace.empty() ? "" : fmt::format(" in {}", end->network_namespace);
  if (!end->transmit_checksum_offload)
    found.push_back(
        {Level::warning, "port",
         fmt::format("{} is a veth, and {}{} cannot be looked at: if it leaves checksums "
                     "to hardware, TCP through the router hangs",
                     interface, name, where),
         "there: ethtool -K INTERFACE tx off"});
  else if (*end->transmit_checksum_offload)
    found.push_back(
        {Level::problem, "port",
         fmt::format("{} is a veth, and {}{} leaves checksums to hardware that is none: "
                     "ping works, TCP through the router hangs",
                     interface, name, where),
         fmt::format("{}ethtool -K {} tx off", enter, end->interface)});
  else
    found.push_back(
        {Level::ok, "port",
         fmt::format("{} is a veth; {}{} makes its checksums itself", interface, name, where), ""});
}

}  // namespace

void examine_nics(const Machine& machine, const config::Config* config, Diagnoses& found) {
  const std::vector<Nic> nics = nics_of(machine.root);
  if (nics.empty())
    found.push_back({Level::ok, "nic", "none on the PCI bus; Linux interfaces will do", ""});
  bool needed = false, possible = false;
  for (const Nic& nic : nics) {
    const bool configured = is_configured(nic, config);
    found.push_back(judge(nic, configured));
    if (configured) examine_numa(machine, nic, *config, found);
    const bool bifurcated = nic.driver.starts_with("mlx");
    needed = needed || (configured && !bifurcated && !nic.carries_default_route);
    possible = possible || (!bifurcated && !nic.carries_default_route && !nic.is_elsewhere());
  }
  for (const std::string& name : default_route_interfaces(machine.root))
    if (std::none_of(nics.begin(), nics.end(), [&](const Nic& nic) {
          return std::count(nic.interfaces.begin(), nic.interfaces.end(), name) != 0;
        }))
      found.push_back(
          {Level::ok, "nic", name + ": carries the default route; never give it to a router", ""});
  if (config != nullptr) examine_missing_nics(nics, *config, found);
  if (possible) examine_vfio(machine, needed, found);
}

void examine_linux_ports(const Machine& machine, const config::Config& config, Diagnoses& found) {
  const std::set<std::string> defaults = default_route_interfaces(machine.root);
  for (const config::Ethernet& port : config.ethernets) {
    const auto* match = std::get_if<config::LinuxMatch>(&port.match);
    if (match == nullptr) continue;
    const std::string& name = match->interface;
    if (defaults.contains(name))
      found.push_back(
          {Level::problem, "port",
           fmt::format("{}, the port of {}, carries the default route", name, port.name),
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
