// Lab files: what they say, and every way to be wrong, to the letter.
#include "controlplane/cli/lab_file.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/api/temp_directory.hpp"

namespace weir::cli {
namespace {

constexpr const char* kRouter =
    "router:\n"
    "  ethernets:\n"
    "    a: {match: {linux: weir-a}, addresses: [10.0.1.1/24]}\n";

std::string findings_of(const std::string& text) {
  const LabResult result = parse_lab(text, "lab.yaml");
  EXPECT_EQ(result.lab.has_value(), result.findings.ok());
  return result.findings.to_string();
}

Lab lab_of(const std::string& text) {
  LabResult result = parse_lab(text, "lab.yaml");
  EXPECT_TRUE(result.lab.has_value()) << result.findings.to_string();
  return result.lab.value_or(Lab{});
}

TEST(LabFile, TheBuiltInOneIsGood) {
  const LabResult result = load_lab("");
  ASSERT_TRUE(result.lab) << result.findings.to_string();
  EXPECT_EQ(result.findings.warnings(), 0u);
  EXPECT_EQ(result.lab->name, "default");
  ASSERT_EQ(result.lab->hosts.size(), 2u);
  EXPECT_EQ(result.lab->hosts[0].gateway, Ipv4Address::parse("10.0.1.1"));
  EXPECT_EQ(result.lab->router.ethernets.size(), 2u);
}

TEST(LabFile, TheBuiltInOneIsTheExample) {
  const LabResult built_in = load_lab(""), example = load_lab(WEIR_LAB_EXAMPLE);
  ASSERT_TRUE(example.lab) << example.findings.to_string();
  EXPECT_EQ(example.lab->hosts.size(), built_in.lab->hosts.size());
  EXPECT_EQ(example.lab->hosts[1].port, built_in.lab->hosts[1].port);
  EXPECT_EQ(example.lab->router.ethernets, built_in.lab->router.ethernets);
  EXPECT_EQ(example.lab->router.system, built_in.lab->router.system);
}

TEST(LabFile, DefaultsOfAHost) {
  const Lab lab = lab_of(std::string("hosts: {a: {addresses: [10.0.1.2/24]}}\n") + kRouter);
  ASSERT_EQ(lab.hosts.size(), 1u);
  EXPECT_EQ(lab.name, "default");
  EXPECT_EQ(lab.hosts[0].port, "weir-a");
  EXPECT_EQ(lab.hosts[0].interface, "eth0");
  EXPECT_EQ(lab.hosts[0].mtu, 1500);
  EXPECT_FALSE(lab.hosts[0].gateway);
}

TEST(LabFile, EveryKeyOfAHost) {
  const Lab lab = lab_of(
      "version: 1\n"
      "name: two-words\n"
      "router:\n"
      "  ethernets: {x: {match: {linux: cable7}, addresses: [10.0.1.1/24, 10.0.3.1/24]}}\n"
      "hosts:\n"
      "  a: {addresses: [10.0.1.2/24, 10.0.3.2/24], gateway: 10.0.3.1, interface: lan,\n"
      "      port: cable7, mtu: 9000}\n");
  EXPECT_EQ(lab.name, "two-words");
  ASSERT_EQ(lab.hosts.size(), 1u);
  EXPECT_EQ(lab.hosts[0].addresses.size(), 2u);
  EXPECT_EQ(lab.hosts[0].gateway, Ipv4Address::parse("10.0.3.1"));
  EXPECT_EQ(lab.hosts[0].interface, "lan");
  EXPECT_EQ(lab.hosts[0].port, "cable7");
  EXPECT_EQ(lab.hosts[0].mtu, 9000);
}

TEST(LabFile, TheRouterMayBeAFileBesideIt) {
  const test::TempDirectory directory;
  directory.write("router.yaml",
                  "ethernets: {x: {match: {linux: weir-a}, addresses: [10.0.1.1/24]}}\n");
  const std::string lab =
      directory.write("lab.yaml", "hosts: {a: {addresses: [10.0.1.2/24]}}\nrouter: router.yaml\n");
  const LabResult good = load_lab(lab);
  ASSERT_TRUE(good.lab) << good.findings.to_string();
  EXPECT_EQ(good.lab->router.ethernets.at(0).name, "x");
  directory.write("router.yaml", "ethernets:\n  x: {match: {linux: weir-a}, mtu: 7}\n");
  EXPECT_EQ(load_lab(lab).findings.to_string(),
            directory / "router.yaml" +
                ":2:36: error[F304]: ethernets.x.mtu: 7 is out of range (68 to 9600)\n");
}

TEST(LabFile, RouteFilesCountFromTheFilesDirectory) {
  const test::TempDirectory directory;
  directory.write("routes.txt", "10.9.0.0/16 via 10.0.1.2\n");
  const LabResult result =
      load_lab(directory.write("lab.yaml", std::string("hosts: {a: {addresses: [10.0.1.2/24]}}\n") +
                                               kRouter + "  routes: {file: routes.txt}\n"));
  ASSERT_TRUE(result.lab) << result.findings.to_string();
  EXPECT_EQ(result.lab->router.route_files.at(0).path, directory / "routes.txt");
}

struct Row {
  const char* name;
  std::string text;
  const char* findings;
};

std::string with_router(const std::string& head) { return head + kRouter; }

class WrongLab : public testing::TestWithParam<Row> {};

TEST_P(WrongLab, SaysWhatAndWhere) { EXPECT_EQ(findings_of(GetParam().text), GetParam().findings); }

INSTANTIATE_TEST_SUITE_P(
    LabFile, WrongLab,
    testing::Values(
        Row{"empty", "", "lab.yaml:1:1: error[F105]: nothing in it (at least hosts and router)\n"},
        Row{"not_yaml", "hosts: [\n",
            "lab.yaml:1:8: error[F103]: not YAML: did not find expected node content (a [ lacks "
            "its "
            "])\n"},
        Row{"unknown_key", with_router("host: {}\n"),
            "lab.yaml:1:1: error[F202]: unknown key \"host\" (did you mean hosts?)\n"},
        Row{"version", with_router("version: 2\nhosts: {a: {addresses: [10.0.1.2/24]}}\n"),
            "lab.yaml:1:10: error[F302]: version: expected 1, found \"2\" (the one version that "
            "this "
            "Weir reads)\n"},
        Row{"no_hosts", kRouter,
            "lab.yaml:1:1: error[F204]: no hosts (hosts: {left: {addresses: [10.0.1.2/24]}})\n"},
        Row{"no_router", "hosts: {a: {addresses: [10.0.1.2/24]}}\n",
            "lab.yaml:1:1: error[F204]: no router (router: PATH, or a configuration)\n"},
        Row{"name", with_router("name: Mein Lab\nhosts: {a: {addresses: [10.0.1.2/24]}}\n"),
            "lab.yaml:1:7: error[F303]: name: \"Mein Lab\" is not a name for a lab or host (up to "
            "24 of "
            "a-z, 0-9 and -, no - first)\n"},
        Row{"long_name",
            with_router(
                "name: abcdefghijklmnopqrstuvwxyz\nhosts: {a: {addresses: [10.0.1.2/24]}}\n"),
            "lab.yaml:1:7: error[F303]: name: \"abcdefghijklmnopqrstuvwxyz\" is not a name for a "
            "lab or "
            "host (up to 24 of a-z, 0-9 and -, no - first)\n"},
        Row{"host_name", with_router("hosts:\n  -a: {addresses: [10.0.1.2/24]}\n"),
            "lab.yaml:2:3: error[F303]: hosts: \"-a\" is not a name for a lab or host (up to 24 of "
            "a-z, "
            "0-9 and -, no - first)\n"},
        Row{"host_called_router", with_router("hosts:\n  router: {addresses: [10.0.1.2/24]}\n"),
            "lab.yaml:2:3: error[L104]: hosts: \"router\" is the router's own namespace\n"},
        Row{"host_key", with_router("hosts:\n  a: {adresses: [10.0.1.2/24]}\n"),
            "lab.yaml:2:7: error[F202]: unknown key \"adresses\" in hosts.a (did you mean "
            "addresses?)\n"},
        Row{"host_without_address", with_router("hosts:\n  a: {mtu: 1500}\n"),
            "lab.yaml:2:3: error[F204]: hosts: host without addresses (addresses: "
            "[10.0.1.2/24])\n"},
        Row{"address", with_router("hosts:\n  a: {addresses: [10.0.1.2]}\n"),
            "lab.yaml:2:19: error[F307]: hosts.a.addresses[0]: \"10.0.1.2\" lacks its prefix "
            "length "
            "(such as 10.0.1.2/24)\n"},
        Row{"addresses_no_list", with_router("hosts:\n  a: {addresses: 10.0.1.2/24}\n"),
            "lab.yaml:2:18: error[F301]: hosts.a.addresses: expected a list, found \"10.0.1.2/24\" "
            "([10.0.1.2/24])\n"},
        Row{"gateway", with_router("hosts:\n  a: {addresses: [10.0.1.2/24], gateway: x}\n"),
            "lab.yaml:2:42: error[F303]: hosts.a.gateway: \"x\" is not an IPv4 address (such as "
            "192.0.2.1)\n"},
        Row{"gateway_elsewhere",
            with_router("hosts:\n  a: {addresses: [10.0.1.2/24], gateway: 10.0.2.1}\n"),
            "lab.yaml:2:42: error[L103]: gateway 10.0.2.1 is in no subnet of a\n"
            "lab.yaml:2:42: error[L103]: gateway 10.0.2.1 is no address of the router's a (it has "
            "10.0.1.1/24)\n"},
        Row{"gateway_is_nobody",
            with_router("hosts:\n  a: {addresses: [10.0.1.2/24], gateway: 10.0.1.9}\n"),
            "lab.yaml:2:42: error[L103]: gateway 10.0.1.9 is no address of the router's a (it has "
            "10.0.1.1/24)\n"},
        Row{"gateway_of_the_bridge",
            "router:\n"
            "  ethernets:\n"
            "    a: {match: {linux: weir-a}}\n"
            "  bridges:\n"
            "    br: {interfaces: [a], addresses: [10.0.1.1/24]}\n"
            "hosts:\n"
            "  a: {addresses: [10.0.1.2/24], gateway: 10.0.1.1}\n",
            ""},
        Row{"gateway_not_of_the_bridge",
            "router:\n"
            "  ethernets:\n"
            "    a: {match: {linux: weir-a}}\n"
            "  bridges:\n"
            "    br: {interfaces: [a], addresses: [10.0.1.1/24]}\n"
            "hosts:\n"
            "  a: {addresses: [10.0.1.2/24], gateway: 10.0.1.9}\n",
            "lab.yaml:7:42: error[L103]: gateway 10.0.1.9 is no address of the router's br (it has "
            "10.0.1.1/24)\n"},
        Row{"interface", with_router("hosts:\n  a: {addresses: [10.0.1.2/24], interface: a/b}\n"),
            "lab.yaml:2:44: error[F303]: hosts.a.interface: \"a/b\" is not a name of a Linux "
            "interface "
            "(up to 15 characters, no blank, / or :)\n"},
        Row{"long_port",
            with_router("hosts:\n  a: {addresses: [10.0.1.2/24], port: sixteen-letters-}\n"),
            "lab.yaml:2:39: error[F303]: hosts.a.port: \"sixteen-letters-\" is not a name of a "
            "Linux "
            "interface (up to 15 characters, no blank, / or :)\n"},
        Row{"mtu", with_router("hosts:\n  a: {addresses: [10.0.1.2/24], mtu: 20}\n"),
            "lab.yaml:2:38: error[F304]: hosts.a.mtu: 20 is out of range (68 to 9600)\n"},
        Row{"port_of_nobody", with_router("hosts:\n  b: {addresses: [10.0.1.2/24]}\n"),
            "lab.yaml:2:3: error[L101]: nothing in the router's ethernets matches the port of b "
            "(match: "
            "{linux: weir-b})\n"},
        Row{"port_of_two",
            with_router("hosts:\n  a: {addresses: [10.0.1.2/24]}\n"
                        "  b: {addresses: [10.0.1.3/24], port: weir-a}\n"),
            "lab.yaml:3:3: error[L102]: port weir-a is the one of a too (give each host a port of "
            "its "
            "own)\n"},
        Row{"router_inline",
            "hosts: {a: {addresses: [10.0.1.2/24]}}\nrouter:\n  ethernets:\n    a: {mtu: big}\n",
            "lab.yaml:4:8: error[F204]: ethernets.a: no match (which port it is: match: {linux: "
            "INTERFACE}, {pci: ADDRESS} or {vdev: ARGUMENTS})\n"
            "lab.yaml:4:14: error[F301]: ethernets.a.mtu: expected a whole number, found \"big\" "
            "(68 to "
            "9600)\n"},
        Row{"router_lint",
            "router:\n  ethernets: {a: {match: {linux: weir-a}, addresses: [10.0.1.0/24]}}\n"
            "hosts: {a: {addresses: [10.0.1.2/24]}}\n",
            "lab.yaml:2:55: error[A102]: 10.0.1.0/24 is the network address of its subnet (hosts: "
            "10.0.1.1 to 10.0.1.254)\n"},
        Row{"router_list", "hosts: {a: {addresses: [10.0.1.2/24]}}\nrouter: []\n",
            "lab.yaml:2:9: error[F301]: router: expected a configuration, or the path of one, "
            "found a "
            "list\n"},
        Row{"router_file_missing",
            "hosts: {a: {addresses: [10.0.1.2/24]}}\nrouter: /nonexistent/r.yaml\n",
            "/nonexistent/r.yaml: error[F101]: No such file or directory\n"},
        Row{"all_in_braces", " {hosts: {a: {addresses: [10.0.1.2/24]}}, router: {ethernets: {}}}\n",
            "lab.yaml:1:51: error[L105]: router: a file that is one { } cannot have its router "
            "inside "
            "(name the router's file, or begin each key on a line of its own)\n"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(LabFile, TooManyHosts) {
  std::string text = "hosts:\n";
  for (int i = 0; i < 17; ++i) text += "  h" + std::to_string(i) + ": {addresses: [10.0.1.2/24]}\n";
  EXPECT_NE(findings_of(text + kRouter).find("more than 16 hosts"), std::string::npos);
}

TEST(LabFile, AFileThatIsNotThere) {
  EXPECT_EQ(load_lab("/nonexistent/lab.yaml").findings.to_string(),
            "/nonexistent/lab.yaml: error[F101]: No such file or directory\n");
}

}  // namespace
}  // namespace weir::cli
