// Which filters a port gets, and how it spreads, by what its driver can do; and what is told of it.
// The NIC is net_null behind the calls of ethdev that the linker leads here (--wrap, see
// meson.build): it can what a row says, and notes what it was asked.
#include <gtest/gtest.h>
#include <rte_ethdev.h>
#include <rte_thash.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/port/port_report.hpp"
#include "tests/unit/dataplane/lab.hpp"

namespace weir::test {
namespace {

constexpr std::uint64_t kStrip = RTE_ETH_RX_OFFLOAD_VLAN_STRIP;
constexpr std::uint64_t kFilter = RTE_ETH_RX_OFFLOAD_VLAN_FILTER;
constexpr std::uint64_t kInsert = RTE_ETH_TX_OFFLOAD_VLAN_INSERT;

struct FakeNic {
  // What it can.
  const char* driver = "net_e1000_igb";
  bool default_mac = true, add_mac = true, list = true, all = true, promiscuous = true;
  std::uint64_t rx = kStrip | kFilter, tx = kInsert;
  std::uint16_t refused_vlan = 0xffff;
  std::uint64_t rss = 0, refused_rss = 0;
  std::uint8_t key_bytes = 0;
  const char* firmware = nullptr;
  bool scattered = false;
  // What it was told.
  std::optional<std::uint64_t> rx_set, tx_set;
  std::uint64_t rss_set = 0;
  std::vector<std::uint8_t> key;
  int queues = 0;
  MacAddress mac;
  std::vector<MacAddress> macs, groups;
  std::vector<std::uint16_t> vlans;
  bool is_all = false, is_promiscuous = false, filter_off = false;
};
FakeNic* fake = nullptr;  // in place of every port while it is set

int answer(bool can) { return can ? 0 : -ENOTSUP; }

}  // namespace
}  // namespace weir::test

using weir::MacAddress;
using weir::test::answer;
using weir::test::fake;

