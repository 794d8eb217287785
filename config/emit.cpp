#include "config/emit.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "config/emitter.hpp"
#include "config/interfaces.hpp"

namespace weir::config {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string scalar(std::string_view text) {
  constexpr std::array<std::string_view, 8> kKnown{"null", "true", "false", "yes",
                                                   "no",   "on",   "off",   "none"};
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto is_safe = [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '/';
  };
  const std::string lower = lower_case(text);
  const bool plain = !text.empty() && (is_letter(text.front()) || text.front() == '/') &&
                     std::all_of(text.begin(), text.end(), is_safe) &&
                     std::find(kKnown.begin(), kKnown.end(), lower) == kKnown.end();
  return plain ? std::string{text} : quoted(text);
}

std::string route_value_text(const Route& route) {
  constexpr std::string_view kRouteType[] = {"unicast", "blackhole", "unreachable", "prohibit"};
  if (route.type != RouteType::unicast) return cat("type: ", name_of(route.type, kRouteType));
  const auto text = [](Ipv4Address gateway) { return gateway.to_string(); };
  return cat("via: ", route.via.size() == 1 ? text(route.via.front()) : list(route.via, text));
}

std::string addresses_text(const std::vector<Ipv4InterfaceAddress>& addresses) {
  return list(addresses, [](const Ipv4InterfaceAddress& address) { return address.to_string(); });
}

std::string zone_text(Zone zone) { return std::string{name(zone)}; }

namespace {

constexpr std::string_view kIdle[] = {"poll", "adaptive"};
constexpr std::string_view kMethod[] = {"auto", "af-packet", "af-xdp"};

void emit_system(Emitter& out, const System& system) {
  const System normal;
  const auto core = [](unsigned number) { return std::to_string(number); };
  out.begin(0, "system:");
  out.setting(2, "hostname", system.hostname, normal.hostname, scalar(system.hostname));
  out.setting(2, "control-cores", system.control_cores, normal.control_cores,
              list(system.control_cores, core));
  out.setting(2, "worker-cores", system.worker_cores, normal.worker_cores,
              list(system.worker_cores, core));
  out.setting(2, "idle", system.idle, normal.idle, name_of(system.idle, kIdle));
  const Memory& memory = system.memory;
  out.begin(2, "memory:");
  out.setting(4, "hugepages", memory.hugepage_bytes, normal.memory.hugepage_bytes,
              memory.hugepage_bytes == 0 ? "none" : format_size(memory.hugepage_bytes));
  out.setting(4, "packets", memory.packets, normal.memory.packets, cat(memory.packets));
  out.end();
  out.setting(2, "eal", system.eal, normal.eal, list(system.eal, quoted));
  out.end();
}

std::string match_text(const Emitter& out, const PortMatch& match) {
  if (const auto* pci = std::get_if<PciMatch>(&match)) {
    return cat("{pci: ", quoted(pci->address), '}');
  }
  if (const auto* vdev = std::get_if<VdevMatch>(&match)) {
    return cat("{vdev: ", quoted(vdev->arguments), '}');
  }
  const auto& host = std::get<LinuxMatch>(match);
  const bool with_method = out.all() || host.method != LinuxMatch::Method::automatic;
  return cat("{linux: ", scalar(host.interface),
             with_method ? cat(", method: ", name_of(host.method, kMethod)) : std::string{}, '}');
}

void emit_ethernet(Emitter& out, const Ethernet& ethernet) {
  const Ethernet normal;
  out.line(2, cat(scalar(ethernet.name), ':'));
  out.line(4, cat("match: ", match_text(out, ethernet.match)));
  out.setting(4, "queues", ethernet.queues, normal.queues,
              ethernet.queues == 0 ? "auto" : cat(ethernet.queues));
  out.setting(4, "mtu", ethernet.mtu, normal.mtu, cat(ethernet.mtu));
  out.setting(4, "mac", ethernet.mac, normal.mac,
              ethernet.mac ? quoted(ethernet.mac->to_string()) : "auto");
  out.setting(4, "promiscuous", ethernet.promiscuous, normal.promiscuous,
              ethernet.promiscuous ? "true" : "false");
  out.setting(4, "other-vlans", ethernet.other_vlans, normal.other_vlans,
              ethernet.other_vlans ? "pass" : "drop");
  out.setting(4, "arp-queue", ethernet.arp_queue, normal.arp_queue,
              ethernet.arp_queue ? "true" : "false");
  out.setting(4, "zone", ethernet.zone, normal.zone, zone_text(ethernet.zone));
  out.setting(4, "addresses", ethernet.addresses, normal.addresses,
              addresses_text(ethernet.addresses));
  emit_interface_neighbors(out, ethernet.neighbors);
}

std::string route_text(const Route& route) {
  const std::string to = route.to == Ipv4Prefix{} ? std::string{"default"} : route.to.to_string();
  return cat("- {to: ", to, ", ", route_value_text(route), '}');
}

std::string readers_text(const Readers& readers) {
  if (readers.all) return "all";
  return readers.groups.empty() ? "none" : list(readers.groups, scalar);
}

void emit_services(Emitter& out, const Services& services) {
  const Services normal;
  out.begin(0, "services:");
  out.begin(2, "api:");
  out.setting(4, "socket", services.api_socket, normal.api_socket, scalar(services.api_socket));
  out.setting(4, "readers", services.api_readers, normal.api_readers,
              readers_text(services.api_readers));
}

void emit_routes(Emitter& out, const Config& config) {
  if (config.routes.empty() && config.route_files.empty()) {
    if (out.all()) out.line(0, "routes: []");
    return;
  }
  out.line(0, "routes:");
  for (const Route& route : config.routes) out.line(2, route_text(route));
  for (const RouteFile& file : config.route_files) {
    out.line(2, cat("- {file: ", scalar(file.path), '}'));
  }
}

}  // namespace

std::string emit(const Config& config, EmitDefaults defaults) {
  Emitter out{defaults};
  out.line(0, "version: 1");
  emit_system(out, config.system);
  out.named(0, "ethernets", config.ethernets,
            [&](const Ethernet& ethernet) { emit_ethernet(out, ethernet); });
  emit_switching(out, config);
  emit_neighbors(out, config.neighbors);
  emit_routes(out, config);
  emit_services(out, config.services);
  return out.take();
}

}  // namespace weir::config
