#include "dataplane/stage/arp_guard.hpp"

namespace weir {
namespace {

ArpVerdict drop(DropReason reason) { return {.drop = reason}; }

bool well_formed(const wire::Arp& arp) {
  return arp.hardware_type.get() == wire::Arp::kEthernet &&
         arp.protocol_type.get() == wire::ether_type::kIpv4 && arp.hardware_length == 6 &&
         arp.protocol_length == 4 &&
         (arp.operation.get() == wire::Arp::kRequest || arp.operation.get() == wire::Arp::kReply);
}

enum class Known { no, same, other, failed };

struct Sender {
  Known known = Known::no;
  AdjacencyIndex index = 0;
};

/// What the adjacency table knows of the sender.
Sender look_up(const wire::Arp& arp, const OwnAddress& subnet, const AdjacencyTable& adjacencies) {
  if (subnet.block == 0) return {};
  const AdjacencyIndex index = subnet.neighbor(arp.sender_ip.get());
  if ((adjacencies.mark(index) & AdjacencyTable::kKnown) == 0) return {Known::no, index};
  const Adjacency adjacency = adjacencies.load(index);
  if (adjacency.egress == Egress::failed) return {Known::failed, index};
  // Of a bridge's neighbour: the member that its station is on.
  if (!is_interface(adjacency.egress)) return {Known::no, index};
  return {adjacency.destination == arp.sender_mac ? Known::same : Known::other, index};
}

ArpVerdict binding_change(const wire::Arp& arp, bool answer, AdjacencyIndex claimed) {
  return {.answer = answer,
          .punt = true,
          .from_virtual_router = arp.sender_mac.is_virtual_router(),
          .claimed = claimed,
          .punt_class = PuntClass::p3_binding_change,
          .storm_class = StormClass::binding_changes};
}

/// Whoever failed and speaks again is worth a look, whatever it says: as an unknown sender.
ArpVerdict unknown(bool answer, bool punt) {
  return {.answer = answer,
          .punt = punt,
          .punt_class = PuntClass::p2_request_unknown,
          .storm_class = StormClass::unknown_requests};
}

ArpVerdict judge_request(const wire::Arp& arp, const Interface& interface, const Sender& sender) {
  const bool for_us = interface.own(arp.target_ip.get()) != nullptr;
  switch (sender.known) {
    case Known::same:
      if (for_us) return {.answer = true, .storm_class = StormClass::known_requests};
      break;
    case Known::other:
      return binding_change(arp, for_us, sender.index);
    case Known::failed:
      return unknown(for_us, true);
    case Known::no:
      if (for_us) return unknown(true, interface.arp.learns);
      break;
  }
  if (!interface.arp.proxy || arp.sender_ip == arp.target_ip)
    return drop(DropReason::arp_not_for_us);
  ArpVerdict verdict = unknown(false, true);
  verdict.reason = PuntReason::proxy_arp;
  return verdict;
}

ArpVerdict judge_reply(const Sender& sender, const AdjacencyTable& adjacencies) {
  // The last one is the known station's: forged answers must not keep out its own.
  if (sender.index != 0 &&
      adjacencies.take_answer(sender.index, sender.known == Known::other ? 1 : 0))
    return {.punt = true, .punt_class = PuntClass::p0_reply, .storm_class = StormClass::replies};
  if (sender.known == Known::failed) return unknown(false, true);
  return drop(DropReason::arp_unsolicited);
}

}  // namespace

ArpVerdict judge_arp(const wire::Arp& arp, const MacAddress& source, const Interface& interface,
                     const AdjacencyTable& adjacencies) {
  if (!well_formed(arp)) return drop(DropReason::arp_malformed);
  if (!arp.sender_mac.is_station() || arp.sender_mac == interface.mac ||
      (source != arp.sender_mac && !arp.sender_mac.is_virtual_router()))
    return drop(DropReason::arp_bad_sender);

  const std::uint32_t sender = arp.sender_ip.get();
  const bool request = arp.operation.get() == wire::Arp::kRequest;
  if (sender == 0) {  // a probe (RFC 5227 section 2.1.1)
    if (request && interface.own(arp.target_ip.get()) != nullptr) return unknown(true, false);
    return drop(request ? DropReason::arp_not_for_us : DropReason::arp_bad_sender);
  }
  // The control plane defends our address (RFC 5227 section 2.4).
  if (interface.own(sender) != nullptr) return binding_change(arp, false, 0);

  const OwnAddress* subnet = interface.subnet_of(sender);
  if (subnet == nullptr) return drop(DropReason::arp_outside_subnet);
  const Sender known = look_up(arp, *subnet, adjacencies);
  return request ? judge_request(arp, interface, known) : judge_reply(known, adjacencies);
}

void answer_arp(std::uint8_t* frame, const MacAddress& own) {
  auto& ethernet = *reinterpret_cast<wire::Ethernet*>(frame);
  auto& arp = *reinterpret_cast<wire::Arp*>(frame + sizeof(wire::Ethernet));
  const Be32 answered = arp.target_ip;
  ethernet.destination = arp.sender_mac;
  ethernet.source = own;
  arp.operation.set(wire::Arp::kReply);
  arp.target_mac = arp.sender_mac;
  arp.target_ip = arp.sender_ip;
  arp.sender_mac = own;
  arp.sender_ip = answered;
}

}  // namespace weir
