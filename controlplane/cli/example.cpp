#include "controlplane/cli/example.hpp"

#include <span>
#include <utility>
#include <vector>

#include "config/parse.hpp"
#include "config/route_file.hpp"
#include "config/validate.hpp"
#include "controlplane/cli/lab_file.hpp"

namespace weir::cli {
namespace {

using File = config::CodeText::File;

/// A configuration's own; its route files are not looked for.
config::ParseResult checked(std::string_view text, const std::string& name) {
  config::ParseResult result = config::parse_text(text, name);
  if (result) result.findings.append(config::validate(*result.config));
  result.findings.sort();
  return result;
}

config::Findings in_route_file(std::string_view text, const std::string& name) {
  const config::ParseResult base = checked(config::kRouteFileExample, "lab.yaml");
  config::Findings findings = base.findings;
  const std::vector<config::ParsedRouteFile> files{{name, {config::parse_routes(text, 1, name)}}};
  findings.append(files.front().chunks.front().findings);
  findings.append(config::validate_routes(*base.config, files));
  return findings;
}

}  // namespace

std::string example_name(const config::CodeText& code) {
  if (code.file == File::missing) return std::string(code.example);
  return code.file == File::route_file ? "routes.txt" : "lab.yaml";
}

config::Findings findings_in(const config::CodeText& code, std::string_view text) {
  const std::string name = example_name(code);
  switch (code.file) {
    case File::missing:
      // In a directory that nobody has, so that it is missing everywhere.
      return config::parse_file("/nonexistent/" + name).findings;
    case File::route_file:
      return in_route_file(text, name);
    case File::lab:
      return parse_lab(std::string(text), name).findings;
    case File::configuration:
      break;
  }
  return checked(text, name).findings;
}

config::Findings findings_of_example(const config::CodeText& code) {
  return findings_in(code, code.example);
}

}  // namespace weir::cli
