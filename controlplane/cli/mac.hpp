// `weir mac`: everything that follows from a MAC address; needs no router.
#pragma once

#include <optional>
#include <string>

#include "controlplane/cli/context.hpp"
#include "controlplane/cli/vendor.hpp"
#include "dataplane/net/mac_address.hpp"

namespace weir::cli {

/// What a standard, or custom, has the address for.
struct SpecialMac {
  std::string meaning;
  std::string source;  // "RFC 9568 7.3"; empty: custom
};

/// The narrowest range that holds the address.
std::optional<SpecialMac> special_mac(MacAddress mac);

/// `text` as a MAC address; else a CliError with exit code kUsage that shows how to write it.
MacAddress parse_mac(const std::string& text);

/// A station's address; one that no station can have is a CliError with kUsage, too: a mistake, not
/// an empty answer.
MacAddress station_address(const std::string& text);

/// `thing`, which has a field "mac", with the vendor at the end: null when there is none to know.
Json with_vendor(Json thing, Vendors& vendors);

/// {"mac","group","local","quadrant","vendor","block","special":{"meaning","source"}}.
Json explain_mac(MacAddress mac, Vendors& vendors);

/// The lines of an explanation: address, bits, vendor, special.
void print_mac(const Context& context, MacAddress mac, Vendors& vendors);

/// The verb.
void show_mac_address(const Context& context, const std::string& address);

}  // namespace weir::cli
