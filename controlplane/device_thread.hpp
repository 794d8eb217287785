// Does one thing at a time for a thread that must not wait: closing and opening devices, which
// takes up to seconds, and with some drivers minutes. Made with its thread, so that there is one
// when it is needed.
//
// For one caller.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace weir::control {

template <class Result>
class DeviceThread {
 public:
  DeviceThread() : thread_([this] { run(); }) {}
  DeviceThread(const DeviceThread&) = delete;
  DeviceThread& operator=(const DeviceThread&) = delete;
  /// Waits for what is under way.
  ~DeviceThread() {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  /// Not before what was started is done.
  void start(std::function<Result()> what) {
    std::packaged_task<Result()> task(std::move(what));
    result_ = task.get_future();
    {
      const std::lock_guard lock(mutex_);
      task_ = std::move(task);
    }
    wake_.notify_one();
  }
  /// Something was started whose result was not taken.
  bool is_busy() const { return result_.valid(); }
  /// Whether the result is there within the time; or nothing was started.
  bool is_done(std::chrono::steady_clock::duration within = {}) const {
    return !is_busy() || result_.wait_for(within) == std::future_status::ready;
  }
  /// Of what is done. Throws what it threw.
  Result take() { return result_.get(); }

 private:
  void run() {
    while (true) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return task_ || is_over_; });
      if (!task_) return;
      std::packaged_task<Result()> task = std::move(*task_);
      task_.reset();
      lock.unlock();
      task();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<std::packaged_task<Result()>> task_;
  bool is_over_ = false;
  std::future<Result> result_;
  std::thread thread_;
};

}  // namespace weir::control
