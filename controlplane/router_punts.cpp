// What the router does with packets that workers hand over, and with neighbours' wishes.
#include <utility>

#include "controlplane/router.hpp"
#include "dataplane/stage/ipv4_options.hpp"

namespace weir::control {
namespace {

constexpr unsigned kPuntsPerTurn = 256;

/// The IPv4 packet in a punted frame, with whatever padding is behind it.
PacketView ipv4_of(const PacketBuffer& packet) {
  return {rte_pktmbuf_mtod_offset(packet.get(), const std::uint8_t*, sizeof(wire::Ethernet)),
          packet->data_len - sizeof(wire::Ethernet)};
}

}  // namespace

unsigned Router::serve_punts() {
  unsigned served = 0;
  for (; served < kPuntsPerTurn; ++served) {
    PacketBuffer packet = dataplane_.next_punt();
    if (!packet) break;
    serve(std::move(packet));
  }
  return served;
}

void Router::serve(PacketBuffer packet) {
  const PuntMeta meta = punt_meta(packet.get());
  // It may have been removed while the packet was on its way here.
  if (!interfaces_.has(meta.interface))
    return outbound_.drop(meta.interface, DropReason::interface_gone);
  switch (meta.reason) {
    case PuntReason::arp:
      return serve_arp(packet, meta);
    case PuntReason::proxy_arp:
      return serve_proxy_arp(packet, meta);
    case PuntReason::rarp:
      return serve_rarp(packet, meta);
    case PuntReason::glean:
      return serve_glean(std::move(packet), meta);
    case PuntReason::local:
      return serve_local(packet, meta);
    case PuntReason::bpdu:
    case PuntReason::igmp:
      return serve_layer2(packet, meta);
    case PuntReason::ttl_expired:
      return icmp_error({.error = IcmpError::time_exceeded}, packet, DropReason::ttl_expired);
    case PuntReason::too_big:
      return icmp_error({.error = IcmpError::fragmentation_needed, .mtu = meta.mtu}, packet,
                        DropReason::too_big);
    case PuntReason::no_route:
      return icmp_error({.error = IcmpError::net_unreachable}, packet, DropReason::no_route);
    case PuntReason::unreachable:
      return icmp_error({.error = IcmpError::host_unreachable}, packet, DropReason::unreachable);
    case PuntReason::prohibit:
      return icmp_error({.error = IcmpError::admin_prohibited}, packet, DropReason::prohibit);
    case PuntReason::bad_option:
      return icmp_error({.error = IcmpError::parameter_problem, .pointer = sizeof(wire::Ipv4)},
                        packet, DropReason::bad_header);
  }
}

void Router::serve_arp(const PacketBuffer& packet, const PuntMeta& meta) {
  const auto& ethernet = *rte_pktmbuf_mtod(packet.get(), const wire::Ethernet*);
  const auto& arp =
      *rte_pktmbuf_mtod_offset(packet.get(), const wire::Arp*, sizeof(wire::Ethernet));
  const auto refused = neighbors_.arp({.interface = meta.interface,
                                       .operation = arp.operation.get(),
                                       .sender_mac = arp.sender_mac,
                                       .sender_ip = Ipv4Address{arp.sender_ip.get()},
                                       .target_mac = arp.target_mac,
                                       .target_ip = Ipv4Address{arp.target_ip.get()},
                                       .ethernet_source = ethernet.source});
  if (refused)
    outbound_.drop(meta.interface, *refused);
  else
    counters_.consumed.add(1);
}

/// A request for somebody else where we answer for those behind us (RFC 1027): if it is routed out
/// of another interface. Never for an address of the asker's own subnets: its host answers itself.
void Router::serve_proxy_arp(const PacketBuffer& packet, const PuntMeta& meta) {
  const auto& arp =
      *rte_pktmbuf_mtod_offset(packet.get(), const wire::Arp*, sizeof(wire::Ethernet));
  const Ipv4Address target{arp.target_ip.get()};
  const Interface& here = dataplane_.snapshot().interfaces[meta.interface];
  const auto way = forwarding_.neighbor_at(forwarding_.lookup(target, 0).index);
  if (!way || way->interface == meta.interface || here.subnet_of(target.value()) != nullptr)
    return outbound_.drop(meta.interface, DropReason::arp_not_for_us);
  counters_.consumed.add(1);
  outbound_.arp_reply(meta.interface, target, Ipv4Address{arp.sender_ip.get()}, arp.sender_mac);
}

/// RFC 903: "which address has this station?", answered from the static neighbours.
void Router::serve_rarp(const PacketBuffer& packet, const PuntMeta& meta) {
  const auto& ethernet = *rte_pktmbuf_mtod(packet.get(), const wire::Ethernet*);
  const auto& arp =
      *rte_pktmbuf_mtod_offset(packet.get(), const wire::Arp*, sizeof(wire::Ethernet));
  const bool sane = arp.operation.get() == wire::Arp::kReverseRequest &&
                    arp.hardware_type.get() == wire::Arp::kEthernet &&
                    arp.protocol_type.get() == wire::ether_type::kIpv4 &&
                    arp.hardware_length == 6 && arp.protocol_length == 4 &&
                    ethernet.source == arp.sender_mac && arp.sender_mac.is_station();
  if (!sane) return outbound_.drop(meta.interface, DropReason::arp_malformed);
  const auto answer = neighbors_.rarp(meta.interface, arp.target_mac);
  if (!answer) return outbound_.drop(meta.interface, DropReason::arp_not_for_us);
  counters_.consumed.add(1);
  outbound_.rarp_reply(meta.interface, answer->our_ip, arp.target_mac, answer->ip, arp.sender_mac);
}

void Router::serve_glean(PacketBuffer packet, const PuntMeta& meta) {
  const auto slot = forwarding_.neighbor_at(meta.adjacency);
  if (!slot) return outbound_.drop(meta.interface, DropReason::no_route);
  wire::Ipv4& ip = *rte_pktmbuf_mtod_offset(packet.get(), wire::Ipv4*, sizeof(wire::Ethernet));
  if (ip.header_length() > sizeof ip) {
    // As the pipeline does for what needs not wait.
    const auto& own = dataplane_.snapshot().interfaces[slot->interface].addresses;
    switch (process_options(ip, own.empty() ? 0 : own.front().address)) {
      case OptionsVerdict::source_routed:
        return outbound_.drop(meta.interface, DropReason::source_route);
      case OptionsVerdict::malformed:
        return icmp_error({.error = IcmpError::parameter_problem, .pointer = sizeof(wire::Ipv4)},
                          packet, DropReason::bad_header);
      case OptionsVerdict::forward:
        break;
    }
  }
  // The neighbour may have answered while the packet was on its way here.
  if (const auto mac = neighbors_.lookup(slot->interface, slot->ip))
    return forward({packet.release()}, slot->interface, *mac);
  neighbors_.glean(slot->interface, slot->ip, {packet.release()},
                   {.known_before = meta.punt_class == PuntClass::p4_glean_known,
                    .modest = meta.modest,
                    .from = meta.interface});
}

void Router::serve_layer2(const PacketBuffer& packet, const PuntMeta& meta) {
  const std::span frame{rte_pktmbuf_mtod(packet.get(), const std::uint8_t*), packet->data_len};
  const bool bpdu = meta.reason == PuntReason::bpdu;
  const bool taken = bpdu ? bridges_->serve_bpdu(meta.interface, frame)
                          : bridges_->serve_igmp(meta.interface, frame);
  if (taken)
    counters_.consumed.add(1);
  else
    outbound_.drop(meta.interface,
                   bpdu ? DropReason::reserved_address : DropReason::snooping_invalid);
}

void Router::serve_local(const PacketBuffer& packet, const PuntMeta& meta) {
  const LocalDelivery::Result result = local_.deliver(ipv4_of(packet), meta);
  if (result.dropped)
    outbound_.drop(meta.interface, *result.dropped);
  else
    counters_.consumed.add(1);
  for (const Packet& answer : result.packets) send(answer);
}

/// The packet ends here, for `reason`; the sender is told if the rules allow it.
void Router::icmp_error(const IcmpErrorSpec& spec, const PacketBuffer& packet, DropReason reason) {
  const PuntMeta& meta = punt_meta(packet.get());
  outbound_.drop(meta.interface, reason);
  const PacketView original = ipv4_of(packet);
  const auto header = read_ipv4(original);
  if (!header) return;
  if (meta.reason == PuntReason::local || local_.is_own(header->source_address())) {
    // Our own packet, a probe that a worker routed too: nobody but our own ping wants to know.
    pinger_.receive(make_icmp_error(spec, header->source_address(), 0, original));
    return;
  }
  const auto source = source_towards(header->source_address(), meta.interface);
  if (!source) return;
  const auto answer =
      icmp_errors_.about(original, spec, *source, meta.interface,
                         {.link_broadcast = meta.link_broadcast, .connected = subnets_});
  if (!answer.packet.empty()) send(answer.packet);
}

/// RFC 1812 section 4.3.2.4: an address of the interface the message leaves by; without one, of the
/// interface the packet came in on.
std::optional<Ipv4Address> Router::source_towards(Ipv4Address destination,
                                                  InterfaceId arrival) const {
  if (const auto source = outbound_.source_for(destination)) return source;
  const auto& addresses = interfaces_[arrival].addresses;
  if (addresses.empty()) return std::nullopt;
  return addresses.front().address;
}

void Router::send(PacketView packet) {
  for (auto& waiting : outbound_.send(packet))
    neighbors_.glean(waiting.neighbor.interface, waiting.neighbor.ip, {waiting.packet.release()},
                     {.known_before = true});
}

void Router::solicit(InterfaceId interface, Ipv4Address target,
                     std::optional<MacAddress> unicast_to) {
  const Interface& egress = dataplane_.snapshot().interfaces[interface];
  const OwnAddress* own = egress.subnet_of(target.value());
  if (own == nullptr) return;
  forwarding_.expect_answers(interface, target);
  outbound_.arp_request(interface, Ipv4Address{own->address}, target, unicast_to);
  solicited_ = clock_.now();
}

void Router::announce(InterfaceId interface, Ipv4Address address) {
  outbound_.announce(interface, address);
}

void Router::publish(InterfaceId interface, Ipv4Address ip, MacAddress mac) {
  follow(interface, ip, mac);
  forwarding_.resolved(interface, ip, mac);
}

/// Who is a live neighbour on a bridge must not grow old as its station.
void Router::follow(InterfaceId interface, Ipv4Address ip, std::optional<MacAddress> mac) {
  if (interfaces_[interface].kind == InterfaceKind::bridge)
    bridges_->neighbor_at(interface, ip, mac);
}

void Router::withdraw(InterfaceId interface, Ipv4Address ip) {
  follow(interface, ip, std::nullopt);
  forwarding_.unresolved(interface, ip);
}

void Router::mark_failed(InterfaceId interface, Ipv4Address ip) {
  follow(interface, ip, std::nullopt);
  forwarding_.failed(interface, ip);
}

void Router::forward(HeldPacket held, InterfaceId interface, MacAddress mac) {
  PacketBuffer packet{static_cast<rte_mbuf*>(held.handle)};
  // Our own packets wait like any other, but spend no hop.
  if (punt_meta(packet.get()).reason == PuntReason::local)
    return outbound_.send_own(std::move(packet), interface, mac);
  if (!outbound_.forward(packet, interface, mac)) {
    const std::uint16_t mtu = dataplane_.snapshot().interfaces[interface].mtu;
    postponed_.push_back({{.error = IcmpError::fragmentation_needed, .mtu = mtu},
                          std::move(packet),
                          DropReason::too_big});
  }
}

void Router::discard(HeldPacket held, DropReason reason) {
  const PacketBuffer packet{static_cast<rte_mbuf*>(held.handle)};
  outbound_.drop(punt_meta(packet.get()).interface, reason);
}

void Router::host_unreachable(HeldPacket held) {
  // The engine must not be called from within itself, and the message may need a neighbour.
  postponed_.push_back({{.error = IcmpError::host_unreachable},
                        PacketBuffer{static_cast<rte_mbuf*>(held.handle)},
                        DropReason::neighbor_failed});
}

void Router::serve_postponed() {
  for (auto& each : std::exchange(postponed_, {})) icmp_error(each.spec, each.packet, each.reason);
}

bool Router::take_used(InterfaceId interface, Ipv4Address ip) {
  return forwarding_.take_used(interface, ip);
}

bool Router::keep_asking(InterfaceId interface, Ipv4Address ip) {
  return forwarding_.is_relieved(interface, ip);
}

}  // namespace weir::control
