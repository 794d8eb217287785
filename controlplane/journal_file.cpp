#include "controlplane/journal_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace weir::control {
namespace {

constexpr std::size_t kWriteBytes = 64u << 10;
constexpr int kNice = 10;
constexpr std::string_view kBegins = "{\"table\":\"";

[[noreturn]] void refuse(const std::string& path, const std::string& what,
                         const std::string& remedy) {
  throw std::runtime_error(fmt::format("journal file {}: {}; {}", path, what, remedy));
}

/// Whether the file is empty or begins as a journal does.
bool is_journal(int fd) {
  std::array<char, kBegins.size()> head;
  const ssize_t got = pread(fd, head.data(), head.size(), 0);
  return got == 0 || (got == static_cast<ssize_t>(head.size()) &&
                      std::string_view(head.data(), head.size()) == kBegins);
}

/// Not a link or device, nor something else's file: what may be written over, or is not there.
void check_place(const std::string& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return;
  if (S_ISLNK(status.st_mode)) refuse(path, "is a symbolic link", "name the file itself");
  if (!S_ISREG(status.st_mode))
    refuse(path, "is no regular file", "name a file, not a directory or a device");
  const int fd = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  const bool ours = fd >= 0 && is_journal(fd);
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (fd < 0) refuse(path, std::strerror(error), "the router must be able to read it");
  if (!ours) refuse(path, "exists and is no journal", "name another file, or remove this one");
}

/// What an interrupted write left of a line goes.
std::uint64_t end_of_lines(int fd, std::uint64_t size) {
  std::array<char, 4096> tail;
  const std::uint64_t start = size - std::min<std::uint64_t>(size, tail.size());
  const ssize_t got = pread(fd, tail.data(), tail.size(), static_cast<off_t>(start));
  const std::string_view text(tail.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  const auto end = text.rfind('\n');
  return end == std::string_view::npos ? (start == 0 ? 0 : size) : start + end + 1;
}

std::string within_quotes(const std::string& text) {
  using nlohmann::json;
  const std::string quoted = json(text).dump(-1, ' ', false, json::error_handler_t::replace);
  return quoted.substr(1, quoted.size() - 2);
}

InterfaceNames escaped(const std::vector<std::string>& names) {
  std::vector<std::string> result;
  std::transform(names.begin(), names.end(), std::back_inserter(result), within_quotes);
  return InterfaceNames(std::move(result));
}

template <class Address>
std::string quoted(const std::optional<Address>& address) {
  return address ? '"' + address->to_string() + '"' : "null";
}

std::string json_line(const JournalEntry& entry, TimePoint monotonic) {
  return fmt::format(
      "{{\"table\":\"{}\",\"id\":{},\"time\":{:.6f},\"monotonic\":{:.6f},\"interface\":\"{}\","
      "\"ip\":{},\"what\":\"{}\",\"before\":{},\"mac\":{},\"state\":\"{}\",\"from\":\"{}\","
      "\"cause\":\"{}\"}}\n",
      entry.table, entry.id, entry.time, std::chrono::duration<double>(monotonic).count(),
      entry.interface, quoted(entry.ip), entry.what, quoted(entry.before), quoted(entry.mac),
      entry.state, entry.from, entry.cause);
}

void settle(const std::vector<unsigned>& cores) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const unsigned core : cores) CPU_SET(core, &set);
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
  pthread_setname_np(pthread_self(), "journal-file");
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice);
}

}  // namespace

JournalFile::JournalFile(const std::string& path, std::uint64_t max_bytes,
                         const std::vector<unsigned>& cores,
                         const std::vector<std::string>& interfaces, Instant start, Duration retry)
    : path_(path), max_bytes_(max_bytes), retry_(retry), names_(escaped(interfaces)) {
  check_place(path_);
  check_place(path_ + ".1");
  if (const int error = reopen(); error == EWOULDBLOCK)
    refuse(path_, "is being written by another router", "give each router a file of its own");
  else if (error != 0)
    refuse(path_, std::strerror(error), "its directory must exist and the router may write there");
  buffer_ = fmt::format(
      "{{\"table\":\"journal\",\"time\":{:.6f},\"monotonic\":{:.6f},\"what\":\"started\"}}\n",
      to_seconds(start.realtime), std::chrono::duration<double>(start.monotonic).count());
  if (!flush()) {
    ::close(fd_);
    refuse(path_, std::strerror(error_number()), "make room, or name another file");
  }
  waiting_.reserve(1024);
  // Signals are for other threads. A file that may not grow (RLIMIT_FSIZE) is then an error of
  // write(2) and no signal.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this, cores] { run(cores); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

JournalFile::~JournalFile() {
  {
    const std::lock_guard lock(mutex_);
    handed_.insert(handed_.end(), waiting_.begin(), waiting_.end());
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
  if (fd_ >= 0) ::close(fd_);
}

void JournalFile::try_hand_over() {
  bool wake = false;
  {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock || !handed_.empty()) return;
    handed_.swap(waiting_);
    wake = std::exchange(idle_, false);
  }
  if (wake) wake_.notify_one();
}

void JournalFile::set_names(const std::vector<std::string>& interfaces) {
  InterfaceNames names = escaped(interfaces);
  const std::lock_guard lock(mutex_);
  new_names_ = std::move(names);
}

std::string JournalFile::error() const {
  const int error = error_number();
  if (error == 0) return {};
  return fmt::format(
      "journal file {}: {}; make room or let the router write there: it tries again, meanwhile "
      "changes are in memory only",
      path_, std::strerror(error));
}

void JournalFile::run(const std::vector<unsigned>& cores) {
  settle(cores);
  Lines lines;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      idle_ = true;
      wake_.wait(lock, [&] { return stopping_ || !handed_.empty(); });
      idle_ = false;
      if (handed_.empty()) return;
      lines.swap(handed_);
      if (new_names_) names_ = *std::exchange(new_names_, std::nullopt);
    }
    write(lines);
    lines.clear();
  }
}

