// The journal as JSON lines in a file, for later and for other programs: one change a line, with
// the fields of the API's journal entries, and "monotonic". A first line {"table":"journal","what":
// "started",...} at each start: ids begin anew there.
//
// Lines are put by the control thread, which never waits: a thread of the file's own, on the
// control cores and behind the control thread there (nice 10), writes them. The file is made with
// mode 0600; one that exists goes on when it is such a journal, anything else is refused, symbolic
// links too. It consists of whole lines. With the next line larger than `max_bytes` it becomes
// FILE.1, which goes, and starts anew.
//
// Bounds: two queues of kQueue lines; what does not fit is counted in `dropped`, and so is what the
// disk refuses. Then `error` names the file, what is wrong and the remedy, and it is tried again
// when `retry` is over and there is something to write; until that succeeds lines are dropped.
// Threads: the constructor, destructor, `put`, `hand_over` and `set_names` belong to the control
// thread; the rest is for any.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "controlplane/journal_record.hpp"
#include "controlplane/journal_text.hpp"

namespace weir::control {

class JournalFile {
 public:
  static constexpr std::size_t kQueue = 16'384;

  /// Throws std::runtime_error naming the file, what is wrong and the remedy.
  JournalFile(const std::string& path, std::uint64_t max_bytes, const std::vector<unsigned>& cores,
              const std::vector<std::string>& interfaces, Instant start,
              Duration retry = std::chrono::seconds{10});
  JournalFile(const JournalFile&) = delete;
  JournalFile& operator=(const JournalFile&) = delete;
  /// Writes what was put.
  ~JournalFile();

  template <class Record>
  void put(std::uint64_t id, const Record& record) {
    if (waiting_.size() < kQueue)
      waiting_.push_back({id, record});
    else
      dropped_.fetch_add(1, std::memory_order_relaxed);
  }
  /// Gives the thread what was put, when it has taken what it was given before. Once a turn.
  void hand_over() {
    if (!waiting_.empty()) try_hand_over();
  }

  /// Of interfaces, by id, for lines that are not handed over yet.
  void set_names(const std::vector<std::string>& interfaces);

  std::uint64_t lines() const { return lines_.load(std::memory_order_acquire); }  // written
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_acquire); }
  std::uint64_t rotations() const { return rotations_.load(std::memory_order_relaxed); }
  /// errno of what is wrong now; 0: nothing.
  int error_number() const { return error_number_.load(std::memory_order_acquire); }
  std::string error() const;

 private:
  struct Line {
    std::uint64_t id;
    std::variant<NeighborRecord, StationRecord> record;
  };
  using Lines = std::vector<Line>;

  void try_hand_over();
  void run(const std::vector<unsigned>& cores);
  void write(const Lines& lines);
  bool ready();
  bool append(const Line& line);
  bool flush();
  int rotate();
  int reopen();
  void fail(int error);
  bool failed() const { return error_number_.load(std::memory_order_relaxed) != 0; }

  const std::string path_;
  const std::uint64_t max_bytes_;
  const Duration retry_;
  Lines waiting_;  // the control thread's
  // The thread's, and the constructor's.
  InterfaceNames names_;  // as they are within JSON's quotation marks
  int fd_ = -1;
  std::uint64_t size_ = 0;
  std::string buffer_;
  std::uint64_t buffered_ = 0;  // lines in it
  TimePoint tried_{0};          // when it last failed
  std::atomic<std::uint64_t> lines_{0}, dropped_{0}, rotations_{0};
  std::atomic<int> error_number_{0};
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  Lines handed_;                             // guarded by mutex_
  std::optional<InterfaceNames> new_names_;  // guarded by mutex_
  bool idle_ = false;                        // guarded by mutex_: the thread waits
  bool stopping_ = false;                    // guarded by mutex_
  std::thread thread_;
};

}  // namespace weir::control
