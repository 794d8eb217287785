#include "controlplane/cli/storm/rig.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <deque>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

#include "controlplane/cli/client.hpp"
#include "controlplane/cli/files.hpp"
#include "controlplane/cli/netns.hpp"
#include "controlplane/cli/process.hpp"

namespace weir::cli::storm {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

constexpr const char* kPrefix = "weir-storm-";
constexpr const char* kDirectory = "/run/weir-storm";
constexpr std::chrono::seconds kReadyLimit{60};
constexpr std::size_t kLogLines = 12;
constexpr const char* kLinuxBridge = "bridge0";
constexpr std::array kLoopEnds{"loop0", "loop1"};

void run_ip(Words words) {
  words.insert(words.begin(), "ip");
  const Finished done = run_program(words);
  if (done.ok()) return;
  if (done.missing()) throw CliError("the program ip is missing", "apt-get install iproute2");
  const bool forbidden = done.output.find("not permitted") != std::string::npos;
  throw CliError(fmt::format("`{}` failed: {}", fmt::join(words, " "), done.output),
                 forbidden ? "root in a container needs the capabilities SYS_ADMIN and NET_ADMIN: "
                             "start it with --privileged"
                           : "");
}

std::string dotted(std::uint32_t ip) { return Ipv4Address{ip}.to_string(); }

void remove_namespace(const std::string& name) {
  end_processes(processes_in(name), std::chrono::seconds(2));
  run_program({"ip", "netns", "delete", name});
}

Json ethernet(const std::string& interface, Words addresses) {
  return {{"match", {{"linux", interface}}}, {"addresses", std::move(addresses)}};
}

}  // namespace

unsigned worker_core() { return sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 1 : 0; }

Rig::Rig(const RigSettings& settings)
    : settings_(settings),
      prefix_(kPrefix + std::to_string(getpid())),
      directory_(fmt::format("{}/{}", kDirectory, getpid())) {
  try {
    make();
  } catch (...) {
    remove();
    throw;
  }
}

Rig::~Rig() { remove(); }

void Rig::make() {
  std::error_code error;
  fs::create_directories(directory_, error);
  if (error) throw CliError(directory_ + " cannot be made: " + error.message());
  make_namespace(router_namespace());
  for (const Port port : kPorts) {
    make_namespace(hosts_namespace(port));
    make_cable(port);
  }
  if (!settings_.loop) return;
  run_ip({"link", "add", kLoopEnds[0], "netns", router_namespace(), "type", "veth", "peer", "name",
          kLoopEnds[1], "netns", router_namespace()});
}

void Rig::make_namespace(const std::string& name) {
  namespaces_.push_back(name);
  run_ip({"netns", "add", name});
  const InNamespace inside(name);
  set_sysctl("net/ipv6/conf/all/disable_ipv6", "1");
  set_sysctl("net/ipv6/conf/default/disable_ipv6", "1");
  set_sysctl("net/ipv4/ip_forward", "0");
  set_sysctl("net/ipv4/conf/all/rp_filter", "0");
  set_sysctl("net/ipv4/conf/default/rp_filter", "0");
}

void Rig::make_cable(Port port) {
  const std::string hosts = hosts_namespace(port), router = router_namespace();
  const std::string end = router_interface(port);
  run_ip({"link", "add", end, "netns", router, "address", plan::router_mac(port).to_string(),
          "type", "veth", "peer", "name", kHostInterface, "netns", hosts, "address",
          plan::kernel_mac(port).to_string()});
  {
    const InNamespace there(hosts);
    switch_off_transmit_checksum_offload(kHostInterface);
  }
  if (port != Port::attacker) {  // a host that is the kernel's, and nothing but a host
    run_ip({"-n", hosts, "address", "add", dotted(plan::kernel_ip(port)) + "/16", "dev",
            kHostInterface});
  }
  run_ip({"-n", hosts, "link", "set", kHostInterface, "up"});
  run_ip({"-n", router, "link", "set", end, "up"});
  if (port != Port::attacker && !settings_.bridged)
    run_ip({"-n", hosts, "route", "add", "default", "via", dotted(plan::router_ip(port))});
}

void Rig::start() {
  if (settings_.router == RouterKind::weir)
    start_weir();
  else
    start_linux();
}

