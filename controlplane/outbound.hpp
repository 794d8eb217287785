// Outbound: frames the router sends by its own will (ARP, ICMP, what was held), from the control
// thread to the worker that transmits on the interface.
#pragma once

#include <optional>
#include <span>

#include "controlplane/forwarding.hpp"
#include "dataplane/net/ipv4.hpp"
#include "dataplane/packet/counters.hpp"
#include "dataplane/worker/dataplane.hpp"

namespace weir::control {

class Outbound {
 public:
  /// `counters` are the control thread's. All outlive this.
  Outbound(Dataplane& dataplane, const Forwarding& forwarding, Counters& counters);

  /// An ARP request for `target` from `source` (zero: a probe), to `to` or broadcast.
  void arp_request(InterfaceId interface, Ipv4Address source, Ipv4Address target,
                   std::optional<MacAddress> to);
  /// A gratuitous request for our own `address` (RFC 5227 section 2.3).
  void announce(InterfaceId interface, Ipv4Address address);

  /// "`answered` is at our MAC address", to `to`, who asked as `asker` (RFC 826).
  void arp_reply(InterfaceId interface, Ipv4Address answered, Ipv4Address asker, MacAddress to);
  /// "`station` has the address `its`", to `to`, who asked (RFC 903).
  void rarp_reply(InterfaceId interface, Ipv4Address own, MacAddress station, Ipv4Address its,
                  MacAddress to);
  /// A whole frame of ours, without the tags of `interface`.
  void frame(InterfaceId interface, std::span<const std::uint8_t> frame);

  /// What `send` could not do by itself: `packet` waits for a neighbour.
  struct Unresolved {
    PacketBuffer packet;
    NeighborSlot neighbor;
  };
  /// Sends a complete IPv4 packet of our own, fragmented if the link asks for it. What has no route
  /// is dropped and counted on interface 0.
  std::vector<Unresolved> send(std::span<const std::uint8_t> ipv4);

  /// Has a worker route a complete IPv4 packet of our own as it does those of others that come by
  /// `arrival`: its tables decide, not what this thread takes them for. The hop that this spends is
  /// added before. Workers take turns, by `turn`.
  void route(InterfaceId arrival, std::span<const std::uint8_t> ipv4, unsigned turn);

  /// Sends a frame of ours whose neighbour is now known.
  void send_own(PacketBuffer packet, InterfaceId interface, MacAddress to);
  /// Forwards a transit frame that was held: spends its hop, fragments it if need be. Returns
  /// false, the packet still whole, when it is too big and may not be fragmented.
  bool forward(PacketBuffer& packet, InterfaceId interface, MacAddress to);

  /// The source address for what leaves towards `destination`: of the interface it leaves by, on
  /// the next hop's subnet if there is one. nullopt: no route or no address.
  std::optional<Ipv4Address> source_for(Ipv4Address destination) const;

  void drop(InterfaceId interface, DropReason reason, std::uint64_t packets = 1);

 private:
  void transmit(InterfaceId interface, PacketBuffer packet);
  void send_arp(InterfaceId interface, wire::Arp arp, std::uint16_t type, MacAddress to);
  void one(std::span<const std::uint8_t> ipv4, std::vector<Unresolved>& unresolved);

  Dataplane& dataplane_;
  const Forwarding& forwarding_;
  Counters& counters_;
};

}  // namespace weir::control
