#include "controlplane/cli/doctor.hpp"

#include <fmt/format.h>
#include <net/if.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "config/validate.hpp"
#include "controlplane/cli/files.hpp"
#include "controlplane/cli/netns.hpp"
#include "controlplane/cli/process.hpp"
#include "controlplane/cpu_check.hpp"

namespace weir::cli {
namespace {

using Level = Diagnosis::Level;

std::optional<std::string> ask_router_version(std::string& reason) {
  try {
    const Finished done = run_program({find_router(), "--version"});
    if (done.ok()) return done.output;
    reason =
        done.output.empty() ? fmt::format("ended with status {}", done.exit_code) : done.output;
  } catch (const CliError& error) {
    reason = fmt::format("{} ({})", error.what(), error.hint());
  }
  return std::nullopt;
}

/// What `ip -json WORDS` says, or null.
Json ask_ip(std::vector<std::string> words) {
  words.insert(words.begin(), {"ip", "-json"});
  const Finished done = run_program(words);
  if (!done.ok()) return nullptr;
  Json answer = Json::parse(done.output, nullptr, false);
  return answer.is_array() ? answer : Json(nullptr);
}

/// The name of the namespace that this one calls `id`; empty: it has none.
std::string namespace_called(int id) {
  const Json listed = ask_ip({"netns", "list-id"});
  if (!listed.is_array()) return "";
  for (const Json& entry : listed)
    if (entry.is_object() && entry.value("nsid", -1) == id) return entry.value("name", "");
  return "";
}

std::optional<CableEnd> find_other_end(const std::string& interface) {
  const Json shown = ask_ip({"-details", "link", "show", "dev", interface});
  if (!shown.is_array() || shown.empty() || !shown[0].is_object()) return std::nullopt;
  const Json& link = shown[0];
  if (link.value("linkinfo", Json::object()).value("info_kind", "") != "veth") return std::nullopt;
  CableEnd end;
  if (const std::string name = link.value("link", ""); !name.empty()) {
    end.interface = name;
    end.transmit_checksum_offload = transmit_checksum_offload(name);
    return end;
  }
  end.network_namespace = namespace_called(link.value("link_netnsid", -1));
  if (end.network_namespace.empty()) return end;
  try {
    const InNamespace there(end.network_namespace);
    std::array<char, IF_NAMESIZE> name{};
    if (if_indextoname(link.value("link_index", 0u), name.data()) == nullptr) return end;
    end.interface = name.data();
    end.transmit_checksum_offload = transmit_checksum_offload(end.interface);
  } catch (const CliError&) {
    // Not root: it stays unknown.
  }
  return end;
}

const char* name_of(Level level) {
  switch (level) {
    case Level::ok:
      return "ok";
    case Level::warning:
      return "warning";
    case Level::problem:
      return "problem";
  }
  return "";
}

Json to_json(const Diagnoses& found) {
  Json list = Json::array();
  for (const Diagnosis& one : found)
    list.push_back({{"level", name_of(one.level)},
                    {"topic", one.topic},
                    {"message", one.message},
                    {"remedy", one.remedy.empty() ? Json() : Json(one.remedy)}});
  return list;
}

void print(const Context& context, const Diagnoses& found) {
  for (const Diagnosis& one : found) {
    context.out << fmt::format("{:<8} {:<10} {}\n", name_of(one.level), one.topic, one.message);
    if (!one.remedy.empty()) context.out << fmt::format("{:<19} {}\n", "", one.remedy);
  }
}

std::string counted(std::size_t count, const char* noun) {
  return fmt::format("{} {}{}", count == 0 ? "no" : std::to_string(count), noun,
                     count == 1 ? "" : "s");
}

/// The file's own errors, as diagnoses; the configuration when there are none.
std::optional<config::Config> load(const std::string& file, Diagnoses& found) {
  config::ParseResult result = config::load_file(file);
  for (const config::Finding& finding : result.findings.list()) {
    const bool is_error = finding.severity == config::Finding::Severity::error;
    found.push_back({is_error ? Level::problem : Level::warning, "file", to_string(finding), ""});
  }
  if (result) found.push_back({Level::ok, "file", file + " has no errors", ""});
  return std::move(result.config);
}

}  // namespace

Machine Machine::here() {
  return {.root = "",
          .cpu_needs = kCpuNeeds,
          .built_for = WEIR_CPU,
          .router_version = ask_router_version,
          .other_end = find_other_end};
}

Diagnoses examine(const Machine& machine, const config::Config* config) {
  Diagnoses found;
  examine_cpu(machine, found);
  examine_cores(machine, config, found);
  examine_hugepages(machine, config, found);
  examine_nics(machine, config, found);
  if (config != nullptr) examine_linux_ports(machine, *config, found);
  examine_kernel(machine, found);
  return found;
}

int doctor(const Context& context, const std::string& file) {
  Diagnoses found;
  std::optional<config::Config> config;
  if (!file.empty()) config = load(file, found);
  for (Diagnosis& one : examine(Machine::here(), config ? &*config : nullptr))
    found.push_back(std::move(one));
  const auto count = [&](Level level) {
    return static_cast<std::size_t>(std::count_if(
        found.begin(), found.end(), [&](const Diagnosis& one) { return one.level == level; }));
  };
  const std::size_t problems = count(Level::problem), warnings = count(Level::warning);
  if (context.json) {
    context.print_json({{"file", file.empty() ? Json() : Json(file)},
                        {"ok", problems == 0},
                        {"problems", problems},
                        {"warnings", warnings},
                        {"findings", to_json(found)}});
  } else {
    print(context, found);
    context.out << fmt::format("\n{}, {}\n", counted(problems, "problem"),
                               counted(warnings, "warning"));
  }
  return problems == 0 ? kSuccess : kFailure;
}

}  // namespace weir::cli
