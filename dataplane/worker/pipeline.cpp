#include "dataplane/worker/pipeline.hpp"

#include <bit>
#include <cstring>
#include <utility>

#include "dataplane/packet/gather.hpp"
#include "dataplane/packet/set_aside.hpp"
#include "dataplane/stage/arp_sort.hpp"
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

/// Zero: it has no destination.
std::uint64_t destination_word(const Adjacency& adjacency) {
  std::uint64_t word;
  std::memcpy(&word, &adjacency, sizeof word);
  return word << 16;  // without the first two bytes of the source
}

/// What ethernet_input found, of the packets that are left when only `kept` are.
EthernetInput only(const EthernetInput& all, Lane kept) {
  EthernetInput result;
  for (const auto lane :
       {&EthernetInput::ipv4, &EthernetInput::ipv4_group, &EthernetInput::arp,
        &EthernetInput::too_short, &EthernetInput::too_long, &EthernetInput::not_ours,
        &EthernetInput::not_subscribed, &EthernetInput::unknown_vlan, &EthernetInput::unknown_type})
    result.*lane = in_ranks(all.*lane, kept);
  return result;
}

/// Those whose time to live does not let them go on.
Lane spent_lifetime(const Burst& burst, Lane lane) {
  std::uint64_t spent = 0;
  for_each_sixteen(burst, [&](unsigned first) {
    spent |= at(less(U32x16::load(&burst.hop_word[first]) & U32x16{0xff}, U32x16{2}), first);
  });
  return Lane{spent} & lane;
}

/// Those whose adjacency has a destination. In a storm none has: that is found in fewer steps.
Lane with_destination(const Burst& burst, Lane lane) {
  std::uint64_t any = 0;
  lane.for_each([&](unsigned i) { any |= destination_word(burst.rewrite[i]); });
  Lane found;
  if (any != 0)
    lane.for_each([&](unsigned i) {
      if (destination_word(burst.rewrite[i]) != 0) found.add(i);
    });
  return found;
}

/// The packets of a lane that have this source MAC address.
Lane from_same_source(const Burst& burst, Lane lane, const MacAddress& source) {
  std::uint32_t high;
  std::uint16_t low;
  std::memcpy(&low, source.bytes.data(), 2);
  std::memcpy(&high, source.bytes.data() + 2, 4);
  std::uint64_t same = 0;
  for_each_sixteen(burst, [&](unsigned first) {
    const Columns header = load_columns(&burst.frame[first], 0);
    same |= at(
        equal(header.word[1].shift_right<16>(), U32x16{low}) & equal(header.word[2], U32x16{high}),
        first);
  });
  return Lane{same} & lane;
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

  EthernetInput ethernet = ethernet_input(burst, interface);
  if (ethernet.chained) [[unlikely]] {
    if (chains_.make_whole(burst, interface)) run(burst, snapshot, now, received);
    return;
  }
  count(burst, received);
  if (!ethernet.arp) return sorted(arrival, ethernet, burst.all());
  // ARP goes its own way: the vectors of what is routed stay full, and so do those of a storm.
  Lane kept = burst.all() - ethernet.arp;
  if (ethernet.arp.count() < kStorm) {
    copy_aside(burst, ethernet.arp, arp_burst_);
  } else {
    set_aside(burst, ethernet.arp, arp_burst_);
    ethernet = only(ethernet, kept);
    kept = burst.all();
  }
  if (kept) sorted(arrival, ethernet, kept);
  arp({arp_burst_, snapshot, interface, now}, arp_burst_.all());
  endings_.settle(arp_burst_, interface.id);
  output_.flush();
}

