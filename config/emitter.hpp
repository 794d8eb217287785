// Internal to the emitter: what its files share, the YAML text of single values and the writer of
// lines.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/emit.hpp"
#include "config/model.hpp"
#include "config/text.hpp"

namespace weir::config {

/// A double-quoted scalar, which can hold any text.
std::string quoted(std::string_view text);
/// Text as it is where YAML cannot take it for anything else, else quoted. A word with a letter
/// first and no special characters is safe unless YAML knows it.
std::string scalar(std::string_view text);
/// `none`, `private`, `public`.
std::string zone_text(Zone zone);
/// `via: 192.0.2.1` or `type: blackhole`.
std::string route_value_text(const Route& route);
std::string addresses_text(const std::vector<Ipv4InterfaceAddress>& addresses);

template <typename Enum, std::size_t n>
std::string name_of(Enum value, const std::string_view (&names)[n]) {
  return std::string{names[static_cast<std::size_t>(value)]};
}

template <typename T, typename Format>
std::string list(const std::vector<T>& values, Format format) {
  std::string text = "[";
  for (const T& value : values) text += cat(text.size() > 1 ? ", " : "", format(value));
  return text + ']';
}

/// Writes lines `KEY: VALUE` under headings that appear only when something follows.
class Emitter {
 public:
  explicit Emitter(EmitDefaults defaults) : all_(defaults == EmitDefaults::yes) {}

  bool all() const { return all_; }
  void line(int indent, std::string_view text) {
    for (std::string& heading : headings_) out_ += heading;
    headings_.clear();
    out_ += cat(std::string(static_cast<std::size_t>(indent), ' '), text, '\n');
  }
  /// A heading for the lines until `end` with the same indent.
  void begin(int indent, std::string_view text) {
    headings_.push_back(cat(std::string(static_cast<std::size_t>(indent), ' '), text, '\n'));
  }
  void end() {
    if (!headings_.empty()) headings_.pop_back();
  }
  template <typename T>
  void setting(int indent, std::string_view key, const T& value, const T& normal,
               const std::string& text) {
    if (all_ || !(value == normal)) line(indent, cat(key, ": ", text));
  }
  /// A list, one entry a line: `- FORMAT(entry)`. An empty one is the default.
  template <typename T, typename Format>
  void entries(int indent, std::string_view key, const std::vector<T>& values, Format format) {
    if (!values.empty()) {
      line(indent, cat(key, ':'));
    } else if (all_) {
      line(indent, cat(key, ": []"));
    }
    for (const T& value : values) line(indent + 2, cat("- ", format(value)));
  }
  /// A map from names that the user gave; `each` writes name and settings.
  template <typename T, typename Each>
  void named(int indent, std::string_view key, const std::vector<T>& values, Each each) {
    if (!values.empty()) {
      line(indent, cat(key, ':'));
    } else if (all_) {
      line(indent, cat(key, ": {}"));
    }
    for (const T& value : values) each(value);
  }
  std::string take() { return std::move(out_); }

 private:
  bool all_;
  std::string out_;
  std::vector<std::string> headings_;
};

/// `neighbors`, and that of an interface.
void emit_neighbors(Emitter& out, const Neighbors& neighbors);
void emit_interface_neighbors(Emitter& out, const InterfaceNeighbors& neighbors);

/// `vlans`, `bridges` and `mirrors`.
void emit_switching(Emitter& out, const Config& config);

}  // namespace weir::config
