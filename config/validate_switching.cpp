#include "config/validate_switching.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "config/limits.hpp"

namespace weir::config {
namespace {

/// AF_PACKET takes tags off and puts them back as 802.1Q's.
bool loses_tag_protocol(const Ethernet& ethernet) {
  const auto* host = std::get_if<LinuxMatch>(&ethernet.match);
  return host != nullptr && host->method != LinuxMatch::Method::af_xdp;
}

/// What `method: auto` means is decided where the router runs.
std::string_view taken_by_af_packet(const Ethernet& ethernet) {
  return std::get<LinuxMatch>(ethernet.match).method == LinuxMatch::Method::automatic
             ? "AF_PACKET, which method: auto may mean,"
             : "AF_PACKET";
}

class SwitchingLinter {
 public:
  SwitchingLinter(const Config& config, const InterfaceList& interfaces, Findings& findings)
      : config_(config), interfaces_(interfaces), findings_(findings) {}

  void run() {
    const auto all = interfaces_.all();
    if (all.size() > limits::kInterfaces) {
      error(Code::too_many, all[limits::kInterfaces].source,
            cat(all.size(), " interfaces: ports, VLANs and bridges"),
            cat("at most ", limits::kInterfaces));
      return;  // what follows is bounded by this
    }
    take_jobs();
    for (const InterfaceRef& interface : all) check_interface(interface);
    check_vlans();
    check_bridges();
    check_mirrors();
  }

 private:
  void error(Code code, SourceRef where, std::string message, std::string hint = {}) {
    findings_.error(code, config_.file, where, std::move(message), std::move(hint));
  }
  void warning(Code code, SourceRef where, std::string message, std::string hint = {}) {
    findings_.warning(code, config_.file, where, std::move(message), std::move(hint));
  }
  void no_interface(SourceRef where, std::string_view name, InterfaceRef::Kind last) {
    // Past the findings that are kept, the search for a near name would be for nothing.
    error(Code::interface_missing, where, cat("no interface ", shown(name)),
          findings_.errors() < Findings::kDefaultLimit ? interfaces_.suggest(name, last) : "");
  }
  const Vlan* find_vlan(std::string_view name) const {
    const InterfaceRef* interface = interfaces_.find(name);
    return interface != nullptr && interface->kind == InterfaceRef::vlan
               ? &config_.vlans[interface->index]
               : nullptr;
  }

  void take_jobs();
  void check_interface(const InterfaceRef& interface);
  void check_vlans();
  void check_link(const Vlan& vlan);
  void check_tags(const Vlan& vlan, const Vlan& outer);
  std::optional<unsigned> mtu_below(std::string_view name) const;
  void check_bridges();
  bool check_members(const Bridge& bridge);
  bool check_member(const Bridge& bridge, const BridgeMember& member);
  void check_leaks(const Bridge& bridge, const BridgeMember& member,
                   const std::unordered_set<std::string_view>& members);
  void check_bridge_mtu(const Bridge& bridge);
  void check_mac_table(const Bridge& bridge);
  void check_statics(const Bridge& bridge);
  void check_spanning_tree(const Bridge& bridge);
  void check_mirrors();
  void check_target(const Mirror& mirror);

