#include "dataplane/worker/worker.hpp"

#include <fmt/format.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_pause.h>
#include <rte_random.h>
#include <sys/prctl.h>

#include <algorithm>
#include <ctime>

namespace weir {
namespace {

// Rounds without a packet: first spin, then sleep until woken. Where a port cannot wake, sleep a
// little longer each time; the longest is what a receive ring of 1,024 descriptors holds at 5 Mpps.
constexpr unsigned kSpinRounds = 256;
constexpr int kLongestWaitMs = 100;
constexpr long kShortestSleep = 5'000, kLongestSleep = 200'000;  // ns

}  // namespace

Worker::Worker(const WorkerOptions& options, rte_rcu_qsbr* quiescence)
    : options_(options),
      quiescence_(quiescence),
      punt_rings_(options.index),
      inject_(make_ring(fmt::format("inject.{}", options.index), kInjectRing,
                        RING_F_SP_ENQ | RING_F_SC_DEQ)),
      handoff_(make_ring(fmt::format("handoff.{}", options.index), kHandoffRing, RING_F_SC_DEQ)),
      transmit_(counters_),
      mirrors_(counters_, transmit_, options.packets, options.mirrors),
      output_(counters_, transmit_, mirrors_, options.packets),
      punter_(counters_, punt_rings_, options.punts, static_cast<std::uint8_t>(options.index),
              options.ticks_per_second),
      learner_(counters_, options.index, options.ticks_per_second),
      sources_(rte_rand()),
      pipeline_(counters_, output_, punter_, options.packets, sources_),
      switching_({counters_, output_, mirrors_, punter_, learner_, pipeline_, options.packets}) {}

void Worker::run() {
  // Sleeps of microseconds must not be rounded up to the default 50.
  prctl(PR_SET_TIMERSLACK, 1'000UL);
  rte_rcu_qsbr_thread_online(quiescence_, options_.index);
  unsigned idle_rounds = 0;
  std::uint64_t now = rte_rdtsc();
  while (running_.load(std::memory_order_relaxed)) {
    const unsigned handled = round(now);
    rte_rcu_qsbr_quiescent(quiescence_, options_.index);
    if (handled == 0) {
      counters_.empty_polls.add(1);
      if (options_.sleep_when_idle && ++idle_rounds > kSpinRounds) rest(idle_rounds - kSpinRounds);
    }
    // Read once a round: it costs as much as half a packet.
    const std::uint64_t after = rte_rdtsc();
    if (handled != 0) {
      counters_.busy_cycles.add(after - now);
      idle_rounds = 0;
    }
    now = after;
  }
  rte_rcu_qsbr_thread_offline(quiescence_, options_.index);
  ended_.store(true, std::memory_order_release);
}

unsigned Worker::round(std::uint64_t now) {
  const Snapshot* const snapshot = snapshot_.load(std::memory_order_acquire);
  unsigned handled = 0;
  counters_.loops.add(1);
  output_.begin(*snapshot, now);
  bool busy = false;
  for (const ReceiveQueue& queue : queues_) {
    const std::uint16_t port = queue.port->number();
    if (port == PortGate::kShut) [[unlikely]]
      continue;
    const std::uint16_t most = queue.arp && busy ? kArpOfBusyRound : Burst::kSize;
    const unsigned received = rte_eth_rx_burst(port, queue.queue, burst_.packet, most);
    if (received == 0) continue;
    if (received == most) {
      if (queue.arp)
        counters_.arp_queue_full.add(1);
      else
        busy = true;
    }
    burst_.size = received;
    burst_.interface = queue.interface;
    if (snapshot->interfaces[queue.interface].switched)
      switching_.run(burst_, *snapshot, now);
    else
      pipeline_.run(burst_, *snapshot, now);
    counters_.bursts.add(1);
    handled += received;
  }
  handled += drain_inject(*snapshot, now);
  handled += drain_handoff();
  return handled;
}

unsigned Worker::drain_inject(const Snapshot& snapshot, std::uint64_t now) {
  void* packets[kRingBudget];
  const unsigned count = rte_ring_sc_dequeue_burst(inject_.get(), packets, kRingBudget, nullptr);
  if (count == 0) return 0;
  counters_.taken.add(count);
  burst_.size = 0;
  for (unsigned i = 0; i < count; ++i) {
    const auto [packet, routed] = routed_or_not(packets[i]);
    if (!routed) [[likely]] {
      output_.stage(packet->port, packet);
      continue;
    }
    if (burst_.size != 0 && burst_.interface != packet->port) route_injected(snapshot, now);
    burst_.interface = burst_.heard_on = packet->port;
    burst_.packet[burst_.size++] = packet;
  }
  output_.flush();
  if (burst_.size != 0) [[unlikely]]
    route_injected(snapshot, now);
  return count;
}

/// Nothing but where it came from is different: `taken` has counted it, no port received it.
void Worker::route_injected(const Snapshot& snapshot, std::uint64_t now) {
  pipeline_.run(burst_, snapshot, now, Pipeline::Received::counted);
  burst_.size = 0;
}

unsigned Worker::drain_handoff() {
  void* packets[kRingBudget];
  const unsigned count = rte_ring_sc_dequeue_burst(handoff_.get(), packets, kRingBudget, nullptr);
  if (count == 0) return 0;
  counters_.taken.add(count);
  for (unsigned i = 0; i < count; ++i) {
    const auto [packet, port] = marked_port(packets[i]);
    transmit_.stage(port, packet);
  }
  transmit_.flush();
  return count;
}

void Worker::add_queue(const ReceiveQueue& queue) {
  queues_.push_back(queue);
  if (queue.wake_fd < 0)
    only_polled_ = true;
  else
    doorbell_.listen(queue.wake_fd);
}

void Worker::rest(unsigned idle_rounds) {
  counters_.sleeps.add(1);
  if (!only_polled_) {
    // Who sleeps holds no table: the control plane need not wait for it.
    rte_rcu_qsbr_thread_offline(quiescence_, options_.index);
    doorbell_.sleep(kLongestWaitMs, [&] {
      return packets_in(inject_) == 0 && running_.load(std::memory_order_relaxed);
    });
    rte_rcu_qsbr_thread_online(quiescence_, options_.index);
    return;
  }
  const long nanoseconds =
      std::min(kLongestSleep, kShortestSleep * static_cast<long>(std::min(idle_rounds, 1000u)));
  const timespec pause{0, nanoseconds};
  nanosleep(&pause, nullptr);
}

std::uint64_t Worker::in_flight() const {
  std::uint64_t total = packets_in(inject_) + packets_in(handoff_);
  for (const Ring& ring : punt_rings_.by_class) total += packets_in(ring);
  return total;
}

}  // namespace weir
