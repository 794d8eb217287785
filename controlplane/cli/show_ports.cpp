#include <fmt/format.h>

#include <string>

#include "controlplane/cli/answer.hpp"
#include "controlplane/cli/show.hpp"
#include "controlplane/cli/table.hpp"

namespace weir::cli {
namespace {

std::string link_text(const Json& port) {
  if (!flag(port, "link_up")) return "down";
  const std::uint64_t speed = number(port, "speed_mbps");
  return fmt::format("up, {}, {} duplex, {}", speed == 0 ? "speed unknown" : human_speed(speed),
                     text(port, "duplex"), flag(port, "negotiated") ? "negotiated" : "fixed");
}

std::string queues_text(const Json& port) {
  std::string result;
  for (const Json& queue : list(port, "rx_queues"))
    result += fmt::format("{}{} by core {}{}, {} descriptors", result.empty() ? "" : "; ",
                          number(queue, "queue"), number(queue, "core"),
                          flag(queue, "arp") ? " (ARP)" : "", number(queue, "descriptors"));
  return fmt::format("{} (of {} at most)", result, number(port, "most_rx_queues"));
}

void print_counters(const Context& context, const Json& port) {
  const Json& extended = list(port, "extended");
  if (extended.empty()) {
    context.out << "\nno counter of the driver's is above zero\n";
    return;
  }
  Table table({{"COUNTER"}, {"VALUE", Align::right}});
  for (const Json& counter : extended)
    table.add({text(counter, "name"), with_commas(number(counter, "value"))});
  context.out << '\n';
  table.print(context.out);
}

void print_port(const Context& context, const Json& port, bool extended) {
  const auto line = [&](const char* name, const std::string& value) {
    context.out << fmt::format("{:<16} {}\n", name, value);
  };
  const Json& numa = port.contains("numa_node") ? port["numa_node"] : Json();
  line("port", text(port, "name"));
  line("device",
       fmt::format("{}, {}, NUMA node {}{}", text(port, "device"), text(port, "driver"),
                   numa.is_number() ? numa.dump() : "unknown",
                   text(port, "firmware") == "-" ? "" : ", firmware " + text(port, "firmware")));
  if (text(port, "device_missing") != "-") {
    line("missing", text(port, "device_missing"));
    return;
  }
  line("link", link_text(port));
  line("receive queues", queues_text(port));
  line("transmit queues",
       fmt::format("{}, {} descriptors (of {} at most)", number(port, "tx_queues"),
                   number(port, "tx_descriptors"), number(port, "most_tx_queues")));
  line("errors",
       fmt::format("{} missed, {} receive, {} transmit", with_commas(number(port, "rx_missed")),
                   with_commas(number(port, "rx_errors")), with_commas(number(port, "tx_errors"))));
  context.out << '\n';
  Table table({{"CAPABILITY"}, {"BY"}, {"WHAT"}});
  for (const Json& each : list(port, "capabilities"))
    table.add({text(each, "name"), text(each, "by"), text(each, "detail")});
  table.print(context.out);
  if (extended) print_counters(context, port);
}

}  // namespace

void show_ports(const Context& context, const std::string& port, bool extended) {
  const Client client(context.socket);
  Json answer = sorted(client.get(extended ? "/v1/ports?extended=1" : "/v1/ports"), "ports",
                       [](const Json& p) { return text(p, "name"); });
  if (!port.empty()) {
    require_one(list(answer, "ports"), port, "port", "weir show port");
    keep_only(answer, "ports", "name", port);
  }
  if (context.json) return context.print_json(answer);
  bool first = true;
  for (const Json& each : list(answer, "ports")) {
    if (!first) context.out << '\n';
    first = false;
    print_port(context, each, extended);
  }
}

}  // namespace weir::cli
