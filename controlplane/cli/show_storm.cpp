#include "controlplane/cli/show_storm.hpp"

#include <fmt/format.h>

#include <utility>

#include "controlplane/cli/answer.hpp"
#include "controlplane/cli/mac.hpp"
#include "controlplane/cli/table.hpp"
#include "controlplane/cli/time_of.hpp"

namespace weir::cli {
namespace {

std::string mode_of(const Json& storm, double now) {
  const double since = real(storm, "since");
  const std::uint64_t storms = number(storm, "storms");
  if (flag(storm, "storm"))
    return fmt::format("STORM since {} for {}; {} since start", shown_time(since, now),
                       human_seconds(now - since), counted(storms, "storm"));
  if (storms == 0) return "calm; no storm since start";
  return fmt::format("calm; {} since start, the last began at {}", counted(storms, "storm"),
                     shown_time(since, now));
}

std::string learning_of(const Json& storm) {
  const std::string learn = text(storm, "learn");
  if (flag(storm, "update_only"))
    return learn + ": update-only now, the budget of new entries is spent";
  if (learn == "adaptive") return learn + ": requests to us make entries";
  if (learn == "rfc826") return learn + ": requests to us always make entries";
  if (learn == "strict") return learn + ": requests never make entries";
  return learn;
}

void print_classes(const Context& context, const Json& classes) {
  Table table({{"CLASS"},
               {"BUDGET/S", Align::right},
               {"OFFERED/S", Align::right},
               {"PASSED/S", Align::right},
               {"POLICED/S", Align::right},
               {"OFFERED", Align::right},
               {"PASSED", Align::right},
               {"POLICED", Align::right}});
  const auto rate = [](const Json& one, const char* name) {
    return human_count(static_cast<std::uint64_t>(real(one, name) + .5));
  };
  for (const Json& one : classes)
    table.add({text(one, "name"),
               number(one, "budget") == 0 ? "-" : with_commas(number(one, "budget")),
               rate(one, "offered_rate"), rate(one, "passed_rate"), rate(one, "policed_rate"),
               human_count(number(one, "offered")), human_count(number(one, "passed")),
               human_count(number(one, "policed"))});
  if (table.empty()) return;
  context.out << '\n';
  table.print(context.out);
}

void print_sources(const Context& context, const Json& sources, Vendors& vendors) {
  Table table(
      {{"SOURCE"}, {"IP"}, {"RATE/S", Align::right}, {"QUARANTINE", Align::right}, {"VENDOR"}});
  for (const Json& source : sources) {
    const auto mac = MacAddress::parse(text(source, "mac"));
    table.add(
        {text(source, "mac"), text(source, "ip"),
         human_count(static_cast<std::uint64_t>(real(source, "rate") + .5)),
         flag(source, "quarantined") ? human_seconds(real(source, "quarantine_seconds")) : "-",
         mac ? vendors.text(*mac) : "-"});
  }
  if (table.empty()) return;
  context.out << '\n';
  table.print(context.out);
}

void print_storm(const Context& context, const Json& storm, Vendors& vendors) {
  const auto line = [&](const char* name, const std::string& value) {
    context.out << fmt::format("{:<12} {}\n", name, value);
  };
  line(text(storm, "interface").c_str(), mode_of(storm, time_now()));
  line("learning", learning_of(storm));
  line("policing", text(storm, "policing"));
  line("quarantine", counted(number(storm, "quarantined"), "source"));
  line("served stale", counted(number(storm, "served_stale"), "neighbour"));
  print_classes(context, list(storm, "classes"));
  print_sources(context, list(storm, "top_sources"), vendors);
}

}  // namespace

void show_storm(const Context& context, const std::string& interface) {
  const Client client(context.socket);
  Json answer = sorted(client.get("/v1/storm"), "interfaces",
                       [](const Json& storm) { return text(storm, "interface"); });
  keep_interface(client, interface, answer, "interfaces", "interface");
  Vendors vendors;
  if (context.json) {
    for (Json& storm : answer["interfaces"]) {
      Json sources = Json::array();
      for (const Json& source : list(storm, "top_sources"))
        sources.push_back(with_vendor(source, vendors));
      storm["top_sources"] = std::move(sources);
    }
    return context.print_json(answer);
  }
  bool first = true;
  for (const Json& storm : list(answer, "interfaces")) {
    if (!std::exchange(first, false)) context.out << '\n';
    print_storm(context, storm, vendors);
  }
  if (first) context.out << "no ARP is taken: no interface has an address\n";
  if (vendors.missing()) context.out << Vendors::kMissing << '\n';
}

}  // namespace weir::cli
