#include "config/validate.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "config/address_text.hpp"
#include "config/connected.hpp"
#include "config/limits.hpp"
#include "config/text.hpp"

namespace weir::config {
namespace {

std::uint64_t key_of(const Ipv4Prefix& prefix) {
  return std::uint64_t{prefix.network().value()} << 8 | prefix.length();
}

/// " (line 12)", or nothing.
std::string in_line(SourceRef source) {
  return source.line > 0 ? cat(" in line ", source.line) : std::string{};
}

/// What a port is, so that two matches of one port are equal: `pci 0000:8a:00.0`.
std::string port_of(const PortMatch& match) {
  if (const auto* pci = std::get_if<PciMatch>(&match)) return cat("PCI device ", pci->address);
  if (const auto* host = std::get_if<LinuxMatch>(&match)) {
    return cat("Linux interface ", host->interface);
  }
  const std::string& arguments = std::get<VdevMatch>(match).arguments;
  return cat("virtual device ", arguments.substr(0, arguments.find(',')));
}

class Linter {
 public:
  explicit Linter(const Config& config) : config_(config), connected_(config) {}

  Findings run() {
    check_cores();
    check_memory();
    check_ports();
    check_macs();
    for (const auto& entry : connected_.entries()) check_address(entry);
    check_overlaps();
    check_neighbors();
    check_routes();
    findings_.sort();
    return std::move(findings_);
  }

 private:
  void error(SourceRef where, std::string message, std::string hint = {}) {
    findings_.error(config_.file, where, std::move(message), std::move(hint));
  }
  void warning(SourceRef where, std::string message, std::string hint = {}) {
    findings_.warning(config_.file, where, std::move(message), std::move(hint));
  }

  void check_cores();
  void check_memory();
  void check_ports();
  void check_port(const Ethernet& ethernet);
  void check_macs();
  void check_address(const ConnectedSubnets::Entry& entry);
  void check_overlaps();
  bool check_pair(const ConnectedSubnets::Entry& first, const ConnectedSubnets::Entry& second);
  void check_neighbors();
  void check_neighbor(const StaticNeighbor& neighbor);
  void check_routes();
  void check_gateways(const Route& route);

