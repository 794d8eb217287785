// One run: rig, warm-up, baseline, attack, recovery, and what came of it as a result (result.hpp).
// Bounded in time and frames whatever is asked for; ends early, and cleans up, when it is told to.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "controlplane/cli/context.hpp"
#include "controlplane/cli/storm/experiments.hpp"

namespace weir::cli::storm {

inline constexpr double kMaxSeconds = 60;  // of each phase
inline constexpr std::uint32_t kMaxRate = 1'000'000;
inline constexpr std::uint32_t kMaxLoad = 200'000;
inline constexpr std::uint32_t kDefaultHosts = 1000;

struct RunSettings {
  RouterKind router = RouterKind::weir;
  double baseline = 3, attack = 5, recovery = 3;  // seconds
  std::uint32_t rate = 0;                         // of the attack; 0: the experiment's own
  std::uint32_t load = 10'000;                    // legitimate packets a second
  std::uint32_t hosts = 0;                        // 0: the experiment's, or the default
  std::uint64_t seed = 1;
  bool same_port = false;
  /// Told what is being done.
  std::function<void(const std::string&)> progress = [](const std::string&) {};
};

/// Returns the result; an experiment that this router cannot run gives one that says so. Throws
/// CliError when the rig cannot be made, or `interrupted` became true.
Json run_experiment(const Experiment& experiment, const RunSettings& settings,
                    const std::atomic<bool>& interrupted);

}  // namespace weir::cli::storm
