// What the endpoints share: parameters of a query read and checked, and an answer made. What is
// wrong with a parameter is thrown as RequestError. All functions are pure and thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "controlplane/api/handler.hpp"
#include "controlplane/api/json.hpp"

namespace weir::api {

// Entries of a page (/v1/routes, /v1/stations).
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
/// `limit`: 1 to kMaxPage; absent: kDefaultPage.
std::size_t limit_parameter(const ApiRequest& request);

}  // namespace weir::api
