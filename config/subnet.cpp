#include "config/subnet.hpp"

#include <bit>

#include "config/address_text.hpp"
#include "config/text.hpp"

namespace weir::config {
namespace {

/// RFC 791 section 2.3 and RFC 1112 section 4: the leading bits.
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
  if (info.address_class <= 'C')
    info.class_network =
        Ipv4Prefix{info.address, 8u * static_cast<unsigned>(info.address_class - 'A' + 1)};
  info.scope = scope_of(info.address);
  info.scope_is_whole = covers_whole(info.scope, info.subnet);
  info.reverse = reverse_zones(info.subnet);
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

Ipv6SubnetText parse_ipv6_subnet(std::string_view text) {
  text = trimmed(text);
  const auto at = text.find_first_of("/ \t");
  Ipv6SubnetText result;
  Complaint complaint;
  const auto address = read_ipv6_address(text.substr(0, at), complaint);
  if (!address) {
    result.error = cat(complaint.message, " (", complaint.hint, ')');
    return result;
  }
  if (at == std::string_view::npos) {
    result.address = {*address, Ipv6Address::kBits};
    return result;
  }
  const std::string_view length_text = trimmed(text.substr(at + 1));
  const auto length = parse_number(length_text);
  if (length && *length <= Ipv6Address::kBits) {
    result.address = {*address, static_cast<std::uint8_t>(*length)};
  } else {
    result.error = cat(shown(length_text), " is not a prefix length (0 to 128)");
  }
  return result;
}

}  // namespace weir::config
