#include "config/renumber.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "config/address_text.hpp"
#include "config/connected.hpp"
#include "config/interfaces.hpp"
#include "config/limits.hpp"
#include "config/route_file.hpp"
#include "config/text.hpp"
#include "config/validate.hpp"

namespace weir::config {
namespace {

std::vector<Ipv4InterfaceAddress>& addresses_of(Config& config, const InterfaceRef& interface) {
  switch (interface.kind) {
    case InterfaceRef::port:
      return config.ethernets[interface.index].addresses;
    case InterfaceRef::vlan:
      return config.vlans[interface.index].addresses;
    case InterfaceRef::bridge:
      break;
  }
  return config.bridges[interface.index].addresses;
}

bool is_host_of(const Ipv4InterfaceAddress& address, const Ipv4Prefix& subnet) {
  const HostRange range = host_range(subnet);
  return address.subnet() == subnet && range.first <= address.address &&
         address.address <= range.last;
}

/// The changes themselves.
class Changer {
 public:
  Changer(const Config& config, const Ipv4Prefix& parent, Renumbering& result)
      : interfaces_(config), parent_(parent), result_(result) {}

  void change(const WantedSubnet& wanted) {
    const InterfaceRef* interface = interfaces_.find(wanted.interface);
    if (interface == nullptr) return result_.unknown.push_back(wanted.interface);
    const auto& now = *interface->addresses;
    const auto is_there = [&](const auto& a) { return is_host_of(a, wanted.subnet); };
    if (std::any_of(now.begin(), now.end(), is_there))
      return result_.unchanged.push_back(wanted.interface);
    const Ipv4InterfaceAddress after{wanted.address,
                                     static_cast<std::uint8_t>(wanted.subnet.length())};
    auto& addresses = addresses_of(result_.changed, *interface);
    if (now.empty()) {
      result_.changes.push_back({interface->name, std::nullopt, after, interface->source});
      addresses.push_back(after);
      return;
    }
    const auto within = std::find_if(now.begin(), now.end(), [&](const auto& address) {
      return parent_.contains(address.address);
    });
    const auto index = static_cast<std::size_t>(within == now.end() ? 0 : within - now.begin());
    result_.changes.push_back({interface->name, now[index], after,
                               interface->address_sources->at(index, interface->source)});
    if (now[index].length < 32) result_.hosts.push_back({interface->name, now[index], after});
    addresses[index] = after;
  }

 private:
  InterfaceList interfaces_;
  Ipv4Prefix parent_;
  Renumbering& result_;
};

/// What the changes break.
class Breakages {
 public:
  Breakages(const Config& config, Renumbering& result)
      : config_(config), result_(result), before_(config), after_(result.changed) {}

  void find() {
    name_places();
    compare_lint();
    for (const Route& route : config_.routes) {
      for (std::size_t i = 0; i < route.via.size(); ++i)
        check_interface(route.via[i], config_.file, route.via_sources.at(i, route.source),
                        cat(" of the route to ", route.to.to_string()));
      check_prefix(route.to, config_.file, route.source);
    }
    for (const RouteFile& file : config_.route_files) check_file(file);
    std::stable_sort(result_.broken.begin(), result_.broken.end(),
                     [](const Broken& a, const Broken& b) {
                       return std::tie(a.kind, a.file, a.source.line, a.source.column) <
                              std::tie(b.kind, b.file, b.source.line, b.source.column);
                     });
  }

 private:
  struct Place {
    Broken::Kind kind;
    std::optional<Ipv4Address> host;  // that may move with its subnet
  };
  using Key = std::pair<int, int>;
  static Key key(SourceRef source) { return {source.line, source.column}; }

  /// What stands where, so that the lint's findings can be told apart.
  void name_places() {
    for (const ConnectedSubnets::Entry& entry : after_.entries())
      places_.insert({key(entry.source), {Broken::address, std::nullopt}});
    for (const StaticNeighbor& neighbor : config_.neighbors.statics) {
      for (const SourceRef source : {neighbor.source, neighbor.interface_source})
        places_.insert({key(source), {Broken::neighbor, neighbor.ip}});
    }
    for (const Route& route : config_.routes) {
      for (std::size_t i = 0; i < route.via.size(); ++i)
        places_.insert(
            {key(route.via_sources.at(i, route.source)), {Broken::gateway, route.via[i]}});
      places_.insert({key(route.source), {Broken::route, std::nullopt}});
    }
  }

  /// What the lint says then and does not say now; places are the same, the file is.
  void compare_lint() {
    using Said = std::tuple<int, int, std::string>;
    std::set<Said> now;
    const Findings before = validate(config_), after = validate(result_.changed);
    for (const Finding& finding : before.list())
      now.insert({finding.line, finding.column, finding.message});
    for (const Finding& finding : after.list()) {
      if (now.contains({finding.line, finding.column, finding.message})) continue;
      const auto at = places_.find({finding.line, finding.column});
      const Place place = at == places_.end() ? Place{Broken::other, std::nullopt} : at->second;
      result_.broken.push_back({place.kind,
                                finding.file,
                                {finding.line, finding.column},
                                finding.message,
                                place.host ? move_hint(*place.host, finding.hint) : finding.hint,
                                finding.severity == Finding::Severity::error,
                                finding.code});
    }
  }

