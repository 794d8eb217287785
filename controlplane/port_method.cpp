#include "controlplane/port_method.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/limits.hpp"

namespace weir::control {
namespace {

// AF_XDP keeps 2,048 packets of the common pool on a port for what comes, and may have as many more
// on their way out. Half of the pool is to be left for all else.
constexpr std::size_t kPacketsOfAPort = 8192;

/// What the kernel itself does with the interface. AF_XDP takes its packets before the kernel sees
/// them, AF_PACKET takes copies.
std::string kernels_use(const LinuxLink& link) {
  if (!link.addresses.empty())
    return fmt::format("the kernel has address {} on it", link.addresses.front());
  if (!link.master.empty()) return fmt::format("it is part of {}", link.master);
  if (!link.upper.empty()) return fmt::format("{} stands on it", link.upper.front());
  return {};
}

/// Whether a VLAN tag may come beside its frame, where AF_XDP does not see it: the frame would be
/// taken for one without.
std::string tags_beside_frames(const std::string& interface, const MethodFacts& facts) {
  constexpr const char* kLost = "AF_XDP would lose VLAN tags";
  if (!facts.cable) {
    if (!facts.link->takes_tags_off) return {};
    return fmt::format("{}: ethtool -K {} rxvlan off", kLost, interface);
  }
  const CableEnd& end = *facts.cable;
  if (!end.transmit_vlan_offload)
    return fmt::format(
        "{}, unless the other end has `ethtool -K INTERFACE txvlan off`, which cannot "
        "be seen",
        kLost);
  if (!*end.transmit_vlan_offload) return {};
  return fmt::format("{}: {}", kLost, fmt::join(offload_command(end, "txvlan", "off"), " "));
}

std::string in_the_way(const config::Config& config, const config::Ethernet& port,
                       const MethodFacts& facts) {
  const std::size_t queues = port.queues != 0 ? port.queues : config.system.worker_cores.size();
  if (queues > 1) return fmt::format("{} queues are wanted, AF_XDP has one", queues);
  if (port.mtu > config::limits::kMaxAfXdpMtu)
    return fmt::format("mtu {}: AF_XDP carries {}", port.mtu, config::limits::kMaxAfXdpMtu);
  const auto ports = static_cast<std::size_t>(
      std::count_if(config.ethernets.begin(), config.ethernets.end(), [](const auto& ethernet) {
        return std::holds_alternative<config::LinuxMatch>(ethernet.match);
      }));
  if (config.system.memory.packets < ports * kPacketsOfAPort)
    return fmt::format("{} Linux interfaces would want `system.memory.packets: {}`", ports,
                       ports * kPacketsOfAPort);
  if (!facts.link) return "the kernel does not tell what the interface is";
  if (const std::string use = kernels_use(*facts.link); !use.empty()) return use;
  if (facts.link->receive_queues > 1)
    return fmt::format("{} receive queues: AF_XDP would lose what comes by others than the first",
                       facts.link->receive_queues);
  const auto& interface = std::get<config::LinuxMatch>(port.match).interface;
  if (const std::string tags = tags_beside_frames(interface, facts); !tags.empty()) return tags;
  return facts.no_af_xdp();
}

}  // namespace

MethodFacts MethodFacts::of(const std::string& interface) {
  return {linux_link(interface), other_end(interface),
          [interface] { return why_no_af_xdp(interface); }};
}

PortMethod choose_method(const config::Config& config, const config::Ethernet& port,
                         const MethodFacts& facts) {
  const std::string reason = in_the_way(config, port, facts);
  if (reason.empty()) return {.af_xdp = true, .why = "nothing stands in its way"};
  return {.af_xdp = false, .why = reason};
}

}  // namespace weir::control
