#include "controlplane/api/unix_socket.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "config/group.hpp"
#include "controlplane/api/server.hpp"

namespace weir::api {
namespace {

constexpr int kBacklog = 128;

[[noreturn]] void fail(const std::string& path, const std::string& what, int error = 0) {
  throw ServerError("API socket " + path + ": " + what +
                    (error != 0 ? std::string(": ") + std::strerror(error) : ""));
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    fail(path, "the path must have 1 to " + std::to_string(sizeof address.sun_path - 1) + " bytes");
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Descriptor new_socket(const std::string& path) {
  Descriptor fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) fail(path, "no socket", errno);
  return fd;
}

/// Refuses a live socket and anything that is none; unlinks a dead one.
void clear_the_way(const std::string& path, const sockaddr_un& address) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return;
    fail(path, "cannot be looked at", errno);
  }
  if (!S_ISSOCK(status.st_mode))
    fail(path, "exists and is no socket; name another path in services.api.socket, or remove it");
  const Descriptor probe = new_socket(path);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (connect(probe.get(), generic, sizeof address) == 0) {
    ucred peer{};
    socklen_t size = sizeof peer;
    getsockopt(probe.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size);
    fail(path, "a router answers there already (pid " + std::to_string(peer.pid) +
                   "); stop it, or name another path in services.api.socket");
  }
  if (errno == EAGAIN) fail(path, "a router listens there already; its queue is full");
  if (errno != ECONNREFUSED && errno != ENOENT) fail(path, "cannot be asked who owns it", errno);
  if (unlink(path.c_str()) != 0 && errno != ENOENT) fail(path, "stale and not removable", errno);
}

}  // namespace

void Descriptor::reset(int fd) {
  if (fd_ >= 0) close(fd_);
  fd_ = fd;
}

void clear_the_way(const std::string& path) { clear_the_way(path, address_of(path)); }

Descriptor listen_at(const std::string& path, mode_t mode) {
  const sockaddr_un address = address_of(path);
  clear_the_way(path, address);
  Descriptor fd = new_socket(path);
  // The mode a socket file is born with is the socket's own, less the umask: never wider than
  // `mode`.
  if (fchmod(fd.get(), mode) != 0) fail(path, "no permissions", errno);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    fail(path, error == ENOENT ? "its directory does not exist; make it first" : "cannot be made",
         error == ENOENT ? 0 : error);
  }
  // Without the right to give it away (not root), the socket stays with the user's own group.
  if (const auto group = config::group_id("weir"))
    static_cast<void>(lchown(path.c_str(), static_cast<uid_t>(-1), *group) == 0);
  if (chmod(path.c_str(), mode) != 0) fail(path, "no permissions", errno);
  if (listen(fd.get(), kBacklog) != 0) fail(path, "cannot listen", errno);
  return fd;
}

}  // namespace weir::api
