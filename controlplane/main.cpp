// weir-router FILE: the router. Checks the file first, so that a broken one never starts or stops
// anything.
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/validate.hpp"
#include "controlplane/api/server.hpp"
#include "controlplane/api/unix_socket.hpp"
#include "controlplane/live_change.hpp"
#include "controlplane/router.hpp"
#include "controlplane/router_views.hpp"

namespace {

constexpr int kBadConfiguration = 1, kFailed = 1, kBadUsage = 2;

int usage(std::FILE* to, int code) {
  fmt::print(to,
             "usage: weir-router [--state DIRECTORY] FILE\n"
             "       weir-router --version\n"
             "Runs the router that FILE describes until SIGTERM or SIGINT. `weir` talks to it; "
             "weir.yaml(5) describes FILE. What ran before is kept in DIRECTORY (WEIR_STATE, "
             "/var/lib/weir).\n");
  return code;
}

/// The signals that end the router, as a file descriptor; blocked in every thread started later.
int stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  // A router outlives the terminal it was started from.
  std::signal(SIGHUP, SIG_IGN);
  return signalfd(-1, &signals, SFD_CLOEXEC);
}

/// Ports, clients and what libraries leave open are descriptors; the usual 1,024 are for select(2).
void allow_descriptors() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

/// Threads started from here on, the API's and TBB's, run on the control cores only.
void confine(const std::vector<unsigned>& cores) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const unsigned core : cores) CPU_SET(core, &set);
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

struct Arguments {
  std::string file;
  std::string state = "/var/lib/weir";
};

/// Reads what texts mean; the last one stays, because the one that is decided for is most often the
/// one that was checked last, and a large one takes a while.
class Reader {
 public:
  explicit Reader(std::string file) : file_(std::move(file)) {}

  std::vector<std::string> errors_of(const std::string& text) {
    read(text);
    std::vector<std::string> errors;
    for (const auto& finding : last_.findings.list())
      if (finding.severity == weir::config::Finding::Severity::error)
        errors.push_back(to_string(finding));
    return errors;
  }

  weir::config::ParseResult take(const std::string& text) {
    read(text);
    text_.reset();
    return std::move(last_);
  }

 private:
  void read(const std::string& text) {
    if (text_ == text) return;
    last_ = weir::config::load_text(text, file_);
    text_ = text;
  }

  std::string file_;
  std::optional<std::string> text_;
  weir::config::ParseResult last_;
};

/// What the file, or if it is damaged the history, says; told on standard error.
std::optional<weir::config::Config> load(const weir::control::StartDecision& decision,
                                         Reader& reader) {
  using Source = weir::control::StartDecision::Source;
  if (decision.source == Source::nothing) {
    for (const std::string& finding : decision.findings) fmt::print(stderr, "{}\n", finding);
    if (decision.findings.empty()) fmt::print(stderr, "weir-router: {}\n", decision.reason);
    return std::nullopt;
  }
  weir::config::ParseResult loaded = reader.take(decision.text);
  const std::string findings = loaded.findings.to_string();
  std::fwrite(findings.data(), 1, findings.size(), stderr);
  for (const std::string& finding : decision.findings) spdlog::error("{}", finding);
  if (decision.loud) spdlog::warn("{}", decision.reason);
  return std::move(loaded.config);
}

int run(const Arguments& arguments) {
  namespace control = weir::control;
  control::ConfigStore store({.startup_file = arguments.file, .state = arguments.state});
  Reader reader(arguments.file);
  const control::StartDecision decision =
      control::decide_start(store, control::startup_of(store),
                            [&](const std::string& text) { return reader.errors_of(text); });
  const auto loaded = load(decision, reader);
  if (!loaded) return kBadConfiguration;
  const weir::config::Config& config = *loaded;

  // Before the ports are touched: another router may be forwarding on them.
  weir::api::clear_the_way(config.services.api_socket);
  allow_descriptors();
  const int signals = stop_signals();
  confine(config.system.control_cores);
  spdlog::info("{}: {} interfaces, workers on cores {}", arguments.file, config.ethernets.size(),
               fmt::join(config.system.worker_cores, ","));
  control::Router router(config);
  control::RouterViews views(router);
  control::LiveRouterOf live(router);
  control::ConfigKeeper keeper(live, store, decision, [](const std::string& text) {
    spdlog::info("configuration: {}", text);
  });
  for (const std::string& warning : keeper.history().warnings) spdlog::warn("{}", warning);
  if (!store.why_memory_only().empty())
    spdlog::warn("the history is kept in memory only: {}", store.why_memory_only());
  views.set_keeper(keeper);
  weir::api::ApiServer server(views, config.services.api_socket,
                              {.readers = config.services.api_readers});
  sd_notify(0, "READY=1");
  spdlog::info("routing {} prefixes; the API is at {}", router.rib().size(),
               config.services.api_socket);
  router.run(signals);
  views.stop();
  sd_notify(0, "STOPPING=1");
  spdlog::info("stopping");
  server.stop();
  ::close(signals);
  return 0;
}

std::optional<Arguments> read_arguments(int argc, char** argv) {
  Arguments arguments;
  if (const char* state = std::getenv("WEIR_STATE"); state != nullptr && *state != '\0')
    arguments.state = state;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--state" && i + 1 < argc)
      arguments.state = argv[++i];
    else if (word.starts_with("--state="))
      arguments.state = word.substr(8);
    else if (word.starts_with('-') || !arguments.file.empty())
      return std::nullopt;
    else
      arguments.file = word;
  }
  if (arguments.file.empty() || arguments.state.empty()) return std::nullopt;
  return arguments;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view first = argc == 2 ? argv[1] : "";
  if (first == "--help" || first == "-h") return usage(stdout, 0);
  if (first == "--version") {
    fmt::print("weir-router {} for {}, {}\n", WEIR_VERSION, WEIR_CPU, weir::dpdk_version());
    return 0;
  }
  const auto arguments = read_arguments(argc, argv);
  if (!arguments) return usage(stderr, kBadUsage);
  try {
    return run(*arguments);
  } catch (const std::exception& error) {
    fmt::print(stderr, "weir-router: {}\n", error.what());
    return kFailed;
  }
}
