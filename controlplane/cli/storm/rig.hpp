// The rig of one run: namespaces for the router and for the hosts of each port, cabled by veth
// pairs, all named after this process. The destructor removes all of it; what a killed process has
// left, the next one removes. Nothing in it is connected to anything else. Needs root.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "controlplane/cli/context.hpp"
#include "controlplane/cli/storm/plan.hpp"

namespace weir::cli::storm {

enum class RouterKind { weir, linux };
constexpr const char* name_of(RouterKind kind) {
  return kind == RouterKind::weir ? "weir" : "linux";
}

/// The core that the rig's router forwards on; the rig's own threads keep off it.
unsigned worker_core();

/// Of weir-router in the rig: as many as hold budgets by default fit into with room.
inline constexpr unsigned kPacketBuffers = 65536;

struct RigSettings {
  RouterKind router = RouterKind::weir;
  bool bridged = false;  // the three ports in one bridge, instead of routed subnets
  bool loop = false;     // and two further members with a cable between them, unplugged
  /// Changes to the configuration: of weir-router only.
  std::function<void(Json& configuration)> configure;
};

class Rig {
 public:
  explicit Rig(const RigSettings& settings);
  ~Rig();
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  /// Starts the router and waits until it answers. Throws CliError with the end of its log.
  void start();

  std::string hosts_namespace(Port port) const { return prefix_ + '-' + name_of(port); }
  std::string router_namespace() const { return prefix_ + "-router"; }
  /// The hosts' end of a cable, in hosts_namespace(); the router's end, in router_namespace().
  static constexpr const char* kHostInterface = "eth0";
  static std::string router_interface(Port port) { return std::string("to-") + name_of(port); }

  std::string path(const std::string& file) const { return directory_ + '/' + file; }
  std::string socket() const { return path("weir.sock"); }
  pid_t router_pid() const { return pid_; }  // 0: Linux
  const Json& configuration() const { return configuration_; }
  /// Plugs the cable of `loop` in, or out.
  void plug_loop(bool in);
  /// The end of the router's log.
  std::string log_end() const;

  /// Removes what processes that are no more have left.
  static void sweep();

 private:
  void make();
  void make_namespace(const std::string& name);
  void make_cable(Port port);
  void start_weir();
  void start_linux();
  void remove() noexcept;

  RigSettings settings_;
  std::string prefix_, directory_;
  std::vector<std::string> namespaces_;
  Json configuration_;
  pid_t pid_ = 0;
};

/// Thresholds of the kernel's neighbour table, which all namespaces share, and what is in it.
struct KernelNeighbors {
  std::uint64_t entries = 0, gc_thresh1 = 128, gc_thresh2 = 512, gc_thresh3 = 1024;
  static KernelNeighbors read();
  /// How many entries a run may add: all stay well below gc_thresh1, where collection begins.
  std::uint64_t room() const {
    const std::uint64_t limit = gc_thresh1 * 3 / 4;
    return entries < limit ? limit - entries : 0;
  }
};

}  // namespace weir::cli::storm
