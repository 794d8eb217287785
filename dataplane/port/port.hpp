// Ports: the only code that sets up DPDK's Ethernet devices. Capabilities are asked for, never
// assumed, and what a port lacks is done in software and said.
//
// What a port lets in (port_filters.cpp). Each is tried from left to right, and the last that holds
// is reported:
//   own MAC addresses   the port's filter; the kernel's, of a Linux interface; promiscuous
//   multicast groups    the port's list; the kernel's; all of them; promiscuous
//   VLANs               the port's filter, when the tags in use are known; promiscuous
// Where nothing holds, workers make do with what comes in ("software"). They check the destination
// of every frame anyway: a filter only saves them work. What is wanted may change while the port
// runs (`admit` what comes, tell the workers, `confine` to what stays); what takes tags off, and
// whether the port filters them at all, stays as it was when it was opened.
//
// VLAN tags. A port takes the outer tag off, and puts it on, only when every tag on it is known; a
// frame that comes in without its tag carries RTE_MBUF_F_RX_VLAN_STRIPPED and `vlan_tci`.
// (RTE_MBUF_F_RX_VLAN alone says nothing: net_af_packet sets it on frames that have their tag.)
// One that leaves needs RTE_MBUF_F_TX_VLAN and `vlan_tci`, in a buffer that nobody else refers to.
//
// Receive queues (port_steering.cpp). A port with several spreads by addresses and ports (RSS),
// both directions of a flow to the same queue where the driver tells how long a key it takes; by
// addresses alone where it refuses that; and has one queue where it refuses to spread at all.
//
// ARP (port_steering.cpp). A port that takes rules (rte_flow) and has a receive queue to spare puts
// ARP there and nothing else: then a storm of it fills that queue, and drops what is in no other.
#pragma once

#include <rte_mbuf.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/net/mac_address.hpp"
#include "dataplane/port/device.hpp"
#include "dataplane/port/leaving.hpp"
#include "dataplane/port/link_state.hpp"
#include "dataplane/port/xdp_rings.hpp"

struct rte_device;
struct rte_eth_conf;
struct rte_eth_dev_info;

namespace weir {

struct PortRequest {
  std::string name;                  // the interface's, for messages
  std::string devargs;               // PCI address, or a virtual device with its arguments
  std::string device;                // what the user called it
  std::uint16_t queues = 0;          // 0: one a worker, if the port has so many
  std::uint16_t descriptors = 1024;  // of each queue of a NIC but ARP's, at most
  std::uint16_t mtu = 1500;
  bool mtu_is_set = false;  // what is behind the port has it already
  std::uint16_t largest_mtu =
      0;                         // that what is behind the port may have while it runs; 0: driver's
  std::uint32_t frame_room = 0;  // bytes that the driver wants in a packet buffer; 0: by mtu
  std::optional<MacAddress> mac;
  std::vector<MacAddress> further_macs;  // own ones beside the port's: of the bridges it is in
  std::vector<MacAddress> multicast;     // groups to hear
  bool all_multicast = false;            // hear every group
  std::string promiscuous_why;           // "bridge", "asked for"; empty: not wanted
  std::vector<std::uint16_t> vlans;      // outer VLAN identifiers in use
  bool other_vlans = false;              // frames with any other tag are wanted too
  bool wants_vlan_strip = false;         // the workers know what to do with a tag beside the frame
  bool steer_arp = true;                 // to a receive queue of its own, if the port can
  std::string no_arp_queue_why = "the configuration says so";  // what is told where it is not
  // How packets are taken from a Linux interface, "af-packet" or "af-xdp"; empty: it is none.
  std::string method;
  std::string method_why;         // what decided it
  std::string af_packet_devargs;  // what to do if AF_XDP fails; empty: then it is an error
};

/// What the port counts by itself. `missed`: came while the receive queue was full.
struct PortCounters {
  std::uint64_t missed = 0, rx_errors = 0, tx_errors = 0;

