#include "controlplane/cli/change.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cstdlib>
#include <ctime>
#include <string_view>

#include "config/edit.hpp"
#include "config/limits.hpp"
#include "config/route_file.hpp"
#include "config/text.hpp"
#include "controlplane/cli/answer.hpp"
#include "controlplane/cli/client.hpp"
#include "controlplane/cli/table.hpp"

namespace weir::cli {
namespace {

constexpr std::size_t kShown = 40;  // changes, unless all are asked for
/// A router with a million routes takes seconds.
constexpr std::chrono::milliseconds kPatience{300'000};

/// What the history shall say of where this came from; the router knows the user itself.
std::string from_where() {
  const char* const ssh = std::getenv("SSH_CONNECTION");
  if (ssh != nullptr && *ssh != '\0') {
    const std::string_view all(ssh);
    return config::cat("ssh from ", all.substr(0, all.find(' ')));
  }
  const char* const sudo = std::getenv("SUDO_USER");
  return sudo != nullptr && *sudo != '\0' ? config::cat("local, sudo by ", sudo) : "local";
}

std::string file_text(const std::string& path) {
  const config::FileText file = config::read_file(path, config::limits::kFileBytes);
  if (!file) throw CliError(fmt::format("{}: {}", path, file.error));
  return file.text;
}

std::uint64_t confirm_seconds(const std::string& text) {
  const auto duration = config::parse_duration(text);
  if (!duration || *duration < std::chrono::seconds{5} || *duration > std::chrono::hours{24})
    throw CliError(fmt::format("--confirm {}: from 5s to 24h", config::shown(text)),
                   "as --confirm 5m", kUsage);
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(*duration).count());
}

std::string clock_time(double seconds) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::localtime(static_cast<std::time_t>(seconds)));
}

void print_findings(std::ostream& out, const Json& answer) {
  for (const Json& finding : list(answer, "findings")) {
    const std::string place = finding["line"].is_null()
                                  ? text(finding, "file")
                                  : fmt::format("{}:{}:{}", text(finding, "file"),
                                                number(finding, "line"), number(finding, "column"));
    const std::string hint = text(finding, "hint");
    out << fmt::format("{}: {}[{}]: {}{}\n", place, text(finding, "severity"),
                       text(finding, "code"), text(finding, "message"),
                       hint == "-" ? "" : fmt::format(" ({})", hint));
  }
}

std::string change_line(const Json& change) {
  const std::string kind = text(change, "kind"), path = text(change, "path");
  std::string line =
      kind == "add" ? fmt::format("+ {}: {}", path, text(change, "after"))
      : kind == "remove"
          ? fmt::format("- {}: {}", path, text(change, "before"))
          : fmt::format("~ {}: {} -> {}", path, text(change, "before"), text(change, "after"));
  if (!flag(change, "live")) return line + "  (takes a restart)";
  const std::string touches = text(change, "touches");
  return touches == "-" ? line : fmt::format("{}  ({})", line, touches);
}

void print_changes(const Context& context, const Json& answer, bool all) {
  const Json& changes = list(answer, "changes");
  const std::uint64_t total = number(answer, "changes_total");
  std::size_t shown = 0;
  for (const Json& change : changes) {
    if (!all && shown == kShown) break;
    context.out << "  " << change_line(change) << '\n';
    ++shown;
  }
  if (shown < total)
    context.out << fmt::format("  ... and {} more{}\n", with_commas(total - shown),
                               shown < changes.size() ? " (--all shows up to 1,000)" : "");
}

/// What the router refused, told; the exit code.
int refused(const Context& context, const Json& answer, bool all) {
  if (!context.json) {
    print_findings(context.err, answer);
    print_changes(context, answer, all);
    const Json& error = answer["error"];
    const std::string hint = text(error, "hint");
    context.err << fmt::format("weir: {}\n", text(error, "message"));
    if (hint != "-") context.err << "      " << hint << '\n';
  }
  return kFailure;
}

bool is_refused(const Json& answer) { return answer.contains("error"); }

