#include "dataplane/table/fib.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace weir {
namespace {

using fib_entry::kExtended;
using fib_entry::kGroupSize;
using fib_entry::kLengthShift;
using fib_entry::kValueMask;

constexpr std::size_t kTbl24Bytes = (std::size_t{1} << 24) * sizeof(std::uint32_t);
/// Far enough ahead to hide a miss behind the work on the prefixes between.
constexpr std::size_t kBulkPrefetchDistance = 16;

constexpr std::uint32_t make_entry(unsigned length, NextHopId next_hop) {
  return length << kLengthShift | static_cast<std::uint32_t>(next_hop);
}

/// Entries from prefixes of at most `length` compare below this; extended ones never do.
constexpr std::uint32_t limit_of(unsigned length) { return (length + 1) << kLengthShift; }

constexpr std::uint32_t index24(Ipv4Prefix prefix) { return prefix.network().value() >> 8; }

/// The writer's own word: nobody else stores.
std::uint32_t load(const std::uint32_t* entry) { return __atomic_load_n(entry, __ATOMIC_RELAXED); }

/// Release: whoever sees a group's index sees the group filled.
void store(std::uint32_t* entry, std::uint32_t value) {
  __atomic_store_n(entry, value, __ATOMIC_RELEASE);
}

std::uint32_t checked_groups(std::uint32_t groups) {
  if (groups > Fib::kMaxGroups) throw std::invalid_argument("too many groups in the FIB");
  return groups;
}

/// At least one, so that there is something to map.
std::size_t bytes_for(std::uint32_t groups, std::size_t each) {
  return std::max<std::size_t>(groups, 1) * each;
}

}  // namespace

Fib::Fib(Quiescence& readers, const FibOptions& options)
    : readers_(readers),
      capacity_(checked_groups(options.groups)),
      tbl24_memory_(kTbl24Bytes, options.pages),
      // Reserved 2 MB pages cannot be mapped lazily, and few groups are ever used.
      tbl8_memory_(bytes_for(capacity_, kGroupSize * sizeof(std::uint32_t)),
                   std::min(options.pages, Pages::transparent)),
      groups_memory_(bytes_for(capacity_, sizeof(Group)), Pages::small),
      tbl24_(static_cast<std::uint32_t*>(tbl24_memory_.data())),
      tbl8_(static_cast<std::uint32_t*>(tbl8_memory_.data())),
      groups_(static_cast<Group*>(groups_memory_.data())),
      reader_(tbl24_, tbl8_) {
  // Without the memory it comes on demand, as for the groups.
  if (options.prefault) tbl24_memory_.prefault();
}

FibChange Fib::add(Ipv4Prefix prefix, NextHopId next_hop) {
  const unsigned length = prefix.length();
  if (length == 0) return FibChange::bad_length;
  if (next_hop == kDefaultNextHop || static_cast<std::uint32_t>(next_hop) >= kNextHopIdLimit) {
    return FibChange::bad_next_hop;
  }
  const std::uint32_t entry = make_entry(length, next_hop);
  if (NextHopId* const known = prefixes_.find(prefix)) {
    if (*known == next_hop) return FibChange::unchanged;
    *known = next_hop;
    repaint(prefix, entry);
    return FibChange::replaced;
  }
  prefixes_.reserve(length, 1);  // all that can throw comes before the first store
  if (length <= 24) {
    repaint(prefix, entry);
  } else if (const FibChange outcome = add_long(prefix, entry); refused(outcome)) {
    return outcome;
  }
  prefixes_.insert(prefix, next_hop);
  return FibChange::added;
}

FibChange Fib::remove(Ipv4Prefix prefix) noexcept {
  if (!prefixes_.erase(prefix)) return FibChange::not_found;
  const auto under = prefixes_.longest_match(prefix.network(), prefix.length());
  const std::uint32_t cover = under ? make_entry(under->prefix.length(), under->next_hop) : 0;
  if (prefix.length() <= 24) {
    repaint(prefix, cover);
  } else {
    remove_long(prefix, cover);
  }
  return FibChange::removed;
}

FibBulkResult Fib::bulk_load(std::span<const FibRoute> routes) {
  // Counting sort: shorter prefixes first, so that no word is stored over by a later, shorter one.
  std::array<std::size_t, 34> start{};
  for (const FibRoute& route : routes) ++start[route.prefix.length() + 1];
  for (unsigned length = 1; length <= 32; ++length) prefixes_.reserve(length, start[length + 1]);
  for (std::size_t i = 1; i < start.size(); ++i) start[i] += start[i - 1];
  std::vector<std::size_t> order(routes.size());
  for (std::size_t i = 0; i < routes.size(); ++i) order[start[routes[i].prefix.length()]++] = i;

  FibBulkResult result;
  std::size_t first_refused = routes.size();
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i + kBulkPrefetchDistance < order.size()) {
      const Ipv4Prefix later = routes[order[i + kBulkPrefetchDistance]].prefix;
      prefixes_.prefetch(later);
      __builtin_prefetch(tbl24_ + index24(later), 1);
    }
    const FibRoute& route = routes[order[i]];
    const FibChange outcome = add(route.prefix, route.next_hop);
    if (refused(outcome)) {
      if (order[i] <= first_refused) {
        first_refused = order[i];
        result.first_refusal = outcome;
      }
      result.refused.push_back(order[i]);
    } else if (outcome != FibChange::unchanged) {
      ++result.changed;
    }
  }
  std::sort(result.refused.begin(), result.refused.end());
  return result;
}

