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
#include <exception>
#include <string_view>

#include "config/validate.hpp"
#include "controlplane/api/server.hpp"
#include "controlplane/api/unix_socket.hpp"
#include "controlplane/router.hpp"
#include "controlplane/router_views.hpp"

namespace {

constexpr int kBadConfiguration = 1, kFailed = 1, kBadUsage = 2;

int usage(std::FILE* to, int code) {
  fmt::print(to,
             "usage: weir-router FILE\n"
             "       weir-router --version\n"
             "Runs the router that FILE describes until SIGTERM or SIGINT. `weir` talks to it; "
             "weir.yaml(5) describes FILE.\n");
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

int run(const std::string& path) {
  const auto loaded = weir::config::load_file(path);
  const std::string findings = loaded.findings.to_string();
  std::fwrite(findings.data(), 1, findings.size(), stderr);
  if (!loaded) return kBadConfiguration;
  const weir::config::Config& config = *loaded.config;

  // Before the ports are touched: another router may be forwarding on them.
  weir::api::clear_the_way(config.services.api_socket);
  allow_descriptors();
  const int signals = stop_signals();
  confine(config.system.control_cores);
  spdlog::info("{}: {} interfaces, workers on cores {}", path, config.ethernets.size(),
               fmt::join(config.system.worker_cores, ","));
  weir::control::Router router(config);
  weir::control::RouterViews views(router);
  weir::api::ApiServer server(views, config.services.api_socket);
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

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return usage(stderr, kBadUsage);
  const std::string_view argument = argv[1];
  if (argument == "--help" || argument == "-h") return usage(stdout, 0);
  if (argument == "--version") {
    fmt::print("weir-router {} for {}, {}\n", WEIR_VERSION, WEIR_CPU, weir::dpdk_version());
    return 0;
  }
  if (argument.starts_with("-")) return usage(stderr, kBadUsage);
  try {
    return run(std::string(argument));
  } catch (const std::exception& error) {
    fmt::print(stderr, "weir-router: {}\n", error.what());
    return kFailed;
  }
}
