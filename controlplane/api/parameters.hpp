// What the endpoints share: parameters of a query read and checked, and an answer made. What is
// wrong with a parameter is thrown as RequestError. All functions are pure and thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/text.hpp"
#include "controlplane/api/handler.hpp"
#include "controlplane/api/json.hpp"

namespace weir::api {

// Entries of a page (/v1/routes, /v1/stations, /v1/events, /v1/journal).
inline constexpr std::size_t kDefaultPage = 1000;
inline constexpr std::size_t kMaxPage = 10'000;

ApiResponse json_response(const Json& json);

/// "did you mean NEAR?"; empty for nothing near.
std::string did_you_mean(std::string_view near);

std::optional<std::string> parameter(const ApiRequest& request, const std::string& name);
void require_known_parameters(const ApiRequest& request, std::span<const std::string_view> known);
/// 0, 1, true, false; absent: false.
bool flag(const ApiRequest& request, const std::string& name);
std::optional<Ipv4Prefix> prefix_parameter(const ApiRequest& request, const std::string& name);
/// Empty: not given; given, but empty, is an error.
std::string name_parameter(const ApiRequest& request, const std::string& name);
/// A whole number; absent: 0.
std::uint64_t id_parameter(const ApiRequest& request, const std::string& name);
/// Seconds since 1970-01-01 UTC, with up to nine decimals.
std::optional<double> time_parameter(const ApiRequest& request, const std::string& name);
/// `limit`: 1 to kMaxPage; absent: kDefaultPage.
std::size_t limit_parameter(const ApiRequest& request);

/// `name` must be that of one of `things`, which /v1/`where`s lists.
template <typename Thing>
void require_name(const std::string& where, const std::string& name,
                  const std::vector<Thing>& things) {
  std::vector<std::string_view> known;
  for (const Thing& thing : things) known.push_back(thing.name);
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  const std::string_view near = config::nearest(name, known);
  throw RequestError(where, "the router has no " + where + ' ' + config::shown(name),
                     near.empty() ? "GET /v1/" + where + "s lists them" : did_you_mean(near));
}

}  // namespace weir::api
