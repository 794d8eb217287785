#include "dataplane/worker/pipeline.hpp"

#include <bit>
#include <cstring>
#include <utility>

#include "dataplane/packet/gather.hpp"
#include "dataplane/stage/ethernet_input.hpp"
#include "dataplane/stage/ip_lookup.hpp"
#include "dataplane/stage/ip_rewrite.hpp"
#include "dataplane/stage/ipv4_fragment.hpp"
#include "dataplane/stage/ipv4_options.hpp"
#include "dataplane/stage/ipv4_validate.hpp"

namespace weir {

namespace {

/// The packets of a lane that end with this verdict.
Lane ending(const Burst& burst, Lane lane, Egress egress) {
  return going(burst, lane, static_cast<std::uint32_t>(egress));
}

}  // namespace

struct Pipeline::Arrival {
  Burst& burst;
  const Snapshot& snapshot;
  const Interface& interface;
  std::uint64_t now;
};

void Pipeline::run(Burst& burst, const Snapshot& snapshot, std::uint64_t now, Received received) {
  const Interface& interface = snapshot.interfaces[burst.interface];
  const Arrival arrival{burst, snapshot, interface, now};

  const auto ethernet = ethernet_input(burst, interface);
  count(burst, received);
  const Lane ipv4 = ethernet.ipv4 | ethernet.ipv4_group;
  const auto ip = ipv4_validate(burst, ipv4, interface.nic_checksums);
  const auto hop = ip_lookup(burst, ip.plain | ip.options, snapshot.tables);
  Lane onward = hop.forward - ethernet.ipv4_group;
  if (ip.options) onward = (onward - ip.options) | options(arrival, onward & ip.options);
  const auto out = ip_rewrite(burst, onward, snapshot);
  mark_used(arrival, out.ready);
  forward(burst, out.ready);
  if (out.ready == burst.all()) return;  // the common case ends here

  if (ethernet.arp) arp(arrival, ethernet.arp);
  if (hop.other) verdicts(arrival, hop.other, ethernet.ipv4_group);
  drop(hop.forward & ethernet.ipv4_group, DropReason::link_broadcast);
  out.ttl_expired.for_each([&](unsigned i) {
    punt(arrival, i, {.punt_class = PuntClass::icmp_error, .reason = PuntReason::ttl_expired});
  });
  out.too_big.for_each([&](unsigned i) { oversized(arrival, i); });

  drop(ethernet.too_short, DropReason::frame_too_short);
  drop(ethernet.too_long, DropReason::frame_too_long);
  drop(ethernet.not_ours, DropReason::not_our_mac);
  drop(ethernet.not_subscribed, DropReason::multicast_not_subscribed);
  drop(ethernet.unknown_vlan, DropReason::unknown_vlan);
  drop(ethernet.unknown_type, DropReason::unknown_ether_type);
  drop(ip.bad_header, DropReason::bad_header);
  drop(ip.bad_length, DropReason::bad_length);
  drop(ip.bad_checksum, DropReason::bad_checksum);
  drop(ip.martian, DropReason::martian_source);
  endings_.settle(burst, interface.id);
  output_.flush();
}

void Pipeline::count(const Burst& burst, Received received) {
  std::uint64_t bytes = 0;
  for_each_sixteen(
      burst, [&](unsigned first) { bytes += U32x16::load(&burst.frame_length[first]).sum(); });
  burst_bytes_ = bytes;
  if (received == Received::counted) return;
  InterfaceCounters& counters = counters_.interface[burst.interface];
  counters.rx_packets.add(burst.size);
  counters.rx_bytes.add(bytes);
}

void Pipeline::mark_used(const Arrival& arrival, Lane ready) {
  if (!ready) return;
  // One packet a burst, another place each time: enough to know which neighbours are in use.
  sample_ = (sample_ + 1) % Burst::kSize;
  const unsigned i = ready.has(sample_) ? sample_ : ready.front();
  std::uint8_t* const mark =
      &arrival.snapshot.tables.adjacencies->used_marks()[arrival.burst.adjacency[i]];
  // Read first: a set mark must not be written again by every worker.
  if (__atomic_load_n(mark, __ATOMIC_RELAXED) == 0)
    __atomic_store_n(mark, std::uint8_t{1}, __ATOMIC_RELAXED);
}

void Pipeline::forward(Burst& burst, Lane ready) {
  if (!ready) return;
  const Egress first = burst.egress_of(ready.front());
  const U32x16 same{static_cast<std::uint32_t>(first)};
  std::uint64_t others = 0;
  for_each_sixteen(burst, [&](unsigned at16) {
    others |= at(~equal(U32x16::load(&burst.egress[at16]), same) & 0xffff, at16);
  });
  if ((Lane{others} & ready).empty()) {
    if (ready == burst.all())
      return output_.send(interface_of(first), burst.packet, burst.size, burst_bytes_);
    rte_mbuf* packets[kGathered];
    const unsigned count = gather(burst, ready, packets);
    return output_.send(interface_of(first), packets, count, bytes_of(burst, ready));
  }
  ready.for_each(
      [&](unsigned i) { output_.stage(interface_of(burst.egress_of(i)), burst.packet[i]); });
  output_.flush();
}

/// Where an answer goes that must not be flooded, though its station be unknown.
InterfaceId Pipeline::heard_on(const Arrival& arrival) const {
  return arrival.interface.kind == InterfaceKind::bridge ? arrival.burst.heard_on
                                                         : arrival.interface.id;
}

void Pipeline::arp(const Arrival& arrival, Lane lane) {
  Burst& burst = arrival.burst;
  const Interface& interface = arrival.interface;
  InterfaceCounters& counters = counters_.interface[interface.id];
  ArpBudget& budget = arp_budgets_[interface.id];
  lane.for_each([&](unsigned i) {
    const wire::Arp& arp = burst.arp(i);
    const bool request = arp.operation.get() == wire::Arp::kRequest;
    (request ? counters.arp_requests : counters.arp_replies_received).add(1);
    const ArpVerdict verdict =
        judge_arp(arp, burst.ethernet(i).source, interface, *arrival.snapshot.tables.adjacencies);
    if (!verdict.answer && !verdict.punt) return drop(i, verdict.drop);

    DropReason punted = DropReason::arp_policed;
    if (verdict.punt && budget.of(verdict.punt_class).take(arrival.now))
      punted = punter_.punt(burst.packet[i],
                            {.interface = interface.id,
                             .heard_on = heard_on(arrival),
                             .punt_class = verdict.punt_class,
                             .reason = PuntReason::arp},
                            arrival.now);
    const bool handed_over = verdict.punt && punted == Punter::kPunted;
    if (verdict.answer && budget.reply.take(arrival.now)) {
      // The frame becomes the answer. What was punted is a second packet, ended by the control
      // plane.
      if (!handed_over) counters_.consumed.add(1);
      answer_arp(burst.frame[i], interface.mac);
      counters.arp_replies_sent.add(1);
      counters_.generated.add(1);
      output_.stage(heard_on(arrival), burst.packet[i]);
    } else if (handed_over) {
      endings_.spend(i);
    } else {
      drop(i, verdict.answer ? DropReason::arp_policed : punted);
    }
  });
}

void Pipeline::verdicts(const Arrival& arrival, Lane other, Lane group) {
  const Burst& burst = arrival.burst;
  // What comes in floods goes in one piece, the rest one by one.
  const Lane blackholed = ending(burst, other, Egress::blackhole);
  const Lane failed = ending(burst, other, Egress::failed);
  const Lane martian = ending(burst, other, Egress::martian);
  const Lane unresolved = ending(burst, other, Egress::unresolved) - group;
  drop(blackholed, DropReason::blackhole);
  drop(failed, DropReason::neighbor_failed);
  drop(martian, DropReason::martian_destination);
  if (unresolved) glean(arrival, unresolved);
  (other - blackholed - failed - martian - unresolved).for_each([&](unsigned i) {
    verdict(arrival, i, group.has(i));
  });
}

void Pipeline::verdict(const Arrival& arrival, unsigned i, bool group) {
  Burst& burst = arrival.burst;
  const Egress egress = burst.egress_of(i);
  const bool to_us =
      egress == Egress::local ||
      (egress == Egress::subnet_broadcast && burst.rewrite[i].value() == arrival.interface.id) ||
      (egress == Egress::multicast && group);
  if (to_us) {
    punt(arrival, i,
         {.punt_class = PuntClass::local, .reason = PuntReason::local, .link_broadcast = group});
    return;
  }
  // RFC 1812 section 5.3.4: no router forwards what came in a link-layer broadcast.
  if (group) return drop(i, DropReason::link_broadcast);
  const auto icmp = [&](PuntReason reason) {
    punt(arrival, i, {.punt_class = PuntClass::icmp_error, .reason = reason});
  };
  switch (egress) {
    case Egress::no_route:
      return icmp(PuntReason::no_route);
    case Egress::unreachable:
      return icmp(PuntReason::unreachable);
    case Egress::prohibit:
      return icmp(PuntReason::prohibit);
    case Egress::subnet_broadcast:
      return drop(i, DropReason::directed_broadcast);
    case Egress::multicast:
      return drop(i, DropReason::multicast_not_subscribed);
    default:
      return drop(i, DropReason::no_route);
  }
}

void Pipeline::glean(const Arrival& arrival, Lane lane) {
  const Burst& burst = arrival.burst;
  // Time to live is spent before the neighbour is asked for (RFC 1812 section 5.2.1).
  Lane expired;
  lane.for_each([&](unsigned i) {
    if ((burst.hop_word[i] & 0xff) < 2) expired.add(i);
  });
  expired.for_each([&](unsigned i) {
    punt(arrival, i, {.punt_class = PuntClass::icmp_error, .reason = PuntReason::ttl_expired});
  });
  for (lane = lane - expired; lane; lane = lane - Lane::one(lane.front())) {
    const unsigned i = lane.front();
    // A slot that once was resolved keeps its MAC: those destinations come first.
    const bool known = !burst.rewrite[i].destination.is_zero();
    const DropReason refused =
        punt(arrival, i,
             {.adjacency = burst.adjacency[i],
              .punt_class = known ? PuntClass::p4_glean_known : PuntClass::p5_glean_unknown,
              .reason = PuntReason::glean});
    // All ask of one budget at one time: what it refused one it refuses the rest.
    if (refused == DropReason::glean_policed) return drop(lane, refused);
  }
}

Lane Pipeline::options(const Arrival& arrival, Lane lane) {
  Burst& burst = arrival.burst;
  Lane onward;
  lane.for_each([&](unsigned i) {
    const auto& addresses = arrival.snapshot.interfaces[interface_of(burst.egress_of(i))].addresses;
    const std::uint32_t own = addresses.empty() ? 0 : addresses.front().address;
    switch (process_options(burst.ipv4(i), own)) {
      case OptionsVerdict::source_routed:
        return drop(i, DropReason::source_route);
      case OptionsVerdict::malformed:
        punt(arrival, i, {.punt_class = PuntClass::icmp_error, .reason = PuntReason::bad_option});
        return;
      case OptionsVerdict::forward:
        break;
    }
    std::memcpy(&burst.hop_word[i], &burst.ipv4(i).ttl, sizeof burst.hop_word[i]);
    onward.add(i);
  });
  return onward;
}

void Pipeline::oversized(const Arrival& arrival, unsigned i) {
  Burst& burst = arrival.burst;
  const InterfaceId egress = interface_of(burst.egress_of(i));
  const std::uint16_t mtu = arrival.snapshot.interfaces[egress].mtu;
  if ((burst.ipv4(i).fragment.get() & wire::Ipv4::kDontFragment) != 0) {
    punt(arrival, i,
         {.mtu = mtu, .punt_class = PuntClass::icmp_error, .reason = PuntReason::too_big});
    return;
  }
  std::array<rte_mbuf*, kMaxFragments> fragments;
  const unsigned made =
      fragment_ipv4(burst.packet[i], mtu, burst.rewrite[i], fragments_, fragments);
  if (made == 0) return drop(i, DropReason::fragment_failed);
  counters_.interface[arrival.interface.id].fragmented.add(1);
  counters_.consumed.add(1);
  counters_.generated.add(made);
  for (unsigned k = 0; k < made; ++k) output_.stage(egress, fragments[k]);
  endings_.spend(i);
}

DropReason Pipeline::punt(const Arrival& arrival, unsigned i, PuntMeta meta) {
  meta.interface = arrival.interface.id;
  meta.heard_on = heard_on(arrival);
  const DropReason reason = punter_.punt(arrival.burst.packet[i], meta, arrival.now);
  if (reason == Punter::kPunted)
    endings_.spend(i);
  else
    drop(i, reason);
  return reason;
}

Pipeline::Pipeline(Counters& counters, Output& output, Punter& punter, rte_mempool* fragments,
                   std::uint64_t ticks_per_second)
    : counters_(counters),
      output_(output),
      punter_(punter),
      fragments_(fragments),
      endings_(counters) {
  arp_budgets_.fill(ArpBudget(static_cast<double>(ticks_per_second)));
}

}  // namespace weir
