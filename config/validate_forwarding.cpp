#include "config/validate_forwarding.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config/coverage.hpp"
#include "config/limits.hpp"
#include "config/text.hpp"
#include "config/validate_switching.hpp"

namespace weir::config {
namespace {

using Subnet = ConnectedSubnets::Entry;

/// What ends before it is looked up (RFC 1812 section 5.3.7).
constexpr std::array<Ipv4Prefix, 4> kNeverForwarded{
    Ipv4Prefix{Ipv4Address{0, 0, 0, 0}, 8}, Ipv4Prefix{Ipv4Address{127, 0, 0, 0}, 8},
    Ipv4Prefix{Ipv4Address{224, 0, 0, 0}, 4}, Ipv4Prefix{Ipv4Address{240, 0, 0, 0}, 4}};

std::uint64_t key_of(const Ipv4Prefix& prefix) {
  return std::uint64_t{prefix.network().value()} << 8 | prefix.length();
}

class ForwardingLinter {
 public:
  ForwardingLinter(const Config& config, const InterfaceList& interfaces,
                   const ConnectedSubnets& connected, Findings& findings)
      : config_(config), interfaces_(interfaces), connected_(connected), findings_(findings) {}

  void run() {
    for (const Route& route : config_.routes) {
      check_gateways(route);
      check_effect(route);
    }
    check_duplicates();
    check_shadows();
    check_mtus();
  }

 private:
  void error(Code code, SourceRef where, std::string message, std::string hint = {}) {
    findings_.error(code, config_.file, where, std::move(message), std::move(hint));
  }
  void warning(Code code, SourceRef where, std::string message, std::string hint = {}) {
    findings_.warning(code, config_.file, where, std::move(message), std::move(hint));
  }

  void check_gateways(const Route& route);
  void check_effect(const Route& route);
  void check_duplicates();
  void check_shadows();
  std::vector<std::string_view> ways_of(const Route& route) const;
  void check_mtus();

