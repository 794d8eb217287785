// The parser's readers of `vlans`, `bridges` and `mirrors`.
#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "config/limits.hpp"
#include "config/parse_parts.hpp"

namespace weir::config {
namespace {

using Words = std::string_view;

/// 0 to `maximum` in steps of `step`.
template <typename T>
void read_multiple(const YamlValue& value, std::uint64_t maximum, std::uint64_t step, T& out) {
  std::uint64_t number = 0;
  if (!value.number(0, maximum, number)) return;
  if (number % step != 0) {
    return value.error(Code::wrong_step, cat(number, " is not a multiple of ", step),
                       cat("did you mean ", number / step * step, '?'));
  }
  out = static_cast<T>(number);
}

void read_mtu(const YamlValue& value, std::optional<std::uint16_t>& mtu, SourceRef& source) {
  if (value.is_word("auto")) return;
  source = value.source();
  read_number(value, limits::kMinMtu, limits::kMaxMtu, mtu);
}

std::optional<PacketRate> read_rate(std::string_view text, Complaint& complaint) {
  const auto rate = parse_rate(text);
  if (rate && (rate->kind == PacketRate::Kind::unlimited || rate->value > 0) &&
      rate->value <= limits::kMaxRatePps) {
    return rate;
  }
  complaint = {rate ? Code::out_of_range : Code::malformed,
               cat(shown(text), rate ? " is out of range" : " is not a rate"),
               "0.01% to 100% of the line rate, 1pps to 1000Mpps (pps, kpps, Mpps), or none"};
  return std::nullopt;
}

std::optional<std::string> read_capture_path(std::string_view text, Complaint& complaint) {
  return absolute_path(text, "/var/tmp/lan0.pcapng", complaint);
}

void read_vlan(const YamlValue& value, const Neighbors& neighbors, Vlan& vlan) {
  static constexpr std::array<Words, 8> kKeys{"id",   "link",        "protocol",  "mtu",
                                              "zone", "other-vlans", "addresses", "neighbors"};
  const YamlMap map{value, kKeys};
  require(value, map, {"id", "link"});
  map.with("id", [&](const YamlValue& v) {
    vlan.id_source = v.source();
    read_number(v, 1, limits::kMaxVlanId, vlan.id);
  });
  map.with("link", [&](const YamlValue& v) {
    vlan.link_source = v.source();
    read_interface(v, vlan.link);
  });
  map.with("protocol", [&](const YamlValue& v) {
    std::size_t index = 0;
    if (v.choice({"802.1q", "802.1ad"}, index)) {
      vlan.protocol = std::array{VlanProtocol::dot1q, VlanProtocol::dot1ad}.at(index);
    }
  });
  map.with("mtu", [&](const YamlValue& v) { read_mtu(v, vlan.mtu, vlan.mtu_source); });
  map.with("other-vlans", [&](const YamlValue& v) { read_other_vlans(v, vlan.other_vlans); });
  map.with("zone", [&](const YamlValue& v) { read_zone(v, vlan.zone); });
  map.with("addresses",
           [&](const YamlValue& v) { read_addresses(v, vlan.addresses, vlan.address_sources); });
  map.with("neighbors",
           [&](const YamlValue& v) { read_interface_neighbors(v, neighbors, vlan.neighbors); });
}

void read_storm_control(const YamlValue& value, StormControl& storm) {
  static constexpr std::array<Words, 3> kKeys{"broadcast", "multicast", "unknown-unicast"};
  const YamlMap map{value, kKeys};
  map.with("broadcast", [&](const YamlValue& v) { v.parsed(read_rate, storm.broadcast); });
  map.with("multicast", [&](const YamlValue& v) { v.parsed(read_rate, storm.multicast); });
  map.with("unknown-unicast",
           [&](const YamlValue& v) { v.parsed(read_rate, storm.unknown_unicast); });
}

void read_member_switches(const YamlMap& map, BridgeMember& member) {
  map.with("isolated", [&](const YamlValue& v) { v.boolean(member.isolated); });
  map.with("learning", [&](const YamlValue& v) { v.boolean(member.learning); });
  map.with("bpdu-guard", [&](const YamlValue& v) { v.boolean(member.bpdu_guard); });
  map.with("fast-leave", [&](const YamlValue& v) { v.boolean(member.fast_leave); });
  map.with("edge", [&](const YamlValue& v) {
    if (v.is_word("auto")) return;
    bool edge = false;
    if (!v.is_plain_word("true") && !v.is_plain_word("false")) {
      return v.unexpected(Code::unknown_word, "one of auto, true, false");
    }
    v.boolean(edge);
    member.edge = edge ? BridgeMember::Edge::yes : BridgeMember::Edge::no;
  });
}

BridgeMember read_member(const YamlValue& value, const StormControl& of_bridge) {
  static constexpr std::array<Words, 11> kKeys{
      "name",      "isolated",      "split-horizon", "learning",   "max-stations", "storm-control",
      "path-cost", "port-priority", "edge",          "bpdu-guard", "fast-leave"};
  BridgeMember member;
  member.source = value.source();
  if (value.node().kind == YamlNode::Kind::scalar) {
    read_interface(value, member.interface);
    return member;
  }
  if (value.node().kind == YamlNode::Kind::list) {
    value.unexpected(Code::wrong_type, "an interface", "its name, or {name: NAME, ...}");
    return member;
  }
  const YamlMap map{value, kKeys};
  require(value, map, {"name"});
  map.with("name", [&](const YamlValue& v) {
    member.source = v.source();
    read_interface(v, member.interface);
  });
  map.with("split-horizon", [&](const YamlValue& v) {
    if (v.is_word("none")) return;
    read_number(v, 1, limits::kSplitHorizonGroups, member.split_horizon);
  });
  map.with("max-stations", [&](const YamlValue& v) {
    member.max_stations_source = v.source();
    if (!v.is_word("auto")) read_number(v, 1, limits::kMaxStations, member.max_stations);
  });
  map.with("storm-control", [&](const YamlValue& v) {
    if (v.is_word("auto") || v.is_null()) return;
    member.storm_control = of_bridge;  // what is not said is as the bridge has it
    read_storm_control(v, *member.storm_control);
  });
  map.with("path-cost", [&](const YamlValue& v) {
    if (!v.is_word("auto")) read_number(v, 1, limits::kMaxPathCost, member.path_cost);
  });
  map.with("port-priority", [&](const YamlValue& v) {
    read_multiple(v, limits::kMaxPortPriority, limits::kPortPriorityStep, member.port_priority);
  });
  read_member_switches(map, member);
  return member;
}

void read_mac_table(const YamlValue& value, MacTable& table) {
  static constexpr std::array<Words, 3> kKeys{"max", "max-per-interface", "ageing"};
  const YamlMap map{value, kKeys};
  table.source = value.source();
  map.with("max", [&](const YamlValue& v) {
    read_number(v, 1, limits::kMaxStations, table.max);
    table.max_per_interface = std::min(table.max_per_interface, table.max);
  });
  map.with("max-per-interface", [&](const YamlValue& v) {
    table.source = v.source();
    read_number(v, 1, limits::kMaxStations, table.max_per_interface);
  });
  map.with("ageing", [&](const YamlValue& v) {
    if (v.is_word("never")) {
      table.ageing = std::chrono::seconds{0};
    } else {
      v.seconds(limits::kMinAgeing, limits::kMaxAgeing, table.ageing);
    }
  });
}

void read_static_station(const YamlValue& value, std::vector<StaticStation>& statics) {
  static constexpr std::array<Words, 2> kKeys{"mac", "interface"};
  const YamlMap map{value, kKeys};
  require(value, map, {"mac", "interface"});
  StaticStation station;
  station.source = value.source();
  map.with("mac", [&](const YamlValue& v) {
    station.source = v.source();
    v.parsed(read_mac, station.mac);
  });
  map.with("interface", [&](const YamlValue& v) {
    station.interface_source = v.source();
    read_interface(v, station.interface);
  });
  statics.push_back(std::move(station));
}

void read_tree_mode(const YamlValue& value, SpanningTree& tree) {
  std::size_t index = 0;
  if (value.choice({"none", "rstp"}, index)) tree.enabled = index == 1;
}

void read_spanning_tree(const YamlValue& value, SpanningTree& tree) {
  static constexpr std::array<Words, 5> kKeys{"mode", "priority", "hello-time", "forward-delay",
                                              "max-age"};
  tree.source = value.source();
  if (value.node().kind == YamlNode::Kind::scalar) return read_tree_mode(value, tree);
  const YamlMap map{value, kKeys};
  if (value.node().kind == YamlNode::Kind::map && map.all_known() && !map.has("mode")) {
    value.error(Code::key_missing, "lacks \"mode\"", "mode: rstp, or mode: none");
  }
  map.with("mode", [&](const YamlValue& v) { read_tree_mode(v, tree); });
  map.with("priority", [&](const YamlValue& v) {
    read_multiple(v, limits::kMaxBridgePriority, limits::kBridgePriorityStep, tree.priority);
  });
  map.with("hello-time", [&](const YamlValue& v) {
    tree.hello_source = v.source();
    v.seconds(limits::kMinHelloTime, limits::kMaxHelloTime, tree.hello_time);
  });
  map.with("forward-delay", [&](const YamlValue& v) {
    tree.delay_source = v.source();
    v.seconds(limits::kMinForwardDelay, limits::kMaxForwardDelay, tree.forward_delay);
  });
  map.with("max-age", [&](const YamlValue& v) {
    tree.age_source = v.source();
    v.seconds(limits::kMinMaxAge, limits::kMaxMaxAge, tree.max_age);
  });
}

void read_igmp_snooping(const YamlValue& value, IgmpSnooping& igmp) {
  static constexpr std::array<Words, 3> kKeys{"enabled", "querier", "query-interval"};
  if (value.node().kind == YamlNode::Kind::scalar) {
    value.boolean(igmp.enabled);
    return;
  }
  const YamlMap map{value, kKeys};
  map.with("enabled", [&](const YamlValue& v) { v.boolean(igmp.enabled); });
  map.with("querier", [&](const YamlValue& v) {
    using enum IgmpSnooping::Querier;
    std::size_t index = 0;
    if (v.choice({"auto", "on", "off"}, index))
      igmp.querier = std::array{automatic, on, off}[index];
  });
  map.with("query-interval", [&](const YamlValue& v) {
    v.seconds(limits::kMinQueryInterval, limits::kMaxQueryInterval, igmp.query_interval);
  });
}

/// Finds or makes the VLANs that `vlan` and `trunks` of bridges stand for.
class Trunks {
 public:
  explicit Trunks(std::vector<Vlan>& vlans) : vlans_(vlans) {
    for (const Vlan& vlan : vlans) add(vlan);
  }

