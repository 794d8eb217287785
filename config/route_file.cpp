#include "config/route_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <unordered_map>
#include <utility>

#include "config/address_text.hpp"
#include "config/limits.hpp"
#include "config/text.hpp"

namespace weir::config {
namespace {

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

const char* skip_blanks(const char* at, const char* end) {
  while (at != end && is_blank(*at)) ++at;
  return at;
}

const char* skip_word(const char* at, const char* end) {
  while (at != end && !is_blank(*at)) ++at;
  return at;
}

/// Reads one decimal number of at most three digits without leading zeros; nullptr if there is
/// none.
const char* scan_number(const char* at, const char* end, std::uint32_t maximum,
                        std::uint32_t& out) {
  if (at == end || !is_digit(*at)) return nullptr;
  std::uint32_t value = static_cast<std::uint32_t>(*at++ - '0');
  if (value != 0) {
    for (int digits = 1; digits < 3 && at != end && is_digit(*at); ++digits) {
      value = value * 10 + static_cast<std::uint32_t>(*at++ - '0');
    }
  }
  out = value;
  return value > maximum || (at != end && is_digit(*at)) ? nullptr : at;
}

/// The fast way through `a.b.c.d/n`: the position behind it, or nullptr when it is not a network
/// without host bits, which `read_prefix` then explains (`default` comes that way, too).
const char* scan_prefix(const char* at, const char* end, Ipv4Prefix& out) {
  std::uint32_t address = 0;
  std::uint32_t part = 0;
  for (int i = 0; i < 4; ++i) {
    at = scan_number(at, end, 255, part);
    if (at == nullptr || at == end || *at != (i < 3 ? '.' : '/')) return nullptr;
    ++at;
    address = address << 8 | part;
  }
  at = scan_number(at, end, 32, part);
  if (at == nullptr || (at != end && !is_blank(*at))) return nullptr;
  if ((address & ~ipv4_mask(part)) != 0) return nullptr;
  out = Ipv4Prefix{Ipv4Address{address}, part};
  return at;
}

class ChunkParser {
 public:
  ChunkParser(std::string_view text, std::uint32_t first_line, const std::string& file)
      : text_(text), file_(file), line_(first_line) {}

  RouteChunk parse();

 private:
  void parse_line(const char* at, const char* end);
  std::optional<std::uint32_t> group_of(std::string_view target);
  bool parse_target(std::string_view target, RouteGroup& group);
  bool parse_gateways(std::string_view rest, RouteGroup& group);

  SourceRef place(const char* at) const {
    return {static_cast<int>(line_), static_cast<int>(at - line_begin_) + 1};
  }
  void error(Code code, const char* at, std::string message, std::string hint) {
    chunk_.findings.error(code, file_, place(at), std::move(message), std::move(hint));
  }

  std::string_view text_;
  const std::string& file_;
  std::uint32_t line_;
  const char* line_begin_ = nullptr;
  RouteChunk chunk_{{}, {}, Findings{limits::kRouteFileErrors}};
  // Millions of lines name few sets of gateways: their text is parsed once each.
  std::unordered_map<std::string_view, std::uint32_t> groups_;
  std::string_view last_target_;
  std::uint32_t last_group_ = 0;
};

RouteChunk ChunkParser::parse() {
  // Real files have about 30 bytes a line; a line cannot have fewer than 17.
  chunk_.routes.reserve(text_.size() / 30 + 1);
  const char* at = text_.data();
  const char* const end = at + text_.size();
  for (; at < end; ++line_) {
    const auto* newline =
        static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)));
    const char* line_end = newline == nullptr ? end : newline;
    line_begin_ = at;
    parse_line(at, line_end);
    at = line_end + 1;
    if (newline == nullptr) break;
  }
  return std::move(chunk_);
}

void ChunkParser::parse_line(const char* at, const char* end) {
  if (at != end && end[-1] == '\r') --end;
  if (const auto* hash = std::memchr(at, '#', static_cast<std::size_t>(end - at))) {
    end = static_cast<const char*>(hash);
  }
  at = skip_blanks(at, end);
  if (at == end) return;
  while (is_blank(end[-1])) --end;

  Ipv4Prefix to;
  const char* behind = scan_prefix(at, end, to);
  if (behind == nullptr) {
    behind = skip_word(at, end);
    Complaint complaint;
    const auto prefix = read_prefix({at, static_cast<std::size_t>(behind - at)}, complaint);
    if (!prefix) return error(complaint.code, at, complaint.message, complaint.hint);
    to = *prefix;
  }
  const char* target = skip_blanks(behind, end);
  if (target == end) {
    return error(Code::route_line, at, cat("route to ", to.to_string(), " goes nowhere"),
                 "via GATEWAY, blackhole, unreachable or prohibit");
  }
  const auto group = group_of({target, static_cast<std::size_t>(end - target)});
  if (group) chunk_.routes.push_back({to, *group, line_});
}

