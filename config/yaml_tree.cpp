#include "config/yaml_tree.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <streambuf>
#include <unordered_map>
#include <utility>

#include "config/limits.hpp"
#include "config/text.hpp"

namespace weir::config {
namespace {

/// Put behind every text: yaml-cpp 0.7 takes a quote that a line feed and the end of the text leave
/// open for closed, but not one that ends in the middle of a line.
constexpr std::string_view kTail = "\n#";

/// A stream over text that somebody else owns, and the tail behind it.
class TailedBuffer : public std::streambuf {
 public:
  explicit TailedBuffer(std::string_view text) : text_(text) { show(text); }

 private:
  int_type underflow() override {
    if (at_tail_) return traits_type::eof();
    at_tail_ = true;
    show(kTail);
    return traits_type::to_int_type(*gptr());
  }
  /// yaml-cpp reads up to four bytes ahead and puts them back, also those before the tail.
  int_type pbackfail(int_type) override {
    if (!at_tail_ || gptr() != eback() || text_.empty()) return traits_type::eof();
    at_tail_ = false;
    show(text_);
    setg(eback(), egptr() - 1, egptr());
    return traits_type::to_int_type(*gptr());
  }
  void show(std::string_view text) {
    // The buffer is only read; streambuf's interface knows no const.
    char* begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }

  std::string_view text_;
  bool at_tail_ = false;
};

/// Thrown through yaml-cpp to end its parsing.
struct Abort {
  Code code;
  SourceRef where;
  std::string message;
  std::string hint;
};

SourceRef source_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {mark.line + 1, mark.column + 1};
}

/// Builds the tree from yaml-cpp's events.
class Builder : public YAML::EventHandler {
 public:
  Builder(const std::string& file, Findings& findings) : file_(file), findings_(findings) {}

  YamlTree take() { return std::move(tree_); }
  /// Where the last value began that was read.
  int last_line() const { return tree_.nodes.empty() ? 1 : tree_.nodes.back().source.line; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) {
      throw Abort{Code::yaml_feature, source_of(mark), "a second YAML document",
                  "one file is one document"};
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(YamlNode::Kind::null, mark, anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_tag(mark, tag);
    YamlNode& node = add(YamlNode::Kind::scalar, mark, anchor);
    node.text = value;
    node.quoted = tag == "!";
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::list, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::map, mark, tag, anchor);
  }
  void OnMapEnd() override { check_keys(*close()); }

 private:
  struct Open {
    YamlNode* node;
    YAML::anchor_t anchor;
    std::size_t values_before;  // values_ when it was opened
  };

  void refuse_tag(const YAML::Mark& mark, const std::string& tag);
  void count(std::size_t values, SourceRef where);
  void attach(const YamlNode& node);
  YamlNode& add(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor);
  void open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor);
  YamlNode* close();
  void check_keys(YamlNode& map);

  const std::string& file_;
  Findings& findings_;
  YamlTree tree_;
  std::vector<Open> open_;
  struct Anchor {
    const YamlNode* node;
    std::size_t values;  // with all it contains, aliases in full; known when it is closed
  };
  std::unordered_map<YAML::anchor_t, Anchor> anchors_;
  std::size_t values_ = 0;
  int documents_ = 0;
};

void Builder::refuse_tag(const YAML::Mark& mark, const std::string& tag) {
  if (tag.empty() || tag == "?" || tag == "!") return;
  findings_.error(Code::yaml_feature, file_, source_of(mark),
                  cat("YAML tag ", shown(tag), " is not supported"), "remove it");
}

void Builder::count(std::size_t values, SourceRef where) {
  values_ += values;
  if (values_ > limits::kValues) {
    throw Abort{Code::file_too_large, where,
                cat("more than ", limits::kValues, " values (aliases counted in full)"),
                "put long lists of routes into a route file"};
  }
}

void Builder::attach(const YamlNode& node) {
  if (open_.empty()) {
    tree_.root = &node;
  } else {
    open_.back().node->children.push_back(&node);
  }
}

YamlNode& Builder::add(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
  YamlNode& node = tree_.nodes.emplace_back();
  node.kind = kind;
  node.source = source_of(mark);
  count(1, node.source);
  if (kind == YamlNode::Kind::null && !open_.empty()) {
    // yaml-cpp puts a null where the next token is, which may be lines away.
    const YamlNode& parent = *open_.back().node;
    const bool is_value = parent.kind == YamlNode::Kind::map && parent.children.size() % 2 == 1;
    node.source = is_value ? parent.children.back()->source : parent.source;
  }
  attach(node);
  if (anchor != YAML::NullAnchor) anchors_[anchor] = {&node, 1};
  return node;
}

void Builder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  const SourceRef where = source_of(mark);
  const Anchor& target = anchors_.at(anchor);
  const auto is_target = [&](const Open& open) { return open.node == target.node; };
  if (std::any_of(open_.begin(), open_.end(), is_target)) {
    throw Abort{Code::yaml_feature, where, "the alias stands inside what it refers to",
                "write the value out"};
  }
  count(target.values, where);
  attach(*target.node);
}

void Builder::open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
                   YAML::anchor_t anchor) {
  refuse_tag(mark, tag);
  if (open_.size() >= static_cast<std::size_t>(limits::kNesting)) {
    throw Abort{Code::file_too_large,
                source_of(mark),
                cat("nested deeper than ", limits::kNesting, " levels"),
                {}};
  }
  YamlNode& node = add(kind, mark, anchor);
  open_.push_back({&node, anchor, values_ - 1});
}

