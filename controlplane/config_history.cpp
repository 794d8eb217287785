#include "controlplane/config_history.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "controlplane/sealed_file.hpp"

namespace weir::control {
namespace {

using nlohmann::json;

constexpr mode_t kEntryMode = 0640;
constexpr std::string_view kPrefix = "entry-";
constexpr std::size_t kNumberDigits = 10;
constexpr std::uint64_t kMostNumber = 9'999'999'999;
constexpr std::size_t kMostText = 500;  // bytes of a change's texts

/// One line, not longer than it may be; whole characters of UTF-8.
std::string one_line(const std::string& text) {
  std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
  if (end > kMostText) {
    end = kMostText;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  }
  return text.substr(0, end);
}

json about_of(std::uint64_t number, std::int64_t time, const ConfigChange& change) {
  return {{"number", number},
          {"time", time},
          {"kind", one_line(change.kind)},
          {"what", one_line(change.what)},
          {"user", one_line(change.user)},
          {"uid", change.uid},
          {"from", one_line(change.from)}};
}

/// Throws json::exception.
ConfigEntry entry_of(const json& about) {
  return {.number = about.at("number").get<std::uint64_t>(),
          .time = about.at("time").get<std::int64_t>(),
          .change = {.kind = about.at("kind").get<std::string>(),
                     .what = about.at("what").get<std::string>(),
                     .user = about.at("user").get<std::string>(),
                     .from = about.at("from").get<std::string>(),
                     .uid = about.at("uid").get<std::int64_t>()},
          .bytes = about.at("bytes").get<std::uint64_t>(),
          .sha256 = about.at("sha256").get<std::string>(),
          .on_disk = true};
}

/// As it will be read: with its bytes that are no UTF-8 replaced.
ConfigEntry entry_of_head(const std::string& head) {
  const auto line = head.find('\n') + 1;
  return entry_of(json::parse(head.substr(line, head.size() - line - 1)));
}

std::optional<std::uint64_t> number_of(std::string_view name) {
  if (name.size() != kPrefix.size() + kNumberDigits || !name.starts_with(kPrefix)) return {};
  std::uint64_t number = 0;
  const auto [end, error] =
      std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), number);
  if (error != std::errc{} || end != name.data() + name.size() || number == 0) return {};
  return number;
}

struct WithText {
  ConfigEntry entry;
  std::string text;
};

/// FileError when it is not the entry of that number, whole.
WithText read_entry(const std::string& path, std::uint64_t number) {
  const auto refuse = [&](const std::string& why) {
    return FileError(path, why, "it is skipped; remove it");
  };
  auto opened = open_sealed(read_file(path));
  if (const auto* why = std::get_if<std::string>(&opened)) throw refuse(*why);
  auto& file = std::get<SealedFile>(opened);
  try {
    ConfigEntry entry = entry_of(file.about);
    if (entry.number != number) throw refuse("is another entry's");
    return {std::move(entry), std::move(file.text)};
  } catch (const json::exception&) {
    throw refuse("is damaged");
  }
}

}  // namespace

ConfigHistory::ConfigHistory(FileCalls& calls, Limits limits, WallClock wall)
    : calls_(calls), limits_(limits), wall_(std::move(wall)) {}

std::string ConfigHistory::path_of(std::uint64_t number) const {
  return fmt::format("{}/{}{:0{}}", directory_, kPrefix, number, kNumberDigits);
}

void ConfigHistory::load(const std::string& directory, bool writable) {
  directory_ = directory;
  writable_ = writable;
  for (const std::string& name : names_in(directory))
    if (name.starts_with(kPrefix)) load_entry(name);
}

void ConfigHistory::load_entry(const std::string& name) {
  const auto number = number_of(name);
  if (!number) {
    warnings_.push_back(
        FileError(directory_ + '/' + name, "is none of the router's", "it is skipped; remove it")
            .what());
    return;
  }
  next_ = std::max(next_, *number + 1);  // a damaged one's is not given again
  try {
    entries_.push_back(read_entry(path_of(*number), *number).entry);
  } catch (const FileError& error) {
    warnings_.emplace_back(error.what());
  }
}

