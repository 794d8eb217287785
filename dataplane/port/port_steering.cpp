// What comes to which receive queue: spread by RSS, and ARP to one of its own. See port.hpp. What
// refuses is told.
#include <fmt/format.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_flow.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "dataplane/port/port.hpp"

namespace weir {
namespace {

/// "ARP goes to `queue`", for rte_flow. `tagged`: what is behind one VLAN tag.
class ArpRule {
 public:
  ArpRule(std::uint16_t queue, bool tagged) : queue_{.index = queue} {
    const rte_be16_t arp = RTE_BE16(RTE_ETHER_TYPE_ARP);
    ethernet_.type = arp;
    ethernet_mask_.type = RTE_BE16(0xffff);
    vlan_.inner_type = arp;
    vlan_mask_.inner_type = RTE_BE16(0xffff);
    pattern_[0].type = RTE_FLOW_ITEM_TYPE_ETH;
    if (tagged) {
      pattern_[1] = {RTE_FLOW_ITEM_TYPE_VLAN, &vlan_, nullptr, &vlan_mask_};
    } else {
      pattern_[0].spec = &ethernet_;
      pattern_[0].mask = &ethernet_mask_;
    }
    actions_[0] = {RTE_FLOW_ACTION_TYPE_QUEUE, &queue_};
  }
  ArpRule(const ArpRule&) = delete;
  ArpRule& operator=(const ArpRule&) = delete;

  int validate(std::uint16_t port, rte_flow_error& why) const {
    return rte_flow_validate(port, &kIngress, pattern_, actions_, &why);
  }
  bool create(std::uint16_t port, rte_flow_error& why) const {
    return rte_flow_create(port, &kIngress, pattern_, actions_, &why) != nullptr;
  }

 private:
  static constexpr rte_flow_attr kIngress{.ingress = 1};

  rte_flow_item_eth ethernet_{}, ethernet_mask_{};
  rte_flow_item_vlan vlan_{}, vlan_mask_{};
  rte_flow_action_queue queue_;
  // The zeroes behind are the ends.
  rte_flow_item pattern_[3]{};
  rte_flow_action actions_[2]{};
};

// The pattern that makes Toeplitz's hash the same in both directions of a flow (Woo and Park,
// "Scalable TCP Session Monitoring with Symmetric Receive-side Scaling", 2012).
// As long as any driver may want it, and for good: drivers keep the pointer, and read it at start.
auto symmetric_key = [] {
  std::array<std::uint8_t, UINT8_MAX> key{};
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = i % 2 == 0 ? 0x6d : 0x5a;
  return key;
}();

constexpr std::uint64_t kByAddresses = RTE_ETH_RSS_IP;
constexpr std::uint64_t kByPorts = RTE_ETH_RSS_UDP | RTE_ETH_RSS_TCP;

std::string reason(const std::string& driver, const rte_flow_error& why) {
  return fmt::format("{} refuses the rule (rte_flow){}{}", driver,
                     why.message != nullptr ? ": " : "", why.message != nullptr ? why.message : "");
}

}  // namespace

bool Port::may_steer_arp(const PortRequest& request, std::uint16_t most_queues) {
  if (!request.steer_arp)
    arp_queue_why_ = request.no_arp_queue_why;
  else if (most_queues <= rx_queues_)
    arp_queue_why_ = "the port has no receive queue to spare";
  return arp_queue_why_.empty();
}

bool Port::takes_arp_rule() {
  rte_flow_error why{};
  const int error = ArpRule(rx_queues_, false).validate(id_, why);
  if (error == -ENOSYS)
    arp_queue_why_ = driver_ + " takes no rules (rte_flow)";
  else if (error != 0)
    arp_queue_why_ = reason(driver_, why);
  return error == 0;
}

/// Of a started port.
bool Port::steer_arp(const PortRequest& request) {
  if (!keep_rest_off_arp_queue()) {
    arp_queue_why_ = driver_ + " spreads other packets to every queue (RSS)";
    return false;
  }
  rte_flow_error why{};
  if (!ArpRule(rx_queues_, false).create(id_, why)) {
    arp_queue_why_ = reason(driver_, why);
    return false;
  }
  // A rule more for what comes with a tag; without it that comes among the rest.
  if ((!request.vlans.empty() || request.other_vlans) &&
      !ArpRule(rx_queues_, true).create(id_, why))
    arp_queue_why_ = "not for frames with a VLAN tag: " + reason(driver_, why);
  return true;
}

/// Configures the port to spread as well as it takes. 0, or why it takes no way at all; queues are
/// fewer afterwards where nothing would come to them.
int Port::configure_spreading(rte_eth_conf& conf, const rte_eth_dev_info& info) {
  const auto configure = [&] {
    const int queues = rx_queues_ + (steers_arp_ ? 1 : 0);
    return rte_eth_dev_configure(id_, static_cast<std::uint16_t>(queues), tx_queues_, &conf);
  };
  spreading_ = {};
  const std::uint64_t offered = info.flow_type_rss_offloads & (kByAddresses | kByPorts);
  if (rx_queues_ == 1 || offered == 0) {
    // Without RSS there may be something else that spreads: sockets of one group, rings.
    if (rx_queues_ > 1) spreading_.why = driver_ + " has no RSS and spreads by itself";
    return configure();
  }
  conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
  auto& rss = conf.rx_adv_conf.rss_conf;
  rss.rss_key = info.hash_key_size == 0 ? nullptr : symmetric_key.data();
  rss.rss_key_len = info.hash_key_size;
  for (const std::uint64_t types : {offered, offered & kByAddresses}) {
    if (types == 0 || types == spreading_.types) continue;
    spreading_.types = rss.rss_hf = types;
    if (const int error = configure(); error != 0) {
      spreading_.why =
          fmt::format("{} refuses to spread by {} ({})", driver_,
                      (types & kByPorts) != 0 ? "ports" : "addresses", rte_strerror(-error));
      continue;
    }
    spreading_.key_bytes = info.hash_key_size;
    spreading_.table_size = info.reta_size;
    return 0;
  }
  conf.rxmode.mq_mode = RTE_ETH_MQ_RX_NONE;
  rss = {};
  spreading_.types = 0;
  rx_queues_ = 1;
  return configure();
}

/// RSS, where it is used, spreads to the queues before it.
bool Port::keep_rest_off_arp_queue() {
  if (spreading_.types == 0) return true;
  rte_eth_dev_info info{};
  if (rte_eth_dev_info_get(id_, &info) != 0 || info.reta_size == 0) return false;
  std::vector<rte_eth_rss_reta_entry64> table((info.reta_size + RTE_ETH_RETA_GROUP_SIZE - 1u) /
                                              RTE_ETH_RETA_GROUP_SIZE);
  for (unsigned i = 0; i < info.reta_size; ++i) {
    auto& group = table[i / RTE_ETH_RETA_GROUP_SIZE];
    group.mask |= std::uint64_t{1} << i % RTE_ETH_RETA_GROUP_SIZE;
    group.reta[i % RTE_ETH_RETA_GROUP_SIZE] = static_cast<std::uint16_t>(i % rx_queues_);
  }
  return rte_eth_dev_rss_reta_update(id_, table.data(), info.reta_size) == 0;
}

}  // namespace weir
