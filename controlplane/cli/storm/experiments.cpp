#include "controlplane/cli/storm/experiments.hpp"

#include <fmt/format.h>

namespace weir::cli::storm {
namespace {

using Specs = std::vector<FrameSpec>;
using Verdicts = std::vector<Verdict>;

constexpr std::uint32_t kAnyone = 60'000;  // senders of a storm
constexpr double kGleanBudget = 2000;      // ARP requests a second of a port, the default
constexpr double kHoldShare = 0.02;        // of the packet buffers

IpRange anyone(const AttackPoint& at, std::uint32_t count, std::uint32_t offset = 0x1000) {
  return {plan::subnet(at.port) | offset, count, true};
}
IpRange one(std::uint32_t ip) { return {ip, 1, false}; }

FrameSpec arp(FrameKind kind, IpRange senders, IpRange targets) {
  FrameSpec spec;
  spec.kind = kind;
  spec.source_of_sender = true;
  spec.senders = senders;
  spec.targets = targets;
  return spec;
}

FrameSpec requests_for_us(const AttackPoint& at) {
  return arp(FrameKind::arp_request, anyone(at, at.remembered(kAnyone - 0x1000)),
             one(plan::router_ip(at.port)));
}

FrameSpec ethernet(Toward toward, MacRange sources) {
  FrameSpec spec;
  spec.kind = FrameKind::ethernet;
  spec.toward = toward;
  spec.sources = sources;
  return spec;
}

FrameSpec packets(const AttackPoint& at, IpRange targets) {
  FrameSpec spec;
  spec.kind = FrameKind::ipv4;
  spec.toward = Toward::router;
  spec.sources = {.first = plan::mac(0x61, static_cast<std::uint8_t>(at.port), 0), .count = 1};
  spec.senders = one(plan::subnet(at.port) | 0x0a);
  spec.targets = targets;
  return spec;
}

Verdict bindings(const Outcome& o) {
  return judge_most("0 wrong bindings", static_cast<double>(o.wrong_bindings), 0, "");
}
Verdict hijacks(const Outcome& o) {
  return judge_most("0 packets to another's MAC address", static_cast<double>(o.hijacked), 0, "");
}
Verdict evictions(const Outcome& o) {
  if (o.router == RouterKind::linux)
    return judge_most("0 evictions", -1, 0, "", "the kernel does not count them");
  return judge_most("0 evictions", o.counter("neighbors.evictions"), 0, "");
}
Verdict unicast(const Outcome& o) {
  return judge_most("0 unicast frames flooded", static_cast<double>(o.flooded), 0, "");
}
Verdict stations(const Outcome& o) {
  if (o.router == RouterKind::linux)
    return judge_most("0 stations of other ports evicted", -1, 0, "",
                      "the kernel's bridge has no limit to reach here");
  return judge_most("0 stations of other ports evicted", static_cast<double>(o.stations_missing), 0,
                    "");
}

Experiment e1() {
  Experiment e{.name = "e1-others", .title = "E1: ARP for others"};
  e.sends = "ARP requests of 60,000 senders for hosts that are not the router";
  e.target = "0 legitimate loss, control CPU +0 %";
  e.mix = [](const AttackPoint& at) {
    return Specs{arp(FrameKind::arp_request, anyone(at, kAnyone - 0x1000),
                     {plan::subnet(at.port) | 0x8000, 0x4000, true})};
  };
  e.judge = [](const Outcome& o) { return Verdicts{judge_loss(o), judge_control_cpu(o)}; };
  return e;
}

Experiment e2() {
  Experiment e{.name = "e2-for-us", .title = "E2: requests for the router, random senders"};
  e.sends = "ARP requests for the router of senders drawn from its subnet";
  e.target = "0 legitimate loss; resolution p99 < 1 ms; 0 evictions";
  e.creates_entries = true;
  e.mix = [](const AttackPoint& at) { return Specs{requests_for_us(at)}; };
  e.judge = [](const Outcome& o) {
    return Verdicts{judge_loss(o), judge_resolution(o, 1), evictions(o)};
  };
  return e;
}

Experiment e3() {
  Experiment e{.name = "e3-replies", .title = "E3: unsolicited replies"};
  e.sends = "ARP replies that nobody asked for, claiming the IP addresses of active hosts";
  e.target = "0 wrong bindings";
  e.port = Port::sink;
  e.mix = [](const AttackPoint& at) {
    FrameSpec spec = arp(FrameKind::arp_reply, {plan::host_ip(at.port, 0), at.established, true},
                         one(plan::router_ip(at.port)));
    spec.toward = Toward::router;
    return Specs{spec};
  };
  e.judge = [](const Outcome& o) { return Verdicts{bindings(o), hijacks(o), judge_loss(o)}; };
  return e;
}

Experiment e4() {
  Experiment e{.name = "e4-garp", .title = "E4: announcements of another's active addresses"};
  e.sends =
      "gratuitous ARP for the IP addresses of active hosts, each with an invented MAC; "
      "meanwhile one host really moves, and one to a VRRP address";
  e.target = "0 hijacks; genuine failover < 2 s, VRRP < 50 ms";
  e.port = Port::sink;
  e.rate = 50'000;
  e.mix = [](const AttackPoint& at) {
    // All but the first two hosts, which move.
    const std::uint32_t count = at.established > 2 ? at.established - 2 : 1;
    return Specs{arp(FrameKind::garp, {plan::host_ip(at.port, 2), count, true}, {})};
  };
  e.during = fail_over;
  e.judge = [](const Outcome& o) {
    return Verdicts{hijacks(o), bindings(o),
                    judge_most("genuine failover < 2 s", o.measured("failover_ms"), 2000, " ms"),
                    judge_most("VRRP failover < 50 ms", o.measured("vrrp_failover_ms"), 50, " ms")};
  };
  return e;
}

Experiment e5() {
  Experiment e{.name = "e5-sweep", .title = "E5: sweep of a /16"};
  e.sends = "IP packets to a connected /16 in which nobody lives";
  e.target = "ARP sent <= its budget; pinned buffers <= 2 %; a new host resolves p99 < 50 ms";
  e.creates_entries = true;
  e.mix = [](const AttackPoint& at) {
    FrameSpec sweep = packets(at, {plan::kDesert | 2, at.remembered(65'000), true});
    sweep.sources.count = 1000;  // or the budget of one source would hide the port's
    return Specs{sweep};
  };
  e.judge = [](const Outcome& o) {
    return Verdicts{judge_most("ARP requests sent <= 2,000/s, 5 % more for the burst",
                               o.measured("arp_sent_pps"), kGleanBudget * 1.05, "/s"),
                    judge_most("packet buffers held <= 2 %", o.measured("most_held_share"),
                               kHoldShare, " of all", "the kernel has no such pool"),
                    judge_resolution(o, 50), judge_loss(o)};
  };
  return e;
}

Experiment e6() {
  Experiment e{.name = "e6-table-full", .title = "E6: the neighbour table is full"};
  e.sends = "requests for the router of more senders than the table has room for; new hosts appear";
  e.target = "all new hosts resolve";
  e.needs = "root; a router that takes neighbors.table";
  e.hosts = 200;
  e.rate = 20'000;
  e.creates_entries = true;
  e.not_on_linux = "a full kernel table would disturb every namespace of the machine";
  e.reduced = {"the table has 1,024 entries instead of 65,536"};
  e.mix = [](const AttackPoint& at) { return Specs{requests_for_us(at)}; };
  e.configure = [](Json& configuration) { configuration["neighbors"]["table"]["max"] = 1024; };
  e.judge = [](const Outcome& o) {
    Verdict full = judge_most("all new hosts resolve",
                              static_cast<double>(o.attack().new_hosts - o.attack().resolved), 0,
                              fmt::format(" of {} did not", o.attack().new_hosts));
    return Verdicts{full, judge_loss(o)};
  };
  return e;
}

void small_bridge(Json& configuration) {
  configuration["bridges"]["br"]["mac-table"] = {{"max", 4096}, {"max-per-interface", 2048}};
}

Experiment e7() {
  Experiment e{.name = "e7-macof", .title = "E7: MAC table exhaustion"};
  e.sends = "unicast frames, each from a MAC address drawn anew, into a bridge";
  e.target = "0 stations of other ports evicted; 0 extra flooding";
  e.bridged = true;
  e.new_hosts = 0;
  e.not_on_linux = "";
  e.reduced = {"the MAC table has 4,096 entries, 2,048 a port"};
  e.mix = [](const AttackPoint&) {
    return Specs{ethernet(Toward::unknown, {.first = {}, .count = 0, .random = true})};
  };
  e.configure = small_bridge;
  e.judge = [](const Outcome& o) { return Verdicts{stations(o), unicast(o), judge_loss(o)}; };
  return e;
}

Experiment e8() {
  Experiment e{.name = "e8-moves", .title = "E8: stations that move"};
  e.sends = "frames from the MAC addresses of hosts of the other ports, which speak too";
  e.target = "frozen <= 10 ms after the 5th move";
  e.bridged = true;
  e.new_hosts = 0;
  e.rate = 100'000;
  e.mix = [](const AttackPoint& at) {
    FrameSpec spec = ethernet(Toward::unknown, {});
    spec.source_is_host = true;
    spec.senders = {plan::host_ip(Port::legitimate, 0), at.established, true};
    return Specs{spec};
  };
  e.during = flap;
  e.judge = [](const Outcome& o) {
    return Verdicts{
        judge_most("frozen <= 10 ms after the 5th move", o.measured("frozen_ms"), 10,
                   " ms, the API's answer included",
                   o.router == RouterKind::linux ? "the kernel's bridge does not freeze stations"
                                                 : "it was not frozen"),
        judge_loss(o)};
  };
  return e;
}

Experiment e9() {
  Experiment e{.name = "e9-flood-loop", .title = "E9: flood storm, then a cable loop"};
  e.sends =
      "broadcast, multicast and unknown unicast into a bridge without spanning tree; then a "
      "cable is plugged in between two of its ports";
  e.target = "unicast loss 0; the loop contained in 100 ms";
  e.bridged = true;
  e.loop = true;
  e.new_hosts = 0;
  e.not_on_linux = "nothing there ends a loop: it would take the machine's cores until the end";
  e.mix = [](const AttackPoint&) {
    const MacRange flooder{.first = plan::mac(0x61, 1, 9)};
    return Specs{ethernet(Toward::broadcast, flooder), ethernet(Toward::multicast, flooder),
                 ethernet(Toward::unknown, flooder)};
  };
  e.configure = [](Json& configuration) {
    configuration["bridges"]["br"]["storm-control"] = {
        {"broadcast", "1000pps"}, {"multicast", "1000pps"}, {"unknown-unicast", "1000pps"}};
  };
  e.during = plug_a_loop;
  e.judge = [](const Outcome& o) {
    return Verdicts{judge_loss(o),
                    judge_most("loop contained in 100 ms", o.measured("contained_ms"), 100, " ms",
                               "no marked broadcast was heard")};
  };
  return e;
}

Experiment e10() {
  Experiment e{.name = "e10-duplicate", .title = "E10: a duplicate of the router's address"};
  e.sends = "announcements of the router's own IP address by another station";
  e.target = "1 defence in 10 s, no more";
  e.rate = 10'000;
  e.mix = [](const AttackPoint& at) {
    return Specs{arp(FrameKind::garp, one(plan::router_ip(at.port)), {})};
  };
  e.judge = [](const Outcome& o) {
    const double spans = 1 + static_cast<int>(o.attack().seconds / 10);
    Verdicts verdicts{judge_most("at most 1 defence in 10 s", o.measured("defences"), spans,
                                 fmt::format(" in {} s", o.attack().seconds))};
    if (o.router == RouterKind::weir)
      verdicts.push_back(judge_most("it is defended", o.measured("defences") >= 1 ? 0 : 1, 0,
                                    " defences missing"));
    verdicts.push_back(judge_loss(o));
    return verdicts;
  };
  return e;
}

Experiment e11() {
  Experiment e{.name = "e11-ttl-fragments", .title = "E11: TTL=1 and fragments"};
  e.sends = "packets that expire in the router, and fragments in transit, half each";
  e.target = "errors capped at 1,000/s a port; transit loss 0";
  e.mix = [](const AttackPoint& at) {
    // To hosts that are known: as established as the load's.
    const IpRange known{plan::host_ip(Port::sink, 0), at.established, true};
    FrameSpec expiring = packets(at, known), fragments = packets(at, known);
    expiring.ttl = 1;
    // Hosts that answer ARP: errors can reach them.
    expiring.senders = {plan::host_ip(at.port, 0), at.established, true};
    expiring.source_is_host = true;
    fragments.fragment = true;
    fragments.size = 82;
    return Specs{expiring, fragments};
  };
  e.attackers_answer = true;
  e.judge = [](const Outcome& o) {
    return Verdicts{judge_most("ICMP errors <= 1,000/s, 10 % more for the burst",
                               o.measured("icmp_errors_pps"), 1100, "/s"),
                    judge_loss(o)};
  };
  return e;
}

Experiment e12() {
  Experiment e{.name = "e12-flush", .title = "E12: all neighbours flushed during E2"};
  e.sends = "as E2; in the middle the router forgets all neighbours";
  e.target = "all back in 3 s";
  e.hosts = 1000;
  e.creates_entries = true;
  e.reduced = {"1,000 neighbours instead of 6,000"};
  e.mix = [](const AttackPoint& at) { return Specs{requests_for_us(at)}; };
  e.during = flush;
  e.judge = [](const Outcome& o) {
    const double missing = o.measured("flows_missing");
    return Verdicts{judge_most("all back in 3 s", missing != 0 ? -1 : o.measured("all_back_ms"),
                               3000, fmt::format(" ms for {} flows", o.established),
                               missing > 0
                                   ? fmt::format("{:.0f} flows did not come back before the "
                                                 "run ended",
                                                 missing)
                                   : "the flush did not happen")};
  };
  return e;
}

Experiment e13() {
  Experiment e{.name = "e13-scale", .title = "E13: neighbours up to the table"};
  e.sends = "no attack: as many neighbours as the sink's port may have, all in use";
  e.target = "table full, 0 loss";
  e.hosts = 8192;
  e.new_hosts = 0;
  e.rate = 0;
  e.not_on_linux = "thousands of neighbours overflow the kernel's table, which is global";
  e.reduced = {"8,192 neighbours instead of 65,536"};
  e.mix = [](const AttackPoint&) { return Specs{}; };
  e.judge = [](const Outcome& o) {
    return Verdicts{judge_most(fmt::format("{} neighbours established", o.established),
                               static_cast<double>(o.established - o.flows_met), 0, " missing"),
                    judge_loss(o)};
  };
  return e;
}

Experiment e14() {
  Experiment e{.name = "e14-soak", .title = "E14: soak, timeouts scaled"};
  e.sends = "no attack: neighbours that live 20 s, asked for again every 4 s, all in use";
  e.target = "0 loss caused by expiry";
  e.new_hosts = 2;
  e.rate = 0;
  e.not_on_linux = "its timeouts are not the ones that are scaled here";
  e.reduced = {"timeouts are 1/300 and 1/720 of the defaults; the run is as long as asked for"};
  e.mix = [](const AttackPoint&) { return Specs{}; };
  e.configure = [](Json& configuration) {
    configuration["neighbors"]["lifetime"] = "20s";
    configuration["neighbors"]["refresh-interval"] = "4s";
  };
  e.judge = [](const Outcome& o) {
    const double refreshed = o.counter("neighbors.verified");
    Verdict verdict{refreshed > 0 ? Verdict::Kind::met : Verdict::Kind::not_shown,
                    "entries in use are refreshed", fmt::format("{:.0f} answers", refreshed),
                    refreshed > 0 ? "" : "no refresh fell into the attack phase"};
    return Verdicts{judge_loss(o), verdict};
  };
  return e;
}

}  // namespace

const std::vector<Experiment>& experiments() {
  static const std::vector<Experiment> all{e1(), e2(), e3(),  e4(),  e5(),  e6(),  e7(),
                                           e8(), e9(), e10(), e11(), e12(), e13(), e14()};
  return all;
}

const Experiment* find_experiment(const std::string& name) {
  for (const Experiment& experiment : experiments())
    if (experiment.name == name || experiment.name.substr(0, experiment.name.find('-')) == name)
      return &experiment;
  return nullptr;
}

}  // namespace weir::cli::storm