Json send(const Context& context, const char* what, const ChangeOptions& options,
          const std::string& text, const char* kind = "apply") {
  Json fields = {{"file", options.file}, {"kind", kind}, {"from", from_where()}};
  if (!options.confirm.empty()) fields["confirm_seconds"] = confirm_seconds(options.confirm);
  if (const auto prove = prove_field(options.prove)) fields["prove"] = *prove;
  return Client(context.socket).post_yaml_partly(what, fields, text, kPatience);
}

void tell_confirm(const Context& context, const Json& answer) {
  for (const Json& warning : list(answer, "warnings"))
    context.err << "weir: " << warning.get<std::string>() << '\n';
  if (answer["confirm_by"].is_null()) return;
  context.out << fmt::format("It reverts at {} unless you type: weir confirm\n",
                             clock_time(real(answer, "confirm_by")));
}

std::string plan_summary(const Json& answer) {
  const std::uint64_t total = number(answer, "changes_total");
  if (total == 0) return "Nothing changes.";
  return fmt::format("{}, {}.", counted(total, "change"),
                     flag(answer, "needs_restart")
                         ? "a part of them takes a restart: apply refuses it"
                         : "all live: no worker stops");
}

int tell_plan(const Context& context, const ChangeOptions& options, const Json& answer) {
  if (context.json) context.print_json(answer);
  if (is_refused(answer)) return refused(context, answer, options.all);
  if (context.json) return kSuccess;
  print_findings(context.err, answer);
  for (const Json& warning : list(answer, "warnings"))
    context.err << "weir: " << warning.get<std::string>() << '\n';
  print_changes(context, answer, options.all);
  context.out << plan_summary(answer) << '\n';
  if (!answer["confirm_by"].is_null())
    context.out << fmt::format("Another change waits for its confirmation until {}.\n",
                               clock_time(real(answer, "confirm_by")));
  return kSuccess;
}

int tell_apply(const Context& context, const ChangeOptions& options, const Json& answer) {
  if (context.json) context.print_json(answer);
  if (is_refused(answer)) return refused(context, answer, options.all);
  if (context.json) return kSuccess;
  print_findings(context.err, answer);
  print_changes(context, answer, options.all);
  if (flag(answer, "unchanged")) {
    context.out << fmt::format("Nothing changes: number {} of the history runs, as it is.\n",
                               number(answer, "number"));
    return kSuccess;
  }
  context.out << fmt::format("Applied: {}; it is number {} of the history.\n",
                             counted(number(answer, "changes_total"), "change"),
                             number(answer, "number"));
  tell_prove(context, answer);
  tell_confirm(context, answer);
  return kSuccess;
}

/// The text of what runs, which is the startup file's unless somebody edited that.
std::string running_text(const Context& context) {
  const Client client(context.socket);
  const Json history = client.get("/v1/config/history");
  if (!history["confirm_by"].is_null())
    throw CliError("another change waits for its confirmation", "weir confirm, or weir rollback");
  for (const Json& entry : list(history, "entries")) {
    if (!flag(entry, "running")) continue;
    std::string text =
        client.get_text(fmt::format("/v1/config/history/{}", number(entry, "number")));
    const std::string file = cli::text(history, "startup_file");
    if (client.get_text("/v1/config?source=startup") != text)
      throw CliError(fmt::format("{} was edited since it was applied", file),
                     fmt::format("`weir apply {}` first, or look: weir show config --diff", file));
    return text;
  }
  throw CliError("the router does not know the text of what runs");
}

int edited(const Context& context, ChangeOptions options, const config::EditResult& result,
           const char* kind) {
  if (!result) throw CliError(result.message("the running configuration"));
  options.file = "the running configuration";
  const char* const what = options.dry ? "/v1/config/plan" : "/v1/config/apply";
  const Json answer = send(context, what, options, *result.text, kind);
  return options.dry ? tell_plan(context, options, answer) : tell_apply(context, options, answer);
}

}  // namespace

int plan_file(const Context& context, const ChangeOptions& options) {
  return tell_plan(context, options,
                   send(context, "/v1/config/plan", options, file_text(options.file)));
}

