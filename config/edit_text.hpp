// Internal to the editor of YAML text: single changes of a text whose places are known, each as the
// bytes to replace. Nothing is checked here; config/edit.cpp parses and compares what comes out.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "config/yaml_places.hpp"

namespace weir::config {

struct TextEdit {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string text;
};

/// The edits must not overlap; their order does not matter, except of insertions at one place.
std::string apply_edits(std::string_view text, std::vector<TextEdit> edits);

/// A value and what surrounds it.
struct YamlSite {
  const YamlPlace* place = nullptr;
  const YamlEntry* entry = nullptr;   // whose value it is; missing for the root
  const YamlPlace* parent = nullptr;  // missing for the root
  const YamlPlace* flow = nullptr;    // the outermost [] or {} around it, if any
};

class TextEditor {
 public:
  /// Keeps references to both.
  TextEditor(std::string_view text, const YamlPlace& root);

  /// The value becomes `node`. A trailing comment stays in its column while there is room.
  std::vector<TextEdit> replace(const YamlSite& site, const YamlNode& node) const;

  /// Without the child `index` of the map or list at `site`, its comment lines directly above and
  /// those below that are indented deeper. What becomes empty is written {} or [].
  std::vector<TextEdit> remove(const YamlSite& site, std::size_t index) const;

  /// With the one child of `one` at the end. `site` holds a map or list of the same kind or
  /// nothing; the first `created` levels of `one` are written as lines where lines are possible.
  std::vector<TextEdit> add(const YamlSite& site, const YamlNode& one, std::size_t created) const;

 private:
  std::size_t line_begin(std::size_t at) const { return at - column_of(text_, at); }
  std::size_t line_end(std::size_t at) const;
  std::size_t next_line(std::size_t at) const;
  std::size_t skip_blanks(std::size_t at) const;
  bool begins_line(std::size_t at) const;
  bool is_comment_line(std::size_t line) const;
  bool same_line(std::size_t a, std::size_t b) const;
  std::size_t comments_above(std::size_t line, std::size_t column) const;
  std::size_t comments_below(std::size_t at, std::size_t column, std::size_t but) const;
  std::size_t comment_column(std::size_t line) const;
  /// Where on the line of `at`, behind `at`, the blanks before the comment or the line's end begin.
  std::size_t tail_of(std::size_t at) const;
  void realign(std::size_t at, std::ptrdiff_t growth, std::vector<TextEdit>& edits) const;
  std::vector<TextEdit> realigned(const YamlSite& site, std::vector<TextEdit> edits) const;

  std::vector<TextEdit> replace_block(const YamlSite& site, const YamlNode& node) const;
  std::vector<TextEdit> write_behind_sign(const YamlSite& site, const std::string& value) const;
  std::vector<TextEdit> remove_lines(const YamlSite& site, std::size_t index) const;
  std::vector<TextEdit> remove_first_of_line(const YamlSite& site) const;
  std::vector<TextEdit> remove_in_flow(const YamlPlace& place, std::size_t index) const;
  std::vector<TextEdit> add_to_flow(const YamlPlace& place, const YamlNode& one) const;
  std::vector<TextEdit> add_to_empty(const YamlSite& site, const YamlNode& one,
                                     std::size_t created) const;
  std::vector<TextEdit> add_to_block(const YamlPlace& place, const YamlNode& one,
                                     std::size_t created) const;
  std::vector<TextEdit> add_to_root(const YamlPlace& place, const YamlNode& one,
                                    std::size_t created) const;

  std::string new_line(std::size_t column) const;
  std::string block_line(const YamlNode& one, std::size_t created, std::size_t column) const;
  std::string behind_sign(const YamlNode& node, std::size_t created, std::size_t column) const;
  void find_steps(const YamlPlace& place);

  std::string_view text_;
  std::string_view break_ = "\n";
  std::size_t step_ = 0;       // of a map in a map
  std::size_t dash_step_ = 0;  // of a list in a map
  bool dash_known_ = false;
};

}  // namespace weir::config
