// What makes a NIC's driver outlast a boot and an unplugging: driverctl's override where driverctl
// and systemd are, else a udev rule of our own, one file a NIC.
//
// The rule names vendor and device beside the address: when cards are moved and the address becomes
// another NIC's, perhaps the one by which the machine is reached, it takes nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controlplane/cli/nic.hpp"

namespace weir::cli {

/// The rule's file: in /etc, or in /run, where it outlasts an unplugging only and goes before that
/// in /etc.
std::string udev_rule_path(const std::string& address, bool until_boot);
/// `before`: the kernel's driver that it had, remembered for its release; empty: unknown.
std::string udev_rule(const Nic& nic, const std::string& driver, const std::string& before);
/// The kernel's driver that the NIC has, or had as our rule remembers it; empty: unknown.
std::string driver_before(const Machine& machine, const Nic& nic);

/// Where driverctl is, when it can do its work; empty: use a rule.
std::string find_driverctl(const std::string& root);
/// What driverctl gives the NIC at every boot.
std::string driverctl_override_path(const std::string& address);

/// What gives the NIC this driver at the next boot: a file; empty: nothing does.
std::string outlasts_boot_by(const Machine& machine, const Nic& nic, const std::string& driver);
/// Every such file there is, for whatever driver, /run included.
std::vector<std::string> boot_files(const Machine& machine, const Nic& nic);
/// udev is there to obey a rule.
bool has_udev(const std::string& root);

}  // namespace weir::cli
