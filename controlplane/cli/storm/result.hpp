// The result of a run as JSON: what was run, where, and all figures. Written to files, and read
// back by `weir storm report`, which takes nothing for granted.
//
//   {"format": "weir-storm-result", "version": 1, "experiment", "title", "router", "time", "seed",
//    "machine", "settings", "configuration", "reduced", "notes", "cannot_be_shown": null | why,
//    "figures", "verdicts", "series": {"t": [...], ...}, "drops", "distributions"}
#pragma once

#include <string>
#include <vector>

#include "controlplane/cli/storm/run.hpp"

namespace weir::cli::storm {

struct Description {
  const Experiment& experiment;
  const RunSettings& settings;
  std::uint32_t rate = 0, established = 0, new_hosts = 0;
  Json machine, configuration;
};

Json make_result(const Description& description, const Outcome& outcome);
Json cannot_be_shown(const Description& description, const Outcome& outcome,
                     const std::string& why);
/// Latency and resolution times by phase, as [value, share of all that do not exceed it].
Json make_distributions(const Ledger& ledger);

/// Of sorted values; 0: there are none.
double percentile(const std::vector<double>& sorted, double share);

/// Throws CliError, with the file's name, for what is no result of this version.
Json read_result(const std::string& path);
void write_result(const Json& result, const std::string& path);

/// `met 2, missed 1`, a line each verdict.
std::string summary(const Json& result);

}  // namespace weir::cli::storm
