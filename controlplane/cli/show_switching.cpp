#include "controlplane/cli/show_switching.hpp"

#include <fmt/format.h>

#include <utility>

#include "controlplane/cli/answer.hpp"
#include "controlplane/cli/table.hpp"

namespace weir::cli {
namespace {

/// The bridges of the router by name; only `bridge`, if one is named.
Json bridges_of(const Client& client, const std::string& bridge) {
  Json answer =
      sorted(client.get("/v1/bridges"), "bridges", [](const Json& b) { return text(b, "name"); });
  if (!bridge.empty()) {
    require_one(list(answer, "bridges"), bridge, "bridge", "weir show bridge");
    keep_only(answer, "bridges", "name", bridge);
  }
  return answer;
}

/// Whether there is something to show; says so when not.
bool any_bridge(const Context& context, const Json& answer) {
  if (!list(answer, "bridges").empty()) return true;
  context.out << "no bridges are configured\n";
  return false;
}

std::string root_of(const Json& tree) {
  if (!tree.is_object()) return "off";
  const std::string interface = text(tree, "root_interface");
  return interface == "-" ? "is root" : "root via " + interface;
}

std::string querier_of(const Json& bridge) {
  if (!flag(bridge, "igmp_snooping")) return "off";
  const std::string querier = text(bridge, "igmp_querier");
  if (querier == "-") return "no querier";
  return querier == "self" ? "querier" : "querier " + querier;
}

void print_overview(const Context& context, const Json& bridges) {
  Table table({{"BRIDGE"},
               {"MAC"},
               {"MTU", Align::right},
               {"ADDRESS"},
               {"FORWARDING", Align::right},
               {"STATIONS", Align::right},
               {"FROZEN", Align::right},
               {"STORM DROPS", Align::right},
               {"SPANNING TREE"},
               {"IGMP"}});
  for (const Json& bridge : bridges) {
    std::uint64_t forwarding = 0, storm = 0;
    for (const Json& member : list(bridge, "members")) {
      forwarding += text(member, "state") == "forwarding" ? 1 : 0;
      storm += number(member, "storm_broadcast") + number(member, "storm_multicast") +
               number(member, "storm_unknown_unicast");
    }
    table.add({text(bridge, "name"), text(bridge, "mac"), std::to_string(number(bridge, "mtu")),
               joined(bridge, "addresses", ", "),
               fmt::format("{} of {}", forwarding, list(bridge, "members").size()),
               with_commas(number(bridge, "stations")), with_commas(number(bridge, "frozen")),
               human_count(storm), root_of(bridge.value("spanning_tree", Json())),
               querier_of(bridge)});
  }
  table.print(context.out);
}

std::string topology_text(const Json& tree) {
  const std::string since = seconds_or_never(tree, "since_topology_change_seconds");
  return counted(number(tree, "topology_changes"), "topology change") +
         (since == "never" ? "" : ", the last " + since + " ago");
}

std::string tree_text(const Json& tree) {
  const std::string interface = text(tree, "root_interface");
  if (interface == "-") return "this bridge is the root, " + text(tree, "bridge_id");
  return fmt::format("root {} via {}, path cost {}; this bridge is {}", text(tree, "root_id"),
                     interface, with_commas(number(tree, "root_path_cost")),
                     text(tree, "bridge_id"));
}

std::string querier_text(const Json& bridge) {
  if (!flag(bridge, "igmp_snooping")) return "no IGMP snooping: groups are flooded";
  const std::string querier = text(bridge, "igmp_querier");
  if (querier == "-") return "IGMP snooping, no querier yet";
  return querier == "self" ? "IGMP snooping, this bridge is the querier"
                           : "IGMP snooping, querier " + querier;
}

std::string options_of(const Json& member) {
  std::string options;
  const auto add = [&](bool is_so, const std::string& option) {
    if (is_so) options += (options.empty() ? "" : ", ") + option;
  };
  add(flag(member, "edge"), "edge");
  add(flag(member, "multicast_router"), "multicast router");
  add(flag(member, "isolated"), "isolated");
  const std::uint64_t group = number(member, "split_horizon");
  add(group != 0, "split horizon " + std::to_string(group));
  add(!flag(member, "learning"), "no learning");
  return options.empty() ? "-" : options;
}

void print_members(const Context& context, const Json& members) {
  Table states({{"MEMBER"},
                {"STATE"},
                {"ROLE"},
                {"STATIONS", Align::right},
                {"AT MOST", Align::right},
                {"OPTIONS"}});
  Table counters({{"MEMBER"},
                  {"UNICAST", Align::right},
                  {"MULTICAST", Align::right},
                  {"BROADCAST", Align::right},
                  {"FLOODED", Align::right},
                  {"STORM: BROADCAST", Align::right},
                  {"MULTICAST", Align::right},
                  {"UNKNOWN", Align::right}});
  for (const Json& member : members) {
    states.add({text(member, "interface"), text(member, "state"), text(member, "role"),
                with_commas(number(member, "stations")),
                with_commas(number(member, "max_stations")), options_of(member)});
    std::vector<std::string> cells{text(member, "interface")};
    for (const char* counter : {"rx_unicast", "rx_multicast", "rx_broadcast", "flooded",
                                "storm_broadcast", "storm_multicast", "storm_unknown_unicast"})
      cells.push_back(human_count(number(member, counter)));
    counters.add(std::move(cells));
  }
  context.out << '\n';
  states.print(context.out);
  context.out << '\n';
  counters.print(context.out);
}

void print_detail(const Context& context, const Json& bridge) {
  const auto line = [&](const std::string& name, const std::string& value) {
    context.out << fmt::format("{:<14} {}\n", name, value);
  };
  const auto count = [&](const char* name) { return with_commas(number(bridge, name)); };
  const std::string ageing = seconds_or_never(bridge, "ageing_seconds");
  line(text(bridge, "name"), fmt::format("{}, MTU {}", text(bridge, "mac"), number(bridge, "mtu")));
  line("addresses", joined(bridge, "addresses", ", "));
  line("stations", fmt::format("{} of at most {}: {} static, {} pinned, {} frozen; ageing {}",
                               count("stations"), count("max_stations"), count("statics"),
                               count("pinned"), count("frozen"), ageing));
  line("events",
       fmt::format("{} learnt, {} aged, {} moved, {} frozen, {} evicted, {} refused; {}",
                   count("learnt"), count("aged"), count("moves"), count("freezes"),
                   count("evictions"), count("refused"), counted(number(bridge, "loops"), "loop")));
  const Json tree = bridge.value("spanning_tree", Json());
  line("spanning tree", tree.is_object() ? tree_text(tree) : "off");
  if (tree.is_object()) line("", topology_text(tree));
  line("multicast", querier_text(bridge));
  if (!list(bridge, "members").empty()) print_members(context, list(bridge, "members"));
}

/// The interfaces behind which there is an IGMP querier or router.
Json router_interfaces(const Json& bridge) {
  Json interfaces = Json::array();
  for (const Json& member : list(bridge, "members"))
    if (flag(member, "multicast_router")) interfaces.push_back(text(member, "interface"));
  return interfaces;
}

/// Of each bridge what concerns multicast, with its groups.
Json multicast_of(const Json& bridges, const Json& groups) {
  Json result = Json::array();
  for (const Json& bridge : bridges) {
    Json own = Json::array();
    for (const Json& group : groups)
      if (text(group, "bridge") == text(bridge, "name")) own.push_back(group);
    result.push_back({{"name", text(bridge, "name")},
                      {"igmp_snooping", flag(bridge, "igmp_snooping")},
                      {"igmp_querier", bridge.value("igmp_querier", Json())},
                      {"router_interfaces", router_interfaces(bridge)},
                      {"groups", std::move(own)}});
  }
  return result;
}

void print_groups(const Context& context, const Json& groups) {
  Table table({{"GROUP"}, {"MEMBER"}, {"IGMP"}, {"EXPIRES", Align::right}});
  for (const Json& group : groups) {
    std::string address = text(group, "group");
    for (const Json& member : list(group, "members")) {
      table.add({address, text(member, "interface"), fmt::format("v{}", number(member, "version")),
                 seconds_or_never(member, "expires_seconds")});
      address.clear();
    }
    if (!address.empty()) table.add({address, "-", "-", "-"});
  }
  if (!table.empty()) table.print(context.out);
}

}  // namespace

void show_bridges(const Context& context, const std::string& bridge, bool detail) {
  const Json answer = bridges_of(Client(context.socket), bridge);
  if (context.json) return context.print_json(answer);
  if (!any_bridge(context, answer)) return;
  const Json& bridges = list(answer, "bridges");
  if (!detail && bridge.empty()) return print_overview(context, bridges);
  bool first = true;
  for (const Json& one : bridges) {
    if (!std::exchange(first, false)) context.out << '\n';
    print_detail(context, one);
  }
}

void show_spanning_tree(const Context& context, const std::string& bridge) {
  const Json answer = bridges_of(Client(context.socket), bridge);
  const Json& bridges = list(answer, "bridges");
  if (context.json) {
    Json trees = Json::array();
    for (const Json& one : bridges)
      trees.push_back({{"name", text(one, "name")},
                       {"spanning_tree", one.value("spanning_tree", Json())},
                       {"members", list(one, "members")}});
    return context.print_json({{"bridges", std::move(trees)}});
  }
  if (!any_bridge(context, answer)) return;
  bool first = true;
  for (const Json& one : bridges) {
    if (!std::exchange(first, false)) context.out << '\n';
    const Json tree = one.value("spanning_tree", Json());
    if (!tree.is_object()) {
      context.out << text(one, "name") << ": spanning tree is off\n";
      continue;
    }
    context.out << text(one, "name") << ": " << tree_text(tree) << "; " << topology_text(tree)
                << '\n';
    Table table({{"MEMBER"},
                 {"STATE"},
                 {"ROLE"},
                 {"COST", Align::right},
                 {"PRIORITY", Align::right},
                 {"EDGE"}});
    for (const Json& member : list(one, "members"))
      table.add({text(member, "interface"), text(member, "state"), text(member, "role"),
                 with_commas(number(member, "path_cost")),
                 std::to_string(number(member, "port_priority")),
                 flag(member, "edge") ? "yes" : "no"});
    if (!table.empty()) table.print(context.out);
  }
}

void show_multicast(const Context& context, const std::string& bridge) {
  const Client client(context.socket);
  const Json answer = bridges_of(client, bridge);
  const Json groups = sorted(client.get("/v1/multicast-groups"), "groups", [](const Json& g) {
    return Ipv4Address::parse(text(g, "group")).value_or(Ipv4Address{});
  });
  const Json bridges = multicast_of(list(answer, "bridges"), list(groups, "groups"));
  if (context.json) return context.print_json({{"bridges", bridges}});
  if (!any_bridge(context, answer)) return;
  bool first = true;
  for (const Json& one : bridges) {
    if (!std::exchange(first, false)) context.out << '\n';
    context.out << text(one, "name") << ": " << querier_text(one);
    if (flag(one, "igmp_snooping"))
      context.out << "; routers behind " << joined(one, "router_interfaces", ", ") << "; "
                  << counted(list(one, "groups").size(), "group");
    context.out << '\n';
    print_groups(context, list(one, "groups"));
  }
}

void show_mirrors(const Context& context) {
  const Json answer = Client(context.socket).get("/v1/mirrors");
  if (context.json) return context.print_json(answer);
  Table table({{"FROM"},
               {"DIRECTION"},
               {"TO"},
               {"PACKETS", Align::right},
               {"BYTES", Align::right},
               {"DROPPED", Align::right},
               {"STATE"}});
  for (const Json& mirror : list(answer, "mirrors"))
    table.add({text(mirror, "from"), text(mirror, "direction"), text(mirror, "to"),
               human_count(number(mirror, "packets")), human_bytes(number(mirror, "bytes")),
               human_count(number(mirror, "dropped")),
               text(mirror, "error") == "-" ? "running" : "stopped: " + text(mirror, "error")});
  if (table.empty()) {
    context.out << "no mirrors are configured\n";
    return;
  }
  table.print(context.out);
}

}  // namespace weir::cli
