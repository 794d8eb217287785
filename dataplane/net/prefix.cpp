#include "dataplane/net/prefix.hpp"

#include <charconv>

#include "dataplane/net/ipv4.hpp"
#include "dataplane/net/ipv6.hpp"

namespace weir {

template <typename Address>
std::string Prefix<Address>::to_string() const {
  return network().to_string() + '/' + std::to_string(length_);
}

template <typename Address>
std::optional<InterfaceAddress<Address>> InterfaceAddress<Address>::parse(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = Address::parse(text.substr(0, slash));
  text.remove_prefix(slash + 1);
  unsigned length = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, length);
  const bool leading_zero = text.size() > 1 && text.front() == '0';
  if (!address || error != std::errc{} || stopped != end || leading_zero) return std::nullopt;
  if (length > Address::kBits) return std::nullopt;
  return InterfaceAddress{*address, static_cast<std::uint8_t>(length)};
}

template <typename Address>
std::string InterfaceAddress<Address>::to_string() const {
  return address.to_string() + '/' + std::to_string(length);
}

template class Prefix<Ipv4Address>;
template class Prefix<Ipv6Address>;
template struct InterfaceAddress<Ipv4Address>;
template struct InterfaceAddress<Ipv6Address>;

}  // namespace weir
