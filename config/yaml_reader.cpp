#include "config/yaml_reader.hpp"

#include <algorithm>

namespace weir::config {
namespace {

std::string describe(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::null:
      return "nothing";
    case YamlNode::Kind::scalar:
      return shown(node.text);
    case YamlNode::Kind::list:
      return "a list";
    case YamlNode::Kind::map:
      return "a map";
  }
  return {};
}

}  // namespace

void YamlValue::error(Code code, std::string_view message, std::string hint) const {
  findings_->error(code, *file_, node_->source,
                   name_.empty() ? std::string{message} : cat(name_, ": ", message),
                   std::move(hint));
}

void YamlValue::unexpected(Code code, std::string_view wanted, std::string hint) const {
  error(code, cat("expected ", wanted, ", found ", describe(*node_)), std::move(hint));
}

const std::string* YamlValue::text(std::string_view wanted) const {
  if (node_->kind != YamlNode::Kind::scalar || node_->text.empty()) {
    unexpected(Code::wrong_type, wanted);
    return nullptr;
  }
  if (has_control_characters(node_->text)) {
    error(Code::not_text, cat("control characters in ", shown(node_->text)), "remove them");
    return nullptr;
  }
  return &node_->text;
}

bool YamlValue::number(std::uint64_t minimum, std::uint64_t maximum, std::uint64_t& out) const {
  const auto value =
      node_->kind == YamlNode::Kind::scalar ? parse_number(node_->text) : std::nullopt;
  if (!value || node_->quoted) {
    unexpected(Code::wrong_type, "a whole number",
               value ? "without quotes" : cat(minimum, " to ", maximum));
    return false;
  }
  if (*value < minimum || *value > maximum) {
    error(Code::out_of_range, cat(*value, " is out of range"), cat(minimum, " to ", maximum));
    return false;
  }
  out = *value;
  return true;
}

bool YamlValue::boolean(bool& out) const {
  if (!is_plain_word("true") && !is_plain_word("false")) {
    const bool would_do = is_word("true") || is_word("false");
    unexpected(Code::wrong_type, "true or false", would_do ? "without quotes" : "");
    return false;
  }
  out = node_->text == "true";
  return true;
}

bool YamlValue::seconds(std::chrono::seconds minimum, std::chrono::seconds maximum,
                        std::chrono::seconds& out) const {
  const std::string* given = text("a time");
  if (given == nullptr) return false;
  const auto value = parse_duration(*given);
  if (!value) {
    unexpected(Code::malformed, "a time",
               parse_number(*given) ? cat("with its unit: ", *given, "s?")
                                    : "a whole number of ms, s, m or h, such as 20m");
    return false;
  }
  if (*value < minimum || *value > maximum) {
    error(Code::out_of_range, cat(*given, " is out of range"),
          cat(format_duration(minimum), " to ", format_duration(maximum)));
    return false;
  }
  if (value->count() % 1000 != 0) {
    error(Code::wrong_step, cat(*given, " is not a whole number of seconds"));
    return false;
  }
  out = std::chrono::duration_cast<std::chrono::seconds>(*value);
  return true;
}

bool YamlValue::size(std::uint64_t minimum, std::uint64_t maximum, std::uint64_t step,
                     std::uint64_t& out) const {
  const std::string* given = text("a size");
  if (given == nullptr) return false;
  const auto value = parse_size(*given);
  if (!value) {
    unexpected(Code::malformed, "a size", "a whole number of K, M or G, such as 1G");
    return false;
  }
  if (*value < minimum || *value > maximum) {
    error(Code::out_of_range, cat(*given, " is out of range"),
          cat(format_size(minimum), " to ", format_size(maximum)));
    return false;
  }
  if (*value % step != 0) {
    error(Code::wrong_step, cat(*given, " is not a multiple of ", format_size(step)),
          cat("did you mean ", format_size(*value / step * step + step), '?'));
    return false;
  }
  out = *value;
  return true;
}

