#include "controlplane/config_keeper.hpp"

#include <fmt/format.h>
#include <pwd.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "config/validate.hpp"

namespace weir::control {
namespace {

using namespace std::chrono_literals;
using Outcome = ConfigOutcome::Result;

constexpr auto kRetry = 1s;  // of a revert that the disk refused

ConfigChange change_of(std::string kind, std::string what, const ConfigUser& user) {
  ConfigChange change{.kind = std::move(kind),
                      .what = std::move(what),
                      .user = "unknown",
                      .from = user.from.empty() ? "local" : user.from,
                      .uid = user.uid};
  if (user.uid < 0) return change;
  change.user = std::to_string(user.uid);
  std::array<char, 4096> buffer;
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(static_cast<uid_t>(user.uid), &entry, buffer.data(), buffer.size(), &found) == 0 &&
      found != nullptr)
    change.user = found->pw_name;
  return change;
}

ConfigChange own_change(std::string kind, std::string what) {
  ConfigChange change = change_of(std::move(kind), std::move(what), {});
  change.user = "weir-router";
  return change;
}

ConfigOutcome failure(Outcome result, std::string message, std::string hint = {}) {
  ConfigOutcome outcome;
  outcome.result = result;
  outcome.message = std::move(message);
  outcome.hint = std::move(hint);
  return outcome;
}

/// For the log.
std::string proved(const ConfigOutcome& outcome) {
  return outcome.prove ? fmt::format("; proved: {}", outcome.prove->summary) : std::string{};
}

std::string summary(const config::Plan& plan) {
  if (plan.empty()) return "no change but its text";
  if (plan.total() == 1) return config::to_string(plan.changes.front());
  const std::size_t others = plan.total() - plan.routes;
  if (plan.routes == 0) return fmt::format("{} changes", others);
  if (others == 0) return fmt::format("{} routes", plan.routes);
  return fmt::format("{} changes, {} routes", others, plan.routes);
}

}  // namespace

ConfigKeeper::ConfigKeeper(LiveRouter& router, ConfigStore& store, const StartDecision& decision,
                           Log log)
    : router_(router), store_(store), log_(std::move(log)) {
  warnings_ = settle_start(store_, decision, own_change("start", "the router starts"));
  watch_ = std::thread([this] { watch(); });
}

ConfigKeeper::~ConfigKeeper() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  watch_.join();
}

ConfigKeeper::Candidate ConfigKeeper::candidate(config::ParseResult loaded,
                                                bool reads_files) const {
  Candidate result;
  const auto running = router_.running();
  if (loaded) {
    // Whatever it was called: it will be the startup file, and route files are looked for beside.
    loaded.config->file = running->file;
    if (reads_files)
      loaded.findings.append(config::check_route_files(*loaded.config));
    else if (!loaded.config->route_files.empty())
      result.outcome.warnings.emplace_back("route files are not opened for who may only read");
  }
  result.outcome.findings = std::move(loaded.findings);
  result.outcome.number = store_.running();
  if (!result.outcome.findings.ok()) {
    result.outcome.result = Outcome::errors;
    result.outcome.message = "the configuration has errors";
    return result;
  }
  config::keep_port_order(*running, *loaded.config);
  result.config = std::make_shared<const config::Config>(*std::move(loaded.config));
  result.outcome.plan = config::plan_change(*running, *result.config);
  for (config::Obstacle& obstacle : router_.obstacles(*result.config)) {
    result.outcome.plan.take_restart(obstacle);
    result.outcome.warnings.push_back(obstacle.why);
    if (!result.obstacle) result.obstacle = std::move(obstacle);
  }
  return result;
}

ConfigOutcome ConfigKeeper::plan(const ConfigRequest& request) {
  // A stranger's text may take long to read; who confirms does not wait for that.
  config::ParseResult loaded = config::load_text(request.text, request.file);
  const std::lock_guard lock(mutex_);
  Candidate planned = candidate(std::move(loaded), request.reads_files);
  planned.outcome.confirm_by = confirm_by();
  return std::move(planned.outcome);
}

