#include "controlplane/cli/subnet_same.hpp"

#include <fmt/format.h>

#include <optional>
#include <string_view>
#include <type_traits>

#include "config/address_text.hpp"
#include "config/connected.hpp"
#include "config/limits.hpp"
#include "config/parse.hpp"
#include "config/route_file.hpp"
#include "config/route_lookup.hpp"
#include "config/same_subnet.hpp"
#include "config/subnet.hpp"
#include "config/subnet_ipv6.hpp"
#include "controlplane/cli/answer.hpp"
#include "controlplane/cli/client.hpp"

namespace weir::cli {
namespace {

using config::GatewayFault;
using config::Reach;

constexpr const char* kExample = "weir subnet same 10.0.0.1 255.255.255.0 10.0.1.5";

template <typename Address>
InterfaceAddress<Address> read_host(const std::string& text) {
  std::string error;
  if constexpr (std::is_same_v<Address, Ipv4Address>) {
    auto parsed = config::parse_subnet(text);
    if (parsed.address) return *parsed.address;
    error = std::move(parsed.error);
  } else {
    auto parsed = config::parse_ipv6_subnet(text);
    if (parsed.address) return *parsed.address;
    error = std::move(parsed.error);
  }
  throw CliError(error, kExample, kUsage);
}

template <typename Address>
Address read_address(const std::string& text) {
  config::Complaint complaint;
  std::optional<Address> address;
  if constexpr (std::is_same_v<Address, Ipv4Address>) {
    address = config::read_address(text, complaint);
  } else {
    address = config::read_ipv6_address(text, complaint);
  }
  if (!address) throw CliError(complaint.message, complaint.hint, kUsage);
  return *address;
}

/// `/24` as `24`.
std::string without_slash(const std::string& mask) {
  return mask.starts_with('/') ? mask.substr(1) : mask;
}

config::Config read_config(const Context& context, const SameSubnetOptions& options) {
  std::string file = options.config, text;
  if (options.running) {
    const Client client(context.socket);
    file = cli::text(client.get("/v1/version"), "config_file");
    text = client.get_text("/v1/config");
  } else {
    config::FileText read = config::read_file(file, config::limits::kFileBytes);
    if (!read) throw CliError(fmt::format("--config {}: {}", file, read.error));
    text = std::move(read.text);
  }
  config::ParseResult parsed = config::parse_text(text, file);
  if (!parsed)
    throw CliError(fmt::format("{} has errors\n{}", file, parsed.findings.to_string()),
                   "weir check " + file);
  return *std::move(parsed.config);
}

std::string_view name_of(Reach reach) {
  switch (reach) {
    case Reach::itself:
      return "itself";
    case Reach::local:
      return "local";
    case Reach::link_local:
      return "link-local";
    case Reach::broadcast:
      return "broadcast";
    case Reach::network:
      return "network";
    case Reach::multicast:
      return "multicast";
    case Reach::remote:
      break;
  }
  return "remote";
}

std::string_view meaning_of(Reach reach, bool is_ipv4) {
  switch (reach) {
    case Reach::itself:
      return "the host's own address: nothing is sent";
    case Reach::local:
      return is_ipv4 ? "the host asks by ARP and sends to the peer's MAC address"
                     : "the host asks by neighbour discovery and sends to the peer's MAC address";
    case Reach::link_local:
      return "such addresses are never routed, whatever the mask";
    case Reach::broadcast:
      return "to all hosts of the subnet";
    case Reach::network:
      return "the subnet's own address, which no host has";
    case Reach::multicast:
      return "a group, whatever the mask";
    case Reach::remote:
      break;
  }
  return "the host sends to its gateway's MAC address";
}

std::string_view fault_of(GatewayFault fault) {
  switch (fault) {
    case GatewayFault::none:
      return "";
    case GatewayFault::is_host:
      return "is the host itself";
    case GatewayFault::off_subnet:
      return "is not on the host's subnet: it cannot be reached";
    case GatewayFault::no_host:
      break;
  }
  return "is the network or broadcast address of the host's subnet";
}

/// What the router does with the packet, from its configuration.
struct RouterHop {
  config::ConnectedSubnets::Entry entry;  // where the host is
  std::optional<config::FoundRoute> route;
  std::string egress;  // the interface of the route; empty when there is none
};

std::optional<RouterHop> find_hop(const config::Config& config, Ipv4Address host,
                                  Ipv4Address peer) {
  const config::ConnectedSubnets connected{config};
  const auto* entry = connected.find(host);
  if (entry == nullptr) return std::nullopt;
  RouterHop hop{*entry, config::find_route(config, peer), {}};
  if (!hop.route) return hop;
  hop.egress = hop.route->interface;
  if (!hop.route->via.empty()) {
    const auto* to = connected.find(hop.route->via.front());
    if (to != nullptr) hop.egress = to->interface;
  }
  return hop;
}

std::string joined(const std::vector<Ipv4Address>& addresses) {
  std::string text;
  for (const Ipv4Address address : addresses) {
    if (!text.empty()) text += ", ";
    text += address.to_string();
  }
  return text;
}

std::string_view verdict_of(config::RouteType type) {
  switch (type) {
    case config::RouteType::unicast:
      break;
    case config::RouteType::blackhole:
      return "blackhole";
    case config::RouteType::unreachable:
      return "unreachable";
    case config::RouteType::prohibit:
      return "prohibit";
  }
  return "";
}

std::string route_text(const RouterHop& hop) {
  if (!hop.route) return "no route: destination unreachable";
  const config::FoundRoute& route = *hop.route;
  std::string how;
  if (route.type != config::RouteType::unicast) {
    how = verdict_of(route.type);
  } else if (route.via.empty()) {
    how = "connected on " + route.interface;
  } else {
    how = fmt::format("via {}{}", joined(route.via), hop.egress.empty() ? "" : " on " + hop.egress);
  }
  return fmt::format("{} {} ({}:{})", route.to.to_string(), how, route.file, route.source.line);
}

Json to_json(const RouterHop& hop) {
  Json json = {{"interface", hop.entry.interface},
               {"address", hop.entry.address.to_string()},
               {"route", Json()}};
  if (!hop.route) return json;
  Json via = Json::array();
  for (const Ipv4Address gateway : hop.route->via) via.push_back(gateway.to_string());
  json["route"] = {{"to", hop.route->to.to_string()},
                   {"type", hop.route->type == config::RouteType::unicast
                                ? (via.empty() ? "connected" : "unicast")
                                : verdict_of(hop.route->type)},
                   {"via", std::move(via)},
                   {"interface", hop.egress.empty() ? Json() : Json(hop.egress)},
                   {"file", hop.route->file},
                   {"line", hop.route->source.line}};
  return json;
}

std::string bits_of(Ipv4Address address, unsigned length) {
  return config::binary(address, length);
}
std::string bits_of(Ipv6Address address, unsigned length) {
  return config::expanded(address, length);
}

template <typename Address>
class Answer {
 public:
  static constexpr bool kIsIpv4 = std::is_same_v<Address, Ipv4Address>;

