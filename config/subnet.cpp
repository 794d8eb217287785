#include "config/subnet.hpp"

#include <bit>

#include "config/address_text.hpp"
#include "config/text.hpp"

namespace weir::config {
namespace {

constexpr Ipv4Prefix block(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d,
                           unsigned length) {
  return {Ipv4Address{a, b, c, d}, length};
}

/// IANA IPv4 Special-Purpose Address Registry, and the multicast and reserved blocks.
constexpr Scope kScopes[] = {
    {block(0, 0, 0, 0, 8), "this network", "RFC 791", false, false},
    {block(0, 0, 0, 0, 32), "this host on this network", "RFC 1122", false, false},
    {block(10, 0, 0, 0, 8), "private", "RFC 1918", true, false},
    {block(100, 64, 0, 0, 10), "shared address space", "RFC 6598", true, false},
    {block(127, 0, 0, 0, 8), "loopback", "RFC 1122", false, false},
    {block(169, 254, 0, 0, 16), "link-local", "RFC 3927", false, false},
    {block(172, 16, 0, 0, 12), "private", "RFC 1918", true, false},
    {block(192, 0, 0, 0, 24), "IETF protocol assignments", "RFC 6890", false, false},
    {block(192, 0, 0, 0, 29), "IPv4 service continuity", "RFC 7335", true, false},
    {block(192, 0, 0, 8, 32), "IPv4 dummy address", "RFC 7600", false, false},
    {block(192, 0, 0, 9, 32), "port control protocol anycast", "RFC 7723", true, true},
    {block(192, 0, 0, 10, 32), "TURN anycast", "RFC 8155", true, true},
    {block(192, 0, 0, 170, 31), "NAT64/DNS64 discovery", "RFC 7050", false, false},
    {block(192, 0, 2, 0, 24), "documentation (TEST-NET-1)", "RFC 5737", false, false},
    {block(192, 31, 196, 0, 24), "AS112-v4", "RFC 7535", true, true},
    {block(192, 52, 193, 0, 24), "AMT", "RFC 7450", true, true},
    {block(192, 88, 99, 0, 24), "6to4 relay anycast (deprecated)", "RFC 7526", true, true},
    {block(192, 168, 0, 0, 16), "private", "RFC 1918", true, false},
    {block(192, 175, 48, 0, 24), "direct delegation AS112", "RFC 7534", true, true},
    {block(198, 18, 0, 0, 15), "benchmarking", "RFC 2544", true, false},
    {block(198, 51, 100, 0, 24), "documentation (TEST-NET-2)", "RFC 5737", false, false},
    {block(203, 0, 113, 0, 24), "documentation (TEST-NET-3)", "RFC 5737", false, false},
    {block(224, 0, 0, 0, 4), "multicast", "RFC 5771", true, true},
    {block(224, 0, 0, 0, 24), "multicast, this link only", "RFC 5771", false, false},
    {block(232, 0, 0, 0, 8), "multicast, source-specific", "RFC 4607", true, true},
    {block(239, 0, 0, 0, 8), "multicast, administratively scoped", "RFC 2365", true, false},
    {block(240, 0, 0, 0, 4), "reserved", "RFC 1112", false, false},
    {block(255, 255, 255, 255, 32), "limited broadcast", "RFC 8190", false, false},
};
constexpr Scope kPublic{{}, "public", "RFC 4632", true, true};

/// Whether `subnet` lies in the scope's block and in no other block within it.
bool is_whole(const Ipv4Prefix& subnet, const Scope& scope) {
  if (!scope.block.contains(subnet)) return false;
  for (const Scope& other : kScopes) {
    if (other.block != scope.block && subnet.contains(other.block)) return false;
  }
  return true;
}

char class_of(Ipv4Address address) {
  const int leading_ones = std::countl_one(address.value());
  return static_cast<char>('A' + (leading_ones < 4 ? leading_ones : 4));
}

constexpr std::string_view kBlanks = " \t";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// Reads the part behind the slash or blank: a length or a netmask.
std::optional<unsigned> read_length(std::string_view text, std::string& error) {
  if (text.find('.') == std::string_view::npos) {
    const auto length = parse_number(text);
    if (length && *length <= 32) return static_cast<unsigned>(*length);
    error = cat(shown(text), " is not a prefix length (0 to 32) or netmask");
    return std::nullopt;
  }
  const auto mask = Ipv4Address::parse(text);
  if (!mask) {
    error = cat(shown(text), " is not a netmask (such as 255.255.255.0)");
    return std::nullopt;
  }
  if (const auto length = netmask_length(*mask)) return length;
  error = cat(text, " is not a netmask: its ones are not all in front");
  const Ipv4Address inverted{~mask->value()};
  if (netmask_length(inverted)) error += cat(" (did you mean ", inverted.to_string(), "?)");
  return std::nullopt;
}

}  // namespace

Scope scope_of(Ipv4Address address) {
  const Scope* best = &kPublic;
  for (const Scope& scope : kScopes) {
    if (scope.block.contains(address) && scope.block.length() >= best->block.length()) {
      best = &scope;
    }
  }
  return *best;
}

SubnetInfo subnet_info(const Ipv4InterfaceAddress& address) {
  SubnetInfo info;
  info.address = address.address;
  info.subnet = address.subnet();
  info.netmask = Ipv4Address{info.subnet.mask()};
  info.wildcard = Ipv4Address{info.subnet.host_mask()};
  const HostRange range = host_range(info.subnet);
  info.first = range.first;
  info.last = range.last;
  info.addresses = std::uint64_t{info.subnet.host_mask()} + 1;
  info.hosts = std::uint64_t{info.last.value()} - info.first.value() + 1;
  if (info.subnet.has_broadcast()) {
    info.broadcast = info.subnet.last();
    info.is_network_address = info.address == info.subnet.network();
    info.is_broadcast_address = info.address == info.subnet.last();
  }
  info.address_class = class_of(info.address);
  info.scope = scope_of(info.address);
  info.scope_is_whole = is_whole(info.subnet, info.scope);
  return info;
}

std::string binary(Ipv4Address address, unsigned prefix_length) {
  std::string text;
  for (unsigned bit = 0; bit < 32; ++bit) {
    if (bit == prefix_length && bit > 0) {
      text += '|';
    } else if (bit > 0 && bit % 8 == 0) {
      text += '.';
    }
    text += (address.value() >> (31 - bit) & 1) != 0 ? '1' : '0';
  }
  return text;
}

std::optional<unsigned> netmask_length(Ipv4Address netmask) {
  const auto length = static_cast<unsigned>(std::countl_one(netmask.value()));
  if (netmask.value() != ipv4_mask(length)) return std::nullopt;
  return length;
}

SubnetText parse_subnet(std::string_view text) {
  text = trimmed(text);
  const auto at = text.find_first_of("/ \t");
  const std::string_view address_text = text.substr(0, at);
  SubnetText result;
  Complaint complaint;
  const auto address = read_address(address_text, complaint);
  if (!address) {
    result.error = cat(complaint.message, " (", complaint.hint, ')');
    return result;
  }
  std::optional<unsigned> length = 32;
  if (at != std::string_view::npos)
    length = read_length(trimmed(text.substr(at + 1)), result.error);
  if (length) result.address = {*address, static_cast<std::uint8_t>(*length)};
  return result;
}

}  // namespace weir::config
