#include "controlplane/api/parameters.hpp"

#include <charconv>

namespace weir::api {

ApiResponse json_response(const Json& json) { return {.body = to_text(json) + '\n'}; }

std::string did_you_mean(std::string_view near) {
  return near.empty() ? "" : "did you mean " + std::string(near) + "?";
}

std::optional<std::string> parameter(const ApiRequest& request, const std::string& name) {
  const auto found = request.parameters.find(name);
  if (found == request.parameters.end()) return std::nullopt;
  return found->second;
}

void require_known_parameters(const ApiRequest& request, std::span<const std::string_view> known) {
  for (auto at = request.parameters.begin(); at != request.parameters.end(); ++at) {
    const auto& name = at->first;
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw RequestError("", "unknown parameter " + config::shown(name),
                         did_you_mean(config::nearest(name, known)));
    if (request.parameters.count(name) > 1) throw RequestError(name, "is given twice");
  }
}

bool flag(const ApiRequest& request, const std::string& name) {
  const auto text = parameter(request, name);
  if (!text || *text == "0" || *text == "false") return false;
  if (*text == "1" || *text == "true" || text->empty()) return true;
  throw RequestError(name, "must be 0 or 1");
}

std::optional<Ipv4Prefix> prefix_parameter(const ApiRequest& request, const std::string& name) {
  const auto text = parameter(request, name);
  if (!text) return std::nullopt;
  return parse_prefix(*text, name);
}

std::string name_parameter(const ApiRequest& request, const std::string& name) {
  const auto text = parameter(request, name);
  if (text && text->empty()) throw RequestError(name, "is empty", "leave it out for all");
  return text.value_or("");
}

std::uint64_t id_parameter(const ApiRequest& request, const std::string& name) {
  const auto text = parameter(request, name);
  if (!text) return 0;
  const auto id = config::parse_number(*text);
  if (!id) throw RequestError(name, config::shown(*text) + " is not a whole number");
  return *id;
}

std::optional<double> time_parameter(const ApiRequest& request, const std::string& name) {
  const auto text = parameter(request, name);
  if (!text) return std::nullopt;
  const std::size_t point = std::min(text->find('.'), text->size());
  // Up to the year 5138, so that a double still tells tenths of a millisecond apart.
  const auto digits = [&](std::size_t from, std::size_t to, std::size_t most) {
    return from < to && to - from <= most &&
           text->find_first_not_of("0123456789", from) >= to;  // npos, too
  };
  double seconds = 0;
  if (digits(0, point, 11) && (point == text->size() || digits(point + 1, text->size(), 9)) &&
      std::from_chars(text->data(), text->data() + text->size(), seconds, std::chars_format::fixed)
              .ec == std::errc{})
    return seconds;
  throw RequestError(name, config::shown(*text) + " is not a time",
                     "write seconds since 1970-01-01 UTC, as 1795615387.25");
}

std::size_t limit_parameter(const ApiRequest& request) {
  const auto text = parameter(request, "limit");
  if (!text) return kDefaultPage;
  const auto limit = config::parse_number(*text);
  if (!limit || *limit < 1 || *limit > kMaxPage)
    throw RequestError("limit", "must be a whole number from 1 to " + std::to_string(kMaxPage));
  return *limit;
}

}  // namespace weir::api
