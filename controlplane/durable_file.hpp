// Files that a power loss at any instant leaves old or new, never half: written beside, synced,
// renamed over, and the directory synced (rename(2): "atomically replaced"; fsync(2): the
// directory's entry needs an fsync of its own).
//
// Threads: functions without state; two writers of one path leave one of the two texts.
#pragma once

#include <sys/types.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace weir::control {

/// What a file or directory refused. what() is "PLACE: WHAT; REMEDY", each also by itself.
class FileError : public std::runtime_error {
 public:
  FileError(const std::string& place, const std::string& what, const std::string& remedy);
  FileError(const std::string& place, int error, const std::string& what,
            const std::string& remedy);
  /// What `error` (errno) says, and what helps against it.
  FileError(const std::string& place, int error);
  const std::string& message() const { return message_; }  // "PLACE: WHAT"
  const std::string& hint() const { return hint_; }        // the remedy; may be empty
  int error_number() const { return error_; }              // errno; 0: no system call's

 private:
  std::string message_, hint_;
  int error_ = 0;
};

/// The system calls that change files; replaced by tests, which let each of them fail. Each gives
/// what the call gives, or -errno.
class FileCalls {
 public:
  virtual ~FileCalls() = default;
  /// A new file, for writing: O_CREAT | O_EXCL.
  virtual int create(const std::string& path, mode_t mode);
  virtual ssize_t write(int fd, const char* data, std::size_t size);
  /// fchown and fchmod; -1 keeps an owner.
  virtual int set_owner(int fd, uid_t owner, gid_t group, mode_t mode);
  virtual int sync(int fd);
  virtual int rename(const std::string& from, const std::string& to);
  virtual int remove(const std::string& path);
  virtual int sync_directory(const std::string& path);
  virtual int make_directory(const std::string& path, mode_t mode);
};

/// Those of the system.
FileCalls& system_files();

/// Replaces the file `path`, or makes it, by the `parts` one after another. An existing file's
/// owner, group and mode stay (not its ACL, nor other hard links of it); a new one gets `mode`.
/// A symbolic link stays: its target is replaced, or made. On an error (FileError) the file is
/// what it was, except when the last step fails, the sync of its directory: then it is the new one,
/// and a power loss may bring the old one back.
void replace_file(FileCalls& calls, const std::string& path,
                  const std::vector<std::string_view>& parts, mode_t mode);

/// Renames within a directory, and syncs that; also when it was renamed before, without the sync.
/// FileError as above.
void rename_durably(FileCalls& calls, const std::string& from, const std::string& to);

/// Removes the file, if it is there, and syncs its directory. FileError as above.
void remove_durably(FileCalls& calls, const std::string& path);

/// Removes what writers that ended in the midst left in the directory, of the file `name` or, when
/// that is empty, of any. What cannot be removed stays.
void remove_drafts(FileCalls& calls, const std::string& directory, const std::string& name = {});

/// Makes the directory and those above it that are missing, mode 0700. FileError.
void make_directories(FileCalls& calls, const std::string& path);

/// What is in the directory, sorted; nothing when it cannot be read.
std::vector<std::string> names_in(const std::string& directory);

/// The regular file's content. FileError when it cannot be read, or is no regular file.
std::string read_file(const std::string& path);

/// Where a chain of symbolic links ends, whether that exists or not.
std::string link_target(std::string path);

}  // namespace weir::control
