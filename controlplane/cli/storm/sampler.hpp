// What router and machine say of themselves, every 100 ms, as rates and as states. Used by one
// thread; asking costs the router's control thread about a millisecond.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "controlplane/cli/client.hpp"
#include "controlplane/cli/storm/ledger.hpp"
#include "controlplane/cli/storm/machine.hpp"
#include "controlplane/cli/storm/outcome.hpp"
#include "controlplane/cli/storm/rig.hpp"

namespace weir::cli::storm {

struct Sample {
  std::uint64_t when = 0;
  ProcessTime process;
  MachineTime machine;
  std::uint64_t worker_wait_ns = 0, control_wait_ns = 0;
  double busy = 0;
  std::uint64_t rx = 0, dropped = 0;  // of the router in total
  std::map<std::string, std::uint64_t> counters;
  std::map<std::string, DeviceFrames> interfaces;  // by port's name, as the router counts
  std::map<std::string, DeviceFrames> devices;     // by port's name: the kernel's, router's end
  std::map<std::string, DeviceFrames> hosts;       // ... and the hosts' end; only in full samples

  std::uint64_t counter(const std::string& name) const {
    const auto at = counters.find(name);
    return at == counters.end() ? 0 : at->second;
  }
};

class Sampler {
 public:
  Sampler(const Rig& rig, RouterKind kind) : rig_(rig), kind_(kind), client_(rig.socket()) {}

  /// `full`: with what only the edges of phases need. A router that does not answer in time
  /// leaves zeros, and is counted.
  Sample take(bool full);
  std::uint64_t unanswered() const { return unanswered_; }

  /// {interface, reason, packets} of what was dropped; empty for Linux.
  Json drops() const;
  /// An answer of the API; null when this router has no such path.
  Json optional(const std::string& path) const;

 private:
  void take_weir(Sample& sample);
  void take_linux(Sample& sample);

  const Rig& rig_;
  RouterKind kind_;
  Client client_;
  std::uint64_t unanswered_ = 0;
};

/// Rates and states over time, from samples and the ledger; `t` is seconds from the attack's begin.
Json make_series(const std::vector<Sample>& samples, const Ledger& ledger, RouterKind kind,
                 Port attacked);
/// The phase between two full samples, without what the ledger's receiver knows.
Phase make_phase(const std::vector<Sample>& samples, const Ledger& ledger, std::size_t phase,
                 Port attacked);
/// How much every counter grew between two samples.
std::map<std::string, double> growth(const Sample& from, const Sample& to);

/// What grew between two lists of drops, most first.
Json drop_growth(const Json& from, const Json& to);

}  // namespace weir::cli::storm
