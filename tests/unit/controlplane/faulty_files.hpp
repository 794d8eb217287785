// A disk that a test lets fail, and what to write to it.
#pragma once

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "controlplane/durable_file.hpp"

namespace weir::control::test {

/// The system's calls, of which one or more fail. Writes are of few bytes, so that there are many;
/// syncs only counted, for what a process sees does not depend on them.
class FaultyFiles final : public FileCalls {
 public:
  enum class Mode {
    once,    // one call fails
    full,    // from that one on no file is made, grows or reaches the disk
    outage,  // from that one on nothing happens, until it is mended
    dead,    // the same, as if the power were lost there: what called is not asked any more
  };

  /// The `step`th call from now on, from 0.
  void fail(Mode mode, std::size_t step, int error) {
    mode_ = mode, step_ = step, error_ = error, calls_ = 0, done.clear();
  }
  void mend() { step_ = kNever; }
  bool reached() const { return calls_ > step_; }

  int create(const std::string& path, mode_t mode) override {
    return fails("create", true) ? -error_ : FileCalls::create(path, mode);
  }
  ssize_t write(int fd, const char* data, std::size_t size) override {
    size = std::min<std::size_t>(size, 100);
    if (!fails("write", true)) return FileCalls::write(fd, data, size);
    if (calls_ == step_ + 1) FileCalls::write(fd, data, size / 2);  // torn
    return -error_;
  }
  int set_owner(int fd, uid_t owner, gid_t group, mode_t mode) override {
    return fails("set_owner", false) ? -error_ : FileCalls::set_owner(fd, owner, group, mode);
  }
  int sync(int) override { return fails("sync", true) ? -error_ : 0; }
  int rename(const std::string& from, const std::string& to) override {
    return fails("rename", false) ? -error_ : FileCalls::rename(from, to);
  }
  int remove(const std::string& path) override {
    return fails("remove", false) ? -error_ : FileCalls::remove(path);
  }
  int sync_directory(const std::string&) override {
    return fails("sync_directory", false) ? -error_ : 0;
  }
  int make_directory(const std::string& path, mode_t mode) override {
    return fails("make_directory", true) ? -error_ : FileCalls::make_directory(path, mode);
  }

  std::vector<std::string> done;  // calls that succeeded, in order; equal neighbours once

 private:
  static constexpr std::size_t kNever = ~std::size_t{0} / 2;

  bool fails(const char* call, bool needs_room) {
    const std::size_t at = calls_++;
    const bool fail = mode_ == Mode::once   ? at == step_
                      : mode_ == Mode::full ? at >= step_ && needs_room
                                            : at >= step_;
    if (!fail && (done.empty() || done.back() != call)) done.emplace_back(call);
    return fail;
  }

  Mode mode_ = Mode::once;
  std::size_t step_ = kNever, calls_ = 0;
  int error_ = EIO;
};

inline std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void put_content(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

inline mode_t mode_of(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

/// Texts that are told apart, longer than one write.
inline std::string text_of(int n) {
  std::string text = "# " + std::to_string(n) + "\n";
  for (int line = 0; line < 12; ++line) text += "line " + std::to_string(line * n) + " of it\n";
  return text;
}

}  // namespace weir::control::test
