#include "controlplane/cli/machine.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>

#include "controlplane/cli/answer.hpp"
#include "controlplane/cli/client.hpp"
#include "controlplane/cli/files.hpp"
#include "controlplane/cli/process.hpp"
#include "controlplane/cli/sysfs.hpp"
#include "controlplane/cpu_check.hpp"

namespace weir::cli {
namespace {

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

std::set<std::string> find_ssh_interfaces() {
  const std::optional<SshSession> session = ssh_session("", getpid());
  if (!session) return {};
  std::set<std::string> names{interface_with(session->server)};
  // An address of the loopback or of another interface: the answers' way counts too.
  const Json way = ask_ip({"route", "get", session->client});
  if (way.is_array() && !way.empty() && way[0].is_object()) names.insert(way[0].value("dev", ""));
  names.erase("");
  names.erase("lo");
  return names;
}

std::set<std::string> find_default_routes() {
  std::set<std::string> names;
  for (const char* family : {"-4", "-6"})
    names.merge(route_interfaces(ask_ip({family, "route", "show", "table", "all", "default"})));
  return names;
}

std::optional<bool> ask_at_terminal(const std::string& question) {
  if (isatty(STDIN_FILENO) != 1) return std::nullopt;
  // Where the terminal is, whatever becomes of standard output.
  std::cerr << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

int error_of_writing(const std::string& path) {
  // By the effective user's rights, and whether the file system is read-only.
  if (eaccess(path.c_str(), W_OK) == 0) return 0;
  const int error = errno;
  // Who lacks the right is not told of a mount that is read-only; the right alone would not help.
  struct statvfs system {};
  const bool is_read_only = statvfs(path.c_str(), &system) == 0 && (system.f_flag & ST_RDONLY) != 0;
  return is_read_only ? EROFS : error;
}

/// Linux interfaces are named as in this network namespace, as far as that can be seen.
bool shares_our_names(std::uint64_t pid) {
  const std::string theirs = link_target(fmt::format("/proc/{}/ns/net", pid));
  return theirs.empty() || theirs == link_target("/proc/self/ns/net");
}

std::map<std::string, RouterPort> ask_router_ports(const std::string& socket) {
  std::map<std::string, RouterPort> ports;
  try {
    const Client client(socket);
    const Json answer = client.get("/v1/interfaces");
    const bool ours = shares_our_names(number(client.get("/v1/version"), "pid"));
    for (const Json& one : list(answer, "interfaces"))
      if (const std::string device = text(one, "device");
          device != "-" && (ours || device.find(':') != device.npos))
        ports[device] = {text(one, "name"), flag(one, "link_up"), number(one, "speed_mbps")};
  } catch (const CliError&) {
    // No router, or none that we may ask.
  }
  return ports;
}

}  // namespace

Machine Machine::here(const Context& context) {
  return {.root = "",
          .cpu_needs = kCpuNeeds,
          .built_for = WEIR_CPU,
          .router_version = ask_router_version,
          .other_end = control::other_end,
          .ssh_interfaces = find_ssh_interfaces(),
          .default_routes = find_default_routes(),
          .why_not_writable = error_of_writing,
          .router_ports = [socket = context.socket] { return ask_router_ports(socket); },
          .carry_out = [](const Step& step) { cli::carry_out(step, ""); },
          .ask = ask_at_terminal};
}

std::optional<SshSession> parse_ssh_connection(const std::string& value) {
  std::istringstream fields(value);
  std::string client, client_port, server, server_port;
  if (!(fields >> client >> client_port >> server >> server_port)) return std::nullopt;
  return SshSession{client, server};
}

std::optional<SshSession> ssh_session(const std::string& root, std::int64_t pid) {
  constexpr std::string_view kVariable = "SSH_CONNECTION=";
  constexpr int kMostAncestors = 64;
  for (int i = 0; pid > 1 && i < kMostAncestors; ++i) {
    const std::string directory = fmt::format("{}/proc/{}", root, pid);
    std::ifstream environment(directory + "/environ");
    for (std::string entry; std::getline(environment, entry, '\0');)
      if (entry.starts_with(kVariable))
        if (auto session = parse_ssh_connection(entry.substr(kVariable.size()))) return session;
    std::ifstream status(directory + "/status");
    pid = 0;
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("PPid:")) pid = std::strtoll(line.c_str() + 5, nullptr, 10);
  }
  return std::nullopt;
}

std::set<std::string> route_interfaces(const Json& routes) {
  std::set<std::string> names;
  for (const Json& route : routes) {
    if (!route.is_object()) continue;
    names.insert(text(route, "dev"));
    for (const Json& hop : list(route, "nexthops")) names.insert(text(hop, "dev"));
  }
  for (const char* nothing : {"-", "lo"}) names.erase(nothing);
  return names;
}

std::set<std::string> default_route_interfaces(const Machine& machine) {
  std::set<std::string> names = default_route_interfaces(machine.root);
  names.insert(machine.default_routes.begin(), machine.default_routes.end());
  return with_lower(machine.root, std::move(names));
}

std::set<std::string> ssh_session_interfaces(const Machine& machine) {
  return with_lower(machine.root, machine.ssh_interfaces);
}

std::string interface_with(const std::string& address) {
  // A link-local address says it itself, in its zone.
  if (const auto zone = address.find('%'); zone != address.npos) return address.substr(zone + 1);
  in6_addr wanted{};
  const int family = address.find(':') == address.npos ? AF_INET : AF_INET6;
  if (inet_pton(family, address.c_str(), &wanted) != 1) return "";
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return "";
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(first, &freeifaddrs);
  for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != family) continue;
    const void* has = family == AF_INET
                          ? static_cast<const void*>(
                                &reinterpret_cast<const sockaddr_in*>(one->ifa_addr)->sin_addr)
                          : &reinterpret_cast<const sockaddr_in6*>(one->ifa_addr)->sin6_addr;
    if (std::memcmp(has, &wanted, family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr)) == 0)
      return one->ifa_name;
  }
  return "";
}

}  // namespace weir::cli
