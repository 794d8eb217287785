// `weir doctor [FILE]`: what of this machine stands in the way of a router (of the one that FILE
// describes), and the command that mends it. Only looks; works without root and in containers.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/model.hpp"
#include "controlplane/cli/context.hpp"

namespace weir::cli {

struct Diagnosis {
  enum class Level { ok, warning, problem } level = Level::ok;
  std::string topic;    // cpu, hugepages, nic, ...
  std::string message;  // what was found
  std::string remedy;   // the command that mends it, or "": nothing to mend
};
using Diagnoses = std::vector<Diagnosis>;

/// The other end of a veth pair.
struct CableEnd {
  std::string interface;          // empty: not to be found
  std::string network_namespace;  // empty: this one
  std::optional<bool> transmit_checksum_offload;
};

/// Where the doctor looks. Tests give it trees and answers of their own.
struct Machine {
  std::string root;        // in front of /proc, /sys and /dev
  unsigned cpu_needs = 0;  // cpu_check.hpp
  std::string built_for;   // as meson's option `cpu`
  /// What `weir-router --version` says; nullopt with a reason: it does not run.
  std::function<std::optional<std::string>(std::string& reason)> router_version;
  /// nullopt: not one of a pair.
  std::function<std::optional<CableEnd>(const std::string& interface)> other_end;

  static Machine here();
};

/// All that is found, without a configuration or about one that is right.
Diagnoses examine(const Machine& machine, const config::Config* config);

/// Prints them. kFailure when there is a problem.
int doctor(const Context& context, const std::string& file);

// Parts of `examine`.
void examine_cpu(const Machine& machine, Diagnoses& found);
void examine_cores(const Machine& machine, const config::Config* config, Diagnoses& found);
void examine_hugepages(const Machine& machine, const config::Config* config, Diagnoses& found);
void examine_kernel(const Machine& machine, Diagnoses& found);
void examine_nics(const Machine& machine, const config::Config* config, Diagnoses& found);
void examine_linux_ports(const Machine& machine, const config::Config& config, Diagnoses& found);

}  // namespace weir::cli
