#include "controlplane/live_change.hpp"

#include <algorithm>
#include <chrono>
#include <span>
#include <thread>
#include <utility>
#include <vector>

namespace weir::control {
namespace {

constexpr std::size_t kPortion = 256;  // routes at once

bool overlap(const Ipv4InterfaceAddress& a, const Ipv4InterfaceAddress& b) {
  return a.subnet().contains(b.subnet()) || b.subnet().contains(a.subnet());
}

template <class Interface>
void keep_old(const std::vector<Interface>& running, std::vector<Interface>& next,
              const std::vector<Ipv4InterfaceAddress>& all_new) {
  for (const Interface& old : running) {
    const auto now = std::find_if(next.begin(), next.end(), [&](const Interface& interface) {
      return interface.name == old.name;
    });
    if (now == next.end()) continue;
    for (const Ipv4InterfaceAddress& address : old.addresses)
      if (std::none_of(all_new.begin(), all_new.end(),
                       [&](const auto& other) { return overlap(address, other); }))
        now->addresses.push_back(address);
  }
}

std::vector<config::RouteEdit> reversed(std::span<const config::RouteEdit> edits) {
  std::vector<config::RouteEdit> result;
  for (auto each = edits.rbegin(); each != edits.rend(); ++each)
    result.push_back({each->after, each->before});
  return result;
}

/// Nothing is left half done because others ask much: that passes.
template <class F>
void call(Router& router, F&& f) {
  for (;;) {
    try {
      return router.commands().call(f);
    } catch (const Unavailable&) {
      if (router.commands().is_closed()) throw;
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
  }
}

void change_routes(Router& router, std::span<const config::RouteEdit> edits, std::size_t& done) {
  while (done < edits.size()) {
    const auto portion = edits.subspan(done, std::min(kPortion, edits.size() - done));
    call(router, [&] { router.change_routes(portion, done); });
  }
}

}  // namespace

config::Config between(const config::Config& running, const config::Config& next) {
  config::Config result = next;
  std::vector<Ipv4InterfaceAddress> all_new;
  const auto collect = [&](const auto& interfaces) {
    for (const auto& interface : interfaces)
      all_new.insert(all_new.end(), interface.addresses.begin(), interface.addresses.end());
  };
  collect(next.ethernets);
  collect(next.vlans);
  collect(next.bridges);
  keep_old(running.ethernets, result.ethernets, all_new);
  keep_old(running.vlans, result.vlans, all_new);
  keep_old(running.bridges, result.bridges, all_new);
  return result;
}

void change_live(Router& router, std::shared_ptr<const config::Config> next) {
  const auto running = router.configuration();
  const std::vector<config::RouteEdit> edits = config::route_edits(*running, *next);
  const config::Config both = between(*running, *next);
  std::size_t done = 0;
  try {
    call(router, [&] { router.reconfigure(both); });
    change_routes(router, edits, done);
    call(router, [&] { router.reconfigure(*next); });
  } catch (const Unavailable&) {
    throw;  // it stops: there is nobody to undo it for
  } catch (const std::exception&) {
    // The addresses of before first: its routes need them.
    call(router, [&] { router.reconfigure(between(*next, *running)); });
    std::size_t undone = 0;
    change_routes(router, reversed(std::span(edits).first(done)), undone);
    call(router, [&] { router.reconfigure(*running); });
    throw;
  }
  router.set_configuration(std::move(next));
}

}  // namespace weir::control