ConfigOutcome ConfigKeeper::apply(const ConfigRequest& request) {
  config::ParseResult loaded = config::load_text(request.text, request.file);
  const std::lock_guard lock(mutex_);
  if (request.confirm && (*request.confirm < kLeastConfirm || *request.confirm > kMostConfirm))
    return failure(Outcome::failed, "a confirmation is to come within 5 seconds to 24 hours");
  return apply_locked(request, std::move(loaded));
}

/// `what`: for the history; empty: the summary of its plan.
ConfigOutcome ConfigKeeper::apply_locked(const ConfigRequest& request, config::ParseResult loaded,
                                         const std::string& what) {
  if (store_.pending())
    return failure(Outcome::pending,
                   "another change waits for its confirmation; nothing is changed",
                   "weir confirm, or weir rollback");
  Candidate next = candidate(std::move(loaded));
  if (!next.config) {
    next.outcome.message += "; nothing is changed";
    return std::move(next.outcome);
  }
  if (const config::Change* first = next.outcome.plan.restart()) {
    next.outcome.result = Outcome::restart;
    const bool has_remedy = next.obstacle && !next.obstacle->remedy.empty();
    next.outcome.message = fmt::format("{}, so nothing is changed: {}",
                                       has_remedy ? "a part cannot be" : "a part takes a restart",
                                       next.obstacle ? next.obstacle->why : to_string(*first));
    next.outcome.hint =
        has_remedy ? next.obstacle->remedy
                   : fmt::format("write it to {} and restart the router", store_.startup_file());
    return std::move(next.outcome);
  }
  const StartupFile startup = startup_of(store_);
  if (startup.error.empty() && startup.text == request.text && running_text() == request.text) {
    next.outcome.unchanged = true;
    return std::move(next.outcome);
  }
  if (request.confirm && would_be_lost(startup.text, request.text))
    return failure(
        Outcome::failed,
        fmt::format("{} was edited since it was applied, and a confirmation would write over it",
                    store_.startup_file()),
        "apply it first; or without a confirmation: then the history keeps what it says");
  const ConfigChange change =
      change_of(request.kind, what.empty() ? summary(next.outcome.plan) : what, request.user);
  try {
    if (request.confirm)
      keep_unconfirmed(request, change, next);
    else
      keep(request, change, next);
  } catch (const std::exception& error) {
    next.outcome.prove.reset();
    next.outcome.result = Outcome::failed;
    next.outcome.message = fmt::format("nothing is changed: {}", error.what());
    return std::move(next.outcome);
  }
  next.outcome.number = store_.running();
  next.outcome.confirm_by = confirm_by();
  if (next.outcome.prove && !next.outcome.prove->passed)
    next.outcome.prove->hint = request.confirm ? "weir rollback takes it back now; unconfirmed, it "
                                                 "goes back by itself"
                                               : "weir rollback takes it back";
  log_(fmt::format("{} by {}: {}; it is number {}{}{}", change.kind, change.user, change.what,
                   next.outcome.number, request.confirm ? ", unconfirmed" : "",
                   proved(next.outcome)));
  changed_.notify_all();
  return std::move(next.outcome);
}

void ConfigKeeper::keep(const ConfigRequest& request, const ConfigChange& change, Candidate& next) {
  const auto before = router_.running();
  const std::uint64_t number = store_.running();
  const std::string edited = startup_of(store_).text;
  make(next, request.prove);
  try {
    if (would_be_lost(edited, request.text)) {
      store_.append(own_change("edit", "the startup file, edited by hand; it did not run"), edited);
      next.outcome.warnings.push_back(
          fmt::format("{} had been edited since it was applied; that is number {} of the history",
                      store_.startup_file(), store_.running()));
    }
    store_.append(change, request.text);
    store_.write_startup(request.text);
  } catch (const std::exception&) {
    router_.change(before);
    undo_keep(number);
    throw;
  }
}

