// Which prefixes are covered by others: whether more specific ones, put side by side, leave nothing
// of a prefix.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "dataplane/net/ipv4.hpp"

namespace weir::config {

/// A set of prefixes, in the order of networks and lengths. Made in O(n log n); thread-safe then.
class Coverage {
 public:
  /// Keeps the index of each prefix for `covered`; equal ones may be there.
  explicit Coverage(std::span<const Ipv4Prefix> prefixes);

  /// Whether those more specific than `prefixes[index]` for which `counts` says so (by index) cover
  /// all of it. Looks at them only when all of them together would: one look at the sums in
  /// between.
  bool covered(std::size_t index, const std::function<bool(std::size_t)>& counts) const;
  /// The same of any prefix, by all that are more specific.
  bool covered(const Ipv4Prefix& prefix) const;

 private:
  struct Place {
    Ipv4Prefix prefix;
    std::size_t index = 0;        // of the caller's
    std::size_t end = 0;          // behind the last place within it
    std::uint64_t by_others = 0;  // addresses that those directly within it have
  };

  std::vector<Place> places_;
  std::vector<std::size_t> place_of_;
};

}  // namespace weir::config
