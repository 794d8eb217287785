#include "config/validate_zones.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include "config/coverage.hpp"
#include "config/text.hpp"

namespace weir::config {
namespace {

constexpr std::array<Ipv4Prefix, 3> kPrivate{Ipv4Prefix{Ipv4Address{10, 0, 0, 0}, 8},
                                             Ipv4Prefix{Ipv4Address{172, 16, 0, 0}, 12},
                                             Ipv4Prefix{Ipv4Address{192, 168, 0, 0}, 16}};

/// The block of RFC 1918 that the whole of `prefix` is in.
const Ipv4Prefix* block_of(const Ipv4Prefix& prefix) {
  const auto at = std::find_if(kPrivate.begin(), kPrivate.end(),
                               [&](const Ipv4Prefix& block) { return block.contains(prefix); });
  return at == kPrivate.end() ? nullptr : &*at;
}

/// A route that may let private addresses out, or keep them in.
struct Way {
  Ipv4Prefix to;
  const std::string* file = nullptr;
  SourceRef source;
  std::string outside;  // the public interface that it leads out of; empty: it does not
};

class ZoneLinter {
 public:
  ZoneLinter(const Config& config, const InterfaceList& interfaces,
             const ConnectedSubnets& connected, Findings& findings)
      : config_(config), connected_(connected), findings_(findings) {
    for (const InterfaceRef& interface : interfaces.all()) {
      if (zone_of(config, interfaces, interface) == Zone::outside) outside_.insert(interface.name);
    }
  }

  bool has_outside() const { return !outside_.empty(); }
  void check_addresses();
  void add_routes(bool tell);
  void add_routes_of(const RoutesOfFile& file);
  void check_leaks();

 private:
  /// The first public interface that any of the gateways is on, and which of them.
  std::optional<std::size_t> outside_gateway(const std::vector<Ipv4Address>& via) const;
  std::string interface_of(Ipv4Address gateway) const {
    return connected_.find(gateway)->interface;
  }
  void tell_route(const std::string& file, SourceRef where, const Ipv4Prefix& to,
                  Ipv4Address gateway);

