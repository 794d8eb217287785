#include "dataplane/table/next_hop.hpp"

#include <algorithm>
#include <cstring>

namespace weir {
namespace {

void store_next_hop(NextHop* slot, NextHop value) {
  std::uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  __atomic_store_n(reinterpret_cast<std::uint64_t*>(slot), bits, __ATOMIC_RELEASE);
}

NextHop load_next_hop(const NextHop* slot) {
  const std::uint64_t bits =
      __atomic_load_n(reinterpret_cast<const std::uint64_t*>(slot), __ATOMIC_ACQUIRE);
  NextHop value;
  std::memcpy(static_cast<void*>(&value), &bits, sizeof value);
  return value;
}

}  // namespace

NextHopTable::NextHopTable(NextHop no_route) : slots_(kSlots) { slots_[0] = no_route; }

std::optional<NextHopId> NextHopTable::allocate(NextHop value) {
  NextHopId id;
  if (!free_.empty()) {
    id = free_.back();
    free_.pop_back();
  } else if (next_ < kSlots) {
    id = NextHopId{next_++};
  } else {
    return std::nullopt;
  }
  ++used_;
  store(id, value);
  return id;
}

void NextHopTable::release(NextHopId id) {
  store(id, slots_[0]);
  free_.push_back(id);
  --used_;
}

void NextHopTable::store(NextHopId id, NextHop value) {
  // Before the value: who sees the new one sees this too.
  if (id == kDefaultNextHop)
    default_version_.store(default_version() + 1, std::memory_order_release);
  store_next_hop(&slots_[static_cast<std::uint32_t>(id)], value);
}

NextHop NextHopTable::load(NextHopId id) const {
  return load_next_hop(&slots_[static_cast<std::uint32_t>(id)]);
}

GroupTable::GroupTable() : buckets_(std::size_t{kGroups} * kBuckets) {}

std::optional<std::uint32_t> GroupTable::allocate(std::optional<std::uint32_t> heir) {
  std::uint32_t group;
  if (!free_.empty()) {
    group = free_.back();
    free_.pop_back();
  } else if (next_ < kGroups) {
    group = next_++;
  } else {
    return std::nullopt;
  }
  NextHop* const first = &buckets_[std::size_t{group} * kBuckets];
  for (std::uint32_t i = 0; i < kBuckets; ++i)
    store_next_hop(first + i, heir ? buckets_[std::size_t{*heir} * kBuckets + i] : NextHop{});
  return group;
}

void GroupTable::fill(std::uint32_t group, NextHop hop) {
  NextHop* const first = &buckets_[std::size_t{group} * kBuckets];
  for (std::uint32_t i = 0; i < kBuckets; ++i) store_next_hop(first + i, hop);
}

void GroupTable::release(std::uint32_t group) { free_.push_back(group); }

void GroupTable::set_members(std::uint32_t group, const std::vector<NextHop>& members) {
  NextHop* const first = &buckets_[std::size_t{group} * kBuckets];
  const auto count = static_cast<std::uint32_t>(members.size());
  const auto index_of = [&](std::uint32_t bucket) {
    return static_cast<std::size_t>(std::find(members.begin(), members.end(), first[bucket]) -
                                    members.begin());
  };
  std::vector<std::uint32_t> room(count, kBuckets / count), held(count + 1);
  for (std::uint32_t bucket = 0; bucket < kBuckets; ++bucket) ++held[index_of(bucket)];
  // Some members take one bucket more: those that have it already come first.
  std::uint32_t more = kBuckets % count;
  for (const bool has_it : {true, false})
    for (std::uint32_t i = 0; i < count && more > 0; ++i)
      if ((held[i] > kBuckets / count) == has_it) {
        ++room[i];
        --more;
      }

  std::vector<std::uint32_t> homeless;
  for (std::uint32_t bucket = 0; bucket < kBuckets; ++bucket) {
    const std::size_t index = index_of(bucket);
    if (index < count && room[index] > 0) {
      --room[index];
    } else {
      homeless.push_back(bucket);
    }
  }
  std::uint32_t member = 0;
  for (const std::uint32_t bucket : homeless) {
    while (room[member] == 0) ++member;
    store_next_hop(&first[bucket], members[member]);
    --room[member];
  }
}

NextHop GroupTable::pick(std::uint32_t group, std::uint32_t flow_hash) const {
  // The upper bits of a product are the well-mixed ones.
  const auto bucket = static_cast<std::uint32_t>((std::uint64_t{flow_hash} * kBuckets) >> 32);
  return load_next_hop(&buckets_[std::size_t{group} * kBuckets + bucket]);
}

}  // namespace weir
