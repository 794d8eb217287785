#include "controlplane/cli/lab.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <exception>
#include <filesystem>
#include <fstream>
#include <thread>

#include "config/emit.hpp"
#include "controlplane/cli/client.hpp"
#include "controlplane/cli/doctor.hpp"
#include "controlplane/cli/files.hpp"
#include "controlplane/cli/lab_file.hpp"
#include "controlplane/cli/lab_state.hpp"
#include "controlplane/cli/lab_status.hpp"
#include "controlplane/cli/netns.hpp"
#include "controlplane/cli/process.hpp"

namespace weir::cli {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

constexpr std::chrono::seconds kReadyLimit{30};
constexpr std::chrono::seconds kStopLimit{10};
constexpr std::size_t kLogLines = 12;  // of a router that failed

void require_root(const Context& context, const char* verb) {
  if (geteuid() != 0)
    throw CliError("a lab is made of network namespaces, which need root",
                   fmt::format("sudo {} lab {}", context.program, verb));
}

/// Runs `ip WORDS`, which must succeed.
void ip(Words words) {
  words.insert(words.begin(), "ip");
  const Finished done = run_program(words);
  if (done.ok()) return;
  if (done.missing()) throw CliError("the program ip is missing", "apt-get install iproute2");
  const bool forbidden = done.output.find("not permitted") != std::string::npos ||
                         done.output.find("ermission denied") != std::string::npos;
  throw CliError(fmt::format("`{}` failed: {}", fmt::join(words, " "), done.output),
                 forbidden ? "root in a container needs the capabilities SYS_ADMIN and NET_ADMIN: "
                             "start it with --privileged"
                           : "");
}

Lab load(const Context& context, const std::string& file) {
  LabResult result = load_lab(file);
  context.err << result.findings.to_string();
  if (!result.lab)
    throw CliError(fmt::format("{}: {} error{}, nothing was done", file, result.findings.errors(),
                               result.findings.errors() == 1 ? "" : "s"));
  return std::move(*result.lab);
}

/// The name of the lab that `file` describes; `file` may be the name of one that is there.
std::string name_of(const Context& context, const std::string& file) {
  if (!file.empty() && file.find_first_of("/.") == file.npos) {
    const std::vector<std::string> present = labs_present();
    if (std::find(present.begin(), present.end(), file) != present.end()) return file;
    if (!fs::exists(file))
      throw CliError(fmt::format("no lab {} is up, and there is no such file", file),
                     present.empty() ? "no lab is up"
                                     : fmt::format("what is up: {}", fmt::join(present, ", ")));
  }
  return load(context, file).name;
}

void refuse_conflicts(const LabState& state) {
  for (const std::string& name : state.needed_namespaces())
    if (identity_of_namespace(name) != 0)
      throw CliError(
          fmt::format("there is a namespace {} already, and no lab made it", name),
          fmt::format("`ip netns delete {}` if nobody needs it, or give the lab another `name:`",
                      name));
  if (Client(state.socket).alive())
    throw CliError(fmt::format("another router answers at {} already", state.socket),
                   "stop it, or give the lab's router a socket of its own: "
                   "services: {api: {socket: /run/weir-lab.sock}}");
}

void make_namespace(LabState& state, const std::string& name) {
  // Written down before it is made: a lab that is interrupted here still knows what it made.
  state.namespaces.emplace_back(name, 0);
  state.save();
  ip({"netns", "add", name});
  state.namespaces.back().second = identity_of_namespace(name);
  state.save();
  const InNamespace inside(name);
  // Weir routes IPv4; the kernel's IPv6 chatter would only stir the counters.
  set_sysctl("net/ipv6/conf/all/disable_ipv6", "1");
  set_sysctl("net/ipv6/conf/default/disable_ipv6", "1");
  set_sysctl("net/ipv4/ip_forward", "0");
}

void make_host(LabState& state, const LabState::Host& host, unsigned mtu) {
  const std::string& inside = host.network_namespace;
  make_namespace(state, inside);
  ip({"link", "add", host.port, "netns", state.router_namespace, "mtu", std::to_string(mtu), "type",
      "veth", "peer", "name", host.interface, "netns", inside, "mtu", std::to_string(mtu)});
  {
    // A router that takes frames from the kernel would get them with checksums still to be filled
    // in, and nobody would.
    const InNamespace there(inside);
    switch_off_transmit_checksum_offload(host.interface);
  }
  ip({"-n", inside, "link", "set", "lo", "up"});
  for (const std::string& address : host.addresses)
    ip({"-n", inside, "address", "add", address, "dev", host.interface});
  ip({"-n", inside, "link", "set", host.interface, "up"});
  ip({"-n", state.router_namespace, "link", "set", host.port, "up"});
  if (!host.gateway.empty())
    ip({"-n", inside, "route", "add", "default", "via", host.gateway, "dev", host.interface});
}

std::string write_configuration(const LabState& state, const config::Config& router) {
  const std::string path = state.path("router.yaml");
  std::ofstream stream(path);
  stream << "# The router of lab " << state.name << ", as `weir lab up` started it.\n"
         << config::emit(router, config::EmitDefaults::no);
  stream.close();
  if (!stream) throw CliError(path + " cannot be written");
  return path;
}

/// The last lines that say what went wrong or, when none does, the last lines.
std::string end_of_log(const std::string& path) {
  const auto complains = [](const std::string& line) {
    return line.starts_with("weir-router: ") || line.starts_with("EAL: ") ||
           line.find("error") != line.npos;
  };
  std::deque<std::string> lines, complaints;
  const auto keep = [](std::deque<std::string>& list, const std::string& line) {
    list.push_back("  " + line);
    if (list.size() > kLogLines) list.pop_front();
  };
  std::ifstream stream(path);
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty()) keep(lines, line);
    if (complains(line)) keep(complaints, line);
  }
  if (lines.empty()) return "  (nothing)";
  return fmt::format("{}", fmt::join(complaints.empty() ? lines : complaints, "\n"));
}

