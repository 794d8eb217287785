#include "config/yaml_write.hpp"

#include <algorithm>
#include <array>

#include "config/text.hpp"

namespace weir::config {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

bool consists_of(std::string_view text, std::string_view of) {
  return text.find_first_not_of(of) == std::string_view::npos;
}

/// `12`, `-3`, `1.5`: the same number to every reader.
bool is_plain_number(std::string_view text) {
  if (!text.empty() && text.front() == '-') text.remove_prefix(1);
  const std::string_view whole = text.substr(0, text.find('.'));
  if (whole.empty() || !consists_of(whole, "0123456789")) return false;
  if (whole.size() > 1 && whole.front() == '0') return false;
  if (whole.size() == text.size()) return true;
  const std::string_view fraction = text.substr(whole.size() + 1);
  return !fraction.empty() && consists_of(fraction, "0123456789");
}

/// Whether some reader of YAML 1.1 or 1.2 takes the text for a number or a date. It begins with a
/// letter or digit.
bool looks_like_number(std::string_view text) {
  if (!is_digit(text.front())) return false;
  if (consists_of(text, "0123456789_:")) return true;  // octal, separated or sexagesimal
  if (text.size() > 2 && text.front() == '0' &&
      std::string_view{"xXoObB"}.find(text[1]) != std::string_view::npos) {
    return consists_of(text.substr(2), "0123456789abcdefABCDEF_");
  }
  if (text.size() >= 8 && text[4] == '-') return consists_of(text.substr(0, 4), "0123456789");
  return consists_of(text, "0123456789_.:eE+-") && std::count(text.begin(), text.end(), '.') <= 1;
}

bool is_known_word(std::string_view text) {
  constexpr std::array<std::string_view, 9> kWords{"null", "true", "false", "yes", "no",
                                                   "on",   "off",  "y",     "n"};
  const std::string lower = lower_case(text);
  return std::find(kWords.begin(), kWords.end(), lower) != kWords.end();
}

bool is_plain_text(std::string_view text) {
  const auto is_safe = [](char c) {
    return is_letter(c) || is_digit(c) ||
           std::string_view{"-_./+%@=: "}.find(c) != std::string_view::npos;
  };
  if (text.empty() || !(is_letter(text.front()) || is_digit(text.front()) || text.front() == '/')) {
    return false;
  }
  if (!std::all_of(text.begin(), text.end(), is_safe)) return false;
  if (text.back() == ':' || text.back() == ' ' || text.find(": ") != text.npos) return false;
  return !is_known_word(text) && !looks_like_number(text) && !is_mac_text(text);
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

std::string in_double_quotes(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (is_control(c)) {
      const auto byte = static_cast<unsigned char>(c);
      out += cat("\\x", kHex[byte / 16], kHex[byte % 16]);
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string in_single_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += c;
    out += c;
  }
  return out + '\'';
}

void write(const YamlNode& node, std::string& out) {
  const auto& children = node.children;
  switch (node.kind) {
    case YamlNode::Kind::null:
      out += "null";
      return;
    case YamlNode::Kind::scalar:
      out += scalar_text(node);
      return;
    case YamlNode::Kind::list:
      out += '[';
      for (std::size_t i = 0; i < children.size(); ++i) {
        if (i > 0) out += ", ";
        write(*children[i], out);
      }
      out += ']';
      return;
    case YamlNode::Kind::map:
      out += '{';
      for (std::size_t i = 0; i + 1 < children.size(); i += 2) {
        if (i > 0) out += ", ";
        out += text_scalar(children[i]->text);
        out += ": ";
        write(*children[i + 1], out);
      }
      out += '}';
      return;
  }
}

}  // namespace

bool is_mac_text(std::string_view text) {
  if (text.size() != 17) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool separator = i % 3 == 2;
    if (separator ? text[i] != ':' && text[i] != '-' : !is_hex(text[i])) return false;
  }
  return true;
}

bool is_typed_word(std::string_view text) {
  return text == "true" || text == "false" || is_plain_number(text);
}

std::string text_scalar(std::string_view text) {
  return is_plain_text(text) ? std::string{text} : in_double_quotes(text);
}

std::string scalar_text(const YamlNode& node, QuoteStyle style) {
  if (!node.quoted && is_typed_word(node.text)) return node.text;
  const bool has_control = std::any_of(node.text.begin(), node.text.end(), is_control);
  if (style == QuoteStyle::single && !has_control) return in_single_quotes(node.text);
  if (style == QuoteStyle::twice || node.quoted) return in_double_quotes(node.text);
  return text_scalar(node.text);
}

std::string flow_text(const YamlNode& node) {
  std::string out;
  write(node, out);
  return out;
}

}  // namespace weir::config