  /// Where a host of a changed subnet would be that keeps its number in the new one.
  std::string move_hint(Ipv4Address host, const std::string& otherwise) const {
    for (const MovedHosts& moved : result_.hosts) {
      const Ipv4Prefix from = moved.before.subnet(), to = moved.after.subnet();
      if (!from.contains(host)) continue;
      const std::uint32_t number = host.value() - from.network().value();
      const Ipv4InterfaceAddress there{Ipv4Address{to.network().value() + number},
                                       moved.after.length};
      if (number <= to.host_mask() && is_host_of(there, to) && there.address != moved.after.address)
        return cat("if it moves with its subnet, ", there.address.to_string());
      return cat("one of ", moved.interface, "'s new hosts, ", to_string(host_range(to)));
    }
    return otherwise;
  }

  /// A gateway that is reached before and after, but on another link.
  void check_interface(Ipv4Address gateway, const std::string& file, SourceRef source,
                       const std::string& whose) {
    const auto* before = before_.find(gateway);
    const auto* after = after_.find(gateway);
    if (before == nullptr || after == nullptr || before->interface == after->interface) return;
    result_.broken.push_back(
        {Broken::gateway, file, source,
         cat("gateway ", gateway.to_string(), whose, " would be looked for on ", after->interface,
             ", no longer on ", before->interface),
         move_hint(gateway, {}), false, std::nullopt});
  }

  /// A route that takes addresses away from a new subnet.
  void check_prefix(const Ipv4Prefix& to, const std::string& file, SourceRef source) {
    for (const AddressChange& change : result_.changes) {
      const Ipv4Prefix subnet = change.after.subnet();
      const bool is_new = !change.before || change.before->subnet() != subnet;
      if (!is_new || !subnet.contains(to) || to == subnet) continue;
      // It did so before, when an old subnet had these addresses on the same interface.
      const auto* before = before_.find(to.network());
      if (before != nullptr && before->interface == change.interface &&
          before->address.subnet().contains(to))
        continue;
      result_.broken.push_back(
          {Broken::route, file, source,
           cat("the route to ", to.to_string(), " would take these addresses from ",
               change.interface, "'s ", subnet.to_string()),
           "remove it, or reserve its prefix", false, std::nullopt});
    }
  }

  void check_file(const RouteFile& file) {
    const std::string path = route_file_path(config_, file);
    const FileText text = read_file(path, limits::kRouteFileBytes);
    if (!text) return;
    const RouteChunk chunk = parse_routes(text.text, 1, path);
    std::vector<std::size_t> uses(chunk.groups.size(), 0);
    for (const FileRoute& route : chunk.routes) {
      ++uses[route.group];
      check_prefix(route.to, path, {static_cast<int>(route.line), 1});
    }
    // Groups that are equal are one.
    std::map<Ipv4Address, std::pair<SourceRef, std::size_t>> gateways;
    for (std::size_t i = 0; i < chunk.groups.size(); ++i) {
      const RouteGroup& group = chunk.groups[i];
      for (std::size_t g = 0; g < group.via.size(); ++g)
        gateways.try_emplace(group.via[g], group.via_sources.at(g, group.source), 0)
            .first->second.second += uses[i];
    }
    for (const auto& [gateway, place] : gateways) {
      const std::string whose = cat(" of ", place.second, place.second == 1 ? " route" : " routes");
      const auto now = before_.judge_neighbor("gateway", gateway);
      const auto then = after_.judge_neighbor("gateway", gateway);
      if (now.message.empty() && !then.message.empty()) {
        result_.broken.push_back(
            {Broken::gateway, path, place.first,
             cat(then.message, " (", place.second, place.second == 1 ? " route)" : " routes)"),
             move_hint(gateway, then.hint), true, then.code});
      } else {
        check_interface(gateway, path, place.first, whose);
      }
    }
  }

  const Config& config_;
  Renumbering& result_;
  ConnectedSubnets before_, after_;
  std::map<Key, Place> places_;
};

}  // namespace

Renumbering renumber(const Config& config, std::span<const WantedSubnet> wanted,
                     const Ipv4Prefix& parent) {
  Renumbering result;
  result.changed = config;
  Changer changer{config, parent, result};
  for (const WantedSubnet& subnet : wanted) changer.change(subnet);
  Breakages{config, result}.find();
  return result;
}

std::string_view name_of(Broken::Kind kind) {
  switch (kind) {
    case Broken::address:
      return "address";
    case Broken::neighbor:
      return "neighbor";
    case Broken::gateway:
      return "gateway";
    case Broken::route:
      return "route";
    case Broken::other:
      break;
  }
  return "other";
}

}  // namespace weir::config
