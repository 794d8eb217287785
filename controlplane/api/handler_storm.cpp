// The endpoints of storms, events and what was: the journal, and neighbours at a time.
#include <array>

#include "controlplane/api/handler.hpp"
#include "controlplane/api/parameters.hpp"

namespace weir::api {
namespace {

constexpr std::array<std::string_view, 2> kTables{"neighbor", "station"};

/// Empty: both.
std::string table_parameter(const ApiRequest& request) {
  const std::string table = name_parameter(request, "table");
  if (table.empty() || std::find(kTables.begin(), kTables.end(), table) != kTables.end())
    return table;
  throw RequestError("table", "there is no journal of " + config::shown(table),
                     "it is neighbor or station");
}

std::optional<Ipv4Address> ip_parameter(const ApiRequest& request) {
  const auto text = parameter(request, "ip");
  if (!text) return std::nullopt;
  const auto ip = Ipv4Address::parse(*text);
  if (!ip)
    throw RequestError("ip", config::shown(*text) + " is not an IPv4 address",
                       "write it as 192.0.2.1");
  return ip;
}

control::JournalFilter journal_filter(const ApiRequest& request) {
  control::JournalFilter filter;
  filter.table = table_parameter(request);
  filter.ip = ip_parameter(request);
  if (filter.ip && filter.table == "station")
    throw RequestError("ip", "stations have none", "leave it out, or ask for table=neighbor");
  if (const auto mac = parameter(request, "mac")) filter.mac = parse_station(*mac, "mac");
  filter.interface = name_parameter(request, "interface");
  filter.from = time_parameter(request, "from").value_or(0);
  filter.to = time_parameter(request, "to").value_or(0);
  if (filter.to != 0 && filter.from > filter.to) throw RequestError("from", "is after `to`");
  filter.after = id_parameter(request, "after");
  if (filter.after != 0 && filter.table.empty())
    throw RequestError("after", "needs a table: ids count in each by itself",
                       "add table=neighbor or table=station");
  filter.limit = limit_parameter(request);
  return filter;
}

/// A full page may be the last one; then the next is empty and says so.
template <typename Entry>
Json next_after(const std::vector<Entry>& page, std::size_t limit) {
  return page.size() >= limit ? Json(page.back().id) : Json(nullptr);
}

}  // namespace

ApiResponse ApiHandler::neighbors_at(const ApiRequest& request) {
  return json_response(to_json(router_.neighbors_at(*time_parameter(request, "at"))));
}

ApiResponse ApiHandler::storm(const ApiRequest& request) {
  require_known_parameters(request, {});
  return json_response({{"interfaces", to_json_array(router_.storm())}});
}

ApiResponse ApiHandler::events(const ApiRequest& request) {
  static constexpr std::string_view kKnown[] = {"after", "limit"};
  require_known_parameters(request, kKnown);
  const std::uint64_t after = id_parameter(request, "after");
  const std::size_t limit = limit_parameter(request);
  const control::EventPage page = router_.events(after, limit);
  return json_response({{"oldest", page.oldest},
                        {"newest", page.newest},
                        {"next_after", next_after(page.events, limit)},
                        {"events", to_json_array(page.events)}});
}

ApiResponse ApiHandler::journal(const ApiRequest& request) {
  static constexpr std::string_view kKnown[] = {"table", "ip", "mac",   "interface",
                                                "from",  "to", "after", "limit"};
  require_known_parameters(request, kKnown);
  const control::JournalFilter filter = journal_filter(request);
  if (!filter.interface.empty()) require_name("interface", filter.interface, router_.interfaces());
  const control::JournalPage page = router_.journal(filter);
  return json_response(
      {{"oldest", page.oldest},
       {"newest", page.newest},
       {"reaches_back_to", page.reaches_back_to},
       // Of both tables at once there is no next page: see `after`.
       {"next_after",
        filter.table.empty() ? Json(nullptr) : next_after(page.entries, filter.limit)},
       {"entries", to_json_array(page.entries)}});
}

}  // namespace weir::api
