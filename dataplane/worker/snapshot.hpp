// What a worker knows of the router: interfaces, and pointers to the tables. Immutable; the control
// thread swaps it atomically and frees the old one after every worker was quiescent.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "dataplane/net/ipv4.hpp"
#include "dataplane/net/mac_address.hpp"
#include "dataplane/table/adjacency.hpp"
#include "dataplane/table/fib.hpp"
#include "dataplane/table/next_hop.hpp"

namespace weir {

/// The tables live as long as the process; their contents change under the readers.
struct Tables {
  const Fib* fib = nullptr;
  NextHopTable* next_hops = nullptr;
  AdjacencyTable* adjacencies = nullptr;
  GroupTable* groups = nullptr;
};

/// An address of our own, and the block of adjacencies of its subnet's hosts.
struct OwnAddress {
  std::uint32_t address = 0;
  std::uint32_t mask = 0;
  AdjacencyIndex block = 0;  // 0: a /32, which has no neighbours

  bool on_subnet(std::uint32_t other) const { return (other & mask) == (address & mask); }
  AdjacencyIndex neighbor(std::uint32_t ip) const { return block + (ip & ~mask); }
};

struct Interface {
  InterfaceId id = 0;
  std::uint16_t port = 0;  // DPDK's
  std::uint16_t mtu = 1500;
  MacAddress mac;
  bool nic_checksums = false;  // the port says whether an IPv4 header checksum was right
  std::vector<OwnAddress> addresses;

  const OwnAddress* own(std::uint32_t ip) const {
    for (const auto& each : addresses)
      if (each.address == ip) return &each;
    return nullptr;
  }
  const OwnAddress* subnet_of(std::uint32_t ip) const {
    for (const auto& each : addresses)
      if (each.on_subnet(ip)) return &each;
    return nullptr;
  }
};

struct Snapshot {
  Tables tables;
  std::vector<Interface> interfaces;  // by InterfaceId
  // The smallest MTU of all: a burst of shorter packets needs no further check.
  std::uint16_t smallest_mtu = 1500;
};

}  // namespace weir
