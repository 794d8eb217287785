#include "dataplane/stage/arp_guard.hpp"

namespace weir {
namespace {

constexpr double kReplyRate = 20'000, kP0Rate = 20'000, kP1Rate = 20'000, kP2Rate = 2'000,
                 kP3Rate = 10;

ArpVerdict drop(DropReason reason) { return {.drop = reason}; }
ArpVerdict punt(PuntClass punt_class) { return {.punt = true, .punt_class = punt_class}; }

/// VRRP virtual routers answer from their own MAC for the virtual one (RFC 5798
/// section 7.3, 8.1.2).
bool is_vrrp(const MacAddress& mac) {
  return mac.bytes[0] == 0 && mac.bytes[1] == 0 && mac.bytes[2] == 0x5e && mac.bytes[3] == 0 &&
         (mac.bytes[4] == 1 || mac.bytes[4] == 2);
}

bool well_formed(const wire::Arp& arp) {
  return arp.hardware_type.get() == wire::Arp::kEthernet &&
         arp.protocol_type.get() == wire::ether_type::kIpv4 && arp.hardware_length == 6 &&
         arp.protocol_length == 4 &&
         (arp.operation.get() == wire::Arp::kRequest || arp.operation.get() == wire::Arp::kReply);
}

enum class Known { no, same, other };

/// What the adjacency table knows of the sender.
Known known_binding(const wire::Arp& arp, const OwnAddress& subnet,
                    const AdjacencyTable& adjacencies) {
  if (subnet.block == 0) return Known::no;
  const Adjacency adjacency = adjacencies.load(subnet.neighbor(arp.sender_ip.get()));
  // Of a bridge's neighbour: the member that its station is on.
  if (!is_interface(adjacency.egress)) return Known::no;
  return adjacency.destination == arp.sender_mac ? Known::same : Known::other;
}

ArpVerdict judge_request(const wire::Arp& arp, const Interface& interface, const OwnAddress& subnet,
                         const AdjacencyTable& adjacencies) {
  const Known known = known_binding(arp, subnet, adjacencies);
  const bool for_us = interface.own(arp.target_ip.get()) != nullptr;
  if (known == Known::other) {
    ArpVerdict verdict = punt(PuntClass::p3_binding_change);
    verdict.answer = for_us;
    return verdict;
  }
  if (!for_us) return drop(DropReason::arp_not_for_us);
  if (known == Known::same) return {.answer = true};
  return {.answer = true, .punt = true, .punt_class = PuntClass::p2_request_unknown};
}

}  // namespace

ArpBudget::ArpBudget(double ticks)
    : reply(kReplyRate, 256, ticks),
      punt{Policer(kP0Rate, 256, ticks), Policer(kP1Rate, 256, ticks), Policer(kP2Rate, 128, ticks),
           Policer(kP3Rate, 10, ticks)} {}

ArpVerdict judge_arp(const wire::Arp& arp, const MacAddress& source, const Interface& interface,
                     const AdjacencyTable& adjacencies) {
  if (!well_formed(arp)) return drop(DropReason::arp_malformed);
  if (!arp.sender_mac.is_station() || arp.sender_mac == interface.mac ||
      (source != arp.sender_mac && !is_vrrp(arp.sender_mac)))
    return drop(DropReason::arp_bad_sender);

  const std::uint32_t sender = arp.sender_ip.get();
  const bool request = arp.operation.get() == wire::Arp::kRequest;
  if (sender == 0) {  // a probe (RFC 5227 section 2.1.1)
    if (request && interface.own(arp.target_ip.get()) != nullptr) return {.answer = true};
    return drop(request ? DropReason::arp_not_for_us : DropReason::arp_bad_sender);
  }
  // The control plane defends our address (RFC 5227 section 2.4).
  if (interface.own(sender) != nullptr) return punt(PuntClass::p3_binding_change);

  const OwnAddress* subnet = interface.subnet_of(sender);
  if (subnet == nullptr) return drop(DropReason::arp_outside_subnet);
  if (request) return judge_request(arp, interface, *subnet, adjacencies);
  return punt(PuntClass::p0_reply);
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
