#include "dataplane/worker/switching.hpp"

#include "dataplane/packet/frames.hpp"
#include "dataplane/packet/gather.hpp"
#include "dataplane/packet/vlan_tag.hpp"
#include "dataplane/stage/arp_guard.hpp"
#include "dataplane/stage/ethernet_input.hpp"
#include "dataplane/stage/vlan_input.hpp"

namespace weir {
namespace {

constexpr std::uint32_t kMostInnerTags = 8;  // bytes of tags that `other_vlans` lets pass

/// The packets of a lane whose frame is longer than `limit`.
Lane longer_than(const Burst& burst, Lane lane, std::uint32_t limit) {
  const U32x16 most{limit};
  std::uint64_t longer = 0;
  for_each_sixteen(burst, [&](unsigned first) {
    longer |= at(less(most, U32x16::load(&burst.frame_length[first])), first);
  });
  return Lane{longer} & lane;
}

/// The first `count` packets of a lane.
Lane first_of(Lane lane, unsigned count) {
  Lane result;
  lane.for_each([&](unsigned i) {
    if (count == 0) return;
    --count;
    result.add(i);
  });
  return result;
}

constexpr DropReason storm_reason(FloodClass flood_class) {
  switch (flood_class) {
    case FloodClass::broadcast:
      return DropReason::storm_broadcast;
    case FloodClass::multicast:
      return DropReason::storm_multicast;
    default:
      return DropReason::storm_unknown_unicast;
  }
}

/// 01-00-5E-00-00-xx: link-local groups, which everybody gets (RFC 4541 section 2.1.2 (2)).
bool is_link_local(const MacAddress& mac) { return mac.bytes[3] == 0 && mac.bytes[4] == 0; }

bool is_ipv4_group(const MacAddress& mac) {
  return mac.bytes[0] == 0x01 && mac.bytes[1] == 0x00 && mac.bytes[2] == 0x5e &&
         mac.bytes[3] < 0x80;
}

}  // namespace

struct Switching::Arrival {
  Burst& burst;
  const Snapshot& snapshot;
  const Interface& interface;
  const Bridge& bridge;
  const BridgeMember& member;
  std::uint64_t now;

