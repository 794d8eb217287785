#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "config/address_text.hpp"
#include "config/limits.hpp"
#include "config/route_file.hpp"
#include "config/text.hpp"
#include "controlplane/cli/actions.hpp"
#include "controlplane/cli/client.hpp"

namespace weir::cli {
namespace {

constexpr std::size_t kChangesPerRequest = 20'000;

const char* name_of(config::RouteType type) {
  switch (type) {
    case config::RouteType::unicast:
      return "unicast";
    case config::RouteType::blackhole:
      return "blackhole";
    case config::RouteType::unreachable:
      return "unreachable";
    case config::RouteType::prohibit:
      return "prohibit";
  }
  return "";
}

Json change_of(const std::string& operation, const Ipv4Prefix& to,
               const config::RouteGroup& group) {
  Json change = {{"op", operation}, {"to", to.to_string()}, {"type", name_of(group.type)}};
  if (group.via.empty()) return change;
  for (const Ipv4Address& gateway : group.via) change["via"].push_back(gateway.to_string());
  return change;
}

std::string join(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + word;
  return line;
}

Json deletion(const std::vector<std::string>& words) {
  if (words.size() != 1)
    throw CliError("delete takes the prefix only", "weir route delete PREFIX", kUsage);
  config::Complaint complaint;
  const auto to = config::read_prefix(words.front(), complaint);
  if (!to) throw CliError(complaint.message, complaint.hint, kUsage);
  return {{"op", "delete"}, {"to", to->to_string()}};
}

std::vector<std::string> errors_of(const Json& answer) {
  std::vector<std::string> errors;
  const auto list = answer.find("errors");
  if (list == answer.end()) return errors;
  for (const Json& error : *list)
    if (error.is_string()) errors.push_back(error.get<std::string>());
  return errors;
}

/// An error of the router, `change 4: 10.0.0.0/8: ...`, as the change it is about and what is
/// wrong.
std::pair<std::optional<std::size_t>, std::string> split_error(const std::string& error) {
  constexpr std::string_view kStart = "change ";
  const std::size_t colon = error.find(": ");
  if (!error.starts_with(kStart) || colon == error.npos) return {std::nullopt, error};
  const auto number =
      config::parse_number(std::string_view(error).substr(kStart.size(), colon - kStart.size()));
  if (!number) return {std::nullopt, error};
  return {static_cast<std::size_t>(*number), error.substr(colon + 2)};
}

/// The router counts changes; the reader thinks in lines.
void report_refused(const Context& context, const std::string& path,
                    const std::vector<std::string>& errors,
                    std::span<const config::FileRoute> sent) {
  for (const std::string& error : errors) {
    const auto [index, message] = split_error(error);
    context.err << path;
    if (index && *index < sent.size()) context.err << ':' << sent[*index].line;
    context.err << ": error: " << message << '\n';
  }
}

config::RouteChunk read_routes(const Context& context, const std::string& path) {
  const config::FileText file = config::read_file(path, config::limits::kRouteFileBytes);
  if (!file) throw CliError(path + ": " + file.error);
  config::RouteChunk chunk = config::parse_routes(file.text, 1, path);
  if (!chunk.findings.ok()) {
    context.err << chunk.findings.to_string();
    throw CliError(
        fmt::format("{}: {} errors, nothing was changed", path, chunk.findings.errors()));
  }
  return chunk;
}

}  // namespace

void change_route(const Context& context, const std::string& operation,
                  const std::vector<std::string>& words) {
  Json change;
  if (operation == "delete") {
    change = deletion(words);
  } else {
    const config::RouteChunk chunk = config::parse_routes(join(words), 1, "");
    if (!chunk.findings.ok()) {
      const config::Finding& finding = chunk.findings.list().front();
      throw CliError(finding.message, finding.hint, kUsage);
    }
    if (chunk.routes.size() != 1)
      throw CliError("a route is missing", "weir route add PREFIX via GATEWAY...", kUsage);
    const config::FileRoute& route = chunk.routes.front();
    change = change_of(operation, route.to, chunk.groups[route.group]);
  }
  const Json answer =
      Client(context.socket).post_partly("/v1/routes", {{"changes", Json::array({change})}});
  if (const auto errors = errors_of(answer); !errors.empty())
    throw CliError(split_error(errors.front()).second);
  if (context.json) context.print_json(answer);
}

void load_routes(const Context& context, const std::string& path) {
  const config::RouteChunk chunk = read_routes(context, path);
  const Client client(context.socket);
  std::uint64_t applied = 0, refused = 0;
  for (std::size_t at = 0; at < chunk.routes.size(); at += kChangesPerRequest) {
    const auto part =
        std::span(chunk.routes).subspan(at, std::min(kChangesPerRequest, chunk.routes.size() - at));
    Json changes = Json::array();
    for (const config::FileRoute& route : part)
      changes.push_back(change_of("replace", route.to, chunk.groups[route.group]));
    const Json answer = client.post_partly("/v1/routes", {{"changes", std::move(changes)}});
    const auto errors = errors_of(answer);
    report_refused(context, path, errors, part);
    applied += answer.value("applied", std::uint64_t{0});
    refused += errors.size();
  }
  if (context.json) {
    context.print_json({{"file", path}, {"applied", applied}, {"refused", refused}});
  } else {
    context.out << fmt::format("{}: {} route{} applied, {} refused\n", path, applied,
                               applied == 1 ? "" : "s", refused);
  }
  if (refused > 0) throw CliError("", "", kFailure);
}

void flush_neighbors(const Context& context, const std::optional<std::string>& ip) {
  const Json answer =
      Client(context.socket).post("/v1/neighbors/flush", ip ? Json{{"ip", *ip}} : Json::object());
  if (context.json) return context.print_json(answer);
  const auto count = answer.value("flushed", std::uint64_t{0});
  context.out << fmt::format("{} neighbour{} forgotten\n", count, count == 1 ? "" : "s");
}

}  // namespace weir::cli
