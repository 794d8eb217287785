#include "controlplane/cli/doctor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "config/validate.hpp"

namespace weir::cli {
namespace {

using Level = Diagnosis::Level;

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
                    {"remedy", one.remedy.empty() ? Json() : Json(one.remedy)},
                    {"fix_does_it", !one.mending.empty()}});
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

/// Those that --fix mends, each remedy once.
Diagnoses mendable_of(const Diagnoses& found) {
  Diagnoses some;
  for (const Diagnosis& one : found) {
    const bool known = std::any_of(some.begin(), some.end(), [&](const Diagnosis& other) {
      return other.mending == one.mending;
    });
    if (!one.mending.empty() && !known) some.push_back(one);
  }
  return some;
}

/// nullopt: there was nothing to mend, or the answer was no.
std::optional<std::vector<Mended>> show_and_mend(const Context& context, const Machine& machine,
                                                 const Diagnoses& found, bool yes) {
  const Diagnoses some = mendable_of(found);
  std::ostream& out = context.json ? context.err : context.out;
  if (some.empty()) {
    out << "Nothing to mend that can be undone.\n\n";
    return std::nullopt;
  }
  out << "To be done, until the next boot:\n";
  for (const Diagnosis& one : some)
    out << fmt::format("  {}\n      because {}: {}\n", command_of(one.mending), one.topic,
                       one.message);
  if (!yes) {
    out.flush();
    const std::optional<bool> answer = machine.ask("Do it?");
    if (!answer)
      throw CliError("there is no terminal to ask at; nothing was done",
                     "--yes does it without being asked");
    if (!*answer) {
      out << "Nothing was done.\n\n";
      return std::nullopt;
    }
  }
  std::vector<Mended> mended = mend(machine, some);
  out << "Done:\n";
  for (const Mended& one : mended)
    out << (one.error.empty() ? fmt::format("  {}\n      undo: {}\n", one.command, one.undo)
                              : fmt::format("  FAILED {}\n      {}\n", one.command, one.error));
  out << '\n';
  return mended;
}

std::size_t count(const Diagnoses& found, Level level) {
  return static_cast<std::size_t>(std::count_if(
      found.begin(), found.end(), [&](const Diagnosis& one) { return one.level == level; }));
}

void report(const Context& context, const std::string& file, const Diagnoses& found,
            const std::optional<std::vector<Mended>>& mended) {
  const std::size_t problems = count(found, Level::problem);
  const std::size_t warnings = count(found, Level::warning);
  if (!context.json) {
    print(context, found);
    context.out << fmt::format("\n{}, {}\n", counted(problems, "problem"),
                               counted(warnings, "warning"));
    return;
  }
  Json answer{{"file", file.empty() ? Json() : Json(file)},
              {"ok", problems == 0},
              {"problems", problems},
              {"warnings", warnings},
              {"findings", to_json(found)}};
  if (mended) {
    Json list = Json::array();
    for (const Mended& one : *mended)
      list.push_back({{"command", one.command},
                      {"undo", one.undo},
                      {"error", one.error.empty() ? Json() : Json(one.error)}});
    answer["mended"] = std::move(list);
  }
  context.print_json(answer);
}

}  // namespace

Diagnosis mendable(Diagnosis::Level level, std::string topic, std::string message, Steps mending,
                   Steps undoing) {
  std::string remedy = command_of(mending);
  return {level,
          std::move(topic),
          std::move(message),
          std::move(remedy),
          std::move(mending),
          std::move(undoing)};
}

Diagnoses examine(const Machine& machine, const config::Config* config) {
  Diagnoses found;
  examine_cpu(machine, found);
  examine_cores(machine, config, found);
  examine_hugepages(machine, config, found);
  examine_nics(machine, config, found);
  if (config != nullptr) examine_linux_ports(machine, *config, found);
  examine_kernel(machine, found);
  examine_rights(machine, found);
  return found;
}

std::vector<Mended> mend(const Machine& machine, const Diagnoses& found) {
  std::vector<Mended> done;
  for (const Diagnosis& one : mendable_of(found)) {
    Mended mended{command_of(one.mending), command_of(one.undoing), ""};
    try {
      for (const Step& step : one.mending) machine.carry_out(step);
    } catch (const CliError& error) {
      mended.error = error.what();
      if (!error.hint().empty()) mended.error += fmt::format(" ({})", error.hint());
    }
    done.push_back(std::move(mended));
  }
  return done;
}

int doctor(const Context& context, const Machine& machine, const DoctorOptions& options) {
  Diagnoses about_file;
  std::optional<config::Config> config;
  if (!options.file.empty()) config = load(options.file, about_file);
  const auto examine_all = [&] {
    Diagnoses found = about_file;
    for (Diagnosis& one : examine(machine, config ? &*config : nullptr))
      found.push_back(std::move(one));
    return found;
  };
  Diagnoses found = examine_all();
  std::optional<std::vector<Mended>> mended;
  if (options.fix) {
    mended = show_and_mend(context, machine, found, options.yes);
    // What the kernel made of it is looked at, not believed.
    found = examine_all();
  }
  const bool failed = mended && std::any_of(mended->begin(), mended->end(),
                                            [](const Mended& one) { return !one.error.empty(); });
  const std::size_t problems = count(found, Level::problem);
  report(context, options.file, found, mended);
  return problems == 0 && !failed ? kSuccess : kFailure;
}

}  // namespace weir::cli
