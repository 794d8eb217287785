// The endpoints of the switched half: bridges, stations, multicast groups, mirrors.
#include <utility>
#include <vector>

#include "config/limits.hpp"
#include "config/text.hpp"
#include "controlplane/api/handler.hpp"
#include "controlplane/api/parameters.hpp"

namespace weir::api {
namespace {

std::optional<std::uint16_t> vlan_parameter(const ApiRequest& request) {
  const auto text = parameter(request, "vlan");
  if (!text) return std::nullopt;
  const auto id = config::parse_number(*text);
  if (!id || *id < 1 || *id > config::limits::kMaxVlanId)
    throw RequestError(
        "vlan", config::cat("must be a whole number from 1 to ", config::limits::kMaxVlanId));
  return static_cast<std::uint16_t>(*id);
}

/// BRIDGE/MAC, as next_after has it.
std::optional<std::pair<std::string, MacAddress>> after_parameter(const ApiRequest& request) {
  const auto text = parameter(request, "after");
  if (!text) return std::nullopt;
  const std::size_t slash = text->rfind('/');
  const auto mac = slash == text->npos ? std::nullopt : MacAddress::parse(text->substr(slash + 1));
  if (!mac || slash == 0)
    throw RequestError("after", config::shown(*text) + " is not BRIDGE/MAC",
                       "take it from next_after: br10/02:00:5e:10:00:09");
  return std::pair(text->substr(0, slash), *mac);
}

}  // namespace

void ApiHandler::require_known_names(const control::StationFilter& filter) {
  if (!filter.bridge.empty()) require_name("bridge", filter.bridge, router_.bridges());
  if (!filter.interface.empty()) require_name("interface", filter.interface, router_.interfaces());
}

ApiResponse ApiHandler::bridges(const ApiRequest& request) {
  require_known_parameters(request, {});
  return json_response({{"bridges", to_json_array(router_.bridges())}});
}

ApiResponse ApiHandler::stations(const ApiRequest& request) {
  static constexpr std::string_view kKnown[] = {"bridge", "interface", "vlan",
                                                "mac",    "after",     "limit"};
  require_known_parameters(request, kKnown);
  const std::size_t limit = limit_parameter(request);
  const auto after = after_parameter(request);
  control::StationFilter filter{.bridge = name_parameter(request, "bridge"),
                                .interface = name_parameter(request, "interface"),
                                .vlan = vlan_parameter(request)};
  if (const auto mac = parameter(request, "mac")) filter.mac = parse_station(*mac, "mac");
  require_known_names(filter);
  const control::StationPage page = router_.stations(filter, after, limit);
  // A full page may be the last one; then the next is empty and says so.
  Json next_after;
  if (page.stations.size() >= limit)
    next_after = page.stations.back().bridge + '/' + page.stations.back().mac.to_string();
  return json_response({{"total", page.total},
                        {"next_after", std::move(next_after)},
                        {"stations", to_json_array(page.stations)}});
}

ApiResponse ApiHandler::flush_stations(const ApiRequest& request) {
  require_known_parameters(request, {});
  const auto filter =
      station_filter_from_json(request.body.empty() ? Json() : parse_body(request.body));
  require_known_names(filter);
  return json_response({{"flushed", router_.flush_stations(filter)}});
}

ApiResponse ApiHandler::multicast_groups(const ApiRequest& request) {
  require_known_parameters(request, {});
  return json_response({{"groups", to_json_array(router_.multicast_groups())}});
}

ApiResponse ApiHandler::mirrors(const ApiRequest& request) {
  require_known_parameters(request, {});
  return json_response({{"mirrors", to_json_array(router_.mirrors())}});
}

}  // namespace weir::api
