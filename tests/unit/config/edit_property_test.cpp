// Random edits of random YAML against a naive model: the values are the model's, comments that do
// not belong to what was changed are there, and so are all lines that it is not in.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "config/edit.hpp"
#include "config/finding.hpp"
#include "config/text.hpp"
#include "config/yaml_tree.hpp"
#include "tests/unit/config/edit_testing.hpp"
#include "tests/unit/config/yaml_random.hpp"

namespace weir::config {
namespace {

using Kind = YamlNode::Kind;

Model parsed(std::string_view text) {
  Findings findings;
  const auto tree = parse_yaml(text, "random.yaml", findings);
  EXPECT_TRUE(tree && findings.ok()) << findings.to_string() << text;
  return tree && tree->root != nullptr ? Model::of(*tree->root) : Model{};
}

Model& at(Model& model, const ModelPath& path) {
  Model* here = &model;
  for (const std::size_t index : path) here = &here->entries[index].second;
  return *here;
}

/// JSON is YAML.
std::string json(const Model& model) {
  if (model.kind == Kind::null) return "null";
  std::string out;
  if (model.kind == Kind::scalar) {
    for (const char c : model.text) {
      if (c == '"' || c == '\\') out += '\\';
      out += c == '\n' ? "\\n" : std::string(1, c);
    }
    return cat('"', out, '"');
  }
  for (const auto& [key, child] : model.entries) {
    if (!out.empty()) out += ", ";
    if (model.kind == Kind::map) out += cat('"', key, "\": ");
    out += json(child);
  }
  return model.kind == Kind::map ? cat('{', out, '}') : cat('[', out, ']');
}

void collect_words(const Model& model, std::vector<std::string>& words) {
  const auto add = [&](const std::string& text) {
    if (!text.empty()) words.push_back(text.substr(0, text.find('_') + 1));
  };
  if (model.kind == Kind::scalar) add(model.text);
  for (const auto& [key, child] : model.entries) {
    add(key);
    collect_words(child, words);
  }
}

bool is_within(const ModelPath& path, const ModelPath& outer) {
  return path.size() >= outer.size() && std::equal(outer.begin(), outer.end(), path.begin());
}

class Case {
 public:
  explicit Case(unsigned seed)
      : random_(seed), model_(random_.tree()), before_(random_.text(model_)) {}

  void run() {
    ASSERT_TRUE(parsed(before_) == model_) << before_;
    choose();
    const EditResult result =
        value_ ? set_value(before_, path_text_, json(*value_)) : delete_value(before_, path_text_);
    SCOPED_TRACE(path_text_ + (value_ ? " = " + json(*value_) : " deleted") + " in\n" + before_);
    ASSERT_TRUE(result) << result.message("random.yaml");
    SCOPED_TRACE("gives\n" + *result.text);
    EXPECT_TRUE(parsed(*result.text) == wanted_);
    check_comments(*result.text);
    check_lines(*result.text);
    if (value_) check_again(*result.text);
  }

 private:
  void step_into(const Model& model);
  void choose();
  std::string key_text(const std::string& key);
  void check_comments(const std::string& after) const;
  void check_lines(const std::string& after) const;
  void check_again(const std::string& after) const;

