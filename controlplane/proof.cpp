#include "controlplane/proof.hpp"

#include <fmt/format.h>

#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

#include "config/connected.hpp"
#include "controlplane/probe_targets.hpp"
#include "controlplane/prove_report.hpp"

namespace weir::control {
namespace {

/// How often the prober, which is served by the control thread, is asked how far it is.
constexpr std::chrono::milliseconds kLook{5};

/// The run of the prober: ended, whatever happens.
class Run {
 public:
  Run(Router& router, const ProbeTargets& targets, const ProveRequest& request) : router_(router) {
    std::vector<ProbedTarget> probed;
    for (const ProbeTarget& target : targets.targets)
      probed.push_back({target.address, target.leaves});
    const ProbeTimes times{.before = request.before,
                           .after = request.after,
                           .wait = request.wait,
                           .rate = request.rate};
    if (!call_patiently(router_.commands(), [&] { return router_.prober().start(probed, times); }))
      throw std::runtime_error("another change is being proved");
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  ~Run() {
    try {
      call_patiently(router_.commands(), [this] { router_.prober().take(); });
    } catch (const Unavailable&) {
      // The router stops: so does its prober.
    }
  }

  void wait_until(bool (Prober::*reached)() const) {
    while (!call_patiently(router_.commands(), [&] { return (router_.prober().*reached)(); }))
      std::this_thread::sleep_for(kLook);
  }

 private:
  Router& router_;
};

std::vector<LiveNeighbor> live_neighbors(Router& router) {
  std::vector<LiveNeighbor> live;
  for (const NeighborRow& row :
       call_patiently(router.commands(), [&] { return router.neighbors().snapshot(); }))
    if (row.mac && row.state != NeighborState::incomplete && row.state != NeighborState::failed)
      live.push_back({row.ip, row.interface});
  return live;
}

void require_others(const config::Config& running, const config::Config& next,
                    const std::vector<Ipv4Address>& named) {
  const config::ConnectedSubnets before(running), after(next);
  for (const Ipv4Address address : named) {
    if (before.find_own(address) != nullptr || after.find_own(address) != nullptr)
      throw std::runtime_error(
          fmt::format("{} is an address of the router itself, which no path "
                      "leads to",
                      address.to_string()));
    if (!address.is_host())
      throw std::runtime_error(fmt::format("{} is no address of a host", address.to_string()));
  }
}

/// Whether the MAC address of the next hop to each is known.
std::vector<bool> resolved(Router& router, const ProbeTargets& targets) {
  std::vector<bool> result;
  for (const ProbeTarget& target : targets.targets) {
    const auto answer = router.forwarding().lookup(target.address, 0);
    const auto slot = router.forwarding().neighbor_at(answer.index);
    result.push_back(slot && router.neighbors().lookup(slot->interface, slot->ip).has_value());
  }
  return result;
}

}  // namespace

ProveReport prove_change(Router& router, const config::Config& next, const ProveRequest& request,
                         const std::function<void()>& change) {
  const auto running = router.configuration();
  require_others(*running, next, request.to);
  const ProbeTargets targets = choose_targets(*running, next, live_neighbors(router), request.to);
  if (targets.targets.empty()) {
    change();
    return nothing_proved();
  }
  Run run(router, targets, request);
  run.wait_until(&Prober::ready);
  call_patiently(router.commands(), [&] { router.prober().change_begins(); });
  change();
  try {
    call_patiently(router.commands(), [&] { router.prober().change_done(); });
    run.wait_until(&Prober::done);
    std::vector<bool> is_resolved;
    const ProbeResult result = call_patiently(router.commands(), [&] {
      is_resolved = resolved(router, targets);
      return router.prober().take();
    });
    return judge(targets, result, is_resolved);
  } catch (const Unavailable&) {
    // The change was made, and stays: only what it cost is not known.
    ProveReport report;
    report.passed = false;
    report.summary = "The router stops: what the change cost is not known.";
    return report;
  }
}

}  // namespace weir::control
