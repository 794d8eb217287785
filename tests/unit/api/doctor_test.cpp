// The doctor in front of machines that are directories: each row breaks one thing.
#include "controlplane/cli/doctor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>

#include "config/parse.hpp"
#include "controlplane/cli/sysfs.hpp"
#include "controlplane/cpu_check.hpp"
#include "tests/unit/api/fake_machine.hpp"

namespace weir::cli {
namespace {

using Level = Diagnosis::Level;

constexpr const char* kCpus = "sys/devices/system/cpu/";
constexpr const char* kPages = "sys/kernel/mm/hugepages/";
constexpr const char* kNic = "sys/bus/pci/devices/0000:8a:00.0/";

/// A machine without a fault: four cores, hugepages, a NIC bound to vfio-pci, one for itself.
class Patient : public test::FakeMachine {
 public:
  Patient() {
    put("proc/cpuinfo",
        "model name\t: Test CPU\n"
        "flags\t\t: sse4_2 avx2 bmi2 avx512bw constant_tsc nonstop_tsc\n");
    put("proc/self/status", "CapEff:\t000001ffffffffff\nCpus_allowed_list:\t0-3\n");
    put("proc/self/uid_map", "         0          0 4294967295\n");
    put("proc/mounts", "none /dev/hugepages hugetlbfs rw 0 0\n");
    put("dev/hugepages/x", "");
    put("dev/vfio/vfio", "");
    put("proc/sys/kernel/osrelease", "6.1.0\n");
    put(std::string(kCpus) + "online", "0-3\n");
    put(std::string(kCpus) + "isolated", "1-3\n");
    put(std::string(kPages) + "hugepages-2048kB/nr_hugepages", "1024\n");
    put(std::string(kPages) + "hugepages-2048kB/free_hugepages", "1000\n");
    add_nic("0000:00:03.0", "virtio-pci");
    add_interface("eth0");
    put("sys/bus/pci/devices/0000:00:03.0/virtio0/net/eth0/mtu", "1500\n");
    default_route_over("eth0");
    add_nic("0000:8a:00.0", "i40e", "", "0");
    bind("0000:8a:00.0", "vfio-pci");
    put_into_group("0000:8a:00.0", "12");
    add_interface("veth0");
  }

  /// The second NIC, as the kernel's.
  void give_back(const std::string& interface) {
    natives["0000:8a:00.0"] = {"i40e", interface};
    bind("0000:8a:00.0", "i40e");
  }

