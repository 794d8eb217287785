#include "config/edit_path.hpp"

#include <algorithm>

#include "config/refusal.hpp"
#include "config/text.hpp"

namespace weir::config {
namespace {

constexpr std::string_view kExample = "such as ethernets.lan0.mtu or routes[10.0.0.0/8].via";

class PathParser {
 public:
  explicit PathParser(std::string_view text) : text_(text) {}

  Path parse() {
    Path path{std::string{text_}, {}};
    if (text_.empty()) throw Refusal{{}, "an empty path", std::string{kExample}};
    while (at_ < text_.size()) {
      if (path.parts.size() == Path::kMaxParts) {
        throw Refusal{{}, cat("a path of more than ", Path::kMaxParts, " parts"), {}};
      }
      path.parts.push_back(peek() == '[' ? entry() : key(path.parts.empty()));
      path.parts.back().end = at_;
    }
    return path;
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  [[noreturn]] void refuse(std::string_view what, std::string hint = std::string{kExample}) const {
    throw Refusal{
        {}, cat("path ", shown(text_), ", column ", at_ + 1, ": ", what), std::move(hint)};
  }

  void refuse_control() const {
    const auto byte = static_cast<unsigned char>(peek());
    if (byte < 0x20 || byte == 0x7f) refuse("a control character", "remove it");
  }

  std::string quoted() {
    std::string text;
    for (++at_; peek() != '"'; ++at_) {
      if (peek() == '\\') ++at_;
      if (at_ >= text_.size()) refuse("a quote is not closed", "\"lan0.30\"");
      refuse_control();
      text += peek();
    }
    ++at_;
    return text;
  }

  PathPart key(bool first) {
    PathPart part;
    if (!first) {
      if (peek() != '.') refuse("a dot or a bracket is missing");
      ++at_;
    }
    if (peek() == '"') {
      part.bare = false;
      part.text = quoted();
      return part;
    }
    for (; at_ < text_.size() && peek() != '.' && peek() != '['; ++at_) {
      if (peek() == ']' || peek() == '"') refuse("what is this here?");
      if (peek() == '\\') {
        part.bare = false;
        if (++at_ == text_.size()) refuse("nothing behind the backslash", "vlans.lan0\\.30.id");
      }
      refuse_control();
      part.text += peek();
    }
    if (part.text.empty()) refuse("a key is missing");
    return part;
  }

  PathPart entry() {
    PathPart part{PathPart::Kind::entry, {}};
    ++at_;
    if (peek() == '"') {
      part.bare = false;
      part.text = quoted();
    } else {
      for (; at_ < text_.size() && peek() != ']'; ++at_) {
        refuse_control();
        part.text += peek();
      }
    }
    if (peek() != ']') refuse("a bracket is not closed");
    if (part.text.empty() && part.bare) {
      refuse("nothing in the brackets", "an index from 0, an entry's name, or + for a new one");
    }
    ++at_;
    if (part.bare && part.text == "+") part.kind = PathPart::Kind::append;
    return part;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

bool PathPart::is_index() const {
  return kind == Kind::entry && bare &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view Path::name(std::size_t count) const {
  return std::string_view{text}.substr(0, count == 0 ? 0 : parts[count - 1].end);
}

Path parse_path(std::string_view text) { return PathParser{text}.parse(); }

std::span<const std::string_view> identity_keys(std::string_view list) {
  static constexpr std::string_view kRoutes[] = {"to", "file"};
  static constexpr std::string_view kStatic[] = {"ip", "mac"};
  static constexpr std::string_view kMirrors[] = {"from"};
  static constexpr std::string_view kOthers[] = {"name"};
  if (list == "routes") return kRoutes;
  if (list == "static") return kStatic;
  if (list == "mirrors") return kMirrors;
  return kOthers;
}

}  // namespace weir::config
