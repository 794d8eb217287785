#include "dataplane/port/eal.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_pdump.h>
#include <rte_version.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "dataplane/port/packet_fanout.hpp"

namespace weir {
namespace {

constexpr std::uint64_t kMegabyte = 1 << 20;

std::vector<std::string> eal_arguments(const EalOptions& options) {
  // Numbered by job, not by core: a core may be the control plane's and a worker's too.
  std::string lcores = fmt::format("{}@({})", kMainLcore, fmt::join(options.control_cores, ","));
  for (std::size_t i = 0; i < options.worker_cores.size(); ++i)
    lcores += fmt::format(",{}@{}", worker_lcore(i), options.worker_cores[i]);
  std::vector<std::string> arguments{"weir-router", "--lcores", lcores, "--main-lcore",
                                     std::to_string(kMainLcore)};
  if (options.hugepage_bytes == 0) {
    arguments.insert(arguments.end(),
                     {"--no-huge", "-m", std::to_string(options.needed_bytes / kMegabyte + 1)});
  } else {
    arguments.insert(arguments.end(), {"-m", std::to_string(options.hugepage_bytes / kMegabyte)});
  }
  if (options.pci.empty()) arguments.push_back("--no-pci");
  for (const std::string& address : options.pci) arguments.insert(arguments.end(), {"-a", address});
  // The user's come last: they win. Log lines below "warning" are for developers of DPDK.
  for (const char* quiet : {"lib.eal:warning", "lib.telemetry:error"})
    arguments.push_back(fmt::format("--log-level={}", quiet));
  arguments.insert(arguments.end(), options.extra.begin(), options.extra.end());
  return arguments;
}

/// DPDK answers a core that is not there with its whole usage.
void check_cores(const EalOptions& options) {
  const auto cores = static_cast<unsigned>(sysconf(_SC_NPROCESSORS_CONF));
  for (const auto* list : {&options.control_cores, &options.worker_cores})
    for (const unsigned core : *list)
      if (core >= cores)
        throw std::runtime_error(
            fmt::format("core {} is not there, this machine has {}: name cores 0 to {} in "
                        "`system.control-cores` and `system.worker-cores`",
                        core, cores, cores - 1));
}

}  // namespace

Eal::Eal(const EalOptions& options) {
  check_cores(options);
  std::vector<std::string> arguments = eal_arguments(options);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  if (rte_eal_init(static_cast<int>(argv.size()), argv.data()) < 0) {
    const bool huge = options.hugepage_bytes != 0;
    throw std::runtime_error(fmt::format(
        "DPDK did not start{}{}. Its arguments were: {}. {}", rte_errno == 0 ? "" : ": ",
        rte_errno == 0 ? "" : rte_strerror(rte_errno),
        fmt::join(arguments.begin() + 1, arguments.end(), " "),
        huge
            ? fmt::format("Reserve hugepages with `echo {} > /proc/sys/vm/nr_hugepages`, or set "
                          "`system.memory.hugepages: none`.",
                          options.hugepage_bytes / (2 * kMegabyte))
            : std::string("Is another router running with the same --file-prefix? Are you root?")));
  }
  if (!fanout_is_ours())
    throw std::runtime_error("this program was linked without --export-dynamic-symbol=setsockopt");
  // For dpdk-dumpcap; a router without it works all the same.
  rte_pdump_init();
}

Eal::~Eal() {
  rte_pdump_uninit();
  rte_eal_cleanup();
}

std::string dpdk_version() { return rte_version(); }

}  // namespace weir
