#include "config/validate.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "config/address_text.hpp"
#include "config/connected.hpp"
#include "config/group.hpp"
#include "config/interfaces.hpp"
#include "config/limits.hpp"
#include "config/memory.hpp"
#include "config/text.hpp"
#include "config/validate_forwarding.hpp"
#include "config/validate_neighbors.hpp"
#include "config/validate_switching.hpp"
#include "config/validate_zones.hpp"

namespace weir::config {
namespace {

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
  explicit Linter(const Config& config)
      : config_(config), interfaces_(config), connected_(config) {}

  Findings run() {
    check_cores();
    check_memory();
    check_packets();
    check_ports();
    check_macs();
    check_switching(config_, interfaces_, findings_);
    for (const auto& entry : connected_.entries()) check_address(entry);
    for (const InterfaceRef& interface : interfaces_.all()) check_alone(interface);
    check_overlaps();
    check_neighbors(config_, interfaces_, connected_, findings_);
    check_forwarding(config_, interfaces_, connected_, findings_);
    check_zones(config_, interfaces_, connected_, findings_);
    check_readers();
    findings_.sort();
    return std::move(findings_);
  }

 private:
  void error(Code code, SourceRef where, std::string message, std::string hint = {}) {
    findings_.error(code, config_.file, where, std::move(message), std::move(hint));
  }
  void warning(Code code, SourceRef where, std::string message, std::string hint = {}) {
    findings_.warning(code, config_.file, where, std::move(message), std::move(hint));
  }

  void check_cores();
  void check_memory();
  void check_packets();
  void check_ports();
  void check_port(const Ethernet& ethernet);
  void check_macs();
  void check_address(const ConnectedSubnets::Entry& entry);
  void check_overlaps();
  void report_pair(const ConnectedSubnets::Entry& first, const ConnectedSubnets::Entry& second);
  void check_alone(const InterfaceRef& interface);
  void check_readers();

