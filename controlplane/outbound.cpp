#include "controlplane/outbound.hpp"

#include <array>
#include <cstring>

#include "controlplane/reassembly.hpp"
#include "dataplane/net/checksum.hpp"
#include "dataplane/stage/ip_lookup.hpp"
#include "dataplane/stage/ip_rewrite.hpp"
#include "dataplane/stage/ipv4_fragment.hpp"

namespace weir::control {
namespace {

/// Ethernet's shortest frame without FCS; shorter ones are padded with zeros (IEEE 802.3
/// section 4.2.8).
constexpr std::uint16_t kShortestFrame = 60;

wire::Ethernet& ethernet(rte_mbuf* packet) { return *rte_pktmbuf_mtod(packet, wire::Ethernet*); }

wire::Ipv4& ipv4(rte_mbuf* packet) {
  return *rte_pktmbuf_mtod_offset(packet, wire::Ipv4*, sizeof(wire::Ethernet));
}

std::uint8_t* append(rte_mbuf* packet, std::size_t bytes) {
  return reinterpret_cast<std::uint8_t*>(
      rte_pktmbuf_append(packet, static_cast<std::uint16_t>(bytes)));
}

void pad(rte_mbuf* packet) {
  if (packet->data_len >= kShortestFrame) return;
  const auto missing = static_cast<std::size_t>(kShortestFrame - packet->data_len);
  std::memset(append(packet, missing), 0, missing);
}

}  // namespace

Outbound::Outbound(Dataplane& dataplane, const Forwarding& forwarding, Counters& counters)
    : dataplane_(dataplane), forwarding_(forwarding), counters_(counters) {}

void Outbound::drop(InterfaceId interface, DropReason reason, std::uint64_t packets) {
  counters_.interface[interface].dropped[static_cast<std::size_t>(reason)].add(packets);
}

void Outbound::transmit(InterfaceId interface, PacketBuffer packet) {
  pad(packet.get());
  if (!dataplane_.send(interface, std::move(packet))) drop(interface, DropReason::handoff_full);
}

void Outbound::arp_request(InterfaceId interface, Ipv4Address source, Ipv4Address target,
                           std::optional<MacAddress> to) {
  wire::Arp arp{};
  arp.operation.set(wire::Arp::kRequest);
  arp.sender_ip.set(source.value());
  arp.target_ip.set(target.value());
  send_arp(interface, arp, wire::ether_type::kArp, to.value_or(MacAddress::broadcast()));
}

void Outbound::arp_reply(InterfaceId interface, Ipv4Address answered, Ipv4Address asker,
                         MacAddress to) {
  wire::Arp arp{};
  arp.operation.set(wire::Arp::kReply);
  arp.sender_ip.set(answered.value());
  arp.target_mac = to;
  arp.target_ip.set(asker.value());
  send_arp(interface, arp, wire::ether_type::kArp, to);
}

void Outbound::rarp_reply(InterfaceId interface, Ipv4Address own, MacAddress station,
                          Ipv4Address its, MacAddress to) {
  wire::Arp arp{};
  arp.operation.set(wire::Arp::kReverseReply);
  arp.sender_ip.set(own.value());
  arp.target_mac = station;
  arp.target_ip.set(its.value());
  send_arp(interface, arp, wire::ether_type::kRarp, to);
}

/// With what is the same in all of them, and our MAC address.
void Outbound::send_arp(InterfaceId interface, wire::Arp arp, std::uint16_t type, MacAddress to) {
  PacketBuffer packet = dataplane_.allocate();
  counters_.generated.add(1);
  if (!packet) return drop(interface, DropReason::no_buffer);
  const MacAddress own = dataplane_.snapshot().interfaces[interface].mac;
  const wire::Ethernet header{to, own, Be16{type}};
  arp.hardware_type.set(wire::Arp::kEthernet);
  arp.protocol_type.set(wire::ether_type::kIpv4);
  arp.hardware_length = 6;
  arp.protocol_length = 4;
  arp.sender_mac = own;
  std::uint8_t* const frame = append(packet.get(), sizeof header + sizeof arp);
  std::memcpy(frame, &header, sizeof header);
  std::memcpy(frame + sizeof header, &arp, sizeof arp);
  transmit(interface, std::move(packet));
}

void Outbound::announce(InterfaceId interface, Ipv4Address address) {
  arp_request(interface, address, address, std::nullopt);
}

void Outbound::frame(InterfaceId interface, std::span<const std::uint8_t> frame) {
  PacketBuffer packet = dataplane_.allocate();
  counters_.generated.add(1);
  std::uint8_t* const room = packet ? append(packet.get(), frame.size()) : nullptr;
  if (room == nullptr) return drop(interface, DropReason::no_buffer);
  std::memcpy(room, frame.data(), frame.size());
  transmit(interface, std::move(packet));
}

std::vector<Outbound::Unresolved> Outbound::send(std::span<const std::uint8_t> packet) {
  std::vector<Unresolved> unresolved;
  const auto& header = *reinterpret_cast<const wire::Ipv4*>(packet.data());
  const auto answer = forwarding_.lookup(
      header.destination_address(), flow_hash(header, static_cast<std::uint32_t>(packet.size())));
  const auto slot = forwarding_.neighbor_at(answer.index);
  const std::uint16_t mtu =
      slot ? dataplane_.snapshot().interfaces[slot->interface].mtu : std::uint16_t{1500};
  if (packet.size() <= mtu) {
    counters_.generated.add(1);
    one(packet, unresolved);
    return unresolved;
  }
  for (const auto& part : fragment(packet, mtu)) {
    counters_.generated.add(1);
    one(part, unresolved);
  }
  return unresolved;
}

void Outbound::one(std::span<const std::uint8_t> bytes, std::vector<Unresolved>& unresolved) {
  const auto& header = *reinterpret_cast<const wire::Ipv4*>(bytes.data());
  const auto answer = forwarding_.lookup(
      header.destination_address(), flow_hash(header, static_cast<std::uint32_t>(bytes.size())));
  const auto slot = forwarding_.neighbor_at(answer.index);
  if (!slot) return drop(0, DropReason::no_route);
  if (answer.adjacency.egress == Egress::failed)
    return drop(slot->interface, DropReason::neighbor_failed);
  PacketBuffer packet = dataplane_.allocate();
  std::uint8_t* const frame =
      packet ? append(packet.get(), sizeof(wire::Ethernet) + bytes.size()) : nullptr;
  if (frame == nullptr) return drop(slot->interface, DropReason::no_buffer);
  std::memcpy(frame, &answer.adjacency, sizeof(wire::Ethernet));
  std::memcpy(frame + sizeof(wire::Ethernet), bytes.data(), bytes.size());
  if (is_interface(answer.adjacency.egress))
    return transmit(interface_of(answer.adjacency.egress), std::move(packet));
  ethernet(packet.get()).type.set(wire::ether_type::kIpv4);
  punt_meta(packet.get()) = {.interface = slot->interface, .reason = PuntReason::local};
  unresolved.push_back({std::move(packet), *slot});
}

void Outbound::route(InterfaceId arrival, std::span<const std::uint8_t> bytes, unsigned turn) {
  counters_.generated.add(1);
  PacketBuffer packet = dataplane_.allocate();
  std::uint8_t* const frame =
      packet ? append(packet.get(), sizeof(wire::Ethernet) + bytes.size()) : nullptr;
  if (frame == nullptr) return drop(arrival, DropReason::no_buffer);
  const MacAddress own = dataplane_.snapshot().interfaces[arrival].mac;
  ethernet(packet.get()) = {own, own, Be16{wire::ether_type::kIpv4}};
  std::memcpy(frame + sizeof(wire::Ethernet), bytes.data(), bytes.size());
  wire::Ipv4& ip = ipv4(packet.get());
  ++ip.ttl;
  ip.checksum.set_raw(0);
  ip.checksum.set_raw(checksum::compute({frame + sizeof(wire::Ethernet), ip.header_length()}));
  pad(packet.get());
  if (!dataplane_.route(arrival, std::move(packet), turn)) drop(arrival, DropReason::handoff_full);
}

void Outbound::send_own(PacketBuffer packet, InterfaceId interface, MacAddress to) {
  ethernet(packet.get()).destination = to;
  ethernet(packet.get()).source = dataplane_.snapshot().interfaces[interface].mac;
  transmit(interface, std::move(packet));
}

bool Outbound::forward(PacketBuffer& packet, InterfaceId interface, MacAddress to) {
  const Interface& egress = dataplane_.snapshot().interfaces[interface];
  const Adjacency adjacency = Adjacency::forward(interface, to, egress.mac);
  wire::Ipv4& ip = ipv4(packet.get());
  if (ip.total_length.get() <= egress.mtu) {
    std::uint32_t hop_word;
    std::memcpy(&hop_word, &ip.ttl, sizeof hop_word);
    rewrite_one(rte_pktmbuf_mtod(packet.get(), std::uint8_t*), adjacency, hop_word);
    transmit(interface, std::move(packet));
    return true;
  }
  if ((ip.fragment.get() & wire::Ipv4::kDontFragment) != 0) return false;
  std::array<rte_mbuf*, kMaxFragments> parts;
  const unsigned made = fragment_ipv4(packet.get(), egress.mtu, adjacency, packet->pool, parts);
  if (made == 0) {
    drop(punt_meta(packet.get()).interface, DropReason::fragment_failed);
  } else {
    counters_.consumed.add(1);
    counters_.generated.add(made);
    for (unsigned i = 0; i < made; ++i) transmit(interface, PacketBuffer{parts[i]});
  }
  packet.reset();
  return true;
}

std::optional<Ipv4Address> Outbound::source_for(Ipv4Address destination) const {
  const auto answer = forwarding_.lookup(destination, 0);
  const auto slot = forwarding_.neighbor_at(answer.index);
  if (!slot) return std::nullopt;
  const Interface& interface = dataplane_.snapshot().interfaces[slot->interface];
  if (const OwnAddress* own = interface.subnet_of(slot->ip.value()))
    return Ipv4Address{own->address};
  return std::nullopt;
}

}  // namespace weir::control
