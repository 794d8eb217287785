#include "controlplane/cli/nic_boot.hpp"

#include <fmt/format.h>

#include <sstream>

#include "controlplane/cli/sysfs.hpp"

namespace weir::cli {
namespace {

constexpr std::string_view kBefore = "# driver before: ";

std::string override_in_rule(const std::string& driver) {
  return fmt::format("ATTR{{driver_override}}=\"{}\"", driver);
}

}  // namespace

std::string udev_rule_path(const std::string& address, bool until_boot) {
  // Before 80-drivers.rules, which loads the driver that the kernel would take. A file in /etc
  // hides one of its name in /run, and the last rule wins: that until the boot has a later name.
  return fmt::format("{}-weir-{}.rules",
                     until_boot ? "/run/udev/rules.d/06" : "/etc/udev/rules.d/05", address);
}

std::string udev_rule(const Nic& nic, const std::string& driver, const std::string& before) {
  return fmt::format(
      "# By `weir nic bind`; `weir nic release {0}` removes it.\n"
      "{1}{2}"
      "ACTION==\"add\", SUBSYSTEM==\"pci\", KERNEL==\"{0}\", ATTR{{vendor}}==\"0x{3}\", "
      "ATTR{{device}}==\"0x{4}\", DRIVER!=\"{5}\", {6}, RUN{{builtin}}+=\"kmod load {5}\", "
      // Whatever driver the kernel had built in, or loaded before udev ran, lets go of it.
      "RUN+=\"/bin/sh -c 'if [ -e /sys%p/driver ]; then echo %k > /sys%p/driver/unbind; fi; "
      "echo %k > /sys/bus/pci/drivers_probe'\"\n",
      nic.address, before.empty() ? "" : kBefore, before.empty() ? "" : before + '\n', nic.vendor,
      nic.device, driver, override_in_rule(driver));
}

std::string driver_before(const Machine& machine, const Nic& nic) {
  if (!nic.driver.empty() && !nic.serves_dpdk()) return nic.driver;
  for (const bool until_boot : {false, true}) {
    std::istringstream rule(
        read_text(machine.root + udev_rule_path(nic.address, until_boot)).value_or(""));
    for (std::string line; std::getline(rule, line);)
      if (line.starts_with(kBefore) && line.size() > kBefore.size())
        return line.substr(kBefore.size());
  }
  return "";
}

std::string find_driverctl(const std::string& root) {
  // Its overrides are a service of systemd's: without that they end with the boot.
  if (!exists(root + "/run/systemd/system")) return "";
  for (const char* path : {"/usr/sbin/driverctl", "/usr/bin/driverctl", "/sbin/driverctl"})
    if (exists(root + path)) return path;
  return "";
}

std::string driverctl_override_path(const std::string& address) {
  return "/etc/driverctl.d/pci-" + address;
}

std::string outlasts_boot_by(const Machine& machine, const Nic& nic, const std::string& driver) {
  const std::string saved = driverctl_override_path(nic.address);
  if (!find_driverctl(machine.root).empty())
    // It comes after the rules.
    if (const std::string last = read_text(machine.root + saved).value_or(""); !last.empty())
      return last == driver ? saved : "";
  const std::string path = udev_rule_path(nic.address, false);
  const std::string rule = read_text(machine.root + path).value_or("");
  const bool is_of_this_nic =
      rule.find(fmt::format("ATTR{{vendor}}==\"0x{}\", ATTR{{device}}==\"0x{}\"", nic.vendor,
                            nic.device)) != rule.npos;
  return is_of_this_nic && rule.find(override_in_rule(driver)) != rule.npos ? path : "";
}

std::vector<std::string> boot_files(const Machine& machine, const Nic& nic) {
  std::vector<std::string> files;
  for (const std::string& path :
       {driverctl_override_path(nic.address), udev_rule_path(nic.address, false),
        udev_rule_path(nic.address, true)})
    if (exists(machine.root + path)) files.push_back(path);
  return files;
}

bool has_udev(const std::string& root) { return exists(root + "/run/udev/control"); }

}  // namespace weir::cli
