#include "controlplane/mirror_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <pthread.h>
#include <rte_cycles.h>
#include <rte_errno.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "config/text.hpp"
#include "dataplane/worker/mirror_copy.hpp"

namespace weir::control {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kBatch = 256;  // packets in one write
// How long it sleeps when the ring was empty: the ring holds what comes meanwhile at 4 Mpps.
constexpr auto kShortestNap = 1ms, kLongestNap = 16ms;

[[noreturn]] void refuse(const std::string& path, const std::string& what,
                         const std::string& remedy) {
  throw std::runtime_error(fmt::format("mirror file {}: {}; {}", path, what, remedy));
}

/// A file descriptor until `release`.
struct Descriptor {
  int fd = -1;
  explicit Descriptor(int descriptor) : fd(descriptor) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  int release() { return std::exchange(fd, -1); }
};

bool is_pcapng(int fd) {
  // Draft-ietf-opsawg-pcapng section 4.1: type, length, and the order of bytes, either way round.
  std::uint32_t head[3];
  return pread(fd, head, sizeof head, 0) == sizeof head && head[0] == 0x0a0d0d0a &&
         (head[2] == 0x1a2b3c4d || head[2] == 0x4d3c2b1a);
}

/// The file of a capture, empty and ours alone.
int open_for_capture(const std::string& path) {
  struct stat status {};
  // Before it is opened, for that alone may do something to a device.
  const bool exists = lstat(path.c_str(), &status) == 0;
  if (exists && S_ISLNK(status.st_mode)) refuse(path, "is a symbolic link", "name the file itself");
  if (exists && !S_ISREG(status.st_mode))
    refuse(path, "is no regular file", "name a file, not a directory or a device");
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                         S_IRUSR | S_IWUSR));
  if (file.fd < 0)
    refuse(path, std::strerror(errno), "its directory must exist and the router may write there");
  if (fstat(file.fd, &status) != 0 || !S_ISREG(status.st_mode))
    refuse(path, "is no regular file", "name a file, not a directory or a device");
  if (flock(file.fd, LOCK_EX | LOCK_NB) != 0)
    refuse(path, "is being written by another mirror", "give each mirror a file of its own");
  if (status.st_size != 0 && !is_pcapng(file.fd))
    refuse(path, "exists and is not a pcapng file", "name another file, or remove this one");
  if (fchmod(file.fd, S_IRUSR | S_IWUSR) != 0 || ftruncate(file.fd, 0) != 0)
    refuse(path, std::strerror(errno), "name another file, or remove this one");
  return file.release();
}

/// Whether the last block is there to its end, where its length stands once more.
bool ends_with_whole_block(int fd, off_t size) {
  std::uint32_t at_end = 0, at_start = 0;
  return pread(fd, &at_end, 4, size - 4) == 4 && at_end <= size &&
         pread(fd, &at_start, 4, size - at_end + 4) == 4 && at_start == at_end;
}

/// A moment on both clocks.
struct Moment {
  std::uint64_t tsc, ns;  // ns: since 1970
};

Moment now() {
  // The tightest of three, in case somebody else gets the core in between.
  Moment best{};
  std::uint64_t tightest = UINT64_MAX;
  for (int i = 0; i < 3; ++i) {
    timespec time{};
    const std::uint64_t before = rte_rdtsc();
    clock_gettime(CLOCK_REALTIME, &time);
    const std::uint64_t took = rte_rdtsc() - before;
    if (took >= tightest) continue;
    tightest = took;
    best = {before + took / 2, static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000u +
                                   static_cast<std::uint64_t>(time.tv_nsec)};
  }
  return best;
}

std::uint64_t to_ns(std::uint64_t tsc, const Moment& known, double ticks_per_second) {
  const auto ticks = static_cast<double>(static_cast<std::int64_t>(tsc - known.tsc));
  return known.ns +
         static_cast<std::uint64_t>(static_cast<std::int64_t>(ticks * 1e9 / ticks_per_second));
}

void confine(const std::vector<unsigned>& cores) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const unsigned core : cores) CPU_SET(core, &set);
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
  pthread_setname_np(pthread_self(), "mirror-file");
}

std::string ring_name() {
  static std::atomic<unsigned> count{0};
  return fmt::format("mirror-file-{}", count.fetch_add(1));
}

}  // namespace

