#include "controlplane/cli/storm/storm.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <optional>

#include "config/text.hpp"
#include "controlplane/cli/answer.hpp"
#include "controlplane/cli/storm/load.hpp"
#include "controlplane/cli/storm/report.hpp"
#include "controlplane/cli/storm/result.hpp"
#include "controlplane/cli/storm/storm_file.hpp"
#include "controlplane/cli/table.hpp"

namespace weir::cli::storm {
namespace {

namespace fs = std::filesystem;

std::atomic<bool> interrupted{false};

void interrupt(int) { interrupted = true; }

/// While it lives, SIGINT, SIGTERM and SIGHUP end the run, which then removes its rig.
class Signals {
 public:
  Signals() {
    struct sigaction action {};
    action.sa_handler = interrupt;
    for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &action, &before_[i]);
  }
  ~Signals() {
    for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &before_[i], nullptr);
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  static constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP};
  std::array<struct sigaction, kSignals.size()> before_{};
};

struct Planned {
  Experiment experiment;
  RunSettings settings;
};

const Experiment& named(const std::string& name) {
  if (const Experiment* found = find_experiment(name)) return *found;
  std::vector<std::string_view> known;
  for (const Experiment& e : experiments()) known.push_back(e.name);
  const std::string near(config::nearest(name, known));
  throw CliError(fmt::format("there is no experiment {}", config::shown(name)),
                 near.empty() ? "`weir storm list` lists them" : "did you mean " + near + "?",
                 kUsage);
}

std::vector<Planned> plan_runs(const Context& context, const StormOptions& o) {
  std::vector<Planned> plans;
  if (!o.file.empty()) {
    StormFileResult result = load_storm(o.file);
    context.err << result.findings.to_string();
    if (!result.storm)
      throw CliError(fmt::format("{}: {} error{}, nothing was sent", o.file,
                                 result.findings.errors(),
                                 result.findings.errors() == 1 ? "" : "s"));
    plans.push_back({result.storm->experiment, result.storm->settings});
  }
  for (const std::string& name : o.names) {
    if (name != "all") {
      plans.push_back({named(name), {}});
      continue;
    }
    for (const Experiment& e : experiments()) plans.push_back({e, {}});
  }
  if (plans.empty())
    throw CliError("nothing to run", "name experiments (`weir storm list`), `all`, or --file",
                   kUsage);
  for (Planned& plan : plans) {
    RunSettings& s = plan.settings;
    if (o.seconds > 0) s.attack = o.seconds;
    if (o.margin > 0) s.baseline = s.recovery = o.margin;
    if (o.rate != 0) s.rate = o.rate;
    if (o.seed != 0) s.seed = o.seed;
    s.load = o.load;
    s.hosts = o.hosts;
    s.same_port = o.same_port;
  }
  return plans;
}

std::vector<RouterKind> routers(const std::string& word) {
  if (word == "both") return {RouterKind::weir, RouterKind::linux};
  return {word == "linux" ? RouterKind::linux : RouterKind::weir};
}

