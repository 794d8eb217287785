#include "controlplane/cli/storm/result.hpp"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include "config/route_file.hpp"
#include "controlplane/cli/answer.hpp"

namespace weir::cli::storm {
namespace {

constexpr const char* kFormat = "weir-storm-result";
constexpr int kVersion = 1;
constexpr std::size_t kMaxFile = 64u << 20;

std::string time_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

Json base(const Description& d, const Outcome& outcome) {
  const RunSettings& s = d.settings;
  return {{"format", kFormat},
          {"version", kVersion},
          {"experiment", d.experiment.name},
          {"title", d.experiment.title},
          {"sends", d.experiment.sends},
          {"target", d.experiment.target},
          {"router", name_of(s.router)},
          {"time", time_now()},
          {"seed", s.seed},
          {"machine", d.machine},
          {"settings",
           {{"baseline_seconds", s.baseline},
            {"attack_seconds", s.attack},
            {"recovery_seconds", s.recovery},
            {"attack_pps", d.rate},
            {"load_pps", s.load},
            {"neighbors", d.established},
            {"new_hosts_per_second", d.new_hosts},
            {"same_port", s.same_port}}},
          {"configuration", d.configuration},
          {"reduced", outcome.reduced},
          {"notes", outcome.notes},
          {"cannot_be_shown", nullptr}};
}

std::string at(const std::string& path, const std::string& what) { return path + ": " + what; }

/// That `object` has `name` of the right kind.
void require(const Json& object, const char* name, Json::value_t type, const std::string& path) {
  const auto found = object.find(name);
  if (found == object.end() || found->type() != type)
    throw CliError(
        at(path, fmt::format("its \"{}\" is missing or no {}", name, Json(type).type_name())),
        "only results that `weir storm run` wrote can be shown");
}

void check_series(const Json& series, const std::string& path) {
  for (const auto& [name, values] : series.items()) {
    const bool good = values.is_array() && std::all_of(values.begin(), values.end(),
                                                       [](const Json& v) { return v.is_number(); });
    if (!good) throw CliError(at(path, fmt::format("series \"{}\" is no list of numbers", name)));
  }
}

}  // namespace

double percentile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  const double rank = std::ceil(share * static_cast<double>(sorted.size()));
  const auto index = static_cast<std::size_t>(std::max(rank, 1.0)) - 1;
  return sorted[std::min(index, sorted.size() - 1)];
}

Json make_result(const Description& description, const Outcome& outcome) {
  Json result = base(description, outcome);
  result["figures"] = to_json(outcome);
  result["verdicts"] = Json::array();
  if (description.experiment.judge)
    for (const Verdict& verdict : description.experiment.judge(outcome))
      result["verdicts"].push_back(to_json(verdict));
  return result;
}

Json cannot_be_shown(const Description& description, const Outcome& outcome,
                     const std::string& why) {
  Json result = base(description, outcome);
  result["cannot_be_shown"] = why;
  result["figures"] = Json::object();
  result["series"] = Json::object();
  result["drops"] = Json::array();
  result["distributions"] = Json::object();
  result["verdicts"] = Json::array(
      {to_json(Verdict{Verdict::Kind::not_shown, description.experiment.target, "-", why})});
  return result;
}

Json make_distributions(const Ledger& ledger) {
  Json json;
  for (std::size_t phase = 0; phase < kPhases; ++phase) {
    Json latency = Json::array();
    for (const Histogram::Point& point : ledger.latency[phase].cumulative())
      latency.push_back({static_cast<double>(point.value) / 1e3, point.share});
    json["latency_us"][kPhaseNames[phase]] = std::move(latency);
    std::vector<double> times;
    for (std::size_t host = 0; host < ledger.resolved.size(); ++host)
      if (read(ledger.resolved[host]) != 0 &&
          ledger.times.phase(read(ledger.first_asked[host])) == phase)
        times.push_back(static_cast<double>(read(ledger.resolved[host])) / 1e6);
    std::sort(times.begin(), times.end());
    Json resolution = Json::array();
    for (std::size_t i = 0; i < times.size(); ++i)
      resolution.push_back(
          {times[i], static_cast<double>(i + 1) / static_cast<double>(times.size())});
    json["resolution_ms"][kPhaseNames[phase]] = std::move(resolution);
  }
  return json;
}

