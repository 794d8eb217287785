// When an interface's control traffic is a storm: policers drop at least kPoliced packets in an
// interval of 100 ms (in proportion, when the interval was longer). It is over when none was
// dropped for `calm`. Counters are given as totals since start; also says what came in the last
// second.
//
// Memory: 1.3 kB an interface. One thread; time is injected.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "controlplane/instant.hpp"
#include "dataplane/packet/storm_class.hpp"
#include "dataplane/table/ids.hpp"

namespace weir::control {

/// Packets of an interface, since start.
struct StormCounts {
  std::array<std::uint64_t, kStormClasses> passed{}, policed{};
  std::uint64_t policed_besides = 0;  // control traffic of none of the classes

  std::uint64_t all_policed() const;
};

/// Packets a second.
struct StormRates {
  std::array<double, kStormClasses> passed{}, policed{};
};

struct StormState {
  bool on = false;
  Instant since{};           // when this storm, or the last one, began
  std::uint64_t storms = 0;  // since start
};

struct StormChange {
  InterfaceId interface = 0;
  bool on = false;
  std::uint64_t policed = 0;  // on: in the interval that showed it
  Duration lasted{0};         // off
};

class StormWatch {
 public:
  static constexpr Duration kInterval = std::chrono::milliseconds{100};
  static constexpr unsigned kPoliced = 10;
  static constexpr Duration kRateWindow = std::chrono::seconds{1};

  StormWatch(std::size_t interfaces, Duration calm, TimePoint start);

  bool due(TimePoint now) const { return now - latest().at >= kInterval; }
  /// When it is due: the counts of every interface. What began or ended; mostly nothing.
  std::vector<StormChange> sample(Instant now, std::span<const StormCounts> counts);

  /// The id is another interface's from now on, or nobody's; `now` is what was counted under it.
  /// The ids of interfaces are below that `counts` have, from the next sample on.
  void reset(InterfaceId interface, const StormCounts& now);

  const StormState& state(InterfaceId interface) const { return watched_[interface].state; }
  void set_calm(Duration calm) { calm_ = calm; }
  /// The last sample, since `reset`.
  StormCounts counts(InterfaceId interface) const;
  /// Of the last second, as far as samples tell.
  StormRates rates(InterfaceId interface) const;
  /// Interfaces in a storm now.
  unsigned storms() const;

 private:
  static constexpr std::size_t kSamples = kRateWindow / kInterval + 1;
  struct Sample {
    TimePoint at{0};
    std::vector<StormCounts> counts;
  };
  struct Watched {
    StormState state;
    TimePoint policed_at{0};
    StormCounts from;  // when it was reset
  };

  const Sample& latest() const { return samples_[latest_]; }

  Duration calm_;
  std::array<Sample, kSamples> samples_;  // a ring
  std::size_t latest_ = 0, filled_ = 1;
  std::vector<Watched> watched_;
};

}  // namespace weir::control
