#include "controlplane/api/server.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "controlplane/api/access.hpp"
#include "controlplane/api/handler.hpp"
#include "controlplane/api/http.hpp"
#include "controlplane/api/stream.hpp"
#include "controlplane/api/unix_socket.hpp"

namespace weir::api {
namespace {

using Clock = std::chrono::steady_clock;

/// How long a refused client may go on sending what nobody reads, so that it gets to read why.
constexpr std::chrono::milliseconds kLinger{1000};
/// Pause after accept() failed for want of descriptors or memory.
constexpr int kBreathMs = 50;

mode_t mode_for(const config::Readers& readers) {
  return readers.all || !readers.groups.empty() ? 0666 : 0660;
}

/// While it lives, threads that are started have all signals blocked.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

/// Reads and forgets until the client has closed its side, so that closing ours does not throw away
/// the response it has not read yet.
void linger(int fd) {
  if (shutdown(fd, SHUT_WR) != 0) return;
  const auto until = Clock::now() + kLinger;
  SocketStream rest(fd, until, kLinger);
  std::array<char, 16384> sink;
  rest.expect_body(4 * kMaxBodyBytes);
  while (rest.read(sink.data(), sink.size()) > 0) {
  }
}

const std::string& overload_response() {
  static const std::string text = [] {
    const ApiResponse response = error_response(503, "busy", "too many requests are waiting");
    return "HTTP/1.1 503 Service Unavailable\r\nContent-Type: "
           "application/json\r\nContent-Length: " +
           std::to_string(response.body.size()) + "\r\nConnection: close\r\n\r\n" + response.body;
  }();
  return text;
}

}  // namespace

struct ApiServer::Impl {
  Impl(control::RouterApi& router, const std::string& path, Options how)
      : options(std::move(how)),
        handler(router),
        listener(listen_at(path, mode_for(options.readers))),
        protocol(handler, AccessRules(path, options.readers)) {
    wake = Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake) throw ServerError("API: no eventfd");
    const SignalsBlocked blocked;
    for (unsigned i = 0; i < std::max(1u, options.threads); ++i)
      threads.emplace_back([this] { work(); });
    threads.emplace_back([this] { accept_loop(); });
  }

  ~Impl() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
      waiting.clear();
      for (const int fd : active) shutdown(fd, SHUT_RDWR);
    }
    changed.notify_all();
    eventfd_write(wake.get(), 1);
    for (std::thread& thread : threads) thread.join();
  }

  void accept_loop() {
    for (;;) {
      std::array<pollfd, 2> entries{{{listener.get(), POLLIN, 0}, {wake.get(), POLLIN, 0}}};
      if (poll(entries.data(), entries.size(), -1) < 0) continue;
      if (entries[1].revents != 0) return;
      Descriptor fd(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (fd) {
        enqueue(std::move(fd));
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
        poll(&entries[1], 1, kBreathMs);
      }
    }
  }

  void enqueue(Descriptor fd) {
    {
      const std::lock_guard lock(mutex);
      if (waiting.size() < options.waiting) {
        waiting.push_back(std::move(fd));
        changed.notify_one();
        return;
      }
    }
    // Fits an empty socket buffer, so this does not wait.
    const std::string& text = overload_response();
    static_cast<void>(send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT) > 0);
  }

  void work() {
    for (;;) {
      Descriptor connection;
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [this] { return stopping || !waiting.empty(); });
        if (stopping) return;
        connection = std::move(waiting.front());
        waiting.pop_front();
        active.insert(connection.get());
      }
      serve(connection.get());
      const std::lock_guard lock(mutex);
      active.erase(connection.get());
      connection.reset();  // under the lock: the number may be another's at once
    }
  }

  void serve(int fd) {
    SocketStream stream(fd, Clock::now() + options.request_timeout, options.response_timeout);
    try {
      if (protocol.serve(stream) && stream.unread()) linger(fd);
    } catch (const std::exception&) {
      // Out of memory at worst: this client is cut off, the next one may fit.
    }
  }

  const Options options;
  ApiHandler handler;
  Descriptor listener;
  HttpProtocol protocol;
  Descriptor wake;
  std::mutex mutex;
  std::condition_variable changed;
  bool stopping = false;  // under mutex, as the next two
  std::deque<Descriptor> waiting;
  std::set<int> active;
  std::vector<std::thread> threads;
};

ApiServer::ApiServer(control::RouterApi& router, std::string socket_path, Options options)
    : socket_path_(std::move(socket_path)) {
  impl_ = std::make_unique<Impl>(router, socket_path_, std::move(options));
  struct stat status {};
  if (lstat(socket_path_.c_str(), &status) == 0) inode_ = status.st_ino;
}

ApiServer::~ApiServer() { stop(); }

void ApiServer::stop() {
  if (!impl_) return;
  // Only our own: somebody may have put another one there meanwhile.
  struct stat status {};
  if (lstat(socket_path_.c_str(), &status) == 0 && status.st_ino == inode_)
    unlink(socket_path_.c_str());
  impl_.reset();
}

}  // namespace weir::api
