// How the API writes what may be absent, and lists of what has a to_string(): for json*.cpp only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controlplane/api/json.hpp"

namespace weir::api {

template <typename Text>
Json text_or_null(const std::optional<Text>& value) {
  return value ? Json(value->to_string()) : Json(nullptr);
}

inline Json text_or_null(const std::string& value) {
  return value.empty() ? Json(nullptr) : Json(value);
}

/// Negative: there is no such time.
inline Json seconds_or_null(double seconds) { return seconds < 0 ? Json(nullptr) : Json(seconds); }

template <typename Number>
Json number_or_null(const std::optional<Number>& value) {
  return value ? Json(*value) : Json(nullptr);
}

template <typename Text>
Json texts(const std::vector<Text>& values) {
  Json array = Json::array();
  for (const Text& value : values) array.push_back(value.to_string());
  return array;
}

}  // namespace weir::api
