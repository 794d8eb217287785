// Commands from other threads: answered, refused, or told that the router stops; never left
// waiting.
#include "controlplane/command_queue.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <thread>

namespace weir::control {
namespace {

using namespace std::chrono_literals;

TEST(CommandQueue, AnswersAndExceptionsReachTheCaller) {
  CommandQueue queue;
  std::promise<void> stop;
  std::thread control([&, stopped = stop.get_future()] {
    while (stopped.wait_for(0s) != std::future_status::ready) queue.run(32);
  });
  EXPECT_EQ(queue.call([] { return 42; }), 42);
  EXPECT_THROW(queue.call([]() -> int { throw std::logic_error("no"); }), std::logic_error);
  stop.set_value();
  control.join();
}

TEST(CommandQueue, RefusesWhenClosed) {
  CommandQueue queue;
  queue.close();
  EXPECT_THROW(queue.call([] {}), Unavailable);
}

// A close at any moment of a call ends it. When one is left waiting, `join` never returns, and the
// test's time-out says so.
TEST(CommandQueue, NobodyWaitsBehindAClosedQueue) {
  for (int round = 0; round < 2000; ++round) {
    CommandQueue queue;
    std::thread api([&] {
      try {
        while (true) queue.call([] {});
      } catch (const Unavailable&) {
      }
    });
    const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(round % 100);
    while (std::chrono::steady_clock::now() < end) queue.run(32);
    queue.close();
    api.join();
  }
}

}  // namespace
}  // namespace weir::control
