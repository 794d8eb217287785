#include "dataplane/port/port.hpp"

#include <fmt/format.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/if_xdp.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_log.h>
#include <rte_pci.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "dataplane/port/packet_fanout.hpp"

namespace weir {
namespace {

// config/limits.hpp warns by these.
constexpr std::uint16_t kArpDescriptors = 256;   // what lies there too long serves nobody
constexpr std::uint16_t kXdpDescriptors = 2048;  // as many as net_af_xdp gives the kernel to fill
constexpr unsigned kTriesToGiveBack = 3;         // of DPDK's 5 s each
constexpr const char *kAfPacket = "net_af_packet", *kAfXdp = "net_af_xdp";

/// The device's name within its devargs: what stands before the first comma.
std::string device_name(const std::string& devargs) { return devargs.substr(0, devargs.find(',')); }

/// Whether a Linux interface is up and has a carrier; asked in the socket's own namespace. Not by
/// IFF_RUNNING, which follows up to a second later.
bool runs(int socket, const std::string& interface) {
  ifreq request{};
  interface.copy(request.ifr_name, IFNAMSIZ - 1);
  ethtool_value carrier{ETHTOOL_GLINK, 0};
  request.ifr_data = reinterpret_cast<char*>(&carrier);
  if (ioctl(socket, SIOCETHTOOL, &request) == 0) return carrier.data != 0;
  // A driver that cannot say.
  return ioctl(socket, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP) != 0;
}

/// What the port can receive, by its longest frame too.
unsigned largest_mtu(const rte_eth_dev_info& info) {
  const unsigned overhead = info.max_mtu != UINT16_MAX && info.max_rx_pktlen > info.max_mtu
                                ? info.max_rx_pktlen - info.max_mtu
                                : RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN;
  return std::min<unsigned>(info.max_mtu, info.max_rx_pktlen - overhead);
}

rte_eth_dev_info device_info(std::uint16_t port) {
  rte_eth_dev_info info{};
  rte_eth_dev_info_get(port, &info);
  // It says two for all of its NICs: the older ones have one queue and lose what goes by another,
  // and with either it spreads nothing.
  if (info.driver_name != nullptr && std::string_view(info.driver_name) == "net_e1000_em")
    info.max_rx_queues = info.max_tx_queues = 1;
  return info;
}

/// What lies behind a gap would be beyond the memory that net_af_xdp shows to the kernel.
bool is_gapless(const rte_mempool& pool) {
  const std::size_t stride = std::size_t{pool.header_size} + pool.elt_size + pool.trailer_size;
  const rte_mempool_memhdr* const piece = STAILQ_FIRST(&pool.mem_list);
  return pool.nb_mem_chunks == 1 && piece->len == stride * pool.size;
}

}  // namespace

Port::Port(const PortRequest& request, unsigned workers, rte_mempool* pool)
    : name_(request.name),
      device_(request.device),
      method_(request.method),
      method_why_(request.method_why),
      pool_(pool) {
  probe(request);
  try {
    bring_up(request, workers, pool);
    set_filters(request);
    ask_driver(pool);
  } catch (...) {
    close_sockets();
    give_back();
    throw;
  }
  leaving_.emplace(device_name(request.devargs), id_);
}

Port::~Port() {
  leaving_.reset();
  close_sockets();
  if (promiscuous_) rte_eth_promiscuous_disable(id_);
  std::vector<rte_mbuf*> left;
  if (stands_on_.is_gone())
    for (const XdpRings& rings : xdp_rings_)
      for (rte_mbuf* const packet : packets_in(rings, *pool_)) left.push_back(packet);
  rte_eth_dev_stop(id_);
  give_back();
  rte_pktmbuf_free_bulk(left.data(), static_cast<unsigned>(left.size()));
}

void Port::give_back() const {
  rte_eth_dev_close(id_);
  if (dpdk_device_ == nullptr) return;
  // A program that shares the ports (dpdk-dumpcap) may not answer in time.
  int error = -EAGAIN;
  for (unsigned i = 0; i < kTriesToGiveBack && error != 0; ++i)
    error = rte_dev_remove(dpdk_device_);
  if (error != 0)
    rte_log(RTE_LOG_ERR, RTE_LOGTYPE_USER1,
            "weir: %s (%s) is not given back: %s; end what else uses it, and restart the router\n",
            name_.c_str(), device_.c_str(), rte_strerror(-error));
}

void Port::close_sockets() {
  for (int* fd : {&kernel_filter_, &link_socket_})
    if (*fd >= 0) ::close(std::exchange(*fd, -1));
}

void Port::fail(const std::string& what, int error, const std::string& remedy) const {
  throw std::runtime_error(fmt::format("interface {} ({}): {}: {}; {}", name_, device_, what,
                                       rte_strerror(error < 0 ? -error : error), remedy));
}

void Port::probe(const PortRequest& request) {
  const std::string name = device_name(request.devargs);
  if (rte_eth_dev_get_port_by_name(name.c_str(), &id_) != 0) {
    take_receiving_sockets();
    const int error = rte_dev_probe(request.devargs.c_str());
    wake_fds_ = take_receiving_sockets();
    if (error != 0)
      fail("no such device", error,
           "check the name; a Linux interface must exist, a PCI NIC be bound to vfio-pci");
    if (rte_eth_dev_get_port_by_name(name.c_str(), &id_) != 0)
      fail("is no Ethernet device", ENODEV, "name a network device");
  }
  find_device(request);
}

void Port::find_device(const PortRequest& request) {
  const rte_eth_dev_info info = device_info(id_);
  if (info.driver_name != nullptr) driver_ = info.driver_name;
  dpdk_device_ = info.device;
  const std::string name = device_name(request.devargs);
  if (request.mtu_is_set)
    stands_on_ = Device::linux_interface(device_, info.if_index);
  else if (rte_pci_addr address; rte_pci_addr_parse(name.c_str(), &address) == 0)
    stands_on_ = Device::pci(name);
  if (driver_ != kAfPacket && driver_ != kAfXdp) return;
  // Both say "up" whatever happens to the interface. AF_XDP's own sockets tell nothing of it.
  std::array<char, IF_NAMESIZE> interface {};
  if (if_indextoname(info.if_index, interface.data()) != nullptr) interface_ = interface.data();
  link_socket_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

void Port::bring_up(const PortRequest& request, unsigned workers, rte_mempool* pool) {
  const rte_eth_dev_info info = device_info(id_);
  const std::uint16_t wanted =
      request.queues != 0 ? request.queues : static_cast<std::uint16_t>(workers);
  if (request.queues > info.max_rx_queues)
    fail(fmt::format("has {} receive queues, {} are asked for", info.max_rx_queues, request.queues),
         EINVAL, "lower `queues`");
  rx_queues_ = std::min(wanted, info.max_rx_queues);
  tx_queues_ = std::min(static_cast<std::uint16_t>(workers), info.max_tx_queues);
  steers_arp_ = may_steer_arp(request, info.max_rx_queues);

  if (steers_arp_ && start_with_arp_queue(request, pool)) return;
  // A queue that nothing is steered to would only get what nobody looks for there.
  steers_arp_ = false;
  configure(request, pool);
  start(pool);
}

/// False: not so, and why is told; the port is stopped then.
bool Port::start_with_arp_queue(const PortRequest& request, rte_mempool* pool) {
  try {
    configure(request, pool);
    // Not before its queues are there: mlx5 judges a rule by them.
    if (!takes_arp_rule()) return false;
    start(pool);
  } catch (const std::runtime_error&) {
    // It may be that queue which is too many; if not, the next try says what is wrong.
    arp_queue_why_ = driver_ + " does not start with one receive queue more";
    return false;
  }
  if (steer_arp(request)) return true;
  if (const int error = rte_eth_dev_stop(id_); error != 0)
    fail("does not stop", error, "set `arp-queue: false`");
  return false;
}

/// Buffers that the receive queues are filled with.
std::uint32_t Port::wanted_buffers() const {
  return std::uint32_t{rx_queues_} * facts_.rx_descriptors +
         (steers_arp_ ? facts_.arp_descriptors : 0u);
}

/// What mends it if the pool had fewer than the receive queues want; empty: it had enough.
std::string Port::lack_of_buffers(const rte_mempool* pool, std::uint32_t available) const {
  const std::uint32_t wanted = wanted_buffers();
  if (available >= wanted) return {};
  return fmt::format(
      "its receive queues want {} packet buffers, {} are free: raise `system.memory.packets` to {} "
      "or more, or lower `queues`",
      wanted, available, pool->size - available + wanted);
}

void Port::start(rte_mempool* pool) {
  const std::uint32_t available = rte_mempool_avail_count(pool);
  const int error = rte_eth_dev_start(id_);
  if (error == 0) return;
  const std::string lack = lack_of_buffers(pool, available);
  fail("does not start", error, lack.empty() ? "see the log above for the driver's reason" : lack);
}

void Port::configure(const PortRequest& request, rte_mempool* pool) {
  const rte_eth_dev_info info = device_info(id_);
  rte_eth_conf conf{};
  nic_checksums_ = (info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_IPV4_CKSUM) != 0;
  if (nic_checksums_) conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_IPV4_CKSUM;
  if (info.dev_flags == nullptr)
    fail("does not tell what it can", ENODEV, "is it being unplugged?");
  conf.intr_conf.rmv = (*info.dev_flags & RTE_ETH_DEV_INTR_RMV) != 0;
  plan_vlans(request);
  if (strips_vlan_) conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_VLAN_STRIP;
  if (filters_vlan_) conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_VLAN_FILTER;
  if (inserts_vlan_) conf.txmode.offloads |= RTE_ETH_TX_OFFLOAD_VLAN_INSERT;
  const unsigned largest = largest_mtu(info);
  if (request.mtu > largest && !request.mtu_is_set)
    fail(fmt::format("takes an mtu of {} at most, {} is asked for", largest, request.mtu), EINVAL,
         "lower `mtu`");
  conf.rxmode.mtu = std::min<std::uint16_t>(request.mtu, static_cast<std::uint16_t>(largest));
  facts_.largest_mtu =
      request.largest_mtu != 0 ? request.largest_mtu : static_cast<std::uint16_t>(largest);
  if (const int error = configure_spreading(conf, info); error != 0)
    fail("cannot be configured", error, "lower `queues` or `mtu`");
  set_mtu(request);
  make_queues(pool, driver_ == kAfXdp ? kXdpDescriptors : request.descriptors);
}

void Port::make_queues(rte_mempool* pool, std::uint16_t descriptors) {
  if (driver_ == kAfXdp && !is_gapless(*pool))
    fail("needs its packet buffers in one piece of memory", ENOMEM,
         "raise `system.memory.hugepages`, or set `method: af-packet`");
  std::uint16_t rx_descriptors = descriptors, tx_descriptors = descriptors;
  rte_eth_dev_adjust_nb_rx_tx_desc(id_, &rx_descriptors, &tx_descriptors);
  facts_.rx_descriptors = rx_descriptors;
  facts_.tx_descriptors = tx_descriptors;
  facts_.arp_descriptors = kArpDescriptors;
  rte_eth_dev_adjust_nb_rx_tx_desc(id_, &facts_.arp_descriptors, nullptr);
  const std::uint32_t available = rte_mempool_avail_count(pool);
  const int socket = rte_eth_dev_socket_id(id_);
  const int queues = rx_queues_ + (steers_arp_ ? 1 : 0);
  for (std::uint16_t queue = 0; queue < queues; ++queue) {
    if (queue == arp_queue()) rx_descriptors = facts_.arp_descriptors;
    if (const int failed = rte_eth_rx_queue_setup(id_, queue, rx_descriptors,
                                                  static_cast<unsigned>(socket), nullptr, pool);
        failed != 0) {
      const std::string lack = lack_of_buffers(pool, available);
      fail(fmt::format("receive queue {} cannot be set up", queue), failed,
           !lack.empty() ? lack
           : driver_ == kAfXdp
               ? "see the log above for the driver's reason, or set `method: af-packet`"
               : "raise `system.memory.hugepages`");
    }
  }
  // AF_XDP's sockets are made with their queues, AF_PACKET's with the device.
  if (driver_ == kAfXdp) wake_fds_ = take_receiving_sockets();
  xdp_rings_ = take_xdp_rings();
  for (std::uint16_t queue = 0; queue < tx_queues_; ++queue)
    if (const int failed = rte_eth_tx_queue_setup(id_, queue, tx_descriptors,
                                                  static_cast<unsigned>(socket), nullptr);
        failed != 0)
      fail(fmt::format("transmit queue {} cannot be set up", queue), failed,
           "raise `system.memory.hugepages`");
}

void Port::set_mtu(const PortRequest& request) {
  mtu_ = request.mtu;
  if (request.mtu_is_set) return;
  // Where there is no such thing, the router holds to it all the same.
  const int error = rte_eth_dev_set_mtu(id_, request.mtu);
  facts_.has_mtu = error == 0;
  if (error != 0 && error != -ENOTSUP)
    fail(fmt::format("does not take mtu {}", request.mtu), error, "change `mtu`");
}

void Port::change_mtu(std::uint16_t mtu) {
  if (mtu == mtu_) return;
  int error = 0;
  if (!interface_.empty()) {
    ifreq request{};
    interface_.copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_mtu = mtu;
    if (ioctl(link_socket_, SIOCSIFMTU, &request) != 0) error = errno;
    if (error == ENODEV) error = 0;  // it is gone; the one that comes back is given it
  } else {
    error = rte_eth_dev_set_mtu(id_, mtu);
    if (error == -ENOTSUP) error = 0;  // as in set_mtu
  }
  if (error != 0)
    fail(fmt::format("does not take mtu {} while it runs", mtu), error,
         "write it to the startup file, and restart the router");
  mtu_ = mtu;
}

LinkState Port::link() const {
  if (link_socket_ >= 0 && !runs(link_socket_, interface_)) return {};
  rte_eth_link link{};
  if (rte_eth_link_get_nowait(id_, &link) != 0) return {};
  return {link.link_status == RTE_ETH_LINK_UP,
          link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN ? 0 : link.link_speed,
          link.link_duplex == RTE_ETH_LINK_FULL_DUPLEX, link.link_autoneg == RTE_ETH_LINK_AUTONEG};
}

std::uint64_t Port::dropped_by_sockets() const {
  std::uint64_t ring_full = 0;
  for (const int fd : wake_fds_) {
    // net_af_packet leaves them to the kernel, which forgets them with each answer.
    tpacket_stats since_last{};
    socklen_t length = sizeof since_last;
    if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &since_last, &length) == 0)
      socket_drops_ += since_last.tp_drops;
    // net_af_xdp counts what was lost for want of a buffer, and not for want of room in the ring.
    xdp_statistics ever{};
    length = sizeof ever;
    if (getsockopt(fd, SOL_XDP, XDP_STATISTICS, &ever, &length) == 0)
      ring_full += ever.rx_ring_full;
  }
  return socket_drops_ + ring_full;
}

std::optional<PortCounters> Port::counters() const {
  rte_eth_stats stats{};
  if (rte_eth_stats_get(id_, &stats) != 0) return std::nullopt;
  return PortCounters{stats.imissed + dropped_by_sockets(), stats.ierrors, stats.oerrors};
}

}  // namespace weir
