#include "controlplane/cli/storm/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "controlplane/cli/answer.hpp"
#include "controlplane/cli/storm/svg.hpp"

namespace weir::cli::storm {
namespace {

constexpr std::size_t kMaxBars = 15;

constexpr const char* kStyle = R"(
body { font: 15px/1.45 system-ui, sans-serif; max-width: 1340px; margin: 2em auto; padding: 0 1em;
       color: #1c2330; background: #fff; }
h1, h2, h3 { line-height: 1.2; } h2 { margin-top: 2.2em; border-bottom: 2px solid #d5dbe5; }
table { border-collapse: collapse; margin: .8em 0; } th, td { text-align: left; padding: .25em .8em;
  border-bottom: 1px solid #e2e6ee; vertical-align: top; } td.n { text-align: right; }
.plots { display: flex; flex-wrap: wrap; gap: 12px; } .plots svg { width: 640px; max-width: 100%; }
svg { font: 11px system-ui, sans-serif; } svg .title { font-weight: 600; font-size: 13px; }
.grid { stroke: #e2e6ee; } .attack { fill: #fde8e4; } .calm { fill: #f4f7f4; }
.met { color: #19703a; font-weight: 600; } .missed { color: #b3261e; font-weight: 600; }
.not { color: #7a5b00; font-weight: 600; } .small { color: #566072; font-size: 13px; }
pre { background: #f5f7fa; padding: .6em; overflow: auto; font-size: 12px; max-height: 20em; }
)";

constexpr const char* kColors[] = {"#1f5fa8", "#c2410c", "#2e7d32",
                                   "#7b1fa2", "#00838f", "#8d6e00"};

std::string color(std::size_t i) { return kColors[i % std::size(kColors)]; }

std::string label(const Json& result, bool alone) {
  std::string name = text(result, "router");
  if (!alone && flag(result["settings"], "same_port")) name += ", same port";
  return name;
}

/// A column of a series over its time; empty when it is not there.
std::vector<std::pair<double, double>> points(const Json& result, const std::string& column,
                                              const char* time = "t", double factor = 1) {
  std::vector<std::pair<double, double>> found;
  const Json& series = result["series"];
  if (!series.contains(column) || !series.contains(time)) return found;
  const Json &xs = series[time], &ys = series[column];
  for (std::size_t i = 0; i < std::min(xs.size(), ys.size()); ++i)
    found.emplace_back(xs[i].get<double>(), ys[i].get<double>() * factor);
  return found;
}

std::vector<Band> bands(const Json& result) {
  const Json& s = result["settings"];
  const double before = real(s, "baseline_seconds"), attack = real(s, "attack_seconds"),
               after = real(s, "recovery_seconds");
  return {{"baseline", -before, 0, false},
          {"attack", 0, attack, true},
          {"recovery", attack, attack + after, false}};
}

using Group = std::vector<const Json*>;
using Columns = std::vector<std::pair<const char*, const char*>>;  // column, what it is

std::string over_time(const Group& group, const std::string& title, const std::string& unit,
                      const Columns& columns, const char* time = "t", double factor = 1) {
  Plot plot{title, "seconds from the attack's begin", unit, {}, bands(*group.front()), false, {}};
  for (std::size_t c = 0; c < columns.size(); ++c)
    for (std::size_t r = 0; r < group.size(); ++r) {
      auto found = points(*group[r], columns[c].first, time, factor);
      if (found.empty()) continue;
      std::string name = columns[c].second;
      if (group.size() > 1) name += (name.empty() ? "" : ", ") + label(*group[r], false);
      plot.lines.push_back({name, color(c + r * columns.size()), std::move(found), r % 2 == 1});
    }
  return draw(plot);
}

std::string distribution(const Group& group, const std::string& title, const char* name,
                         const std::string& unit) {
  Plot plot{title, unit + " (logarithmic)", "share of all", {}, {}, true, 1.0};
  std::size_t next = 0;
  for (const Json* result : group) {
    const Json& all = (*result)["distributions"];
    if (!all.contains(name) || !all[name].is_object()) continue;
    for (const char* phase : {"baseline", "attack"}) {
      Line line{std::string(phase) + (group.size() > 1 ? ", " + label(*result, false) : ""),
                color(next++),
                {},
                std::string_view(phase) == "baseline"};
      for (const Json& point : list(all[name], phase))
        if (point.is_array() && point.size() == 2 && point[0].is_number() && point[1].is_number())
          line.points.emplace_back(point[0].get<double>(), point[1].get<double>());
      if (!line.points.empty()) plot.lines.push_back(std::move(line));
    }
  }
  return draw(plot);
}

std::string drops(const Json& result, bool alone) {
  std::vector<Bar> bars;
  for (const Json& row : result["drops"]) {
    if (bars.size() == kMaxBars) break;
    bars.push_back({text(row, "interface") + ": " + text(row, "reason"),
                    static_cast<double>(number(row, "packets")), color(bars.size())});
  }
  return draw_bars("Packets dropped during the attack, " + label(result, alone), bars);
}

std::string verdict_cell(const std::string& verdict) {
  const char* kind = verdict == "met" ? "met" : verdict == "missed" ? "missed" : "not";
  return fmt::format("<td class=\"{}\">{}</td>", kind, escaped(verdict));
}

std::string verdicts(const std::vector<Json>& results) {
  std::string out =
      "<table>\n<tr><th>experiment</th><th>router</th><th>target</th><th>measured</th>"
      "<th>verdict</th><th>why</th></tr>\n";
  for (const Json& result : results)
    for (const Json& verdict : result["verdicts"])
      out += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td>{}<td>{}</td></tr>\n",
                         escaped(text(result, "title")), escaped(label(result, false)),
                         escaped(text(verdict, "target")), escaped(text(verdict, "measured")),
                         verdict_cell(text(verdict, "verdict")),
                         escaped(verdict["why"].get<std::string>()));
  return out + "</table>\n";
}

std::string figures(const Group& group) {
  static constexpr std::pair<const char*, const char*> kRows[] = {
      {"attack_sent_pps", "attack sent, packets a second"},
      {"attack_delivered_pps", "received on the attack's port, a second"},
      {"sent", "legitimate packets sent"},
      {"lost", "lost"},
      {"reordered", "reordered"},
      {"latency_p50_us", "latency p50, us"},
      {"latency_p99_us", "latency p99, us"},
      {"latency_p999_us", "latency p99.9, us"},
      {"worst_gap_ms", "worst gap, ms"},
      {"new_hosts", "new hosts"},
      {"resolved", "resolved"},
      {"resolution_p50_ms", "resolution p50, ms"},
      {"resolution_p99_ms", "resolution p99, ms"},
      {"cycles_per_packet", "worker cycles a packet"},
      {"worker_cpu", "worker CPU, cores"},
      {"worker_waited", "worker waited for its core, share"},
      {"control_waited", "control thread waited for its core, share"},
      {"control_cpu", "control threads' CPU, cores"},
      {"softirq", "softirq, share of all cores"},
      {"resident_mib", "memory, MiB"}};
  std::string out = "<table>\n<tr><th></th>";
  for (const Json* result : group)
    for (const char* phase : {"baseline", "attack", "recovery"})
      out += fmt::format("<th>{}, {}</th>", escaped(label(*result, false)), phase);
  out += "</tr>\n";
  for (const auto& [name, meaning] : kRows) {
    out += fmt::format("<tr><td>{}</td>", meaning);
    for (const Json* result : group)
      for (const char* phase : {"baseline", "attack", "recovery"}) {
        const Json& phases = (*result)["figures"].value("phases", Json::object());
        out += fmt::format(
            "<td class=\"n\">{}</td>",
            phases.contains(phase) ? fmt::format("{:.6g}", real(phases[phase], name)) : "-");
      }
    out += "</tr>\n";
  }
  return out + "</table>\n";
}

std::string lines_of(const Json& texts, const char* title) {
  if (texts.empty()) return "";
  std::string out = fmt::format("<p>{}:</p>\n<ul>\n", title);
  for (const Json& entry : texts)
    out +=
        "<li>" + escaped(entry.is_string() ? entry.get<std::string>() : entry.dump()) + "</li>\n";
  return out + "</ul>\n";
}

std::string about(const Json& result) {
  const Json& m = result["machine"];
  const Json& s = result["settings"];
  std::string out = fmt::format(
      "<p class=\"small\">{}: {}, {} cores, {}, load {:.1f}; weir {} for {}; {}; seed {}; attack "
      "{} "
      "packets a second asked for, load {}, {} neighbours, {} new hosts a second.</p>\n",
      escaped(label(result, false)), escaped(text(m, "cpu")), number(m, "cores"),
      escaped(text(m, "kernel")), real(m, "load_1_minute"), escaped(text(m, "weir")),
      escaped(text(m, "weir_cpu")), escaped(text(result, "time")), number(result, "seed"),
      number(s, "attack_pps"), number(s, "load_pps"), number(s, "neighbors"),
      number(s, "new_hosts_per_second"));
  out += lines_of(result["reduced"], "Less than the full experiment");
  out += lines_of(result["notes"], "Notes");
  out += fmt::format("<details><summary>configuration</summary><pre>{}</pre></details>\n",
                     escaped(result.value("configuration", Json())
                                 .dump(1, ' ', false, Json::error_handler_t::replace)));
  return out;
}

std::string section(const Group& group) {
  const Json& first = *group.front();
  std::string out =
      fmt::format("<h2>{}</h2>\n<p>{}. Target: {}.</p>\n", escaped(text(first, "title")),
                  escaped(text(first, "sends")), escaped(text(first, "target")));
  Group shown;
  for (const Json* result : group) {
    if (result->value("cannot_be_shown", Json()).is_string())
      out += fmt::format("<p>{}: cannot be shown: {}</p>\n", escaped(label(*result, false)),
                         escaped((*result)["cannot_be_shown"].get<std::string>()));
    else
      shown.push_back(result);
  }
  if (!shown.empty()) {
    out += "<div class=\"plots\">\n";
    out += over_time(shown, "Forwarded", "packets a second",
                     {{"received_pps", "arrived"}, {"sent_pps", "sent"}}, "slot_t");
    out += over_time(shown, "Attack", "packets a second", {{"attack_pps", "sent"}}, "slot_t");
    out += distribution(shown, "Latency", "latency_us", "microseconds");
    out += distribution(shown, "Resolution of new hosts", "resolution_ms", "milliseconds");
    out += over_time(shown, "Neighbour table", "entries",
                     {{"neighbors.entries", "known"},
                      {"neighbors.pending", "pending"},
                      {"neighbors.failed-now", "failed"}});
    out += over_time(shown, "Worker cycles a packet", "cycles", {{"cycles_per_packet", ""}});
    out += over_time(
        shown, "CPU", "cores",
        {{"worker_cpu", "worker"}, {"control_cpu", "control"}, {"softirq", "softirq (of all)"}});
    out += over_time(shown, "Dropped by the router", "packets a second", {{"drops_pps", ""}});
    for (const Json* result : shown) out += drops(*result, shown.size() == 1);
    out += "</div>\n" + figures(shown);
  }
  for (const Json* result : group) out += about(*result);
  return out;
}

}  // namespace

std::string make_report(const std::vector<Json>& results) {
  std::vector<std::pair<std::string, Group>> groups;
  for (const Json& result : results) {
    const std::string name = text(result, "experiment");
    auto at = std::find_if(groups.begin(), groups.end(),
                           [&](const auto& group) { return group.first == name; });
    if (at == groups.end()) at = groups.insert(groups.end(), {name, {}});
    at->second.push_back(&result);
  }
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
      "<title>weir storm</title>\n<style>" +
      std::string(kStyle) + "</style>\n</head>\n<body>\n<h1>weir storm</h1>\n" + verdicts(results) +
      "<p class=\"small\">With attacker and victims on one saturated wire, frames that the port "
      "never receives cannot be saved. Percentiles of latency are right to 3 %.</p>\n";
  for (const auto& [name, group] : groups) out += section(group);
  return out + "</body>\n</html>\n";
}

}  // namespace weir::cli::storm
