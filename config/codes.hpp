// The codes of everything that is found wrong or doubtful in a file: a letter for the area and
// three digits, which stay the same whatever a later version says in words. `weir explain CODE`
// shows what stands here, docs/checks.md is made of it.
//
// Every row has an example that yields its code and a mend that yields nothing, both whole files: a
// test checks them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace weir::config {

enum class Code : std::uint8_t {
  // F: the file and the form of its values
  file_unreadable,
  file_too_large,
  not_yaml,
  not_text,
  empty_file,
  yaml_feature,
  key_not_word,
  key_unknown,
  key_twice,
  key_missing,
  key_conflict,
  not_in_version,
  wrong_type,
  unknown_word,
  malformed,
  out_of_range,
  wrong_step,
  empty_list,
  prefix_length,
  too_many,
  // S: system
  core_twice,
  core_shared,
  packets_beyond_memory,
  packets_short,
  pools_beyond_memory,
  readers_unknown,
  // P: ports and interfaces
  no_ports,
  port_twice,
  name_twice,
  interface_missing,
  interface_unused,
  mac_of_no_station,
  mac_twice,
  mtu_beyond_af_xdp,
  mtu_beyond_link,
  mtu_of_path,
  // A: addresses
  address_of_no_host,
  address_network_or_broadcast,
  address_twice,
  subnets_overlap,
  subnet_shared,
  subnet_too_wide,
  address_alone,
  not_connected,
  is_own_address,
  is_network_or_broadcast,
  // V: VLANs
  vlan_on_bridge,
  vlan_behind_itself,
  vlan_three_tags,
  vlan_id_twice,
  vlan_tag_order,
  vlan_tag_lost,
  trunk_name,
  // B: bridges
  bridge_empty,
  member_is_bridge,
  member_taken,
  member_twice,
  member_has_addresses,
  member_leaks,
  member_mtu,
  stations_bound,
  station_elsewhere,
  station_is_own,
  station_twice,
  tree_timers,
  // M: mirrors
  mirror_target,
  file_shared,
  // N: neighbours
  refresh_too_late,
  unverified_longer,
  first_beyond_most,
  calm_beyond_stale,
  hold_beyond_total,
  hold_beyond_memory,
  neighbor_elsewhere,
  neighbor_twice,
  neighbor_is_own,
  setting_without_effect,
  source_beyond_all,
  table_fills,
  pending_short,
  control_rate,
  ageing_short,
  // R: routes
  gateway_twice,
  route_twice,
  host_bits,
  route_is_connected,
  route_is_martian,
  route_shadowed,
  route_to_own_address,
  route_file_twice,
  route_line,
  // Z: zones
  zone_address,
  zone_route,
  zone_leak,
  // L: labs
  lab_port_missing,
  lab_port_twice,
  lab_gateway,
  lab_host_name,
  lab_router_inside,
  count
};

inline constexpr std::size_t kCodes = static_cast<std::size_t>(Code::count);

struct CodeText {
  /// What the example and its mend are.
  enum class File { configuration, route_file, lab, missing };

  Code code;
  std::string_view id;       // "A102"
  bool is_error;             // else a warning
  std::string_view title;    // what is found, in a few words
  std::string_view reason;   // why it matters
  std::string_view example;  // lines that yield the code; of `missing`: a path
  std::string_view mend;     // lines without any finding
  File file = File::configuration;
};

/// The configuration that names the route files of examples, as `routes.txt`.
extern const std::string_view kRouteFileExample;

/// All, in the order of `Code`, which is that of their ids.
std::span<const CodeText> all_codes();
const CodeText& text_of(Code code);
/// "A102".
std::string_view id_of(Code code);
/// By id, in capitals or not, also as messages show it: `a102`, `error[A102]`.
const CodeText* find_code(std::string_view text);
/// The id that `text` is probably meant to be; empty when none is near.
std::string_view nearest_code(std::string_view text);

}  // namespace weir::config
