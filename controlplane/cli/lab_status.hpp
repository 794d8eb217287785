// How a lab is, and how that is told.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controlplane/cli/context.hpp"
#include "controlplane/cli/lab_state.hpp"

namespace weir::cli {

struct LabPing {
  std::string from, to, address;
  std::optional<double> rtt_ms;  // none: no answer
};

struct LabReport {
  bool up = false;             // its namespaces are there, its router answers
  std::string fault;           // when it is not up: why
  std::vector<LabPing> pings;  // each host to the next; only when it is up

  /// Up, and every ping was answered.
  bool whole() const;
};

LabReport look_at(const LabState& state);

/// Table or JSON, and, for people, what to try. `was_up`, for `up`: whether it was up before.
void print_report(const Context& context, const LabState& state, const LabReport& report,
                  std::optional<bool> was_up = std::nullopt);

}  // namespace weir::cli