void JournalFile::write(const Lines& lines) {
  std::size_t taken = 0;
  if (ready()) {
    while (taken < lines.size() && append(lines[taken])) ++taken;
    if (taken == lines.size()) flush();
  }
  dropped_.fetch_add(lines.size() - taken, std::memory_order_release);
}

/// Whether to write, or to try it again.
bool JournalFile::ready() {
  if (!failed()) return true;
  const TimePoint now = SteadyClock{}.now();
  if (now - tried_ < retry_) return false;
  tried_ = now;
  if (fd_ < 0)
    if (const int error = reopen(); error != 0) {
      fail(error);
      return false;
    }
  return true;
}

/// False: not taken, nor is anything that follows; all taken before is in the file, or counted.
bool JournalFile::append(const Line& line) {
  const std::string text = std::visit(
      [&](const auto& record) {
        return json_line(journal_entry(line.id, record, names_), record.monotonic);
      },
      line.record);
  const std::uint64_t size = size_ + buffer_.size();
  if (buffer_.size() + text.size() > kWriteBytes || size + text.size() > max_bytes_)
    if (!flush()) return false;
  if (size > 0 && size + text.size() > max_bytes_)
    if (const int error = rotate(); error != 0) {
      fail(error);
      return false;
    }
  buffer_ += text;
  ++buffered_;
  return true;
}

/// Writes the buffer: all of it, or none.
bool JournalFile::flush() {
  std::size_t written = 0;
  int error = 0;
  while (error == 0 && written < buffer_.size()) {
    const ssize_t result = ::write(fd_, buffer_.data() + written, buffer_.size() - written);
    if (result > 0)
      written += static_cast<std::size_t>(result);
    else if (result == 0 || errno != EINTR)
      error = result < 0 ? errno : EIO;
  }
  // Who sees the count sees the fault that goes with it.
  if (error == 0) {
    size_ += written;
    if (written > 0) error_number_.store(0, std::memory_order_relaxed);
    lines_.fetch_add(buffered_, std::memory_order_release);
  } else {
    if (written > 0 && ftruncate(fd_, static_cast<off_t>(size_)) != 0) error = errno;
    fail(error);
    dropped_.fetch_add(buffered_, std::memory_order_release);
  }
  buffer_.clear();
  buffered_ = 0;
  return error == 0;
}

int JournalFile::rotate() {
  if (::rename(path_.c_str(), (path_ + ".1").c_str()) != 0) return errno;
  rotations_.fetch_add(1, std::memory_order_relaxed);
  return reopen();
}

/// Opens the file at its end; errno, 0 when all is well.
int JournalFile::reopen() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  const int fd = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC,
                        S_IRUSR | S_IWUSR);
  if (fd < 0) return errno;
  struct stat status {};
  int error = 0;
  if (flock(fd, LOCK_EX | LOCK_NB) != 0 || fchmod(fd, S_IRUSR | S_IWUSR) != 0 ||
      fstat(fd, &status) != 0)
    error = errno;
  if (error == 0) {
    size_ = end_of_lines(fd, static_cast<std::uint64_t>(status.st_size));
    if (ftruncate(fd, static_cast<off_t>(size_)) != 0) error = errno;
  }
  if (error != 0)
    ::close(fd);
  else
    fd_ = fd;
  return error;
}

void JournalFile::fail(int error) {
  tried_ = SteadyClock{}.now();
  error_number_.store(error, std::memory_order_release);
}

}  // namespace weir::control
