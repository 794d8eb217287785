#include "controlplane/storm_watch.hpp"

#include <algorithm>
#include <numeric>

namespace weir::control {

std::uint64_t StormCounts::all_policed() const {
  return std::accumulate(policed.begin(), policed.end(), policed_besides);
}

StormWatch::StormWatch(std::size_t interfaces, Duration calm, TimePoint start)
    : calm_(calm), watched_(interfaces) {
  for (Sample& sample : samples_) sample = {start, std::vector<StormCounts>(interfaces)};
}

std::vector<StormChange> StormWatch::sample(Instant now, std::span<const StormCounts> counts) {
  std::vector<StormChange> changes;
  const Sample& before = latest();
  const Duration elapsed = std::max(now.monotonic - before.at, kInterval);
  for (InterfaceId id = 0; id < watched_.size(); ++id) {
    Watched& watched = watched_[id];
    const std::uint64_t policed = counts[id].all_policed() - before.counts[id].all_policed();
    if (policed > 0) watched.policed_at = now.monotonic;
    StormState& state = watched.state;
    if (!state.on && policed >= static_cast<std::uint64_t>(kPoliced * elapsed / kInterval)) {
      state = {true, now, state.storms + 1};
      changes.push_back({.interface = id, .on = true, .policed = policed});
    } else if (state.on && now.monotonic - watched.policed_at >= calm_) {
      state.on = false;
      changes.push_back({.interface = id, .lasted = now.monotonic - state.since.monotonic});
    }
  }
  latest_ = (latest_ + 1) % kSamples;
  filled_ = std::min(filled_ + 1, kSamples);
  samples_[latest_].at = now.monotonic;
  std::copy(counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(watched_.size()),
            samples_[latest_].counts.begin());
  return changes;
}

void StormWatch::reset(InterfaceId interface, const StormCounts& now) {
  if (watched_.size() <= interface) {
    watched_.resize(interface + 1u);
    for (Sample& sample : samples_) sample.counts.resize(watched_.size());
  }
  watched_[interface] = {.from = now};
  for (Sample& sample : samples_) sample.counts[interface] = now;
}

StormCounts StormWatch::counts(InterfaceId interface) const {
  StormCounts result = latest().counts[interface];
  const StormCounts& from = watched_[interface].from;
  for (std::size_t i = 0; i < kStormClasses; ++i) {
    result.passed[i] -= from.passed[i];
    result.policed[i] -= from.policed[i];
  }
  result.policed_besides -= from.policed_besides;
  return result;
}

StormRates StormWatch::rates(InterfaceId interface) const {
  const Sample& now = latest();
  const Sample* then = &now;
  for (std::size_t back = 1; back < filled_ && now.at - then->at < kRateWindow; ++back)
    then = &samples_[(latest_ + kSamples - back) % kSamples];
  StormRates rates;
  const double seconds = std::chrono::duration<double>(now.at - then->at).count();
  if (seconds <= 0) return rates;
  const auto rate = [&](std::uint64_t after, std::uint64_t before) {
    return static_cast<double>(after - before) / seconds;
  };
  const StormCounts &a = now.counts[interface], &b = then->counts[interface];
  for (std::size_t i = 0; i < kStormClasses; ++i) {
    rates.passed[i] = rate(a.passed[i], b.passed[i]);
    rates.policed[i] = rate(a.policed[i], b.policed[i]);
  }
  return rates;
}

unsigned StormWatch::storms() const {
  return static_cast<unsigned>(
      std::count_if(watched_.begin(), watched_.end(), [](const auto& w) { return w.state.on; }));
}

}  // namespace weir::control
