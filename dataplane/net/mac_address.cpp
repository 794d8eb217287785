#include "dataplane/net/mac_address.hpp"

#include <cstddef>

namespace weir {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Two forms: a separator after every two digits, or (Cisco's) a dot after every four.
std::optional<MacAddress> parse_grouped(std::string_view text, std::size_t digits, char separator) {
  const std::size_t groups = 12 / digits;
  if (text.size() != 12 + groups - 1) return std::nullopt;
  MacAddress mac;
  std::size_t nibble = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i % (digits + 1) == digits) {
      if (text[i] != separator) return std::nullopt;
      continue;
    }
    const int value = hex_digit(text[i]);
    if (value < 0) return std::nullopt;
    auto& byte = mac.bytes[nibble / 2];
    byte = static_cast<std::uint8_t>(byte << 4 | value);
    ++nibble;
  }
  return mac;
}

}  // namespace

std::optional<MacAddress> MacAddress::parse(std::string_view text) {
  if (text.size() == 14) return parse_grouped(text, 4, '.');
  if (text.size() != 17) return std::nullopt;
  return parse_grouped(text, 2, text[2] == '-' ? '-' : ':');
}

std::string MacAddress::to_string() const {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(17);
  for (const std::uint8_t byte : bytes) {
    if (!text.empty()) text += ':';
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace weir
