#include "controlplane/cli/subnet.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "config/subnet.hpp"
#include "config/subnet_ipv6.hpp"
#include "config/text.hpp"
#include "controlplane/cli/table.hpp"

namespace weir::cli {
namespace {

template <typename Scope>
Json scope_json(const Scope& scope, bool is_whole) {
  return {{"name", scope.name},     {"block", scope.block.to_string()},
          {"source", scope.source}, {"forwardable", scope.forwardable},
          {"global", scope.global}, {"whole_subnet", is_whole}};
}

template <typename Scope>
std::string scope_text(const Scope& scope, bool is_whole) {
  std::string text(scope.name);
  if (scope.block.length() > 0) text += fmt::format(" {}", scope.block.to_string());
  if (!scope.source.empty()) text += fmt::format(" ({})", scope.source);
  if (!scope.forwardable) text += ", not to be forwarded";
  if (!is_whole) text += "; the subnet reaches beyond it";
  return text;
}

Json reverse_json(const config::ReverseZones& zones) {
  return {{"first", zones.first}, {"last", zones.last}, {"count", zones.count}};
}

std::string reverse_text(const config::ReverseZones& zones) {
  if (zones.is_classless) return zones.first + " (RFC 2317)";
  if (zones.count == 1) return zones.first;
  return fmt::format("{} to {}, {} zones", zones.first, zones.last, zones.count);
}

class Lines {
 public:
  Lines(std::ostream& out, std::size_t width) : out_(out), width_(width) {}
  void operator()(std::string_view name, std::string_view value) const {
    out_ << fmt::format("{:<{}} {}\n", name, width_, value);
  }

