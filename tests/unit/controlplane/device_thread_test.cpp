#include "controlplane/device_thread.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace weir::control::test {
namespace {

using namespace std::chrono_literals;

TEST(DeviceThread, DoesOneThingAfterTheOther) {
  DeviceThread<int> thread;
  EXPECT_FALSE(thread.is_busy());
  EXPECT_TRUE(thread.is_done());
  for (int i = 0; i < 100; ++i) {
    thread.start([i] { return i; });
    EXPECT_TRUE(thread.is_busy());
    ASSERT_TRUE(thread.is_done(10s));
    EXPECT_EQ(thread.take(), i);
    EXPECT_FALSE(thread.is_busy());
  }
}

TEST(DeviceThread, HandsOnWhatIsThrown) {
  DeviceThread<int> thread;
  thread.start([]() -> int { throw std::runtime_error("no device"); });
  ASSERT_TRUE(thread.is_done(10s));
  EXPECT_THROW(thread.take(), std::runtime_error);
  thread.start([] { return 1; });
  EXPECT_TRUE(thread.is_done(10s));
  EXPECT_EQ(thread.take(), 1);
}

TEST(DeviceThread, NobodyWaitsForIt) {
  std::promise<void> end;
  bool is_over = false;
  {
    DeviceThread<int> thread;
    thread.start([&, ended = end.get_future().share()] {
      ended.wait();
      is_over = true;
      return 0;
    });
    EXPECT_FALSE(thread.is_done(1ms));
    EXPECT_TRUE(thread.is_busy());
    end.set_value();
  }
  EXPECT_TRUE(is_over) << "but who ends it";
}

}  // namespace
}  // namespace weir::control::test
