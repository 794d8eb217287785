#include "controlplane/cli/storm/outcome.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace weir::cli::storm {
namespace {

/// A worker that waits longer for its core than this shows the machine, not the router.
constexpr double kWaited = 0.05;
constexpr double kAskedAgainMs = 500;
/// Reading the API and the scheduler's figures is no more exact than that, as a share of a core.
constexpr double kControlNoise = 0.03;

std::string figure(double value) {
  return value >= 100 ? fmt::format("{:.0f}", value) : fmt::format("{:.3g}", value);
}

}  // namespace

Verdict judge_loss(const Outcome& o) {
  const Phase& attack = o.attack();
  Verdict verdict{Verdict::Kind::met, "0 legitimate packets lost",
                  fmt::format("{} of {} lost", attack.lost(), attack.sent), ""};
  if (attack.sent == 0) {
    verdict.kind = Verdict::Kind::not_shown;
    verdict.why = "no legitimate packet was sent during the attack";
    return verdict;
  }
  if (attack.lost() == 0) return verdict;
  verdict.measured += fmt::format(" ({:.3f} %; without attack {:.3f} %)", attack.lost_share() * 100,
                                  o.baseline().lost_share() * 100);
  if (o.lost_before_router + o.lost_behind_router > 0)
    verdict.measured += fmt::format(", {} of the run's in the kernel before the router, {} behind",
                                    o.lost_before_router, o.lost_behind_router);
  if (o.baseline().lost_share() >= attack.lost_share() && o.baseline().lost() > 0) {
    verdict.kind = Verdict::Kind::not_shown;
    verdict.why = "as much is lost without an attack: the machine does not carry the load";
  } else if (o.router == RouterKind::weir && attack.worker_waited > kWaited) {
    verdict.kind = Verdict::Kind::not_shown;
    verdict.why = fmt::format(
        "the worker waited {:.0f} % of the time for its core, which others "
        "used, so the kernel's rings ran over",
        attack.worker_waited * 100);
  } else if (o.same_port && o.router == RouterKind::weir &&
             attack.attack_delivered_pps < 0.98 * attack.attack_sent_pps) {
    verdict.kind = Verdict::Kind::not_shown;
    verdict.why =
        "attacker and victims share one saturated wire: what the port never received "
        "cannot be saved";
  } else {
    verdict.kind = Verdict::Kind::missed;
  }
  return verdict;
}

Verdict judge_resolution(const Outcome& o, double limit_ms) {
  const Phase& attack = o.attack();
  Verdict verdict{Verdict::Kind::met,
                  fmt::format("new hosts resolved, p99 < {} ms", figure(limit_ms)),
                  fmt::format("{} of {}, p50 {} ms, p99 {} ms", attack.resolved, attack.new_hosts,
                              figure(attack.resolution_p50_ms), figure(attack.resolution_p99_ms)),
                  ""};
  if (attack.new_hosts == 0) {
    verdict.kind = Verdict::Kind::not_shown;
    verdict.why = "no new host appeared";
    return verdict;
  }
  if (attack.resolved == attack.new_hosts && attack.resolution_p99_ms < limit_ms) return verdict;
  const Phase& before = o.baseline();
  const bool slow_anyway = before.resolution_p99_ms >= limit_ms &&
                           attack.resolution_p99_ms <= before.resolution_p99_ms * 1.5;
  // Waiting for a core spoils the slowest; when most are slow, it is the router.
  const bool most_fast = attack.resolution_p50_ms <= 3 * std::max(before.resolution_p50_ms, 0.1);
  const bool control = attack.control_waited > attack.worker_waited;
  const double waited = std::max(attack.control_waited, attack.worker_waited);
  // A second is no wait for a core: the host was asked for again.
  const bool at_once = attack.resolution_p99_ms < kAskedAgainMs;
  if (attack.resolved == attack.new_hosts &&
      (slow_anyway || (waited > kWaited && most_fast && at_once))) {
    verdict.kind = Verdict::Kind::not_shown;
    verdict.why = slow_anyway
                      ? fmt::format("without an attack it is {} ms here: the machine's scheduling",
                                    figure(before.resolution_p99_ms))
                      : fmt::format(
                            "the {} thread waited {:.0f} % of the time for its core, which "
                            "others used",
                            control ? "control" : "worker's", waited * 100);
    return verdict;
  }
  verdict.kind = Verdict::Kind::missed;
  return verdict;
}

