// Who lives where in the rig of `weir storm`: three ports, each with a /16 and its hosts, whose MAC
// addresses follow from their IP addresses. All of it is computed, so that a million frames need no
// table, and what a frame should carry can be told from the frame.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/net/ipv4.hpp"
#include "dataplane/net/mac_address.hpp"

namespace weir::cli::storm {

/// The attacker's, the legitimate hosts' and the receivers' port.
enum class Port : std::uint8_t { attacker = 1, legitimate = 2, sink = 3 };
inline constexpr std::array kPorts{Port::attacker, Port::legitimate, Port::sink};

constexpr const char* name_of(Port port) {
  return port == Port::attacker ? "attacker" : port == Port::legitimate ? "legitimate" : "sink";
}

namespace plan {

/// 10.P.0.0/16 of port P.
constexpr std::uint32_t subnet(Port port) {
  return std::uint32_t{10} << 24 | static_cast<std::uint32_t>(port) << 16;
}
constexpr std::uint32_t kSubnetLength = 16;
/// A further /16 on the sink's port, in which nobody lives.
inline constexpr std::uint32_t kDesert = std::uint32_t{10} << 24 | std::uint32_t{4} << 16;

constexpr std::uint32_t router_ip(Port port) { return subnet(port) | 1; }
constexpr std::uint32_t kernel_ip(Port port) { return subnet(port) | 2; }
/// Host `index` of a port: 10.P.1.0 and on.
constexpr std::uint32_t host_ip(Port port, std::uint32_t index) {
  return subnet(port) | (256 + index);
}
inline constexpr std::uint32_t kMaxHosts = 65'535 - 256;
/// Hosts that appear during a run, after the first kMaxEstablished.
constexpr std::uint32_t new_host_ip(std::uint32_t index) {
  return subnet(Port::sink) | (std::uint32_t{0xe0} << 8) | (index & 0xfff);
}
inline constexpr std::uint32_t kMaxNewHosts = 4096;

constexpr MacAddress mac(std::uint8_t kind, std::uint8_t port, std::uint16_t low) {
  return {{2, kind, 0, port, static_cast<std::uint8_t>(low >> 8), static_cast<std::uint8_t>(low)}};
}
constexpr MacAddress router_mac(Port port) { return mac(0x77, static_cast<std::uint8_t>(port), 1); }
constexpr MacAddress kernel_mac(Port port) { return mac(0x77, static_cast<std::uint8_t>(port), 2); }
/// Of any host in a port's subnet but the kernel's and the router's own.
constexpr MacAddress host_mac(std::uint32_t ip) {
  return mac(0x68, static_cast<std::uint8_t>(ip >> 16), static_cast<std::uint16_t>(ip));
}

}  // namespace plan
}  // namespace weir::cli::storm