std::optional<NextHopId> Fib::find(Ipv4Prefix prefix) const {
  const NextHopId* const next_hop = prefixes_.find(prefix);
  return next_hop == nullptr ? std::nullopt : std::optional{*next_hop};
}

std::size_t Fib::memory_bytes() const {
  return tbl24_memory_.resident_bytes() + tbl8_memory_.resident_bytes() +
         groups_memory_.resident_bytes() + prefixes_.memory_bytes();
}

/// A new prefix longer than /24.
FibChange Fib::add_long(Ipv4Prefix prefix, std::uint32_t entry) {
  std::uint32_t* const word = tbl24_ + index24(prefix);
  const std::uint32_t before = load(word);
  if ((before & kExtended) != 0) {
    ++groups_[before & kValueMask].prefixes;
    repaint(prefix, entry);
    return FibChange::added;
  }
  const std::uint32_t group = take_group();
  if (group == kNone) return retired_ > 0 ? FibChange::grace_pending : FibChange::no_space;
  groups_[group].prefixes = 1;
  std::uint32_t* const words = group_words(group);
  const std::uint32_t first = prefix.network().value() & 0xff;
  const std::uint32_t last = prefix.last().value() & 0xff;
  for (std::uint32_t i = 0; i < kGroupSize; ++i) {
    store(words + i, i >= first && i <= last ? entry : before);
  }
  store(word, kExtended | group);
  return FibChange::added;
}

/// `cover`: the entry of what lies under the prefix.
void Fib::remove_long(Ipv4Prefix prefix, std::uint32_t cover) noexcept {
  std::uint32_t* const word = tbl24_ + index24(prefix);
  const std::uint32_t group = load(word) & kValueMask;
  if (--groups_[group].prefixes > 0) {
    repaint(prefix, cover);
    return;
  }
  // The last one longer than /24: the cover spans the whole /24. The group itself stays as it is
  // for the readers that hold its index: to them this change is still to come.
  store(word, cover);
  retire_group(group);
}

/// Stores `entry` wherever nothing longer than `prefix` decides. Serves adding (what is there is
/// shorter), replacing and removing (what is there is of exactly this prefix) alike.
void Fib::repaint(Ipv4Prefix prefix, std::uint32_t entry) noexcept {
  const std::uint32_t limit = limit_of(prefix.length());
  std::uint32_t* word = tbl24_ + index24(prefix);
  if (prefix.length() > 24) {
    std::uint32_t* const words = group_words(load(word) & kValueMask);
    const std::uint32_t first = prefix.network().value() & 0xff;
    repaint_group(words + first, prefix.host_mask() + 1, limit, entry);
    return;
  }
  std::uint32_t* const end = word + (std::size_t{1} << (24 - prefix.length()));
  for (; word != end; ++word) {
    const std::uint32_t before = load(word);
    if (before < limit) {
      store(word, entry);
    } else if ((before & kExtended) != 0) {
      repaint_group(group_words(before & kValueMask), kGroupSize, limit, entry);
    }
  }
}

void Fib::repaint_group(std::uint32_t* first, std::size_t count, std::uint32_t limit,
                        std::uint32_t entry) noexcept {
  for (std::uint32_t* word = first; word != first + count; ++word) {
    if (load(word) < limit) store(word, entry);
  }
}

std::uint32_t* Fib::group_words(std::uint32_t group) const {
  return tbl8_ + std::size_t{group} * kGroupSize;
}

/// The longest retired group if no reader can hold it any more, else a new one, else kNone.
std::uint32_t Fib::take_group() {
  if (retired_ > 0 && readers_.elapsed(groups_[oldest_].token)) {
    const std::uint32_t group = oldest_;
    oldest_ = groups_[group].next;
    --retired_;
    return group;
  }
  return fresh_ < capacity_ ? fresh_++ : kNone;
}

void Fib::retire_group(std::uint32_t group) noexcept {
  groups_[group].token = readers_.retire_token();
  if (retired_ == 0) {
    oldest_ = group;
  } else {
    groups_[newest_].next = group;
  }
  newest_ = group;
  ++retired_;
}

}  // namespace weir
