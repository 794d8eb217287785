// A storm of the user's own, as a file. Strict, as every file of Weir's: unknown keys are errors
// with line and column.
//
//   version: 1
//   name: my-storm
//   seed: 7                     # the same seed sends the same frames
//   phases: {baseline: 3s, attack: 5s, recovery: 3s}      # at most 60 s each
//   rate: 50kpps                # of all frames together, at most 1 Mpps
//   from: attacker              # the port: attacker | legitimate | sink
//   bridged: false              # the three ports in one bridge instead of three subnets
//   frames:                     # a mix, at most 16
//     - kind: arp-request       # arp-reply | garp | ipv4 | ethernet
//       share: 3                # of the mix, beside the others'
//       sources: 6000           # MAC addresses: a number of them, `random` (each drawn anew),
//       `hosts`
//                               # (the rig's own, by the sender) or `senders` (one for each sender)
//       senders: 10.1.16.0/20   # ARP's sender, IPv4's source: an address or a prefix
//       targets: router         # or an address or a prefix
//       pick: random            # of senders and targets: random | in-turn
//       to: broadcast           # router | broadcast | multicast | unknown | a MAC address
//       ttl: 64
//       fragment: false
//       size: 60                # bytes without the FCS
#pragma once

#include <optional>
#include <string>

#include "config/finding.hpp"
#include "controlplane/cli/storm/experiments.hpp"
#include "controlplane/cli/storm/run.hpp"

namespace weir::cli::storm {

struct StormFile {
  Experiment experiment;
  RunSettings settings;
  /// Targets that are the router's address, by their places in the mix, are filled in by `mix`.
  std::vector<FrameSpec> frames;
};

struct StormFileResult {
  std::optional<StormFile> storm;  // present exactly when no finding is an error
  config::Findings findings;
};

StormFileResult parse_storm(const std::string& text, const std::string& file);
StormFileResult load_storm(const std::string& path);

}  // namespace weir::cli::storm
