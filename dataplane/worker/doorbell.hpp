// A worker without packets sleeps in the kernel until a port or the control thread has some: no
// wake-up for nothing, and no packet that waits for a timer. One sleeper, any number of ringers.
#pragma once

#include <poll.h>

#include <atomic>
#include <vector>

namespace weir {

class Doorbell {
 public:
  /// Throws std::system_error.
  Doorbell();
  Doorbell(const Doorbell&) = delete;
  Doorbell& operator=(const Doorbell&) = delete;
  ~Doorbell();

  /// Also wakes when `fd` is readable. Before the first sleep.
  void listen(int fd) { events_.push_back({fd, POLLIN, 0}); }

  /// Wakes the sleeper if there is one: after what it is to find has been stored. A system call
  /// once a sleep, else one exchange.
  void ring();

  /// Sleeps until `ring`, a readable descriptor or a signal, `longest_ms` at most; not at all if
  /// `nothing_to_do()`, asked after ringers can see the sleeper, is false.
  template <class F>
  void sleep(int longest_ms, F&& nothing_to_do) {
    asleep_.exchange(true);
    if (nothing_to_do()) wait(longest_ms);
    asleep_.store(false);
  }

 private:
  void wait(int longest_ms);

  std::atomic<bool> asleep_{false};
  std::vector<pollfd> events_;  // the bell's own first
};

}  // namespace weir
