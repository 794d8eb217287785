// Learner: from a worker to the control thread, which alone writes the FDB: stations that are not
// known, or are known on another interface. Reports go through a bounded ring; one that finds it
// full, or its interface beyond its budget, is counted and forgotten: the next frame reports again,
// so learning is only delayed. What was just reported is not reported again for a millisecond.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/packet/counters.hpp"
#include "dataplane/table/fdb_reader.hpp"
#include "dataplane/table/policer.hpp"
#include "dataplane/worker/punter.hpp"

namespace weir {

struct LearnReport {
  StationKey key = 0;
  InterfaceId interface = 0;     // where it was heard
  std::uint16_t own_source = 0;  // 1: the address is our own, so the frame came back to us
  std::uint32_t unused = 0;
};
static_assert(sizeof(LearnReport) == 16);

class Learner {
 public:
  static constexpr unsigned kRing = 4096;
  /// Reports of one interface and worker, a second and at once.
  static constexpr double kRate = 20'000, kBurst = 2'048;

  /// Throws std::runtime_error when memory is short.
  Learner(Counters& counters, unsigned worker, std::uint64_t ticks_per_second);

  void report(const LearnReport& report, std::uint64_t now);

  /// For the control thread: up to `count` reports; returns how many.
  unsigned take(LearnReport* reports, unsigned count);

 private:
  struct Recent {
    StationKey key = 0;
    std::uint64_t until = 0;
    InterfaceId interface = 0;
  };

  Counters& counters_;
  Ring ring_;
  PolicerRate rate_;
  std::uint64_t quiet_time_;  // TSC
  std::array<PolicerState, kMaxInterfaces> budgets_{};
  std::array<Recent, 512> recent_{};
};

}  // namespace weir
