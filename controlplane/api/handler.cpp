#include "controlplane/api/handler.hpp"

#include <exception>
#include <vector>

#include "config/emit.hpp"
#include "config/text.hpp"
#include "controlplane/api/parameters.hpp"

namespace weir::api {
namespace {

constexpr std::string_view kFibPath = "/v1/fib/";
/// Pings hold a thread of the pool while they wait; the others must stay free for questions.
constexpr int kMaxPings = 2;

/// An answer to any other address would never come back.
void require_own(Ipv4Address source, const std::vector<control::InterfaceStatus>& interfaces) {
  std::string own;
  for (const control::InterfaceStatus& interface : interfaces)
    for (const Ipv4InterfaceAddress& address : interface.addresses) {
      if (address.address == source) return;
      own.append(own.empty() ? "one of " : ", ").append(address.address.to_string());
    }
  throw RequestError("source", source.to_string() + " is no address of the router", own);
}

/// Of a POST that changes nothing.
constexpr bool kOnlyReads = false;

}  // namespace

struct ApiHandler::Endpoint {
  std::string_view method;
  std::string_view path;  // ending in '/': what follows is an argument
  ApiResponse (ApiHandler::*handle)(const ApiRequest&);
  std::string_view meaning;
  bool changes = method != "GET";
};

const ApiHandler::Endpoint ApiHandler::kEndpoints[] = {
    {"GET", "/v1", &ApiHandler::index, "this list"},
    {"GET", "/v1/version", &ApiHandler::version, "what runs, since when, from which file"},
    {"GET", "/v1/interfaces", &ApiHandler::interfaces, "interfaces with state and counters"},
    {"GET", "/v1/ports", &ApiHandler::ports,
     "ports: what the hardware does, and what the router; extended"},
    {"GET", "/v1/routes", &ApiHandler::routes, "routes in prefix order; within, after, limit"},
    {"POST", "/v1/routes", &ApiHandler::change_routes, "add, replace and delete routes"},
    {"GET", "/v1/neighbors", &ApiHandler::neighbors,
     "neighbours with state; at: as they were then"},
    {"POST", "/v1/neighbors/flush", &ApiHandler::flush_neighbors, "forget learnt neighbours"},
    {"GET", "/v1/storm", &ApiHandler::storm,
     "ARP by interface and class: offered, policed, by whom"},
    {"GET", "/v1/events", &ApiHandler::events,
     "conflicts, moves, storms, quarantines, loops; after, limit"},
    {"GET", "/v1/journal", &ApiHandler::journal,
     "changes of neighbours and stations; table, ip, mac, interface, from, to, after, limit"},
    {"GET", "/v1/bridges", &ApiHandler::bridges, "bridges with members, state and counters"},
    {"GET", "/v1/stations", &ApiHandler::stations,
     "stations by bridge and MAC; bridge, interface, vlan, mac, after, limit"},
    {"POST", "/v1/stations/flush", &ApiHandler::flush_stations, "forget learnt stations"},
    {"GET", "/v1/multicast-groups", &ApiHandler::multicast_groups, "groups that IGMP asked for"},
    {"GET", "/v1/mirrors", &ApiHandler::mirrors, "mirrors with counters"},
    {"GET", "/v1/counters", &ApiHandler::counters, "conservation, workers, named counters"},
    {"GET", "/v1/drops", &ApiHandler::drops, "drops by interface and reason"},
    {"GET", kFibPath, &ApiHandler::fib, "how a destination is forwarded: /v1/fib/ADDRESS"},
    {"GET", "/v1/config", &ApiHandler::configuration,
     "the configuration; source=running|startup, all, format=yaml|json"},
    {"POST", "/v1/config/plan", &ApiHandler::plan_config, "what another one would change",
     kOnlyReads},
    {"POST", "/v1/config/apply", &ApiHandler::apply_config, "change to another one, live"},
    {"POST", "/v1/config/confirm", &ApiHandler::confirm_config, "what waits for it stays"},
    {"POST", "/v1/config/rollback", &ApiHandler::rollback_config, "back to what ran before"},
    {"GET", "/v1/config/history", &ApiHandler::config_history, "what ran, when, and by whom"},
    {"GET", "/v1/config/history/", &ApiHandler::config_entry,
     "the text of one: /v1/config/history/NUMBER"},
    {"POST", "/v1/ping", &ApiHandler::ping, "send echo requests from the router"},
};

ApiResponse error_response(int status, std::string_view code, const std::string& message,
                           const std::string& hint) {
  ApiResponse response = json_response({{"error",
                                         {{"code", code},
                                          {"message", message},
                                          {"hint", hint.empty() ? Json(nullptr) : Json(hint)}}}});
  response.status = status;
  return response;
}

const ApiHandler::Endpoint* ApiHandler::find(std::string_view method, std::string_view path) {
  if (method == "HEAD") method = "GET";
  for (const Endpoint& endpoint : kEndpoints) {
    const bool same =
        endpoint.path.ends_with('/') ? path.starts_with(endpoint.path) : path == endpoint.path;
    if (same && endpoint.method == method) return &endpoint;
  }
  return nullptr;
}

Access ApiHandler::needed(std::string_view method, std::string_view path) {
  const Endpoint* const endpoint = find(method, path);
  return endpoint != nullptr && endpoint->changes ? Access::all : Access::read;
}

std::optional<ApiResponse> ApiHandler::refuse(std::string_view method,
                                              std::string_view path) const {
  if (find(method, path) != nullptr) return std::nullopt;
  std::string allowed;
  for (const std::string_view other : {"GET", "POST"})
    if (find(other, path) != nullptr) allowed += (allowed.empty() ? "" : ", ") + std::string(other);
  if (!allowed.empty()) {
    ApiResponse response = error_response(
        405, "method_not_allowed", "this path does not take the method " + config::shown(method),
        "use " + allowed);
    response.allow = allowed;
    return response;
  }
  std::vector<std::string_view> paths;
  for (const Endpoint& endpoint : kEndpoints) paths.push_back(endpoint.path);
  const std::string_view near = config::nearest(path, paths);
  return error_response(404, "not_found", "there is no " + config::shown(path),
                        near.empty() ? "GET /v1 lists what there is" : did_you_mean(near));
}

ApiResponse ApiHandler::handle(const ApiRequest& request) {
  try {
    if (request.body.size() > kMaxBodyBytes)
      return error_response(413, "too_large", "the body is larger than 16 MiB");
    return dispatch(request);
  } catch (const RequestError& error) {
    return error_response(400, "bad_request", error.what(), error.hint());
  } catch (const control::Unavailable& error) {
    return error_response(503, "unavailable", error.what());
  } catch (const std::exception& error) {
    return error_response(500, "internal", error.what());
  } catch (...) {
    return error_response(500, "internal", "unknown failure");
  }
}

ApiResponse ApiHandler::dispatch(const ApiRequest& request) {
  if (auto refusal = refuse(request.method, request.path)) return *std::move(refusal);
  const Endpoint& endpoint = *find(request.method, request.path);
  return (this->*endpoint.handle)(request);
}

ApiResponse ApiHandler::index(const ApiRequest& request) {
  require_known_parameters(request, {});
  Json endpoints = Json::array();
  for (const Endpoint& endpoint : kEndpoints)
    endpoints.push_back(
        {{"method", endpoint.method}, {"path", endpoint.path}, {"meaning", endpoint.meaning}});
  return json_response({{"endpoints", std::move(endpoints)}});
}

ApiResponse ApiHandler::version(const ApiRequest& request) {
  require_known_parameters(request, {});
  return json_response(to_json(router_.version()));
}

ApiResponse ApiHandler::interfaces(const ApiRequest& request) {
  require_known_parameters(request, {});
  return json_response({{"interfaces", to_json_array(router_.interfaces())}});
}

ApiResponse ApiHandler::ports(const ApiRequest& request) {
  static constexpr std::string_view kKnown[] = {"extended"};
  require_known_parameters(request, kKnown);
  return json_response({{"ports", to_json_array(router_.ports(flag(request, "extended")))}});
}

ApiResponse ApiHandler::routes(const ApiRequest& request) {
  static constexpr std::string_view kKnown[] = {"within", "after", "limit"};
  require_known_parameters(request, kKnown);
  const std::size_t limit = limit_parameter(request);
  const auto routes = router_.routes(prefix_parameter(request, "within"),
                                     prefix_parameter(request, "after"), limit);
  // A full page may be the last one; then the next is empty and says so.
  const bool more = routes.size() >= limit;
  return json_response({{"total", router_.route_count()},
                        {"next_after", more ? Json(routes.back().prefix.to_string()) : Json()},
                        {"routes", to_json_array(routes)}});
}

ApiResponse ApiHandler::change_routes(const ApiRequest& request) {
  require_known_parameters(request, {});
  const auto changes = route_changes_from_json(parse_body(request.body));
  const control::RouteChangeResult result = router_.change_routes(changes);
  Json answer = {{"applied", result.applied}, {"errors", result.errors}};
  if (result.errors.empty()) return json_response(answer);
  answer["error"] = {{"code", "refused"},
                     {"message", std::to_string(result.errors.size()) + " of " +
                                     std::to_string(changes.size()) + " changes refused"},
                     {"hint", nullptr}};
  ApiResponse response = json_response(answer);
  response.status = 409;
  return response;
}

ApiResponse ApiHandler::neighbors(const ApiRequest& request) {
  static constexpr std::string_view kKnown[] = {"at"};
  require_known_parameters(request, kKnown);
  if (request.parameters.contains("at")) return neighbors_at(request);
  return json_response({{"neighbors", to_json_array(router_.neighbors())}});
}

ApiResponse ApiHandler::flush_neighbors(const ApiRequest& request) {
  require_known_parameters(request, {});
  const auto ip = flush_request_from_json(request.body.empty() ? Json() : parse_body(request.body));
  return json_response({{"flushed", router_.flush_neighbors(ip)}});
}

ApiResponse ApiHandler::counters(const ApiRequest& request) {
  require_known_parameters(request, {});
  return json_response(to_json(router_.counters()));
}

ApiResponse ApiHandler::drops(const ApiRequest& request) {
  require_known_parameters(request, {});
  return json_response({{"drops", to_json_array(router_.drops())}});
}

ApiResponse ApiHandler::fib(const ApiRequest& request) {
  require_known_parameters(request, {});
  const std::string text = request.path.substr(kFibPath.size());
  const auto address = Ipv4Address::parse(text);
  if (!address)
    throw RequestError("", config::shown(text) + " is not an IPv4 address",
                       "ask for one destination: /v1/fib/192.0.2.1");
  return json_response(to_json(router_.fib(*address)));
}

ApiResponse ApiHandler::configuration(const ApiRequest& request) {
  static constexpr std::string_view kKnown[] = {"all", "format", "source"};
  require_known_parameters(request, kKnown);
  const bool all = flag(request, "all");
  const std::string format = parameter(request, "format").value_or("yaml");
  const std::string source = parameter(request, "source").value_or("running");
  if (source == "startup") {
    if (all || format != "yaml")
      throw RequestError("source", "the startup file is told as it is", "leave out all and format");
    return {.body = configurations().startup(), .content_type = "application/yaml"};
  }
  if (source != "running") throw RequestError("source", "must be running or startup");
  if (format == "json") return json_response(to_json(*router_.configuration()));
  if (format != "yaml") throw RequestError("format", "must be yaml or json");
  return {.body = config::emit(*router_.configuration(),
                               all ? config::EmitDefaults::yes : config::EmitDefaults::no),
          .content_type = "application/yaml"};
}

ApiResponse ApiHandler::ping(const ApiRequest& request) {
  require_known_parameters(request, {});
  const control::PingRequest ping = ping_request_from_json(parse_body(request.body));
  if (ping.source) require_own(*ping.source, router_.interfaces());
  struct Slot {
    std::atomic<int>& running;
    const int before = running.fetch_add(1);
    ~Slot() { running.fetch_sub(1); }
  } slot{pings_};
  if (slot.before >= kMaxPings)
    return error_response(503, "busy", std::to_string(kMaxPings) + " pings are running already",
                          "try again when they are done");
  return json_response({{"destination", ping.destination.to_string()},
                        {"replies", to_json_array(router_.ping(ping))}});
}

}  // namespace weir::api
