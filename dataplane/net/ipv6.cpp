#include "dataplane/net/ipv6.hpp"

#include <charconv>

#include "dataplane/net/ipv4.hpp"

namespace weir {
namespace {

constexpr unsigned kGroups = 8;

/// One to four hexadecimal digits; advances `text` past them.
std::optional<std::uint16_t> take_group(std::string_view& text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  const auto digits = static_cast<std::size_t>(end - text.data());
  if (error != std::errc{} || digits > 4) return std::nullopt;
  text.remove_prefix(digits);
  return static_cast<std::uint16_t>(value);
}

/// Groups with colons between them, as many as fit; nullopt when `text` is something else.
struct Groups {
  std::array<std::uint16_t, kGroups> values{};
  unsigned count = 0;
};
std::optional<Groups> read_groups(std::string_view text, bool may_end_dotted) {
  Groups groups;
  if (text.empty()) return groups;
  for (;;) {
    const bool is_last = text.find(':') == std::string_view::npos;
    if (is_last && may_end_dotted && text.find('.') != std::string_view::npos) {
      const auto dotted = Ipv4Address::parse(text);
      if (!dotted || groups.count + 2 > kGroups) return std::nullopt;
      groups.values[groups.count++] = static_cast<std::uint16_t>(dotted->value() >> 16);
      groups.values[groups.count++] = static_cast<std::uint16_t>(dotted->value());
      return groups;
    }
    const auto group = take_group(text);
    if (!group || groups.count == kGroups) return std::nullopt;
    groups.values[groups.count++] = *group;
    if (text.empty()) return groups;
    if (text.front() != ':') return std::nullopt;
    text.remove_prefix(1);
  }
}

struct Run {
  unsigned first = 0, count = 0;
};

/// The longest run of two or more zero groups, the first of equal ones (RFC 5952 section 4.2).
Run longest_zero_run(const Ipv6Address& address, unsigned groups) {
  Run best, run;
  for (unsigned i = 0; i < groups; ++i) {
    if (address.group(i) != 0) {
      run = {};
      continue;
    }
    if (run.count++ == 0) run.first = i;
    if (run.count > best.count) best = run;
  }
  return best.count >= 2 ? best : Run{};
}

}  // namespace

std::optional<Ipv6Address> Ipv6Address::parse(std::string_view text) {
  const auto gap = text.find("::");
  const bool has_gap = gap != std::string_view::npos;
  const auto front = read_groups(text.substr(0, gap), !has_gap);
  const auto back = read_groups(has_gap ? text.substr(gap + 2) : std::string_view{}, true);
  if (!front || !back) return std::nullopt;
  const unsigned given = front->count + back->count;
  // `::` stands for at least one group, as inet_pton has it (RFC 4291: "one or more").
  if (has_gap ? given >= kGroups : given != kGroups) return std::nullopt;
  Value value = 0;
  for (unsigned i = 0; i < front->count; ++i) value |= Value{front->values[i]} << (112 - 16 * i);
  for (unsigned i = 0; i < back->count; ++i)
    value |= Value{back->values[i]} << (16 * (back->count - 1 - i));
  return Ipv6Address{value};
}

std::string Ipv6Address::to_string() const {
  // RFC 5952 section 5.
  if (is_ipv4_mapped())
    return "::ffff:" + Ipv4Address{static_cast<std::uint32_t>(value_)}.to_string();
  const Run zeros = longest_zero_run(*this, kGroups);
  char text[40];
  char* end = text;
  for (unsigned i = 0; i < kGroups; ++i) {
    if (zeros.count > 0 && i == zeros.first) {
      *end++ = ':';
      if (i + zeros.count == kGroups) *end++ = ':';
      i += zeros.count - 1;
      continue;
    }
    if (i > 0) *end++ = ':';
    end = std::to_chars(end, end + 4, group(i), 16).ptr;
  }
  return {text, end};
}

}  // namespace weir