  const Config& config_;
  const ConnectedSubnets& connected_;
  Findings& findings_;
  std::unordered_set<std::string> outside_;
  std::vector<Way> ways_;
};

void ZoneLinter::check_addresses() {
  for (const auto& entry : connected_.entries()) {
    const Ipv4Prefix* block = block_of({entry.address.address, 32});
    if (block == nullptr || !outside_.contains(entry.interface)) continue;
    findings_.warning(Code::zone_address, config_.file, entry.source,
                      cat(entry.address.to_string(), " is private (", block->to_string(), "), and ",
                          entry.interface, " is in the public zone"),
                      "an address from your provider, or zone: private");
  }
}

std::optional<std::size_t> ZoneLinter::outside_gateway(const std::vector<Ipv4Address>& via) const {
  for (std::size_t i = 0; i < via.size(); ++i) {
    const auto* entry = connected_.find(via[i]);
    if (entry != nullptr && outside_.contains(entry->interface)) return i;
  }
  return std::nullopt;
}

void ZoneLinter::tell_route(const std::string& file, SourceRef where, const Ipv4Prefix& to,
                            Ipv4Address gateway) {
  findings_.warning(Code::zone_route, file, where,
                    cat("private ", to.to_string(), " is routed to ", gateway.to_string(), " on ",
                        interface_of(gateway), ", which is in the public zone"),
                    "a gateway within, or type: unreachable");
}

void ZoneLinter::add_routes(bool tell) {
  for (const Route& route : config_.routes) {
    Way& way = ways_.emplace_back(Way{route.to, &config_.file, route.source, {}});
    const auto gateway = outside_gateway(route.via);
    if (!gateway) continue;
    way.outside = interface_of(route.via[*gateway]);
    if (!tell || block_of(route.to) == nullptr) continue;
    tell_route(config_.file, route.via_sources.at(*gateway, route.source), route.to,
               route.via[*gateway]);
  }
}

void ZoneLinter::add_routes_of(const RoutesOfFile& file) {
  for (const RouteChunk& chunk : file.chunks) {
    std::vector<std::optional<std::size_t>> gateways;
    for (const RouteGroup& group : chunk.groups) gateways.push_back(outside_gateway(group.via));
    for (const FileRoute& route : chunk.routes) {
      const bool is_private = block_of(route.to) != nullptr;
      // The others neither let private addresses out nor keep them in.
      if (!is_private && route.to.length() >= 16) continue;
      const SourceRef where{static_cast<int>(route.line), 1};
      Way& way = ways_.emplace_back(Way{route.to, &file.path, where, {}});
      const auto gateway = gateways[route.group];
      if (!gateway) continue;
      const Ipv4Address via = chunk.groups[route.group].via[*gateway];
      way.outside = interface_of(via);
      if (is_private) tell_route(file.path, where, route.to, via);
    }
  }
}

/// Of each block, the most specific route that holds it all: if that leads outside, packets to what
/// no route within the block takes are let out.
void ZoneLinter::check_leaks() {
  const bool has_private =
      std::any_of(connected_.entries().begin(), connected_.entries().end(), [&](const auto& entry) {
        return block_of(entry.address.subnet()) != nullptr && !outside_.contains(entry.interface);
      });
  if (!has_private) return;
  std::vector<Ipv4Prefix> prefixes;
  for (const Way& way : ways_) prefixes.push_back(way.to);
  for (const auto& entry : connected_.entries()) prefixes.push_back(entry.address.subnet());
  const Coverage coverage{prefixes};
  std::array<const Way*, kPrivate.size()> leaks{};
  for (std::size_t i = 0; i < kPrivate.size(); ++i) {
    for (const Way& way : ways_) {
      if (!way.to.contains(kPrivate[i])) continue;
      if (leaks[i] == nullptr || leaks[i]->to.length() < way.to.length()) leaks[i] = &way;
    }
    // One that is the block itself, or within it, is a finding of its own.
    if (leaks[i] == nullptr) continue;
    const bool is_told = leaks[i]->to == kPrivate[i];
    if (leaks[i]->outside.empty() || is_told || coverage.covered(kPrivate[i])) leaks[i] = nullptr;
  }
  for (std::size_t i = 0; i < kPrivate.size(); ++i) {
    const Way* leak = leaks[i];
    if (leak == nullptr) continue;
    std::string blocks, mend;
    for (std::size_t j = i; j < kPrivate.size(); ++j) {
      if (leaks[j] != leak) continue;
      blocks += cat(blocks.empty() ? "" : ", ", kPrivate[j].to_string());
      mend +=
          cat(mend.empty() ? "" : ", ", "{to: ", kPrivate[j].to_string(), ", type: unreachable}");
      leaks[j] = nullptr;
    }
    findings_.warning(
        Code::zone_leak, *leak->file, leak->source,
        cat("route to ", leak->to.to_string(), " lets private addresses out of ", leak->outside,
            ", which is in the public zone: what no route within ", blocks, " takes"),
        cat("routes that keep them: ", mend));
  }
}

}  // namespace

void check_zones(const Config& config, const InterfaceList& interfaces,
                 const ConnectedSubnets& connected, Findings& findings) {
  ZoneLinter linter{config, interfaces, connected, findings};
  if (!linter.has_outside()) return;
  linter.check_addresses();
  linter.add_routes(true);
  if (config.route_files.empty()) linter.check_leaks();
}

void check_zones_of_files(const Config& config, const InterfaceList& interfaces,
                          const ConnectedSubnets& connected, std::span<const RoutesOfFile> files,
                          Findings& findings) {
  ZoneLinter linter{config, interfaces, connected, findings};
  if (!linter.has_outside()) return;
  linter.add_routes(false);
  for (const RoutesOfFile& file : files) linter.add_routes_of(file);
  linter.check_leaks();
}

}  // namespace weir::config
