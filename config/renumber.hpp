// Giving interfaces other subnets: what changes in a configuration, and what it breaks. Pure but
// for the route files it is told to read, thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/address_edit.hpp"
#include "config/codes.hpp"
#include "config/model.hpp"

namespace weir::config {

/// What an interface is to have.
struct WantedSubnet {
  std::string interface;
  Ipv4Prefix subnet;
  Ipv4Address address;  // the router's in it
};

/// Something that the change breaks, or makes work otherwise.
struct Broken {
  enum Kind {
    address,   // a new address or subnet and another interface's are in each other's way
    neighbor,  // a static neighbour is no longer on its interface's subnet
    gateway,   // a route's gateway is no longer reached, or by another interface
    route,     // a route and a new subnet are in each other's way
    other,     // what else the lint says then and does not say now
  };

  Kind kind = other;
  std::string file;  // the configuration, or a route file
  SourceRef source;
  std::string message;
  std::string hint;
  bool is_error = true;      // `weir check` would refuse the changed file for it
  std::optional<Code> code;  // of what `weir check` would say
};

/// The hosts on one interface: all of them need other addresses.
struct MovedHosts {
  std::string interface;
  Ipv4InterfaceAddress before;  // the router's, their gateway
  Ipv4InterfaceAddress after;
};

struct Renumbering {
  Config changed;
  std::vector<AddressChange> changes;
  std::vector<std::string> unknown;    // subnets that no interface is named as
  std::vector<std::string> unchanged;  // interfaces that have an address in their subnet already
  std::vector<MovedHosts> hosts;
  std::vector<Broken> broken;
};

/// Of an interface's addresses, the one within `parent` changes, or else the first. One that is a
/// host's of its wanted subnet already, with the same length, stays as it is. Route files are read,
/// and those that cannot be are left to `weir check`. What is broken is in the order of kinds, then
/// by place.
Renumbering renumber(const Config& config, std::span<const WantedSubnet> wanted,
                     const Ipv4Prefix& parent);

std::string_view name_of(Broken::Kind kind);

}  // namespace weir::config
