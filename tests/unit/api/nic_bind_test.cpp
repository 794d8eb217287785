// NICs taken from the kernel and given back, in front of a kernel that is a directory.
#include "controlplane/cli/nic_bind.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <functional>
#include <sstream>
#include <string>

#include "controlplane/cli/nic_boot.hpp"
#include "controlplane/cli/sysfs.hpp"
#include "tests/unit/api/fake_machine.hpp"

namespace weir::cli {
namespace {

constexpr const char* kNic = "0000:8a:00.0";
constexpr const char* kRule = "etc/udev/rules.d/05-weir-0000:8a:00.0.rules";
constexpr const char* kRunRule = "run/udev/rules.d/06-weir-0000:8a:00.0.rules";
constexpr const char* kSaved = "etc/driverctl.d/pci-0000:8a:00.0";

/// An idle NIC behind an IOMMU, vfio-pci loaded, udev running.
class Bench : public test::FakeMachine {
 public:
  Bench() {
    add_nic(kNic, "i40e", "ens1");
    put_into_group(kNic, "12");
    add_driver("vfio-pci");
    put("run/udev/control", "");
  }

  std::string run(int (*verb)(const Context&, const Machine&, const BindOptions&),
                  BindOptions options, bool json = false) {
    if (options.nics.empty()) options.nics = {kNic};
    std::ostringstream out, err;
    try {
      EXPECT_EQ(verb({.out = out, .err = err, .json = json}, machine, options), kSuccess);
    } catch (const CliError& error) {
      return out.str() + "error: " + error.what() + " | " + error.hint();
    }
    return out.str();
  }
  std::string bind(BindOptions options = {}, bool json = false) {
    return run(bind_nics, std::move(options), json);
  }
  std::string release(BindOptions options = {}, bool json = false) {
    return run(release_nics, std::move(options), json);
  }
};

constexpr const char* kBound =
    "0000:8a:00.0 is vfio-pci's, and was i40e's (ens1); after a boot too, by "
    "/etc/udev/rules.d/05-weir-0000:8a:00.0.rules\n"
    "  back to the kernel: weir nic release 0000:8a:00.0\n";

TEST(Bind, TakesItAndReleaseGivesItBack) {
  Bench bench;
  EXPECT_EQ(bench.bind(), kBound);
  EXPECT_EQ(bench.driver_of(kNic), "vfio-pci");
  EXPECT_EQ(bench.text(bench.device_of(kNic) + "driver_override"), "vfio-pci");
  EXPECT_FALSE(bench.has("sys/class/net/ens1"));

  EXPECT_EQ(bench.release(), "0000:8a:00.0 is i40e's, and was vfio-pci's\n");
  EXPECT_EQ(bench.driver_of(kNic), "i40e");
  EXPECT_EQ(bench.text(bench.device_of(kNic) + "driver_override"), "(null)");
  EXPECT_TRUE(bench.has("sys/class/net/ens1"));
  EXPECT_FALSE(bench.has(kRule));
}

TEST(Bind, TwiceIsAsGoodAsOnce) {
  Bench bench;
  bench.bind({.nics = {"ens1"}});
  const std::string rule = bench.text(kRule);
  bench.done.clear();
  EXPECT_EQ(bench.bind({.nics = {"8a:00.0", kNic}}),
            "0000:8a:00.0 is vfio-pci's already; after a boot too, by "
            "/etc/udev/rules.d/05-weir-0000:8a:00.0.rules\n");
  EXPECT_TRUE(bench.done.empty());
  EXPECT_EQ(bench.text(kRule), rule);
  bench.release();
  bench.done.clear();
  EXPECT_EQ(bench.release(), "0000:8a:00.0 (ens1) is i40e's already\n");
  EXPECT_TRUE(bench.done.empty());
}

TEST(Bind, TheRuleTakesThisNicOnlyAndOnlyOnce) {
  Bench bench;
  bench.bind();
  EXPECT_EQ(
      bench.text(kRule),
      "# By `weir nic bind`; `weir nic release 0000:8a:00.0` removes it.\n"
      "# driver before: i40e\n"
      "ACTION==\"add\", SUBSYSTEM==\"pci\", KERNEL==\"0000:8a:00.0\", ATTR{vendor}==\"0x8086\", "
      "ATTR{device}==\"0x1572\", DRIVER!=\"vfio-pci\", ATTR{driver_override}=\"vfio-pci\", "
      "RUN{builtin}+=\"kmod load vfio-pci\", RUN+=\"/bin/sh -c 'if [ -e /sys%p/driver ]; then echo "
      "%k > /sys%p/driver/unbind; fi; echo %k > /sys/bus/pci/drivers_probe'\"");
}

TEST(Bind, AnotherCardAtTheAddressIsNotBoundByTheOldRule) {
  Bench bench;
  bench.bind();
  bench.put(bench.device_of(kNic) + "device", "0x10d3\n");
  const Nic nic = find_nic(bench.machine, kNic);
  EXPECT_EQ(outlasts_boot_by(bench.machine, nic, "vfio-pci"), "");
  bench.bind();  // writes the rule anew
  EXPECT_NE(bench.text(kRule).find("ATTR{device}==\"0x10d3\""), std::string::npos);
  EXPECT_NE(bench.text(kRule).find("driver before: i40e"), std::string::npos);
}

TEST(Bind, OneThatIsBoundByOthersOnlyGetsItsRule) {
  Bench bench;
  bench.FakeMachine::bind(kNic, "vfio-pci");
  EXPECT_EQ(bench.bind(),
            "0000:8a:00.0 is vfio-pci's; after a boot too, by "
            "/etc/udev/rules.d/05-weir-0000:8a:00.0.rules\n"
            "  back to the kernel: weir nic release 0000:8a:00.0\n");
  for (const Step& step : bench.done) EXPECT_EQ(step.path.find("unbind"), std::string::npos);
  EXPECT_EQ(bench.text(kRule).find("driver before"), std::string::npos);  // nobody knows
  bench.remove(bench.device_of(kNic) + "modalias");
  bench.done.clear();
  bench.release();
  EXPECT_EQ(bench.driver_of(kNic), "i40e");
  EXPECT_EQ(bench.commands().find("modprobe"), std::string::npos) << bench.commands();
}

TEST(Bind, ADryRunIsAScript) {
  Bench bench;
  bench.remove("run/udev");
  std::istringstream said(bench.bind({.dry_run = true}));
  std::string all;
  for (std::string line; std::getline(said, line);) all = line;
  EXPECT_EQ(all, "# no udev runs here: bind it again after a boot or an unplugging");
}

TEST(Bind, LoadsTheModule) {
  Bench bench;
  bench.remove("sys/bus/pci/drivers/vfio-pci");
  bench.modules = {"vfio-pci"};
  EXPECT_EQ(bench.bind(), kBound);
  EXPECT_EQ(command_of(bench.done[0]), "modprobe vfio-pci");
}

TEST(Bind, DryRunPrintsTheCommandsAndDoesNothing) {
  Bench bench;
  bench.machine.why_not_writable = [](const std::string&) { return EACCES; };
  const std::string said = bench.bind({.dry_run = true});
  EXPECT_TRUE(
      said.starts_with("# 0000:8a:00.0 (ens1): is i40e's\nmkdir -p /etc/udev/rules.d && cat "
                       "> /etc/udev/rules.d/05-weir-0000:8a:00.0.rules <<'EOF'\n"))
      << said;
  EXPECT_TRUE(
      said.ends_with("EOF\n"
                     "echo vfio-pci > /sys/bus/pci/devices/0000:8a:00.0/driver_override\n"
                     "echo 0000:8a:00.0 > /sys/bus/pci/devices/0000:8a:00.0/driver/unbind\n"
                     "echo 0000:8a:00.0 > /sys/bus/pci/drivers_probe\n"))
      << said;
  EXPECT_TRUE(bench.done.empty());
  EXPECT_EQ(bench.driver_of(kNic), "i40e");

  bench.FakeMachine::bind(kNic, "vfio-pci");
  EXPECT_EQ(bench.release({.dry_run = true}),
            "# 0000:8a:00.0: is vfio-pci's\n"
            "modprobe pci:0000:8a:00.0\n"
            "echo > /sys/bus/pci/devices/0000:8a:00.0/driver_override\n"
            "echo 0000:8a:00.0 > /sys/bus/pci/devices/0000:8a:00.0/driver/unbind\n"
            "echo 0000:8a:00.0 > /sys/bus/pci/drivers_probe\n");
  EXPECT_TRUE(bench.done.empty());
}

TEST(Bind, TheCommandsOfTheDryRunAreThoseThatAreDone) {
  Bench bench;
  const Json dry = Json::parse(bench.bind({.dry_run = true}, true));
  EXPECT_EQ(dry["dry_run"], true);
  EXPECT_EQ(dry["nics"][0]["changed"], false);
  const Json wet = Json::parse(bench.bind({}, true));
  EXPECT_EQ(wet["nics"][0]["changed"], true);
  EXPECT_EQ(wet["nics"][0]["driver"], "vfio-pci");
  EXPECT_EQ(wet["nics"][0]["driver_before"], "i40e");
  EXPECT_EQ(wet["nics"][0]["outlasts_boot_by"], "/etc/udev/rules.d/05-weir-0000:8a:00.0.rules");
  EXPECT_EQ(wet["nics"][0]["commands"], dry["nics"][0]["commands"]);
  Json done = Json::array();
  for (const Step& step : bench.done) done.push_back(command_of(step));
  EXPECT_EQ(wet["nics"][0]["commands"], done);
}

// ---- until the next boot

TEST(Bind, UntilTheNextBootTheRuleIsInRun) {
  Bench bench;
  EXPECT_EQ(bench.bind({.nosave = true}),
            "0000:8a:00.0 is vfio-pci's, and was i40e's (ens1); until the next boot\n"
            "  back to the kernel: weir nic release 0000:8a:00.0\n");
  EXPECT_FALSE(bench.has(kRule));
  EXPECT_TRUE(bench.has(kRunRule));
  bench.release();
  EXPECT_FALSE(bench.has(kRunRule));
}

TEST(Bind, UntilTheNextBootItsRuleGoesBeforeTheLastingOne) {
  Bench bench;
  bench.bind();
  const std::string lasting = bench.text(kRule);
  bench.add_driver("uio_pci_generic");
  bench.bind({.driver = "uio_pci_generic", .force = true, .nosave = true});
  EXPECT_EQ(bench.text(kRule), lasting);
  EXPECT_NE(bench.text(kRunRule).find("uio_pci_generic"), std::string::npos);
  const auto name = [](const std::string& path) { return path.substr(path.rfind('/') + 1); };
  EXPECT_GT(name(kRunRule), name(kRule));
  bench.release();
  EXPECT_FALSE(bench.has(kRule));
  EXPECT_FALSE(bench.has(kRunRule));
}

TEST(Bind, ALastingOneRemovesTheRuleUntilTheNextBoot) {
  Bench bench;
  bench.add_driver("uio_pci_generic");
  bench.bind({.driver = "uio_pci_generic", .force = true, .nosave = true});
  bench.bind();
  EXPECT_TRUE(bench.has(kRule));
  EXPECT_FALSE(bench.has(kRunRule));
  bench.put(kRunRule, "# of uio_pci_generic\n");
  bench.bind();  // bound already, but not after an unplugging
  EXPECT_FALSE(bench.has(kRunRule));
}

TEST(Bind, WithoutUdevItSaysSo) {
  Bench bench;
  bench.remove("run/udev");
  EXPECT_EQ(bench.bind(),
            "0000:8a:00.0 is vfio-pci's, and was i40e's (ens1)\n"
            "  no udev runs here: bind it again after a boot or an unplugging\n"
            "  back to the kernel: weir nic release 0000:8a:00.0\n");
  bench.release();
  EXPECT_EQ(bench.bind({.nosave = true}),
            "0000:8a:00.0 is vfio-pci's, and was i40e's (ens1); until the next boot\n"
            "  no udev runs here: bind it again after a boot or an unplugging\n"
            "  back to the kernel: weir nic release 0000:8a:00.0\n");
  EXPECT_FALSE(bench.has("run/udev"));
}

// ---- driverctl

class WithDriverctl : public Bench {
 public:
  WithDriverctl() {
    put("usr/sbin/driverctl", "");
    put("run/systemd/system/x", "");
  }
};

TEST(Driverctl, IsUsedWhereItIs) {
  WithDriverctl bench;
  EXPECT_EQ(bench.bind(),
            "0000:8a:00.0 is vfio-pci's, and was i40e's (ens1); after a boot too, by "
            "/etc/driverctl.d/pci-0000:8a:00.0\n"
            "  back to the kernel: weir nic release 0000:8a:00.0\n");
  EXPECT_EQ(bench.commands(), "/usr/sbin/driverctl set-override 0000:8a:00.0 vfio-pci\n");
  EXPECT_FALSE(bench.has(kRule));
  bench.done.clear();
  EXPECT_EQ(bench.bind(),
            "0000:8a:00.0 is vfio-pci's already; after a boot too, by "
            "/etc/driverctl.d/pci-0000:8a:00.0\n");
  EXPECT_EQ(bench.commands(), "");
  EXPECT_EQ(bench.release(), "0000:8a:00.0 is i40e's, and was vfio-pci's\n");
  EXPECT_FALSE(bench.has("etc/driverctl.d/pci-0000:8a:00.0"));
}

TEST(Driverctl, UntilTheNextBoot) {
  WithDriverctl bench;
  bench.bind({.nosave = true});
  EXPECT_EQ(bench.commands(), "/usr/sbin/driverctl --nosave set-override 0000:8a:00.0 vfio-pci\n");
  EXPECT_FALSE(bench.has("etc/driverctl.d/pci-0000:8a:00.0"));
}

TEST(Driverctl, ABoundOneIsNotUnboundToBeSaved) {
  WithDriverctl bench;
  bench.FakeMachine::bind(kNic, "vfio-pci");
  bench.bind();
  EXPECT_EQ(bench.text("etc/driverctl.d/pci-0000:8a:00.0"), "vfio-pci");
  for (const Step& step : bench.done) EXPECT_NE(step.kind, Step::Kind::run);
}

TEST(Driverctl, WithoutSystemdItIsOfNoUse) {
  WithDriverctl bench;
  bench.remove("run/systemd");
  EXPECT_EQ(bench.bind(), kBound);
}

TEST(Driverctl, ARuleFromBeforeItGoesToo) {
  Bench bench;
  bench.bind();
  bench.put("usr/sbin/driverctl", "");
  bench.put("run/systemd/system/x", "");
  EXPECT_EQ(bench.release(), "0000:8a:00.0 is i40e's, and was vfio-pci's\n");
  EXPECT_FALSE(bench.has(kRule));
}

TEST(Driverctl, ARuleOfOursDoesNotContradictIt) {
  Bench bench;
  bench.add_driver("uio_pci_generic");
  bench.bind({.driver = "uio_pci_generic", .force = true});
  bench.put("usr/sbin/driverctl", "");
  bench.put("run/systemd/system/x", "");
  bench.bind();
  EXPECT_EQ(bench.text(kSaved), "vfio-pci");
  EXPECT_FALSE(bench.has(kRule));
  bench.put(kRule, "# of uio_pci_generic\n");
  bench.bind();  // bound already
  EXPECT_FALSE(bench.has(kRule));
}

TEST(Driverctl, UntilTheNextBootTheLastingRuleStays) {
  Bench bench;
  bench.bind();
  const std::string lasting = bench.text(kRule);
  bench.put("usr/sbin/driverctl", "");
  bench.put("run/systemd/system/x", "");
  bench.add_driver("uio_pci_generic");
  bench.bind({.driver = "uio_pci_generic", .force = true, .nosave = true});
  EXPECT_EQ(bench.text(kRule), lasting);
}

TEST(Driverctl, WhatItFailsAtIsUndone) {
  WithDriverctl bench;
  bench.unable = {"vfio-pci"};
  const std::string said = bench.bind();
  EXPECT_TRUE(said.starts_with("error: `driverctl` failed: failed to bind | ")) << said;
  EXPECT_TRUE(said.ends_with("0000:8a:00.0 is i40e's as before")) << said;
  EXPECT_EQ(bench.driver_of(kNic), "i40e");
}

// ---- refused

struct Row {
  const char* name;
  std::function<void(Bench&)> harm;
  BindOptions options;
  const char* error;
  bool yields = true;  // to --force
};

class Refused : public testing::TestWithParam<Row> {};

TEST_P(Refused, NamesPlaceAndRemedyAndTouchesNothing) {
  const Row& row = GetParam();
  Bench bench;
  row.harm(bench);
  const std::string said = bench.bind(row.options);
  EXPECT_TRUE(said.starts_with("error: " + std::string(row.error))) << said;
  EXPECT_TRUE(bench.done.empty()) << bench.commands();
  BindOptions dry = row.options;
  dry.dry_run = true;
  if (row.yields) {
    EXPECT_EQ(bench.bind(dry), said);
  }
  BindOptions forced = row.options;
  forced.force = true;
  EXPECT_EQ(bench.bind(forced).find("error: ") == std::string::npos, row.yields)
      << bench.bind(forced);
}

const Row kRows[] = {
    {"default_route",
     [](Bench& b) { b.default_route_over("ens1"); },
     {},
     "0000:8a:00.0 (ens1) carries the default route: without it this machine may not be reached "
     "any more | take another (`weir nic list`); if there is another way in: --force"},
    {"default_route_of_a_vrf",
     [](Bench& b) { b.machine.default_routes = {"ens1"}; },
     {},
     "0000:8a:00.0 (ens1) carries the default route: without it"},
    {"open_vswitch",
     [](Bench& b) { b.link("sys/class/net/ens1/master", "../ovs-system"); },
     {},
     "0000:8a:00.0: its interface is a port of Open vSwitch, and what that carries cannot be seen; "
     "it may be"},
    {"ssh",
     [](Bench& b) { b.machine.ssh_interfaces = {"ens1"}; },
     {.nics = {"ens1"}},
     "0000:8a:00.0 (ens1) carries the SSH session: without it"},
    {"both",
     [](Bench& b) {
       b.machine.ssh_interfaces = {"ens1"};
       b.default_route_over("ens1");
     },
     {},
     "0000:8a:00.0 (ens1) carries the default route and the SSH session: without it"},
    {"other_namespace",
     [](Bench& b) {
       b.remove("sys/class/net/ens1");
       b.remove(b.device_of(kNic) + "net/ens1");
     },
     {},
     "0000:8a:00.0: its interface is in another network namespace; it may be what this machine "
     "is reached by | try in the first namespace: nsenter -t 1 -a weir nic bind 0000:8a:00.0; "
     "or: --force"},
    {"virtual_functions",
     [](Bench& b) { b.put(b.device_of(kNic) + "sriov_numvfs", "4\n"); },
     {},
     "0000:8a:00.0 (ens1) has 4 virtual functions, which would go with it | bind those instead"},
    {"port_of_the_router",
     [](Bench& b) {
       b.machine.router_ports = [] {
         return std::map<std::string, RouterPort>{{"ens1", {.interface = "lan"}}};
       };
     },
     {},
     "0000:8a:00.0 (ens1) is the port lan of the running router | stop the router first"},
    {"in_use",
     [](Bench& b) {
       b.FakeMachine::bind(kNic, "igb_uio");
       b.put("proc/7/comm", "dpdk-testpmd\n");
       b.put(b.device_of(kNic) + "uio/uio0/name", "");
       b.link("proc/7/fd/3", "/dev/uio0");
     },
     {},
     "0000:8a:00.0 is in use by dpdk-testpmd 7 | the kernel waits until it lets go"},
    {"group_with_a_nic",
     [](Bench& b) {
       b.add_nic("0000:8a:00.1", "i40e", "ens2");
       b.put_into_group("0000:8a:00.1", "12");
     },
     {},
     "0000:8a:00.0 (ens1) shares its IOMMU group 12 with 0000:8a:00.1 (i40e): vfio gives away "
     "all of a group, or none | take them together: weir nic bind 0000:8a:00.0 0000:8a:00.1; "
     "or: --force"},
    {"group_with_another_device",
     [](Bench& b) {
       b.add_nic("0000:8a:00.1", "xhci_hcd");
       b.put(b.device_of("0000:8a:00.1") + "class", "0x0c0330\n");
       b.put_into_group("0000:8a:00.1", "12");
     },
     {},
     "0000:8a:00.0 (ens1) shares its IOMMU group 12 with 0000:8a:00.1 (xhci_hcd): vfio gives "
     "away all of a group, or none | put it into another slot"},
    {"no_iommu",
     [](Bench& b) { b.remove(b.device_of(kNic) + "iommu_group"); },
     {},
     "no IOMMU guards 0000:8a:00.0 (ens1): vfio-pci would refuse it | in the firmware's setup: "
     "IOMMU (VT-d) on; on the kernel's command line: intel_iommu=on iommu=pt\n"
     "Without one, a NIC may write anywhere in memory. If that does not matter here:\n"
     "  modprobe vfio enable_unsafe_noiommu_mode=1",
     false},
    {"uio_behind_an_iommu",
     [](Bench& b) { b.add_driver("uio_pci_generic"); },
     {.driver = "uio_pci_generic"},
     "the IOMMU translates the addresses of 0000:8a:00.0 (ens1) (/sys/kernel/iommu_groups/12/type "
     "is DMA-FQ), which uio_pci_generic does not know: no packet would arrive | take vfio-pci"},
    {"no_rights",
     [](Bench& b) { b.machine.why_not_writable = [](const std::string&) { return EACCES; }; },
     {},
     "0000:8a:00.0 (ens1) may not be changed: "
     "/sys/bus/pci/devices/0000:8a:00.0/driver_override: Permission denied | ",
     false},
    {"read_only",
     [](Bench& b) { b.machine.why_not_writable = [](const std::string&) { return EROFS; }; },
     {},
     "0000:8a:00.0 (ens1) may not be changed: "
     "/sys/bus/pci/devices/0000:8a:00.0/driver_override: Read-only file system | it is mounted "
     "read-only, as in a container: do it on the host",
     false},
    {"unknown",
     [](Bench&) {},
     {.nics = {"0000:8a:00.0", "0000:8a:00.7"}},
     "there is no NIC \"0000:8a:00.7\" on the PCI bus | did you mean 0000:8a:00.0?",
     false},
    {"no_network_device",
     [](Bench& b) { b.put(b.device_of(kNic) + "class", "0x010802\n"); },
     {},
     "0000:8a:00.0 is no network device: its PCI class is 0x010802",
     false}};

INSTANTIATE_TEST_SUITE_P(Bind, Refused, testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Bind, AllOfAGroupTogether) {
  Bench bench;
  bench.add_nic("0000:8a:00.1", "i40e", "ens2");
  bench.put_into_group("0000:8a:00.1", "12");
  bench.bind({.nics = {"ens1", "ens2"}});
  EXPECT_EQ(bench.driver_of(kNic), "vfio-pci");
  EXPECT_EQ(bench.driver_of("0000:8a:00.1"), "vfio-pci");
}

/// Nothing is bound when one of several must not be.
TEST(Bind, AllOrNone) {
  Bench bench;
  bench.add_nic("0000:8b:00.0", "i40e", "ens9");
  bench.put_into_group("0000:8b:00.0", "13");
  bench.default_route_over("ens9");
  EXPECT_NE(bench.bind({.nics = {"ens1", "ens9"}}).find("error: "), std::string::npos);
  EXPECT_TRUE(bench.done.empty());
}

TEST(Bind, ForceInAGroupSaysWhatIsLacking) {
  Bench bench;
  bench.add_nic("0000:8a:00.1", "i40e", "ens2");
  bench.put_into_group("0000:8a:00.1", "12");
  EXPECT_NE(bench.bind({.force = true})
                .find("0000:8a:00.1 (i40e) is in its IOMMU group 12: vfio refuses both"),
            std::string::npos);
}

TEST(Bind, WithoutAnIommuItNamesTheCost) {
  Bench bench;
  bench.remove(bench.device_of(kNic) + "iommu_group");
  bench.put("sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "Y\n");
  EXPECT_NE(bench.bind().find("without an IOMMU, the NIC may write anywhere in memory"),
            std::string::npos);
  bench.release();
  bench.remove("sys/module/vfio");
  bench.add_driver("uio_pci_generic");
  EXPECT_NE(bench.bind({.driver = "uio_pci_generic"}).find("no MSI-X"), std::string::npos);
  EXPECT_EQ(bench.driver_of(kNic), "uio_pci_generic");
  bench.release();
  EXPECT_EQ(bench.driver_of(kNic), "i40e");
}

TEST(Bind, ASharedNicNeedsNone) {
  Bench bench;
  bench.FakeMachine::bind(kNic, "mlx5_core");
  EXPECT_EQ(
      bench.bind(),
      "  0000:8a:00.0 needs no binding: DPDK shares it with mlx5_core; name it in the file as "
      "it is\n");
  EXPECT_TRUE(bench.done.empty());
}

// ---- what fails halfway

TEST(Bind, WhereverItFailsTheNicIsTheKernelsAgain) {
  Bench whole;
  whole.bind();
  const std::size_t steps = whole.done.size();
  ASSERT_GE(steps, 4u);
  for (std::size_t failing = 0; failing < steps; ++failing) {
    Bench bench;
    std::size_t at = 0;
    bench.before = [&](const Step& step) {
      if (at++ == failing) throw CliError(command_of(step) + ": Operation not permitted", "do so");
    };
    const std::string said = bench.bind();
    EXPECT_NE(said.find("Operation not permitted | do so"), std::string::npos) << said;
    EXPECT_NE(said.find("0000:8a:00.0 is i40e's as before"), std::string::npos) << said;
    EXPECT_EQ(bench.driver_of(kNic), "i40e") << failing;
    EXPECT_FALSE(bench.has(kRule)) << failing;
    EXPECT_EQ(bench.text(bench.device_of(kNic) + "driver_override"), "(null)") << failing;
  }
}

TEST(Bind, ADriverThatDoesNotTakeItIsToldAndUndone) {
  Bench bench;
  bench.unable = {"vfio-pci"};
  EXPECT_EQ(bench.bind(),
            "error: vfio-pci did not take 0000:8a:00.0 | `dmesg | tail` may say why. 0000:8a:00.0 "
            "is i40e's as before");
  EXPECT_FALSE(bench.has(kRule));
}

/// Taken for DPDK by `harm` before, it is so again, wherever the change to uio_pci_generic fails.
void expect_back_as_bound(const std::function<void(Bench&)>& harm) {
  std::size_t steps = 1;
  for (std::size_t failing = 0; failing <= steps; ++failing) {  // the last: no driver takes it
    Bench bench;
    harm(bench);
    bench.add_driver("uio_pci_generic");
    const std::string directory = bench.device_of(kNic);
    const auto state = [&] {
      return bench.driver_of(kNic) + '|' + bench.text(directory + "driver_override") + '|' +
             read_whole(bench.tree / kRule).value_or("none") + '|' +
             read_whole(bench.tree / kSaved).value_or("none");
    };
    const std::string old = state();
    bench.done.clear();
    std::size_t at = 0;
    if (failing == steps) bench.unable = {"uio_pci_generic"};
    bench.before = [&](const Step& step) {
      if (at++ == failing && failing < steps)
        throw CliError(command_of(step) + ": Operation not permitted", "do so");
    };
    if (failing == 0)
      steps = Json::parse(bench.bind({.driver = "uio_pci_generic", .force = true, .dry_run = true},
                                     true))["nics"][0]["commands"]
                  .size();
    const std::string said = bench.bind({.driver = "uio_pci_generic", .force = true});
    EXPECT_NE(said.find("error: "), std::string::npos) << said;
    EXPECT_TRUE(said.ends_with("0000:8a:00.0 is vfio-pci's as before")) << said;
    EXPECT_EQ(state(), old) << failing;
  }
}

TEST(Bind, OneThatWasBoundIsPutBackAsItWas) {
  expect_back_as_bound([](Bench& bench) {
    bench.bind();
    bench.put(kRule, bench.text(kRule) + "\n# kept\n\n");
  });
}

TEST(Bind, OneThatWasBoundByAnIdOfItsOwnIsPutBackWithoutOverride) {
  expect_back_as_bound([](Bench& bench) { bench.FakeMachine::bind(kNic, "vfio-pci"); });
}

TEST(Driverctl, OneThatWasBoundIsPutBackAsItWas) {
  for (const bool nosave : {false, true})
    expect_back_as_bound([nosave](Bench& bench) {
      bench.put("usr/sbin/driverctl", "");
      bench.put("run/systemd/system/x", "");
      bench.bind({.nosave = nosave});
    });
}

TEST(Bind, OneThatCannotBePutBackIsToldHow) {
  Bench bench;
  bench.bind();
  bench.add_driver("uio_pci_generic");
  bench.unable = {"uio_pci_generic", "vfio-pci"};
  const std::string said = bench.bind({.driver = "uio_pci_generic", .force = true});
  EXPECT_TRUE(
      said.ends_with("0000:8a:00.0 is no driver's now, and was vfio-pci's; `weir nic bind "
                     "0000:8a:00.0 --driver vfio-pci` tries again to give it back"))
      << said;
}

TEST(Bind, AModuleThatIsMissingIsNamed) {
  Bench bench;
  bench.remove("sys/bus/pci/drivers/vfio-pci");
  const std::string said = bench.bind();
  EXPECT_TRUE(
      said.starts_with("error: the driver vfio-pci is not loaded: `modprobe vfio-pci` "
                       "failed: FATAL: Module not found | this kernel may lack it"))
      << said;
  EXPECT_EQ(bench.driver_of(kNic), "i40e");
  EXPECT_FALSE(bench.has(kRule));
}

TEST(Bind, AReadOnlyEtcLeavesTheWayUntilTheNextBoot) {
  Bench bench;
  bench.before = [](const Step& step) {
    if (step.kind == Step::Kind::put)
      throw CliError(step.path + ": Read-only file system", remedy_of(EROFS));
  };
  EXPECT_NE(bench.bind().find("or until the next boot only: --nosave"), std::string::npos);
}

TEST(Bind, JsonTellsOfThoseBeforeTheOneThatFailed) {
  Bench bench;
  const std::string second = "0000:8b:00.0";
  bench.add_nic(second, "i40e", "ens9");
  bench.put_into_group(second, "13");
  const auto run = [&](auto* verb) {
    std::ostringstream out, err;
    int exit_code = kSuccess;
    try {
      verb({.out = out, .err = err, .json = true}, bench.machine, {.nics = {kNic, second}});
    } catch (const CliError& error) {
      EXPECT_STREQ(error.what(), "");  // it has been printed
      exit_code = error.exit_code();
    }
    EXPECT_EQ(exit_code, kFailure);
    const Json said = Json::parse(out.str());
    EXPECT_EQ(said["nics"].size(), 1u);
    EXPECT_EQ(said["nics"][0]["address"], kNic);
    EXPECT_EQ(said["nics"][0]["changed"], true);
    EXPECT_EQ(said["error"]["exit_code"], kFailure);
    return said["error"]["message"].get<std::string>();
  };
  const auto fail_at_second = [&](const Step& step) {
    if (step.path.ends_with(second + "/driver_override")) throw CliError("no", "do so");
  };
  bench.before = fail_at_second;
  EXPECT_EQ(run(bind_nics), "no");
  EXPECT_EQ(bench.driver_of(kNic), "vfio-pci");
  EXPECT_EQ(bench.driver_of(second), "i40e");
  bench.before = [](const Step&) {};
  bench.bind({.nics = {second}});
  bench.before = fail_at_second;
  EXPECT_EQ(run(release_nics), "no");
  EXPECT_EQ(bench.driver_of(kNic), "i40e");
}

TEST(Bind, ADeviceThatVanishesIsTold) {
  for (const char* moment : {"driver_override", "unbind", "drivers_probe"}) {
    Bench bench;
    bool gone = false;
    bench.before = [&](const Step& step) {
      if (!gone && step.path.ends_with(moment)) {
        bench.remove(bench.device_of(kNic));
        gone = true;
      }
    };
    const std::string said = bench.bind();
    EXPECT_NE(said.find("error: "), std::string::npos) << said;
    EXPECT_NE(said.find("weir nic list"), std::string::npos) << said;
    EXPECT_FALSE(bench.has(kRule)) << moment;
  }
}

// ---- release

TEST(Release, OneInUseIsRefused) {
  Bench bench;
  bench.bind();
  bench.put("proc/2187/comm", "weir-router\n");
  bench.link("proc/2187/fd/3", "/dev/vfio/12");
  bench.done.clear();
  EXPECT_EQ(
      bench.release(),
      "error: 0000:8a:00.0 is in use by weir-router 2187 | the kernel waits until it lets go: "
      "end it first; or: --force");
  EXPECT_TRUE(bench.done.empty());
  bench.release({.force = true});
  EXPECT_EQ(bench.driver_of(kNic), "i40e");
}

TEST(Release, LoadsTheDriverItHad) {
  Bench bench;
  bench.bind();
  bench.remove("sys/bus/pci/drivers/i40e");
  bench.modules = {"i40e"};
  EXPECT_EQ(bench.release(), "0000:8a:00.0 is i40e's, and was vfio-pci's\n");
}

TEST(Release, WithoutADriverOfTheKernelItSaysWhichToLoad) {
  Bench bench;
  bench.bind();
  bench.remove("sys/bus/pci/drivers/i40e");
  const std::string said = bench.release();
  EXPECT_TRUE(
      said.starts_with("error: no driver of the kernel took 0000:8a:00.0 (`modprobe i40e` "
                       "failed: FATAL: Module not found) | load the one it needs"))
      << said;
  EXPECT_FALSE(bench.has(kRule));  // it is not taken again by the next boot
  bench.modules = {"pci:0000:8a:00.0"};
  bench.add_driver("i40e");
  EXPECT_EQ(bench.release(), "0000:8a:00.0 is i40e's, and was no driver's\n");
}

TEST(Release, WhatRemainsOfAnOldBindingGoes) {
  Bench bench;
  bench.put(kRule, "# old\n");
  bench.put("etc/driverctl.d/pci-0000:8a:00.0", "vfio-pci\n");
  bench.put(bench.device_of(kNic) + "driver_override", "vfio-pci\n");
  EXPECT_EQ(bench.release(), "0000:8a:00.0 is i40e's\n");
  EXPECT_FALSE(bench.has(kRule));
  EXPECT_FALSE(bench.has("etc/driverctl.d/pci-0000:8a:00.0"));
  EXPECT_EQ(bench.text(bench.device_of(kNic) + "driver_override"), "(null)");
}

TEST(Release, AnOverrideThatNamesItsOwnDriverStays) {
  Bench bench;
  bench.put("etc/driverctl.d/pci-0000:8a:00.0", "i40e\n");
  bench.put(bench.device_of(kNic) + "driver_override", "i40e\n");
  EXPECT_EQ(bench.release(), "0000:8a:00.0 (ens1) is i40e's already\n");
  EXPECT_TRUE(bench.has("etc/driverctl.d/pci-0000:8a:00.0"));
}

}  // namespace
}  // namespace weir::cli
