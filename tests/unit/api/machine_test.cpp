// By which interface an SSH session comes in.
#include "controlplane/cli/machine.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "tests/unit/api/temp_directory.hpp"

namespace weir::cli {
namespace {

TEST(Ssh, ConnectionsAreParsed) {
  const auto session = parse_ssh_connection("198.51.100.7 50000 192.0.2.1 22");
  ASSERT_TRUE(session);
  EXPECT_EQ(session->client, "198.51.100.7");
  EXPECT_EQ(session->server, "192.0.2.1");
  for (const char* wrong : {"", "x", "198.51.100.7 50000 192.0.2.1"})
    EXPECT_FALSE(parse_ssh_connection(wrong)) << wrong;
}

/// Processes as /proc has them.
class Processes : public testing::Test {
 protected:
  void add(int pid, int parent, const std::string& environment) {
    const std::string directory = "proc/" + std::to_string(pid);
    tree.write(directory + "/status", "Name:\tx\nPPid:\t" + std::to_string(parent) + '\n');
    tree.write(directory + "/environ", environment);
  }
  std::string server_of(int pid) {
    const auto session = ssh_session(tree / "", pid);
    return session ? session->server : "none";
  }

  test::TempDirectory tree;
};

using namespace std::string_literals;
const std::string kSession = "HOME=/root\0SSH_CONNECTION=198.51.100.7 5 192.0.2.1 22\0A=b\0"s;

TEST_F(Processes, TheNearestAncestorThatKnowsCounts) {
  add(10, 1, "SSH_CONNECTION=198.51.100.9 5 192.0.2.9 22\0"s);
  add(20, 10, kSession);
  add(30, 20, "SUDO_USER=x\0"s);  // sudo takes it away
  add(40, 30, "");
  EXPECT_EQ(server_of(40), "192.0.2.1");
  EXPECT_EQ(server_of(20), "192.0.2.1");
  EXPECT_EQ(server_of(10), "192.0.2.9");
}

TEST_F(Processes, NoSessionIsNone) {
  add(1, 0, kSession);  // the first process is nobody's session
  add(10, 1, "XSSH_CONNECTION=1 2 3 4\0SSH_CONNECTION=nonsense\0"s);
  EXPECT_EQ(server_of(10), "none");
  EXPECT_EQ(server_of(77), "none");  // vanished
}

TEST_F(Processes, AncestorsInACircleEnd) {
  add(10, 20, "");
  add(20, 10, "");
  EXPECT_EQ(server_of(10), "none");
}

TEST(Interface, IsFoundByItsAddress) {
  EXPECT_EQ(interface_with("127.0.0.1"), "lo");
  EXPECT_EQ(interface_with("203.0.113.77"), "");
  EXPECT_EQ(interface_with("fe80::1%ens1"), "ens1");
  EXPECT_EQ(interface_with("nonsense"), "");
  EXPECT_EQ(interface_with(""), "");
}

/// As iproute2 writes them: a VRF's table, two gateways, the kernel's own "unreachable".
TEST(Routes, OfEveryTableAndEveryGateway) {
  const Json routes = Json::parse(R"([
    {"dst": "default", "gateway": "192.0.2.1", "dev": "ens1", "table": "100", "flags": []},
    {"dst": "default", "nexthops": [{"gateway": "198.51.100.1", "dev": "ens2", "weight": 1},
                                    {"gateway": "203.0.113.1", "dev": "ens3", "weight": 1}]},
    {"type": "unreachable", "dst": "default", "dev": "lo", "metric": 4294967295},
    {"type": "blackhole", "dst": "default"}])");
  EXPECT_EQ(route_interfaces(routes), (std::set<std::string>{"ens1", "ens2", "ens3"}));
  EXPECT_TRUE(route_interfaces(nullptr).empty());
  EXPECT_TRUE(route_interfaces(Json::parse("[1, null, {}]")).empty());
}

TEST(Routes, WhatTheyStandOnCountsToo) {
  const test::TempDirectory tree;
  tree.write("sys/class/net/bond0/lower_ens1/x", "");
  tree.write("sys/class/net/bond0/lower_ens2/x", "");
  tree.write("proc/net/route",
             "Iface Destination ...\nens9 00000000 010200C0 0003 0 0 0 00000000 0 0\n");
  Machine machine;
  machine.root = tree / "";
  machine.default_routes = {"bond0"};
  EXPECT_EQ(default_route_interfaces(machine),
            (std::set<std::string>{"bond0", "ens1", "ens2", "ens9"}));
  machine.ssh_interfaces = {"bond0"};
  EXPECT_EQ(ssh_session_interfaces(machine), (std::set<std::string>{"bond0", "ens1", "ens2"}));
}

TEST(Machine, HereCanBeLookedAt) {
  std::ostringstream out, err;
  const Context context{.out = out, .err = err, .socket = "/nonexistent/weir.sock"};
  const Machine machine = Machine::here(context);
  EXPECT_TRUE(machine.router_ports().empty());
  EXPECT_EQ(machine.why_not_writable("/nonexistent"), ENOENT);
  EXPECT_EQ(machine.why_not_writable("/dev/null"), 0);
}

}  // namespace
}  // namespace weir::cli
