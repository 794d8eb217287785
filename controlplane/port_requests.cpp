#include "controlplane/port_requests.hpp"

#include <fmt/format.h>
#include <linux/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <random>
#include <stdexcept>
#include <utility>

#include "config/interfaces.hpp"
#include "config/limits.hpp"
#include "config/memory.hpp"
#include "controlplane/port_method.hpp"

namespace weir::control {
namespace {

// net_af_packet's frames, each with the kernel's header before the packet; it wants packet buffers
// of the same size. The usual ones hold this much IP.
constexpr unsigned kUsualFrame = 2048;
using config::limits::kJumboFrame, config::limits::kMirrorPackets, config::limits::kUsualMtu;
constexpr std::size_t kGroupsOfABridge = 1024;  // multicast groups that there is room for
constexpr std::size_t kMostStations = Fdb::kMaxStations;
constexpr std::size_t kStationsToCome = 65'536;  // with bridges, while the router runs

// 224.0.0.1 and 224.0.0.2 as MAC addresses (RFC 1112 section 6.4).
constexpr MacAddress kAllSystems{{0x01, 0x00, 0x5e, 0, 0, 1}};
constexpr MacAddress kAllRouters{{0x01, 0x00, 0x5e, 0, 0, 2}};

void bring_up(const config::Config& config, const config::Ethernet& port, const std::string& name) {
  const auto fail = [&](const char* what, const std::string& remedy) {
    throw std::runtime_error(fmt::format("{}:{}:{}: error: Linux interface {}: {}: {} ({})",
                                         config.file, port.source.line, port.source.column, name,
                                         what, std::strerror(errno), remedy));
  };
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("no socket", "are you root?");
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  if (ioctl(fd, SIOCGIFFLAGS, &request) != 0) {
    ::close(fd);
    fail("cannot be used", "`ip link` lists what there is in this network namespace");
  }
  if ((request.ifr_flags & IFF_UP) == 0) {
    request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
    if (ioctl(fd, SIOCSIFFLAGS, &request) != 0) {
      ::close(fd);
      fail("cannot be brought up", "run the router as root");
    }
  }
  if (ioctl(fd, SIOCGIFMTU, &request) == 0 && request.ifr_mtu != port.mtu) {
    request.ifr_mtu = port.mtu;
    if (ioctl(fd, SIOCSIFMTU, &request) != 0) {
      ::close(fd);
      fail("does not take the port's mtu", "lower `mtu`, or give the interface that MTU yourself");
    }
  }
  ::close(fd);
}

std::string af_packet_devargs(const config::Ethernet& port, const std::string& interface,
                              std::size_t index, std::size_t workers, std::uint32_t frame_room) {
  const std::size_t queues = port.queues != 0 ? port.queues : workers;
  std::string devargs =
      fmt::format("net_af_packet{},iface={},qpairs={},qdisc_bypass=1", index, interface, queues);
  // Deep rings, for the moments in which the kernel gives the worker's core to somebody else. Four
  // jumbo frames a block; blocks are whole pages.
  if (frame_room > kUsualFrame)
    return devargs +
           fmt::format(",blocksz={},framesz={},framecnt=1024", 4 * kJumboFrame, kJumboFrame);
  return devargs +
         fmt::format(",blocksz={},framesz={},framecnt=4096", 2 * kUsualFrame, kUsualFrame);
}

std::string af_xdp_devargs(const std::string& interface, std::size_t index) {
  return fmt::format("net_af_xdp{},iface={},start_queue=0,queue_count=1", index, interface);
}

/// How packets are taken from a Linux interface.
void ask_for_method(const config::Config& config, const config::Ethernet& port,
                    const config::LinuxMatch& match, std::size_t index, PortRequest& request) {
  using Method = config::LinuxMatch::Method;
  const std::string packet = af_packet_devargs(
      port, match.interface, index, config.system.worker_cores.size(), request.frame_room);
  PortMethod method{.af_xdp = match.method == Method::af_xdp, .why = "asked for"};
  if (match.method == Method::automatic)
    method = choose_method(config, port, MethodFacts::of(match.interface));
  request.af_packet_devargs.clear();
  request.method = method.af_xdp ? "af-xdp" : "af-packet";
  request.method_why = method.why;
  request.devargs = method.af_xdp ? af_xdp_devargs(match.interface, index) : packet;
  if (method.af_xdp && match.method == Method::automatic) request.af_packet_devargs = packet;
  const unsigned of_frames =
      request.frame_room > kUsualFrame ? config::limits::kMaxMtu : config::limits::kUsualMtu;
  request.largest_mtu = static_cast<std::uint16_t>(
      method.af_xdp ? std::max<unsigned>(config::limits::kMaxAfXdpMtu, port.mtu) : of_frames);
}

/// The port that a VLAN's frames go by, through another VLAN if need be, and its outermost tag.
std::pair<std::string, std::uint16_t> port_below(const config::Config& config,
                                                 const config::Vlan& vlan) {
  const auto below = std::find_if(config.vlans.begin(), config.vlans.end(),
                                  [&](const config::Vlan& v) { return v.name == vlan.link; });
  if (below != config.vlans.end()) return {below->link, below->id};
  return {vlan.link, vlan.id};
}

}  // namespace

void ask_for_switching(const config::Config& config, const config::Ethernet& port,
                       PortRequest& request) {
  request.vlans.clear();
  request.promiscuous_why = port.promiscuous ? "asked for" : "";
  bool bridged = config::bridge_of(config, port.name) != nullptr;
  for (const config::Vlan& vlan : config.vlans) {
    const auto [below, id] = port_below(config, vlan);
    if (below != port.name) continue;
    if (std::ranges::count(request.vlans, id) == 0) request.vlans.push_back(id);
    bridged = bridged || config::bridge_of(config, vlan.name) != nullptr;
  }
  request.other_vlans = port.other_vlans;
  request.wants_vlan_strip = !request.vlans.empty() && !port.other_vlans;
  const bool mirrored =
      std::any_of(config.mirrors.begin(), config.mirrors.end(), [&](const config::Mirror& mirror) {
        return mirror.from == port.name && mirror.direction != config::Mirror::Direction::out;
      });
  request.all_multicast = bridged || mirrored;
  if (bridged)
    request.promiscuous_why = "bridge";
  else if (mirrored && request.promiscuous_why.empty())
    request.promiscuous_why = "mirror";
}

std::size_t stations(const config::Config& config) {
  std::size_t count = 0;
  for (const config::Bridge& bridge : config.bridges) {
    count += bridge.mac_table.max + bridge.statics.size() + bridge.members.size() + 1;
    if (bridge.igmp_snooping.enabled) count += kGroupsOfABridge;
  }
  return count;
}

namespace {

PortRequest port_request(const config::Config& config, const config::Ethernet& port,
                         std::size_t index) {
  PortRequest request{.name = port.name,
                      .device = device_of(port.match),
                      .queues = port.queues,
                      .descriptors = config::ring_descriptors(config),
                      .mtu = port.mtu,
                      .mac = port.mac,
                      .multicast = {kAllSystems, kAllRouters},
                      .steer_arp = port.arp_queue};
  ask_for_switching(config, port, request);
  if (const auto* pci = std::get_if<config::PciMatch>(&port.match)) {
    request.devargs = pci->address;
  } else if (const auto* linux_port = std::get_if<config::LinuxMatch>(&port.match)) {
    bring_up_interface(config, port);
    request.mtu_is_set = true;
    request.frame_room = port.mtu > kUsualMtu ? kJumboFrame : kUsualFrame;
    ask_for_method(config, port, *linux_port, index, request);
  } else {
    request.devargs = std::get<config::VdevMatch>(port.match).arguments;
  }
  return request;
}

}  // namespace

void bring_up_interface(const config::Config& config, const config::Ethernet& port) {
  if (const auto* linux_port = std::get_if<config::LinuxMatch>(&port.match))
    bring_up(config, port, linux_port->interface);
}

PortRequest request_again(const config::Config& config, std::size_t port, PortRequest request) {
  const config::Ethernet& ethernet = config.ethernets[port];
  if (const auto* linux_port = std::get_if<config::LinuxMatch>(&ethernet.match))
    ask_for_method(config, ethernet, *linux_port, port, request);
  return request;
}

std::string device_of(const config::PortMatch& match) {
  if (const auto* pci = std::get_if<config::PciMatch>(&match)) return pci->address;
  if (const auto* linux_port = std::get_if<config::LinuxMatch>(&match))
    return linux_port->interface;
  return std::get<config::VdevMatch>(match).arguments;
}

DataplaneOptions dataplane_options(const config::Config& config) {
  DataplaneOptions options;
  options.eal.control_cores = config.system.control_cores;
  options.eal.worker_cores = config.system.worker_cores;
  options.eal.hugepage_bytes = config.system.memory.hugepage_bytes;
  options.eal.extra = config.system.eal;
  const bool has_prefix =
      std::any_of(config.system.eal.begin(), config.system.eal.end(),
                  [](const std::string& a) { return a.starts_with("--file-prefix"); });
  if (!has_prefix) {
    const char* const prefix = std::getenv("WEIR_FILE_PREFIX");
    options.eal.extra.push_back(fmt::format("--file-prefix={}", prefix ? prefix : "weir"));
  }
  options.packets = config.system.memory.packets;
  // Held packets, and full rings of every class from every worker.
  options.control_packets = config.neighbors.hold_total + 8192;
  options.stations = std::min(stations(config) + kStationsToCome, kMostStations);
  std::random_device random;
  options.fdb_key = std::uint64_t{random()} << 32 | random();
  if (std::any_of(config.mirrors.begin(), config.mirrors.end(),
                  [](const config::Mirror& mirror) { return !mirror.file.empty(); }))
    options.mirror_packets = kMirrorPackets;
  options.sleep_when_idle = config.system.idle == config::IdleMode::adaptive;
  for (std::size_t i = 0; i < config.ethernets.size(); ++i) {
    options.ports.push_back(port_request(config, config.ethernets[i], i));
    if (const auto* pci = std::get_if<config::PciMatch>(&config.ethernets[i].match))
      options.eal.pci.push_back(pci->address);
  }
  return options;
}

}  // namespace weir::control
