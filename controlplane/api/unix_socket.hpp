// The listening socket of the API as a file: made with the right permissions, a dead router's
// remains cleared away, a live router's left alone.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

namespace weir::api {

/// A file descriptor with an owner.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

/// Throws ServerError when `listen_at` would because of what is at `path` now, a running router
/// above all: to be asked before anything is touched. A dead router's socket is removed.
void clear_the_way(const std::string& path);

/// A non-blocking listening socket at `path`, of group `weir` if it exists.
/// Throws ServerError (server.hpp) with what is wrong and what to do.
Descriptor listen_at(const std::string& path, mode_t mode = 0660);

}  // namespace weir::api
