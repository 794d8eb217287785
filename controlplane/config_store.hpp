// Where the configurations of one router are kept: its startup file, the history of what ran
// (config_history.hpp), and the confirmation that an apply waits for. What to start with is
// config_start.hpp's.
//
//   STATE/NAME/            0700; NAME is store_name() of the startup file
//     lock                 held (flock) while a router runs on that file
//     entry-0000000001     0640; an entry of the history, and so on
//     confirm              an apply waits: new and old entry, deadline
//     revert               the old one comes back; renamed from `confirm`, so that no room is
//     needed
//
// Every step leaves old or new, whatever instant the power is lost at. The order of an apply:
//
//   apply                  (data plane), append(), write_startup() unless it is not to be saved
//   apply with --confirm   begin_confirm(), (data plane), write_startup() as above or at confirm
//     in time              write_startup() if not yet done, confirm()
//     not in time, failed  (data plane: the old one), cancel(); again later when that throws
//
// Memory only: when the directory cannot be made, locked or written, why_memory_only() names it,
// what is wrong and the remedy. History and confirmation are then as above but end with the
// process; entries that can be read are there, unless another router has the lock. When the disk
// refuses later (it is full), FileError is thrown, nothing has changed, and append_in_memory()
// still works.
//
// Time: a deadline is one of CLOCK_BOOTTIME as long as the machine is not booted anew, so that the
// wall clock may jump. After a boot it is one of the wall clock, and no more remains than when it
// was last known (a clock that went back); a clock that went forward lets it end early, which
// brings the old configuration back.
//
// Threads: one at a time. FileError: see durable_file.hpp; std::logic_error: the caller's order.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/config_history.hpp"
#include "controlplane/durable_file.hpp"

namespace weir::control {

/// An apply that reverts unless it is confirmed.
struct PendingConfirm {
  std::uint64_t number = 0;      // the new one
  std::uint64_t old_number = 0;  // what comes back
  std::int64_t began = 0;        // ms since the epoch, wall clock
  std::int64_t deadline = 0;     // the same; by the wall clock of the boot that it was begun in
  bool reverting = false;        // cancel() began
  std::string sha256;            // of the new text
  std::string startup_sha256;    // of what the startup file held before; empty: not readable
};

class ConfigStore {
 public:
  struct Clocks {
    std::function<std::int64_t()> wall;       // ms since the epoch
    std::function<std::int64_t()> boot_time;  // ms, CLOCK_BOOTTIME
    std::string boot_id;                      // another one: booted anew
    static Clocks of_system();
  };
  struct Options {
    std::string startup_file;
    std::string state = "/var/lib/weir";
    ConfigHistory::Limits limits;
    Clocks clocks = Clocks::of_system();
    FileCalls& calls = system_files();
  };

  /// Opens it, or makes it. Throws nothing of the disk's: see why_memory_only() and warnings().
  explicit ConfigStore(Options options);
  ConfigStore(const ConfigStore&) = delete;
  ConfigStore& operator=(const ConfigStore&) = delete;
  ~ConfigStore();

  const std::string& startup_file() const { return startup_file_; }  // absolute
  const std::string& directory() const { return directory_; }        // STATE/NAME
  /// Empty: it is on the disk.
  const std::string& why_memory_only() const { return why_memory_only_; }
  /// Files that were skipped, each with its place and remedy.
  std::vector<std::string> warnings() const;

  // History
  const ConfigHistory& history() const { return history_; }
  const std::vector<ConfigEntry>& list() const { return history_.entries(); }
  std::string get(std::uint64_t number) const { return history_.get(number); }
  /// The newest entry that waits for no confirmation; nullptr: none.
  const ConfigEntry* last_good() const;
  /// What runs; 0: nothing does yet. The newest entry, once something runs.
  std::uint64_t running() const { return running_; }
  /// `text` runs from now on. FileError: nothing changed. logic_error: a confirmation is pending.
  ConfigEntry append(const ConfigChange& change, const std::string& text);
  /// The same for when the disk refused, also while cancel() is not finished for that reason; gone
  /// with the process unless a later append succeeds.
  ConfigEntry append_in_memory(const ConfigChange& change, const std::string& text);
  /// Entry `number` runs, as it did when the router ended: after a start.
  void resume(std::uint64_t number);

  // Startup file
  /// FileError: it is not there or cannot be read.
  std::string read_startup() const { return read_file(startup_file_); }
  /// As replace_file(): follows a symbolic link, keeps mode and owner. FileError: it is as it was.
  void write_startup(const std::string& text);

  // Confirmation
  /// `text` will run, in place of running(), and must be confirmed `within`; before anything is
  /// changed. Appends its entry. FileError: nothing changed. logic_error: one is pending, or
  /// nothing runs.
  ConfigEntry begin_confirm(const ConfigChange& change, const std::string& text,
                            std::chrono::milliseconds within);
  /// The new one stays. FileError: it is still pending; again later. logic_error: none is pending.
  void confirm();
  /// The old one comes back: `text`, or its entry's. A startup file that holds the new text gets
  /// back what it held before begin_confirm(); one that holds anything else is left alone. Appends
  /// an entry. FileError: not finished, to be called again, when it goes on where it was; once
  /// `revert` is there any start takes the old one. logic_error: none is pending.
  void cancel(const ConfigChange& change, const std::optional<std::string>& text = {});
  /// Neither: what was pending is void, since another configuration is to start. FileError: it is,
  /// but its file is still there; it goes before the next is written. logic_error: none is pending.
  void abandon_confirm();
  const std::optional<PendingConfirm>& pending() const { return pending_; }
  /// Until the deadline; 0: over, or cancelled. logic_error: none is pending.
  std::chrono::milliseconds remaining() const;

 private:
  struct Timer {
    std::int64_t within = 0;     // ms: no more can remain
    std::int64_t boot_time = 0;  // the deadline by CLOCK_BOOTTIME
    std::string boot_id;
  };

  bool on_disk() const { return why_memory_only_.empty(); }
  std::string path_of(const char* name) const;
  void open_directory();
  void remove_leftovers();
  void load_pending();
  bool read_pending(const std::string& path);
  void write_pending() const;
  void remove_pending();
  void forget_pending();
  void clear_stray();
  void remember_startup();
  void mark_reverting();
  std::string pending_path() const;
  void put_back(const std::string& old_text);
  void require_none_pending() const;
  void require_pending() const;

  const std::string startup_file_, directory_;
  const Clocks clocks_;
  FileCalls& calls_;
  ConfigHistory history_;
  std::string why_memory_only_;
  std::vector<std::string> warnings_;
  int lock_ = -1;
  std::uint64_t running_ = 0;
  std::optional<PendingConfirm> pending_;
  Timer timer_;                              // of pending_
  std::optional<std::string> startup_text_;  // before begin_confirm(), when not the old entry's
  bool marked_reverting_ = false;            // on the disk
  std::string stray_;  // `confirm` or `revert` that is void, if there: it goes before what is next
};

/// The startup file's path as the name of a directory: '/' becomes '+', and what that or a file's
/// name cannot hold becomes %XX; a path too long for a name keeps its end, behind '~' and a hash.
/// No two paths have the same.
std::string store_name(const std::string& absolute_path);

}  // namespace weir::control
