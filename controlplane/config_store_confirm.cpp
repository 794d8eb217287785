// ConfigStore's confirmation: the files `confirm` and `revert`, sealed files whose text is what the
// startup file held before, when that is not the old entry's text.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "controlplane/config_store.hpp"
#include "controlplane/sealed_file.hpp"

namespace weir::control {
namespace {

using nlohmann::json;

constexpr mode_t kConfirmMode = 0640;
constexpr const char *kConfirm = "confirm", *kRevert = "revert";

}  // namespace

ConfigEntry ConfigStore::begin_confirm(const ConfigChange& change, const std::string& text,
                                       std::chrono::milliseconds within) {
  require_none_pending();
  if (running_ == 0) throw std::logic_error("nothing runs yet that could come back");
  clear_stray();
  const std::int64_t now = clocks_.wall(), for_ms = std::max<std::int64_t>(within.count(), 0);
  pending_ = PendingConfirm{.number = history_.next(),
                            .old_number = running_,
                            .began = now,
                            .deadline = now + for_ms,
                            .sha256 = sha256(text)};
  timer_ = {for_ms, clocks_.boot_time() + for_ms, clocks_.boot_id};
  history_.keep({pending_->number, running_});
  try {
    remember_startup();
    // Before its entry: an entry is never there that nobody knows to be unconfirmed.
    if (on_disk()) {
      stray_ = path_of(kConfirm);
      write_pending();
    }
    const ConfigEntry entry = history_.append(change, text);
    stray_.clear();
    running_ = entry.number;
    return entry;
  } catch (const FileError&) {
    forget_pending();
    try {
      clear_stray();
    } catch (const FileError&) {  // before the next, then; the first error is the one to tell
    }
    throw;
  }
}

void ConfigStore::confirm() {
  require_pending();
  if (pending_->reverting)
    throw std::logic_error(fmt::format("entry {} is being taken back", pending_->number));
  remove_pending();
}

void ConfigStore::abandon_confirm() {
  require_pending();
  if (on_disk()) stray_ = pending_path();
  forget_pending();
  clear_stray();
}

void ConfigStore::cancel(const ConfigChange& change, const std::optional<std::string>& text) {
  require_pending();
  pending_->reverting = true;
  if (on_disk()) mark_reverting();  // decided; what follows can be done again
  const std::string old_text = text ? *text : history_.get(pending_->old_number);
  put_back(old_text);
  const ConfigEntry* newest = history_.newest();
  if (newest == nullptr || newest->number <= pending_->number)
    newest = &history_.append(change, old_text);
  else
    history_.write_back();
  running_ = newest->number;
  remove_pending();
}

std::chrono::milliseconds ConfigStore::remaining() const {
  require_pending();
  if (pending_->reverting) return std::chrono::milliseconds{0};
  return std::chrono::milliseconds{
      std::clamp<std::int64_t>(timer_.boot_time - clocks_.boot_time(), 0, timer_.within)};
}

/// What the startup file holds, for cancel().
void ConfigStore::remember_startup() {
  try {
    std::string text = read_startup();
    pending_->startup_sha256 = sha256(text);
    const ConfigEntry* old = history_.find(pending_->old_number);
    if (old == nullptr || old->sha256 != pending_->startup_sha256) startup_text_ = std::move(text);
  } catch (const FileError&) {  // nothing to put back: the old text, then
  }
}

void ConfigStore::mark_reverting() {
  if (marked_reverting_) return;
  struct stat status {};
  const bool gone = ::lstat(path_of(kConfirm).c_str(), &status) != 0 &&
                    ::lstat(path_of(kRevert).c_str(), &status) != 0;
  if (gone) write_pending();  // by a confirm() whose last step failed
  rename_durably(calls_, path_of(kConfirm), path_of(kRevert));
  marked_reverting_ = true;
}

std::string ConfigStore::pending_path() const {
  return path_of(marked_reverting_ ? kRevert : kConfirm);
}

void ConfigStore::put_back(const std::string& old_text) {
  std::string now;
  try {
    now = sha256(read_startup());
  } catch (const FileError&) {
    return;  // nobody's to overwrite
  }
  if (now == pending_->sha256 && now != pending_->startup_sha256)
    write_startup(startup_text_ ? *startup_text_ : old_text);
}

void ConfigStore::write_pending() const {
  const std::string text = startup_text_.value_or("");
  const json about = {{"number", pending_->number},
                      {"old_number", pending_->old_number},
                      {"began", pending_->began},
                      {"deadline", pending_->deadline},
                      {"new_sha256", pending_->sha256},
                      {"startup_sha256", pending_->startup_sha256},
                      {"startup_text", startup_text_.has_value()},
                      {"within", timer_.within},
                      {"boot_time", timer_.boot_time},
                      {"boot_id", timer_.boot_id}};
  replace_file(calls_, path_of(kConfirm), {sealed_head(about, text), text}, kConfirmMode);
}

void ConfigStore::load_pending() {
  for (const char* name : {kRevert, kConfirm}) {
    struct stat status {};
    if (::lstat(path_of(name).c_str(), &status) != 0) continue;
    if (!read_pending(path_of(name))) continue;
    pending_->reverting = marked_reverting_ = name == kRevert;
    break;
  }
  if (!pending_) return;
  const ConfigEntry* entry = history_.find(pending_->number);
  if (entry == nullptr ? !history_.has_file(pending_->number) : entry->sha256 != pending_->sha256) {
    if (on_disk()) stray_ = pending_path();
    forget_pending();  // the apply ended before its entry was written: nothing had changed
    return;
  }
  history_.keep({pending_->number, pending_->old_number});
  if (timer_.boot_id == clocks_.boot_id && !timer_.boot_id.empty()) return;
  timer_.within = std::clamp<std::int64_t>(pending_->deadline - clocks_.wall(), 0, timer_.within);
  timer_.boot_time = clocks_.boot_time() + timer_.within;
}

bool ConfigStore::read_pending(const std::string& path) {
  const auto skip = [&](const std::string& why) {
    warnings_.emplace_back(
        FileError(path, why,
                  "whether an apply waited for a confirmation is not known; see that what runs is "
                  "what you want, and remove it")
            .what());
    return false;
  };
  try {
    auto opened = open_sealed(read_file(path));
    if (const auto* why = std::get_if<std::string>(&opened)) return skip(*why);
    auto& [about, text] = std::get<SealedFile>(opened);
    pending_ = PendingConfirm{.number = about.at("number").get<std::uint64_t>(),
                              .old_number = about.at("old_number").get<std::uint64_t>(),
                              .began = about.at("began").get<std::int64_t>(),
                              .deadline = about.at("deadline").get<std::int64_t>(),
                              .sha256 = about.at("new_sha256").get<std::string>(),
                              .startup_sha256 = about.at("startup_sha256").get<std::string>()};
    timer_ = {.within = std::max<std::int64_t>(about.at("within").get<std::int64_t>(), 0),
              .boot_time = about.at("boot_time").get<std::int64_t>(),
              .boot_id = about.at("boot_id").get<std::string>()};
    if (about.at("startup_text").get<bool>()) startup_text_ = std::move(text);
    return true;
  } catch (const json::exception&) {
    forget_pending();
    return skip("is damaged");
  } catch (const FileError& error) {
    warnings_.emplace_back(error.what());
    return false;
  }
}

/// From the disk first: until that succeeds it is pending.
void ConfigStore::remove_pending() {
  if (on_disk()) remove_durably(calls_, pending_path());
  forget_pending();
}

void ConfigStore::forget_pending() {
  pending_.reset();
  startup_text_.reset();
  marked_reverting_ = false;
  history_.keep({});
}

void ConfigStore::clear_stray() {
  if (stray_.empty()) return;
  remove_durably(calls_, stray_);
  stray_.clear();
}

void ConfigStore::require_none_pending() const {
  if (pending_)
    throw std::logic_error(fmt::format("entry {} waits for its confirmation", pending_->number));
}

void ConfigStore::require_pending() const {
  if (!pending_) throw std::logic_error("nothing waits for a confirmation");
}

}  // namespace weir::control