  PortCounters& operator+=(const PortCounters& other) {
    missed += other.missed;
    rx_errors += other.rx_errors;
    tx_errors += other.tx_errors;
    return *this;
  }
};

/// How a port spreads what it receives.
struct Spreading {
  std::uint64_t types = 0;       // RTE_ETH_RSS_*; 0: it does not
  std::uint8_t key_bytes = 0;    // of the symmetric key; 0: the driver's own
  std::uint16_t table_size = 0;  // entries that lead to queues; 0: unknown
  std::string why;               // why it does not, or by addresses alone
};

/// What a port's driver says of itself and its queues, once it runs.
struct PortFacts {
  int numa_node = -1;    // -1: none, or unknown
  std::string firmware;  // empty: the driver does not tell
  std::uint16_t largest_mtu = 0, most_rx_queues = 0, most_tx_queues = 0;
  std::uint16_t rx_descriptors = 0, arp_descriptors = 0, tx_descriptors = 0;  // of each queue
  std::uint32_t buffer_bytes = 0;  // of a receive buffer, that the NIC may fill
  bool has_mtu = false;            // the driver was told the MTU and took it
  bool several_buffers = false;    // what is longer comes in more than one of them
  std::uint16_t vlans_filtered = 0;
};

/// A counter of the driver's own, as it calls it.
struct ExtendedCounter {
  std::string name;
  std::uint64_t value = 0;
};

class Port {
 public:
  /// Probes, configures and starts the port with `workers` transmit queues if it has them. Throws
  /// std::runtime_error naming the interface, what failed and the remedy. May take seconds.
  Port(const PortRequest& request, unsigned workers, rte_mempool* pool);
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
  /// Stops and closes it, gives back its buffers, and the NIC to the kernel. No worker uses it.
  ~Port();

  std::uint16_t id() const { return id_; }
  const std::string& name() const { return name_; }
  const std::string& device() const { return device_; }
  const std::string& driver() const { return driver_; }
  /// See PortRequest.
  const std::string& method() const { return method_; }
  const std::string& method_why() const { return method_why_; }
  const MacAddress& mac() const { return mac_; }
  std::uint16_t mtu() const { return mtu_; }
  std::uint16_t rx_queues() const { return rx_queues_; }
  std::uint16_t tx_queues() const { return tx_queues_; }
  /// The receive queue, after `rx_queues()`, to which the port steers ARP and nothing else. None:
  /// ARP comes among the rest.
  std::optional<std::uint16_t> arp_queue() const {
    return steers_arp_ ? std::optional{rx_queues_} : std::nullopt;
  }
  /// What stands in the way of that; empty: nothing does.
  const std::string& arp_queue_why() const { return arp_queue_why_; }
  bool promiscuous() const { return promiscuous_; }
  bool nic_checksums() const { return nic_checksums_; }
  /// Takes the outer tag off what it receives.
  bool strips_vlan() const { return strips_vlan_; }
  /// Puts a tag (0x8100) on what asks for it.
  bool inserts_vlan() const { return inserts_vlan_; }
  /// Whether the EtherType of an outer tag is the one on the wire; else it is always 0x8100.
  bool tells_tpid() const { return driver_ != "net_af_packet"; }
  /// By what frames to our own addresses come in: the port's own filter or the kernel's,
  /// "hardware"; because all do, "promiscuous"; if at all, unasked, "software".
  const char* mac_filter() const;
  /// Which groups come in: "list", "all", "promiscuous", "software".
  const char* multicast_filter() const;
  /// Why it is promiscuous: the reason asked for, "mac", "multicast", "vlan"; empty: it is not.
  const std::string& promiscuous_why() const { return promiscuous_why_; }
  /// Who takes tags off and puts them on: "hardware", "software".
  const char* vlan_tags() const { return strips_vlan_ && inserts_vlan_ ? "hardware" : "software"; }
  const Spreading& spreading() const { return spreading_; }
  const PortFacts& facts() const { return facts_; }
  /// While it runs, up to what its buffers hold; of a Linux interface, that one's too. Throws
  /// std::runtime_error when it does not take it, and keeps what it had.
  void change_mtu(std::uint16_t mtu);
  /// While it runs: lets in what is asked for beside what comes in already.
  void admit(const PortRequest& request);
  /// And no more than that, as far as the port can filter.
  void confine(const PortRequest& request);
  LinkState link() const;
  /// For one thread at a time: drivers add up registers that a read clears. Nullopt: the driver
  /// does not tell.
  std::optional<PortCounters> counters() const;
  /// Those that are not zero.
  std::vector<ExtendedCounter> extended_counters() const;
  /// Readable when packets wait in the receive queue of that number; empty: the port can only be
  /// polled. The driver's.
  const std::vector<int>& wake_fds() const { return wake_fds_; }
  const Device& stands_on() const { return stands_on_; }
  /// The kernel or the driver asks for the device back (it is being unplugged), or it is gone.
  bool is_leaving() const { return leaving_->is_so() || stands_on_.is_gone(); }

