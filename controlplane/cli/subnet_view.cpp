#include "controlplane/cli/subnet_view.hpp"

#include <algorithm>
#include <string_view>

#include "config/address_text.hpp"

namespace weir::cli {
namespace {

constexpr std::string_view kKeys = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

template <typename Address>
PlanBlock block_of(const Prefix<Address>& prefix, const Prefix<Address>& parent,
                   PlanBlock::Kind kind) {
  PlanBlock block;
  block.kind = kind;
  block.start = prefix.network().value() - parent.network().value();
  block.bits = Address::kBits - prefix.length();
  block.prefix = prefix.to_string();
  return block;
}

template <typename Address>
PlanBlock subnet_block(const Prefix<Address>& prefix, const Prefix<Address>& parent,
                       const config::Demand& demand) {
  PlanBlock block = block_of(prefix, parent, PlanBlock::subnet);
  const auto range = config::host_range(prefix);
  block.name = demand.name;
  block.first = range.first.to_string();
  block.last = range.last.to_string();
  block.hosts = demand.hosts;
  block.usable = Uint128{range.last.value()} - range.first.value() + 1;
  if (Address::kBits == 32) block.netmask = Address{prefix.mask()}.to_string();
  if (prefix.has_broadcast()) block.broadcast = prefix.last().to_string();
  return block;
}

}  // namespace

template <typename Address>
PlanView view_of(const config::SubnetPlan<Address>& plan, std::span<const config::Demand> demands) {
  PlanView view;
  view.parent = plan.parent.to_string();
  view.parent_bits = Address::kBits - plan.parent.length();
  view.is_ipv4 = Address::kBits == 32;
  const Address network = plan.parent.network();
  view.address_at = [network](Uint128 offset) {
    return Address{network.value() + static_cast<typename Address::Value>(offset)}.to_string();
  };
  for (std::size_t i = 0; i < plan.subnets.size(); ++i)
    view.blocks.push_back(subnet_block(plan.subnets[i], plan.parent, demands[i]));
  for (const auto& prefix : plan.reserved)
    view.blocks.push_back(block_of(prefix, plan.parent, PlanBlock::reserved));
  for (const auto& prefix : plan.free)
    view.blocks.push_back(block_of(prefix, plan.parent, PlanBlock::free));
  std::sort(view.blocks.begin(), view.blocks.end(),
            [](const PlanBlock& a, const PlanBlock& b) { return a.start < b.start; });
  std::size_t next = 0;
  for (PlanBlock& block : view.blocks) {
    if (block.kind != PlanBlock::subnet || next == kKeys.size()) continue;
    block.key = kKeys[next++];
  }
  return view;
}

template PlanView view_of(const config::SubnetPlan<Ipv4Address>&, std::span<const config::Demand>);
template PlanView view_of(const config::SubnetPlan<Ipv6Address>&, std::span<const config::Demand>);

}  // namespace weir::cli
