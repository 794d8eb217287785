// What every verb of `weir` needs: where to print, how, and how to fail.
#pragma once

#include <ostream>
#include <stdexcept>
#include <string>

#include "controlplane/api/json.hpp"

namespace weir::cli {

using api::Json;

/// What `weir` exits with. Scripts rely on these.
enum ExitCode : int {
  kSuccess = 0,
  kFailure = 1,      // what was asked for failed, was refused, or errors were found
  kUnreachable = 2,  // no router answers
  kUsage = 64,       // the command line is wrong (EX_USAGE of sysexits.h)
};

/// Ends the command; main() prints message and hint, as text or as JSON. Without a message all has
/// been said, and only the exit code is left.
class CliError : public std::runtime_error {
 public:
  explicit CliError(const std::string& message, std::string hint = {}, int exit_code = kFailure)
      : std::runtime_error(message), hint_(std::move(hint)), exit_code_(exit_code) {}
  const std::string& hint() const { return hint_; }
  int exit_code() const { return exit_code_; }

 private:
  std::string hint_;
  int exit_code_;
};

struct Context {
  std::ostream& out;
  std::ostream& err;
  bool json = false;             // --json
  std::string socket;            // --socket
  std::string program = "weir";  // as it was called, for what to type next

  /// Indented, one newline behind; bytes that are not UTF-8 become U+FFFD.
  void print_json(const Json& json_value) const {
    out << json_value.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
  }
};

}  // namespace weir::cli
