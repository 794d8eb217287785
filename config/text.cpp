#include "config/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>
#include <vector>

namespace weir::config {

bool has_control_characters(std::string_view text) {
  const auto at = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const unsigned first = at(i), second = at(i + 1), third = at(i + 2);
    if (first < 0x20 || first == 0x7f) return true;
    if (first == 0xc2 && second < 0xa0) return true;
    if (first == 0xe2 && second == 0x80 && (third == 0xa8 || third == 0xa9)) return true;
    if (first == 0xef && second == 0xbf && third >= 0xbe) return true;
  }
  return false;
}
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array<Unit, 4> kTimeUnits{{{"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}}};
constexpr std::array<Unit, 4> kSizeUnits{
    {{"G", 1ULL << 30}, {"M", 1ULL << 20}, {"K", 1ULL << 10}, {"", 1}}};
constexpr std::array<Unit, 3> kRateUnits{{{"Mpps", 1000000}, {"kpps", 1000}, {"pps", 1}}};
constexpr std::uint64_t kWholePercent = 10000;  // 100 %, in hundredths

std::pair<std::string_view, std::string_view> split_unit(std::string_view text) {
  const auto at = std::min(text.find_first_not_of("0123456789."), text.size());
  return {text.substr(0, at), text.substr(at)};
}

std::optional<std::uint64_t> parse_with_unit(std::string_view text, std::span<const Unit> units,
                                             std::uint64_t maximum) {
  const auto [digits, name] = split_unit(text);
  const auto number = parse_number(digits);
  for (const Unit& unit : units) {
    if (unit.name == name && number && *number <= maximum / unit.factor) {
      return *number * unit.factor;
    }
  }
  return std::nullopt;
}

std::string format_with_unit(std::uint64_t value, std::span<const Unit> units) {
  for (const Unit& unit : units) {
    if (value != 0 && value % unit.factor == 0) return cat(value / unit.factor, unit.name);
  }
  return "0";
}

}  // namespace

std::string join(std::span<const std::string_view> words) {
  std::string text;
  for (const std::string_view word : words) text += cat(text.empty() ? "" : ", ", word);
  return text;
}

std::string shown(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out = "\"";
  std::size_t length = std::min(text.size(), kLongest);
  // Not in the middle of a UTF-8 character.
  while (length < text.size() && length > 0 && (text[length] & 0xc0) == 0x80) --length;
  for (const char c : text.substr(0, length)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += '\\';
    if (byte < 0x20 || byte == 0x7f) {
      out += cat("\\x", kDigits[byte >> 4], kDigits[byte & 15]);
    } else {
      out += c;
    }
  }
  if (length < text.size()) out += "...";
  return out + '"';
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

std::string lower_case(std::string_view text) {
  std::string lower{text};
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> words) {
  constexpr std::size_t kLongestWord = 64;
  if (word.size() > kLongestWord) return {};
  const std::string lower = lower_case(word);
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string_view candidate : words) {
    const std::size_t distance =
        std::min(edit_distance(word, candidate), edit_distance(lower, candidate));
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return value;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  constexpr auto kMaximum = std::numeric_limits<std::int64_t>::max();
  const auto value = parse_with_unit(text, kTimeUnits, static_cast<std::uint64_t>(kMaximum));
  if (!value) return std::nullopt;
  return std::chrono::milliseconds{static_cast<std::int64_t>(*value)};
}

std::string format_duration(std::chrono::milliseconds duration) {
  const auto count = static_cast<std::uint64_t>(duration.count());
  return count == 0 ? "0s" : format_with_unit(count, kTimeUnits);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  return parse_with_unit(text, kSizeUnits, std::numeric_limits<std::uint64_t>::max());
}

std::string format_size(std::uint64_t bytes) { return format_with_unit(bytes, kSizeUnits); }

std::optional<PacketRate> parse_rate(std::string_view text) {
  using Kind = PacketRate::Kind;
  struct RateUnit {
    std::string_view name;
    Kind kind;
    std::size_t decimals;  // of the smallest step
    std::uint64_t maximum;
  };
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  constexpr std::array<RateUnit, 4> kUnits{{{"%", Kind::percent, 2, kWholePercent},
                                            {"pps", Kind::pps, 0, kMost},
                                            {"kpps", Kind::pps, 3, kMost},
                                            {"Mpps", Kind::pps, 6, kMost}}};
  if (text == "none") return PacketRate{Kind::unlimited, 0};
  const auto [number, name] = split_unit(text);
  const auto unit = std::find_if(kUnits.begin(), kUnits.end(),
                                 [name = name](const RateUnit& each) { return each.name == name; });
  if (unit == kUnits.end()) return std::nullopt;
  const std::size_t point = std::min(number.find('.'), number.size());
  const std::string_view decimals =
      point == number.size() ? std::string_view{} : number.substr(point + 1);
  if (decimals.size() > unit->decimals || (point < number.size() && decimals.empty())) {
    return std::nullopt;
  }
  const auto whole = parse_number(number.substr(0, point));
  std::uint64_t factor = 1;
  for (std::size_t i = 0; i < unit->decimals; ++i) factor *= 10;
  if (!whole || *whole > unit->maximum / factor) return std::nullopt;
  std::uint64_t part = 0;
  for (std::size_t i = 0; i < unit->decimals; ++i) {
    const char digit = i < decimals.size() ? decimals[i] : '0';
    if (digit == '.') return std::nullopt;
    part = part * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  if (part > unit->maximum - *whole * factor) return std::nullopt;
  return PacketRate{unit->kind, *whole * factor + part};
}

std::string format_rate(PacketRate rate) {
  if (rate.kind == PacketRate::Kind::unlimited) return "none";
  if (rate.kind == PacketRate::Kind::pps) {
    return rate.value == 0 ? "0pps" : format_with_unit(rate.value, kRateUnits);
  }
  std::string text = cat(rate.value / 100);
  if (const std::uint64_t part = rate.value % 100; part != 0) {
    text += cat('.', part / 10);
    if (part % 10 != 0) text += cat(part % 10);
  }
  return text + '%';
}

}  // namespace weir::config
