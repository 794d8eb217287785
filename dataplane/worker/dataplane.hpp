// The whole data plane: EAL, pools, ports, tables, workers, and the control thread's way in and
// out. One control thread calls everything here; workers only read.
#pragma once

#include <rte_mempool.h>
#include <rte_rcu_qsbr.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <vector>

#include "dataplane/port/eal.hpp"
#include "dataplane/port/port.hpp"
#include "dataplane/table/quiescence.hpp"
#include "dataplane/worker/port_place.hpp"
#include "dataplane/worker/snapshot.hpp"
#include "dataplane/worker/worker.hpp"

namespace weir {

struct DataplaneOptions {
  EalOptions eal;  // `needed_bytes` is filled in here
  std::uint32_t packets = 131072;
  std::uint32_t control_packets = 16384;  // for punts, held packets and what the router says itself
  bool sleep_when_idle = true;
  std::size_t stations = 0;          // of all bridges together; 0: there is no bridge
  std::uint64_t fdb_key = 0;         // unpredictable in production
  std::uint32_t mirror_packets = 0;  // copies that wait for a file; 0: there is none
  std::vector<PortRequest> ports;    // interface i is ports[i]
};

struct PacketBufferDeleter {
  void operator()(rte_mbuf* packet) const { rte_pktmbuf_free(packet); }
};
using PacketBuffer = std::unique_ptr<rte_mbuf, PacketBufferDeleter>;

/// A pool of packets, at a moment: what is moved meanwhile may be missing in it.
struct PoolUse {
  const char* name;
  std::uint32_t in_use;  // also by receive queues, and by transmit queues that let go late
  std::uint32_t free;
};

/// What workers report at the end of each round (rte_rcu_qsbr).
class WorkerQuiescence final : public Quiescence {
 public:
  explicit WorkerQuiescence(unsigned workers);
  GraceToken retire_token() override;
  bool elapsed(GraceToken token) override;
  rte_rcu_qsbr* raw() { return state_.get(); }

 private:
  struct Free {
    void operator()(rte_rcu_qsbr* state) const { std::free(state); }
  };
  std::unique_ptr<rte_rcu_qsbr, Free> state_;
};

class Dataplane {
 public:
  /// Brings up EAL, pools and ports; no packet moves before `start`. Throws std::runtime_error.
  explicit Dataplane(const DataplaneOptions& options);
  Dataplane(const Dataplane&) = delete;
  Dataplane& operator=(const Dataplane&) = delete;
  /// Stops the workers and gives everything back.
  ~Dataplane();

  /// Launches the workers; `publish` came before.
  void start();
  void stop();
  /// Makes `next` what the workers see from their next round on; frees the old one when none reads
  /// it.
  void publish(std::unique_ptr<const Snapshot> next);
  const Snapshot& snapshot() const { return *snapshot_; }
  /// Frees what is no longer read; call now and then.
  void reclaim();

  Fib& fib() { return *fib_; }
  NextHopTable& next_hops() { return *next_hops_; }
  AdjacencyTable& adjacencies() { return *adjacencies_; }
  GroupTable& groups() { return *groups_; }
  /// Null without bridges.
  Fdb* fdb() { return fdb_.get(); }
  MulticastSets& multicast() { return *multicast_; }
  Tables tables() const;
  Quiescence& quiescence() { return quiescence_; }

  /// By InterfaceId.
  const std::vector<std::unique_ptr<PortPlace>>& ports() const { return ports_; }
  const std::vector<std::unique_ptr<Worker>>& workers() const { return workers_; }

  /// Whether workers have memory for copies that wait for a file.
  bool mirrors_to_files() const { return mirror_packets_ != nullptr; }

  /// Those that sleep look at what they sleep on again.
  void wake_workers();

  /// An empty packet for the control plane to fill; null when the pool is empty.
  PacketBuffer allocate();
  /// Gives a ready frame to the worker that transmits on `interface`; false (and the packet freed)
  /// when its ring is full.
  bool send(InterfaceId interface, PacketBuffer packet);
  /// Has a worker route a frame, to our own MAC address there, as if it had come by `arrival`:
  /// through its own tables, to whatever end. Workers take turns, by `turn`. False (and the packet
  /// freed) when the ring is full.
  bool route(InterfaceId arrival, PacketBuffer packet, unsigned turn);
  /// The next punted packet, highest class first and workers in turn within a class; null when
  /// none.
  PacketBuffer next_punt();

  /// What workers heard of stations, in turn; returns how many reports there are, `count` at most.
  unsigned take_reports(LearnReport* reports, unsigned count);

  std::vector<PoolUse> pools() const;
  /// The largest MTU whose frames a packet buffer holds.
  unsigned most_mtu() const;
  /// Packets in rings between workers and control plane.
  std::uint64_t in_flight() const;
  std::uint64_t ticks_per_second() const { return ticks_per_second_; }

 private:
  void make_pools(const DataplaneOptions& options);
  void make_workers(const DataplaneOptions& options);
  void assign_queues();
  void assign_paths();

  struct Retired {
    std::unique_ptr<const Snapshot> snapshot;
    GraceToken token;
  };

  Eal eal_;
  std::uint64_t ticks_per_second_;
  WorkerQuiescence quiescence_;
  std::unique_ptr<AdjacencyTable> adjacencies_;
  std::unique_ptr<NextHopTable> next_hops_;
  std::unique_ptr<GroupTable> groups_;
  std::unique_ptr<Fib> fib_;
  std::unique_ptr<Fdb> fdb_;
  std::unique_ptr<MulticastSets> multicast_;
  rte_mempool* packets_ = nullptr;
  rte_mempool* control_packets_ = nullptr;
  rte_mempool* mirror_packets_ = nullptr;
  std::vector<std::unique_ptr<PortPlace>> ports_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<const Snapshot> snapshot_;
  std::vector<Retired> retired_;
  unsigned next_worker_ = 0;
  bool running_ = false;
};

}  // namespace weir