void ConfigKeeper::make(Candidate& candidate, const std::optional<ProveRequest>& prove) {
  if (prove)
    candidate.outcome.prove = router_.change_proving(candidate.config, *prove);
  else
    router_.change(candidate.config);
}

/// What somebody wrote into the startup file, and nobody applied.
bool ConfigKeeper::would_be_lost(const std::string& startup, const std::string& next) const {
  const std::string now = running_text();
  return !startup.empty() && !now.empty() && startup != next && startup != now;
}

/// Empty: it is not known.
std::string ConfigKeeper::running_text() const {
  try {
    return store_.get(store_.running());
  } catch (const std::exception&) {
    return {};
  }
}

/// The history says again that `number` runs.
void ConfigKeeper::undo_keep(std::uint64_t number) {
  if (store_.running() == number) return;
  const ConfigChange change = own_change("revert", "it could not be saved");
  const std::string text = store_.get(number);
  try {
    store_.append(change, text);
  } catch (const FileError&) {
    store_.append_in_memory(change, text);
  }
}

void ConfigKeeper::keep_unconfirmed(const ConfigRequest& request, const ConfigChange& change,
                                    Candidate& next) {
  // One edited in place must not be what a restart runs, as long as nobody has confirmed it.
  const std::string old = store_.get(store_.running());
  if (startup_of(store_).text == request.text && old != request.text) {
    store_.write_startup(old);
    next.outcome.warnings.push_back(
        fmt::format("{} holds what ran before until this is confirmed", store_.startup_file()));
  }
  store_.begin_confirm(change, request.text, *request.confirm);
  try {
    make(next, request.prove);
  } catch (const std::exception& error) {
    store_.cancel(own_change("revert", fmt::format("it could not be applied: {}", error.what())));
    throw;
  }
}

ConfigOutcome ConfigKeeper::confirm(const ConfigUser& user) {
  const std::lock_guard lock(mutex_);
  if (!store_.pending() || store_.pending()->reverting)
    return failure(Outcome::failed, "nothing waits for a confirmation");
  ConfigOutcome outcome;
  outcome.number = store_.running();
  try {
    store_.write_startup(store_.get(outcome.number));
    store_.confirm();
  } catch (const std::exception& error) {
    outcome.result = Outcome::failed;
    outcome.message = fmt::format("not confirmed: {}", error.what());
    outcome.hint = "try again in time, or it reverts";
    outcome.confirm_by = confirm_by();
    return outcome;
  }
  log_(fmt::format("number {} confirmed by {}", outcome.number,
                   change_of("confirm", "", user).user));
  changed_.notify_all();
  return outcome;
}

ConfigOutcome ConfigKeeper::rollback(std::uint64_t number,
                                     std::optional<std::chrono::seconds> confirm,
                                     const ConfigUser& user,
                                     const std::optional<ProveRequest>& prove) {
  const std::lock_guard lock(mutex_);
  if (store_.pending()) {
    if (number != 0 && number != store_.pending()->old_number)
      return failure(Outcome::pending,
                     fmt::format("number {} waits for its confirmation", store_.running()),
                     "weir confirm, or weir rollback without a number");
    return revert_locked(
        change_of("revert", fmt::format("number {} is not wanted", store_.pending()->number), user),
        prove);
  }
  if (number == 0 && (number = before_running()) == 0)
    return failure(Outcome::failed, "nothing else ran before that is kept",
                   "weir history lists what there is");
  std::string text;
  try {
    text = store_.get(number);
  } catch (const std::exception& error) {
    return failure(Outcome::failed, error.what(), "weir history lists what there is");
  }
  const std::string name = fmt::format("number {}", number);
  config::ParseResult loaded = config::load_text(text, name);
  return apply_locked({.text = std::move(text),
                       .file = name,
                       .kind = "rollback",
                       .confirm = confirm,
                       .prove = prove,
                       .user = user},
                      std::move(loaded), fmt::format("back to number {}", number));
}

