#include "config/reverse_zone.hpp"

#include "config/text.hpp"

namespace weir::config {
namespace {

template <typename Address>
constexpr unsigned kLabelBits = Address::kBits == 32 ? 8 : 4;

/// The last label of the first `bits` bits first; `bits` ends at a label.
template <typename Address>
std::string zone_of(Address address, unsigned bits) {
  constexpr unsigned kStep = kLabelBits<Address>;
  std::string name;
  for (unsigned end = bits; end > 0; end -= kStep) {
    const auto label =
        static_cast<unsigned>(address.value() >> (Address::kBits - end)) & ((1u << kStep) - 1);
    if (kStep == 8) {
      name += std::to_string(label);
    } else {
      name += "0123456789abcdef"[label];
    }
    name += '.';
  }
  return name + (Address::kBits == 32 ? "in-addr.arpa" : "ip6.arpa");
}

template <typename Address>
ReverseZones zones_of(const Prefix<Address>& prefix) {
  constexpr unsigned kStep = kLabelBits<Address>;
  const unsigned bits = (prefix.length() + kStep - 1) / kStep * kStep;
  return {zone_of(prefix.network(), bits), zone_of(prefix.last(), bits),
          1u << (bits - prefix.length())};
}

}  // namespace

std::string reverse_name(Ipv4Address address) { return zone_of(address, Ipv4Address::kBits); }

std::string reverse_name(Ipv6Address address) { return zone_of(address, Ipv6Address::kBits); }

ReverseZones reverse_zones(const Ipv4Prefix& prefix) {
  if (prefix.length() <= 24 || prefix.length() == 32) return zones_of(prefix);
  const std::string zone =
      cat(prefix.network().value() & 255, '/', prefix.length(), '.', zone_of(prefix.network(), 24));
  return {zone, zone, 1, true};
}

ReverseZones reverse_zones(const Ipv6Prefix& prefix) { return zones_of(prefix); }

}  // namespace weir::config
