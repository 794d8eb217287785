// Every counter that is no interface's: its name and what happened when it counts.
#include <fmt/format.h>

#include "controlplane/router_views.hpp"

namespace weir::control {
namespace {

// To the control plane, in the order of PuntClass.
constexpr std::array<const char*, kPuntClasses> kPuntMeanings{
    "spanning tree messages handed to the control plane",
    "ARP replies handed to the control plane",
    "ARP requests from known neighbours handed over",
    "ARP requests from unknown senders handed over",
    "ARP with another MAC than the one known, handed over",
    "packets to a neighbour that was known, held while it is asked for",
    "packets to a neighbour never seen, held while it is asked for",
    "packets to the router itself",
    "packets that ask for an ICMP error",
    "IGMP and PIM messages that a bridge snoops"};

void add_neighbors(std::vector<NamedCounter>& to, const NeighborCounters& n) {
  const auto add = [&](const char* name, const char* meaning, std::uint64_t value) {
    to.push_back({fmt::format("neighbors.{}", name), meaning, value});
  };
  add("entries", "neighbours known now", n.entries);
  add("statics", "of them static", n.statics);
  add("pending", "being resolved now", n.pending);
  add("failed-now", "in the negative cache now", n.failed);
  add("holding", "packets that wait for a neighbour now", n.holding);
  add("solicits-broadcast", "ARP requests sent as broadcasts", n.solicits_broadcast);
  add("solicits-unicast", "ARP requests sent to refresh a known MAC", n.solicits_unicast);
  add("solicits-deferred", "ARP requests put off, the interface's budget being spent",
      n.solicits_deferred);
  add("verified", "entries confirmed by an answer to our request", n.verified);
  add("learnt", "entries learnt from a request to us", n.learnt);
  add("learn-policed", "entries not learnt, the creation budget being spent", n.learn_policed);
  add("learn-refused-full", "entries not learnt, the table being full", n.learn_refused_full);
  add("learn-refused-strict", "entries not learnt, requests teach nothing (learn: strict)",
      n.learn_refused_strict);
  add("moved", "entries whose MAC changed", n.moved);
  add("moves-policed",
      "claims of another MAC not looked into, the budget spent or another being looked into",
      n.moves_policed);
  add("conflicts", "changes refused because the old station still answers", n.conflicts);
  add("own-address-claims", "frames that claim one of our addresses", n.own_address_claims);
  add("defences", "announcements sent against them (RFC 5227)", n.defences);
  add("failures", "neighbours that did not answer", n.failures);
  add("expiries", "entries that grew old unused", n.expiries);
  add("evictions", "entries that made room for others", n.evictions);
  add("failed-evictions", "entries of the negative cache that made room for others",
      n.failed_evictions);
  add("served-stale", "times a neighbour that did not answer was kept, for there was a storm",
      n.served_stale);
  add("timers", "timers served", n.timers);
  add("events-suppressed", "events beyond what is reported in a second", n.events_suppressed);
  add("held", "packets held", n.held);
  add("released", "held packets that went on", n.released);
  add("discarded", "held packets dropped", n.discarded);
  add("unreachable", "held packets answered with host unreachable", n.unreachable);
}

void add_icmp(std::vector<NamedCounter>& to, const IcmpCounters& icmp) {
  for (std::size_t i = 0; i < kIcmpErrors; ++i) {
    const std::string_view name = kIcmpErrorNames[i];
    to.push_back({fmt::format("icmp.sent.{}", name), "ICMP errors sent", icmp.sent[i]});
    to.push_back(
        {fmt::format("icmp.policed.{}", name), "not sent, beyond the limit", icmp.policed[i]});
    to.push_back({fmt::format("icmp.not-allowed.{}", name),
                  "not sent, the rules forbid it (RFC 1812 4.3.2.7)", icmp.not_allowed[i]});
  }
}

void add_local(std::vector<NamedCounter>& to, const LocalCounters& local) {
  const auto add = [&](const char* name, const char* meaning, std::uint64_t value) {
    to.push_back({fmt::format("local.{}", name), meaning, value});
  };
  add("echo-replies", "echo requests to us answered", local.echo_replies);
  add("ping-answers", "answers to our own pings", local.pinger);
  add("tcp-resets", "TCP to a port nobody listens on, answered by a reset", local.resets);
  add("tcp-resets-policed", "resets not sent, beyond the limit", local.resets_policed);
  add("fragments", "fragments addressed to us", local.fragments);
  add("reassembled", "datagrams put together from them", local.reassembled);
  add("fragments-rejected", "fragments that overlap or exceed a bound", local.fragments_rejected);
  add("reassembly-timeouts", "datagrams of which parts never came", local.reassembly_timeouts);
}

void add_pools(std::vector<NamedCounter>& to, const std::vector<PoolUse>& pools) {
  for (const PoolUse& pool : pools) {
    to.push_back({fmt::format("pool.{}.in-use", pool.name),
                  "buffers of this pool that ports, workers or the control plane have now",
                  pool.in_use});
    to.push_back(
        {fmt::format("pool.{}.free", pool.name), "buffers left in this pool now", pool.free});
  }
}

}  // namespace

void RouterViews::add_learning(std::vector<NamedCounter>& to) const {
  std::uint64_t reports = 0, policed = 0, full = 0;
  for (const auto& worker : router_.dataplane().workers()) {
    reports += worker->counters().learn_reports.get();
    policed += worker->counters().learn_policed.get();
    full += worker->counters().learn_queue_full.get();
  }
  const Fdb& fdb = *router_.dataplane().fdb();
  const StationTotals totals = router_.bridges().station_engine().totals();
  const auto add = [&](const char* name, const char* meaning, std::uint64_t value) {
    to.push_back({fmt::format("stations.{}", name), meaning, value});
  };
  add("reports", "unknown or moved stations that workers reported", reports);
  add("reports-policed", "reports put off, the interface's learning budget being spent", policed);
  add("reports-queue-full", "reports put off, the queue to the control plane being full", full);
  add("entries", "stations, own addresses and multicast groups in the table now", fdb.size());
  add("memory-bytes", "memory of the table and of what is kept beside it",
      router_.bridges().station_engine().memory_bytes());
  add("groups-refused", "multicast groups without room in the table, treated as unregistered",
      router_.bridges().groups_refused());
  add("pins", "MAC addresses of live neighbours, which do not age", totals.pins);
  add("pins-refused", "neighbours' addresses that could not be pinned", totals.pins_refused);
  add("moving", "stations of which moves are remembered now", totals.moving);
  add("moves-forgotten", "moves forgotten for want of room", totals.moves_forgotten);
  add("events-suppressed", "events beyond what is reported in a second", totals.events_suppressed);
}

std::vector<NamedCounter> RouterViews::named_counters() {
  std::vector<NamedCounter> result;
  const auto total = [&](auto&& read) {
    std::uint64_t sum = 0;
    for (const auto& worker : router_.dataplane().workers())
      for (const InterfaceCounters& each : worker->counters().interface) sum += read(each);
    return sum;
  };
  const auto add = [&](std::string name, const char* meaning, std::uint64_t value) {
    result.push_back({std::move(name), meaning, value});
  };
  add("arp.requests-received", "ARP requests that reached the worker",
      total([](const auto& c) { return c.arp_requests.get(); }));
  add("arp.replies-received", "ARP replies that reached the worker",
      total([](const auto& c) { return c.arp_replies_received.get(); }));
  add("arp.replies-sent", "ARP requests answered by the worker",
      total([](const auto& c) { return c.arp_replies_sent.get(); }));
  std::uint64_t queue_full = 0;
  for (const auto& worker : router_.dataplane().workers())
    queue_full += worker->counters().arp_queue_full.get();
  add("arp.queue-full", "times a port's own queue of ARP gave all that a worker takes at once",
      queue_full);
  add("ipv4.fragmented", "packets split for a smaller MTU",
      total([](const auto& c) { return c.fragmented.get(); }));
  add("ethernet.joined", "frames that a port received in several buffers, copied into one",
      total([](const auto& c) { return c.joined.get(); }));
  for (std::size_t i = 0; i < kPuntClasses; ++i)
    add(fmt::format("punt.{}", kPuntClassNames[i]), kPuntMeanings[i],
        total([i](const auto& c) { return c.punted[i].get(); }));
  add_learning(result);
  add_journal(result);
  add_neighbors(result, router_.neighbors().counters());
  add_icmp(result, router_.icmp_counters());
  add_local(result, router_.local_counters());
  add_pools(result, router_.dataplane().pools());
  add("fib.prefixes", "prefixes in the forwarding table now", router_.dataplane().fib().size());
  add("fib.memory-bytes", "memory of the forwarding table now",
      router_.dataplane().fib().memory_bytes());
  add("fib.refused", "routes that found no room in the forwarding tables",
      router_.table_refusals());
  return result;
}

}  // namespace weir::control
