#include "config/yaml_tree.hpp"

#include <yaml.h>

#include <algorithm>
#include <array>
#include <new>
#include <unordered_map>
#include <utility>

#include "config/limits.hpp"
#include "config/text.hpp"

namespace weir::config {
namespace {

constexpr std::size_t kMostBlanks = 4096;  // and line ends in a row

/// What ends the parsing, but for libyaml's own errors.
struct Abort {
  Code code;
  SourceRef where;
  std::string message;
  std::string hint;
};

/// How many bytes at the beginning of `text` are one well-formed UTF-8 character (RFC 3629), 0 if
/// none.
std::size_t utf8_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const std::size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (at(i) >> 6 != 2) return 0;
  }
  const bool overlong = (first == 0xe0 && at(1) < 0xa0) || (first == 0xf0 && at(1) < 0x90);
  const bool beyond = (first == 0xed && at(1) > 0x9f) || (first == 0xf4 && at(1) > 0x8f);
  return overlong || beyond ? 0 : length;
}

/// What libyaml takes for the end of a line and most editors do not: behind it, a comment would be
/// none. Its name; empty: `text` begins otherwise.
std::string_view line_end_of_others(std::string_view text) {
  if (text[0] != '\r' && text[0] != '\xc2' && text[0] != '\xe2') return {};
  if (text.starts_with('\r') && !text.starts_with("\r\n"))
    return "a carriage return without a line feed";
  if (text.starts_with("\xc2\x85")) return "the control character U+0085";
  if (text.starts_with("\xe2\x80\xa8")) return "the line separator U+2028";
  if (text.starts_with("\xe2\x80\xa9")) return "the paragraph separator U+2029";
  return {};
}

/// No-break space, zero-width space, ideographic space, byte order mark: to people, indentation or
/// nothing.
bool looks_like_indent(std::string_view text) {
  if (static_cast<unsigned char>(text[0]) < 0x80) return false;
  return text.starts_with("\xc2\xa0") || text.starts_with("\xe2\x80\x8b") ||
         text.starts_with("\xe3\x80\x80") || text.starts_with("\xef\xbb\xbf");
}

/// What of the text libyaml takes longer for than its size tells: for each of many it looks at all.
/// Its name; empty: nothing of that begins `text`, which begins a line if `begins_line`.
std::string_view costly(std::string_view text, bool begins_line, std::size_t blanks) {
  if (begins_line && text.starts_with("%TAG")) return "a %TAG line";
  return blanks > kMostBlanks ? "thousands of blanks or line ends in a row" : std::string_view{};
}

/// libyaml guesses at encodings, and its error would tell no column: refuse all but plain UTF-8
/// text. Complains, then false.
bool check_bytes(std::string_view text, const std::string& file, Findings& findings) {
  SourceRef here{1, 1};
  const auto refuse = [&](Code code, std::string what, std::string hint) {
    findings.error(code, file, here, std::move(what), std::move(hint));
    return false;
  };
  std::size_t blanks = 0;
  bool in_indent = true;
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    blanks = byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r' ? blanks + 1 : 0;
    if (const auto what = costly(text.substr(i, 4), here.column == 1, blanks); !what.empty())
      return refuse(Code::yaml_feature, std::string{what}, "remove it");
    if (in_indent && looks_like_indent(text.substr(i, 3)))
      return refuse(Code::not_text, "an invisible character where the line begins",
                    "indent with blanks");
    in_indent = byte == '\n' || (in_indent && blanks > 0);
    if (byte >= 0x20 && byte < 0x7f) {  // nearly all
      ++i;
      ++here.column;
      continue;
    }
    const std::size_t length = utf8_length(text.substr(i, 4));
    if (length == 0)
      return refuse(Code::not_text, "not UTF-8 text", "save it as UTF-8, if it is a configuration");
    if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7f)
      return refuse(Code::not_text, cat("control character ", int{byte}),
                    byte == 0 ? "is it UTF-16? save it as UTF-8" : "remove it");
    if (const std::string_view odd = line_end_of_others(text.substr(i, 3)); !odd.empty())
      return refuse(Code::not_text, std::string{odd}, "end lines with LF or CR LF");
    i += length;
    here.column += static_cast<int>(length);
    if (byte == '\n') here = {here.line + 1, 1};
  }
  return true;
}

/// Where things are: libyaml counts characters, messages bytes. Its marks come in order, but for
/// those of errors, so this goes along with them.
class Places {
 public:
  explicit Places(std::string_view text) : text_(text) {}