void Pipeline::sorted(const Arrival& arrival, const EthernetInput& ethernet, Lane all) {
  const auto& [burst, snapshot, interface, now] = arrival;
  const Lane ipv4 = ethernet.ipv4 | ethernet.ipv4_group;
  const auto ip = ipv4_validate(burst, ipv4, interface.nic_checksums);
  const auto hop = ip_lookup(burst, ip.plain | ip.options, snapshot.tables);
  Lane onward = hop.forward - ethernet.ipv4_group;
  if (ip.options) onward = (onward - ip.options) | options(arrival, onward & ip.options);
  const auto out = ip_rewrite(burst, onward, snapshot);
  mark_used(arrival, out.ready);
  forward(burst, out.ready);
  if (out.ready == all) return;  // the common case ends here

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
  if (interface.arp.rarp)
    rarp(arrival, ethernet.unknown_type);
  else
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
  const AdjacencyTable& adjacencies = *arrival.snapshot.tables.adjacencies;
  const InterfaceId port = heard_on(arrival);
  ArpSort sort = arp_sort(burst, lane, interface, adjacencies);
  drop(sort.others, DropReason::arp_not_for_us);
  drop(sort.unasked, DropReason::arp_unsolicited);
  drop(sort.outside, DropReason::arp_outside_subnet);
  Lane unwanted = sort.others | sort.unasked | sort.outside;
  if (sort.for_us) {
    if (spent(arrival)) {
      const auto storm_class = static_cast<std::size_t>(StormClass::unknown_requests);
      counters_.interface[port].storm_offered[storm_class].add(sort.for_us.count());
      counters_.interface[port].storm_policed[storm_class].add(sort.for_us.count());
      drop(sort.for_us, DropReason::arp_policed);
      sample(arrival, sort.for_us);
    } else {
      sort.rest |= sort.for_us;
    }
  }
  if (sort.claims) sort.rest |= sort.claims - drop_claims(arrival, sort);
  sort.rest.for_each([&](unsigned i) {
    const ArpVerdict verdict =
        judge_arp(burst.arp(i), burst.ethernet(i).source, interface, adjacencies);
    if (verdict.answer || verdict.punt) return arp_verdict(arrival, i, verdict);
    unwanted.add(i);
    drop(i, verdict.drop);
  });
  sample(arrival, unwanted);
  InterfaceCounters& counters = counters_.interface[interface.id];
  counters.arp_requests.add(sort.requests.count());
  counters.arp_replies_received.add(lane.count() - sort.requests.count());
  counters_.interface[port].storm_offered[static_cast<std::size_t>(StormClass::others)].add(
      unwanted.count());
}

/// Whether neither an answer nor a punt is left for requests of unknown senders.
bool Pipeline::spent(const Arrival& arrival) const {
  const ArpPolicy& policy = arrival.interface.arp;
  const ArpBudget& budget = arp_budgets_[heard_on(arrival)];
  return !budget.answers.has_room(policy.answers, arrival.now) &&
         !(policy.learns && budget.unknown_requests.has_room(policy.unknown_requests, arrival.now));
}

/// Notes who sends what was dropped without a look at the sender, of ARP.
void Pipeline::sample(const Arrival& arrival, Lane lane) {
  if (!lane || !sources_.sample(lane.count())) return;
  const unsigned i = lane.around(sources_.pick());
  sources_.note_sample(heard_on(arrival), arrival.burst.ethernet(i).source,
                       arrival.burst.arp(i).sender_ip.get(), arrival.now);
}

void Pipeline::arp_verdict(const Arrival& arrival, unsigned i, ArpVerdict verdict) {
  Burst& burst = arrival.burst;
  const Interface& interface = arrival.interface;
  const InterfaceId port = heard_on(arrival);
  const auto storm_class = static_cast<std::size_t>(verdict.storm_class);
  counters_.interface[port].storm_offered[storm_class].add(1);
  const bool wants_punt = verdict.punt;
  const DropReason refused = police(arrival, i, verdict);
  // An answer alone keeps nobody's budget: what the control plane was to see counts.
  if (wants_punt ? !verdict.punt : !verdict.answer)
    counters_.interface[port].storm_policed[storm_class].add(1);
  if (!verdict.answer && !verdict.punt) return drop(i, refused);
  DropReason punted = refused;
  if (verdict.punt)
    punted = punter_.punt(burst.packet[i],
                          {.interface = interface.id,
                           .heard_on = port,
                           .punt_class = verdict.punt_class,
                           .reason = verdict.reason},
                          arrival.now);
  const bool handed_over = verdict.punt && punted == Punter::kPunted;
  if (handed_over && verdict.claimed != 0 && !verdict.from_virtual_router)
    arrival.snapshot.tables.adjacencies->claims().set(verdict.claimed, claim_time(arrival));
  if (verdict.answer) {
    // The frame becomes the answer. What was punted is a second packet, ended by the control
    // plane.
    if (!handed_over) counters_.consumed.add(1);
    answer_arp(burst.frame[i], interface.mac);
    counters_.interface[interface.id].arp_replies_sent.add(1);
    counters_.generated.add(1);
    output_.stage(port, burst.packet[i]);
  } else if (handed_over) {
    endings_.spend(i);
  } else {
    drop(i, punted);
  }
}

/// Now, by the clock of claims; never 0.
std::uint8_t Pipeline::claim_time(const Arrival& arrival) {
  return static_cast<std::uint8_t>((arrival.now >> arrival.interface.arp.claim_clock) % 255 + 1);
}

