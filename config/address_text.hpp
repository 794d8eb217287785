// Addresses in text, with complaints that say what would be right.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/codes.hpp"
#include "dataplane/net/ipv4.hpp"
#include "dataplane/net/ipv6.hpp"
#include "dataplane/net/mac_address.hpp"

namespace weir::config {

struct Complaint {
  Code code{};
  std::string message;
  std::string hint;
};

/// Each reads the whole of `text`; on failure fills `complaint` and returns nullopt.
std::optional<Ipv4Address> read_address(std::string_view text, Complaint& complaint);
/// `ADDRESS/LENGTH`.
std::optional<Ipv4InterfaceAddress> read_interface_address(std::string_view text,
                                                           Complaint& complaint);
/// `NETWORK/LENGTH` without host bits, or `default`.
std::optional<Ipv4Prefix> read_prefix(std::string_view text, Complaint& complaint);
std::optional<Ipv6Address> read_ipv6_address(std::string_view text, Complaint& complaint);
/// `NETWORK/LENGTH` without host bits.
std::optional<Ipv6Prefix> read_ipv6_prefix(std::string_view text, Complaint& complaint);
std::optional<MacAddress> read_mac(std::string_view text, Complaint& complaint);

/// The addresses hosts may have in a subnet: all on /31 and /32, else all but the first and last.
struct HostRange {
  Ipv4Address first;
  Ipv4Address last;
};
HostRange host_range(const Ipv4Prefix& subnet);
/// All but the first, which is the Subnet-Router anycast address (RFC 4291 section 2.6.1); of /127
/// (RFC 6164) and /128, all.
struct Ipv6HostRange {
  Ipv6Address first;
  Ipv6Address last;
};
Ipv6HostRange host_range(const Ipv6Prefix& subnet);
/// `10.0.0.1 to 10.0.0.254`, or the one address.
std::string to_string(const HostRange& range);

}  // namespace weir::config
