#include "config/subnet_plan.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <set>

namespace weir::config {
namespace {

template <typename Address>
using Prefixes = std::vector<Prefix<Address>>;

template <typename Address>
Prefix<Address> half(const Prefix<Address>& block, bool upper) {
  const unsigned length = block.length() + 1;
  using Value = typename Address::Value;
  const Value bit = upper ? static_cast<Value>(Value{1} << (Address::kBits - length)) : Value{0};
  return {Address{block.network().value() | bit}, length};
}

/// What is left of `block` without `taken`, as fewest prefixes, ascending.
template <typename Address>
void carve(const Prefix<Address>& block, std::span<const Prefix<Address>> taken,
           Prefixes<Address>& left) {
  Prefixes<Address> inside;
  for (const auto& prefix : taken) {
    if (prefix.contains(block)) return;
    if (block.contains(prefix)) inside.push_back(prefix);
  }
  if (inside.empty()) return left.push_back(block);
  carve<Address>(half(block, false), inside, left);
  carve<Address>(half(block, true), inside, left);
}

/// Free blocks by prefix length; none of them are two halves of one.
template <typename Address>
class FreeBlocks {
 public:
  explicit FreeBlocks(const Prefixes<Address>& blocks) {
    for (const auto& block : blocks) add(block);
  }

  /// A subnet from the smallest block that holds it; nullopt when none does.
  std::optional<Prefix<Address>> take(unsigned length) {
    unsigned from = length;
    while (by_length_[from].empty()) {
      if (from-- == 0) return std::nullopt;
    }
    const auto lowest = by_length_[from].begin();
    Prefix<Address> block{Address{*lowest}, from};
    by_length_[from].erase(lowest);
    while (block.length() < length) {
      add(half(block, true));
      block = half(block, false);
    }
    return block;
  }

  std::optional<Prefix<Address>> largest() const {
    for (unsigned length = 0; length <= Address::kBits; ++length) {
      if (!by_length_[length].empty())
        return Prefix<Address>{Address{*by_length_[length].begin()}, length};
    }
    return std::nullopt;
  }

  Prefixes<Address> ascending() const {
    Prefixes<Address> all;
    for (unsigned length = 0; length <= Address::kBits; ++length)
      for (const auto network : by_length_[length])
        all.push_back(Prefix<Address>{Address{network}, length});
    std::sort(all.begin(), all.end());
    return all;
  }

 private:
  void add(const Prefix<Address>& block) {
    by_length_[block.length()].insert(block.network().value());
  }

  std::array<std::set<typename Address::Value>, Address::kBits + 1> by_length_;
};

/// The largest first; equal ones in their order.
std::vector<std::size_t> largest_first(std::span<const Demand> demands) {
  std::vector<std::size_t> order(demands.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return demands[a].length < demands[b].length;
  });
  return order;
}

template <typename Address>
Uint128 sum_of(const Prefixes<Address>& prefixes) {
  Uint128 sum = 0;  // disjoint, so it cannot overflow but for ::/0, which size_of knows
  for (const auto& prefix : prefixes) sum += size_of(prefix);
  return sum;
}

template <typename Address>
std::optional<Prefix<Address>> enough_for(const Prefix<Address>& parent,
                                          std::span<const Demand> demands,
                                          std::span<const std::size_t> order,
                                          std::span<const Prefix<Address>> reserved) {
  for (unsigned length = parent.length(); length-- > 0;) {
    const Prefix<Address> wider{parent.network(), length};
    Prefixes<Address> left;
    carve<Address>(wider, reserved, left);
    FreeBlocks<Address> free{left};
    const auto placed = [&](std::size_t i) { return free.take(demands[i].length).has_value(); };
    if (std::all_of(order.begin(), order.end(), placed)) return wider;
  }
  return std::nullopt;
}

}  // namespace

template <typename Address>
Uint128 size_of(const Prefix<Address>& prefix) {
  const Uint128 host_mask = prefix.host_mask();
  return host_mask == ~Uint128{0} ? host_mask : host_mask + 1;
}

std::optional<unsigned> smallest_length(std::uint64_t hosts, bool point_to_point) {
  if (point_to_point && hosts <= 2) return 31;
  for (unsigned length = 31; length-- > 0;) {
    if ((std::uint64_t{1} << (32 - length)) - 2 >= hosts) return length;
  }
  return std::nullopt;
}

template <typename Address>
PlanResult<Address> plan_subnets(const Prefix<Address>& parent, std::span<const Demand> demands,
                                 std::span<const Prefix<Address>> reserved) {
  Prefixes<Address> left, taken;
  carve<Address>(parent, reserved, left);
  carve<Address>(parent, left, taken);
  FreeBlocks<Address> free{left};
  PlanResult<Address> result;
  SubnetPlan<Address> plan{parent, Prefixes<Address>(demands.size()), std::move(taken), {}};
  const std::vector<std::size_t> order = largest_first(demands);
  for (const std::size_t i : order) {
    if (const auto subnet = free.take(demands[i].length)) {
      plan.subnets[i] = *subnet;
      continue;
    }
    Uint128 asked = 0;
    for (const Demand& demand : demands) {
      if (__builtin_add_overflow(asked, size_of(Prefix<Address>{{}, demand.length}), &asked))
        asked = ~Uint128{0};
    }
    result.shortfall = {i, asked, sum_of(left), free.largest(),
                        enough_for<Address>(parent, demands, order, reserved)};
    return result;
  }
  plan.free = free.ascending();
  result.plan = std::move(plan);
  return result;
}

template Uint128 size_of(const Ipv4Prefix&);
template Uint128 size_of(const Ipv6Prefix&);
template PlanResult<Ipv4Address> plan_subnets(const Ipv4Prefix&, std::span<const Demand>,
                                              std::span<const Ipv4Prefix>);
template PlanResult<Ipv6Address> plan_subnets(const Ipv6Prefix&, std::span<const Demand>,
                                              std::span<const Ipv6Prefix>);

}  // namespace weir::config
