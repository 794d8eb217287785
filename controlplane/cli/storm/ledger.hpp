// What was sent and what arrived, by the 100 ms slot in which it was *sent*, so that loss is exact
// while packets are under way. One thread counts what is sent, one what arrives; anybody reads.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "controlplane/cli/storm/histogram.hpp"

namespace weir::cli::storm {

inline constexpr std::uint64_t kSecond = 1'000'000'000;
inline constexpr std::uint64_t kSlot = kSecond / 10;
inline constexpr std::size_t kPhases = 3;  // baseline, attack, recovery
inline constexpr std::array<const char*, kPhases> kPhaseNames{"baseline", "attack", "recovery"};

using Counter = std::atomic<std::uint64_t>;
inline void bump(Counter& counter, std::uint64_t by = 1) {
  counter.fetch_add(by, std::memory_order_relaxed);
}
inline std::uint64_t read(const Counter& counter) {
  return counter.load(std::memory_order_relaxed);
}

/// When each phase begins, and the last one ends; nanoseconds of CLOCK_REALTIME.
struct Timetable {
  std::array<std::uint64_t, kPhases + 1> edges{};

  std::uint64_t begin() const { return edges.front(); }
  std::uint64_t end() const { return edges.back(); }
  std::size_t slots() const { return static_cast<std::size_t>((end() - begin()) / kSlot) + 1; }
  /// kPhases: outside.
  std::size_t phase(std::uint64_t when) const {
    if (when < begin() || when >= end()) return kPhases;
    return when < edges[1] ? 0 : when < edges[2] ? 1 : 2;
  }
  std::size_t slot(std::uint64_t when) const {
    return static_cast<std::size_t>((when - begin()) / kSlot);
  }
};

/// A station that takes an IP address over, and when packets first got there.
struct Move {
  Counter ip{0}, mac{0}, announced{0}, arrived{0};  // mac as its last 48 bits
};

struct Ledger {
  Ledger(const Timetable& timetable, std::uint32_t flow_count, std::uint32_t new_hosts)
      : times(timetable),
        flows(flow_count),
        sent(timetable.slots()),
        received(timetable.slots()),
        attack(timetable.slots()),
        met(flow_count),
        resolved(new_hosts),
        first_asked(new_hosts) {}

  Timetable times;
  std::uint32_t flows;
  std::vector<Counter> sent, received, attack;  // by slot
  std::vector<Counter> met;                     // by flow: a warm-up packet arrived
  Counter flows_met{0};
  /// New hosts: nanoseconds from the first packet sent to the first that arrived; 0: not yet.
  std::vector<Counter> resolved, first_asked;
  Counter asked{0};

  // The receiver's own, to be read when it has ended.
  std::array<Histogram, kPhases> latency;
  std::array<std::uint64_t, kPhases> reordered{}, duplicates{}, worst_gap{};

  Counter hijacked{0};        // legitimate packets that came with another's MAC address
  Counter flooded{0};         // ... that came to the attacker's port
  Counter attack_arrived{0};  // frames of the attack at the sink
  std::array<Counter, 4> arp_requests{}, arp_replies{}, icmp_errors{}, claims{};  // by port
  std::array<Counter, 4> sent_frames{}, receiver_drops{};

  std::array<Move, 2> moves;
  /// Since when flows are counted as back; how many are, and when the last came.
  Counter mark{0}, back{0}, last_back{0};
  Counter marker_frames{0}, last_marker{0};
};

}  // namespace weir::cli::storm
