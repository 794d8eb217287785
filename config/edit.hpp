// Single values of a configuration's text, changed in place: comments, order, quoting and
// indentation of everything else stay as they are, byte by byte.
//
// Paths are those of config/edit_path.hpp. They work on any YAML text; the meaning of what comes
// out is for `parse_text` and `validate` to judge, except that it is YAML again.
//
// `set_value`
// - takes its value as YAML of one node: `9000`, `lan0`, `[192.0.2.1/24]`, `{to: default, ...}`. It
//   is written in one line and quoted as config/yaml_write.hpp says; text that replaces quoted text
//   keeps those quotes. A word that ends in a colon (`2001:db8::`) is text.
// - A list or map that replaces one is changed entry by entry, so that entries which stay keep
//   their comments; entries of lists are matched by identity. Only what cannot be reached so
//   (another order, very many changes) is written anew, and comments inside are lost.
// - What does not exist is made, with its parents, behind the last entry of the innermost map that
//   does, as lines with the file's indentation, inside braces as {}. Comments of the next section
//   stay with it. `{}` becomes lines.
// - `routes[10.0.0.0/8].via` makes the entry {to: 10.0.0.0/8, ...} if there is none, and
//   `bridges.br0.interfaces[lan1].edge` makes {name: lan1, ...} of the plain `lan1`.
// - A trailing comment stays in its column while there is room for it.
// - Setting what is there already changes nothing.
//
// `delete_value` removes the entry, the comments in its lines, the comment lines directly above it
// (same indentation, no blank line between; not those that begin the file) and directly below it
// that are indented deeper. A parent that becomes empty stays, as {} or [].
//
// Anchors and aliases: what is written once and used twice is never changed in both places, but
// refused. Also refused are keys behind a question mark, [a: b], tags and lone carriage returns.
// CR LF, byte order marks, document marks and a missing last line feed are kept.
//
// What comes out is parsed again and compared with the old tree: exactly the asked change, or an
// error instead of a text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/model.hpp"

namespace weir::config {

struct EditResult {
  std::optional<std::string> text;  // present exactly when there is no error
  SourceRef where;                  // of the error, in the text; line 0: in the path or value
  std::string error;
  std::string hint;  // may be empty

  explicit operator bool() const { return text.has_value(); }
  /// The error as findings are printed: `lab.yaml:3:5: error: MESSAGE (HINT)`; without line and
  /// column when it is in the path or value.
  std::string message(const std::string& file) const;
};

/// The whole text with `path` set to `value`. These three never throw on any input; thread-safe.
EditResult set_value(std::string_view text, std::string_view path, std::string_view value);

/// The whole text without `path`, which must exist.
EditResult delete_value(std::string_view text, std::string_view path);

/// The value at `path` as YAML in one line, aliases written out: `set_value` with it changes
/// nothing.
EditResult get_value(std::string_view text, std::string_view path);

}  // namespace weir::config
