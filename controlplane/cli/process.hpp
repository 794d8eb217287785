// Other people's programs: run to the end, or left running on their own.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace weir::cli {

struct Finished {
  int exit_code = -1;  // 127: there is no such program; -1: ended by a signal
  std::string output;  // what it said, on both outputs

  bool ok() const { return exit_code == 0; }
  bool missing() const { return exit_code == 127; }
};

/// Runs the program `words[0]` of the PATH with an empty input until it ends, or is ended after
/// `limit`.
Finished run_program(const std::vector<std::string>& words,
                     std::chrono::milliseconds limit = std::chrono::seconds(30));

/// Starts it in a session of its own, with both outputs in the file `log`, and leaves it running.
/// Throws CliError when there is no such program.
pid_t start_program(const std::vector<std::string>& words, const std::string& log);

/// When process `pid` began, in ticks since the machine's; 0: there is no such process, or it is a
/// zombie. A pid with its beginning is never reused.
std::uint64_t beginning_of(pid_t pid);

/// Ends processes: SIGTERM, and SIGKILL for those still there after `patience`.
void end_processes(const std::vector<pid_t>& pids, std::chrono::milliseconds patience);

}  // namespace weir::cli
