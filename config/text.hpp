// Small things about text: joining, the nearest word, numbers with a unit.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "config/model.hpp"

namespace weir::config {

/// Whether UTF-8 text has what no line of a file may hold as it is: C0 and C1, DEL, U+2028 and
/// U+2029, which end lines, U+FFFE and U+FFFF.
bool has_control_characters(std::string_view text);

namespace detail {
inline void append(std::string& to, std::string_view text) { to += text; }
inline void append(std::string& to, char c) { to += c; }
template <std::integral T>
void append(std::string& to, T number) {
  to += std::to_string(number);
}
}  // namespace detail

/// The parts, one after the other: texts, characters, whole numbers.
template <typename... Parts>
std::string cat(const Parts&... parts) {
  std::string text;
  (detail::append(text, parts), ...);
  return text;
}

/// The words with commas between them.
std::string join(std::span<const std::string_view> words);

/// `text` in double quotes, cut to a readable length, control characters and quotes escaped: for
/// messages only.
std::string shown(std::string_view text);

/// Steps from `a` to `b`: letters inserted, removed, replaced or swapped with their neighbour
/// (optimal string alignment distance). Linear in the product of the lengths.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// ASCII letters only.
std::string lower_case(std::string_view text);

/// The one of `words` that `word` is probably meant to be; empty when none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> words);

/// A whole decimal number without sign or leading zeros, up to 2^64 - 1.
std::optional<std::uint64_t> parse_number(std::string_view text);

/// `250ms`, `30s`, `20m`, `4h`: a whole number and its unit.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
/// In the largest unit that stays whole: `4h`, `90s`, `0s`.
std::string format_duration(std::chrono::milliseconds duration);

/// `65536`, `64K`, `512M`, `1G` (powers of 1024), in bytes.
std::optional<std::uint64_t> parse_size(std::string_view text);
/// In the largest unit that stays whole: `1G`, `1536M`, `100`.
std::string format_size(std::uint64_t bytes);

/// `300pps`, `10kpps`, `1.5Mpps`: whole packets a second; `0.25%`: whole hundredths, up to 100 %;
/// `none`.
std::optional<PacketRate> parse_rate(std::string_view text);
/// In the largest unit that stays whole: `10kpps`, `1500pps`; `1%`, `0.25%`; `none`.
std::string format_rate(PacketRate rate);

}  // namespace weir::config
