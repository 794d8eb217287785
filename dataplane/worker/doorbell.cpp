#include "dataplane/worker/doorbell.hpp"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace weir {

Doorbell::Doorbell() {
  const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "a worker's eventfd");
  listen(fd);
}

Doorbell::~Doorbell() { ::close(events_.front().fd); }

void Doorbell::ring() {
  if (!asleep_.exchange(false)) return;
  const std::uint64_t one = 1;
  // It cannot fill up: the sleeper empties it before it sleeps again.
  [[maybe_unused]] const auto written = write(events_.front().fd, &one, sizeof one);
}

void Doorbell::wait(int longest_ms) {
  poll(events_.data(), events_.size(), longest_ms);
  for (pollfd& event : events_) {
    if ((event.revents & POLLNVAL) != 0) event.fd = -1;  // poll passes over it from now on
    if ((event.revents & (POLLERR | POLLHUP)) == 0) continue;
    // An interface that went down or vanished says so until it is asked; nobody could sleep.
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(event.fd, SOL_SOCKET, SO_ERROR, &error, &length);
  }
  if ((events_.front().revents & POLLIN) == 0) return;
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = read(events_.front().fd, &count, sizeof count);
}

}  // namespace weir
