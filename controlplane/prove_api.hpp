// What is asked of, and told about, a change that is proved: probes were sent along the paths that
// it touches before, during and after it. Plain values.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/net/ipv4.hpp"

namespace weir::control {

struct ProveRequest {
  static constexpr std::size_t kMostNamed = 32;

  std::vector<Ipv4Address> to;            // besides those that are chosen
  std::chrono::milliseconds before{500};  // 200 ms to 10 s: so long is probed until it begins
  std::chrono::milliseconds after{1000};  // 100 ms to 60 s: and when it is done
  std::chrono::milliseconds wait{1000};   // 10 ms to 10 s: for answers on their way
  std::uint32_t rate = 200;               // probes a second to each: 1 to 1,000
};

/// One who was probed. Probes before its first answer are not taken for lost.
struct ProveTarget {
  Ipv4Address address;
  std::string what;     // named, gateway, gateway-before, gateway-after, neighbor, witness
  std::string verdict;  // kept, lost, lossy, new, silent, unreachable, gone (docs/changing.md)
  std::uint32_t sent = 0, answered = 0, lost = 0;
  std::uint32_t lost_before = 0;  // of them before the change
  std::uint32_t unrouted = 0;     // of those sent: there was no route
  std::uint32_t duplicates = 0;
  std::uint32_t longest_run = 0;       // of lost ones
  std::optional<double> worst_gap_ms;  // between two that were answered, lost ones between them
  std::optional<double> slowest_ms;    // of the answers
  bool lost_to_the_end = false;
};

struct ProveReport {
  /// Nobody who answered before has lost anything that is to be put down to the change, and no
  /// gateway of it is unreachable.
  bool passed = true;
  std::string summary, hint;
  std::vector<ProveTarget> targets;
  std::size_t left_out = 0;     // on paths that change, beyond the most that are probed
  double change_ms = 0;         // that the change took
  double interval_ms = 0;       // between two probes to one that answers
  double longest_pause_ms = 0;  // what it was at worst: a shorter gap may go unseen
  bool cut_short = false;       // the bound on probes was reached before the end

  std::uint32_t sent() const { return total(&ProveTarget::sent); }
  std::uint32_t answered() const { return total(&ProveTarget::answered); }
  std::uint32_t lost() const { return total(&ProveTarget::lost); }

 private:
  std::uint32_t total(std::uint32_t ProveTarget::*part) const {
    std::uint32_t sum = 0;
    for (const ProveTarget& target : targets) sum += target.*part;
    return sum;
  }
};

}  // namespace weir::control