MirrorFile::MirrorFile(const std::string& path, std::uint64_t max_bytes,
                       const std::vector<unsigned>& cores, const std::string& comment)
    : path_(path), max_bytes_(max_bytes), ring_(make_ring(ring_name(), kRing, RING_F_SC_DEQ)) {
  open(comment);
  // Signals are for other threads. A file that may not grow (RLIMIT_FSIZE) is then an error of
  // write(2) and no signal.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this, cores] { run(cores); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

MirrorFile::~MirrorFile() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void MirrorFile::open(const std::string& comment) {
  Descriptor file(open_for_capture(path_));
  errno = rte_errno = 0;
  file_.reset(rte_pcapng_fdopen(file.fd, nullptr, nullptr, "weir",
                                comment.empty() ? nullptr : comment.c_str()));
  if (!file_)
    refuse(path_, std::strerror(errno != 0 ? errno : rte_errno), "make room, or name another file");
  fd_ = file.release();
  // What was written in part counts as written for the library.
  const off_t size = lseek(fd_, 0, SEEK_CUR);
  if (!ends_with_whole_block(fd_, size))
    refuse(path_, std::strerror(ENOSPC), "make room, or name another file");
  size_ = static_cast<std::uint64_t>(size);
}

std::string MirrorFile::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

void MirrorFile::fail(const std::string& why) {
  failed_ = true;
  const std::lock_guard lock(mutex_);
  error_ = why;
}

void MirrorFile::run(const std::vector<unsigned>& cores) {
  confine(cores);
  std::chrono::milliseconds nap = kShortestNap;
  bool stopping = false;
  while (true) {
    void* packets[kBatch];
    const unsigned count = rte_ring_sc_dequeue_burst(ring_.get(), packets, kBatch, nullptr);
    if (count != 0) {
      write(reinterpret_cast<rte_mbuf**>(packets), count);
      nap = kShortestNap;
      continue;
    }
    if (stopping) return;  // it was so before the ring was found empty
    std::unique_lock lock(mutex_);
    stopping = wake_.wait_for(lock, nap, [&] { return stopping_; });
    nap = std::min<std::chrono::milliseconds>(nap * 2, kLongestNap);
  }
}

void MirrorFile::write(rte_mbuf** packets, unsigned count) {
  unsigned written = 0;
  if (!failed_) {
    const Moment known = now();
    const auto ticks_per_second = static_cast<double>(rte_get_tsc_hz());
    unsigned fitting = 0;
    std::uint64_t size = 0;
    for (; fitting < count; ++fitting) {
      MirrorBlock& block = mirror_block(packets[fitting]);
      assert(block.type == MirrorBlock::kType && packets[fitting]->nb_segs == 1);
      if (size_ + size + block.length > max_bytes_) break;
      size += block.length;
      block.set_timestamp(to_ns(block.timestamp(), known, ticks_per_second));
    }
    if (fitting != 0) written = append(packets, fitting, size);
    if (!failed_ && fitting < count)
      fail(fmt::format("file is full ({})", config::format_size(max_bytes_)));
  }
  std::uint64_t bytes = 0;
  for (unsigned i = 0; i < written; ++i) bytes += mirror_block(packets[i]).captured;
  bytes_.fetch_add(bytes, std::memory_order_relaxed);
  packets_.fetch_add(written, std::memory_order_relaxed);
  dropped_.fetch_add(count - written, std::memory_order_relaxed);
  rte_pktmbuf_free_bulk(packets, count);  // the library's promise to do that is not kept in 22.11
}

/// Returns how many are in the file: all, or those before the disk refused.
unsigned MirrorFile::append(rte_mbuf** packets, unsigned count, std::uint64_t bytes) {
  const ssize_t result =
      rte_pcapng_write_packets(file_.get(), packets, static_cast<std::uint16_t>(count));
  if (result == static_cast<ssize_t>(bytes)) {
    size_ += bytes;
    return count;
  }
  int error = rte_errno;
  // Less than all is no error yet; one byte more is.
  if (result >= 0) error = ::write(fd_, "", 1) < 0 ? errno : EIO;
  std::uint64_t left = result > 0 ? static_cast<std::uint64_t>(result) : 0;
  unsigned whole = 0;
  for (; whole < count && packets[whole]->data_len <= left; ++whole) {
    left -= packets[whole]->data_len;
    size_ += packets[whole]->data_len;
  }
  if (ftruncate(fd_, static_cast<off_t>(size_)) != 0) error = errno;
  fail(std::strerror(error));
  return whole;
}

}  // namespace weir::control
