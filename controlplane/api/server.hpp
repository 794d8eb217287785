// HTTP over a Unix socket: brings requests to ApiHandler and its answers back.
//
// Bounded on every side: a fixed number of threads, of waiting connections, of bytes in a request's
// head and body, and a deadline for the whole request and for the whole response. One request a
// connection ("Connection: close"), so an idle client holds nothing. A client that is too slow, too
// large or too many gets an error or is cut off; the others never notice.
//
// The threads inherit the affinity of the thread that constructs the server, and block all signals.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#include "config/model.hpp"
#include "controlplane/router_api.hpp"

namespace weir::api {

/// The socket cannot be had; the message names it, says why, and what to do.
class ServerError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

class ApiServer {
 public:
  struct Options {
    unsigned threads = 4;
    std::size_t waiting = 64;  // accepted connections without a thread; beyond: 503
    std::chrono::milliseconds request_timeout{
        5000};  // from a thread's hand to the last byte of the body
    std::chrono::milliseconds response_timeout{5000};  // from the first byte to the last
    config::Readers readers;  // who may read besides those who may all (access.hpp)
  };

  /// Serves at `socket_path` when it returns. The socket is of group `weir` if there is one, and
  /// 0660, or with readers 0666.
  /// A socket that nobody listens on (of a router that died) is replaced; one that answers, or any
  /// other kind of file, is left alone and refused. Throws ServerError. `router` must outlive this.
  ApiServer(control::RouterApi& router, std::string socket_path, Options options);
  ApiServer(control::RouterApi& router, std::string socket_path)
      : ApiServer(router, std::move(socket_path), Options{}) {}
  ~ApiServer();
  ApiServer(const ApiServer&) = delete;
  ApiServer& operator=(const ApiServer&) = delete;

  /// Cuts every connection, joins the threads, removes the socket. Takes as long as the longest
  /// RouterApi call under way (make ping() return early first), else milliseconds. Idempotent; not
  /// thread-safe.
  void stop();

  const std::string& socket_path() const { return socket_path_; }

 private:
  struct Impl;

  std::string socket_path_;
  std::uint64_t inode_ = 0;  // of the socket file
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::api
