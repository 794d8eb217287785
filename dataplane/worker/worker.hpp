// One poll-mode worker: receives bursts from its queues in turn, runs them through the pipeline,
// sends what the control plane and other workers gave it, and reports quiescent once a round.
#pragma once

#include <rte_rcu_qsbr.h>

#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

#include "dataplane/port/port_gate.hpp"
#include "dataplane/worker/doorbell.hpp"
#include "dataplane/worker/learner.hpp"
#include "dataplane/worker/mirrors.hpp"
#include "dataplane/worker/output.hpp"
#include "dataplane/worker/pipeline.hpp"
#include "dataplane/worker/switching.hpp"

namespace weir {

struct ReceiveQueue {
  const PortGate* port = nullptr;  // shut: it is not there
  std::uint16_t queue = 0;
  InterfaceId interface = 0;
  bool arp = false;  // the port steers ARP here, and nothing else
  int wake_fd = -1;  // readable while packets wait; -1: this queue can only be polled
};

struct WorkerOptions {
  unsigned index = 0;  // 0 to workers - 1; its id for quiescence too
  unsigned core = 0;
  bool sleep_when_idle = true;
  rte_mempool* packets = nullptr;  // the forwarding pool
  rte_mempool* punts = nullptr;    // the control plane's pool
  rte_mempool* mirrors = nullptr;  // of copies for files; null: there are none
  std::uint64_t ticks_per_second = 0;
};

/// In the inject ring the pointer's lowest bit marks a packet of ours that is to be routed like one
/// that came by its `port`, not sent by it. Packets are aligned to cache lines.
inline void* mark_routed(rte_mbuf* packet) {
  return reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(packet) | 1);
}
inline std::pair<rte_mbuf*, bool> routed_or_not(void* marked) {
  const auto bits = reinterpret_cast<std::uintptr_t>(marked);
  return {reinterpret_cast<rte_mbuf*>(bits & ~std::uintptr_t{1}), (bits & 1) != 0};
}

class Worker {
 public:
  static constexpr unsigned kInjectRing = 4096;
  static constexpr unsigned kHandoffRing = 4096;
  /// Packets taken from a ring in one round, so that no ring starves the ports.
  static constexpr unsigned kRingBudget = Burst::kSize;
  /// Packets taken from a queue of ARP in a round in which any other had a full burst: then who
  /// floods it has a tenth of the worker at most. Vector drivers give eight or none.
  static constexpr unsigned kArpOfBusyRound = 8;

  Worker(const WorkerOptions& options, rte_rcu_qsbr* quiescence);

  /// Before `run`: what it polls, queues of ARP last; and how it reaches each interface.
  void add_queue(const ReceiveQueue& queue);
  /// Before `run`: other workers hand packets over, and they ring no bell.
  void expect_handoff() { only_polled_ = true; }
  void set_path(InterfaceId interface, TransmitPath path) { transmit_.set_path(interface, path); }
  void set_snapshot(const Snapshot* snapshot) {
    snapshot_.store(snapshot, std::memory_order_release);
  }

  /// Polls until `stop` is called from another thread.
  void run();
  void stop() {
    running_.store(false, std::memory_order_relaxed);
    doorbell_.ring();
  }
  /// Whether `run` has returned: then all that the worker did is visible to the caller.
  bool ended() const { return ended_.load(std::memory_order_acquire); }
  /// To be called when something was put into `inject`.
  void wake() { doorbell_.ring(); }
  /// One round over all queues and rings at `now` (TSC); returns packets handled. For tests, and
  /// for `run`.
  unsigned round(std::uint64_t now);

  const WorkerOptions& options() const { return options_; }
  const std::vector<ReceiveQueue>& queues() const { return queues_; }
  const Counters& counters() const { return counters_; }
  PuntRings& punts() { return punt_rings_; }
  Learner& learner() { return learner_; }
  const Sources& sources() const { return sources_; }
  /// From the control plane, single producer: packets ready to leave, `port` = InterfaceId; or to
  /// be routed, see `mark_routed`.
  rte_ring* inject() { return inject_.get(); }
  /// From other workers that have no queue of their own on a port.
  rte_ring* handoff() { return handoff_.get(); }
  /// Packets in the rings of this worker now.
  std::uint64_t in_flight() const;

 private:
  unsigned drain_inject(const Snapshot& snapshot, std::uint64_t now);
  void route_injected(const Snapshot& snapshot, std::uint64_t now);
  unsigned drain_handoff();
  void rest(unsigned idle_rounds);

  WorkerOptions options_;
  rte_rcu_qsbr* quiescence_;
  Counters counters_;
  PuntRings punt_rings_;
  Ring inject_;
  Ring handoff_;
  Transmit transmit_;
  Mirrors mirrors_;
  Output output_;
  Punter punter_;
  Learner learner_;
  Sources sources_;
  Pipeline pipeline_;
  Switching switching_;
  std::vector<ReceiveQueue> queues_;
  Doorbell doorbell_;
  bool only_polled_ = false;  // something comes in that would not wake it
  std::atomic<const Snapshot*> snapshot_{nullptr};
  std::atomic<bool> running_{true};
  std::atomic<bool> ended_{false};
  Burst burst_;
};

}  // namespace weir
