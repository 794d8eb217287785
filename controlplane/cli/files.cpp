#include "controlplane/cli/files.hpp"

#include <fmt/format.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "config/validate.hpp"

namespace weir::cli {
namespace {

config::Findings findings_of(const std::string& path) {
  config::ParseResult result = config::load_file(path);
  if (!result) return std::move(result.findings);
  result.findings.append(config::check_route_files(*result.config));
  result.findings.sort();
  return std::move(result.findings);
}

std::string plural(std::size_t count, const char* noun) {
  return fmt::format("{} {}{}", count == 0 ? "no" : std::to_string(count), noun,
                     count == 1 ? "" : "s");
}

Json to_json(const config::Findings& findings, const std::string& path) {
  return {{"file", path},
          {"ok", findings.ok()},
          {"errors", findings.errors()},
          {"warnings", findings.warnings()},
          {"findings", api::to_json(findings)}};
}

bool runnable(const std::string& path) {
  return access(path.c_str(), X_OK) == 0 && std::filesystem::is_regular_file(path);
}

}  // namespace

int check_file(const Context& context, const std::string& path) {
  const config::Findings findings = findings_of(path);
  if (context.json) {
    context.print_json(to_json(findings, path));
  } else {
    context.out << findings.to_string()
                << fmt::format("{}: {}, {}\n", path, plural(findings.errors(), "error"),
                               plural(findings.warnings(), "warning"));
  }
  return findings.ok() ? kSuccess : kFailure;
}

std::string own_directory() {
  char path[PATH_MAX];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
  if (size <= 0) {
    // Without /proc: the path that it was started by, from where it was started.
    const auto* const started = reinterpret_cast<const char*>(getauxval(AT_EXECFN));
    const std::string directory =
        started == nullptr ? "" : std::filesystem::path(started).parent_path().string();
    return directory.empty() ? "." : directory;
  }
  return std::filesystem::path(std::string(path, static_cast<std::size_t>(size)))
      .parent_path()
      .string();
}

std::string find_router() {
  if (const char* named = std::getenv("WEIR_ROUTER"); named != nullptr && *named != '\0') {
    if (runnable(named)) return named;
    throw CliError(fmt::format("WEIR_ROUTER names {}, which is no program", named));
  }
  const std::string here = own_directory();
  // Installed beside or in sbin; in the build tree one directory up.
  for (const char* relative : {"/", "/../sbin/", "/../libexec/weir/", "/../"})
    if (const std::string path = here + relative + "weir-router"; runnable(path))
      return std::filesystem::path(path).lexically_normal().string();
  const char* search = std::getenv("PATH");
  for (std::string_view rest = search != nullptr ? search : ""; !rest.empty();) {
    const auto end = rest.find(':');
    const std::string path = std::string(rest.substr(0, end)) + "/weir-router";
    if (path.front() == '/' && path.size() > 12 && runnable(path)) return path;
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
  }
  throw CliError("the program weir-router is not installed",
                 "install it beside " + here + "/weir, or name it in WEIR_ROUTER");
}

int run_file(const Context& context, const std::string& path) {
  const config::Findings findings = findings_of(path);
  if (!findings.ok()) {  // warnings are the router's to print
    context.err << findings.to_string()
                << fmt::format("{}: {}; nothing was started\n", path,
                               plural(findings.errors(), "error"));
    return kFailure;
  }
  const std::string router = find_router();
  context.out.flush();
  context.err.flush();
  execl(router.c_str(), router.c_str(), path.c_str(), nullptr);
  throw CliError(fmt::format("{}: {}", router, std::strerror(errno)));
}

}  // namespace weir::cli
