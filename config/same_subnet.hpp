// Local or remote: what a host does with a packet to another address, by its mask alone
// (RFC 1122 section 3.3.1.1; RFC 4861 section 5.2), and whether the other side sees it the same
// way. Pure, thread-safe.
#pragma once

#include <optional>

#include "dataplane/net/ipv4.hpp"
#include "dataplane/net/ipv6.hpp"

namespace weir::config {

/// How a host sends to an address.
enum class Reach {
  itself,      // its own address: nothing is sent
  local,       // straight to the other's MAC address, by ARP or neighbour discovery
  link_local,  // the same, whatever the mask: such addresses are never routed
  broadcast,   // to all of its subnet
  network,     // its subnet's own address, which no host has
  multicast,   // to a group
  remote,      // to the gateway's MAC address
};

/// What is wrong with a gateway, seen from the host.
enum class GatewayFault {
  none,
  is_host,     // the host's own address
  off_subnet,  // cannot be reached without a gateway
  no_host,     // the network or broadcast address
};

struct SameSubnet {
  Reach host_to_peer = Reach::local;
  unsigned common_bits = 0;             // that both addresses begin with
  bool host_is_no_host = false;         // it has its subnet's network or broadcast address
  std::optional<GatewayFault> gateway;  // when one was given

  // When the peer's prefix length was given.
  std::optional<Reach> peer_to_host;
  /// One side sends straight, the other by a gateway.
  bool disagree = false;
};

template <typename Address>
SameSubnet same_subnet(const InterfaceAddress<Address>& host, Address peer,
                       std::optional<unsigned> peer_length, std::optional<Address> gateway);

}  // namespace weir::config
