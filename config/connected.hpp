// The connected subnets of a configuration: which interface reaches an address, and what to say
// when none does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/codes.hpp"
#include "config/model.hpp"

namespace weir::config {

/// Keeps nothing of the Config it was made of. Lookups take one hash for each prefix length in use,
/// so that long lists of routes are checked fast.
class ConnectedSubnets {
 public:
  struct Entry {
    std::string interface;  // its name: a port, a VLAN or a bridge
    Ipv4InterfaceAddress address;
    SourceRef source;
  };

  explicit ConnectedSubnets(const Config& config);

  std::span<const Entry> entries() const { return entries_; }
  /// The longest subnet that contains `address`; nullptr if none does.
  const Entry* find(Ipv4Address address) const;
  /// The entry whose subnet is exactly this one; nullptr if there is none.
  const Entry* find_subnet(const Ipv4Prefix& subnet) const;
  /// The entry that is exactly this address; nullptr if it is not the router's.
  const Entry* find_own(Ipv4Address address) const;

  /// Why a neighbour of the router cannot have `address` (message and hint), or an empty message.
  /// `who` begins the message: "gateway".
  struct Verdict {
    Code code{};
    std::string message;
    std::string hint;
  };
  Verdict judge_neighbor(std::string_view who, Ipv4Address address) const;

 private:
  std::string suggest(Ipv4Address address) const;

  std::vector<Entry> entries_;
  std::unordered_map<std::uint32_t, std::size_t> own_;  // address -> index in entries_
  // By prefix length: network -> index in entries_.
  std::vector<std::unordered_map<std::uint32_t, std::size_t>> subnets_;
};

}  // namespace weir::config
