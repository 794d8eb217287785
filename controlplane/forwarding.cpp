#include "controlplane/forwarding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace weir::control {

Forwarding::Forwarding(Fib& fib, NextHopTable& next_hops, AdjacencyTable& adjacencies,
                       GroupTable& groups, Quiescence& quiescence)
    : fib_(fib),
      next_hops_(next_hops),
      adjacencies_(adjacencies),
      groups_(groups),
      quiescence_(quiescence),
      no_route_(next_hops.load(kDefaultNextHop)) {}

Forwarding::Block* Forwarding::block_of(InterfaceId interface, Ipv4Prefix subnet) {
  for (auto& [base, block] : blocks_)
    if (block.interface == interface && block.subnet == subnet) return &block;
  return nullptr;
}

void Forwarding::add_interface(InterfaceId interface, MacAddress mac,
                               const std::vector<Ipv4InterfaceAddress>& addresses) {
  std::vector<AdjacencyIndex> made;
  for (const Ipv4InterfaceAddress& address : addresses) {
    const Ipv4Prefix subnet = address.subnet();
    if (subnet.length() == 32 || block_of(interface, subnet) != nullptr) continue;
    const auto base = adjacencies_.allocate(subnet.host_mask() + 1);
    if (!base) {
      for (const AdjacencyIndex each : made) {
        retire(blocks_.at(each));
        blocks_.erase(each);
      }
      throw std::runtime_error(fmt::format(
          "no room for the {} hosts of {}: the connected subnets together may have {} addresses",
          subnet.host_mask() + 1, subnet.to_string(), AdjacencyTable::kSlots));
    }
    blocks_[*base] = {*base, interface, subnet};
    made.push_back(*base);
  }
  for (auto& each : blocks_) {
    Block& block = each.second;
    if (block.interface == interface)
      block.stale = std::none_of(addresses.begin(), addresses.end(),
                                 [&](const auto& own) { return own.subnet() == block.subnet; });
  }
  interfaces_[interface].mac = mac;
  interfaces_[interface].addresses = addresses;
}

void Forwarding::retire(const Block& block) {
  retired_blocks_.push_back({block.base, block.subnet.host_mask() + 1, quiescence_.retire_token()});
}

void Forwarding::drop_subnets() {
  for (auto row = rows_.begin(); row != rows_.end(); ++row) move(row);
  for (auto each = blocks_.begin(); each != blocks_.end();) {
    const Block& block = each->second;
    if (!block.stale) {
      ++each;
      continue;
    }
    std::erase_if(interfaces_.at(block.interface).neighbors, [&](const auto& neighbor) {
      return neighbor.second - block.base <= block.subnet.host_mask();
    });
    retire(block);
    each = blocks_.erase(each);
  }
}

/// To where its gateways are now.
void Forwarding::move(Rows::iterator row) {
  const Target& target = row->first;
  Row& to = row->second;
  if (target.verdict != Egress::unresolved) return;
  if (!to.group) {
    const auto value = next_hop_of(target, target.hops.front());
    if (!value || *value == next_hops_.load(to.id)) return;
    next_hops_.store(to.id, *value);
    if (default_ == row) next_hops_.store(kDefaultNextHop, *value);
    return;
  }
  std::vector<NextHop> members = members_of(target);
  if (members.empty() || members == to.members) return;
  leave_slots(row);
  to.members = std::move(members);
  for (const NextHop& member : to.members) groups_of_.emplace(member.base, row);
  spread(to);
}

void Forwarding::leave_slots(Rows::iterator row) {
  for (const NextHop& member : row->second.members) {
    auto each = groups_of_.lower_bound(member.base);
    while (each->second != row) ++each;
    groups_of_.erase(each);
  }
}

std::vector<OwnAddress> Forwarding::own_addresses(InterfaceId interface) const {
  std::vector<OwnAddress> result;
  const auto port = interfaces_.find(interface);
  if (port == interfaces_.end()) return result;
  for (const Ipv4InterfaceAddress& address : port->second.addresses) {
    const auto network = slot(interface, address.subnet().network());
    result.push_back({.address = address.address.value(),
                      .mask = address.subnet().mask(),
                      .block = network.value_or(0)});
  }
  return result;
}

