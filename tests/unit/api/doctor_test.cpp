// The doctor in front of machines that are directories: each row breaks one thing.
#include "controlplane/cli/doctor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <string>

#include "config/parse.hpp"
#include "controlplane/cli/sysfs.hpp"
#include "controlplane/cpu_check.hpp"
#include "tests/unit/api/temp_directory.hpp"

namespace weir::cli {
namespace {

namespace fs = std::filesystem;
using Level = Diagnosis::Level;

constexpr const char* kCpus = "sys/devices/system/cpu/";
constexpr const char* kPages = "sys/kernel/mm/hugepages/";
constexpr const char* kNic = "sys/bus/pci/devices/0000:8a:00.0/";

/// A machine without a fault: four cores, hugepages, a NIC bound to vfio-pci, one for itself.
class Patient {
 public:
  Patient() {
    put("proc/cpuinfo",
        "model name\t: Test CPU\n"
        "flags\t\t: sse4_2 avx2 bmi2 avx512bw constant_tsc nonstop_tsc\n");
    put("proc/self/status", "CapEff:\t000001ffffffffff\nCpus_allowed_list:\t0-3\n");
    put("proc/mounts", "none /dev/hugepages hugetlbfs rw 0 0\n");
    put("proc/net/route",
        "Iface Destination ...\neth0 00000000 010200C0 0003 0 0 0 00000000 0 0\n");
    put("proc/sys/kernel/osrelease", "6.1.0\n");
    put(std::string(kCpus) + "online", "0-3\n");
    put(std::string(kCpus) + "isolated", "1-3\n");
    put(std::string(kPages) + "hugepages-2048kB/nr_hugepages", "1024\n");
    put(std::string(kPages) + "hugepages-2048kB/free_hugepages", "1000\n");
    put("sys/kernel/iommu_groups/0/type", "DMA\n");
    add_nic("0000:00:03.0", "virtio-pci", "-1");
    put("sys/bus/pci/devices/0000:00:03.0/virtio0/net/eth0/mtu", "1500\n");
    put("sys/class/net/eth0/mtu", "1500\n");
    add_nic("0000:8a:00.0", "vfio-pci", "0");
    put("sys/class/net/veth0/mtu", "1500\n");
  }

  void put(const std::string& path, const std::string& text) { tree.write(path, text); }
  void remove(const std::string& path) { fs::remove_all(tree / path); }
  void add_nic(const std::string& address, const std::string& driver, const std::string& node) {
    const std::string device = "sys/bus/pci/devices/" + address + '/';
    put(device + "class", "0x020000\n");
    put(device + "vendor", "0x8086\n");
    put(device + "device", "0x1572\n");
    put(device + "numa_node", node + '\n');
    bind(address, driver);
  }
  void bind(const std::string& address, const std::string& driver) {
    const std::string link = tree / ("sys/bus/pci/devices/" + address + "/driver");
    fs::remove(link);
    fs::create_directories(tree / ("sys/bus/pci/drivers/" + driver));
    fs::create_symlink("../../drivers/" + driver, link);
  }

  Diagnoses examine(const std::string& yaml = "") {
    machine.root = tree / "";
    machine.root.pop_back();
    if (yaml.empty()) return cli::examine(machine, nullptr);
    const config::ParseResult parsed = config::parse_text(yaml, "x.yaml");
    EXPECT_TRUE(parsed) << parsed.findings.to_string();
    return cli::examine(machine, parsed ? &*parsed.config : nullptr);
  }

