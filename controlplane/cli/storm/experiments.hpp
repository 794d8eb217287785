// The experiments E1 to E14, each as data: what is sent where, how the router is configured for it,
// what happens meanwhile, and what the figures must be.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/cli/storm/frame_spec.hpp"
#include "controlplane/cli/storm/ledger.hpp"
#include "controlplane/cli/storm/outcome.hpp"
#include "controlplane/cli/storm/rig.hpp"

namespace weir::cli::storm {

/// Where an attack comes in, and how much of it may leave entries in the router's table.
struct AttackPoint {
  Port port = Port::attacker;
  std::uint32_t established = 0;
  /// Senders or targets that the router may remember; 0: as many as the experiment has.
  std::uint32_t most_remembered = 0;
  std::uint32_t remembered(std::uint32_t wanted) const {
    return most_remembered == 0 || wanted < most_remembered ? wanted : most_remembered;
  }
};

/// What an experiment does beside its attack; runs in a thread of its own from the attack's begin.
struct Stage {
  Rig& rig;
  Ledger& ledger;
  RouterKind router;
  std::atomic<bool>& ended;
  std::map<std::string, double>& extra;
  std::vector<std::string>& notes;

  /// Waits until `share` of the attack is over; false: the run ends before.
  bool wait_for(double share) const;
  bool pause(std::uint64_t nanoseconds) const;
};

struct Experiment {
  std::string name, title, sends, target;
  std::string needs = "root";
  Port port = Port::attacker;
  bool bridged = false, loop = false;
  std::uint32_t rate = 200'000;      // frames a second that it asks for
  std::uint32_t hosts = 0;           // established flows; 0: the default
  std::uint32_t new_hosts = 10;      // a second
  bool everybody_answers = false;    // all of the sink's subnet
  bool attackers_answer = false;     // hosts behind the attacker's port answer ARP, too
  bool creates_entries = false;      // Linux: senders or targets are cut to the room in its table
  std::string not_on_linux;          // why it makes no sense there; "": it does
  std::vector<std::string> reduced;  // against the specification
  std::function<std::vector<FrameSpec>(const AttackPoint&)> mix;
  std::function<void(Json& configuration)> configure;
  std::function<void(Stage&)> during;
  std::function<std::vector<Verdict>(const Outcome&)> judge;
};

const std::vector<Experiment>& experiments();
/// By name (e1-others), or by the part before the dash (e1); null: there is none.
const Experiment* find_experiment(const std::string& name);

// What happens meanwhile.
void fail_over(Stage& stage);
void flap(Stage& stage);
void plug_a_loop(Stage& stage);
void flush(Stage& stage);

}  // namespace weir::cli::storm
