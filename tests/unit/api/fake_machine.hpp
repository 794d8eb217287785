// A machine that is a directory, with a kernel behind its sysfs: writing there has the effect that
// it has on drivers, links and interfaces.
#pragma once

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/cli/machine.hpp"
#include "controlplane/cli/sysfs.hpp"
#include "controlplane/cpu_check.hpp"
#include "tests/unit/api/temp_directory.hpp"

namespace weir::test {

class FakeMachine {
 public:
  FakeMachine() {
    machine.root = tree / "";
    machine.root.pop_back();
    machine.carry_out = [this](const cli::Step& step) { carry_out(step); };
    put("proc/net/dev", "Inter-|   Receive\n face |bytes\n");
    put("proc/net/route", "Iface Destination ...\n");
    put("sys/bus/pci/drivers_probe", "");
  }

  void put(const std::string& path, const std::string& text) { tree.write(path, text); }
  void remove(const std::string& path) { std::filesystem::remove_all(tree / path); }
  void link(const std::string& path, const std::string& target) {
    std::filesystem::create_directories(std::filesystem::path(tree / path).parent_path());
    std::filesystem::remove(tree / path);
    std::filesystem::create_symlink(target, tree / path);
  }
  bool has(const std::string& path) { return cli::exists(tree / path); }
  std::string text(const std::string& path) { return cli::read_text(tree / path).value_or(""); }

  /// A NIC that `native` of the kernel drives, as `interface`, or nobody: "".
  void add_nic(const std::string& address, const std::string& native,
               const std::string& interface = "", const std::string& node = "-1") {
    const std::string device = device_of(address);
    put(device + "class", "0x020000\n");
    put(device + "vendor", "0x8086\n");
    put(device + "device", "0x1572\n");
    put(device + "modalias", "pci:" + address + '\n');
    put(device + "numa_node", node + '\n');
    put(device + "driver_override", "(null)\n");
    natives[address] = {native, interface};
    if (!native.empty()) bind(address, native);
  }
  void add_driver(const std::string& driver) {
    put("sys/bus/pci/drivers/" + driver + "/unbind", "");
  }
  void put_into_group(const std::string& address, const std::string& group) {
    link(device_of(address) + "iommu_group", "../../../kernel/iommu_groups/" + group);
    put("sys/kernel/iommu_groups/" + group + "/type", "DMA-FQ\n");
    put("sys/kernel/iommu_groups/" + group + "/devices/" + address, "");
  }
  /// An interface of this network namespace.
  void add_interface(const std::string& name) {
    if (text("proc/net/dev").find(' ' + name + ':') == std::string::npos)
      put("proc/net/dev", text("proc/net/dev") + "\n  " + name + ": 0 0\n");
    put("sys/class/net/" + name + "/operstate", "up\n");
  }
  void default_route_over(const std::string& interface) {
    put("proc/net/route",
        "Iface Destination ...\n" + interface + " 00000000 010200C0 0003 0 0 0 00000000 0 0\n");
  }
  void bind(const std::string& address, const std::string& driver) {
    add_driver(driver);
    link(device_of(address) + "driver", "../../drivers/" + driver);
    const auto& [native, interface] = natives[address];
    remove(device_of(address) + "net");
    if (driver != native || interface.empty()) return;
    add_interface(interface);
    put(device_of(address) + "net/" + interface + "/mtu", "1500\n");
  }
  std::string driver_of(const std::string& address) {
    return cli::link_target(tree / (device_of(address) + "driver"));
  }

  /// The commands of what has been carried out.
  std::string commands() const {
    std::string all;
    for (const cli::Step& step : done) all += cli::command_of(step) + '\n';
    return all;
  }

  static std::string device_of(const std::string& address) {
    return "sys/bus/pci/devices/" + address + '/';
  }

  TempDirectory tree;
  std::map<std::string, std::pair<std::string, std::string>> natives;  // driver, interface
  std::set<std::string> modules;                                       // that modprobe finds
  std::set<std::string> unable;  // drivers that take no device
  std::vector<cli::Step> done;
  /// Called before each step; may throw, or harm the machine.
  std::function<void(const cli::Step&)> before = [](const cli::Step&) {};

  cli::Machine machine{
      .root = "",
      .cpu_needs = cpu_need::kSse42 | cpu_need::kAvx2 | cpu_need::kBmi2 | cpu_need::kAvx512,
      .built_for = "native",
      .router_version = [](std::string&) { return "weir-router 1"; },
      .other_end = [](const std::string&) -> std::optional<cli::CableEnd> {
        return cli::CableEnd{"eth0", "host", false};
      },
      .ssh_interfaces = {},
      .default_routes = {},
      .why_not_writable = [](const std::string& path) { return cli::exists(path) ? 0 : ENOENT; },
      .router_ports = [] { return std::map<std::string, cli::RouterPort>(); },
      .carry_out = {},
      .ask = [](const std::string&) { return std::optional<bool>(); }};

 private:
  void carry_out(const cli::Step& step) {
    before(step);
    done.push_back(step);
    if (step.kind == cli::Step::Kind::run) return run(step.words);
    cli::carry_out(step, machine.root);
    if (step.kind == cli::Step::Kind::write) obey(step.path, step.text);
  }

  void obey(const std::string& path, const std::string& value) {
    const std::filesystem::path file(path);
    if (file.filename() == "unbind") {
      remove(device_of(value) + "driver");
      forget_interface(value);
    } else if (file.filename() == "driver_override" && value.empty()) {
      put(path.substr(1), "(null)\n");
    } else if (file.filename() == "drivers_probe") {
      probe(value);
    }
  }

  void forget_interface(const std::string& address) {
    const std::string& name = natives[address].second;
    remove(device_of(address) + "net");
    if (name.empty()) return;
    remove("sys/class/net/" + name);
    std::string all = text("proc/net/dev");
    const std::size_t at = all.find("\n  " + name + ':');
    if (at == std::string::npos) return;
    const std::size_t end = all.find('\n', at + 1);
    all.erase(at, (end == std::string::npos ? all.size() : end) - at);
    put("proc/net/dev", all + '\n');
  }

  void probe(const std::string& address) {
    if (!driver_of(address).empty()) return;
    const std::string forced = text(device_of(address) + "driver_override");
    const std::string driver = forced == "(null)" ? natives[address].first : forced;
    if (!driver.empty() && has("sys/bus/pci/drivers/" + driver) && !unable.contains(driver))
      bind(address, driver);
  }

  void run(const std::vector<std::string>& words) {
    if (words[0] == "modprobe") {
      if (!modules.contains(words[1]))
        throw cli::CliError("`modprobe " + words[1] + "` failed: FATAL: Module not found");
      return add_driver(words[1]);
    }
    if (!words[0].ends_with("driverctl")) return;
    const bool saves = words[1] != "--nosave";
    const std::string verb = words[saves ? 1 : 2], address = words[saves ? 2 : 3];
    const std::string saved = "etc/driverctl.d/pci-" + address;
    if (!driver_of(address).empty()) obey("driver/unbind", address);
    put(device_of(address) + "driver_override",
        verb == "set-override" ? words.back() + '\n' : "(null)\n");
    probe(address);
    if (driver_of(address).empty()) throw cli::CliError("`driverctl` failed: failed to bind");
    if (verb == "unset-override") remove(saved);
    if (verb == "set-override" && saves) put(saved, words.back() + '\n');
  }
};

}  // namespace weir::test
