#include "dataplane/port/wake_fds.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace weir {
namespace {

int checked(int fd) {
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "what a worker sleeps on");
  return fd;
}

}  // namespace

WakeFds::~WakeFds() {
  for (const int fd : fds_) ::close(fd);
  if (silent_ >= 0) ::close(silent_);
}

void WakeFds::follow(const std::vector<int>& fds) {
  if (fds.empty()) return;
  if (silent_ < 0) {
    silent_ = checked(eventfd(0, EFD_CLOEXEC));
    for (const int fd : fds) fds_.push_back(checked(fcntl(fd, F_DUPFD_CLOEXEC, 0)));
  } else {
    // Onto a number that is in use: that needs no descriptor and does not fail.
    for (std::size_t i = 0; i < std::min(fds.size(), fds_.size()); ++i)
      dup3(fds[i], fds_[i], O_CLOEXEC);
  }
}

void WakeFds::silence() {
  for (const int fd : fds_) dup3(silent_, fd, O_CLOEXEC);
}

}  // namespace weir