  const Config& config_;
  const InterfaceList& interfaces_;
  const ConnectedSubnets& connected_;
  Findings& findings_;
};

void ForwardingLinter::check_gateways(const Route& route) {
  for (std::size_t i = 0; i < route.via.size(); ++i) {
    const SourceRef where = route.via_sources.at(i, route.source);
    const auto verdict = connected_.judge_neighbor("gateway", route.via[i]);
    if (!verdict.message.empty()) error(verdict.code, where, verdict.message, verdict.hint);
    const auto end = route.via.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(route.via.begin(), end, route.via[i]) != end) {
      error(Code::gateway_twice, where,
            cat("gateway ", route.via[i].to_string(), " is given twice"), "each once");
    }
  }
  if (route.via.size() > limits::kGateways) {
    error(Code::too_many, route.via_sources.at(limits::kGateways, route.source),
          cat(route.via.size(), " gateways of one route"), cat("at most ", limits::kGateways));
  }
}

/// What wins over a route whatever the state of links.
void ForwardingLinter::check_effect(const Route& route) {
  const std::string name = cat("route to ", route.to.to_string(), " has no effect: ");
  // By another interface, or as a verdict, it counts while the subnet's has no link.
  const Subnet* entry = connected_.find_subnet(route.to);
  const bool by_itself = route.type == RouteType::unicast &&
                         std::all_of(route.via.begin(), route.via.end(), [&](Ipv4Address gateway) {
                           return route.to.contains(gateway);
                         });
  if (entry != nullptr && by_itself) {
    warning(Code::route_is_connected, route.source,
            cat(name, "it is ", entry->interface, "'s connected subnet"), "remove it");
  }
  for (const Ipv4Prefix& martian : kNeverForwarded) {
    if (route.type != RouteType::unicast || !martian.contains(route.to)) continue;
    warning(Code::route_is_martian, route.source,
            cat(name, "packets to ", martian.to_string(), " are never forwarded"), "remove it");
  }
  if (route.to.length() < 32 || (entry != nullptr && by_itself)) return;
  const Ipv4Address to = route.to.network();
  if (const Subnet* own = connected_.find_own(to)) {
    warning(Code::route_to_own_address, route.source,
            cat(name, "it is the router's own address on ", own->interface), "remove it");
    return;
  }
  entry = connected_.find(to);
  const bool is_end =
      entry != nullptr && entry->address.subnet().has_broadcast() &&
      (to == entry->address.subnet().network() || to == entry->address.subnet().last());
  if (!is_end) return;
  warning(Code::route_to_own_address, route.source,
          cat(name, "it is the ", to == entry->address.subnet().last() ? "broadcast" : "network",
              " address of ", entry->interface, "'s ", entry->address.subnet().to_string()),
          "remove it");
}

void ForwardingLinter::check_duplicates() {
  std::unordered_map<std::uint64_t, SourceRef> seen;
  for (const Route& route : config_.routes) {
    const auto [at, is_new] = seen.emplace(key_of(route.to), route.source);
    if (is_new) continue;
    error(Code::route_twice, route.source,
          cat("route to ", route.to.to_string(), " is given twice"),
          cat("first", in_line(at->second), "; several gateways: via: [A, B]"));
  }
  std::set<std::string> files;
  for (const RouteFile& file : config_.route_files) {
    if (!files.insert(file.path).second) {
      error(Code::route_file_twice, file.source,
            cat("route file ", shown(file.path), " is given twice"), "remove it");
    }
  }
}

/// The interfaces that a route's gateways are on, in order, each once; none: it is always there.
std::vector<std::string_view> ForwardingLinter::ways_of(const Route& route) const {
  std::vector<std::string_view> ways;
  for (const Ipv4Address gateway : route.via) {
    const Subnet* entry = connected_.find(gateway);
    if (entry != nullptr) ways.push_back(entry->interface);
  }
  std::sort(ways.begin(), ways.end());
  ways.erase(std::unique(ways.begin(), ways.end()), ways.end());
  return ways;
}

/// Routes follow the link: a route counts where a more specific one has gone with its interfaces.
/// So it is covered only by those that are there whenever it is: verdicts, and those with gateways
/// on all of its interfaces.
void ForwardingLinter::check_shadows() {
  std::vector<Ipv4Prefix> prefixes;
  std::vector<std::vector<std::string_view>> ways;
  for (const Route& route : config_.routes) {
    prefixes.push_back(route.to);
    ways.push_back(ways_of(route));
  }
  for (const Subnet& entry : connected_.entries()) {
    prefixes.push_back(entry.address.subnet());
    ways.push_back({entry.interface});
  }
  for (const Ipv4Prefix& martian : kNeverForwarded) {
    prefixes.push_back(martian);
    ways.emplace_back();
  }
  const Coverage coverage{prefixes};
  for (std::size_t i = 0; i < config_.routes.size(); ++i) {
    const Route& route = config_.routes[i];
    const bool is_shadowed = coverage.covered(i, [&](std::size_t other) {
      if (ways[other].empty())
        return other >= config_.routes.size() || config_.routes[other].via.empty();
      return !ways[i].empty() &&
             std::includes(ways[other].begin(), ways[other].end(), ways[i].begin(), ways[i].end());
    });
    if (!is_shadowed) continue;
    warning(Code::route_shadowed, route.source,
            cat("route to ", route.to.to_string(),
                " never matches: more specific routes cover all of it"),
            "remove it, or one of those");
  }
}

/// What comes by an interface of a larger MTU and leaves by a gateway on one of a smaller.
void ForwardingLinter::check_mtus() {
  std::set<std::string_view> by_gateway;
  for (const Route& route : config_.routes) {
    for (const std::string_view way : ways_of(route)) by_gateway.insert(way);
  }
  if (by_gateway.empty()) return;
  const InterfaceRef* largest = nullptr;
  unsigned most = 0;
  for (const InterfaceRef& interface : interfaces_.all()) {
    const auto mtu = mtu_of(config_, interfaces_, interface);
    if (interface.addresses->empty() || !mtu || *mtu <= most) continue;
    largest = &interface;
    most = *mtu;
  }
  for (const InterfaceRef& interface : interfaces_.all()) {
    const auto mtu = mtu_of(config_, interfaces_, interface);
    if (!by_gateway.contains(interface.name) || !mtu || *mtu >= most) continue;
    const SourceRef where = mtu_source(config_, interface);
    warning(Code::mtu_of_path, where.line > 0 ? where : interface.source,
            cat("mtu ", *mtu, " of ", interface.name, " is less than ", largest->name, "'s ", most,
                ": what comes there and is routed by a gateway here may not fit"),
            cat("the same mtu on both, or it is fragmented or refused (RFC 1191)"));
  }
}

}  // namespace

void check_forwarding(const Config& config, const InterfaceList& interfaces,
                      const ConnectedSubnets& connected, Findings& findings) {
  ForwardingLinter{config, interfaces, connected, findings}.run();
}

}  // namespace weir::config
