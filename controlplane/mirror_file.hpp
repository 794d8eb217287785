// Mirrored packets into a pcapng file, for Wireshark and tcpdump.
//
// Workers put what `mirror_copy` made (dataplane/worker/mirror_copy.hpp) into `ring`; a thread of
// the file's own, on the control cores, writes it. What the ring does not take stays the worker's,
// to free and to count.
//
// The file is made with mode 0600. An existing one is overwritten when it is empty or pcapng;
// anything else, symbolic links too, is refused, and so is what another mirror writes. It consists
// of whole blocks at any time, and a packet is in it at most 20 ms after it was put into the ring,
// if the disk keeps up.
//
// Bounds: kRing packets wait; the file stops at `max_bytes`. When it is full, or the disk refuses,
// `error` says so, and what comes after is freed and counted in `dropped`: workers never notice.
// Threads: the constructor and destructor belong to the control thread; the rest is for any.
#pragma once

#include <rte_mbuf.h>
#include <rte_pcapng.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "dataplane/worker/punter.hpp"

namespace weir::control {

class MirrorFile {
 public:
  static constexpr unsigned kRing = 4096;

  /// Made when all ports are there: the file's header names them, by Linux interface, else as
  /// "dpdk:3" for port 3. `comment` goes there too. Throws std::runtime_error naming the file, what
  /// is wrong and the remedy.
  MirrorFile(const std::string& path, std::uint64_t max_bytes, const std::vector<unsigned>& cores,
             const std::string& comment = {});
  MirrorFile(const MirrorFile&) = delete;
  MirrorFile& operator=(const MirrorFile&) = delete;
  /// Writes what is in the ring. Nobody may put anything into it any more.
  ~MirrorFile();

  /// For many producers.
  rte_ring* ring() { return ring_.get(); }

  std::uint64_t packets() const { return packets_.load(std::memory_order_relaxed); }  // written
  std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }      // of frames
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }
  /// Why it stopped: "file is full (100M)", "No space left on device"; empty: it has not.
  std::string error() const;

 private:
  struct Close {
    void operator()(rte_pcapng_t* file) const { rte_pcapng_close(file); }
  };

  void open(const std::string& comment);
  void run(const std::vector<unsigned>& cores);
  void write(rte_mbuf** packets, unsigned count);
  unsigned append(rte_mbuf** packets, unsigned count, std::uint64_t bytes);
  void fail(const std::string& why);

  const std::string path_;
  const std::uint64_t max_bytes_;
  std::unique_ptr<rte_pcapng_t, Close> file_;
  int fd_ = -1;  // that of `file_`
  std::uint64_t size_ = 0;
  Ring ring_;
  bool failed_ = false;  // the thread's
  std::atomic<std::uint64_t> packets_{0}, bytes_{0}, dropped_{0};
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::string error_;      // guarded by mutex_
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace weir::control
