// `weir doctor [FILE]`: what of this machine stands in the way of a router (of the one that FILE
// describes), and the command that mends it. Only looks, but with --fix; works without root and in
// containers.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config/model.hpp"
#include "controlplane/cli/context.hpp"
#include "controlplane/cli/machine.hpp"

namespace weir::cli {

struct Diagnosis {
  enum class Level { ok, warning, problem } level = Level::ok;
  std::string topic;    // cpu, hugepages, nic, ...
  std::string message;  // what was found
  std::string remedy;   // the command that mends it, or "": nothing to mend
  /// The remedy, where it can be undone and cuts nobody off: what --fix does.
  Steps mending{};
  Steps undoing{};
};
using Diagnoses = std::vector<Diagnosis>;

/// A diagnosis whose remedy --fix may do.
Diagnosis mendable(Diagnosis::Level level, std::string topic, std::string message, Steps mending,
                   Steps undoing);

/// All that is found, without a configuration or about one that is right.
Diagnoses examine(const Machine& machine, const config::Config* config);

struct DoctorOptions {
  std::string file;  // empty: none
  bool fix = false;
  bool yes = false;  // do not ask
};

/// Examines, mends with --fix, and prints. kFailure when there is a problem, or something could not
/// be mended.
int doctor(const Context& context, const Machine& machine, const DoctorOptions& options);

/// What --fix did about one finding.
struct Mended {
  std::string command, undo;
  std::string error;  // empty: done
};
/// Does every remedy that can be undone, the same one once.
std::vector<Mended> mend(const Machine& machine, const Diagnoses& found);

// Parts of `examine`.
void examine_cpu(const Machine& machine, Diagnoses& found);
void examine_cores(const Machine& machine, const config::Config* config, Diagnoses& found);
void examine_hugepages(const Machine& machine, const config::Config* config, Diagnoses& found);
void examine_kernel(const Machine& machine, Diagnoses& found);
void examine_rights(const Machine& machine, Diagnoses& found);
void examine_nics(const Machine& machine, const config::Config* config, Diagnoses& found);
void examine_linux_ports(const Machine& machine, const config::Config& config, Diagnoses& found);

}  // namespace weir::cli
