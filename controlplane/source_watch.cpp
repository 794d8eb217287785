#include "controlplane/source_watch.hpp"

#include <algorithm>
#include <utility>

namespace weir::control {

std::vector<SourceRate> SourceWatch::sample(TimePoint now, const std::vector<SourceCount>& counts) {
  const double seconds = std::chrono::duration<double>(now - std::exchange(at_, now)).count();
  // Several workers may know the same source.
  std::unordered_map<std::uint64_t, SourceCount> together;
  for (const SourceCount& each : counts) {
    auto [found, first] =
        together.try_emplace(each.mac.raw() | std::uint64_t{each.port} << 48, each);
    if (first) continue;
    found->second.packets += each.packets;
    found->second.quarantine = std::max(found->second.quarantine, each.quarantine);
  }
  std::unordered_map<std::uint64_t, Known> known;
  std::vector<SourceRate> began;
  rates_.clear();
  for (const auto& [key, each] : together) {
    const auto before = known_.find(key);
    std::uint32_t packets = each.packets;
    // Fewer than before: it was forgotten and came back.
    if (before != known_.end() && each.packets >= before->second.packets)
      packets -= before->second.packets;
    const bool quarantined = each.quarantine > Duration{0};
    known[key] = {each.packets, quarantined};
    if (packets == 0 && !quarantined) continue;
    rates_.push_back({each.port, each.mac, each.ip, packets / seconds, each.quarantine});
    if (quarantined && (before == known_.end() || !before->second.quarantined))
      began.push_back(rates_.back());
  }
  known_ = std::move(known);
  return began;
}

std::vector<SourceRate> SourceWatch::top(InterfaceId port) const {
  std::vector<SourceRate> result;
  for (const SourceRate& each : rates_)
    if (each.port == port) result.push_back(each);
  std::sort(result.begin(), result.end(), [](const SourceRate& a, const SourceRate& b) {
    return std::pair{b.rate, a.mac} < std::pair{a.rate, b.mac};
  });
  if (result.size() > kTop) result.resize(kTop);
  return result;
}

std::uint32_t SourceWatch::quarantined(InterfaceId port) const {
  return static_cast<std::uint32_t>(std::count_if(
      rates_.begin(), rates_.end(),
      [&](const SourceRate& each) { return each.port == port && each.quarantine > Duration{0}; }));
}

}  // namespace weir::control
