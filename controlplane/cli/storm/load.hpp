// The two senders of a run, each a thread: the legitimate load, and the attack.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "controlplane/cli/storm/frame_spec.hpp"
#include "controlplane/cli/storm/hosts.hpp"
#include "controlplane/cli/storm/ledger.hpp"
#include "controlplane/cli/storm/raw_socket.hpp"

namespace weir::cli::storm {

struct LoadSettings {
  std::uint32_t rate = 10'000;   // packets a second, over all flows in turn
  std::uint32_t new_hosts = 10;  // a second
  std::uint32_t max_new_hosts = 0;
  bool routed = true;              // else hosts of both ports share one network
  bool to_sink_from_sink = false;  // unused hosts also speak, so that a bridge knows them
  std::uint32_t flows = 0;
};

/// Flow f goes from host f of the legitimate port to host f of the sink's.
class Load {
 public:
  Load(const LoadSettings& settings, Ledger& ledger, const std::string& network_namespace,
       const std::string& interface);
  ~Load() { stop(); }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  /// Makes hosts and router known to each other, one packet a flow, at `pace` a second; returns
  /// how many flows got through within `limit` nanoseconds. `interrupted` ends it early.
  std::uint32_t warm_up(double pace, std::uint64_t limit, const std::atomic<bool>& interrupted);
  /// From the ledger's begin to its end.
  void start();
  void stop();

 private:
  void run();
  void write_load(Frame& frame, std::uint32_t flow, Tag tag, std::uint64_t number,
                  std::uint64_t when) const;
  void probe_new_hosts(std::uint64_t now);
  void follow_moves(std::uint64_t now);

  LoadSettings settings_;
  Ledger& ledger_;
  RawSocket socket_;
  std::vector<Frame> batch_;
  std::vector<std::uint64_t> asked_again_;  // by new host: when last
  std::uint64_t followed_ = 0;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

/// Sends a mix at a rate between two times: bounded in count, too.
class Attacker {
 public:
  struct Settings {
    Mix mix;
    std::uint64_t seed = 1;
    std::uint32_t rate = 0;
    std::uint64_t begin = 0, end = 0;  // CLOCK_REALTIME
  };
  Attacker(Settings settings, Ledger& ledger, Port port, const std::string& network_namespace,
           const std::string& interface);
  ~Attacker() { stop(); }
  Attacker(const Attacker&) = delete;
  Attacker& operator=(const Attacker&) = delete;
  void stop();

 private:
  void run();

  Settings settings_;
  Ledger& ledger_;
  std::size_t at_;
  RawSocket socket_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

/// Announces hosts of a port, as they do when they come up; returns how many frames went out.
std::uint64_t announce(RawSocket& socket, Port port, std::uint32_t count);

}  // namespace weir::cli::storm
