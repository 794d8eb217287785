#include "config/coverage.hpp"

#include <algorithm>

namespace weir::config {
namespace {

std::uint64_t size_of(const Ipv4Prefix& prefix) {
  return std::uint64_t{1} << (32 - prefix.length());
}

}  // namespace

Coverage::Coverage(std::span<const Ipv4Prefix> prefixes) : place_of_(prefixes.size()) {
  places_.reserve(prefixes.size());
  for (std::size_t i = 0; i < prefixes.size(); ++i) places_.push_back({prefixes[i], i});
  std::stable_sort(places_.begin(), places_.end(),
                   [](const Place& a, const Place& b) { return a.prefix < b.prefix; });
  std::vector<std::size_t> open;  // the places that the next one may be within, outermost first
  for (std::size_t i = 0; i < places_.size(); ++i) {
    place_of_[places_[i].index] = i;
    const Ipv4Prefix& prefix = places_[i].prefix;
    while (!open.empty() && !places_[open.back()].prefix.contains(prefix)) {
      places_[open.back()].end = i;
      open.pop_back();
    }
    // Equal ones stand side by side, each with all that is within.
    std::size_t outer = open.size();
    while (outer > 0 && places_[open[outer - 1]].prefix == prefix) --outer;
    const bool is_first = outer == open.size();
    if (is_first && outer > 0) {
      const Ipv4Prefix above = places_[open[outer - 1]].prefix;
      for (; outer > 0 && places_[open[outer - 1]].prefix == above; --outer) {
        places_[open[outer - 1]].by_others += size_of(prefix);
      }
    }
    open.push_back(i);
  }
  for (const std::size_t i : open) places_[i].end = places_.size();
}

bool Coverage::covered(std::size_t index, const std::function<bool(std::size_t)>& counts) const {
  const std::size_t own = place_of_[index];
  const Place& place = places_[own];
  std::uint64_t left = size_of(place.prefix);
  if (place.by_others < left) return false;
  for (std::size_t i = own + 1; i < place.end;) {
    const Place& inner = places_[i];
    if (inner.prefix == place.prefix || !counts(inner.index)) {
      ++i;
      continue;
    }
    left -= size_of(inner.prefix);
    i = inner.end;
  }
  return left == 0;
}

bool Coverage::covered(const Ipv4Prefix& prefix) const {
  auto at = std::lower_bound(places_.begin(), places_.end(), prefix,
                             [](const Place& a, const Ipv4Prefix& b) { return a.prefix < b; });
  std::uint64_t left = size_of(prefix);
  while (at != places_.end() && prefix.contains(at->prefix)) {
    if (at->prefix == prefix) {
      ++at;
      continue;
    }
    left -= size_of(at->prefix);
    at = places_.begin() + static_cast<std::ptrdiff_t>(at->end);
  }
  return left == 0;
}

}  // namespace weir::config