  const Config& config_;
  ConnectedSubnets connected_;
  Findings findings_;
};

void Linter::check_cores() {
  const System& system = config_.system;
  std::map<unsigned, std::string_view> jobs;
  const auto take = [&](unsigned core, std::string_view job, SourceRef where) {
    const auto [at, is_new] = jobs.emplace(core, job);
    if (is_new) return;
    if (at->second == job) {
      error(where, cat("core ", core, " is given twice"), "each core once");
    } else {
      warning(where, cat("core ", core, " is both a control and a worker core"),
              "a worker of full speed has a core of its own");
    }
  };
  for (std::size_t i = 0; i < system.control_cores.size(); ++i) {
    take(system.control_cores[i], "control", system.control_core_sources.at(i, system.source));
  }
  for (std::size_t i = 0; i < system.worker_cores.size(); ++i) {
    take(system.worker_cores[i], "worker", system.worker_core_sources.at(i, system.source));
  }
  if (system.worker_cores.size() > limits::kWorkers) {
    error(system.worker_core_sources.at(limits::kWorkers, system.source),
          cat(system.worker_cores.size(), " worker cores"), cat("at most ", limits::kWorkers));
  }
}

void Linter::check_memory() {
  const Memory& memory = config_.system.memory;
  if (memory.hugepage_bytes == 0) return;
  const std::uint64_t needed = memory.packets * limits::kPacketBytes;
  if (needed <= memory.hugepage_bytes) return;
  constexpr std::uint64_t kMegabyte = 1 << 20;
  // To the next of 64M: a round figure for the hint.
  const std::uint64_t enough = (needed / (64 * kMegabyte) + 1) * 64 * kMegabyte;
  error(memory.source,
        cat(memory.packets, " packets need about ", (needed + kMegabyte - 1) / kMegabyte,
            "M, more than hugepages: ", format_size(memory.hugepage_bytes)),
        cat("hugepages: ", format_size(enough),
            ", or packets: ", memory.hugepage_bytes / limits::kPacketBytes));
}

void Linter::check_port(const Ethernet& ethernet) {
  if (ethernet.addresses.size() > limits::kAddresses) {
    error(ethernet.address_sources.at(limits::kAddresses, ethernet.source),
          cat(ethernet.name, " has ", ethernet.addresses.size(), " addresses"),
          cat("at most ", limits::kAddresses));
  }
  if (ethernet.addresses.empty() && !ethernet.promiscuous) {
    warning(ethernet.source, cat(ethernet.name, " has no address: nothing is routed to or from it"),
            "such as addresses: [192.0.2.1/24]");
  }
  const auto* host = std::get_if<LinuxMatch>(&ethernet.match);
  if (host != nullptr && host->method == LinuxMatch::Method::af_xdp &&
      ethernet.mtu > limits::kMaxAfXdpMtu) {
    warning(ethernet.mtu_source, cat("mtu ", ethernet.mtu, " may not fit into AF_XDP's frames"),
            cat("up to ", limits::kMaxAfXdpMtu, ", or method: af-packet"));
  }
}

void Linter::check_ports() {
  const auto& ethernets = config_.ethernets;
  if (ethernets.empty()) {
    warning({}, "no ethernets: there is nothing to forward between",
            "such as ethernets: {lan0: {match: {linux: eth1}, addresses: [192.0.2.1/24]}}");
  }
  if (ethernets.size() > limits::kPorts) {
    error(ethernets[limits::kPorts].source, cat(ethernets.size(), " ports"),
          cat("at most ", limits::kPorts));
  }
  std::map<std::string, const Ethernet*> names;
  std::map<std::string, const Ethernet*> ports;
  for (const Ethernet& ethernet : ethernets) {
    check_port(ethernet);
    if (const auto [at, is_new] = names.emplace(ethernet.name, &ethernet); !is_new) {
      error(ethernet.source, cat("interface ", ethernet.name, " appears twice"),
            cat("first", in_line(at->second->source)));
    }
    const std::string port = port_of(ethernet.match);
    if (const auto [at, is_new] = ports.emplace(port, &ethernet); !is_new) {
      error(ethernet.match_source, cat(port, " is already ", at->second->name, "'s"),
            "each interface needs a port of its own");
    }
  }
}

void Linter::check_macs() {
  std::map<MacAddress, const Ethernet*> macs;
  for (const Ethernet& ethernet : config_.ethernets) {
    if (!ethernet.mac) continue;
    const std::string text = ethernet.mac->to_string();
    if (!ethernet.mac->is_station()) {
      error(ethernet.mac_source,
            cat(text, ethernet.mac->is_zero() ? " is no address at all" : " is a multicast address",
                ", not one of a port"),
            "the first byte must be even, such as 02:00:5e:10:00:09");
      continue;
    }
    if (const auto [at, is_new] = macs.emplace(*ethernet.mac, &ethernet); !is_new) {
      warning(ethernet.mac_source, cat("MAC ", text, " is also ", at->second->name, "'s"),
              "right only if they are never on one link");
    }
  }
}

void Linter::check_address(const ConnectedSubnets::Entry& entry) {
  const Ipv4Address address = entry.address.address;
  const Ipv4Prefix subnet = entry.address.subnet();
  const std::string text = entry.address.to_string();
  if (!address.is_host()) {
    const std::string_view kind = address.is_this_network() ? "in 0.0.0.0/8, \"this network\""
                                  : address.is_loopback()   ? "a loopback address"
                                  : address.is_multicast()  ? "a multicast address"
                                  : address.is_limited_broadcast()
                                      ? "the limited broadcast address"
                                      : "in 240.0.0.0/4, which is reserved";
    error(entry.source, cat(text, " is ", kind), "a host's address, such as 192.0.2.1/24");
  } else if (subnet.length() < limits::kShortestSubnet) {
    error(entry.source, cat(text, ": a connected subnet that wide"),
          cat("a prefix length of ", limits::kShortestSubnet, " to 32"));
  } else if (subnet.has_broadcast() && (address == subnet.network() || address == subnet.last())) {
    error(entry.source,
          cat(text, " is the ", address == subnet.network() ? "network" : "broadcast",
              " address of its subnet"),
          cat("hosts: ", to_string(host_range(subnet))));
  }
}

bool Linter::check_pair(const ConnectedSubnets::Entry& first,
                        const ConnectedSubnets::Entry& second) {
  const std::string text = second.address.to_string();
  if (first.address.address == second.address.address) {
    error(second.source,
          cat(second.address.address.to_string(), " is already ", first.interface->name, "'s"),
          cat("first", in_line(first.source)));
    return false;
  }
  const bool same_interface = first.interface == second.interface;
  const bool overlap = first.address.subnet().contains(second.address.subnet()) ||
                       second.address.subnet().contains(first.address.subnet());
  if (!overlap || (same_interface && first.address.length == second.address.length)) return true;
  error(second.source,
        cat(text, " overlaps ", same_interface ? "" : first.interface->name,
            same_interface ? "" : "'s ", first.address.to_string()),
        same_interface ? "several addresses in one subnet have the same prefix length"
                       : "each interface needs a subnet of its own");
  return false;
}

void Linter::check_overlaps() {
  const auto entries = connected_.entries();
  for (std::size_t second = 1; second < entries.size(); ++second) {
    for (std::size_t first = 0; first < second; ++first) {
      if (!check_pair(entries[first], entries[second])) break;
    }
  }
}

void Linter::check_neighbor(const StaticNeighbor& neighbor) {
  const auto& ethernets = config_.ethernets;
  const auto at = std::find_if(ethernets.begin(), ethernets.end(), [&](const Ethernet& ethernet) {
    return ethernet.name == neighbor.interface;
  });
  if (at == ethernets.end()) {
    std::vector<std::string_view> names;
    for (const Ethernet& ethernet : ethernets) names.push_back(ethernet.name);
    const std::string_view meant = nearest(neighbor.interface, names);
    error(neighbor.interface_source, cat("no interface ", shown(neighbor.interface)),
          meant.empty() ? cat("known: ", join(names)) : cat("did you mean ", meant, '?'));
  }
  if (!neighbor.mac.is_station()) {
    error(neighbor.mac_source,
          cat(neighbor.mac.to_string(),
              neighbor.mac.is_zero() ? " is no address at all" : " is a multicast address",
              ", not one of a neighbour"),
          "the first byte must be even, such as 02:00:5e:10:00:01");
  }
  const auto verdict = connected_.judge_neighbor("neighbour", neighbor.ip);
  if (!verdict.message.empty()) return error(neighbor.source, verdict.message, verdict.hint);
  const Ethernet* actual = connected_.find(neighbor.ip)->interface;
  if (at != ethernets.end() && actual != &*at) {
    error(neighbor.interface_source,
          cat("neighbour ", neighbor.ip.to_string(), " is on ", actual->name, "'s subnet, not on ",
              neighbor.interface, "'s"),
          cat("interface: ", actual->name));
  }
}

void Linter::check_neighbors() {
  const Neighbors& neighbors = config_.neighbors;
  if (neighbors.refresh_interval >= neighbors.lifetime) {
    error(neighbors.refresh_source,
          cat("refresh-interval ", format_duration(neighbors.refresh_interval),
              " is not shorter than lifetime ", format_duration(neighbors.lifetime)),
          "neighbours in use are refreshed before they expire");
  }
  if (neighbors.hold_per_neighbor > neighbors.hold_total) {
    error(neighbors.hold_source,
          cat("per-neighbor ", neighbors.hold_per_neighbor, " is more than total ",
              neighbors.hold_total),
          cat("total: ", neighbors.hold_per_neighbor, " or more"));
  }
  std::map<Ipv4Address, SourceRef> seen;
  for (const StaticNeighbor& neighbor : neighbors.statics) {
    check_neighbor(neighbor);
    if (const auto [at, is_new] = seen.emplace(neighbor.ip, neighbor.source); !is_new) {
      error(neighbor.source, cat("neighbour ", neighbor.ip.to_string(), " is given twice"),
            cat("first", in_line(at->second)));
    }
  }
}

void Linter::check_gateways(const Route& route) {
  for (std::size_t i = 0; i < route.via.size(); ++i) {
    const SourceRef where = route.via_sources.at(i, route.source);
    const auto verdict = connected_.judge_neighbor("gateway", route.via[i]);
    if (!verdict.message.empty()) error(where, verdict.message, verdict.hint);
    const auto end = route.via.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(route.via.begin(), end, route.via[i]) != end) {
      error(where, cat("gateway ", route.via[i].to_string(), " is given twice"), "each once");
    }
  }
  if (route.via.size() > limits::kGateways) {
    error(route.via_sources.at(limits::kGateways, route.source),
          cat(route.via.size(), " gateways of one route"), cat("at most ", limits::kGateways));
  }
}

void Linter::check_routes() {
  constexpr std::array<Ipv4Prefix, 4> kNeverForwarded{
      Ipv4Prefix{Ipv4Address{0, 0, 0, 0}, 8}, Ipv4Prefix{Ipv4Address{127, 0, 0, 0}, 8},
      Ipv4Prefix{Ipv4Address{224, 0, 0, 0}, 4}, Ipv4Prefix{Ipv4Address{240, 0, 0, 0}, 4}};
  std::unordered_map<std::uint64_t, SourceRef> seen;
  for (const Route& route : config_.routes) {
    check_gateways(route);
    if (const auto [at, is_new] = seen.emplace(key_of(route.to), route.source); !is_new) {
      error(route.source, cat("route to ", route.to.to_string(), " is given twice"),
            cat("first", in_line(at->second), "; several gateways: via: [A, B]"));
    }
    if (const auto* entry = connected_.find_subnet(route.to)) {
      warning(route.source,
              cat("route to ", route.to.to_string(), " has no effect: it is ",
                  entry->interface->name, "'s connected subnet"),
              "remove it");
    }
    for (const Ipv4Prefix& martian : kNeverForwarded) {
      if (route.type != RouteType::unicast || !martian.contains(route.to)) continue;
      warning(route.source,
              cat("route to ", route.to.to_string(), " has no effect: packets to ",
                  martian.to_string(), " are never forwarded"),
              "remove it");
    }
  }
  std::set<std::string> files;
  for (const RouteFile& file : config_.route_files) {
    if (!files.insert(file.path).second) {
      error(file.source, cat("route file ", shown(file.path), " is given twice"), "remove it");
    }
  }
}

}  // namespace

Findings validate(const Config& config) { return Linter{config}.run(); }

ParseResult load_file(const std::string& path) {
  ParseResult result = parse_file(path);
  if (!result) return result;
  result.findings.append(validate(*result.config));
  result.findings.sort();
  if (!result.findings.ok()) result.config.reset();
  return result;
}

}  // namespace weir::config
