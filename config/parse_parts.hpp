// Internal to the parser: the readers that its files share.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/address_text.hpp"
#include "config/model.hpp"
#include "config/yaml_reader.hpp"

namespace weir::config {

std::optional<std::string> read_interface_name(std::string_view text, Complaint& complaint);
/// The name of an interface that stands elsewhere; of one that stands here, `parsed` reads the key.
bool read_interface(const YamlValue& value, std::string& name);

/// Complains unless the entry `value` of a list has all of `keys`.
void require(const YamlValue& value, const YamlMap& map,
             std::initializer_list<std::string_view> keys);

/// A number into `out`, which may be narrower or optional: its range has been checked.
template <typename T>
void read_number(const YamlValue& value, std::uint64_t minimum, std::uint64_t maximum, T& out) {
  std::uint64_t number = 0;
  if (!value.number(minimum, maximum, number)) return;
  if constexpr (requires { typename T::value_type; }) {
    out = static_cast<typename T::value_type>(number);
  } else {
    out = static_cast<T>(number);
  }
}

/// The absolute path of a file; `example` is one.
std::optional<std::string> absolute_path(std::string_view text, std::string_view example,
                                         Complaint& complaint);

/// Tells in `asked` what a Config's reader asks of the node there, which is below `root`.
void watch_config(const YamlNode& root, Asked& asked);

/// What interfaces of every kind have; `auto` leaves the optional ones empty.
void read_addresses(const YamlValue& value, std::vector<Ipv4InterfaceAddress>& addresses,
                    SourceList& sources);
void read_own_mac(const YamlValue& value, std::optional<MacAddress>& mac, SourceRef& source);
void read_other_vlans(const YamlValue& value, bool& pass);
void read_zone(const YamlValue& value, Zone& zone);

/// The sections of parse_neighbors.cpp. What an interface does not say of a rate is as `all` has
/// it, which therefore comes first.
void read_neighbors(const YamlValue& value, Neighbors& all);
void read_interface_neighbors(const YamlValue& value, const Neighbors& all,
                              InterfaceNeighbors& neighbors);

/// The sections of parse_switching.cpp. Bridges come last: their `trunks` add VLANs.
void read_vlans(const YamlValue& value, Config& config);
void read_bridges(const YamlValue& value, Config& config);
void read_mirrors(const YamlValue& value, std::vector<Mirror>& mirrors);

}  // namespace weir::config