std::optional<AdjacencyIndex> Forwarding::slot(InterfaceId interface, Ipv4Address ip) const {
  for (const auto& [base, block] : blocks_)
    if (block.interface == interface && !block.stale && block.subnet.contains(ip))
      return base + (ip.value() & block.subnet.host_mask());
  return std::nullopt;
}

std::optional<NeighborSlot> Forwarding::neighbor_at(AdjacencyIndex index) const {
  auto after = blocks_.upper_bound(index);
  if (after == blocks_.begin()) return std::nullopt;
  const Block& block = std::prev(after)->second;
  const std::uint32_t host = index - block.base;
  if (host > block.subnet.host_mask()) return std::nullopt;
  return NeighborSlot{block.interface, Ipv4Address{block.subnet.network().value() | host}};
}

void Forwarding::follow_stations(InterfaceId bridge, StationLookup lookup) {
  interfaces_[bridge].station = std::move(lookup);
}

void Forwarding::station_moved(InterfaceId bridge, MacAddress mac, InterfaceId egress) {
  const Port& own = interfaces_.at(bridge);
  for (auto each = own.neighbors.lower_bound({mac, 0});
       each != own.neighbors.end() && each->first == mac; ++each)
    store_neighbor(each->second, Adjacency::forward(egress, mac, own.mac));
}

/// Before a neighbour's adjacency changes.
void Forwarding::forget_station(InterfaceId interface, AdjacencyIndex index) {
  Port& port = interfaces_.at(interface);
  if (port.station) port.neighbors.erase({adjacencies_.load(index).destination, index});
}

void Forwarding::resolved(InterfaceId interface, Ipv4Address ip, MacAddress mac) {
  const auto index = slot(interface, ip);
  if (!index) return;
  forget_station(interface, *index);
  Port& port = interfaces_.at(interface);
  InterfaceId egress = interface;
  if (port.station) {
    egress = port.station(interface, mac);
    port.neighbors.insert({mac, *index});
  }
  store_neighbor(*index, Adjacency::forward(egress, mac, port.mac));
}

void Forwarding::unresolved(InterfaceId interface, Ipv4Address ip) {
  const auto index = slot(interface, ip);
  if (!index) return;
  forget_station(interface, *index);
  // The MAC stays as the mark of a destination seen before, whose packets come first.
  Adjacency adjacency = adjacencies_.load(*index);
  if (!is_interface(adjacency.egress)) adjacency = Adjacency{};
  adjacency.egress = Egress::unresolved;
  store_neighbor(*index, adjacency);
}

void Forwarding::failed(InterfaceId interface, Ipv4Address ip) {
  const auto index = slot(interface, ip);
  if (!index) return;
  forget_station(interface, *index);
  store_neighbor(*index, Adjacency::verdict(Egress::failed));
}

bool Forwarding::is_failed(AdjacencyIndex index) const {
  return adjacencies_.load(index).egress == Egress::failed;
}

void Forwarding::store_neighbor(AdjacencyIndex index, const Adjacency& adjacency) {
  const bool was_failed = is_failed(index);
  adjacencies_.store(index, adjacency);
  if (was_failed == is_failed(index)) return;
  const auto [first, last] = groups_of_.equal_range(index);
  for (auto each = first; each != last; ++each) spread(each->second->second);
}

std::vector<NextHop> Forwarding::living(const Row& row) const {
  std::vector<NextHop> result;
  for (const NextHop& member : row.members)
    if (member.mask != 0 || !is_failed(member.base)) result.push_back(member);
  return result;
}

void Forwarding::spread(const Row& row) {
  const std::vector<NextHop> members = living(row);
  groups_.set_members(*row.group, members.empty() ? row.members : members);
}

bool Forwarding::is_relieved(InterfaceId interface, Ipv4Address ip) const {
  const auto index = slot(interface, ip);
  if (!index || !is_failed(*index)) return false;
  const auto [first, last] = groups_of_.equal_range(*index);
  return std::any_of(first, last,
                     [this](const auto& each) { return !living(each.second->second).empty(); });
}