Verdict judge_most(std::string target, double value, double limit, const std::string& unit,
                   std::string why_not) {
  Verdict verdict{Verdict::Kind::met, std::move(target), figure(value) + unit, ""};
  if (value < 0) {
    verdict.kind = Verdict::Kind::not_shown;
    verdict.measured.assign(1, '-');
    verdict.why = why_not.empty() ? "it was not measured" : std::move(why_not);
  } else if (value > limit) {
    verdict.kind = Verdict::Kind::missed;
  }
  return verdict;
}

Verdict judge_control_cpu(const Outcome& o) {
  const double before = o.baseline().control_cpu, during = o.attack().control_cpu;
  Verdict verdict{
      Verdict::Kind::met, "control threads' CPU +0 %",
      fmt::format("{:.1f} % of a core, without attack {:.1f} %", during * 100, before * 100), ""};
  if (o.router == RouterKind::linux) {
    verdict.kind = Verdict::Kind::not_shown;
    verdict.measured = fmt::format("softirq {:.1f} % of all cores, without attack {:.1f} %",
                                   o.attack().softirq * 100, o.baseline().softirq * 100);
    verdict.why = "the kernel has no control thread";
  } else if (during > before + kControlNoise) {
    verdict.kind = Verdict::Kind::missed;
  }
  return verdict;
}

Json to_json(const Phase& p) {
  return {{"seconds", p.seconds},
          {"sent", p.sent},
          {"received", p.received},
          {"lost", p.lost()},
          {"lost_share", p.lost_share()},
          {"reordered", p.reordered},
          {"duplicates", p.duplicates},
          {"latency_p50_us", p.latency_p50_us},
          {"latency_p99_us", p.latency_p99_us},
          {"latency_p999_us", p.latency_p999_us},
          {"worst_gap_ms", p.worst_gap_ms},
          {"new_hosts", p.new_hosts},
          {"resolved", p.resolved},
          {"resolution_p50_ms", p.resolution_p50_ms},
          {"resolution_p99_ms", p.resolution_p99_ms},
          {"resolution_most_ms", p.resolution_most_ms},
          {"attack_asked_pps", p.attack_asked_pps},
          {"attack_sent_pps", p.attack_sent_pps},
          {"attack_delivered_pps", p.attack_delivered_pps},
          {"control_cpu", p.control_cpu},
          {"worker_cpu", p.worker_cpu},
          {"worker_waited", p.worker_waited},
          {"control_waited", p.control_waited},
          {"busy", p.busy},
          {"softirq", p.softirq},
          {"cycles_per_packet", p.cycles_per_packet},
          {"resident_mib", p.resident_mib}};
}

Json to_json(const Outcome& o) {
  Json json = {{"established", o.established},
               {"flows_met", o.flows_met},
               {"lost_before_router", o.lost_before_router},
               {"lost_behind_router", o.lost_behind_router},
               {"hijacked", o.hijacked},
               {"flooded", o.flooded},
               {"wrong_bindings", o.wrong_bindings},
               {"stations_missing", o.stations_missing},
               {"recovery_ms", o.recovery_ms},
               {"recovered", o.recovered},
               {"counters_during_attack", o.counters},
               {"measured", o.extra}};
  for (std::size_t i = 0; i < kPhases; ++i) json["phases"][kPhaseNames[i]] = to_json(o.phases[i]);
  return json;
}

Json to_json(const Verdict& verdict) {
  return {{"verdict", name_of(verdict.kind)},
          {"target", verdict.target},
          {"measured", verdict.measured},
          {"why", verdict.why}};
}

}  // namespace weir::cli::storm
