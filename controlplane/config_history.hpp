// The configurations that ran, numbered from 1: each a file of its own, entry-NNNNNNNNNN, that is
// whole or not there (sealed_file.hpp, durable_file.hpp). Bounds: 100 entries, 256 MiB of text; the
// oldest go, but never the newest, which runs, nor those that are kept.
//
// What is no entry, is torn or damaged is skipped, named in a warning, and never removed. An entry
// that the disk refused may be kept in memory (append_in_memory, at most 64 MiB of them): it
// is written with the next entry that the disk takes.
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "controlplane/durable_file.hpp"

namespace weir::control {

/// Who changed what. Texts of one line; more is cut.
struct ConfigChange {
  std::string kind;  // "start", "apply", "set", "rollback", "revert", ...: shown as it is
  std::string what;  // a summary
  std::string user;  // the name of `uid`, or what is known instead
  std::string from;  // "local", "ssh from 192.0.2.1", ...
  std::int64_t uid = 0;

  friend bool operator==(const ConfigChange&, const ConfigChange&) = default;
};

struct ConfigEntry {
  std::uint64_t number = 0;
  std::int64_t time = 0;  // ms since the epoch, by the wall clock: it may go back
  ConfigChange change;
  std::uint64_t bytes = 0;  // of text
  std::string sha256;       // of the text, hexadecimal
  bool on_disk = false;     // else in memory: gone with the process

  friend bool operator==(const ConfigEntry&, const ConfigEntry&) = default;
};

class ConfigHistory {
 public:
  struct Limits {
    std::size_t entries = 100;
    std::uint64_t bytes = 256u << 20;
    std::uint64_t memory_bytes = 64u << 20;  // of those in memory only
  };
  /// Milliseconds since the epoch.
  using WallClock = std::function<std::int64_t()>;

  ConfigHistory(FileCalls& calls, Limits limits, WallClock wall);

  /// Reads the directory's entries; `writable`: new ones go there. Without it: memory only.
  void load(const std::string& directory, bool writable);
  /// What was skipped, why, and the remedy; one a line of text.
  const std::vector<std::string>& warnings() const { return warnings_; }

  /// Oldest first; numbers rise, with gaps where entries went.
  const std::vector<ConfigEntry>& entries() const { return entries_; }
  /// nullptr: there is none. Valid until the next append.
  const ConfigEntry* find(std::uint64_t number) const;
  const ConfigEntry* newest() const { return entries_.empty() ? nullptr : &entries_.back(); }
  /// Whether a file has that number, be it damaged.
  bool has_file(std::uint64_t number) const;
  /// The entry's text. FileError when there is no such entry, or its file was damaged since.
  std::string get(std::uint64_t number) const;

  /// The number of the next entry.
  std::uint64_t next() const { return next_; }
  /// On the disk when this returns. FileError: nothing changed.
  const ConfigEntry& append(const ConfigChange& change, const std::string& text);
  /// For when `append` refused.
  const ConfigEntry& append_in_memory(const ConfigChange& change, const std::string& text);
  /// Writes those in memory to the disk. FileError: some still are in memory.
  void write_back();
  /// These do not go, whatever their age.
  void keep(std::vector<std::uint64_t> numbers) { kept_ = std::move(numbers); }

 private:
  std::string path_of(std::uint64_t number) const;
  void load_entry(const std::string& name);
  void write(const ConfigEntry& entry, const std::string& head, const std::string& text);
  void clear_stray();
  const ConfigEntry& add(ConfigEntry entry);
  void prune();
  bool may_go(const ConfigEntry& entry) const;
  bool drop(std::size_t index);

  FileCalls& calls_;
  const Limits limits_;
  const WallClock wall_;
  std::string directory_;  // empty: memory only
  bool writable_ = false;
  std::vector<ConfigEntry> entries_;
  std::map<std::uint64_t, std::string> texts_;  // of those in memory
  std::vector<std::uint64_t> kept_;
  std::vector<std::string> warnings_;
  std::string stray_;  // what a refused write may have left; it goes before the next
  std::uint64_t next_ = 1;
};

}  // namespace weir::control
