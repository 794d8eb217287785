// What the API may ask about configurations: what would change, change it, and back. Plain values;
// implemented by ConfigKeeper. Every call is thread-safe and may take as long as the change takes.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/finding.hpp"
#include "config/plan.hpp"
#include "controlplane/prove_api.hpp"

namespace weir::control {

/// Who asks: what the socket says (SO_PEERCRED), and what the client says.
struct ConfigUser {
  std::int64_t uid = -1;  // -1: unknown
  std::string from;       // "local", "ssh from 192.0.2.1"; one line
};

struct ConfigRequest {
  std::string text;  // the whole configuration, YAML
  std::string file;  // its name in messages
  std::string kind = "apply";
  std::optional<std::chrono::seconds> confirm;  // to be confirmed within
  std::optional<ProveRequest> prove;            // with probes beside it; not of a plan
  ConfigUser user;
  bool reads_files = true;  // else, of a plan, route files are not opened
};

struct ConfigOutcome {
  enum class Result {
    ok,       // planned, or done
    errors,   // the text has errors: see findings
    restart,  // a part of it takes a restart: nothing was done
    pending,  // another change waits for its confirmation: nothing was done
    failed    // nothing is changed: see message
  } result = Result::ok;
  config::Findings findings;
  config::Plan plan;  // against what ran before
  std::string message, hint;
  bool unchanged =
      false;  // the very text runs already, and is the startup file's: nothing was done
  std::uint64_t number = 0;           // of the entry in the history that runs now; 0: none
  std::optional<double> confirm_by;   // seconds since the epoch: reverts then unless confirmed
  std::vector<std::string> warnings;  // what could not be kept, with place and remedy
  std::optional<ProveReport> prove;   // if it was asked for, and the change was made
};

struct HistoryEntry {
  std::uint64_t number = 0;
  double time = 0;  // seconds since the epoch
  std::string kind, what, user, from;
  std::uint64_t bytes = 0;
  bool running = false;
  bool unconfirmed = false;
  bool on_disk = true;
};

struct ConfigHistoryStatus {
  std::vector<HistoryEntry> entries;  // oldest first
  std::string startup_file, directory;
  std::string why_memory_only;  // empty: it is on the disk
  std::optional<double> confirm_by;
  std::vector<std::string> warnings;
};

class ConfigApi {
 public:
  virtual ~ConfigApi() = default;
  virtual ConfigOutcome plan(const ConfigRequest& request) = 0;
  virtual ConfigOutcome apply(const ConfigRequest& request) = 0;
  /// What waits for it stays. `failed`: nothing does.
  virtual ConfigOutcome confirm(const ConfigUser& user) = 0;
  /// Back to entry `number`; 0: to what ran before; while something waits for its confirmation: to
  /// what comes back without one.
  virtual ConfigOutcome rollback(std::uint64_t number, std::optional<std::chrono::seconds> confirm,
                                 const ConfigUser& user,
                                 const std::optional<ProveRequest>& prove) = 0;
  virtual ConfigHistoryStatus history() = 0;
  /// The text of an entry; nullopt: there is none.
  virtual std::optional<std::string> entry(std::uint64_t number) = 0;
  /// The startup file as it is now. Throws std::runtime_error when it cannot be read.
  virtual std::string startup() = 0;
};

}  // namespace weir::control