bool Forwarding::take_used(InterfaceId interface, Ipv4Address ip) {
  const auto index = slot(interface, ip);
  return index && adjacencies_.take_used(*index);
}

void Forwarding::expect_answers(InterfaceId interface, Ipv4Address ip) {
  if (const auto index = slot(interface, ip)) adjacencies_.expect_answers(*index);
}

std::optional<AdjacencyIndex> Forwarding::verdict_slot(Egress verdict, std::uint32_t value) {
  const auto found = verdicts_.find({verdict, value});
  if (found != verdicts_.end()) return found->second;
  const auto index = adjacencies_.allocate(1);
  if (!index) return std::nullopt;
  adjacencies_.store(*index, Adjacency::verdict(verdict, value));
  verdicts_[{verdict, value}] = *index;
  return index;
}

std::optional<NextHop> Forwarding::next_hop_of(const Target& target, const Target::Hop& hop) {
  if (!hop.gateway.is_zero()) {
    const auto index = slot(hop.interface, hop.gateway);
    return index ? std::optional{NextHop{*index, 0}} : std::nullopt;
  }
  const auto base = slot(hop.interface, target.subnet.network());
  return base ? std::optional{NextHop{*base, target.subnet.host_mask()}} : std::nullopt;
}

std::vector<NextHop> Forwarding::members_of(const Target& target) {
  std::vector<NextHop> members;
  for (const auto& hop : target.hops)
    if (const auto member = next_hop_of(target, hop)) members.push_back(*member);
  return members;
}

bool Forwarding::make_group(Row& row, const Target& target, std::optional<NextHopId> before) {
  std::vector<NextHop> members = members_of(target);
  if (members.empty()) return false;
  const auto heir = before ? by_id_.find(*before) : by_id_.end();
  const auto heir_group = heir != by_id_.end() ? heir->second->second.group : std::nullopt;
  row.group = groups_.allocate(heir_group);
  row.group_adjacency = adjacencies_.allocate(1);
  if (!row.group || !row.group_adjacency) return false;  // `acquire` gives back the other
  if (before && !heir_group) groups_.fill(*row.group, next_hops_.load(*before));
  row.members = std::move(members);
  spread(row);
  adjacencies_.store(*row.group_adjacency, Adjacency::verdict(Egress::group, *row.group));
  return true;
}

Forwarding::Rows::iterator Forwarding::acquire(const Target& target,
                                               std::optional<NextHopId> before) {
  if (const auto found = rows_.find(target); found != rows_.end()) return found;
  Row row;
  std::optional<NextHop> value;
  if (target.verdict != Egress::unresolved) {
    const std::uint32_t of =
        target.verdict == Egress::subnet_broadcast ? target.interface : std::uint32_t {
      0
    };
    if (const auto index = verdict_slot(target.verdict, of)) value = NextHop{*index, 0};
  } else if (target.hops.size() == 1) {
    value = next_hop_of(target, target.hops.front());
  } else if (make_group(row, target, before)) {
    value = NextHop{*row.group_adjacency, 0};
  }
  const auto id = value ? next_hops_.allocate(*value) : std::nullopt;
  if (!id) {
    if (row.group_adjacency) adjacencies_.release(*row.group_adjacency, 1);
    if (row.group) groups_.release(*row.group);
    return rows_.end();
  }
  row.id = *id;
  const auto inserted = rows_.emplace(target, row).first;
  by_id_[*id] = inserted;
  for (const NextHop& member : row.members) groups_of_.emplace(member.base, inserted);
  return inserted;
}

void Forwarding::release(Rows::iterator row, std::uint64_t prefixes) {
  row->second.prefixes -= prefixes;
  if (row->second.prefixes != 0) return;
  leave_slots(row);
  retired_.push_back({row->second, quiescence_.retire_token()});
  by_id_.erase(row->second.id);
  rows_.erase(row);
}

