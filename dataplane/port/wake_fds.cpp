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
}

void WakeFds::follow(const std::vector<int>& fds) {
  if (fds_.empty())
    for (const int fd : fds) fds_.push_back(checked(fcntl(fd, F_DUPFD_CLOEXEC, 0)));
  else
    for (std::size_t i = 0; i < std::min(fds.size(), fds_.size()); ++i)
      checked(dup3(fds[i], fds_[i], O_CLOEXEC));
}

void WakeFds::silence() {
  if (fds_.empty()) return;
  const int silent = checked(eventfd(0, EFD_CLOEXEC));
  for (const int fd : fds_) dup3(silent, fd, O_CLOEXEC);
  ::close(silent);
}

}  // namespace weir