/// Cores that are not there would only make DPDK print its manual.
void require_cores(const config::Config& router) {
  Diagnoses found;
  examine_cores(Machine{}, &router, found);
  for (const Diagnosis& one : found)
    if (one.level == Diagnosis::Level::problem) throw CliError(one.message, one.remedy);
}

/// Asks until the router answers; one that ends or never does is an error with its log.
void wait_until_ready(const LabState& state) {
  const Client client(state.socket);
  const auto until = std::chrono::steady_clock::now() + kReadyLimit;
  int status = 0;
  while (!client.alive()) {
    if (waitpid(state.router_pid, &status, WNOHANG) == state.router_pid)
      throw CliError(
          fmt::format("weir-router {}; its log says\n{}",
                      WIFEXITED(status) ? fmt::format("ended with status {}", WEXITSTATUS(status))
                                        : fmt::format("was killed by signal {}", WTERMSIG(status)),
                      end_of_log(state.path("router.log"))),
          "`weir doctor` looks at what a router needs of the machine");
    if (std::chrono::steady_clock::now() > until)
      throw CliError(fmt::format("weir-router did not answer at {} within {} s; its log says\n{}",
                                 state.socket, kReadyLimit.count(),
                                 end_of_log(state.path("router.log"))));
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

void start_router(LabState& state, const config::Config& router) {
  const std::string program = find_router();
  const std::string file = write_configuration(state, router);
  // Not in the configuration: that one is the user's to change and apply.
  setenv("WEIR_FILE_PREFIX", state.eal_prefix().c_str(), 1);
  state.router_pid = start_program({"ip", "netns", "exec", state.router_namespace, program,
                                    "--state", state.path("state"), file},
                                   state.path("router.log"));
  state.router_beginning = beginning_of(state.router_pid);
  state.save();
  wait_until_ready(state);
}

/// What was done.
struct Removed {
  std::vector<std::string> namespaces;
  std::size_t processes = 0;
};

Removed tear_down(const LabState& state) {
  Removed removed;
  if (state.router_runs()) {
    end_processes({state.router_pid}, kStopLimit);
    ++removed.processes;
  }
  std::vector<pid_t> others;
  std::vector<std::string> ours;
  for (const auto& [name, identity] : state.namespaces) {
    // Somebody else's since, or never made.
    const std::uint64_t now = identity_of_namespace(name);
    if (now == 0 || (identity != 0 && identity != now)) continue;
    ours.push_back(name);
    for (const pid_t pid : processes_in(name)) others.push_back(pid);
  }
  removed.processes += others.size();
  end_processes(others, std::chrono::seconds(1));
  for (const std::string& name : ours) {
    ip({"netns", "delete", name});
    removed.namespaces.push_back(name);
  }
  std::error_code ignored;
  // What a killed router leaves.
  if (state.router_pid != 0 && fs::is_socket(state.socket, ignored) &&
      !Client(state.socket).alive())
    fs::remove(state.socket, ignored);
  fs::remove_all("/run/dpdk/" + state.eal_prefix(), ignored);
  fs::remove_all(state.directory(), ignored);
  return removed;
}

void build(LabState& state, const Lab& lab) {
  try {
    make_namespace(state, state.router_namespace);
    for (std::size_t i = 0; i < state.hosts.size(); ++i)
      make_host(state, state.hosts[i], lab.hosts[i].mtu);
    start_router(state, lab.router);
  } catch (const CliError&) {
    const auto failure = std::current_exception();
    try {
      tear_down(state);
    } catch (const CliError&) {  // the first error is the one to tell
    }
    std::rethrow_exception(failure);
  }
}

}  // namespace

int lab_up(const Context& context, const std::string& file) {
  require_root(context, "up");
  const Lab lab = load(context, file);
  const LabLock lock;
  if (const auto there = LabState::load(lab.name)) {
    const LabReport report = look_at(*there);
    if (!report.up)
      throw CliError(fmt::format("lab {} is there, but not whole: {}", lab.name, report.fault),
                     fmt::format("{} lab down {}", context.program, lab.name));
    print_report(context, *there, report, true);
    return kSuccess;
  }
  require_cores(lab.router);
  LabState state = LabState::of(lab, file);
  refuse_conflicts(state);
  build(state, lab);
  const LabReport report = look_at(state);
  print_report(context, state, report, false);
  return report.whole() ? kSuccess : kFailure;
}

int lab_down(const Context& context, const std::string& file) {
  require_root(context, "down");
  const std::string name = name_of(context, file);
  const LabLock lock;
  const auto state = LabState::load(name);
  const Removed removed = state ? tear_down(*state) : Removed{};
  if (context.json) {
    context.print_json({{"name", name},
                        {"was_up", state.has_value()},
                        {"namespaces", removed.namespaces},
                        {"processes", removed.processes}});
  } else if (!state) {
    context.out << fmt::format("lab {} is not up: nothing to remove\n", name);
  } else {
    context.out << fmt::format("lab {} is down: {} namespace{} removed, {} process{} ended\n", name,
                               removed.namespaces.size(), removed.namespaces.size() == 1 ? "" : "s",
                               removed.processes, removed.processes == 1 ? "" : "es");
  }
  return kSuccess;
}

int lab_status(const Context& context, const std::string& file) {
  require_root(context, "status");
  const std::string name = name_of(context, file);
  const auto state = LabState::load(name);
  if (!state) {
    const std::vector<std::string> others = labs_present();
    throw CliError(fmt::format("lab {} is not up", name),
                   others.empty() ? fmt::format("{} lab up{}{}", context.program,
                                                file.empty() ? "" : " ", file)
                                  : fmt::format("what is up: {}", fmt::join(others, ", ")));
  }
  const LabReport report = look_at(*state);
  print_report(context, *state, report);
  return report.whole() ? kSuccess : kFailure;
}

}  // namespace weir::cli
