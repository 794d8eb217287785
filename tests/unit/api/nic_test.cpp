// NICs as sysfs shows them, and `weir nic list`.
#include "controlplane/cli/nic.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "controlplane/cli/nic_list.hpp"
#include "tests/unit/api/fake_machine.hpp"

namespace weir::cli {
namespace {

/// One NIC for the machine itself, one the router has, one of the kernel's that is idle.
class Machine3 : public test::FakeMachine {
 public:
  Machine3() {
    add_nic("0000:00:03.0", "e1000e", "ens1");
    put(device_of("0000:00:03.0") + "device", "0x10d3\n");
    put("sys/class/net/ens1/speed", "1000\n");
    default_route_over("ens1");
    add_nic("0000:8a:00.0", "i40e", "ens2", "1");
    bind("0000:8a:00.0", "vfio-pci");
    put_into_group("0000:8a:00.0", "12");
    put("proc/2187/comm", "weir-router\n");
    link("proc/2187/fd/5", "/dev/vfio/12");
    link("proc/2187/fd/6", "/dev/vfio/12");
    put("proc/33/comm", "sshd\n");
    link("proc/33/fd/0", "/dev/null");
    put("proc/filesystems", "");
    add_nic("0000:8a:00.1", "i40e", "ens3", "1");
    put_into_group("0000:8a:00.1", "13");
    put("sys/class/net/ens3/operstate", "down\n");
    put("usr/share/misc/pci.ids",
        "8086  Intel Corporation\n"
        "\t10d3  82574L Gigabit Network Connection\n");
    machine.router_ports = [] {
      return std::map<std::string, RouterPort>{
          {"0000:8a:00.0", {.interface = "wan", .link_up = true, .speed_mbps = 10'000}}};
    };
  }

  std::string list(bool json = false) {
    std::ostringstream out, err;
    list_nics({.out = out, .err = err, .json = json}, machine);
    EXPECT_EQ(err.str(), "");
    return out.str();
  }
};

TEST(NicList, TellsWhoHasThemAndWhatHangsOnThem) {
  Machine3 three;
  EXPECT_EQ(
      three.list(),
      "ADDRESS       DRIVER    INTERFACE  LINK    NODE  GROUP  USE                                "
      "ID         MODEL\n"
      "0000:00:03.0  e1000e    ens1       up 1G      -      -  default route                      "
      "8086:10d3  82574L Gigabit Network Connection\n"
      "0000:8a:00.0  vfio-pci  -          up 10G     1     12  router port wan, weir-router 2187  "
      "8086:1572  -\n"
      "0000:8a:00.1  i40e      ens3       down       1     13  -                                  "
      "8086:1572  -\n");
}

TEST(NicList, AsJson) {
  Machine3 three;
  const Json nics = Json::parse(three.list(true))["nics"];
  ASSERT_EQ(nics.size(), 3u);
  EXPECT_EQ(nics[0]["model"], "82574L Gigabit Network Connection");
  EXPECT_EQ(nics[0]["vendor"], "Intel Corporation");
  EXPECT_EQ(nics[0]["carries_default_route"], true);
  EXPECT_EQ(nics[0]["carries_ssh_session"], false);
  EXPECT_EQ(nics[0]["numa_node"], nullptr);
  EXPECT_EQ(nics[1]["ready_for_dpdk"], true);
  EXPECT_EQ(nics[1]["iommu_group"], "12");
  EXPECT_EQ(nics[1]["numa_node"], 1);
  EXPECT_EQ(nics[1]["users"], Json::array({"weir-router 2187"}));
  EXPECT_EQ(nics[1]["router_port"], "wan");
  EXPECT_EQ(nics[1]["speed_mbps"], 10'000);
  EXPECT_EQ(nics[2]["link_up"], false);
  EXPECT_EQ(nics[2]["speed_mbps"], nullptr);
  EXPECT_EQ(nics[2]["model"], nullptr);
}

TEST(NicList, TheSshSessionAndWhatItStandsOn) {
  Machine3 three;
  three.add_interface("br0");
  three.put("sys/class/net/br0/lower_ens3/x", "");
  three.machine.ssh_interfaces = {"br0"};
  const auto nics = nics_of(three.machine);
  EXPECT_FALSE(nics[0].carries_ssh);
  EXPECT_TRUE(nics[2].carries_ssh);
  EXPECT_EQ(nics[2].burden(), "the SSH session");
}

/// A sysfs of another network namespace shows interfaces that are not ours, perhaps of our names.
TEST(NicList, WhatCannotBeSeenIsNotCalledIdle) {
  for (const char* ours : {"lo: 0\n", "ens1: 0\n"}) {
    Machine3 three;
    three.put("proc/net/dev", ours);
    const auto nics = nics_of(three.machine);
    EXPECT_EQ(nics[0].unseen, "its interface is in another network namespace") << ours;
    EXPECT_TRUE(nics[0].interfaces.empty());
    EXPECT_EQ(nics[1].unseen, "");  // has no interface anywhere
    EXPECT_NE(three.list().find("(unseen)"), std::string::npos);
    EXPECT_EQ(Json::parse(three.list(true))["nics"][0]["carries_default_route"], nullptr);
  }
  Machine3 three;
  three.remove("proc/net");
  EXPECT_EQ(nics_of(three.machine)[0].unseen,
            "what it carries cannot be seen: there is no /proc/net/dev");
}

TEST(NicList, VirtioPutsItsInterfaceOneDirectoryDown) {
  test::FakeMachine machine;
  machine.add_nic("0000:00:03.0", "virtio-pci");
  machine.add_interface("eth0");
  machine.put("sys/bus/pci/devices/0000:00:03.0/virtio2/net/eth0/mtu", "1500");
  EXPECT_EQ(nics_of(machine.machine)[0].interfaces, std::vector<std::string>{"eth0"});
}

TEST(NicList, EmptyAndMissingBuses) {
  Machine3 three;
  three.remove("sys/bus/pci/devices");
  EXPECT_EQ(three.list(), "/sys/bus/pci/devices cannot be read: no PCI bus, or no sysfs here\n");
  three.put("sys/bus/pci/devices/0000:00:00.0/class", "0x060000\n");
  EXPECT_EQ(three.list(), "no NIC is on the PCI bus\n");
  EXPECT_EQ(Json::parse(three.list(true))["nics"], Json::array());
}

TEST(NicList, AHalfVanishedDeviceIsStillListed) {
  Machine3 three;
  for (const char* file : {"vendor", "device", "numa_node", "driver", "iommu_group"})
    three.remove(three.device_of("0000:8a:00.0") + file);
  const auto nics = nics_of(three.machine);
  ASSERT_EQ(nics.size(), 3u);
  EXPECT_EQ(nics[1].driver, "");
  EXPECT_EQ(nics[1].numa_node, -1);
  EXPECT_NE(three.list(), "");
}

TEST(NicList, UsersThroughUioAndWithoutIommu) {
  Machine3 three;
  three.put(three.device_of("0000:8a:00.0") + "uio/uio0/name", "");
  three.remove("proc/2187/fd");
  for (const char* file : {"/dev/uio0", "/dev/vfio/noiommu-12", "/dev/vfio/12"}) {
    three.link("proc/2187/fd/3", file);
    const auto users = users_of(three.machine, find_nic(three.machine, "0000:8a:00.0"));
    EXPECT_EQ(users, std::vector<std::string>{"weir-router 2187"}) << file;
  }
  three.link("proc/2187/fd/3", "/dev/vfio/121");
  EXPECT_TRUE(users_of(three.machine, find_nic(three.machine, "0000:8a:00.0")).empty());
}

TEST(NicList, AGroupThatIsOpenForAnotherOneIsNotItsUse) {
  Machine3 three;
  three.put_into_group("0000:8a:00.1", "12");
  EXPECT_TRUE(users_of(three.machine, find_nic(three.machine, "0000:8a:00.1")).empty());
  EXPECT_FALSE(users_of(three.machine, find_nic(three.machine, "0000:8a:00.0")).empty());
}

TEST(FindNic, ByAddressInAnyFormAndByInterface) {
  Machine3 three;
  for (const char* name : {"0000:8a:00.1", "8a:00.1", "8A:00.1", "ens3"})
    EXPECT_EQ(find_nic(three.machine, name).address, "0000:8a:00.1") << name;
}

TEST(FindNic, OtherNamesAreExplained) {
  Machine3 three;
  three.put("sys/bus/pci/devices/0000:00:00.0/class", "0x060000\n");
  three.add_interface("br0");
  const auto rows = std::vector<std::pair<std::string, std::string>>{
      {"0000:8a:00.2", "there is no NIC \"0000:8a:00.2\" on the PCI bus | did you mean "},
      {"ens4", "there is no NIC \"ens4\" on the PCI bus | did you mean "},
      {"nonsense", "there is no NIC \"nonsense\" on the PCI bus | `weir nic list` lists those "},
      {"", "there is no NIC \"\" on the PCI bus | "},
      {"../../class/net/ens1", "there is no NIC \"../../class/net/ens1\" on the PCI bus | "},
      {"..", "there is no NIC \"..\" on the PCI bus | "},
      {"00:00.0",
       "0000:00:00.0 is no network device: its PCI class is 0x060000 | `weir nic list` "},
      {"br0",
       "br0 is the interface of no PCI device, so there is nothing to bind | name it in the file "
       "as it is: match: {linux: br0}"}};
  for (const auto& [name, begin] : rows) {
    try {
      find_nic(three.machine, name);
      ADD_FAILURE() << name;
    } catch (const CliError& error) {
      const std::string said = std::string(error.what()) + " | " + error.hint();
      EXPECT_TRUE(said.starts_with(begin)) << said;
    }
  }
}

TEST(Iommu, TheWayToOneDependsOnTheMachine) {
  test::FakeMachine machine;
  EXPECT_NE(iommu_remedy(machine.machine.root).find("intel_iommu=on"), std::string::npos);
  machine.put("proc/cpuinfo", "vendor_id\t: AuthenticAMD\nflags\t: sse\n");
  EXPECT_EQ(iommu_remedy(machine.machine.root).find("intel_iommu=on"), std::string::npos);
  machine.put("proc/cpuinfo", "vendor_id\t: AuthenticAMD\nflags\t: sse hypervisor\n");
  EXPECT_NE(iommu_remedy(machine.machine.root).find("virtual IOMMU"), std::string::npos);
}

}  // namespace
}  // namespace weir::cli
