// How other threads have something done on the control thread: they post a function and wait for
// its answer.
#pragma once

#include <oneapi/tbb/concurrent_queue.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

#include "controlplane/router_api.hpp"

namespace weir::control {

class CommandQueue {
 public:
  /// Commands that wait at once; one more is refused (the API has fewer threads than that).
  static constexpr std::ptrdiff_t kCapacity = 256;

  CommandQueue() : event_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (event_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    commands_.set_capacity(kCapacity);
  }
  CommandQueue(const CommandQueue&) = delete;
  CommandQueue& operator=(const CommandQueue&) = delete;
  ~CommandQueue() { ::close(event_); }

  /// Any thread but the control thread: runs `f` there and returns what it returns, exceptions
  /// included. Throws Unavailable when the router is stopping or too busy.
  template <class F>
  auto call(F&& f) -> decltype(f()) {
    using Result = decltype(f());
    auto task = std::make_shared<std::packaged_task<Result()>>(std::forward<F>(f));
    auto answer = task->get_future();
    // The queue is the task's only owner: what is thrown away there breaks its promise.
    if (closed_.load() || !commands_.try_push([task = std::move(task)] { (*task)(); }))
      throw Unavailable("the router is stopping or has too many requests; try again");
    if (closed_.load()) drain();  // it came in behind the last drain
    wake();
    try {
      return answer.get();
    } catch (const std::future_error&) {
      throw Unavailable("the router is stopping");
    }
  }

  /// Control thread: runs what is waiting, at most `limit`; returns how many ran.
  unsigned run(unsigned limit) {
    unsigned done = 0;
    std::function<void()> command;
    while (done < limit && commands_.try_pop(command)) {
      command();
      ++done;
    }
    return done;
  }

  /// Control thread: no more commands; those waiting fail with Unavailable.
  void close() {
    closed_.store(true);
    drain();
  }

  /// Nothing will ever run again.
  bool is_closed() const { return closed_.load(); }

  void wake() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(event_, &one, sizeof one);
  }
  /// Readable when something waits.
  int event() const { return event_; }
  void acknowledge() {
    std::uint64_t count;
    [[maybe_unused]] const auto got = ::read(event_, &count, sizeof count);
  }

 private:
  void drain() {
    std::function<void()> command;
    while (commands_.try_pop(command)) command = nullptr;
  }

  oneapi::tbb::concurrent_bounded_queue<std::function<void()>> commands_;
  std::atomic<bool> closed_{false};
  int event_;
};

/// For what must not be left half done because others ask much: that passes. Throws Unavailable
/// when the queue is closed.
template <class F>
auto call_patiently(CommandQueue& commands, F&& f) -> decltype(f()) {
  for (;;) {
    try {
      return commands.call(f);
    } catch (const Unavailable&) {
      if (commands.is_closed()) throw;
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
  }
}

}  // namespace weir::control
