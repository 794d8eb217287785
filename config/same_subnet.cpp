#include "config/same_subnet.hpp"

namespace weir::config {
namespace {

bool is_link_local(Ipv4Address address) { return address.value() >> 16 == 0xa9fe; }  // RFC 3927
bool is_link_local(Ipv6Address address) { return address.is_link_local(); }

/// Whether packets go to the other's MAC address, or the host is told that nobody has the address.
bool is_straight(Reach reach) { return reach != Reach::remote; }

template <typename Address>
bool is_no_host(Address address, const Prefix<Address>& subnet) {
  return subnet.has_broadcast() && (address == subnet.network() || address == subnet.last());
}

template <typename Address>
Reach reach(const InterfaceAddress<Address>& from, Address to) {
  const Prefix<Address> subnet = from.subnet();
  if (to == from.address) return Reach::itself;
  if (to.is_multicast()) return Reach::multicast;
  if (Address::kBits == 32 && to.value() == Prefix<Address>{}.last().value())
    return Reach::broadcast;
  if (subnet.contains(to)) {
    if (!is_no_host(to, subnet)) return Reach::local;
    return to == subnet.network() ? Reach::network : Reach::broadcast;
  }
  return is_link_local(to) ? Reach::link_local : Reach::remote;
}

template <typename Address>
unsigned common_bits(Address a, Address b) {
  unsigned bits = 0;
  while (bits < Address::kBits && Prefix<Address>{a, bits + 1}.contains(b)) ++bits;
  return bits;
}

template <typename Address>
GatewayFault judge(const InterfaceAddress<Address>& host, Address gateway) {
  if (gateway == host.address) return GatewayFault::is_host;
  // Routers of IPv6 are link-local ones as a rule (RFC 4861 section 4.2).
  if (Address::kBits == 128 && is_link_local(gateway)) return GatewayFault::none;
  if (!host.subnet().contains(gateway)) return GatewayFault::off_subnet;
  return is_no_host(gateway, host.subnet()) ? GatewayFault::no_host : GatewayFault::none;
}

}  // namespace

template <typename Address>
SameSubnet same_subnet(const InterfaceAddress<Address>& host, Address peer,
                       std::optional<unsigned> peer_length, std::optional<Address> gateway) {
  SameSubnet result;
  result.host_to_peer = reach(host, peer);
  result.common_bits = common_bits(host.address, peer);
  result.host_is_no_host = is_no_host(host.address, host.subnet());
  if (gateway) result.gateway = judge(host, *gateway);
  if (peer_length) {
    result.peer_to_host =
        reach<Address>({peer, static_cast<std::uint8_t>(*peer_length)}, host.address);
    result.disagree = is_straight(result.host_to_peer) != is_straight(*result.peer_to_host);
  }
  return result;
}

template SameSubnet same_subnet(const Ipv4InterfaceAddress&, Ipv4Address, std::optional<unsigned>,
                                std::optional<Ipv4Address>);
template SameSubnet same_subnet(const Ipv6InterfaceAddress&, Ipv6Address, std::optional<unsigned>,
                                std::optional<Ipv6Address>);

}  // namespace weir::config
