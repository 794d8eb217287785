// Random YAML for tests: a model of values, and its text in random styles with comments.
#pragma once

#include <cstddef>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "config/text.hpp"
#include "config/yaml_tree.hpp"

namespace weir::config {

/// A value, naively. A list's entries have empty keys.
struct ModelEntry;

struct Model {
  YamlNode::Kind kind = YamlNode::Kind::null;
  std::string text;
  std::vector<ModelEntry> entries;

  static Model of(const YamlNode& node);
  static Model word(std::string text);
};

/// No std::pair: that wants to know its members whole, and clang 14 asks it.
struct ModelEntry {
  ModelEntry(std::string key, Model value);

  std::string first;
  Model second;
};

inline ModelEntry::ModelEntry(std::string key, Model value)
    : first(std::move(key)), second(std::move(value)) {}

inline Model Model::word(std::string text) { return {YamlNode::Kind::scalar, std::move(text), {}}; }

/// The order of a map's keys does not count.
bool operator==(const Model& a, const Model& b);
inline bool operator==(const ModelEntry& a, const ModelEntry& b) {
  return a.first == b.first && a.second == b.second;
}

using ModelPath = std::vector<std::size_t>;  // indexes of entries from the root

class RandomYaml {
 public:
  explicit RandomYaml(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t end) { return random_() % end; }
  bool chance(unsigned percent) { return below(100) < percent; }

  /// A map whose keys, and whose words, are all different.
  Model tree();
  /// A value that has never been in a tree.
  Model value(int depth);
  std::string new_key() { return cat('k', ids_++, '_'); }

  /// The text of `model`. Every comment is a word #cN_ of its own.
  std::string text(const Model& model);
  /// Of the last text: to which value each comment belongs.
  const std::map<std::string, ModelPath>& comments() const { return comments_; }
  bool flow_at(const ModelPath& path) const;

 private:
  std::string scalar(const Model& model, bool flow);
  std::string flow(const Model& model);
  void comment(const ModelPath& owner);
  void end_line(const ModelPath& owner);
  void block(const Model& model, std::size_t indent, const ModelPath& path, bool behind_dash);
  void behind_sign(const Model& model, std::size_t indent, const ModelPath& path, bool in_list);
  void flow_lines(const Model& model, std::size_t indent, const ModelPath& path);
  void literal(const Model& model, std::size_t indent);

  std::mt19937 random_;
  std::size_t ids_ = 0;
  std::size_t step_ = 2;
  std::size_t dash_step_ = 2;
  std::string break_ = "\n";
  std::string out_;
  std::size_t literal_end_ = 0;  // behind it a comment would be text
  std::map<std::string, ModelPath> comments_;
  std::vector<ModelPath> flows_;
};

}  // namespace weir::config