const ConfigEntry* ConfigHistory::find(std::uint64_t number) const {
  const auto found = std::lower_bound(
      entries_.begin(), entries_.end(), number,
      [](const ConfigEntry& entry, std::uint64_t wanted) { return entry.number < wanted; });
  return found != entries_.end() && found->number == number ? &*found : nullptr;
}

bool ConfigHistory::has_file(std::uint64_t number) const {
  struct stat status {};
  return !directory_.empty() && ::lstat(path_of(number).c_str(), &status) == 0;
}

std::string ConfigHistory::get(std::uint64_t number) const {
  const ConfigEntry* entry = find(number);
  if (entry == nullptr)
    throw FileError(fmt::format("entry {} of the history", number), "there is none",
                    entries_.empty() ? "the history is empty"
                                     : fmt::format("those from {} to {} are there",
                                                   entries_.front().number, next_ - 1));
  if (!entry->on_disk) return texts_.at(number);
  WithText read = read_entry(path_of(number), number);
  if (read.entry != *entry) throw FileError(path_of(number), "was changed", "remove it");
  return std::move(read.text);
}

const ConfigEntry& ConfigHistory::append(const ConfigChange& change, const std::string& text) {
  if (!writable_) return append_in_memory(change, text);
  if (next_ > kMostNumber)
    throw FileError(directory_, "numbers are used up", "move its entries elsewhere");
  write_back();
  const std::string head = sealed_head(about_of(next_, wall_(), change), text);
  ConfigEntry entry = entry_of_head(head);
  write(entry, head, text);
  return add(std::move(entry));
}

void ConfigHistory::write_back() {
  if (!writable_) return;
  clear_stray();
  for (ConfigEntry& entry : entries_) {
    if (entry.on_disk) continue;
    const std::string& kept = texts_.at(entry.number);
    write(entry, sealed_head(about_of(entry.number, entry.time, entry.change), kept), kept);
    entry.on_disk = true;
    texts_.erase(entry.number);
  }
}

const ConfigEntry& ConfigHistory::append_in_memory(const ConfigChange& change,
                                                   const std::string& text) {
  ConfigEntry entry = entry_of_head(sealed_head(about_of(next_, wall_(), change), text));
  entry.on_disk = false;
  texts_[entry.number] = text;
  return add(std::move(entry));
}

void ConfigHistory::write(const ConfigEntry& entry, const std::string& head,
                          const std::string& text) {
  const std::string path = path_of(entry.number);
  try {
    replace_file(calls_, path, {head, text}, kEntryMode);
  } catch (const FileError&) {
    stray_ = path;  // when it was the directory's sync that failed
    try {
      clear_stray();
    } catch (const FileError&) {  // before the next, then; the first error is the one to tell
    }
    throw;
  }
}

void ConfigHistory::clear_stray() {
  if (stray_.empty()) return;
  remove_durably(calls_, stray_);
  stray_.clear();
}

const ConfigEntry& ConfigHistory::add(ConfigEntry entry) {
  next_ = entry.number + 1;
  entries_.push_back(std::move(entry));
  prune();
  return entries_.back();
}

bool ConfigHistory::may_go(const ConfigEntry& entry) const {
  return entry.number != entries_.back().number &&
         std::find(kept_.begin(), kept_.end(), entry.number) == kept_.end();
}

/// False: the disk refuses to remove it.
bool ConfigHistory::drop(std::size_t index) {
  const ConfigEntry& entry = entries_[index];
  if (entry.on_disk && writable_) {
    const int result = calls_.remove(path_of(entry.number));
    if (result < 0 && result != -ENOENT) return false;
  }
  texts_.erase(entry.number);
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(index));
  return true;
}

void ConfigHistory::prune() {
  std::uint64_t bytes = 0, in_memory = 0;
  for (const ConfigEntry& entry : entries_) {
    bytes += entry.bytes;
    if (!entry.on_disk) in_memory += entry.bytes;
  }
  for (std::size_t i = 0; i < entries_.size();) {
    const ConfigEntry entry = entries_[i];
    const bool over = entries_.size() > limits_.entries || bytes > limits_.bytes ||
                      (!entry.on_disk && in_memory > limits_.memory_bytes);
    if (!over || !may_go(entry) || !drop(i)) {
      ++i;
      continue;
    }
    bytes -= entry.bytes;
    if (!entry.on_disk) in_memory -= entry.bytes;
  }
}

}  // namespace weir::control