  RandomYaml random_;
  Model model_;
  std::string before_;
  Model wanted_;
  ModelPath path_;         // of what changes; of an addition the map or list
  std::string path_text_;  // as the user types it
  std::optional<Model> value_;
  bool adds_ = false;
};

std::string Case::key_text(const std::string& key) {
  const std::string dot = path_text_.empty() ? "" : ".";
  const std::size_t form = random_.below(4);
  if (form == 0) return cat(dot, '"', key, '"');
  if (form == 1) return cat('[', key, ']');
  if (form == 2 && key.find('.') != std::string::npos) {
    return dot + key.substr(0, key.find('.')) + "\\" + key.substr(key.find('.'));
  }
  return dot + key;
}

void Case::step_into(const Model& model) {
  const std::size_t index = random_.below(model.entries.size());
  path_.push_back(index);
  const auto& [key, child] = model.entries[index];
  const bool by_name = child.kind == Kind::scalar && random_.chance(30) &&
                       child.text.find_first_of("\n\t\"\\]") == std::string::npos;
  path_text_ += model.kind == Kind::map
                    ? key_text(key)
                    : cat('[', by_name ? child.text : std::to_string(index), ']');
}

void Case::choose() {
  const Model* here = &model_;
  do {
    step_into(*here);
    here = &at(model_, path_);
  } while (!here->entries.empty() && random_.chance(70));
  wanted_ = model_;
  Model& target = at(wanted_, path_);
  if (target.kind != Kind::scalar && random_.chance(40)) {
    adds_ = true;
    value_ = random_.value(2);
    const bool is_list =
        target.kind == Kind::list || (target.kind == Kind::null && random_.chance(50));
    target.kind = is_list ? Kind::list : Kind::map;
    const std::string key = is_list ? "" : random_.new_key();
    path_text_ += is_list ? "[+]" : cat('.', key);
    target.entries.emplace_back(key, *value_);
  } else if (random_.chance(50)) {
    value_ = random_.value(2);
    if (random_.chance(30) && !target.entries.empty()) {  // a part of it stays
      *value_ = target;
      value_->entries.erase(value_->entries.begin() +
                            static_cast<std::ptrdiff_t>(random_.below(value_->entries.size())));
    }
    target = *value_;
  } else {
    ModelPath parent = path_;
    parent.pop_back();
    auto& entries = at(wanted_, parent).entries;
    entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(path_.back()));
  }
}

void Case::check_comments(const std::string& after) const {
  for (const auto& [name, owner] : random_.comments()) {
    const bool goes = !adds_ && is_within(owner, path_) && (!value_ || owner != path_);
    const bool is_there = after.find(name) != std::string::npos;
    if (!goes) {
      EXPECT_TRUE(is_there) << name;
    } else if (!value_ && owner != path_) {
      EXPECT_FALSE(is_there) << name;
    }
  }
}

/// All lines of before, in order, that have no word of what may change.
void Case::check_lines(const std::string& after) const {
  std::vector<std::string> words;
  Model model = model_;
  collect_words(at(model, path_), words);
  ModelPath parent = path_;
  parent.pop_back();
  for (ModelPath up = parent; words.empty() && random_.flow_at(up); up.pop_back()) {
    collect_words(at(model, up), words);  // [[], one]
  }
  const auto& siblings = at(model, parent).entries;
  // An edit shows in the line of its key or dash, of an entry that loses or gets its comma, and of
  // the parent that becomes empty.
  for (const std::size_t i : {path_.back(), path_.back() - 1}) {
    if (i < siblings.size()) {
      const auto& [key, child] = siblings[i];
      if (!key.empty()) words.push_back(key);
      if (i != path_.back() && random_.flow_at(parent)) collect_words(child, words);
    }
  }
  if (!value_ && path_.back() == 0 && siblings.size() > 1) {  // comes behind the dash instead
    const auto& [key, child] = siblings[1];
    key.empty() ? collect_words(child, words) : words.push_back(key);
  }
  if (!parent.empty() && (random_.flow_at(path_) || siblings.size() == 1 || path_.back() == 0)) {
    for (ModelPath up = parent; !up.empty(); up.pop_back()) {
      ModelPath above = up;
      above.pop_back();
      const std::string& key = at(model, above).entries[up.back()].first;
      if (!key.empty()) words.push_back(key);
    }
  }
  const auto is_beside = [&](const ModelPath& owner) {  // also - - of the next that moves up
    if (!is_within(owner, parent) || owner.size() < path_.size()) return false;
    const std::size_t index = owner[parent.size()];
    return index == 1 || (index + 1 == path_.back() && owner.size() == path_.size());
  };
  for (const auto& [name, owner] : random_.comments()) {
    if (is_within(owner, path_) || owner == parent || is_beside(owner)) words.push_back(name);
  }
  const std::vector<std::string> lines = lines_of(after);
  std::size_t found = 0;
  for (const std::string& line : lines_of(before_)) {
    const auto is_in = [&](const std::string& word) { return line.find(word) != line.npos; };
    const bool has_words = line.find('_') != line.npos;
    const std::size_t first = std::min(line.find_first_not_of(" \r\n"), line.size() - 1);
    const bool closes = line[first] == ']' || line[first] == '}';  // moves when it empties
    if (!has_words || closes || std::any_of(words.begin(), words.end(), is_in)) continue;
    const auto same = [&](const std::string& other) {
      return other.substr(0, other.find_last_not_of("\r\n") + 1) ==
             line.substr(0, line.find_last_not_of("\r\n") + 1);
    };
    const auto next =
        std::find_if(lines.begin() + static_cast<std::ptrdiff_t>(found), lines.end(), same);
    ASSERT_NE(next, lines.end()) << "lost or changed: " << line;
    found = static_cast<std::size_t>(next - lines.begin()) + 1;
  }
}

/// What was set is what is there, and setting it again changes nothing.
void Case::check_again(const std::string& after) const {
  std::string path = path_text_;
  if (path.ends_with("[+]")) {
    Model wanted = wanted_;
    path.replace(path.size() - 2, 1, std::to_string(at(wanted, path_).entries.size() - 1));
  } else if (path.ends_with("]")) {
    return;  // perhaps by the name that it no longer has
  }
  const EditResult got = get_value(after, path);
  ASSERT_TRUE(got) << got.message("random.yaml");
  EXPECT_TRUE(parsed(*got.text) == *value_);
  const EditResult again = set_value(after, path, *got.text);
  ASSERT_TRUE(again) << again.message("random.yaml");
  EXPECT_EQ(*again.text, after);
}

TEST(EditProperty, RandomEditsOfRandomTrees) {
  const char* many = std::getenv("WEIR_RANDOM_EDITS");  // for a longer run
  const unsigned last = many == nullptr ? 3000 : static_cast<unsigned>(std::atoi(many));
  for (unsigned seed = 0; seed < last; ++seed) {
    SCOPED_TRACE(cat("seed ", seed));
    Case{seed}.run();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace weir::config
