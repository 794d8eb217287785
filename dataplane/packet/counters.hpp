// Counters of one worker or of the control thread: written by their owner alone, read by anybody,
// summed by the reader. No packet ever ends without being in one of them.
#pragma once

#include <atomic>
#include <cstdint>
#include <iterator>

#include "dataplane/packet/drop_reason.hpp"
#include "dataplane/packet/punt.hpp"
#include "dataplane/packet/storm_class.hpp"
#include "dataplane/table/adjacency.hpp"

namespace weir {

/// A 64-bit counter with one writer: plain loads and stores, never torn, no locked instruction.
class Counter {
 public:
  void add(std::uint64_t n) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

struct alignas(64) InterfaceCounters {
  Counter rx_packets, rx_bytes, tx_packets, tx_bytes;
  Counter arp_requests, arp_replies_received, arp_replies_sent;
  Counter fragmented;  // packets that were fragmented
  Counter joined;      // frames that came in several buffers, copied into one
  // Of a bridge's members.
  Counter rx_unicast, rx_multicast, rx_broadcast;
  Counter
      flooded;  // of what came in here: sent on to more than one, or to one for want of a better
  Counter elsewhere;  // the source is a fixed station of another interface
  Counter punted[kPuntClasses];
  // Of a bridge's own interface: at the member it came by.
  Counter storm_offered[kStormClasses], storm_policed[kStormClasses];
  Counter dropped[kDropReasons];

  /// Of an object that nobody else writes.
  void add(const InterfaceCounters& other) {
    for (Counter InterfaceCounters::*each :
         {&InterfaceCounters::rx_packets, &InterfaceCounters::rx_bytes,
          &InterfaceCounters::tx_packets, &InterfaceCounters::tx_bytes,
          &InterfaceCounters::arp_requests, &InterfaceCounters::arp_replies_received,
          &InterfaceCounters::arp_replies_sent, &InterfaceCounters::fragmented,
          &InterfaceCounters::joined, &InterfaceCounters::rx_unicast,
          &InterfaceCounters::rx_multicast, &InterfaceCounters::rx_broadcast,
          &InterfaceCounters::flooded, &InterfaceCounters::elsewhere})
      (this->*each).add((other.*each).get());
    const auto add_all = [](auto& to, const auto& from) {
      for (std::size_t i = 0; i < std::size(to); ++i) to[i].add(from[i].get());
    };
    add_all(punted, other.punted);
    add_all(storm_offered, other.storm_offered);
    add_all(storm_policed, other.storm_policed);
    add_all(dropped, other.dropped);
  }
};

inline constexpr std::size_t kMaxMirrors = 32;

/// Copies of packets, made and sent on; or not made, or refused.
struct MirrorCounters {
  Counter packets, bytes, dropped;
};

struct Counters {
  InterfaceCounters interface[kMaxInterfaces];
  Counter generated;  // packets made here: ARP replies, fragments, ICMP, solicitations
  Counter consumed;   // packets that ended here as they should: answered, delivered, split
  // Between threads: from the rings of the control plane and of other workers, and to other workers
  // (to the control plane: `punted`).
  Counter taken, handed_off;
  MirrorCounters mirror[kMaxMirrors + 1];                  // by row of Snapshot::mirrors
  Counter learn_reports, learn_policed, learn_queue_full;  // unknown or moved stations, to control
  Counter arp_queue_full;  // rounds in which a queue of ARP gave all it may at once
  Counter bursts, loops, empty_polls, sleeps, busy_cycles;

  std::uint64_t punted() const {
    std::uint64_t total = 0;
    for (const auto& each : interface)
      for (const auto& punt_class : each.punted) total += punt_class.get();
    return total;
  }
  std::uint64_t dropped() const {
    std::uint64_t total = 0;
    for (const auto& each : interface)
      for (const auto& reason : each.dropped) total += reason.get();
    return total;
  }
};

}  // namespace weir