  InterfaceCounters& counters(Counters& of) const { return of.interface[interface.id]; }
  /// Bytes of the longest frame that `mtu` lets out.
  std::uint32_t longest(std::uint16_t mtu) const {
    return longest_frame(mtu) + (interface.other_vlans ? kMostInnerTags : 0);
  }
};

void Switching::run(Burst& burst, const Snapshot& snapshot, std::uint64_t now) {
  const Interface& port = snapshot.interfaces[burst.interface];
  if (locate_frames(burst) && !chains_.make_whole(burst, port)) return;
  count_received(burst);
  if (port.mirror_in != 0)
    parts_.mirrors.copy(snapshot, port, port.mirror_in, burst.packet, burst.size,
                        MirrorDirection::in);
  if (port.vlans) return sort_tags(burst, snapshot, now);
  if (port.bridge == 0) return deliver(burst, snapshot, now);
  bridge(burst, snapshot, now, Tags::unsorted);
}

void Switching::bridge(Burst& burst, const Snapshot& snapshot, std::uint64_t now, Tags tags) {
  const Interface& interface = snapshot.interfaces[burst.interface];
  const Bridge& bridge = snapshot.bridges[interface.bridge];
  const BridgeMember& member = bridge.members[interface.member];
  const Arrival arrival{burst, snapshot, interface, bridge, member, now};

  const auto input =
      bridge_input(burst, burst.all(), bridge.id, arrival.longest(interface.mtu), keys_);
  if (input.tagged && tags == Tags::unsorted) return sort_tags(burst, snapshot, now);
  count_classes(arrival, input);
  const auto found = bridge_lookup(burst, input.unicast | input.multicast | input.broadcast,
                                   snapshot.tables.fdb->reader(), keys_,
                                   {.heard_on = interface.id,
                                    .own = bridge.interface,
                                    .seconds = snapshot.tables.fdb->seconds()});
  learn(arrival, found);
  const Lane barred = member.forwarding ? found.own_source : burst.all();
  const Lane ahead = found.forward - barred;
  forward(arrival, ahead);
  if (ahead == burst.all()) return endings_.settle(burst, interface.id);  // the common case

  to_own(arrival, found.own - barred);
  groups(arrival, input, (input.multicast | input.broadcast) - barred, found);
  flood(arrival, (found.unknown & input.unicast) - barred, FloodClass::unknown_unicast,
        bridge.flooding & member.reachable);

  const Lane looked_up = input.unicast | input.multicast | input.broadcast;
  drop(found.returning - barred, DropReason::same_interface);
  drop(found.own_source & looked_up, DropReason::own_source_mac);
  if (!member.forwarding) drop(looked_up - found.own_source, DropReason::port_blocked);
  drop(input.bad_source, DropReason::bad_source_mac);
  drop(input.too_short, DropReason::frame_too_short);
  drop(input.too_long, DropReason::frame_too_long);
  reserved(arrival, input.reserved);
  endings_.settle(burst, interface.id);
  parts_.output.flush();
}

void Switching::count_received(const Burst& burst) {
  std::uint64_t bytes = 0;
  for_each_sixteen(
      burst, [&](unsigned first) { bytes += U32x16::load(&burst.frame_length[first]).sum(); });
  InterfaceCounters& counters = counters_.interface[burst.interface];
  counters.rx_packets.add(burst.size);
  counters.rx_bytes.add(bytes);
  burst_bytes_ = bytes;
}

void Switching::count_classes(const Arrival& arrival, const BridgeInput& input) {
  InterfaceCounters& counters = arrival.counters(counters_);
  counters.rx_unicast.add(input.unicast.count());
  if (!input.multicast && !input.broadcast && !input.reserved) return;
  counters.rx_multicast.add((input.multicast | input.reserved).count());
  counters.rx_broadcast.add(input.broadcast.count());
}

/// By interface: a burst for each, tags off.
void Switching::sort_tags(Burst& burst, const Snapshot& snapshot, std::uint64_t now) {
  const Interface& port = snapshot.interfaces[burst.interface];
  const auto vlans = vlan_input(burst, burst.all(), port, snapshot);
  // Bytes are those on the wire, whoever took the tag off.
  if (vlans.beside) counters_.interface[port.id].rx_bytes.add(vlans.beside.count() * kTagLength);
  drop(vlans.unknown, DropReason::unknown_vlan);
  endings_.settle(burst, port.id);
  if (vlans.own == burst.all()) {
    burst_bytes_ = bytes_of(burst, burst.all());
    return deliver(burst, snapshot, now);
  }

  const auto deliver_part = [&](InterfaceId interface, Lane lane) {
    rte_mbuf* packets[kGathered];
    part_.size = gather(burst, lane, packets);
    std::copy_n(packets, part_.size, part_.packet);
    part_.interface = interface;
    locate_frames(part_);
    burst_bytes_ = bytes_of(part_, part_.all());
    if (interface != port.id) {
      count_received(part_);
      if (const Interface& vlan = snapshot.interfaces[interface]; vlan.mirror_in != 0)
        parts_.mirrors.copy(snapshot, vlan, vlan.mirror_in, part_.packet, part_.size,
                            MirrorDirection::in);
    }
    deliver(part_, snapshot, now);
  };
  if (vlans.own) deliver_part(port.id, vlans.own);
  for (Lane rest = vlans.vlan; rest;) {
    const InterfaceId interface = vlans.interface[rest.front()];
    Lane same;
    rest.for_each([&](unsigned i) {
      if (vlans.interface[i] == interface) same.add(i);
    });
    rest = rest - same;
    deliver_part(interface, same);
  }
}

/// To the bridge that the interface is in, or to be routed.
void Switching::deliver(Burst& burst, const Snapshot& snapshot, std::uint64_t now) {
  if (snapshot.interfaces[burst.interface].bridge != 0)
    return bridge(burst, snapshot, now, Tags::sorted);
  parts_.routing.run(burst, snapshot, now, Pipeline::Received::counted);
}

void Switching::learn(const Arrival& arrival, const BridgeLookup& found) {
  const FdbReader fdb = arrival.snapshot.tables.fdb->reader();
  const auto report = [&](unsigned i, std::uint16_t own_source) {
    parts_.learner.report(
        {.key = keys_.source[i], .interface = arrival.interface.id, .own_source = own_source},
        arrival.now);
  };
  if (found.own_source) report(found.own_source.front(), 1);
  if (found.elsewhere) arrival.counters(counters_).elsewhere.add(found.elsewhere.count());
  if (!arrival.member.learning) return;
  if (found.newcomer) found.newcomer.for_each([&](unsigned i) { report(i, 0); });
  if (found.stale) {
    const std::uint32_t seconds = arrival.snapshot.tables.fdb->seconds();
    found.stale.for_each([&](unsigned i) { fdb.mark_seen(keys_.source[i], seconds); });
  }
  if (found.unanswered)
    found.unanswered.for_each([&](unsigned i) { fdb.mark_two_way(keys_.destination[i]); });
}

void Switching::forward(const Arrival& arrival, Lane lane) {
  Burst& burst = arrival.burst;
  while (lane) {
    const auto egress = static_cast<InterfaceId>(burst.egress[lane.front()]);
    const Lane same = going(burst, lane, egress);
    lane = lane - same;
    const Interface& to = arrival.snapshot.interfaces[egress];
    if ((arrival.member.reachable & member_bit(to.member)) == 0) {
      const bool open = arrival.bridge.members[to.member].forwarding;
      drop(same, open ? DropReason::split_horizon : DropReason::port_blocked);
      continue;
    }
    const Lane over = longer_than(burst, same, arrival.longest(to.mtu));
    drop(over, DropReason::frame_over_mtu);
    if (same == burst.all() && !over)
      return parts_.output.send(egress, burst.packet, burst.size, burst_bytes_);
    const Lane fit = same - over;
    if (!fit) continue;
    rte_mbuf* packets[kGathered];
    const unsigned count = gather(burst, fit, packets);
    parts_.output.send(egress, packets, count, bytes_of(burst, fit));
  }
}

void Switching::reserved(const Arrival& arrival, Lane lane) {
  lane.for_each([&](unsigned i) {
    const bool bpdu = arrival.burst.ethernet(i).destination.bytes[5] == 0;
    if (bpdu && arrival.bridge.spanning_tree)
      punt(arrival, i, {.punt_class = PuntClass::bpdu, .reason = PuntReason::bpdu});
    else
      drop(Lane::one(i), DropReason::reserved_address);
  });
}

void Switching::punt(const Arrival& arrival, unsigned i, PuntMeta meta) {
  meta.interface = meta.heard_on = arrival.interface.id;
  const DropReason reason = parts_.punter.punt(arrival.burst.packet[i], meta, arrival.now);
  if (reason == Punter::kPunted)
    endings_.spend(i);
  else
    drop(Lane::one(i), reason);
}

void Switching::groups(const Arrival& arrival, const BridgeInput& input, Lane lane,
                       const BridgeLookup& found) {
  if (!lane) return;
  if (arrival.bridge.routed) groups_to_own(arrival, lane);
  flood(arrival, lane & input.broadcast, FloodClass::broadcast,
        arrival.bridge.flooding & arrival.member.reachable);
  if (const Lane groups = lane & input.multicast)
    multicast(arrival, groups - take_igmp(arrival, groups), found.group);
}

void Switching::multicast(const Arrival& arrival, Lane lane, Lane registered) {
  const Bridge& bridge = arrival.bridge;
  // Asked for, so no storm.
  for (Lane rest = lane & registered; rest;) {
    const std::uint32_t set = arrival.burst.egress[rest.front()];
    const Lane same = going(arrival.burst, rest, set);
    rest = rest - same;
    const MemberSet members =
        arrival.snapshot.tables.multicast->load(static_cast<std::uint16_t>(set));
    flood_within_budget(arrival, same, members & bridge.flooding & arrival.member.reachable);
  }
  const Lane unregistered = lane - registered;
  Lane snooped;
  if (bridge.igmp_snooping && bridge.unregistered != bridge.flooding)
    unregistered.for_each([&](unsigned i) {
      const MacAddress& to = arrival.burst.ethernet(i).destination;
      if (is_ipv4_group(to) && !is_link_local(to)) snooped.add(i);
    });
  flood(arrival, snooped, FloodClass::multicast,
        bridge.unregistered & bridge.flooding & arrival.member.reachable);
  flood(arrival, unregistered - snooped, FloodClass::multicast,
        bridge.flooding & arrival.member.reachable);
}

/// IGMP goes to the control thread alone, which sends on what others are to see; PIM, which tells
/// of routers, goes there besides.
Lane Switching::take_igmp(const Arrival& arrival, Lane multicast) {
  Lane taken;
  if (!arrival.bridge.igmp_snooping) return taken;
  multicast.for_each([&](unsigned i) {
    Burst& burst = arrival.burst;
    if (burst.frame_length[i] < sizeof(wire::Ethernet) + sizeof(wire::Ipv4)) return;
    if (burst.ethernet(i).type.get() != wire::ether_type::kIpv4) return;
    const wire::Ipv4& ip = burst.ipv4(i);
    const PuntMeta meta{.interface = arrival.interface.id,
                        .heard_on = arrival.interface.id,
                        .punt_class = PuntClass::igmp,
                        .reason = PuntReason::igmp};
    if (ip.protocol == wire::ip_protocol::kIgmp) {
      taken.add(i);
      punt(arrival, i, meta);
    } else if (ip.protocol == wire::ip_protocol::kPim &&
               ip.destination.get() == wire::Ipv4::kAllPimRouters &&
               parts_.punter.punt(burst.packet[i], meta, arrival.now) == Punter::kPunted) {
      counters_.generated.add(1);
    }
  });
  return taken;
}

void Switching::flood(const Arrival& arrival, Lane lane, FloodClass flood_class,
                      MemberSet targets) {
  if (!lane) return;
  const MemberSet self = member_bit(arrival.interface.member);
  if ((arrival.bridge.flooding & self) == 0) return drop(lane, DropReason::loop_blocked);
  const unsigned allowed =
      parts_.output.within_budget(arrival.interface.id, arrival.member, flood_class, lane.count());
  if (allowed < lane.count()) {
    const Lane kept = first_of(lane, allowed);
    drop(lane - kept, storm_reason(flood_class));
    lane = kept;
  }
  flood_within_budget(arrival, lane, targets);
}

void Switching::flood_within_budget(const Arrival& arrival, Lane lane, MemberSet targets) {
  if (!lane) return;
  if (targets == 0) return drop(lane, DropReason::no_member);
  Burst& burst = arrival.burst;
  const Bridge& bridge = arrival.bridge;
  const Lane over = longer_than(burst, lane, arrival.longest(bridge.smallest_mtu));
  rte_mbuf* packets[kGathered];
  if (const Lane fit = lane - over) {
    const unsigned count = gather(burst, fit, packets);
    arrival.counters(counters_).flooded.add(count);
    parts_.output.flood(bridge, targets, packets, count, bytes_of(burst, fit));
  }
  over.for_each([&](unsigned i) {
    MemberSet wide = 0;
    for (MemberSet rest = targets; rest != 0; rest &= rest - 1) {
      const auto m = static_cast<unsigned>(std::countr_zero(rest));
      const std::uint16_t mtu = arrival.snapshot.interfaces[bridge.members[m].interface].mtu;
      if (burst.frame_length[i] <= arrival.longest(mtu)) wide |= member_bit(m);
    }
    if (wide == 0) return drop(Lane::one(i), DropReason::frame_over_mtu);
    arrival.counters(counters_).flooded.add(1);
    parts_.output.flood(bridge, wide, &burst.packet[i], 1, burst.frame_length[i]);
  });
}

void Switching::to_own(const Arrival& arrival, Lane lane) {
  if (!lane) return;
  if (!arrival.bridge.routed) return drop(lane, DropReason::local_unsupported);
  rte_mbuf* packets[kGathered];
  own_.size = gather(arrival.burst, lane, packets);
  std::copy_n(packets, own_.size, own_.packet);
  run_own(arrival);
}

/// Copies of what the bridge itself wants of its groups' packets; all others get them as well.
void Switching::groups_to_own(const Arrival& arrival, Lane lane) {
  own_.size = 0;
  unsigned wanted = 0;
  lane.for_each([&](unsigned i) {
    if (!wants_group(arrival, i)) return;
    ++wanted;
    rte_mbuf* const copy = rte_pktmbuf_copy(arrival.burst.packet[i], parts_.packets, 0, UINT32_MAX);
    if (copy != nullptr) own_.packet[own_.size++] = copy;
  });
  counters_.generated.add(wanted);
  constexpr auto kReason = static_cast<std::size_t>(DropReason::no_buffer);
  if (own_.size < wanted)
    counters_.interface[arrival.bridge.interface].dropped[kReason].add(wanted - own_.size);
  if (own_.size > 0) run_own(arrival);
}

bool Switching::wants_group(const Arrival& arrival, unsigned i) const {
  Burst& burst = arrival.burst;
  const wire::Ethernet& ethernet = burst.ethernet(i);
  switch (ethernet.type.get()) {
    case wire::ether_type::kArp: {
      if (burst.frame_length[i] < sizeof ethernet + sizeof(wire::Arp)) return false;
      const Interface& own = arrival.snapshot.interfaces[arrival.bridge.interface];
      const ArpVerdict verdict =
          judge_arp(burst.arp(i), ethernet.source, own, *arrival.snapshot.tables.adjacencies);
      return verdict.answer || verdict.punt;
    }
    case wire::ether_type::kIpv4:
      return ethernet.destination.is_broadcast() || is_subscribed(ethernet.destination);
    default:
      return false;
  }
}

void Switching::run_own(const Arrival& arrival) {
  const Interface& own = arrival.snapshot.interfaces[arrival.bridge.interface];
  own_.interface = own.id;
  own_.heard_on = arrival.interface.id;
  if (own.mirror_in != 0)
    parts_.mirrors.copy(arrival.snapshot, own, own.mirror_in, own_.packet, own_.size,
                        MirrorDirection::in);
  parts_.routing.run(own_, arrival.snapshot, arrival.now);
}

}  // namespace weir
