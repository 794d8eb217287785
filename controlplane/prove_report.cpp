#include "controlplane/prove_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>

namespace weir::control {
namespace {

double in_milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

/// As many were lost before, in proportion, within a factor of two.
bool lossy_anyway(const ProbeCount& count) {
  const std::uint64_t since = count.lost - count.lost_before;
  const std::uint64_t sent_since = count.answered + count.lost - count.sent_before;
  return count.lost_before > 0 &&
         since * count.sent_before <= 2 * std::uint64_t{count.lost_before} * sent_since;
}

std::string verdict(const ProbeTarget& target, const ProbeCount& count, bool resolved) {
  if (!count.answered_before) {
    if (count.answered_after) return count.lost == 0 ? "new" : "lost";
    return target.gateway_after && !resolved ? "unreachable" : "silent";
  }
  if (target.leaves && !count.answered_after) return "gone";
  if (count.lost == 0) return "kept";
  return lossy_anyway(count) ? "lossy" : "lost";
}

ProveTarget told(const ProbeTarget& target, const ProbeCount& count, bool resolved) {
  ProveTarget result{.address = target.address,
                     .what = std::string(to_string(target.what)),
                     .verdict = verdict(target, count, resolved),
                     .sent = count.sent,
                     .answered = count.answered,
                     .lost = count.lost,
                     .lost_before = count.lost_before,
                     .unrouted = count.unrouted,
                     .duplicates = count.duplicates,
                     .longest_run = count.longest_run,
                     .lost_to_the_end = count.lost_to_the_end};
  if (count.lost > 0) result.worst_gap_ms = in_milliseconds(count.worst_gap);
  if (count.answered > 0) result.slowest_ms = in_milliseconds(count.slowest);
  return result;
}

std::string plural(std::size_t count, const char* thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

/// The worst of those who lost packets; null: there is none.
const ProveTarget* worst(const ProveReport& report) {
  const ProveTarget* found = nullptr;
  for (const ProveTarget& target : report.targets)
    if (target.verdict == "lost" &&
        (found == nullptr || target.worst_gap_ms.value_or(0) > found->worst_gap_ms.value_or(0)))
      found = &target;
  return found;
}

std::string addresses(const ProveReport& report, const char* verdict) {
  constexpr std::size_t kNamed = 4;
  std::string text;
  std::size_t count = 0;
  for (const ProveTarget& target : report.targets) {
    if (target.verdict != verdict) continue;
    if (++count <= kNamed) text += (count == 1 ? "" : ", ") + target.address.to_string();
  }
  if (count > kNamed) text += fmt::format(" and {} more", count - kNamed);
  return text;
}

std::string summary(const ProveReport& report) {
  const std::string probes = fmt::format("{} to {}", plural(report.sent(), "probe"),
                                         plural(report.targets.size(), "target"));
  const ProveTarget* const most = worst(report);
  std::string text;
  if (most == nullptr) {
    text = report.lost() == 0
               ? fmt::format("{}, none lost.", probes)
               : fmt::format("{}, {} lost, as often as before the change.", probes, report.lost());
  } else {
    const std::string end =
        most->lost_to_the_end ? ", and still nothing when the probing ended" : "";
    text = fmt::format("{}, {} LOST: nothing from {} for {:.0f} ms{}.", probes, report.lost(),
                       most->address.to_string(), most->worst_gap_ms.value_or(0), end);
  }
  if (const auto dead = addresses(report, "unreachable"); !dead.empty())
    text +=
        fmt::format(" UNREACHABLE: {}, a gateway of changed routes, does not answer ARP.", dead);
  if (const auto silent = addresses(report, "silent"); !silent.empty())
    text += fmt::format(" No answer before, nor after: {}.", silent);
  if (const auto gone = addresses(report, "gone"); !gone.empty())
    text += fmt::format(" Gone, as planned: {}.", gone);
  if (report.left_out > 0) text += fmt::format(" Left out: {} more.", report.left_out);
  if (report.cut_short) text += " The most probes that may be were sent before the end.";
  return text;
}

}  // namespace

ProveReport judge(const ProbeTargets& targets, const ProbeResult& result,
                  const std::vector<bool>& resolved) {
  ProveReport report;
  for (std::size_t i = 0; i < targets.targets.size(); ++i) {
    report.targets.push_back(told(targets.targets[i], result.targets.at(i), resolved.at(i)));
    const std::string& verdict = report.targets.back().verdict;
    if (verdict == "lost" || verdict == "unreachable") report.passed = false;
  }
  report.left_out = targets.left_out;
  report.change_ms = in_milliseconds(result.change_took);
  report.interval_ms = in_milliseconds(result.interval);
  report.longest_pause_ms = in_milliseconds(result.longest_pause);
  report.cut_short = result.cut_short;
  report.summary = summary(report);
  return report;
}

ProveReport nothing_proved() {
  ProveReport report;
  report.summary = "Nobody to probe: no gateway changes and no neighbour is known.";
  report.hint = "name a host: --prove-to ADDRESS";
  return report;
}

}  // namespace weir::control
