#include "controlplane/cli/vendor.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace weir::cli {
namespace {

constexpr std::size_t kMaxFileBytes = 32u << 20;
constexpr std::size_t kMaxNameBytes = 60;

std::uint64_t bits_of(MacAddress mac) {
  std::uint64_t bits = 0;
  for (const std::uint8_t byte : mac.bytes) bits = bits << 8 | byte;
  return bits;
}

/// The hex digits at `at`, all of which must be there.
std::optional<std::uint32_t> hex(std::string_view line, std::size_t at, std::size_t digits) {
  if (line.size() < at + digits) return std::nullopt;
  std::uint32_t value = 0;
  const char* const end = line.data() + at + digits;
  const auto [stopped, error] = std::from_chars(line.data() + at, end, value, 16);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return value;
}

/// What stands behind `tag` on the line; empty: nothing, or not that tag.
std::string_view name_behind(std::string_view line, std::size_t from, std::string_view tag) {
  const std::size_t at = line.find_first_not_of(" \t", from);
  if (at == line.npos || !line.substr(at).starts_with(tag)) return {};
  const std::size_t start = line.find_first_not_of(" \t\r", at + tag.size());
  if (start == line.npos) return {};
  return line.substr(start, line.find_last_not_of(" \t\r") + 1 - start);
}

/// `70-B3-D5   (hex)\t\tNAME`: the first 24 bits of a block.
std::optional<std::uint32_t> oui_line(std::string_view line) {
  if (line.size() < 8 || line[2] != '-' || line[5] != '-') return std::nullopt;
  const auto a = hex(line, 0, 2), b = hex(line, 3, 2), c = hex(line, 6, 2);
  if (!a || !b || !c || name_behind(line, 8, "(hex)").empty()) return std::nullopt;
  return *a << 16 | *b << 8 | *c;
}

/// `F2F000-F2FFFF     (base 16)\t\tNAME`: the other bits of a block, right-aligned.
std::optional<std::uint32_t> range_line(std::string_view line, unsigned prefix_length) {
  if (line.size() < 13 || line[6] != '-') return std::nullopt;
  const auto first = hex(line, 0, 6), last = hex(line, 7, 6);
  const std::uint32_t host_bits = (1u << (48 - prefix_length)) - 1;
  if (!first || !last || (*first & host_bits) != 0 || *last != (*first | host_bits))
    return std::nullopt;
  return *first >> (48 - prefix_length);
}

/// A file of IEEE's, line by line; calls `use(prefix, name)` for each block.
class BlockLines {
 public:
  explicit BlockLines(unsigned prefix_length) : prefix_length_(prefix_length) {}

  template <typename Use>
  void read(std::string_view line, Use use) {
    if (line.empty() || line.front() == '\t') return;  // most are an address's
    if (prefix_length_ == 24) {
      if (const auto prefix = oui_line(line)) use(*prefix, name_behind(line, 8, "(hex)"));
    } else if (line.size() > 2 && line[2] == '-') {
      oui_ = oui_line(line);
    } else if (const auto range = range_line(line, prefix_length_); range && oui_) {
      const std::string_view name = name_behind(line, 13, "(base 16)");
      if (!name.empty()) use(std::uint64_t{*oui_} << (prefix_length_ - 24) | *range, name);
      oui_.reset();
    }
  }

 private:
  unsigned prefix_length_;
  std::optional<std::uint32_t> oui_;  // of the range that comes next
};

/// A regular file that is not too large.
bool is_readable(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error) &&
         std::filesystem::file_size(path, error) <= kMaxFileBytes && !error;
}

/// Fit for a terminal: no control characters, not too long, no half a UTF-8 sequence at the end.
std::string shown_name(std::string_view name) {
  std::string shown;
  for (const char c : name)
    if (static_cast<unsigned char>(c) >= ' ' && c != 127) shown += c;
  if (shown.size() <= kMaxNameBytes) return shown;
  std::size_t end = kMaxNameBytes - 3;
  while (end > 0 && (static_cast<unsigned char>(shown[end]) & 0xc0) == 0x80) --end;
  return shown.substr(0, end) + "...";
}

}  // namespace

std::string Vendors::default_directory() {
  const char* const other = std::getenv("WEIR_IEEE_DATA");
  return other != nullptr && *other != '\0' ? other : "/usr/share/ieee-data";
}

void Vendors::load() {
  loaded_ = missing_ = true;
  static constexpr std::pair<const char*, unsigned> kFiles[] = {
      {"/oui36.txt", 36}, {"/mam.txt", 28}, {"/oui.txt", 24}};
  for (std::size_t i = 0; i < files_.size(); ++i) {
    File& file = files_[i];
    file.prefix_length = kFiles[i].second;
    const std::string path = directory_ + kFiles[i].first;
    std::ifstream text(path);
    if (!is_readable(path) || !text) continue;
    missing_ = false;
    BlockLines lines(file.prefix_length);
    for (std::string line; std::getline(text, line);)
      lines.read(line, [&](std::uint64_t prefix, std::string_view name) {
        file.blocks.push_back({prefix, static_cast<std::uint32_t>(file.names.size()),
                               static_cast<std::uint32_t>(name.size())});
        file.names += name;
      });
    // Of a block that is there twice the first counts.
    std::stable_sort(file.blocks.begin(), file.blocks.end(),
                     [](const Block& a, const Block& b) { return a.prefix < b.prefix; });
  }
}

std::optional<Vendor> Vendors::find(MacAddress mac) {
  if (mac.is_group() || mac.is_locally_administered()) return std::nullopt;
  if (!loaded_) load();
  for (const File& file : files_) {
    const std::uint64_t prefix = bits_of(mac) >> (48 - file.prefix_length);
    const auto at =
        std::lower_bound(file.blocks.begin(), file.blocks.end(), prefix,
                         [](const Block& block, std::uint64_t key) { return block.prefix < key; });
    if (at != file.blocks.end() && at->prefix == prefix)
      return Vendor{shown_name(std::string_view(file.names).substr(at->name, at->size)),
                    file.prefix_length};
  }
  return std::nullopt;
}

std::string Vendors::text(MacAddress mac) {
  if (mac.is_group()) {
    // A company numbers its groups in its block of addresses, with the group bit set.
    mac.bytes[0] = static_cast<std::uint8_t>(mac.bytes[0] & ~1u);
    const auto vendor = find(mac);
    return vendor ? "(group) " + vendor->name : "(group)";
  }
  if (mac.is_locally_administered()) return "(local)";
  const auto vendor = find(mac);
  return vendor ? vendor->name : "-";
}

}  // namespace weir::cli
