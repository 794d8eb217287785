#include "controlplane/cli/subnet.hpp"

#include <fmt/format.h>

#include "config/subnet.hpp"
#include "controlplane/cli/table.hpp"

namespace weir::cli {
namespace {

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
          {"scope",
           {{"name", info.scope.name},
            {"block", info.scope.block.to_string()},
            {"source", info.scope.source},
            {"forwardable", info.scope.forwardable},
            {"global", info.scope.global},
            {"whole_subnet", info.scope_is_whole}}},
          {"is_network_address", info.is_network_address},
          {"is_broadcast_address", info.is_broadcast_address}};
}

std::string role(const config::SubnetInfo& info) {
  if (info.is_network_address) return "  (the network address)";
  if (info.is_broadcast_address) return "  (the broadcast address)";
  return "";
}

std::string scope_text(const config::SubnetInfo& info) {
  std::string text(info.scope.name);
  if (info.scope.block.length() > 0) text += fmt::format(" {}", info.scope.block.to_string());
  if (!info.scope.source.empty()) text += fmt::format(" ({})", info.scope.source);
  if (!info.scope.forwardable) text += ", not to be forwarded";
  if (!info.scope_is_whole) text += "; the subnet reaches beyond it";
  return text;
}

}  // namespace

void show_subnet(const Context& context, const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  const config::SubnetText parsed = config::parse_subnet(text);
  if (!parsed.address) throw CliError(parsed.error, "weir subnet 192.0.2.2/30", kUsage);
  const config::SubnetInfo info = config::subnet_info(*parsed.address);
  if (context.json) return context.print_json(to_json(info));
  const auto line = [&](const char* name, const std::string& value) {
    context.out << fmt::format("{:<10} {}\n", name, value);
  };
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
  line("class", std::string(1, info.address_class));
  line("scope", scope_text(info));
}

}  // namespace weir::cli