YamlNode* Builder::close() {
  const Open closed = open_.back();
  open_.pop_back();
  if (closed.anchor != YAML::NullAnchor) {
    anchors_[closed.anchor].values = values_ - closed.values_before;
  }
  return closed.node;
}

void Builder::check_keys(YamlNode& map) {
  std::unordered_map<std::string_view, SourceRef> seen;
  std::vector<const YamlNode*> good;
  good.reserve(map.children.size());
  for (std::size_t i = 0; i + 1 < map.children.size(); i += 2) {
    const YamlNode& key = *map.children[i];
    if (key.kind != YamlNode::Kind::scalar) {
      findings_.error(Code::key_not_word, file_, key.source, "a key must be a word",
                      "such as mtu: 1500");
      continue;
    }
    const auto [at, is_new] = seen.emplace(key.text, key.source);
    if (!is_new) {
      findings_.error(Code::key_twice, file_, key.source,
                      cat("key ", shown(key.text), " appears twice"),
                      cat("first in line ", at->second.line));
      continue;
    }
    good.push_back(&key);
    good.push_back(map.children[i + 1]);
  }
  map.children = std::move(good);
}

/// What yaml-cpp's terser messages mean to somebody who edits a configuration.
std::string hint_for(std::string_view message) {
  static constexpr std::pair<std::string_view, std::string_view> kHints[] = {
      {"illegal map value",
       "one KEY: VALUE a line; put text that has a colon and a blank in quotes"},
      {"end of map not found", "is this line indented like its neighbours?"},
      {"end of sequence not found", "is this line indented like its neighbours?"},
      {"end of map flow not found", "a { lacks its }, or an entry its comma"},
      {"end of sequence flow not found", "a [ lacks its ], or an entry its comma"},
      {"illegal flow end", "a } or ] without its opening"},
      {"illegal tab when looking for indentation", "indent with blanks"},
      {"illegal block entry", "put lists on lines of their own, each entry behind a dash"},
      {"the referenced anchor is not defined", "an alias needs an &anchor before it"},
      {"unknown token", "put text that begins with a special character in quotes"},
  };
  for (const auto& [text, hint] : kHints) {
    if (message.substr(0, text.size()) == text) return std::string{hint};
  }
  return {};
}

/// How many bytes of `text` are one well-formed UTF-8 character (RFC 3629), 0 if none.
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

/// yaml-cpp guesses at encodings, and takes the byte 4 for the end: refuse all but plain UTF-8
/// text. Returns the place behind the last byte, or line 0 after a complaint.
SourceRef check_bytes(std::string_view text, const std::string& file, Findings& findings) {
  SourceRef here{1, 1};
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::size_t length = utf8_length(text.substr(i, 4));
    if (length == 0) {
      findings.error(Code::not_text, file, here, "not UTF-8 text", "is this a configuration file?");
      return {};
    }
    if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7f) {
      findings.error(Code::not_text, file, here, cat("control character ", int{byte}), "remove it");
      return {};
    }
    i += length;
    here.column += static_cast<int>(length);
    if (byte == '\n') here = {here.line + 1, 1};
  }
  return here;
}

/// A syntax error in our words, with its place within the text, which ends at `end`.
void report(const YAML::Exception& error, std::string_view text, SourceRef end, int last_line,
            const std::string& file, Findings& findings) {
  SourceRef where = source_of(error.mark);
  if (where.line > end.line || (where.line == end.line && where.column > end.column)) where = end;
  std::string hint = hint_for(error.msg);
  if (error.msg == YAML::ErrorMsg::EOF_IN_SCALAR) {
    hint = cat("a quote in or after line ", last_line, " is not closed");
  }
  for (int line = 1; line < where.line; ++line) text.remove_prefix(text.find('\n') + 1);
  if (text.substr(0, text.find_first_not_of(" \t")).find('\t') != std::string_view::npos) {
    hint = "indent with blanks, not tabs";
  }
  findings.error(Code::not_yaml, file, where, cat("not YAML: ", error.msg), std::move(hint));
}

}  // namespace

std::optional<YamlTree> parse_yaml(std::string_view text, const std::string& file,
                                   Findings& findings) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) text.remove_prefix(3);
  if (text.size() > limits::kFileBytes) {
    findings.error(Code::file_too_large, file, {},
                   cat("larger than ", format_size(limits::kFileBytes)),
                   "put long lists of routes into a route file");
    return std::nullopt;
  }
  const SourceRef end = check_bytes(text, file, findings);
  if (end.line == 0) return std::nullopt;
  TailedBuffer buffer{text};
  std::istream stream{&buffer};
  Builder builder{file, findings};
  try {
    YAML::Parser parser{stream};
    while (parser.HandleNextDocument(builder)) {
    }
    return builder.take();
  } catch (const Abort& abort) {
    findings.error(abort.code, file, abort.where, abort.message, abort.hint);
  } catch (const YAML::Exception& error) {
    report(error, text, end, builder.last_line(), file, findings);
  } catch (const std::exception& error) {
    findings.error(Code::not_yaml, file, {},
                   cat("cannot be parsed: ", std::string_view{error.what()}));
  }
  return std::nullopt;
}

}  // namespace weir::config
