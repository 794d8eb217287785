#include "controlplane/cli/sysfs.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/limits.hpp"
#include "config/text.hpp"

namespace weir::cli {
namespace fs = std::filesystem;

std::optional<std::string> read_whole(const std::string& path) {
  std::ifstream stream(path);
  if (!stream) return std::nullopt;
  std::ostringstream text;
  text << stream.rdbuf();
  if (stream.bad()) return std::nullopt;
  return text.str();
}

std::optional<std::string> read_text(const std::string& path) {
  std::optional<std::string> text = read_whole(path);
  while (text && !text->empty() && (text->back() == '\n' || text->back() == ' ')) text->pop_back();
  return text;
}

std::optional<std::uint64_t> read_number(const std::string& path) {
  const auto text = read_text(path);
  return text ? config::parse_number(*text) : std::nullopt;
}

std::set<unsigned> core_list(const std::string& text) {
  constexpr std::uint64_t kMost = 4096;  // CPUs that a kernel can have, and then some
  std::set<unsigned> cores;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    const std::size_t dash = part.find('-');
    const auto first = config::parse_number(part.substr(0, dash));
    const auto last = dash == part.npos ? first : config::parse_number(part.substr(dash + 1));
    if (!first || !last || *last > kMost) return {};
    for (std::uint64_t core = *first; core <= *last; ++core)
      cores.insert(static_cast<unsigned>(core));
  }
  return cores;
}

std::string core_list(const std::set<unsigned>& cores) {
  std::string text;
  for (auto at = cores.begin(); at != cores.end();) {
    const unsigned first = *at;
    unsigned last = first;
    while (++at != cores.end() && *at == last + 1) last = *at;
    if (!text.empty()) text += ',';
    text += std::to_string(first);
    if (last != first) text.append("-").append(std::to_string(last));
  }
  return text;
}

std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> names;
  // Not a range-for: that throws when the directory vanishes meanwhile, as those of processes do.
  std::error_code failed;
  for (fs::directory_iterator entry(path, failed), end; !failed && entry != end;
       entry.increment(failed))
    names.push_back(entry->path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::string link_target(const std::string& path) {
  std::error_code failed;
  const fs::path target = fs::read_symlink(path, failed);
  return failed ? "" : target.filename().string();
}

bool exists(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

namespace {

/// /proc/net/route: name, destination, ..., the mask is the eighth.
void add_ipv4_defaults(const std::string& root, std::set<std::string>& names) {
  std::ifstream stream(root + "/proc/net/route");
  std::string line;
  std::getline(stream, line);  // the titles
  while (std::getline(stream, line)) {
    std::istringstream fields(line);
    std::string name, destination, skipped, mask;
    fields >> name >> destination;
    for (int i = 0; i < 5; ++i) fields >> skipped;
    fields >> mask;
    if (destination == "00000000" && mask == "00000000") names.insert(name);
  }
}

/// /proc/net/ipv6_route: destination, its length, ..., the name comes last. The kernel's own
/// "unreachable" default is on lo.
void add_ipv6_defaults(const std::string& root, std::set<std::string>& names) {
  std::ifstream stream(root + "/proc/net/ipv6_route");
  for (std::string line; std::getline(stream, line);) {
    std::istringstream fields(line);
    std::string destination, length, name;
    fields >> destination >> length;
    for (std::string field; fields >> field;) name = field;
    if (destination.find_first_not_of('0') == destination.npos && length == "00" && name != "lo")
      names.insert(name);
  }
}

/// What `name` stands on: the ports of a bridge or bond, the parent of a VLAN.
void add_lower(const std::string& root, const std::string& name, std::set<std::string>& names) {
  constexpr std::string_view kPrefix = "lower_";
  for (const std::string& entry : names_in(root + "/sys/class/net/" + name)) {
    if (!entry.starts_with(kPrefix)) continue;
    const std::string lower = entry.substr(kPrefix.size());
    if (names.insert(lower).second) add_lower(root, lower, names);
  }
}

}  // namespace

std::set<std::string> default_route_interfaces(const std::string& root) {
  std::set<std::string> names;
  add_ipv4_defaults(root, names);
  add_ipv6_defaults(root, names);
  return with_lower(root, std::move(names));
}

std::set<std::string> with_lower(const std::string& root, std::set<std::string> names) {
  for (const std::string& name : std::set<std::string>(names)) add_lower(root, name, names);
  return names;
}

}  // namespace weir::cli
