// Internal to the parser: the readers that its files share.
#pragma once

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

/// Complains unless the entry `value` of a list has all of `keys`.
void require(const YamlValue& value, const YamlMap& map,
             std::initializer_list<std::string_view> keys);

/// What interfaces of every kind have; `auto` leaves the optional ones empty.
void read_addresses(const YamlValue& value, std::vector<Ipv4InterfaceAddress>& addresses,
                    SourceList& sources);
void read_own_mac(const YamlValue& value, std::optional<MacAddress>& mac, SourceRef& source);
void read_other_vlans(const YamlValue& value, bool& pass);

/// The sections of parse_switching.cpp. Bridges come last: their `trunks` add VLANs.
void read_vlans(const YamlValue& value, std::vector<Vlan>& vlans);
void read_bridges(const YamlValue& value, Config& config);
void read_mirrors(const YamlValue& value, std::vector<Mirror>& mirrors);

}  // namespace weir::config
