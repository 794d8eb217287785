// The configuration of a running router as people change it: planned, applied live or not at all,
// kept in the history, and taken back unless confirmed in time, whoever has gone away meanwhile.
//
// An apply is on the disk and live, or neither: what the disk refuses is undone.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "config/model.hpp"
#include "config/parse.hpp"
#include "controlplane/config_api.hpp"
#include "controlplane/config_start.hpp"
#include "controlplane/config_store.hpp"

namespace weir::control {

/// The router, to the keeper.
class LiveRouter {
 public:
  virtual ~LiveRouter() = default;
  virtual std::shared_ptr<const config::Config> running() const = 0;
  virtual std::vector<config::Obstacle> obstacles(const config::Config&) const { return {}; }
  /// All of it, or it throws std::exception and nothing has changed.
  virtual void change(std::shared_ptr<const config::Config> next) = 0;
  /// The same with probes beside it; what became of them.
  virtual ProveReport change_proving(std::shared_ptr<const config::Config> next,
                                     const ProveRequest& request) = 0;
};

class ConfigKeeper final : public ConfigApi {
 public:
  static constexpr std::chrono::seconds kLeastConfirm{5}, kMostConfirm{24 * 3600};

  using Log = std::function<void(const std::string&)>;

  /// `router` and `store` outlive it. What `decision` says runs; what is left to do about it is
  /// done here, and the timer of a confirmation goes on. `log` is told of each change, in words, by
  /// any thread.
  ConfigKeeper(LiveRouter& router, ConfigStore& store, const StartDecision& decision, Log log);
  ConfigKeeper(const ConfigKeeper&) = delete;
  ConfigKeeper& operator=(const ConfigKeeper&) = delete;
  /// An unconfirmed change stays as it is; the next start decides.
  ~ConfigKeeper() override;

  ConfigOutcome plan(const ConfigRequest& request) override;
  ConfigOutcome apply(const ConfigRequest& request) override;
  ConfigOutcome confirm(const ConfigUser& user) override;
  ConfigOutcome rollback(std::uint64_t number, std::optional<std::chrono::seconds> confirm,
                         const ConfigUser& user, const std::optional<ProveRequest>& prove) override;
  ConfigHistoryStatus history() override;
  std::optional<std::string> entry(std::uint64_t number) override;
  std::string startup() override;

 private:
  struct Candidate {
    ConfigOutcome outcome;
    std::shared_ptr<const config::Config> config;  // null: it has errors
    std::optional<config::Obstacle> obstacle;      // of this router, the first
  };
  Candidate candidate(config::ParseResult loaded, bool reads_files = true) const;
  ConfigOutcome apply_locked(const ConfigRequest& request, config::ParseResult loaded,
                             const std::string& what = {});
  void keep(const ConfigRequest& request, const ConfigChange& change, Candidate& candidate);
  void keep_unconfirmed(const ConfigRequest& request, const ConfigChange& change,
                        Candidate& candidate);
  void make(Candidate& candidate, const std::optional<ProveRequest>& prove);
  ConfigOutcome revert_locked(const ConfigChange& change,
                              const std::optional<ProveRequest>& prove = {});
  void undo_keep(std::uint64_t number);
  std::string running_text() const;
  bool would_be_lost(const std::string& startup, const std::string& next) const;
  std::uint64_t before_running() const;
  std::optional<double> confirm_by() const;
  void watch();

  LiveRouter& router_;
  ConfigStore& store_;
  const Log log_;
  std::vector<std::string> warnings_;  // of the start
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread watch_;
};

}  // namespace weir::control