void Rig::start_weir() {
  const auto core = worker_core();
  configuration_ = {{"version", 1},
                    {"system",
                     {{"hostname", "weir-storm"},
                      {"control-cores", {0}},
                      {"worker-cores", {core}},
                      {"idle", "adaptive"},
                      {"memory", {{"hugepages", "none"}, {"packets", kPacketBuffers}}},
                      {"eal", {"--file-prefix=" + prefix_}}}},
                    {"services", {{"api", {{"socket", socket()}}}}}};
  for (const Port port : kPorts) {
    Words addresses;
    if (!settings_.bridged) addresses.push_back(dotted(plan::router_ip(port)) + "/16");
    if (!settings_.bridged && port == Port::sink)
      addresses.push_back(dotted(plan::kDesert | 1) + "/16");
    configuration_["ethernets"][name_of(port)] = ethernet(router_interface(port), addresses);
  }
  if (settings_.bridged) {
    Json members = Json::array();
    for (const Port port : kPorts) members.push_back(name_of(port));
    if (settings_.loop)
      for (const char* end : kLoopEnds) {
        configuration_["ethernets"][end] = ethernet(end, {});
        members.push_back(end);
      }
    configuration_["bridges"]["br"] = {{"interfaces", members}};
  }
  if (settings_.configure) settings_.configure(configuration_);
  const std::string file = directory_ + "/router.yaml";
  std::ofstream(file) << configuration_.dump(1) << '\n';
  pid_ = start_program({"ip", "netns", "exec", router_namespace(), find_router(), "--state",
                        directory_ + "/state", file},
                       directory_ + "/router.log");
  const Client client(socket());
  const auto until = std::chrono::steady_clock::now() + kReadyLimit;
  while (!client.alive()) {
    int status = 0;
    const bool ended = waitpid(pid_, &status, WNOHANG) == pid_;
    if (ended) pid_ = 0;
    if (ended || std::chrono::steady_clock::now() > until)
      throw CliError(fmt::format("weir-router {}; its log says\n{}",
                                 ended ? "ended" : "does not answer", log_end()),
                     "`weir doctor` looks at what a router needs of the machine");
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

void Rig::start_linux() {
  const std::string router = router_namespace();
  if (settings_.bridged) {
    run_ip({"-n", router, "link", "add", "name", kLinuxBridge, "type", "bridge"});
    for (const Port port : kPorts)
      run_ip({"-n", router, "link", "set", router_interface(port), "master", kLinuxBridge});
    if (settings_.loop)
      for (const char* end : kLoopEnds)
        run_ip({"-n", router, "link", "set", end, "master", kLinuxBridge});
    run_ip({"-n", router, "link", "set", kLinuxBridge, "up"});
  } else {
    for (const Port port : kPorts)
      run_ip({"-n", router, "address", "add", dotted(plan::router_ip(port)) + "/16", "dev",
              router_interface(port)});
    run_ip({"-n", router, "address", "add", dotted(plan::kDesert | 1) + "/16", "dev",
            router_interface(Port::sink)});
    const InNamespace inside(router);
    set_sysctl("net/ipv4/ip_forward", "1");
  }
  configuration_ = {{"kernel", settings_.bridged ? "bridge without spanning tree" : "ip_forward=1"},
                    {"addresses", "those of weir's configuration"}};
}

void Rig::plug_loop(bool in) {
  for (const char* end : kLoopEnds)
    run_ip({"-n", router_namespace(), "link", "set", end, in ? "up" : "down"});
}

std::string Rig::log_end() const {
  std::deque<std::string> lines;
  std::ifstream stream(directory_ + "/router.log");
  for (std::string line; std::getline(stream, line);) {
    if (line.empty()) continue;
    lines.push_back("  " + line);
    if (lines.size() > kLogLines) lines.pop_front();
  }
  return lines.empty() ? "  (nothing)" : fmt::format("{}", fmt::join(lines, "\n"));
}

void Rig::remove() noexcept {
  try {
    if (pid_ != 0) end_processes({pid_}, std::chrono::seconds(10));
    pid_ = 0;
    for (const std::string& name : namespaces_) remove_namespace(name);
    namespaces_.clear();
    std::error_code ignored;
    fs::remove_all("/run/dpdk/" + prefix_, ignored);
    fs::remove_all(directory_, ignored);
    fs::remove(kDirectory, ignored);  // only when it is empty
  } catch (const std::exception&) {   // the next run sweeps
  }
}

void Rig::sweep() {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/run/netns", ignored)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kPrefix)) continue;
    const pid_t owner = std::atoi(name.c_str() + std::string_view(kPrefix).size());
    if (owner > 0 && beginning_of(owner) == 0) remove_namespace(name);
  }
  // Directories of runs, and what the EAL keeps for each.
  for (const auto& [parent, prefix] :
       {std::pair<const char*, std::string>{kDirectory, ""}, {"/run/dpdk", kPrefix}})
    for (const auto& entry : fs::directory_iterator(parent, ignored)) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with(prefix)) continue;
      const pid_t owner = std::atoi(name.c_str() + prefix.size());
      if (owner > 0 && beginning_of(owner) == 0) fs::remove_all(entry.path(), ignored);
    }
}

KernelNeighbors KernelNeighbors::read() {
  KernelNeighbors found;
  const auto number = [](const char* name, std::uint64_t& value) {
    std::ifstream(fmt::format("/proc/sys/net/ipv4/neigh/default/{}", name)) >> value;
  };
  number("gc_thresh1", found.gc_thresh1);
  number("gc_thresh2", found.gc_thresh2);
  number("gc_thresh3", found.gc_thresh3);
  std::ifstream statistics("/proc/net/stat/arp_cache");
  std::string titles, values;
  if (std::getline(statistics, titles) && std::getline(statistics, values))
    found.entries = std::strtoull(values.c_str(), nullptr, 16);
  return found;
}

}  // namespace weir::cli::storm