extern "C" {
int __real_rte_eth_dev_info_get(std::uint16_t port, rte_eth_dev_info* info);
int __wrap_rte_eth_dev_info_get(std::uint16_t port, rte_eth_dev_info* info) {
  const int result = __real_rte_eth_dev_info_get(port, info);
  if (fake == nullptr) return result;
  info->driver_name = fake->driver;
  info->rx_offload_capa = fake->rx;
  info->tx_offload_capa = fake->tx;
  info->flow_type_rss_offloads = fake->rss;
  info->hash_key_size = fake->key_bytes;
  info->reta_size = 128;
  return result;
}

int __real_rte_eth_dev_configure(std::uint16_t port, std::uint16_t rx, std::uint16_t tx,
                                 const rte_eth_conf* conf);
int __wrap_rte_eth_dev_configure(std::uint16_t port, std::uint16_t rx, std::uint16_t tx,
                                 const rte_eth_conf* conf) {
  rte_eth_conf real = *conf;
  if (fake != nullptr) {
    fake->rx_set = std::exchange(real.rxmode.offloads, 0);
    fake->tx_set = std::exchange(real.txmode.offloads, 0);
    const bool spreads =
        std::exchange(real.rxmode.mq_mode, RTE_ETH_MQ_RX_NONE) == RTE_ETH_MQ_RX_RSS;
    const rte_eth_rss_conf rss = std::exchange(real.rx_adv_conf.rss_conf, {});
    if (!spreads && rss.rss_hf != 0) return -EINVAL;
    if ((rss.rss_hf & fake->refused_rss) != 0) return -ENOTSUP;
    fake->rss_set = rss.rss_hf;
    fake->key.assign(rss.rss_key, rss.rss_key + (rss.rss_key != nullptr ? rss.rss_key_len : 0));
    fake->queues = rx;
  }
  return __real_rte_eth_dev_configure(port, rx, tx, &real);
}

int __real_rte_eth_dev_fw_version_get(std::uint16_t port, char* version, std::size_t size);
int __wrap_rte_eth_dev_fw_version_get(std::uint16_t port, char* version, std::size_t size) {
  if (fake == nullptr) return __real_rte_eth_dev_fw_version_get(port, version, size);
  if (fake->firmware == nullptr) return -ENOTSUP;
  std::snprintf(version, size, "%s", fake->firmware);
  return 0;
}

int __real_rte_eth_rx_queue_info_get(std::uint16_t port, std::uint16_t queue,
                                     rte_eth_rxq_info* info);
int __wrap_rte_eth_rx_queue_info_get(std::uint16_t port, std::uint16_t queue,
                                     rte_eth_rxq_info* info) {
  if (fake == nullptr) return __real_rte_eth_rx_queue_info_get(port, queue, info);
  if (!fake->scattered) return -ENOTSUP;
  info->scattered_rx = 1;
  info->rx_buf_size = 1024;
  return 0;
}

int __real_rte_eth_dev_default_mac_addr_set(std::uint16_t port, rte_ether_addr* mac);
int __wrap_rte_eth_dev_default_mac_addr_set(std::uint16_t port, rte_ether_addr* mac) {
  if (fake == nullptr) return __real_rte_eth_dev_default_mac_addr_set(port, mac);
  if (fake->default_mac) fake->mac = MacAddress::load(mac->addr_bytes);
  return answer(fake->default_mac);
}

int __real_rte_eth_dev_mac_addr_add(std::uint16_t port, rte_ether_addr* mac, std::uint32_t pool);
int __wrap_rte_eth_dev_mac_addr_add(std::uint16_t port, rte_ether_addr* mac, std::uint32_t pool) {
  if (fake == nullptr) return __real_rte_eth_dev_mac_addr_add(port, mac, pool);
  if (fake->add_mac) fake->macs.push_back(MacAddress::load(mac->addr_bytes));
  return answer(fake->add_mac);
}

int __real_rte_eth_dev_set_mc_addr_list(std::uint16_t port, rte_ether_addr* groups,
                                        std::uint32_t count);
int __wrap_rte_eth_dev_set_mc_addr_list(std::uint16_t port, rte_ether_addr* groups,
                                        std::uint32_t count) {
  if (fake == nullptr) return __real_rte_eth_dev_set_mc_addr_list(port, groups, count);
  for (std::uint32_t i = 0; fake->list && i < count; ++i)
    fake->groups.push_back(MacAddress::load(groups[i].addr_bytes));
  return answer(fake->list);
}

int __real_rte_eth_allmulticast_enable(std::uint16_t port);
int __wrap_rte_eth_allmulticast_enable(std::uint16_t port) {
  if (fake == nullptr) return __real_rte_eth_allmulticast_enable(port);
  fake->is_all = fake->all;
  return answer(fake->all);
}

int __real_rte_eth_allmulticast_disable(std::uint16_t port);
int __wrap_rte_eth_allmulticast_disable(std::uint16_t port) {
  if (fake == nullptr) return __real_rte_eth_allmulticast_disable(port);
  fake->is_all = false;
  return 0;
}

int __real_rte_eth_promiscuous_enable(std::uint16_t port);
int __wrap_rte_eth_promiscuous_enable(std::uint16_t port) {
  if (fake == nullptr) return __real_rte_eth_promiscuous_enable(port);
  fake->is_promiscuous = fake->promiscuous;
  return answer(fake->promiscuous);
}

int __real_rte_eth_promiscuous_disable(std::uint16_t port);
int __wrap_rte_eth_promiscuous_disable(std::uint16_t port) {
  if (fake == nullptr) return __real_rte_eth_promiscuous_disable(port);
  fake->is_promiscuous = false;
  return 0;
}

int __real_rte_eth_dev_vlan_filter(std::uint16_t port, std::uint16_t vlan, int on);
int __wrap_rte_eth_dev_vlan_filter(std::uint16_t port, std::uint16_t vlan, int on) {
  if (fake == nullptr) return __real_rte_eth_dev_vlan_filter(port, vlan, on);
  if (on != 0 && vlan == fake->refused_vlan) return -ENOSPC;
  if (on == 0)
    std::erase(fake->vlans, vlan);
  else
    fake->vlans.push_back(vlan);
  return 0;
}

int __real_rte_eth_dev_get_vlan_offload(std::uint16_t port);
int __wrap_rte_eth_dev_get_vlan_offload(std::uint16_t port) {
  if (fake == nullptr) return __real_rte_eth_dev_get_vlan_offload(port);
  return RTE_ETH_VLAN_STRIP_OFFLOAD | RTE_ETH_VLAN_FILTER_OFFLOAD;
}

int __real_rte_eth_dev_set_vlan_offload(std::uint16_t port, int mask);
int __wrap_rte_eth_dev_set_vlan_offload(std::uint16_t port, int mask) {
  if (fake == nullptr) return __real_rte_eth_dev_set_vlan_offload(port, mask);
  fake->filter_off = mask == RTE_ETH_VLAN_STRIP_OFFLOAD;  // and nothing else changed
  return 0;
}
}

