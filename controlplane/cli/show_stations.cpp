// `weir show mac` and `weir station flush`.
#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "controlplane/cli/answer.hpp"
#include "controlplane/cli/mac.hpp"
#include "controlplane/cli/show_switching.hpp"
#include "controlplane/cli/table.hpp"

namespace weir::cli {
namespace {

constexpr std::size_t kStationsPerPage = 5000;

/// Asks for the stations page by page; `use` gets each page.
template <typename Use>
void for_each_page(const Client& client, const StationOptions& options, Use use) {
  std::string filter;
  for (const auto& [name, value] : {std::pair{"bridge", options.bridge},
                                    {"interface", options.interface},
                                    {"mac", options.mac},
                                    {"vlan", options.vlan ? std::to_string(*options.vlan) : ""}})
    if (!value.empty()) filter += fmt::format("&{}={}", name, percent_encoded(value));
  std::size_t left = options.limit == 0 ? SIZE_MAX : options.limit;
  std::string after;
  for (;;) {
    std::string path = fmt::format("/v1/stations?limit={}", std::min(left, kStationsPerPage));
    path += filter;
    if (!after.empty()) path += "&after=" + percent_encoded(after);
    const Json page = client.get(path);
    use(page);
    left -= std::min(left, list(page, "stations").size());
    after = text(page, "next_after");
    if (after == "-" || left == 0) return;
  }
}

void print_json(const Context& context, const StationOptions& options, Vendors& vendors) {
  bool first_page = true, first = true;
  for_each_page(Client(context.socket), options, [&](const Json& page) {
    if (std::exchange(first_page, false)) {
      context.out << "{\n  \"total\": " << number(page, "total");
      if (!options.mac.empty())
        context.out << ",\n  \"address\": "
                    << api::to_text(explain_mac(parse_mac(options.mac), vendors));
      context.out << ",\n  \"stations\": [";
    }
    for (const Json& station : list(page, "stations"))
      context.out << (std::exchange(first, false) ? "\n    " : ",\n    ")
                  << api::to_text(with_vendor(station, vendors));
  });
  context.out << (first ? "]\n}\n" : "\n  ]\n}\n");
}

std::string type_of(const Json& station) {
  std::string type = text(station, "type");
  if (flag(station, "pinned")) type += ", pinned";
  if (flag(station, "frozen")) type += ", frozen";
  return type;
}

/// What is shown, by type.
struct Totals {
  std::uint64_t matching = 0, shown = 0, learnt = 0, statics = 0, own = 0, pinned = 0, frozen = 0;

  void add(const Json& station) {
    const std::string type = text(station, "type");
    ++shown;
    learnt += type == "learnt" ? 1 : 0;
    statics += type == "static" ? 1 : 0;
    own += type == "own" ? 1 : 0;
    pinned += flag(station, "pinned") ? 1 : 0;
    frozen += flag(station, "frozen") ? 1 : 0;
  }

  std::string to_string() const {
    std::string line =
        shown < matching ? fmt::format("{} of {}", with_commas(shown), counted(matching, "station"))
                         : counted(shown, "station");
    const char* between = ": ";
    const auto add = [&](std::uint64_t count, const char* name) {
      if (count == 0) return;
      line += fmt::format("{}{} {}", between, with_commas(count), name);
      between = ", ";
    };
    add(learnt, "learnt");
    add(statics, "static");
    add(own, "own");
    between = "; ";  // what follows are kinds of learnt ones
    add(pinned, "pinned");
    add(frozen, "frozen");
    return line;
  }
};

void print_table(const Context& context, const StationOptions& options, Vendors& vendors) {
  Table table({{"MAC", Align::left, 17},
               {"BRIDGE", Align::left, 8},
               {"INTERFACE", Align::left, 12},
               {"VLAN", Align::right},
               {"TYPE", Align::left, 14},
               {"AGE", Align::right, 6},
               {"EXPIRES", Align::right},
               {"VENDOR"}});
  Totals totals;
  for_each_page(Client(context.socket), options, [&](const Json& page) {
    for (const Json& station : list(page, "stations")) {
      const auto mac = MacAddress::parse(text(station, "mac"));
      const std::string also_on = text(station, "also_on");
      table.add(
          {text(station, "mac"), text(station, "bridge"),
           text(station, "interface") + (also_on == "-" ? "" : " and " + also_on),
           joined(station, "vlan_ids", "."), type_of(station),
           text(station, "type") == "learnt" ? human_seconds(real(station, "age_seconds")) : "-",
           seconds_or_never(station, "expires_seconds"), mac ? vendors.text(*mac) : "-"});
      totals.add(station);
    }
    totals.matching = number(page, "total");
    if (totals.shown > 0) table.flush(context.out);
  });
  if (totals.shown > 0) context.out << '\n';
  context.out << totals.to_string() << '\n';
}

void print_place(const Context& context, const Json& station) {
  const auto line = [&](const char* name, const std::string& value) {
    context.out << fmt::format("{:<10} {}\n", name, value);
  };
  const std::string vlan = joined(station, "vlan_ids", ".");
  const std::string interface = text(station, "interface"), also_on = text(station, "also_on");
  context.out << '\n';
  line("bridge", text(station, "bridge"));
  line("interface", vlan == "-" ? interface : fmt::format("{} (VLAN {})", interface, vlan));
  if (also_on != "-") line("also on", also_on + ": one address at two places, or a loop");
  line("type",
       text(station, "type") +
           (flag(station, "pinned") ? ", pinned: a neighbour lives there, it does not age" : ""));
  if (flag(station, "frozen"))
    line("frozen", fmt::format("it moved too often: stays on {} for {} more", interface,
                               human_seconds(real(station, "frozen_seconds"))));
  line("moves", fmt::format("{} in the last 180 s", number(station, "moves")));
  if (text(station, "type") == "learnt")
    line("heard", human_seconds(real(station, "age_seconds")) + " ago");
  line("expires", seconds_or_never(station, "expires_seconds"));
  line("answered", flag(station, "two_way") ? "yes, by another station" : "by nobody yet");
}

/// What its bits say, then each place where it is.
void print_one(const Context& context, const StationOptions& options, Vendors& vendors) {
  print_mac(context, parse_mac(options.mac), vendors);
  bool found = false;
  for_each_page(Client(context.socket), options, [&](const Json& page) {
    for (const Json& station : list(page, "stations")) print_place(context, station);
    found = found || !list(page, "stations").empty();
  });
  if (!found) context.out << "\nno bridge has heard it\n";
}

}  // namespace

void show_stations(const Context& context, const StationOptions& asked) {
  StationOptions options = asked;
  if (!options.mac.empty()) options.mac = station_address(options.mac).to_string();
  Vendors vendors;
  if (context.json) return print_json(context, options, vendors);
  options.mac.empty() ? print_table(context, options, vendors)
                      : print_one(context, options, vendors);
  if (vendors.missing()) context.out << Vendors::kMissing << '\n';
}

void flush_stations(const Context& context, const StationOptions& options) {
  Json filter = Json::object();
  if (!options.bridge.empty()) filter["bridge"] = options.bridge;
  if (!options.interface.empty()) filter["interface"] = options.interface;
  if (options.vlan) filter["vlan"] = *options.vlan;
  if (!options.mac.empty()) filter["mac"] = station_address(options.mac).to_string();
  const Json answer = Client(context.socket).post("/v1/stations/flush", filter);
  if (context.json) return context.print_json(answer);
  context.out << counted(number(answer, "flushed"), "station") << " forgotten\n";
}

}  // namespace weir::cli