/// What pays for handing over an unknown sender's request, or a claim: of a VRRP address, the first
/// to this address for a while, or one more.
Pipeline::PuntBudget Pipeline::punt_budget(const Arrival& arrival, ArpBudget& budget,
                                           const ArpVerdict& verdict) {
  const ArpPolicy& policy = arrival.interface.arp;
  if (verdict.storm_class != StormClass::binding_changes)
    return {budget.unknown_requests, policy.unknown_requests};
  if (verdict.from_virtual_router) return {budget.virtual_routers, policy.virtual_routers};
  if (verdict.claimed == 0 || claimed_lately(arrival, verdict.claimed))
    return {budget.binding_changes, policy.binding_changes};
  return {budget.first_claims, policy.first_claims};
}

bool Pipeline::claimed_lately(const Arrival& arrival, AdjacencyIndex neighbor) {
  const unsigned last = arrival.snapshot.tables.adjacencies->claims().get(neighbor);
  return last != 0 && (claim_time(arrival) + 255u - last) % 255 < kClaimMemory;
}

/// Claims to addresses that were claimed lately, once the budget of binding changes is spent.
Lane Pipeline::drop_claims(const Arrival& arrival, const ArpSort& sort) {
  const InterfaceId port = heard_on(arrival);
  const PolicerState& budget = arp_budgets_[port].binding_changes;
  if (budget.has_room(arrival.interface.arp.binding_changes, arrival.now)) return {};
  Lane dropped;
  sort.claims.for_each([&](unsigned i) {
    if (claimed_lately(arrival, sort.neighbor[i])) dropped.add(i);
  });
  if (!dropped) return {};
  const auto storm_class = static_cast<std::size_t>(StormClass::binding_changes);
  InterfaceCounters& counters = counters_.interface[port];
  counters.storm_offered[storm_class].add(dropped.count());
  counters.storm_policed[storm_class].add(dropped.count());
  drop(dropped, DropReason::arp_policed);
  sample(arrival, dropped);
  return dropped;
}

/// Takes from the verdict what no budget is left for; returns why.
DropReason Pipeline::police(const Arrival& arrival, unsigned i, ArpVerdict& verdict) {
  const ArpPolicy& policy = arrival.interface.arp;
  const InterfaceId port = heard_on(arrival);
  ArpBudget& budget = arp_budgets_[port];
  const std::uint64_t now = arrival.now;
  if (verdict.storm_class == StormClass::replies) {
    verdict.punt = budget.replies.take(policy.replies, now, 1) != 0;
    return DropReason::arp_policed;
  }
  if (verdict.storm_class == StormClass::known_requests) {
    verdict.answer = budget.known_requests.take(policy.known_requests, now, 1) != 0;
    return DropReason::arp_policed;
  }
  // Unknown senders, and those who claim what belongs to another.
  const auto [punts, rate] = punt_budget(arrival, budget, verdict);
  verdict.punt = verdict.punt && punts.has_room(rate, now);
  verdict.answer = verdict.answer && budget.answers.has_room(policy.answers, now);
  const MacAddress& source = arrival.burst.ethernet(i).source;
  const std::uint32_t ip = arrival.burst.arp(i).sender_ip.get();
  if (!verdict.punt && !verdict.answer) {
    // A spent budget ends it without a look at who asks.
    sample(arrival, Lane::one(i));
    return DropReason::arp_policed;
  }
  const auto asked = sources_.request(port, source, ip, policy, now);
  if (asked != Sources::Verdict::passed) {
    verdict.punt = verdict.answer = false;
    return asked == Sources::Verdict::policed ? DropReason::arp_source_policed
                                              : DropReason::arp_quarantined;
  }
  if (verdict.punt) punts.take(rate, now, 1);
  if (verdict.answer) budget.answers.take(policy.answers, now, 1);
  return DropReason::arp_policed;
}

/// Reverse ARP (RFC 903), where the interface answers it.
void Pipeline::rarp(const Arrival& arrival, Lane lane) {
  Burst& burst = arrival.burst;
  lane.for_each([&](unsigned i) {
    if (burst.ethernet(i).type.get() != wire::ether_type::kRarp ||
        burst.frame_length[i] < sizeof(wire::Ethernet) + sizeof(wire::Arp))
      return drop(i, DropReason::unknown_ether_type);
    ArpVerdict verdict{.punt = true,
                       .punt_class = PuntClass::p2_request_unknown,
                       .reason = PuntReason::rarp,
                       .storm_class = StormClass::unknown_requests};
    arp_verdict(arrival, i, verdict);
  });
}

