#include "controlplane/api/parameters.hpp"

#include <algorithm>

#include "config/text.hpp"

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

std::size_t limit_parameter(const ApiRequest& request) {
  const auto text = parameter(request, "limit");
  if (!text) return kDefaultPage;
  const auto limit = config::parse_number(*text);
  if (!limit || *limit < 1 || *limit > kMaxPage)
    throw RequestError("limit", "must be a whole number from 1 to " + std::to_string(kMaxPage));
  return *limit;
}

}  // namespace weir::api
