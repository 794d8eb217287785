#include "controlplane/cli/interruptible.hpp"

#include <poll.h>

#include <ctime>

namespace weir::cli {
namespace {

volatile std::sig_atomic_t came = 0;

}  // namespace

// The signals are blocked but for the sleeps: one that comes just before a sleep still ends it.
Interruptible::Interruptible() {
  came = 0;
  sigset_t ours;
  sigemptyset(&ours);
  sigaddset(&ours, SIGINT);
  sigaddset(&ours, SIGTERM);
  sigprocmask(SIG_BLOCK, &ours, &mask_before_);
  struct sigaction action {};
  action.sa_handler = [](int) { came = 1; };
  sigaction(SIGINT, &action, &interrupt_before_);
  sigaction(SIGTERM, &action, &terminate_before_);
}

Interruptible::~Interruptible() {
  // Those that came are taken by our handlers, not by what was there before.
  sigset_t open = mask_before_;
  sigdelset(&open, SIGINT);
  sigdelset(&open, SIGTERM);
  sigprocmask(SIG_SETMASK, &open, nullptr);
  sigaction(SIGINT, &interrupt_before_, nullptr);
  sigaction(SIGTERM, &terminate_before_, nullptr);
  sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
}

bool Interruptible::interrupted() const {
  sigset_t waiting;
  sigpending(&waiting);
  return came != 0 || sigismember(&waiting, SIGINT) == 1 || sigismember(&waiting, SIGTERM) == 1;
}

void Interruptible::sleep_until(std::chrono::steady_clock::time_point when) const {
  const auto left =
      std::chrono::duration_cast<std::chrono::nanoseconds>(when - std::chrono::steady_clock::now());
  if (left.count() <= 0 || came != 0) return;
  const timespec wait{static_cast<std::time_t>(left.count() / 1'000'000'000),
                      static_cast<long>(left.count() % 1'000'000'000)};
  sigset_t open = mask_before_;
  sigdelset(&open, SIGINT);
  sigdelset(&open, SIGTERM);
  ppoll(nullptr, 0, &wait, &open);
}

}  // namespace weir::cli