void Pipeline::verdicts(const Arrival& arrival, Lane other, Lane group) {
  const Burst& burst = arrival.burst;
  // What comes in floods goes in one piece, the rest one by one.
  if (const Lane unresolved = ending(burst, other, Egress::unresolved) - group) {
    glean(arrival, unresolved);
    other = other - unresolved;
  }
  if (!other) return;
  const Lane blackholed = ending(burst, other, Egress::blackhole);
  const Lane failed = ending(burst, other, Egress::failed);
  const Lane martian = ending(burst, other, Egress::martian);
  drop(blackholed, DropReason::blackhole);
  drop(failed, DropReason::neighbor_failed);
  drop(martian, DropReason::martian_destination);
  (other - blackholed - failed - martian).for_each([&](unsigned i) {
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
  const Lane expired = spent_lifetime(burst, lane);
  // A slot that once was resolved keeps its MAC: those destinations come first.
  const Lane known = with_destination(burst, lane) - expired;
  expired.for_each([&](unsigned i) {
    punt(arrival, i, {.punt_class = PuntClass::icmp_error, .reason = PuntReason::ttl_expired});
  });
  if (known) glean_known(arrival, known);
  if (const Lane unknown = lane - expired - known) glean_unknown(arrival, unknown);
}

void Pipeline::glean_known(const Arrival& arrival, Lane lane) {
  const InterfaceId port = heard_on(arrival);
  const unsigned taken = arp_budgets_[port].gleans_known.take(arrival.interface.arp.gleans_known,
                                                              arrival.now, lane.count());
  InterfaceCounters& counters = counters_.interface[port];
  const auto storm_class = static_cast<std::size_t>(StormClass::gleans_known);
  counters.storm_offered[storm_class].add(lane.count());
  counters.storm_policed[storm_class].add(lane.count() - taken);
  unsigned passed = 0;
  for (; passed < taken; ++passed, lane = lane - Lane::one(lane.front()))
    punt(arrival, lane.front(),
         {.adjacency = arrival.burst.adjacency[lane.front()],
          .punt_class = PuntClass::p4_glean_known,
          .reason = PuntReason::glean});
  if (lane) drop(lane, DropReason::glean_policed);
}

void Pipeline::glean_unknown(const Arrival& arrival, Lane lane) {
  Burst& burst = arrival.burst;
  const InterfaceId port = heard_on(arrival);
  const ArpPolicy& policy = arrival.interface.arp;
  PolicerState& budget = arp_budgets_[port].gleans_unknown;
  InterfaceCounters& counters = counters_.interface[port];
  const auto storm_class = static_cast<std::size_t>(StormClass::gleans_unknown);
  counters.storm_offered[storm_class].add(lane.count());
  unsigned policed = 0;
  for (; lane; lane = lane - Lane::one(lane.front())) {
    const unsigned i = lane.front();
    const MacAddress& source = burst.ethernet(i).source;
    // All ask of one budget at one time: what it refuses one it refuses the rest.
    if (!budget.has_room(policy.gleans_unknown, arrival.now)) {
      if (sources_.sample_gleans(lane.count())) {
        const unsigned one = lane.around(sources_.pick());
        sources_.charge_gleans(port, burst.ethernet(one).source, burst.source[one], policy,
                               arrival.now);
      }
      policed += lane.count();
      drop(lane, DropReason::glean_policed);
      break;
    }
    // The source pays first: who asks for many leaves some of the port's to those who do not.
    const auto verdict = sources_.glean(port, source, burst.source[i], policy, arrival.now);
    const bool modest = verdict == Sources::Verdict::modest;
    const bool within = modest || verdict == Sources::Verdict::passed;
    if (!within ||
        budget.take(modest ? policy.gleans_unknown : policy.gleans_common, arrival.now, 1) == 0) {
      const Lane same = from_same_source(burst, lane, source);
      sources_.more(same.count() - 1);
      policed += same.count();
      drop(same, within ? DropReason::glean_policed : DropReason::glean_source_policed);
      lane = (lane - same) | Lane::one(i);
      continue;
    }
    punt(arrival, i,
         {.adjacency = burst.adjacency[i],
          .punt_class = PuntClass::p5_glean_unknown,
          .reason = PuntReason::glean,
          .modest = modest});
  }
  counters.storm_policed[storm_class].add(policed);
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
                   Sources& sources)
    : counters_(counters),
      output_(output),
      punter_(punter),
      fragments_(fragments),
      sources_(sources),
      chains_(counters, fragments),
      endings_(counters) {}

}  // namespace weir