  SourceRef at(const yaml_mark_t& mark) {
    if (mark.index < character_) *this = Places{text_};
    for (; character_ < mark.index && byte_ < text_.size(); ++character_) {
      const char first = text_[byte_];
      const std::size_t length = first >= 0 ? 1 : utf8_length(text_.substr(byte_, 4));
      byte_ += length;
      here_.column += static_cast<int>(length);
      if (first == '\n') here_ = {here_.line + 1, 1};
    }
    return here_;
  }
  std::string_view line(int number) const {
    std::string_view rest = text_;
    for (int line = 1; line < number; ++line) rest.remove_prefix(rest.find('\n') + 1);
    return rest.substr(0, rest.find_first_of("\r\n"));
  }
  /// Whether its line has a tab before anything else.
  bool indents_by_tab(SourceRef where) const {
    const std::string_view all = line(where.line);
    return all.substr(0, all.find_first_not_of(" \t")).find('\t') != std::string_view::npos;
  }
  /// Where the last line before it begins that says something; line 0: none does.
  SourceRef line_before(SourceRef where) const {
    while (--where.line > 0) {
      const std::string_view all = line(where.line);
      const std::size_t begin = all.find_first_not_of(" \t");
      if (begin != all.npos && all[begin] != '#') return {where.line, static_cast<int>(begin) + 1};
    }
    return {};
  }
  /// What stands there; a blank at the end.
  char character(const yaml_mark_t& mark) {
    at(mark);
    return byte_ < text_.size() ? text_[byte_] : ' ';
  }
  /// Whether nothing but space comes behind the last place asked for.
  bool at_end() const { return text_.find_first_not_of(" \t\r\n", byte_) == text_.npos; }

 private:
  std::string_view text_;
  std::size_t character_ = 0, byte_ = 0;
  SourceRef here_{1, 1};
};

/// libyaml's parser, asked for one event after the other.
class Events {
 public:
  explicit Events(std::string_view text) {
    if (yaml_parser_initialize(&parser_) == 0) throw std::bad_alloc{};
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    // It only reads them.
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const yaml_char_t*>(text.data()),
                                 text.size());
  }
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;
  ~Events() {
    yaml_event_delete(&event_);
    yaml_parser_delete(&parser_);
  }

  /// Valid until the next; missing: an error, told by parser().
  const yaml_event_t* next() {
    yaml_event_delete(&event_);
    return yaml_parser_parse(&parser_, &event_) == 0 ? nullptr : &event_;
  }
  const yaml_parser_t& parser() const { return parser_; }

 private:
  yaml_parser_t parser_{};
  yaml_event_t event_{};
};

std::string_view view(const yaml_char_t* text) {
  return text == nullptr ? std::string_view{} : reinterpret_cast<const char*>(text);
}