  const Config& config_;
  const InterfaceList& interfaces_;
  Findings& findings_;
  // What an interface is there for besides its addresses.
  std::unordered_map<std::string_view, const Vlan*> carries_;   // the first VLAN on it
  std::unordered_map<std::string_view, const Bridge*> owners_;  // the first bridge that has it
  std::unordered_set<std::string_view> mirrored_;               // sources
  std::unordered_set<std::string_view> targets_;
};

void SwitchingLinter::take_jobs() {
  for (const Vlan& vlan : config_.vlans) carries_.emplace(vlan.link, &vlan);
  for (const Bridge& bridge : config_.bridges) {
    for (const BridgeMember& member : bridge.members) owners_.emplace(member.interface, &bridge);
  }
  for (const Mirror& mirror : config_.mirrors) {
    mirrored_.insert(mirror.from);
    if (!mirror.to.empty()) targets_.insert(mirror.to);
  }
}

void SwitchingLinter::check_interface(const InterfaceRef& interface) {
  const std::string& name = interface.name;
  if (const InterfaceRef* first = interfaces_.find(name); first != &interface) {
    error(Code::name_twice, interface.source, cat("interface ", name, " appears twice"),
          cat("first", in_line(first->source)));
  }
  const std::size_t addresses = interface.addresses->size();
  if (addresses > limits::kAddresses) {
    error(Code::too_many, interface.address_sources->at(limits::kAddresses, interface.source),
          cat(name, " has ", addresses, " addresses"), cat("at most ", limits::kAddresses));
  }
  const bool is_used =
      addresses > 0 || interface.kind == InterfaceRef::bridge || carries_.contains(name) ||
      owners_.contains(name) || targets_.contains(name) ||
      (interface.kind == InterfaceRef::port && config_.ethernets[interface.index].promiscuous);
  if (!is_used) {
    warning(Code::interface_unused, interface.source,
            cat(name, " has no address: nothing is routed to or from it"),
            "such as addresses: [192.0.2.1/24]");
  }
}

/// Of a port or VLAN; a bridge among them is an error of its own.
std::optional<unsigned> SwitchingLinter::mtu_below(std::string_view name) const {
  const InterfaceRef* interface = interfaces_.find(name);
  if (interface == nullptr || interface->kind == InterfaceRef::bridge) return std::nullopt;
  return mtu_of(config_, interfaces_, *interface);
}

void SwitchingLinter::check_tags(const Vlan& vlan, const Vlan& outer) {
  const Vlan* next = &outer;
  for (std::size_t steps = 0; next != nullptr && steps <= config_.vlans.size(); ++steps) {
    if (next == &vlan) {
      return error(Code::vlan_behind_itself, vlan.link_source, cat(vlan.name, " is behind itself"),
                   "its link leads back to it; in the end there must be a port");
    }
    next = find_vlan(next->link);
  }
  if (find_vlan(outer.link) != nullptr) {
    error(Code::vlan_three_tags, vlan.link_source, cat(vlan.name, " would have three tags"),
          cat(outer.name, " has two already, which is the most"));
  } else if (outer.protocol == VlanProtocol::dot1q && vlan.protocol == VlanProtocol::dot1ad) {
    warning(Code::vlan_tag_order, vlan.source,
            cat(vlan.name, " has its 802.1ad tag inside ", outer.name, "'s 802.1q tag"),
            "service tags are the outer ones: IEEE 802.1Q-2018 clause 15");
  }
}

void SwitchingLinter::check_link(const Vlan& vlan) {
  const InterfaceRef* link = interfaces_.find(vlan.link);
  if (link == nullptr) {
    return no_interface(vlan.link_source, vlan.link, InterfaceRef::vlan);
  }
  if (link->kind == InterfaceRef::bridge) {
    return error(Code::vlan_on_bridge, vlan.link_source,
                 cat(vlan.link, " is a bridge, which has no tags"),
                 "make a bridge for each VLAN, of VLANs of ports");
  }
  if (link->kind == InterfaceRef::vlan) {
    check_tags(vlan, config_.vlans[link->index]);
  } else if (vlan.protocol == VlanProtocol::dot1ad &&
             loses_tag_protocol(config_.ethernets[link->index])) {
    warning(Code::vlan_tag_lost, vlan.source,
            cat(vlan.name, ": ", taken_by_af_packet(config_.ethernets[link->index]),
                " does not tell 802.1ad's tags from 802.1Q's: outer tags "
                "leave as 0x8100"),
            cat("method: af-xdp for ", vlan.link));
  }
  const auto room = mtu_below(vlan.link);
  if (vlan.mtu && room && *vlan.mtu > *room) {
    error(Code::mtu_beyond_link, vlan.mtu_source,
          cat("mtu ", *vlan.mtu, " is more than ", vlan.link, "'s ", *room),
          cat("mtu: ", *room, ", or less"));
  }
}

void SwitchingLinter::check_vlans() {
  for (const Ethernet& ethernet : config_.ethernets) {
    if (!ethernet.other_vlans || !loses_tag_protocol(ethernet)) continue;
    warning(Code::vlan_tag_lost, ethernet.match_source,
            cat(ethernet.name, ", other-vlans: pass: ", taken_by_af_packet(ethernet),
                " does not tell 802.1ad's tags from "
                "802.1Q's: outer tags leave as 0x8100"),
            "method: af-xdp");
  }
  using Tag = std::pair<std::string_view, std::uint16_t>;  // a link and an id
  std::map<Tag, const Vlan*> ids;
  for (const Vlan& vlan : config_.vlans) {
    check_link(vlan);
    if (vlan.id < 1 || vlan.id > limits::kMaxVlanId) {
      error(Code::out_of_range, vlan.id_source, cat("VLAN ", vlan.id, " is out of range"),
            cat("1 to ", limits::kMaxVlanId));
    }
    if (const auto [at, is_new] = ids.emplace(Tag{vlan.link, vlan.id}, &vlan); !is_new) {
      error(Code::vlan_id_twice, vlan.id_source,
            cat("VLAN ", vlan.id, " of ", vlan.link, " is already ", at->second->name),
            "each id once on a link");
    }
  }
}

void SwitchingLinter::check_leaks(const Bridge& bridge, const BridgeMember& member,
                                  const std::unordered_set<std::string_view>& members) {
  const Vlan* vlan = find_vlan(member.interface);
  for (int tags = 0; vlan != nullptr && tags < 2; ++tags, vlan = find_vlan(vlan->link)) {
    if (!members.contains(vlan->link)) continue;
    warning(Code::member_leaks, member.source,
            cat(bridge.name, " has ", vlan->link, " and its VLAN ", member.interface,
                ": frames leak between the two"),
            "right only to translate tags");
  }
}

bool SwitchingLinter::check_member(const Bridge& bridge, const BridgeMember& member) {
  const std::string& name = member.interface;
  const InterfaceRef* interface = interfaces_.find(name);
  if (interface == nullptr) {
    no_interface(member.source, name, InterfaceRef::vlan);
    return false;
  }
  if (interface->kind == InterfaceRef::bridge) {
    error(Code::member_is_bridge, member.source, cat(name, " is a bridge"),
          "a bridge's interfaces are ports and VLANs");
    return false;
  }
  if (const Bridge* owner = owners_.at(name); owner != &bridge) {
    error(Code::member_taken, member.source, cat(name, " is already ", owner->name, "'s"),
          "each interface belongs to one bridge");
  }
  if (!interface->addresses->empty()) {
    error(Code::member_has_addresses, member.source,
          cat(name, " has addresses, and belongs to ", bridge.name),
          cat("put them on the bridge: addresses: [", interface->addresses->front().to_string(),
              interface->addresses->size() > 1 ? ", ...]" : "]"));
  }
  if (member.max_stations && *member.max_stations > bridge.mac_table.max) {
    const SourceRef said = member.max_stations_source;
    error(Code::stations_bound, said.line > 0 ? said : member.source,
          cat(name, "'s max-stations ", *member.max_stations, " is more than mac-table.max ",
              bridge.mac_table.max),
          cat("max-stations: ", bridge.mac_table.max, ", or less"));
  }
  return true;
}

/// False when there are too many of them to look at more.
bool SwitchingLinter::check_members(const Bridge& bridge) {
  if (bridge.members.empty()) {
    warning(Code::bridge_empty, bridge.source,
            cat(bridge.name, " has no interfaces: it is never up"),
            "such as interfaces: [lan0, lan1]");
  }
  if (bridge.members.size() > limits::kBridgeMembers) {
    error(Code::too_many, bridge.members[limits::kBridgeMembers].source,
          cat(bridge.name, " has ", bridge.members.size(), " interfaces"),
          cat("at most ", limits::kBridgeMembers));
    return false;
  }
  std::unordered_set<std::string_view> members;
  for (const BridgeMember& member : bridge.members) {
    if (!members.insert(member.interface).second) {
      error(Code::member_twice, member.source, cat(member.interface, " is given twice"),
            "each once");
    }
  }
  for (const BridgeMember& member : bridge.members) {
    if (check_member(bridge, member)) check_leaks(bridge, member, members);
  }
  return true;
}

void SwitchingLinter::check_bridge_mtu(const Bridge& bridge) {
  const BridgeMember* smallest = nullptr;
  const BridgeMember* differs = nullptr;
  const BridgeMember* one = nullptr;
  std::optional<unsigned> first, least;
  for (const BridgeMember& member : bridge.members) {
    const auto mtu = mtu_below(member.interface);
    if (!mtu) continue;
    if (!first) {
      first = mtu;
      one = &member;
    }
    if (differs == nullptr && *mtu != *first) differs = &member;
    if (least && *least <= *mtu) continue;
    least = mtu;
    smallest = &member;
  }
  if (bridge.mtu && least && *bridge.mtu > *least) {
    error(Code::mtu_beyond_link, bridge.mtu_source,
          cat("mtu ", *bridge.mtu, " is more than ", smallest->interface, "'s ", *least),
          cat("mtu: ", *least, ", or less"));
  }
  if (differs != nullptr) {
    warning(Code::member_mtu, differs->source,
            cat(differs->interface, "'s mtu ", *mtu_below(differs->interface), " is not ",
                one->interface, "'s ", *first, ": what does not fit is dropped"),
            "the same mtu on all of them");
  }
}

void SwitchingLinter::check_mac_table(const Bridge& bridge) {
  const MacTable& table = bridge.mac_table;
  if (table.max_per_interface > table.max) {
    error(Code::stations_bound, table.source,
          cat("max-per-interface ", table.max_per_interface, " is more than max ", table.max),
          cat("max-per-interface: ", table.max, ", or less"));
  }
}

void SwitchingLinter::check_statics(const Bridge& bridge) {
  const auto& statics = bridge.statics;
  const std::size_t most = std::min<std::size_t>(limits::kStaticStations, bridge.mac_table.max);
  if (statics.size() > most) {
    return error(Code::too_many, statics[most].source,
                 cat(bridge.name, " has ", statics.size(), " static stations"),
                 cat("at most ", most));
  }
  std::unordered_set<std::string_view> members;
  for (const BridgeMember& member : bridge.members) members.insert(member.interface);
  std::map<MacAddress, SourceRef> seen;
  for (const StaticStation& station : statics) {
    const std::string mac = station.mac.to_string();
    if (!members.contains(station.interface)) {
      const std::vector<std::string_view> names(members.begin(), members.end());
      const std::string_view meant = findings_.errors() < Findings::kDefaultLimit
                                         ? nearest(station.interface, names)
                                         : std::string_view{};
      error(Code::station_elsewhere, station.interface_source,
            cat(shown(station.interface), " is no interface of ", bridge.name),
            meant.empty() ? std::string{} : cat("did you mean ", meant, '?'));
    }
    if (!station.mac.is_station()) {
      error(Code::mac_of_no_station, station.source,
            cat(mac, station.mac.is_zero() ? " is no address at all" : " is a multicast address",
                ", not one of a station"),
            "the first byte must be even, such as 02:00:5e:10:00:10");
    }
    if (station.mac == bridge.mac) {
      error(Code::station_is_own, station.source, cat(mac, " is ", bridge.name, "'s own"),
            "remove it");
    }
    if (const auto [at, is_new] = seen.emplace(station.mac, station.source); !is_new) {
      error(Code::station_twice, station.source, cat("station ", mac, " is given twice"),
            cat("first", in_line(at->second)));
    }
  }
}

/// IEEE 802.1D-2004 section 17.14: a bridge must not forward while old information is alive, and
/// information must outlive a lost hello.
void SwitchingLinter::check_spanning_tree(const Bridge& bridge) {
  const SpanningTree& tree = bridge.spanning_tree;
  if (!tree.enabled) return;
  const auto hello = tree.hello_time.count(), delay = tree.forward_delay.count(),
             age = tree.max_age.count();
  // At what was said, rather than at what it does not fit to.
  const auto place = [&](SourceRef of_other) {
    return of_other.line > tree.age_source.line ? of_other
           : tree.age_source.line > 0           ? tree.age_source
                                                : tree.source;
  };
  if (2 * (delay - 1) < age) {
    error(Code::tree_timers, place(tree.delay_source),
          cat("max-age ", age, "s is more than 2 x (forward-delay ", delay, "s - 1s)"),
          cat("forward-delay: ", age / 2 + age % 2 + 1, "s or more, 802.1D-2004 section 17.14"));
  }
  if (age < 2 * (hello + 1)) {
    error(Code::tree_timers, place(tree.hello_source),
          cat("max-age ", age, "s is less than 2 x (hello-time ", hello, "s + 1s)"),
          cat("max-age: ", 2 * (hello + 1), "s or more, 802.1D-2004 section 17.14"));
  }
}

void SwitchingLinter::check_bridges() {
  const auto& bridges = config_.bridges;
  if (bridges.size() > limits::kBridges) {
    error(Code::too_many, bridges[limits::kBridges].source, cat(bridges.size(), " bridges"),
          cat("at most ", limits::kBridges));
  }
  std::uint64_t stations = 0;
  for (const Bridge& bridge : bridges) {
    check_mac_table(bridge);
    check_spanning_tree(bridge);
    if (check_members(bridge)) {
      check_bridge_mtu(bridge);
      check_statics(bridge);
    }
    const std::uint64_t before = stations;
    stations += bridge.mac_table.max;
    if (before > limits::kMaxStations || stations <= limits::kMaxStations) continue;
    const SourceRef where = bridge.mac_table.source;
    error(Code::stations_bound, where.line > 0 ? where : bridge.source,
          cat("mac-tables up to ", bridge.name, "'s would hold ", stations, " stations"),
          cat("at most ", limits::kMaxStations, " in all bridges together"));
  }
}

void SwitchingLinter::check_target(const Mirror& mirror) {
  const std::string& name = mirror.to;
  const InterfaceRef* target = interfaces_.find(name);
  if (target == nullptr) return no_interface(mirror.to_source, name, InterfaceRef::port);
  constexpr std::string_view kHint = "a port without any other job, or file: PATH";
  const auto refuse = [&](std::string_view why) {
    error(Code::mirror_target, mirror.to_source, cat(name, " cannot take copies: ", why),
          std::string{kHint});
  };
  if (target->kind != InterfaceRef::port) {
    return refuse(target->kind == InterfaceRef::vlan ? "it is a VLAN" : "it is a bridge");
  }
  if (!target->addresses->empty()) refuse("it has addresses");
  if (const auto at = owners_.find(name); at != owners_.end()) {
    refuse(cat("it belongs to ", at->second->name));
  }
  if (const auto at = carries_.find(name); at != carries_.end()) {
    refuse(cat("it has VLAN ", at->second->name));
  }
  if (mirrored_.contains(name)) refuse("it is mirrored itself");
}

void SwitchingLinter::check_mirrors() {
  const auto& mirrors = config_.mirrors;
  if (mirrors.size() > limits::kMirrors) {
    return error(Code::too_many, mirrors[limits::kMirrors].source, cat(mirrors.size(), " mirrors"),
                 cat("at most ", limits::kMirrors));
  }
  std::set<std::string_view> files;
  for (const Mirror& mirror : mirrors) {
    if (interfaces_.find(mirror.from) == nullptr) {
      no_interface(mirror.source, mirror.from, InterfaceRef::bridge);
    }
    if (!mirror.to.empty()) check_target(mirror);
    if (!mirror.file.empty() && !files.insert(mirror.file).second) {
      error(Code::file_shared, mirror.to_source,
            cat("file ", shown(mirror.file), " is given twice"),
            "each mirror writes a file of its own");
    }
  }
}

}  // namespace

void check_switching(const Config& config, const InterfaceList& interfaces, Findings& findings) {
  SwitchingLinter{config, interfaces, findings}.run();
}

}  // namespace weir::config