  Answer(const InterfaceAddress<Address>& host, const std::string& peer,
         const SameSubnetOptions& options)
      : host_(host) {
    const bool has_length = peer.find('/') != std::string::npos;
    if (has_length && !options.peer_mask.empty())
      throw CliError("the peer's mask is given twice", "--peer-mask, or PEER/LENGTH", kUsage);
    if (has_length || !options.peer_mask.empty()) {
      const auto both =
          read_host<Address>(has_length ? peer : peer + ' ' + without_slash(options.peer_mask));
      peer_ = both.address;
      peer_length_ = both.length;
    } else {
      peer_ = read_address<Address>(peer);
    }
    if (!options.gateway.empty()) gateway_ = read_address<Address>(options.gateway);
  }

  void ask_router(const config::Config& config) {
    if constexpr (kIsIpv4) {
      hop_ = find_hop(config, host_.address, peer_);
      if (!hop_) {
        faults_.push_back(fmt::format("no interface of {} has a subnet with {}", config.file,
                                      host_.address.to_string()));
        return;
      }
      if (!gateway_ && hop_->entry.address.address != host_.address)
        gateway_ = hop_->entry.address.address;
      if (hop_->entry.address.length != host_.length)
        faults_.push_back(
            fmt::format("the host has /{}, the router {} on {}: they disagree about "
                        "who is local",
                        host_.length, hop_->entry.address.to_string(), hop_->entry.interface));
    } else {
      throw CliError(fmt::format("{} has IPv4 addresses only in this version", config.file),
                     "name the gateway with --via", kUsage);
    }
  }

  int finish(const Context& context) {
    same_ = config::same_subnet<Address>(host_, peer_, peer_length_, gateway_);
    find_faults();
    context.json ? print_json(context) : print(context);
    return faults_.empty() ? kSuccess : kFailure;
  }