namespace weir::test {
namespace {

constexpr MacAddress kBridgeMac{{2, 0, 0, 0, 9, 1}}, kOtherBridgeMac{{2, 0, 0, 0, 9, 2}};
constexpr MacAddress kAllSystems{{1, 0, 0x5e, 0, 0, 1}}, kAllRouters{{1, 0, 0x5e, 0, 0, 2}};

class PortFilters : public testing::Test {
 protected:
  ~PortFilters() override {
    port_.reset();
    fake = nullptr;
  }
  Port& make(const FakeNic& nic, PortRequest request) {
    port_.reset();
    nic_ = nic;
    fake = &nic_;
    request.name = request.device = request.devargs = "net_null_filters";
    request.multicast = {kAllSystems, kAllRouters};
    port_ = std::make_unique<Port>(request, 1, lab().packets());
    return *port_;
  }
  FakeNic nic_;
  std::unique_ptr<Port> port_;
};

/// What drivers of DPDK 22.11 were seen to do on QEMU's NICs.
FakeNic virtio() { return {.driver = "net_virtio", .list = false, .rx = kStrip | kFilter}; }
FakeNic vmxnet3() { return {.driver = "net_vmxnet3", .add_mac = false, .list = false}; }
/// One that can nothing.
FakeNic bare() {
  return {.driver = "net_bare",
          .default_mac = false,
          .add_mac = false,
          .list = false,
          .all = false,
          .promiscuous = false,
          .rx = 0,
          .tx = 0};
}

struct Row {
  const char* name;
  FakeNic nic;
  PortRequest request;
  std::string mac, multicast, why;  // what is to be reported
};

TEST_F(PortFilters, FallBackAsFarAsTheDriverForcesThem) {
  const PortRequest plain{.mac = kOwnMac};
  const PortRequest member{.mac = kOwnMac, .further_macs = {kBridgeMac, kOwnMac, kOtherBridgeMac}};
  const PortRequest bridge{.mac = kOwnMac, .all_multicast = true, .promiscuous_why = "bridge"};
  const PortRequest all{.mac = kOwnMac, .all_multicast = true};
  const PortRequest tagged{.mac = kOwnMac, .vlans = {10, 20}};
  const PortRequest any_tag{.mac = kOwnMac, .vlans = {10}, .other_vlans = true};
  const Row rows[] = {
      {"all in hardware", {}, plain, "hardware", "list", ""},
      {"further addresses", {}, member, "hardware", "list", ""},
      {"no further addresses", vmxnet3(), member, "promiscuous", "all", "mac"},
      {"none needed", vmxnet3(), plain, "hardware", "all", ""},
      {"no change of the own", {.default_mac = false}, plain, "promiscuous", "list", "mac"},
      {"no list", virtio(), plain, "hardware", "all", ""},
      {"every group", {}, all, "hardware", "all", ""},
      {"neither list nor all",
       {.list = false, .all = false},
       plain,
       "promiscuous",
       "promiscuous",
       "multicast"},
      {"bridge", {}, bridge, "promiscuous", "all", "bridge"},
      {"the first reason is told", {.default_mac = false}, bridge, "promiscuous", "all", "bridge"},
      {"not even promiscuous", bare(), plain, "software", "software", ""},
      {"not even for a bridge", bare(), bridge, "software", "software", ""},
      {"VLANs", {}, tagged, "hardware", "list", ""},
      {"VLANs, one refused", {.refused_vlan = 20}, tagged, "promiscuous", "list", "vlan"},
      {"VLANs, priority tags refused", {.refused_vlan = 0}, tagged, "hardware", "list", ""},
      {"any tag", {}, any_tag, "hardware", "list", ""},
      {"any tag, where unknown ones are lost", virtio(), any_tag, "promiscuous", "all", "vlan"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const Port& port = make(row.nic, row.request);
    EXPECT_EQ(port.mac_filter(), row.mac);
    EXPECT_EQ(port.multicast_filter(), row.multicast);
    EXPECT_EQ(port.promiscuous_why(), row.why);
    EXPECT_EQ(port.promiscuous(), !row.why.empty());
    EXPECT_EQ(nic_.is_promiscuous, !row.why.empty());
    EXPECT_EQ(nic_.is_all, row.multicast == "all");
    EXPECT_EQ(port.mac(), kOwnMac) << "what the router speaks with, whatever the port can";
  }
}

/// What is wanted of a port that runs changes: then it lets in what one does that was opened so.
/// VLANs are filtered where the port was opened to filter them.
TEST_F(PortFilters, FollowWhatIsWanted) {
  const PortRequest wishes[] = {
      {.mac = kOwnMac},
      {.mac = kOwnMac, .all_multicast = true, .promiscuous_why = "bridge"},
      {.mac = kOwnMac, .promiscuous_why = "asked for"},
      {.mac = kOwnMac, .all_multicast = true},
      {.mac = kOwnMac, .vlans = {10, 20}},
      {.mac = kOwnMac, .vlans = {20, 30}},
      {.mac = kOwnMac, .all_multicast = true, .promiscuous_why = "bridge", .vlans = {30}}};
  const FakeNic nics[] = {
      {}, vmxnet3(), {.default_mac = false}, {.list = false, .all = false}, bare()};
  for (const FakeNic& nic : nics)
    for (const PortRequest& first : wishes)
      for (PortRequest next : wishes) {
        make(nic, next);
        const FakeNic wanted_nic = nic_;
        const std::string mac = port_->mac_filter(), multicast = port_->multicast_filter(),
                          why = port_->promiscuous_why();
        Port& port = make(nic, first);
        next.multicast = {kAllSystems, kAllRouters};
        const std::size_t vlans_before = nic_.vlans.size();
        port.admit(next);
        EXPECT_GE(nic_.vlans.size(), vlans_before) << "nothing is shut out yet";
        port.confine(next);
        EXPECT_EQ(port.mac_filter(), mac);
        EXPECT_EQ(port.multicast_filter(), multicast);
        EXPECT_EQ(port.promiscuous_why(), why);
        EXPECT_EQ(nic_.is_promiscuous, wanted_nic.is_promiscuous);
        EXPECT_EQ(nic_.is_all, wanted_nic.is_all);
        if (nic_.vlans.empty()) continue;  // not opened to filter
        std::vector<std::uint16_t> vlans{0};
        vlans.insert(vlans.end(), next.vlans.begin(), next.vlans.end());
        std::sort(nic_.vlans.begin(), nic_.vlans.end());
        EXPECT_EQ(nic_.vlans, vlans);
        EXPECT_EQ(port.facts().vlans_filtered, next.vlans.size());
      }
}

TEST_F(PortFilters, AVlanThatFindsNoRoomEndsTheFilter) {
  Port& port = make({.refused_vlan = 20}, {.mac = kOwnMac, .vlans = {10}});
  EXPECT_FALSE(port.promiscuous());
  PortRequest next{.mac = kOwnMac, .multicast = {kAllSystems, kAllRouters}, .vlans = {10, 20}};
  port.admit(next);
  port.confine(next);
  EXPECT_TRUE(nic_.filter_off);
  EXPECT_EQ(port.promiscuous_why(), "vlan");
  next.vlans = {};
  port.confine(next);
  EXPECT_FALSE(port.promiscuous());
}

/// DPDK's driver says two for each of its NICs; 82540EM has one.
TEST_F(PortFilters, TheE1000FamilyHasOneQueue) {
  nic_.driver = "net_e1000_em";
  fake = &nic_;
  PortRequest request;
  request.name = request.device = request.devargs = "net_null_em";
  port_ = std::make_unique<Port>(request, 2, lab().packets());
  EXPECT_EQ(port_->rx_queues(), 1);
  EXPECT_EQ(port_->tx_queues(), 1);
  port_.reset();
  request.queues = 2;
  try {
    const Port port(request, 2, lab().packets());
    FAIL() << "more queues than it has";
  } catch (const std::runtime_error& error) {
    const std::string said = error.what();
    EXPECT_NE(said.find("has 1 receive queues, 2 are asked for"), said.npos) << said;
    EXPECT_NE(said.find("lower `queues`"), said.npos) << said;
  }
}

TEST_F(PortFilters, TellTheNicWhatWasAsked) {
  make({}, {.mac = kOwnMac,
            .further_macs = {kBridgeMac, kOwnMac, kOtherBridgeMac},
            .vlans = {10, 4094}});
  EXPECT_EQ(nic_.mac, kOwnMac);
  EXPECT_EQ(nic_.macs, (std::vector{kBridgeMac, kOtherBridgeMac}));
  EXPECT_EQ(nic_.groups, (std::vector{kAllSystems, kAllRouters}));
  EXPECT_EQ(nic_.vlans, (std::vector<std::uint16_t>{0, 10, 4094})) << "0: priority tags";
  EXPECT_EQ(nic_.rx_set, kFilter);
  EXPECT_FALSE(nic_.filter_off);
  make({.refused_vlan = 4094}, {.vlans = {10, 4094}});
  EXPECT_TRUE(nic_.filter_off) << "else it would drop the refused one";
  port_.reset();
  EXPECT_FALSE(nic_.is_promiscuous) << "ends with the port";
}

TEST_F(PortFilters, TakeTagsOffWhereThatLosesNothing) {
  struct {
    const char* name;
    FakeNic nic;
    PortRequest request;
    std::uint64_t rx, tx;
    const char* said;
  } const rows[] = {
      {"not wanted", {}, {}, 0, 0, "software"},
      {"wanted", {}, {.wants_vlan_strip = true}, kStrip, kInsert, "hardware"},
      {"not with unknown tags",
       {},
       {.other_vlans = true, .wants_vlan_strip = true},
       0,
       0,
       "software"},
      {"taking off only", {.tx = 0}, {.wants_vlan_strip = true}, kStrip, 0, "software"},
      {"putting on only where they are taken off",
       {.rx = 0},
       {.wants_vlan_strip = true},
       0,
       0,
       "software"},
      {"virtio puts none on", virtio(), {.wants_vlan_strip = true}, kStrip, 0, "software"},
      {"with a filter",
       {},
       {.vlans = {7}, .wants_vlan_strip = true},
       kStrip | kFilter,
       kInsert,
       "hardware"},
      {"no filter in a bridge",
       {},
       {.promiscuous_why = "bridge", .vlans = {7}, .wants_vlan_strip = true},
       kStrip,
       kInsert,
       "hardware"},
      {"no filter, it has none", {.rx = kStrip, .tx = 0}, {.vlans = {7}}, 0, 0, "software"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    const Port& port = make(row.nic, row.request);
    EXPECT_EQ(nic_.rx_set, row.rx);
    EXPECT_EQ(nic_.tx_set, row.tx);
    EXPECT_EQ(port.strips_vlan(), (row.rx & kStrip) != 0);
    EXPECT_EQ(port.inserts_vlan(), row.tx != 0);
    EXPECT_STREQ(port.vlan_tags(), row.said);
    EXPECT_EQ(nic_.vlans.empty(), (row.rx & kFilter) == 0);
  }
}

constexpr std::uint64_t kAddresses = RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_FRAG_IPV4;
constexpr std::uint64_t kPorts = RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV4_UDP;

TEST_F(PortFilters, SpreadAsWellAsTheDriverLetsThem) {
  const std::uint64_t all = kAddresses | kPorts;
  struct {
    const char* name;
    FakeNic nic;
    std::uint16_t queues;
    std::uint64_t types;
    std::uint8_t key_bytes;
    int configured;
    const char* why;
  } const rows[] = {
      {"one queue", {.rss = all, .key_bytes = 40}, 1, 0, 0, 1, ""},
      {"by addresses and ports", {.rss = all, .key_bytes = 40}, 3, all, 40, 3, ""},
      {"a longer key", {.rss = all, .key_bytes = 52}, 2, all, 52, 2, ""},
      {"a key of unknown length", {.rss = all}, 2, all, 0, 2, ""},
      {"and what nobody asked for", {.rss = all | RTE_ETH_RSS_L2_PAYLOAD}, 2, all, 0, 2, ""},
      {"addresses alone", {.rss = kAddresses, .key_bytes = 40}, 2, kAddresses, 40, 2, ""},
      {"ports refused",
       {.rss = all, .refused_rss = kPorts, .key_bytes = 40},
       2,
       kAddresses,
       40,
       2,
       "net_e1000_igb refuses to spread by ports (Operation not supported)"},
      {"all refused",
       {.rss = all, .refused_rss = all, .key_bytes = 40},
       4,
       0,
       0,
       1,
       "net_e1000_igb refuses to spread by addresses (Operation not supported)"},
      {"addresses refused, the only ones",
       {.rss = kAddresses, .refused_rss = kAddresses},
       4,
       0,
       0,
       1,
       "net_e1000_igb refuses to spread by addresses (Operation not supported)"},
      {"no RSS", {}, 4, 0, 0, 4, "net_e1000_igb has no RSS and spreads by itself"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    const Port& port = make(row.nic, {.queues = row.queues, .steer_arp = false});
    EXPECT_EQ(nic_.rss_set, row.types);
    EXPECT_EQ(port.spreading().types, row.types);
    EXPECT_EQ(nic_.key.size(), row.key_bytes);
    EXPECT_EQ(port.spreading().key_bytes, row.key_bytes);
    EXPECT_EQ(nic_.queues, row.configured);
    EXPECT_EQ(port.rx_queues(), row.configured) << "no queue that nothing comes to";
    EXPECT_EQ(port.spreading().why, row.why);
  }
}

TEST_F(PortFilters, SpreadBothDirectionsOfAFlowAlike) {
  make({.rss = kAddresses | kPorts, .key_bytes = 40}, {.queues = 2, .steer_arp = false});
  ASSERT_EQ(nic_.key.size(), 40u);
  const std::uint32_t a = 0x0a000109, b = 0xc6120305, ports = 443u << 16 | 50123;
  std::uint32_t there[] = {a, b, ports}, back[] = {b, a, ports << 16 | ports >> 16};
  std::uint32_t other[] = {a, b, ports + 1};
  const std::uint32_t hash = rte_softrss(there, 3, nic_.key.data());
  EXPECT_EQ(rte_softrss(back, 3, nic_.key.data()), hash);
  EXPECT_NE(rte_softrss(other, 3, nic_.key.data()), hash) << "and not all flows";
}

std::string report(const Port& port, std::uint64_t joined = 0) {
  std::string text;
  for (const PortCapability& each : port_capabilities(port, joined))
    text += each.name + ": " + each.by + ": " + each.detail + "\n";
  return text;
}

TEST_F(PortFilters, TellWhatTheNicDoes) {
  const Port& able = make({.rx = kStrip | kFilter | RTE_ETH_RX_OFFLOAD_IPV4_CKSUM,
                           .rss = kAddresses | kPorts,
                           .key_bytes = 40,
                           .firmware = "1.2, 0x80000679",
                           .scattered = true},
                          {.queues = 2, .vlans = {10, 20}, .wants_vlan_strip = true});
  EXPECT_EQ(able.facts().firmware, "1.2, 0x80000679");
  EXPECT_EQ(able.facts().rx_descriptors, 1024);
  EXPECT_EQ(able.facts().tx_descriptors, 1024);
  const std::string largest = std::to_string(able.facts().largest_mtu);
  EXPECT_EQ(
      report(able, 7),
      "receive-checksum: hardware: the port's verdict on IPv4 headers is used\n"
      "rss: hardware: IPv4, TCP, UDP to 2 queues, a symmetric key of 40 bytes, 128 entries\n"
      "mac-filter: hardware: only the router's own addresses come in\n"
      "multicast-filter: list: the groups that are listened to come in\n"
      "promiscuous: off: what is for others stays outside\n"
      "vlan-filter: hardware: 2 VLANs come in, others stay outside\n"
      "vlan-strip: hardware: the port takes the outer tag off\n"
      "vlan-insert: hardware: the port puts a single tag on\n"
      "mtu: hardware: 1500 of " +
          largest +
          " at most; what comes in longer is dropped\n"
          "long-frames: software: in buffers of 1024 bytes; the worker joins what comes in "
          "several, 7 so far\n"
          "arp-queue: software: ARP comes among the rest: net_e1000_igb takes no rules "
          "(rte_flow)\n"
          "link-state: polling: looked at every 250 ms; some drivers' interrupts get stuck\n");

  const Port& unable = make(bare(), {.queues = 2, .mac = kOwnMac, .steer_arp = false});
  EXPECT_EQ(unable.facts().firmware, "");
  EXPECT_EQ(
      report(unable),
      "receive-checksum: software: the worker checks IPv4 headers\n"
      "rss: driver: net_bare has no RSS and spreads by itself\n"
      "mac-filter: software: the port has no filter, the worker sorts\n"
      "multicast-filter: software: the port has no filter, the worker sorts\n"
      "promiscuous: off: what is for others stays outside\n"
      "vlan-filter: software: the worker sorts by tag\n"
      "vlan-strip: software: the worker takes tags off\n"
      "vlan-insert: software: the worker puts tags on\n"
      "mtu: hardware: 1500 of " +
          largest +
          " at most; what comes in longer is dropped\n"
          "long-frames: hardware: each in one buffer of 2048 bytes\n"
          "arp-queue: software: ARP comes among the rest: the configuration says so\n"
          "link-state: polling: looked at every 250 ms; some drivers' interrupts get stuck\n");
}

}  // namespace
}  // namespace weir::test