Json read_result(const std::string& path) {
  const config::FileText file = config::read_file(path, kMaxFile);
  if (!file) throw CliError(at(path, file.error));
  Json json;
  try {
    json = Json::parse(file.text);
  } catch (const Json::parse_error& error) {
    throw CliError(at(path, fmt::format("is no JSON from byte {} on", error.byte)),
                   "only results that `weir storm run` wrote can be shown");
  }
  if (!json.is_object() || json.value("format", Json()) != kFormat)
    throw CliError(at(path, "is no result of a storm"),
                   "only results that `weir storm run` wrote can be shown");
  if (json.value("version", Json()) != kVersion)
    throw CliError(
        at(path, fmt::format("is of a version that this weir does not read, not {}", kVersion)));
  for (const char* name : {"experiment", "title", "router", "time"})
    require(json, name, Json::value_t::string, path);
  for (const char* name : {"machine", "settings", "figures", "series", "distributions"})
    require(json, name, Json::value_t::object, path);
  for (const char* name : {"verdicts", "drops", "reduced", "notes"})
    require(json, name, Json::value_t::array, path);
  for (const Json& verdict : json["verdicts"])
    for (const char* name : {"verdict", "target", "measured", "why"})
      if (!verdict.is_object() || !verdict.value(name, Json()).is_string())
        throw CliError(at(path, "a verdict is not whole"));
  check_series(json["series"], path);
  return json;
}

void write_result(const Json& result, const std::string& path) {
  std::ofstream file(path);
  file << result.dump(1, ' ', false, Json::error_handler_t::replace) << '\n';
  file.close();
  if (!file) throw CliError(path + " cannot be written");
}

std::string summary(const Json& result) {
  std::ostringstream out;
  out << fmt::format("{} ({})\n", text(result, "title"), text(result, "router"));
  if (result.contains("figures") && result["figures"].contains("phases")) {
    const Json& attack = result["figures"]["phases"]["attack"];
    const Json& before = result["figures"]["phases"]["baseline"];
    out << fmt::format(
        "  attack {:.0f} kpps asked, {:.0f} sent, {:.0f} on the router's port; load {} of {} "
        "packets arrived\n",
        real(attack, "attack_asked_pps") / 1e3, real(attack, "attack_sent_pps") / 1e3,
        real(attack, "attack_delivered_pps") / 1e3, number(attack, "received"),
        number(attack, "sent"));
    out << fmt::format(
        "  latency p50/p99/p99.9 {:.0f}/{:.0f}/{:.0f} us, without attack "
        "{:.0f}/{:.0f}/{:.0f} us; recovered in {:.0f} ms\n",
        real(attack, "latency_p50_us"), real(attack, "latency_p99_us"),
        real(attack, "latency_p999_us"), real(before, "latency_p50_us"),
        real(before, "latency_p99_us"), real(before, "latency_p999_us"),
        real(result["figures"], "recovery_ms"));
  }
  if (result.contains("figures") && result["figures"].contains("measured") &&
      result["figures"]["measured"].contains("kernel_pings"))
    out << fmt::format("  pings between the kernel's own hosts: {} of {} lost\n",
                       number(result["figures"]["measured"], "kernel_pings_lost"),
                       number(result["figures"]["measured"], "kernel_pings"));
  for (const Json& verdict : list(result, "verdicts")) {
    out << fmt::format("  {:<15} {}: {}\n", text(verdict, "verdict"), text(verdict, "target"),
                       text(verdict, "measured"));
    if (!verdict.value("why", "").empty())
      out << "                  " << text(verdict, "why") << '\n';
  }
  for (const Json& what : list(result, "reduced"))
    out << "  reduced: " << what.get<std::string>() << '\n';
  for (const Json& note : list(result, "notes"))
    out << "  note: " << note.get<std::string>() << '\n';
  return out.str();
}

}  // namespace weir::cli::storm