 private:
  void find_faults() {
    const std::string host = host_.address.to_string(), peer = peer_.to_string();
    if (same_.host_is_no_host)
      faults_.push_back(fmt::format("{} is the network or broadcast address of {}: no host has it",
                                    host, host_.subnet().to_string()));
    if (same_.gateway && *same_.gateway != GatewayFault::none)
      faults_.push_back(
          fmt::format("gateway {} {}", gateway_->to_string(), fault_of(*same_.gateway)));
    if (!same_.disagree) return;
    const bool host_sends_straight = same_.host_to_peer != Reach::remote;
    const std::string& straight = host_sends_straight ? host : peer;
    const std::string& by_gateway = host_sends_straight ? peer : host;
    faults_.push_back(
        fmt::format("the masks disagree: {} sends straight to {}, which sends back by "
                    "its gateway: without one that leads there, nothing comes back",
                    straight, by_gateway));
  }

  void print(const Context& context) const {
    const auto line = [&](std::string_view name, std::string_view value) {
      context.out << fmt::format("{:<8} {}\n", name, value);
    };
    const std::string host = host_.to_string();
    const std::string peer =
        peer_length_ ? fmt::format("{}/{}", peer_.to_string(), *peer_length_) : peer_.to_string();
    const std::size_t width = std::max(host.size(), peer.size());
    line("host", fmt::format("{:<{}}  {}", host, width, bits_of(host_.address, host_.length)));
    line("peer", fmt::format("{:<{}}  {}", peer, width, bits_of(peer_, host_.length)));
    line("subnet", fmt::format("{}; the first {} bits are the same", host_.subnet().to_string(),
                               same_.common_bits));
    line("verdict", fmt::format("{}: {}", name_of(same_.host_to_peer),
                                meaning_of(same_.host_to_peer, kIsIpv4)));
    if (same_.host_to_peer == Reach::remote)
      line("gateway", gateway_ ? gateway_->to_string() : "not given: --via, --config or --running");
    if (hop_) {
      line("router",
           fmt::format("{} on {}", hop_->entry.address.to_string(), hop_->entry.interface));
      if (same_.host_to_peer == Reach::remote) {
        line("route", route_text(*hop_));
        if (hop_->egress == hop_->entry.interface && !hop_->route->via.empty())
          line("", fmt::format("back out of {}: the host could send to {} itself", hop_->egress,
                               hop_->route->via.front().to_string()));
      }
    }
    if (same_.peer_to_host)
      line("back", fmt::format("{}, with the peer's mask", name_of(*same_.peer_to_host)));
    for (const std::string& fault : faults_) line("wrong", fault);
  }

  void print_json(const Context& context) const {
    Json faults = faults_;
    context.print_json(
        {{"host", host_.to_string()},
         {"subnet", host_.subnet().to_string()},
         {"peer", peer_.to_string()},
         {"peer_subnet",
          peer_length_ ? Json(Prefix<Address>{peer_, *peer_length_}.to_string()) : Json()},
         {"common_bits", same_.common_bits},
         {"verdict", name_of(same_.host_to_peer)},
         {"gateway",
          same_.host_to_peer == Reach::remote && gateway_ ? Json(gateway_->to_string()) : Json()},
         {"router", hop_ ? to_json(*hop_) : Json()},
         {"verdict_back", same_.peer_to_host ? Json(name_of(*same_.peer_to_host)) : Json()},
         {"disagree", same_.disagree},
         {"faults", faults_.empty() ? Json::array() : std::move(faults)}});
  }

  InterfaceAddress<Address> host_;
  Address peer_;
  std::optional<unsigned> peer_length_;
  std::optional<Address> gateway_;
  std::optional<RouterHop> hop_;
  config::SameSubnet same_;
  std::vector<std::string> faults_;
};

template <typename Address>
int answer(const Context& context, const SameSubnetOptions& options) {
  const auto& words = options.words;
  if (words.size() == 2 && words[0].find('/') == std::string::npos)
    throw CliError("`weir subnet same` needs the host's mask: HOST MASK PEER, or HOST/LENGTH PEER",
                   kExample, kUsage);
  const std::string host = words.size() == 3 ? words[0] + ' ' + without_slash(words[1]) : words[0];
  Answer<Address> result{read_host<Address>(host), words.back(), options};
  if (!options.config.empty() || options.running) result.ask_router(read_config(context, options));
  return result.finish(context);
}

}  // namespace

int show_same_subnet(const Context& context, const SameSubnetOptions& options) {
  const bool is_ipv6 = options.words.front().find(':') != std::string::npos;
  if (is_ipv6 != (options.words.back().find(':') != std::string::npos))
    throw CliError("one of the addresses is IPv4, the other IPv6", kExample, kUsage);
  return is_ipv6 ? answer<Ipv6Address>(context, options) : answer<Ipv4Address>(context, options);
}

}  // namespace weir::cli
