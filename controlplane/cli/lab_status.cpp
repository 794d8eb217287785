#include "controlplane/cli/lab_status.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "controlplane/cli/client.hpp"
#include "controlplane/cli/netns.hpp"
#include "controlplane/cli/process.hpp"
#include "controlplane/cli/table.hpp"

namespace weir::cli {
namespace {

constexpr const char* kUsualSocket = "/run/weir.sock";

std::string address_of(const LabState::Host& host) {
  return host.addresses.front().substr(0, host.addresses.front().find('/'));
}

/// The time of the one answer that iputils' ping reports.
std::optional<double> time_in(const std::string& output) {
  const std::size_t at = output.find(" time=");
  if (at == output.npos) return std::nullopt;
  return std::strtod(output.c_str() + at + 6, nullptr);
}

LabPing ping(const LabState::Host& from, const LabState::Host& to) {
  LabPing result{from.name, to.name, address_of(to), {}};
  const Finished done = run_program({"ip", "netns", "exec", from.network_namespace, "ping", "-n",
                                     "-c", "1", "-W", "2", result.address});
  if (done.ok()) result.rtt_ms = time_in(done.output);
  return result;
}

std::string fault_of(const LabState& state) {
  for (const std::string& name : state.needed_namespaces())
    if (identity_of_namespace(name) == 0) return fmt::format("namespace {} is missing", name);
  if (state.router_pid == 0) return "its router was never started";
  if (!state.router_runs())
    return fmt::format("its router (pid {}) does not run any more", state.router_pid);
  if (!Client(state.socket).alive())
    return fmt::format("its router (pid {}) does not answer at {}", state.router_pid, state.socket);
  return "";
}

Json to_json(const LabState& state, const LabReport& report) {
  Json hosts = Json::array(), pings = Json::array();
  for (const LabState::Host& host : state.hosts)
    hosts.push_back({{"name", host.name},
                     {"namespace", host.network_namespace},
                     {"interface", host.interface},
                     {"addresses", host.addresses},
                     {"gateway", host.gateway.empty() ? Json() : Json(host.gateway)},
                     {"port", host.port}});
  for (const LabPing& ping : report.pings)
    pings.push_back({{"from", ping.from},
                     {"to", ping.to},
                     {"address", ping.address},
                     {"rtt_ms", ping.rtt_ms ? Json(*ping.rtt_ms) : Json()}});
  return {{"name", state.name},
          {"file", state.file.empty() ? Json() : Json(state.file)},
          {"up", report.up},
          {"fault", report.fault.empty() ? Json() : Json(report.fault)},
          {"router",
           {{"pid", state.router_pid},
            {"running", state.router_runs()},
            {"namespace", state.router_namespace},
            {"socket", state.socket},
            {"config", state.path("router.yaml")},
            {"log", state.path("router.log")}}},
          {"hosts", std::move(hosts)},
          {"pings", std::move(pings)}};
}

std::string ping_text(const LabReport& report, const std::string& from) {
  for (const LabPing& ping : report.pings)
    if (ping.from == from)
      return ping.rtt_ms ? fmt::format("{} in {:.2f} ms", ping.to, *ping.rtt_ms)
                         : fmt::format("{}: no answer", ping.to);
  return "-";
}

void print_hosts(const Context& context, const LabState& state, const LabReport& report) {
  Table table({{"HOST"}, {"ADDRESS"}, {"GATEWAY"}, {"PORT"}, {"NAMESPACE"}, {"PING"}});
  for (const LabState::Host& host : state.hosts) {
    table.add({host.name, host.addresses.front(), host.gateway.empty() ? "-" : host.gateway,
               host.port, host.network_namespace, ping_text(report, host.name)});
    for (std::size_t i = 1; i < host.addresses.size(); ++i) table.add({"", host.addresses[i]});
  }
  table.print(context.out);
}

void print_ideas(const Context& context, const LabState& state) {
  const LabState::Host& first = state.hosts.front();
  const LabState::Host& last = state.hosts.back();
  const std::string weir = state.socket == kUsualSocket
                               ? context.program
                               : fmt::format("{} --socket {}", context.program, state.socket);
  const std::string in_first = "ip netns exec " + first.network_namespace;
  context.out << "\nTry\n";
  if (state.hosts.size() > 1)
    context.out << fmt::format(
        "  {0} ping {2}\n"
        "  {0} traceroute -n {2}\n"
        "  ip netns exec {1} iperf3 -s -D -1; {0} iperf3 -c {2}\n",
        in_first, last.network_namespace, address_of(last));
  context.out << fmt::format(
      "  {} show interfaces        (or neighbors, routes, counters, drops)\n"
      "  {} ping {}\n"
      "  {} lab down{}\n",
      weir, weir, address_of(first), context.program,
      state.name == "default" ? "" : ' ' + state.name);
}

}  // namespace

bool LabReport::whole() const {
  return up && std::all_of(pings.begin(), pings.end(),
                           [](const LabPing& ping) { return ping.rtt_ms.has_value(); });
}

LabReport look_at(const LabState& state) {
  LabReport report;
  report.fault = fault_of(state);
  report.up = report.fault.empty();
  if (!report.up) return report;
  const std::size_t count = state.hosts.size();
  for (std::size_t i = 0; count > 1 && i < count; ++i)
    report.pings.push_back(ping(state.hosts[i], state.hosts[(i + 1) % count]));
  return report;
}

void print_report(const Context& context, const LabState& state, const LabReport& report,
                  std::optional<bool> was_up) {
  if (context.json) {
    Json json = to_json(state, report);
    if (was_up) json["was_up"] = *was_up;
    return context.print_json(json);
  }
  if (report.up) {
    context.out << fmt::format("lab {} is up{}: {} hosts, router {} at {}\n\n", state.name,
                               was_up.value_or(false) ? " already" : "", state.hosts.size(),
                               state.router_pid, state.socket);
  } else {
    context.out << fmt::format("lab {} is not whole: {}\n\n", state.name, report.fault);
  }
  print_hosts(context, state, report);
  if (report.up) return print_ideas(context, state);
  context.out << fmt::format("\nIts log: {}\nRemove what is left: {} lab down {}\n",
                             state.path("router.log"), context.program, state.name);
}

}  // namespace weir::cli
