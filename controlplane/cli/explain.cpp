#include "controlplane/cli/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "config/codes.hpp"
#include "config/text.hpp"
#include "controlplane/cli/example.hpp"
#include "dataplane/packet/drop_reason.hpp"

namespace weir::cli {
namespace {

using config::CodeText;

std::string_view severity_of(const CodeText& code) { return code.is_error ? "error" : "warning"; }

Json to_json(const CodeText& code) {
  const auto lines = [](std::string_view text) { return text.empty() ? Json() : Json(text); };
  return {{"code", code.id},
          {"severity", severity_of(code)},
          {"title", code.title},
          {"reason", code.reason},
          {"file", example_name(code)},
          {"example", lines(code.file == CodeText::File::missing ? "" : code.example)},
          {"mend", lines(code.mend)}};
}

Json to_json(const DropReasonText& drop) {
  return {{"drop_reason", drop.name}, {"meaning", drop.meaning}};
}

/// In lines of at most 80 columns.
std::string wrapped(std::string_view text) {
  std::string out, line;
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    if (!line.empty() && line.size() + 1 + space > 80) {
      out += line + '\n';
      line.clear();
    }
    if (!line.empty()) line += ' ';
    line += text.substr(0, space);
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return out + line + '\n';
}

std::string indented(std::string_view lines) {
  std::string out;
  while (!lines.empty()) {
    const std::size_t size = std::min(lines.find('\n'), lines.size() - 1) + 1;
    out += "  ";
    out += lines.substr(0, size);
    lines.remove_prefix(size);
  }
  return out;
}

void print(const Context& context, const CodeText& code) {
  context.out << fmt::format("{} {}: {}\n\n{}", code.id, severity_of(code), code.title,
                             wrapped(code.reason));
  if (code.file == CodeText::File::route_file)
    context.out << "\nbeside this configuration:\n" << indented(config::kRouteFileExample);
  if (!code.mend.empty())
    context.out << fmt::format("\n{}, wrong:\n{}", example_name(code), indented(code.example));
  context.out << "\nwhat is said of it:\n" << indented(findings_of_example(code).to_string());
  if (!code.mend.empty()) context.out << "\nright:\n" << indented(code.mend);
}

void print_all(const Context& context) {
  if (context.json) {
    Json codes = Json::array(), drops = Json::array();
    for (const CodeText& code : config::all_codes()) codes.push_back(to_json(code));
    for (const DropReasonText& drop : kDropReasonTexts) drops.push_back(to_json(drop));
    return context.print_json({{"codes", std::move(codes)}, {"drop_reasons", std::move(drops)}});
  }
  context.out << "What `weir check` finds:\n";
  for (const CodeText& code : config::all_codes())
    context.out << fmt::format("{}  {:<7}  {}\n", code.id, severity_of(code), code.title);
  context.out << "\nWhy packets are dropped, as `weir show drops` counts them:\n";
  for (const DropReasonText& drop : kDropReasonTexts)
    context.out << fmt::format("{:<24}  {}\n", drop.name, drop.meaning);
}

[[noreturn]] void refuse(const std::string& word) {
  std::string near(config::nearest_code(word));
  if (near.empty()) {
    std::vector<std::string_view> names;
    for (const DropReasonText& drop : kDropReasonTexts) names.push_back(drop.name);
    near = config::nearest(word, names);
  }
  throw CliError("there is no code and no drop reason " + config::shown(word),
                 near.empty() ? "`weir explain` lists all" : "did you mean " + near + "?", kUsage);
}

}  // namespace

void explain(const Context& context, const std::string& word) {
  if (word.empty()) return print_all(context);
  if (const CodeText* code = config::find_code(word)) {
    if (context.json) return context.print_json(to_json(*code));
    return print(context, *code);
  }
  const auto drop = std::find_if(kDropReasonTexts.begin(), kDropReasonTexts.end(),
                                 [&](const DropReasonText& each) { return each.name == word; });
  if (drop == kDropReasonTexts.end()) refuse(word);
  if (context.json) return context.print_json(to_json(*drop));
  context.out << fmt::format("{} drop reason: {}\n\n`weir show drops` counts it by interface.\n",
                             drop->name, drop->meaning);
}

std::string checks_page() {
  std::string page = "| code | | what is found |\n|---|---|---|\n";
  for (const CodeText& code : config::all_codes())
    page += fmt::format("| `{}` | {} | **{}.** {} |\n", code.id, severity_of(code), code.title,
                        code.reason);
  return page;
}

}  // namespace weir::cli
