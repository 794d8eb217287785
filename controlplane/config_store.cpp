#include "controlplane/config_store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "controlplane/sealed_file.hpp"

namespace weir::control {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kFileMode = 0640;
constexpr const char* kLock = "lock";

std::int64_t milliseconds_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

/// Its directory as it is, without links; the file's own name as it was given, since a link may
/// point elsewhere tomorrow and the router is still that of the link.
std::string absolute(const std::string& file) {
  std::error_code error;
  const fs::path path = fs::absolute(file, error);
  const fs::path directory = fs::weakly_canonical(path.parent_path(), error);
  return ((error ? path.parent_path() : directory) / path.filename()).lexically_normal().string();
}

}  // namespace

std::string store_name(const std::string& absolute_path) {
  constexpr std::size_t kMost = 200, kTail = 120;  // bytes; a name may have 255
  std::string name;
  const std::string_view path =
      std::string_view(absolute_path).substr(absolute_path.starts_with('/') ? 1 : 0);
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte > ' ' && byte != 0x7f && c != '+' && c != '%' && c != '~';
    if (c == '/')
      name += '+';
    else if (plain && !(c == '.' && name.empty()))  // nor hidden
      name += c;
    else
      name += fmt::format("%{:02X}", byte);
  }
  if (name.size() <= kMost) return name;
  std::size_t tail = name.size() - kTail;
  while ((static_cast<unsigned char>(name[tail]) & 0xc0) == 0x80) ++tail;
  return '~' + sha256(absolute_path).substr(0, 32) + '~' + name.substr(tail);
}

ConfigStore::Clocks ConfigStore::Clocks::of_system() {
  std::string boot_id;
  try {
    boot_id = read_file("/proc/sys/kernel/random/boot_id");
  } catch (const FileError&) {  // then every start is one after a boot
  }
  while (!boot_id.empty() && boot_id.back() == '\n') boot_id.pop_back();
  return {[] { return milliseconds_of(CLOCK_REALTIME); },
          [] { return milliseconds_of(CLOCK_BOOTTIME); }, boot_id};
}

ConfigStore::ConfigStore(Options options)
    : startup_file_(absolute(options.startup_file)),
      directory_((fs::path(options.state) / store_name(startup_file_)).string()),
      clocks_(std::move(options.clocks)),
      calls_(options.calls),
      history_(calls_, options.limits, clocks_.wall) {
  bool readable = true;
  try {
    make_directories(calls_, directory_);
    open_directory();
  } catch (const FileError& error) {
    why_memory_only_ = error.what();
    readable = error.error_number() != EWOULDBLOCK;  // else it is another router's history
  }
  if (on_disk()) remove_leftovers();
  if (!readable) return;
  history_.load(directory_, on_disk());
  load_pending();
}

ConfigStore::~ConfigStore() {
  if (lock_ >= 0) ::close(lock_);
}

std::string ConfigStore::path_of(const char* name) const { return directory_ + '/' + name; }

void ConfigStore::open_directory() {
  const std::string path = path_of(kLock);
  lock_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, kFileMode);
  if (lock_ < 0) throw FileError(path, errno);
  if (::flock(lock_, LOCK_EX | LOCK_NB) == 0) return;
  if (errno != EWOULDBLOCK) throw FileError(path, errno);
  throw FileError(path, EWOULDBLOCK, "another router runs on " + startup_file_,
                  "end it, or give each router a file of its own");
}

/// Of a router that ended in the midst of a write.
void ConfigStore::remove_leftovers() {
  remove_drafts(calls_, directory_);
  try {
    const fs::path startup = link_target(startup_file_);
    remove_drafts(calls_, startup.parent_path().string(), startup.filename().string());
  } catch (const FileError&) {  // who reads it will be told
  }
}

std::vector<std::string> ConfigStore::warnings() const {
  std::vector<std::string> all = history_.warnings();
  all.insert(all.end(), warnings_.begin(), warnings_.end());
  return all;
}

const ConfigEntry* ConfigStore::last_good() const {
  const auto& entries = history_.entries();
  const auto found = std::find_if(entries.rbegin(), entries.rend(), [&](const ConfigEntry& entry) {
    return !pending_ || entry.number != pending_->number;
  });
  return found == entries.rend() ? nullptr : &*found;
}

ConfigEntry ConfigStore::append(const ConfigChange& change, const std::string& text) {
  require_none_pending();
  clear_stray();
  const ConfigEntry entry = history_.append(change, text);
  running_ = entry.number;
  return entry;
}

ConfigEntry ConfigStore::append_in_memory(const ConfigChange& change, const std::string& text) {
  if (pending_ && !pending_->reverting) require_none_pending();
  const ConfigEntry entry = history_.append_in_memory(change, text);
  running_ = entry.number;
  return entry;
}

void ConfigStore::resume(std::uint64_t number) {
  running_ = number;
  // The timer is the new boot's from now on, whose wall clock may yet be set.
  if (pending_ && !pending_->reverting && on_disk() && timer_.boot_id != clocks_.boot_id) {
    timer_.boot_id = clocks_.boot_id;
    write_pending();
  }
}

void ConfigStore::write_startup(const std::string& text) {
  replace_file(calls_, startup_file_, {text}, kFileMode);
}

}  // namespace weir::control