/// The newest that ran before, is another text, and was not taken back; 0: none.
std::uint64_t ConfigKeeper::before_running() const {
  const auto& entries = store_.list();
  const ConfigEntry* const now = store_.history().find(store_.running());
  std::uint64_t found = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const bool taken_back = i + 1 < entries.size() && entries[i + 1].change.kind == "revert";
    const bool same = now != nullptr && entries[i].sha256 == now->sha256;
    const bool ran = entries[i].change.kind != "edit";
    if (entries[i].number < store_.running() && ran && !taken_back && !same)
      found = entries[i].number;
  }
  return found;
}

/// What waits for its confirmation goes: also when the disk refuses to note it.
ConfigOutcome ConfigKeeper::revert_locked(const ConfigChange& change,
                                          const std::optional<ProveRequest>& prove) {
  const std::uint64_t old = store_.pending()->old_number;
  ConfigOutcome outcome;
  try {
    Candidate back = candidate(config::load_text(store_.get(old), fmt::format("number {}", old)));
    outcome.plan = std::move(back.outcome.plan);
    if (!back.config) throw std::runtime_error(back.outcome.findings.to_string());
    make(back, prove);
    outcome.prove = std::move(back.outcome.prove);
    store_.cancel(change);
  } catch (const std::exception& error) {
    outcome.result = Outcome::failed;
    outcome.message = fmt::format("number {} does not come back yet: {}", old, error.what());
    outcome.hint = "it is tried again every second";
    outcome.confirm_by = confirm_by();
    return outcome;
  }
  outcome.number = store_.running();
  log_(fmt::format("{} by {}: {}; number {} runs, as number {}{}", change.kind, change.user,
                   change.what, old, outcome.number, proved(outcome)));
  changed_.notify_all();
  return outcome;
}

std::optional<double> ConfigKeeper::confirm_by() const {
  if (!store_.pending()) return std::nullopt;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now + store_.remaining()).count();
}

/// The thread that takes back what nobody confirms.
void ConfigKeeper::watch() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (!store_.pending()) {
      changed_.wait(lock);
    } else if (const auto left = store_.remaining(); left > 0ms) {
      changed_.wait_for(lock, std::min<std::chrono::milliseconds>(left, 1s));
    } else {
      const ConfigOutcome outcome = revert_locked(own_change(
          "revert", fmt::format("number {} was not confirmed in time", store_.pending()->number)));
      if (outcome.result == Outcome::ok) continue;
      log_(outcome.message);
      changed_.wait_for(lock, kRetry);
    }
  }
}

ConfigHistoryStatus ConfigKeeper::history() {
  const std::lock_guard lock(mutex_);
  ConfigHistoryStatus status{.startup_file = store_.startup_file(),
                             .directory = store_.directory(),
                             .why_memory_only = store_.why_memory_only(),
                             .confirm_by = confirm_by(),
                             .warnings = warnings_};
  for (std::string& warning : store_.warnings()) status.warnings.push_back(std::move(warning));
  for (const ConfigEntry& entry : store_.list())
    status.entries.push_back(
        {.number = entry.number,
         .time = static_cast<double>(entry.time) / 1000,
         .kind = entry.change.kind,
         .what = entry.change.what,
         .user = entry.change.user,
         .from = entry.change.from,
         .bytes = entry.bytes,
         .running = entry.number == store_.running(),
         .unconfirmed = store_.pending() && entry.number == store_.pending()->number,
         .on_disk = entry.on_disk});
  return status;
}

std::optional<std::string> ConfigKeeper::entry(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  try {
    return store_.get(number);
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

std::string ConfigKeeper::startup() {
  const std::lock_guard lock(mutex_);
  return store_.read_startup();
}

}  // namespace weir::control