 private:
  void probe(const PortRequest& request);
  void find_device(const PortRequest& request);
  void give_back() const;
  void bring_up(const PortRequest& request, unsigned workers, rte_mempool* pool);
  bool start_with_arp_queue(const PortRequest& request, rte_mempool* pool);
  void start(rte_mempool* pool);
  void configure(const PortRequest& request, rte_mempool* pool);
  void make_queues(rte_mempool* pool, std::uint16_t descriptors);
  void set_mtu(const PortRequest& request);
  void close_sockets();
  void plan_vlans(const PortRequest& request);
  void set_filters(const PortRequest& request);
  void set_macs(const PortRequest& request);
  void set_multicast(const PortRequest& request);
  void set_vlans(const PortRequest& request);
  std::uint32_t wanted_buffers() const;
  std::string lack_of_buffers(const rte_mempool* pool, std::uint32_t available) const;
  int configure_spreading(rte_eth_conf& conf, const rte_eth_dev_info& info);
  void ask_driver(rte_mempool* pool);
  bool may_steer_arp(const PortRequest& request, std::uint16_t most_queues);
  bool takes_arp_rule();
  bool steer_arp(const PortRequest& request);
  bool keep_rest_off_arp_queue();
  void hear_all_groups();
  void end_vlan_filter();
  bool go_promiscuous(const std::string& why);
  void end_promiscuous(const PortRequest& request);
  bool ask_kernel(int option, int kind, const MacAddress& address);
  bool kernel_lets_in(int kind, const MacAddress& address);
  std::uint64_t dropped_by_sockets() const;
  [[noreturn]] void fail(const std::string& what, int error, const std::string& remedy) const;

  std::uint16_t id_ = 0;
  std::string name_, device_, driver_, method_, method_why_;
  MacAddress mac_;
  std::uint16_t mtu_ = 0, rx_queues_ = 0, tx_queues_ = 0;
  std::vector<int> wake_fds_;
  std::string interface_;  // of Linux, that the port stands on; empty: on none
  int link_socket_ = -1;   // in its network namespace
  rte_device* dpdk_device_ = nullptr;
  rte_mempool* pool_;
  std::vector<XdpRings> xdp_rings_;
  Device stands_on_;
  std::optional<Leaving> leaving_;
  mutable std::uint64_t socket_drops_ = 0;
  bool promiscuous_ = false;
  bool nic_checksums_ = false;
  Spreading spreading_;
  PortFacts facts_;
  bool steers_arp_ = false;
  std::string arp_queue_why_;
  bool macs_set_ = true;
  bool strips_vlan_ = false, inserts_vlan_ = false, filters_vlan_ = false;
  bool vlan_filter_failed_ = false;
  enum class Multicast { list, all, promiscuous, software } multicast_ = Multicast::list;
  std::string promiscuous_why_;
  std::vector<std::uint16_t> vlans_asked_;  // that the filter has
  int kernel_filter_ = -1;  // a socket: the kernel keeps what it was asked while this is open
};

}  // namespace weir