 private:
  std::ostream& out_;
  std::size_t width_;
};

Json to_json(const config::SubnetInfo& info) {
  return {{"address", info.address.to_string()},
          {"subnet", info.subnet.to_string()},
          {"network", info.subnet.network().to_string()},
          {"prefix_length", info.subnet.length()},
          {"netmask", info.netmask.to_string()},
          {"wildcard", info.wildcard.to_string()},
          {"broadcast", info.broadcast ? Json(info.broadcast->to_string()) : Json()},
          {"first", info.first.to_string()},
          {"last", info.last.to_string()},
          {"hosts", info.hosts},
          {"addresses", info.addresses},
          {"class", std::string(1, info.address_class)},
          {"class_network", info.class_network ? Json(info.class_network->to_string()) : Json()},
          {"scope", scope_json(info.scope, info.scope_is_whole)},
          {"reverse", reverse_json(info.reverse)},
          {"is_network_address", info.is_network_address},
          {"is_broadcast_address", info.is_broadcast_address}};
}

std::string role(const config::SubnetInfo& info) {
  if (info.is_network_address) return "  (the network address)";
  if (info.is_broadcast_address) return "  (the broadcast address)";
  return "";
}

std::string class_text(const config::SubnetInfo& info) {
  if (!info.class_network) return std::string(1, info.address_class);
  return fmt::format("{} ({} before CIDR)", info.address_class, info.class_network->to_string());
}

void show_ipv4(const Context& context, const std::string& text) {
  const config::SubnetText parsed = config::parse_subnet(text);
  if (!parsed.address) throw CliError(parsed.error, "weir subnet 192.0.2.2/30", kUsage);
  const config::SubnetInfo info = config::subnet_info(*parsed.address);
  if (context.json) return context.print_json(to_json(info));
  const Lines line{context.out, 10};
  const unsigned length = info.subnet.length();
  const auto with_bits = [&](Ipv4Address address) {
    return fmt::format("{:<18} {}", address.to_string(), config::binary(address, length));
  };
  line("address", with_bits(info.address) + role(info));
  line("netmask", with_bits(info.netmask));
  line("wildcard", info.wildcard.to_string());
  line("subnet", info.subnet.to_string());
  line("broadcast", info.broadcast ? info.broadcast->to_string() : "none");
  line("usable", info.hosts == 1 ? info.first.to_string()
                                 : info.first.to_string() + " to " + info.last.to_string());
  line("hosts",
       fmt::format("{} of {} addresses", with_commas(info.hosts), with_commas(info.addresses)));
  line("class", class_text(info));
  line("scope", scope_text(info.scope, info.scope_is_whole));
  line("reverse", reverse_text(info.reverse));
}

/// How many /64s are in a prefix; empty when it is a part of one.
std::string lans_of(const config::Ipv6SubnetInfo& info) {
  return info.host_bits < 64 ? "" : config::power_of_two(info.host_bits - 64);
}

Json to_json(const config::Ipv6SubnetInfo& info) {
  const std::string lans = lans_of(info);
  return {{"address", info.address.to_string()},
          {"expanded", config::expanded(info.address, 0)},
          {"subnet", info.subnet.to_string()},
          {"network", info.subnet.network().to_string()},
          {"prefix_length", info.subnet.length()},
          {"first", info.first.to_string()},
          {"last", info.last.to_string()},
          {"addresses", config::power_of_two(info.host_bits)},
          {"addresses_log2", info.host_bits},
          {"lans", lans.empty() ? Json() : Json(lans)},
          {"scope", scope_json(info.scope, info.scope_is_whole)},
          {"multicast_scope", info.multicast_scope.empty() ? Json() : Json(info.multicast_scope)},
          {"eui64_mac", info.eui64 ? Json(info.eui64->to_string()) : Json()},
          {"ipv4",
           info.ipv4 ? Json{{"address", info.ipv4->address.to_string()}, {"rule", info.ipv4->rule}}
                     : Json()},
          {"solicited_node",
           info.multicast_scope.empty() ? Json(info.address.solicited_node().to_string()) : Json()},
          {"reverse", reverse_json(info.reverse)},
          {"reverse_name", config::reverse_name(info.address)},
          {"is_subnet_router_anycast", info.is_subnet_router_anycast},
          {"is_reserved_anycast", info.is_reserved_anycast}};
}

std::string role(const config::Ipv6SubnetInfo& info) {
  if (info.is_subnet_router_anycast) return "  (the Subnet-Router anycast address, RFC 4291 2.6.1)";
  if (info.is_reserved_anycast) return "  (reserved for anycast, RFC 2526)";
  return "";
}

void show_ipv6(const Context& context, const std::string& text) {
  const config::Ipv6SubnetText parsed = config::parse_ipv6_subnet(text);
  if (!parsed.address) throw CliError(parsed.error, "weir subnet 2001:db8:12::1/60", kUsage);
  const config::Ipv6SubnetInfo info = config::subnet_info(*parsed.address);
  if (context.json) return context.print_json(to_json(info));
  const Lines line{context.out, 10};
  line("address", info.address.to_string() + role(info));
  line("in full", config::expanded(info.address, info.subnet.length()));
  line("subnet", info.subnet.to_string());
  const bool is_group = !info.multicast_scope.empty();
  if (!is_group)
    line("usable", info.first == info.last
                       ? info.first.to_string()
                       : info.first.to_string() + " to " + info.last.to_string());
  line("addresses", fmt::format("2^{} = {}", info.host_bits, config::power_of_two(info.host_bits)));
  if (const std::string lans = lans_of(info); !lans.empty() && !is_group)
    line("LANs", fmt::format("{} of /64", lans));
  line("scope", scope_text(info.scope, info.scope_is_whole));
  if (is_group) line("groups", fmt::format("{} scope (RFC 7346)", info.multicast_scope));
  if (info.eui64)
    line("EUI-64",
         fmt::format("made of MAC address {} (RFC 4291 appendix A)", info.eui64->to_string()));
  if (info.ipv4)
    line("IPv4", fmt::format("{}, {}", info.ipv4->address.to_string(), info.ipv4->rule));
  if (!is_group) line("solicited", info.address.solicited_node().to_string() + " (RFC 4291 2.7.1)");
  line("reverse", reverse_text(info.reverse));
}

/// `weir subnet plam 10.0.0.0/24`: a verb was meant.
void refuse_near_verb(const std::string& word) {
  constexpr std::array<std::string_view, 2> kVerbs = {"plan", "same"};
  const std::string_view near = config::nearest(word, kVerbs);
  if (near.empty()) return;
  throw CliError(fmt::format("there is no `weir subnet {}`", word),
                 fmt::format("did you mean `weir subnet {}`?", near), kUsage);
}

}  // namespace

void show_subnet(const Context& context, const std::vector<std::string>& words) {
  if (words.empty())
    throw CliError("`weir subnet` needs an address and its mask, or one of plan, same",
                   "weir subnet 192.0.2.2/30", kUsage);
  refuse_near_verb(words.front());
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  if (words.front().find(':') != std::string::npos) return show_ipv6(context, text);
  show_ipv4(context, text);
}

}  // namespace weir::cli