  /// The name of the VLAN `id` on the interface that `entry` names; empty after a complaint.
  std::string vlan_of(const YamlValue& entry, std::uint16_t id) {
    Vlan vlan;
    if (!read_interface(entry, vlan.link)) return {};
    const auto known = names_.find({vlan.link, id});
    if (known != names_.end()) return known->second;
    vlan.name = cat(vlan.link, '.', id);
    if (vlan.name.size() > limits::kInterfaceNameBytes) {
      entry.error(Code::trunk_name, cat(shown(vlan.name), " is too long a name for its VLAN"),
                  cat("up to ", limits::kInterfaceNameBytes, ", or name it in vlans"));
      return {};
    }
    if (taken_.contains(vlan.name)) {
      entry.error(Code::trunk_name,
                  cat("vlans has ", vlan.name, ", which is not VLAN ", id, " of ", vlan.link),
                  "give that one another name");
      return {};
    }
    vlan.id = id;
    vlan.source = vlan.id_source = vlan.link_source = entry.source();
    add(vlan);
    vlans_.push_back(vlan);
    return vlan.name;
  }

 private:
  void add(const Vlan& vlan) {
    names_.emplace(std::pair{vlan.link, vlan.id}, vlan.name);
    taken_.insert(vlan.name);
  }

  std::vector<Vlan>& vlans_;
  std::map<std::pair<std::string, std::uint16_t>, std::string> names_;
  std::set<std::string, std::less<>> taken_;
};

/// Members that `trunks` names and `interfaces` does not: those may stand there with settings.
void read_trunks(const YamlMap& map, Bridge& bridge, Trunks& trunks) {
  const auto lacks = [](const char* other, const char* hint) {
    return [=](const YamlValue& v) {
      v.error(Code::key_conflict, cat("means nothing without ", other), hint);
    };
  };
  if (!map.has("vlan")) return map.with("trunks", lacks("vlan", "such as vlan: 10"));
  if (!map.has("trunks")) return map.with("vlan", lacks("trunks", "such as trunks: [lan0]"));
  std::uint16_t id = 0;
  map.with("vlan", [&](const YamlValue& v) { read_number(v, 1, limits::kMaxVlanId, id); });
  if (id == 0) return;
  std::set<std::string> members;
  for (const BridgeMember& member : bridge.members) members.insert(member.interface);
  std::set<std::string> given;
  map.with("trunks", [&](const YamlValue& v) {
    v.list({}, [&](const YamlValue& entry) {
      BridgeMember member;
      member.source = entry.source();
      member.interface = trunks.vlan_of(entry, id);
      if (member.interface.empty()) return;
      if (!given.insert(member.interface).second) {
        return entry.error(Code::member_twice, cat(shown(entry.node().text), " is given twice"),
                           "each once");
      }
      if (!members.contains(member.interface)) bridge.members.push_back(std::move(member));
    });
  });
}

void read_bridge(const YamlValue& value, const Neighbors& neighbors, Bridge& bridge,
                 Trunks& trunks) {
  static constexpr std::array<Words, 13> kKeys{
      "interfaces", "mac",           "mtu",      "zone",          "addresses",
      "mac-table",  "storm-control", "static",   "spanning-tree", "igmp-snooping",
      "vlan",       "trunks",        "neighbors"};
  const YamlMap map{value, kKeys};
  map.with("storm-control",
           [&](const YamlValue& v) { read_storm_control(v, bridge.storm_control); });
  map.with("interfaces", [&](const YamlValue& v) {
    v.list({}, [&](const YamlValue& entry) {
      bridge.members.push_back(read_member(entry, bridge.storm_control));
    });
  });
  read_trunks(map, bridge, trunks);
  map.with("mac", [&](const YamlValue& v) { read_own_mac(v, bridge.mac, bridge.mac_source); });
  map.with("mtu", [&](const YamlValue& v) { read_mtu(v, bridge.mtu, bridge.mtu_source); });
  map.with("zone", [&](const YamlValue& v) { read_zone(v, bridge.zone); });
  map.with("addresses", [&](const YamlValue& v) {
    read_addresses(v, bridge.addresses, bridge.address_sources);
  });
  map.with("neighbors",
           [&](const YamlValue& v) { read_interface_neighbors(v, neighbors, bridge.neighbors); });
  map.with("mac-table", [&](const YamlValue& v) { read_mac_table(v, bridge.mac_table); });
  map.with("static", [&](const YamlValue& v) {
    v.list("- {mac: MAC, interface: NAME}",
           [&](const YamlValue& entry) { read_static_station(entry, bridge.statics); });
  });
  map.with("spanning-tree",
           [&](const YamlValue& v) { read_spanning_tree(v, bridge.spanning_tree); });
  map.with("igmp-snooping",
           [&](const YamlValue& v) { read_igmp_snooping(v, bridge.igmp_snooping); });
}

void read_mirror(const YamlValue& value, std::vector<Mirror>& mirrors) {
  static constexpr std::array<Words, 5> kKeys{"from", "direction", "to", "file", "max-size"};
  const YamlMap map{value, kKeys};
  require(value, map, {"from"});
  Mirror mirror;
  mirror.source = value.source();
  if (map.all_known() && map.has("from") && map.has("to") == map.has("file")) {
    value.error(map.has("to") ? Code::key_conflict : Code::key_missing,
                map.has("to") ? "says two targets" : "says no target",
                "one of to: PORT, file: PATH");
  }
  map.with("from", [&](const YamlValue& v) {
    mirror.source = v.source();
    read_interface(v, mirror.from);
  });
  map.with("direction", [&](const YamlValue& v) {
    using enum Mirror::Direction;
    std::size_t index = 0;
    if (v.choice({"in", "out", "both"}, index)) mirror.direction = std::array{in, out, both}[index];
  });
  map.with("to", [&](const YamlValue& v) {
    mirror.to_source = v.source();
    read_interface(v, mirror.to);
  });
  map.with("file", [&](const YamlValue& v) {
    mirror.to_source = v.source();
    v.parsed(read_capture_path, mirror.file);
  });
  map.with("max-size", [&](const YamlValue& v) {
    if (!map.has("file")) v.error(Code::key_conflict, "only for a file", "remove it");
    v.size(limits::kMinMirrorBytes, limits::kMaxMirrorBytes, 1, mirror.max_bytes);
  });
  mirrors.push_back(std::move(mirror));
}

}  // namespace

void read_vlans(const YamlValue& value, Config& config) {
  YamlMap{value}.each([&](const YamlValue& key, const YamlValue& v) {
    Vlan vlan;
    vlan.source = key.source();
    if (!key.parsed(read_interface_name, vlan.name)) return;
    read_vlan(v, config.neighbors, vlan);
    config.vlans.push_back(std::move(vlan));
  });
}

void read_bridges(const YamlValue& value, Config& config) {
  Trunks trunks{config.vlans};
  YamlMap{value}.each([&](const YamlValue& key, const YamlValue& v) {
    Bridge bridge;
    bridge.source = key.source();
    if (!key.parsed(read_interface_name, bridge.name)) return;
    read_bridge(v, config.neighbors, bridge, trunks);
    config.bridges.push_back(std::move(bridge));
  });
}

void read_mirrors(const YamlValue& value, std::vector<Mirror>& mirrors) {
  value.list("- {from: NAME, to: PORT}",
             [&](const YamlValue& entry) { read_mirror(entry, mirrors); });
}

}  // namespace weir::config
