#include "controlplane/cli/show.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "controlplane/cli/answer.hpp"
#include "controlplane/cli/client.hpp"
#include "controlplane/cli/table.hpp"
#include "dataplane/net/ipv4.hpp"

namespace weir::cli {
namespace {

constexpr std::size_t kRoutesPerPage = 5000;

void print_next_hops(Table& table, const Json& route) {
  const std::string prefix = text(route, "prefix");
  std::vector<std::string> cells{prefix == "0.0.0.0/0" ? "default" : prefix, "-", "-",
                                 text(route, "type"), text(route, "protocol")};
  for (const Json& next_hop : list(route, "next_hops")) {
    cells[1] = text(next_hop, "gateway");
    cells[2] = text(next_hop, "interface");
    table.add(cells);
    cells = {"", "", "", "", ""};
  }
  if (!cells[0].empty()) table.add(cells);
}

void print_conservation(const Context& context, const Json& total) {
  context.out << fmt::format(
      "rx {} + generated {} {} tx {} + dropped {} + consumed {} + held {}\n",
      with_commas(number(total, "rx")), with_commas(number(total, "generated")),
      flag(total, "balanced") ? "=" : "!=", with_commas(number(total, "tx")),
      with_commas(number(total, "dropped")), with_commas(number(total, "consumed")),
      with_commas(number(total, "held")));
}

void print_workers(const Context& context, const Json& workers) {
  Table table({{"CORE", Align::right},
               {"BUSY", Align::right},
               {"RX", Align::right},
               {"GENERATED", Align::right},
               {"TAKEN", Align::right},
               {"TX", Align::right},
               {"DROPPED", Align::right},
               {"CONSUMED", Align::right},
               {"GIVEN", Align::right},
               {"PKTS/BURST", Align::right},
               {"SLEEPS", Align::right},
               {"QUEUES"}});
  for (const Json& worker : workers) {
    const Json packets = worker.value("packets", Json::object());
    std::string queues;
    for (const Json& queue : list(worker, "queues"))
      queues += fmt::format("{}{}:{}", queues.empty() ? "" : " ", text(queue, "interface"),
                            number(queue, "queue"));
    const std::uint64_t bursts = number(worker, "bursts");
    std::vector<std::string> cells{std::to_string(number(worker, "core")),
                                   fmt::format("{:.1f}%", 100 * real(worker, "busy"))};
    // The equation once more: taken from other threads' rings, and given into them.
    for (const char* term : {"rx", "generated", "taken", "tx", "dropped", "consumed", "given"})
      cells.push_back(human_count(number(packets, term)));
    cells.push_back(
        bursts == 0 ? "-" : fmt::format("{:.1f}", real(packets, "rx") / real(worker, "bursts")));
    cells.push_back(human_count(number(worker, "sleeps")));
    cells.push_back(queues);
    table.add(cells);
  }
  if (!table.empty()) table.print(context.out);
}

/// Asks for the routes page by page; `use` gets each page.
template <typename Use>
void for_each_page(const Client& client, const ShowRoutesOptions& options, Use use) {
  std::size_t left = options.limit == 0 ? SIZE_MAX : options.limit;
  std::string after;
  for (;;) {
    std::string path = fmt::format("/v1/routes?limit={}", std::min(left, kRoutesPerPage));
    if (options.within) path += "&within=" + *options.within;
    if (!after.empty()) path += "&after=" + after;
    const Json page = client.get(path);
    use(page);
    left -= std::min(left, list(page, "routes").size());
    after = text(page, "next_after");
    if (after == "-" || left == 0) return;
  }
}

}  // namespace

void show_routes(const Context& context, const ShowRoutesOptions& options) {
  const Client client(context.socket);
  if (context.json) {
    bool first = true;
    for_each_page(client, options, [&](const Json& page) {
      if (first) context.out << "{\n  \"total\": " << number(page, "total") << ",\n  \"routes\": [";
      for (const Json& route : list(page, "routes")) {
        context.out << (first ? "\n    " : ",\n    ") << api::to_text(route);
        first = false;
      }
      if (first) context.out << ' ';
      first = false;
    });
    context.out << "\n  ]\n}\n";
    return;
  }
  Table table({{"PREFIX", Align::left, 18},
               {"VIA", Align::left, 15},
               {"INTERFACE", Align::left, 12},
               {"TYPE", Align::left, 11},
               {"PROTOCOL"}});
  for_each_page(client, options, [&](const Json& page) {
    for (const Json& route : list(page, "routes")) print_next_hops(table, route);
    table.flush(context.out);
  });
}

void show_neighbors(const Context& context, const std::string& interface) {
  const Client client(context.socket);
  Json answer = sorted(client.get("/v1/neighbors"), "neighbors", [](const Json& n) {
    const auto ip = Ipv4Address::parse(text(n, "ip"));
    return std::tuple(ip.value_or(Ipv4Address{}), text(n, "interface"));
  });
  keep_interface(client, interface, answer, "neighbors", "interface");
  if (context.json) return context.print_json(answer);
  Table table({{"IP"},
               {"MAC"},
               {"INTERFACE"},
               {"STATE"},
               {"SOURCE"},
               {"AGE", Align::right},
               {"EXPIRES", Align::right},
               {"HELD", Align::right},
               {"PROBES", Align::right}});
  for (const Json& n : list(answer, "neighbors"))
    table.add({text(n, "ip"), text(n, "mac"), text(n, "interface"), text(n, "state"),
               text(n, "source"), human_seconds(real(n, "age_seconds")),
               seconds_or_never(n, "expires_seconds"), std::to_string(number(n, "held_packets")),
               std::to_string(number(n, "probes"))});
  table.print(context.out);
}

void show_counters(const Context& context, bool all) {
  const Json answer = sorted(Client(context.socket).get("/v1/counters"), "counters",
                             [](const Json& c) { return text(c, "name"); });
  if (context.json) return context.print_json(answer);
  print_conservation(context, answer.value("total", Json::object()));
  context.out << '\n';
  print_workers(context, list(answer, "workers"));
  Table table({{"COUNTER"}, {"VALUE", Align::right}, {"MEANING"}});
  for (const Json& counter : list(answer, "counters"))
    if (all || number(counter, "value") > 0)
      table.add(
          {text(counter, "name"), with_commas(number(counter, "value")), text(counter, "meaning")});
  if (table.empty()) return;
  context.out << '\n';
  table.print(context.out);
}

void show_drops(const Context& context, bool all, const std::string& interface) {
  const Client client(context.socket);
  Json answer = sorted(client.get("/v1/drops"), "drops", [](const Json& d) {
    return std::tuple(text(d, "interface"), ~number(d, "packets"), text(d, "reason"));
  });
  keep_interface(client, interface, answer, "drops", "interface");
  if (!all) {
    Json kept = Json::array();
    for (const Json& drop : list(answer, "drops"))
      if (number(drop, "packets") > 0) kept.push_back(drop);
    answer["drops"] = std::move(kept);
  }
  if (context.json) return context.print_json(answer);
  Table table({{"INTERFACE"}, {"REASON"}, {"PACKETS", Align::right}, {"MEANING"}});
  for (const Json& drop : list(answer, "drops"))
    table.add({text(drop, "interface"), text(drop, "reason"), with_commas(number(drop, "packets")),
               text(drop, "meaning")});
  if (table.empty()) {
    context.out << "no packet was dropped\n";
    return;
  }
  table.print(context.out);
}

void show_fib(const Context& context, const std::string& address) {
  const auto parsed = Ipv4Address::parse(address);
  if (!parsed)
    throw CliError("\"" + address + "\" is not an IPv4 address", "write it as 192.0.2.1", kUsage);
  const Json answer = Client(context.socket).get("/v1/fib/" + parsed->to_string());
  if (context.json) return context.print_json(answer);
  const auto line = [&](const char* name, const std::string& value) {
    context.out << fmt::format("{:<12} {}\n", name, value);
  };
  line("destination", text(answer, "destination"));
  const Json route = answer.value("route", Json());
  if (route.is_object()) {
    const std::string type = text(route, "type"), protocol = text(route, "protocol");
    line("route", fmt::format("{} ({})", text(route, "prefix"),
                              type == protocol ? type : type + ", " + protocol));
    const Json& next_hops = list(route, "next_hops");
    for (const Json& next_hop : next_hops)
      line(next_hops.size() > 1 ? "  one of" : "  via",
           fmt::format("{} on {}",
                       text(next_hop, "gateway") == "-" ? "connected" : text(next_hop, "gateway"),
                       text(next_hop, "interface")));
  } else {
    line("route", "none");
  }
  const Json next_hop = answer.value("next_hop", Json());
  line("verdict", text(answer, "verdict"));
  if (next_hop.is_object()) {
    const bool connected = text(next_hop, "gateway") == "-";
    line("next hop", fmt::format("{} on {}",
                                 connected ? text(answer, "destination") + " (connected)"
                                           : text(next_hop, "gateway"),
                                 text(next_hop, "interface")));
  }
  if (text(answer, "destination_mac") != "-")
    line("rewrite",
         fmt::format("{} -> {}", text(answer, "source_mac"), text(answer, "destination_mac")));
  if (number(answer, "mtu") > 0) line("mtu", std::to_string(number(answer, "mtu")));
}

void show_config(const Context& context, bool all) {
  const Client client(context.socket);
  if (context.json) return context.print_json(client.get("/v1/config?format=json"));
  context.out << client.get_text(all ? "/v1/config?all=1" : "/v1/config");
}

void show_version(const Context& context) {
  if (!context.json) context.out << "weir         " WEIR_VERSION " (built for " WEIR_CPU ")\n";
  Json router;
  try {
    router = Client(context.socket).get("/v1/version");
  } catch (const CliError& error) {
    if (!context.json) throw;
    context.print_json(
        {{"weir", {{"version", WEIR_VERSION}, {"cpu", WEIR_CPU}}}, {"router", nullptr}});
    throw CliError("", "", error.exit_code());
  }
  if (context.json)
    return context.print_json(
        {{"weir", {{"version", WEIR_VERSION}, {"cpu", WEIR_CPU}}}, {"router", router}});
  context.out << fmt::format("weir-router  {} (built for {}), {}, pid {}, up {}\n             {}\n",
                             text(router, "version"), text(router, "cpu"), text(router, "dpdk"),
                             number(router, "pid"), human_seconds(real(router, "uptime_seconds")),
                             text(router, "config_file"));
}

}  // namespace weir::cli
