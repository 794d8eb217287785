// The API's part for configurations: what would change, change it, and back.
#include <algorithm>
#include <charconv>

#include "controlplane/api/handler.hpp"
#include "controlplane/api/json_text.hpp"
#include "controlplane/api/parameters.hpp"

namespace weir::api {
namespace {

constexpr std::string_view kHistoryPath = "/v1/config/history/";
constexpr std::size_t kMostChanges = 1000;  // that are told one by one

ApiResponse response(const control::ConfigOutcome& outcome) {
  using Result = control::ConfigOutcome::Result;
  Json json = to_json(outcome);
  if (outcome.result == Result::ok) return json_response(json);
  static constexpr std::string_view kCodes[] = {"ok", "has_errors", "needs_restart", "unconfirmed",
                                                "failed"};
  json["error"] = {{"code", kCodes[static_cast<std::size_t>(outcome.result)]},
                   {"message", outcome.message},
                   {"hint", text_or_null(outcome.hint)}};
  ApiResponse answer = json_response(json);
  answer.status = 409;
  return answer;
}

/// By its media type, which is the same in any case and may have parameters (RFC 9110 section
/// 8.3.1), or one of those that were in use before RFC 9512.
bool is_yaml(std::string_view type) {
  type = type.substr(0, std::min(type.size(), type.find_first_of("; \t")));
  const std::string lower = config::lower_case(type);
  return lower == "application/yaml" || lower == "application/x-yaml" || lower == "text/yaml" ||
         lower == "text/x-yaml";
}

}  // namespace

Json to_json(const config::Findings& findings) {
  Json list = Json::array();
  for (const config::Finding& finding : findings.list())
    list.push_back(
        {{"file", finding.file},
         {"line", finding.line == 0 ? Json() : Json(finding.line)},
         {"column", finding.line == 0 ? Json() : Json(finding.column)},
         {"code", config::id_of(finding.code)},
         {"severity", finding.severity == config::Finding::Severity::error ? "error" : "warning"},
         {"message", finding.message},
         {"hint", text_or_null(finding.hint)}});
  return list;
}

Json to_json(const config::Change& change) {
  static constexpr std::string_view kKinds[] = {"add", "remove", "set"};
  return {{"kind", kKinds[static_cast<std::size_t>(change.kind)]},
          {"path", change.path},
          {"before", text_or_null(change.before)},
          {"after", text_or_null(change.after)},
          {"live", change.live},
          {"touches", text_or_null(change.touches)}};
}

Json to_json(const control::ConfigOutcome& outcome) {
  Json changes = Json::array();
  for (const config::Change& change : outcome.plan.changes) {
    if (changes.size() == kMostChanges) break;
    changes.push_back(to_json(change));
  }
  return {{"changes_total", outcome.plan.total()},
          {"routes_total", outcome.plan.routes},
          {"needs_restart", outcome.plan.restart() != nullptr},
          {"changes", std::move(changes)},
          {"findings", to_json(outcome.findings)},
          {"unchanged", outcome.unchanged},
          {"number", outcome.number == 0 ? Json() : Json(outcome.number)},
          {"confirm_by", number_or_null(outcome.confirm_by)},
          {"warnings", outcome.warnings},
          {"prove", outcome.prove ? to_json(*outcome.prove) : Json()}};
}

Json to_json(const control::ProveTarget& target) {
  return {{"address", target.address.to_string()},
          {"what", target.what},
          {"verdict", target.verdict},
          {"sent", target.sent},
          {"answered", target.answered},
          {"lost", target.lost},
          {"lost_before", target.lost_before},
          {"lost_to_the_end", target.lost_to_the_end},
          {"unrouted", target.unrouted},
          {"duplicates", target.duplicates},
          {"longest_run", target.longest_run},
          {"worst_gap_ms", number_or_null(target.worst_gap_ms)},
          {"slowest_ms", number_or_null(target.slowest_ms)}};
}

Json to_json(const control::ProveReport& report) {
  return {{"passed", report.passed},
          {"summary", report.summary},
          {"hint", text_or_null(report.hint)},
          {"sent", report.sent()},
          {"answered", report.answered()},
          {"lost", report.lost()},
          {"change_ms", report.change_ms},
          {"interval_ms", report.interval_ms},
          {"longest_pause_ms", report.longest_pause_ms},
          {"left_out", report.left_out},
          {"cut_short", report.cut_short},
          {"targets", to_json_array(report.targets)}};
}

Json to_json(const control::ConfigHistoryStatus& history) {
  Json entries = Json::array();
  for (const control::HistoryEntry& entry : history.entries)
    entries.push_back({{"number", entry.number},
                       {"time", entry.time},
                       {"kind", entry.kind},
                       {"what", entry.what},
                       {"user", entry.user},
                       {"from", entry.from},
                       {"bytes", entry.bytes},
                       {"running", entry.running},
                       {"unconfirmed", entry.unconfirmed},
                       {"on_disk", entry.on_disk}});
  return {{"startup_file", history.startup_file},
          {"directory", history.directory},
          {"why_memory_only", text_or_null(history.why_memory_only)},
          {"confirm_by", number_or_null(history.confirm_by)},
          {"warnings", history.warnings},
          {"entries", std::move(entries)}};
}

control::ConfigApi& ApiHandler::configurations() {
  control::ConfigApi* const api = router_.configurations();
  if (api == nullptr) throw control::Unavailable("this router's configuration cannot be changed");
  return *api;
}

/// As JSON with the text in it; or the text itself, and the rest in the query.
control::ConfigRequest ApiHandler::config_request(const ApiRequest& request) {
  if (!is_yaml(request.content_type)) {
    require_known_parameters(request, {});
    return config_request_from_json(parse_body(request.body));
  }
  constexpr std::string_view kFields[] = {"file", "kind", "from", "confirm_seconds", "prove"};
  require_known_parameters(request, kFields);
  Json fields = {{"text", request.body}};
  for (const char* name : {"file", "kind", "from"})
    if (auto value = parameter(request, name)) fields[name] = *std::move(value);
  if (const auto value = parameter(request, "confirm_seconds")) {
    const auto seconds = config::parse_number(*value);
    fields["confirm_seconds"] = seconds ? Json(*seconds) : Json(*value);
  }
  if (const auto value = parameter(request, "prove")) {
    fields["prove"] = Json::parse(*value, nullptr, false);
    if (fields["prove"].is_discarded())
      throw RequestError("prove", "must be true, or a JSON object");
  }
  return config_request_from_json(fields);
}

ApiResponse ApiHandler::plan_config(const ApiRequest& request) {
  control::ConfigRequest asked = config_request(request);
  // What is wrong in a file shows what is in it, and the router may read any.
  asked.reads_files = request.access == Access::all;
  return response(configurations().plan(asked));
}

ApiResponse ApiHandler::apply_config(const ApiRequest& request) {
  control::ConfigRequest asked = config_request(request);
  asked.user.uid = request.uid;
  return response(configurations().apply(asked));
}

ApiResponse ApiHandler::confirm_config(const ApiRequest& request) {
  require_known_parameters(request, {});
  RollbackRequest asked =
      rollback_request_from_json(request.body.empty() ? Json::object() : parse_body(request.body));
  asked.user.uid = request.uid;
  return response(configurations().confirm(asked.user));
}

ApiResponse ApiHandler::rollback_config(const ApiRequest& request) {
  require_known_parameters(request, {});
  RollbackRequest asked =
      rollback_request_from_json(request.body.empty() ? Json::object() : parse_body(request.body));
  asked.user.uid = request.uid;
  return response(configurations().rollback(asked.number, asked.confirm, asked.user, asked.prove));
}

ApiResponse ApiHandler::config_history(const ApiRequest& request) {
  require_known_parameters(request, {});
  return json_response(to_json(configurations().history()));
}

ApiResponse ApiHandler::config_entry(const ApiRequest& request) {
  require_known_parameters(request, {});
  const std::string text = request.path.substr(kHistoryPath.size());
  const auto number = config::parse_number(text);
  if (!number) throw RequestError("", config::shown(text) + " is no number of an entry");
  auto entry = configurations().entry(*number);
  if (!entry)
    return error_response(404, "not_found", "the history has no number " + text,
                          "weir history lists what there is");
  return {.body = *std::move(entry), .content_type = "application/yaml"};
}

}  // namespace weir::api
