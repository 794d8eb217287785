#include "controlplane/durable_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <random>
#include <utility>

namespace weir::control {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kDraft = ".weir-";  // .NAME.weir-0123abcd
constexpr std::size_t kDraftDigits = 8;
constexpr int kMostLinks = 40;  // as the kernel's

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

int or_error(int result) { return result < 0 ? -errno : result; }

void require(int result, const std::string& place) {
  if (result < 0) throw FileError(place, -result);
}

std::string directory_of(const std::string& path) {
  const std::string parent = fs::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

/// By chance: two writers, or one and what another left, must not share it.
std::string draft_of(const std::string& path) {
  return fmt::format("{}/.{}{}{:08x}", directory_of(path), fs::path(path).filename().string(),
                     kDraft, std::random_device{}());
}

std::string remedy_of(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return "make room on its file system";
    case EROFS:
      return "mount its file system for writing, or name another place";
    case EACCES:
    case EPERM:
      return "the router must be allowed to write there, as root is";
    case EBUSY:
      return "it is a mount of its own: mount its directory instead of the file";
    case EFBIG:
      return "raise the limit on the size of files (ulimit -f)";
    case ENOENT:
      return "its directory must exist";
    case ENOTDIR:
    case EEXIST:
      return "something else has that name: remove it, or name another place";
    case ELOOP:
      return "its symbolic links lead nowhere: mend them";
    case EIO:
      return "the disk failed: see dmesg";
    default:
      return "";
  }
}

void write_all(FileCalls& calls, int fd, std::string_view data, const std::string& place) {
  while (!data.empty()) {
    const ssize_t written = calls.write(fd, data.data(), data.size());
    if (written == -EINTR) continue;
    if (written <= 0) throw FileError(place, written < 0 ? static_cast<int>(-written) : EIO);
    data.remove_prefix(static_cast<std::size_t>(written));
  }
}

/// The new file, whole and on the disk, under the draft's name.
void write_draft(FileCalls& calls, const std::string& draft, const std::string& path,
                 const std::vector<std::string_view>& parts, mode_t mode) {
  constexpr mode_t kPermissions = 07777;
  struct stat before {};
  const bool exists = ::stat(path.c_str(), &before) == 0;
  const Descriptor file(calls.create(draft, S_IRUSR | S_IWUSR));
  require(file.get(), path);
  for (const std::string_view part : parts) write_all(calls, file.get(), part, path);
  if (exists)
    require(
        calls.set_owner(file.get(), before.st_uid, before.st_gid, before.st_mode & kPermissions),
        path);
  else
    require(calls.set_owner(file.get(), static_cast<uid_t>(-1), static_cast<gid_t>(-1), mode),
            path);
  require(calls.sync(file.get()), path);
}

}  // namespace

FileError::FileError(const std::string& place, int error, const std::string& what,
                     const std::string& remedy)
    : std::runtime_error(place + ": " + what + (remedy.empty() ? "" : "; " + remedy)),
      message_(place + ": " + what),
      hint_(remedy),
      error_(error) {}

FileError::FileError(const std::string& place, const std::string& what, const std::string& remedy)
    : FileError(place, 0, what, remedy) {}

FileError::FileError(const std::string& place, int error)
    : FileError(place, error, std::strerror(error), remedy_of(error)) {}

int FileCalls::create(const std::string& path, mode_t mode) {
  return or_error(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
}
ssize_t FileCalls::write(int fd, const char* data, std::size_t size) {
  const ssize_t written = ::write(fd, data, size);
  return written < 0 ? -errno : written;
}
int FileCalls::set_owner(int fd, uid_t owner, gid_t group, mode_t mode) {
  const int result = or_error(::fchown(fd, owner, group));
  return result < 0 ? result : or_error(::fchmod(fd, mode));  // fchown takes set-id bits away
}
int FileCalls::sync(int fd) { return or_error(::fsync(fd)); }
int FileCalls::rename(const std::string& from, const std::string& to) {
  return or_error(::rename(from.c_str(), to.c_str()));
}
int FileCalls::remove(const std::string& path) { return or_error(::unlink(path.c_str())); }
int FileCalls::sync_directory(const std::string& path) {
  const Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return directory.get() < 0 ? -errno : or_error(::fsync(directory.get()));
}
int FileCalls::make_directory(const std::string& path, mode_t mode) {
  return or_error(::mkdir(path.c_str(), mode));
}

FileCalls& system_files() {
  static FileCalls calls;
  return calls;
}

void replace_file(FileCalls& calls, const std::string& path,
                  const std::vector<std::string_view>& parts, mode_t mode) {
  const std::string target = link_target(path), draft = draft_of(target);
  try {
    write_draft(calls, draft, target, parts, mode);
    require(calls.rename(draft, target), target);
  } catch (const FileError&) {
    calls.remove(draft);
    throw;
  }
  require(calls.sync_directory(directory_of(target)), target);
}

void rename_durably(FileCalls& calls, const std::string& from, const std::string& to) {
  if (const int result = calls.rename(from, to); result != -ENOENT || !fs::exists(to))
    require(result, from);
  require(calls.sync_directory(directory_of(to)), to);
}

void remove_durably(FileCalls& calls, const std::string& path) {
  if (const int result = calls.remove(path); result != -ENOENT) require(result, path);
  require(calls.sync_directory(directory_of(path)), path);
}

void remove_drafts(FileCalls& calls, const std::string& directory, const std::string& name) {
  for (const std::string& draft : names_in(directory)) {
    const auto mark = draft.rfind(kDraft);
    if (mark == std::string::npos || draft.size() != mark + kDraft.size() + kDraftDigits) continue;
    if (draft.find_first_not_of("0123456789abcdef", mark + kDraft.size()) != std::string::npos)
      continue;
    if (draft.front() == '.' && (name.empty() || draft.substr(1, mark - 1) == name))
      calls.remove(directory + '/' + draft);
  }
}

void make_directories(FileCalls& calls, const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return;
  const std::string parent = directory_of(path);
  if (parent != path) make_directories(calls, parent);
  if (const int result = calls.make_directory(path, S_IRWXU); result != -EEXIST)
    require(result, path);
  if (!fs::is_directory(path, error)) throw FileError(path, ENOTDIR);
  require(calls.sync_directory(parent), path);
}

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator file(directory, error), end; !error && file != end;
       file.increment(error))
    names.push_back(file->path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::string read_file(const std::string& path) {
  // Not to wait for a writer of a pipe.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0)
    throw FileError(path, std::strerror(errno), "it must exist and the router may read it");
  if (!S_ISREG(status.st_mode)) throw FileError(path, "is no regular file", "name a file");
  std::string content(static_cast<std::size_t>(status.st_size) + 1, '\0');
  std::size_t size = 0;
  while (true) {  // it may grow meanwhile
    if (size == content.size()) content.resize(2 * size);
    const ssize_t got = ::read(file.get(), content.data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw FileError(path, errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  content.resize(size);
  return content;
}

std::string link_target(std::string path) {
  std::error_code error;
  for (int links = 0; fs::is_symlink(fs::symlink_status(path, error)); ++links) {
    if (links == kMostLinks) throw FileError(path, ELOOP);
    const fs::path target = fs::read_symlink(path, error);
    if (error) throw FileError(path, error.value());
    path =
        target.is_absolute() ? target.string() : (fs::path(directory_of(path)) / target).string();
  }
  return path;
}

}  // namespace weir::control
