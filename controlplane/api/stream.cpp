#include "controlplane/api/stream.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace weir::api {
namespace {

/// Waits for `events` on `fd`; false when `until` has passed or the wait failed.
bool wait_for(int fd, short events, SocketStream::Clock::time_point until) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - SocketStream::Clock::now());
    if (left.count() <= 0) return false;
    pollfd entry{fd, events, 0};
    const int ready = poll(&entry, 1, static_cast<int>(left.count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

}  // namespace

Peer SocketStream::peer() const {
  ucred who{};
  socklen_t size = sizeof who;
  if (getsockopt(fd_, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0 ||
      who.uid == static_cast<uid_t>(-1))
    return {};
  Peer peer{who.uid, {who.gid}};
  // The process's own, which are not always those that a new login of the user would have.
  std::vector<gid_t> others(64);
  const auto ask = [&] {
    size = static_cast<socklen_t>(others.size() * sizeof others[0]);
    return getsockopt(fd_, SOL_SOCKET, SO_PEERGROUPS, others.data(), &size);
  };
  int asked = ask();
  if (asked != 0 && errno == ERANGE) {
    others.resize(size / sizeof others[0]);
    asked = ask();
  }
  if (asked == 0)
    peer.groups.insert(peer.groups.end(), others.begin(),
                       others.begin() + static_cast<std::ptrdiff_t>(size / sizeof others[0]));
  return peer;
}

ssize_t BoundedStream::read(char* to, std::size_t size) {
  if (budget_ == 0) return -1;
  const ssize_t got = read_some(to, std::min(size, budget_));
  if (got > 0) budget_ -= static_cast<std::size_t>(got);
  ended_ = got <= 0;
  return got;
}

// httplib notes both in the request, where nobody reads them.
void BoundedStream::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}
void BoundedStream::get_local_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

bool SocketStream::is_readable() const { return at_ < end_ || wait_for(fd_, POLLIN, read_until_); }

ssize_t SocketStream::receive(char* to, std::size_t size) {
  for (;;) {
    if (!wait_for(fd_, POLLIN, read_until_)) return -1;
    const ssize_t got = recv(fd_, to, size, 0);
    if (got >= 0 || (errno != EAGAIN && errno != EINTR)) return got;
  }
}

ssize_t SocketStream::read_some(char* to, std::size_t size) {
  if (at_ == end_) {
    if (size >= buffer_.size()) return receive(to, size);
    const ssize_t got = receive(buffer_.data(), buffer_.size());
    if (got <= 0) return got;
    at_ = 0;
    end_ = static_cast<std::size_t>(got);
  }
  const std::size_t taken = std::min(size, end_ - at_);
  std::memcpy(to, buffer_.data() + at_, taken);
  at_ += taken;
  return static_cast<ssize_t>(taken);
}

// All of it, or a failure: httplib does not go on after a short write everywhere.
ssize_t SocketStream::write(const char* from, std::size_t size) {
  if (write_until_ == Clock::time_point{}) write_until_ = Clock::now() + write_timeout_;
  std::size_t sent = 0;
  while (sent < size) {
    const ssize_t n = send(fd_, from + sent, size - sent, MSG_NOSIGNAL);
    if (n >= 0) {
      sent += static_cast<std::size_t>(n);
    } else if (errno == EAGAIN) {
      if (!wait_for(fd_, POLLOUT, write_until_)) return -1;
    } else if (errno != EINTR) {
      return -1;
    }
  }
  return static_cast<ssize_t>(size);
}

ssize_t MemoryStream::write(const char* from, std::size_t size) {
  output_.append(from, size);
  return static_cast<ssize_t>(size);
}

ssize_t MemoryStream::read_some(char* to, std::size_t size) {
  const std::size_t taken = std::min(size, input_.size());
  std::memcpy(to, input_.data(), taken);
  input_.remove_prefix(taken);
  return static_cast<ssize_t>(taken);
}

}  // namespace weir::api