std::optional<std::uint32_t> ChunkParser::group_of(std::string_view target) {
  if (target == last_target_) return last_group_;
  auto at = groups_.find(target);
  if (at == groups_.end()) {
    RouteGroup group;
    group.source = place(target.data());
    if (!parse_target(target, group)) return std::nullopt;
    at = groups_.emplace(target, static_cast<std::uint32_t>(chunk_.groups.size())).first;
    chunk_.groups.push_back(std::move(group));
  }
  last_target_ = target;
  last_group_ = at->second;
  return last_group_;
}

bool ChunkParser::parse_target(std::string_view target, RouteGroup& group) {
  static constexpr std::string_view kWords[] = {"via", "blackhole", "unreachable", "prohibit"};
  const char* end = target.data() + target.size();
  const char* behind = skip_word(target.data(), end);
  const std::string_view word = target.substr(0, static_cast<std::size_t>(behind - target.data()));
  behind = skip_blanks(behind, end);
  const std::string_view rest{behind, static_cast<std::size_t>(end - behind)};
  if (word == "via") return parse_gateways(rest, group);
  if (word == "blackhole") group.type = RouteType::blackhole;
  if (word == "unreachable") group.type = RouteType::unreachable;
  if (word == "prohibit") group.type = RouteType::prohibit;
  if (group.type == RouteType::unicast) {
    const std::string_view meant = nearest(word, kWords);
    error(Code::route_line, target.data(),
          cat("expected via, blackhole, unreachable or prohibit, found ", shown(word)),
          meant.empty() ? std::string{} : cat("did you mean ", meant, '?'));
    return false;
  }
  if (!rest.empty()) {
    error(Code::route_line, rest.data(), cat("nothing may follow ", word),
          cat("remove ", shown(rest)));
    return false;
  }
  return true;
}

bool ChunkParser::parse_gateways(std::string_view rest, RouteGroup& group) {
  const char* at = rest.data();
  const char* const end = at + rest.size();
  if (at == end) {
    error(Code::route_line, line_begin_ + group.source.column - 1, "via without a gateway",
          "such as via 192.0.2.1");
    return false;
  }
  while (at != end) {
    const char* behind = skip_word(at, end);
    Complaint complaint;
    const auto gateway = read_address({at, static_cast<std::size_t>(behind - at)}, complaint);
    if (!gateway) {
      error(complaint.code, at, complaint.message, complaint.hint);
      return false;
    }
    if (group.via.size() == limits::kGateways) {
      error(Code::too_many, at, "too many gateways", cat("at most ", limits::kGateways));
      return false;
    }
    group.via.push_back(*gateway);
    group.via_sources.entries.push_back(place(at));
    at = skip_blanks(behind, end);
  }
  return true;
}

}  // namespace

std::vector<LineChunk> split_lines(std::string_view text, std::size_t n) {
  std::vector<LineChunk> chunks;
  std::uint32_t line = 1;
  for (std::size_t left = std::max<std::size_t>(n, 1); !text.empty(); --left) {
    std::size_t size = text.size();
    if (left > 1) {
      const auto newline = text.find('\n', std::max<std::size_t>(text.size() / left, 1) - 1);
      if (newline != std::string_view::npos) size = newline + 1;
    }
    const std::string_view part = text.substr(0, size);
    chunks.push_back({part, line});
    line += static_cast<std::uint32_t>(std::count(part.begin(), part.end(), '\n'));
    text.remove_prefix(size);
  }
  return chunks;
}

RouteChunk parse_routes(std::string_view text, std::uint32_t first_line, const std::string& file) {
  return ChunkParser{text, first_line, file}.parse();
}

std::string route_file_path(const Config& config, const RouteFile& file) {
  const auto slash = config.file.rfind('/');
  if (file.path.starts_with('/') || slash == std::string::npos) return file.path;
  return config.file.substr(0, slash + 1) + file.path;
}

FileText read_file(const std::string& path, std::size_t limit) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return {{}, std::strerror(errno)};
  FileText result;
  struct stat status {};
  const bool is_regular = ::fstat(file, &status) == 0 && S_ISREG(status.st_mode);
  const std::size_t expected = is_regular ? static_cast<std::size_t>(status.st_size) : 0;
  // One byte more than expected, to see the end without another turn; pipes start small.
  std::size_t room = expected > 0 ? expected + 1 : 1 << 16;
  room = std::min(room, limit + 1);
  std::size_t size = 0;
  for (;;) {
    result.text.resize(room);
    const ssize_t got = ::read(file, result.text.data() + size, room - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) result.error = std::strerror(errno);
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
    if (size > limit) {
      result.error = cat("larger than ", format_size(limit));
      break;
    }
    if (size == room) room = std::min(room * 2, limit + 1);
  }
  ::close(file);
  result.text.resize(result.error.empty() ? size : 0);
  return result;
}

}  // namespace weir::config
