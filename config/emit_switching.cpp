// The emitter's part for `vlans`, `bridges` and `mirrors`.
#include <algorithm>
#include <utility>

#include "config/emitter.hpp"

namespace weir::config {
namespace {

constexpr std::string_view kProtocol[] = {"802.1q", "802.1ad"};
constexpr std::string_view kEdge[] = {"auto", "true", "false"};
constexpr std::string_view kQuerier[] = {"auto", "on", "off"};
constexpr std::string_view kDirection[] = {"in", "out", "both"};

/// A number, or `auto` where it follows from something else.
template <typename T>
std::string number_or_auto(const std::optional<T>& number) {
  return number ? cat(*number) : std::string{"auto"};
}

std::string mac_or_auto(const std::optional<MacAddress>& mac) {
  return mac ? quoted(mac->to_string()) : std::string{"auto"};
}

std::string storm_text(const StormControl& storm) {
  return cat("{broadcast: ", format_rate(storm.broadcast),
             ", multicast: ", format_rate(storm.multicast),
             ", unknown-unicast: ", format_rate(storm.unknown_unicast), '}');
}

void emit_vlan(Emitter& out, const Vlan& vlan) {
  const Vlan normal;
  out.line(2, cat(scalar(vlan.name), ':'));
  out.line(4, cat("id: ", vlan.id));
  out.line(4, cat("link: ", scalar(vlan.link)));
  out.setting(4, "protocol", vlan.protocol, normal.protocol, name_of(vlan.protocol, kProtocol));
  out.setting(4, "mtu", vlan.mtu, normal.mtu, number_or_auto(vlan.mtu));
  out.setting(4, "other-vlans", vlan.other_vlans, normal.other_vlans,
              vlan.other_vlans ? "pass" : "drop");
  out.setting(4, "zone", vlan.zone, normal.zone, zone_text(vlan.zone));
  out.setting(4, "addresses", vlan.addresses, normal.addresses, addresses_text(vlan.addresses));
  emit_interface_neighbors(out, vlan.neighbors);
}

/// The name alone, or `{name: NAME, ...}`.
std::string member_text(const Emitter& out, const BridgeMember& member) {
  const BridgeMember normal;
  std::string text;
  const auto setting = [&](std::string_view key, const auto& value, const auto& otherwise,
                           const std::string& shown) {
    if (out.all() || !(value == otherwise)) text += cat(", ", key, ": ", shown);
  };
  const auto flag = [](bool value) { return std::string{value ? "true" : "false"}; };
  setting("isolated", member.isolated, normal.isolated, flag(member.isolated));
  setting("split-horizon", member.split_horizon, normal.split_horizon,
          member.split_horizon == 0 ? "none" : cat(member.split_horizon));
  setting("learning", member.learning, normal.learning, flag(member.learning));
  setting("max-stations", member.max_stations, normal.max_stations,
          number_or_auto(member.max_stations));
  setting("storm-control", member.storm_control, normal.storm_control,
          member.storm_control ? storm_text(*member.storm_control) : "auto");
  setting("path-cost", member.path_cost, normal.path_cost, number_or_auto(member.path_cost));
  setting("port-priority", member.port_priority, normal.port_priority, cat(member.port_priority));
  setting("edge", member.edge, normal.edge, name_of(member.edge, kEdge));
  setting("bpdu-guard", member.bpdu_guard, normal.bpdu_guard, flag(member.bpdu_guard));
  setting("fast-leave", member.fast_leave, normal.fast_leave, flag(member.fast_leave));
  const std::string name = scalar(member.interface);
  return text.empty() ? name : cat("{name: ", name, text, '}');
}

void emit_mac_table(Emitter& out, const MacTable& table) {
  const MacTable normal;
  out.begin(4, "mac-table:");
  out.setting(6, "max", table.max, normal.max, cat(table.max));
  // As the parser fills it in.
  out.setting(6, "max-per-interface", table.max_per_interface,
              std::min(normal.max_per_interface, table.max), cat(table.max_per_interface));
  out.setting(6, "ageing", table.ageing, normal.ageing,
              table.ageing.count() == 0 ? "never" : format_duration(table.ageing));
  out.end();
}

void emit_storm_control(Emitter& out, const StormControl& storm) {
  const StormControl normal;
  out.begin(4, "storm-control:");
  out.setting(6, "broadcast", storm.broadcast, normal.broadcast, format_rate(storm.broadcast));
  out.setting(6, "multicast", storm.multicast, normal.multicast, format_rate(storm.multicast));
  out.setting(6, "unknown-unicast", storm.unknown_unicast, normal.unknown_unicast,
              format_rate(storm.unknown_unicast));
  out.end();
}

void emit_spanning_tree(Emitter& out, const SpanningTree& tree) {
  const SpanningTree normal;
  if (!out.all() && tree == normal) return;
  out.begin(4, "spanning-tree:");
  out.line(6, cat("mode: ", tree.enabled ? "rstp" : "none"));  // a map must say it
  out.setting(6, "priority", tree.priority, normal.priority, cat(tree.priority));
  out.setting(6, "hello-time", tree.hello_time, normal.hello_time,
              format_duration(tree.hello_time));
  out.setting(6, "forward-delay", tree.forward_delay, normal.forward_delay,
              format_duration(tree.forward_delay));
  out.setting(6, "max-age", tree.max_age, normal.max_age, format_duration(tree.max_age));
  out.end();
}

void emit_igmp_snooping(Emitter& out, const IgmpSnooping& igmp) {
  const IgmpSnooping normal;
  out.begin(4, "igmp-snooping:");
  out.setting(6, "enabled", igmp.enabled, normal.enabled, igmp.enabled ? "true" : "false");
  out.setting(6, "querier", igmp.querier, normal.querier, name_of(igmp.querier, kQuerier));
  out.setting(6, "query-interval", igmp.query_interval, normal.query_interval,
              format_duration(igmp.query_interval));
  out.end();
}

void emit_bridge(Emitter& out, const Bridge& bridge) {
  const Bridge normal;
  out.line(2, cat(scalar(bridge.name), ':'));
  out.entries(4, "interfaces", bridge.members,
              [&](const BridgeMember& member) { return member_text(out, member); });
  out.setting(4, "mac", bridge.mac, normal.mac, mac_or_auto(bridge.mac));
  out.setting(4, "mtu", bridge.mtu, normal.mtu, number_or_auto(bridge.mtu));
  out.setting(4, "zone", bridge.zone, normal.zone, zone_text(bridge.zone));
  out.setting(4, "addresses", bridge.addresses, normal.addresses, addresses_text(bridge.addresses));
  emit_interface_neighbors(out, bridge.neighbors);
  emit_mac_table(out, bridge.mac_table);
  emit_storm_control(out, bridge.storm_control);
  out.entries(4, "static", bridge.statics, [](const StaticStation& station) {
    return cat("{mac: ", quoted(station.mac.to_string()),
               ", interface: ", scalar(station.interface), '}');
  });
  emit_spanning_tree(out, bridge.spanning_tree);
  emit_igmp_snooping(out, bridge.igmp_snooping);
}

std::string mirror_text(const Emitter& out, const Mirror& mirror) {
  const Mirror normal;
  std::string text = cat("{from: ", scalar(mirror.from));
  if (out.all() || mirror.direction != normal.direction) {
    text += cat(", direction: ", name_of(mirror.direction, kDirection));
  }
  if (mirror.file.empty()) return cat(text, ", to: ", scalar(mirror.to), '}');
  text += cat(", file: ", scalar(mirror.file));
  if (out.all() || mirror.max_bytes != normal.max_bytes) {
    text += cat(", max-size: ", format_size(mirror.max_bytes));
  }
  return text + '}';
}

}  // namespace

void emit_switching(Emitter& out, const Config& config) {
  out.named(0, "vlans", config.vlans, [&](const Vlan& vlan) { emit_vlan(out, vlan); });
  out.named(0, "bridges", config.bridges, [&](const Bridge& bridge) { emit_bridge(out, bridge); });
  out.entries(0, "mirrors", config.mirrors,
              [&](const Mirror& mirror) { return mirror_text(out, mirror); });
}

}  // namespace weir::config
