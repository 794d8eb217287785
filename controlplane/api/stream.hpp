// The two ends of httplib's parser: a socket with deadlines and byte budgets, and memory for tests.
#pragma once

#include <httplib.h>
#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "controlplane/api/access.hpp"

namespace weir::api {

/// Bytes that the request line and headers of one request may have.
inline constexpr std::size_t kMaxHeadBytes = 32u << 10;

/// What every stream of ours shares: the budget of bytes still to be read. It is the head's at
/// first; `expect_body` makes it the body's, when the head has said how long that is.
class BoundedStream : public httplib::Stream {
 public:
  ssize_t read(char* to, std::size_t size) final;
  bool is_writable() const override { return true; }
  void get_remote_ip_and_port(std::string& ip, int& port) const final;
  void get_local_ip_and_port(std::string& ip, int& port) const final;
  /// The process at the other end.
  virtual Peer peer() const = 0;
  void expect_body(std::size_t bytes) { budget_ = bytes; }
  /// Whether the other side may still be sending: something of the budget is left, and no read
  /// failed.
  bool unread() const { return budget_ > 0 && !ended_; }

 protected:
  /// Up to `size` bytes; 0 at the end, negative on failure.
  virtual ssize_t read_some(char* to, std::size_t size) = 0;

 private:
  std::size_t budget_ = kMaxHeadBytes;
  bool ended_ = false;
};

/// A connected non-blocking socket, which it does not own. Reads end at `read_until`; writes at
/// `write_timeout` after the first.
class SocketStream final : public BoundedStream {
 public:
  using Clock = std::chrono::steady_clock;

  SocketStream(int fd, Clock::time_point read_until, Clock::duration write_timeout)
      : fd_(fd), read_until_(read_until), write_timeout_(write_timeout) {}

  using Stream::write;
  bool is_readable() const override;
  ssize_t write(const char* from, std::size_t size) override;
  socket_t socket() const override { return fd_; }
  Peer peer() const override;

 private:
  ssize_t read_some(char* to, std::size_t size) override;
  ssize_t receive(char* to, std::size_t size);

  int fd_;
  Clock::time_point read_until_;
  Clock::duration write_timeout_;
  Clock::time_point write_until_{};
  std::array<char, 4096> buffer_{};  // httplib reads the head byte by byte
  std::size_t at_ = 0, end_ = 0;
};

/// Reads from `input`, keeps what is written; root's, unless told otherwise.
class MemoryStream final : public BoundedStream {
 public:
  explicit MemoryStream(std::string_view input, Peer peer = {.uid = 0, .groups = {}})
      : input_(input), peer_(std::move(peer)) {}

  using Stream::write;
  bool is_readable() const override { return !input_.empty(); }
  ssize_t write(const char* from, std::size_t size) override;
  socket_t socket() const override { return -1; }
  Peer peer() const override { return peer_; }
  const std::string& output() const { return output_; }

 private:
  ssize_t read_some(char* to, std::size_t size) override;

  std::string_view input_;
  Peer peer_;
  std::string output_;
};

}  // namespace weir::api
