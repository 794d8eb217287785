// What a worker sleeps on, a file descriptor a queue, with numbers that stay while the port behind
// them goes and comes back.
#pragma once

#include <cstdint>
#include <vector>

namespace weir {

class WakeFds {
 public:
  WakeFds() = default;
  WakeFds(const WakeFds&) = delete;
  WakeFds& operator=(const WakeFds&) = delete;
  ~WakeFds();

  /// From now on they are readable when `fds` are, by which they keep these open: as many as the
  /// first time, which alone throws std::system_error. Who sleeps on them is to be woken.
  void follow(const std::vector<int>& fds);
  /// From now on they are never readable, and keep nothing open. Who sleeps on them is to be woken.
  void silence();
  /// -1: that queue has none.
  int operator[](std::uint16_t queue) const { return queue < fds_.size() ? fds_[queue] : -1; }

 private:
  std::vector<int> fds_;
  int silent_ = -1;
};

}  // namespace weir
