#include "controlplane/cli/lab_state.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "controlplane/cli/process.hpp"

namespace weir::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDirectory = "/run/weir-lab";

Json to_json(const LabState::Host& host) {
  return {{"name", host.name}, {"namespace", host.network_namespace}, {"interface", host.interface},
          {"port", host.port}, {"addresses", host.addresses},         {"gateway", host.gateway}};
}

LabState::Host host_of(const Json& json) {
  return {.name = json.at("name"),
          .network_namespace = json.at("namespace"),
          .interface = json.at("interface"),
          .port = json.at("port"),
          .addresses = json.at("addresses"),
          .gateway = json.at("gateway")};
}

LabState lab_state_of(const Json& json) {
  LabState state;
  json.at("name").get_to(state.name);
  json.at("file").get_to(state.file);
  for (const Json& host : json.at("hosts")) state.hosts.push_back(host_of(host));
  json.at("router_namespace").get_to(state.router_namespace);
  json.at("socket").get_to(state.socket);
  json.at("router_pid").get_to(state.router_pid);
  json.at("router_beginning").get_to(state.router_beginning);
  json.at("namespaces").get_to(state.namespaces);
  return state;
}

[[noreturn]] void cannot_write(const std::string& path) {
  throw CliError(path + " cannot be written: " + std::strerror(errno));
}

}  // namespace

std::string LabState::directory() const { return std::string(kDirectory) + '/' + name; }

bool LabState::router_runs() const {
  return router_pid != 0 && beginning_of(router_pid) == router_beginning;
}

std::vector<std::string> LabState::needed_namespaces() const {
  std::vector<std::string> names{router_namespace};
  for (const Host& host : hosts) names.push_back(host.network_namespace);
  return names;
}

void LabState::save() const {
  Json json = {{"name", name},
               {"file", file},
               {"hosts", Json::array()},
               {"router_namespace", router_namespace},
               {"socket", socket},
               {"router_pid", router_pid},
               {"router_beginning", router_beginning},
               {"namespaces", namespaces}};
  for (const Host& host : hosts) json["hosts"].push_back(to_json(host));
  std::error_code failed;
  fs::create_directories(directory(), failed);
  const std::string final_path = path("state.json"), draft = path("state.json.new");
  std::ofstream stream(draft);
  stream << json.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
  stream.close();
  if (!stream || std::rename(draft.c_str(), final_path.c_str()) != 0) cannot_write(final_path);
}

std::optional<LabState> LabState::load(const std::string& name) {
  const std::string path = std::string(kDirectory) + '/' + name + "/state.json";
  std::ifstream stream(path);
  if (!stream) return std::nullopt;
  std::ostringstream text;
  text << stream.rdbuf();
  try {
    return lab_state_of(Json::parse(text.str()));
  } catch (const Json::exception& error) {
    throw CliError(path + " is damaged: " + error.what(), "remove the namespaces weir-" + name +
                                                              "-* with `ip netns delete`, then " +
                                                              std::string(kDirectory) + '/' + name);
  }
}

LabState LabState::of(const Lab& lab, const std::string& file) {
  LabState state;
  state.name = lab.name;
  if (!file.empty()) state.file = fs::absolute(file).lexically_normal().string();
  const std::string prefix = "weir-" + lab.name + '-';
  state.router_namespace = prefix + std::string(kRouterHost);
  state.socket = lab.router.services.api_socket;
  for (const LabHost& host : lab.hosts) {
    Host& added = state.hosts.emplace_back();
    added.name = host.name;
    added.network_namespace = prefix + host.name;
    added.interface = host.interface;
    added.port = host.port;
    for (const Ipv4InterfaceAddress& address : host.addresses)
      added.addresses.push_back(address.to_string());
    if (host.gateway) added.gateway = host.gateway->to_string();
  }
  return state;
}

std::vector<std::string> labs_present() {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(kDirectory, ignored))
    if (fs::exists(entry.path() / "state.json")) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

LabLock::LabLock() {
  const std::string path = std::string(kDirectory) + "/lock";
  std::error_code ignored;
  fs::create_directories(kDirectory, ignored);
  fd_ = api::Descriptor(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!fd_) cannot_write(path);
  while (flock(fd_.get(), LOCK_EX) != 0)
    if (errno != EINTR) cannot_write(path);
}

}  // namespace weir::cli
