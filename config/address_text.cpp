#include "config/address_text.hpp"

#include <algorithm>

#include "config/text.hpp"

namespace weir::config {
namespace {

bool looks_like_ipv6(std::string_view text) {
  if (std::count(text.begin(), text.end(), ':') < 2) return false;
  // Without a zone (%eth0) and the length.
  const std::string_view address = text.substr(0, text.find_first_of("%/"));
  return address.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

Complaint complain(std::string_view text, std::string_view what, std::string hint) {
  if (looks_like_ipv6(text)) {
    return {Code::not_in_version, cat(shown(text), " is IPv6, which is not in this version"),
            "remove it"};
  }
  return {Code::malformed, cat(shown(text), " is not ", what), std::move(hint)};
}

/// The text without a leading zero in any number, as in 010.001.0.1, which some read as octal.
std::string without_leading_zeros(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool at_start = i == 0 || text[i - 1] == '.' || text[i - 1] == '/';
    if (at_start) {
      while (i + 1 < text.size() && text[i] == '0' && text[i + 1] >= '0' && text[i + 1] <= '9') ++i;
    }
    out += text[i];
  }
  return out;
}

}  // namespace

std::optional<Ipv4Address> read_address(std::string_view text, Complaint& complaint) {
  if (const auto address = Ipv4Address::parse(text)) return address;
  if (Ipv4InterfaceAddress::parse(text)) {
    complaint = {Code::prefix_length,
                 cat(shown(text), " has a prefix length, here an address alone is wanted"),
                 cat("did you mean ", text.substr(0, text.find('/')), '?')};
    return std::nullopt;
  }
  const std::string decimal = without_leading_zeros(text);
  complaint = complain(
      text, "an IPv4 address",
      Ipv4Address::parse(decimal) ? cat("did you mean ", decimal, '?') : "such as 192.0.2.1");
  return std::nullopt;
}

std::optional<Ipv4InterfaceAddress> read_interface_address(std::string_view text,
                                                           Complaint& complaint) {
  if (const auto address = Ipv4InterfaceAddress::parse(text)) return address;
  if (Ipv4Address::parse(text)) {
    complaint = {Code::prefix_length, cat(shown(text), " lacks its prefix length"),
                 cat("such as ", text, "/24")};
    return std::nullopt;
  }
  const std::string decimal = without_leading_zeros(text);
  complaint = complain(text, "an IPv4 address with a prefix length",
                       Ipv4InterfaceAddress::parse(decimal) ? cat("did you mean ", decimal, '?')
                                                            : "such as 192.0.2.2/30");
  return std::nullopt;
}

std::optional<Ipv4Prefix> read_prefix(std::string_view text, Complaint& complaint) {
  if (text == "default") return Ipv4Prefix{};
  if (const auto given = Ipv4InterfaceAddress::parse(text)) {
    if (given->address == given->subnet().network()) return given->subnet();
    complaint = {Code::host_bits, cat(text, " has host bits set"),
                 cat("did you mean ", given->subnet().to_string(), "? or ",
                     given->address.to_string(), "/32 for the one host")};
    return std::nullopt;
  }
  if (Ipv4Address::parse(text)) {
    complaint = {Code::prefix_length, cat(shown(text), " lacks its prefix length"),
                 cat("such as ", text, "/32 for one host")};
    return std::nullopt;
  }
  const std::string decimal = without_leading_zeros(text);
  complaint =
      complain(text, "an IPv4 prefix",
               Ipv4InterfaceAddress::parse(decimal) ? cat("did you mean ", decimal, '?')
                                                    : "such as 198.51.100.0/24, or default");
  return std::nullopt;
}

std::optional<Ipv6Address> read_ipv6_address(std::string_view text, Complaint& complaint) {
  if (const auto address = Ipv6Address::parse(text)) return address;
  std::string hint = "such as 2001:db8::1";
  if (Ipv6InterfaceAddress::parse(text) || Ipv6Address::parse(text.substr(0, text.find('%'))))
    hint = cat("did you mean ", text.substr(0, text.find_first_of("/%")), '?');
  complaint = {Code::malformed, cat(shown(text), " is not an IPv6 address"), std::move(hint)};
  return std::nullopt;
}

std::optional<Ipv6Prefix> read_ipv6_prefix(std::string_view text, Complaint& complaint) {
  if (const auto given = Ipv6InterfaceAddress::parse(text)) {
    if (given->address == given->subnet().network()) return given->subnet();
    complaint = {Code::host_bits, cat(text, " has host bits set"),
                 cat("did you mean ", given->subnet().to_string(), '?')};
    return std::nullopt;
  }
  if (Ipv6Address::parse(text)) {
    complaint = {Code::prefix_length, cat(shown(text), " lacks its prefix length"),
                 cat("such as ", text, "/64")};
    return std::nullopt;
  }
  complaint = {Code::malformed, cat(shown(text), " is not an IPv6 prefix"),
               "such as 2001:db8::/32"};
  return std::nullopt;
}

std::optional<MacAddress> read_mac(std::string_view text, Complaint& complaint) {
  if (const auto mac = MacAddress::parse(text)) return mac;
  complaint = {Code::malformed, cat(shown(text), " is not a MAC address"),
               "such as 02:00:5e:10:00:09"};
  return std::nullopt;
}

HostRange host_range(const Ipv4Prefix& subnet) {
  if (!subnet.has_broadcast()) return {subnet.network(), subnet.last()};
  return {Ipv4Address{subnet.network().value() + 1}, Ipv4Address{subnet.last().value() - 1}};
}

Ipv6HostRange host_range(const Ipv6Prefix& subnet) {
  if (subnet.length() >= 127) return {subnet.network(), subnet.last()};
  return {Ipv6Address{subnet.network().value() + 1}, subnet.last()};
}

std::string to_string(const HostRange& range) {
  if (range.first == range.last) return range.first.to_string();
  return cat(range.first.to_string(), " to ", range.last.to_string());
}

}  // namespace weir::config
