#include "controlplane/port_method.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <ostream>

namespace weir::control {
namespace {

/// A port that AF_XDP suits: one worker, a veth whose other end keeps its tags in the frames.
struct Situation {
  config::Config config;
  config::Ethernet port;
  MethodFacts facts{.link = LinuxLink{.kind = "veth"},
                    .cable = CableEnd{"eth0", "host", false, false},
                    .no_af_xdp = [] { return std::string(); }};

  Situation() {
    config.system.worker_cores = {1};
    config.system.memory.packets = 16384;
    config.ethernets.resize(2);
    for (config::Ethernet& each : config.ethernets)
      each.match = config::LinuxMatch{"p0", config::LinuxMatch::Method::automatic};
    port.match = config::LinuxMatch{"p0", config::LinuxMatch::Method::automatic};
    port.mtu = 1500;
  }
  void is_a_nic() {
    facts.link->kind.clear();
    facts.cable.reset();
  }
};

struct Row {
  const char* name;
  void (*change)(Situation&);
  const char* why;  // empty: AF_XDP

  friend std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }
};

class Method : public testing::TestWithParam<Row> {};

TEST_P(Method, IsAfXdpUnlessSomethingStandsInItsWay) {
  Situation situation;
  GetParam().change(situation);
  const PortMethod method = choose_method(situation.config, situation.port, situation.facts);
  const std::string why = GetParam().why;
  EXPECT_EQ(method.af_xdp, why.empty());
  if (why.empty()) {
    EXPECT_FALSE(method.why.empty());
  } else {
    EXPECT_EQ(method.why, why);
  }
}

const Row kRows[] = {
    {"nothing_in_the_way", [](Situation&) {}, ""},
    {"one_queue_asked_for", [](Situation& s) { s.port.queues = 1; }, ""},
    {"largest_mtu", [](Situation& s) { s.port.mtu = 1700; }, ""},
    {"nic_with_tags_in_frames", [](Situation& s) { s.is_a_nic(); }, ""},
    {"one_queue_of_two_workers",
     [](Situation& s) {
       s.config.system.worker_cores = {1, 2};
       s.port.queues = 1;
     },
     ""},
    {"two_workers",
     [](Situation& s) {
       s.config.system.worker_cores = {1, 2};
     },
     "2 queues are wanted, AF_XDP has one"},
    {"queues", [](Situation& s) { s.port.queues = 3; }, "3 queues are wanted, AF_XDP has one"},
    {"mtu", [](Situation& s) { s.port.mtu = 1701; }, "mtu 1701: AF_XDP carries 1700"},
    {"few_packets", [](Situation& s) { s.config.system.memory.packets = 16383; },
     "2 Linux interfaces would want `system.memory.packets: 16384`"},
    {"kernel_silent", [](Situation& s) { s.facts.link.reset(); },
     "the kernel does not tell what the interface is"},
    {"kernels_address", [](Situation& s) { s.facts.link->addresses = {"192.0.2.1"}; },
     "the kernel has address 192.0.2.1 on it"},
    {"bridge", [](Situation& s) { s.facts.link->master = "br0"; }, "it is part of br0"},
    {"upper",
     [](Situation& s) {
       s.facts.link->upper = {"p0.5", "p0.6"};
     },
     "p0.5 stands on it"},
    {"receive_queues", [](Situation& s) { s.facts.link->receive_queues = 4; },
     "4 receive queues: AF_XDP would lose what comes by others than the first"},
    {"veth_tags_beside", [](Situation& s) { s.facts.cable->transmit_vlan_offload = true; },
     "AF_XDP would lose VLAN tags: ip netns exec host ethtool -K eth0 txvlan off"},
    {"veth_unseen", [](Situation& s) { s.facts.cable = CableEnd{}; },
     "AF_XDP would lose VLAN tags, unless the other end has `ethtool -K INTERFACE txvlan off`, "
     "which cannot be seen"},
    {"nic_takes_tags_off",
     [](Situation& s) {
       s.is_a_nic();
       s.facts.link->takes_tags_off = true;
     },
     "AF_XDP would lose VLAN tags: ethtool -K p0 rxvlan off"},
    {"no_rights",
     [](Situation& s) {
       s.facts.no_af_xdp = [] { return std::string("no AF_XDP socket: Operation not permitted"); };
     },
     "no AF_XDP socket: Operation not permitted"},
};

INSTANTIATE_TEST_SUITE_P(Port, Method, testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(MethodFacts, TriesTheMachineOnlyWhenAllElseIsWell) {
  Situation situation;
  situation.port.mtu = 9000;
  situation.facts.no_af_xdp = []() -> std::string { throw std::logic_error("asked"); };
  EXPECT_NO_THROW(choose_method(situation.config, situation.port, situation.facts));
}

TEST(CableEnd, IsNamedWithItsNamespaceAndItsRemedy) {
  const CableEnd there{"eth0", "host", true, {}}, here{"v1", "", true, {}};
  EXPECT_EQ(name_of(there), "eth0 in host");
  EXPECT_EQ(name_of(here), "v1");
  EXPECT_EQ(name_of(CableEnd{}), "the other end");
  EXPECT_EQ(checksum_remedy(there), "ip netns exec host ethtool -K eth0 tx off");
  EXPECT_EQ(checksum_remedy(here), "ethtool -K v1 tx off");
  EXPECT_NE(checksum_trap(there), "");
  EXPECT_EQ(checksum_trap(CableEnd{"eth0", "host", false, {}}), "");
  EXPECT_EQ(checksum_trap(CableEnd{}), "") << "what cannot be seen is not told as if it were";
}

}  // namespace
}  // namespace weir::control