int apply_file(const Context& context, const ChangeOptions& options) {
  return tell_apply(context, options,
                    send(context, "/v1/config/apply", options, file_text(options.file)));
}

int set_in_running(const Context& context, const ChangeOptions& options) {
  const std::string text = running_text(context);
  return edited(context, options, config::set_value(text, options.path, options.value), "set");
}

int delete_in_running(const Context& context, const ChangeOptions& options) {
  const std::string text = running_text(context);
  return edited(context, options, config::delete_value(text, options.path), "delete");
}

int confirm_change(const Context& context) {
  const Json answer =
      Client(context.socket).post_partly("/v1/config/confirm", {{"from", from_where()}}, kPatience);
  if (context.json) context.print_json(answer);
  if (is_refused(answer)) return refused(context, answer, false);
  if (!context.json)
    context.out << fmt::format("Confirmed: number {} stays.\n", number(answer, "number"));
  return kSuccess;
}

int roll_back(const Context& context, const ChangeOptions& options) {
  Json body = {{"from", from_where()}};
  if (options.number != 0) body["number"] = options.number;
  if (!options.confirm.empty()) body["confirm_seconds"] = confirm_seconds(options.confirm);
  if (const auto prove = prove_field(options.prove)) body["prove"] = *prove;
  const Json answer = Client(context.socket).post_partly("/v1/config/rollback", body, kPatience);
  if (context.json) context.print_json(answer);
  if (is_refused(answer)) return refused(context, answer, options.all);
  if (context.json) return kSuccess;
  print_changes(context, answer, options.all);
  context.out << fmt::format("Rolled back: {}; it is number {} of the history.\n",
                             counted(number(answer, "changes_total"), "change"),
                             number(answer, "number"));
  tell_prove(context, answer);
  tell_confirm(context, answer);
  return kSuccess;
}

void show_history(const Context& context, const ChangeOptions& options) {
  const Client client(context.socket);
  if (options.number != 0) {
    const std::string text = client.get_text(fmt::format("/v1/config/history/{}", options.number));
    if (context.json) return context.print_json({{"number", options.number}, {"text", text}});
    context.out << text;
    return;
  }
  const Json history = client.get("/v1/config/history");
  if (context.json) return context.print_json(history);
  Table table({{"NUMBER", Align::right}, {"WHEN"}, {"WHO"}, {"FROM"}, {"KIND"}, {"WHAT"}});
  for (const Json& entry : list(history, "entries")) {
    std::string what = text(entry, "what");
    if (flag(entry, "unconfirmed"))
      what += " (runs, unconfirmed)";
    else if (flag(entry, "running"))
      what += " (runs)";
    table.add({std::to_string(number(entry, "number")), clock_time(real(entry, "time")),
               text(entry, "user"), text(entry, "from"), text(entry, "kind"), what});
  }
  table.print(context.out);
  const std::string memory = text(history, "why_memory_only");
  if (memory != "-") context.out << "Kept in memory only: " << memory << '\n';
  for (const Json& warning : list(history, "warnings"))
    context.err << "weir: " << warning.get<std::string>() << '\n';
  if (!history["confirm_by"].is_null())
    context.out << fmt::format("It reverts at {} unless you type: weir confirm\n",
                               clock_time(real(history, "confirm_by")));
}

void show_startup(const Context& context) {
  const std::string text = Client(context.socket).get_text("/v1/config?source=startup");
  if (context.json) return context.print_json({{"text", text}});
  context.out << text;
}

int show_config_diff(const Context& context) {
  const Client client(context.socket);
  const std::string text_now = client.get_text("/v1/config?source=startup");
  const Json answer = client.post_yaml_partly("/v1/config/plan", {{"file", "the startup file"}},
                                              text_now, kPatience);
  if (context.json) context.print_json(answer);
  if (is_refused(answer)) return refused(context, answer, true);
  if (context.json) return kSuccess;
  print_changes(context, answer, true);
  context.out << (number(answer, "changes_total") == 0
                      ? "What runs is what the startup file says.\n"
                      : "With a restart, or `weir apply` of the startup file, this changes.\n");
  return kSuccess;
}

}  // namespace weir::cli
