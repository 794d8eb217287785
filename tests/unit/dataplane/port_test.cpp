// Ports on what every machine has: the EAL's virtual devices, and a pair of Linux interfaces where
// the test may make one.
#include "dataplane/port/port.hpp"

#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <rte_ethdev.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

#include "tests/unit/dataplane/lab.hpp"

namespace weir::test {
namespace {

constexpr MacAddress kBridgeMac{{2, 0, 0, 0, 9, 1}};
constexpr MacAddress kAllSystems{{1, 0, 0x5e, 0, 0, 1}}, kSomeGroup{{1, 0, 0x5e, 1, 2, 3}};

PortRequest request_for(const std::string& devargs) {
  return {.name = "test", .devargs = devargs, .device = devargs, .multicast = {kAllSystems}};
}

TEST(Port, NullDeviceFallsBack) {
  PortRequest request = request_for("net_null_port");
  request.mac = kOwnMac;
  const Port plain(request, 1, lab().packets());
  EXPECT_STREQ(plain.mac_filter(), "hardware") << "it takes the address";
  EXPECT_STREQ(plain.multicast_filter(), "all") << "it knows no list";
  EXPECT_STREQ(plain.vlan_tags(), "software");
  EXPECT_EQ(plain.promiscuous_why(), "");

  request = request_for("net_null_member");
  request.further_macs = {kBridgeMac};
  const Port member(request, 1, lab().packets());
  EXPECT_STREQ(member.mac_filter(), "promiscuous") << "it has one address only";
  EXPECT_EQ(member.promiscuous_why(), "mac");
}

TEST(Port, RingDeviceFallsBack) {
  PortRequest request = request_for("net_ring_port");
  request.mac = kOwnMac;
  const Port port(request, 1, lab().packets());
  EXPECT_STREQ(port.mac_filter(), "promiscuous") << "it cannot change its address";
  EXPECT_EQ(port.promiscuous_why(), "mac");
  EXPECT_STREQ(port.multicast_filter(), "all") << "it knows no list";
  EXPECT_EQ(port.mac(), kOwnMac);
  EXPECT_TRUE(port.tells_tpid());
}

/// Two Linux interfaces with a cable between them, as long as this lives.
class Veth {
 public:
  Veth() : here(name("a")), there(name("b")) {
    made_ = geteuid() == 0 && run("ip link add " + here + " type veth peer name " + there) &&
            run("sysctl -qw net.ipv6.conf." + here + ".disable_ipv6=1 net.ipv6.conf." + there +
                ".disable_ipv6=1 || true") &&
            run("ip link set " + here + " up") && run("ip link set " + there + " up");
  }
  Veth(const Veth&) = delete;
  Veth& operator=(const Veth&) = delete;
  ~Veth() { run("ip link del " + here); }

  bool made() const { return made_; }
  const std::string here, there;

