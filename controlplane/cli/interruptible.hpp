// For verbs that go on until somebody types Ctrl-C.
#pragma once

#include <chrono>
#include <csignal>

namespace weir::cli {

/// While it lives, SIGINT only makes `interrupted` true, and cuts sleeps short; SIGTERM likewise.
/// One at a time.
class Interruptible {
 public:
  Interruptible();
  ~Interruptible();
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;

  bool interrupted() const;
  /// Returns at once when interrupted.
  void sleep_until(std::chrono::steady_clock::time_point when) const;

 private:
  struct sigaction interrupt_before_ {
  }, terminate_before_{};
  sigset_t mask_before_{};
};

}  // namespace weir::cli