  const Config& config_;
  InterfaceList interfaces_;
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
      error(Code::core_twice, where, cat("core ", core, " is given twice"), "each core once");
    } else {
      warning(Code::core_shared, where, cat("core ", core, " is both a control and a worker core"),
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
    error(Code::too_many, system.worker_core_sources.at(limits::kWorkers, system.source),
          cat(system.worker_cores.size(), " worker cores"), cat("at most ", limits::kWorkers));
  }
}

void Linter::check_memory() {
  const Memory& memory = config_.system.memory;
  if (memory.hugepage_bytes == 0) return;
  const std::uint64_t each = packet_bytes(config_);
  const std::uint64_t needed = memory.packets * each;
  if (needed <= memory.hugepage_bytes) return;
  constexpr std::uint64_t kMegabyte = 1 << 20;
  // To the next of 64M: a round figure for the hint.
  const std::uint64_t enough = (needed / (64 * kMegabyte) + 1) * 64 * kMegabyte;
  error(Code::packets_beyond_memory, memory.source,
        cat(memory.packets, " packets need about ", (needed + kMegabyte - 1) / kMegabyte,
            "M, more than hugepages: ", format_size(memory.hugepage_bytes),
            in_line(memory.hugepages_source)),
        cat("hugepages: ", format_size(enough), ", or packets: ", memory.hugepage_bytes / each));
}

/// What is nowhere else but in queues and caches is lost to forwarding.
void Linter::check_packets() {
  const System& system = config_.system;
  const QueuedPackets queues = queued_packets(config_);
  const std::uint64_t cached = cached_packets(config_);
  if (queues.packets == 0 || system.memory.packets >= queues.packets + cached) return;
  // To the next of 1,024: a round figure for the hint.
  const std::uint64_t enough = ((queues.packets + cached) / 1024 + 1) * 1024;
  const std::uint64_t ports = queues.nics + queues.xdp_ports;
  const std::uint16_t descriptors = ring_descriptors(config_);
  const bool fits = queued_packets(config_, descriptors).packets + cached <= system.memory.packets;
  const std::string outcome =
      fits ? cat("make queues of ", descriptors, " descriptors, not ", limits::kDescriptors)
           : "may run out";
  warning(Code::packets_short, system.memory.source,
          cat(system.memory.packets, " packets ", outcome, ": the queues of ", ports,
              queues.xdp_ports == 0 ? " NIC" : " port", ports == 1 ? "" : "s", " hold up to ",
              queues.packets, ", workers' caches ", cached),
          cat("packets: ", enough, ", or fewer queues"));
}

void Linter::check_port(const Ethernet& ethernet) {
  const auto* host = std::get_if<LinuxMatch>(&ethernet.match);
  if (host != nullptr && host->method == LinuxMatch::Method::af_xdp &&
      ethernet.mtu > limits::kMaxAfXdpMtu) {
    warning(Code::mtu_beyond_af_xdp, ethernet.mtu_source,
            cat("mtu ", ethernet.mtu, " may not fit into AF_XDP's frames"),
            cat("up to ", limits::kMaxAfXdpMtu, ", or method: af-packet"));
  }
}

void Linter::check_ports() {
  const auto& ethernets = config_.ethernets;
  if (ethernets.empty()) {
    warning(Code::no_ports, {}, "no ethernets: there is nothing to forward between",
            "such as ethernets: {lan0: {match: {linux: eth1}, addresses: [192.0.2.1/24]}}");
  }
  if (ethernets.size() > limits::kPorts) {
    error(Code::too_many, ethernets[limits::kPorts].source, cat(ethernets.size(), " ports"),
          cat("at most ", limits::kPorts));
  }
  std::map<std::string, const Ethernet*> ports;
  for (const Ethernet& ethernet : ethernets) {
    check_port(ethernet);
    const std::string port = port_of(ethernet.match);
    if (const auto [at, is_new] = ports.emplace(port, &ethernet); !is_new) {
      error(Code::port_twice, ethernet.match_source,
            cat(port, " is already ", at->second->name, "'s"),
            "each interface needs a port of its own");
    }
  }
}

void Linter::check_macs() {
  std::map<MacAddress, std::string_view> macs;
  const auto check = [&](const auto& interface, std::string_view kind) {
    if (!interface.mac) return;
    const std::string text = interface.mac->to_string();
    if (!interface.mac->is_station()) {
      error(
          Code::mac_of_no_station, interface.mac_source,
          cat(text, interface.mac->is_zero() ? " is no address at all" : " is a multicast address",
              ", not one of a ", kind),
          "the first byte must be even, such as 02:00:5e:10:00:09");
      return;
    }
    if (const auto [at, is_new] = macs.emplace(*interface.mac, interface.name); !is_new) {
      warning(Code::mac_twice, interface.mac_source,
              cat("MAC ", text, " is also ", at->second, "'s"),
              "right only if they are never on one link");
    }
  };
  for (const Ethernet& ethernet : config_.ethernets) check(ethernet, "port");
  for (const Bridge& bridge : config_.bridges) check(bridge, "bridge");
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
    error(Code::address_of_no_host, entry.source, cat(text, " is ", kind),
          "a host's address, such as 192.0.2.1/24");
  } else if (subnet.length() < limits::kShortestSubnet) {
    error(Code::subnet_too_wide, entry.source, cat(text, ": a connected subnet that wide"),
          cat("a prefix length of ", limits::kShortestSubnet, " to 32"));
  } else if (subnet.has_broadcast() && (address == subnet.network() || address == subnet.last())) {
    error(Code::address_network_or_broadcast, entry.source,
          cat(text, " is the ", address == subnet.network() ? "network" : "broadcast",
              " address of its subnet"),
          cat("hosts: ", to_string(host_range(subnet))));
  }
}

