// From a request to a response, without sockets: what the API does, and the whole of it. The server
// (server.hpp) brings the bytes; tests and the fuzzer come in here.
#pragma once

#include <atomic>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "controlplane/api/access.hpp"
#include "controlplane/api/json.hpp"
#include "controlplane/router_api.hpp"

namespace weir::api {

/// Largest body that is read, in bytes: 100,000 route changes with several gateways each fit.
inline constexpr std::size_t kMaxBodyBytes = 16u << 20;

struct ApiRequest {
  std::string method;                                  // HTTP's, upper-case
  std::string path;                                    // decoded, without the query
  std::multimap<std::string, std::string> parameters;  // decoded
  std::string body;
  std::string content_type;     // of the body; only configurations come in more than one
  std::int64_t uid = -1;        // of the process at the other end (SO_PEERCRED); -1: unknown
  Access access = Access::all;  // what its sender may do: at least what `needed` says
};

struct ApiResponse {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::string allow;  // with 405: the methods that would do
};

/// `{"error":{"code":CODE,"message":MESSAGE,"hint":HINT}}`; an empty hint is null.
ApiResponse error_response(int status, std::string_view code, const std::string& message,
                           const std::string& hint = {});

class ApiHandler {
 public:
  explicit ApiHandler(control::RouterApi& router) : router_(router) {}

  /// Never throws; every input gets a response. Thread-safe. Blocks as long as RouterApi does.
  ApiResponse handle(const ApiRequest& request);

  /// What one must be allowed to for `method` on `path`; of what there is not, as for reading.
  static Access needed(std::string_view method, std::string_view path);

  /// The refusal that `method` and `path` alone earn (404, 405), so that no body need be read;
  /// nullopt: worth handling.
  std::optional<ApiResponse> refuse(std::string_view method, std::string_view path) const;

 private:
  struct Endpoint;
  static const Endpoint kEndpoints[];

  ApiResponse dispatch(const ApiRequest& request);
  ApiResponse index(const ApiRequest& request);
  ApiResponse version(const ApiRequest& request);
  ApiResponse interfaces(const ApiRequest& request);
  ApiResponse ports(const ApiRequest& request);
  ApiResponse routes(const ApiRequest& request);
  ApiResponse change_routes(const ApiRequest& request);
  ApiResponse neighbors(const ApiRequest& request);
  ApiResponse flush_neighbors(const ApiRequest& request);
  ApiResponse neighbors_at(const ApiRequest& request);
  ApiResponse storm(const ApiRequest& request);
  ApiResponse events(const ApiRequest& request);
  ApiResponse journal(const ApiRequest& request);
  ApiResponse bridges(const ApiRequest& request);
  ApiResponse stations(const ApiRequest& request);
  ApiResponse flush_stations(const ApiRequest& request);
  ApiResponse multicast_groups(const ApiRequest& request);
  ApiResponse mirrors(const ApiRequest& request);
  ApiResponse counters(const ApiRequest& request);
  ApiResponse drops(const ApiRequest& request);
  ApiResponse fib(const ApiRequest& request);
  ApiResponse configuration(const ApiRequest& request);
  ApiResponse plan_config(const ApiRequest& request);
  ApiResponse apply_config(const ApiRequest& request);
  ApiResponse confirm_config(const ApiRequest& request);
  ApiResponse rollback_config(const ApiRequest& request);
  ApiResponse config_history(const ApiRequest& request);
  ApiResponse config_entry(const ApiRequest& request);
  ApiResponse ping(const ApiRequest& request);

  control::ConfigApi& configurations();
  static control::ConfigRequest config_request(const ApiRequest& request);
  void require_known_names(const control::StationFilter& filter);
  static const Endpoint* find(std::string_view method, std::string_view path);

  control::RouterApi& router_;
  std::atomic<int> pings_{0};  // running now
};

}  // namespace weir::api
