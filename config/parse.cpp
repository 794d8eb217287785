#include "config/parse.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "config/limits.hpp"
#include "config/parse_parts.hpp"
#include "config/route_file.hpp"
#include "config/yaml_reader.hpp"
#include "config/yaml_tree.hpp"

namespace weir::config {
namespace {

using Words = std::string_view;

bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

std::optional<std::string> read_interface_name(std::string_view text, Complaint& complaint) {
  const bool good = text.size() <= limits::kInterfaceNameBytes && !text.empty() &&
                    is_letter_or_digit(text.front()) &&
                    std::all_of(text.begin(), text.end(), [](char c) {
                      return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
                    });
  if (good) return std::string{text};
  complaint = {Code::malformed, cat(shown(text), " is not an interface name"),
               cat("up to ", limits::kInterfaceNameBytes,
                   " letters, digits, . _ and -, a letter or digit first")};
  return std::nullopt;
}

bool read_interface(const YamlValue& value, std::string& name) {
  if (Asked* asked = value.watched()) asked->interface = true;
  return value.parsed(read_interface_name, name);
}

void require(const YamlValue& value, const YamlMap& map,
             std::initializer_list<std::string_view> keys) {
  if (value.node().kind != YamlNode::Kind::map && !value.is_null()) return;
  for (const std::string_view key : keys) {
    if (!map.has(key)) value.error(Code::key_missing, cat("lacks ", shown(key)));
  }
}

std::optional<std::string> absolute_path(std::string_view text, std::string_view example,
                                         Complaint& complaint) {
  if (text.front() == '/' && text.back() != '/' && text.size() <= limits::kPathBytes) {
    return std::string{text};
  }
  complaint = {Code::malformed, cat(shown(text), " is not an absolute path of a file"),
               cat("such as ", example, ", up to ", limits::kPathBytes, " bytes")};
  return std::nullopt;
}

void read_addresses(const YamlValue& value, std::vector<Ipv4InterfaceAddress>& addresses,
                    SourceList& sources) {
  value.list({}, [&](const YamlValue& entry) {
    Ipv4InterfaceAddress address;
    if (!entry.parsed(read_interface_address, address)) return;
    addresses.push_back(address);
    sources.entries.push_back(entry.source());
  });
}

void read_own_mac(const YamlValue& value, std::optional<MacAddress>& mac, SourceRef& source) {
  if (value.is_word("auto")) return;
  MacAddress given;
  source = value.source();
  if (value.parsed(read_mac, given)) mac = given;
}

void read_other_vlans(const YamlValue& value, bool& pass) {
  std::size_t index = 0;
  if (value.choice({"drop", "pass"}, index)) pass = index == 1;
}

void read_zone(const YamlValue& value, Zone& zone) {
  std::size_t index = 0;
  if (value.choice({"none", "private", "public"}, index)) {
    zone = std::array{Zone::none, Zone::inside, Zone::outside}.at(index);
  }
}

namespace {

/// RFC 1123 section 2.1, within Linux's length.
std::optional<std::string> read_hostname(std::string_view text, Complaint& complaint) {
  bool good = text.size() <= limits::kHostnameBytes;
  char before = '.';
  for (const char c : text) {
    const bool at_border = before == '.';
    good = good && (is_letter_or_digit(c) || (c == '-' && !at_border) ||
                    (c == '.' && !at_border && before != '-'));
    before = c;
  }
  if (good && before != '.' && before != '-') return std::string{text};
  complaint = {Code::malformed, cat(shown(text), " is not a host name"),
               cat("letters, digits, - and . inside, up to ", limits::kHostnameBytes)};
  return std::nullopt;
}

/// As dev_valid_name of Linux wants it.
std::optional<std::string> read_linux_name(std::string_view text, Complaint& complaint) {
  const bool good = text.size() <= limits::kLinuxNameBytes && text != "." && text != ".." &&
                    text.find_first_of("/: ") == std::string_view::npos;
  if (good) return std::string{text};
  complaint = {Code::malformed, cat(shown(text), " is not a name of a Linux interface"),
               cat("up to ", limits::kLinuxNameBytes, " characters, no blank, / or :")};
  return std::nullopt;
}

/// `0000:8a:00.0` or `8a:00.0`; the result has the domain, in lower case.
std::optional<std::string> read_pci(std::string_view text, Complaint& complaint) {
  constexpr std::string_view kForm = "hhhh:hh:hh.h";
  std::string address = text.size() == 7 ? cat("0000:", text) : std::string{text};
  bool good = address.size() == kForm.size();
  for (std::size_t i = 0; good && i < kForm.size(); ++i) {
    char& c = address[i];
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    const bool is_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    good = kForm[i] == 'h' ? is_hex : c == kForm[i];
  }
  // A bus has 32 devices of 8 functions.
  if (good && address[8] <= '1' && address[11] <= '7') return address;
  complaint = {Code::malformed, cat(shown(text), " is not a PCI address"),
               "such as 0000:8a:00.0, see lspci -D"};
  return std::nullopt;
}

std::optional<std::string> read_vdev(std::string_view text, Complaint& complaint) {
  const std::string_view name = text.substr(0, text.find(','));
  if (!name.empty() && text.find(' ') == std::string_view::npos) return std::string{text};
  complaint = {Code::malformed, cat(shown(text), " is not a DPDK virtual device"),
               "NAME or NAME,KEY=VALUE,... such as net_pcap0,rx_pcap=in.pcap"};
  return std::nullopt;
}

std::optional<std::string> read_socket(std::string_view text, Complaint& complaint) {
  if (text.front() == '/' && text.size() <= limits::kSocketPathBytes) return std::string{text};
  complaint = {Code::malformed, cat(shown(text), " is not a path for a Unix socket"),
               cat("absolute, up to ", limits::kSocketPathBytes, " bytes, such as /run/weir.sock")};
  return std::nullopt;
}

/// Any name that group(5) can hold.
std::optional<std::string> read_group(std::string_view text, Complaint& complaint) {
  const bool good =
      text.size() <= limits::kGroupNameBytes && text.find_first_of(":,") == std::string_view::npos;
  if (good) return std::string{text};
  complaint = {Code::malformed, cat(shown(text), " is not a name of a group"),
               cat("one of /etc/group, up to ", limits::kGroupNameBytes, " bytes")};
  return std::nullopt;
}

void read_cores(const YamlValue& value, std::vector<unsigned>& cores, SourceList& sources) {
  cores.clear();
  value.list({}, [&](const YamlValue& entry) {
    std::uint64_t core = 0;
    if (!entry.number(0, limits::kHighestCore, core)) return;
    cores.push_back(static_cast<unsigned>(core));
    sources.entries.push_back(entry.source());
  });
  if (value.is_null() ||
      (value.node().kind == YamlNode::Kind::list && value.node().children.empty())) {
    value.error(Code::empty_list, "no core given", "such as [1]");
  }
}

void read_memory(const YamlValue& value, Memory& memory) {
  static constexpr std::array<Words, 2> kKeys{"hugepages", "packets"};
  const YamlMap map{value, kKeys};
  memory.source = value.source();
  map.with("hugepages", [&](const YamlValue& v) {
    if (v.is_word("none")) return;
    memory.hugepages_source = v.source();
    v.size(limits::kMinHugepages, limits::kMaxHugepages, limits::kHugepageStep,
           memory.hugepage_bytes);
  });
  map.with("packets", [&](const YamlValue& v) {
    std::uint64_t packets = 0;
    if (!v.number(limits::kMinPackets, limits::kMaxPackets, packets)) return;
    memory.packets = static_cast<std::uint32_t>(packets);
    memory.source = v.source();
  });
}

void read_system(const YamlValue& value, System& system) {
  static constexpr std::array<Words, 6> kKeys{"hostname", "control-cores", "worker-cores",
                                              "idle",     "memory",        "eal"};
  const YamlMap map{value, kKeys};
  system.source = value.source();
  map.with("hostname", [&](const YamlValue& v) { v.parsed(read_hostname, system.hostname); });
  map.with("control-cores", [&](const YamlValue& v) {
    read_cores(v, system.control_cores, system.control_core_sources);
  });
  map.with("worker-cores", [&](const YamlValue& v) {
    read_cores(v, system.worker_cores, system.worker_core_sources);
  });
  map.with("idle", [&](const YamlValue& v) {
    std::size_t index = 0;
    if (v.choice({"poll", "adaptive"}, index)) {
      system.idle = std::array{IdleMode::poll, IdleMode::adaptive}.at(index);
    }
  });
  map.with("memory", [&](const YamlValue& v) { read_memory(v, system.memory); });
  map.with("eal", [&](const YamlValue& v) {
    v.list({}, [&](const YamlValue& entry) {
      if (const std::string* argument = entry.text()) system.eal.push_back(*argument);
    });
    if (system.eal.size() > limits::kEalArguments) {
      v.error(Code::too_many, cat(system.eal.size(), " arguments"),
              cat("at most ", limits::kEalArguments));
    }
  });
}

void read_match(const YamlValue& value, Ethernet& ethernet) {
  static constexpr std::array<Words, 4> kKeys{"pci", "linux", "vdev", "method"};
  const YamlMap map{value, kKeys};
  ethernet.match_source = value.source();
  const int given = map.has("pci") + map.has("linux") + map.has("vdev");
  if (given > 1 || (given == 0 && map.all_known())) {
    value.error(given == 0 ? Code::key_missing : Code::key_conflict,
                given == 0 ? "says no port" : "says more than one port",
                "one of pci: ADDRESS, linux: INTERFACE, vdev: ARGUMENTS");
  }
  map.with("pci", [&](const YamlValue& v) {
    PciMatch match;
    v.parsed(read_pci, match.address);
    ethernet.match = match;
  });
  map.with("vdev", [&](const YamlValue& v) {
    VdevMatch match;
    v.parsed(read_vdev, match.arguments);
    ethernet.match = match;
  });
  LinuxMatch linux_match;
  map.with("linux", [&](const YamlValue& v) { v.parsed(read_linux_name, linux_match.interface); });
  map.with("method", [&](const YamlValue& v) {
    using Method = LinuxMatch::Method;
    std::size_t index = 0;
    if (!map.has("linux")) v.error(Code::key_conflict, "only for a linux port", "remove it");
    if (v.choice({"auto", "af-packet", "af-xdp"}, index)) {
      linux_match.method =
          std::array{Method::automatic, Method::af_packet, Method::af_xdp}.at(index);
    }
  });
  if (map.has("linux")) ethernet.match = linux_match;
}

void read_ethernet(const YamlValue& value, const Neighbors& neighbors, Ethernet& ethernet) {
  static constexpr std::array<Words, 10> kKeys{
      "match",       "zone",        "queues",    "mtu",       "mac",
      "promiscuous", "other-vlans", "arp-queue", "addresses", "neighbors"};
  const YamlMap map{value, kKeys};
  if (!map.has("match")) {
    value.error(Code::key_missing, "no match",
                "which port it is: match: {linux: INTERFACE}, {pci: ADDRESS} or {vdev: ARGUMENTS}");
  }
  map.with("match", [&](const YamlValue& v) { read_match(v, ethernet); });
  std::uint64_t number = 0;
  map.with("queues", [&](const YamlValue& v) {
    if (v.is_word("auto")) return;
    if (v.number(1, limits::kQueues, number)) ethernet.queues = static_cast<std::uint16_t>(number);
  });
  map.with("mtu", [&](const YamlValue& v) {
    ethernet.mtu_source = v.source();
    if (v.number(limits::kMinMtu, limits::kMaxMtu, number)) {
      ethernet.mtu = static_cast<std::uint16_t>(number);
    }
  });
  map.with("mac", [&](const YamlValue& v) { read_own_mac(v, ethernet.mac, ethernet.mac_source); });
  map.with("promiscuous", [&](const YamlValue& v) { v.boolean(ethernet.promiscuous); });
  map.with("other-vlans", [&](const YamlValue& v) { read_other_vlans(v, ethernet.other_vlans); });
  map.with("zone", [&](const YamlValue& v) { read_zone(v, ethernet.zone); });
  map.with("arp-queue", [&](const YamlValue& v) { v.boolean(ethernet.arp_queue); });
  map.with("addresses", [&](const YamlValue& v) {
    read_addresses(v, ethernet.addresses, ethernet.address_sources);
  });
  map.with("neighbors",
           [&](const YamlValue& v) { read_interface_neighbors(v, neighbors, ethernet.neighbors); });
}

void read_ethernets(const YamlValue& value, Config& config) {
  YamlMap{value}.each([&](const YamlValue& key, const YamlValue& v) {
    Ethernet ethernet;
    ethernet.source = key.source();
    if (!key.parsed(read_interface_name, ethernet.name)) return;
    read_ethernet(v, config.neighbors, ethernet);
    config.ethernets.push_back(std::move(ethernet));
  });
}

void read_gateways(const YamlValue& value, Route& route) {
  const auto read_one = [&](const YamlValue& entry) {
    Ipv4Address gateway;
    if (!entry.parsed(read_address, gateway)) return;
    route.via.push_back(gateway);
    route.via_sources.entries.push_back(entry.source());
  };
  if (value.node().kind == YamlNode::Kind::scalar) {
    read_one(value);
  } else {
    value.list("one gateway, or several in brackets", read_one);
  }
  if (value.is_null() ||
      (value.node().kind == YamlNode::Kind::list && value.node().children.empty())) {
    value.error(Code::empty_list, "no gateway given", "such as 192.0.2.1");
  }
}

void read_route_file(const YamlValue& value, const YamlMap& map, Config& config) {
  map.with("file", [&](const YamlValue& v) {
    if (value.node().children.size() > 2) {
      v.error(Code::key_conflict, "a route file stands alone",
              "put to, via and type into an entry of their own");
    }
    if (const std::string* path = v.text("a path")) {
      config.route_files.push_back({*path, v.source()});
    }
  });
}

void read_route(const YamlValue& value, Config& config) {
  static constexpr std::array<Words, 4> kKeys{"to", "via", "type", "file"};
  const YamlMap map{value, kKeys};
  if (map.has("file")) return read_route_file(value, map, config);
  require(value, map, {"to"});
  Route route;
  route.source = value.source();
  map.with("to", [&](const YamlValue& v) {
    route.source = v.source();
    v.parsed(read_prefix, route.to);
  });
  bool type_is_known = true;
  map.with("type", [&](const YamlValue& v) {
    using enum RouteType;
    std::size_t index = 0;
    type_is_known = v.choice({"unicast", "blackhole", "unreachable", "prohibit"}, index);
    route.type = std::array{unicast, blackhole, unreachable, prohibit}.at(index);
  });
  map.with("via", [&](const YamlValue& v) { read_gateways(v, route); });
  if (type_is_known && route.type == RouteType::unicast && !map.has("via") && map.has("to")) {
    value.error(Code::key_missing, "no gateway",
                "via: ADDRESS, or type: blackhole, unreachable or prohibit");
  }
  if (route.type != RouteType::unicast && map.has("via")) {
    value.error(Code::key_conflict, "a gateway and a verdict", "either via or type");
  }
  config.routes.push_back(std::move(route));
}

void read_routes(const YamlValue& value, Config& config) {
  static constexpr std::array<Words, 1> kKeys{"file"};
  if (value.node().kind == YamlNode::Kind::map) {
    const YamlMap all{value};
    if (!all.has("file"))
      return value.unexpected(Code::wrong_type, "a list", "- {to: PREFIX, via: GATEWAY}");
    const YamlMap map{value, kKeys};
    return read_route_file(value, map, config);
  }
  value.list("- {to: PREFIX, via: GATEWAY}",
             [&](const YamlValue& entry) { read_route(entry, config); });
}

void read_readers(const YamlValue& value, Readers& readers) {
  if (value.is_word("none")) return;
  if (value.is_word("all")) {
    readers.all = true;
    return;
  }
  value.list("none, all, or groups in brackets", [&](const YamlValue& entry) {
    std::string group;
    if (!entry.parsed(read_group, group)) return;
    readers.groups.push_back(std::move(group));
    readers.sources.entries.push_back(entry.source());
  });
}

void read_services(const YamlValue& value, Services& services) {
  static constexpr std::array<Words, 1> kKeys{"api"};
  static constexpr std::array<Words, 1> kLater{"web"};
  static constexpr std::array<Words, 2> kApiKeys{"socket", "readers"};
  const YamlMap map{value, kKeys, kLater};
  map.with("api", [&](const YamlValue& v) {
    const YamlMap api{v, kApiKeys};
    api.with("socket",
             [&](const YamlValue& socket) { socket.parsed(read_socket, services.api_socket); });
    api.with("readers", [&](const YamlValue& readers) {
      services.readers_source = readers.source();
      read_readers(readers, services.api_readers);
    });
  });
}

void read_config(const YamlValue& root, Config& config) {
  static constexpr std::array<Words, 9> kKeys{"version",   "system",  "ethernets",
                                              "vlans",     "bridges", "mirrors",
                                              "neighbors", "routes",  "services"};
  static constexpr std::array<Words, 1> kLater{"bonds"};
  const YamlMap map{root, kKeys, kLater};
  map.with("version", [&](const YamlValue& v) {
    if (v.is_plain_word("1")) return;
    v.unexpected(Code::unknown_word, "1",
                 v.node().quoted ? "without quotes" : "the one version that this Weir reads");
  });
  map.with("system", [&](const YamlValue& v) { read_system(v, config.system); });
  map.with("neighbors", [&](const YamlValue& v) { read_neighbors(v, config.neighbors); });
  map.with("ethernets", [&](const YamlValue& v) { read_ethernets(v, config); });
  map.with("vlans", [&](const YamlValue& v) { read_vlans(v, config); });
  map.with("bridges", [&](const YamlValue& v) { read_bridges(v, config); });
  map.with("mirrors", [&](const YamlValue& v) { read_mirrors(v, config.mirrors); });
  map.with("routes", [&](const YamlValue& v) { read_routes(v, config); });
  map.with("services", [&](const YamlValue& v) { read_services(v, config.services); });
}

}  // namespace

void watch_config(const YamlNode& root, Asked& asked) {
  Config config;
  Findings findings;
  read_config({root, {}, config.file, findings, &asked}, config);
}

ParseResult parse_text(std::string_view text, const std::string& file) {
  ParseResult result;
  const auto tree = parse_yaml(text, file, result.findings);
  if (tree) {
    if (tree->root == nullptr || tree->root->kind == YamlNode::Kind::null) {
      result.findings.error(Code::empty_file, file, {1, 1}, "nothing in it",
                            "at least ethernets with a port");
    } else {
      Config config;
      config.file = file;
      read_config({*tree->root, {}, file, result.findings}, config);
      if (result.findings.ok()) result.config = std::move(config);
    }
  }
  result.findings.sort();
  return result;
}

ParseResult parse_file(const std::string& path) {
  const FileText file = read_file(path, limits::kFileBytes);
  if (file) return parse_text(file.text, path);
  ParseResult result;
  result.findings.error(Code::file_unreadable, path, {}, file.error);
  return result;
}

}  // namespace weir::config
