#include "controlplane/cli/lab_file.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <span>

#include "config/interfaces.hpp"
#include "config/limits.hpp"
#include "config/route_file.hpp"
#include "config/text.hpp"
#include "config/validate.hpp"
#include "config/yaml_reader.hpp"
#include "config/yaml_tree.hpp"
#include "controlplane/cli/default_lab.hpp"
#include "controlplane/cli/plain_name.hpp"

namespace weir::cli {
namespace {

using config::cat;
using config::Code;
using config::Complaint;
using config::SourceRef;
using config::YamlMap;
using config::YamlNode;
using config::YamlValue;
using Key = std::string_view;

constexpr std::size_t kMaxHosts = 16;
/// Names become part of namespaces' names and of directories'.
constexpr std::size_t kMaxNameBytes = 24;

std::optional<std::string> read_name(std::string_view text, Complaint& complaint) {
  return read_plain_name(text, "a lab or host", kMaxNameBytes, complaint);
}

std::optional<std::string> read_link_name(std::string_view text, Complaint& complaint) {
  if (text.size() <= config::limits::kLinuxNameBytes && text != "." && text != ".." &&
      text.find_first_of("/: ") == text.npos && text.front() != '-')
    return std::string(text);
  complaint = {Code::malformed, cat(config::shown(text), " is not a name of a Linux interface"),
               cat("up to ", config::limits::kLinuxNameBytes, " characters, no blank, / or :")};
  return std::nullopt;
}

void read_host(const YamlValue& key, const YamlValue& value, Lab& lab) {
  static constexpr Key kKeys[] = {"addresses", "gateway", "interface", "port", "mtu"};
  LabHost host;
  host.source = key.source();
  if (!key.parsed(read_name, host.name)) return;
  if (host.name == kRouterHost)
    return key.error(Code::lab_host_name, "\"router\" is the router's own namespace");
  host.port = cat("weir-", host.name).substr(0, config::limits::kLinuxNameBytes);
  const YamlMap map{value, kKeys};
  map.with("addresses", [&](const YamlValue& addresses) {
    addresses.list("[10.0.1.2/24]", [&](const YamlValue& entry) {
      Ipv4InterfaceAddress address;
      if (entry.parsed(config::read_interface_address, address)) host.addresses.push_back(address);
    });
  });
  map.with("gateway", [&](const YamlValue& gateway) {
    Ipv4Address address;
    host.gateway_source = gateway.source();
    if (gateway.parsed(config::read_address, address)) host.gateway = address;
  });
  map.with("interface", [&](const YamlValue& v) { v.parsed(read_link_name, host.interface); });
  map.with("port", [&](const YamlValue& v) { v.parsed(read_link_name, host.port); });
  map.with("mtu", [&](const YamlValue& v) {
    std::uint64_t mtu = host.mtu;
    v.number(config::limits::kMinMtu, config::limits::kMaxMtu, mtu);
    host.mtu = static_cast<std::uint16_t>(mtu);
  });
  if (!map.has("addresses") && map.all_known())
    key.error(Code::key_missing, "host without addresses", "addresses: [10.0.1.2/24]");
  lab.hosts.push_back(std::move(host));
}

/// Where the value of the top-level key behind `key` begins a new line; 0: `key` is the last.
int next_key_line(const YamlNode& root, std::string_view key) {
  for (std::size_t i = 0; i + 2 < root.children.size(); i += 2)
    if (root.children[i]->text == key) return root.children[i + 2]->source.line;
  return 0;
}

/// The part of `text` from `begin` to line `end_line` (0: the end), all before it blanked out: so
/// it is a file of its own in which everything still has its old place.
std::string cut_out(std::string_view text, SourceRef begin, int end_line) {
  std::string result;
  int line = 1;
  while (!text.empty() && (end_line == 0 || line < end_line)) {
    const std::size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
    const std::string_view content = text.substr(0, size);
    const auto indent = static_cast<std::size_t>(std::max(begin.column - 1, 0));
    if (line < begin.line)
      result += '\n';
    else if (line == begin.line && indent < content.size())
      result += std::string(indent, ' ') + std::string(content.substr(indent));
    else
      result += content;
    text.remove_prefix(size);
    ++line;
  }
  return result;
}

/// Whether the file is one `{ }`, as JSON is, in which values cannot be told by their lines.
bool is_in_braces(std::string_view text, SourceRef root) {
  for (int line = 1; line < root.line; ++line) text.remove_prefix(text.find('\n') + 1);
  const auto column = static_cast<std::size_t>(root.column - 1);
  return column < text.size() && text[column] == '{';
}

/// The configuration at `path` or in `text`, with all route files named by absolute paths.
void take_router(config::ParseResult parsed, Lab& lab, config::Findings& findings) {
  findings.append(parsed.findings);
  if (!parsed) return;
  findings.append(config::check_route_files(*parsed.config));
  lab.router = std::move(*parsed.config);
  for (config::RouteFile& file : lab.router.route_files)
    file.path = std::filesystem::absolute(config::route_file_path(lab.router, file)).string();
}

void read_router(const YamlValue& value, const YamlNode& root, const std::string& text,
                 const std::string& file, Lab& lab, config::Findings& findings) {
  if (value.node().kind == YamlNode::Kind::scalar) {
    const auto directory = std::filesystem::path(file).parent_path();
    return take_router(config::load_file((directory / value.node().text).string()), lab, findings);
  }
  if (value.node().kind != YamlNode::Kind::map)
    return value.unexpected(Code::wrong_type, "a configuration, or the path of one");
  const int next = next_key_line(root, "router");
  if (is_in_braces(text, root.source))
    return value.error(Code::lab_router_inside,
                       "a file that is one { } cannot have its router inside",
                       "name the router's file, or begin each key on a line of its own");
  config::ParseResult parsed = config::parse_text(cut_out(text, value.source(), next), file);
  if (parsed) parsed.findings.append(config::validate(*parsed.config));
  if (!parsed.findings.ok()) parsed.config.reset();
  take_router(std::move(parsed), lab, findings);
}

/// The router's interface that takes over the Linux interface `port`; null: none does.
const config::Ethernet* ethernet_at(const config::Config& router, const std::string& port) {
  for (const config::Ethernet& ethernet : router.ethernets)
    if (const auto* match = std::get_if<config::LinuxMatch>(&ethernet.match))
      if (match->interface == port) return &ethernet;
  return nullptr;
}

void lint_host(const LabHost& host, const config::Config& router, const std::string& file,
               config::Findings& findings) {
  const config::Ethernet* ethernet = ethernet_at(router, host.port);
  if (ethernet == nullptr) {
    findings.error(Code::lab_port_missing, file, host.source,
                   cat("nothing in the router's ethernets matches the port of ", host.name),
                   cat("match: {linux: ", host.port, "}"));
    return;
  }
  if (!host.gateway) return;
  const auto in_subnet = [&](const Ipv4InterfaceAddress& address) {
    return address.subnet().contains(*host.gateway);
  };
  if (std::none_of(host.addresses.begin(), host.addresses.end(), in_subnet))
    findings.error(Code::lab_gateway, file, host.gateway_source,
                   cat("gateway ", host.gateway->to_string(), " is in no subnet of ", host.name));
  const auto is_gateway = [&](const Ipv4InterfaceAddress& address) {
    return address.address == *host.gateway;
  };
  // What is routed of a bridge's port is routed by the bridge.
  const config::Bridge* bridge = config::bridge_of(router, ethernet->name);
  const auto& addresses = bridge != nullptr ? bridge->addresses : ethernet->addresses;
  if (std::none_of(addresses.begin(), addresses.end(), is_gateway))
    findings.error(Code::lab_gateway, file, host.gateway_source,
                   cat("gateway ", host.gateway->to_string(), " is no address of the router's ",
                       bridge != nullptr ? bridge->name : ethernet->name),
                   addresses.empty() ? std::string("it has none")
                                     : cat("it has ", addresses.front().to_string()));
}

void lint(const Lab& lab, const std::string& file, config::Findings& findings) {
  if (lab.hosts.size() > kMaxHosts)
    findings.error(Code::too_many, file, lab.hosts.back().source,
                   cat("more than ", kMaxHosts, " hosts"));
  std::map<std::string, std::string> ports;
  for (const LabHost& host : lab.hosts) {
    const auto [other, is_new] = ports.emplace(host.port, host.name);
    if (!is_new)
      findings.error(Code::lab_port_twice, file, host.source,
                     cat("port ", host.port, " is the one of ", other->second, " too"),
                     "give each host a port of its own");
    lint_host(host, lab.router, file, findings);
  }
}

}  // namespace

LabResult parse_lab(const std::string& text, const std::string& file) {
  static constexpr Key kKeys[] = {"version", "name", "hosts", "router"};
  LabResult result;
  config::Findings& findings = result.findings;
  const auto tree = config::parse_yaml(text, file, findings);
  if (!tree || tree->root == nullptr) {
    if (findings.ok())
      findings.error(Code::empty_file, file, {1, 1}, "nothing in it", "at least hosts and router");
    return result;
  }
  Lab lab;
  const YamlMap map{YamlValue{*tree->root, {}, file, findings}, kKeys};
  map.with("version", [&](const YamlValue& v) {
    if (!v.is_word("1"))
      v.unexpected(Code::unknown_word, "1", "the one version that this Weir reads");
  });
  map.with("name", [&](const YamlValue& v) { v.parsed(read_name, lab.name); });
  map.with("hosts", [&](const YamlValue& v) {
    YamlMap{v}.each(
        [&](const YamlValue& key, const YamlValue& host) { read_host(key, host, lab); });
  });
  bool has_router = false;
  map.with("router", [&](const YamlValue& v) {
    has_router = true;
    read_router(v, *tree->root, text, file, lab, findings);
  });
  if (lab.hosts.empty() && findings.ok())
    findings.error(Code::key_missing, file, {1, 1}, "no hosts",
                   "hosts: {left: {addresses: [10.0.1.2/24]}}");
  if (!has_router)
    findings.error(Code::key_missing, file, {1, 1}, "no router",
                   "router: PATH, or a configuration");
  if (findings.ok()) lint(lab, file, findings);
  findings.sort();
  if (findings.ok()) result.lab = std::move(lab);
  return result;
}

LabResult load_lab(const std::string& path) {
  if (path.empty()) return parse_lab(std::string(kDefaultLab), "lab.yaml (built in)");
  const config::FileText file = config::read_file(path, config::limits::kFileBytes);
  if (file) return parse_lab(file.text, path);
  LabResult result;
  result.findings.error(Code::file_unreadable, path, {}, file.error);
  return result;
}

}  // namespace weir::cli
