// The NICs on the PCI bus, as sysfs shows them: drivers, interfaces, IOMMU groups, and who uses
// them.
#pragma once

#include <string>
#include <vector>

#include "controlplane/cli/machine.hpp"

namespace weir::cli {

struct Nic {
  std::string address;  // 0000:8a:00.0
  std::string vendor, device;
  std::string driver;  // empty: none
  std::vector<std::string> interfaces;
  /// Why what it carries cannot be seen from here, where the kernel has an interface of it; else
  /// empty. It may be what the machine is reached by.
  std::string unseen;
  int numa_node = -1;       // -1: the machine has but one, or does not say
  std::string iommu_group;  // empty: no IOMMU has it
  unsigned virtual_functions = 0;
  bool carries_default_route = false;
  bool carries_ssh = false;

  std::string id() const { return vendor + ':' + device; }
  /// One of DPDK's own drivers has it, or one that leaves it to the kernel as well.
  bool serves_dpdk() const;
  /// DPDK and the kernel share it: there is nothing to bind.
  bool is_bifurcated() const;
  /// Without it, this machine may not be reached any more.
  bool is_vital() const { return carries_default_route || carries_ssh; }
  /// `the default route and the SSH session`.
  std::string burden() const;
};

std::vector<Nic> nics_of(const Machine& machine);

/// The NIC that `name` is, a PCI address or one of its Linux interfaces. Throws CliError with what
/// it is instead, or what it may be meant to be.
Nic find_nic(const Machine& machine, const std::string& name);

/// Where the kernel has the device.
std::string device_directory(const std::string& address);

/// A device that shares an IOMMU group.
struct GroupMember {
  std::string address;
  std::string driver;  // empty: none
  bool is_nic = false;
};

/// The others of the NIC's IOMMU group whose driver keeps vfio from giving away any of it.
std::vector<GroupMember> in_the_way(const Machine& machine, const Nic& nic);

/// `weir-router 2187`: the processes that have the NIC open through vfio or uio, as far as they may
/// be looked at.
std::vector<std::string> users_of(const Machine& machine, const Nic& nic);

/// An IOMMU is there and used: not only vfio's stand-ins for one.
bool iommu_is_on(const std::string& root);
/// vfio takes NICs without an IOMMU.
bool dares_without_iommu(const std::string& root);
/// How to get an IOMMU here.
std::string iommu_remedy(const std::string& root);

}  // namespace weir::cli
