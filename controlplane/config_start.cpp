#include "controlplane/config_start.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ctime>
#include <optional>
#include <stdexcept>
#include <utility>

#include "controlplane/sealed_file.hpp"

namespace weir::control {
namespace {

using Source = StartDecision::Source;
using Confirm = StartDecision::Confirm;

constexpr std::size_t kMostFindings = 10;  // in a reason

bool is_blank(const std::string& text) {
  constexpr std::string_view kBlank("\0 \t\r\n", 5);
  return text.find_first_not_of(kBlank) == std::string::npos;
}

std::string moment(std::int64_t milliseconds) {
  const auto seconds = static_cast<std::time_t>(milliseconds / 1000);
  std::tm parts{};
  if (gmtime_r(&seconds, &parts) == nullptr) return fmt::format("{} ms", milliseconds);
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", parts);
}

class Decider {
 public:
  Decider(const ConfigStore& store, const StartupFile& startup, const ConfigCheck& check)
      : store_(store), startup_(startup), check_(check), pending_(store.pending()) {}

  StartDecision decide() {
    examine_startup();
    if (!pending_) {
      if (good_)
        from_startup();
      else
        from_history();
    } else if (is_edited()) {
      edited();
    } else if (store_.remaining().count() == 0 || !unconfirmed()) {
      old();
    }
    if (result_.source == Source::nothing) nothing();
    return std::move(result_);
  }

 private:
  void examine_startup() {
    if (!startup_.error.empty())
      result_.findings = {startup_.error};
    else if (is_blank(startup_.text))
      result_.findings = {store_.startup_file() + ": is empty"};
    else
      result_.findings = check_(startup_.text);
    good_ = result_.findings.empty();
    if (startup_.error.empty()) sum_ = sha256(startup_.text);
  }

  bool is_edited() const {
    if (!good_ || sum_ == pending_->sha256 || sum_ == pending_->startup_sha256) return false;
    const ConfigEntry* old = store_.history().find(pending_->old_number);
    return old == nullptr || sum_ != old->sha256;
  }

  void from_startup() {
    take(Source::startup, startup_.text, 0);
    const ConfigEntry* newest = store_.history().newest();
    if (newest == nullptr) {
      say("The startup file {} is the first configuration.", store_.startup_file());
    } else if (newest->sha256 == sum_) {
      result_.number = newest->number;
      say("The startup file {} is what ran last, {}.", store_.startup_file(), name_of(*newest));
    } else {
      say("The startup file {} is not what ran last, {}: it was edited, or that was not saved; "
          "roll back to {} to have it again.",
          store_.startup_file(), name_of(*newest), newest->number);
    }
  }

  void edited() {
    take(Source::startup, startup_.text, 0);
    result_.confirm = Confirm::abandoned;
    loudly();
    say("The startup file {} was edited while {} waited for its confirmation: it runs, and the "
        "confirmation is void.",
        store_.startup_file(), pending_name());
  }

  bool unconfirmed() {
    const auto text = sum_ == pending_->sha256 && good_ ? startup_.text : good(pending_->number);
    if (!text) return false;
    take(Source::unconfirmed, *text, pending_->number);
    result_.confirm = Confirm::goes_on;
    loudly();
    say("Running {}, which still waits for its confirmation: {} s remain.", pending_name(),
        (store_.remaining().count() + 999) / 1000);
    if (!good_) say_damaged();
    return true;
  }

  void old() {
    loudly();
    result_.confirm = Confirm::cancelled;
    say("{} was {}: the configuration before it comes back.", pending_name(),
        pending_->reverting ? "taken back" : "not confirmed in time");
    if (!good_) say_damaged();
    if (const auto text = good(pending_->old_number))
      take(Source::old, *text, pending_->old_number);
    else if (good_ && sum_ != pending_->sha256)
      take(Source::startup, startup_.text, 0);
    else
      newest_good();
  }

  void from_history() {
    loudly();
    say_damaged();
    newest_good();
  }

  void newest_good() {
    const auto& entries = store_.list();
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
      if (pending_ && (entry->number == pending_->number || entry->number == pending_->old_number))
        continue;  // not to run, and tried
      const auto text = good(entry->number);
      if (!text) continue;
      take(Source::history, *text, entry->number);
      say("Running the last good configuration instead, {}.", name_of(*entry));
      return;
    }
  }