/// What every reader of YAML takes for nothing.
bool is_null(const yaml_event_t& event) {
  const auto& scalar = event.data.scalar;
  const std::string_view text{reinterpret_cast<const char*>(scalar.value), scalar.length};
  return scalar.style == YAML_PLAIN_SCALAR_STYLE &&
         (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL");
}

/// Builds the tree from libyaml's events.
class Builder {
 public:
  Builder(std::string_view text, const std::string& file, Findings& findings,
          std::size_t most_values)
      : file_(file), findings_(findings), places_(text), most_values_(most_values) {}

  YamlTree result() { return std::move(tree_); }
  Places& places() { return places_; }
  /// The list or map that is not closed yet; missing if none is open.
  const YamlNode* innermost() const { return open_.empty() ? nullptr : open_.back().node; }
  void on(const yaml_event_t& event);

 private:
  struct Open {
    YamlNode* node;
    std::string anchor;         // empty: none
    std::size_t values_before;  // values_ when it was opened
    std::size_t children_from;  // its first in children_
  };

  void begin_document(SourceRef where);
  void scalar(const yaml_event_t& event, SourceRef where);
  void alias(const yaml_event_t& event, SourceRef where);
  void refuse_tag(SourceRef where, const yaml_char_t* tag);
  void count(std::size_t values, SourceRef where);
  void attach(const YamlNode& node);
  YamlNode& add(YamlNode::Kind kind, SourceRef where, std::string_view anchor);
  void open(YamlNode::Kind kind, SourceRef where, const yaml_char_t* tag, std::string_view anchor);
  YamlNode* close();
  void check_keys(YamlNode& map);

  const std::string& file_;
  Findings& findings_;
  Places places_;
  const std::size_t most_values_;
  YamlTree tree_;
  std::vector<Open> open_;
  std::vector<const YamlNode*> children_;  // of what is open, the innermost's last
  struct Anchor {
    const YamlNode* node;
    std::size_t values;  // with all it contains, aliases in full; known when it is closed
  };
  std::unordered_map<std::string, Anchor> anchors_;
  std::size_t values_ = 0;
  int documents_ = 0;
};

void Builder::on(const yaml_event_t& event) {
  switch (event.type) {
    case YAML_DOCUMENT_START_EVENT:
      return begin_document(places_.at(event.start_mark));
    case YAML_ALIAS_EVENT:
      return alias(event, places_.at(event.start_mark));
    case YAML_SCALAR_EVENT:
      return scalar(event, places_.at(event.start_mark));
    case YAML_SEQUENCE_START_EVENT: {
      const auto& list = event.data.sequence_start;
      return open(YamlNode::Kind::list, places_.at(event.start_mark), list.tag, view(list.anchor));
    }
    case YAML_MAPPING_START_EVENT: {
      const auto& map = event.data.mapping_start;
      return open(YamlNode::Kind::map, places_.at(event.start_mark), map.tag, view(map.anchor));
    }
    case YAML_SEQUENCE_END_EVENT:
      close();
      return;
    case YAML_MAPPING_END_EVENT:
      return check_keys(*close());
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
      return;
  }
}

void Builder::begin_document(SourceRef where) {
  if (documents_++ > 0)
    throw Abort{Code::yaml_feature, where, "a second YAML document", "one file is one document"};
}

void Builder::scalar(const yaml_event_t& event, SourceRef where) {
  const auto& scalar = event.data.scalar;
  refuse_tag(where, scalar.tag);
  if (is_null(event)) {
    add(YamlNode::Kind::null, where, view(scalar.anchor));
    return;
  }
  YamlNode& node = add(YamlNode::Kind::scalar, where, view(scalar.anchor));
  node.text.assign(reinterpret_cast<const char*>(scalar.value), scalar.length);
  node.quoted = scalar.style != YAML_PLAIN_SCALAR_STYLE;
}

void Builder::refuse_tag(SourceRef where, const yaml_char_t* tag) {
  if (tag == nullptr) return;
  findings_.error(Code::yaml_feature, file_, where,
                  cat("YAML tag ", shown(view(tag)), " is not supported"), "remove it");
}

void Builder::count(std::size_t values, SourceRef where) {
  values_ += values;
  if (values_ > most_values_) {
    throw Abort{Code::file_too_large, where,
                cat("more than ", most_values_, " values (aliases counted in full)"),
                "put long lists of routes into a route file"};
  }
}

void Builder::attach(const YamlNode& node) {
  if (open_.empty()) {
    tree_.root = &node;
  } else {
    children_.push_back(&node);
  }
}

YamlNode& Builder::add(YamlNode::Kind kind, SourceRef where, std::string_view anchor) {
  YamlNode& node = tree_.nodes.emplace_back();
  node.kind = kind;
  node.source = where;
  count(1, where);
  if (kind == YamlNode::Kind::null && !open_.empty()) {
    // A null that is not written is where the next token is, which may be lines away.
    const Open& parent = open_.back();
    const bool is_value = parent.node->kind == YamlNode::Kind::map &&
                          (children_.size() - parent.children_from) % 2 == 1;
    node.source = is_value ? children_.back()->source : parent.node->source;
  }
  attach(node);
  if (!anchor.empty()) anchors_.insert_or_assign(std::string{anchor}, Anchor{&node, 1});
  return node;
}

void Builder::alias(const yaml_event_t& event, SourceRef where) {
  const auto target = anchors_.find(std::string{view(event.data.alias.anchor)});
  if (target == anchors_.end()) {
    throw Abort{Code::not_yaml, where, "not YAML: the referenced anchor is not defined",
                "an alias needs an &anchor before it"};
  }
  const Anchor& anchor = target->second;
  const auto is_target = [&](const Open& open) { return open.node == anchor.node; };
  if (std::any_of(open_.begin(), open_.end(), is_target)) {
    throw Abort{Code::yaml_feature, where, "the alias stands inside what it refers to",
                "write the value out"};
  }
  count(anchor.values, where);
  attach(*anchor.node);
}

void Builder::open(YamlNode::Kind kind, SourceRef where, const yaml_char_t* tag,
                   std::string_view anchor) {
  refuse_tag(where, tag);
  if (open_.size() >= static_cast<std::size_t>(limits::kNesting)) {
    throw Abort{
        Code::file_too_large, where, cat("nested deeper than ", limits::kNesting, " levels"), {}};
  }
  YamlNode& node = add(kind, where, anchor);
  open_.push_back({&node, std::string{anchor}, values_ - 1, children_.size()});
}

YamlNode* Builder::close() {
  const Open closed = std::move(open_.back());
  open_.pop_back();
  const auto first = children_.begin() + static_cast<std::ptrdiff_t>(closed.children_from);
  closed.node->children.assign(first, children_.end());
  children_.erase(first, children_.end());
  // Within, another may have taken its name.
  const auto anchor = closed.anchor.empty() ? anchors_.end() : anchors_.find(closed.anchor);
  if (anchor != anchors_.end() && anchor->second.node == closed.node)
    anchor->second.values = values_ - closed.values_before;
  return closed.node;
}

/// Where each key stood first. Most maps are small: no hashing for those.
class Keys {
 public:
  explicit Keys(std::size_t most) : hashed_(most > kFew) {}

  /// The earlier one with the same text, or missing.
  const YamlNode* add(const YamlNode& key) {
    if (hashed_) {
      const auto [at, is_new] = by_text_.emplace(key.text, &key);
      return is_new ? nullptr : at->second;
    }
    const auto end = few_.begin() + static_cast<std::ptrdiff_t>(count_);
    const auto same = [&](const YamlNode* other) { return other->text == key.text; };
    if (const auto found = std::find_if(few_.begin(), end, same); found != end) return *found;
    few_[count_++] = &key;
    return nullptr;
  }

 private:
  static constexpr std::size_t kFew = 16;
  bool hashed_;
  std::array<const YamlNode*, kFew> few_{};
  std::size_t count_ = 0;
  std::unordered_map<std::string_view, const YamlNode*> by_text_;
};

void Builder::check_keys(YamlNode& map) {
  Keys seen{map.children.size() / 2};
  std::size_t good = 0;
  for (std::size_t i = 0; i + 1 < map.children.size(); i += 2) {
    const YamlNode& key = *map.children[i];
    if (key.kind != YamlNode::Kind::scalar) {
      findings_.error(Code::key_not_word, file_, key.source, "a key must be a word",
                      "such as mtu: 1500");
      continue;
    }
    if (const YamlNode* first = seen.add(key)) {
      findings_.error(Code::key_twice, file_, key.source,
                      cat("key ", shown(key.text), " appears twice"),
                      cat("first in line ", first->source.line));
      continue;
    }
    map.children[good++] = &key;
    map.children[good++] = map.children[i + 1];
  }
  map.children.resize(good);
}

/// What libyaml's terser messages mean to somebody who edits a configuration.
std::string hint_for(std::string_view problem) {
  static constexpr std::pair<std::string_view, std::string_view> kHints[] = {
      {"mapping values are not allowed",
       "one KEY: VALUE a line; put text that has a colon and a blank in quotes"},
      {"could not find expected ':'",
       "KEY: VALUE with a blank after the colon, or a dash, a blank and an entry"},
      {"did not find expected key", "is this line indented like its neighbours?"},
      {"did not find expected '-' indicator", "is this line indented like its neighbours?"},
      {"did not find expected ',' or '}'", "a { lacks its }, or an entry its comma"},
      {"did not find expected ',' or ']'", "a [ lacks its ], or an entry its comma"},
      {"did not find expected node content", "a value is missing"},
      {"found unexpected ':'", "put text that has a colon in quotes"},
      {"block sequence entries are not allowed",
       "put lists on lines of their own, each entry behind a dash"},
      {"found unexpected end of stream", "this quote is not closed"},
      {"found unexpected document indicator", "this quote is not closed"},
      {"found unknown escape character", "in double quotes a \\ is written twice"},
      {"found incompatible YAML document", "%YAML 1.1 or 1.2, or no such line"},
      {"found character that cannot start any token",
       "put text that begins with a special character in quotes"},
  };
  for (const auto& [text, hint] : kHints)
    if (problem.starts_with(text)) return std::string{hint};
  return {};
}

/// A colon that may not be there: with the line before taken on, or with its own line.
std::pair<SourceRef, std::string> explain_colon(SourceRef where, const Places& places) {
  constexpr std::string_view kTooMany = "mapping values are not allowed";
  const std::string_view line = places.line(where.line);
  const std::string_view key = line.substr(0, static_cast<std::size_t>(where.column - 1));
  const SourceRef before = places.line_before(where);
  if (key.find(": ") != key.npos || before.line == 0) return {where, hint_for(kTooMany)};
  std::string_view text = places.line(before.line);
  text.remove_prefix(static_cast<std::size_t>(before.column - 1));
  if (text.size() > 1 && text[0] == '-' && text[1] != ' ' && text[1] != '-')
    return {before, "a blank after the dash"};
  const std::size_t colon = text.find(':');
  const bool has_key = text.find(": ") != text.npos || text.ends_with(':');
  if (has_key) return {where, "is this line indented like its neighbours?"};
  return {before, colon == text.npos ? "KEY: VALUE lacks its colon" : "a blank after the colon"};
}

/// Where the mistake is, rather than where it was noticed, and what to do about it.
std::pair<SourceRef, std::string> explain(const yaml_parser_t& parser, const Builder& builder,
                                          Places& places) {
  const std::string_view problem = parser.problem;
  const char noticed = places.character(parser.problem_mark);
  const bool at_end = places.at_end();
  const SourceRef where = places.at(parser.problem_mark);
  const YamlNode* open = builder.innermost();
  if (problem == "did not find expected node content") {
    if (at_end && open != nullptr)
      return {open->source,
              open->kind == YamlNode::Kind::map ? "a { lacks its }" : "a [ lacks its ]"};
    if (noticed == '}' || noticed == ']') return {where, "a } or ] without its opening"};
  }
  const bool is_outside = problem == "did not find expected <document start>";
  if ((problem == "did not find expected key" || is_outside) && (noticed == '}' || noticed == ']'))
    return {where, "a } or ] without its opening"};
  if (is_outside || problem.starts_with("mapping values are not allowed"))
    return explain_colon(where, places);
  const bool is_of_opening = problem == "could not find expected ':'" ||
                             problem == "found unexpected end of stream" ||
                             problem == "found unexpected document indicator" ||
                             (at_end && problem.starts_with("did not find expected ','"));
  return {is_of_opening && parser.context != nullptr ? places.at(parser.context_mark) : where,
          hint_for(problem)};
}

/// An error of libyaml's in our words.
void report(const yaml_parser_t& parser, std::string_view text, Builder& builder,
            const std::string& file, Findings& findings) {
  if (parser.error == YAML_MEMORY_ERROR) throw std::bad_alloc{};
  Places& places = builder.places();
  if (parser.error == YAML_READER_ERROR) {
    const std::string_view before = text.substr(0, parser.problem_offset);
    const auto lines = std::count(before.begin(), before.end(), '\n');
    const auto column = before.size() - (before.rfind('\n') + 1);  // npos + 1 is 0
    findings.error(Code::not_text, file,
                   {static_cast<int>(lines) + 1, static_cast<int>(column) + 1},
                   "a character that YAML does not allow", "remove it");
    return;
  }
  auto [where, hint] = explain(parser, builder, places);
  if (places.indents_by_tab(where)) hint = "indent with blanks, not tabs";
  findings.error(Code::not_yaml, file, where, cat("not YAML: ", std::string_view{parser.problem}),
                 std::move(hint));
}

}  // namespace

std::optional<YamlTree> parse_yaml(std::string_view text, const std::string& file,
                                   Findings& findings, std::size_t most_values) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (text.size() > limits::kFileBytes) {
    findings.error(Code::file_too_large, file, {},
                   cat("larger than ", format_size(limits::kFileBytes)),
                   "put long lists of routes into a route file");
    return std::nullopt;
  }
  if (!check_bytes(text, file, findings)) return std::nullopt;
  Builder builder{text, file, findings, most_values};
  try {
    Events events{text};
    while (const yaml_event_t* event = events.next()) {
      if (event->type == YAML_STREAM_END_EVENT) return builder.result();
      builder.on(*event);
    }
    report(events.parser(), text, builder, file, findings);
  } catch (const Abort& abort) {
    findings.error(abort.code, file, abort.where, abort.message, abort.hint);
  } catch (const std::bad_alloc&) {
    findings.error(Code::not_yaml, file, {}, "cannot be parsed: not enough memory");
  }
  return std::nullopt;
}

}  // namespace weir::config
