#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "controlplane/cli/answer.hpp"
#include "controlplane/cli/show.hpp"
#include "controlplane/cli/show_switching.hpp"
#include "controlplane/cli/table.hpp"

namespace weir::cli {
namespace {

bool is_port(const Json& interface) {
  const std::string kind = text(interface, "kind");
  return kind == "port" || kind == "-";
}

std::string kind_of(const Json& interface) {
  if (text(interface, "kind") == "vlan")
    return fmt::format("VLAN {} on {}", joined(interface, "vlan_ids", "."),
                       text(interface, "link"));
  return is_port(interface) ? "port" : text(interface, "kind");
}

using Meanings = std::vector<std::pair<const char*, const char*>>;

/// `value` with what it means; as it is when that is not known.
std::string explained(const std::string& value, const Meanings& meanings) {
  for (const auto& [word, meaning] : meanings)
    if (value == word) return value + ": " + meaning;
  return value;
}

std::string promiscuous_text(const Json& interface) {
  const std::string why = text(interface, "promiscuous_why");
  if (!flag(interface, "promiscuous")) return "off";
  for (const auto& [word, meaning] :
       Meanings{{"bridge", "it is in a bridge"},
                {"asked for", "the configuration asks for it"},
                {"mac", "the port cannot filter by the router's MAC addresses"},
                {"multicast", "the port cannot filter by multicast group"},
                {"vlan", "the port cannot filter by VLAN"}})
    if (why == word) return std::string("on: ") + meaning;
  return why == "-" ? "on" : "on: " + why;
}

/// What the NIC does by itself, of what was asked of it.
void print_port(const Context& context, const Json& interface) {
  const auto line = [&](const char* name, const std::string& value) {
    context.out << fmt::format("{:<12} {}\n", name, value);
  };
  if (const std::string why = text(interface, "device_missing"); why != "-")
    return line("device", "gone: " + why);
  line("driver", fmt::format("{}, {} and {} queues", text(interface, "driver"),
                             fmt::format("{} receive", number(interface, "rx_queues")),
                             fmt::format("{} transmit", number(interface, "tx_queues"))));
  if (const std::string method = text(interface, "method"); method != "-")
    line("method", fmt::format("{} ({})", method, text(interface, "method_why")));
  if (const std::string trouble = text(interface, "cable_trouble"); trouble != "-")
    line("cable", fmt::format("{}; {}", trouble, text(interface, "cable_remedy")));
  line("MAC filter", explained(text(interface, "mac_filter"),
                               {{"hardware", "the port takes the router's own addresses only"},
                                {"promiscuous", "the port takes every address, the worker sorts"},
                                {"software", "the port has no filter, the worker sorts"}}));
  line("multicast", explained(text(interface, "multicast_filter"),
                              {{"list", "the port takes the groups that are listened to"},
                               {"all", "the port takes every group, the worker sorts"},
                               {"promiscuous", "the port takes every group, the worker sorts"},
                               {"software", "the port has no filter, the worker sorts"}}));
  line("promiscuous", promiscuous_text(interface));
  line("VLAN tags", explained(text(interface, "vlan_tags"),
                              {{"hardware", "the port takes them off and puts them on"},
                               {"software", "the worker takes them off and puts them on"}}));
  const std::string why = text(interface, "arp_queue_why");
  if (interface.value("arp_queue", Json()).is_null())
    line("ARP queue", "none: " + why);
  else
    line("ARP queue", fmt::format("{}: the port puts ARP there, out of the way of the rest{}",
                                  number(interface, "arp_queue"), why == "-" ? "" : "; " + why));
  line("checksum", flag(interface, "checksum_offload")
                       ? "hardware: the port's verdict on IPv4 headers is used"
                       : "software: the worker checks IPv4 headers");
  line("bytes", fmt::format("{} received, {} sent", human_bytes(number(interface, "rx_bytes")),
                            human_bytes(number(interface, "tx_bytes"))));
  line("errors", fmt::format("{} receive, {} transmit", with_commas(number(interface, "rx_errors")),
                             with_commas(number(interface, "tx_errors"))));
}

}  // namespace

std::string state_of(const Json& interface) {
  if (!flag(interface, "admin_up")) return "off";
  if (text(interface, "device_missing") != "-") return "gone";
  if (!flag(interface, "link_up")) return "down";
  const std::uint64_t speed = number(interface, "speed_mbps");
  return speed == 0 ? "up" : "up " + human_speed(speed);
}

void show_interfaces(const Context& context, const std::string& interface) {
  const Client client(context.socket);
  Json answer = sorted(client.get("/v1/interfaces"), "interfaces",
                       [](const Json& i) { return text(i, "name"); });
  const Json& all = list(answer, "interfaces");
  if (!interface.empty()) {
    require_one(all, interface, "interface", "weir show interfaces");
    keep_only(answer, "interfaces", "name", interface);
  }
  if (context.json) return context.print_json(answer);
  // Routers without VLANs and bridges need no columns for them.
  const bool switched = std::any_of(all.begin(), all.end(), [](const Json& i) {
    return !is_port(i) || text(i, "bridge") != "-";
  });
  std::vector<Column> columns{
      {"INTERFACE"}, {"STATE"}, {"MTU", Align::right}, {"MAC"}, {"ADDRESS"}};
  for (const char* counter : {"RX", "MISSED", "TX", "DROPS"})
    columns.push_back({counter, Align::right});
  if (switched) columns.insert(columns.begin() + 1, {{"KIND"}, {"BRIDGE"}});
  columns.push_back({"DEVICE"});
  Table table(columns);
  for (const Json& shown : list(answer, "interfaces")) {
    const Json& addresses = list(shown, "addresses");
    const auto address = [&](std::size_t i) {
      return i < addresses.size() && addresses[i].is_string() ? addresses[i].get<std::string>()
                                                              : std::string("-");
    };
    const auto add = [&](std::vector<std::string> cells, const std::string& kind,
                         const std::string& bridge) {
      if (switched) cells.insert(cells.begin() + 1, {kind, bridge});
      table.add(std::move(cells));
    };
    add({text(shown, "name"), state_of(shown), std::to_string(number(shown, "mtu")),
         text(shown, "mac"), address(0), human_count(number(shown, "rx_packets")),
         human_count(number(shown, "rx_missed")), human_count(number(shown, "tx_packets")),
         human_count(number(shown, "drops")), text(shown, "device")},
        kind_of(shown), text(shown, "bridge"));
    for (std::size_t i = 1; i < addresses.size(); ++i) add({"", "", "", "", address(i)}, "", "");
  }
  table.print(context.out);
  if (interface.empty()) return;
  for (const Json& shown : list(answer, "interfaces")) {
    const std::string zone = text(shown, "zone");
    const bool has_zone = zone != "-" && zone != "none";
    if (has_zone || is_port(shown)) context.out << '\n';
    if (has_zone) context.out << fmt::format("{:<12} {}\n", "zone", zone);
    if (is_port(shown)) print_port(context, shown);
  }
}

void show_vlans(const Context& context) {
  Json answer = sorted(Client(context.socket).get("/v1/interfaces"), "interfaces",
                       [](const Json& i) { return text(i, "name"); });
  keep_only(answer, "interfaces", "kind", "vlan");
  if (context.json) return context.print_json({{"vlans", list(answer, "interfaces")}});
  Table table({{"VLAN"},
               {"LINK"},
               {"TAGS", Align::right},
               {"STATE"},
               {"MTU", Align::right},
               {"BRIDGE"},
               {"ADDRESS"},
               {"RX", Align::right},
               {"TX", Align::right},
               {"DROPS", Align::right}});
  for (const Json& vlan : list(answer, "interfaces"))
    table.add({text(vlan, "name"), text(vlan, "link"), joined(vlan, "vlan_ids", "."),
               state_of(vlan), std::to_string(number(vlan, "mtu")), text(vlan, "bridge"),
               joined(vlan, "addresses", ", "), human_count(number(vlan, "rx_packets")),
               human_count(number(vlan, "tx_packets")), human_count(number(vlan, "drops"))});
  if (table.empty()) {
    context.out << "no VLANs are configured\n";
    return;
  }
  table.print(context.out);
}

}  // namespace weir::cli