/// Nothing is ever sent out of an interface that has no subnet with a host besides the router.
void Linter::check_alone(const InterfaceRef& interface) {
  const auto& addresses = *interface.addresses;
  const bool alone = std::all_of(addresses.begin(), addresses.end(),
                                 [](const auto& address) { return address.length == 32; });
  if (addresses.empty() || !alone || !addresses.front().address.is_host()) return;
  warning(Code::address_alone, interface.address_sources->at(0, interface.source),
          cat(interface.name, " has no subnet but ", addresses.front().to_string(),
              ": no neighbour can be there"),
          cat("for two routers on a cable: ", addresses.front().address.to_string(), "/31"));
}

void Linter::report_pair(const ConnectedSubnets::Entry& first,
                         const ConnectedSubnets::Entry& second) {
  if (first.address.address == second.address.address) {
    return error(Code::address_twice, second.source,
                 cat(second.address.address.to_string(), " is already ", first.interface, "'s"),
                 cat("first", in_line(first.source)));
  }
  const bool same_subnet =
      first.interface != second.interface && first.address.subnet() == second.address.subnet();
  const bool same_interface = first.interface == second.interface;
  error(same_subnet ? Code::subnet_shared : Code::subnets_overlap, second.source,
        cat(second.address.to_string(), " overlaps ", same_interface ? "" : first.interface,
            same_interface ? "" : "'s ", first.address.to_string()),
        same_interface ? "several addresses in one subnet have the same prefix length"
                       : "each interface needs a subnet of its own");
}

// Each entry against all before it, by hash: with 512 interfaces of 64 addresses each, pairs would
// be half a billion.
void Linter::check_overlaps() {
  using Places = std::unordered_map<std::uint32_t, std::size_t>;  // network -> the first entry
  std::array<Places, 33> exact;                                   // by prefix length: subnets
  std::array<Places, 33> longer;  // subnets of longer prefixes within
  std::unordered_map<std::uint32_t, std::size_t> own;
  std::set<unsigned> lengths;
  const auto entries = connected_.entries();
  for (const auto& entry : entries) lengths.insert(entry.address.length);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Ipv4InterfaceAddress& address = entries[i].address;
    std::size_t first = i;
    const auto look = [&](const Places& places, std::uint32_t key, bool same_length) {
      const auto at = places.find(key);
      if (at == places.end()) return;
      if (same_length && entries[at->second].interface == entries[i].interface) return;
      first = std::min(first, at->second);
    };
    look(own, address.address.value(), false);
    own.emplace(address.address.value(), i);
    for (const unsigned length : lengths) {
      const std::uint32_t network = Ipv4Prefix{address.address, length}.network().value();
      if (length <= address.length) look(exact[length], network, length == address.length);
      if (length == address.length) look(longer[length], network, false);
      if (length == address.length) exact[length].emplace(network, i);
      if (length < address.length) longer[length].emplace(network, i);
    }
    if (first < i) report_pair(entries[first], entries[i]);
  }
}

void Linter::check_readers() {
  const Readers& readers = config_.services.api_readers;
  const SourceRef source = config_.services.readers_source;
  for (std::size_t i = 0; i < readers.groups.size() && i < limits::kReaderGroups; ++i) {
    if (group_id(readers.groups[i])) continue;
    warning(Code::readers_unknown, readers.sources.at(i, source),
            cat("this machine has no group ", shown(readers.groups[i]), ": it lets nobody in"),
            "getent group lists them; groupadd makes one; all: everybody");
  }
  if (readers.groups.size() > limits::kReaderGroups) {
    error(Code::too_many, readers.sources.at(limits::kReaderGroups, source),
          cat(readers.groups.size(), " groups"), cat("at most ", limits::kReaderGroups));
  }
}

ParseResult validated(ParseResult result) {
  if (!result) return result;
  result.findings.append(validate(*result.config));
  result.findings.sort();
  if (!result.findings.ok()) result.config.reset();
  return result;
}

}  // namespace

Findings validate(const Config& config) { return Linter{config}.run(); }

ParseResult load_text(std::string_view text, const std::string& file) {
  return validated(parse_text(text, file));
}

ParseResult load_file(const std::string& path) { return validated(parse_file(path)); }

}  // namespace weir::config
