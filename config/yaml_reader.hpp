// Typed values out of a YamlTree: each read checks type, form and range, and complains with the
// value's name and place. Values that are wrong or missing leave the default in place.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/address_text.hpp"
#include "config/finding.hpp"
#include "config/text.hpp"
#include "config/yaml_tree.hpp"

namespace weir::config {

/// What was asked of one node while it was read: which keys, which words. So completion offers what
/// is read, and no list of keys but the reader's own is needed.
struct Asked {
  const YamlNode* node = nullptr;
  std::vector<std::string_view> keys;   // of a map; literals, as are the words
  std::vector<std::string_view> words;  // that the value may be
  bool names = false;                   // a map whose keys are names that the user gives
  bool list = false;
  bool interface = false;  // the name of an interface

  void add_keys(std::span<const std::string_view> more) { add(keys, more); }
  void add_words(std::span<const std::string_view> more) { add(words, more); }

 private:
  static void add(std::vector<std::string_view>& all, std::span<const std::string_view> more) {
    for (const std::string_view one : more)
      if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(one);
  }
};

/// One value, with its name in messages (`ethernets.wan0.mtu`).
class YamlValue {
 public:
  YamlValue(const YamlNode& node, std::string name, const std::string& file, Findings& findings,
            Asked* asked = nullptr)
      : node_(&node), name_(std::move(name)), file_(&file), findings_(&findings), asked_(asked) {}

  const YamlNode& node() const { return *node_; }
  const std::string& name() const { return name_; }
  SourceRef source() const { return node_->source; }
  /// One of a key's own words, quoted or not: JSON, which is YAML too, quotes them all.
  bool is_word(std::string_view word) const {
    if (Asked* asked = watched()) asked->add_words({&word, 1});
    return node_->kind == YamlNode::Kind::scalar && node_->text == word;
  }
  /// A word that YAML itself knows, such as `true`: only without quotes.
  bool is_plain_word(std::string_view word) const { return !node_->quoted && is_word(word); }
  bool is_null() const { return node_->kind == YamlNode::Kind::null; }
  /// Where somebody wants to know what is asked of this value; most often null.
  Asked* watched() const { return asked_ != nullptr && asked_->node == node_ ? asked_ : nullptr; }

  void error(Code code, std::string_view message, std::string hint = {}) const;
  void error(const Complaint& complaint) const {
    error(complaint.code, complaint.message, complaint.hint);
  }
  void unexpected(Code code, std::string_view wanted, std::string hint = {}) const;

  /// The text of a scalar; null, with a complaint, if it is none or empty or has control
  /// characters.
  const std::string* text(std::string_view wanted = "text") const;
  bool number(std::uint64_t minimum, std::uint64_t maximum, std::uint64_t& out) const;
  bool boolean(bool& out) const;
  bool seconds(std::chrono::seconds minimum, std::chrono::seconds maximum,
               std::chrono::seconds& out) const;
  bool size(std::uint64_t minimum, std::uint64_t maximum, std::uint64_t step,
            std::uint64_t& out) const;
  /// One of `words`, as its index.
  bool choice(std::initializer_list<std::string_view> words, std::size_t& out) const;
  /// By a function of address_text.hpp.
  template <typename T>
  bool parsed(std::optional<T> (*read)(std::string_view, Complaint&), T& out) const;
  /// Calls `each` for every entry of a list; null is an empty list, anything else a complaint.
  void list(std::string_view hint, const std::function<void(const YamlValue&)>& each) const;

 private:
  friend class YamlMap;
  const YamlNode* node_;
  std::string name_;
  const std::string* file_;
  Findings* findings_;
  Asked* asked_;
};

/// A map of which `known` are the keys. Complains about all others: those in `later` by name.
/// A null is an empty map; anything else is a complaint and then like an empty map.
class YamlMap {
 public:
  YamlMap(const YamlValue& value, std::span<const std::string_view> known,
          std::span<const std::string_view> later = {});
  /// A map whose keys are names that the user gave.
  explicit YamlMap(const YamlValue& value);

  /// Calls `read` with the value of `key` if the map has it.
  void with(std::string_view key, const std::function<void(const YamlValue&)>& read) const;
  bool has(std::string_view key) const;
  /// Whether no key was complained about.
  bool all_known() const { return all_known_; }
  /// Calls `each` for every key and its value, in the order of the file.
  void each(const std::function<void(const YamlValue& key, const YamlValue& value)>& each) const;

 private:
  YamlValue child(const YamlNode& key, const YamlNode& value) const;

  YamlValue value_;
  std::span<const YamlNode* const> entries_;  // key, value, key, value ...
  bool all_known_ = true;
};

template <typename T>
bool YamlValue::parsed(std::optional<T> (*read)(std::string_view, Complaint&), T& out) const {
  const std::string* given = text();
  if (given == nullptr) return false;
  Complaint complaint;
  const std::optional<T> value = read(*given, complaint);
  if (!value) {
    error(complaint);
    return false;
  }
  out = *value;
  return true;
}

}  // namespace weir::config