bool YamlValue::choice(std::initializer_list<std::string_view> words, std::size_t& out) const {
  const std::span<const std::string_view> all{words.begin(), words.size()};
  if (Asked* asked = watched()) asked->add_words(all);
  const auto at = node_->kind == YamlNode::Kind::scalar
                      ? std::find(words.begin(), words.end(), node_->text)
                      : words.end();
  if (at == words.end()) {
    const Code code = node_->kind == YamlNode::Kind::scalar ? Code::unknown_word : Code::wrong_type;
    unexpected(code, cat("one of ", join(all)),
               nearest(node_->text, all).empty()
                   ? std::string{}
                   : cat("did you mean ", nearest(node_->text, all), '?'));
    return false;
  }
  out = static_cast<std::size_t>(at - words.begin());
  return true;
}

void YamlValue::list(std::string_view hint,
                     const std::function<void(const YamlValue&)>& each) const {
  if (Asked* asked = watched()) asked->list = true;
  if (is_null()) return;
  if (node_->kind != YamlNode::Kind::list) {
    const bool printable = shown(node_->text).size() == node_->text.size() + 2;
    unexpected(Code::wrong_type, "a list",
               node_->kind == YamlNode::Kind::scalar && hint.empty() && printable
                   ? cat("in brackets: [", node_->text, ']')
                   : std::string{hint});
    return;
  }
  for (std::size_t i = 0; i < node_->children.size(); ++i) {
    each({*node_->children[i], cat(name_, '[', i, ']'), *file_, *findings_, asked_});
  }
}

YamlMap::YamlMap(const YamlValue& value) : value_(value) {
  if (value.is_null()) return;
  if (value.node().kind != YamlNode::Kind::map) {
    value.unexpected(Code::wrong_type, "a map", "KEY: VALUE lines, indented, or {KEY: VALUE, ...}");
    return;
  }
  entries_ = value.node().children;
}

YamlMap::YamlMap(const YamlValue& value, std::span<const std::string_view> known,
                 std::span<const std::string_view> later)
    : YamlMap(value) {
  if (Asked* asked = value.watched()) asked->add_keys(known);
  const auto has = [](std::span<const std::string_view> words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  for (std::size_t i = 0; i < entries_.size(); i += 2) {
    const YamlNode& key = *entries_[i];
    if (has(known, key.text)) continue;
    all_known_ = false;
    const SourceRef where = key.source;
    if (has(later, key.text)) {
      value_.findings_->error(Code::not_in_version, *value_.file_, where,
                              cat(child(key, key).name(), ": not in this version of Weir"),
                              "remove it");
      continue;
    }
    const std::string_view meant = nearest(key.text, known);
    value_.findings_->error(
        Code::key_unknown, *value_.file_, where,
        cat("unknown key ", shown(key.text),
            value_.name().empty() ? std::string{} : cat(" in ", value_.name())),
        meant.empty() ? cat("known: ", join(known)) : cat("did you mean ", meant, '?'));
  }
}

bool YamlMap::has(std::string_view key) const {
  for (std::size_t i = 0; i < entries_.size(); i += 2) {
    if (entries_[i]->text == key) return true;
  }
  return false;
}

YamlValue YamlMap::child(const YamlNode& key, const YamlNode& value) const {
  const std::string name = value_.name().empty() ? key.text : cat(value_.name(), '.', key.text);
  return {value, name, *value_.file_, *value_.findings_, value_.asked_};
}

void YamlMap::with(std::string_view key, const std::function<void(const YamlValue&)>& read) const {
  for (std::size_t i = 0; i < entries_.size(); i += 2) {
    if (entries_[i]->text == key) read(child(*entries_[i], *entries_[i + 1]));
  }
}

void YamlMap::each(const std::function<void(const YamlValue&, const YamlValue&)>& each) const {
  if (Asked* asked = value_.watched()) asked->names = true;
  for (std::size_t i = 0; i < entries_.size(); i += 2) {
    each({*entries_[i], value_.name(), *value_.file_, *value_.findings_},
         child(*entries_[i], *entries_[i + 1]));
  }
}

}  // namespace weir::config
