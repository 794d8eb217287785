// What a port lets in and does with VLAN tags: see port.hpp. Facts about drivers are those of DPDK
// 22.11.
#include <linux/if_packet.h>
#include <rte_ethdev.h>
#include <sys/socket.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "dataplane/port/port.hpp"

namespace weir {
namespace {

rte_ether_addr as_dpdk(const MacAddress& address) {
  rte_ether_addr result{};
  address.store(result.addr_bytes);
  return result;
}

bool is_virtio(const std::string& driver) { return driver.starts_with("net_virtio"); }

/// virtio puts tags on in rte_eth_tx_prepare, which workers do not call.
bool inserts_only_when_prepared(const std::string& driver) { return is_virtio(driver); }

/// virtio drops tagged frames even while its filter is off, unless it is promiscuous.
bool drops_unknown_vlans(const std::string& driver) { return is_virtio(driver); }

}  // namespace

const char* Port::mac_filter() const {
  return promiscuous_ ? "promiscuous" : macs_set_ ? "hardware" : "software";
}

const char* Port::multicast_filter() const {
  constexpr const char* kNames[] = {"list", "all", "promiscuous", "software"};
  return kNames[static_cast<std::size_t>(multicast_)];
}

void Port::plan_vlans(const PortRequest& request) {
  rte_eth_dev_info info{};
  rte_eth_dev_info_get(id_, &info);
  const auto receives = [&](std::uint64_t what) { return (info.rx_offload_capa & what) != 0; };
  strips_vlan_ =
      request.wants_vlan_strip && !request.other_vlans && receives(RTE_ETH_RX_OFFLOAD_VLAN_STRIP);
  // The e1000 family has one switch for both: tags are put on only where they are taken off.
  inserts_vlan_ = strips_vlan_ && (info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_VLAN_INSERT) != 0 &&
                  !inserts_only_when_prepared(driver_);
  filters_vlan_ = !request.vlans.empty() && !request.other_vlans &&
                  request.promiscuous_why.empty() && receives(RTE_ETH_RX_OFFLOAD_VLAN_FILTER);
}

void Port::set_filters(const PortRequest& request) {
  vlans_asked_ = request.vlans;
  if (!request.promiscuous_why.empty()) go_promiscuous(request.promiscuous_why);
  set_macs(request);
  set_multicast(request);
  set_vlans(request);
}

bool Port::go_promiscuous(const std::string& why) {
  if (promiscuous_) return true;  // and the first reason is the one that is told
  promiscuous_ = rte_eth_promiscuous_enable(id_) == 0;
  if (promiscuous_) promiscuous_why_ = why;
  return promiscuous_;
}

/// Asks the kernel for `option` (packet(7)) of the Linux interface that the port stands on. False:
/// there is none.
bool Port::ask_kernel(int option, int kind, const MacAddress& address) {
  rte_eth_dev_info info{};
  rte_eth_dev_info_get(id_, &info);
  if (info.if_index == 0) return false;
  // Of protocol 0: it receives nothing itself.
  if (kernel_filter_ < 0) kernel_filter_ = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (kernel_filter_ < 0) return false;
  packet_mreq request{};
  request.mr_ifindex = static_cast<int>(info.if_index);
  request.mr_type = static_cast<unsigned short>(kind);
  request.mr_alen = static_cast<unsigned short>(address.bytes.size());
  address.store(request.mr_address);
  return setsockopt(kernel_filter_, SOL_PACKET, option, &request, sizeof request) == 0;
}

/// Frames to `address` come in as long as the port lives.
bool Port::kernel_lets_in(int kind, const MacAddress& address) {
  return ask_kernel(PACKET_ADD_MEMBERSHIP, kind, address);
}

void Port::set_macs(const PortRequest& request) {
  rte_ether_addr own{};
  rte_eth_macaddr_get(id_, &own);
  mac_ = MacAddress::load(own.addr_bytes);
  if (request.mac && *request.mac != mac_) {
    mac_ = *request.mac;
    rte_ether_addr wanted = as_dpdk(mac_);
    macs_set_ = rte_eth_dev_default_mac_addr_set(id_, &wanted) == 0 ||
                kernel_lets_in(PACKET_MR_UNICAST, mac_);
  }
  for (const MacAddress& further : request.further_macs) {
    if (further == mac_) continue;
    rte_ether_addr wanted = as_dpdk(further);
    macs_set_ = macs_set_ && (rte_eth_dev_mac_addr_add(id_, &wanted, 0) == 0 ||
                              kernel_lets_in(PACKET_MR_UNICAST, further));
  }
  // A port that cannot filter by them must hear all and let the worker sort it out.
  if (!macs_set_) go_promiscuous("mac");
}

void Port::set_multicast(const PortRequest& request) {
  if (!request.all_multicast) {
    if (request.multicast.empty()) return;
    std::vector<rte_ether_addr> groups;
    for (const MacAddress& group : request.multicast) groups.push_back(as_dpdk(group));
    if (rte_eth_dev_set_mc_addr_list(id_, groups.data(),
                                     static_cast<std::uint32_t>(groups.size())) == 0)
      return;
    bool listed = true;
    for (const MacAddress& group : request.multicast)
      listed = listed && kernel_lets_in(PACKET_MR_MULTICAST, group);
    if (listed) return;
  }
  hear_all_groups();
}

void Port::hear_all_groups() {
  if (rte_eth_allmulticast_enable(id_) == 0 || kernel_lets_in(PACKET_MR_ALLMULTI, {}))
    multicast_ = Multicast::all;
  else
    multicast_ = go_promiscuous("multicast") ? Multicast::promiscuous : Multicast::software;
}

void Port::set_vlans(const PortRequest& request) {
  if (!filters_vlan_) {
    if (request.other_vlans && drops_unknown_vlans(driver_)) go_promiscuous("vlan");
    return;
  }
  // Priority-tagged frames belong to no VLAN (IEEE 802.1Q-2018 section 6.9); a port whose filter
  // does not take 0 lets them in by itself.
  rte_eth_dev_vlan_filter(id_, 0, 1);
  for (const std::uint16_t vlan : request.vlans) {
    if (rte_eth_dev_vlan_filter(id_, vlan, 1) == 0) {
      ++facts_.vlans_filtered;
      continue;
    }
    return end_vlan_filter();
  }
}

void Port::end_vlan_filter() {
  filters_vlan_ = false;
  vlan_filter_failed_ = true;
  facts_.vlans_filtered = 0;
  const int offloads = rte_eth_dev_get_vlan_offload(id_);
  if (offloads >= 0) rte_eth_dev_set_vlan_offload(id_, offloads & ~RTE_ETH_VLAN_FILTER_OFFLOAD);
  go_promiscuous("vlan");
}

void Port::admit(const PortRequest& request) {
  if (!request.promiscuous_why.empty()) go_promiscuous(request.promiscuous_why);
  if (request.all_multicast && multicast_ == Multicast::list) hear_all_groups();
  if (!filters_vlan_ && !request.vlans.empty() && drops_unknown_vlans(driver_))
    go_promiscuous("vlan");
  for (const std::uint16_t vlan : request.vlans) {
    if (!filters_vlan_) return;
    if (std::ranges::count(vlans_asked_, vlan) != 0) continue;
    if (rte_eth_dev_vlan_filter(id_, vlan, 1) != 0) return end_vlan_filter();
    ++facts_.vlans_filtered;
    vlans_asked_.push_back(vlan);
  }
}

void Port::confine(const PortRequest& request) {
  if (filters_vlan_)
    for (const std::uint16_t vlan : vlans_asked_)
      if (std::ranges::count(request.vlans, vlan) == 0 &&
          rte_eth_dev_vlan_filter(id_, vlan, 0) == 0)
        --facts_.vlans_filtered;
  vlans_asked_ = request.vlans;
  if (!request.all_multicast && multicast_ == Multicast::all) {
    rte_eth_allmulticast_disable(id_);
    ask_kernel(PACKET_DROP_MEMBERSHIP, PACKET_MR_ALLMULTI, {});
    multicast_ = Multicast::list;
    set_multicast(request);
  }
  end_promiscuous(request);
}

/// Unless something else that it lacks takes it.
void Port::end_promiscuous(const PortRequest& request) {
  if (!promiscuous_) return;
  const bool tagged = request.other_vlans || !request.vlans.empty();
  const bool lacks_filter = vlan_filter_failed_ || (!filters_vlan_ && drops_unknown_vlans(driver_));
  const std::string why = !request.promiscuous_why.empty()       ? request.promiscuous_why
                          : !macs_set_                           ? "mac"
                          : multicast_ == Multicast::promiscuous ? "multicast"
                          : tagged && lacks_filter               ? "vlan"
                                                                 : "";
  if (why.empty()) promiscuous_ = rte_eth_promiscuous_disable(id_) != 0;
  if (!why.empty() || !promiscuous_) promiscuous_why_ = why;
}

}  // namespace weir