 private:
  static std::string name(const char* end) { return fmt::format("wp{}{}", getpid(), end); }
  static bool run(const std::string& command) {
    return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
  }
  bool made_ = false;
};

/// A raw socket on a Linux interface.
class RawSocket {
 public:
  explicit RawSocket(const std::string& interface)
      : fd_(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)) {
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(0x0003);  // ETH_P_ALL
    address.sll_ifindex = static_cast<int>(if_nametoindex(interface.c_str()));
    const int on = 1;
    setsockopt(fd_, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on);
    if (bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("no raw socket on " + interface);
  }
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;
  ~RawSocket() { ::close(fd_); }

  bool send(const Bytes& frame) {
    return ::send(fd_, frame.data(), frame.size(), 0) == static_cast<ssize_t>(frame.size());
  }
  /// The tag of the next frame with `source`, which the kernel holds beside it; nothing within 2 s:
  /// nullopt.
  std::optional<std::uint16_t> tag_from(const MacAddress& source) {
    pollfd ready{fd_, POLLIN, 0};
    while (poll(&ready, 1, 2000) == 1) {
      std::uint8_t data[2048];
      alignas(cmsghdr) char control[CMSG_SPACE(sizeof(tpacket_auxdata))];
      iovec room{data, sizeof data};
      msghdr message{};
      message.msg_iov = &room;
      message.msg_iovlen = 1;
      message.msg_control = control;
      message.msg_controllen = sizeof control;
      if (recvmsg(fd_, &message, 0) < 14 || MacAddress::load(data + 6) != source) continue;
      tpacket_auxdata facts{};
      std::memcpy(&facts, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof facts);
      return facts.tp_vlan_tci;
    }
    return std::nullopt;
  }

 private:
  int fd_;
};

/// The next packet from `source` that the port receives within 2 s.
PacketBuffer receive(const Port& port, const MacAddress& source) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while (std::chrono::steady_clock::now() < until) {
    rte_mbuf* packet = nullptr;
    if (rte_eth_rx_burst(port.id(), 0, &packet, 1) == 0) continue;
    PacketBuffer owned(packet);
    if (MacAddress::load(rte_pktmbuf_mtod(packet, std::uint8_t*) + 6) == source) return owned;
  }
  return nullptr;
}

std::uint16_t field_at(rte_mbuf* packet, std::size_t offset) {
  const auto* const data = rte_pktmbuf_mtod(packet, const std::uint8_t*) + offset;
  return static_cast<std::uint16_t>(data[0] << 8 | data[1]);
}

class PacketPort : public testing::Test {
 protected:
  void SetUp() override {
    if (!cable_.made()) GTEST_SKIP() << "only root makes Linux interfaces";
  }
  PortRequest request() const {
    PortRequest request =
        request_for(fmt::format("net_af_packet0,iface={},qdisc_bypass=1,"
                                "blocksz=4096,framesz=2048,framecnt=512",
                                cable_.here));
    request.device = cable_.here;
    request.mtu_is_set = true;
    request.mac = kOwnMac;
    return request;
  }
  std::string file(const std::string& path) const {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  /// The groups that the kernel lets into the interface.
  std::string groups() const {
    std::istringstream lines(file("/proc/net/dev_mcast"));
    std::string result, line;
    while (std::getline(lines, line))
      if (line.find(cable_.here) != std::string::npos) result += line + "\n";
    return result;
  }
  unsigned long flags() const {
    return std::stoul(file("/sys/class/net/" + cable_.here + "/flags"), nullptr, 16);
  }
  Veth cable_;
};

TEST_F(PacketPort, TheKernelKeepsItsListsAsLongAsThePortLives) {
  PortRequest asked = request();
  asked.multicast.push_back(kSomeGroup);
  asked.further_macs = {kBridgeMac};
  {
    const Port port(asked, 1, lab().packets());
    EXPECT_STREQ(port.mac_filter(), "hardware");
    EXPECT_STREQ(port.multicast_filter(), "list");
    EXPECT_EQ(port.promiscuous_why(), "");
    EXPECT_NE(groups().find("01005e010203"), std::string::npos) << groups();
    EXPECT_EQ(flags() & IFF_ALLMULTI, 0u);
  }
  EXPECT_EQ(groups().find("01005e010203"), std::string::npos) << groups();
}

TEST_F(PacketPort, ABridgeHearsAll) {
  PortRequest asked = request();
  asked.all_multicast = true;
  asked.promiscuous_why = "bridge";
  {
    const Port port(asked, 1, lab().packets());
    EXPECT_STREQ(port.mac_filter(), "promiscuous");
    EXPECT_STREQ(port.multicast_filter(), "all");
    EXPECT_EQ(port.promiscuous_why(), "bridge");
    EXPECT_EQ(flags() & (IFF_ALLMULTI | IFF_PROMISC), unsigned{IFF_ALLMULTI | IFF_PROMISC});
  }
  EXPECT_EQ(flags() & (IFF_ALLMULTI | IFF_PROMISC), 0u);
}

TEST_F(PacketPort, GivesItsInterfaceAnotherMtu) {
  Port port(request(), 1, lab().packets());
  const auto of_kernel = [&] { return file("/sys/class/net/" + cable_.here + "/mtu"); };
  port.change_mtu(1400);
  EXPECT_EQ(port.mtu(), 1400);
  EXPECT_EQ(of_kernel(), "1400\n");
  try {
    port.change_mtu(20);
    FAIL() << "the kernel takes none below 68";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("does not take mtu 20 while it runs"),
              std::string::npos)
        << error.what();
  }
  EXPECT_EQ(port.mtu(), 1400);
  EXPECT_EQ(of_kernel(), "1400\n");
}

TEST_F(PacketPort, HandsOverATagAsItWasAsked) {
  constexpr std::uint16_t kTag = 3 << 13 | 100;  // priority 3, VLAN 100
  const Bytes plain = ethernet_frame(0x88b5, pattern(50));
  for (const bool strip : {false, true}) {
    for (const std::uint16_t tpid : {std::uint16_t{0x8100}, std::uint16_t{0x88a8}}) {
      SCOPED_TRACE(fmt::format("strip {}, type {:#x}", strip, tpid));
      PortRequest asked = request();
      asked.vlans = {100};
      asked.wants_vlan_strip = strip;
      const Port port(asked, 1, lab().packets());
      EXPECT_EQ(port.strips_vlan(), strip);
      EXPECT_EQ(port.inserts_vlan(), strip);
      EXPECT_STREQ(port.vlan_tags(), strip ? "hardware" : "software");
      EXPECT_FALSE(port.tells_tpid());
      ASSERT_TRUE(RawSocket(cable_.there).send(tagged(plain, kTag, tpid)));
      const PacketBuffer packet = receive(port, kHostMac);
      ASSERT_NE(packet, nullptr);
      EXPECT_EQ((packet->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) != 0, strip);
      EXPECT_EQ(packet->vlan_tci, kTag);
      EXPECT_EQ(packet->pkt_len, plain.size() + (strip ? 0 : 4));
      EXPECT_EQ(field_at(packet.get(), 12), strip ? 0x88b5 : 0x8100) << "never 0x88a8";
      EXPECT_EQ(field_at(packet.get(), 14) == kTag, !strip);
    }
  }
}

TEST_F(PacketPort, KeepsTheInnerOfTwoTags) {
  const Bytes inner = tagged(ethernet_frame(0x88b5, pattern(50)), 7, 0x8100);
  PortRequest asked = request();
  asked.wants_vlan_strip = true;
  const Port port(asked, 1, lab().packets());
  ASSERT_TRUE(RawSocket(cable_.there).send(tagged(inner, 100, 0x88a8)));
  const PacketBuffer packet = receive(port, kHostMac);
  ASSERT_NE(packet, nullptr);
  EXPECT_EQ(packet->vlan_tci, 100);
  EXPECT_EQ(field_at(packet.get(), 12), 0x8100);
  EXPECT_EQ(field_at(packet.get(), 14), 7);
}

TEST_F(PacketPort, PutsTheTagOn) {
  PortRequest asked = request();
  asked.wants_vlan_strip = true;
  const Port port(asked, 1, lab().packets());
  ASSERT_TRUE(port.inserts_vlan());
  RawSocket host(cable_.there);
  rte_mbuf* packet = lab().make(ethernet_frame(0x88b5, pattern(50), kHostMac, kOwnMac));
  packet->ol_flags |= RTE_MBUF_F_TX_VLAN;
  packet->vlan_tci = 2 << 13 | 42;
  ASSERT_EQ(rte_eth_tx_burst(port.id(), 0, &packet, 1), 1);
  EXPECT_EQ(host.tag_from(kOwnMac), 2 << 13 | 42);
}

}  // namespace
}  // namespace weir::test
