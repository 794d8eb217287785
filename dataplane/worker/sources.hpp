// Who sends what the control plane must look at, by source MAC address and port: so that one
// station cannot use up the budget of its port, and so that an operator sees who floods.
//
// A set-associative table of 4,096 sources a worker, 256 KB, keyed with a seed that no sender
// knows. A newcomer takes the place of the source of its set that was silent for longest;
// quarantined ones stay. Sources are forgeable: against ever-changing ones the port's own budget
// stands, which is asked first (`Pipeline`), so that a spent budget costs no look at this table.
// What it drops is noted by sampling.
//
// Gleans are charged to a count-min sketch of token buckets instead, four rows of 16,384, 512 KB: a
// sweep from many addresses replaces nobody there. Who shares one bucket with others has three
// more: beside 1,000 sources that sweep, one in 70,000 has none to itself; beside ever-changing
// ones, of which no more than 1,000 a second are charged for 4 s, one in 300 (in the first seconds,
// with a burst of 2,000, one in 90).
//
// One writer, the worker. Anybody may `visit`.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "dataplane/net/mac_address.hpp"
#include "dataplane/table/ids.hpp"
#include "dataplane/table/policer.hpp"
#include "dataplane/worker/snapshot.hpp"

namespace weir {

class Sources {
 public:
  static constexpr unsigned kSets = 1024, kWays = 4;
  /// Packets beyond its budget that bring a source into quarantine. One within forgives two: who
  /// asks up to three times as often as it may is policed, and no more.
  static constexpr std::uint32_t kOverForQuarantine = 200, kForgiven = 2;
  /// Of what the port's budget drops, one in so many is noted; of ARP, which may come at line rate,
  /// one in up to 4,096, so that it is not much more often than once in so many cycles, some 20 us.
  static constexpr std::uint32_t kSampled = 64, kMostSampled = 4096, kSampledGleans = 16;
  static constexpr std::uint64_t kSampleCycles = 1u << 16;

  /// `modest`: passed, and no more than an eighth of its gleans' burst was spent.
  enum class Verdict : std::uint8_t { passed, modest, policed, quarantined };

  explicit Sources(std::uint64_t seed);

  /// A request of an unknown sender (P2), charged to it.
  Verdict request(InterfaceId port, const MacAddress& mac, std::uint32_t ip,
                  const ArpPolicy& policy, std::uint64_t now);
  /// A packet to a neighbour never seen (P5), charged to it. Quarantine does not concern these.
  Verdict glean(InterfaceId port, const MacAddress& mac, std::uint32_t ip, const ArpPolicy& policy,
                std::uint64_t now);
  /// `packets` more of the source that the last call was about.
  void more(std::uint32_t packets) {
    if (last_ != nullptr)
      last_->packets.store(last_->packets.load(std::memory_order_relaxed) + packets,
                           std::memory_order_relaxed);
  }
  /// Which packet of a burst to take as a sample: a number that no sender knows.
  unsigned pick() {
    random_ ^= random_ << 13;  // xorshift64 (Marsaglia)
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    return static_cast<unsigned>(random_ >> 58);
  }
  /// `packets` were dropped that were charged to nobody. True: one of them is to be noted.
  bool sample(unsigned packets) {
    unsampled_ += packets;
    return unsampled_ >= sample_at_;
  }
  /// It stands for all since the last.
  void note_sample(InterfaceId port, const MacAddress& mac, std::uint32_t ip, std::uint64_t now);
  /// The same of gleans.
  bool sample_gleans(unsigned packets) {
    unsampled_gleans_ += packets;
    return unsampled_gleans_ >= kSampledGleans;
  }
  /// The sample is charged for all: or who sweeps would stay modest while the port's budget is
  /// spent.
  void charge_gleans(InterfaceId port, const MacAddress& mac, std::uint32_t ip,
                     const ArpPolicy& policy, std::uint64_t now);

  struct Seen {
    InterfaceId port = 0;
    MacAddress mac;
    std::uint32_t ip = 0;                 // the last it gave, host byte order
    std::uint32_t packets = 0;            // since it is in the table; wraps around
    std::uint64_t quarantined_until = 0;  // TSC; 0: never was
  };
  /// Calls `f(Seen)` for each source, from any thread; one that is replaced meanwhile may be mixed
  /// up with its successor for once.
  template <class F>
  void visit(F&& f) const {
    for (const Set& set : *sets_)
      for (const Entry& entry : set.way) {
        const std::uint64_t key = entry.key.load(std::memory_order_acquire);
        if (key != 0)
          f(Seen{static_cast<InterfaceId>(key >> 48 & 0x7fff), mac_of(key),
                 entry.ip.load(std::memory_order_relaxed),
                 entry.packets.load(std::memory_order_relaxed),
                 entry.quarantined_until.load(std::memory_order_relaxed)});
      }
  }

 private:
  struct alignas(64) Entry {
    std::atomic<std::uint64_t> key{0};  // 1, port (15 bits), MAC (48)
    PolicerState requests;
    std::uint64_t seen = 0;
    std::atomic<std::uint64_t> quarantined_until{0};
    std::atomic<std::uint32_t> ip{0}, packets{0};
    std::uint32_t over = 0;    // beyond the budget, and not forgiven
    std::uint8_t strikes = 0;  // quarantines so far
  };
  static_assert(sizeof(Entry) == 64);
  struct Set {
    std::array<Entry, kWays> way;
  };

  static constexpr unsigned kGleanRows = 4, kGleanBuckets = 16'384;
  using GleanRow = std::array<PolicerState, kGleanBuckets>;

  static MacAddress mac_of(std::uint64_t key);
  std::uint64_t hash(std::uint64_t key) const;
  std::uint64_t glean_hash(InterfaceId port, const MacAddress& mac) const;
  /// Null: all of its set are in quarantine.
  Entry* find(InterfaceId port, const MacAddress& mac, std::uint64_t now);
  Entry* note(InterfaceId port, const MacAddress& mac, std::uint32_t ip, std::uint32_t packets,
              std::uint64_t now);

  std::unique_ptr<std::array<Set, kSets>> sets_;
  std::unique_ptr<std::array<GleanRow, kGleanRows>> gleans_;
  PolicerState charges_;
  std::uint64_t seed_, random_;
  Entry* last_ = nullptr;  // found
  std::uint32_t unsampled_ = 0, unsampled_gleans_ = 0;
  // Of ARP: when the next is due, by packets, at random around the period, so that no port or
  // sender always has the packet that counts; and when the last was, TSC.
  std::uint32_t sample_at_ = kSampled, sample_period_ = kSampled;
  std::uint64_t sampled_ = 0;
};

}  // namespace weir