  void nothing() {
    result_.confirm = Confirm::none;
    loudly();
    say("Nothing runs: {}; mend {}.",
        store_.list().empty() ? "the history is empty"
                              : "no configuration of the history is good either",
        store_.startup_file());
  }

  /// The entry's text; why not is said.
  std::optional<std::string> good(std::uint64_t number) {
    std::optional<std::string> text;
    try {
      text = store_.get(number);
    } catch (const FileError& error) {
      say("{}.", error.message());
      return {};
    }
    const auto errors = check_(*text);
    if (errors.empty()) return text;
    say("Entry {} has errors: {}.", number, some(errors));
    return {};
  }

  void say_damaged() {
    say("The startup file is damaged, and left as it is: {}.", some(result_.findings));
  }

  static std::string some(const std::vector<std::string>& errors) {
    const std::size_t shown = std::min(errors.size(), kMostFindings);
    std::string text = fmt::format(
        "{}", fmt::join(errors.begin(), errors.begin() + static_cast<long>(shown), "; "));
    if (shown < errors.size()) text += fmt::format("; and {} more", errors.size() - shown);
    return text;
  }

  static std::string name_of(const ConfigEntry& entry) {
    return fmt::format("entry {} ({} by {}, {})", entry.number, entry.change.kind,
                       entry.change.user, moment(entry.time));
  }
  std::string pending_name() const {
    const ConfigEntry* entry = store_.history().find(pending_->number);
    return entry != nullptr ? name_of(*entry) : fmt::format("entry {}", pending_->number);
  }

  void take(Source source, std::string text, std::uint64_t number) {
    result_.source = source;
    result_.text = std::move(text);
    result_.number = number;
  }
  void loudly() { result_.loud = true; }
  template <class... Args>
  void say(fmt::format_string<Args...> format, Args&&... args) {
    if (!result_.reason.empty()) result_.reason += ' ';
    const auto begin = result_.reason.size();
    result_.reason += fmt::format(format, std::forward<Args>(args)...);
    if (result_.reason[begin] == 'e') result_.reason[begin] = 'E';  // entry ...
  }

  const ConfigStore& store_;
  const StartupFile& startup_;
  const ConfigCheck& check_;
  const std::optional<PendingConfirm>& pending_;
  StartDecision result_;
  bool good_ = false;
  std::string sum_;  // of the startup file; empty: not read
};

bool runs(const ConfigStore& store, const std::string& text) {
  const ConfigEntry* entry = store.history().find(store.running());
  return entry != nullptr && entry->sha256 == sha256(text);
}

}  // namespace

StartupFile startup_of(const ConfigStore& store) {
  try {
    return {store.read_startup(), ""};
  } catch (const FileError& error) {
    return {"", error.what()};
  }
}

StartDecision decide_start(const ConfigStore& store, const StartupFile& startup,
                           const ConfigCheck& check) {
  return Decider(store, startup, check).decide();
}

std::vector<std::string> settle_start(ConfigStore& store, const StartDecision& decision,
                                      const ConfigChange& start) {
  if (decision.source == Source::nothing) throw std::logic_error("nothing runs");
  std::vector<std::string> refused;
  const auto attempt = [&](const auto& step) {
    try {
      step();
      return true;
    } catch (const FileError& error) {
      refused.emplace_back(error.what());
      return false;
    }
  };
  if (decision.confirm == Confirm::goes_on) {
    attempt([&] { store.resume(decision.number); });
    return refused;
  }
  if (decision.confirm == Confirm::cancelled) {
    ConfigChange revert = start;
    revert.kind = "revert";
    if (!attempt([&] { store.cancel(revert, decision.text); }) && !runs(store, decision.text))
      store.append_in_memory(revert, decision.text);
    return refused;
  }
  if (decision.confirm == Confirm::abandoned) attempt([&] { store.abandon_confirm(); });
  const ConfigEntry* newest = store.history().newest();
  if (newest != nullptr && newest->sha256 == sha256(decision.text))
    store.resume(newest->number);
  else if (!attempt([&] { store.append(start, decision.text); }))
    store.append_in_memory(start, decision.text);
  return refused;
}

}  // namespace weir::control