void Forwarding::reclaim() {
  while (!retired_.empty() && quiescence_.elapsed(retired_.front().token)) {
    const Row& row = retired_.front().row;
    next_hops_.release(row.id);
    if (row.group_adjacency) adjacencies_.release(*row.group_adjacency, 1);
    if (row.group) groups_.release(*row.group);
    retired_.pop_front();
  }
  while (!retired_blocks_.empty() && quiescence_.elapsed(retired_blocks_.front().token)) {
    adjacencies_.release(retired_blocks_.front().base, retired_blocks_.front().size);
    retired_blocks_.pop_front();
  }
}

bool Forwarding::install(Ipv4Prefix prefix, const Target& target) {
  const auto before = prefix.length() != 0 ? fib_.find(prefix)
                      : default_           ? std::optional{(*default_)->second.id}
                                           : std::nullopt;
  const auto row = acquire(target, before);
  if (row == rows_.end()) return false;
  ++row->second.prefixes;
  if (prefix.length() == 0) {
    set_default(row);
    return true;
  }
  if (refused(fib_.add(prefix, row->second.id))) {
    release(row, 1);
    return false;
  }
  if (before) release(by_id_.at(*before), 1);
  return true;
}

std::size_t Forwarding::install_many(std::span<const Bulk> routes) {
  std::vector<FibRoute> fib_routes;
  fib_routes.reserve(routes.size());
  std::size_t refused_count = 0;
  const Target* last = nullptr;
  auto row = rows_.end();
  for (const Bulk& route : routes) {
    // Prefixes that exist already, and the default, take the careful way.
    if (route.prefix.length() == 0 || fib_.find(route.prefix)) {
      refused_count += install(route.prefix, *route.target) ? 0 : 1;
      last = nullptr;
      continue;
    }
    if (route.target != last) {
      row = acquire(*route.target);
      last = route.target;
    }
    if (row == rows_.end()) {
      ++refused_count;
      continue;
    }
    ++row->second.prefixes;
    fib_routes.push_back({route.prefix, row->second.id});
  }
  const std::size_t before = fib_.size();
  const FibBulkResult result = fib_.bulk_load(fib_routes);
  for (const std::size_t index : result.refused) release(by_id_.at(fib_routes[index].next_hop), 1);
  if (fib_.size() - before + result.refused.size() != fib_routes.size())
    release_repeated(fib_routes, result.refused);
  return refused_count + result.refused.size();
}

/// All were new, yet fewer came: of a prefix that was given more than once the last one counts.
void Forwarding::release_repeated(std::span<const FibRoute> routes,
                                  std::span<const std::size_t> refused) {
  std::map<Ipv4Prefix, NextHopId> last;
  for (std::size_t i = 0; i < routes.size(); ++i) {
    if (std::binary_search(refused.begin(), refused.end(), i)) continue;
    const auto [known, is_new] = last.try_emplace(routes[i].prefix, routes[i].next_hop);
    if (!is_new) release(by_id_.at(std::exchange(known->second, routes[i].next_hop)), 1);
  }
}

void Forwarding::remove(Ipv4Prefix prefix) {
  if (prefix.length() == 0) {
    if (!default_) return;
    next_hops_.store(kDefaultNextHop, no_route_);
    release(*std::exchange(default_, std::nullopt), 1);
    return;
  }
  const auto before = fib_.find(prefix);
  if (!before) return;
  fib_.remove(prefix);
  release(by_id_.at(*before), 1);
}

void Forwarding::set_default(Rows::iterator row) {
  next_hops_.store(kDefaultNextHop, next_hops_.load(row->second.id));
  if (default_) release(*default_, 1);
  default_ = row;
}

Forwarding::Answer Forwarding::lookup(Ipv4Address destination, std::uint32_t flow_hash) const {
  const NextHop hop = next_hops_.load(fib_.lookup(destination));
  Answer answer;
  answer.index = hop.adjacency(destination.value());
  answer.adjacency = adjacencies_.load(answer.index);
  if (answer.adjacency.egress == Egress::group) {
    answer.index = groups_.pick(answer.adjacency.value(), flow_hash).adjacency(destination.value());
    answer.adjacency = adjacencies_.load(answer.index);
  }
  return answer;
}

}  // namespace weir::control