std::string make_directory(const StormOptions& o) {
  std::string path = o.directory;
  if (path.empty()) {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    localtime_r(&now, &parts);
    path = fmt::format("storm-{:04}{:02}{:02}-{:02}{:02}{:02}", parts.tm_year + 1900,
                       parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
  }
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw CliError(path + " cannot be made: " + error.message());
  return path;
}

void write_text(const std::string& content, const std::string& path) {
  std::ofstream file(path);
  file << content;
  file.close();
  if (!file) throw CliError(path + " cannot be written");
}

void require_root(const Context& context) {
  if (geteuid() != 0)
    throw CliError("a storm needs network namespaces and raw sockets, which need root",
                   fmt::format("sudo {} storm run ...", context.program));
}

/// The attack alone, on an interface of the machine: nothing is measured but what was sent.
int run_on_interface(const Context& context, const StormOptions& o) {
  if (!o.owned)
    throw CliError(
        fmt::format("a storm on {} reaches whatever is connected to it", o.interface),
        "only with --i-own-this-network, and only where that is true; without --on-interface "
        "everything stays in a rig of its own",
        kUsage);
  const auto router = MacAddress::parse(o.router_mac);
  if (!o.router_mac.empty() && !router)
    throw CliError(fmt::format("{} is no MAC address", config::shown(o.router_mac)), "", kUsage);
  std::vector<Planned> plans = plan_runs(context, o);
  if (plans.size() != 1) throw CliError("one storm at a time on an interface", "", kUsage);
  const Planned& plan = plans.front();
  const AttackPoint point{plan.experiment.port, kDefaultHosts, 0};
  Attacker::Settings attack;
  attack.mix = {plan.experiment.mix(point), router.value_or(plan::router_mac(point.port))};
  attack.seed = plan.settings.seed;
  attack.rate = plan.settings.rate != 0 ? plan.settings.rate : plan.experiment.rate;
  if (attack.rate == 0 || attack.mix.specs.empty())
    throw CliError(plan.experiment.name + " sends no attack", "", kUsage);
  attack.begin = now_ns();
  attack.end = attack.begin + static_cast<std::uint64_t>(plan.settings.attack * 1e9);
  Timetable times;
  times.edges = {attack.begin, attack.begin, attack.end, attack.end};
  Ledger ledger(times, 0, 0);
  {
    Attacker attacker(attack, ledger, point.port, "", o.interface);
    while (now_ns() < attack.end && !interrupted) usleep(20'000);
  }
  const std::uint64_t sent = read(ledger.sent_frames[static_cast<std::size_t>(point.port)]);
  if (context.json)
    context.print_json({{"interface", o.interface},
                        {"experiment", plan.experiment.name},
                        {"seed", attack.seed},
                        {"asked_pps", attack.rate},
                        {"seconds", plan.settings.attack},
                        {"sent", sent}});
  else
    context.out << fmt::format("{} frames of {} sent on {}; nothing was measured\n",
                               with_commas(sent), plan.experiment.name, o.interface);
  return interrupted ? 130 : int{kSuccess};
}

bool missed(const Json& result) {
  const Json& verdicts = list(result, "verdicts");
  // Linux is there to be compared with.
  return text(result, "router") == "weir" &&
         std::any_of(verdicts.begin(), verdicts.end(),
                     [](const Json& v) { return text(v, "verdict") == "missed"; });
}

}  // namespace

void list_storms(const Context& context) {
  if (context.json) {
    Json all = Json::array();
    for (const Experiment& e : experiments())
      all.push_back({{"name", e.name},
                     {"title", e.title},
                     {"sends", e.sends},
                     {"target", e.target},
                     {"needs", e.needs},
                     {"linux", e.not_on_linux.empty()}});
    return context.print_json({{"experiments", all}});
  }
  for (const Experiment& e : experiments())
    context.out << fmt::format("{}\n  sends   {}\n  target  {}\n  needs   {}{}\n", e.name, e.sends,
                               e.target, e.needs,
                               e.not_on_linux.empty() ? "" : "; not with --router linux");
}

int run_storms(const Context& context, const StormOptions& options) {
  if (options.interface.empty() && options.owned)
    throw CliError("--i-own-this-network goes with --on-interface", "", kUsage);
  const Signals signals;
  if (!options.interface.empty()) {
    require_root(context);
    return run_on_interface(context, options);
  }
  const std::vector<Planned> plans = plan_runs(context, options);
  require_root(context);
  const std::string directory = make_directory(options);
  Rig::sweep();
  std::vector<Json> results;
  bool failed = false;
  for (const Planned& plan : plans)
    for (const RouterKind kind : routers(options.router)) {
      RunSettings settings = plan.settings;
      settings.router = kind;
      const std::string what = fmt::format("{} ({})", plan.experiment.name, name_of(kind));
      settings.progress = [&](const std::string& step) {
        if (!context.json) context.err << what << ": " << step << '\n' << std::flush;
      };
      results.push_back(run_experiment(plan.experiment, settings, interrupted));
      const std::string name = fmt::format("{}-{}{}.json", plan.experiment.name, name_of(kind),
                                           settings.same_port ? "-same-port" : "");
      write_result(results.back(), directory + '/' + name);
      failed = failed || missed(results.back());
      if (!context.json) context.out << summary(results.back()) << std::flush;
      // After every run: an interrupted series keeps what it has.
      write_text(make_report(results), directory + "/report.html");
    }
  if (context.json) {
    Json runs = Json::array();
    for (Json& result : results) {
      result.erase("series");
      result.erase("distributions");
      runs.push_back(std::move(result));
    }
    context.print_json(
        {{"directory", directory}, {"report", directory + "/report.html"}, {"runs", runs}});
  } else {
    context.out << fmt::format("results and report.html are in {}\n", directory);
  }
  return failed ? kFailure : kSuccess;
}

void report_storms(const Context& context, const std::vector<std::string>& files,
                   const std::string& out) {
  std::vector<Json> results;
  for (const std::string& file : files) results.push_back(read_result(file));
  write_text(make_report(results), out);
  if (context.json)
    context.print_json({{"report", out}, {"results", results.size()}});
  else
    context.out << fmt::format("{}: {} of {}\n", out, counted(results.size(), "result"),
                               counted(files.size(), "file"));
}

}  // namespace weir::cli::storm
