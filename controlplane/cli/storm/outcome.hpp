// The figures of a run, by phase and as a whole, and what they say about its target.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "controlplane/cli/context.hpp"
#include "controlplane/cli/storm/ledger.hpp"
#include "controlplane/cli/storm/rig.hpp"

namespace weir::cli::storm {

struct Phase {
  double seconds = 0;
  std::uint64_t sent = 0, received = 0, reordered = 0, duplicates = 0;  // legitimate load
  double latency_p50_us = 0, latency_p99_us = 0, latency_p999_us = 0, worst_gap_ms = 0;
  std::uint64_t new_hosts = 0, resolved = 0;
  double resolution_p50_ms = 0, resolution_p99_ms = 0, resolution_most_ms = 0;
  double attack_asked_pps = 0, attack_sent_pps = 0, attack_delivered_pps = 0;
  // Shares of one core; of all cores for softirq. Waited: it was ready, and others ran.
  double control_cpu = 0, worker_cpu = 0, worker_waited = 0, control_waited = 0;
  double busy = 0, softirq = 0;
  double cycles_per_packet = 0;  // of the worker's busy time
  double resident_mib = 0;

  std::uint64_t lost() const { return sent > received ? sent - received : 0; }
  double lost_share() const {
    return sent == 0 ? 0 : static_cast<double>(lost()) / static_cast<double>(sent);
  }
};

struct Outcome {
  std::string experiment;
  RouterKind router = RouterKind::weir;
  bool same_port = false;
  bool bridged = false;
  std::array<Phase, kPhases> phases;
  std::uint64_t established = 0, flows_met = 0;
  /// Of the legitimate load over the whole run: in the kernel on the way to the router's process,
  /// and on the way from it. On the attack's own port the first one is not known.
  std::uint64_t lost_before_router = 0, lost_behind_router = 0;
  std::uint64_t hijacked = 0, flooded = 0, wrong_bindings = 0, stations_missing = 0;
  /// From the end of the attack to the end of the last slot with loss.
  double recovery_ms = 0;
  bool recovered = true;
  /// The router's own counters: how much they grew during the attack.
  std::map<std::string, double> counters;
  /// What was measured beside: failover times, announcements, ...
  std::map<std::string, double> extra;
  std::vector<std::string> reduced;  // what is less than the specification, and why
  std::vector<std::string> notes;

  const Phase& baseline() const { return phases[0]; }
  const Phase& attack() const { return phases[1]; }
  const Phase& recovery() const { return phases[2]; }
  double counter(const std::string& name) const {
    const auto at = counters.find(name);
    return at == counters.end() ? 0 : at->second;
  }
  /// -1: it was not measured.
  double measured(const std::string& name) const {
    const auto at = extra.find(name);
    return at == extra.end() ? -1 : at->second;
  }
};

struct Verdict {
  enum class Kind { met, missed, not_shown } kind = Kind::not_shown;
  std::string target, measured, why;
};
constexpr const char* name_of(Verdict::Kind kind) {
  return kind == Verdict::Kind::met      ? "met"
         : kind == Verdict::Kind::missed ? "missed"
                                         : "not shown here";
}

// Parts that the experiments' verdicts are made of.

/// No legitimate packet lost during the attack. What is lost without an attack as well, or while
/// the worker waited for a core that others used, shows nothing about the router.
Verdict judge_loss(const Outcome& outcome);
/// All new hosts resolved, 99 % of them within `limit_ms`.
Verdict judge_resolution(const Outcome& outcome, double limit_ms);
/// `value` is `limit` at most; -1: not measured, because of `why_not`.
Verdict judge_most(std::string target, double value, double limit, const std::string& unit,
                   std::string why_not = "");
Verdict judge_control_cpu(const Outcome& outcome);

Json to_json(const Phase& phase);
Json to_json(const Outcome& outcome);
Json to_json(const Verdict& verdict);

}  // namespace weir::cli::storm
