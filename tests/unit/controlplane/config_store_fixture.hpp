// A store in a directory of its own, with time that a test sets and a disk that it lets fail.
#pragma once

#include <optional>
#include <string>

#include "controlplane/config_store.hpp"
#include "tests/unit/api/temp_directory.hpp"
#include "tests/unit/controlplane/faulty_files.hpp"

namespace weir::control::test {

inline ConfigChange change(const std::string& kind = "apply", const std::string& what = "a test") {
  return {kind, what, "root", "local", 0};
}

class StoreDirectory {
 public:
  StoreDirectory() { directory_.write("lab.yaml", text_of(1)); }

  ConfigStore& open() {
    store_.reset();
    store_.emplace(options());
    return *store_;
  }
  /// Runs what is in the startup file.
  ConfigStore& open_and_run() {
    ConfigStore& store = open();
    store.append(change("start"), content_of(startup()));
    return store;
  }
  void close() { store_.reset(); }

  ConfigStore::Options options() {
    return {.startup_file = startup(),
            .state = directory_ / "state",
            .limits = limits,
            .clocks = {[this] { return wall; }, [this] { return boot_time; }, boot_id},
            .calls = files};
  }
  std::string startup() const { return directory_ / "lab.yaml"; }
  void wait(std::int64_t milliseconds) { wall += milliseconds, boot_time += milliseconds; }
  void boot() { boot_id += "'", boot_time = 1'000; }
  std::string operator/(const std::string& name) const { return directory_ / name; }

  std::int64_t wall = 1'800'000'000'000, boot_time = 50'000;
  std::string boot_id = "boot";
  ConfigHistory::Limits limits;
  FaultyFiles files;

 private:
  weir::test::TempDirectory directory_;
  std::optional<ConfigStore> store_;
};

}  // namespace weir::control::test
