#include "dataplane/net/ipv4.hpp"

#include <charconv>

namespace weir {
namespace {

/// A decimal number up to `maximum` without leading zeros; advances `text` past it.
std::optional<std::uint32_t> take_number(std::string_view& text, std::uint32_t maximum) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value > maximum) return std::nullopt;
  const auto digits = static_cast<std::size_t>(end - text.data());
  if (digits > 1 && text.front() == '0') return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

}  // namespace

std::optional<Ipv4Address> Ipv4Address::parse(std::string_view text) {
  std::uint32_t value = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0) {
      if (text.empty() || text.front() != '.') return std::nullopt;
      text.remove_prefix(1);
    }
    const auto number = take_number(text, 255);
    if (!number) return std::nullopt;
    value = value << 8 | *number;
  }
  if (!text.empty()) return std::nullopt;
  return Ipv4Address{value};
}

std::string Ipv4Address::to_string() const {
  char text[16];
  char* end = text;
  for (int shift = 24; shift >= 0; shift -= 8) {
    end = std::to_chars(end, end + 3, value_ >> shift & 255).ptr;
    if (shift > 0) *end++ = '.';
  }
  return {text, end};
}

}  // namespace weir