  test::TempDirectory tree;
  Machine machine{
      .root = "",
      .cpu_needs = cpu_need::kSse42 | cpu_need::kAvx2 | cpu_need::kBmi2 | cpu_need::kAvx512,
      .built_for = "native",
      .router_version = [](std::string&) { return "weir-router 1"; },
      .other_end = [](const std::string&) -> std::optional<CableEnd> {
        return CableEnd{"eth0", "host", false};
      }};
};

std::string complaints(const Diagnoses& found) {
  std::string text;
  for (const Diagnosis& one : found)
    if (one.level != Level::ok)
      text += std::string(one.level == Level::problem ? "problem " : "warning ") + one.topic +
              ": " + one.message + " | " + one.remedy + '\n';
  return text;
}

constexpr const char* kFull =
    "system: {control-cores: [0], worker-cores: [1, 2], memory: {hugepages: 1G}}\n"
    "ethernets:\n"
    "  wan: {match: {pci: '0000:8a:00.0'}, addresses: [192.0.2.2/30]}\n"
    "  lan: {match: {linux: veth0}, addresses: [10.0.1.1/24]}\n";

TEST(Doctor, AHealthyMachineHasNothing) {
  Patient patient;
  EXPECT_EQ(complaints(patient.examine()), "");
  EXPECT_EQ(complaints(patient.examine(kFull)), "");
}

TEST(Doctor, TheDefaultRouteIsNamedAndNeverToBeTouched) {
  Patient patient;
  const Diagnoses found = patient.examine();
  const auto nic = std::find_if(found.begin(), found.end(), [](const Diagnosis& one) {
    return one.message.starts_with("0000:00:03.0");
  });
  ASSERT_NE(nic, found.end());
  EXPECT_EQ(nic->message,
            "0000:00:03.0 [8086:1572] driver virtio-pci, eth0: carries the default route; never "
            "give it to a router");
  EXPECT_EQ(nic->remedy, "");
}

struct Row {
  const char* name;
  std::function<void(Patient&)> harm;
  const char* yaml;
  const char* complaints;
};

class Sick : public testing::TestWithParam<Row> {};

TEST_P(Sick, IsToldWhatAndWhatMendsIt) {
  Patient patient;
  GetParam().harm(patient);
  EXPECT_EQ(complaints(patient.examine(GetParam().yaml)), GetParam().complaints);
}

const Row kRows[] = {
    {"cpu_lacks",
     [](Patient& p) {
       p.put("proc/cpuinfo",
             "model name\t: Old\nflags\t\t: sse4_2 constant_tsc nonstop_tsc avx2 bmi2\n");
     },
     "",
     "problem cpu: Old lacks AVX-512, which this build (-Dcpu=native) uses | meson configure build "
     "-Dcpu=x86-64-v2 && ninja -C build\n"},
    {"cpu_has_more",
     [](Patient& p) {
       p.machine.cpu_needs = cpu_need::kSse42;
       p.machine.built_for = "x86-64-v2";
     },
     "",
     "warning cpu: Test CPU has AVX2, BMI2, AVX-512, which this build (-Dcpu=x86-64-v2) does not "
     "use | meson configure build -Dcpu=native && ninja -C build\n"},
    {"clock",
     [](Patient& p) {
       p.put("proc/cpuinfo", "model name\t: Odd\nflags\t\t: sse4_2 avx2 bmi2 avx512bw\n");
     },
     "",
     "warning cpu: its time stamp counter may change its pace: times and rates are not exact | \n"},
    {"router",
     [](Patient& p) {
       p.machine.router_version = [](std::string& why) -> std::optional<std::string> {
         why = "no such file";
         return std::nullopt;
       };
     },
     "", "problem router: weir-router does not run: no such file | \n"},
    {"core_not_there", [](Patient& p) { p.put(std::string(kCpus) + "online", "0-1\n"); }, kFull,
     "problem cores: core 2 is not there; this machine has 0-1 | name cores that are there in "
     "`system.control-cores` and `system.worker-cores`\n"},
    {"one_core", [](Patient& p) { p.put(std::string(kCpus) + "online", "0\n"); }, "",
     "problem cores: core 1 is not there; this machine has 0 | \n"},
    {"container",
     [](Patient& p) {
       p.put("proc/self/status", "CapEff:\t000001ffffffffff\nCpus_allowed_list:\t0,3\n");
     },
     kFull,
     "problem cores: core 1-2 may not be used here; allowed are 0,3 | name cores that are there in "
     "`system.control-cores` and `system.worker-cores`\n"},
    {"not_isolated", [](Patient& p) { p.put(std::string(kCpus) + "isolated", "2\n"); }, kFull,
     "warning cores: worker core 1 is not isolated: other programs may run there | on the kernel's "
     "command line: isolcpus=1 nohz_full=1 rcu_nocbs=1\n"},
    {"smt",
     [](Patient& p) { p.put(std::string(kCpus) + "cpu2/topology/thread_siblings_list", "0,2\n"); },
     kFull,
     "warning cores: worker core 2 shares its execution units with core 0, which the router uses "
     "too | echo off > /sys/devices/system/cpu/smt/control\n"},
    {"governor",
     [](Patient& p) { p.put(std::string(kCpus) + "cpu1/cpufreq/scaling_governor", "powersave\n"); },
     "",
     "warning cores: core 1 changes its clock (governor powersave): figures will vary | echo "
     "performance > /sys/devices/system/cpu/cpu1/cpufreq/scaling_governor\n"},
    {"too_few_hugepages",
     [](Patient& p) { p.put(std::string(kPages) + "hugepages-2048kB/free_hugepages", "100\n"); },
     kFull,
     "problem hugepages: 100 free of 1024 of 2 MB; the file asks for 1 GB | echo 1436 > "
     "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages\n"},
    {"no_hugepages",
     [](Patient& p) {
       p.put(std::string(kPages) + "hugepages-2048kB/nr_hugepages", "0\n");
       p.put(std::string(kPages) + "hugepages-2048kB/free_hugepages", "0\n");
     },
     "",
     "warning hugepages: 0 free of 0 of 2 MB: `memory.hugepages: none` works without, and is "
     "slower "
     "| echo 512 > /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages\n"},
    {"not_mounted", [](Patient& p) { p.put("proc/mounts", "none / ext4 rw 0 0\n"); }, kFull,
     "problem hugepages: hugetlbfs is not mounted | mkdir -p /dev/hugepages && mount -t hugetlbfs "
     "hugetlbfs /dev/hugepages\n"},
    {"kernel_driver",
     [](Patient& p) {
       p.bind("0000:8a:00.0", "i40e");
       p.put(std::string(kNic) + "net/ens1/mtu", "1500\n");
     },
     kFull,
     "problem nic: 0000:8a:00.0 [8086:1572] driver i40e, NUMA node 0, ens1: the kernel has it | "
     "dpdk-devbind.py --bind=vfio-pci 0000:8a:00.0\n"},
    {"nic_in_another_namespace", [](Patient& p) { p.bind("0000:8a:00.0", "i40e"); }, kFull,
     "problem nic: 0000:8a:00.0 [8086:1572] driver i40e, NUMA node 0: its interface is in another "
     "network namespace | weir doctor FILE, in that namespace\n"},
    {"nic_of_the_default_route",
     [](Patient& p) {
       p.bind("0000:8a:00.0", "i40e");
       p.put(std::string(kNic) + "net/eth0/mtu", "1500\n");
     },
     kFull,
     "problem nic: 0000:8a:00.0 [8086:1572] driver i40e, NUMA node 0, eth0: carries the default "
     "route, the file wants it as a port | name another NIC in the file, or you lose this "
     "machine\n"},
    {"nic_under_the_bridge_of_the_ipv6_default_route",
     [](Patient& p) {
       p.bind("0000:8a:00.0", "i40e");
       p.put(std::string(kNic) + "net/ens1/mtu", "1500\n");
       p.put("proc/net/ipv6_route",
             "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
             "fe800000000000000000000000000001 00000400 00000001 00000000 00000003      br0\n");
       p.put("sys/class/net/br0/lower_bond0/x", "");
       p.put("sys/class/net/bond0/lower_ens1/x", "");
     },
     kFull,
     "problem nic: 0000:8a:00.0 [8086:1572] driver i40e, NUMA node 0, ens1: carries the default "
     "route, the file wants it as a port | name another NIC in the file, or you lose this "
     "machine\n"},
    {"no_such_nic", [](Patient& p) { p.remove(kNic); }, kFull,
     "problem nic: 0000:8a:00.0, the port of wan, is no NIC of this machine | `dpdk-devbind.py "
     "--status-dev net` lists what there is\n"},
    {"numa",
     [](Patient& p) {
       p.put(std::string(kCpus) + "cpu0/node0/x", "");
       p.put(std::string(kCpus) + "cpu1/node0/x", "");
       p.put(std::string(kCpus) + "cpu2/node1/x", "");
     },
     kFull,
     "warning nic: 0000:8a:00.0 is on NUMA node 0, worker core 2 is not | choose "
     "`system.worker-cores` from: cat /sys/devices/system/node/node0/cpulist\n"},
    {"no_vfio", [](Patient& p) { p.remove("sys/bus/pci/drivers/vfio-pci"); }, kFull,
     "problem vfio: the driver vfio-pci is not loaded | modprobe vfio-pci\n"},
    {"no_iommu", [](Patient& p) { p.remove("sys/kernel/iommu_groups/0"); }, "",
     "warning iommu: off: vfio-pci refuses NICs | on the kernel's command line: intel_iommu=on "
     "iommu=pt; or at one's own risk: echo Y > "
     "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode\n"},
    {"no_iommu_but_dared",
     [](Patient& p) {
       p.remove("sys/kernel/iommu_groups/0");
       p.put("sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "Y\n");
     },
     kFull,
     "warning iommu: off, and vfio works without: a NIC may write anywhere in memory | on the "
     "kernel's command line: intel_iommu=on iommu=pt\n"},
    {"no_such_interface", [](Patient& p) { p.remove("sys/class/net/veth0"); }, kFull,
     "problem port: veth0, the port of lan, is no interface of this network namespace | `ip link` "
     "lists what there is\n"},
    {"port_carries_the_default_route", [](Patient&) {},
     "ethernets: {lan: {match: {linux: eth0}, addresses: [10.0.1.1/24]}}\n",
     "problem port: eth0, the port of lan, carries the default route | name another interface in "
     "the file, or you lose this machine\n"},
    {"veth_trap",
     [](Patient& p) {
       p.machine.other_end = [](const std::string&) { return CableEnd{"eth0", "host", true}; };
     },
     kFull,
     "problem port: veth0 is a veth, and eth0 in host leaves checksums to hardware that is none: "
     "ping works, TCP through the router hangs | ip netns exec host ethtool -K eth0 tx off\n"},
    {"veth_unseen",
     [](Patient& p) { p.machine.other_end = [](const std::string&) { return CableEnd{}; }; }, kFull,
     "warning port: veth0 is a veth, and the other end cannot be looked at: if it leaves checksums "
     "to hardware, TCP through the router hangs | there: ethtool -K INTERFACE tx off\n"},
    {"watchdog", [](Patient& p) { p.put("proc/sys/kernel/nmi_watchdog", "1\n"); }, "",
     "warning kernel: kernel.nmi_watchdog is 1: its interrupts cost a worker's core packets | "
     "sysctl -w kernel.nmi_watchdog=0\n"},
    {"overcommit", [](Patient& p) { p.put("proc/sys/vm/overcommit_memory", "2\n"); }, "",
     "warning kernel: vm.overcommit_memory is 2: tables that are mapped and mostly empty count in "
     "full | sysctl -w vm.overcommit_memory=0\n"},
    {"no_rights",
     [](Patient& p) {
       p.put("proc/self/status", "CapEff:\t0000000000001000\nCpus_allowed_list:\t0-3\n");
     },
     "",
     "warning rights: lacks NET_RAW, SYS_ADMIN: a router may not be started from here, nor a lab | "
     "sudo weir ...; in a container, start it with --privileged\n"},
};

INSTANTIATE_TEST_SUITE_P(Doctor, Sick, testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Doctor, AnEmptyTreeCrashesNothing) {
  Patient patient;
  patient.remove("proc");
  patient.remove("sys");
  EXPECT_NE(complaints(patient.examine(kFull)), "");
}

TEST(CoreList, BothWays) {
  EXPECT_EQ(core_list("0-2,5"), (std::set<unsigned>{0, 1, 2, 5}));
  EXPECT_EQ(core_list(""), std::set<unsigned>{});
  EXPECT_EQ(core_list("(null)"), std::set<unsigned>{});
  EXPECT_EQ(core_list("0-99999999999"), std::set<unsigned>{});
  EXPECT_EQ(core_list(std::set<unsigned>{0, 1, 2, 5, 7, 8}), "0-2,5,7-8");
}

}  // namespace
}  // namespace weir::cli