  Diagnoses examine(const std::string& yaml = "") {
    if (yaml.empty()) return cli::examine(machine, nullptr);
    const config::ParseResult parsed = config::parse_text(yaml, "x.yaml");
    EXPECT_TRUE(parsed) << parsed.findings.to_string();
    return cli::examine(machine, parsed ? &*parsed.config : nullptr);
  }
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
     "warning cpu: its time stamp counter may change its pace: times and rates are not exact | "
     "nothing helps but another CPU\n"},
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
     "problem cores: core 1 is not there; this machine has 0 | give a file that names others: "
     "system: {control-cores: [0], worker-cores: [0]} shares one\n"},
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
     "too | name cores of different lines: cat "
     "/sys/devices/system/cpu/cpu*/topology/thread_siblings_list\n"},
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
    {"too_few_hugepages_beside_a_router_that_has_others",
     [](Patient& p) {
       p.machine.router_ports = [] { return std::map<std::string, RouterPort>{{"ens1", {}}}; };
       p.put(std::string(kPages) + "hugepages-2048kB/free_hugepages", "511\n");
       p.put(std::string(kPages) + "hugepages-2048kB/nr_hugepages", "1022\n");
     },
     kFull,
     "problem hugepages: 511 free of 1022 of 2 MB; the file asks for 1 GB | echo 1023 > "
     "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages\n"},
    {"hugepages_in_use_by_the_running_router",
     [](Patient& p) {
       p.put(std::string(kPages) + "hugepages-2048kB/free_hugepages", "100\n");
       p.machine.router_ports = [] { return std::map<std::string, RouterPort>{{"ens1", {}}}; };
     },
     kFull, ""},
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
     "-o pagesize=2M hugetlbfs /dev/hugepages\n"},
    {"kernel_driver", [](Patient& p) { p.give_back("ens1"); }, kFull,
     "problem nic: 0000:8a:00.0 [8086:1572] driver i40e, NUMA node 0, ens1: the kernel has it | "
     "weir nic bind 0000:8a:00.0\n"},
    {"no_driver", [](Patient& p) { p.remove(std::string(kNic) + "driver"); }, kFull,
     "problem nic: 0000:8a:00.0 [8086:1572] driver none, NUMA node 0: no driver has it | "
     "weir nic bind 0000:8a:00.0\n"},
    {"nic_in_another_namespace",
     [](Patient& p) {
       p.give_back("ens1");
       p.remove(std::string(kNic) + "net/ens1");
       p.remove("sys/class/net/ens1");
     },
     kFull,
     "problem nic: 0000:8a:00.0 [8086:1572] driver i40e, NUMA node 0: its interface is in another "
     "network namespace | weir doctor FILE, where it is (the first namespace: nsenter -t 1 -a)\n"},
    {"nic_of_the_default_route",
     [](Patient& p) {
       p.give_back("ens1");
       p.default_route_over("ens1");
     },
     kFull,
     "problem nic: 0000:8a:00.0 [8086:1572] driver i40e, NUMA node 0, ens1: carries the default "
     "route, the file wants it as a port | name another NIC in the file, or you lose this "
     "machine\n"},
    {"nic_of_the_ssh_session",
     [](Patient& p) {
       p.give_back("ens1");
       p.put("sys/class/net/bond0/lower_ens1/x", "");
       p.add_interface("bond0");
       p.machine.ssh_interfaces = {"bond0"};
     },
     kFull,
     "problem nic: 0000:8a:00.0 [8086:1572] driver i40e, NUMA node 0, ens1: carries the SSH "
     "session, the file wants it as a port | name another NIC in the file, or you lose this "
     "machine\n"},
    {"nic_under_the_bridge_of_the_ipv6_default_route",
     [](Patient& p) {
       p.give_back("ens1");
       p.put("proc/net/ipv6_route",
             "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
             "fe800000000000000000000000000001 00000400 00000001 00000000 00000003      br0\n");
       p.add_interface("br0");
       p.add_interface("bond0");
       p.put("sys/class/net/br0/lower_bond0/x", "");
       p.put("sys/class/net/bond0/lower_ens1/x", "");
     },
     kFull,
     "problem nic: 0000:8a:00.0 [8086:1572] driver i40e, NUMA node 0, ens1: carries the default "
     "route, the file wants it as a port | name another NIC in the file, or you lose this "
     "machine\n"},
    {"nic_shares_its_group",
     [](Patient& p) {
       p.add_nic("0000:8a:00.1", "i40e", "ens2");
       p.put_into_group("0000:8a:00.1", "12");
     },
     "",
     "problem nic: 0000:8a:00.0 [8086:1572] driver vfio-pci, NUMA node 0: shares IOMMU group 12 "
     "with 0000:8a:00.1 (i40e), so vfio gives it to nobody | weir nic bind 0000:8a:00.1\n"},
    {"a_bridge_in_the_group_is_suffered",
     [](Patient& p) {
       p.add_nic("0000:80:01.0", "");
       p.put("sys/bus/pci/devices/0000:80:01.0/class", "0x060400\n");
       p.bind("0000:80:01.0", "pcieport");
       p.put_into_group("0000:80:01.0", "12");
     },
     kFull, ""},
    {"no_such_nic", [](Patient& p) { p.remove(kNic); }, kFull,
     "problem nic: 0000:8a:00.0, the port of wan, is no NIC of this machine | `weir nic list` "
     "lists "
     "what there is\n"},
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
    {"no_iommu", [](Patient& p) { p.remove("sys/kernel/iommu_groups/12"); }, "",
     "warning iommu: off: vfio-pci refuses NICs | in the firmware's setup: IOMMU (VT-d) on; on the "
     "kernel's command line: intel_iommu=on iommu=pt; or at one's own risk: modprobe vfio "
     "enable_unsafe_noiommu_mode=1\n"},
    {"no_iommu_of_amd",
     [](Patient& p) {
       p.remove("sys/kernel/iommu_groups/12");
       p.put("proc/cpuinfo",
             "vendor_id\t: AuthenticAMD\nflags\t\t: sse4_2 avx2 bmi2 avx512bw constant_tsc "
             "nonstop_tsc\n");
     },
     kFull,
     "problem iommu: off: vfio-pci refuses NICs | in the firmware's setup: IOMMU (AMD-Vi) on; on "
     "the kernel's command line: iommu=pt; or at one's own risk: modprobe vfio "
     "enable_unsafe_noiommu_mode=1\n"},
    {"no_iommu_but_dared",
     [](Patient& p) {
       // As vfio makes it up.
       p.put("sys/kernel/iommu_groups/12/name", "vfio-noiommu\n");
       p.put("sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "Y\n");
     },
     kFull,
     "warning iommu: off, and vfio works without: a NIC may write anywhere in memory | in the "
     "firmware's setup: IOMMU (VT-d) on; on the kernel's command line: intel_iommu=on iommu=pt\n"},
    {"vfio_without_its_file", [](Patient& p) { p.remove("dev/vfio"); }, kFull,
     "warning vfio: the driver vfio-pci is there, but /dev/vfio/vfio may not be opened from here: "
     "No such file or directory | modprobe vfio; for a container: --device /dev/vfio, as it "
     "starts\n"},
    {"sibling_of_others",
     [](Patient& p) {
       p.put(std::string(kCpus) + "isolated", "1-2\n");
       p.put(std::string(kCpus) + "cpu2/topology/thread_siblings_list", "2-3\n");
       p.put(std::string(kCpus) + "cpu3/online", "1\n");
     },
     kFull,
     "warning cores: worker core 2 shares its execution units with core 3, where other programs "
     "run | echo 0 > /sys/devices/system/cpu/cpu3/online\n"},
    {"ticks", [](Patient& p) { p.put(std::string(kCpus) + "nohz_full", "1\n"); }, kFull,
     "warning cores: worker core 2 is isolated, but the timer still interrupts it | on the "
     "kernel's command line: nohz_full=2 rcu_nocbs=2\n"},
    {"cores_unseen", [](Patient& p) { p.remove("sys/devices/system/cpu"); }, kFull,
     "warning cores: cannot be seen: there is no /sys/devices/system/cpu/online | mount -t sysfs "
     "sysfs /sys\n"},
    {"cpu_unseen", [](Patient& p) { p.remove("proc/cpuinfo"); }, "",
     "warning cpu: cannot be looked at: /proc/cpuinfo has no flags | mount -t proc proc /proc\n"},
    {"hugepages_would_take_the_memory",
     [](Patient& p) {
       p.put(std::string(kPages) + "hugepages-2048kB/free_hugepages", "0\n");
       p.put("proc/meminfo", "MemAvailable:    1048576 kB\n");
     },
     "",
     "warning hugepages: 0 free of 1024 of 2 MB: `memory.hugepages: none` works without, and is "
     "slower; only 1 GB of memory are available | echo 1536 > "
     "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages\n"},
    {"hugepages_of_a_size_that_is_not_mounted",
     [](Patient& p) {
       p.put(std::string(kPages) + "hugepages-1048576kB/nr_hugepages", "2\n");
       p.put(std::string(kPages) + "hugepages-1048576kB/free_hugepages", "2\n");
       p.put("proc/mounts", "none /dev/hugepages hugetlbfs rw,relatime,pagesize=2M 0 0\n");
     },
     kFull,
     "warning hugepages: hugetlbfs is mounted, but not for pages of 1 GB: those are not used | "
     "mkdir -p /dev/hugepages1G && mount -t hugetlbfs -o pagesize=1024M hugetlbfs "
     "/dev/hugepages1G\n"},
    {"hugepages_of_every_size_mounted",
     [](Patient& p) {
       p.put(std::string(kPages) + "hugepages-1048576kB/nr_hugepages", "2\n");
       p.put(std::string(kPages) + "hugepages-1048576kB/free_hugepages", "2\n");
       p.put("proc/mounts",
             "none /dev/hugepages hugetlbfs rw,pagesize=2M 0 0\n"
             "none /dev/hugepages hugetlbfs rw,pagesize=1024M 0 0\n");
     },
     kFull, ""},
    {"hugepages_not_to_be_written",
     [](Patient& p) {
       p.machine.why_not_writable = [](const std::string& path) {
         return path.ends_with("/dev/hugepages") ? EROFS : 0;
       };
     },
     kFull,
     "warning hugepages: /dev/hugepages may not be written from here: Read-only file system | it "
     "is mounted read-only, as in a container: do it on the host\n"},
    {"hugepages_on_the_other_node",
     [](Patient& p) {
       for (const char* node : {"0", "1"}) {
         const std::string directory = std::string("sys/devices/system/node/node") + node;
         const bool first = *node == '0';
         p.put(directory + "/cpulist", first ? "0\n" : "1-3\n");
         p.put(directory + "/hugepages/hugepages-2048kB/nr_hugepages", first ? "1000" : "24");
         p.put(directory + "/hugepages/hugepages-2048kB/free_hugepages", first ? "1000" : "0");
       }
     },
     kFull,
     "warning hugepages: 0 GB of hugepages are free on NUMA node 1, where worker core 1-2 would "
     "take 1 GB: the rest comes from afar, and slowly | echo 536 > "
     "/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages\n"},
    {"hugepages_limited",
     [](Patient& p) {
       p.put("proc/self/cgroup", "1:cpu:/x\n0::/pod\n");
       p.put("sys/fs/cgroup/pod/hugetlb.2MB.max", "2097152\n");
     },
     kFull,
     "problem hugepages: the control group allows 2 MB of them, the file asks for 1 GB | echo max "
     "> /sys/fs/cgroup/pod/hugetlb.2MB.max (for a container: on the host, or as it starts)\n"},
    {"hugepages_not_limited",
     [](Patient& p) {
       p.put("proc/self/cgroup", "0::/\n");
       p.put("sys/fs/cgroup/hugetlb.2MB.max", "max\n");
     },
     kFull, ""},
    {"kernel_without_hugepages",
     [](Patient& p) {
       p.remove("sys/kernel/mm/hugepages");
       p.put("sys/kernel/mm/x", "");
     },
     "",
     "warning hugepages: this kernel has none: `memory.hugepages: none` works without, and is "
     "slower | \n"},
    {"sysfs_read_only",
     [](Patient& p) {
       p.machine.why_not_writable = [](const std::string& path) {
         return path.ends_with("/sys") ? EROFS : 0;
       };
     },
     "",
     "warning rights: /sys is mounted read-only, as in a container: what is to be mended in it, is "
     "to be mended on the host | start the container with --privileged, or run weir doctor on the "
     "host\n"},
    {"rights_of_a_user_namespace",
     [](Patient& p) { p.put("proc/self/uid_map", "         0       1000          1\n"); }, "",
     "warning rights: those of a user namespace: they reach what that namespace made, as Linux "
     "interfaces in a network namespace of its own, but no NIC, no hugepages and no setting of the "
     "kernel | weir doctor, outside of the user namespace (as in a rootless container's host)\n"},
    {"rights_unseen", [](Patient& p) { p.remove("proc/self/status"); }, "",
     "warning rights: cannot be seen: there is no /proc/self/status | mount -t proc proc "
     "/proc\n"},
    {"port_carries_the_ssh_session", [](Patient& p) { p.machine.ssh_interfaces = {"veth0"}; },
     kFull,
     "problem port: veth0, the port of lan, carries the SSH session | name another interface in "
     "the file, or you lose this machine\n"},
    {"no_such_interface",
     [](Patient& p) {
       p.remove("sys/class/net/veth0");
       p.put("proc/net/dev", "eth0: 0\n");
     },
     kFull,
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

TEST(Doctor, WithoutProcOrSysNothingIsCalledFree) {
  for (const char* missing : {"proc", "sys", "proc/net"}) {
    Patient patient;
    patient.give_back("ens1");
    patient.remove(missing);
    EXPECT_NE(complaints(patient.examine(kFull)), "") << missing;
    for (const Diagnosis& one : patient.examine())
      EXPECT_EQ(one.message.find("weir nic bind"), std::string::npos) << one.message;
  }
}

TEST(Doctor, AnEmptyTreeCrashesNothing) {
  Patient patient;
  patient.remove("proc");
  patient.remove("sys");
  EXPECT_NE(complaints(patient.examine(kFull)), "");
}

TEST(Doctor, AnswersThatAreNonsenseCrashNothing) {
  for (const char* nonsense : {"", "\n", "-1", "99999999999999999999999", "\xff\xfe", ":,-/"}) {
    Patient patient;
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(patient.machine.root))
      if (entry.is_regular_file()) files.push_back(entry.path());
    for (const std::string& file : files) std::ofstream(file) << nonsense;
    EXPECT_NE(complaints(patient.examine(kFull)), "") << nonsense;
  }
}

// ---- --fix

/// A machine with one fault of each kind that can be mended and undone.
class Wounded : public Patient {
 public:
  Wounded() {
    put(std::string(kCpus) + "cpu1/cpufreq/scaling_governor", "powersave\n");
    put(std::string(kPages) + "hugepages-2048kB/nr_hugepages", "24\n");
    put(std::string(kPages) + "hugepages-2048kB/free_hugepages", "0\n");
    put("proc/sys/kernel/nmi_watchdog", "1\n");
    remove("sys/bus/pci/drivers/vfio-pci");
    modules = {"vfio-pci"};
  }

  int doctor(bool yes, bool json = false) {
    out.str("");
    err.str("");
    const Context context{.out = out, .err = err, .json = json};
    return cli::doctor(context, machine, {.file = "", .fix = true, .yes = yes});
  }

  std::ostringstream out, err;
};

constexpr const char* kWounds =
    "echo performance > /sys/devices/system/cpu/cpu1/cpufreq/scaling_governor\n"
    "echo 536 > /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages\n"
    "modprobe vfio-pci\n"
    "sysctl -w kernel.nmi_watchdog=0\n";

TEST(Fix, DoesWhatCanBeUndoneAndSaysHow) {
  Wounded patient;
  EXPECT_EQ(patient.doctor(true), kSuccess) << patient.out.str();
  EXPECT_EQ(patient.commands(), kWounds);
  EXPECT_EQ(patient.text(std::string(kCpus) + "cpu1/cpufreq/scaling_governor"), "performance");
  const std::string said = patient.out.str();
  for (const char* undo :
       {"undo: echo powersave > /sys/devices/system/cpu/cpu1/cpufreq/scaling_governor\n",
        "undo: echo 24 > /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages\n",
        "undo: modprobe -r vfio-pci\n", "undo: sysctl -w kernel.nmi_watchdog=1\n"})
    EXPECT_NE(said.find(undo), std::string::npos) << undo << said;
  // What is printed in the end is the machine as it is then.
  EXPECT_EQ(said.find("governor powersave", said.find("Done:")), std::string::npos) << said;
}

TEST(Fix, UndoingLeadsBack) {
  Wounded patient;
  std::vector<Steps> undoing;
  for (const Diagnosis& one : patient.examine()) {
    for (const Step& step : one.mending) patient.machine.carry_out(step);
    if (!one.undoing.empty()) undoing.push_back(one.undoing);
  }
  ASSERT_EQ(undoing.size(), 4u);
  for (const Steps& steps : undoing)
    for (const Step& step : steps)
      if (step.kind == Step::Kind::write) patient.machine.carry_out(step);
  EXPECT_EQ(patient.text(std::string(kCpus) + "cpu1/cpufreq/scaling_governor"), "powersave");
  EXPECT_EQ(patient.text(std::string(kPages) + "hugepages-2048kB/nr_hugepages"), "24");
}

TEST(Fix, AsksFirst) {
  Wounded patient;
  std::string question;
  patient.machine.ask = [&](const std::string& asked) {
    question = asked;
    return std::optional<bool>(false);
  };
  patient.doctor(false);
  EXPECT_EQ(question, "Do it?");
  EXPECT_EQ(patient.commands(), "");
  EXPECT_NE(patient.out.str().find("Nothing was done"), std::string::npos);
  patient.machine.ask = [](const std::string&) { return std::optional<bool>(true); };
  EXPECT_EQ(patient.doctor(false), kSuccess);
  EXPECT_EQ(patient.commands(), kWounds);
}

TEST(Fix, WithNobodyToAskDoesNothing) {
  Wounded patient;
  try {
    patient.doctor(false);
    FAIL();
  } catch (const CliError& error) {
    EXPECT_STREQ(error.what(), "there is no terminal to ask at; nothing was done");
    EXPECT_EQ(error.hint(), "--yes does it without being asked");
  }
  EXPECT_EQ(patient.commands(), "");
}

TEST(Fix, WhatFailsIsToldAndTheRestDone) {
  Wounded patient;
  patient.modules.clear();
  patient.before = [](const Step& step) {
    if (step.path.ends_with("scaling_governor"))
      throw CliError("/sys/x: Read-only file system", "do it on the host");
  };
  EXPECT_EQ(patient.doctor(true, true), kFailure);
  const Json answer = Json::parse(patient.out.str());
  ASSERT_EQ(answer["mended"].size(), 4u);
  EXPECT_EQ(answer["mended"][0]["error"], "/sys/x: Read-only file system (do it on the host)");
  EXPECT_EQ(answer["mended"][1]["error"], nullptr);
  EXPECT_NE(answer["mended"][2]["error"], nullptr);
  EXPECT_EQ(answer["mended"][3]["undo"], "sysctl -w kernel.nmi_watchdog=1");
  EXPECT_EQ(patient.text(std::string(kPages) + "hugepages-2048kB/nr_hugepages"), "536");
}

TEST(Fix, NeverBindsANicNorTakesTheMemory) {
  Patient patient;
  patient.give_back("ens1");
  patient.put(std::string(kPages) + "hugepages-2048kB/free_hugepages", "0\n");
  patient.put("proc/meminfo", "MemAvailable:    1048576 kB\n");
  const Diagnoses found = patient.examine(kFull);
  EXPECT_NE(complaints(found).find("weir nic bind 0000:8a:00.0"), std::string::npos);
  for (const Diagnosis& one : found) EXPECT_EQ(one.mending, Steps{}) << one.message;
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
