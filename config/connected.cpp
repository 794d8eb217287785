#include "config/connected.hpp"

#include <bit>

#include "config/address_text.hpp"
#include "config/interfaces.hpp"
#include "config/text.hpp"

namespace weir::config {

ConnectedSubnets::ConnectedSubnets(const Config& config) : subnets_(33) {
  const InterfaceList interfaces{config};
  for (const InterfaceRef& interface : interfaces.all()) {
    for (std::size_t i = 0; i < interface.addresses->size(); ++i) {
      const Ipv4InterfaceAddress& address = (*interface.addresses)[i];
      own_.emplace(address.address.value(), entries_.size());
      subnets_[address.length].emplace(address.subnet().network().value(), entries_.size());
      entries_.push_back(
          {interface.name, address, interface.address_sources->at(i, interface.source)});
    }
  }
}

const ConnectedSubnets::Entry* ConnectedSubnets::find(Ipv4Address address) const {
  for (unsigned length = 33; length-- > 0;) {
    if (const Entry* entry = find_subnet({address, length})) return entry;
  }
  return nullptr;
}

const ConnectedSubnets::Entry* ConnectedSubnets::find_subnet(const Ipv4Prefix& subnet) const {
  const auto& subnets = subnets_[subnet.length()];
  if (subnets.empty()) return nullptr;
  const auto at = subnets.find(subnet.network().value());
  return at == subnets.end() ? nullptr : &entries_[at->second];
}

const ConnectedSubnets::Entry* ConnectedSubnets::find_own(Ipv4Address address) const {
  const auto at = own_.find(address.value());
  return at == own_.end() ? nullptr : &entries_[at->second];
}

std::string ConnectedSubnets::suggest(Ipv4Address address) const {
  const Entry* best = nullptr;
  int best_bits = -1;
  for (const Entry& entry : entries_) {
    const int bits = std::countl_zero(entry.address.address.value() ^ address.value());
    // A subnet of one address has room for the router only.
    if (entry.address.length == 32 || bits <= best_bits) continue;
    best = &entry;
    best_bits = bits;
  }
  if (best == nullptr) return "no interface has a subnet";
  return cat("did you mean one of ", best->interface, "'s, ",
             to_string(host_range(best->address.subnet())), '?');
}

ConnectedSubnets::Verdict ConnectedSubnets::judge_neighbor(std::string_view who,
                                                           Ipv4Address address) const {
  const std::string name = cat(who, ' ', address.to_string());
  if (const Entry* own = find_own(address)) {
    return {Code::is_own_address, cat(name, " is the router's own address on ", own->interface),
            "the address of another host on that subnet"};
  }
  const Entry* entry = find(address);
  if (entry == nullptr)
    return {Code::not_connected, cat(name, " is not on a connected subnet"), suggest(address)};
  const Ipv4Prefix subnet = entry->address.subnet();
  const bool is_network = address == subnet.network();
  if (subnet.has_broadcast() && (is_network || address == subnet.last())) {
    return {Code::is_network_or_broadcast,
            cat(name, " is the ", is_network ? "network" : "broadcast", " address of ",
                entry->interface, "'s ", subnet.to_string()),
            cat("hosts: ", to_string(host_range(subnet)))};
  }
  return {};
}

}  // namespace weir::config
