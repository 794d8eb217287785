// What `weir lab up` has made, or was about to make, when it was written down: so that `down` finds
// all of it, whatever happened in between, and nothing else.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/api/unix_socket.hpp"
#include "controlplane/cli/context.hpp"
#include "controlplane/cli/lab_file.hpp"

namespace weir::cli {

struct LabState {
  struct Host {
    std::string name, network_namespace, interface, port;
    std::vector<std::string> addresses;  // with prefix length
    std::string gateway;                 // empty: none
  };

  std::string name;
  std::string file;  // empty: the lab built into this program
  std::vector<Host> hosts;
  std::string router_namespace;
  std::string socket;
  pid_t router_pid = 0;  // 0: not started
  std::uint64_t router_beginning = 0;
  /// Namespaces made, with identity_of_namespace; 0: was about to be made.
  std::vector<std::pair<std::string, std::uint64_t>> namespaces;

  std::string path(const std::string& file_name) const { return directory() + '/' + file_name; }
  std::string directory() const;
  std::string eal_prefix() const { return "weir-lab-" + name; }
  /// Whether the process that `up` started still runs.
  bool router_runs() const;
  /// All namespaces that a lab of this shape has.
  std::vector<std::string> needed_namespaces() const;

  /// On disk, whole or not at all. Throws CliError.
  void save() const;
  static std::optional<LabState> load(const std::string& name);
  static LabState of(const Lab& lab, const std::string& file);
};

/// Names of the labs that are up, wholly or in part.
std::vector<std::string> labs_present();

/// One `weir lab` at a time: the others wait here.
class LabLock {
 public:
  LabLock();

 private:
  api::Descriptor fd_;
};

}  // namespace weir::cli
